"""The two mixes: requests a second of every server in every round, and the latency of each kind alone.

Each round asks each server in turn for some seconds. A window is lengthened, for all servers alike, until
`oxigraph serve` goes through the mix some times in it, and some times as often as there are clients, or to
the longest that is allowed: what is on its way when a window ends is not counted, and who answers what is
quick first has the slow ones on its way.
"""

import math
import statistics
from dataclasses import dataclass

import mixes
from measure import Failed, Throughput, spread, throughput
from peers import BASE


@dataclass
class Line:
    """What was found for one server, one mix, one way of asking and one number of clients."""

    mix: str
    asked: str
    clients: int
    server: str
    window_s: int
    rate: float
    p50: float
    p99: float
    ratios: list[float]
    new_hits: int | None
    # Why there are no figures, where there are none.
    failure: str = ""

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    def text(self) -> str:
        if self.failure:
            place = f"| {self.mix} | {self.asked} | {self.clients} | {self.server} | {self.window_s} "
            return f"{place}| {self.failure} | | | | |"
        hits = "" if self.new_hits is None else self.new_hits
        return (
            f"| {self.mix} | {self.asked} | {self.clients} | {self.server} | {self.window_s} "
            f"| {self.rate:.0f} | {self.p50:.2f} | {self.p99:.1f} | {spread(self.ratios)} | {hits} |"
        )


# Times through the mix in a window: one more or less of its slowest kind should not decide a ratio.
THROUGH = 8
# Answers in a window for each that may be on its way at its end.
FOR_EACH_CLIENT = 20

HEAD = (
    "| mix | asked | clients | server | window s | requests/s | p50 ms | p99 ms | ratio (spread) | hits |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
)


def compared(servers, mix, fresh, clients, observations, options, folder, left_out) -> list[Line]:
    """Every server in every round; `left_out`: by server, the kinds that it refuses.

    The ratio of a server that is not asked for all kinds is to the base asked for the same ones.
    """

    def once(served, without, seed) -> Throughput:
        kinds = [kind for kind in mixes.MIXES[mix] if kind not in without]
        lines = mixes.requests(mix, served.target, observations, fresh, seed, kinds)
        # The slow ones are given longer, so that they answer at all.
        return throughput(served, lines, clients, window_s * (3 if served.slow else 1), folder)

    base = next(served for served in servers if served.name == BASE)
    window_s = window(
        lambda seconds: (
            throughput(
                base,
                mixes.requests(mix, base.target, observations, fresh, options.seed, None),
                clients,
                seconds,
                folder,
            ).requests
        ),
        THROUGH * len(mixes.MIXES[mix]) + FOR_EACH_CLIENT * clients,
        options.seconds,
        options.longest,
    )
    seen: dict[str, list[Throughput]] = {served.name: [] for served in servers}
    ratios: dict[str, list[float]] = {served.name: [] for served in servers}
    hits = {served.name: served.hits() for served in servers}
    failures: dict[str, str] = {}
    for number in range(options.rounds):
        bases: dict[frozenset[str], Throughput] = {}
        for served in servers:
            if served.name in failures:
                continue
            without = left_out.get(served.name, frozenset()) & frozenset(mixes.MIXES[mix])
            if without not in bases:
                bases[without] = once(base, without, options.seed + number)
                if not bases[without].rate:
                    raise SystemExit(f"{BASE} answered nothing in {window_s} s; give --longest more")
            try:
                found = bases[without] if served is base else once(served, without, options.seed + number)
            except Failed as error:
                if served.required:
                    raise
                failures[served.name] = str(error)
                continue
            seen[served.name].append(found)
            ratios[served.name].append(found.rate / bases[without].rate)
    lines = []
    for served in servers:
        failure = failures.get(served.name, "")
        middle = {
            key: 0.0 if failure else statistics.median(getattr(one, key) for one in seen[served.name])
            for key in ("rate", "p50", "p99")
        }
        new_hits = served.hits() - hits[served.name] if fresh and served.hits() is not None else None
        lines.append(
            Line(
                mix,
                "first asked" if fresh else "again",
                clients,
                served.name,
                window_s,
                **middle,
                ratios=ratios[served.name],
                new_hits=new_hits,
                failure=failure,
            )
        )
        print(lines[-1].text(), flush=True)
    return lines


