"""The places of slow queries: runaways have most of them, and those that are only a little slow the rest.

On a clock of its own: how long a query takes on a busy machine is nobody's promise.
"""

import json
import socket

import pytest

from incsr.config import settings_from
from incsr.messages import Limits, ReadJob
from incsr.workers import frames
from incsr.workers.handle import Evaluator
from incsr.workers.pool import THINNED_AFTER_S, THINNED_IN_ROOM_S, Pool
from incsr.workers.task import Task


class Clock:
    """As much of an event loop as the pool needs to count time."""

    def __init__(self):
        self.now = 0.0
        self.timers = []

    def time(self):
        return self.now

    def call_later(self, delay_s, call):
        timer = Timer(self.now + delay_s, call)
        self.timers.append(timer)
        return timer

    def advance(self, seconds):
        end = self.now + seconds
        while due := sorted([t for t in self.timers if t.at <= end], key=lambda timer: timer.at):
            self.timers.remove(due[0])
            self.now = due[0].at
            if not due[0].cancelled:
                due[0].call()
        self.now = end

    def add_reader(self, *_arguments):
        """Nothing is read."""

    remove_reader = remove_writer = add_reader


class Timer:
    def __init__(self, at, call):
        self.at, self.call, self.cancelled = at, call, False

    def cancel(self):
        self.cancelled = True


class Endless(Evaluator):
    """One that uses its processor, and never has an answer."""

    __slots__ = ()

    def spent_s(self):
        return self.pool.loop.now

    def send(self, data):
        """The job goes nowhere."""


@pytest.fixture
def pool():
    made = Pool(settings_from({"empty": True, "max_slow": "16", "slow_after_s": "0.05"}, {}))
    made.loop, made.version = Clock(), "1"
    made.free_part = lambda: 0.0
    yield made
    for evaluator in list(made.evaluators.values()):
        evaluator.dismiss()


def begun(pool):
    """A job on an evaluator of its own: (task, what was answered)."""
    said = []
    task = Task(pool, ReadJob("query", "ASK {}", limits=Limits(10.0)), said.append)
    ours, theirs = socket.socketpair()
    theirs.close()
    number = next(pool.numbers)
    pool.evaluators[number] = Endless(pool, ours, number, pool.generation)
    task.begin(pool.evaluators[number])
    return task, said


def test_runaways_leave_places_for_queries_that_are_only_a_little_slow(pool):
    runaways = [begun(pool)[1] for _ in range(30)]
    pool.loop.advance(2.0)
    assert sum(1 for said in runaways if not said) == 14
    assert {answer.problem.status for said in runaways for answer in said} == {503}

    task, said = begun(pool)
    pool.loop.advance(0.45)
    assert said == []
    task.conclude()
    assert (pool.slow, pool.settled) == (14, 14)

    _task, said = begun(pool)
    pool.loop.advance(0.55)
    assert said[0].problem.code == "busy"
    assert (pool.slow, pool.settled) == (14, 14)

    pool.loop.advance(10.0)
    assert (pool.slow, pool.settled) == (0, 0)
    assert sum(1 for said in runaways if said[0].problem.code == "timeout") == 14


def test_a_little_slow_query_stays_where_a_runaway_has_left_its_place(pool):
    runaways = [begun(pool)[0] for _ in range(14)]
    pool.loop.advance(2.0)
    _task, said = begun(pool)
    pool.loop.advance(0.3)

    runaways[0].conclude()
    pool.loop.advance(2.0)

    assert said == [] and pool.settled == 14


def test_a_slow_evaluator_comes_back_and_who_is_idle_for_long_makes_room(pool):
    slow = begun(pool)[0]
    evaluator = slow.evaluator
    pool.loop.advance(0.3)
    assert pool.slow == 1
    quick = [begun(pool)[0] for _ in range(pool.settings.workers)]
    others = [task.evaluator for task in quick]
    for task in quick:
        task.conclude()
    assert pool.idle == others

    slow.conclude()
    assert pool.slow == pool.settled == 0
    assert pool.idle == [*others, evaluator]

    pool.loop.advance(2.2 * THINNED_AFTER_S)
    assert pool.idle == [*others[1:], evaluator]
    assert not others[0].alive
    pool.loop.advance(2 * THINNED_AFTER_S)
    assert pool.idle == [*others[1:], evaluator]


