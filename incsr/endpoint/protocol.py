"""SPARQL 1.1 Protocol without I/O: a request becomes a response or a job, a job's answer a response.

`plan` and `finish` are the two halves; between them an executor waits. The asynchronous front and the Flask
blueprint call the same two. `/sparql` answers queries and nothing else, `/update` takes updates and nothing
else, `/store` is the Graph Store Protocol (`graph_store`). Evaluates nothing, reads no file.

Source: SPARQL 1.1 Protocol (W3C, 2013); RFC 9110; RFC 10008 for QUERY; the Fetch standard for CORS.
"""

import re
import secrets
from dataclasses import replace

from incsr import conditions, formats
from incsr.endpoint import description, graph_store, openapi, page
from incsr.endpoint.access import refused_write
from incsr.endpoint.addresses import OPENAPI, SPARQL, STORE, UPDATE, resource, url
from incsr.endpoint.bodies import FORM_TYPE, check_coding, check_size, content_type, decoded_text
from incsr.endpoint.parameters import LEAST_TIMEOUT_S, Parameters
from incsr.endpoint.problems import Refusal, refuse
from incsr.endpoint.problems import response as problem_response
from incsr.messages import Head, Limits, Problem, ReadJob, Request, Response, WriteJob
from incsr.namespaces import BASE

QUERY_TYPE = "application/sparql-query"
UPDATE_TYPE = "application/sparql-update"

METHODS = {
    SPARQL: ("GET", "HEAD", "POST", "QUERY", "OPTIONS"),
    UPDATE: ("POST", "OPTIONS"),
    STORE: ("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"),
    OPENAPI: ("GET", "HEAD", "OPTIONS"),
}
_ACCEPTS = {
    SPARQL: (
        ("accept-post", f"{FORM_TYPE}, {QUERY_TYPE}"),
        ("accept-query", f"{QUERY_TYPE}, {FORM_TYPE}"),
    ),
    UPDATE: (("accept-post", f"{FORM_TYPE}, {UPDATE_TYPE}"),),
    STORE: (("accept-post", ", ".join(graph_store.ACCEPTED)),),
    OPENAPI: (),
}
# What a script of another site may send and read.
_CORS_HEADERS = "Accept, Authorization, Content-Type, If-Match, If-None-Match"
_CORS_EXPOSED = ", ".join(
    (
        *("Allow", "Accept-Post", "Accept-Query", "ETag", "Location", "Query-Limits", "Retry-After"),
        *("WWW-Authenticate", "X-Request-Id"),
    )
)

_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?\Z")


def plan(request: Request, settings) -> Response | ReadJob | WriteJob:
    """What to do about a request: answer it at once, or have a job done and call `finish`.

    Returns: for every request, also a wrong one; never raises for what a client sent.
    """
    try:
        return _planned(request, settings)
    except Refusal as refused:
        return refusal(request, refused.problem, settings)


def finish(request: Request, job: ReadJob | WriteJob, answer, settings, version="") -> Response:
    """The response for a job's answer: a `Problem`, a `Head`, or a `Head` with its body.

    The body may be bytes or a (possibly asynchronous) iterable of them, and is handed on as it is. `version`
    is the data's: with it, a graph that is read has an ETag, and `conditional` says whether it is sent.
    """
    headers = [("query-limits", _announced(job.limits))] if isinstance(job, ReadJob) else []
    if isinstance(answer, Problem):
        return refusal(request, replace(answer, headers=(*answer.headers, *headers)), settings)
    head, body = (answer, b"") if isinstance(answer, Head) else answer
    if head.content_type:
        headers.append(("content-type", head.content_type))
    headers += head.headers
    if isinstance(job, WriteJob):
        headers.append(("cache-control", "no-store"))
        if job.operation == "post" and graph_store.makes_graph(request, settings):
            headers.append(("location", job.graph))
    elif job.operation == "graph" and version:
        tag = conditions.graph_tag(version, head.content_type)
        headers += [("etag", f'"{tag}"'), ("cache-control", "no-cache")]
    return _completed(request, Response(head.status, headers, body), settings)


def _announced(limits):
    """The limits that held for an answer, as a dictionary of structured fields (RFC 9651)."""
    held = (("timeout", limits.timeout_s), ("rows", limits.max_rows), ("bytes", limits.max_bytes))
    return ", ".join(f"{name}={value}" for name, value in held if value is not None)


