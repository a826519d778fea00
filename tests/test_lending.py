"""Connections lent to clerks: what is answered there is what the front would say, and nothing is ever lost.

On the real server, over sockets: a connection that asks plain queries one after another is lent, and the
metrics say how many were, and what was answered there.
"""

import gzip
import json
import os
import re
import signal
import socket
import threading
import time
from pathlib import Path
from urllib.parse import quote

import brotli
import pytest
import requests
from test_express_again import Client, same

JSON = "application/sparql-results+json"
RUNAWAY = "SELECT (COUNT(*) AS ?n) WHERE {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l FILTER(?a != <{}>) }}"
PLAIN = "SELECT * {{ ?s ?p ?o }} LIMIT {} # {}"


def request(query, accept=JSON, more="", target="/sparql?query="):
    return f"GET {target}{quote(query)} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\n{more}\r\n"


def metric(server, name, labels="") -> float:
    text = requests.get(server.url + "/metrics", timeout=20).text
    found = re.search(rf"^{name}{re.escape(labels)} (\S+)$", text, re.M)
    return float(found[1]) if found else 0.0


def lent(server, client, query=PLAIN, **more):
    """Ask until the connection is lent, and an answer has come from a clerk; the number of requests."""
    end = time.monotonic() + 30
    number = 0
    while time.monotonic() < end:
        before = metric(server, "incsr_clerk_answers_total")
        for _ in range(10):
            number += 1
            assert client.ask(request(query.format(number % 7 + 1, number), **more))[0] == 200
        if metric(server, "incsr_clerk_answers_total") > before and metric(server, "incsr_connections_lent"):
            return number
    raise AssertionError("the connection is not lent")


