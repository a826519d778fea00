"""Graphs and shapes in, one validation report out: SHACL and the Data Cube's integrity constraints.

`validate` is what the command line and the server call. pySHACL is the reference; a faster validator that
gives the same results may be handed in as `shacl`. Reads no file.
"""

from collections.abc import Callable, Iterable, Mapping

import pyoxigraph as ox

from incsr.namespaces import GRAPH
from incsr.validation import cube
from incsr.validation import shacl as reference
from incsr.validation.membership import membership
from incsr.validation.report import Report, Result
from incsr.validation.shacl import ValidationError

__all__ = ["Report", "Result", "ValidationError", "data_triples", "validate"]

SHAPES_GRAPH = GRAPH + "shapes"

Validator = Callable[[Iterable[ox.Triple], Iterable[ox.Quad]], Iterable[Result]]


def data_triples(graphs: Mapping[str, Iterable[ox.Quad]], texts: Mapping[str, str]) -> list[ox.Triple]:
    """The data graph that the shapes see: the union of the graphs as a set, and who states what."""
    spoken = {graph: list(quads) for graph, quads in graphs.items() if graph != SHAPES_GRAPH}
    union = dict.fromkeys(quad.triple for quads in spoken.values() for quad in quads)
    return [*union, *membership(spoken, texts)]


def validate(
    graphs: Mapping[str, Iterable[ox.Quad]],
    shapes: Iterable[ox.Quad],
    texts: Mapping[str, str],
    shacl: Validator = reference.results,
) -> Report:
    """Validate the named graphs, by IRI, together; `texts` are the source texts by IRI.

    What a shape has told of a thing's property or pair, an integrity constraint does not tell again.
    Raises: ValidationError where the shapes cannot be used.
    """
    data = data_triples(graphs, texts)
    found = list(shacl(data, shapes))
    told = {(result.focus, detail) for result in found for detail in (result.path, result.value) if detail}
    found += [
        result
        for result in cube.results(data)
        if not {(result.focus, result.path), (result.focus, result.value)} & told
    ]
    return Report.of(found)
