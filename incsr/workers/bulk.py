"""Many files into a store on disk, as one change: streamed, counted, compacted, and all of it or nothing.

Reads every syntax that the engine parses, plain or compressed with gzip or Zstandard. A file that is wrong is
named with line and column, and leaves the directory as it was.
"""

import gzip
import io
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox

from incsr.query import spelling
from incsr.sources import MEDIA, SourceError
from incsr.store.disk import Directory, Generation, StoreError
from incsr.store.view import UNION
from incsr.workers.loading import following

BATCH = 8192
_UNION = ox.NamedNode(UNION)
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


def load(
    files: list[Path], store: Path, graph: str | None, mode: str, tell: Callable[[int], None]
) -> tuple[Generation, int]:
    """Load files into a store on disk; triples outside any graph go into `graph`, or the default graph.

    `tell` is called with the number of bytes that were read. `mode` says what a new directory is made for.
    Returns: the generation that is current now, and how many quads were read.
    Raises: SourceError for a file that cannot be read, StoreError for the directory; nothing is changed.
    """
    formats = [format_of(path) for path in files]
    directory = Directory(store)
    directory.lock()
    current = directory.current()
    if current is None:
        coming = Generation("00000001", mode == "union", secrets.token_hex(4), 0, "")
        place = directory.begin(coming.name)
    else:
        if current.union != (mode == "union"):
            held = "union" if current.union else "strict"
            raise StoreError(
                f"{store} was made with --default-graph {held}; load it so, or name another directory"
            )
        directory.discard(keep=current.name)
        coming = replace(current, name=following(current.name), writes=current.writes + 1)
        place = directory.begin(coming.name, copied_from=current.name)
    try:
        database = ox.Store(place)
        count = 0
        for path, format_ in zip(files, formats, strict=True):
            count += _load_file(database, path, format_, graph, coming.union, tell)
        database.optimize()
        database.flush()
        del database
    except BaseException:
        directory.discard(keep=current.name if current else None, only=coming.name)
        raise
    directory.commit(coming)
    directory.discard(keep=coming.name)
    return coming, count


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


def _load_file(database, path, format_, graph, union, tell) -> int:
    flagged = set()
    count = 0

    def quads() -> Iterator[ox.Quad]:
        nonlocal count
        name = ox.NamedNode(graph) if graph else ox.DefaultGraph()
        default = ox.DefaultGraph()
        batch = []
        with opened(path, tell) as stream:
            parser = ox.parse(
                stream, format=format_, base_iri=path.resolve().as_uri(), rename_blank_nodes=True
            )
            for quad in parser:
                if graph and quad.graph_name == default:
                    quad = ox.Quad(quad.subject, quad.predicate, quad.object, name)
                batch.append(quad)
                if len(batch) == BATCH:
                    yield from stored(batch)
                    batch.clear()
            yield from stored(batch)

    def stored(batch):
        nonlocal count
        count += len(batch)
        for quad in spelling.encode(batch, flagged):
            yield quad
            if union:
                yield ox.Quad(quad.subject, quad.predicate, quad.object, _UNION)

    try:
        database.bulk_extend(quads())
    except SyntaxError as error:
        raise SourceError(path, error.msg or "is not well-formed", error.lineno, error.offset) from error
    except (OSError, EOFError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(path, f"cannot be read: {reason}") from error
    if flagged:
        database.extend(spelling.flag_quads(flagged))
    return count
