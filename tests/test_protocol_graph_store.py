"""The contract of `/store`: which graph a request means, what becomes of its body, and who may write.

Source: SPARQL 1.1 Graph Store HTTP Protocol (W3C, 2013), sections 4 and 5; RFC 6750. Without I/O.
"""

import json
from urllib.parse import quote

import pytest

from incsr.config import Settings
from incsr.endpoint import protocol
from incsr.messages import Head, ReadJob, Request, Response, WriteJob
from incsr.namespaces import BASE

TOKEN = "correct-horse"
SETTINGS = Settings(write_token=TOKEN)
AUTHORIZED = ("authorization", f"Bearer {TOKEN}")
TURTLE = ("content-type", "text/turtle; charset=utf-8")
HOST = ("host", "www.example")
G = "http://example.org/g?x=1&y=é"


def plan(method, target, *headers, body=b"", settings=SETTINGS):
    path, _, query = target.partition("?")
    return protocol.plan(Request(method, path, query, headers, body), settings)


def refused(response, status, code):
    assert isinstance(response, Response), response
    assert (response.status, json.loads(response.body)["type"]) == (status, f"{BASE}problem/{code}")
    return dict(response.headers)


GRAPHS = [
    pytest.param(f"/store?graph={quote(G, safe='')}", G, id="indirectly"),
    pytest.param("/store/?graph=urn:x", "urn:x", id="with a slash at the end"),
    pytest.param("/store?default", None, id="the default graph"),
    pytest.param("/store?default=", None, id="the default graph with an equals sign"),
    pytest.param("/store/person/1.ttl", "http://www.example/store/person/1.ttl", id="directly"),
    pytest.param("/store/a%20b/%2F", "http://www.example/store/a%20b/%2F", id="directly, encoded as it came"),
]


