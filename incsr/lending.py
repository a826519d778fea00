"""When a connection is lent to a clerk (`incsr.workers.clerk`), and what is noted of its answers there.

Lent is a connection that has asked a few plain queries by GET, in the same header lines, and is at rest. How
long one stays away from clerks that comes back, shows how much it had of them. Nothing is lent where requests
are counted by client, where their texts are logged, or where even quick ones count as slow.
"""

import itertools
import time

from incsr.admission import budget_of
from incsr.encodings import preferred
from incsr.express import Ride
from incsr.workers import terms

# Requests that a connection asks of the front before it is lent.
FIRST = 3
# Longer header lines are not remembered.
LONGEST_BLOCK_BYTES = 2048
# So often in a row a clerk may know too little of what is asked on a connection.
CREDIT = 32.0
# A connection that had so few answers of a clerk is lent less and less often.
WORTHWHILE = 4
MOST_PATIENCE = 64
# A connection whose request had its clerk ended is not lent for so many requests.
BANNED = 10_000
# Nor is any other connection of the same client, for a moment.
BANNED_S = 10.0
MOST_BANNED = 1024
# A query that is logged as slow sooner than this may be one that clerks answer.
SLOW_QUERY_S = 0.5
# What a clerk's board says of its cache.
_CACHED = ("miss", "hit", "none")


def is_on(settings) -> bool:
    """Whether anything is lent."""
    return bool(
        settings.clerks
        and not settings.rate
        and not settings.trusted_proxies
        and not settings.log_queries
        and settings.slow_query_s >= SLOW_QUERY_S
    )


def client_budget(wire) -> str:
    """The client of a connection, as limits know it."""
    return budget_of(wire.client[0]) if wire.client else ""


class Lendable:
    """Header lines, byte for byte, and what the front found in them."""

    __slots__ = ("asked", "block", "origin")

    def __init__(self, block: bytes, ride: Ride):
        self.block = block
        self.origin = ride.origin
        accept = ride.accept.decode("latin-1") if ride.accept is not None else None
        coding = preferred(ride.encodings) if ride.encodings is not None else ""
        self.asked = (accept, coding, ride.origin)


class Lending:
    """What is lent by one listener."""

    def __init__(self, lane):
        settings = lane.settings
        self.lane = lane
        self.front = lane.front
        self.desks = lane.pool.desks
        self.start = b"GET " + lane.start + b"query="
        self.on = is_on(settings)
        self.numbers = itertools.count(1)
        self.blocks: dict[bytes, Lendable] = {}
        self.banned: dict[str, float] = {}  # until when, by client
        self.desks.noted = self.noted
        limits = lane.limits
        self.desks.settings = {
            "start": lane.start.decode(),
            "timeout_s": limits.timeout_s,
            "max_rows": limits.max_rows,
            "max_bytes": limits.max_bytes,
            "max_url_bytes": settings.max_url_bytes,
            "max_query_bytes": settings.max_query_bytes,
            "keeps": bool(settings.cache_bytes),
        }

    def lendable(self, data: bytes, cycle) -> Lendable | None:
        """What the bytes of one whole request, and how it was read, say for lending its connection."""
        if not self.on or type(cycle) is not Ride or not cycle.keep_alive or cycle.condition is not None:
            return None
        if len(data) > terms.LONGEST_BYTES or not data.startswith(self.start):
            return None
        block = data[data.index(b"\r\n") + 2 :]
        if len(block) > LONGEST_BLOCK_BYTES:
            return None
        known = self.blocks.get(block)
        if known is None:
            secret = block.lower()
            # What ends otherwise has bytes behind it that the parser has passed over.
            if not block.endswith(b"\r\n\r\n") or b"authorization:" in secret or b"cookie:" in secret:
                return None
            if len(self.blocks) >= terms.KNOWN_BLOCKS:
                self.blocks.clear()
            known = self.blocks[block] = Lendable(block, cycle)
        return known

    def consider(self, wire):
        """Lend a connection whose last request has been answered, if it is time."""
        cycle = wire.cycle
        answered = type(cycle) is not Ride or cycle.status == 200
        if wire.teaches:
            # The first answer since it came back, and no other, tells what that query cost.
            wire.teaches, wire.lesson = False, wire.spent_us if answered else None
        if wire.lend_after:
            wire.lend_after -= 1
            return
        transport = wire.transport
        if not answered or (self.banned and self.is_banned(wire)):
            return
        if transport.is_closing() or transport.get_write_buffer_size():
            return
        if wire.pipeline or wire.broken is not None or wire.descriptor < 0:
            return
        desk = self.desks.chosen(wire.desk)
        if desk is None:
            return
        if not wire.number:
            wire.number = next(self.numbers)
        lendable = wire.lendable
        lease = (wire.family, lendable.block, lendable.asked, wire.lesson if desk is wire.desk else None)
        transport.pause_reading()
        if desk.lend(wire.number, wire, lease, self.answers(lendable.origin)):
            wire.desk, wire.lent, wire.lesson = desk, True, None
        else:
            transport.resume_reading()
            wire.lend_after = WORTHWHILE

    def is_banned(self, wire) -> bool:
        """Whether a query of the same client has had a clerk ended a moment ago."""
        budget = client_budget(wire)
        until_s = self.banned.get(budget)
        if until_s is not None and until_s < time.monotonic():
            del self.banned[budget]
            return False
        return until_s is not None

    def answers(self, origin):
        """The header lines of answers as they are known: (media type, origin, lines)."""
        limits = self.lane.limits
        return [
            (head.content_type, origin, fields)
            for (head, held_for, of_origin), fields in self.lane._blocks.items()
            if held_for == limits and of_origin == origin and head.status == 200 and not head.headers
        ]

    def returned(self, wire, reason: int, served: int, banned: bool):
        """Decide when a connection that came back may be lent again."""
        wire.credit = min(CREDIT, wire.credit + served / WORTHWHILE)
        wire.teaches = not banned
        if banned:
            wire.lend_after = BANNED
            while len(self.banned) >= MOST_BANNED:
                del self.banned[next(iter(self.banned))]
            self.banned[client_budget(wire)] = time.monotonic() + BANNED_S
            return
        if reason in (terms.UNKNOWN, terms.UNTOLD) and wire.credit > 0:
            wire.credit -= 1
            wire.lend_after = 0
        elif reason in (terms.RESTING, terms.RECALLED, terms.GONE, terms.UNSENT, terms.AHEAD):
            wire.lend_after = FIRST
        else:
            wire.patience = 1 if served >= WORTHWHILE else min(MOST_PATIENCE, 2 * wire.patience)
            wire.lend_after = wire.patience

    def noted(self, lent, records):
        """Log and count answers that a clerk has given; `lent`: connections by number."""
        said = dict.fromkeys({record[1] for record in records})
        for number in said:
            wire = lent.get(number)
            said[number] = self.front.said_of(wire.client[0] if wire is not None and wire.client else "")
        answers = [
            (f"{id_:016x}", sent, rows, took_s, _CACHED[cached], said[number])
            for id_, number, took_s, sent, rows, cached in records
        ]
        states, counts = [record[5] for record in records], self.front.cache.counts
        counts["misses"] += states.count(0)
        counts["hits"] += states.count(1)
        self.front.answered(self.lane.path, answers)