def conditional(request: Request, response: Response, settings) -> Response:
    """What is sent of a response to a safe request, by its If-Match and If-None-Match.

    Returns: the response itself; or in its place 412 or 304, and then its body is not wanted.
    Source: RFC 9110, sections 13.1.1, 13.1.2 and 13.2.2.
    """
    if_match, if_none_match = request.header("if-match"), request.header("if-none-match")
    safe = request.method.upper() in ("GET", "HEAD")
    if response.status != 200 or not safe or (if_match is None and if_none_match is None):
        return response
    own = next((value[1:-1] for name, value in response.headers if name == "etag"), None)
    if own is None:
        if_none_match = None
    header = conditions.unmet(
        if_match, if_none_match, True, lambda tag: own is not None and conditions.is_coded(tag, own)
    )
    if header is None:
        return response
    if header == "If-Match":
        return refusal(request, conditions.failed(header), settings)
    held = next((tag for _weak, tag in conditions.named(if_none_match) if conditions.is_coded(tag, own)), own)
    left_out = ("content-type", "content-length", "etag")
    kept = [(name, value) for name, value in response.headers if name not in left_out]
    return Response(304, [*kept, ("etag", f'"{held}"')])


def wants_page(request: Request, settings) -> bool:
    """Whether this is a person who opened the endpoint's address: no parameters, and HTML is preferred."""
    return (
        resource(request, settings) == SPARQL
        and request.method in ("GET", "HEAD")
        and not request.query_string
        and formats.prefers_html(request.header("accept"))
    )


def _planned(request, settings):
    path = resource(request, settings)
    kind = STORE if path.startswith(f"{STORE}/") else path
    method = request.method.upper()
    if kind not in METHODS:
        refuse(404, "not-found", "There is nothing here", f"No resource has the path {request.path}.")
    if method == "OPTIONS":
        return _completed(request, _options(request, kind, settings), settings)
    if method not in METHODS[kind]:
        allowed = ", ".join(METHODS[kind])
        refuse(
            405,
            "method-not-allowed",
            f"{path} does not take {method}",
            f"It takes {allowed}.",
            "Send an update by POST to /update." if kind == SPARQL else "",
            headers=(("allow", allowed),),
        )
    if kind == OPENAPI:
        return _completed(request, openapi.response(settings), settings)
    if kind == STORE:
        return graph_store.plan(request, settings)
    if kind == UPDATE:
        refusal = refused_write(request, settings)
        if refusal:
            raise Refusal(refusal)
        if request.header("if-match") is not None:
            # Nothing can be read here, so that there is no tag that could match.
            raise Refusal(conditions.failed("If-Match"))
        return _update_job(request, settings)
    if wants_page(request, settings):
        return _completed(request, page.response(request), settings)
    return _query_job(request, settings)


def _query_job(request, settings):
    """The job of a query operation (section 2.1), in any of its four forms."""
    method = request.method.upper()
    parameters = Parameters.of_query_string(request.query_string)
    if method in ("GET", "HEAD"):
        if "update" in parameters:
            refuse(
                400,
                "update-by-get",
                "An update is not sent by GET",
                "GET is safe: it changes nothing (SPARQL 1.1 Protocol, section 2.2).",
                "Send the update by POST to /update.",
            )
        if not request.query_string:
            return _description_job(request, settings)
        text = parameters.only("query")
        if text is None:
            named = ", ".join(dict.fromkeys(parameters.names)) or "none"
            refuse(
                400,
                "no-query",
                "There is no query",
                f"The query string names these parameters: {named}; the parameter query is missing.",
                "Send query=…, or no parameters at all for the service description.",
            )
    else:
        text = _text_of_body(request, settings, parameters, "query", QUERY_TYPE)
    parameters.forbid(("using-graph-uri", "using-named-graph-uri"), "an update", "default-graph-uri")
    _check_length(text, "query", settings)
    return ReadJob(
        "query",
        text,
        default_graphs=parameters.graphs("default-graph-uri", "named-graph-uri"),
        named_graphs=parameters.graphs("named-graph-uri", "default-graph-uri"),
        accept=request.header("accept"),
        format=_format(parameters),
        base_iri=BASE,
        limits=_limits(parameters, settings),
        evidence=_evidence(parameters),
    )


