"""How long `incsr load` takes beside `oxigraph load`, in interleaved rounds: `python bench/load.py`.

    python bench/load.py [--observations 60000] [--rounds 3] [--syntax nt ttl nt.gz nq blank.nt]

A ratio is of one round: the peer's time by ours, without and with the compaction that only we do; and the
peer's processor time by ours, which depends less on what else the machine does. In union mode what stands in
named graphs (`nq`) is stored twice. `blank.nt` has blank nodes in two thirds of its statements.
"""

import argparse
import gzip
import multiprocessing
import os
import platform
import re
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import generate
import pyoxigraph as ox
from measure import Ended, rest, spread, timed
from peers import OXIGRAPH

COMPACTED = re.compile(r"compacted in ([0-9.]+) s")
SYNTAXES = ("nt", "ttl", "nt.gz", "nq", "blank.nt")
MODES = ("strict", "union")
HEAD = (
    "| file | mode | s: peer, ours, compaction | ratio without it | with it | processor | MB: peer, ours |",
    "| --- | --- | --- | --- | --- | --- | --- |",
)


def files(observations: int, folder: Path, syntaxes) -> tuple[int, dict[str, Path]]:
    """The number of triples of the generated graph, and the file in each syntax."""
    plain = folder / "data.nt"
    count = generate.write(observations, plain)
    data = plain.read_bytes()
    made = {
        "nt": lambda: data,
        "ttl": lambda: ox.serialize(
            ox.parse(data, format=ox.RdfFormat.N_TRIPLES), format=ox.RdfFormat.TURTLE
        ),
        "nt.gz": lambda: gzip.compress(data, 6),
        "nq": lambda: data.replace(b" .\n", b" <http://example.org/bench/graph> .\n"),
        "blank.nt": lambda: re.sub(rb"<http://example.org/bench/observation/(\d+)>", rb"_:o\1", data),
    }
    paths = {syntax: folder / f"data.{syntax}" for syntax in syntaxes}
    for syntax, path in paths.items():
        path.write_bytes(made[syntax]())
    return count, paths


@dataclass
class Loaded:
    """One syntax in one mode: the peer and us, round by round, and the seconds of our compaction."""

    syntax: str
    mode: str
    peer: list[Ended]
    ours: list[Ended]
    compaction: list[float]

    def ratios(self) -> list[float]:
        """The peer's time by ours, compaction in it."""
        return [peer.seconds / our.seconds for peer, our in zip(self.peer, self.ours, strict=True)]

    def text(self) -> str:
        """A line of the table: medians, and the spread of the ratios."""
        pairs = list(zip(self.peer, self.ours, self.compaction, strict=True))
        seconds = (
            [one.seconds for one in self.peer],
            [one.seconds for one in self.ours],
            self.compaction,
        )
        cells = (
            self.syntax,
            self.mode,
            ", ".join(f"{statistics.median(values):.2f}" for values in seconds),
            spread([peer.seconds / (our.seconds - compaction) for peer, our, compaction in pairs]),
            spread(self.ratios()),
            spread([peer.processor_s / our.processor_s for peer, our, _ in pairs]),
            ", ".join(f"{max(one.largest_mb for one in side):.0f}" for side in (self.peer, self.ours)),
        )
        return f"| {' | '.join(cells)} |"


def round_of(path: Path, folder: Path) -> dict[str, Ended]:
    """One round: the peer, and our two modes."""
    place = folder / "loaded"
    ours = [sys.executable, "-m", "incsr.cli", "load", path, "--store", place, "--default-graph"]
    commands = {"peer": [OXIGRAPH, "load", "--location", place, "--file", path]}
    commands |= {mode: [*ours, mode] for mode in MODES}
    found = {}
    for name, command in commands.items():
        shutil.rmtree(place, ignore_errors=True)
        rest()
        found[name] = timed(command)
    shutil.rmtree(place, ignore_errors=True)
    return found


def measured(observations: int, rounds: int, syntaxes, folder: Path) -> tuple[int, list[Loaded]]:
    """The number of triples, and every syntax in both modes; prints each line as it is found."""
    # In a process of its own, which gives the memory back that the file takes in all its syntaxes.
    with multiprocessing.get_context("fork").Pool(1) as pool:
        count, paths = pool.apply(files, (observations, folder, syntaxes))
    found = []
    for syntax, path in paths.items():
        seen = [round_of(path, folder) for _ in range(rounds)]
        for mode in MODES:
            compaction = [
                float(match[1]) if (match := COMPACTED.search(one[mode].printed)) else 0.0 for one in seen
            ]
            found.append(
                Loaded(syntax, mode, [one["peer"] for one in seen], [one[mode] for one in seen], compaction)
            )
            print(found[-1].text(), flush=True)
        path.unlink()
    return count, found


def section(count: int, found: list[Loaded]) -> list[str]:
    return [
        f"## Loading {count:,} triples from a file into a store on disk",
        "",
        "`incsr load` beside `oxigraph load`, in interleaved rounds. A ratio is the peer's time by ours,",
        "without and with the compaction that only we do, and of processor time; MB: the largest resident",
        "set. Union mode stores what stands in named graphs (nq) twice.",
        "",
        *HEAD,
        *(one.text() for one in found),
        "",
    ]


def main():
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--observations", type=int, default=60000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--syntax", nargs="+", choices=SYNTAXES, default=SYNTAXES)
    options = parser.parse_args()
    print(f"{platform.machine()}, {len(os.sched_getaffinity(0))} processors, {options.rounds} rounds\n")
    print("\n".join(HEAD))
    with tempfile.TemporaryDirectory() as name:
        measured(options.observations, options.rounds, options.syntax, Path(name))


if __name__ == "__main__":
    main()
