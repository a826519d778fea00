"""What a clerk writes down where the front can read it, whatever becomes of the clerk: shared memory.

At the top stands what the clerk is doing, for whom, and since when; below, a ring of the answers it has
given, for log and metrics. The front reads both some fifty times a second, and once more after the clerk's
end. It believes nothing: a clerk has read untrusted text.
"""

import math
import mmap
import os
import struct

IDLE, EVALUATING, WRITING = 0, 1, 2

# The top, in words of 8 bytes: what is being done (the low half) and for which connection; since when, in
# seconds of the monotonic clock; records ever written; when the clerk last looked up; records that the front
# has read; whether the front is about to end the clerk. A word is stored whole, or the other side might read
# half of it; `struct` stores by bytes.
_DOING, _SINCE, _WRITTEN, _BEAT, _READ, _DOOMED = range(6)
_HALF = 32
# An answer's id, connection, seconds, bytes of its body, rows (or UNCOUNTED), and what its cache said: 0
# it was evaluated and kept, 1 it had been kept, 2 it may not be kept.
_RECORD = struct.Struct("<QIfIII")
_RECORDS_AT = 64
ROOM = 4096
UNCOUNTED = 0xFFFFFFFF
SIZE = _RECORDS_AT + ROOM * _RECORD.size


class Overrun(ValueError):
    """The board says what no honest clerk writes."""


class Board:
    """One clerk's board; both sides map the same descriptor."""

    __slots__ = ("_map", "_read", "_times", "_words", "written")

    def __init__(self, descriptor: int):
        self._map = mmap.mmap(descriptor, SIZE)
        top = memoryview(self._map)[:_RECORDS_AT]
        self._words, self._times = top.cast("Q"), top.cast("d")
        self.written = 0  # by the clerk; on the front's side: read
        self._read = 0  # by the front, when the clerk last looked

    # ── the clerk's side ────────────────────────────────────────────────────

    def doing(self, what: int, number: int, since_s: float):
        self._times[_SINCE] = since_s
        self._words[_DOING] = what | number << _HALF

    def rests(self):
        self._words[_DOING] = IDLE

    def is_doomed(self) -> bool:
        """Whether the front is about to end this clerk, unless it is writing."""
        return bool(self._words[_DOOMED])

    def beat(self, now_s: float):
        self._times[_BEAT] = now_s

    def is_full(self) -> bool:
        """Whether the front has to read before another record is written."""
        if self.written - self._read < ROOM:
            return False
        self._read = self._words[_READ]
        return self.written - self._read >= ROOM

    def record(self, id_: int, number: int, took_s: float, sent: int, rows: int | None, cached: int):
        place = _RECORDS_AT + self.written % ROOM * _RECORD.size
        counted = UNCOUNTED if rows is None else min(rows, UNCOUNTED - 1)
        _RECORD.pack_into(self._map, place, id_, number, took_s, sent, counted, cached)
        self.written += 1
        self._words[_WRITTEN] = self.written

    # ── the front's side ────────────────────────────────────────────────────

    def seen(self) -> tuple[int, int, float]:
        """What is being done, for which connection, since when."""
        doing = self._words[_DOING]
        return doing & (1 << _HALF) - 1, doing >> _HALF, self._times[_SINCE]

    def doom(self, doomed: bool):
        """Say that the clerk is to be ended, or not after all; until then it does not begin to write."""
        self._words[_DOOMED] = doomed

    def beaten(self) -> float:
        """When the clerk last looked up."""
        return self._times[_BEAT]

    def records(self) -> list[tuple]:
        """The records since the last time: (id, connection, seconds, bytes, rows or None, cached).

        Raises: Overrun where there cannot be so many, or one of them cannot be.
        """
        count = self._words[_WRITTEN]
        if not 0 <= count - self.written <= ROOM:
            raise Overrun(f"{count - self.written} records")
        first, last = self.written % ROOM, self.written % ROOM + count - self.written
        found = b""
        for begin, end in ((first, min(last, ROOM)), (0, last - ROOM)):
            if end > begin:
                found += self._map[_RECORDS_AT + begin * _RECORD.size : _RECORDS_AT + end * _RECORD.size]
        self.written = count
        self._words[_READ] = count
        records = []
        for id_, number, took_s, sent, rows, cached in _RECORD.iter_unpack(found):
            if not (0 <= took_s < math.inf and cached <= 2):
                raise Overrun("a record that cannot be")
            records.append((id_, number, took_s, sent, None if rows == UNCOUNTED else rows, cached))
        return records

    def close(self):
        for view in (self._words, self._times):
            view.release()
        self._map.close()


def descriptor() -> int:
    """Anonymous memory for a new board, to be given to a clerk."""
    made = os.memfd_create("incsr-board", os.MFD_CLOEXEC)
    os.ftruncate(made, SIZE)
    return made
