"""What passes between the parts of the query service: plain values, no I/O, no engine, no Flask.

A request comes in; `incsr.endpoint.protocol.plan` turns it into a finished `Response` or a `Job`; an
executor (`incsr.workers`: a pool of killable processes; or inline, for tests and the command line) runs
the job through `incsr.query.evaluate.answer` and gives an `Answer`; `incsr.endpoint.protocol.finish` turns
request, job and answer into a `Response`. Only the executor waits, so the same protocol code serves the
asynchronous front (ASGI) and the synchronous Flask blueprint.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as the protocol code sees it; header names are lower case, `query_string` is raw."""

    method: str
    path: str
    query_string: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    client: str = ""

    def header(self, name: str) -> str | None:
        """All values of one header joined by ", " (RFC 9110, section 5.3), or None where it is absent."""
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None


@dataclass(frozen=True, slots=True)
class Problem:
    """An RFC 9457 problem: what was wrong, where, and what to do about it."""

    status: int
    title: str
    detail: str
    code: str  # the last part of the problem's type IRI: "syntax", "refused", "too-large", "timeout", …
    hint: str = ""  # what to do
    line: int | None = None  # 1-based, in the text that the client sent
    column: int | None = None  # 1-based
    excerpt: str = ""  # the line of text, and under it a caret
    headers: tuple[tuple[str, str], ...] = ()  # Retry-After, Allow, WWW-Authenticate, …


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may use; None is no limit. Units: seconds, rows (solutions or triples), bytes."""

    timeout_s: float | None = 10.0
    max_rows: int | None = None
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ReadJob:
    """A query, or the reading of one graph, to be evaluated on a snapshot.

    `operation` is "query", or "graph" (Graph Store Protocol GET; `graph` is the graph's IRI, None the
    default graph). `default_graphs`/`named_graphs` are the protocol's dataset: None where the request named
    neither, else a tuple (possibly empty), which then overrides the query's own FROM clauses.
    `accept` is the joined Accept header or None; `format` the short name of `?format=`, which wins.
    """

    operation: str
    text: str = ""
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None
    graph: str | None = None
    accept: str | None = None
    format: str | None = None
    base_iri: str | None = None
    limits: Limits = field(default_factory=Limits)
    evidence: bool = False  # whether each solution comes with the facts and words that it rests on


@dataclass(frozen=True, slots=True)
class Payload:
    """One RDF document of a write: its media type (None: unknown), bytes, base IRI and file name if any."""

    media_type: str | None
    body: bytes
    base_iri: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class WriteJob:
    """One atomic change of the store.

    `operation` is "update" (`text`, `using_graphs`, `using_named_graphs`, None where the request named
    neither) or "put", "post", "delete" of the Graph Store Protocol on `graph` (an IRI, None the default
    graph) with `payloads`, on the conditions of `if_match` and `if_none_match`: the headers as they came.
    """

    operation: str
    text: str = ""
    using_graphs: tuple[str, ...] | None = None
    using_named_graphs: tuple[str, ...] | None = None
    graph: str | None = None
    payloads: tuple[Payload, ...] = ()
    base_iri: str | None = None
    limits: Limits = field(default_factory=Limits)
    if_match: str | None = None
    if_none_match: str | None = None


Job = ReadJob | WriteJob


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a successful answer: status, media type with parameters, further headers."""

    status: int
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Response:
    """An HTTP response. `body` is bytes, or an iterable (sync) or async iterable of bytes when streamed.

    A streamed body that raises must break the connection off, so that no client takes it for a whole one.
    """

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | Iterable[bytes] = b""