def test_substitutes_that_are_used_again_and_again_stay(pool):
    slow = [begun(pool)[0] for _ in range(3)]
    pool.loop.advance(0.3)
    assert pool.slow == 3
    for _ in range(pool.settings.workers):
        begun(pool)[0].conclude()
    for task in slow:
        task.conclude()
    everybody = set(pool.idle)
    assert len(everybody) == pool.settings.workers + 3

    for _ in range(8):
        for evaluator in list(pool.idle):
            pool.idle.remove(evaluator)
            pool.offer(evaluator)
        pool.loop.advance(THINNED_AFTER_S / 2)
    assert set(pool.idle) == everybody

    pool.loop.advance(2.1 * THINNED_AFTER_S)
    assert len(pool.idle) == pool.settings.workers


def test_where_memory_is_free_those_that_are_too_many_stay_for_longer(pool):
    slow = begun(pool)[0]
    pool.loop.advance(0.3)
    for _ in range(pool.settings.workers):
        begun(pool)[0].conclude()
    slow.conclude()
    everybody = list(pool.idle)

    pool.free_part = lambda: 0.9
    pool.loop.advance(THINNED_IN_ROOM_S - THINNED_AFTER_S)
    assert pool.idle == everybody
    pool.free_part = lambda: 0.3
    pool.loop.advance(1.1 * THINNED_AFTER_S)
    assert len(pool.idle) == pool.settings.workers

    assert len(everybody) == pool.settings.workers + 1


def test_in_the_end_they_go_where_memory_is_free_too(pool):
    pool.free_part = lambda: 0.9
    slow = begun(pool)[0]
    pool.loop.advance(0.3)
    for _ in range(pool.settings.workers):
        begun(pool)[0].conclude()
    slow.conclude()
    assert len(pool.idle) == pool.settings.workers + 1

    pool.loop.advance(THINNED_IN_ROOM_S + 2 * THINNED_AFTER_S)

    assert len(pool.idle) == pool.settings.workers


def test_what_one_evaluator_has_counted_the_others_are_told_once(pool):
    one, other = begun(pool)[0].evaluator, begun(pool)[0].evaluator
    lesson = json.dumps([[[None, None, None], 1_000_000], ["classes", [["http://a.example/", 7]]]]).encode()

    one.take(frames.LEARNT, lesson)

    assert other.lessons() == frames.frame(frames.LEARNT, lesson)
    assert other.lessons() == b""
    pool.learnt.clear()
    one.generation -= 1
    one.take(frames.LEARNT, lesson)  # of data that has been changed since
    assert pool.learnt == []


@pytest.mark.parametrize(
    "lesson",
    [
        *(b"{", b"{}", b"[1]", b'[["x", 1]]', b'[[["a", "b"], 1]]'),
        *(b"[[[1, null, null], 1]]", b'[["classes", [1]]]'),
    ],
)
def test_an_evaluator_that_teaches_nonsense_is_heard_by_nobody(pool, lesson):
    evaluator = begun(pool)[0].evaluator

    with pytest.raises(frames.FrameError):
        evaluator.take(frames.LEARNT, lesson)

    assert pool.learnt == []


def test_a_job_that_waited_for_most_of_its_time_was_not_tried(pool):
    waiting = []
    Task(pool, ReadJob("query", "ASK {}", limits=Limits(10.0)), waiting.append)
    _task, working = begun(pool)
    pool.loop.advance(11.0)

    assert (waiting[0].problem.status, waiting[0].tried) == (504, False)
    assert (working[0].problem.status, working[0].tried) == (504, True)


def test_a_new_evaluator_comes_after_those_that_have_copied_what_they_read(pool):
    task = begun(pool)[0]
    used = task.evaluator
    task.conclude()
    fresh = begun(pool)[0].evaluator
    fresh.task = None
    pool.offer(fresh)
    assert pool.idle == [fresh, used]

    assert pool.submit(ReadJob("query", "ASK {}", limits=Limits(10.0)), [].append).evaluator is used


def test_of_those_that_are_too_many_the_new_one_goes_and_who_has_worked_stays(pool):
    tasks = [begun(pool)[0] for _ in range(pool.settings.workers)]
    used = [task.evaluator for task in tasks]
    for task in tasks:
        task.conclude()
    pool.loop.advance(4.0)
    fresh = begun(pool)[0].evaluator
    fresh.task = None
    pool.offer(fresh)

    pool.thin_out()
    pool.loop.advance(2.2 * THINNED_AFTER_S)

    assert pool.idle == used and not fresh.alive
