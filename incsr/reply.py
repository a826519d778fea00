"""How a response of the express lane gets onto the wire: whole, as it is evaluated, or out of what is kept.

A large answer goes as its client reads it, and no faster; who does not read is given up. An answer that
breaks off ends its connection, so that nobody takes a half for the whole.
"""

import asyncio
import time
from http import HTTPStatus

from incsr.cache import Entry
from incsr.encodings import COMPRESSING, Coder, preferred
from incsr.headers import SECURITY, tagged
from incsr.log import new_id
from incsr.messages import Request, Response
from incsr.workers.answers import Broken
from incsr.workers.terms import NEVER_US

# A kept answer that is larger is sent in pieces of this size, as its client reads them.
LENT_BYTES = 256 * 1024
NOT_READ = "not read"
LINES = {
    200: b"HTTP/1.1 200 OK\r\n",
    304: b"HTTP/1.1 304 Not Modified\r\n",
}


class Reply:
    """A request of the lane `lane` on the connection `wire`, and the response to it, of whatever origin."""

    __slots__ = (
        "began",
        "cached",
        "client",
        "disconnected",
        "encodings",
        "id",
        "job",
        "keep_alive",
        "key",
        "lane",
        "origin",
        "outcome",
        "query",
        "response_complete",
        "rows",
        "sent",
        "status",
        "wire",
    )

    def __init__(self, lane, wire, client, query, encodings, origin):
        self.began = time.perf_counter()
        self.lane = lane
        self.wire = wire
        self.client = client
        self.query = query
        self.encodings = encodings
        # One of all others stands for them: they are answered alike, and each would be remembered.
        self.origin = origin if origin is None or origin == lane.cors else b""
        self.id = new_id()
        self.keep_alive = wire.parser.should_keep_alive()
        self.disconnected = self.response_complete = False
        self.job = self.key = None
        self.cached = "none"
        self.status = self.sent = 0
        self.rows = None
        self.outcome = "answered"

    def _internal(self, error):
        lane = self.lane
        lane.front.log("error", "a request failed", id=self.id, error=f"{type(error).__name__}: {error}")
        self.outcome = "internal"
        if self.status:
            self.break_off()
        else:
            self.respond(lane.front.failure(self.request(), self.id))

    def request(self) -> Request:
        """The request as the protocol code sees it."""
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in self.wire.headers
            if name != b"x-request-id"
        ]
        headers.append(("x-request-id", self.id))
        lane = self.lane
        return Request("GET", lane.path, self.query.decode("latin-1"), tuple(headers), b"", self.client)

    def respond(self, response: Response):
        """Send a whole response as it is."""
        fields, names = [], set()
        for name, value in response.headers:
            name = name.lower()
            names.add(name)
            if name not in ("content-length", "x-request-id"):
                fields.append(f"{name}: {value}\r\n")
        fields += [f"{name}: {value}\r\n" for name, value in SECURITY if name not in names]
        self.write(response.status, "".join(fields).encode("latin-1"), response.body)

    def write(self, status, fields, body, length=True):
        """Put a whole response on the wire and be done."""
        self.status, self.sent = status, len(body)
        heading = self.heading(status, fields, len(body) if length else None)
        if len(body) < 65536:
            self.wire.put(heading + body)
        else:
            self.wire.put(heading, body)
        self.finish()

    def heading(self, status, fields, length: int | None) -> bytes:
        """A response up to its body; without a length for one that has none."""
        return b"".join(
            (
                LINES.get(status) or status_line(status),
                self.wire.listener.date_line,
                fields,
                b"x-request-id: ",
                self.id.encode(),
                b"\r\n" if self.keep_alive else b"\r\nconnection: close\r\n",
                b"\r\n" if length is None else b"content-length: %d\r\n\r\n" % length,
            )
        )

    async def stream(self, answer, tag):
        """Send a large answer as it comes; keep it if it is not too large for that."""
        wire, lane = self.wire, self.lane
        entry_parts, size, collected = [], 0, 0
        keeps = self.key is not None
        coder = None
        coding = preferred(self.encodings) if self.encodings is not None else ""
        if coding:
            coder = Coder(coding)
        try:
            fields = lane.block(answer.head, self.job.limits, self.origin, self.request)
            if tag:
                fields += tagged(tag, coding)
            if coding:
                fields += b"content-encoding: " + coding.encode() + b"\r\n"
            self.status = answer.head.status
            close = b"" if self.keep_alive else b"connection: close\r\n"
            wire.transport.write(
                b"".join(
                    (
                        status_line(answer.head.status),
                        wire.listener.date_line,
                        fields,
                        b"x-request-id: " + self.id.encode() + b"\r\n" + close,
                        b"transfer-encoding: chunked\r\n\r\n",
                    )
                )
            )
            async for chunk in answer.chunks:
                if self.disconnected:
                    return
                if keeps:
                    size += len(chunk)
                    if size <= lane.cache.largest and lane.cache.collect(len(chunk)):
                        collected = size
                        entry_parts.append(chunk)
                    else:
                        keeps, entry_parts = False, []
                        lane.cache.collected -= collected
                        collected = 0
                if coder is not None:
                    chunk = await wire.loop.run_in_executor(COMPRESSING, coder.more, chunk)
                if chunk:
                    self.sent += len(chunk)
                    wire.transport.writelines([b"%x\r\n" % len(chunk), chunk, b"\r\n"])
                if wire.flow.write_paused:
                    async with asyncio.timeout(lane.settings.body_timeout_s):
                        await wire.flow.drain()
            if self.disconnected:
                return
            rest = await wire.loop.run_in_executor(COMPRESSING, coder.end) if coder is not None else b""
            if rest:
                self.sent += len(rest)
                wire.transport.writelines([b"%x\r\n" % len(rest), rest, b"\r\n"])
            wire.transport.write(b"0\r\n\r\n")
            self.rows = answer.rows
            if keeps:
                body = b"".join(entry_parts)
                entry = Entry(answer.head, body, self.job.limits, tag, answer.rows, NEVER_US)
                lane.cache.put(answer.version, self.key, entry)
            self.finish()
        except Broken as broken:
            self.give_up(broken.problem.code)
        except TimeoutError:
            self.give_up(NOT_READ)
            wire.drop()
        except Exception as error:
            self._internal(error)
        finally:
            lane.cache.collected -= collected
            await answer.chunks.aclose()

    async def lending(self, entry, fields, body):
        cache, wire = self.lane.cache, self.wire
        try:
            self.status = entry.head.status
            wire.transport.write(self.heading(self.status, fields, len(body)))
            pieces = memoryview(body)
            for start in range(0, len(body), LENT_BYTES):
                piece = pieces[start : start + LENT_BYTES]
                self.sent += len(piece)
                wire.transport.write(piece)
                if wire.flow.write_paused:
                    async with asyncio.timeout(self.lane.settings.body_timeout_s):
                        await wire.flow.drain()
                if self.disconnected:
                    return
            self.finish()
        except TimeoutError:
            self.give_up(NOT_READ)
            wire.drop()
        except Exception as error:
            self._internal(error)
        finally:
            entry.readers -= 1
            if not entry.readers:
                cache.collected -= entry.lent

    def give_up(self, why: str):
        """The rest of an answer does not come, or its client does not read it."""
        front = self.lane.front
        front.log("warning", "an answer was broken off", id=self.id, why=why)
        front.metrics.broken += 1
        self.outcome = why
        self.break_off()

    def break_off(self):
        """Half an answer: closing without the last chunk is how the client learns of it."""
        self.keep_alive = False
        self.finish()

    def finish(self):
        """The response is complete."""
        if self.response_complete:
            return  # the client has gone meanwhile, and all is said and counted
        wire = self.wire
        self.response_complete = True
        wire.ride = None
        self._over()
        if not self.keep_alive:
            wire.transport.close()
        wire.on_response_complete()

    def _over(self):
        front = self.lane.front
        front.busy -= 1
        front.noted("GET", self.lane.path, self)


def status_line(status: int) -> bytes:
    """The line that begins a response."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()
