"""Executors: the same answers inline, over the pool from threads, and through an application of one's own.

`create_app()` is safe by default: whatever server runs it, queries run in processes that are ended in time.
"""

import threading
import time

import pyoxigraph as ox
import pytest

from incsr.app import create_app
from incsr.config import settings_from
from incsr.log import Log
from incsr.messages import Head, Limits, Problem, ReadJob, WriteJob
from incsr.store.dataset import Dataset
from incsr.workers.executors import InlineExecutor, PoolExecutor

RUNAWAY = (
    "SELECT (COUNT(*) AS ?n) WHERE { "
    + " ".join(f"VALUES ?v{n} {{ {' '.join(map(str, range(100)))} }}" for n in range(8))
    + " }"
)
INSERT = WriteJob("update", "INSERT DATA { <urn:s> <urn:p> 1 }")
COUNT = ReadJob("query", "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }", accept="text/csv")


@pytest.fixture(scope="module")
def pooled():
    executor = PoolExecutor(settings_from({"empty": True, "workers": "2"}, {}), Log("off"))
    yield executor
    executor.close()


@pytest.fixture
def inline():
    return InlineExecutor(Dataset(ox.Store(), union=True))


@pytest.fixture(params=["inline", "pooled"])
def executor(request):
    return request.getfixturevalue(request.param)


def test_a_query_is_answered_whole(executor):
    head, body = executor.run(ReadJob("query", "ASK {}", accept="application/sparql-results+json"))

    assert isinstance(head, Head)
    assert b"true" in body


def test_a_wrong_query_is_a_problem(executor):
    head, body = executor.run(ReadJob("query", "SELECT nonsense"))

    assert isinstance(head, Problem)
    assert head.status == 400
    assert body == b""


def test_a_write_is_seen_and_changes_the_version(executor):
    before = executor.version()
    head, _ = executor.run(INSERT)
    _, body = executor.run(COUNT)
    executor.run(WriteJob("update", "CLEAR ALL"))

    assert head == Head(204)
    assert body.split() == [b"n", b"1"]
    assert executor.version() != before


def test_a_failed_write_changes_nothing(executor):
    before = executor.version()
    head, _ = executor.run(WriteJob("update", "INSERT DATA { <urn:s> <urn:p> 1 } ; INSERT nonsense"))

    assert isinstance(head, Problem)
    assert executor.version() == before
    assert executor.run(COUNT)[1].split() == [b"n", b"0"]


def test_the_pool_ends_a_runaway_for_a_thread_too(pooled):
    began = time.monotonic()
    head, _ = pooled.run(ReadJob("query", RUNAWAY, limits=Limits(timeout_s=0.4)))

    assert head.code == "timeout"
    assert time.monotonic() - began < 2


def test_the_pool_serves_many_threads_at_once(pooled):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(pooled.run(COUNT))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [body.split() for _, body in answers] == [[b"n", b"0"]] * 20


def test_an_evaluator_is_replaced_after_so_many_jobs(monkeypatch, pooled):
    monkeypatch.setattr("incsr.workers.handle.RENEW_AFTER", 3)
    pooled.run(COUNT)
    before = set(pooled._pool.evaluators)

    statuses = [pooled.run(COUNT)[0].status for _ in range(30)]

    assert statuses == [200] * 30
    assert not before & set(pooled._pool.evaluators)


def test_an_application_without_arguments_ends_runaways(monkeypatch):
    monkeypatch.setenv("INCSR_TIMEOUT_S", "0.5")
    app = create_app()
    try:
        client = app.test_client()
        runaway = client.post("/sparql", data={"query": RUNAWAY})
        quick = client.post("/sparql", data={"query": "ASK {}"})
    finally:
        app.extensions["incsr"].close()

    assert runaway.status_code == 504
    assert quick.status_code == 200
    assert "default-src 'none'" in quick.headers["Content-Security-Policy"]
    assert quick.headers["X-Request-Id"]
