"""How fast the service is beside its peers, on one machine, in interleaved rounds: `make bench`.

    python bench/run.py [--observations 300 60000] [--rounds 5] [--seconds 3] [--peers …] [--output FILE]

Each round asks each server in turn for some seconds; a ratio is of one round, to `oxigraph serve` in memory.
"First asked": each request differs, in its constants and in a number behind it, and the hits of our cache are
counted. "Again": the twelve queries in turn. Needs wrk; the peers come from the package index
(bench/peers.lock).
"""

import argparse
import contextlib
import datetime
import json
import os
import platform
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from importlib.metadata import version
from pathlib import Path

import generate
import mixes

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
PEERS = HERE.parent / ".venv" / "bench" / "bin"
BASE = "oxigraph"
SLOW = ("rdflib-endpoint", "flask-rdflib")
# Peers that hold a graph as Python objects are not asked about larger ones.
SLOW_UP_TO = 1000
EARLIER = "# An earlier run"
KEPT = 8


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Served:
    """A server with the data loaded: `port`, `path` of its query endpoint, `pids`."""

    def __init__(self, name, file, folder):
        self.name = name
        self.port = free_port()
        self.path = "/sparql"
        self.began = time.perf_counter()
        getattr(self, name.replace("-", "_"))(file, folder)
        self.loaded_s = time.perf_counter() - self.began

    def start(self, *command, env=None):
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | (env or {}),
            start_new_session=True,
        )

    def oxigraph(self, file, _folder):
        self.path = "/query"
        self.start(PEERS / "oxigraph", "serve", "--bind", f"127.0.0.1:{self.port}")
        self.wait("/")
        self.post("/store?default", file)

    def oxigraph_disk(self, file, folder):
        self.path = "/query"
        store = Path(folder) / f"oxigraph-{self.port}"
        command = (PEERS / "oxigraph", "load", "--location", store, "--file", file)
        subprocess.run(command, check=True, capture_output=True)
        subprocess.run(
            (PEERS / "oxigraph", "optimize", "--location", store), check=True, capture_output=True
        )
        self.start(
            PEERS / "oxigraph", "serve-read-only", "--location", store, "--bind", f"127.0.0.1:{self.port}"
        )
        self.wait("/")

    def incsr(self, file, _folder):
        options = ("--empty", "--max-body-bytes", "2G", "--timeout", "600", "--max-bytes", "0")
        self.start(BIN / "incsr", "serve", "--port", self.port, *options, env={"INCSR_WRITE_TOKEN": "bench"})
        self.wait("/health/ready")
        self.post("/store?default", file, {"Authorization": "Bearer bench"})

    def incsr_disk(self, file, folder):
        store = Path(folder) / f"store-{self.port}"
        subprocess.run([BIN / "incsr", "load", "--store", store, file], check=True, stdout=subprocess.DEVNULL)
        self.start(BIN / "incsr", "serve", "--port", self.port, "--store", store, "--timeout", "60")
        self.wait("/health/ready")

    def rdflib_endpoint(self, file, _folder):
        self.path = "/"
        self.start(PEERS / "rdflib-endpoint", "serve", "--port", self.port, file)
        self.wait("/?query=ASK%7B%7D")

    def flask_rdflib(self, file, _folder):
        self.start(PEERS / "python", HERE / "flask_rdflib.py", self.port, file)
        self.wait("/sparql?query=ASK%7B%7D")

    def wait(self, path, within_s=120):
        end = time.monotonic() + within_s
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5).close()
                return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise SystemExit(f"{self.name} did not start") from None
                time.sleep(0.05)

    def post(self, path, file, headers=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=Path(file).read_bytes(),
            headers={"Content-Type": "application/n-triples"} | (headers or {}),
            method="POST",
        )
        urllib.request.urlopen(request, timeout=900).close()

    def hits(self) -> int:
        """How often our cache has answered, by /metrics; 0 for a peer."""
        if not self.name.startswith("incsr"):
            return 0
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        found = re.findall(r'^incsr_cache\w*\{[^}]*"hits?"[^}]*\} ([0-9.e+]+)$', text, re.M)
        if not found:
            raise SystemExit("/metrics does not tell the hits of the cache")
        return int(float(found[0]))

    def memory(self) -> str:
        """Resident megabytes: of the front, and proportional set size of each process behind it."""
        parents = {}
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit():
                    parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        pids = [self.process.pid]
        for pid in pids:
            pids += [child for child, parent in parents.items() if parent == pid]
        sizes = []
        for pid in pids:
            with contextlib.suppress(OSError):
                found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
                sizes.append(int(found.group(1)) // 1024)
        return " + ".join(map(str, sizes))

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def measured(served, lines, clients, seconds, folder) -> dict:
    """What wrk saw: requests a second, and the latencies' percentiles in milliseconds."""
    listed = Path(folder) / "requests"
    listed.write_text("\n".join(lines) + "\n")
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "120s", "-s", HERE / "load.lua"]
    said = subprocess.run(
        [*command, f"http://127.0.0.1:{served.port}", "--", listed],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = json.loads(said.rsplit("JSON ", 1)[1])
    if found["errors"] or found["refused"]:
        raise SystemExit(f"{served.name} failed on {found['errors'] + found['refused']} requests")
    return {
        "rate": found["requests"] / found["duration_us"] * 1e6,
        "p50": found["p50_us"] / 1000,
        "p99": found["p99_us"] / 1000,
    }


def compared(servers, mix, fresh, clients, observations, options, folder) -> list[str]:
    """The rows of a table: every server in every round."""
    seen = {served.name: [] for served in servers}
    hits = {served.name: served.hits() for served in servers}
    for number in range(options.rounds):
        for served in servers:
            lines = mixes.requests(mix, served.path, observations, fresh, seed=options.seed + number)
            # The slow ones are given longer, so that they answer at all.
            seconds = options.seconds * (3 if served.name in SLOW else 1)
            seen[served.name].append(measured(served, lines, clients, seconds, folder))
    if not all(one["rate"] for one in seen[BASE]):
        raise SystemExit(f"{BASE} answered nothing in {options.seconds} s; give --seconds more")
    rows = []
    for served in servers:
        ratios = [one["rate"] / base["rate"] for one, base in zip(seen[served.name], seen[BASE], strict=True)]
        middle = {
            key: statistics.median(one[key] for one in seen[served.name]) for key in ("rate", "p50", "p99")
        }
        asked = "first asked" if fresh else "again"
        new_hits = served.hits() - hits[served.name] if fresh and served.name.startswith("incsr") else ""
        spread = f"**{statistics.median(ratios):.2f}** ({min(ratios):.2f} to {max(ratios):.2f})"
        rows.append(
            f"| {mix} | {asked} | {clients} | {served.name} | {middle['rate']:.0f} | {middle['p50']:.2f} | "
            f"{middle['p99']:.1f} | {spread} | {new_hits} |"
        )
        print(rows[-1], flush=True)
    return rows


def by_kind(servers, observations, options, folder) -> list[str]:
    """The latency of each kind of query alone, first asked, one client: how it grows with the data."""
    rows = []
    for mix in mixes.MIXES:
        for kind in mixes.MIXES[mix]:
            cells = []
            for served in servers:
                lines = mixes.requests(mix, served.path, observations, True, options.seed, [kind])
                seen = measured(served, lines, 1, 1, folder)
                if not seen["rate"]:
                    seen = measured(served, lines, 1, 20, folder)
                cells.append(f"{seen['p50']:.2f}")
            rows.append(f"| {mix} | {kind} | {' | '.join(cells)} |")
            print(rows[-1], flush=True)
    return rows


def machine() -> str:
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text()).group(1)) // 1024**2
    name = model.group(1) if model else platform.machine()
    return f"{name}, {os.cpu_count()} processors, {memory} GB, Linux {platform.release().split('-')[0]}"


