"""SPARQL 1.1 Graph Store HTTP Protocol without I/O: a request on /store becomes a job.

A graph is named indirectly (`?graph=IRI`, `?default`) or directly, by the IRI of the request itself
(`/store/person/1.ttl`). POST to `/store` alone makes a new graph. Parses no RDF: a body goes on as it came.

Source: SPARQL 1.1 Graph Store HTTP Protocol (W3C, 2013); RFC 7578 for multipart/form-data.
"""

import uuid

from incsr import formats
from incsr.endpoint.access import refused_write
from incsr.endpoint.addresses import STORE, request_iri, resource, url
from incsr.endpoint.bodies import MULTIPART, UTF_8, check_coding, check_size, content_type, parts
from incsr.endpoint.parameters import Parameters, check_graph_iri
from incsr.endpoint.problems import Refusal, refuse
from incsr.messages import Limits, Payload, ReadJob, WriteJob

# What a graph is read from: its media type, other names of it, the endings of a file's name.
MEDIA_TYPES = {
    "text/turtle": (("application/x-turtle", "application/turtle"), ("ttl",)),
    "application/n-triples": (("text/plain",), ("nt",)),
    "application/rdf+xml": (("application/xml", "text/xml"), ("rdf", "xml", "owl")),
    "application/ld+json": ((), ("jsonld",)),
}
_CANONICAL = {other: name for name, (others, _) in MEDIA_TYPES.items() for other in (name, *others)}
_BY_ENDING = {ending: name for name, (_, endings) in MEDIA_TYPES.items() for ending in endings}
ACCEPTED = (*MEDIA_TYPES, MULTIPART)


def plan(request, settings) -> ReadJob | WriteJob:
    """The job of a request on the graph store.

    Raises: Refusal with 400 for a graph that is not named by exactly one absolute IRI, with 401 or 403 as in
    `access`, with 413 or 415 for the body.
    """
    method = request.method.upper()
    reads = method in ("GET", "HEAD")
    if not reads and (refusal := refused_write(request, settings)):
        raise Refusal(refusal)
    parameters = Parameters.of_query_string(request.query_string)
    graph = _graph(request, settings, parameters, method)
    limits = Limits(settings.timeout_s, settings.max_rows, settings.max_bytes)
    if reads:
        format_ = _format(parameters)
        return ReadJob("graph", graph=graph, accept=request.header("accept"), format=format_, limits=limits)
    conditions = {
        "if_match": request.header("if-match"),
        "if_none_match": request.header("if-none-match"),
    }
    if method == "DELETE":
        return WriteJob("delete", graph=graph, limits=limits, **conditions)
    base_iri = graph or url(request, settings, STORE)
    payloads = _payloads(request, settings, base_iri)
    return WriteJob(
        method.lower(), graph=graph, payloads=payloads, base_iri=base_iri, limits=limits, **conditions
    )


def makes_graph(request, settings) -> bool:
    """Whether this is a POST to the graph store itself, which makes a graph and says where (section 5.5)."""
    return (
        request.method.upper() == "POST"
        and resource(request, settings) == STORE
        and not Parameters.of_query_string(request.query_string).names
    )


