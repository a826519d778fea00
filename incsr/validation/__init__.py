"""Graphs and shapes in, one validation report out: SHACL and the Data Cube's integrity constraints.

`validate` is what the command line and the server call. It checks the shapes itself, in milliseconds, with
the results that pySHACL has; where a shape or a value is of a kind that only pySHACL can judge, pySHACL does,
and the report says why. Reads no file.
"""

from collections.abc import Callable, Iterable, Mapping

import pyoxigraph as ox

from incsr.namespaces import GRAPH
from incsr.validation import accelerated, cube
from incsr.validation.index import Index, Unsupported, indexed
from incsr.validation.membership import membership
from incsr.validation.report import Report, Result, ValidationError
from incsr.validation.shapes import Shape, read

__all__ = ["Report", "Result", "ValidationError", "data_triples", "judged", "reference", "validate"]

SHAPES_GRAPH = GRAPH + "shapes"

Validator = Callable[[Iterable[ox.Triple], Iterable[ox.Quad]], Iterable[Result]]


def data_triples(graphs: Mapping[str, Iterable[ox.Quad]], texts: Mapping[str, str]) -> list[ox.Triple]:
    """The data graph that the shapes see: the union of the graphs as a set, and who states what."""
    spoken = {graph: list(quads) for graph, quads in graphs.items() if graph != SHAPES_GRAPH}
    union = dict.fromkeys(quad.triple for quads in spoken.values() for quad in quads)
    return [*union, *membership(spoken, texts)]


def reference(data: Iterable[ox.Triple], shapes: Iterable[ox.Quad]) -> Iterable[Result]:
    """What pySHACL finds; loading it takes longer than all else here."""
    from incsr.validation import shacl

    return shacl.results(data, shapes)


def validate(
    graphs: Mapping[str, Iterable[ox.Quad]],
    shapes: Iterable[ox.Quad],
    texts: Mapping[str, str],
    shacl: Validator | None = None,
) -> Report:
    """Validate the named graphs, by IRI, together; `texts` are the source texts by IRI.

    Another validator of the shapes may be handed in as `shacl`, such as `reference`.
    Raises: ValidationError where the shapes cannot be used.
    """
    graphs, shapes = {graph: list(quads) for graph, quads in graphs.items()}, list(shapes)
    if shacl is not None:
        return _checked(graphs, shapes, texts, shacl)
    try:
        rules = read(shapes)
    except Unsupported as error:
        return _checked(graphs, shapes, texts, reference, str(error))
    index = indexed(graphs, texts, leave=SHAPES_GRAPH)
    try:
        return judged(index, rules)
    except Unsupported as error:
        reason = str(error)
    try:
        return _checked(graphs, shapes, texts, reference, reason)
    except ValidationError:
        # pySHACL gives no report at all then; what can be judged is worth telling.
        unjudged: dict[str, str] = {}
        found = accelerated.check(index, rules, unjudged)
        return _report(found, index, reason, unjudged.items())


def judged(index: Index, shapes: Iterable[Shape]) -> Report:
    """The report on data that was indexed before, by shapes that were read before.

    Raises: Unsupported where only the reference can judge.
    """
    return _report(accelerated.check(index, shapes), index)


def _checked(graphs, shapes, texts, shacl: Validator, reason: str = "") -> Report:
    """The report by another validator."""
    data = data_triples(graphs, texts)
    return _report(list(shacl(data, shapes)), Index.of(data), reason)


def _report(found: list[Result], index: Index, reason: str = "", unjudged=()) -> Report:
    """The report of what the shapes found, and of the integrity constraints.

    What a shape has told of a thing's property or pair, an integrity constraint does not tell again.
    """
    told = {(result.focus, detail) for result in found for detail in (result.path, result.value) if detail}
    more = [
        result
        for result in cube.breaches(index)
        if not {(result.focus, result.path), (result.focus, result.value)} & told
    ]
    return Report.of([*found, *more], reason, unjudged)
