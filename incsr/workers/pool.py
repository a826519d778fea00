"""The pool: evaluators kept ready, each job on one of them, ended at its deadline.

Runs on one event loop and never blocks it. A job that runs for longer than `slow_after_s` is slow: its
process gets the lowest priority, another is started in its place, so that quick queries are not delayed, and
it is not used again. There are `max_slow` places for slow jobs; one too many is ended at once with a 503. An
eighth of the places is kept for jobs that are slow but young, which keep their priority there: when runaways
have all other places, what needs a tenth of a second is still answered.
"""

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import struct
import time
from collections import deque

from incsr import linger
from incsr.messages import Job, Problem, WriteJob
from incsr.store.disk import Directory, StoreError
from incsr.workers import frames, problems
from incsr.workers.answers import Answer, Broken
from incsr.workers.link import Link, LoadError, launch
from incsr.workers.writes import WriteLane

# How much of a streamed answer is held for a client that reads slowly before the evaluator has to wait.
HOLD_BYTES = 1024 * 1024
READ_BYTES = 256 * 1024 + 64
_READ = memoryview(bytearray(READ_BYTES))
LOWEST_PRIORITY = 19
# A job is slow after `slow_after_s`, if it has had a fifth of that as processor time; else a little later.
PATIENCE = 3
# The processor time that an evaluator had used before its job is asked for at most so often.
SPENT_KEPT_S = 0.004
# Of so many places for slow jobs one is kept for those that have run for less than so often `slow_after_s`.
KEPT_FOR_YOUNG = 8
YOUNG = 10
# After so many jobs an evaluator is replaced: what it has learnt and fragmented does not grow for ever.
RENEW_AFTER = 20_000
# While so many evaluators are idle, a slow one needs no substitute yet.
SPARE = 2
# Evaluators beyond those wanted go when they have been idle for so long: a slow query may need one again, and
# a fresh fork has to copy what it reads (the engine counts references, and so writes to every such page).
THINNED_AFTER_S = 5.0
# So many messages of what was counted are passed on; each is bounded as every frame is.
MOST_LEARNT = 256
# Counts of data on disk are written into its directory so long after the first that is new.
KEEP_COUNTS_AFTER_S = 1.0
# A job that was ended at its deadline was tried if it had an evaluator for this part of its time.
TRIED_PART = 0.8
# After data that cannot be loaded anew, the next try.
RELOAD_AFTER_S, RELOAD_AT_MOST_S = 0.5, 30.0


class Told:
    """Has a function called with the answer, at once, where a future would wake a task."""

    __slots__ = ("_tell",)

    def __init__(self, tell):
        self._tell = tell

    def done(self) -> bool:
        return self._tell is None

    def set_result(self, answer):
        tell, self._tell = self._tell, None
        tell(answer)


