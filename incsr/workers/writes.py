"""Writes, one at a time: each on a copy of the data that is taken over whole, or thrown away.

In memory the copy is a fork of the mother; when its write has succeeded it is the new mother. On disk it is a
generation of its own (`incsr.store.disk`).
"""

import asyncio
import contextlib
import json
import os
import signal
import socket

from incsr.messages import Head, Problem, WriteJob
from incsr.store.disk import Directory
from incsr.workers import frames, problems
from incsr.workers.answers import Answer
from incsr.workers.link import Link

# What is said of a write whose process ended between the deed and its report.
DONE = Head(204)


class Writer:
    """The front's side of the process that carries out one write."""

    def __init__(self):
        self.pid = self.pidfd = None
        self.killed = False
        self.known = asyncio.Event()

    def forked(self, pid: int, pidfd: int):
        self.pid, self.pidfd = pid, pidfd
        self.known.set()
        if self.killed:
            self.kill()

    def kill(self):
        self.killed = True
        if self.pidfd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def close(self):
        if self.pidfd is not None:
            os.close(self.pidfd)
            self.pidfd = None


class WriteLane:
    """The one write at a time."""

    def __init__(self, pool):
        self.pool = pool
        self.lock = asyncio.Lock()
        self.writers: dict[int, Writer] = {}
        self.waiting = 0

    @property
    def busy(self) -> bool:
        return self.waiting > 0

    async def run(self, job: WriteJob) -> Answer:
        """Carry out a write; when this returns a head, every later request sees it."""
        self.waiting += 1
        try:
            async with asyncio.timeout(job.limits.timeout_s), self.lock:
                if self.pool.closing:
                    return Answer(problem=problems.CLOSING)
                if self.pool.unloaded:
                    return Answer(problem=problems.UNLOADED)
                if self.pool.link is None or not self.pool.link.attached:
                    return Answer(problem=problems.LOADING)
                return await self._write(job)
        except TimeoutError:
            self.pool.counts["expired"] += 1
            return Answer(problem=problems.expired(job.limits.timeout_s), version=self.pool.version)
        finally:
            self.waiting -= 1

    async def _write(self, job: WriteJob) -> Answer:
        pool, loop = self.pool, self.pool.loop
        jobs, their_jobs = socket.socketpair()
        control, their_control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        jobs.setblocking(False)
        number = next(pool.numbers)
        writer = self.writers[number] = Writer()
        taken_over = False
        try:
            pool.link.order({"do": "writer", "id": number}, their_jobs, their_control)
            for part in frames.job_parts(job):
                await loop.sock_sendall(jobs, part)
            del part
            outcome = await self._outcome(jobs)
            if outcome is problems.WRITE_CRASHED and pool.place is not None and await self._committed(jobs):
                return Answer(DONE, b"", version=pool.version)
            if isinstance(outcome, Problem):
                return Answer(problem=outcome, version=pool.version)
            head, said = outcome
            if not await self._take_over(json.loads(said), writer, control):
                return Answer(problem=problems.WRITE_CRASHED, version=pool.version)
            taken_over = True
            return Answer(head, b"", version=pool.version)
        except (BrokenPipeError, ConnectionResetError):
            return Answer(problem=problems.WRITE_CRASHED, version=pool.version)
        except (TimeoutError, asyncio.CancelledError):
            writer.kill()
            if pool.place is not None and await asyncio.shield(self._committed(jobs)):
                return Answer(DONE, b"", version=pool.version)
            raise
        finally:
            del self.writers[number]
            jobs.close()
            if not taken_over:
                writer.kill()
            if not taken_over or pool.place is not None:
                control.close()
            writer.close()

    async def _take_over(self, said, writer, control) -> bool:
        """Have what was written be what answers; false where its ground was lost meanwhile."""
        pool = self.pool
        before = pool.link
        async with pool.desks.closed():
            if pool.place is not None:
                pool.take_over(said["version"], place=said["place"])
                pool.counts["writes"] += 1
                return True
            # The mother's report of the fork comes by another way and may be later than the outcome.
            await writer.known.wait()
            if pool.link is not before:
                return False
            # Nothing is awaited from here on, so that the end of either mother is seen when she is in use.
            link = Link(control, writer.pid)
            link.listen(pool)
            link.attached = True
            pool.take_over(said["version"], link=link)
            pool.counts["writes"] += 1
        return True

    async def _committed(self, jobs) -> bool:
        """Whether a writer on disk that was killed, or has ended by itself, had made its generation current.

        It has ended when its socket has; only then the directory tells the truth for good.
        """
        pool = self.pool
        with contextlib.suppress(OSError):
            while await pool.loop.sock_recv(jobs, 65536):
                pass
        current = Directory(pool.settings.store).current()
        if current.name == pool.place:
            return False
        pool.counts["writes"] += 1
        async with pool.desks.closed():
            pool.take_over(current.version, place=current.name)
        return True

    async def _outcome(self, jobs):
        """What the process says of the write: a problem, or a head and the new version."""
        reader = frames.Reader()
        while True:
            data = await self.pool.loop.sock_recv(jobs, 65536)
            if not data:
                return problems.WRITE_CRASHED
            for kind, payload in reader.feed(data):
                if kind == frames.PROBLEM:
                    problem = frames.problem_of(payload)
                    if problem.code != "internal":
                        return problem
                    self.pool.log("error", "a write failed", trace=problem.excerpt)
                    return problems.INTERNAL
                if kind == frames.WHOLE:
                    return frames.whole_of(payload)
