"""The servers that are timed, ours and its peers: each class starts one and loads the data."""

import contextlib
import mmap
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from abc import ABC, abstractmethod
from pathlib import Path

from measure import HERE, Failed, free_port

BIN = Path(sys.executable).parent
PEERS = HERE.parent / ".venv" / "bench" / "bin"
OXIGRAPH = PEERS / "oxigraph"
GRAPH = "http://example.org/bench/graph"


class Served(ABC):
    """A server with the data loaded: `port`, `process`, and `target`, an address up to the query's text."""

    name = ""
    target = "/sparql?query="
    first_role = "server"
    # Slow ones hold a graph as Python objects: they are given longer windows, and small graphs only.
    slow = False
    ours = False
    # A peer that fails is told of; where we fail, or what ratios are to, there is nothing to report.
    required = False

    def __init__(self, file: Path, folder: Path):
        self.folder = Path(folder)
        self.port = free_port()
        began = time.perf_counter()
        try:
            self.begin(file)
        except BaseException:
            if hasattr(self, "process"):
                self.stop()
            raise
        self.loaded_s = time.perf_counter() - began

    @classmethod
    def missing(cls) -> str:
        """Why this server cannot be timed here, or nothing."""
        return ""

    @abstractmethod
    def begin(self, file: Path):
        """Start the server and have it load a file."""

    def start(self, *command, env=None, cwd=None):
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | (env or {}),
            cwd=cwd,
            start_new_session=True,
        )

    def wait(self, path, within_s=120):
        """Until the server answers."""
        end = time.monotonic() + within_s
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5).close()
                return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise Failed(f"{self.name} did not start") from None
                time.sleep(0.05)

    def post(self, path, file, headers=None):
        """Load N-Triples by the Graph Store Protocol, from the file as it is sent."""
        # Mapped, so that what is sent does not lie in this process's memory as well.
        with (
            open(file, "rb") as opened,
            mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
            memoryview(mapped) as body,
        ):
            request = urllib.request.Request(
                f"http://127.0.0.1:{self.port}{path}",
                data=body,
                headers={"Content-Type": "application/n-triples"} | (headers or {}),
                method="POST",
            )
            urllib.request.urlopen(request, timeout=900).close()

    def hits(self) -> int | None:
        """How often a cache of answers has answered; None where there is none."""
        return None

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Oxigraph(Served):
    """`oxigraph serve` in memory: what ratios are to."""

    name = "oxigraph"
    target = "/query?query="
    required = True

    def begin(self, file):
        self.start(OXIGRAPH, "serve", "--bind", f"127.0.0.1:{self.port}")
        self.wait("/")
        self.post("/store?default", file)


class OxigraphDisk(Served):
    name = "oxigraph-disk"
    target = "/query?query="

    def begin(self, file):
        store = self.folder / f"oxigraph-{self.port}"
        for words in (("load", "--location", store, "--file", file), ("optimize", "--location", store)):
            subprocess.run((OXIGRAPH, *words), check=True, capture_output=True)
        self.start(OXIGRAPH, "serve-read-only", "--location", store, "--bind", f"127.0.0.1:{self.port}")
        self.wait("/")


