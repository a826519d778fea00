"""How long `incsr load` takes beside `oxigraph load`, in interleaved rounds: `python bench/load.py`.

    python bench/load.py [--observations 60000] [--rounds 3] [--syntax nt ttl nt.gz nq blank.nt]

A ratio is of one round: the peer's time by ours, without and with the compaction that only we do; and the
peer's processor time by ours, which depends less on what else the machine does. In union mode each triple is
stored twice. `blank.nt` has blank nodes in two thirds of its statements.
"""

import argparse
import gzip
import multiprocessing
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import generate
import pyoxigraph as ox

PEER = Path(__file__).resolve().parent.parent / ".venv" / "bench" / "bin" / "oxigraph"
COMPACTED = re.compile(r"compacted in ([0-9.]+) s")
SYNTAXES = ("nt", "ttl", "nt.gz", "nq", "blank.nt")


def files(observations: int, folder: Path, syntaxes) -> dict[str, Path]:
    """The generated graph in each syntax."""
    plain = folder / "data.nt"
    generate.write(observations, plain)
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
    return paths


def timed(command) -> tuple[float, float, float, str]:
    """A command run to its end: seconds, processor time, its largest resident set in MB, what it printed."""
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen([str(word) for word in command], stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        printed = output.read()
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}: {printed}")
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000, printed


def round_of(path: Path, folder: Path) -> dict[str, tuple[float, float, float, float]]:
    """One round: seconds, those of compaction in them, processor time, MB; of the peer and our two modes."""
    found = {}
    place = folder / "store"
    ours = [sys.executable, "-m", "incsr.cli", "load", path, "--store", place, "--default-graph"]
    commands = {
        "peer": [PEER, "load", "--location", place, "--file", path],
        "strict": [*ours, "strict"],
        "union": [*ours, "union"],
    }
    for name, command in commands.items():
        shutil.rmtree(place, ignore_errors=True)
        took, processor, megabytes, printed = timed(command)
        match = COMPACTED.search(printed)
        found[name] = (took, float(match[1]) if match else 0.0, processor, megabytes)
    shutil.rmtree(place, ignore_errors=True)
    return found


def main():
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--observations", type=int, default=60000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--syntax", nargs="+", choices=SYNTAXES, default=SYNTAXES)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own: what this one holds would count as the memory of those that it starts.
        with multiprocessing.get_context("fork").Pool(1) as pool:
            paths = pool.apply(files, (options.observations, folder, options.syntax))
        print(f"{platform.machine()}, {len(os.sched_getaffinity(0))} processors, {options.rounds} rounds\n")
        print(
            "| file | mode | s: peer, ours, compaction | without it | with it | processor | MB: peer, ours |"
        )
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for syntax, path in paths.items():
            rounds = [round_of(path, folder) for _ in range(options.rounds)]
            for mode in ("strict", "union"):
                print(line(syntax, mode, rounds), flush=True)


def line(syntax, mode, rounds) -> str:
    """A line of the table: medians, and the spread of the ratios."""
    pairs = [(one["peer"], one[mode]) for one in rounds]
    seconds = [[peer[0] for peer, _ in pairs], [our[0] for _, our in pairs], [our[1] for _, our in pairs]]
    ratios = [
        sorted(peer[0] / (our[0] - our[1]) for peer, our in pairs),
        sorted(peer[0] / our[0] for peer, our in pairs),
        sorted(peer[2] / our[2] for peer, our in pairs),
    ]
    cells = [
        syntax,
        mode,
        ", ".join(f"{statistics.median(values):.2f}" for values in seconds),
        *(f"{statistics.median(found):.2f} ({found[0]:.2f}-{found[-1]:.2f})" for found in ratios),
        f"{max(peer[3] for peer, _ in pairs):.0f}, {max(our[3] for _, our in pairs):.0f}",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