def clerks(server) -> list[int]:
    """The processes that hold connections: those with sockets of the network, but the front."""
    found = []
    for pid in server.processes():
        if pid == server.pid:
            continue
        try:
            held = [os.readlink(f"/proc/{pid}/fd/{each}") for each in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            continue
        if any(inode in held for inode in _network_sockets()):
            found.append(pid)
    return found


def _network_sockets():
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return {f"socket:[{line.split()[9]}]" for line in lines if line.split()[9] != "0"}


@pytest.mark.parametrize(
    ("query", "accept", "more"),
    [
        pytest.param("SELECT * {{ ?s ?p ?o }} LIMIT {}", JSON, "", id="solutions"),
        pytest.param("SELECT ?s {{ ?s ?p {} }} ORDER BY ?s", "text/tab-separated-values", "", id="as lines"),
        pytest.param("ASK {{ ?s ?p {} }}", JSON, "", id="a boolean"),
        pytest.param("ASK {{ ?s ?p {} }}", "application/sparql-results+xml", "", id="a boolean in XML"),
        pytest.param(
            "CONSTRUCT {{ ?s ?p ?o }} {{ ?s ?p ?o FILTER(ISIRI(?o)) }} LIMIT {}", "application/n-triples", "",
            id="triples",
        ),
        pytest.param("SELECT (COUNT(*) AS ?n) {{ ?s ?p ?o }} # {}", JSON, "", id="a count"),
        pytest.param("SELECT (RAND() AS ?n) {{ FILTER({} > 100) }}", JSON, "", id="by chance"),
        pytest.param(
            "SELECT * {{ ?s ?p ?o }} LIMIT 1{}", JSON, "Accept-Encoding: gzip\r\n",
            id="compressed",
        ),
        pytest.param(
            "SELECT * {{ ?s ?p ?o }} LIMIT 1{}", JSON, "Accept-Encoding: br\r\n",
            id="by brotli",
        ),
        pytest.param("SELECT * {{ ?s ?p ?o }} LIMIT {}", JSON, "Origin: https://a.example\r\n", id="origin"),
    ],
)  # fmt: skip
def test_a_clerk_says_what_the_front_says(serve, query, accept, more):
    server = serve()
    with Client(server) as client:
        lent(server, client, query, accept=accept, more=more)
        for spaces in range(1, 40):
            before = metric(server, "incsr_clerk_answers_total")
            asked = [request(query.format(n) + " " * spaces, accept, more) for n in (1, 3, 5)]
            there = [client.ask(each) for each in asked]
            if metric(server, "incsr_clerk_answers_total") == before + 3:
                break
        else:
            raise AssertionError("the front answers all the same")
    here = []
    for each in asked:
        with Client(server) as client:
            here.append(client.ask(each))

    assert all(map(same, there, here))
    assert list(there[0][1]) == list(here[0][1])
    if "Accept-Encoding" in more:
        unpacked = (brotli.decompress if "br" in more else gzip.decompress)(there[1][2])
        assert len(json.loads(unpacked)["results"]["bindings"]) == 13


def test_the_same_bytes_again_are_not_evaluated_again(serve):
    server = serve()
    with Client(server) as client:
        lent(server, client)
        hits = metric(server, "incsr_cache_requests_total", '{result="hits"}')
        answers = [client.ask(request(PLAIN.format(3, "again"))) for _ in range(4)]
        assert metric(server, "incsr_cache_requests_total", '{result="hits"}') == hits + 3

    assert all(same(answers[0], other) for other in answers[1:])
    assert len({headers["x-request-id"] for _status, headers, _body in answers}) == 4


def test_each_request_is_logged_and_counted_once(serve):
    server = serve()
    with Client(server) as client:
        number = lent(server, client)
        ids = [client.ask(request(PLAIN.format(2, f"n{n}")))[1]["x-request-id"] for n in range(50)]
    time.sleep(0.5)

    lines = [json.loads(line) for line in server.log().splitlines() if '"path": "/sparql"' in line]
    assert len(lines) == number + 50
    assert [line["id"] for line in lines if line["id"] in ids] == ids
    assert {(line["rows"], line["status"], line["cache"]) for line in lines[-50:]} == {(2, 200, "miss")}
    assert metric(server, "incsr_requests_total", '{kind="query",status="200"}') == number + 50


ODD = {
    "a post": b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    b"Content-Length: 6\r\n\r\nASK {}",
    "another header": b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\nX-Any: 1\r\n\r\n",
    "a parameter more": b"GET /sparql?query=ASK%7B%7D&timeout=2 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a page": b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
    "graphs": request("SELECT ?g { GRAPH ?g { ?s ?p ?o } } LIMIT 1").encode(),
    "no ascii": request("SELECT ?s { ?s ?p 'é' }").encode(),
}


@pytest.mark.parametrize("data", ODD.values(), ids=ODD)
def test_what_a_clerk_does_not_serve_is_answered_by_the_front_in_its_turn(serve, data):
    server = serve()
    with Client(server) as client:
        lent(server, client)
        answers = []
        for number in range(3):
            answers.append(client.ask(data))
            assert client.ask(request(PLAIN.format(1, f"between {number}")))[0] == 200

    assert [answer[0] for answer in answers] == [200] * 3


def test_an_error_is_told_as_ever(serve):
    server = serve()
    with Client(server) as client:
        lent(server, client)
        told = client.ask(request("SELECT nonsense"))
        refused = client.ask(request("ASK { SERVICE <http://localhost/> { ?s ?p ?o } }"))
        unacceptable = client.ask(request("ASK {}", accept="image/png"))
        after = client.ask(request(PLAIN.format(1, "after")))

    assert [told[0], refused[0], unacceptable[0], after[0]] == [400, 403, 406, 200]
    assert json.loads(told[2])["type"].endswith("/syntax")


def test_requests_that_come_together_or_in_pieces_are_answered_in_order(serve):
    server = serve()
    with Client(server) as client:
        lent(server, client)
        client.send("".join(request(PLAIN.format(n, "together")) for n in (1, 2, 3)))
        together = [client.answer() for _ in range(3)]
        whole = request(PLAIN.format(4, "in pieces"))
        for start in range(0, len(whole), 40):
            client.send(whole[start : start + 40])
            time.sleep(0.02)
        pieces = client.answer()

    rows = [len(json.loads(body)["results"]["bindings"]) for _status, _headers, body in (*together, pieces)]
    assert rows == [1, 2, 3, 4]


def test_a_condition_is_met_with_the_tag_that_a_clerk_gave(serve):
    server = serve()
    with Client(server) as client:
        lent(server, client)
        before = metric(server, "incsr_clerk_answers_total")
        _status, headers, _body = client.ask(request(PLAIN.format(2, "tagged")))
        assert metric(server, "incsr_clerk_answers_total") == before + 1
        client.send(request(PLAIN.format(2, "tagged"), more=f"If-None-Match: {headers['etag']}\r\n"))
        while b"\r\n\r\n" not in client.held:
            client.more()

    assert client.held.startswith(b"HTTP/1.1 304 ")


@pytest.mark.parametrize("place", ["in memory", "on disk"])
def test_no_clerk_answers_from_before_an_acknowledged_write(serve, tmp_path, place):
    options = ("--store", tmp_path / "store") if place == "on disk" else ()
    server = serve("--empty", *options, token="secret")
    query = "SELECT ?o {{ <urn:s> <urn:p> ?o }} # {}"
    stop, wrong, asked = threading.Event(), [], [0] * 4
    written = 0

    def ask(index):
        with Client(server) as client:
            while not stop.is_set():
                least = written
                body = client.ask(request(query.format(asked[index] if asked[index] % 2 else "again")))[2]
                found = [int(row["o"]["value"]) for row in json.loads(body)["results"]["bindings"]]
                asked[index] += 1
                if found and found[0] < least:
                    wrong.append((least, found))

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(1, 13):
            update = f"DELETE WHERE {{ <urn:s> <urn:p> ?o }} ; INSERT DATA {{ <urn:s> <urn:p> {number} }}"
            done = requests.post(
                server.url + "/update", data={"update": update}, headers=server.authorization(), timeout=20
            )
            assert done.status_code == 204
            written = number
            time.sleep(0.15)
    finally:
        stop.set()
        for thread in threads:
            thread.join()

    assert wrong == []
    assert metric(server, "incsr_clerk_answers_total") > 0
    assert metric(server, "incsr_connections_returned_total", '{reason="recalled"}') > 0


def test_a_runaway_on_a_lent_connection_is_ended_and_harms_neither_its_connection_nor_others(serve):
    server = serve("--timeout", "1.5", "--clerks", "1")
    trained = "SELECT (COUNT(*) AS ?n) WHERE {{ <urn:{}> ?b ?c . ?d ?b ?c . ?e ?f ?c . ?g ?f ?h . ?i ?f ?j }}"
    with Client(server) as doomed, Client(server) as neighbour:
        # A template that is quick for these constants, and runs away for others.
        lent(server, doomed, trained.replace("{}", "x{}-{}", 1))
        lent(server, neighbour)
        lent(server, doomed, trained.replace("{}", "x{}-{}", 1))
        before = clerks(server)
        constant = "https://w3id.org/incsr/id/agency/cbp"
        doomed.send(request(trained.format("x").replace("urn:x", constant)))
        times = []
        for number in range(40):
            began = time.monotonic()
            assert neighbour.ask(request(PLAIN.format(2, f"beside {number}")))[0] == 200
            times.append(time.monotonic() - began)
        status = doomed.answer()[0]
        after = doomed.ask(request(PLAIN.format(1, "after")))

    assert status == 504
    assert after[0] == 200
    assert max(times) < 1.2
    assert before and before[0] not in server.processes()


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGKILL, signal.SIGSTOP], ids=lambda how: how.name)
def test_whatever_becomes_of_a_clerk_its_connections_go_on(serve, how):
    server = serve("--clerks", "1")
    with Client(server) as one, Client(server) as other:
        lent(server, one)
        lent(server, other)
        (victim,) = clerks(server)
        os.kill(victim, how)
        answers = [
            client.ask(request(PLAIN.format(3, f"{name} {n}"))) for n in range(8)
            for name, client in (("one", one), ("other", other))
        ]  # fmt: skip
        lent(server, one)

    assert [answer[0] for answer in answers] == [200] * 16


