"""What a clerk writes down where the front can read it, whatever becomes of the clerk: shared memory.

At the top stands what the clerk is doing, for whom, and since when; below, a ring of the answers it has
given, for log and metrics. The front reads both a few times a second, and once more after the clerk's end.
It believes nothing: a clerk has read untrusted text.
"""

import math
import mmap
import os
import struct

IDLE, EVALUATING, WRITING = 0, 1, 2

# What is being done, for which connection, since when (seconds of the monotonic clock); records ever written;
# when the clerk last looked up; records that the front has read.
_TOP = struct.Struct("<IId")
_COUNT = struct.Struct("<Q")
_BEAT = struct.Struct("<d")
# An answer's id, connection, seconds, bytes of its body, rows, and whether it was kept and asked again.
_RECORD = struct.Struct("<QIfIII")
_COUNT_AT, _BEAT_AT, _READ_AT, _RECORDS_AT = 16, 24, 32, 64
ROOM = 4096
UNCOUNTED = 0xFFFFFFFF
SIZE = _RECORDS_AT + ROOM * _RECORD.size


class Overrun(ValueError):
    """The board says what no honest clerk writes."""


class Board:
    """One clerk's board; both sides map the same descriptor."""

    __slots__ = ("_map", "written")

    def __init__(self, descriptor: int):
        self._map = mmap.mmap(descriptor, SIZE)
        self.written = 0  # by the clerk; on the front's side: read

    # ── the clerk's side ────────────────────────────────────────────────────

    def doing(self, what: int, number: int, since_s: float):
        _TOP.pack_into(self._map, 0, what, number, since_s)

    def rests(self):
        self._map[0] = IDLE

    def beat(self, now_s: float):
        _BEAT.pack_into(self._map, _BEAT_AT, now_s)

    def is_full(self) -> bool:
        """Whether the front has to read before another record is written."""
        return self.written - _COUNT.unpack_from(self._map, _READ_AT)[0] >= ROOM

    def record(self, id_: int, number: int, took_s: float, sent: int, rows: int | None, cached: int):
        place = _RECORDS_AT + self.written % ROOM * _RECORD.size
        counted = UNCOUNTED if rows is None else min(rows, UNCOUNTED - 1)
        _RECORD.pack_into(self._map, place, id_, number, took_s, sent, counted, cached)
        self.written += 1
        _COUNT.pack_into(self._map, _COUNT_AT, self.written)

    # ── the front's side ────────────────────────────────────────────────────

    def seen(self) -> tuple[int, int, float]:
        """What is being done, for which connection, since when."""
        return _TOP.unpack_from(self._map, 0)

    def beaten(self) -> float:
        """When the clerk last looked up."""
        return _BEAT.unpack_from(self._map, _BEAT_AT)[0]

    def records(self):
        """The records since the last time: (id, connection, seconds, bytes, rows or None, cached).

        Raises: Overrun where there cannot be so many.
        """
        (count,) = _COUNT.unpack_from(self._map, _COUNT_AT)
        if not 0 <= count - self.written <= ROOM:
            raise Overrun(f"{count - self.written} records")
        while self.written < count:
            place = _RECORDS_AT + self.written % ROOM * _RECORD.size
            id_, number, took_s, sent, rows, cached = _RECORD.unpack_from(self._map, place)
            self.written += 1
            _COUNT.pack_into(self._map, _READ_AT, self.written)
            if not (math.isfinite(took_s) and took_s >= 0 and cached <= 2):
                raise Overrun("a record that cannot be")
            yield id_, number, took_s, sent, (None if rows == UNCOUNTED else rows), cached

    def close(self):
        self._map.close()


def descriptor() -> int:
    """Anonymous memory for a new board, to be given to a clerk."""
    made = os.memfd_create("incsr-board", os.MFD_CLOEXEC)
    os.ftruncate(made, SIZE)
    return made
