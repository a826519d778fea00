"""The contract of `/sparql` and `/update`: which requests become which job, and which are refused, and how.

Source: SPARQL 1.1 Protocol (W3C, 2013), section 2; RFC 10008 for QUERY. Without I/O.
"""

import json
from urllib.parse import quote, urlencode

import pytest

from incsr.config import Settings
from incsr.endpoint import protocol
from incsr.messages import Head, Problem, ReadJob, Request, Response, WriteJob
from incsr.namespaces import BASE

TOKEN = "correct-horse"
SETTINGS = Settings(write_token=TOKEN, timeout_s=10.0)
FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"
ASK = "ASK { ?s ?p 'é+%' }"
G, H = "http://example.org/g", "http://example.org/h?a=1&b=2"


def plan(method="GET", path="/sparql", query="", body=b"", settings=SETTINGS, **headers):
    given = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return protocol.plan(Request(method, path, query, given, body), settings)


def write(query="", body=b"", type_=UPDATE):
    return plan("POST", "/update", query, body, content_type=type_, authorization=f"Bearer {TOKEN}")


def refused(response, status, code=None):
    assert isinstance(response, Response), response
    assert response.status == status, response.body
    problem = json.loads(response.body)
    assert dict(response.headers)["content-type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["type"].startswith(f"{BASE}problem/")
    assert code is None or problem["type"] == f"{BASE}problem/{code}"
    return problem


FOUR_WAYS = [
    pytest.param({"query": urlencode({"query": ASK})}, id="GET"),
    pytest.param({"query": f"query={quote(ASK)}"}, id="GET with %20 for a space"),
    pytest.param({"method": "HEAD", "query": urlencode({"query": ASK})}, id="HEAD"),
    pytest.param({"method": "POST", "body": ASK.encode(), "content_type": QUERY}, id="POST as it is"),
    pytest.param(
        {"method": "POST", "body": ASK.encode(), "content_type": f'{QUERY}; charset="UTF-8"'},
        id="with charset",
    ),
    pytest.param(
        {"method": "POST", "body": urlencode({"query": ASK}).encode(), "content_type": FORM},
        id="POST as a form",
    ),
    pytest.param({"method": "QUERY", "body": ASK.encode(), "content_type": QUERY}, id="QUERY"),
    pytest.param(
        {"method": "QUERY", "body": urlencode({"query": ASK}).encode(), "content_type": FORM},
        id="QUERY, a form",
    ),
    pytest.param({"path": "/sparql/", "query": urlencode({"query": ASK})}, id="a slash at the end"),
]


@pytest.mark.parametrize("request_", FOUR_WAYS)
def test_a_query_is_the_same_job_however_it_is_sent(request_):
    job = plan(**request_)

    assert isinstance(job, ReadJob)
    assert (job.operation, job.text, job.base_iri) == ("query", ASK, BASE)
    assert (job.default_graphs, job.named_graphs) == (None, None)


@pytest.mark.parametrize("method", ["GET", "POST", "POST form", "POST form and URL", "QUERY"])
def test_the_datasets_graphs_come_with_the_query_in_their_order(method):
    graphs = [("default-graph-uri", G), ("default-graph-uri", H), ("named-graph-uri", H)]
    if method == "GET":
        job = plan(query=urlencode([("query", ASK), *graphs]))
    elif method == "POST form":
        job = plan("POST", body=urlencode([*graphs, ("query", ASK)]).encode(), content_type=FORM)
    elif method == "POST form and URL":
        body = urlencode({"query": ASK, "named-graph-uri": H}).encode()
        job = plan("POST", query=urlencode(graphs[:2]), body=body, content_type=FORM)
    else:
        job = plan(method, query=urlencode(graphs), body=ASK.encode(), content_type=QUERY)

    assert job.default_graphs == (G, H)
    assert job.named_graphs == (H,)


@pytest.mark.parametrize(
    ("query", "dataset"),
    [
        (f"default-graph-uri={G}", ((G,), ())),
        (f"named-graph-uri={G}", ((), (G,))),
    ],
)
def test_naming_one_part_of_the_dataset_empties_the_other(query, dataset):
    job = plan(query=f"query=ASK+%7B%7D&{query}")

    assert (job.default_graphs, job.named_graphs) == dataset


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        pytest.param({"query": "query=ASK+%7B%7D&query=ASK+%7B%7D"}, 400, "several-query", id="two queries"),
        pytest.param({"query": "foo=bar"}, 400, "no-query", id="another parameter alone"),
        pytest.param({"query": "format=json"}, 400, "no-query", id="a format alone"),
        pytest.param({"query": "update=CLEAR+ALL"}, 400, "update-by-get", id="an update by GET"),
        pytest.param({"query": "query=ASK+%7B%7D&update=CLEAR+ALL"}, 400, "update-by-get", id="both by GET"),
        pytest.param({"query": "query=100%"}, 400, "bad-encoding", id="a broken escape"),
        pytest.param({"query": "query=%FF"}, 400, "bad-encoding", id="a query string that is not UTF-8"),
        pytest.param(
            {"query": "query=ASK+%7B%7D&default-graph-uri=g"}, 400, "bad-graph-iri", id="a relative IRI"
        ),
        pytest.param(
            {"query": "query=ASK+%7B%7D&named-graph-uri=urn:incsr:union"},
            400,
            "reserved-graph",
            id="our own graph",
        ),
        pytest.param(
            {"query": f"query=ASK+%7B%7D&using-graph-uri={G}"},
            400,
            "misplaced-parameter",
            id="an update's graph",
        ),
        pytest.param(
            {"query": "query=ASK+%7B%7D&timeout=soon"}, 400, "bad-timeout", id="no number of seconds"
        ),
        pytest.param({"query": "query=ASK+%7B%7D&timeout=0"}, 400, "bad-timeout", id="no time at all"),
        pytest.param({"query": "query=ASK+%7B%7D&timeout=0.04"}, 400, "bad-timeout", id="hardly any time"),
        pytest.param(
            {"query": "query=ASK+%7B%7D&timeout=1&timeout=2"}, 400, "several-timeout", id="two timeouts"
        ),
        pytest.param(
            {"query": "query=ASK+%7B%7D&format=docx"}, 400, "unknown-format", id="an unknown format"
        ),
        pytest.param(
            {"query": "query=A&format=csv&format=docx"}, 400, "unknown-format", id="one of two formats"
        ),
        pytest.param({"query": "query=A&format=a/b"}, 400, "unknown-format", id="an unknown media type"),
        pytest.param({"method": "POST"}, 400, "no-query", id="POST with nothing"),
        pytest.param({"method": "QUERY"}, 400, "no-query", id="QUERY with nothing"),
        pytest.param(
            {"method": "POST", "body": b"foo=bar", "content_type": FORM},
            400,
            "no-query",
            id="a form without it",
        ),
        pytest.param(
            {"method": "POST", "body": b"query=ASK+%7B%7D&update=CLEAR+ALL", "content_type": FORM},
            400,
            "wrong-operation",
            id="both in a form",
        ),
        pytest.param(
            {"method": "POST", "body": b"query=ASK+%7B%7D&query=ASK+%7B%7D", "content_type": FORM},
            400,
            "several-query",
            id="two in a form",
        ),
        pytest.param(
            {"method": "POST", "query": "query=ASK+%7B%7D", "body": b"ASK {}", "content_type": QUERY},
            400,
            "misplaced-parameter",
            id="one in the URL and one in the body",
        ),
        pytest.param(
            {"method": "POST", "query": "query=ASK+%7B%7D"},
            400,
            "misplaced-parameter",
            id="POST with it in the URL",
        ),
        pytest.param(
            {"method": "POST", "body": "ASK {}".encode("utf-16"), "content_type": f"{QUERY}; charset=UTF-16"},
            400,
            "not-utf-8",
            id="another charset",
        ),
        pytest.param(
            {"method": "POST", "body": b"ASK {\n 'caf\xe9' }", "content_type": QUERY},
            400,
            "not-utf-8",
            id="no UTF-8",
        ),
        pytest.param(
            {"method": "POST", "body": b"ASK {}"}, 415, "unsupported-media-type", id="no media type"
        ),
        pytest.param(
            {"method": "POST", "body": b"ASK {}", "content_type": "text/plain"},
            415,
            "unsupported-media-type",
            id="another media type",
        ),
        pytest.param(
            {"method": "QUERY", "body": b"ASK {}", "content_type": "application/json"},
            415,
            "unsupported-media-type",
            id="another media type by QUERY",
        ),
        pytest.param(
            {"method": "POST", "body": b"CLEAR ALL", "content_type": UPDATE},
            415,
            "unsupported-media-type",
            id="an update",
        ),
        pytest.param({"method": "PUT", "query": "query=ASK+%7B%7D"}, 405, "method-not-allowed", id="PUT"),
        pytest.param({"method": "PATCH"}, 405, "method-not-allowed", id="PATCH"),
        pytest.param({"method": "GET", "path": "/update"}, 405, "method-not-allowed", id="GET on /update"),
        pytest.param(
            {"method": "GET", "path": "/update", "query": "update=CLEAR+ALL"},
            405,
            "method-not-allowed",
            id="an update",
        ),
    ],
)
def test_what_the_protocol_does_not_allow_is_refused(request_, status, code):
    refused(plan(**request_), status, code)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/sparql", "GET, HEAD, POST, QUERY, OPTIONS"), ("/update", "POST, OPTIONS")],
)
def test_405_lists_what_is_allowed(path, allowed):
    response = plan("DELETE", path)

    assert dict(response.headers)["allow"] == allowed


