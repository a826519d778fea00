"""What the front refuses before it costs anything: too large, too many, too slow, too often.

On the real server, because what matters is what the client sees on the wire.
"""

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

RUNAWAY = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
TOKEN = "secret-token-17"
LIMITS = (
    "--max-body-bytes",
    "200k",
    "--max-query-bytes",
    "20k",
    "--max-url-bytes",
    "4k",
    "--max-header-bytes",
    "8k",
)


@pytest.fixture(scope="module")
def server():
    import servers

    with servers.running("--empty", *LIMITS, "--body-timeout", "1", "--timeout", "5", token=TOKEN) as started:
        yield started


def problem(response) -> str:
    """The code of the problem that a response states."""
    assert response.headers["content-type"] == "application/problem+json"
    return response.json()["type"].rsplit("/", 1)[1]


def exchange(server, head: bytes, rest: bytes = b"", wait_s=5.0) -> bytes:
    """What the server sends back for raw bytes, until it closes or falls silent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=wait_s) as sock:
        sock.sendall(head + rest)
        received = b""
        try:
            while data := sock.recv(65536):
                received += data
        except TimeoutError:
            pass
        return received


def test_a_long_address_is_414(server):
    response = requests.get(server.url + "/sparql", params={"query": "ASK {}" + " " * 5000}, timeout=10)

    assert response.status_code == 414
    assert problem(response) == "uri-too-long"


def test_large_headers_are_431(server):
    response = requests.get(server.url + "/sparql?query=ASK{}", headers={"X-Large": "x" * 9000}, timeout=10)

    assert response.status_code == 431
    assert problem(response) == "headers-too-large"


def test_a_large_query_is_413(server):
    response = requests.post(server.url + "/sparql", data={"query": "ASK {}" + " " * 21000}, timeout=10)

    assert response.status_code == 413
    assert problem(response) == "too-large"


@pytest.mark.parametrize("path", ["/sparql", "/update", "/store?default"])
@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
def test_a_large_body_is_413_and_not_read_into_memory(server, path, chunked):
    size = 5_000_000
    body = (b"x" * 50_000 for _ in range(size // 50_000)) if chunked else b"x" * size
    headers = {"Content-Type": "text/turtle"} | server.authorization()

    response = requests.post(server.url + path, data=body, headers=headers, timeout=10)

    assert response.status_code == 413
    assert problem(response) == "too-large"


def test_nobody_who_may_not_write_gets_to_send_a_body(server):
    head = b"PUT /store?default HTTP/1.1\r\nHost: x\r\nContent-Type: text/turtle\r\n"
    head += b"Content-Length: 100000\r\n\r\n"

    received = exchange(server, head, wait_s=0.8)

    assert received.startswith(b"HTTP/1.1 401 ")


def test_a_body_that_does_not_come_is_408(server):
    head = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    head += b"Content-Length: 100\r\n\r\n"
    began = time.monotonic()

    received = exchange(server, head, b"ASK")

    assert received.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - began < 4


def test_headers_that_do_not_come_close_the_connection(server):
    began = time.monotonic()

    received = exchange(server, b"GET /sparql HTTP/1.1\r\nHost:", wait_s=6)

    assert b" 200 " not in received
    assert time.monotonic() - began < 5


def test_a_thousand_idle_connections_keep_nobody_out(server):
    idle = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(1200)]
    try:
        response = requests.get(server.url + "/sparql", params={"query": "ASK {}"}, timeout=10)
    finally:
        for sock in idle:
            sock.close()

    assert response.status_code == 200


def test_bodies_that_do_not_come_keep_nobody_out(serve):
    server = serve("--max-requests", "8", "--body-timeout", "20")
    head = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    head += b"Content-Length: 100\r\n\r\n"
    slow = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(30)]
    try:
        for sock in slow:
            sock.sendall(head + b"ASK")
        time.sleep(0.3)
        by_get = requests.get(server.url + "/sparql", params={"query": "ASK {}"}, timeout=10)
        by_post = requests.post(server.url + "/sparql", data={"query": "ASK {}"}, timeout=10)
        given_up = slow[0].recv(100)
    finally:
        for sock in slow:
            sock.close()

    assert (by_get.status_code, by_post.status_code) == (200, 200)
    assert given_up.startswith(b"HTTP/1.1 408 ")


def test_more_requests_at_once_than_allowed_are_503_at_once(serve):
    server = serve("--max-requests", "4", "--timeout", "2")

    def ask():
        began = time.monotonic()
        response = requests.get(server.url + "/sparql", params={"query": RUNAWAY}, timeout=10)
        return response, time.monotonic() - began

    with ThreadPoolExecutor(8) as pool:
        ended = [future.result() for future in [pool.submit(ask) for _ in range(8)]]
    refused = [(response, took_s) for response, took_s in ended if response.status_code == 503]

    assert len(refused) == 4
    assert all(response.headers["Retry-After"] and took_s < 1 for response, took_s in refused)


def test_a_client_that_comes_too_often_is_429_and_told_when_to_return(serve):
    server = serve("--empty", "--rate", "5/minute")

    responses = [requests.get(server.url + "/health/ready", timeout=10) for _ in range(7)]

    assert [response.status_code for response in responses] == [200] * 5 + [429] * 2
    assert 0 < int(responses[-1].headers["Retry-After"]) <= 61
    assert problem(responses[-1]) == "rate"


def test_the_rate_is_the_clients_behind_a_trusted_proxy(serve):
    server = serve("--empty", "--rate", "2/minute", "--trusted-proxies", "1")

    def status(forwarded):
        return requests.get(
            server.url + "/health/ready", headers={"X-Forwarded-For": forwarded}, timeout=10
        ).status_code

    assert [status("203.0.113.7") for _ in range(3)] == [200, 200, 429]
    assert status("203.0.113.8") == 200
    # What stands to the left of what our proxy wrote is the client's own word.
    assert status("198.51.100.1, 203.0.113.7") == 429


def test_without_trusted_proxies_a_forged_header_buys_nothing(serve):
    server = serve("--empty", "--rate", "2/minute")

    statuses = [
        requests.get(
            server.url + "/health/ready", headers={"X-Forwarded-For": f"203.0.113.{number}"}, timeout=10
        ).status_code
        for number in range(3)
    ]

    assert statuses == [200, 200, 429]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/sparql?query=ASK%20%7B%7D"),
        ("GET", "/sparql?query=nonsense"),
        ("GET", "/sparql"),
        ("GET", "/"),
        ("GET", "/nothing-here"),
        ("GET", "/health/ready"),
        ("POST", "/update"),
        ("GET", "/static/site.css"),
        ("BREW", "/sparql"),
    ],
)
def test_every_response_has_the_security_headers_and_a_request_id(published, method, path):
    response = requests.request(method, published.url + path, timeout=30)

    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"]
    assert response.headers["X-Request-Id"]


@pytest.mark.parametrize("path", ["/sparql?query=ASK%20%7B%7D", "/", "/health/ready", "/nothing-here"])
def test_head_has_the_headers_of_get_and_no_body(published, path):
    head = requests.head(published.url + path, timeout=30)
    get = requests.get(published.url + path, timeout=30)

    assert head.status_code == get.status_code
    assert head.content == b""
    assert head.headers.get("Content-Type") == get.headers.get("Content-Type")
    assert head.headers.get("Content-Length") == get.headers.get("Content-Length")


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../pyproject.toml",
        "/static/%2e%2e/%2e%2e/pyproject.toml",
        "/source/..%2f..%2fincsr2014.ttl",
    ],
)
def test_no_path_leads_out_of_what_is_served(published, path):
    received = exchange(published, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())

    assert received.split(b" ")[1] in (b"404", b"400", b"308", b"301")
    assert b"build-system" not in received


def test_the_log_has_a_line_a_request_and_neither_the_query_nor_the_client_nor_the_token(serve):
    import json

    server = serve("--empty", token=TOKEN)
    requests.get(server.url + "/sparql", params={"query": "ASK { <urn:very:secret> ?p ?o }"}, timeout=10)
    requests.post(
        server.url + "/update", data={"update": "CLEAR ALL"}, headers=server.authorization(), timeout=10
    )
    requests.get(server.url + "/health/live?token=" + TOKEN, timeout=10)

    server.terminate()
    lines = [json.loads(line) for line in server.log().splitlines()]
    logged = [line for line in lines if line["event"] == "request"]

    assert [(line["method"], line["path"], line["status"]) for line in logged] == [
        ("GET", "/sparql", 200),
        ("POST", "/update", 204),
        ("GET", "/health/live", 200),
    ]
    for secret in ("very:secret", "127.0.0.1", TOKEN):
        assert secret not in server.log()


def test_no_process_but_the_front_has_the_token(serve):
    server = serve("--empty", token=TOKEN)
    requests.get(server.url + "/sparql", params={"query": "ASK {}"}, timeout=10)

    for pid in server.processes():
        with open(f"/proc/{pid}/cmdline", "rb") as command:
            assert TOKEN.encode() not in command.read()
    for pid in server.processes()[1:]:
        with open(f"/proc/{pid}/environ", "rb") as environment:
            assert TOKEN.encode() not in environment.read()


def resident_mb(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20


def test_the_body_of_a_slow_write_leaves_the_memory_with_the_write(serve):
    size = 12_000_000
    # Else the allocator may keep some of what is freed.
    environment = {"MALLOC_MMAP_THRESHOLD_": "1048576"}
    server = serve(
        *("--empty", "--slow-after", "0.001", "--max-body-bytes", "32M"), token="secret", env=environment
    )

    def put():
        body = b'<urn:s> <urn:p> "' + os.urandom(1).hex().encode() + b"x" * size + b'" .\n'
        headers = {"Content-Type": "application/n-triples", **server.authorization()}
        sent = requests.put(server.url + "/store?default", data=body, headers=headers, timeout=60)
        assert sent.status_code == 204

    put()
    before = resident_mb(server.pid)
    for _ in range(4):
        put()
    end = time.monotonic() + 10  # what the last one took may be on its way out
    while (kept := resident_mb(server.pid) - before) >= 3 * size >> 20 and time.monotonic() < end:
        time.sleep(0.1)
    assert kept < 3 * size >> 20  # of four
