"""The same bytes again are answered without being parsed: as before, never stale, none by mistake.

On the real server, over sockets, since bytes are what matters.
"""

import gzip
import json
import re
import socket
import time

import pytest
import requests

HEAD = "GET /sparql?query={} HTTP/1.1\r\nHost: x\r\nAccept: application/sparql-results+json\r\n{}\r\n"
FEW = HEAD.format("SELECT%20*%20{?s%20?p%20?o}%20ORDER%20BY%20?s%20?p%20?o%20LIMIT%202", "")
MANY = HEAD.format("SELECT%20*%20{?s%20?p%20?o}%20LIMIT%20300", "Accept-Encoding: gzip\r\n")
ONE = HEAD.format("SELECT%20?n%20{<urn:a>%20<urn:b>%20?n}", "")


class Client:
    """One connection, on which bytes are sent and whole answers are read."""

    def __init__(self, server):
        self.sock = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        self.held = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, text):
        self.sock.sendall(text.encode() if isinstance(text, str) else text)

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise EOFError
        self.held += data

    def answer(self):
        """Status, headers, body."""
        while b"\r\n\r\n" not in self.held:
            self.more()
        head, _, self.held = self.held.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        size = int(headers["content-length"])
        while len(self.held) < size:
            self.more()
        body, self.held = self.held[:size], self.held[size:]
        return int(first.split()[1]), headers, body

    def ask(self, text):
        self.send(text)
        return self.answer()


def same(one, other):
    """Whether two answers agree but for their ids and the second in which they were sent."""
    headers = [
        {k: v for k, v in each[1].items() if k not in ("date", "x-request-id")} for each in (one, other)
    ]
    return (one[0], headers[0], one[2]) == (other[0], headers[1], other[2])


@pytest.mark.parametrize("request_", [FEW, MANY], ids=["as it is", "compressed"])
def test_the_third_answer_is_the_first_with_an_id_of_its_own(serve, request_):
    server = serve()
    with Client(server) as client:
        answers = [client.ask(request_) for _ in range(4)]

    assert all(same(answers[0], other) for other in answers[1:])
    assert len({headers["x-request-id"] for _, headers, _ in answers}) == 4
    if request_ is MANY:
        assert answers[3][1]["content-encoding"] == "gzip"
        assert len(json.loads(gzip.decompress(answers[3][2]))["results"]["bindings"]) == 300


def test_the_bytes_are_known_on_every_connection_and_each_request_is_logged_and_counted(serve):
    server = serve()
    ids = []
    for _ in range(3):
        with Client(server) as client:
            ids += [client.ask(FEW)[1]["x-request-id"] for _ in range(2)]

    metrics = requests.get(server.url + "/metrics", timeout=20).text
    time.sleep(0.3)  # lines of requests are written together
    lines = [json.loads(line) for line in server.log().splitlines() if '"path": "/sparql"' in line]
    assert [(line["id"], line["rows"], line["status"]) for line in lines] == [(id_, 2, 200) for id_ in ids]
    assert [line["cache"] for line in lines] == ["miss"] + ["hit"] * 5
    assert re.search(r'^incsr_requests_total\{kind="query",status="200"\} 6\.0$', metrics, re.M)


def test_a_write_is_seen_by_the_very_next_request(serve):
    server = serve("--empty", token="secret")
    with Client(server) as client:
        for number in range(5):
            update = f"CLEAR DEFAULT ; INSERT DATA {{ <urn:a> <urn:b> {number} }}"
            headers = {"Content-Type": "application/sparql-update", **server.authorization()}
            assert (
                requests.post(server.url + "/update", update, headers=headers, timeout=20).status_code == 204
            )
            for _ in range(4):
                body = json.loads(client.ask(ONE)[2])
                assert [row["n"]["value"] for row in body["results"]["bindings"]] == [str(number)]


def test_known_bytes_in_the_middle_of_a_message_are_no_request(serve):
    server = serve(token="secret")
    with Client(server) as client:
        first = [client.ask(FEW) for _ in range(3)][2]
        # The body of an update, then the head of another request, have these bytes in a packet of their own.
        client.send(
            "POST /update HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\n"
            f"Content-Type: application/sparql-update\r\nContent-Length: {len(FEW)}\r\n\r\n"
        )
        time.sleep(0.2)
        assert client.ask(FEW)[0] == 400
        client.send("GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nX-Long: ")
        time.sleep(0.2)
        assert b'"boolean"' in client.ask(FEW)[2]

    with Client(server) as client:
        assert same(client.ask(FEW), first)


@pytest.mark.parametrize("cut", [1, 20, 200, len(FEW) - 3])
def test_known_bytes_in_two_packets_are_one_request(serve, cut):
    server = serve()
    with Client(server) as client:
        first = [client.ask(FEW) for _ in range(3)][2]
        client.send(FEW[:cut])
        time.sleep(0.1)
        assert same(client.ask(FEW[cut:]), first)
        assert same(client.ask(FEW), first)


def test_two_requests_in_one_packet_have_two_answers_each_time(serve):
    server = serve()
    other = HEAD.format("ASK%7B%7D", "")
    with Client(server) as client:
        for _ in range(4):
            client.send(FEW + other)
            answers = [client.answer(), client.answer()]
            assert [b'"bindings"' in body for _, _, body in answers] == [True, False]


def test_a_request_behind_one_that_takes_long_waits_for_its_turn(serve):
    server = serve("--timeout", "1")
    slow = HEAD.format("SELECT%20(COUNT(*)%20AS%20?n)%20{?a%20?b%20?c.?d%20?e%20?f.?g%20?h%20?i}", "")
    with Client(server) as client:
        first = [client.ask(FEW) for _ in range(3)][2]
        client.send(slow)
        time.sleep(0.2)
        client.send(FEW)
        assert client.answer()[0] == 504
        assert same(client.answer(), first)


def test_a_connection_that_only_asks_what_is_known_is_not_taken_for_one_whose_head_does_not_come(serve):
    server = serve("--body-timeout", "1")
    with Client(server) as client:
        first = [client.ask(FEW) for _ in range(3)][2]
    with Client(server) as client:
        for _ in range(4):
            assert same(client.ask(FEW), first)
            time.sleep(0.6)


def test_where_clients_are_counted_what_comes_again_is_counted_too(serve):
    server = serve("--rate", "6/minute")
    with Client(server) as client:
        statuses = [client.ask(FEW)[0] for _ in range(40)]

    assert statuses[:3] == [200] * 3
    assert 429 in statuses


def test_too_much_at_once_is_refused_to_what_is_known_too(serve):
    server = serve("--max-requests", "1", "--timeout", "2")
    slow = HEAD.format("SELECT%20(COUNT(*)%20AS%20?n)%20{?a%20?b%20?c.?d%20?e%20?f.?g%20?h%20?i}", "")
    with Client(server) as busy, Client(server) as client:
        assert [client.ask(FEW)[0] for _ in range(3)] == [200] * 3
        busy.send(slow)
        time.sleep(0.3)
        assert client.ask(FEW)[0] == 503
        assert busy.answer()[0] == 504
        assert client.ask(FEW)[0] == 200
