"""Text into a database without a Python object for each quad: read in pieces, side by side or in turn.

N-Triples and N-Quads come as they are; the engine's parser and serializer turn every other syntax into them
first. `incsr.workers.lines` sorts each piece. The engine gives its own names to blank nodes in each call, so
that all statements of a text that have some go through one call; the others are loaded piece by piece.
Refuses to say where a text is wrong: its caller asks the parser.
"""

import os
import queue
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore

import pyoxigraph as ox

from incsr.query import spelling
from incsr.store.disk import StoreError
from incsr.store.view import UNION
from incsr.workers import lines

# Larger pieces make fewer, larger files, which cost less to compact; smaller ones need less memory.
PIECE_BYTES = 16 << 20
_READ_BYTES = 1 << 20
_LINES = (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS)
_UNION = ox.NamedNode(UNION)


class Refused(Exception):
    """The engine did not take a piece of a file."""


class Reading(ABC):
    """Texts on their way into one database; triples outside any graph go into `graph`."""

    def __init__(self, database: ox.Store, graph: ox.NamedNode | ox.DefaultGraph, union: bool):
        self.database, self.graph, self.union = database, graph, union

    def read(self, stream, format_: ox.RdfFormat, base_iri: str) -> int:
        """Load one text. Returns: how many quads it has.

        Raises: Refused where the engine or the parser finds it wrong, what reading it raises otherwise.
        """
        try:
            with _File(self, lines.syntax_of(_target(format_))) as file:
                if format_ in _LINES:
                    while block := stream.read(_READ_BYTES):
                        file.write(block)
                else:
                    parser = ox.parse(stream, format=format_, base_iri=base_iri)
                    ox.serialize(parser, output=file, format=_target(format_))
                file.finish()
            self.wait()
        except SyntaxError as error:
            raise Refused from error
        if file.flagged:
            self.database.extend(spelling.flag_quads(file.flagged))
        return file.count

    @abstractmethod
    def put(self, text: bytes, format_: ox.RdfFormat, graph):
        """Have a text without blank nodes loaded; its default graph becomes `graph`."""

    @abstractmethod
    def together(self):
        """Where a text's statements with blank nodes go: an object with `put(text)` and `end(broken)`."""

    @abstractmethod
    def wait(self):
        """Return when all that was put is loaded."""


class InTurn(Reading):
    """One piece after the other, in this thread.

    Statements with blank nodes are held until the end. Of a text that is refused none are in the database,
    so that it may be added in another way.
    """

    def __init__(self, database, graph, union, on_disk: bool):
        super().__init__(database, graph, union)
        self._load = database.bulk_load if on_disk else database.load

    def put(self, text, format_, graph):
        if text:
            self._load(text, format_, to_graph=graph)

    def wait(self):
        """Nothing runs."""

    def together(self):
        return _Held(self.database, self.graph)


class SideBySide(Reading):
    """As many pieces at a time as there are processors; as a context manager it ends its threads.

    The database must be on disk: one in memory has room for one writer, for which the others would wait.
    Memory is bounded by the size of a piece and the number of threads, and by the engine's own million quads
    for statements with blank nodes.
    """

    def __init__(self, database, graph, union):
        super().__init__(database, graph, union)
        threads = min(4, len(os.sched_getaffinity(0)))
        self._pool = ThreadPoolExecutor(threads)
        self._room = BoundedSemaphore(threads + 1)
        self._running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._pool.shutdown(wait=True, cancel_futures=True)

    def wait(self):
        while self._running:
            _finished(self._running.pop())

    def together(self):
        return _Together(self.database, self.graph)

    def put(self, text, format_, graph):
        """Have it loaded as soon as there is a thread for it."""
        if not text:
            return
        self._room.acquire()
        for future in [future for future in self._running if future.done()]:
            self._running.remove(future)
            _finished(future)
        future = self._pool.submit(self.database.bulk_load, text, format_, to_graph=graph)
        future.add_done_callback(lambda _: self._room.release())
        self._running.append(future)


def _finished(future):
    """Wait for a call of the engine.

    Raises: SyntaxError where the text is wrong, StoreError where it could not be written.
    """
    try:
        future.result()
    except OSError as error:
        raise StoreError(f"the store cannot be written: {error}") from error


def _target(format_):
    return ox.RdfFormat.N_QUADS if format_.supports_datasets else ox.RdfFormat.N_TRIPLES


class _File:
    """What is written to it, cut into pieces at the ends of lines, sorted, and handed on."""

    def __init__(self, loading, syntax):
        self.loading, self.syntax = loading, syntax
        self.count, self.flagged = 0, set()
        self._waiting, self._size = [], 0
        self._together = None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self._together is not None:
            self._together.end(broken=kind is not None)

    def write(self, block):
        self._waiting.append(block)
        self._size += len(block)
        if self._size >= PIECE_BYTES and (b"\n" in block or b"\r" in block):
            text = b"".join(self._waiting)
            # A carriage return alone ends a line, too; half a pair is left for the next piece.
            cut = max(text.rfind(b"\n"), text.rfind(b"\r", 0, -1)) + 1
            self._waiting = [text[cut:]]
            self._size = len(text) - cut
            self._load(text[:cut])
        return len(block)

    def flush(self):
        """Nothing to do before `finish`."""

    def finish(self):
        """Hand on what is left."""
        text = b"".join(self._waiting)
        self._waiting = []
        if text:
            self._load(text if text.endswith(b"\n") else text + b"\n")

    def _load(self, text):
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        loading = self.loading
        piece = lines.sorted_out(text, self.syntax, loading.union, self.flagged)
        self.count += piece.count
        loading.put(piece.plain, self.syntax.format, loading.graph)
        loading.put(piece.merged, ox.RdfFormat.N_TRIPLES, _UNION)
        if piece.blank:
            if self._together is None:
                self._together = loading.together()
            self._together.put(piece.blank)


class _Held:
    """One transaction at the end."""

    def __init__(self, database, graph):
        self._database, self._graph = database, graph
        self._texts = []

    def put(self, text):
        self._texts.append(text)

    def end(self, broken):
        """Load them, unless the text that they come from is `broken`."""
        if not broken:
            self._database.load(b"".join(self._texts), ox.RdfFormat.N_QUADS, to_graph=self._graph)


class _Together:
    """One call of the engine, in a thread of its own, which reads N-Quads as they come."""

    def __init__(self, database, graph):
        self._texts = queue.Queue(maxsize=2)
        self._rest, self._at, self._ended = b"", 0, False
        self._pool = ThreadPoolExecutor(1)
        self._call = self._pool.submit(database.bulk_load, self, ox.RdfFormat.N_QUADS, to_graph=graph)

    def put(self, text):
        """Have a text read after those before it."""
        while True:
            try:
                return self._texts.put(text, timeout=0.1)
            except queue.Full:
                if self._call.done():
                    return _finished(self._call)

    def end(self, broken):
        """Wait for the call, whose end does not matter where the file is `broken`."""
        try:
            self.put(b"")
            _finished(self._call)
        except (SyntaxError, StoreError):
            if not broken:
                raise
        finally:
            self._pool.shutdown()

    def read(self, size):
        """The next bytes, none at the end; called by the engine."""
        if self._at == len(self._rest) and not self._ended:
            self._rest, self._at = self._texts.get(), 0
            self._ended = not self._rest
        found = self._rest[self._at : self._at + size]
        self._at += len(found)
        return found
