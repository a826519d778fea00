"""The front's side of the clerks: which connections they have, how long they take, and what came of it.

A connection stays the front's, which reads nothing of it while it is lent. Whatever becomes of a clerk, the
connection is taken back by reading on: its request, if one was under way, is still in the kernel. A clerk
that takes as long over one request as makes a query slow is killed, and that connection is not lent again.
Before the data changes for anybody, all connections are called back.
"""

import asyncio
import contextlib
import marshal
import os
import signal
import socket
import struct
import time

from incsr.workers import board, frames, terms
from incsr.workers.handle import PATIENCE, processor_s

MOST_LENT = 32
# So many connections more than another a clerk may have, and still get the one that it had before.
LOYALTY = 2
# A request may take so often `slow_after_s` when the machine is too busy to let it have processor time.
MOST_PATIENCE = 10
# A clerk looks up twice a second, whatever comes; and it writes for some microseconds.
STILL_S = 3.0
# How often the boards are looked at while anything is lent.
LOOK_S = 0.02
# After so many answers a clerk is replaced, as evaluators are.
RENEW_AFTER = 200_000
# All clerks together keep this part of the bytes that the front keeps, beside it.
KEPT_PART = 4
# After a clerk that could not start, none is tried for a while.
AGAIN_AFTER_S = 5.0
PACKET_BYTES = 128 * 1024


