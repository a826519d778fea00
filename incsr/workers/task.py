"""One job in the pool, from its submission to the last byte of its answer."""

import asyncio
from collections import deque

from incsr.messages import Job, Problem
from incsr.workers import frames, problems
from incsr.workers.answers import Answer, Broken

# How much of a streamed answer is held for a client that reads slowly before the evaluator has to wait.
HOLD_BYTES = 1024 * 1024
# The processor time that an evaluator had used before its job is asked for at most so often.
SPENT_KEPT_S = 0.004
# A job that was ended at its deadline was tried if it had an evaluator for this part of its time.
TRIED_PART = 0.8


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

    def __init__(self, pool, job: Job, told=None):
        self.pool = pool
        self.job = job
        self.answered = pool.loop.create_future() if told is None else Told(told)
        self.evaluator = None  # who works on it (incsr.workers.handle)
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

    def begin(self, evaluator):
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
