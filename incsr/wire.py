"""HTTP/1.1 on the front's own event loop: connections, their time and their size; queries go the short way.

uvicorn's protocol on llhttp (httptools) reads requests and runs the ASGI application. Before it does, a
request for the endpoint may be taken by the express lane (`incsr.express`), which answers on the transport
without a task. Here is closed what only costs: heads that do not come or do not end, and idle connections.

Source: RFC 9112.
"""

import asyncio
import json
import logging
import os
import secrets
import socket
import struct
from collections import Counter
from email.utils import formatdate
from types import SimpleNamespace

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from incsr import headers
from incsr.admission import budget_of
from incsr.again import Again
from incsr.lending import CREDIT, FIRST, Lending
from incsr.namespaces import BASE

SWEEP_S = 0.25
IDLE_S = 75.0
CLOSING_S = 2.0
# The parser's URLs have places of 16 bits; of a longer one it says only that it is no URL.
PARSED_URL_BYTES = 65_535
# What a head may have beyond the largest target and headers, which have limits and answers of their own.
HEAD_SLACK_BYTES = 256 * 1024

_SILENT = logging.getLogger("incsr.wire")  # what has to be logged, the front logs, as JSON
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


class Listener:
    """The connections of one listening socket."""

    def __init__(self, front, settings, most_connections: int, lane=None):
        self.front = front
        self.lane = lane
        self.again = Again(lane) if lane is not None else None
        self.lending = Lending(lane) if lane is not None else None
        self.most_connections = most_connections
        # Behind a proxy all connections are the proxy's.
        self.most_of_client = None if settings.trusted_proxies else settings.max_client_connections
        self.clients: Counter = Counter()
        self.head_timeout_s = min(60.0, settings.body_timeout_s)
        self.most_url_bytes = settings.max_url_bytes
        self.most_head_bytes = settings.max_url_bytes + settings.max_header_bytes + HEAD_SLACK_BYTES
        self.state = ServerState()
        # What uvicorn's protocol reads of its Config; loading a whole one would take longer than it is worth.
        self.config = SimpleNamespace(
            loaded=True,
            loaded_app=front,
            ws_protocol_class=None,
            root_path="",
            asgi_version="3.0",
            limit_concurrency=None,
            timeout_keep_alive=IDLE_S,
            reset_contextvars=False,
        )
        self.loop = self.now = self.server = self.sweeper = None
        self.date_line = b""

    async def open(self, sock):
        """Listen on a socket that is bound already."""
        self.loop = asyncio.get_running_loop()
        self.now = self.loop.time
        self._tell_date()
        self.sweeper = self.loop.call_later(SWEEP_S, self._sweep)
        self.server = await self.loop.create_server(lambda: Wire(self), sock=sock, backlog=1024)

    def _tell_date(self):
        date = formatdate(usegmt=True).encode()
        if not self.date_line.endswith(date + b"\r\n"):
            self.date_line = b"date: " + date + b"\r\n"
            self.state.default_headers = [(b"date", date)]

    def _sweep(self):
        self._tell_date()
        now = self.now()
        for wire in list(self.state.connections):
            wire.check_time(now)
        self.sweeper = self.loop.call_later(SWEEP_S, self._sweep)

    async def close(self, within_s: float = CLOSING_S, hurried=lambda: False):
        """Listen no more, close what is idle, let answers that have begun end while nobody is `hurried`."""
        self.server.close()
        for wire in list(self.state.connections):
            wire.shutdown()
        end = self.now() + within_s
        while self.state.connections and self.now() < end and not hurried():
            await asyncio.sleep(0.01)
        self.sweeper.cancel()
        for wire in list(self.state.connections):
            wire.transport.abort()


