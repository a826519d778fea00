"""Answers kept for whoever asks the same again: by data version and request, bounded in bytes.

An entry is only given out for the version of the data that it was made from, so that nothing stale follows
an acknowledged write. Requests for the same thing at the same time share one evaluation (`Flight`). Knows no
HTTP; evaluates nothing.
"""

import time
from collections import OrderedDict

from incsr.messages import Head, Problem, ReadJob

# One answer may take this part of the whole, so that a large one does not put out all others.
LARGEST_PART = 4
# Large answers on their way, to be kept or out of what is kept, may take this part beside it.
COLLECTED_PART = 2
# What an entry costs beside its bodies and its question: its header lines twice, places in dictionaries.
OVERHEAD_BYTES = 2_000
# A query that hit its deadline would hit it again; so long it is not tried.
DEADLINE_KEPT_S = 5.0
FAILURES_KEPT = 1024

class Entry:
    """A complete answer, with its compressed variants as they come to be asked for."""

    __slots__ = (
        *("body", "coming", "head", "lent", "limits", "readers", "rendered", "rows", "size", "spent_us"),
        *("tag", "variants"),
    )

    def __init__(
        self, head: Head, body: bytes, limits, tag: str, rows: int | None = None, spent_us: int | None = None
    ):
        self.head = head
        self.body = body
        self.limits = limits
        self.tag = tag
        self.rows = rows
        self.spent_us = spent_us  # the processor time that it took, where that is known
        self.variants: dict[str, bytes] = {}
        self.coming: dict = {}  # variants that are being made
        self.rendered: dict = {}  # what the front has made of it, ready to be sent
        self.size = len(body) + OVERHEAD_BYTES
        self.readers = self.lent = 0  # who is being sent it piece by piece, and the room taken for that


def asked_bytes(key) -> int:
    """The length of the question that a key holds."""
    if isinstance(key, ReadJob):
        return len(key.text)
    return sum(len(part) for part in key if part) if isinstance(key, tuple) else 0


class Flight:
    """One evaluation that several requests wait for. The first leads; `land` tells the others."""

    __slots__ = ("waiting",)

    def __init__(self):
        self.waiting = []


class Cache:
    """Entries by key, for one version at a time; the least recently used go first."""

    def __init__(self, max_bytes: int, clock=time.monotonic):
        self.max_bytes = max_bytes
        self.bytes = self.collected = 0
        self.version = ""
        self.counts = dict.fromkeys(("hits", "misses", "shared", "unchanged", "evicted"), 0)
        self._clock = clock
        self._entries: OrderedDict = OrderedDict()
        self._failures: OrderedDict = OrderedDict()
        self._flights: dict = {}

    def __len__(self):
        return len(self._entries)

    @property
    def largest(self) -> int:
        """The size of the largest body that is kept."""
        return self.max_bytes // LARGEST_PART

    def get(self, version: str, key) -> Entry | None:
        """The answer to `key` on this version of the data, if it is held."""
        if version != self.version:
            self._turn(version)
            return None
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def collect(self, size: int) -> bool:
        """Take room for so many bytes more of large answers on their way; false where there is none."""
        if self.collected + size > self.max_bytes // COLLECTED_PART:
            return False
        self.collected += size
        return True

    def put(self, version: str, key, entry: Entry):
        """Keep an answer, unless it is too large or the data has moved on."""
        if len(entry.body) > self.largest or version != self.version:
            return
        entry.size += asked_bytes(key)
        old = self._entries.pop(key, None)
        if old is not None:
            self.bytes -= old.size
        self._entries[key] = entry
        self.bytes += entry.size
        self._fit()

    def grow(self, key, entry: Entry, more: int):
        """An entry has got a further variant."""
        if self._entries.get(key) is entry:
            entry.size += more
            self.bytes += more
            self._fit()

    def _fit(self):
        while self.bytes > self.max_bytes and self._entries:
            _key, entry = self._entries.popitem(last=False)
            self.bytes -= entry.size
            self.counts["evicted"] += 1

    def _turn(self, version):
        self._entries.clear()
        self._failures.clear()
        self.bytes = 0
        self.version = version

    # ── what failed ─────────────────────────────────────────────────────────

    def failed(self, version: str, key, problem: Problem):
        """Remember for some seconds that a query hit its deadline."""
        if not self.max_bytes or version != self.version:
            return
        self._failures[key] = (self._clock() + DEADLINE_KEPT_S, problem)
        if len(self._failures) > FAILURES_KEPT:
            self._failures.popitem(last=False)

    def failure(self, version: str, key) -> Problem | None:
        """The problem of a query that hit its deadline on this version a moment ago."""
        if not self._failures or version != self.version:
            return None
        held = self._failures.get(key)
        if held is None:
            return None
        if held[0] < self._clock():
            del self._failures[key]
            return None
        return held[1]

    # ── at the same time ────────────────────────────────────────────────────

    def join(self, version: str, key, told) -> bool:
        """Wait for the evaluation of the same question that is under way; `told` is called with an Entry, a
        Problem, or None, where everybody has to ask for himself.

        Returns: false where none is under way: then the caller leads one, and must `land` it.
        """
        if not self.max_bytes:
            return False
        flight = self._flights.get((version, key))
        if flight is None:
            self._flights[(version, key)] = Flight()
            return False
        self.counts["shared"] += 1
        flight.waiting.append(told)
        return True

    def land(self, version: str, key, outcome: Entry | Problem | None):
        """Tell everybody who waits what came of it."""
        flight = self._flights.pop((version, key), None)
        if flight is not None:
            for told in flight.waiting:
                told(outcome)
