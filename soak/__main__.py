"""Run the soak: `python -m soak --minutes 60 [--seed N] [--page docs/soak.md]`.

Returns: 0 where the services live, no answer was wrong, no acknowledged write was lost and memory stayed
flat.
"""

import argparse
import collections
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from soak import actors
from tests.servers import running

TIMEOUT_S = 1.5


class Record:
    """What happened: counts by name, faults in words, samples of memory."""

    def __init__(self):
        self.counts = collections.Counter()
        self.faults = []
        self.memory = []  # (seconds since the start, bytes)
        self.latencies = []
        self._lock = threading.Lock()

    def count(self, name):
        with self._lock:
            self.counts[name] += 1

    def fault(self, what):
        with self._lock:
            self.counts["faults"] += 1
            if len(self.faults) < 50:
                self.faults.append(what)
        print(f"soak: {what}", file=sys.stderr, flush=True)


ACTORS = (
    actors.ask,
    actors.ask,
    actors.stay,
    actors.stay,
    actors.stay,
    actors.run_away,
    actors.refuse,
    actors.mutate,
    actors.vanish,
    actors.kill,
    actors.fuzz,
)


def _thread(target, *arguments):
    return threading.Thread(target=target, args=arguments, name=target.__name__, daemon=True)


def main():
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    parser.add_argument("--page", type=Path, help="where to write the result, as Markdown")
    arguments = parser.parse_args()
    record, stop = Record(), threading.Event()
    began = time.monotonic()
    print(f"soak: {arguments.minutes:g} minutes, seed {arguments.seed}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder, running("--timeout", TIMEOUT_S) as reading:
        writer = actors.Writing(Path(folder) / "store", record)
        threads = [
            _thread(actor, reading, record, stop, random.Random(arguments.seed + number))
            for number, actor in enumerate(ACTORS)
        ]
        threads.append(_thread(writer.run, stop, random.Random(arguments.seed)))
        for thread in threads:
            thread.start()
        while time.monotonic() - began < arguments.minutes * 60 and reading.process.poll() is None:
            time.sleep(5)
            record.memory.append((time.monotonic() - began, actors.memory(reading)))
        stop.set()
        for thread in threads:
            thread.join(60)
            if thread.is_alive():
                record.fault(f"{thread.name} hangs")
        actors.last_words(reading, record)
        writer.close()
    verdict = judged(record, arguments, time.monotonic() - began)
    print(verdict)
    if arguments.page:
        arguments.page.write_text(verdict)
    return 1 if record.counts["faults"] else 0


def _code():
    """The commit that runs, with a mark where the checkout differs from it; "unknown" outside a checkout."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return described.stdout.strip() or "unknown"


def _latency(seconds):
    if len(seconds) < 100:
        return []
    median = statistics.median(seconds) * 1000
    p99 = statistics.quantiles(seconds, n=100)[98] * 1000
    return [f"Latency of a known question: median {median:.0f} ms, p99 {p99:.0f} ms."]


def judged(record, arguments, took_s):
    """The result as a page; memory that grows is a fault too."""
    sizes = [size for _, size in record.memory]
    quarter = max(1, len(sizes) // 4)
    early, late = (
        statistics.median(sizes[quarter : 2 * quarter] or sizes),
        statistics.median(sizes[-quarter:]),
    )
    if late > early * 1.25 + 50e6:
        record.fault(f"memory grew from {early / 1e6:.0f} MB to {late / 1e6:.0f} MB")
    lines = [
        "# Soak",
        "",
        "Written by `make soak`; do not edit.",
        "",
        f"{took_s / 60:.0f} minutes, code {_code()}, seed {arguments.seed}, deadline {TIMEOUT_S:g} s:",
        "questions whose answers are known, on connections that are kept too (there by clerks), runaways,",
        "refused and mutated texts, clients that vanish,",
        "evaluators killed, and a store on disk whose server is killed (SIGKILL) and started again while it",
        "is written to.",
        "",
        "| what | how often |",
        "| --- | ---: |",
        *(f"| {name} | {count} |" for name, count in sorted(record.counts.items())),
        "",
        f"Memory of all processes of the reading server: {early / 1e6:.0f} MB in the second quarter,",
        f"{late / 1e6:.0f} MB in the last.",
        *_latency(record.latencies),
        "",
        "## Faults",
        "",
        *([f"- {fault}" for fault in record.faults] or ["None."]),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