class Desk:
    """The front's side of one clerk."""

    __slots__ = (
        *("alive", "answered", "board", "broken", "called_back", "generation", "killed", "learnt", "lent"),
        "lent_s",
        *("number", "pid", "pidfd", "place", "pool", "ready", "rest", "sock", "spent_before_s", "told"),
        *("watched", "watched_s"),
    )

    def __init__(self, pool, sock, number: int, seen: board.Board):
        self.pool = pool
        self.sock = sock
        self.number = number
        self.board = seen
        self.generation, self.place = pool.generation, pool.place
        self.pid = self.pidfd = None
        self.lent: dict[int, object] = {}  # connections by number
        self.rest: dict[int, list[bytes]] = {}  # what is still to be sent on one that comes back
        self.told: set = set()  # the header lines of answers that it knows
        self.alive, self.ready, self.killed, self.broken = True, False, False, False
        self.learnt = self.answered = 0
        self.lent_s = 0.0  # when something was last lent
        self.called_back: asyncio.Future | None = None
        self.watched: tuple | None = None  # what was done for which request when it was last looked at
        self.watched_s = 0.0  # since when
        self.spent_before_s = 0.0
        pool.loop.add_reader(sock, self.readable)

    def forked(self, pid: int, pidfd: int):
        self.pid, self.pidfd = pid, pidfd

    # ── lending ─────────────────────────────────────────────────────────────

    def lend(self, number: int, wire, lease: tuple, blocks) -> bool:
        """Give the clerk a connection; false where that cannot be."""
        news = [each for each in blocks if each[:2] not in self.told]
        payload = marshal.dumps((number, *lease, news))
        try:
            self._learn()
            socket.send_fds(self.sock, [terms.LEND + payload], [wire.descriptor])
        except OSError:
            return False  # a full socket, or a clerk that has ended, which is read of elsewhere
        self.told.update(each[:2] for each in news)
        self.lent[number] = wire
        self.lent_s = time.monotonic()
        self.pool.desks.begin_looking()
        return True

    def _learn(self):
        learnt = self.pool.learnt
        while self.learnt < len(learnt):
            lesson = learnt[self.learnt][frames.HEADER.size :]
            if len(lesson) < terms.LONGEST_MESSAGE:
                self.sock.send(terms.LEARN + lesson)
            self.learnt += 1

    def call_back(self) -> asyncio.Future | None:
        """Ask for all connections; done when they have come, or the clerk has ended."""
        if not self.alive or not self.lent:
            return None
        if self.called_back is None:
            self.called_back = self.pool.loop.create_future()
            try:
                self.sock.send(terms.RECALL)
            except OSError:
                self.kill()
        return self.called_back

    # ── what it says ────────────────────────────────────────────────────────

    def readable(self):
        while self.alive:
            try:
                data = self.sock.recv(PACKET_BYTES)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.ended()
                return
            if self.broken:
                continue  # nothing that it says is believed any more
            try:
                self.take(data[:1], data)
            except (ValueError, KeyError, IndexError, TypeError, struct.error, frames.FrameError) as error:
                self.distrust(error)

    def distrust(self, error):
        """End a clerk that says what none should."""
        self.broken = True
        self.pool.log("error", "a clerk broke the protocol", pid=self.pid, error=str(error))
        self.kill()

    def take(self, kind: bytes, data: bytes):
        if kind == terms.BACK:
            _kind, number, reason, served = terms.BACK_FORM.unpack(data)
            if number not in self.lent:
                raise ValueError(f"connection {number} comes back, which it does not have")
            self.pool.desks.drain(self)
            self.pool.desks.counts[terms.REASONS[reason]] += 1
            wire = self.lent.pop(number)
            wire.taken_back(reason, served, b"".join(self.rest.pop(number, ())))
        elif kind == terms.REST:
            _kind, number = terms.REST_FORM.unpack_from(data)
            if number in self.lent:
                self.rest.setdefault(number, []).append(data[terms.REST_FORM.size :])
        elif kind == terms.ALL_BACK:
            self.all_back()
        elif kind == terms.LEARNT:
            self.pool.learn(self, data[1:])
        elif kind == terms.READY:
            self.ready = True
        else:
            raise ValueError(f"a message of kind {kind!r}")

    def all_back(self):
        called, self.called_back = self.called_back, None
        if called is not None and not called.done():
            called.set_result(None)

    # ── its time ────────────────────────────────────────────────────────────

    def look(self, now_s: float):
        """End a clerk that takes long over one request: it keeps others waiting."""
        what, number, since_s = self.board.seen()
        if self.killed:
            return
        if what == board.IDLE:
            self.watched = None
            still = now_s - max(self.board.beaten(), self.lent_s) > STILL_S
            if still and self.kill_unless_writing():
                self.pool.log("warning", "a clerk that stands still is ended", pid=self.pid)
            return
        if self.watched != (what, number, since_s):
            self.watched, self.watched_s = (what, number, since_s), now_s
            self.spent_before_s = processor_s(self.pid)
            return
        if what == board.WRITING:
            if now_s - self.watched_s > STILL_S:
                self.pool.log("warning", "a clerk that does not end an answer is ended", pid=self.pid)
                self.kill()
            return
        slow_after_s = self.pool.settings.slow_after_s
        took_s = now_s - since_s
        slow = took_s > MOST_PATIENCE * slow_after_s or (
            # Else it is the machine that is busy.
            took_s > slow_after_s and processor_s(self.pid) - self.spent_before_s > slow_after_s / 5
        )
        if slow and self.kill_unless_writing():
            took_ms = round(took_s * 1000)
            self.pool.log("warning", "a clerk with a slow query is ended", pid=self.pid, ms=took_ms)

    # ── its end ─────────────────────────────────────────────────────────────

    def kill(self):
        """End the process; its connections are taken back when it has ended, and reads none any more."""
        if self.killed or not self.alive:
            return
        self.killed = True
        if self.pidfd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        else:
            self.sock.shutdown(socket.SHUT_RDWR)  # it is not known yet, and has nothing

    def kill_unless_writing(self) -> bool:
        """End the process, unless some of an answer may be sent already; false where it lives on."""
        self.board.doom(True)
        if self.board.seen()[0] == board.WRITING:
            self.board.doom(False)
            return False
        self.kill()
        return True

    def ended(self):
        """The process has closed its end: it was killed, or crashed."""
        if not self.killed:
            self.pool.log("warning", "a clerk ended", pid=self.pid)
            self.pool.counts["crashed"] += 1
            if not self.ready:
                self.pool.desks.failed()
        self.dismiss()

    def dismiss(self):
        """Close the socket, upon which the process ends, and take back what one that has ended had."""
        if not self.alive:
            return
        pool = self.pool
        pool.desks.drain(self)
        self.alive = False
        what, number, _since_s = self.board.seen()
        pool.loop.remove_reader(self.sock)
        self.sock.close()
        pool.desks.forget(self)
        lent, self.lent = self.lent, {}
        for each, wire in lent.items():
            if self.broken or each in self.rest or (each == number and what == board.WRITING):
                wire.drop()  # some of an answer may have been sent
            else:
                to_blame = each == number and what == board.EVALUATING
                reason = terms.SLOW if to_blame else terms.RECALLED
                pool.desks.counts[terms.REASONS[reason]] += 1
                wire.taken_back(reason, 0, b"", to_blame)
        self.board.close()
        if self.pidfd is not None:
            os.close(self.pidfd)
            self.pidfd = None
        self.all_back()
        pool.tidy(self.place)