def test_a_client_that_does_not_read_gets_all_of_it_when_it_does(serve):
    server = serve("--clerks", "1")
    query = "SELECT * {{ ?s ?p ?o }} LIMIT 80{} # {}"
    with Client(server) as client:
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 128 * 1024)
        for number in range(20):
            assert client.ask(request(query.format(5, f"read {number}")))[0] == 200
        for number in range(40):
            client.send(request(query.format(5, f"unread {number}")))
            time.sleep(0.05)
        bodies = [client.answer()[2] for _ in range(40)]
        unsent = metric(server, "incsr_connections_returned_total", '{reason="unsent"}')

    assert len(set(bodies)) == 1
    assert len(json.loads(bodies[0])["results"]["bindings"]) == 805
    assert unsent > 0


def test_a_connection_that_rests_goes_back_and_is_closed_by_the_front_in_the_end(serve):
    server = serve()
    with Client(server) as client:
        lent(server, client)
        end = time.monotonic() + 10
        while metric(server, "incsr_connections_lent"):
            assert time.monotonic() < end
            time.sleep(0.1)
        assert metric(server, "incsr_connections_returned_total", '{reason="resting"}') >= 1
        assert client.ask(request(PLAIN.format(1, "rested")))[0] == 200


def test_the_service_ends_in_time_while_connections_are_lent(serve):
    server = serve()
    with Client(server) as client:
        lent(server, client)
        began = time.monotonic()
        code = server.terminate()
        took = time.monotonic() - began

        assert code == 0
        assert took < 8
        with pytest.raises((EOFError, ConnectionError)):
            while True:
                client.ask(request(PLAIN.format(1, "late")))


