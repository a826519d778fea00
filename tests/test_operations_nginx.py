"""deploy/nginx.conf, run as it stands but for addresses and certificate, before a real server.

What the proxy must not lose: the client's address, the request as it was written, compression done once, and
above all that half an answer arrives as a broken one.
"""

import json
import os
import re
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import servers
from test_operations_metrics import scraped, total

from incsr.workers import sandbox

ROOT = Path(__file__).resolve().parent.parent
CONF = (ROOT / "deploy/nginx.conf").read_text("utf-8")
NAME = "data.example.org"
AROUND = """
{user}
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log warn;
events {{ worker_connections 256; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/incsr.conf;
}}
"""


def replaced(text, old, new):
    assert text.count(old) >= 1, f"{old!r} is not in deploy/nginx.conf"
    return text.replace(old, new)


def free_ports(number):
    sockets = [socket.socket() for _ in range(number)]
    for sock in sockets:
        sock.bind(("127.0.0.1", 0))
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


def certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME},IP:127.0.0.1",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip


@contextmanager
def proxied(folder, upstream_port, change=lambda text: text):
    """nginx with our configuration before a port: the addresses for https and http."""
    certificate(folder)
    tls, plain = free_ports(2)
    text = replaced(CONF, "127.0.0.1:5000", f"127.0.0.1:{upstream_port}")
    text = replaced(text, "listen 443 ssl", f"listen 127.0.0.1:{tls} ssl")
    text = replaced(text, "listen 80", f"listen 127.0.0.1:{plain}")
    text = replaced(text, f"/etc/letsencrypt/live/{NAME}/fullchain.pem", str(folder / "cert.pem"))
    text = replaced(text, f"/etc/letsencrypt/live/{NAME}/privkey.pem", str(folder / "key.pem"))
    (folder / "incsr.conf").write_text(change(text))
    # The worker of a privileged nginx is nobody, who may not write into a folder of the tests.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user))
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command, preexec_fn=lambda: sandbox.die_with_parent(signal.SIGTERM))
    try:
        end = time.monotonic() + 20
        while not connects(tls):
            assert process.poll() is None and time.monotonic() < end, (folder / "error.log").read_text()
            time.sleep(0.02)
        yield f"https://127.0.0.1:{tls}", f"http://127.0.0.1:{plain}"
    finally:
        process.terminate()
        process.wait(20)


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


