"""Never half an answer: what cannot be completed is an error as a whole, or breaks the connection off.

Streaming begins when more than a piece of the answer is there; until then every error is a clean one.
"""

import re
import select
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

MANY = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
FEW = "SELECT * WHERE { ?s ?p ?o } LIMIT 1000"
FORMATS = (
    "text/csv",
    "text/tab-separated-values",
    "application/sparql-results+json",
    "application/sparql-results+xml",
)


@pytest.fixture(scope="module")
def server():
    import servers

    with servers.running("--timeout", "2", "--max-bytes", "3M") as started:
        yield started


def curl(server, query, accept):
    assert shutil.which("curl"), "curl is needed: scripts/system-packages installs it"
    command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-G", server.url + "/sparql"]
    command += ["-H", f"Accept: {accept}", "--data-urlencode", f"query={query}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("accept", FORMATS)
def test_curl_notices_an_answer_that_is_broken_off(server, accept):
    ended = curl(server, MANY, accept)

    assert ended.stdout == "200"
    assert ended.returncode == 18


@pytest.mark.parametrize("accept", FORMATS)
def test_curl_is_content_with_a_whole_answer(server, accept):
    ended = curl(server, FEW, accept)

    assert ended.stdout == "200"
    assert ended.returncode == 0


def running(server):
    """How many requests the service says it works on, without the one that asks."""
    text = requests.get(server.url + "/metrics", timeout=10).text
    return float(re.search(r"^incsr_requests_running (\S+)", text, re.M)[1]) - 1


def test_a_client_that_reads_nothing_is_given_up_and_whoever_leaves_is_counted_once():
    import servers

    query = quote(MANY)
    sent = (
        f"GET /sparql?query={query} HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(query) + 6}\r\n\r\nquery={query}",
    )
    with servers.running("--timeout", "1", "--body-timeout", "1") as started:
        before = running(started)
        deaf = []
        for text in (*sent, sent[0]):
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            sock.connect(("127.0.0.1", started.port))
            sock.sendall(text.encode())
            deaf.append(sock)
        time.sleep(0.5)
        meanwhile = running(started)
        deaf.pop().close()
        time.sleep(4)
        states = ended(deaf)
        for sock in deaf:
            sock.close()
        time.sleep(0.3)
        after = running(started)

    assert (before, meanwhile, after) == (0, 3, 0)
    assert states == [True, True]


def ended(socks):
    """Which connections the other side has reset or closed, whatever there is still to read."""
    poll = select.poll()
    for sock in socks:
        poll.register(sock, select.POLLRDHUP)
    found = {descriptor for descriptor, _events in poll.poll(0)}
    return [sock.fileno() in found for sock in socks]


def test_requests_raises_on_an_answer_that_is_broken_off(server):
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(server.url + "/sparql", params={"query": MANY}, timeout=30)


def test_an_answer_over_a_limit_that_has_not_begun_is_a_clean_error(serve):
    server = serve("--max-rows", "100")

    response = requests.get(server.url + "/sparql", params={"query": FEW}, timeout=30)

    assert response.status_code not in (200, 500)
    assert response.json()["type"].endswith("/too-large")


def test_an_answer_that_is_cut_at_the_deadline_is_broken_off(serve):
    server = serve("--timeout", "1", "--max-bytes", "0", "--max-rows", "0")

    assert curl(server, MANY, "text/csv").returncode == 18


def test_a_whole_answer_has_its_length(server):
    response = requests.get(
        server.url + "/sparql", params={"query": FEW}, headers={"Accept-Encoding": "identity"}, timeout=30
    )

    assert int(response.headers["Content-Length"]) == len(response.content)


def resident_bytes(pid) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def resident_bytes_at_rest(pid):
    """The process's memory once what the first page sets off (search index, digests) has been made."""
    sizes, end = [], time.monotonic() + 30
    while time.monotonic() < end:
        sizes.append(resident_bytes(pid))
        if len(sizes) > 8 and max(sizes[-8:]) - min(sizes[-8:]) < 512 * 1024:
            break
        time.sleep(0.25)
    return sizes[-1]


def test_a_client_that_reads_slowly_does_not_make_the_server_hold_the_answer(serve):
    server = serve("--timeout", "3", "--max-bytes", "0", "--max-rows", "0")
    requests.get(server.url + "/", timeout=30)
    before = resident_bytes_at_rest(server.pid)

    with requests.get(server.url + "/sparql", params={"query": MANY}, stream=True, timeout=30) as response:
        next(response.iter_content(1024))
        highest = 0
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            highest = max(highest, resident_bytes(server.pid))
            time.sleep(0.05)

    assert highest - before < 24 * 1024 * 1024


def test_a_hundred_thousand_rows_arrive_whole(serve):
    server = serve("--timeout", "30")
    query = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f } LIMIT 100000"
    rows, highest = 0, 0
    stop = threading.Event()
    peaks = []

    def watch():
        while not stop.wait(0.02):
            peaks.append(resident_bytes(server.pid))

    watching = threading.Thread(target=watch)
    watching.start()
    with requests.get(
        server.url + "/sparql",
        params={"query": query},
        headers={"Accept": "text/tab-separated-values"},
        stream=True,
        timeout=60,
    ) as response:
        rows = sum(chunk.count(b"\n") for chunk in response.iter_content(65536))
    stop.set()
    watching.join()
    highest = max(peaks) - peaks[0]

    assert rows == 100001
    assert highest < 64 * 1024 * 1024
