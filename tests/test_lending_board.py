"""What a clerk writes down survives it, and the front believes nothing that cannot be."""

import itertools
import os
import struct
import time

import pytest

from incsr.workers.board import EVALUATING, IDLE, ROOM, SIZE, WRITING, Board, Overrun, descriptor


@pytest.fixture
def memory():
    made = descriptor()
    yield made
    os.close(made)


def test_what_is_written_by_one_process_is_read_by_another_after_its_end(memory):
    front = Board(memory)
    pid = os.fork()
    if pid == 0:
        clerk = Board(memory)
        clerk.doing(EVALUATING, 7, 12.5)
        clerk.beat(13.5)
        clerk.record(2**64 - 1, 7, 0.25, 1000, None, 1)
        clerk.record(1, 8, 0.5, 2000, 3, 0)
        os._exit(0)
    os.waitpid(pid, 0)

    assert front.seen() == (EVALUATING, 7, 12.5)
    assert front.beaten() == 13.5
    assert list(front.records()) == [(2**64 - 1, 7, 0.25, 1000, None, 1), (1, 8, 0.5, 2000, 3, 0)]
    assert list(front.records()) == []


def test_records_go_round_and_round(memory):
    front, clerk = Board(memory), Board(memory)
    seen = []
    for number in range(3 * ROOM // 2):
        clerk.record(number, 1, 0.0, 0, 0, 0)
        if number % 1000 == 0:
            seen += [record[0] for record in front.records()]
    seen += [record[0] for record in front.records()]

    assert seen == list(range(3 * ROOM // 2))


def test_a_board_is_full_until_the_front_has_read(memory):
    front, clerk = Board(memory), Board(memory)
    for number in range(ROOM):
        assert not clerk.is_full()
        clerk.record(number, 1, 0.0, 0, 0, 0)
    assert clerk.is_full()

    assert len(list(front.records())) == ROOM
    assert not clerk.is_full()


# Of other bytes, so that a mixture of both shows.
DONE = [(EVALUATING, 0x55555555), (WRITING, 0xAAAAAAAA)]


def test_no_number_is_seen_half_written(memory):
    front, done = Board(memory), itertools.cycle(DONE)
    pid = os.fork()
    if pid == 0:
        try:
            clerk, end_s = Board(memory), time.monotonic() + 1.5
            while (now_s := time.monotonic()) < end_s:
                clerk.beat(now_s)
                clerk.doing(*next(done), now_s)
                if not clerk.is_full():
                    clerk.record(2**64 - 1, 7, 0.25, 1000, None, 1)
            os._exit(0)
        finally:
            os._exit(1)
    last_s, looks = 0.0, 0
    while (ended := os.waitpid(pid, os.WNOHANG)) == (0, 0):
        looks += 1
        for _ in front.records():  # raises where more or fewer seem to have been written
            pass
        (what, number, since_s), beaten_s = front.seen(), front.beaten()
        if last_s:
            assert last_s <= since_s <= beaten_s
            assert (what, number) in DONE
        last_s = since_s if what else 0.0

    assert ended == (pid, 0)
    assert looks > 1000
    assert last_s


def test_a_new_board_says_nothing(memory):
    board = Board(memory)

    assert board.seen() == (IDLE, 0, 0.0)
    assert list(board.records()) == []


@pytest.mark.parametrize(
    ("at", "form", "value"),
    [(16, "<Q", ROOM + 1), (16, "<Q", 2**63), (64 + 12, "<f", float("nan")), (64 + 12, "<f", -1.0),
     (64 + 24, "<I", 9)],
    ids=["too many", "far too many", "no time", "less than no time", "an unknown kind"],
)  # fmt: skip
def test_what_cannot_be_is_not_believed(memory, at, form, value):
    front, clerk = Board(memory), Board(memory)
    clerk.record(1, 1, 0.5, 1, 1, 1)
    os.pwrite(memory, struct.pack(form, value), at)

    with pytest.raises(Overrun):
        list(front.records())


def test_a_board_has_the_size_that_it_says(memory):
    assert os.fstat(memory).st_size == SIZE
