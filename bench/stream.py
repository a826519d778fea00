"""A hundred thousand rows streamed: to the first and the last byte, and what that takes of memory.

Each answer is read from a socket of its own as it comes, in interleaved rounds. Times are taken without a
look at the memory, and the memory without a clock: reading it stops a process for a moment.
"""

import json
from dataclasses import dataclass, field
from urllib.parse import quote

import memory
from generate import BASE as DATA
from measure import Failed, spread, streamed
from mixes import JSON

ROWS = 100_000
# With fewer triples, not every query here has as many rows.
TRIPLES = 2 * ROWS
FEWER = 10_000
# Below our limit of rows, which is 1,000,000 unless told otherwise.
MORE = 800_000
PAUSE_S = 1.0
KINDS = {
    "scan": "SELECT ?s ?p ?o {{ ?s ?p ?o }} LIMIT {rows}",
    "join": f"SELECT ?o ?g ?p ?x {{{{ ?o <{DATA}agency> ?g ; ?p ?x }}}} LIMIT {{rows}}",
}
ROUNDS_AT_LEAST = 5


@dataclass
class Times:
    """Milliseconds of one kind from one server, round by round, and the size of its answer."""

    kind: str
    server: str
    first: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    size: int = 0


@dataclass
class Peak:
    """Megabytes while an answer is sent: of all processes, and of each role as `memory.grown` has it."""

    server: str
    asked: str
    rows: int
    size: int
    pss_before: float
    pss_largest: float
    resident: dict[str, tuple[float, float]]

    def text(self) -> str:
        cells = [f"{role} {largest:.0f} (+{growth:.0f})" for role, (largest, growth) in self.resident.items()]
        return (
            f"| {self.server} | {self.asked} | {self.rows:,} | {self.size / 1e6:.1f} "
            f"| {self.pss_before:.0f}, {self.pss_largest:.0f} | {', '.join(cells)} |"
        )


class Fresh:
    """Targets that are never asked twice."""

    def __init__(self):
        self.count = 0

    def target(self, served, kind: str, rows: int) -> str:
        self.count += 1
        return served.target + quote(f"{KINDS[kind].format(rows=rows)}\n#stream{self.count}")


def whole(served, fresh: Fresh) -> dict[str, int]:
    """The size of each kind's answer in bytes, none of them timed.

    Raises: Failed where an answer has not the rows that were asked for.
    """
    sizes = {}
    for kind in KINDS:
        answer = streamed(served.port, fresh.target(served, kind, ROWS), JSON, keep=True)
        count = len(json.loads(answer.body)["results"]["bindings"])
        if count != ROWS:
            raise Failed(f"{served.name} sent {count} rows where {ROWS} were asked for")
        sizes[kind] = answer.size
    return sizes


def timed(servers, sizes: dict[str, dict[str, int]], rounds: int, fresh: Fresh) -> list[Times]:
    """Every server in every round; `sizes` of the answers by server and kind."""
    found = []
    for kind in KINDS:
        times = {
            served.name: Times(kind, served.name, size=sizes[served.name][kind]) for served in servers
        }
        for _ in range(max(rounds, ROUNDS_AT_LEAST)):
            for served in servers:
                answer = streamed(served.port, fresh.target(served, kind, ROWS), JSON)
                times[served.name].first.append(answer.first_ms)
                times[served.name].last.append(answer.last_ms)
        found += times.values()
    return found


def peaks(served, triples: int, fresh: Fresh) -> list[Peak]:
    """The memory of a server for answers of ever more rows, and for a client that pauses."""
    found = []
    for asked, rows, pause_s in (
        ("a tenth of the rows", FEWER, 0.0),
        ("all at once", ROWS, 0.0),
        (f"a client that stops for {PAUSE_S:.0f} s", ROWS, PAUSE_S),
        ("more rows", min(MORE, triples), 0.0),
    ):
        memory.forget_peaks(served)
        before = memory.processes(served)
        with memory.Watched(served) as watched:
            answer = streamed(served.port, fresh.target(served, "scan", rows), JSON, pause_s=pause_s)
        sizes = (sum(one.pss for one in before), watched.total)
        resident = memory.grown(before, memory.processes(served))
        found.append(Peak(served.name, asked, rows, answer.size, *sizes, resident))
        print(found[-1].text(), flush=True)
    return found


def measured(servers, triples: int, rounds: int) -> tuple[list[Times], list[Peak], dict[str, str]]:
    """Times, peaks, and by peer why it was left out."""
    fresh, sizes, failures = Fresh(), {}, {}
    for served in servers:
        try:
            sizes[served.name] = whole(served, fresh)
        except Failed as error:
            if served.required:
                raise
            failures[served.name] = str(error)
    servers = [served for served in servers if served.name in sizes]
    times = timed(servers, sizes, rounds, fresh)
    return times, [peak for served in servers for peak in peaks(served, triples, fresh)], failures


def later(times: list[Times], server: str, base: str, kind: str) -> list[float]:
    """By round, how many milliseconds after the base's first byte a server's came."""
    first = {one.server: one.first for one in times if one.kind == kind}
    return [ours - theirs for ours, theirs in zip(first[server], first[base], strict=True)]


def section(times: list[Times], found: list[Peak], engines: dict[str, str], failures=None) -> list[str]:
    """`engines`: by server, the one that it is compared with; `failures`: by peer, why it is left out."""
    lines = [
        f"{ROWS:,} rows streamed, JSON, never asked before; milliseconds to the first and the last byte of",
        "the body, by a client that reads a socket, in interleaved rounds, and how long after the engine's:",
        "",
        "| query | server | MB | first byte | after the engine's | last byte | ratio of last byte |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    by_name = {(one.kind, one.server): one for one in times}
    for one in times:
        base = engines.get(one.server)
        cells = ["", ""]
        if base and (one.kind, base) in by_name:
            last = by_name[one.kind, base].last
            ratios = [theirs / ours for ours, theirs in zip(one.last, last, strict=True)]
            cells = [spread(later(times, one.server, base, one.kind), 1), spread(ratios)]
        lines.append(
            f"| {one.kind} | {one.server} | {one.size / 1e6:.1f} | {spread(one.first, 1)} | {cells[0]} "
            f"| {spread(one.last, 0)} | {cells[1]} |"
        )
    lines += [
        "",
        *(f"Left out: {name}: {why}\n" for name, why in (failures or {}).items()),
        "Megabytes while an answer is sent: of all processes together before and at most (PSS, looked at",
        "ten times a second), and resident in one process at most (how much more than before). An evaluator",
        "grows at first by the pages of the data that it reads, not by what it sends:",
        "",
        "| server | asked | rows | MB sent | all: before, at most | resident |",
        "| --- | --- | --- | --- | --- | --- |",
        *(peak.text() for peak in found),
        "",
    ]
    return lines