def _update_job(request, settings):
    """The job of an update operation (section 2.2): POST in two forms."""
    parameters = Parameters.of_query_string(request.query_string)
    text = _text_of_body(request, settings, parameters, "update", UPDATE_TYPE)
    parameters.forbid(("default-graph-uri", "named-graph-uri"), "a query", "using-graph-uri")
    _check_length(text, "update", settings)
    return WriteJob(
        "update",
        text,
        using_graphs=parameters.graphs("using-graph-uri", "using-named-graph-uri"),
        using_named_graphs=parameters.graphs("using-named-graph-uri", "using-graph-uri"),
        base_iri=BASE,
        limits=_limits(parameters, settings),
    )


def _description_job(request, settings):
    text = description.query_text(url(request, settings, _own_path(request, settings)), settings)
    return ReadJob(
        "query",
        text,
        accept=request.header("accept"),
        base_iri=BASE,
        limits=Limits(settings.timeout_s, settings.max_rows, settings.max_bytes),
    )


def _own_path(request, settings):
    """The path as this client wrote it, so that the description speaks of the address that was asked."""
    return SPARQL + "/" if request.path.endswith("/") else SPARQL


def _text_of_body(request, settings, parameters, name, media_type):
    """The one query or update that a request's body holds.

    A form's fields join `parameters`. Raises: Refusal for another media type, charset or encoding, for a
    text that stands in the URL as well, and for none or more than one.
    """
    other = "update" if name == "query" else "query"
    verb = request.method.upper()
    check_size(request.body, settings.max_body_bytes)
    if request.body:
        check_coding(request.header("content-encoding"))
    type_, charset = content_type(request.header("content-type"))
    if name in parameters or other in parameters:
        found = name if name in parameters else other
        refuse(
            400,
            "misplaced-parameter",
            f"The {found} stands in the URL",
            f"With {verb} it is sent in the body (SPARQL 1.1 Protocol, section 2).",
            f"Send it as {media_type}, or as a form ({FORM_TYPE}).",
        )
    if type_ is None and not request.body:
        refuse(
            400,
            f"no-{name}",
            f"There is no {name}",
            f"The {verb} request has no body.",
            _how(name, media_type),
        )
    if type_ not in (media_type, FORM_TYPE):
        wrong_place = {QUERY_TYPE: "/sparql", UPDATE_TYPE: "/update"}.get(type_)
        hint = f"Send it to {wrong_place}." if wrong_place else _how(name, media_type)
        path = SPARQL if name == "query" else UPDATE
        refuse(
            415,
            "unsupported-media-type",
            "The body has a media type that is not read here",
            f"It is sent as {type_ or 'nothing: the Content-Type header is missing'}; "
            f"{media_type} and {FORM_TYPE} are read.",
            hint,
            headers=_ACCEPTS[path],
        )
    if charset not in ("utf-8", "utf8", "us-ascii"):
        refuse(
            400,
            "not-utf-8",
            f"The {name} is not in UTF-8",
            f"The Content-Type header says charset={charset}.",
            "Send UTF-8, which is the only encoding of SPARQL.",
        )
    if type_ == media_type:
        return decoded_text(request.body, name)
    fields = Parameters.of_form(request.body)
    if other in fields:
        both = f"both {name} and {other}" if name in fields else other
        refuse(
            400,
            "wrong-operation",
            f"This is not the place for {other}",
            f"The form has {both}; one request is one operation.",
            f"Send {'an update to /update' if other == 'update' else 'a query to /sparql'}.",
        )
    text = fields.only(name)
    if text is None:
        named = ", ".join(dict.fromkeys(fields.names)) or "none"
        refuse(
            400,
            f"no-{name}",
            f"There is no {name}",
            f"The form has these fields: {named}; {name} is missing.",
            _how(name, media_type),
        )
    parameters.join(fields)
    return text


def _how(name, media_type):
    return f"Send the {name} as {media_type}, or in the field {name} of a form ({FORM_TYPE})."


