"""How a clerk is ended: never while some of an answer may have been sent, unless it stands still there.

On a clock of its own; what a clerk says stands on its board.
"""

import asyncio
import os
import socket
import threading
import time
from types import SimpleNamespace

import loops
import pytest
from query_cases import view_of

from incsr.workers import terms
from incsr.workers.board import EVALUATING, WRITING, Board, descriptor
from incsr.workers.clerk import Clerk, Kept, Lent
from incsr.workers.desk import LOOK_S, MOST_PATIENCE, PATIENCE, STILL_S, Desk, Desks

SLOW_AFTER_S = 0.1


class Sides:
    """Both sides of a clerk without a process: `desk` is the front's, `board` the clerk's."""

    def __init__(self):
        memory = descriptor()
        self.board = Board(memory)
        ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.said = []
        pool = SimpleNamespace(
            generation=0,
            place=None,
            loop=SimpleNamespace(add_reader=lambda *_: None),
            settings=SimpleNamespace(slow_after_s=SLOW_AFTER_S),
            log=lambda weight, event, **more: self.said.append(event),
        )
        self.desk = Desk(pool, ours, 1, Board(memory))
        os.close(memory)

    def close(self):
        self.desk.sock.close()
        self.theirs.close()


@pytest.fixture
def both():
    made = Sides()
    yield made
    made.close()


def test_a_clerk_that_evaluates_for_too_long_is_ended(both):
    both.board.doing(EVALUATING, 7, 100.0)
    for now_s in (100.0, 100.0 + 0.9 * MOST_PATIENCE * SLOW_AFTER_S):
        both.desk.look(now_s)
    assert not both.desk.killed

    both.desk.look(100.0 + 1.1 * MOST_PATIENCE * SLOW_AFTER_S)

    assert both.desk.killed and both.board.is_doomed()
    assert both.said == ["a clerk with a slow query is ended"]


def test_one_that_writes_is_not_however_long_it_evaluated(both):
    both.board.doing(EVALUATING, 7, 100.0)
    both.desk.look(100.0)
    both.board.doing(WRITING, 7, 100.0)

    for now_s in (102.0, 102.0 + 0.9 * STILL_S):
        both.desk.look(now_s)
    assert not both.desk.killed and both.said == []

    both.desk.look(102.0 + 1.1 * STILL_S)
    assert both.desk.killed
    assert both.said == ["a clerk that does not end an answer is ended"]


def test_one_that_begins_to_write_when_it_is_to_be_ended_is_spared(both, monkeypatch):
    both.board.doing(EVALUATING, 7, 100.0)
    both.desk.look(100.0)
    doom = both.desk.board.doom

    def late(doomed):
        doom(doomed)
        if doomed:
            both.board.doing(WRITING, 7, 100.0)

    monkeypatch.setattr(both.desk, "board", SimpleNamespace(doom=late, seen=both.desk.board.seen))
    both.desk.look(100.0 + 2 * MOST_PATIENCE * SLOW_AFTER_S)

    assert not both.desk.killed and not both.board.is_doomed()
    assert both.said == []


def test_who_writes_when_connections_are_called_back_may_end_that_and_others_are_ended(both):
    async def called_back():
        both.desk.pool.loop = asyncio.get_running_loop()
        desks = Desks(both.desk.pool)
        desks.desks, both.desk.lent = {1: both.desk}, {7: None}
        both.board.doing(WRITING, 7, 100.0)
        calling = asyncio.create_task(desks.call_back())
        await asyncio.sleep(PATIENCE * SLOW_AFTER_S + 5 * LOOK_S)
        assert not both.desk.killed and not calling.done()

        both.board.doing(EVALUATING, 7, 100.0)
        end_s = time.monotonic() + 20
        while not both.desk.killed and time.monotonic() < end_s:
            await asyncio.sleep(LOOK_S)
        assert both.desk.killed
        both.desk.all_back()
        await calling

    loops.run(called_back())
    assert both.theirs.recv(10) == terms.RECALL


def test_a_clerk_that_is_to_be_ended_does_not_begin_to_write(both):
    settings = {"timeout_s": 10.0, "max_rows": None, "max_bytes": None, "start": "/sparql?", "keeps": True}
    settings |= {"max_url_bytes": 8000, "max_query_bytes": 8000, "cache_bytes": 1000}
    clerk = Clerk(both.theirs, both.board, view_of(""), settings)
    client, served = socket.socketpair()
    with client, served:
        client.sendall(b"asked")
        served.setblocking(False)
        client.settimeout(0.3)
        both.desk.board.doom(True)
        kept = Kept(b"content-type: text/plain\r\n", b"said", None, 5)
        lent = Lent(7, served, 0.0)
        arguments = (lent, 5, kept, time.monotonic(), 0)
        sending = threading.Thread(target=clerk.send, args=arguments, daemon=True)
        sending.start()
        try:
            with pytest.raises(TimeoutError):
                client.recv(1000)
            assert both.desk.board.seen()[:2] == (EVALUATING, 7)
            assert served.recv(10, socket.MSG_PEEK) == b"asked"
        finally:
            both.desk.board.doom(False)
        sending.join(20)
        assert client.recv(1000).endswith(b"\r\n\r\nsaid")
    assert lent.served == 1
