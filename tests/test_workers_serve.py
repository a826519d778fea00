"""`incsr serve`: it starts on a free port, answers, and ends without leaving anything behind."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

SELECT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"


def count(server) -> int:
    response = requests.get(server.url + "/sparql", params={"query": SELECT, "format": "json"}, timeout=10)
    response.raise_for_status()
    return int(response.json()["results"]["bindings"][0]["n"]["value"])


def alive(pids):
    return [pid for pid in pids if os.path.exists(f"/proc/{pid}")]


def wait_until(holds, within_s=10.0):
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)


def test_server_answers_from_the_published_graph(published):
    assert count(published) > 1000


def test_server_answers_a_query_sent_by_post(published):
    response = requests.post(published.url + "/sparql", data={"query": "ASK {}"}, timeout=10)

    assert response.status_code == 200
    assert response.json() == {"head": {}, "boolean": True}


def test_empty_server_has_nothing(serve):
    assert count(serve("--empty")) == 0


def test_an_acknowledged_update_is_seen_by_every_later_request(serve):
    server = serve("--empty", "--workers", "4", token="secret")

    for number in range(1, 9):
        update = f"INSERT DATA {{ <http://example.org/s> <http://example.org/p> {number} }}"
        response = requests.post(
            server.url + "/update", data={"update": update}, headers=server.authorization(), timeout=10
        )

        assert response.status_code == 204
        assert [count(server) for _ in range(6)] == [number] * 6


def test_sigterm_ends_the_server_in_order_and_every_process_with_it(serve):
    server = serve("--empty")
    wait_until(lambda: len(server.processes()) > 2)
    processes = server.processes()

    assert server.terminate() == 0

    wait_until(lambda: not alive(processes))


def test_sigterm_lets_a_running_query_finish(serve):
    server = serve()
    query = "SELECT (COUNT(*) AS ?n) WHERE { ?a a ?t . ?b a ?t . ?a ?p ?c . ?b ?q ?d }"
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(
            requests.get(server.url + "/sparql", params={"query": query, "timeout": "2"}, timeout=30)
        )
    )
    asking.start()
    time.sleep(0.5)

    assert asking.is_alive(), "the query is over before the server is told to stop"
    assert server.terminate() == 0

    asking.join()
    assert answers[0].status_code in (200, 504)
    assert answers[0].json()


def test_sigterm_does_not_wait_beyond_the_grace(serve):
    server = serve("--timeout", "60", "--grace", "0.5")
    answers = []
    query = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    asking = threading.Thread(
        target=lambda: answers.append(
            requests.get(server.url + "/sparql", params={"query": query}, timeout=30)
        )
    )
    asking.start()
    time.sleep(0.5)
    began = time.monotonic()

    assert server.terminate() == 0

    asking.join()
    assert time.monotonic() - began < 5
    assert answers[0].status_code == 503
    assert answers[0].headers["Retry-After"]


def stat(pid) -> bytes:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return b""


def priority(pid) -> int:
    try:
        return os.getpriority(os.PRIO_PROCESS, pid)
    except ProcessLookupError:
        return 0


def zombies(pids):
    return [pid for pid in pids if b") Z" in stat(pid)]


@pytest.mark.parametrize("writes", [0, 3], ids=["before any write", "after writes"])
def test_a_killed_server_leaves_no_process_behind(serve, writes):
    server = serve("--empty", "--workers", "2", token="secret")
    for number in range(writes):
        update = f"INSERT DATA {{ <urn:s> <urn:p> {number} }}"
        requests.post(
            server.url + "/update", data={"update": update}, headers=server.authorization(), timeout=30
        )
    wait_until(lambda: len(server.processes()) == 4)
    processes = server.processes()
    assert zombies(processes) == []

    server.process.kill()

    wait_until(lambda: not alive(processes[1:]))


def test_a_killed_server_takes_a_running_query_with_it(serve):
    server = serve("--timeout", "60")
    query = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        target = f"/sparql?query={quote(query)}"
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        # The lowest priority is given to what has run for a while.
        wait_until(lambda: any(priority(pid) == 19 for pid in server.processes()[2:]))
        processes = server.processes()

        server.process.kill()

        wait_until(lambda: not alive(processes[1:]))


def test_writes_do_not_pile_up_processes(serve):
    server = serve("--empty", "--workers", "2", token="secret")

    for number in range(20):
        update = f"INSERT DATA {{ <urn:s> <urn:p> {number} }}"
        requests.post(
            server.url + "/update", data={"update": update}, headers=server.authorization(), timeout=30
        )

    wait_until(lambda: len(server.processes()) == 4)
    assert zombies(server.processes()) == []


def test_a_taken_port_is_said_to_be_taken(published):
    command = [sys.executable, "-m", "incsr.cli", "serve", "--port", str(published.port)]

    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert ended.returncode == 2
    assert f"port {published.port} is taken" in ended.stderr
