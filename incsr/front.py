"""The ASGI entry: SPARQL and its limits without Flask, everything else through the Flask application.

Runs on the one event loop, with the pool. Holds what all requests share; `incsr.exchange` is one of them.
"""

import asyncio
import time

from incsr import metrics
from incsr.admission import Admission, network_of
from incsr.bridge import Bridge
from incsr.cache import Cache
from incsr.endpoint import problems
from incsr.exchange import Exchange
from incsr.log import slow_query
from incsr.messages import Limits, Problem, ReadJob, Response

ASK = ReadJob("query", "ASK {}", accept="application/sparql-results+json", limits=Limits(timeout_s=2.0))


class Front:
    """The ASGI application. `make_pages` gives the Flask application, on a thread, when it is needed."""

    def __init__(self, settings, pool, log, make_pages):
        self.settings = settings
        self.pool = pool
        self.log = log
        self.admission = Admission(settings)
        self.pages = Bridge(make_pages)
        self.cache = Cache(settings.cache_bytes)
        self.busy = 0
        self.reading: dict[Exchange, asyncio.Timeout] = {}  # who waits for a body, longest first
        self.metrics = metrics.Metrics(settings.url_prefix)
        self._metrics = f"{settings.url_prefix}/metrics"
        self._health = (f"{settings.url_prefix}/health/live", f"{settings.url_prefix}/health/ready")

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            raise RuntimeError(f"only HTTP is served, not {scope['type']}")
        exchange = Exchange(self, scope, receive, send)
        self.busy += 1
        try:
            await exchange.run()
        finally:
            self.busy -= 1
            self.noted(scope["method"], scope["path"], exchange)

    def begins_to_read(self, exchange, timeout: asyncio.Timeout):
        """Bodies that do not come keep nobody out: of too many, the one waited for longest is given up."""
        if len(self.reading) >= self.settings.max_requests:
            longest = next(iter(self.reading))
            self.reading.pop(longest).reschedule(self.pool.loop.time())
        self.reading[exchange] = timeout

    def noted(self, method, path, exchange, took_s: float | None = None):
        """One line of the log for each request, and one more where it was slow."""
        if took_s is None:
            took_s = time.perf_counter() - exchange.began
        settings = self.settings
        self.metrics.noted(path, exchange, took_s)
        more = self.said_of(exchange.client)
        if settings.log_queries and isinstance(exchange.job, ReadJob):
            more["query"] = exchange.job.text
        answer = (exchange.id, exchange.sent, exchange.rows, took_s, exchange.cached, more)
        self.log.requests(method, path, exchange.status, (answer,))
        if took_s > settings.slow_query_s and exchange.job is not None:
            self.metrics.slow += 1
            said = slow_query(exchange, took_s, settings.slow_query_content)
            self.log("warning", "slow query", **said, **more)

    def said_of(self, client: str) -> dict:
        """What the log says of a client."""
        settings = self.settings
        if settings.log_clients == "none":
            return {}
        return {"client": client if settings.log_clients == "address" else network_of(client)}

    def answered(self, path, answers):
        """Log and count queries answered elsewhere: (id, bytes, rows or None, seconds, cache state, …)."""
        self.metrics.answered(path, answers)
        self.log.requests("GET", path, 200, answers)

    def ready(self) -> bool:
        """Whether the data is there and its process lives; that an evaluator answers, only asking tells."""
        pool = self.pool
        return bool(pool.version) and not pool.closing and pool.link is not None and pool.link.attached

    def failure(self, request, request_id) -> Response:
        """What is said of a request that failed in here."""
        problem = Problem(
            500,
            "Internal error",
            "The service failed on this request. The failure has been logged.",
            "internal",
            hint=f"Tell the operator the request's id, {request_id}.",
        )
        return problems.response(problem, request.header("accept"), request_id)

    async def health(self, path) -> Response:
        """200 while the process lives; ready only when an evaluator answers."""
        if path.endswith("/live"):
            return Response(200, [("content-type", "text/plain; charset=utf-8")], b"live\n")
        if not self.ready() or (await self.pool.run(ASK)).problem is not None:
            return Response(
                503, [("content-type", "text/plain; charset=utf-8"), ("retry-after", "2")], b"not ready\n"
            )
        return Response(200, [("content-type", "text/plain; charset=utf-8")], b"ready\n")
