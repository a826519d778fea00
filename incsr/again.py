"""A request that comes again byte for byte is answered without being parsed again.

What the express lane has answered from the cache is remembered by the bytes it came in, where those were one
whole request. The same bytes at the beginning of a message mean the same request, so that only what may have
changed since is looked at: the data, the cache, how much there is to do. Whatever is not plainly a hit goes
the lane's way. Nothing is remembered where requests are counted by client or speak of one (`--rate`,
`--trusted-proxies`).
"""

import time

from incsr.encodings import WORTH_BYTES, preferred
from incsr.express import Ride
from incsr.log import new_id
from incsr.reply import LENT_BYTES, LINES

MOST = 1024
LONGEST_BYTES = 4096


class Known:
    """What a request was found to ask for."""

    __slots__ = ("coding", "key", "lendable", "origin")

    def __init__(self, ride, lendable):
        self.lendable = lendable
        self.key = ride.key
        self.coding = preferred(ride.encodings) if ride.encodings is not None else ""
        self.origin = ride.origin


class Again:
    """The requests that are known, and the way to answer them; looks like an exchange to who notes it."""

    cached, outcome, status, job = "hit", "answered", 200, None

    def __init__(self, lane):
        self.lane = lane
        self.path = lane.path
        self.cache, self.pool, self.front = lane.cache, lane.pool, lane.front
        settings = lane.settings
        self.most = MOST if not settings.rate and not settings.trusted_proxies else 0
        self.known: dict[bytes, Known] = {}
        self.began = 0.0
        self.id = self.client = ""
        self.sent = 0
        self.rows: int | None = None

    def remember(self, data: bytes, cycle, lendable=None):
        """Remember the bytes of one whole request, if it was plainly answered from the cache."""
        if type(cycle) is not Ride or cycle.cached != "hit" or cycle.status != 200 or not self.most:
            return
        if not cycle.keep_alive or cycle.condition is not None or len(data) > LONGEST_BYTES:
            return
        secret = data.lower()
        if b"\nauthorization:" in secret or b"\ncookie:" in secret:
            return
        # What ends otherwise has bytes before the request or behind it that the parser has passed over.
        if not data.endswith(b"\r\n\r\n"):
            return
        if len(self.known) >= self.most:
            del self.known[next(iter(self.known))]
        self.known[data] = Known(cycle, lendable)

    def answered(self, wire, data: bytes) -> bool:
        """Answer what came on a connection between two messages, if it is known and a hit."""
        known = self.known.get(data) if len(data) <= LONGEST_BYTES else None
        if known is None:
            return False
        self.began = time.perf_counter()
        entry = self.cache.get(self.pool.version, known.key)
        if entry is None:
            return False
        front = self.front
        if front.busy >= front.settings.max_requests or wire.flow.write_paused:
            return False
        body, coding = entry.body, known.coding
        if coding:
            if len(body) < WORTH_BYTES:
                coding = ""
            else:
                body = entry.variants.get(coding)
        fields = entry.rendered.get((coding, known.origin))
        if body is None or fields is None or len(body) > LENT_BYTES:
            return False
        wire.lendable, wire.spent_us = known.lendable, entry.spent_us
        self.cache.counts["hits"] += 1
        self.id = number = new_id()
        self.client = wire.client[0] if wire.client else ""
        self.rows = entry.rows
        self.sent = size = len(body)
        head = b"%b%b%bx-request-id: %b\r\ncontent-length: %d\r\n\r\n" % (
            *(LINES[200], wire.listener.date_line, fields, number.encode(), size),
        )
        if size < 65536:
            wire.put(head + body)
        else:
            wire.put(head, body)
        wire.head_since = None
        wire.at_rest()
        front.noted("GET", self.path, self)
        return True