class Incsr(Served):
    """Ours, with every guard on; only what would cut the workload's own answers short is raised."""

    name = "incsr"
    first_role = "front"
    ours = required = True
    options = ("--timeout", "600", "--max-bytes", "0")

    def begin(self, file):
        environment = {"INCSR_WRITE_TOKEN": "bench"}
        # A write may take as much address space as the data it brings; the limit is meant for queries.
        memory = ("--max-memory", f"{2 + 8 * file.stat().st_size // 1024**3}G")
        more = ("--empty", "--max-body-bytes", "16G", "--body-timeout", "600", *memory)
        self.start(BIN / "incsr", "serve", "--port", self.port, *self.options, *more, env=environment)
        self.wait("/health/ready")
        self.post("/store?default", file, {"Authorization": "Bearer bench"})

    def hits(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        found = re.findall(r'^incsr_cache\w*\{[^}]*"hits?"[^}]*\} ([0-9.e+]+)$', text, re.M)
        if not found:
            raise SystemExit("/metrics does not tell the hits of the cache")
        return int(float(found[0]))


class IncsrDisk(Incsr):
    name = "incsr-disk"

    def begin(self, file):
        store = self.folder / f"store-{self.port}"
        subprocess.run([BIN / "incsr", "load", "--store", store, file], check=True, stdout=subprocess.DEVNULL)
        self.start(BIN / "incsr", "serve", "--port", self.port, "--store", store, *self.options)
        self.wait("/health/ready")


class RdflibEndpoint(Served):
    name = "rdflib-endpoint"
    target = "/?query="
    slow = True

    def begin(self, file):
        self.start(PEERS / "rdflib-endpoint", "serve", "--port", self.port, file)
        self.wait("/?query=ASK%7B%7D")


class FlaskRdflib(Served):
    name = "flask-rdflib"
    slow = True

    def begin(self, file):
        self.start(PEERS / "python", HERE / "flask_rdflib.py", self.port, file)
        self.wait("/sparql?query=ASK%7B%7D")


class Virtuoso(Served):
    """Virtuoso, where Debian's package virtuoso-opensource is installed; its files are in our folder."""

    name = "virtuoso"
    # Its own graphs would be counted too.
    target = "/sparql?default-graph-uri=http%3A%2F%2Fexample.org%2Fbench%2Fgraph&query="
    server, isql = "virtuoso-t", "isql-vt"
    settings = """\
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
FileExtend = 200
[TempDatabase]
DatabaseFile = temporary.db
TransactionFile = temporary.trx
FileExtend = 200
[Parameters]
ServerPort = 127.0.0.1:{sql_port}
ServerThreads = 40
NumberOfBuffers = 340000
MaxDirtyBuffers = 250000
DirsAllowed = .
CheckpointInterval = 0
[HTTPServer]
ServerPort = 127.0.0.1:{port}
ServerThreads = 32
KeepAliveTimeout = 120
MaxKeepAlives = 32
[SPARQL]
ResultSetMaxRows = 2000000
"""
    load = (
        "ld_dir('.', '{file}', '{graph}');\nrdf_loader_run();\ncheckpoint;\n"
        "select count(*) from DB.DBA.load_list where ll_state = 2 and ll_error is null;\n"
    )

    @classmethod
    def missing(cls):
        absent = [name for name in (cls.server, cls.isql) if not shutil.which(name)]
        return f"not installed ({' and '.join(absent)} of Debian's virtuoso-opensource)" if absent else ""

    def begin(self, file):
        place = self.folder / f"virtuoso-{self.port}"
        place.mkdir()
        (place / file.name).symlink_to(file)
        sql_port = free_port()
        (place / "virtuoso.ini").write_text(self.settings.format(port=self.port, sql_port=sql_port))
        self.start(self.server, "-f", "-c", "virtuoso.ini", cwd=place)
        self.wait("/sparql?query=ASK%7B%7D")
        said = subprocess.run(
            (self.isql, f"127.0.0.1:{sql_port}", "dba", "dba", "VERBOSE=OFF", "BANNER=OFF"),
            input=self.load.format(file=file.name, graph=GRAPH),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        if not re.search(r"^(SQL> )*\s*1\s*$", said, re.M):
            raise Failed(f"{self.name} did not load {file.name}: {said}")


CLASSES = {
    one.name: one for one in (Oxigraph, Incsr, OxigraphDisk, IncsrDisk, Virtuoso, RdflibEndpoint, FlaskRdflib)
}
BASE = Oxigraph.name


def versions() -> str:
    """The versions of the peers."""
    frozen = subprocess.run(
        [PEERS / "python", "-m", "pip", "freeze"], capture_output=True, text=True, check=True
    )
    names = ("oxigraph", "rdflib", "rdflib-endpoint", "flask", "waitress", "uvicorn")
    found = [line for line in frozen.stdout.splitlines() if line.split("==")[0].lower() in names]
    if not Virtuoso.missing():
        said = subprocess.run([Virtuoso.server, "-?"], capture_output=True, text=True)
        match = re.search(r"Version ([0-9.]+)", said.stdout + said.stderr)
        found.append(f"virtuoso {match[1] if match else 'of unknown version'}")
    return ", ".join(found)
