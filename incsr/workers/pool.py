"""The pool: evaluators kept ready, each job on one of them, ended at its deadline.

Runs on one event loop and never blocks it. There are `max_slow` places for slow jobs
(`incsr.workers.handle`); one too many is ended at once with a 503. An eighth of the places is kept for jobs
that are slow but young, which keep their priority there: when runaways have all other places, what needs a
tenth of a second is still answered.
"""

import asyncio
import itertools
import os
import socket
import time
from collections import deque

from incsr import linger
from incsr.messages import Job, WriteJob
from incsr.store.disk import Directory, StoreError
from incsr.workers import frames, problems
from incsr.workers.answers import Answer
from incsr.workers.desk import Desks
from incsr.workers.handle import Evaluator
from incsr.workers.link import Link, LoadError, launch
from incsr.workers.room import free_part
from incsr.workers.task import Task
from incsr.workers.writes import WriteLane

# Of so many places for slow jobs one is kept for those that are young.
KEPT_FOR_YOUNG = 8
# Evaluators beyond those wanted go when they have been idle for so long: a slow query may need one again, and
# a fresh fork has to copy what it reads (the engine counts references, and so writes to every such page).
THINNED_AFTER_S = 5.0
# Where so much memory is free, they stay for longer: a burst of slow queries is followed by another.
ROOMY, THINNED_IN_ROOM_S = 0.5, 60.0
# So many messages of what was counted are passed on; each is bounded as every frame is.
MOST_LEARNT = 256
# Counts of data on disk are written into its directory so long after the first that is new.
KEEP_COUNTS_AFTER_S = 1.0
# After data that cannot be loaded anew, the next try.
RELOAD_AFTER_S, RELOAD_AT_MOST_S = 0.5, 30.0


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
        self.desks = Desks(self)
        self.learnt: list[bytes] = []  # what evaluators of this generation have counted, as frames
        self.thinning: asyncio.TimerHandle | None = None
        self.free_part = free_part  # of the memory; looked at while there are more evaluators than wanted
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
        if evaluator.jobs:
            self.idle.append(evaluator)
        else:
            # After those that have worked: they have copied already what they read.
            self.idle.insert(0, evaluator)

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
        before = self.loop.time() - (THINNED_IN_ROOM_S if self.free_part() >= ROOMY else THINNED_AFTER_S)
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
        self.desks.dismiss()
        self.tidy(old_place)
        self.keep_ready()

    def tidy(self, place: str | None):
        """Delete a generation on disk when its last reader has gone."""
        readers = (*self.evaluators.values(), *self.desks.desks.values())
        # Without a mother the next one finds it when she starts.
        if place in (None, self.place) or self.link is None:
            return
        if all(reader.place != place for reader in readers):
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
        await self.desks.call_back()
        self.desks.dismiss()
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
        if self.desks.looking is not None:
            self.desks.looking.cancel()
        if self.thinning is not None:
            self.thinning.cancel()
        if self.keeping is not None:
            self.keeping.cancel()
            self._keep_counts()
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None