@pytest.mark.parametrize(
    "options",
    [("--clerks", "0"), ("--rate", "100000/second"), ("--trusted-proxies", "1"), ("--log-queries",),
     ("--slow-query", "0.1")],
    ids=["none", "a rate", "a proxy", "texts logged", "slow soon"],
)  # fmt: skip
def test_nothing_is_lent_where_the_front_has_to_see_each_request(serve, options):
    server = serve(*options)
    with Client(server) as client:
        for number in range(60):
            assert client.ask(request(PLAIN.format(2, number)))[0] == 200

    assert metric(server, "incsr_clerk_answers_total") == 0
    assert metric(server, "incsr_clerks") == 0


def test_a_secret_is_not_kept_for_a_clerk(serve):
    server = serve(token="secret")
    with Client(server) as client:
        for number in range(60):
            ask = request(PLAIN.format(2, number), more="Authorization: Bearer secret\r\n")
            assert client.ask(ask)[0] == 200

    assert metric(server, "incsr_clerk_answers_total") == 0


def test_a_clerk_is_confined_as_an_evaluator_is(serve):
    server = serve("--clerks", "1")
    with Client(server) as client:
        lent(server, client)
        (clerk,) = clerks(server)
        lines = Path(f"/proc/{clerk}/status").read_text().splitlines()
        status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        held = [os.readlink(f"/proc/{clerk}/fd/{each}") for each in os.listdir(f"/proc/{clerk}/fd")]

    assert status["Seccomp"] == "2" and int(status["Seccomp_filters"]) >= 2
    assert sorted(each.split(":")[0] for each in held if each != "/dev/null") == ["socket", "socket"]


def test_queries_with_one_prologue_another_and_none_are_told_apart(serve):
    server = serve()
    texts = [
        "SELECT ?s { ?s a <https://w3id.org/incsr/cbp#Agency> } ORDER BY ?s",
        "PREFIX c: <https://w3id.org/incsr/cbp#> SELECT ?s { ?s a c:Agency } ORDER BY ?s",
        "PREFIX c: <https://w3id.org/incsr/cbp#>\nSELECT ?s { ?s a c:Agency } ORDER BY ?s",
        "PREFIX c: <https://w3id.org/incsr/cbp#> PREFIX x: <urn:x> SELECT ?s { ?s a c:Agency } ORDER BY ?s",
        "PREFIX c: <urn:x> PREFIX c: <https://w3id.org/incsr/cbp#> SELECT ?s { ?s a c:Agency } ORDER BY ?s",
        "PREFIX c: <urn:x> SELECT ?s { ?s a c:Agency } ORDER BY ?s",
        "# a comment\nASK { ?s a <https://w3id.org/incsr/cbp#Agency> }",
        "select ?s { ?s a <https://w3id.org/incsr/cbp#Agency> } ORDER BY ?s",
    ]
    with Client(server) as client:
        expected = [client.ask(request(text))[2] for text in texts]
    with Client(server) as client:
        lent(server, client)
        before = metric(server, "incsr_clerk_answers_total")
        for number in range(12):
            found = [client.ask(request(f"{text} # {number}"))[2] for text in texts]
            assert found == expected
        unfit = metric(server, "incsr_connections_returned_total", '{reason="unfit"}')

    assert metric(server, "incsr_clerk_answers_total") > before + 40
    assert unfit == 0


@pytest.mark.parametrize("whose", ["the new mother", "the old mother"])
def test_a_mother_that_ends_while_connections_are_called_back_costs_no_acknowledged_write(serve, whose):
    server = serve("--empty", "--clerks", "1", token="secret")
    known = set(server.processes())
    with Client(server) as client:
        lent(server, client)
        (clerk,) = clerks(server)
        mother = Path(f"/proc/{clerk}/stat").read_text().rsplit(")", 1)[1].split()[1]
        os.kill(clerk, signal.SIGSTOP)
        answers = []
        update = {"update": "INSERT DATA { <urn:s> <urn:p> 7 }"}
        writing = threading.Thread(
            target=lambda: answers.append(
                requests.post(server.url + "/update", data=update, headers=server.authorization(), timeout=30)
            )
        )
        known |= set(server.processes())
        writing.start()
        time.sleep(0.06)
        born = [pid for pid in server.processes() if pid not in known]
        for pid in [int(mother)] if whose == "the old mother" else born:
            os.kill(pid, signal.SIGKILL)
        writing.join()
    end = time.monotonic() + 20
    while requests.get(server.url + "/health/ready", timeout=20).status_code != 200:
        assert time.monotonic() < end
        time.sleep(0.2)
    asked = requests.get(
        server.url + "/sparql", params={"query": "ASK { ?s ?p 7 }"}, headers={"Accept": JSON}, timeout=20
    )

    # Data in memory goes with its process; what is loaded anew is what was loaded at first.
    assert asked.status_code == 200
    again = requests.post(server.url + "/update", data=update, headers=server.authorization(), timeout=20)
    assert again.status_code == 204