class Proxy:
    """A server, and nginx before it. `get` speaks to nginx and knows its certificate."""

    def __init__(self, server, url, plain, folder):
        self.server, self.url, self.plain, self.folder = server, url, plain, folder

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def request(self, method, path, **more):
        certificate = str(self.folder / "cert.pem")
        more.setdefault("headers", {})["Host"] = NAME
        return requests.request(method, self.url + path, verify=certificate, timeout=60, **more)

    def logged(self, request_id):
        """The server's line of the request with this id."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            for line in self.server.log().splitlines():
                line = json.loads(line)
                if line["event"] == "request" and line["id"] == request_id:
                    return line
            time.sleep(0.05)
        raise AssertionError(f"no line has the id {request_id}:\n{self.server.log()}")


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nginx")
    options = ("--trusted-proxies", "1", "--log-clients", "address", "--timeout", "2", "--workers", "2")
    with servers.running(*options) as server, proxied(folder, server.port) as (url, plain):
        yield Proxy(server, url, plain, folder)


def test_a_query_is_answered_over_tls_under_one_request_id(proxy):
    response = proxy.get("/sparql", params={"query": "ASK {}", "format": "json"})

    assert response.json()["boolean"] is True
    assert proxy.logged(response.headers["X-Request-Id"])["client"] == "127.0.0.1"
    assert response.headers["Strict-Transport-Security"]
    assert response.headers["Content-Security-Policy"]


def test_http_is_sent_on_to_https_with_the_whole_target(proxy):
    response = requests.get(
        proxy.plain + "/sparql?query=ASK%20%7B%7D", headers={"Host": NAME}, allow_redirects=False, timeout=20
    )

    assert response.status_code == 308
    assert response.headers["Location"] == f"https://{NAME}/sparql?query=ASK%20%7B%7D"


def test_a_client_cannot_pass_for_another(proxy):
    response = proxy.get("/sparql?query=ASK{}", headers={"X-Forwarded-For": "203.0.113.7"})

    assert proxy.logged(response.headers["X-Request-Id"])["client"] == "127.0.0.1"


def test_addresses_that_we_give_are_the_public_ones(proxy):
    response = proxy.get("/.well-known/void", allow_redirects=False)
    description = proxy.get("/sparql", headers={"Accept": "text/turtle"})

    assert f"https://{NAME}/sparql" in description.text
    assert f"127.0.0.1:{proxy.server.port}" not in description.text + response.headers.get("Location", "")


def test_metrics_are_not_told_through_the_proxy(proxy):
    assert proxy.get("/metrics").status_code == 404
    assert "incsr_" not in proxy.get("/metrics").text
    assert proxy.get("/%6detrics").status_code in (403, 404)


def test_a_large_answer_streams_through_and_is_whole(proxy):
    query = {"query": "SELECT ?s ?p ?o WHERE { ?s ?p ?o }", "format": "tsv"}
    through = proxy.get("/sparql", params=query)
    direct = requests.get(proxy.server.url + "/sparql", params=query, timeout=60)

    assert "Content-Length" not in through.headers
    assert len(through.content) > 1_000_000
    assert through.content == direct.content


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_an_answer_that_is_broken_off_arrives_as_an_error(proxy, coding):
    # Rows come at once, but not all within the deadline.
    query = {"query": "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", "format": "tsv"}

    with proxy.get("/sparql", params=query, stream=True, headers={"Accept-Encoding": coding}) as response:
        assert response.status_code == 200
        began = response.raw.read(1000, decode_content=False)
        with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
            for _chunk in response.iter_content(1 << 16):
                pass

    assert began


def test_a_deadline_is_told_as_the_service_tells_it(proxy):
    query = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"

    response = proxy.get("/sparql", params={"query": query})

    assert response.status_code == 504
    assert response.json()["type"].endswith("problem/timeout")


def test_compression_is_done_once_and_tags_survive(proxy):
    query = {"query": "SELECT ?s ?p ?o WHERE { ?s ?p ?o } LIMIT 500", "format": "csv"}
    plain = proxy.get("/sparql", params=query, headers={"Accept-Encoding": "identity"})

    packed = proxy.get("/sparql", params=query, headers={"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content == plain.content
    tag = packed.headers["ETag"]
    assert tag.endswith('-gzip"') and not tag.startswith("W/")
    unchanged = proxy.get("/sparql", params=query, headers={"If-None-Match": tag})
    assert unchanged.status_code == 304


def test_the_limits_explain_themselves_behind_the_proxy(proxy):
    long = proxy.get("/sparql?query=" + "x" * 66_000)
    large = proxy.request("POST", "/sparql", data={"query": "#" + "x" * 2_000_000})

    assert (long.status_code, large.status_code) == (414, 413)
    assert long.json()["type"].endswith("problem/uri-too-long")
    assert large.json()["type"].endswith("problem/too-large")


def test_a_target_reaches_the_service_as_it_was_written(proxy):
    response = proxy.get("/sparql?query=ASK%20%7B%20%3Curn%3Aa%252Fb%3E%20%3Fp%20%22%2B%22%20%7D&format=json")

    assert response.json()["boolean"] is False


def test_a_client_that_goes_away_takes_its_query_with_it(proxy):
    before = total(scraped(proxy.server), "incsr_jobs_ended_total", how="cancelled")
    query = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?o }"

    with pytest.raises(requests.Timeout):
        requests.get(
            proxy.url + "/sparql", params={"query": query, "timeout": "1.9"}, timeout=0.6,
            verify=str(proxy.folder / "cert.pem"), headers={"Host": NAME},
        )  # fmt: skip

    end = time.monotonic() + 10
    while total(scraped(proxy.server), "incsr_jobs_ended_total", how="cancelled") == before:
        assert time.monotonic() < end, "the query went on without its client"
        time.sleep(0.05)


def test_a_url_prefix_needs_one_word_of_the_configuration(tmp_path):
    def under_a_prefix(text):
        text = replaced(text, "location = /metrics", "location = /incsr/metrics")
        return replaced(text, "location / {", "location /incsr/ {")

    options = ("--trusted-proxies", "1", "--url-prefix", "/incsr", "--workers", "1")
    with servers.running(*options) as server, proxied(tmp_path, server.port, under_a_prefix) as (url, plain):
        proxy = Proxy(server, url, plain, tmp_path)

        assert proxy.get("/incsr/sparql", params={"query": "ASK {}", "format": "json"}).json()["boolean"]
        home = proxy.get("/incsr/")
        assert home.status_code == 200
        links = re.findall(r'(?:href|src)="(/[^/"][^"]*)"', home.text)
        assert links and all(link.startswith("/incsr/") for link in links)
        assert proxy.get("/incsr/metrics").status_code == 404
        assert proxy.get("/sparql", params={"query": "ASK {}"}).status_code in (403, 404)


def test_too_many_requests_of_one_client_are_429(tmp_path):
    def tight(text):
        return replaced(replaced(text, "rate=20r/s", "rate=1r/s"), "burst=100", "burst=2")

    with (
        servers.running("--empty", "--trusted-proxies", "1", "--workers", "1") as server,
        proxied(tmp_path, server.port, tight) as (url, plain),
    ):
        proxy = Proxy(server, url, plain, tmp_path)
        statuses = [proxy.get("/sparql?query=ASK{}").status_code for _ in range(12)]

    assert statuses[0] == 200
    assert 429 in statuses