class Desks:
    """All clerks of a pool."""

    def __init__(self, pool):
        self.pool = pool
        # Called with a clerk's connections by number, and what its board says of answers that it has given.
        self.noted = lambda lent, records: None
        self.desks: dict[int, Desk] = {}
        self.holding = 0  # while the data is about to change, nothing is lent
        self.not_before_s = 0.0
        self.looking: asyncio.TimerHandle | None = None
        self.settings: dict = {}
        self.counts = dict.fromkeys(terms.REASONS, 0)  # connections that came back, by reason
        self.answered = 0

    def lent(self) -> int:
        return sum(len(desk.lent) for desk in self.desks.values())

    def chosen(self, last: Desk | None = None) -> Desk | None:
        """The clerk for one more connection, or None where there is none; then one may be on its way.

        `last` is the one that had the connection before: it may be about to learn something of it.
        """
        pool = self.pool
        if self.holding or pool.closing or pool.unloaded or pool.link is None or not pool.link.attached:
            return None
        best, least, usable = None, 0, 0
        for desk in self.desks.values():
            if not desk.alive or desk.generation != pool.generation or desk.called_back is not None:
                continue
            usable += 1
            if not desk.ready or desk.pid is None or desk.killed or desk.answered >= RENEW_AFTER:
                continue
            lead = LOYALTY if desk is last and len(desk.lent) < MOST_LENT else 0
            if best is None or len(desk.lent) - lead < least:
                best, least = desk, len(desk.lent) - lead
        if (best is None or best.lent) and usable < pool.settings.clerks:
            self.spawn()
        return best if best is not None and len(best.lent) < MOST_LENT else None

    def spawn(self):
        pool = self.pool
        if pool.loop.time() < self.not_before_s:
            return
        try:
            memory = os.fdopen(board.descriptor(), "r+b", buffering=0)
            seen = board.Board(memory.fileno())
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except OSError as error:
            self.pool.log("warning", "a clerk cannot be started", why=str(error))
            self.failed()
            return
        ours.setblocking(False)
        number = next(pool.numbers)
        self.desks[number] = Desk(pool, ours, number, seen)
        room = pool.settings.cache_bytes // KEPT_PART // max(pool.settings.clerks, 1)
        message = {"do": "clerk", "id": number, "place": pool.place, "version": pool.version}
        message["settings"] = {**self.settings, "cache_bytes": room}
        pool.link.order(message, theirs, memory)

    def failed(self):
        self.not_before_s = self.pool.loop.time() + AGAIN_AFTER_S

    def get(self, number: int) -> Desk | None:
        return self.desks.get(number)

    def forget(self, desk: Desk):
        self.desks.pop(desk.number, None)

    def look(self):
        """Read the boards."""
        self.looking = None
        now_s = time.monotonic()
        self.drain_all()
        for desk in list(self.desks.values()):
            if desk.alive and desk.lent:
                desk.look(now_s)
            if desk.alive and desk.answered >= RENEW_AFTER and desk.call_back() is None:
                desk.dismiss()
        if self.lent():
            self.begin_looking()

    def begin_looking(self):
        """Read the boards while anything is lent."""
        if self.looking is None:
            self.looking = self.pool.loop.call_later(LOOK_S, self.look)

    def drain_all(self):
        """Note all answers that clerks have given."""
        for desk in list(self.desks.values()):
            self.drain(desk)

    def drain(self, desk: Desk):
        """Note the answers that a clerk has given."""
        if desk.broken:
            return
        try:
            records = desk.board.records()
            if records:
                desk.answered += len(records)
                self.answered += len(records)
                self.noted(desk.lent, records)
        except board.Overrun as error:
            desk.distrust(error)

    async def call_back(self):
        """Have all connections back; a clerk that does not give them back in time is killed.

        One that is just writing has `STILL_S` to end that.
        """
        waiting = [back for desk in list(self.desks.values()) if (back := desk.call_back()) is not None]
        if not waiting:
            return
        _done, late = await asyncio.wait(waiting, timeout=PATIENCE * self.pool.settings.slow_after_s)
        end_s = time.monotonic() + STILL_S
        while late:
            for desk in list(self.desks.values()):
                if desk.called_back in late:
                    if time.monotonic() > end_s:
                        desk.kill()
                    else:
                        desk.kill_unless_writing()
            _done, late = await asyncio.wait(late, timeout=LOOK_S)

    @contextlib.asynccontextmanager
    async def closed(self):
        """While this lasts nothing is lent: the data is about to change, for all at once."""
        self.holding += 1
        try:
            await self.call_back()
            yield
        finally:
            self.holding -= 1

    def dismiss(self):
        """End all clerks: the data has changed, or the service ends."""
        for desk in list(self.desks.values()):
            if desk.lent:
                desk.kill()
            else:
                desk.dismiss()