def window(answered, wanted: int, seconds: int, longest: int) -> int:
    """Seconds, `seconds` to `longest`, in which `answered(seconds)` reaches the wanted number of requests."""
    while seconds < longest:
        count = answered(seconds)
        if count >= wanted:
            return seconds
        # The first ones of a mix may be its quick ones, so that this may have to be repeated.
        seconds = min(longest, max(seconds + 1, math.ceil(1.2 * seconds * wanted / max(count, 1))))
    return seconds


@dataclass
class Kind:
    """The median latency of one kind of query by server, in milliseconds; None: none was answered."""

    mix: str
    kind: str
    p50: dict[str, float | None]

    def text(self) -> str:
        return f"| {self.mix} | {self.kind} | {' | '.join(map(milliseconds, self.p50.values()))} |"


LAST_TRY_S = 20
# The median of fewer is no more than the first, for which a new process has to copy the pages that it reads.
ENOUGH = 10


def by_kind(servers, observations, options, folder, left_out) -> list[Kind]:
    """The latency of each kind of query alone, first asked, one client: how it grows with the data."""
    found = []
    for mix in mixes.MIXES:
        for kind in mixes.MIXES[mix]:
            p50: dict[str, float | None] = {}
            for served in servers:
                p50[served.name] = None
                if kind in left_out.get(served.name, ()):
                    continue
                lines = mixes.requests(mix, served.target, observations, True, options.seed, [kind])
                try:
                    p50[served.name] = latency(served, lines, folder)
                except Failed as error:
                    if served.required:
                        raise
                    print(error, flush=True)
            found.append(Kind(mix, kind, p50))
            print(found[-1].text(), flush=True)
    return found


def latency(served, lines, folder) -> float | None:
    """The median in milliseconds of `ENOUGH`, or of those answered in `LAST_TRY_S`; None where none is."""
    seen = []

    def answered(seconds):
        seen.append(throughput(served, lines, 1, seconds, folder))
        return seen[-1].requests

    seconds = window(answered, ENOUGH, 1, LAST_TRY_S)
    if seconds == LAST_TRY_S:
        answered(seconds)
    return seen[-1].p50 if seen[-1].requests else None


def milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def grown(sizes: dict[int, list[Line]], kinds: dict[int, list[Kind]]) -> list[str]:
    """How each grows with the data: ratio and p50 by size, then the latency of each kind by size."""
    heads = [f"{count:,} triples" for count in sizes]
    lines = [
        "Ratio to `oxigraph serve` at the same size, and p50 in milliseconds:",
        "",
        f"| mix | asked | clients | server | {' | '.join(heads)} |",
        f"| --- | --- | --- | --- |{' --- |' * len(heads)}",
    ]
    cells: dict[tuple, dict[int, str]] = {}
    for count, found in sizes.items():
        for line in found:
            row = cells.setdefault((line.mix, line.asked, line.clients, line.server), {})
            row[count] = line.failure or f"**{line.ratio:.2f}**, {line.p50:.2f}"
    for key, row in cells.items():
        figures = " | ".join(row.get(count, "-") for count in sizes)
        lines.append(f"| {' | '.join(map(str, key))} | {figures} |")
    latencies: dict[tuple, dict[str, dict[int, float | None]]] = {}
    for count, found in kinds.items():
        for one in found:
            for server, p50 in one.p50.items():
                latencies.setdefault((one.mix, one.kind), {}).setdefault(server, {})[count] = p50
    servers = list(dict.fromkeys(server for row in latencies.values() for server in row))
    lines += [
        "",
        f"Latency of each kind alone, first asked, one client, p50 in milliseconds, {' → '.join(heads)}:",
        "",
        f"| mix | kind | {' | '.join(servers)} |",
        f"| --- | --- |{' --- |' * len(servers)}",
    ]
    for key, row in latencies.items():
        cells = [
            " → ".join(milliseconds(row.get(server, {}).get(count)) for count in sizes) for server in servers
        ]
        lines.append(f"| {' | '.join((*key, *cells))} |")
    return lines
