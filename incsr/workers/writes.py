"""Writes, one at a time: each on a copy of the data that is taken over whole, or thrown away.

In memory the copy is a fork of the mother; when its write has succeeded it is the new mother.
"""

import asyncio
import contextlib
import os
import signal
import socket

from incsr.messages import Problem, WriteJob
from incsr.workers import frames, problems
from incsr.workers.answers import Answer
from incsr.workers.link import Link


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
            await loop.sock_sendall(jobs, frames.job_frame(job))
            outcome = await self._outcome(jobs)
            if isinstance(outcome, Problem):
                return Answer(problem=outcome, version=pool.version)
            head, version = outcome
            # The mother's report of the fork comes by another way and may be later than the outcome.
            await writer.known.wait()
            link = Link(control, writer.pid)
            link.listen(pool)
            link.attached = taken_over = True
            pool.counts["writes"] += 1
            pool.take_over(link, version.decode())
            return Answer(head, b"", version=pool.version)
        except (BrokenPipeError, ConnectionResetError):
            return Answer(problem=problems.CRASHED, version=pool.version)
        finally:
            del self.writers[number]
            jobs.close()
            if not taken_over:
                control.close()
                writer.kill()
            writer.close()

    async def _outcome(self, jobs):
        """What the process says of the write: a problem, or a head and the new version."""
        reader = frames.Reader()
        while True:
            data = await self.pool.loop.sock_recv(jobs, 65536)
            if not data:
                return problems.CRASHED
            for kind, payload in reader.feed(data):
                if kind == frames.PROBLEM:
                    problem = frames.problem_of(payload)
                    if problem.code != "internal":
                        return problem
                    self.pool.log("error", "a write failed", trace=problem.excerpt)
                    return problems.INTERNAL
                if kind == frames.WHOLE:
                    return frames.whole_of(payload)
