"""Queries sent by GET go a short way: a client sees what the long way says, and what it asked already.

On the real server, since the lane lives between its parser and its sockets.
"""

import gzip
import http.client
import json
import os
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import brotli
import pytest
import requests

from incsr.linger import AGAIN_AFTER, LONGEST_S, SHORTEST_S, Linger, of_loop

RUNAWAY = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
LARGE = "SELECT * { ?s ?p ?o } LIMIT 900"


def get(server, query, headers=None, method="GET", **more):
    """Status, headers in lower case, and the body as it came."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        parameters = "".join(f"&{name}={quote(value)}" for name, value in more.items())
        connection.request(method, f"/sparql?query={quote(query)}{parameters}", headers=headers or {})
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return response.status, fields, response.read()
    finally:
        connection.close()


def without(fields, *names):
    return {name: value for name, value in fields.items() if name not in ("date", "x-request-id", *names)}


def cached(server) -> list[str]:
    """What the log says of the cache for each request to the endpoint."""
    end = time.monotonic() + 5
    time.sleep(0.3)  # lines of requests are written together
    while time.monotonic() < end:
        lines = [json.loads(line) for line in server.log().splitlines()]
        return [line["cache"] for line in lines if line["event"] == "request" and line["path"] == "/sparql"]


@pytest.mark.parametrize(
    ("query", "more"),
    [
        ("SELECT * { ?s ?p ?o } LIMIT 3", {}),
        ("ASK {}", {}),
        ("CONSTRUCT WHERE { ?s ?p ?o } LIMIT 2", {"format": "turtle"}),
        ("SELECT nonsense", {}),
        ("ASK {}", {"format": "nothing"}),
        ("ASK {}", {"timeout": "0"}),
        ("ASK { SERVICE <http://localhost/> { ?s ?p ?o } }", {}),
        ("", {}),
    ],
)
def test_the_short_way_says_what_the_long_way_says(published, query, more):
    long_way = {"X-Any": "1", "Content-Length": "0"}

    short, fields, body = get(published, query, {"Origin": "https://example.org"}, **more)
    long_way["Origin"] = "https://example.org"
    long_, long_fields, long_body = get(published, query, long_way, **more)

    assert short == long_
    assert without(fields) == without(long_fields)
    strip = [json.loads(each) if b"urn:incsr:request" in each else each for each in (body, long_body)]
    for each in strip:
        if isinstance(each, dict):
            each.pop("instance")
    assert strip[0] == strip[1]


def test_an_answer_comes_again_byte_for_byte_without_evaluation(serve):
    server = serve()

    first = get(server, LARGE)
    second = get(server, LARGE)

    assert first[0] == 200 and first[2] == second[2]
    assert without(first[1]) == without(second[1])
    assert first[1]["x-request-id"] != second[1]["x-request-id"]
    assert cached(server) == ["miss", "hit"]


def test_an_acknowledged_write_is_seen_by_the_very_next_request(serve):
    server = serve("--empty", token="secret")
    query = "SELECT ?o { <urn:s> <urn:p> ?o }"
    tags = set()

    for number in range(12):
        get(server, query), get(server, query)
        update = f"DELETE WHERE {{ <urn:s> <urn:p> ?o }} ; INSERT DATA {{ <urn:s> <urn:p> {number} }}"
        done = requests.post(
            server.url + "/update", data={"update": update}, headers=server.authorization(), timeout=20
        )
        assert done.status_code == 204
        _status, fields, body = get(server, query)
        assert [row["o"]["value"] for row in json.loads(body)["results"]["bindings"]] == [str(number)]
        tags.add(fields["etag"])

    assert len(tags) == 12


def test_a_write_between_question_and_answer_leaves_nothing_stale(serve):
    server = serve("--empty", token="secret")
    query = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    seen, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            _status, _fields, body = get(server, query)
            seen.append(int(json.loads(body)["results"]["bindings"][0]["n"]["value"]))

    asking = threading.Thread(target=ask)
    asking.start()
    for number in range(10):
        update = f"INSERT DATA {{ <urn:s> <urn:p> {number} }}"
        requests.post(
            server.url + "/update", data={"update": update}, headers=server.authorization(), timeout=20
        )
        _status, _fields, body = get(server, query)
        assert int(json.loads(body)["results"]["bindings"][0]["n"]["value"]) == number + 1
    stop.set()
    asking.join()

    assert seen == sorted(seen)


def test_a_tag_is_strong_and_a_client_that_has_the_answer_is_sent_none(serve):
    server = serve()
    _status, fields, _body = get(server, LARGE)
    tag = fields["etag"]

    assert tag.startswith('"')
    for condition in (tag, f'"other", W/{tag}'):
        status, again, body = get(server, LARGE, {"If-None-Match": condition})
        assert (status, body, again["etag"]) == (304, b"", tag)
        assert again["cache-control"] and again["vary"] == fields["vary"]
        assert "content-length" not in again
    assert get(server, LARGE, {"If-None-Match": '"other"'})[0] == 200
    assert get(server, LARGE, {"If-None-Match": tag, "Accept": "text/csv"})[0] == 200


def test_a_client_that_has_the_answer_is_sent_none_before_anything_is_evaluated(serve):
    server = serve()
    _status, fields, _body = get(server, LARGE)

    for headers in ({}, {"Content-Length": "0"}):
        status, _fields, _body = get(server, LARGE, {"If-None-Match": fields["etag"]} | headers)
        assert status == 304


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br", "br"),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("gzip;q=0", None),
        ("identity", None),
        ("*", "br"),
        ("*;q=0", None),
    ],
)
@pytest.mark.parametrize("way", [{}, {"Content-Length": "0"}], ids=["short way", "long way"])
def test_a_large_answer_is_compressed_as_the_client_takes_it(published, accepted, coding, way):
    _status, plain, whole = get(published, LARGE, way)
    _status, fields, body = get(published, LARGE, {"Accept-Encoding": accepted} | way)
    _status, _fields, again = get(published, LARGE, {"Accept-Encoding": accepted} | way)

    assert fields.get("content-encoding") == coding
    assert {"gzip": gzip.decompress, "br": brotli.decompress, None: bytes}[coding](body) == whole
    assert again == body
    assert int(fields["content-length"]) == len(body)
    assert "Accept-Encoding" in fields["vary"] and "Accept-Encoding" in plain["vary"]
    assert (fields["etag"] == plain["etag"]) is (coding is None)


def test_a_small_answer_is_not_compressed(published):
    _status, fields, body = get(published, "ASK {}", {"Accept-Encoding": "gzip, br"})

    assert "content-encoding" not in fields and body == b'{"head":{},"boolean":true}'


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_a_stream_is_compressed_too(published, coding):
    query = f"SELECT * {{ ?s ?p ?o . ?s ?q ?r }} LIMIT 2000{len(coding)}"
    _status, fields, body = get(published, query, {"Accept": "text/csv", "Accept-Encoding": coding})
    _status, _fields, whole = get(published, query, {"Accept": "text/csv"})

    assert "content-length" not in fields and fields["content-encoding"] == coding
    assert {"gzip": gzip.decompress, "br": brotli.decompress}[coding](body) == whole


def test_the_same_question_at_the_same_time_is_evaluated_once(serve):
    server = serve("--timeout", "1.5")

    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(lambda _: get(server, RUNAWAY)[0], range(8)))

    assert ended == [504] * 8
    assert sorted(cached(server)) == ["miss"] + ["shared"] * 7


def test_a_deadline_is_remembered_for_a_while(serve):
    server = serve("--timeout", "0.5")
    get(server, RUNAWAY)
    began = time.monotonic()

    status, _fields, body = get(server, RUNAWAY)

    assert status == 504 and json.loads(body)["type"].endswith("/timeout")
    assert time.monotonic() - began < 0.4


def test_a_leader_that_goes_away_leaves_the_others_their_answer(serve):
    server = serve("--timeout", "20")
    slow = "SELECT (COUNT(*) AS ?n) WHERE { ?a a ?t . ?b a ?t . ?a ?p ?c }"
    leader = socket.create_connection(("127.0.0.1", server.port))
    leader.sendall(f"GET /sparql?query={quote(slow)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    time.sleep(0.1)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(get, server, slow)
        time.sleep(0.1)
        leader.close()

        assert other.result()[0] == 200


def test_what_chance_decides_is_evaluated_each_time(published):
    answers = {get(published, "SELECT (STRUUID() AS ?x) {}")[2] for _ in range(3)}

    assert len(answers) == 3
    assert "etag" not in get(published, "SELECT (STRUUID() AS ?x) {}")[1]


def test_the_cache_can_be_switched_off(serve):
    server = serve("--cache-bytes", "0")
    answers = [get(server, LARGE) for _ in range(2)]

    assert answers[0][2] == answers[1][2] and answers[0][0] == 200
    assert set(cached(server)) == {"none"}


def test_pipelined_requests_are_answered_in_their_order(published):
    one, two = quote("SELECT (1 AS ?x) {}"), quote("SELECT (2 AS ?x) {}")
    heads = [f"/sparql?query={one}", "/health/live", f"/sparql?query={two}", f"/sparql?query={one}"]
    with socket.create_connection(("127.0.0.1", published.port), timeout=10) as sock:
        sock.sendall("".join(f"GET {head} HTTP/1.1\r\nHost: x\r\n\r\n" for head in heads).encode())
        sock.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = b""
        while data := sock.recv(65536):
            received += data

    assert received.count(b"HTTP/1.1 200 OK") == 5
    at = [received.index(b'"value":"1"'), received.index(b"live\n"), received.index(b'"value":"2"')]
    assert at == sorted(at)
    assert received.rindex(b'"value":"1"') > at[2]


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET / HTTP/9.x\r\n\r\n", b"400"),
        (b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", b"501"),
        (b"GET /sparql HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 600_000, b"431"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
    ],
)
def test_what_is_no_request_is_refused_as_a_problem(published, raw, status):
    with socket.create_connection(("127.0.0.1", published.port), timeout=10) as sock:
        sock.sendall(raw)
        received = b""
        try:
            while data := sock.recv(65536):
                received += data
        except ConnectionResetError:
            pass

    assert received.startswith(b"HTTP/1.1 " + status)
    assert b"application/problem+json" in received and b"x-request-id" in received


@pytest.mark.parametrize("more", [{}, {"Content-Length": "0"}], ids=["the short way", "the long way"])
def test_a_deadline_that_came_after_little_work_is_not_remembered(serve, more):
    # Nothing is slow here, so that the one evaluator is taken for as long as the first may run.
    server = serve("--workers", "1", "--slow-after", "60", "--timeout", "1.5")
    query = RUNAWAY + " #"
    get(server, "ASK {}")

    with ThreadPoolExecutor(1) as asking:
        first = asking.submit(get, server, RUNAWAY)
        time.sleep(0.3)
        waited = get(server, query, more)
        assert (first.result()[0], waited[0]) == (504, 504)

    assert get(server, query, more)[0] == 504
    assert get(server, query, more)[0] == 504
    assert cached(server)[-2:] == ["miss", "hit"]


def test_a_client_that_reads_slowly_gets_every_byte_in_its_order(published):
    queries = ["SELECT * { ?s ?p ?o } LIMIT 700", "SELECT * { ?s ?p ?o } LIMIT 3"] * 25
    expected = [get(published, query)[2] for query in queries]
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(30)
        sock.connect(("127.0.0.1", published.port))
        for query in queries:
            sock.sendall(f"GET /sparql?query={quote(query)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            time.sleep(0.02)  # one after another, and none is read, until the sockets are full
        reader = sock.makefile("rb")
        for body in expected:
            head = b"".join(iter(reader.readline, b"\r\n"))
            length = int(re.search(rb"content-length: (\d+)", head).group(1))
            assert reader.read(length) == body


def test_lingering_stops_where_nothing_comes_and_goes_on_where_something_does(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})
    one, other = socket.socketpair()
    with one, other:
        linger = Linger(one.fileno())
        for _ in range(9):
            linger()
        assert linger.window_s < SHORTEST_S
        other.send(b"!")
        for _ in range(AGAIN_AFTER):
            linger()
        assert linger.window_s == LONGEST_S


def test_a_loop_without_a_descriptor_does_not_linger():
    linger = of_loop(object())

    linger()

    assert linger.window_s == 0


def test_nothing_lingers_where_there_is_one_processor(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0})

    assert Linger(0).window_s == 0
