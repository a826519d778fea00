"""The express lane: `GET /sparql?query=…` from the parser's callback to the evaluator and back, taskless.

What it says is what the long way (`incsr.front`) says: refusals and headers come from the same functions, and
are kept ready for the next answer of the same kind. Whatever is not plainly a query sent by GET takes the
long way.
"""

import asyncio
import re

from incsr.admission import HOST, budget_of, client_of
from incsr.cache import Entry
from incsr.conditions import answer_tag
from incsr.encodings import COMPRESSING, WORTH_BYTES, compressed, preferred
from incsr.endpoint import protocol
from incsr.forms import BadEncoding, decoded
from incsr.headers import SECURITY, tagged
from incsr.messages import Limits, Problem, ReadJob, Response
from incsr.namespaces import BASE
from incsr.query.repeatable import is_repeatable
from incsr.reply import LENT_BYTES, Reply
from incsr.workers.terms import NEVER_US

# A request with one of these is no plain GET, or needs more than the lane looks at.
_UNUSUAL = frozenset((b"content-length", b"transfer-encoding", b"expect", b"upgrade", b"if-match"))
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}\Z")
_BLOCKS = 256


class _Nobody:
    """Stands for the event that uvicorn sets for an application that waits: here none does."""

    def set(self):
        """Nobody waits."""


_NOBODY = _Nobody()


class Lane:
    """The way that plain queries take."""

    def __init__(self, front):
        self.front = front
        self.pool = front.pool
        self.cache = front.cache
        self.settings = settings = front.settings
        self.start = f"{settings.url_prefix}/sparql?".encode()
        self.path = f"{settings.url_prefix}/sparql"
        self.limits = Limits(settings.timeout_s, settings.max_rows, settings.max_bytes)
        self.cors = settings.cors.encode("latin-1", "replace")
        self._blocks: dict = {}

    def taken(self, wire) -> "Ride | None":
        """Take a request whose head is complete; None where it goes the long way."""
        url = wire.url
        if not url.startswith(self.start) or len(url) == len(self.start):
            return None
        if wire.flow.write_paused or b"#" in url:
            return None
        parser = wire.parser
        if parser.get_method() != b"GET" or parser.get_http_version() != "1.1" or parser.should_upgrade():
            return None
        accept = encodings = condition = origin = request_id = None
        hosts = size = 0
        for name, value in wire.headers:
            size += len(name) + len(value) + 4
            if name == b"accept":
                accept = value if accept is None else accept + b", " + value
            elif name == b"host":
                hosts += 1
                host = value
            elif name == b"accept-encoding":
                encodings = value if encodings is None else encodings + b", " + value
            elif name == b"if-none-match":
                condition = value if condition is None else condition + b", " + value
            elif name == b"origin":
                origin = value
            elif name == b"x-request-id":
                request_id = value
            elif name in _UNUSUAL:
                return None
        front, settings = self.front, self.settings
        if (
            hosts != 1
            or not HOST.match(host)
            or size > settings.max_header_bytes
            or len(url) > settings.max_url_bytes
            or front.busy >= settings.max_requests
        ):
            return None
        client = wire.client[0] if wire.client else ""
        if settings.trusted_proxies or settings.rate:
            client = client_of({"client": wire.client, "headers": wire.headers}, settings.trusted_proxies)
            if front.admission.comes_too_often(budget_of(client)):
                # The long way says so, and does not count the visit twice.
                return None
        ride = Ride(self, wire, client, url[len(self.start) :], accept, encodings, condition, origin)
        if request_id is not None and settings.trusted_proxies and _REQUEST_ID.match(request_id):
            ride.id = request_id.decode("ascii")
        return ride.begin()

    def job(self, ride) -> ReadJob | Response:
        """What the request asks for, or why not."""
        raw = ride.query
        if raw.startswith(b"query=") and b"&" not in raw and len(raw) <= self.settings.max_query_bytes:
            try:
                text = decoded(raw[6:])
            except BadEncoding:
                return protocol.plan(ride.request(), self.settings)
            accept = ride.accept.decode("latin-1") if ride.accept is not None else None
            return ReadJob("query", text, None, None, None, accept, None, BASE, self.limits)
        return protocol.plan(ride.request(), self.settings)

    def block(self, head, limits, origin, request) -> bytes:
        """The header lines of every answer of a kind, as the protocol code says them."""
        key = (head, limits, origin)
        block = self._blocks.get(key)
        if block is None:
            if len(self._blocks) >= _BLOCKS:
                self._blocks.clear()
            response = protocol.finish(request(), ReadJob("query", limits=limits), (head, b""), self.settings)
            fields = [(n.lower(), v) for n, v in response.headers if n.lower() != "content-length"]
            named = {name for name, _value in fields}
            fields += [pair for pair in SECURITY if pair[0] not in named]
            block = "".join(f"{name}: {value}\r\n" for name, value in fields).encode("latin-1")
            self._blocks[key] = block
        return block


