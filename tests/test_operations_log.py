"""The log: a JSON line a request with id, duration, rows and cache; slow queries as the operator chose."""

import io
import json
import time

import pyoxigraph as ox
import pytest
import requests

from incsr import formats
from incsr.messages import Limits
from incsr.query.evaluate import Body

SLOW = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def lines(server, event, number=1, within_s=10.0) -> list[dict]:
    """The lines of one kind of event, when there are so many."""
    end = time.monotonic() + within_s
    while True:
        found = [json.loads(line) for line in server.log().splitlines()]
        found = [line for line in found if line["event"] == event]
        if len(found) >= number:
            return found
        assert time.monotonic() < end, f"{len(found)} lines of {event!r}, not {number}:\n{server.log()}"
        time.sleep(0.02)


def ask(server, query, headers=None, **more):
    return requests.get(
        server.url + "/sparql", params={"query": query, **more}, headers=headers or {}, timeout=30
    )


def test_a_request_is_logged_with_id_duration_rows_bytes_and_cache(serve):
    server = serve("--workers", "1")
    query = "SELECT ?s WHERE { ?s ?p ?o } LIMIT 7"

    first = ask(server, query, format="csv")
    again = ask(server, query, format="csv")
    unchanged = ask(server, query, {"If-None-Match": first.headers["ETag"]}, format="csv")

    logged = lines(server, "request", 3)
    assert [line["id"] for line in logged] == [r.headers["X-Request-Id"] for r in (first, again, unchanged)]
    assert [line["status"] for line in logged] == [200, 200, 304]
    assert [line["cache"] for line in logged] == ["miss", "hit", "hit"]
    assert [line.get("rows") for line in logged] == [7, 7, None]
    assert [line["bytes"] for line in logged] == [len(first.content), len(again.content), 0]
    assert all(line["method"] == "GET" and line["path"] == "/sparql" for line in logged)
    assert all(0 < line["ms"] < 30_000 for line in logged)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_rows_of_a_streamed_answer_are_logged_at_its_end(serve, method):
    server = serve("--workers", "1", "--cache-bytes", "0")
    query = "SELECT ?s ?p ?o WHERE { ?s ?p ?o } LIMIT 6000"
    where = {"params" if method == "GET" else "data": {"query": query}}

    response = requests.request(method, server.url + "/sparql", timeout=30, **where)

    assert "Content-Length" not in response.headers
    assert lines(server, "request")[0]["rows"] == len(response.json()["results"]["bindings"]) == 6000


@pytest.mark.parametrize(
    ("content", "members"),
    [("none", set()), ("digest", {"digest"}), ("text", {"digest", "text"})],
)
def test_a_slow_query_is_logged_with_what_the_operator_chose(serve, content, members):
    options = () if content == "digest" else ("--slow-query-content", content)  # it is the default
    server = serve("--timeout", "0.4", "--slow-query", "0.2", "--workers", "1", *options)

    answer = ask(server, SLOW)
    ask(server, "ASK {}")
    requests.post(server.url + "/sparql", data={"query": SLOW + " LIMIT 1"}, timeout=30)

    slow = lines(server, "slow query", 2)
    assert len(slow) == 2
    assert slow[0]["id"] == answer.headers["X-Request-Id"]
    assert slow[0]["level"] == "warning"
    assert slow[0]["outcome"] == "timeout"
    assert slow[0]["ms"] >= 400
    assert {"digest", "text"} & slow[0].keys() == members
    if "text" in members:
        assert [line["text"] for line in slow] == [SLOW, SLOW + " LIMIT 1"]
    else:
        assert "?a ?b ?c" not in server.log()
    if "digest" in members:
        assert slow[0]["digest"] != slow[1]["digest"]


def test_a_slow_page_is_no_slow_query(serve):
    server = serve("--slow-query", "0", "--workers", "1")

    requests.get(server.url + "/about", timeout=60)
    ask(server, "ASK {}")

    assert lines(server, "request", 2)
    assert [line["operation"] for line in lines(server, "slow query")] == ["query"]


def test_a_query_that_a_client_gave_up_is_499(serve):
    server = serve("--timeout", "20", "--workers", "1")

    with pytest.raises(requests.Timeout):
        requests.get(server.url + "/sparql", params={"query": SLOW}, timeout=0.5)

    assert lines(server, "request")[0]["status"] == 499


@pytest.mark.parametrize("count", [0, 1, 2, 300])
@pytest.mark.parametrize("variable", ["?o", "?unbound"])
@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_rows_are_counted_in_every_format_of_solutions(name, variable, count):
    store = ox.Store()
    for number in range(300):
        text = ox.Literal(f'a}},{{"b\\ \n[] {number}')
        store.add(ox.Quad(ox.NamedNode(f"urn:s{number}"), ox.NamedNode("urn:p"), text))
    result = store.query(f"SELECT {variable} WHERE {{ ?s ?p ?o }} LIMIT {count}")
    body = Body(formats.negotiate("solutions", None, name), result, Limits(max_rows=1000))

    body.write_to(io.BytesIO())

    assert body.rows == count


@pytest.mark.parametrize("name", ["turtle", "ntriples", "jsonld", "xml"])
def test_triples_are_counted_in_every_format_of_graphs(name):
    store = ox.Store()
    for number in range(12):
        store.add(ox.Quad(ox.NamedNode(f"urn:s{number}"), ox.NamedNode("urn:p"), ox.Literal("line\nline")))
    format_ = formats.negotiate("graph", None, name)
    body = Body(format_, store.query("CONSTRUCT WHERE { ?s ?p ?o }"), Limits(max_rows=1000))

    body.write_to(io.BytesIO())

    assert body.rows == 12
