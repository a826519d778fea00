"""Large documents of the Graph Store Protocol, as text into the copy of the data that a write works on.

A million triples take a third of the time and of the memory that they take by way of `incsr.query.payloads`,
which makes a Python object of each and is better for small ones. Half a document may be in the store when it
is refused: the process, or the generation on disk, is thrown away then (`incsr.workers.writer`).
"""

import io

import pyoxigraph as ox

from incsr.query import payloads
from incsr.workers import native

LARGE_BYTES = 1 << 20
# Syntaxes without named graphs; of the others only the parser tells whether a document has none.
_FORMATS = (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.TURTLE, ox.RdfFormat.RDF_XML)


def add(view, graph: ox.NamedNode | ox.DefaultGraph, payload, base_iri: str | None, on_disk: bool) -> bool:
    """Add a large document's triples to a graph; false where it is not large, or not of a kind for this.

    Raises: incsr.query.payloads.Unreadable where it is not well-formed, with line and column.
    """
    if len(payload.body) < LARGE_BYTES:
        return False
    format_ = payloads.format_of(payload)
    if format_ not in _FORMATS:
        return False
    reading = native.InTurn(view.store, graph, view.union, on_disk)
    try:
        reading.read(io.BytesIO(payloads.encoded(payload, format_)), format_, payload.base_iri or base_iri)
    except (native.Refused, MemoryError, ValueError):
        # The parser says what is wrong and where, or takes what the engine does not; then all of it is added
        # by its hand.
        for _quad in payloads.parsed(payload, base_iri):
            pass
        return False
    return True
