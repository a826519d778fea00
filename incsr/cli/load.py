"""`incsr load`: RDF files into a store on disk, to be served by `incsr serve --store`."""

import sys
import time
from pathlib import Path


def register(subparsers):
    """Add the parser of `incsr load`."""
    parser = subparsers.add_parser(
        "load",
        help="load RDF files into a store on disk",
        description="Load Turtle, TriG, N-Triples, N-Quads, RDF/XML or JSON-LD, also compressed (.gz, .zst), "
        "as one change: all of it or nothing.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--store", type=Path, required=True, metavar="DIR", help="the store, which is made if it is new"
    )
    parser.add_argument(
        "--graph", metavar="IRI", help="the graph for triples that are in none (default: the default graph)"
    )
    parser.add_argument(
        "--default-graph",
        choices=("union", "strict"),
        default="union",
        help="what queries of a new store will see by default; as for incsr serve",
    )
    parser.set_defaults(run=run)


def run(arguments):
    """Load; 0 when it is done, 1 for a file that is wrong, 130 where somebody stopped it.

    Raises: Misuse where the store cannot be used or a graph's name is no IRI.
    """
    import pyoxigraph as ox

    from incsr.cli import Misuse
    from incsr.sources import SourceError
    from incsr.store.disk import StoreError
    from incsr.workers import bulk

    if arguments.graph is not None:
        try:
            ox.NamedNode(arguments.graph)
        except ValueError as error:
            raise Misuse(f"--graph {arguments.graph}: {error}") from None
    began = time.monotonic()
    try:
        size = sum(path.stat().st_size for path in arguments.files)
    except OSError as error:
        print(f"incsr load: {error.filename}: cannot be read: {error.strerror}", file=sys.stderr)
        return 1
    progress = Progress(size, sys.stderr)
    try:
        loaded = bulk.load(
            arguments.files, arguments.store, arguments.graph, arguments.default_graph, progress.tell
        )
    except SourceError as error:
        progress.end()
        print(f"incsr load: {error}. Nothing was loaded.", file=sys.stderr)
        return 1
    except StoreError as error:
        raise Misuse(str(error)) from None
    except bulk.Stopped as stopped:
        progress.end()
        became = "All was loaded before that" if stopped.done else "Nothing was loaded"
        print(f"incsr load: stopped. {became}.", file=sys.stderr)
        return 130
    progress.end()
    took_s = time.monotonic() - began - loaded.compacted_s
    rate = f"{loaded.count / took_s:,.0f} a second" if took_s > 0.1 else f"{took_s:.2f} s"
    print(
        f"Loaded {loaded.count:,} statements into {arguments.store} ({rate}; compacted in "
        f"{loaded.compacted_s:.2f} s); version {loaded.generation.version}."
    )
    return 0


class Progress:
    """A bar on a terminal, a line now and then elsewhere."""

    WIDTH = 30

    def __init__(self, size: int, stream):
        self.size = max(size, 1)
        self.stream = stream
        self.done = 0
        self.terminal = stream.isatty()
        self.every_s = 0.1 if self.terminal else 10.0
        self.last = time.monotonic()

    def tell(self, count: int):
        self.done += count
        now = time.monotonic()
        # At the end, what was read last is still being stored, and nothing is told any more.
        if now - self.last >= self.every_s or (self.terminal and self.done >= self.size):
            self.last = now
            self.show()

    def show(self):
        share = min(1.0, self.done / self.size)
        megabytes = f"{self.done / 1e6:,.1f} of {self.size / 1e6:,.1f} MB"
        if self.done >= self.size:
            megabytes += ", now storing and compacting"
        if self.terminal:
            bar = "█" * int(share * self.WIDTH)
            print(f"\r{bar:░<{self.WIDTH}} {share:4.0%} {megabytes}", end="", file=self.stream, flush=True)
        else:
            print(f"incsr load: {share:.0%}, {megabytes}", file=self.stream, flush=True)

    def end(self):
        if self.terminal:
            print("\r" + " " * (self.WIDTH + 70) + "\r", end="", file=self.stream, flush=True)