@pytest.mark.parametrize(("target", "graph"), GRAPHS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_graph_is_read(method, target, graph):
    job = plan(method, target, HOST, ("accept", "text/turtle"))

    assert isinstance(job, ReadJob)
    assert (job.operation, job.graph, job.accept) == ("graph", graph, "text/turtle")


@pytest.mark.parametrize(("target", "graph"), GRAPHS)
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_graph_is_written_with_its_own_iri_as_base(method, target, graph):
    job = plan(method, target, HOST, AUTHORIZED, TURTLE, body=b"<> <p> 1 .")

    assert isinstance(job, WriteJob)
    assert (job.operation, job.graph) == (method.lower(), graph)
    (payload,) = job.payloads
    assert (payload.media_type, payload.body) == ("text/turtle", b"<> <p> 1 .")
    assert payload.base_iri == (graph or "http://www.example/store")


@pytest.mark.parametrize(("target", "graph"), GRAPHS)
def test_a_graph_is_removed(target, graph):
    job = plan("DELETE", target, HOST, AUTHORIZED)

    assert (job.operation, job.graph, job.payloads) == ("delete", graph, ())


def test_post_to_the_store_itself_makes_a_new_graph_and_says_where():
    request = Request("POST", "/store", "", (HOST, AUTHORIZED, TURTLE), b"<> <p> 1 .")

    job = protocol.plan(request, SETTINGS)
    response = protocol.finish(request, job, Head(201), SETTINGS)

    assert job.graph.startswith("http://www.example/store/") and len(job.graph) == 61
    assert response.status == 201 and dict(response.headers)["location"] == job.graph
    assert protocol.plan(request, SETTINGS).graph != job.graph


def test_post_to_a_named_graph_says_no_location():
    request = Request("POST", "/store", f"graph={quote(G)}", (AUTHORIZED, TURTLE), b"")

    response = protocol.finish(request, protocol.plan(request, SETTINGS), Head(201), SETTINGS)

    assert "location" not in dict(response.headers)


@pytest.mark.parametrize(
    ("method", "target", "code"),
    [
        pytest.param("GET", "/store", "no-graph", id="no graph"),
        pytest.param("PUT", "/store", "no-graph", id="no graph to replace"),
        pytest.param("DELETE", "/store", "no-graph", id="no graph to remove"),
        pytest.param("GET", "/store?graph=g", "bad-graph-iri", id="a relative IRI"),
        pytest.param("PUT", "/store?graph=", "bad-graph-iri", id="an empty IRI"),
        pytest.param("GET", "/store?graph=http://a/%3Cb", "bad-graph-iri", id="a character that no IRI has"),
        pytest.param("GET", "/store?graph=urn:incsr:union", "reserved-graph", id="our own graph"),
        pytest.param("GET", "/store?graph=urn:a&graph=urn:b", "several-graph", id="two graphs"),
        pytest.param(
            "PUT", "/store?graph=urn:a&default", "several-graphs", id="a graph and the default graph"
        ),
        pytest.param("GET", "/store/x?default", "several-graphs", id="directly and indirectly"),
        pytest.param("GET", "/store?default=urn:a", "misplaced-parameter", id="a default graph with a name"),
        pytest.param("GET", "/store?graf=urn:a", "unknown-parameter", id="a parameter that nobody knows"),
        pytest.param("GET", "/store?default&format=csv", "unknown-format", id="no format of a graph"),
    ],
)
def test_a_graph_that_is_not_named_by_exactly_one_absolute_iri_is_refused(method, target, code):
    refused(plan(method, target, AUTHORIZED, TURTLE), 400, code)


@pytest.mark.parametrize(
    ("header", "read_as"),
    [
        ("text/turtle", "text/turtle"),
        ("TEXT/TURTLE;charset=UTF-8", "text/turtle"),
        ("application/n-triples", "application/n-triples"),
        ("text/plain", "application/n-triples"),
        ("application/rdf+xml", "application/rdf+xml"),
        ("application/xml", "application/rdf+xml"),
        ("application/ld+json", "application/ld+json"),
    ],
)
def test_a_body_is_read_by_its_media_type(header, read_as):
    job = plan("PUT", "/store?default", AUTHORIZED, ("content-type", header), body=b" []")

    assert job.payloads[0].media_type == read_as


@pytest.mark.parametrize(
    "header", [None, "text/csv", "application/sparql-query", "application/trig", "nonsense"]
)
def test_another_media_type_is_415_and_says_what_is_read(header):
    given = [("content-type", header)] if header else []

    headers = refused(
        plan("PUT", "/store?default", AUTHORIZED, *given, body=b"x"), 415, "unsupported-media-type"
    )

    assert headers["accept-post"].split(", ")[0] == "text/turtle"
    assert "multipart/form-data" in headers["accept-post"]


def test_a_document_in_another_charset_is_refused():
    header = ("content-type", "text/turtle; charset=latin-1")

    refused(plan("PUT", "/store?default", AUTHORIZED, header), 400, "not-utf-8")


FORM = (
    b'--b\r\nContent-Disposition: form-data; name="a"; filename="a.ttl"\r\nContent-Type: text/turtle\r\n\r\n'
    b"<a> <b> 1 .\r\n--b\r\n"
    b'Content-Disposition: form-data; name="c"; filename="c.nt"\r\n\r\n<urn:a> <urn:b> "2" .\n\r\n--b--\r\n'
)
MULTIPART = ("content-type", "multipart/form-data; boundary=b")


def test_a_form_is_taken_apart_into_its_documents():
    job = plan("POST", f"/store?graph={quote(G)}", AUTHORIZED, MULTIPART, body=FORM)

    assert [(p.media_type, p.body, p.name) for p in job.payloads] == [
        ("text/turtle", b"<a> <b> 1 .", "a.ttl"),
        ("application/n-triples", b'<urn:a> <urn:b> "2" .\n', "c.nt"),
    ]
    assert {payload.base_iri for payload in job.payloads} == {G}


@pytest.mark.parametrize(
    ("header", "body", "status", "code"),
    [
        pytest.param("multipart/form-data", FORM, 400, "bad-multipart", id="no boundary"),
        pytest.param("multipart/form-data; boundary=b", FORM[:90], 400, "bad-multipart", id="cut off"),
        pytest.param("multipart/form-data; boundary=b", b"nonsense", 400, "bad-multipart", id="no parts"),
        pytest.param(
            "multipart/form-data; boundary=b", b"--b--\r\n", 400, "bad-multipart", id="an empty form"
        ),
        pytest.param(
            "multipart/form-data; boundary=b",
            FORM.replace(b"text/turtle", b"text/csv"),
            415,
            "unsupported-media-type",
            id="a part of another media type",
        ),
    ],
)
def test_a_form_that_is_none_is_refused(header, body, status, code):
    refused(plan("POST", "/store?default", AUTHORIZED, ("content-type", header), body=body), status, code)


@pytest.mark.parametrize("body", [b"null", b'"x"', b"1", b" \n true", b""])
def test_json_that_is_neither_object_nor_array_is_no_json_ld(body):
    header = ("content-type", "application/ld+json")

    refused(plan("PUT", "/store?default", AUTHORIZED, header, body=body), 400, "bad-rdf")


def test_a_form_is_not_put():
    refused(plan("PUT", "/store?default", AUTHORIZED, MULTIPART, body=FORM), 415, "unsupported-media-type")


def test_a_body_larger_than_the_service_reads_is_413():
    settings = Settings(write_token=TOKEN, max_body_bytes=3)

    refused(
        plan("PUT", "/store?default", AUTHORIZED, TURTLE, body=b"1234", settings=settings), 413, "too-large"
    )


@pytest.mark.parametrize("target", ["/store?default", "/store/x", "/update"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nobody_writes_where_writing_is_off(method, target):
    if target == "/update" and method != "POST":
        return
    response = plan(method, target, AUTHORIZED, TURTLE, settings=Settings())

    refused(response, 403, "writes-off")
    assert "INCSR_WRITE_TOKEN" in json.loads(response.body)["hint"]


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        pytest.param(None, "no-token", id="none"),
        pytest.param(f"Basic {TOKEN}", "no-token", id="another scheme"),
        pytest.param("Bearer", "no-token", id="no token"),
        pytest.param("Bearer ", "no-token", id="an empty token"),
        pytest.param(TOKEN, "no-token", id="the token alone"),
        pytest.param("Bearer wrong", "wrong-token", id="another token"),
        pytest.param(f"Bearer {TOKEN}x", "wrong-token", id="a longer token"),
        pytest.param(f"Bearer {TOKEN[:-1]}", "wrong-token", id="a shorter token"),
        pytest.param(f"Bearer {TOKEN}, Bearer {TOKEN}", "wrong-token", id="two tokens"),
        pytest.param("Bearer tökén", "wrong-token", id="a token that is not ASCII"),
    ],
)
def test_only_the_token_lets_a_write_pass(authorization, code):
    headers = [("authorization", authorization)] if authorization is not None else []

    response = plan("PUT", "/store?default", *headers, TURTLE, body=b"secret data")

    assert refused(response, 401, code)["www-authenticate"].startswith('Bearer realm="incsr"')
    assert TOKEN.encode() not in response.body and b"secret" not in response.body


def test_the_scheme_may_be_written_in_any_case():
    assert isinstance(plan("DELETE", "/store?default", ("authorization", f"bEARER  {TOKEN}")), WriteJob)


def test_a_token_in_the_url_is_not_believed_and_not_repeated():
    response = plan("PUT", f"/store?default&access_token={TOKEN}", TURTLE)

    refused(response, 401, "no-token")
    assert TOKEN.encode() not in response.body


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "QUERY"])
def test_other_methods_are_405_with_what_is_allowed(method):
    headers = refused(plan(method, "/store?default", AUTHORIZED), 405, "method-not-allowed")

    assert headers["allow"] == "GET, HEAD, PUT, POST, DELETE, OPTIONS"