def test_415_says_which_media_types_are_read():
    headers = dict(plan("POST", body=b"ASK {}", content_type="text/plain").headers)

    assert headers["accept-post"] == f"{FORM}, {QUERY}"
    assert headers["accept-query"] == f"{QUERY}, {FORM}"


def test_a_query_that_is_not_utf_8_is_refused_with_line_and_column():
    problem = refused(plan("POST", body=b"ASK {\n 'caf\xe9' }", content_type=QUERY), 400)

    assert (problem["line"], problem["column"]) == (2, 6)


def test_a_byte_order_mark_is_no_part_of_a_query():
    assert plan("POST", body=b"\xef\xbb\xbfASK {}", content_type=QUERY).text == "ASK {}"


def test_parameters_that_nobody_knows_do_no_harm_beside_a_query():
    assert plan(query="query=ASK+%7B%7D&output=json&results=json&_=17").text == "ASK {}"


@pytest.mark.parametrize(("asked", "given"), [("2", 2.0), ("0.5", 0.5), ("99", 10.0), ("", 10.0)])
def test_a_client_may_ask_for_less_time_but_not_for_more(asked, given):
    assert plan(query=f"query=ASK+%7B%7D&timeout={asked}").limits.timeout_s == given


@pytest.mark.parametrize(
    ("query", "format_"),
    [
        ("format=", None),
        ("format=csv", "csv"),
        ("format=application/x-tsv&format=tsv", "tsv"),
        ("format=json&format=xml", "json"),
    ],
)
def test_the_first_format_that_is_known_counts(query, format_):
    assert plan(query=f"query=ASK+%7B%7D&{query}").format == format_