def versions() -> str:
    ours = ", ".join(
        f"{name} {version(name)}" for name in ("pyoxigraph", "uvicorn", "httptools", "uvloop", "flask")
    )
    frozen = subprocess.run(
        [PEERS / "python", "-m", "pip", "freeze"], capture_output=True, text=True, check=True
    )
    names = ("oxigraph", "rdflib", "rdflib-endpoint", "flask", "waitress", "uvicorn")
    peers = [line for line in frozen.stdout.splitlines() if line.split("==")[0].lower() in names]
    return f"Python {platform.python_version()}; ours: {ours}; peers: {', '.join(peers)}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--observations", type=int, nargs="+", default=[300, 60_000], help="16 triples each")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--peers", nargs="*", default=["incsr", "oxigraph-disk", "incsr-disk", *SLOW])
    parser.add_argument("--output", type=Path, default=HERE / "RESULTS.md")
    options = parser.parse_args()
    began = datetime.datetime.now(datetime.UTC)
    load_before = os.getloadavg()
    sections = []
    with tempfile.TemporaryDirectory() as folder:
        for observations in options.observations:
            file = Path(folder) / f"{observations}.nt"
            count = generate.write(observations, file)
            names = [BASE, *[n for n in options.peers if n not in SLOW or observations <= SLOW_UP_TO]]
            servers = []
            try:
                for name in names:
                    servers.append(Served(name, file, folder))
                rows = []
                for mix in mixes.MIXES:
                    for fresh in (True, False):
                        for clients in options.clients:
                            rows += compared(servers, mix, fresh, clients, observations, options, folder)
                quick = [served for served in servers if served.name not in SLOW]
                kinds = by_kind(quick, observations, options, folder)
                memory = [
                    f"| {served.name} | {served.loaded_s:.1f} | {served.memory()} |" for served in servers
                ]
            finally:
                for served in servers:
                    served.stop()
            sections.append(section(count, rows, kinds, quick, memory))
    text = report(began, load_before, options, sections)
    if options.output.exists():
        # One run is one day on one machine: those before stay.
        text += "\n" + options.output.read_text().replace("# Results", EARLIER, 1)
    options.output.write_text(EARLIER.join(text.split(EARLIER)[:KEPT]))
    print(f"written: {options.output}")


