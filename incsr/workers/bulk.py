"""Many files into a store on disk, as one change: streamed, counted, compacted, and all of it or nothing.

Reads every syntax that the engine parses, plain or compressed with gzip or Zstandard. A file that is wrong is
named with line and column, and leaves the directory as it was.

The engine reads and sorts most of it by itself, in `incsr.workers.native`. What that refuses is read again by
the parser alone, which says where the file is wrong.
"""

import contextlib
import gzip
import io
import secrets
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyoxigraph as ox

from incsr.query import spelling
from incsr.query.view import add_union, is_without_union
from incsr.sources import MEDIA, SourceError
from incsr.store.disk import Directory, Generation, StoreError
from incsr.store.view import UNION
from incsr.workers import native

BATCH = 8192
_UNION = ox.NamedNode(UNION)
_DEFAULT = ox.DefaultGraph()
SUFFIXES = MEDIA | {
    ".ntriples": ox.RdfFormat.N_TRIPLES,
    ".nquads": ox.RdfFormat.N_QUADS,
    ".owl": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
    ".json": ox.RdfFormat.JSON_LD,
}


class Watched(io.RawIOBase):
    """A file that says how far it has been read: the bytes on disk, also where they are compressed."""

    def __init__(self, path: Path, tell: Callable[[int], None]):
        self._file = path.open("rb")
        self._tell = tell

    def readable(self):
        return True

    def readinto(self, buffer):
        count = self._file.readinto(buffer)
        self._tell(count)
        return count

    def close(self):
        self._file.close()
        super().close()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a load: the generation that is current now, quads read, and how long compacting took."""

    generation: Generation
    count: int
    compacted_s: float


class Stopped(KeyboardInterrupt):
    """Somebody stopped a load: before it had become current, or when it was `done`."""

    def __init__(self, done: bool):
        super().__init__()
        self.done = done


def load(files: list[Path], store: Path, graph: str | None, mode: str, tell: Callable[[int], None]) -> Loaded:
    """Load files into a store on disk; triples outside any graph go into `graph`, or the default graph.

    `tell` is called with the number of bytes that were read. `mode` says what a new directory is made for.
    Raises: SourceError for a file that cannot be read, StoreError for the directory; nothing is changed.
    Stopped for Ctrl-C, which says whether anything was.
    """
    named = [(path, format_of(path)) for path in files]
    directory = Directory(store)
    directory.lock()
    current = directory.current()
    if current is None:
        coming = Generation("00000001", mode == "union", secrets.token_hex(4), 0, "")
    else:
        if current.union != (mode == "union"):
            held = "union" if current.union else "strict"
            raise StoreError(
                f"{store} was made with --default-graph {held}; load it so, or name another directory"
            )
        directory.discard(keep=current.name)
        coming = current.changed()
    name = ox.NamedNode(graph) if graph else ox.DefaultGraph()
    try:
        result = None
        for read in (natively, exactly):
            place = directory.begin(coming.name, copied_from=current.name if current else None)
            result = _filled(
                place,
                lambda database, read=read: read(
                    database, named, name, coming.union and _takes_union(database, named, name), tell
                ),
            )
            if result is not None:
                break
        directory.commit(coming)
        directory.discard(keep=coming.name)
    except BaseException as error:
        directory.abandon(coming)
        if isinstance(error, KeyboardInterrupt):
            raise Stopped(directory.is_current(coming)) from None
        if isinstance(error, StoreError):
            raise StoreError(f"{error}; nothing was loaded") from error
        if isinstance(error, OSError):
            raise StoreError(f"{store} cannot be written: {error}; nothing was loaded") from error
        raise
    return Loaded(coming, *result)


def _takes_union(database, files, graph) -> bool:
    """Whether triples go into the union graph too: not where the default graph stays all there is.

    It is made here where the database was without it until now.
    """
    if is_without_union(database):
        if graph == _DEFAULT and not any(format_.supports_datasets for _path, format_ in files):
            return False
        add_union(database)
    return True


def format_of(path: Path) -> ox.RdfFormat:
    """The syntax that a file's name announces, below .gz or .zst.

    Raises: SourceError for a name that announces none.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in (".gz", ".zst"):
        suffixes.pop()
    if suffixes and suffixes[-1] in SUFFIXES:
        return SUFFIXES[suffixes[-1]]
    known = ", ".join(SUFFIXES)
    raise SourceError(
        path, f"its name announces no RDF syntax; use one of {known}, with .gz or .zst after it if need be"
    )


def opened(path: Path, tell: Callable[[int], None]):
    """A file's text as bytes, decompressed where its name says so."""
    raw = io.BufferedReader(Watched(path, tell), 1 << 20)
    if path.suffix.lower() == ".gz":
        return gzip.GzipFile(fileobj=raw)
    if path.suffix.lower() == ".zst":
        import zstandard

        return zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True, closefd=True)
    return raw


def _filled(place: str, read: Callable[[ox.Store], int | None]) -> tuple[int, float] | None:
    """Fill a database, and compact it. Returns: quads and seconds, None where `read` gives none."""
    database = ox.Store(place)
    count = read(database)
    if count is None:
        return None
    began = time.monotonic()
    database.optimize()
    database.flush()
    return count, time.monotonic() - began


def natively(database, files, graph, union, tell) -> int | None:
    """Load files by way of the engine. Returns: how many quads, None if it refused what its parser takes."""
    count = 0
    with native.SideBySide(database, graph, union) as loading:
        for path, format_ in files:
            try:
                with _explained(path), opened(path, tell) as stream:
                    base = path.resolve().as_uri()
                    count += loading.read(stream, format_, base)
            except native.Refused:
                # The engine saw pieces, so that its lines are not the file's.
                with _explained(path), opened(path, lambda _: None) as stream:
                    for _ in _parsed(stream, path, format_):
                        pass
                return None
    return count


def exactly(database, files, graph, union, tell) -> int:
    """Load files quad by quad: slow, and right by construction; the tests hold the other way against it."""
    count = 0
    for path, format_ in files:
        flagged = set()

        def quads(path=path, format_=format_, flagged=flagged) -> Iterator[ox.Quad]:
            nonlocal count
            with _explained(path), opened(path, tell) as stream:
                parser = _parsed(stream, path, format_)
                while batch := list(islice(parser, BATCH)):
                    count += len(batch)
                    for quad in spelling.encode(batch, flagged):
                        if quad.graph_name == _DEFAULT:
                            quad = ox.Quad(quad.subject, quad.predicate, quad.object, graph)
                        yield quad
                        if union:
                            yield ox.Quad(quad.subject, quad.predicate, quad.object, _UNION)

        database.bulk_extend(quads())
        database.extend(spelling.flag_quads(flagged))
    return count


def _parsed(stream, path, format_):
    return ox.parse(stream, format=format_, base_iri=path.resolve().as_uri(), rename_blank_nodes=True)


@contextlib.contextmanager
def _explained(path):
    """Say of an error which file it is in, and where."""
    try:
        yield
    except SyntaxError as error:
        raise SourceError(path, error.msg or "is not well-formed", error.lineno, error.offset) from error
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(path, f"cannot be read: {reason}") from error
