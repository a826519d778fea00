"""What the service counts, and `/metrics`: the counts in Prometheus's exposition format.

Counting is adding to plain dictionaries and lists on the one event loop, so that nothing is lost or counted
twice however many evaluators there are: every request, answer and job passes through the one front process,
and evaluators, which are replaced all the time, count nothing. The format's library is imported when the
first scrape comes. Names and units: docs/operations.md, "Metrics".

Source: Prometheus exposition formats; OpenMetrics 1.0.
"""

import ipaddress
import os
import time
from bisect import bisect_left

from incsr import __version__
from incsr.messages import Limits, Problem, ReadJob

# Upper bounds of the histograms' buckets, in seconds: the mix's median is below 1 ms, the deadline 10 s.
BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# Paths by their first step; whatever else is asked for is a page, so that no client can make labels.
KINDS = {
    "sparql": "query",
    "update": "update",
    "store": "graph-store",
    "health": "health",
    "metrics": "metrics",
    "static": "static",
    "id": "id",
    "doc": "doc",
    "api": "api",
}
PAGE = "page"
# A problem's code is one of ours, but evaluators send it, and they have read untrusted text.
MOST_OUTCOMES = 500
COUNTING_S = 30.0
COUNT = ReadJob(
    "query",
    "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }",
    accept="text/tab-separated-values",
    limits=Limits(timeout_s=COUNTING_S),
)
FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via")
REFUSED = Problem(
    403,
    "Metrics are for the operator",
    "They are told to whoever comes from the networks that --metrics-from names.",
    "operator-only",
    "Ask from the machine itself, or have the operator name your network.",
)
READ_ONLY = Problem(
    405,
    "Method not allowed",
    "Metrics are read, by GET or HEAD.",
    "method-not-allowed",
    headers=(("Allow", "GET, HEAD"),),
)
OURS = ("front", "mother", "evaluators", "clerks")


class Durations:
    """A histogram, counted in place."""

    __slots__ = ("counts", "sum_s")

    def __init__(self):
        self.counts = [0] * (len(BUCKETS_S) + 1)
        self.sum_s = 0.0


class Metrics:
    """The counts of the requests; those of pool and cache stand with them."""

    def __init__(self, url_prefix: str = ""):
        self._prefix = len(url_prefix)
        self._query = f"{url_prefix}/sparql"
        self.requests: dict[tuple[str, int], int] = {}
        self.durations: dict[str, Durations] = {}
        self.bytes: dict[str, int] = {}
        self.outcomes: dict[tuple[str, str, str], int] = {}
        self.rows = 0
        self.slow = 0
        self.broken = 0
        self.began = time.time()
        self.triples: tuple[str, int] | None = None  # the version that was counted, and its triples
        self._counting = None

    def kind(self, path: str) -> str:
        """The kind of resource that a path names."""
        if path == self._query:
            return KINDS["sparql"]
        return KINDS.get(path[self._prefix + 1 :].split("/", 1)[0], PAGE)

    def noted(self, path: str, exchange, took_s: float):
        """Count a request that is over."""
        kind = self.kind(path)
        self._count(kind, exchange.status, ((exchange.sent, exchange.rows, took_s),))
        if exchange.outcome:
            self._outcome(kind, exchange.outcome, exchange.cached, 1)

    def answered(self, path: str, answers):
        """Count answers that were given elsewhere: (id, bytes, rows or None, seconds, cache state, …)."""
        kind = self.kind(path)
        self._count(kind, 200, [answer[1:4] for answer in answers])
        states = [answer[4] for answer in answers]
        for state in set(states):
            self._outcome(kind, "answered", state, states.count(state))

    def _count(self, kind: str, status: int, answers):
        """Count answers of one kind: (bytes, rows or None, seconds)."""
        key = (kind, status)
        self.requests[key] = self.requests.get(key, 0) + len(answers)
        durations = self.durations.get(kind)
        if durations is None:
            durations = self.durations[kind] = Durations()
            self.bytes[kind] = 0
        for sent, rows, took_s in answers:
            durations.counts[bisect_left(BUCKETS_S, took_s)] += 1
            durations.sum_s += took_s
            self.bytes[kind] += sent
            self.rows += rows or 0

    def _outcome(self, kind: str, outcome: str, cached: str, times: int):
        key = (kind, outcome, cached)
        if key not in self.outcomes and len(self.outcomes) >= MOST_OUTCOMES:
            key = (kind, "other", cached)
        self.outcomes[key] = self.outcomes.get(key, 0) + times

    async def count_triples(self, pool):
        """Have the triples counted that a query sees, once for each version of the data."""
        version = pool.version
        if not version or (self.triples and self.triples[0] == version):
            return
        answer = await pool.run(COUNT)
        if answer.problem is None and answer.body is not None:
            self.triples = (answer.version, int(answer.body.split()[1].split(b"^^")[0].strip(b'"')))

    def begin_counting(self, pool):
        """Count in the background; a scrape does not wait for that."""
        if self._counting is None or self._counting.done():
            self._counting = pool.loop.create_task(self.count_triples(pool))
        return self._counting


