"""One request on the long way: read within its limits, planned, answered by the pool or the pages, and sent.

`incsr.endpoint.protocol` plans and finishes every answer of the service; what a client may not send is
refused before a body is held in memory.
"""

import asyncio
import re
import time

from incsr import headers, metrics
from incsr.admission import budget_of, client_of
from incsr.cache import Entry
from incsr.conditions import answer_tag
from incsr.encodings import COMPRESSING, WORTH_BYTES, Coder, is_worth, preferred
from incsr.endpoint import access, addresses, problems, protocol
from incsr.express import holds
from incsr.log import new_id
from incsr.messages import Head, Problem, ReadJob, Request, Response
from incsr.query.repeatable import is_repeatable
from incsr.workers.answers import Broken

READING = ("GET", "HEAD", "OPTIONS")
# A body that is too large is read on for so long, so that the client gets to read why it is refused.
DRAIN_S = 1.0
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
# A scrape waits so long for the triples to be counted; if they are not, the next one has the number.
COUNTED_WITHIN_S = 0.5
SECURITY = [(name.encode(), value.encode()) for name, value in headers.SECURITY]


class Disconnected(Exception):
    """The client went away before its request or its answer was whole."""


class Exchange:
    """One request and its response."""

    __slots__ = (
        "began",
        "cached",
        "client",
        "front",
        "id",
        "job",
        "outcome",
        "path",
        "receive",
        "rows",
        "scope",
        "send",
        "sent",
        "status",
        "streamed",
        "task",
        "watch",
    )

    def __init__(self, front, scope, receive, send):
        self.front = front
        self.scope = scope
        self.receive = receive
        self.send = send
        self.began = time.perf_counter()
        self.client = client_of(scope, front.settings.trusted_proxies)
        self.id = new_id()
        self.job = None
        self.cached = "none"
        self.status = 0
        self.sent = 0
        self.rows = None
        self.streamed = None
        self.outcome = ""
        self.watch = None
        raw = scope.get("raw_path")
        self.path = raw.split(b"?")[0].decode("latin-1") if raw else scope["path"]

    async def run(self):
        settings = self.front.settings
        if settings.trusted_proxies:
            for name, value in self.scope["headers"]:
                if name == b"x-request-id" and REQUEST_ID.match(value.decode("latin-1")):
                    self.id = value.decode("latin-1")
        try:
            response = await self.response()
        except Disconnected:
            self.status, self.outcome = 499, "cancelled"
            return
        except Exception as error:
            self.outcome = "internal"
            self.front.log("error", "a request failed", id=self.id, error=f"{type(error).__name__}: {error}")
            response = self.front.failure(self.request(b""), self.id)
        finally:
            if self.watch is not None:
                # Both ends of a cycle let go, or the request's body would wait for the garbage collector.
                self.watch.cancel()
                self.watch = None
        await self.respond(response)

    async def response(self) -> Response:
        front, settings = self.front, self.front.settings
        # What asks whether the process lives must not take a busy one for a dead one.
        if self.path == front._health[0]:
            return await front.health(self.path)
        if self.path == front._metrics:
            return await self.metrics()
        budget = budget_of(self.client)
        problem = front.admission.refused(self.scope, budget, front.busy)
        if problem is not None:
            self.outcome = problem.code
            return self.refusal(problem)
        if self.path == front._health[1]:
            return await front.health(self.path)
        request = self.request(b"")
        ours = addresses.is_ours(request, settings)
        if request.method not in READING:
            path = addresses.resource(request, settings)
            if ours and path.startswith((addresses.UPDATE, addresses.STORE)):
                # Nobody who may not write gets to send a body.
                problem = access.refused_write(request, settings)
                if problem is not None:
                    return self.refusal(problem)
            body = await self.body(front.admission.body_limit(path, addresses.STORE))
            if isinstance(body, Response):
                return body
            request = self.request(body)
        if not ours:
            return await self.page(request, self.scope["path"])
        if protocol.wants_page(request, settings):
            response = await self.page(request, f"{settings.url_prefix}/ask")
            response.headers.append(("vary", "Accept"))
            return response
        planned = protocol.plan(request, settings)
        if isinstance(planned, Response):
            self.outcome = "refused" if planned.status >= 400 else ""
            return planned
        self.job = planned
        self.outcome = "answered"
        if isinstance(planned, ReadJob) and planned.operation == "query":
            answered = await self.repeatable(request, planned)
            # Its If-None-Match alone has been looked at before it was evaluated.
            return answered if request.header("if-match") is None else await self.wanted(request, answered)
        answer = await self.answer(planned)
        if answer.problem is not None:
            self.outcome = answer.problem.code
            return protocol.finish(request, planned, answer.problem, settings)
        self.rows = answer.rows
        body = answer.body if answer.body is not None else self.streaming(answer)
        finished = protocol.finish(request, planned, (answer.head, body), settings, answer.version)
        return await self.wanted(request, finished)

    async def wanted(self, request, response) -> Response:
        """The response, or what takes its place by the conditions of the request."""
        sent = protocol.conditional(request, response, self.front.settings)
        if sent is not response:
            self.outcome, self.rows = "unchanged" if sent.status == 304 else "refused", None
            if not isinstance(response.body, bytes):
                # What has not begun cannot be closed, and the evaluator would wait for its reader.
                await anext(aiter(response.body), None)
                await response.body.aclose()
        return sent

    def streaming(self, answer):
        """The chunks of an answer; at their end is known how many rows it had."""
        self.streamed = answer
        return answer.chunks

    async def metrics(self) -> Response:
        """What is counted, for the operator alone.

        Returns: 200; 403 to whoever does not come from where `--metrics-from` says; 405.
        """
        front = self.front
        problem = metrics.refused(front.settings, self.scope, self.client)
        if problem is not None:
            return self.refusal(problem)
        await asyncio.wait((front.metrics.begin_counting(front.pool),), timeout=COUNTED_WITHIN_S)
        front.pool.desks.drain_all()
        accept = self.request(b"").header("accept")
        content_type, body = await front.pool.loop.run_in_executor(None, metrics.exposition, front, accept)
        return Response(200, [("content-type", content_type), ("cache-control", "no-store")], body)

    async def repeatable(self, request, job) -> Response:
        """The response to a query: from the cache, from the same query under way, or from the pool."""
        front = self.front
        cache, version, settings = front.cache, front.pool.version, front.settings
        tag = ""
        if cache.max_bytes and is_repeatable(job):
            outcome = cache.get(version, job) or cache.failure(version, job)
            self.cached = "miss" if outcome is None else "hit"
            tag = answer_tag(version, job)
            condition = request.header("if-none-match") if request.header("if-match") is None else None
            if not isinstance(outcome, Problem) and condition and holds(condition.encode("latin-1"), tag):
                cache.counts["unchanged"] += 1
                self.outcome = "unchanged"
                unchanged = protocol.finish(request, job, (Head(304), b""), settings)
                return self.tagged(unchanged, tag)
            if outcome is None:
                waiting = front.pool.loop.create_future()
                if cache.join(version, job, lambda said: waiting.done() or waiting.set_result(said)):
                    self.cached = "shared"
                    outcome = await waiting
                else:
                    return await self.leading(request, job, version, tag)
            else:
                cache.counts["hits"] += 1
            if isinstance(outcome, Entry):
                self.rows = outcome.rows
                response = protocol.finish(request, job, (outcome.head, outcome.body), settings)
                return self.tagged(response, tag)
            if outcome is not None:
                self.outcome = outcome.code
                return protocol.finish(request, job, outcome, settings)
        return self.finished(request, job, await self.answer(job), tag)

    async def leading(self, request, job, version, tag) -> Response:
        """Ask the pool, for everybody who asks the same meanwhile."""
        cache, outcome = self.front.cache, None
        cache.counts["misses"] += 1
        try:
            answer = await self.answer(job)
            problem = answer.problem
            if problem is not None:
                if problem.code == "timeout" and answer.tried:
                    cache.failed(answer.version, job, problem)
                outcome = problem if problem.code == "timeout" or problem.status < 500 else None
            elif answer.body is not None:
                tag_then = answer_tag(answer.version, job)
                outcome = Entry(answer.head, answer.body, job.limits, tag_then, answer.rows)
                cache.put(answer.version, job, outcome)
        finally:
            cache.land(version, job, outcome)
        return self.finished(request, job, answer, tag if answer.version == version else "")

    def finished(self, request, job, answer, tag="") -> Response:
        settings = self.front.settings
        if answer.problem is not None:
            self.outcome = answer.problem.code
            return protocol.finish(request, job, answer.problem, settings)
        self.rows = answer.rows
        body = answer.body if answer.body is not None else self.streaming(answer)
        return self.tagged(protocol.finish(request, job, (answer.head, body), settings), tag)

    def tagged(self, response, tag) -> Response:
        if tag:
            response.headers += [("etag", f'"{tag}"'), ("cache-control", "no-cache")]
        return response

    def request(self, body: bytes) -> Request:
        scope = self.scope
        decoded = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        decoded.append(("x-request-id", self.id))
        return Request(
            scope["method"],
            self.path,
            scope["query_string"].decode("latin-1"),
            tuple(pair for pair in decoded if pair[0] != "x-request-id" or pair[1] == self.id),
            body,
            self.client,
        )

    def refusal(self, problem: Problem) -> Response:
        request = self.request(b"")
        return problems.response(problem, request.header("accept"), self.id)

    async def page(self, request, path) -> Response:
        more = {"HTTP_X_REQUEST_ID": self.id, "incsr.request_id": self.id}
        if request.method == "HEAD":
            # What GET would say, length and coding included; the body is left out when it is sent.
            more["REQUEST_METHOD"] = "GET"
        return await self.front.pages.respond(self.scope, request.body, path, more)

    async def answer(self, job):
        """The pool's answer. A client that goes away meanwhile takes its query with it."""
        pool = self.front.pool
        call = asyncio.current_task()
        # Most answers are there before anybody could go away; watching costs a task.
        timer = pool.loop.call_later(self.front.settings.slow_after_s, self._watch, call)
        try:
            return await pool.run(job)
        except asyncio.CancelledError:
            if self.watch is not None and self.watch.done():
                call.uncancel()
                raise Disconnected from None
            raise
        finally:
            timer.cancel()

    def _watch(self, call):
        self.watch = self.front.pool.loop.create_task(_cancel_when_gone(self.receive, call))

    async def body(self, most: int) -> bytes | Response:
        """The request's body, or the refusal of one that is too large or too slow; never more in memory."""
        front = self.front
        front.busy -= 1  # who waits for a body is not at work
        try:
            return await self._read(most)
        finally:
            front.busy += 1

    async def _read(self, most):
        front, settings = self.front, self.front.settings
        announced = next((value for name, value in self.scope["headers"] if name == b"content-length"), b"0")
        too_large = announced.isdigit() and int(announced) > most
        parts, size = [], 0
        try:
            async with asyncio.timeout(settings.body_timeout_s) as timeout:
                front.begins_to_read(self, timeout)
                while not too_large:
                    message = await self.receive()
                    if message["type"] != "http.request":
                        raise Disconnected
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > most:
                        too_large = True
                    elif not message.get("more_body"):
                        return b"".join(parts)
        except TimeoutError:
            return self.closing(
                Problem(
                    408,
                    "The body did not come in time",
                    f"After {time.perf_counter() - self.began:.1f} s only a part of it was there.",
                    "slow-body",
                )
            )
        finally:
            front.reading.pop(self, None)
        parts.clear()
        await self._drain()
        size = f"{int(announced)} bytes" if announced != b"0" else f"more than {most} bytes"
        return self.closing(
            Problem(
                413,
                "The body is too large",
                f"It has {size}; at most {most} are read here.",
                "too-large",
                "Send it in parts.",
            )
        )

    async def _drain(self):
        try:
            async with asyncio.timeout(DRAIN_S):
                while True:
                    message = await self.receive()
                    if message["type"] != "http.request" or not message.get("more_body"):
                        return
        except TimeoutError:
            return

    def closing(self, problem: Problem) -> Response:
        response = self.refusal(problem)
        response.headers.append(("connection", "close"))
        return response

    def coded(self, response: Response) -> Coder | None:
        """Choose a content coding where the client takes one and the body is worth it.

        A whole body is compressed at once; for a stream, what compresses it is returned. HEAD has the
        headers of GET, so that it is compressed as well.
        """
        body = response.body
        whole = isinstance(body, bytes)
        if response.status not in (200, 404) or (whole and len(body) < WORTH_BYTES):
            return None
        held = {name.lower(): value for name, value in response.headers}
        if "content-encoding" in held or "content-range" in held:
            return None
        if not is_worth(held.get("content-type", "")):
            return None
        accepted = b",".join(value for name, value in self.scope["headers"] if name == b"accept-encoding")
        coding = preferred(accepted)
        vary = held.get("vary", "")
        replaced = {}
        if "accept-encoding" not in vary.lower():
            replaced["vary"] = f"{vary}, Accept-Encoding" if vary else "Accept-Encoding"
        coder = None
        if coding:
            coder = Coder(coding)
            replaced["content-encoding"] = coding
            tag = held.get("etag", "")
            if tag.startswith('"'):
                # Of our queries it names the coding too; a page's is compared by the application.
                replaced["etag"] = f'{tag[:-1]}-{coding}"' if self.job is not None else f"W/{tag}"
            if whole:
                response.body = coder.more(body) + coder.end()
                replaced["content-length"] = str(len(response.body))
        kept = [
            (name, value)
            for name, value in response.headers
            if name.lower() not in replaced and not (coding and name.lower() == "content-length")
        ]
        response.headers = kept + list(replaced.items())
        return None if whole else coder

    async def respond(self, response: Response):
        """Send a response: a whole body with its length, a stream as it comes and broken off on an error."""
        names, fields = set(), []
        coder = self.coded(response)
        for name, value in response.headers:
            name = name.lower()
            names.add(name)
            fields.append((name.encode("latin-1"), value.encode("latin-1")))
        fields += [pair for pair in SECURITY if pair[0].decode() not in names]
        if "x-request-id" not in names:
            fields.append((b"x-request-id", self.id.encode()))
        body = response.body
        whole = isinstance(body, bytes)
        if whole and "content-length" not in names and response.status not in (204, 304):
            fields.append((b"content-length", str(len(body)).encode()))
        self.status = response.status
        send = self.send
        await send({"type": "http.response.start", "status": response.status, "headers": fields})
        if whole:
            self.sent = len(body)
            await send(
                {"type": "http.response.body", "body": body if self.scope["method"] != "HEAD" else b""}
            )
            return
        loop = asyncio.get_running_loop()
        try:
            if self.scope["method"] == "HEAD":
                # What has not begun cannot be closed, and the evaluator would wait for its reader.
                await anext(aiter(body), None)
            else:
                async for chunk in body:
                    if coder is not None:
                        chunk = await loop.run_in_executor(COMPRESSING, coder.more, chunk)
                    if chunk:
                        self.sent += len(chunk)
                        async with asyncio.timeout(self.front.settings.body_timeout_s):
                            await send({"type": "http.response.body", "body": chunk, "more_body": True})
                if coder is not None:
                    rest = await loop.run_in_executor(COMPRESSING, coder.end)
                    self.sent += len(rest)
                    await send({"type": "http.response.body", "body": rest, "more_body": True})
        except Broken as broken:
            # Raising breaks the connection off, which is how the client learns that this is half an answer.
            self.front.log("warning", "an answer was broken off", id=self.id, why=broken.problem.code)
            self.front.metrics.broken += 1
            self.outcome = broken.problem.code
            raise
        except TimeoutError:
            self.front.log("warning", "an answer was broken off", id=self.id, why="not read")
            self.front.metrics.broken += 1
            self.outcome = "not read"
            raise
        finally:
            await body.aclose()
        if self.streamed is not None:
            self.rows = self.streamed.rows
        await send({"type": "http.response.body", "body": b""})


async def _cancel_when_gone(receive, call):
    """Cancel a call as soon as its client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass
    call.cancel()