def _format(parameters):
    """The format asked for by name.

    SPARQLWrapper sends a short name and, for other servers, media types that may be unknown here: the first
    that is known counts, but a short name must be known.
    """
    names = [name for name in parameters.all("format") if name]
    unknown = [name for name in names if not formats.known_name(name)]
    name = next((name for name in names if name not in unknown), None)
    refused = next((each for each in unknown if "/" not in each or name is None), None)
    if refused is not None:
        offered = "; ".join(
            f"{kind}: {formats.offers_in_words(kind)}" for kind in ("solutions", "boolean", "graph")
        )
        refuse(
            400,
            "unknown-format",
            "There is no such format",
            f"The parameter format is {refused[:100]!r}.",
            f"Choose one of these. {offered[0].upper()}{offered[1:]}.",
        )
    return name


def _evidence(parameters):
    """Whether the solutions shall come with their evidence: `evidence=1`."""
    asked = parameters.only("evidence")
    if asked not in (None, "", "0", "1"):
        refuse(
            400,
            "bad-evidence",
            "evidence is 1 or 0",
            f"The parameter evidence is {asked[:50]!r}.",
            "Send evidence=1 for the words behind each solution, or leave it away.",
        )
    return asked == "1"


def _limits(parameters, settings):
    """The limits of a job; a client may ask for less time than the service gives, not for more."""
    timeout_s = settings.timeout_s
    asked = parameters.only("timeout")
    if asked:
        if not _SECONDS.match(asked) or len(asked) > 20 or float(asked) < LEAST_TIMEOUT_S:
            refuse(
                400,
                "bad-timeout",
                "The timeout is no number of seconds that can be",
                f"The parameter timeout is {asked[:50]!r}.",
                f"Write seconds, such as 2 or 0.5, at least {LEAST_TIMEOUT_S:g} and at most {timeout_s:g}.",
            )
        timeout_s = min(float(asked), timeout_s) if timeout_s else float(asked)
    return Limits(timeout_s, settings.max_rows, settings.max_bytes)


def _check_length(text, name, settings):
    if len(text) > settings.max_query_bytes or len(text.encode()) > settings.max_query_bytes:
        refuse(
            413,
            "too-large",
            f"The {name} is too long",
            f"It has {len(text.encode())} bytes; at most {settings.max_query_bytes} are read.",
            "Split it." if name == "query" else "Split it, or load data through /store.",
        )


def _options(request, kind, settings):
    """The answer to OPTIONS, and to a CORS preflight."""
    allowed = ", ".join(METHODS[kind])
    headers = [("allow", allowed), *_ACCEPTS[kind]]
    if request.header("access-control-request-method") and settings.cors:
        headers += [
            ("access-control-allow-methods", allowed),
            ("access-control-allow-headers", _CORS_HEADERS),
            ("access-control-max-age", "86400"),
        ]
    return Response(204, headers)


def refusal(request: Request, problem: Problem, settings) -> Response:
    """The response for a problem, with all that every response of the protocol has."""
    request_id = request.header("x-request-id") or secrets.token_hex(8)
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", request_id):
        request_id = secrets.token_hex(8)
    return _completed(request, problem_response(problem, request.header("accept"), request_id), settings)


def _completed(request, response, settings):
    """Add what every response of the protocol has: Vary, CORS, the length of a whole body."""
    headers = response.headers
    vary = ["Accept", "Accept-Encoding"]
    path = resource(request, settings)
    if settings.cors:
        origin = request.header("origin")
        if settings.cors == "*":
            headers.append(("access-control-allow-origin", "*"))
        else:
            vary.append("Origin")
            if origin == settings.cors:
                headers.append(("access-control-allow-origin", origin))
        headers.append(("access-control-expose-headers", _CORS_EXPOSED))
    if path in (UPDATE, STORE) or path.startswith(f"{STORE}/"):
        vary.append("Authorization")
    headers.append(("vary", ", ".join(vary)))
    if path == SPARQL and not any(name == "accept-query" for name, _ in headers):
        headers.append(("accept-query", dict(_ACCEPTS[SPARQL])["accept-query"]))
    if isinstance(response.body, bytes):
        # 204 has no content, and therefore no length (RFC 9110, section 8.6).
        if response.status not in (204, 304):
            headers.append(("content-length", str(len(response.body))))
        if request.method.upper() == "HEAD":
            response.body = b""
    return response