def _graph(request, settings, parameters, method):
    """The IRI of the graph that a request names; None is the default graph (section 4).

    Raises: Refusal where it names none, several, or names it by what is no absolute IRI.
    """
    unknown = [name for name in parameters.names if name not in ("graph", "default", "format")]
    if unknown:
        refuse(
            400,
            "unknown-parameter",
            "The graph store does not know this parameter",
            f"The query string has the parameter {unknown[0][:100]!r}.",
            "Name a graph with graph=IRI, or write default for the default graph.",
        )
    named, default = parameters.only("graph"), "default" in parameters
    if parameters.only("default"):
        refuse(
            400,
            "misplaced-parameter",
            "The parameter default has no value",
            "It stands for the default graph, whatever follows it would be passed over.",
            f"Write {STORE}?default, or {STORE}?graph=IRI for a named graph.",
        )
    if resource(request, settings) != STORE:
        if named is not None or default:
            refuse(
                400,
                "several-graphs",
                "The graph is named twice",
                "The path names a graph directly, and the query string names one as well.",
                f"Send graph= and default to {STORE} itself.",
            )
        return request_iri(request, settings)
    if named is not None and default:
        refuse(
            400,
            "several-graphs",
            "Two graphs are named",
            "The query string has both graph and default.",
            "Send one request for each.",
        )
    if named is not None:
        check_graph_iri(named, "graph")
        return named
    if default:
        return None
    if method == "POST":
        return url(request, settings, f"{STORE}/{uuid.uuid4()}")
    refuse(
        400,
        "no-graph",
        "No graph is named",
        f"{method} works on one graph, and the query string names none.",
        f"Send {STORE}?graph=IRI, or {STORE}?default for the default graph.",
    )


def _format(parameters):
    name = parameters.only("format") or None
    if name is not None and formats.by_name("graph", name) is None:
        refuse(
            400,
            "unknown-format",
            "There is no such format for a graph",
            f"The parameter format is {name[:100]!r}.",
            f"Choose one of these: {formats.offers_in_words('graph')}.",
        )
    return name


def _payloads(request, settings, base_iri):
    """The RDF documents of a body: one, or those of a form's parts."""
    check_size(request.body, settings.max_body_bytes)
    check_coding(request.header("content-encoding"))
    header = request.header("content-type")
    if content_type(header)[0] != MULTIPART:
        return (_payload(header, None, request.body, base_iri),)
    if request.method.upper() != "POST":
        _unsupported(MULTIPART, "A form is sent by POST.")
    found = parts(request.body, header)
    if not found:
        refuse(
            400,
            "bad-multipart",
            "The form has no parts",
            "There is nothing to add.",
            "Send each RDF document as a part with its Content-Type.",
        )
    return tuple(_payload(type_, filename or name, body, base_iri) for name, filename, type_, body in found)


def _payload(header, name, body, base_iri):
    media_type = _media_type(header, name)
    if media_type == "application/ld+json" and body.lstrip()[:1] not in (b"{", b"["):
        # The engine's parser takes null and strings for empty graphs.
        refuse(
            400,
            "bad-rdf",
            "The RDF document has an error",
            "A JSON-LD document is a JSON object or array (JSON-LD 1.1, section 9).",
            "Wrap the nodes in [ ].",
            line=1,
            column=1,
        )
    return Payload(media_type, body, base_iri, name)


def _media_type(header, filename):
    """The media type of a document, by its header or else the ending of its file's name.

    Raises: Refusal with 415 where it is not one that a graph is read from, 400 where it is not in UTF-8.
    """
    type_, charset = content_type(header)
    ending = filename.rpartition(".")[2].lower() if filename else ""
    if ending in _BY_ENDING and type_ in (None, "application/octet-stream", "text/plain"):
        type_ = _BY_ENDING[ending]
    media_type = _CANONICAL.get(type_)
    if media_type is None:
        _unsupported(type_, f"Send one of {', '.join(ACCEPTED)}, and say which in the Content-Type header.")
    if charset not in UTF_8 and media_type != "application/rdf+xml":
        refuse(
            400,
            "not-utf-8",
            "The document is not in UTF-8",
            f"Its Content-Type says charset={charset[:50]}.",
            f"Send {media_type} in UTF-8.",
        )
    return media_type


def _unsupported(type_, hint):
    refuse(
        415,
        "unsupported-media-type",
        "The body has a media type that no graph is read from",
        f"It is sent as {type_[:100] if type_ else 'nothing: the Content-Type header is missing'}.",
        hint,
        headers=(("accept-post", ", ".join(ACCEPTED)),),
    )