class Wire(HttpToolsProtocol):
    """One connection."""

    def __init__(self, listener: Listener):
        super().__init__(listener.config, listener.state, {}, listener.loop)
        self.listener = listener
        self.lane = listener.lane
        self.logger = _SILENT
        self.access_log = False
        self.ride = None  # what the express lane is about to answer
        self.head_since: float | None = None  # since when the head of a request is awaited
        self.idle_since = 0.0
        self.closing_since: float | None = None
        self.head_bytes = 0
        self.counted: str | None = None  # the client that this connection is counted for
        self.descriptor = -1
        self.broken = None  # what is said, after the answers before, of what is no request
        self.again, self.lending = listener.again, listener.lending
        self.feeding = False  # within what the parser calls
        self.lendable = None  # what the last request says for lending this connection
        self.lent = False
        self.desk = None  # the clerk's that has it, or had it last
        self.number = 0
        self.lend_after = FIRST
        self.patience, self.credit = 1, CREDIT
        self.spent_us: int | None = None  # the processor time that the last answer took, where that is known
        self.teaches, self.lesson = False, None  # whether the next answer tells a clerk a cost; that cost
        self.family = socket.AF_INET
        self.between = True  # two messages; whatever comes begins a new one
        self.begun = 0  # messages in what came last

    def connection_made(self, transport):
        super().connection_made(transport)
        sock = transport.get_extra_info("socket")
        self.descriptor = sock.fileno() if sock is not None else -1
        if sock is not None:
            self.family = int(sock.family)
        self.head_since = self.listener.now()
        listener = self.listener
        if len(self.connections) > listener.most_connections:
            self.refuse(503, "Service busy", "There are too many connections.", "busy")
        if listener.most_of_client is not None and self.client:
            self.counted = budget_of(self.client[0])
            listener.clients[self.counted] += 1
            if listener.clients[self.counted] > listener.most_of_client:
                detail = f"One client may have {listener.most_of_client} connections."
                self.refuse(429, "Too many connections", detail, "rate")

    def connection_lost(self, exc):
        super().connection_lost(exc)
        self.pipeline.clear()
        if self.counted is not None:
            clients = self.listener.clients
            clients[self.counted] -= 1
            if not clients[self.counted]:
                del clients[self.counted]
        if self.ride is not None:
            self.ride.lost()

    def check_time(self, now: float):
        """Close a connection whose head does not come in time, or that has been idle for long, for good."""
        if self.lent:
            return  # its clerk gives back what rests
        if self.transport.is_closing():
            # It waits for a client that may never read what is still to be sent.
            self.closing_since = self.closing_since or now
            if now - self.closing_since > self.listener.head_timeout_s:
                self.drop()
        elif self.head_since is not None:
            if now - self.head_since > self.listener.head_timeout_s:
                self.transport.close()
        elif (self.cycle is None or self.cycle.response_complete) and now - self.idle_since > IDLE_S:
            self.transport.close()

    def drop(self):
        """Reset the connection: the kernel would try to send what it holds for minutes after a close."""
        sock = self.transport.get_extra_info("socket")
        if sock is not None and sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def put(self, *parts: bytes):
        """Write, at once what the kernel takes: the loop would do so only when everything else is done."""
        transport = self.transport
        if self.descriptor >= 0 and not transport.is_closing() and not transport.get_write_buffer_size():
            try:
                sent = os.writev(self.descriptor, parts)
            except OSError:
                sent = 0  # the transport finds out what is wrong, if it is more than a full buffer
            for part in parts:
                if sent < len(part):
                    transport.write(memoryview(part)[sent:] if sent else part)
                sent = max(0, sent - len(part))
            return
        transport.writelines(parts)

    def data_received(self, data):
        if self.broken is not None:
            return
        again = self.again
        if again is not None:
            cycle = self.cycle
            free = self.between and (cycle is None or cycle.response_complete)
            if free and again.answered(self, data):
                if self.lendable is not None:
                    self.lending.consider(self)
                if self.lane.pool.is_quiet():
                    self.lane.pool.linger()
                return
            self.begun = 0
        if self.head_since is not None:
            self.head_bytes += len(data)
            if self.head_bytes > self.listener.most_head_bytes:
                detail = "The head of the request does not end."
                self.fail(431, "The headers are too large", detail, "headers-too-large")
                return
        self.feeding = True
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return
        except httptools.HttpParserInvalidMethodError:
            self.fail(501, "The method is not known", "No resource here takes it.", "unknown-method")
        except httptools.HttpParserError:
            self.send_400_response("")
        self.feeding = False
        if again is not None:
            # Bytes that were one whole request, no more and no less.
            if free and self.between and self.begun == 1:
                self.lendable = self.lending.lendable(data, self.cycle)
                again.remember(data, self.cycle, self.lendable)
                if self.lendable is not None and self.cycle.response_complete:
                    self.lending.consider(self)
            else:
                self.lendable, self.teaches = None, False
            if self.lane.pool.is_quiet():
                self.lane.pool.linger()

    def send_400_response(self, msg):
        self.fail(400, "This is no HTTP request", "It breaks the rules of RFC 9112.", "bad-request")

    def fail(self, *said):
        """Nothing that comes can be read any more: say so, once the requests before have their answers."""
        self.broken = said
        cycle = self.cycle
        if cycle is not None and cycle.more_body and not cycle.response_complete:
            # What cannot be read is this request's own body.
            if self.pipeline:
                self.pipeline.popleft()
            elif cycle.response_started:
                self.drop()
            else:
                self.refuse(*said)
        elif cycle is None or cycle.response_complete:
            self.refuse(*said)

    def refuse(self, status, title, detail, code):
        """Answer what never becomes a request, and close."""
        if self.transport.is_closing():
            return
        members = {"type": f"{BASE}problem/{code}", "title": title, "status": status, "detail": detail}
        body = json.dumps(members).encode() + b"\n"
        fields = [
            ("x-request-id", secrets.token_hex(8)),
            ("content-type", "application/problem+json"),
            ("content-length", str(len(body))),
            ("connection", "close"),
            ("cache-control", "no-store"),
            *headers.SECURITY,
        ]
        head = "".join(f"{name}: {value}\r\n" for name, value in fields).encode()
        self.transport.write(STATUS_LINE[status] + self.listener.date_line + head + b"\r\n" + body)
        self.transport.close()

    def on_message_begin(self):
        if self.broken is not None:
            return
        self.between = False
        self.begun += 1
        # The scope that uvicorn makes here is only wanted where the ASGI application is called.
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self.head_since = self.listener.now()
        self.head_bytes = 0

    def on_header(self, name, value):
        # Trailers would be added to a request that is being answered, and have no end.
        if self.head_since is not None:
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
            self.headers.append((name, value))

    def on_body(self, body):
        if self.broken is None:
            super().on_body(body)

    def on_message_complete(self):
        self.between = True
        if self.broken is None:
            super().on_message_complete()

    def on_headers_complete(self):
        if self.broken is not None:
            return
        self.head_since = None
        if len(self.url) > PARSED_URL_BYTES:
            most = min(self.listener.most_url_bytes, PARSED_URL_BYTES)
            detail = f"It has {len(self.url)} bytes; at most {most} are read."
            self.fail(414, "The address is too long", detail, "uri-too-long")
            return
        if self.lane is not None and (self.cycle is None or self.cycle.response_complete):
            ride = self.lane.taken(self)
            if ride is not None:
                self.cycle = ride
                return
        read = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.headers, self.expect_100_continue = read
        self.scope["headers"] = self.headers
        super().on_headers_complete()

    def _start_asgi_task(self, cycle, app):
        if cycle.scope["http_version"] == "1.0":
            app = without_chunks(self, cycle, app)
        super()._start_asgi_task(cycle, app)

    def _unset_keepalive_if_required(self):
        """Idle time is looked at in `Listener._sweep`: no timer for each request."""

    def at_rest(self):
        """A response is complete."""
        self.server_state.total_requests += 1
        self.idle_since = self.listener.now()

    def on_response_complete(self):
        self.at_rest()
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self.broken is not None:
            self.refuse(*self.broken)
        elif self.lendable is not None and self.between and not self.feeding:
            self.lending.consider(self)

    def taken_back(self, reason: int, served: int, rest: bytes, banned: bool = False):
        """A clerk has given the connection back, perhaps with what its client has not yet taken."""
        self.lent = False
        self.idle_since = self.listener.now()
        self.lending.returned(self, reason, served, banned)
        if self.transport.is_closing():
            return
        if rest:
            self.transport.write(rest)
        self.transport.resume_reading()


def without_chunks(wire, cycle, app):
    """The application for a client that knows no chunks: an answer without a length ends with its connection.

    Half an answer would look like a whole one then, so that its connection is reset.
    Source: RFC 9112, section 6.1.
    """
    endless = False

    async def call(scope, receive, send):
        async def sent(message):
            nonlocal endless
            if message["type"] == "http.response.start":
                endless = all(name.lower() != b"content-length" for name, _value in message["headers"])
                if endless and message["status"] not in (204, 304):
                    cycle.chunked_encoding = False
            elif endless:
                cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        try:
            await app(scope, receive, sent)
        except BaseException:
            if endless:
                wire.drop()
            raise

    return call