def test_the_jobs_limits_are_the_services():
    limits = plan(query="query=ASK+%7B%7D", settings=Settings(max_rows=7, max_bytes=9)).limits

    assert (limits.max_rows, limits.max_bytes) == (7, 9)


def test_several_accept_headers_are_one():
    request = Request(
        "GET", "/sparql", "query=ASK+%7B%7D", (("accept", "text/csv;q=0.1"), ("accept", "text/html"))
    )

    assert protocol.plan(request, SETTINGS).accept == "text/csv;q=0.1, text/html"


def test_a_query_longer_than_the_service_reads_is_413():
    settings = Settings(max_query_bytes=10)

    refused(plan(query="query=" + "a" * 11, settings=settings), 413, "too-large")
    refused(plan("POST", body=("é" * 6).encode(), content_type=QUERY, settings=settings), 413, "too-large")


@pytest.mark.parametrize("body", [b"update=CLEAR+ALL", b"CLEAR ALL"])
def test_an_update_is_a_job_in_both_forms(body):
    job = write(f"using-graph-uri={G}&using-graph-uri={quote(H)}", body, FORM if b"=" in body else UPDATE)

    assert isinstance(job, WriteJob)
    assert (job.operation, job.text) == ("update", "CLEAR ALL")
    assert (job.using_graphs, job.using_named_graphs) == ((G, H), ())


