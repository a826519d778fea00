"""The front's side of one evaluator process: its socket, its job, and how long that has run.

A job that runs for longer than `slow_after_s` is slow: its process gets the lowest priority, and another is
started in its place, so that quick queries are not delayed. It comes back when the job is done, if its
priority may be raised again.
"""

import contextlib
import os
import signal
import socket
import struct
import time

from incsr.messages import Problem
from incsr.workers import frames, problems
from incsr.workers.answers import Answer
from incsr.workers.task import Task

READ_BYTES = 256 * 1024 + 64
_READ = memoryview(bytearray(READ_BYTES))
LOWEST_PRIORITY = 19
# A job is slow after `slow_after_s`, if it has had a fifth of that as processor time; else a little later.
PATIENCE = 3
# A slow job is young until it has run for so often `slow_after_s`.
YOUNG = 10
# After so many jobs an evaluator is replaced: what it has learnt and fragmented does not grow for ever.
RENEW_AFTER = 20_000
# While so many evaluators are idle, a slow one needs no substitute yet.
SPARE = 2


def processor_s(pid: int | None) -> float:
    """The processor time that a process has used; nought of one that is not known, or has ended."""
    if pid is None:
        return 0.0
    try:
        return time.clock_gettime(~pid << 3 | 2)
    except OSError:
        return 0.0