class Task:
    """One job in the pool, from its submission to the last byte of its answer."""

    __slots__ = (
        "answered",
        "began",
        "broken",
        "chunks",
        "deadline",
        "done",
        "evaluator",
        "held",
        "job",
        "pool",
        "slow_timer",
        "streamed",
        "tried",
        "version",
        "waiter",
    )

    def __init__(self, pool: "Pool", job: Job, told=None):
        self.pool = pool
        self.job = job
        self.answered = pool.loop.create_future() if told is None else Told(told)
        self.evaluator: Evaluator | None = None
        self.chunks: deque[bytes] | None = None
        self.held = 0
        self.waiter: asyncio.Future | None = None
        self.done, self.tried = False, True
        self.began: float | None = None  # when an evaluator had it
        self.broken: Problem | None = None
        self.slow_timer = None
        self.streamed: Answer | None = None
        self.version = ""
        timeout_s = job.limits.timeout_s
        self.deadline = pool.loop.call_later(timeout_s, self.expire) if timeout_s else None

    def begin(self, evaluator: "Evaluator"):
        """Give the job to an evaluator that is ready."""
        self.evaluator = evaluator
        evaluator.task = self
        evaluator.send(evaluator.lessons() + frames.job_frame(self.job))
        loop = self.pool.loop
        self.began = loop.time()
        evaluator.waited_s = 0.0
        if self.began > evaluator.looked_at + SPENT_KEPT_S:
            evaluator.spent_before_s, evaluator.looked_at = evaluator.spent_s(), self.began
        self.slow_timer = loop.call_later(self.pool.settings.slow_after_s, evaluator.slow_down)

    def expire(self):
        if not self.pool.version:
            self.stop(problems.LOADING)
            return
        self.pool.counts["expired"] += 1
        timeout_s = self.job.limits.timeout_s
        ran_s = self.pool.loop.time() - self.began if self.began is not None else 0.0
        self.tried = ran_s >= TRIED_PART * timeout_s
        self.stop(problems.expired(timeout_s))

    def cancel(self):
        """Nobody waits for the answer any more."""
        if not self.done:
            self.pool.counts["cancelled"] += 1
            self.stop(problems.CANCELLED)

    def stop(self, problem: Problem):
        """End the work, if it has begun, and answer with a problem."""
        # First the kill: once the evaluator is released, its process descriptor is closed.
        if self.evaluator is not None:
            self.evaluator.kill()
        self.conclude(problem=problem)

    def conclude(self, answer: Answer | None = None, problem: Problem | None = None):
        """The job is over: with a whole answer, at the end of a stream, or with a problem."""
        if self.done:
            return
        self.done = True
        for timer in (self.deadline, self.slow_timer):
            if timer is not None:
                timer.cancel()
        if self.evaluator is not None:
            self.evaluator.release()
            self.evaluator = None
        elif self in self.pool.waiting:
            self.pool.waiting.remove(self)
        if self.chunks is not None:
            self.broken = problem
            self.wake()
        elif not self.answered.done():
            answer = answer or Answer(problem=problem, version=self.version)
            answer.tried = self.tried
            self.answered.set_result(answer)

    def stream(self, head):
        self.chunks = deque()
        self.streamed = Answer(head, None, self._chunks(), version=self.version)
        if not self.answered.done():
            self.answered.set_result(self.streamed)

    def hold(self, chunk: bytes):
        self.chunks.append(chunk)
        self.held += len(chunk)
        if self.held > HOLD_BYTES:
            self.evaluator.pause()
        self.wake()

    def wake(self):
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    async def _chunks(self):
        try:
            while True:
                while self.chunks and self.broken is None:
                    chunk = self.chunks.popleft()
                    self.held -= len(chunk)
                    if self.evaluator is not None and self.held <= HOLD_BYTES // 2:
                        self.evaluator.resume()
                    yield chunk
                if self.broken is not None:
                    raise Broken(self.broken)
                if self.done:
                    return
                self.waiter = self.pool.loop.create_future()
                await self.waiter
        finally:
            self.cancel()


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

    def __init__(self, pool: "Pool", sock: socket.socket, number: int, generation: int):
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
            rows = frames.rows_of_whole(payload)
            task.conclude(Answer(head, body, version=task.version, rows=rows))
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
        """The processor time that the process has used."""
        if self.pid is None:
            return 0.0
        try:
            return time.clock_gettime(~self.pid << 3 | 2)
        except OSError:
            return 0.0

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


