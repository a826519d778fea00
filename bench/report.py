"""bench/RESULTS.md: the machine, the versions, what each part found, and the runs before this one."""

import os
import platform
import re
import timeit
from importlib.metadata import version
from pathlib import Path

import peers
import throughput

TITLE, EARLIER = "# Results", "# An earlier run"
KEPT = 8
# By name alone, machines that differ by ten times are the same.
SPEED = "for a million steps of an empty loop in Python"


def machine() -> str:
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text()).group(1)) // 1024**2
    name = model.group(1) if model else platform.machine()
    kernel = platform.release().split("-")[0]
    return f"{name}, {os.cpu_count()} processors, {memory} GB, Linux {kernel}; {speed_ms():.0f} ms {SPEED}"


def speed_ms() -> float:
    """How long the processor takes for `SPEED`, the best of five."""
    return min(timeit.repeat("for _ in range(1_000_000): pass", number=1, repeat=5)) * 1000


def versions() -> str:
    ours = ", ".join(
        f"{name} {version(name)}"
        for name in ("pyoxigraph", "uvicorn", "httptools", "uvloop", "flask", "pyshacl")
    )
    return f"Python {platform.python_version()}; ours: {ours}; peers: {peers.versions()}"


def repeat(options) -> str:
    """The command that does the same again."""
    return (
        f".venv/bin/python bench/run.py --observations {' '.join(map(str, options.observations))} "
        f"--rounds {options.rounds} --seconds {options.seconds} --longest {options.longest} "
        f"--seed {options.seed} --clients {' '.join(map(str, options.clients))} "
        f"--parts {' '.join(options.parts)} --peers {' '.join(options.peers)}"
    )


def head(began, load_before, load_after, options, missing: dict[str, str]) -> list[str]:
    """What the figures stand under; `missing`: by peer, why it was not timed."""
    load = ", ".join(f"{value:.1f}" for value in (*load_before, *load_after))
    return [
        TITLE,
        "",
        "Written by `make bench`, the newest run first; do not edit. Ratios are to `oxigraph serve` in",
        "memory with the same data, round by round, unless it is said to what. Bold is the median, in",
        f"brackets the lowest and the highest, of {options.rounds} rounds or of the times beside it.",
        "",
        f"- When: {began:%Y-%m-%d %H:%M} UTC",
        f"- Machine: {machine()}",
        f"- Load of the machine (1, 5, 15 minutes, before; the same, after): {load}",
        f"- Versions: {versions()}",
        *(f"- Not timed: {name}: {why}" for name, why in missing.items()),
        f"- Repeat: `make bench`, or `{repeat(options)}`; 600000 observations: 10 million",
        "",
    ]


def of_mixes(lines, kinds, quick: list[str], told: dict[str, dict[str, str]]) -> list[str]:
    """The tables of one size: the mixes, the kinds, and who answers otherwise."""
    return [
        "The mixes, by wrk with one thread, each server in turn for a window in each round:",
        "",
        *throughput.HEAD,
        *(line.text() for line in lines),
        "",
        "Latency of each kind alone, first asked, one client, p50 in milliseconds:",
        "",
        f"| mix | kind | {' | '.join(quick)} |",
        f"| --- | --- |{' --- |' * len(quick)}",
        *(kind.text() for kind in kinds),
        "",
        *of_disagreements(told),
    ]


def of_disagreements(told: dict[str, dict[str, str]]) -> list[str]:
    """Which kinds a server refuses (and was not asked in the mixes) or answers otherwise than the base."""
    rows = [
        f"| {server} | {kind} | {text.replace('|', '/')} |"
        for server, kinds in told.items()
        for kind, text in kinds.items()
    ]
    if not rows:
        return [f"All servers gave the same answers as {peers.BASE}: {', '.join(told)}.", ""]
    return [
        f"Answers other than {peers.BASE}'s, on the same queries. What is refused was left out of that",
        f"server's mix, and of {peers.BASE}'s for its ratio:",
        "",
        "| server | kind | what |",
        "| --- | --- | --- |",
        *rows,
        "",
    ]


def of_memory(rows: list[str]) -> list[str]:
    return [
        "Memory of each process in megabytes, by what it does, after loading and after what stands above.",
        "Proportional sizes (PSS) add up; resident sizes (RSS) count in each process what several share:",
        "",
        "| server | process | PSS, loaded | PSS, afterwards | RSS | largest RSS |",
        "| --- | --- | --- | --- | --- | --- |",
        *rows,
        "",
    ]


def written(lines: list[str], output: Path):
    """Put this run before the earlier ones: one run is one day on one machine, so those stay."""
    text = "\n".join(lines)
    if output.exists():
        text += "\n" + output.read_text().replace(TITLE, EARLIER, 1)
    output.write_text(EARLIER.join(text.split(EARLIER)[: KEPT + 1]))
