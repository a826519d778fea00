"""What RFC 9112 asks of a server of HTTP/1.1 and 1.0, on the wire, byte for byte.

Source: RFC 9112, sections 2.2, 3.2, 6.1, 7.1; RFC 3986, section 6.2.2.2.
"""

import json
import socket
import time

import pytest

CHUNKED = (
    b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    b"Transfer-Encoding: chunked\r\n"
)
ASK = b"GET /sparql?query=ASK{} HTTP/1.1\r\n"
LARGE = b"/sparql?query=SELECT%20*%7B?s%20?p%20?o.%20?a%20?b%20?c%7DLIMIT%2020000&format=csv"
NO_REQUEST = b"GET / NOTHING/1.1\r\n\r\n"


def exchange(server, data: bytes, wait_s=20.0) -> bytes:
    """What the server sends back for raw bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=wait_s) as sock:
        sock.sendall(data)
        received = b""
        while part := sock.recv(65536):
            received += part
        return received


def status(response: bytes) -> int:
    assert response.startswith(b"HTTP/1.1 ")
    return int(response[9:12])


@pytest.mark.parametrize(
    ("hosts", "version", "expected"),
    [
        pytest.param([b"localhost:5000"], b"1.1", 200, id="one"),
        pytest.param([b"[::1]:5000"], b"1.1", 200, id="an address in brackets"),
        pytest.param([b"a_b.example"], b"1.1", 200, id="a name that is none in the DNS"),
        pytest.param([], b"1.1", 400, id="none"),
        pytest.param([b"a", b"a"], b"1.1", 400, id="two"),
        pytest.param([b"a b"], b"1.1", 400, id="a space"),
        pytest.param([b"a/b"], b"1.1", 400, id="a path"),
        pytest.param([b"user@a"], b"1.1", 400, id="a user"),
        pytest.param([b"a:b"], b"1.1", 400, id="no port"),
        pytest.param([], b"1.0", 200, id="none, as HTTP/1.0 allows"),
        pytest.param([b"a", b"b"], b"1.0", 400, id="two, which nothing allows"),
    ],
)
@pytest.mark.parametrize("path", [b"/sparql?query=ASK{}", b"/about"])
def test_a_request_has_one_host(published, hosts, version, expected, path):
    lines = b"".join(b"Host: " + host + b"\r\n" for host in hosts)

    response = exchange(
        published, b"GET " + path + b" HTTP/" + version + b"\r\n" + lines + b"Connection: close\r\n\r\n"
    )

    if path == b"/about" and expected == 200:
        assert status(response) not in (400, 500)
    else:
        assert status(response) == expected
    assert b"connection: close" in response.lower()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"ZZ\r\nASK {}\r\n0\r\n\r\n", id="a size that is no number"),
        pytest.param(b"6\r\nASK {}0\r\n\r\n", id="a chunk without its end"),
        pytest.param(b"6\r\nASK {}\r\nQQ\r\n", id="a second chunk"),
        pytest.param(b"FFFFFFFFFFFFFFFFF\r\nASK {}\r\n", id="a size beyond 64 bits"),
    ],
)
def test_a_malformed_chunk_is_400(published, body):
    response = exchange(published, CHUNKED + b"\r\n" + body)

    assert status(response) == 400
    assert json.loads(response.partition(b"\r\n\r\n")[2])["type"].endswith("/bad-request")
    assert b"connection: close" in response


def test_trailers_are_passed_over(published):
    trailers = b"".join(b"X-Trailer-%d: y\r\n" % number for number in range(5000))

    response = exchange(
        published, CHUNKED + b"Connection: close\r\n\r\n6\r\nASK {}\r\n0\r\n" + trailers + b"\r\n"
    )

    assert status(response) == 200 and response.endswith(b"true}")


def test_a_chunk_after_the_first_is_read(published):
    response = exchange(
        published, CHUNKED + b"Connection: close\r\n\r\n3;a=b\r\nASK\r\n3\r\n {}\r\n0\r\n\r\n"
    )

    assert status(response) == 200 and response.endswith(b"true}")


@pytest.mark.parametrize("before", [1, 2], ids=["one request before", "two requests before"])
@pytest.mark.parametrize("path", [b"/sparql?query=ASK{}", b"/store?default"])
def test_what_is_no_request_is_said_after_the_answers_before_it(published, path, before):
    whole = b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nAccept: application/n-triples, */*;q=0.5\r\n\r\n"

    response = exchange(published, whole * before + NO_REQUEST)

    assert response.count(b"HTTP/1.1 200 OK\r\n") == before
    last = response.rpartition(b"HTTP/1.1 ")[2]
    assert last.startswith(b"400 ") and b"connection: close" in last
    assert response.endswith(b"}\n")


def test_a_client_of_http_1_0_gets_a_long_answer_without_chunks(published):
    old = exchange(published, b"GET " + LARGE + b" HTTP/1.0\r\n\r\n")
    new = exchange(published, b"GET " + LARGE + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    head, _, body = old.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower() and b"connection: close" in head
    assert b"transfer-encoding: chunked" in new.lower()
    assert body.startswith(b"s,p,o") and body.endswith(b"\r\n") and body.count(b"\r\n") == 20001


def test_half_an_answer_to_a_client_of_http_1_0_ends_with_a_reset(serve):
    server = serve("--timeout", "0.8")
    endless = b"/sparql?query=SELECT%20*%7B?s%20?p%20?o.%20?a%20?b%20?c%7D&format=csv"

    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
        sock.sendall(b"GET " + endless + b" HTTP/1.0\r\n\r\n")
        received = sock.recv(65536)
        time.sleep(0.1)
        with pytest.raises(ConnectionResetError):
            while sock.recv(65536):
                pass

    assert received.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param(b"/%73parql?query=ASK{}", 200, id="a letter"),
        pytest.param(b"/%73%50ARQL?query=ASK{}", 404, id="another letter"),
        pytest.param(b"/spar%72l?query=ASK{}", 404, id="an encoded letter too much"),
        pytest.param(b"/sp%61rq%6C/?query=ASK{}", 200, id="two letters, in either case"),
        pytest.param(b"/sparql%2f?query=ASK{}", 404, id="an encoded slash is none"),
        pytest.param(b"/%75pdate", 405, id="the update resource"),
        pytest.param(b"/s%74ore?default", 200, id="the graph store"),
    ],
)
def test_an_encoded_letter_of_a_path_is_that_letter(published, path, expected):
    response = exchange(published, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert status(response) == expected


def test_a_client_has_so_many_connections_and_no_more(serve):
    server = serve("--empty", "--max-client-connections", "5")
    address = ("127.0.0.1", server.port)
    whole = b"GET /sparql?query=ASK{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    held = [socket.create_connection(address, timeout=20) for _ in range(5)]
    try:
        time.sleep(0.2)
        assert status(exchange(server, b"")) == 429
    finally:
        for sock in held:
            sock.close()
    time.sleep(0.2)

    assert status(exchange(server, whole)) == 200