class Evaluator:
    """The front's side of one evaluator process."""

    __slots__ = (
        "alive",
        "generation",
        "jobs",
        "killed",
        "learnt",
        "looked_at",
        "number",
        "paused",
        "pid",
        "pidfd",
        "place",
        "pool",
        "reader",
        "ready",
        "rests_since",
        "settled",
        "slow",
        "sock",
        "spent_before_s",
        "task",
        "unsent",
        "waited_s",
    )

    def __init__(self, pool, sock: socket.socket, number: int, generation: int):
        self.pool = pool
        self.sock = sock
        self.number = number
        self.generation = generation
        self.place = pool.place
        self.reader = frames.Reader()
        self.pid = self.pidfd = None
        self.task: Task | None = None
        self.ready = self.slow = self.settled = self.killed = self.paused = False
        self.alive = True
        self.unsent = b""
        self.jobs = self.learnt = 0
        self.spent_before_s = self.waited_s = 0.0
        self.rests_since = 0.0
        self.looked_at = -1.0  # when `spent_before_s` was asked for
        pool.loop.add_reader(sock, self.readable)

    def forked(self, pid: int, pidfd: int):
        self.pid, self.pidfd = pid, pidfd

    def send(self, data: bytes):
        try:
            sent = self.sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            return  # it has died; reading says so, once, for every way of dying
        if sent < len(data):
            self.unsent = data[sent:]
            self.pool.loop.add_writer(self.sock, self.writable)

    def lessons(self) -> bytes:
        """What others have counted since this one had its last job, as frames."""
        learnt = self.pool.learnt
        if self.learnt == len(learnt):
            return b""
        news, self.learnt = b"".join(learnt[self.learnt :]), len(learnt)
        return news

    def writable(self):
        self.pool.loop.remove_writer(self.sock)
        data, self.unsent = self.unsent, b""
        self.send(data)

    def readable(self):
        try:
            size = self.sock.recv_into(_READ)
        except BlockingIOError:
            return
        except OSError:
            size = 0
        if not size:
            self.ended()
            return
        try:
            for kind, payload in self.reader.feed(_READ[:size]):
                self.take(kind, payload)
        except (frames.FrameError, struct.error, AttributeError, ValueError, KeyError, TypeError) as error:
            self.pool.log("error", "an evaluator broke the protocol", pid=self.pid, error=str(error))
            self.kill()
        if self.pool.is_quiet():
            self.pool.linger()

    def take(self, kind: int, payload: bytes):
        task = self.task
        if kind == frames.READY:
            self.ready = True
            self.pool.offer(self)
        elif kind == frames.LEARNT:
            self.pool.learn(self, payload)
        elif task is None and kind == frames.PROBLEM:
            self.pool.log("error", "an evaluator cannot start", why=frames.problem_of(payload).excerpt)
        elif task is None:
            return  # the job was given up, and the process is being killed
        elif kind == frames.WHOLE:
            head, body = frames.whole_of(payload)
            rows, spent_us = frames.counts_of_whole(payload)
            task.conclude(Answer(head, body, version=task.version, rows=rows, spent_us=spent_us))
        elif kind == frames.PROBLEM:
            task.conclude(problem=self.seen(frames.problem_of(payload)))
        elif kind == frames.HEAD:
            task.stream(frames.head_of(payload))
        elif kind == frames.CHUNK:
            task.hold(payload)
        elif kind == frames.END:
            task.streamed.rows = frames.rows_of_end(payload)
            task.conclude()
        elif kind == frames.BROKEN:
            task.conclude(problem=self.seen(frames.problem_of(payload)))

    def seen(self, problem: Problem) -> Problem:
        """Log an internal failure and keep its trace from the client."""
        if problem.code != "internal":
            return problem
        self.pool.log("error", "an evaluation failed", pid=self.pid, trace=problem.excerpt)
        return problems.INTERNAL

    def pause(self):
        if not self.paused and self.alive:
            self.paused = True
            self.pool.loop.remove_reader(self.sock)

    def resume(self):
        if self.paused and self.alive:
            self.paused = False
            self.pool.loop.add_reader(self.sock, self.readable)

    def slow_down(self):
        """The job has run for a while: out of the way of the quick ones."""
        pool = self.pool
        if self.task is None or self.slow:
            return
        slow_after_s = pool.settings.slow_after_s
        spent_s = self.spent_s() - self.spent_before_s
        if self.waited_s < PATIENCE * slow_after_s and spent_s < slow_after_s / 5:
            # It is the machine that is busy: starting more processes would only make that worse.
            self.waited_s += slow_after_s / 2
            self.task.slow_timer = pool.loop.call_later(slow_after_s / 2, self.slow_down)
            return
        if pool.slow >= pool.settings.max_slow:
            self.give_way()
            return
        self.slow = True
        pool.slow += 1
        left_s = YOUNG * slow_after_s - (pool.loop.time() - self.task.began)
        if pool.settled >= pool.most_settled and left_s > 0:
            # In a place that is kept for the young, and at full speed: most are done before they are old.
            self.task.slow_timer = pool.loop.call_later(left_s, self.settle)
        else:
            self.settle()
        if len(pool.idle) < SPARE:
            pool.keep_ready()

    def settle(self):
        """The job takes long for certain: it has one of the places of such jobs, or none."""
        pool = self.pool
        if self.task is None:
            return
        if pool.settled >= pool.most_settled:
            self.give_way()
            return
        self.settled = True
        pool.settled += 1
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, self.pid, LOWEST_PRIORITY)

    def give_way(self):
        self.pool.counts["refused"] += 1
        self.task.stop(problems.overloaded("slow queries"))

    def spent_s(self) -> float:
        return processor_s(self.pid)

    def release(self):
        """The job is over: be ready for the next, or go."""
        self.task = None
        self.jobs += 1
        self.resume()
        fit = self._recovers() and not self.killed and self.generation == self.pool.generation
        if not fit or self.jobs >= RENEW_AFTER:
            self.dismiss()
            self.pool.keep_ready()
        elif self.alive:
            self.pool.offer(self)
            self.pool.thin_out()

    def _recovers(self) -> bool:
        """Leave the places of slow jobs; false where the priority stays lowered."""
        was_settled = self.settled
        self.pool.slow -= self.slow
        self.pool.settled -= was_settled
        self.slow = self.settled = False
        if was_settled and self.pid is not None and not self.killed:
            try:
                os.setpriority(os.PRIO_PROCESS, self.pid, os.getpriority(os.PRIO_PROCESS, 0))
            except OSError:  # raising it takes a privilege (RLIMIT_NICE or CAP_SYS_NICE), which not all have
                return False
        return True

    def dismiss(self):
        """Close the socket; the process reads that and ends."""
        if self.alive:
            self.alive = False
            self.pool.evaluators.pop(self.number, None)
            self.pool.forget(self)
            self.close()
            self.pool.tidy(self.place)

    def kill(self):
        self.killed = True
        if self.pidfd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        self.dismiss()
        self.pool.keep_ready()

    def ended(self):
        """The process has closed its end: it crashed, or was killed by another hand."""
        task, self.killed = self.task, True
        self.pool.log("warning", "an evaluator ended", pid=self.pid)
        self.pool.counts["crashed"] += 1
        if not self.ready:
            self.pool.failed_starts += 1
        if task is not None:
            task.conclude(problem=problems.CRASHED)
        self.dismiss()
        self.pool.keep_ready()

    def close(self):
        loop = self.pool.loop
        if self.sock.fileno() >= 0:
            loop.remove_reader(self.sock)
            loop.remove_writer(self.sock)
            self.sock.close()
        if self.pidfd is not None:
            os.close(self.pidfd)
            self.pidfd = None
