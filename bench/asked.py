"""What was asked of the service, beside what this run found. Nothing here fails a run: figures are shown."""

import stream
from measure import spread

# Server by server, the engine that it is compared with.
ENGINES = {"incsr": "oxigraph", "incsr-disk": "oxigraph-disk"}
MIXED = {
    ("first asked", 1): "≥ 0.65, aim ≥ 1.0",
    ("first asked", 16): "≥ 0.55, aim ≥ 1.0",
    ("again", 1): "≥ 4",
    ("again", 16): "≥ 8",
}
# Milliseconds for the join of the known mix, by the triples from which on it is asked.
JOIN_MS = {5_000_000: 3, 500_000: 1}
LATENCY_WITHIN = 1.1
LARGE_ENOUGH = 100_000


def of_mixes(count: int, lines) -> list[str]:
    """Ratios in memory, at one size."""
    rows = []
    for (way, clients), wanted in MIXED.items():
        found = [
            f"{line.mix} {spread(line.ratios)}"
            for line in lines
            if (line.asked, line.clients, line.server) == (way, clients, "incsr")
        ]
        if found:
            plural = "client" if clients == 1 else "clients"
            rows.append(row(f"{way}, {clients} {plural}, {count:,} triples", wanted, "; ".join(found)))
    return rows


def of_kinds(count: int, kinds) -> list[str]:
    """Latencies beside the engine's, in memory and on disk, and the join."""
    rows = []
    for ours, engine in ENGINES.items():
        pairs = [(one.p50.get(ours), one.p50.get(engine)) for one in kinds]
        ratios = [mine / theirs for mine, theirs in pairs if mine and theirs]
        if ratios:
            within = sum(ratio <= LATENCY_WITHIN for ratio in ratios)
            found = f"{within} of {len(ratios)} kinds; times the engine's: {spread(ratios)}"
            what = f"latency of each kind, {ours} by {engine}, {count:,} triples"
            rows.append(row(what, f"≤ {LATENCY_WITHIN} times", found))
    wanted = next((limit for triples, limit in JOIN_MS.items() if count >= triples), None)
    join = [one for one in kinds if (one.mix, one.kind) == ("known", "join")]
    if wanted and join:
        found = ", ".join(f"{server} {p50:.2f} ms" for server, p50 in join[0].p50.items() if p50)
        rows.append(row(f"the join, {count:,} triples", f"≤ {wanted} ms", found))
    return rows


def of_stream(count: int, times) -> list[str]:
    rows = []
    for ours, engine in ENGINES.items():
        found = [
            f"{kind} {spread(stream.later(times, ours, engine, kind), 1, ' ms')}"
            for kind in stream.KINDS
            if {ours, engine} <= {one.server for one in times}
        ]
        if found:
            what = f"first byte of {stream.ROWS:,} rows after {engine}'s, {ours}, {count:,} triples"
            rows.append(row(what, "≤ 50 ms", "; ".join(found)))
    return rows


def of_start(found) -> list[str]:
    return [row("start to first answer, published graph", "≤ 0.4 s", spread(found["incsr serve"], 3, " s"))]


def of_validation(found) -> list[str]:
    same = "the same report as pySHACL's" if found.same else "**another report than pySHACL's**"
    milliseconds = [1000 * seconds for seconds in found.judged]
    return [
        row("validation from end to end", "≤ 1 s", f"{spread(found.command, 2, ' s')}; {same}"),
        row("validation where the index is held", "≤ 50 ms", spread(milliseconds, 1, " ms")),
    ]


def of_load(count: int, found) -> list[str]:
    """Only of files that are large enough for something else than the start of a program to be timed."""
    if count < LARGE_ENOUGH:
        return []
    rows = []
    for mode in dict.fromkeys(one.mode for one in found):
        cells = [f"{one.syntax} {spread(one.ratios())}" for one in found if one.mode == mode]
        what = f"loading beside `oxigraph load`, {mode}, compacted, {count:,} triples"
        rows.append(row(what, "≥ 0.8", "; ".join(cells)))
    return rows


def row(what: str, wanted: str, found: str) -> str:
    return f"| {what} | {wanted} | {found} |"


def section(rows: list[str]) -> list[str]:
    if not rows:
        return []
    return [
        "## Asked and found",
        "",
        "Medians, lowest and highest; ratios to `oxigraph` of the same round:",
        "",
        "| what | asked | found |",
        "| --- | --- | --- |",
        *rows,
        "",
    ]