def refused(settings, scope, client: str) -> Problem | None:
    """Why a request may not have the metrics.

    Behind a proxy that is not declared by `--trusted-proxies` everybody would seem to come from it, so that
    nobody may.
    """
    if not settings.trusted_proxies and any(name in FORWARDED for name, _value in scope["headers"]):
        return REFUSED
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return REFUSED
    address = getattr(address, "ipv4_mapped", None) or address
    if not any(address in ipaddress.ip_network(network) for network in settings.metrics_from):
        return REFUSED
    return None if scope["method"] in ("GET", "HEAD") else READ_ONLY


def exposition(front, accept: str | None) -> tuple[str, bytes]:
    """Everything that is counted, as of now: media type and text.

    Reads `/proc` and imports the format's library, so that it is called on a thread.
    """
    import warnings

    from prometheus_client import CollectorRegistry, ProcessCollector
    from prometheus_client.exposition import choose_encoder

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        registry.register(_Collector(front))
        encode, content_type = choose_encoder(accept or "")
        return content_type, encode(registry)


class _Collector:
    """What the front, its cache and its pool have counted, as the library's families."""

    def __init__(self, front):
        self.front = front

    def collect(self):
        """All families, each once."""
        yield from self._requests()
        yield from self._queries()
        yield from self._cache()
        yield from self._pool()
        yield from self._data()

    def _requests(self):
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

        metrics = self.front.metrics
        counted = CounterMetricFamily(
            "incsr_requests",
            "Requests by kind and status; 499: the client went away",
            labels=["kind", "status"],
        )
        for (kind, status), number in list(metrics.requests.items()):
            counted.add_metric([kind, str(status)], number)
        yield counted
        durations = HistogramMetricFamily(
            "incsr_request_duration_seconds", "From a request's head to its answer's end", labels=["kind"]
        )
        sent = CounterMetricFamily("incsr_response_body_bytes", "Bytes of bodies, as sent", labels=["kind"])
        for kind, held in list(metrics.durations.items()):
            total, buckets = 0, []
            for bound, number in zip((*map(str, BUCKETS_S), "+Inf"), held.counts, strict=True):
                total += number
                buckets.append((bound, total))
            durations.add_metric([kind], buckets, held.sum_s)
            sent.add_metric([kind], metrics.bytes[kind])
        yield durations
        yield sent
        yield _gauge("incsr_requests_running", "Requests that are being worked on", self.front.busy)

    def _queries(self):
        from prometheus_client.core import CounterMetricFamily

        metrics = self.front.metrics
        outcomes = CounterMetricFamily(
            "incsr_operations",
            "Queries, updates and the like by outcome: answered, unchanged, or the problem's code",
            labels=["kind", "outcome", "cache"],
        )
        for (kind, outcome, cached), number in list(metrics.outcomes.items()):
            outcomes.add_metric([kind, outcome, cached], number)
        yield outcomes
        yield _counter("incsr_answer_rows", "Solutions and triples sent, where counted", metrics.rows)
        yield _counter("incsr_slow_queries", "Queries that took longer than --slow-query", metrics.slow)
        yield _counter("incsr_broken_answers", "Answers that had begun and were broken off", metrics.broken)

    def _cache(self):
        from prometheus_client.core import CounterMetricFamily

        cache = self.front.cache
        uses = CounterMetricFamily(
            "incsr_cache_requests",
            "Requests by what the cache did; shared: waited for the same question; unchanged: 304",
            labels=["result"],
        )
        for result in ("hits", "misses", "shared", "unchanged"):
            uses.add_metric([result], cache.counts[result])
        yield uses
        yield _counter("incsr_cache_evictions", "Answers put out for lack of space", cache.counts["evicted"])
        yield _gauge("incsr_cache_entries", "Answers held", len(cache))
        yield _gauge("incsr_cache_bytes", "Bytes of the answers held", cache.bytes)
        yield _gauge("incsr_cache_max_bytes", "Bytes that the cache may hold", cache.max_bytes)

    def _pool(self):
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        pool = self.front.pool
        evaluators = list(pool.evaluators.values())
        states = GaugeMetricFamily(
            "incsr_evaluators", "Processes that evaluate: idle, busy, slow, starting", labels=["state"]
        )
        numbers = dict.fromkeys(("idle", "busy", "slow", "starting"), 0)
        for evaluator in evaluators:
            if evaluator.slow:
                numbers["slow"] += 1
            elif evaluator.task is not None:
                numbers["busy"] += 1
            else:
                numbers["idle" if evaluator.ready else "starting"] += 1
        for state, number in numbers.items():
            states.add_metric([state], number)
        yield states
        yield _gauge("incsr_evaluators_wanted", "--workers", pool.settings.workers)
        desks = pool.desks
        yield _gauge("incsr_clerks", "Processes that answer on connections lent to them", len(desks.desks))
        yield _gauge("incsr_clerks_wanted", "--clerks, at most", pool.settings.clerks)
        yield _gauge("incsr_connections_lent", "Connections that clerks have", desks.lent())
        yield _counter("incsr_clerk_answers", "Answers that clerks have given", desks.answered)
        returned = CounterMetricFamily(
            "incsr_connections_returned", "Connections that clerks gave back, by reason", labels=["reason"]
        )
        for reason, number in desks.counts.items():
            returned.add_metric([reason], number)
        yield returned
        yield _gauge("incsr_slow_places", "--max-slow", pool.settings.max_slow)
        yield _gauge("incsr_jobs_waiting", "Jobs that wait for an evaluator", len(pool.waiting))
        ended = CounterMetricFamily(
            "incsr_jobs_ended",
            "Jobs that ended otherwise than with their answer: expired, cancelled, refused, crashed",
            labels=["how"],
        )
        for how in ("expired", "cancelled", "refused", "crashed"):
            ended.add_metric([how], pool.counts[how])
        yield ended
        yield _counter("incsr_writes", "Writes that have succeeded", pool.counts["writes"])
        yield _counter(
            "incsr_restarts", "How often the data's process had to be started anew", pool.counts["restarts"]
        )
        resident = GaugeMetricFamily(
            "incsr_resident_bytes", "Resident memory; shared pages count in each process", labels=["process"]
        )
        proportional = GaugeMetricFamily(
            "incsr_proportional_bytes",
            "Memory, shared pages divided among who share them",
            labels=["process"],
        )
        for name, pids in self._processes(evaluators).items():
            resident.add_metric([name], sum(map(resident_bytes, pids)))
            proportional.add_metric([name], sum(map(proportional_bytes, pids)))
        yield resident
        yield proportional

    def _processes(self, evaluators):
        link = self.front.pool.link
        mother = [link.pid] if link is not None else []
        clerks = [desk.pid for desk in self.front.pool.desks.desks.values() if desk.pid]
        held = ([os.getpid()], mother, [e.pid for e in evaluators if e.pid], clerks)
        return dict(zip(OURS, held, strict=True))

    def _data(self):
        from prometheus_client.core import InfoMetricFamily

        pool, metrics = self.front.pool, self.front.metrics
        yield InfoMetricFamily("incsr_build", "The software", value={"version": __version__})
        yield InfoMetricFamily("incsr_data", "The data that is served", value={"version": pool.version})
        yield _gauge("incsr_ready", "1 while queries are answered", int(self.front.ready()))
        if metrics.triples is not None and metrics.triples[0] == pool.version:
            yield _gauge("incsr_triples", "Triples that a query without FROM sees", metrics.triples[1])


def _gauge(name, help_, value):
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(name, help_, value=value)


def _counter(name, help_, value):
    from prometheus_client.core import CounterMetricFamily

    return CounterMetricFamily(name, help_, value=value)


def resident_bytes(pid: int) -> int:
    """The resident memory of a process, or 0 where it has ended."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def proportional_bytes(pid: int) -> int:
    """The memory of a process, shared pages divided among those who share them; 0 where that is not told."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as rollup:
            for line in rollup:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        return 0
    return 0