def section(count, rows, kinds, quick, memory) -> str:
    heads = " | ".join(served.name for served in quick)
    return "\n".join(
        (
            f"## {count:,} triples",
            "",
            "| mix | asked | clients | server | requests/s | p50 ms | p99 ms | ratio (spread) | cache hits |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
            "Latency of each kind alone, first asked, one client, p50 in milliseconds:",
            "",
            f"| mix | kind | {heads} |",
            f"| --- | --- |{' --- |' * len(quick)}",
            *kinds,
            "",
            "Seconds until loaded, and memory of each process in megabytes (PSS; the front first):",
            "",
            "| server | loaded | memory |",
            "| --- | --- | --- |",
            *memory,
            "",
        )
    )


def report(began, load_before, options, sections) -> str:
    load = ", ".join(f"{value:.1f}" for value in (*load_before, *os.getloadavg()))
    return "\n".join(
        (
            "# Results",
            "",
            "Written by `make bench`, the newest run first; do not edit. Ratios are to `oxigraph serve` in",
            "memory with the same data, round by round:",
            f"{options.rounds} rounds of {options.seconds} s for each server in turn,",
            "by wrk with one thread.",
            "",
            f"- When: {began:%Y-%m-%d %H:%M} UTC",
            f"- Machine: {machine()}",
            f"- Load of the machine (1, 5, 15 minutes, before; the same, after): {load}",
            f"- Versions: {versions()}",
            f"- Repeat: `make bench`, or `.venv/bin/python bench/run.py --observations "
            f"{' '.join(map(str, options.observations))} --rounds {options.rounds} "
            f"--seconds {options.seconds} --seed {options.seed}`; 600000 observations: 10 million",
            "",
            *sections,
        )
    )


if __name__ == "__main__":
    main()
