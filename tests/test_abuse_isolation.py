"""What one request breaks, it breaks for itself alone: crashes, memory, depth."""

import itertools
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

RUNAWAY = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
QUICK = "SELECT ?s WHERE { ?s ?p ?o } LIMIT 1"
# Keeps all of a product in memory before the first row is sent.
HUNGRY = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?d"


NUMBERS = itertools.count()


def ask(server, query, **more):
    # Never the same text, which would be answered from the cache.
    query = f"{query} #{next(NUMBERS)}"
    return requests.get(server.url + "/sparql", params={"query": query}, timeout=30, **more)


def evaluating(server) -> list[int]:
    """The processes that work on a query just now."""

    def ticks(pid):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            return 0
        return int(fields[11])

    evaluators = server.processes()[2:]
    end = time.monotonic() + 10
    while time.monotonic() < end:
        before = {pid: ticks(pid) for pid in evaluators}
        time.sleep(0.1)
        busy = [pid for pid in server.processes()[2:] if ticks(pid) > before.get(pid, 0) + 1]
        if busy:
            return busy
        evaluators = server.processes()[2:]
    raise AssertionError("no evaluator is at work")


@pytest.fixture(scope="module")
def server():
    import servers

    with servers.running("--timeout", "8", "--max-memory", "128M", "--workers", "2") as started:
        for _ in range(5):
            assert ask(started, QUICK).status_code == 200
        yield started


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL], ids=lambda how: how.name)
def test_a_crash_costs_the_one_request_a_500_and_nobody_else_anything(server, how):
    with ThreadPoolExecutor(2) as pool:
        doomed = pool.submit(ask, server, RUNAWAY)
        victim = evaluating(server)[0]
        os.kill(victim, how)
        neighbours = [ask(server, QUICK).status_code for _ in range(20)]
        response = doomed.result()

    assert response.status_code == 500
    assert response.json()["type"].endswith("/crashed")
    assert neighbours == [200] * 20
    end = time.monotonic() + 10
    while victim in server.processes():  # until its parent has seen its end
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_query_that_eats_memory_is_stopped_and_its_neighbours_are_not(server):
    with ThreadPoolExecutor(2) as pool:
        hungry = pool.submit(ask, server, HUNGRY)
        neighbours = []
        while not hungry.done():
            neighbours.append(ask(server, QUICK).status_code)
        response = hungry.result()

    assert response.status_code == 500
    assert response.json()["type"].rsplit("/", 1)[1] in ("crashed", "memory")
    assert set(neighbours) == {200}


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("ASK { FILTER(" + "(" * 5000 + "1" + ")" * 5000 + ") }", id="parentheses"),
        pytest.param("ASK { " + "{" * 5000 + "}" * 5000 + " }", id="groups"),
        pytest.param("ASK { FILTER(" + "!" * 20000 + "true) }", id="negations"),
        pytest.param("ASK { FILTER(" + " || ".join(["?x"] * 20000) + ") }", id="alternatives"),
        pytest.param("ASK { ?s " + "/".join(["<urn:p>"] * 8000) + " ?o }", id="a long path"),
        pytest.param("ASK { " + " UNION ".join(["{ ?s ?p ?o }"] * 8000) + " }", id="a long UNION"),
    ],
)
def test_a_query_of_great_depth_is_answered_or_refused_and_crashes_nobody(server, query):
    response = requests.post(server.url + "/sparql", data={"query": query}, timeout=30)

    assert response.status_code in (200, 400)
    if response.status_code == 400:
        assert response.json()["detail"]
    assert ask(server, QUICK).status_code == 200


def test_the_mother_is_replaced_when_she_is_killed(serve):
    server = serve("--workers", "2")
    assert ask(server, QUICK).status_code == 200

    os.kill(server.processes()[1], signal.SIGKILL)
    end = time.monotonic() + 20
    # For a moment her evaluators may outlive her.
    while (response := ask(server, QUICK)).status_code != 200 or "loading anew" not in server.log():
        assert response.status_code in (200, 500, 503, 504)
        assert time.monotonic() < end
        time.sleep(0.05)
