"""Tests that are described as HTTP requests: the protocol, the graph store, and the service description.

The manifests' paths `/sparql/` and `/gsp` stand for the addresses of the server under test.
"""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import pyoxigraph as ox

from conformance import compare
from conformance.cases import Failed, expect, n_triples
from conformance.manifests import CNT, HT, MF, RDFS, UT, triples_of

SD = "http://www.w3.org/ns/sparql-service-description#"
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

SOLUTION_TYPES = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
    "text/csv": None,
}
BOOLEAN_TYPES = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
}
RDF_TYPES = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
}
# hts: names of status codes in these manifests.
STATUS = {"OK": {200}, "Created": {201}, "NoContent": {204}, "NotFound": {404}}


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a test with what its response must be."""

    method: str
    path: str
    headers: tuple
    body: bytes | None
    statuses: tuple
    format: str | None
    boolean: bool | None
    location: str | None
    content: tuple | None  # (media type, text) of the graph expected


def steps(test):
    """The requests of a test in their order."""
    manifest = test.manifest
    action = manifest.one(test.node, f"{MF}action")
    for request in manifest.list(manifest.one(action, f"{HT}requests")):
        response = manifest.one(request, f"{HT}resp")
        boolean = manifest.text(response, f"{MF}expectedBoolean")
        headers = _headers(manifest, response)
        text = _content(manifest, response)
        yield Step(
            manifest.text(request, f"{HT}methodName"),
            manifest.text(request, f"{HT}absolutePath"),
            tuple(_headers(manifest, request).items()),
            _body(manifest, request),
            tuple(node.value.rpartition("#")[2] for node in manifest.all(response, f"{MF}expectedStatus")),
            manifest.text(response, f"{MF}expectedFormat"),
            None if boolean is None else boolean == "true",
            manifest.text(response, f"{MF}expectedLocation"),
            (headers.get("content-type", "text/turtle").partition(";")[0], text)
            if text is not None
            else None,
        )


def _headers(manifest, node):
    found = {}
    for header in manifest.list(manifest.one(node, f"{HT}headers")):
        found[manifest.text(header, f"{HT}fieldName").lower()] = manifest.text(header, f"{HT}fieldValue")
    return found


def _content(manifest, node):
    body = manifest.one(node, f"{HT}body")
    return None if body is None else manifest.text(body, f"{CNT}chars")


def _body(manifest, node):
    text = _content(manifest, node)
    if text is None:
        return None
    encoding = manifest.text(manifest.one(node, f"{HT}body"), f"{CNT}characterEncoding") or "UTF-8"
    return text.encode(encoding)


def run_protocol(server, test):
    """ProtocolTest: at the address for queries or for updates; a GET that tries to change, at both."""
    manifest = test.manifest
    for entry in manifest.all(test.node, f"{UT}graphData"):
        file, name = manifest.one(entry, f"{UT}graph"), manifest.text(entry, f"{RDFS}label")
        triples = triples_of(manifest.file(file), manifest.root)
        answer = server.put(name, n_triples(triples))
        expect(answer.status in (200, 201, 204), f"PUT of <{name}> was answered {answer.in_short()}")
    for step in steps(test):
        for url in _addresses(server, test, step):
            _check(server, step, url, {})


def _addresses(server, test, step):
    query_string = step.path.partition("?")[2]
    suffix = f"?{query_string}" if query_string else ""
    if step.method == "GET" and "update=" in query_string:
        return [server.query_url + suffix, server.update_url + suffix]
    type_ = dict(step.headers).get("content-type", "")
    asks = type_.startswith("application/sparql-query") or (step.body or b"").startswith((b"query=", b"ASK"))
    is_update = "update" in test.iri.rpartition("#")[2] and not asks
    return [(server.update_url if is_update else server.query_url) + suffix]


def run_graph_store(server, test):
    """GraphStoreProtocolTest: one request after another, the Location of one standing in the next."""
    answer = server.update("DROP ALL")
    expect(answer.status in (200, 204), f"DROP ALL was answered {answer.in_short()}")
    variables = {}
    for step in steps(test):
        path = step.path
        for name, value in variables.items():
            path = path.replace(name, quote(value, safe="") if "?" in path.partition(name)[0] else value)
        url = path if path.startswith("http") else server.store_url + path.removeprefix("/gsp")
        _check(server, step, url, variables)


def _check(server, step, url, variables):
    said = f"{step.method} {urlsplit(url).path}"
    headers = list(step.headers)
    if server.token:
        headers.append(("authorization", f"Bearer {server.token}"))
    body = step.body
    if body is not None:
        for name, value in variables.items():
            body = body.replace(name.encode(), value.encode())
    answer = server.request(step.method, url, headers, body)
    expect(_has_status(answer.status, step.statuses), f"{said} was answered {answer.in_short()}")
    if step.format:
        allowed = {"boolean": BOOLEAN_TYPES, "tabular": SOLUTION_TYPES, "RDF": RDF_TYPES}[step.format]
        expect(answer.media_type in allowed, f"{said} was sent as {answer.media_type}")
    if step.boolean is not None:
        found = compare.read_results(answer.body, BOOLEAN_TYPES[answer.media_type])
        expect(found is step.boolean, f"{said} was answered {found}")
    if step.location:
        expect("location" in answer.headers, f"{said} was answered without Location")
        variables[step.location] = answer.headers["location"]
    if step.content:
        media_type, text = step.content
        expect(answer.media_type == media_type, f"{said} was sent as {answer.media_type}")
        found = ox.parse(answer.body, format=RDF_TYPES[media_type], base_iri=url)
        wanted = ox.parse(text.encode(), format=RDF_TYPES[media_type], base_iri=url)
        expect(compare.isomorphic(found, wanted), f"{said} gave another graph than expected")


def _has_status(status, names):
    for name in names:
        if name.startswith("StatusCode"):
            if status // 100 == int(name[10]):
                return True
        elif status in STATUS[name]:
            return True
    return False


def run_service_description(server, test):
    """ServiceDescriptionTest: GET on the endpoint; the three tests are described by their names alone."""
    for accept, format_ in (
        ("text/turtle", ox.RdfFormat.TURTLE),
        ("application/rdf+xml", ox.RdfFormat.RDF_XML),
    ):
        answer = server.request("GET", server.query_url, [("Accept", accept)])
        expect(answer.status == 200, f"answered {answer.in_short()}")
        expect(answer.media_type == accept, f"sent as {answer.media_type}, not {accept}")
        triples = [quad.triple for quad in ox.parse(answer.body, format=format_, base_iri=server.query_url)]
        _CHECKS[test.iri.rpartition("#")[2]](server, triples)


def _returns_rdf(_server, triples):
    expect(triples, "the description is empty")


def _has_endpoint(server, triples):
    endpoint = ox.NamedNode(server.query_url)
    found = any(t.predicate.value == f"{SD}endpoint" and t.object == endpoint for t in triples)
    expect(found, f"no sd:endpoint <{server.query_url}>")


# What each property of the vocabulary leads to: a resource, or an instance that the description types.
_CLASSES = {
    "endpoint": None,
    "feature": None,
    "defaultEntailmentRegime": None,
    "supportedLanguage": None,
    "languageExtension": None,
    "propertyFeature": None,
    "extensionFunction": None,
    "extensionAggregate": None,
    "resultFormat": None,
    "inputFormat": None,
    "defaultDataset": "Dataset",
    "availableGraphs": "GraphCollection",
    "defaultGraph": "Graph",
    "namedGraph": "NamedGraph",
    "graph": "Graph",
    "name": None,
}


def _conforms(_server, triples):
    types = {}
    for triple in triples:
        if triple.predicate.value == RDF_TYPE:
            types.setdefault(triple.subject, set()).add(triple.object.value)
    services = [node for node, classes in types.items() if f"{SD}Service" in classes]
    expect(len(services) == 1, f"{len(services)} instances of sd:Service")
    expect(
        any(t.subject == services[0] and t.predicate.value == f"{SD}endpoint" for t in triples),
        "the sd:Service has no sd:endpoint",
    )
    for triple in triples:
        name = triple.predicate.value.removeprefix(SD)
        if name == triple.predicate.value:
            continue
        if name not in _CLASSES:
            raise Failed(f"the vocabulary has no sd:{name}")
        expect(not isinstance(triple.object, ox.Literal), f"sd:{name} leads to a literal")
        wanted = _CLASSES[name]
        if wanted:
            classes = types.get(triple.object, set())
            expect(f"{SD}{wanted}" in classes, f"the object of sd:{name} is no sd:{wanted}")
    for node, classes in types.items():
        if f"{SD}NamedGraph" in classes:
            names = [t for t in triples if t.subject == node and t.predicate.value == f"{SD}name"]
            expect(len(names) == 1, f"{node} has {len(names)} names")


_CHECKS = {
    "returns-rdf": _returns_rdf,
    "has-endpoint-triple": _has_endpoint,
    "conforms-to-schema": _conforms,
}
