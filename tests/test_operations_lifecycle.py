"""Starting and ending: health tells the truth meanwhile, what runs is finished, a second signal ends at once.

The process that loads is held by a gate: a `sitecustomize` of the tests, which waits for a file.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from incsr.workers import sandbox

SLOW = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
GATE = """
import os, sys, time
if "incsr.workers.mother" in sys.orig_argv:
    while not os.path.exists(os.environ["GATE"]):
        time.sleep(0.01)
"""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def get(url, path, **more):
    return requests.get(url + path, timeout=60, **more)


def until(holds, within_s=30.0):
    end = time.monotonic() + within_s
    while not (held := holds()):
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)
    return held


@contextmanager
def loading(folder: Path, *options):
    """A server that is loading until the gate is opened: its address, process and gate."""
    (folder / "sitecustomize.py").write_text(GATE)
    gate, port = folder / "gate", free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INCSR_")}
    environment |= {"PYTHONPATH": str(folder), "GATE": str(gate)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "incsr.cli", "serve", "--port", str(port), "--workers", "1", *options],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=lambda: sandbox.die_with_parent(signal.SIGKILL),
        )
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: connects(port))
        get(url, "/health/live")
        yield url, process, gate
    finally:
        gate.touch()
        if process.poll() is None:
            process.kill()
        process.wait()


def connects(port) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_while_the_data_is_loaded_the_service_lives_and_is_not_ready(tmp_path):
    with loading(tmp_path) as (url, _process, gate):
        live, ready, metrics = (get(url, path) for path in ("/health/live", "/health/ready", "/metrics"))

        assert (live.status_code, live.text) == (200, "live\n")
        assert (ready.status_code, ready.text) == (503, "not ready\n")
        assert ready.headers["Retry-After"]
        assert "incsr_ready 0.0" in metrics.text

        gate.touch()
        until(lambda: get(url, "/health/ready").status_code == 200)
        assert get(url, "/health/ready").text == "ready\n"
        assert "incsr_ready 1.0" in get(url, "/metrics").text


def test_a_query_that_comes_too_early_waits_and_is_answered(tmp_path):
    answers = []
    with loading(tmp_path, "--timeout", "60") as (url, _process, gate):
        asking = threading.Thread(
            target=lambda: answers.append(get(url, "/sparql", params={"query": "ASK { ?s ?p ?o }"}))
        )
        asking.start()
        until(lambda: "incsr_jobs_waiting 1.0" in get(url, "/metrics").text)
        assert answers == []

        gate.touch()
        asking.join(60)

    assert answers[0].json()["boolean"] is True


def test_a_query_whose_deadline_comes_while_loading_is_told_so(tmp_path):
    with loading(tmp_path, "--timeout", "0.2") as (url, _process, _gate):
        answer = get(url, "/sparql", params={"query": "ASK {}"})

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.json()["type"].endswith("problem/starting")


def test_sigterm_while_loading_ends_in_order(tmp_path):
    with loading(tmp_path) as (_url, process, gate):
        process.terminate()
        gate.touch()

        assert process.wait(30) == 0


def test_probes_are_answered_though_the_rate_is_used_up(serve):
    server = serve("--empty", "--rate", "1/hour", "--workers", "1")
    statuses = [get(server.url, "/sparql", params={"query": "ASK {}"}).status_code for _ in range(3)]
    assert statuses == [200, 429, 429]

    probes = [get(server.url, path).status_code for path in ("/health/live", "/metrics")]

    assert probes == [200, 200]


def test_the_service_is_not_ready_while_it_ends_and_finishes_what_runs(serve):
    server = serve("--timeout", "3", "--grace", "20", "--workers", "1")
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(get(server.url, "/sparql", params={"query": SLOW}))
    )
    asking.start()
    until(lambda: "incsr_requests_running 2.0" in get(server.url, "/metrics").text)

    server.process.terminate()

    until(lambda: get(server.url, "/health/ready").status_code == 503)
    assert get(server.url, "/health/live").status_code == 200
    refused = get(server.url, "/sparql", params={"query": "ASK {}"})
    assert refused.status_code == 503
    assert refused.json()["type"].endswith("problem/stopping")
    assert server.process.wait(30) == 0
    asking.join()
    assert answers[0].status_code == 504, "it ran until its own deadline"


def test_a_large_answer_that_has_begun_is_sent_to_its_end(serve):
    server = serve("--workers", "1", "--cache-bytes", "0")
    query = "SELECT ?s ?p ?o WHERE { ?s ?p ?o }"
    whole = get(server.url, "/sparql", params={"query": query, "format": "tsv"})

    with requests.get(
        server.url + "/sparql", params={"query": query, "format": "tsv"}, stream=True, timeout=60
    ) as response:
        first = response.raw.read(1000, decode_content=True)
        server.process.terminate()
        time.sleep(0.3)
        rest = response.raw.read(decode_content=True)

    assert first + rest == whole.content
    assert server.process.wait(30) == 0


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_second_signal_ends_at_once_and_tells_those_who_wait(serve, second):
    server = serve("--timeout", "120", "--grace", "100", "--workers", "1")
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(get(server.url, "/sparql", params={"query": SLOW}))
    )
    asking.start()
    until(lambda: "incsr_requests_running 2.0" in get(server.url, "/metrics").text)
    server.process.terminate()
    until(lambda: get(server.url, "/health/ready").status_code == 503)
    assert server.process.poll() is None
    began = time.monotonic()

    server.process.send_signal(second)

    assert server.process.wait(30) == 0
    assert time.monotonic() - began < 20
    asking.join()
    assert answers[0].status_code == 503
