"""How fast the service is beside its peers, on one machine, in interleaved rounds: `make bench`.

    python bench/run.py [--observations 300 60000] [--rounds 5] [--seconds 3] [--longest 30] [--clients 1 16]
                        [--parts …] [--peers …] [--seed 1] [--output FILE]

The parts, all unless told otherwise: `mixes` (requests a second and latencies, at each size), `start` (to the
first answer), `validate` (the published data), `load` (files into a store, at the largest size), `stream`
(100,000 rows, where there are as many), `memory` (of each process, at each size).

"First asked": each request differs, in its constants and in a number behind it, and the hits of our cache are
counted. "Again": the twelve queries in turn. Needs wrk for the mixes; the peers come from the package index
(bench/peers.lock), Virtuoso from Debian where it is installed.
"""

import argparse
import datetime
import os
import tempfile
from pathlib import Path

import agreement
import asked
import generate
import load
import memory
import mixes
import peers
import report
import start
import stream
import throughput
import validation
from measure import Failed

PARTS = ("mixes", "start", "validate", "load", "stream", "memory")
SERVED = {"mixes", "stream", "memory"}
# Peers that hold a graph as Python objects are not asked about larger ones.
SLOW_UP_TO = 1000


def main():
    """Measure the parts, and write the report."""
    options = options_of(None)
    began = datetime.datetime.now(datetime.UTC)
    load_before = os.getloadavg()
    missing = {name: why for name in options.peers if (why := peers.CLASSES[name].missing())}
    for name, why in missing.items():
        print(f"{name}: {why}", flush=True)
    found: list[str] = []
    summary: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if SERVED & set(options.parts):
            found_by_size = Sizes(options, folder, [peer for peer in options.peers if peer not in missing])
            found += found_by_size.sections()
            summary += found_by_size.summary
        if "start" in options.parts:
            print("start", flush=True)
            times = start.measured(options, folder)
            found += start.section(times)
            summary += asked.of_start(times)
        if "validate" in options.parts:
            print("validate", flush=True)
            checked = validation.measured(options)
            found += validation.section(checked)
            summary += asked.of_validation(checked)
        if "load" in options.parts:
            print("load", flush=True)
            observations = max(options.observations)
            count, loaded = load.measured(observations, options.rounds, ("nt", "ttl", "nt.gz", "nq"), folder)
            found += load.section(count, loaded)
            summary += asked.of_load(count, loaded)
    lines = report.head(began, load_before, os.getloadavg(), options, missing)
    report.written([*lines, *asked.section(summary), *found], options.output)
    print(f"written: {options.output}")


def options_of(words: list[str] | None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--observations", type=int, nargs="+", default=[300, 60_000], help="16 triples each")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of a window, at least")
    parser.add_argument("--longest", type=int, default=30, help="seconds of a window, at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    names = [name for name in peers.CLASSES if name != peers.BASE]
    parser.add_argument("--peers", nargs="*", choices=names, default=names)
    parser.add_argument("--output", type=Path, default=peers.HERE / "RESULTS.md")
    return parser.parse_args(words)


class Sizes:
    """What is asked of running servers, at one size after another."""

    def __init__(self, options, folder: Path, names: list[str]):
        self.options, self.folder = options, folder
        self.lines: dict[int, list[throughput.Line]] = {}
        self.kinds: dict[int, list[throughput.Kind]] = {}
        self.texts: list[str] = []
        self.summary: list[str] = []
        for observations in sorted(options.observations):
            file = folder / f"{observations}.nt"
            count = generate.write(observations, file)
            chosen = [n for n in names if not peers.CLASSES[n].slow or observations <= SLOW_UP_TO]
            servers = []
            self.texts += [f"## {count:,} triples", ""]
            try:
                for name in (peers.BASE, *chosen):
                    print(f"{name}: {count:,} triples", flush=True)
                    try:
                        servers.append(peers.CLASSES[name](file, folder))
                    except Failed as error:
                        if peers.CLASSES[name].required:
                            raise
                        self.texts += [f"Not timed at this size: {name}: {error}", ""]
                self.measure(servers, observations, count)
            finally:
                for served in servers:
                    served.stop()
            file.unlink()

    def measure(self, servers, observations: int, count: int):
        """The parts for the servers of one size."""
        parts = self.options.parts
        quick = [served for served in servers if not served.slow]
        after_load = {served.name: memory.processes(served) for served in servers}
        if "mixes" in parts:
            self.measure_mixes(servers, quick, observations, count)
        if "memory" in parts:
            rows = []
            for served in servers:
                now = memory.processes(served)
                rows += memory.rows(served.name, served.loaded_s, after_load[served.name], now)
            self.texts += report.of_memory(rows)
        if "stream" in parts and count < stream.TRIPLES:
            self.texts += [f"Streaming: left out, too few of {count:,} triples for {stream.ROWS:,} rows.", ""]
        elif "stream" in parts:
            times, peaks, failures = stream.measured(quick, count, self.options.rounds)
            self.texts += stream.section(times, peaks, asked.ENGINES, failures)
            self.summary += asked.of_stream(count, times)

    def measure_mixes(self, servers, quick, observations: int, count: int):
        options, lines = self.options, []
        told = agreement.disagreements(servers, observations, options.seed)
        left_out = {name: agreement.refused(kinds) for name, kinds in told.items()}
        for mix in mixes.MIXES:
            for fresh in (True, False):
                for clients in options.clients:
                    lines += throughput.compared(
                        servers, mix, fresh, clients, observations, options, self.folder, left_out
                    )
        kinds = throughput.by_kind(quick, observations, options, self.folder, left_out)
        self.lines[count], self.kinds[count] = lines, kinds
        self.texts += report.of_mixes(lines, kinds, [served.name for served in quick], told)
        self.summary += [*asked.of_mixes(count, lines), *asked.of_kinds(count, kinds)]

    def sections(self) -> list[str]:
        """The report's sections, and the one across sizes where there are several."""
        if len(self.lines) < 2:
            return self.texts
        growth = throughput.grown(self.lines, self.kinds)
        return [*self.texts, "## How each grows with the data", "", *growth, ""]


if __name__ == "__main__":
    main()
