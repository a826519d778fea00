"""Executors for code that waits: over the pool from a thread, or in this very process.

The pool belongs to an event loop; `PoolExecutor` is its side for threads (Flask's views, any WSGI server).
`InlineExecutor` evaluates where it is called, without any protection: for unit tests and the command line.
"""

import asyncio
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator

from incsr.messages import Head, Job, Problem, WriteJob
from incsr.query import evaluate
from incsr.workers.answers import Answer, Broken
from incsr.workers.evaluator import problem_of

# A job ends at its deadline; beyond that and this, something is wrong with the pool itself.
PATIENCE_S = 30.0


class Executor(ABC):
    """What the views need of an executor: `answer` for one job, `run` for a whole body, `version`."""

    @abstractmethod
    def answer(self, job: Job) -> Answer:
        """The answer to one job; its body may still be on its way."""

    @abstractmethod
    def version(self) -> str:
        """The version of the data that is served."""

    def run(self, job: Job) -> tuple[Head | Problem, bytes]:
        """The head and the whole body, or a problem and nothing."""
        answer = self.answer(job)
        if answer.problem is not None:
            return answer.problem, b""
        if answer.body is not None:
            return answer.head, answer.body
        try:
            return answer.head, b"".join(answer.chunks)
        except Broken as broken:
            return broken.problem, b""


class PoolExecutor(Executor):
    """The pool, from threads. Given none, it starts its own with the first job, in a thread of its own.

    Safe under a server that forks: each process that uses it gets its own pool.
    """

    def __init__(self, settings, log, pool=None):
        self.settings = settings
        self.log = log
        self._lock = threading.Lock()
        self._pool = pool
        self._owner = os.getpid() if pool is not None else None

    def answer(self, job: Job) -> Answer:
        pool = self._ready()
        answer = asyncio.run_coroutine_threadsafe(pool.run(job), pool.loop).result(self._patience(job))
        if answer.chunks is not None:
            answer.chunks = _waiting(answer.chunks, pool.loop, self._patience(job))
        return answer

    def version(self) -> str:
        return self._ready().version

    def close(self):
        """End the pool that was started here, if one was."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None and self._owner == os.getpid():
            asyncio.run_coroutine_threadsafe(pool.close(), pool.loop).result(PATIENCE_S)
            pool.loop.call_soon_threadsafe(pool.loop.stop)

    def _patience(self, job):
        return PATIENCE_S + (job.limits.timeout_s or self.settings.timeout_s)

    def _ready(self):
        with self._lock:
            if self._pool is None or self._owner != os.getpid():
                self._pool, self._owner = self._started(), os.getpid()
            return self._pool

    def _started(self):
        from incsr.workers.pool import Pool

        pool = Pool(self.settings, self.log)
        pool.launch()
        loop = asyncio.new_event_loop()
        threading.Thread(target=_turn, args=(loop,), name="incsr-pool", daemon=True).start()
        asyncio.run_coroutine_threadsafe(pool.start(), loop).result(PATIENCE_S)
        return pool


def _turn(loop):
    asyncio.set_event_loop(loop)
    loop.run_forever()
    loop.close()


def _waiting(chunks, loop, patience_s) -> Iterator[bytes]:
    """An asynchronous iterator of the loop, as a plain one of the calling thread."""
    try:
        while True:
            try:
                yield asyncio.run_coroutine_threadsafe(anext(chunks), loop).result(patience_s)
            except StopAsyncIteration:
                return
    finally:
        asyncio.run_coroutine_threadsafe(chunks.aclose(), loop)


class InlineExecutor(Executor):
    """Evaluates in the calling thread, on a dataset of its own; no deadline, no memory limit, no sandbox."""

    def __init__(self, dataset):
        self.dataset = dataset

    def version(self) -> str:
        return self.dataset.version

    def answer(self, job: Job) -> Answer:
        version = self.dataset.version
        try:
            if isinstance(job, WriteJob):
                head, body = evaluate.apply(self.dataset.view(), job), None
                if isinstance(head, Head):
                    self.dataset.writes += 1
                    version = self.dataset.version
            else:
                result = evaluate.answer(self.dataset.view(), job)
                head, body = result if isinstance(result, tuple) else (result, None)
            if isinstance(head, Problem):
                return Answer(problem=head, version=version)
            return Answer(head, b"".join(body) if body is not None else b"", version=version)
        except Exception as error:
            return Answer(problem=problem_of(error), version=version)