class Ride(Reply):
    """One request in the lane, as uvicorn's protocol sees a cycle of request and response."""

    __slots__ = (
        "accept",
        "body",
        "condition",
        "leads",
        "more_body",
        "task",
        "version",
    )
    message_event = _NOBODY
    response_started = False  # asked of a request whose body is still to come, which none here has

    def __init__(self, lane, wire, client, query, accept, encodings, condition, origin):
        super().__init__(lane, wire, client, query, encodings, origin)
        self.accept = accept
        self.condition = condition
        self.body = bytearray()
        self.more_body = self.leads = False
        self.task = None
        self.version = ""

    def begin(self) -> "Ride":
        """Answer from what is held, join who asked the same, or have it evaluated."""
        lane = self.lane
        lane.front.busy += 1
        self.wire.ride = self
        try:
            self._begin()
        except Exception as error:
            self._internal(error)
        return self

    def _begin(self):
        lane = self.lane
        cache = lane.cache
        if cache.max_bytes:
            self.version = lane.pool.version
            self.key = (self.query, self.accept)
            entry = cache.get(self.version, self.key)
            if entry is not None:
                cache.counts["hits"] += 1
                self.cached = "hit"
                self.rows = entry.rows
                self.give(entry)
                return
            problem = cache.failure(self.version, self.key)
            if problem is not None:
                self.cached = "hit"
                self.job = lane.job(self)
                self.refuse(problem)
                return
        job = lane.job(self)
        if isinstance(job, Response):
            self.outcome = "refused" if job.status >= 400 else ""
            self.respond(job)
            return
        self.job = job
        if cache.max_bytes and is_repeatable(job):
            cache.counts["misses"] += 1
            self.cached = "miss"
            if self.condition is not None and self.unchanged(answer_tag(self.version, job), job.limits):
                return
            if cache.join(self.version, self.key, self.told):
                self.cached = "shared"
                return
            self.leads = True
        else:
            self.key = None
        self.evaluate()

    def evaluate(self):
        self.task = self.lane.pool.submit(self.job, self.answered)

    def told(self, outcome):
        """What came of the evaluation that this request waited for."""
        if self.disconnected:
            return
        try:
            if isinstance(outcome, Entry):
                self.rows = outcome.rows
                self.give(outcome)
            elif isinstance(outcome, Problem):
                self.refuse(outcome)
            else:
                self.evaluate()
        except Exception as error:
            self._internal(error)

    def answered(self, answer):
        """The pool has an answer, or the beginning of one."""
        try:
            self._answered(answer)
        except Exception as error:
            self._land(None)
            self._internal(error)

    def _answered(self, answer):
        if self.disconnected:
            self._land(None)
            return
        if answer.problem is not None:
            problem = answer.problem
            timed_out = problem.code == "timeout"
            if timed_out and answer.tried and self.key is not None:
                self.lane.cache.failed(answer.version, self.key, problem)
            # Others fail as this one did only where it lies in the question.
            self._land(problem if timed_out or problem.status < 500 else None)
            self.refuse(problem)
            return
        tag = ""
        if self.key is not None and answer.version:
            tag = answer_tag(answer.version, self.job)
        self.wire.spent_us = answer.spent_us
        if answer.body is None:
            self.wire.spent_us = NEVER_US
            # Nobody else can be given a stream.
            self._land(None)
            self.wire.loop.create_task(self.stream(answer, tag))
            return
        self.rows = answer.rows
        entry = Entry(answer.head, answer.body, self.job.limits, tag, answer.rows, answer.spent_us)
        self.give(entry)
        if self.key is not None:
            self.lane.cache.put(answer.version, self.key, entry)
        self._land(entry)

    def _land(self, outcome):
        if self.leads:
            self.leads = False
            self.lane.cache.land(self.version, self.key, outcome)

    def unchanged(self, tag, limits) -> bool:
        """Answer 304 where the client holds what it asks for."""
        if not holds(self.condition, tag):
            return False
        lane = self.lane
        lane.cache.counts["unchanged"] += 1
        self.outcome, self.rows = "unchanged", None
        coding = preferred(self.encodings)
        fields = self.lane.block(_NO_HEAD, limits, self.origin, self.request)
        self.write(304, fields + tagged(tag, coding), b"", length=False)
        return True

    def give(self, entry: Entry):
        """Send a whole answer."""
        self.wire.spent_us = entry.spent_us
        if self.condition is not None and entry.tag and self.unchanged(entry.tag, entry.limits):
            return
        coding = ""
        body = entry.body
        if self.encodings is not None and len(body) >= WORTH_BYTES:
            coding = preferred(self.encodings)
            if coding:
                held = entry.variants.get(coding)
                if held is None:
                    self.wire.loop.create_task(self.compress(entry, coding))
                    return
                body = held
        self.send(entry, coding, body)

    async def compress(self, entry, coding):
        try:
            await compressed_variant(self.lane, self.key, entry, coding)
            if not self.disconnected:
                self.send(entry, coding, entry.variants[coding])
        except Exception as error:
            self._internal(error)

    def send(self, entry, coding, body):
        fields = entry.rendered.get((coding, self.origin))
        if fields is None:
            fields = self.lane.block(entry.head, entry.limits, self.origin, self.request)
            if entry.tag:
                fields += tagged(entry.tag, coding)
            if coding:
                fields += b"content-encoding: " + coding.encode() + b"\r\n"
            entry.rendered[(coding, self.origin)] = fields
        if len(body) > LENT_BYTES:
            self.lend(entry, fields, body)
        else:
            self.write(entry.head.status, fields, body)

    def lend(self, entry, fields, body):
        """Send a large answer that is kept as its client reads it; its readers share the room for it."""
        cache = self.lane.cache
        if not entry.readers:
            if not cache.collect(entry.size):
                # Clients that read slowly hold enough already; evaluated anew, it waits in an evaluator.
                if self.job is None:
                    self.job = self.lane.job(self)
                cache.counts["hits"] -= self.cached == "hit"
                cache.counts["misses"] += 1
                self.cached = "miss"
                self.evaluate()
                return
            entry.lent = entry.size
        entry.readers += 1
        self.wire.loop.create_task(self.lending(entry, fields, body))

    def refuse(self, problem: Problem):
        self.outcome = problem.code
        self.respond(protocol.finish(self.request(), self.job, problem, self.lane.settings))

    def lost(self):
        """The client has gone; its query goes too."""
        self.disconnected = True
        self.wire.ride = None
        if not self.response_complete:
            self.response_complete = True
            self.status, self.outcome = 499, "cancelled"
            if self.task is not None:
                self.task.cancel()
            self._land(None)
            self._over()


_NO_HEAD = protocol.Head(304)


def holds(condition: bytes, tag: str) -> bool:
    """Whether If-None-Match names an answer, in whatever coding (weak comparison, RFC 9110, 13.1.2)."""
    if condition.strip() == b"*":
        return False  # whether the answer exists is not known before it is asked for
    for each in condition.decode("latin-1").split(","):
        each = each.strip().removeprefix("W/").strip('"')
        if each == tag or (each.startswith(f"{tag}-") and each[len(tag) + 1 :] in ("gzip", "br")):
            return True
    return False


async def compressed_variant(lane, key, entry, coding):
    """Make a variant of an entry, once for all who want it meanwhile; on a thread where that takes long."""
    if len(entry.body) <= 16_384:
        variant = compressed(coding, entry.body)
    else:
        coming = entry.coming.get(coding)
        if coming is None:
            coming = lane.pool.loop.run_in_executor(COMPRESSING, compressed, coding, entry.body)
            entry.coming[coding] = coming
        try:
            variant = await asyncio.shield(coming)  # others may wait for it
        finally:
            entry.coming.pop(coding, None)  # one that has failed is tried anew
    if coding not in entry.variants:
        entry.variants[coding] = variant
        lane.cache.grow(key, entry, len(variant))
