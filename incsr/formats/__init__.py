"""Media types <-> serializers: what an answer can be sent in, how a client picks, how it is written.

`negotiate` picks a `Format` for a kind of result; `chunks` writes a result in it, piece by piece, `write`
into a binary file, where the engine's own serializer is used as far as it is right. Evaluates nothing.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from pyoxigraph import Quad, QueryBoolean, QuerySolutions, QueryTriples, RdfFormat, serialize

from incsr.formats import html, jsonld, rdfxml, solutions, turtle
from incsr.formats.chunking import chunked
from incsr.formats.errors import Unwritable
from incsr.formats.negotiation import negotiate, prefers_html, quality
from incsr.formats.table import (
    CSV,
    HTML,
    JSON,
    JSON_LD,
    KINDS,
    N_QUADS,
    N_TRIPLES,
    OFFERS,
    RDF_XML,
    TEXT,
    TRIG,
    TSV,
    TURTLE,
    XML,
    Format,
    by_name,
    known_name,
    offers_in_words,
)
from incsr.namespaces import PREFIXES

__all__ = [
    "CSV",
    "HTML",
    "JSON",
    "JSON_LD",
    "KINDS",
    "N_QUADS",
    "N_TRIPLES",
    "OFFERS",
    "RDF_XML",
    "TEXT",
    "TRIG",
    "TSV",
    "TURTLE",
    "XML",
    "Format",
    "Solutions",
    "Unwritable",
    "by_name",
    "chunks",
    "kind_of",
    "known_name",
    "negotiate",
    "offers_in_words",
    "prefers_html",
    "quality",
    "write",
]

# A graph up to this size is laid out to be read; a larger one is streamed by the engine, subject by subject.
READABLE_TRIPLES = 20_000

_SOLUTIONS = {"json": solutions.json, "xml": solutions.xml, "csv": solutions.csv, "tsv": solutions.tsv}
# Where the engine's serializer is right, and faster than terms brought into Python.
_NATIVE = {"json", "tsv", "ntriples", "nquads"}


class Solutions(NamedTuple):
    """Solutions that are not the engine's own object: variable names, and rows of terms or None."""

    variables: list[str]
    rows: Iterable


def kind_of(result):
    """The kind of a result: an engine's object, `Solutions`, a bool, or an iterable of triples or quads."""
    if isinstance(result, QuerySolutions | Solutions):
        return "solutions"
    if isinstance(result, QueryBoolean | bool):
        return "boolean"
    return "graph"


def chunks(format: Format, result, *, prefixes=PREFIXES) -> Iterator[bytes]:
    """A result in a format, in chunks of bytes; a small one in one chunk.

    `result` is what the engine's `query` gives, or `Solutions`, a bool, or an iterable of triples or quads.
    Raises: Unwritable, before the first chunk, where the format cannot express the result.
    """
    if isinstance(result, QuerySolutions):
        result = Solutions([variable.value for variable in result.variables], result)
    if isinstance(result, Solutions):
        if format.name == "html":
            return chunked(html.solutions(result.variables, result.rows, prefixes))
        return chunked(_SOLUTIONS[format.name](result.variables, result.rows))
    if isinstance(result, QueryBoolean | bool):
        return chunked(_boolean(format, bool(result)))
    return _graph(format, iter(result), prefixes)


def write(format: Format, result, output, *, prefixes=PREFIXES) -> None:
    """Write a result into `output`, an object with `write(bytes)`.

    The engine serializes its own results itself where it is right; whatever `output.write` raises ends that.
    """
    if (
        isinstance(result, QuerySolutions | QueryTriples)
        and format.name in _NATIVE
        and format.native is not None
    ):
        result.serialize(output, format.native)
        return
    for chunk in chunks(format, result, prefixes=prefixes):
        output.write(chunk)


def _boolean(format, value):
    word = "true" if value else "false"
    if format.name == "json":
        return [f'{{"head":{{}},"boolean":{word}}}']
    if format.name == "xml":
        return [
            '<?xml version="1.0" encoding="UTF-8"?>\n<sparql xmlns="http://www.w3.org/2005/sparql-results#">'
            f"<head></head><boolean>{word}</boolean></sparql>\n"
        ]
    return html.boolean(value) if format.name == "html" else [word + "\n"]


def _graph(format, statements, prefixes):
    if format.name in ("ntriples", "nquads"):
        return chunked(_lines(statements, format.name == "nquads"))
    if format.name in ("turtle", "trig"):
        first = list(islice(statements, READABLE_TRIPLES + 1))
        if len(first) <= READABLE_TRIPLES:
            return chunked(turtle.document(first, prefixes))
        return _streamed(format.native, chain(first, statements), prefixes)
    if format.name == "rdfxml":
        # Held back until the end: what RDF/XML cannot say may come last, and must not break an answer off.
        return iter(list(chunked(rdfxml.document(statements, prefixes))))
    if format.name == "jsonld":
        return iter(list(chunked(jsonld.document(statements, prefixes, compact=format.profile is None))))
    return chunked(html.graph(statements, prefixes))


def _lines(statements, quads):
    for statement in statements:
        if not quads and isinstance(statement, Quad):
            statement = statement.triple
        yield f"{statement} .\n"


def _streamed(native: RdfFormat, statements, prefixes):
    """The engine's Turtle or TriG, a few thousand statements at a time under one set of prefixes."""
    header = b"".join(f"@prefix {prefix}: <{iri}> .\n".encode() for prefix, iri in sorted(prefixes.items()))
    yield header
    while batch := list(islice(statements, 2_000)):
        text = serialize(batch, format=native, prefixes=prefixes)
        yield _without_prefixes(text)


def _without_prefixes(text):
    """A document of the engine without the prefix lines that open it."""
    position = 0
    while text.startswith(b"@prefix ", position):
        position = text.index(b"\n", position) + 1
    return text[position:]