@pytest.mark.parametrize(
    ("query", "body", "type_", "status", "code"),
    [
        pytest.param("", b"update=A&update=B", FORM, 400, "several-update", id="two updates"),
        pytest.param("", b"query=ASK+%7B%7D", FORM, 400, "wrong-operation", id="a query in the form"),
        pytest.param("", b"ASK {}", QUERY, 415, "unsupported-media-type", id="a query as it is"),
        pytest.param("update=CLEAR+ALL", b"", UPDATE, 400, "misplaced-parameter", id="in the URL"),
        pytest.param("", b"CLEAR ALL", "text/plain", 415, "unsupported-media-type", id="another media type"),
        pytest.param(
            f"default-graph-uri={G}", b"CLEAR ALL", UPDATE, 400, "misplaced-parameter", id="a query's graph"
        ),
        pytest.param("using-graph-uri=g", b"CLEAR ALL", UPDATE, 400, "bad-graph-iri", id="a relative IRI"),
        pytest.param("", b"caf\xe9", UPDATE, 400, "not-utf-8", id="no UTF-8"),
    ],
)
def test_an_update_that_the_protocol_does_not_allow_is_refused(query, body, type_, status, code):
    refused(write(query, body, type_), status, code)


def test_without_parameters_the_endpoint_describes_itself_or_shows_a_page():
    described = plan(accept="text/turtle")
    page = plan(accept="text/html,application/xhtml+xml,*/*;q=0.8")

    assert isinstance(described, ReadJob) and "sd:Service" in described.text
    assert page.status == 200 and dict(page.headers)["content-type"].startswith("text/html")
    assert b"<textarea" in page.body and b"How many people did the Border Patrol train" in page.body


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        ("example.org:8080", "http://example.org:8080/sparql"),
        ("[::1]:5000", "http://[::1]:5000/sparql"),
        ("evil> <x", "http://localhost:5000/sparql"),
        ("a/b", "http://localhost:5000/sparql"),
    ],
)
def test_the_description_speaks_of_the_address_that_was_asked_and_believes_only_a_host(host, endpoint):
    assert f"<{endpoint}> a sd:Service" in plan(host=host).text


def test_a_proxys_word_counts_only_where_a_proxy_is_trusted():
    said = {"host": "inside", "x_forwarded_proto": "https", "x_forwarded_host": "outside.example"}

    assert "<http://inside/sparql>" in plan(**said).text
    assert "<https://outside.example/sparql>" in plan(**said, settings=Settings(trusted_proxies=1)).text


def test_a_prefix_is_part_of_every_address():
    settings = Settings(url_prefix="/incsr", write_token=TOKEN)

    assert "<http://h/incsr/sparql>" in plan(path="/incsr/sparql", host="h", settings=settings).text
    assert plan("DELETE", "/incsr/update", settings=settings).status == 405


def test_options_says_what_the_resource_takes():
    response = plan("OPTIONS")

    headers = dict(response.headers)
    assert response.status == 204 and "content-length" not in headers
    assert headers["allow"] == "GET, HEAD, POST, QUERY, OPTIONS"
    assert headers["accept-query"] == f"{QUERY}, {FORM}"


def test_a_preflight_lets_scripts_of_other_sites_ask_and_write():
    response = plan("OPTIONS", "/store", origin="https://a.example", access_control_request_method="PUT")

    headers = dict(response.headers)
    assert headers["access-control-allow-origin"] == "*"
    assert "PUT" in headers["access-control-allow-methods"]
    assert {"Authorization", "Content-Type"} <= set(headers["access-control-allow-headers"].split(", "))


@pytest.mark.parametrize(
    ("cors", "origin", "allowed"),
    [
        ("*", "https://a.example", "*"),
        ("https://a.example", "https://a.example", "https://a.example"),
        ("https://a.example", "https://b.example", None),
        ("", "https://a.example", None),
    ],
)
def test_the_operator_says_whose_scripts_may_read(cors, origin, allowed):
    response = plan(query="foo=bar", settings=Settings(cors=cors), origin=origin)

    headers = dict(response.headers)
    assert headers.get("access-control-allow-origin") == allowed
    assert ("Origin" in headers["vary"]) is (cors not in ("", "*"))


def test_an_answer_is_finished_with_its_media_type_length_and_vary():
    job = plan(query="query=ASK+%7B%7D")
    request = Request("GET", "/sparql", "query=ASK+%7B%7D")

    response = protocol.finish(request, job, (Head(200, "text/csv; charset=utf-8"), b"abc"), SETTINGS)

    headers = dict(response.headers)
    assert response.status == 200 and response.body == b"abc"
    assert headers["content-type"] == "text/csv; charset=utf-8"
    assert headers["content-length"] == "3"
    assert headers["vary"] == "Accept, Accept-Encoding"
    assert headers["query-limits"] == "timeout=10.0, rows=1000000, bytes=268435456"
    assert headers["accept-query"] == f"{QUERY}, {FORM}"