def test_a_graph_has_an_etag_and_is_not_sent_again():
    request = Request("GET", "/store", "default", (("if-none-match", '"old", W/"new"'),))
    job = protocol.plan(request, SETTINGS)
    answer = (Head(200, "text/turtle; charset=utf-8"), b"<a:a> <a:b> 1 .")

    def finish(request, version):
        response = protocol.finish(request, job, answer, SETTINGS, version)
        return protocol.conditional(request, response, SETTINGS)

    fresh = finish(request, "v1")
    etag = dict(fresh.headers)["etag"]
    again = Request("GET", "/store", "default", (("if-none-match", f'"x", {etag}'),))
    same = finish(again, "v1")
    changed = finish(again, "v2")

    assert fresh.status == 200 and etag.startswith('"v1.')
    assert (same.status, same.body) == (304, b"") and dict(same.headers)["etag"] == etag
    assert "content-length" not in dict(same.headers)
    assert changed.status == 200


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_the_conditions_of_a_write_go_to_whoever_writes(method):
    conditions = (("if-match", '"a"'), ("if-match", '"b"'), ("if-none-match", "*"))
    headers = (AUTHORIZED, ("content-type", "text/turtle"), *conditions)

    job = plan(method, "/store?default", *headers, body=b"<a:a> <a:b> 1 .")

    assert (job.if_match, job.if_none_match) == ('"a", "b"', "*")


def test_an_update_has_nothing_that_if_match_could_match():
    headers = (AUTHORIZED, ("content-type", "application/sparql-update"), ("if-match", "*"))

    refused(plan("POST", "/update", *headers, body=b"CLEAR ALL"), 412, "precondition-failed")
