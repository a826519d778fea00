"""SERVICE calls the endpoints that an operator has listed, exactly those, and is bounded in every direction.

The endpoints are small servers of our own, on loopback, each of which behaves badly in one way.
"""

import threading
import time
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from incsr.workers import broker

ANSWER = b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"from elsewhere"}}]}}'


class Endpoint(BaseHTTPRequestHandler):
    """Answers by its path; `called` counts."""

    protocol_version = "HTTP/1.1"
    called: list

    def do_POST(self):
        self.called.append(self.path)
        self.rfile.read(int(self.headers["Content-Length"]))
        match self.path:
            case "/redirect":
                self.send_response(307)
                self.send_header("Location", "/good")
                self.send_header("Content-Length", "0")
                self.end_headers()
            case "/slow":
                time.sleep(3)
            case "/large":
                self.answer(ANSWER + b" " * 2_000_000)
            case "/cut":
                self.answer(ANSWER, length=len(ANSWER) + 10)
            case "/drip":
                self.send_response(200)
                self.send_header("Content-Type", "application/sparql-results+json")
                self.send_header("Content-Length", str(len(ANSWER)))
                self.end_headers()
                for byte in ANSWER:
                    self.wfile.write(bytes([byte]))
                    time.sleep(0.1)
            case _:
                self.answer(ANSWER)

    def answer(self, body, length=None):
        self.send_response(200)
        self.send_header("Content-Type", "application/sparql-results+json")
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_arguments):
        """Nothing."""

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True


@pytest.fixture(scope="module")
def endpoint():
    counting = type("Counting", (Endpoint,), {"called": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), counting) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        server.called = counting.called
        server.base = f"http://127.0.0.1:{server.server_address[1]}"
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def server(endpoint):
    import servers

    listed = ("good", "redirect", "slow", "large", "cut", "drip")
    options = [word for path in listed for word in ("--service-allow", f"{endpoint.base}/{path}")]
    limits = ("--service-timeout", "0.7", "--service-max-bytes", "100k", "--timeout", "10")
    with ExitStack() as stack:
        yield stack.enter_context(servers.running("--empty", *options, *limits))


def ask(server, endpoint, path, silent=""):
    query = f"SELECT ?x WHERE {{ SERVICE {silent} <{endpoint.base}/{path}> {{ ?s ?p ?x }} }}"
    return requests.get(
        server.url + "/sparql", params={"query": query}, headers={"Accept": "text/csv"}, timeout=30
    )


def test_a_listed_endpoint_is_called(server, endpoint):
    assert ask(server, endpoint, "good").text.split("\r\n")[1] == "from elsewhere"


def test_a_prefixed_name_and_a_subquery_reach_it_too(server, endpoint):
    inner = "SELECT * { service e:good { ?s ?p ?x } }"
    query = f"PREFIX e: <{endpoint.base}/> SELECT ?x WHERE {{ {{ {inner} }} }}"

    response = requests.get(
        server.url + "/sparql", params={"query": query}, headers={"Accept": "text/csv"}, timeout=30
    )

    assert response.text.split("\r\n")[1] == "from elsewhere"


@pytest.mark.parametrize("path", ["other", "good/", "good?x=1", "GOOD"])
def test_what_is_not_listed_exactly_is_refused_and_not_called(server, endpoint, path):
    before = len(endpoint.called)

    response = ask(server, endpoint, path)

    assert response.status_code == 403
    assert len(endpoint.called) == before


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("redirect", "it answered with status 307"),
        ("slow", "it did not answer in full within 0.7 s"),
        ("large", "its answer has more than 102400 bytes"),
        ("cut", "its answer broke off"),
        ("drip", "it did not answer in full within 0.7 s"),
    ],
)
def test_an_endpoint_that_behaves_badly_costs_one_query_an_error_in_bounded_time(server, endpoint, path, why):
    began = time.monotonic()

    response = ask(server, endpoint, path)

    assert response.status_code == 502
    assert f"{path}>: {why}" in response.json()["detail"]
    assert time.monotonic() - began < 2.5
    assert "from elsewhere" not in response.text


def test_no_redirect_is_followed(server, endpoint):
    before = endpoint.called.count("/good")

    ask(server, endpoint, "redirect")

    assert endpoint.called.count("/good") == before


def test_silent_makes_a_failure_an_answer_without_it(server, endpoint):
    response = ask(server, endpoint, "redirect", "SILENT")

    assert response.status_code == 200
    assert "from elsewhere" not in response.text


def test_a_name_that_stands_for_a_private_address_is_not_called(monkeypatch):
    monkeypatch.setattr(broker.socket, "getaddrinfo", lambda *_a, **_m: [(0, 0, 0, "", ("10.0.0.7", 80))])

    with pytest.raises(broker.Refused, match=r"private address 10\.0\.0\.7"):
        broker.called("http://public.example/sparql", b"ASK {}", 1, 1000)


def test_the_broker_serves_nobody_without_its_secret(endpoint):
    import subprocess

    from incsr.config import settings_from
    from incsr.workers import services

    process, addresses = services.start(settings_from({"service_allow": [f"{endpoint.base}/good"]}, {}))
    try:
        address = addresses[f"{endpoint.base}/good"]
        host = address.rsplit("/", 2)[0]
        assert requests.post(address, data=b"ASK {}", timeout=10).status_code == 200
        assert requests.post(f"{host}/guess/0", data=b"ASK {}", timeout=10).status_code == 403
        assert requests.post(f"{address}9", data=b"ASK {}", timeout=10).status_code == 403
    finally:
        services.stop(process)
    assert isinstance(process, subprocess.Popen)
    assert process.returncode == 0