def test_head_has_the_headers_of_get_and_no_body():
    job = plan("HEAD", query="query=ASK+%7B%7D")

    response = protocol.finish(Request("HEAD", "/sparql"), job, (Head(200, "text/csv"), b"abc"), SETTINGS)

    assert response.body == b"" and dict(response.headers)["content-length"] == "3"


def test_a_stream_is_handed_on_without_a_length():
    stream = iter([b"a", b"b"])

    response = protocol.finish(
        Request("GET", "/sparql"), plan(query="query=A"), (Head(200, "text/csv"), stream), SETTINGS
    )

    assert response.body is stream and "content-length" not in dict(response.headers)


PROBLEM = Problem(
    400,
    "Bad",
    "It <is> bad.",
    "syntax",
    "Do better.",
    line=2,
    column=3,
    excerpt="ab<\n  ^",
    headers=(("retry-after", "1"),),
)


def test_a_problem_of_the_evaluation_says_what_where_and_what_to_do():
    request = Request("GET", "/sparql", headers=(("x-request-id", "abc-1"),))

    response = protocol.finish(request, plan(query="query=A"), PROBLEM, SETTINGS)

    problem = json.loads(response.body)
    assert problem == {
        "type": f"{BASE}problem/syntax",
        "title": "Bad",
        "status": 400,
        "detail": "It <is> bad.",
        "hint": "Do better.",
        "line": 2,
        "column": 3,
        "excerpt": "ab<\n  ^",
        "instance": "urn:incsr:request:abc-1",
    }
    assert dict(response.headers)["retry-after"] == "1"
    assert dict(response.headers)["x-request-id"] == "abc-1"


def test_a_browser_gets_the_problem_as_a_page_that_runs_nothing():
    request = Request("GET", "/sparql", headers=(("accept", "text/html"),))

    response = protocol.finish(request, plan(query="query=A"), PROBLEM, SETTINGS)

    page = response.body.decode()
    assert dict(response.headers)["content-type"] == "text/html; charset=utf-8"
    assert "It &lt;is&gt; bad." in page and "Line 2, column 3" in page and "Do better." in page
    assert "<pre>ab&lt;\n  ^</pre>" in page


def test_a_request_id_that_could_forge_a_header_is_not_repeated():
    request = Request("GET", "/sparql", headers=(("x-request-id", "a\r\nset-cookie: b"),))

    response = protocol.finish(request, plan(query="query=A"), PROBLEM, SETTINGS)

    assert "cookie" not in dict(response.headers)["x-request-id"]


@pytest.mark.parametrize(
    ("method", "path", "query", "type_"),
    [
        pytest.param("POST", "/sparql", "", QUERY, id="a query"),
        pytest.param("QUERY", "/sparql", "", FORM, id="a form"),
        pytest.param("POST", "/update", "", UPDATE, id="an update"),
        pytest.param("PUT", "/store", "default", "text/turtle", id="a graph"),
    ],
)
def test_a_compressed_body_is_415_and_not_read_as_if_it_were_none(method, path, query, type_):
    body = {QUERY: ASK, FORM: urlencode({"query": ASK}), UPDATE: "CLEAR ALL", "text/turtle": ""}[
        type_
    ].encode()
    headers = {"content_type": type_, "authorization": f"Bearer {TOKEN}"}

    answer = plan(method, path, query, body, **headers, content_encoding="gzip")

    refused(answer, 415, "unsupported-coding")
    assert dict(answer.headers)["accept-encoding"] == "identity"
    assert isinstance(
        plan(method, path, query, body, **headers, content_encoding="identity"), ReadJob | WriteJob
    )


def test_who_may_not_write_is_told_that_and_nothing_of_codings():
    refused(plan("POST", "/update", "", b"CLEAR ALL", content_type=UPDATE, content_encoding="gzip"), 401)
    refused(plan("PUT", "/store", "default", b"", content_type="text/turtle", content_encoding="gzip"), 401)


def test_of_no_body_the_coding_is_of_no_interest():
    answer = plan("POST", "/sparql", urlencode({"query": ASK}), content_type=QUERY, content_encoding="gzip")

    assert refused(answer, 400)["type"] != f"{BASE}problem/unsupported-coding"