class Pool:
    """Evaluators, the mother they are forked from, and the jobs that wait for them."""

    def __init__(self, settings, log=lambda *_args, **_more: None):
        self.settings = settings
        self.log = log
        self.loop: asyncio.AbstractEventLoop | None = None
        self.link: Link | None = None
        self.evaluators: dict[int, Evaluator] = {}
        self.idle: list[Evaluator] = []
        self.waiting: deque[Task] = deque()
        self.slow = self.settled = 0
        self.most_settled = settings.max_slow - settings.max_slow // KEPT_FOR_YOUNG
        self.generation = 0
        self.learnt: list[bytes] = []  # what evaluators of this generation have counted, as frames
        self.thinning: asyncio.TimerHandle | None = None
        self.keeping: asyncio.TimerHandle | None = None
        self.version = ""
        self.place: str | None = None  # the directory of the current generation, on disk
        self.lock: int | None = None
        self.broker = None
        self.services: dict[str, str] = {}
        self.summary: dict = {}
        self.failed_starts = 0
        self.closing = self.hurried = False
        self.restarting: asyncio.Task | None = None
        self.unloaded = False  # the data was lost and cannot be loaded
        self.numbers = itertools.count(1)
        self.counts = dict.fromkeys(("expired", "cancelled", "refused", "crashed", "writes", "restarts"), 0)

    def launch(self):
        """Start the mother; she loads while the caller sets up the rest.

        Raises: incsr.store.disk.StoreError where the store's directory cannot be had.
        """
        if self.settings.store is not None and self.lock is None:
            self.lock = Directory(self.settings.store).lock()
        if self.settings.service_allow and self.broker is None:
            from incsr.workers import services

            self.broker, self.services = services.start(self.settings)
        self.link = launch(self.settings, self.lock, self.services)

    async def start(self):
        """Wait until the data is loaded and evaluators are on their way.

        Raises: incsr.workers.link.LoadError where the data cannot be loaded.
        """
        self.attend(asyncio.get_running_loop())
        if self.link is None:
            self.launch()
        self._loaded(await self.link.attach(self))

    def attend(self, loop):
        """Take jobs from now on; until the data is loaded, they wait."""
        if self.loop is None:
            self.loop = loop
            self.lane = WriteLane(self)
            self.linger = linger.of_loop(loop)

    def _loaded(self, summary: dict):
        self.summary = summary
        self.version, self.place = summary["version"], summary.get("place")
        if summary["notice"]:
            self.log("warning", "about the store", notice=summary["notice"])
        if not summary["filtered"]:
            self.log("warning", "this machine has no system call filter; evaluators have their limits alone")
        self.failed_starts = 0
        if self.place is not None:
            lessons = Directory(self.settings.store).counts(self.place)[:MOST_LEARNT]
            self.learnt = [frames.frame(frames.LEARNT, each) for each in lessons if frames.is_lesson(each)]
        self.keep_ready()

    async def run(self, job: Job) -> Answer:
        """The answer to a job. Cancelling the call ends the work."""
        if isinstance(job, WriteJob):
            return await self.lane.run(job)
        task = self.submit(job)
        try:
            return await task.answered
        except asyncio.CancelledError:
            task.cancel()
            raise

    def submit(self, job: Job, told=None) -> Task:
        """Have a job done; `told` is called with the answer where a function is given."""
        task = Task(self, job, told)
        if self.closing:
            task.conclude(problem=problems.CLOSING)
        elif self.unloaded:
            task.conclude(problem=problems.UNLOADED)
        elif self.idle:
            task.version = self.version
            task.begin(self.idle.pop())
        elif len(self.waiting) >= self.settings.max_waiting:
            self.counts["refused"] += 1
            task.conclude(problem=problems.overloaded("requests"))
        else:
            self.waiting.append(task)
            if len(self.evaluators) - self.slow < self.settings.workers:
                self.keep_ready()
        return task

    def is_quiet(self) -> bool:
        """Whether at most one job is being worked on."""
        return len(self.idle) + 1 >= len(self.evaluators)

    def offer(self, evaluator: Evaluator):
        """An evaluator is ready: for the next that waits, or to be idle."""
        self.failed_starts = 0
        if evaluator.generation != self.generation:
            evaluator.dismiss()
            return
        while self.waiting:
            task = self.waiting.popleft()
            if not task.done:
                task.version = self.version
                task.begin(evaluator)
                return
        evaluator.rests_since = self.loop.time()
        self.idle.append(evaluator)

    def learn(self, evaluator: Evaluator, payload: bytes):
        """Keep what an evaluator has counted for the others of its generation."""
        if not frames.is_lesson(payload):
            raise frames.FrameError("what an evaluator has counted are no counts")
        lesson = frames.frame(frames.LEARNT, payload)
        fits = len(self.learnt) < MOST_LEARNT and lesson not in self.learnt
        if evaluator.generation == self.generation and fits:
            self.learnt.append(lesson)
            if self.place is not None and self.keeping is None:
                self.keeping = self.loop.call_later(KEEP_COUNTS_AFTER_S, self._keep_counts)

    def _keep_counts(self):
        """Write what was counted beside the data, for the next start."""
        self.keeping = None
        lessons = [each[frames.HEADER.size :] for each in self.learnt]
        try:
            Directory(self.settings.store).keep_counts(self.place, lessons)
        except OSError as error:
            self.log("warning", "counts are not kept", why=str(error))

    def forget(self, evaluator: Evaluator):
        if evaluator in self.idle:
            self.idle.remove(evaluator)

    def keep_ready(self):
        """Start evaluators until there are enough beside the slow ones."""
        if self.closing or self.link is None or not self.link.attached:
            return
        if self.failed_starts > 3:
            # Something keeps them from starting; hammering would only burn the machine.
            if self.failed_starts == 4:
                self.loop.call_later(0.5, self._try_again)
            return
        current = sum(1 for e in self.evaluators.values() if not e.slow and e.generation == self.generation)
        for _ in range(self.settings.workers - current):
            self.spawn()

    def thin_out(self):
        """Let those go later that are more than wanted: a slow one has come back beside its substitute."""
        if len(self.evaluators) - self.slow > self.settings.workers and self.thinning is None:
            self.thinning = self.loop.call_later(THINNED_AFTER_S, self._thin_out)

    def _thin_out(self):
        self.thinning = None
        before = self.loop.time() - THINNED_AFTER_S
        while (
            len(self.evaluators) - self.slow > self.settings.workers
            and len(self.idle) > 1
            and self.idle[0].rests_since <= before
        ):
            self.idle[0].dismiss()
        if not self.closing:
            self.thin_out()

    def _try_again(self):
        self.failed_starts = 3
        self.keep_ready()

    def spawn(self):
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        number = next(self.numbers)
        self.evaluators[number] = Evaluator(self, ours, number, self.generation)
        message = {"do": "evaluator", "id": number, "place": self.place, "version": self.version}
        self.link.order(message, theirs)

    def take_over(self, version: str, link: Link | None = None, place: str | None = None):
        """A write has succeeded: from now on its mother, or its generation on disk, is what answers."""
        if link is not None:
            old, self.link = self.link, link
            old.retire(link.pid)
        self.generation += 1
        self.learnt = []
        self.version = version
        old_place, self.place = self.place, place
        for evaluator in list(self.idle):
            evaluator.dismiss()
        self.tidy(old_place)
        self.keep_ready()

    def tidy(self, place: str | None):
        """Delete a generation on disk when its last reader has gone."""
        if place not in (None, self.place) and all(e.place != place for e in self.evaluators.values()):
            self.link.order({"do": "discard", "place": place})

    def lost(self, link: Link):
        """A mother has gone. If it is the one in use, her data is lost and loaded anew."""
        if link is not self.link or self.closing:
            return
        if self.restarting is not None and not self.restarting.done():
            return  # who waits for her to load is told, and tries again
        self.link = None
        if not self.version:
            return  # it never had any data; whoever started it is told so
        self.log("error", "the mother process ended; loading anew", pid=link.pid)
        self.counts["restarts"] += 1
        self.restarting = self.loop.create_task(self._restart())

    async def _restart(self):
        """Load anew, and try again for as long as that fails: an operator may mend the files meanwhile."""
        began, wait_s = time.monotonic(), RELOAD_AFTER_S
        self.generation += 1
        self.learnt = []
        while True:
            try:
                self.launch()
                summary = await self.link.attach(self)
                break
            except (LoadError, OSError, StoreError) as error:
                self.link, self.unloaded = None, True
                self.log("error", "the data cannot be loaded", why=str(error), again_after_s=wait_s)
                for task in list(self.waiting):
                    task.conclude(problem=problems.UNLOADED)
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, RELOAD_AT_MOST_S)
        self.unloaded = False
        self._loaded(summary)
        self.log("info", "loaded anew", seconds=round(time.monotonic() - began, 3))

    def running(self) -> int:
        return sum(1 for evaluator in self.evaluators.values() if evaluator.task is not None)

    async def close(self, grace_s: float = 0.0):
        """Let what runs finish for so long, or until somebody sets `hurried`; then end every process."""
        self.closing = True
        if self.restarting is not None:
            self.restarting.cancel()
        end = time.monotonic() + grace_s
        while (self.running() or self.waiting or self.lane.busy) and time.monotonic() < end:
            if self.hurried:
                break
            await asyncio.sleep(0.02)
        for task in list(self.waiting):
            task.conclude(problem=problems.CLOSING)
        for evaluator in list(self.evaluators.values()):
            if evaluator.task is not None:
                evaluator.task.stop(problems.CLOSING)
            else:
                evaluator.dismiss()
        if self.link is not None:
            await self.link.end()
        if self.broker is not None:
            from incsr.workers import services

            services.stop(self.broker)
        if self.thinning is not None:
            self.thinning.cancel()
        if self.keeping is not None:
            self.keeping.cancel()
            self._keep_counts()
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None
