"""The shapes checked without pySHACL: in milliseconds, with the same results, or not at all.

That the results are the reference's, one by one, is what the tests hold it to; docs/decisions/0005 says how.
What cannot be judged here raises `Unsupported`, and `incsr.validation.validate` asks the reference instead.
"""

from collections.abc import Iterable

import pyoxigraph as ox

from incsr.namespaces import SHAPES
from incsr.validation.constraints import Values
from incsr.validation.index import Index, Unsupported
from incsr.validation.report import Result, said
from incsr.validation.rows import solutions
from incsr.validation.shapes import Query, Shape, read

SPARQL_COMPONENT = "http://www.w3.org/ns/shacl#SPARQLConstraintComponent"


def results(data: Iterable[ox.Quad | ox.Triple], shapes: Iterable[ox.Quad | ox.Triple]) -> list[Result]:
    """Every result of validating `data` against `shapes`: `incsr.validation.shacl.results`, sooner.

    Raises: Unsupported where only the reference can judge.
    """
    return check(Index.of(data), read(shapes))


def check(index: Index, shapes: Iterable[Shape], left: dict[str, str] | None = None) -> list[Result]:
    """Every result of the indexed data against the shapes that were read.

    Raises: Unsupported where only the reference can judge; but where `left` is given, the rule is noted there
        with the reason, and the others are checked.
    """
    run = Run(index, left)
    if index.novelty and left is None:
        raise Unsupported(index.novelty)
    if index.novelty:
        left[SHAPES] = index.novelty
    for shape in shapes:
        run.evaluate(shape, list(run.targeted(shape)), run.found)
    return run.found


class Run:
    """One validation: what has been found, and which nodes are known to conform to an inner shape."""

    def __init__(self, index: Index, left: dict[str, str] | None = None):
        self.index = index
        self.found: list[Result] = []
        self._left = left
        self._known: dict[Shape, tuple[set[int], set[int]]] = {}

    def targeted(self, shape: Shape) -> set[int]:
        """The focus nodes of a shape.

        Source: SHACL, section 2.1.3 (targets).
        """
        index, found = self.index, set()
        for name, value in shape.targets:
            node = index.number(value)
            if name == "targetClass":
                found |= index.instances(node)
            elif name == "targetNode":
                found.add(node)
            else:
                found.update(index.out(node) if name == "targetSubjectsOf" else index.into(node))
        return found

    def failing(self, shape: Shape, nodes: set[int]) -> set[int]:
        """Those of the nodes that do not conform to the shape."""
        asked, failed = self._known.setdefault(shape, (set(), set()))
        new = nodes - asked
        if new:
            failed |= self.evaluate(shape, list(new), None)
            asked |= new
        return nodes & failed

    def evaluate(self, shape: Shape, foci: list[int], found: list[Result] | None) -> set[int]:
        """Check the shape at the focus nodes: add the results where they are wanted, return who breaks it."""
        if not foci:
            return set()
        values, failing = self._values(shape, foci), set()
        for constraint in shape.checks:
            for focus, value in self._tried(shape.node, constraint.broken, self, values):
                failing.add(focus)
                if found is not None:
                    found.append(self._result(shape, constraint.component, focus, value))
        for inner in shape.properties:
            nodes = foci if shape.path is None else [node for _, nodes in values for node in nodes]
            broken = self.failing(inner, set(nodes)) if found is None else self.evaluate(inner, nodes, found)
            if broken:
                failing.update(focus for focus, nodes in values if not broken.isdisjoint(nodes))
        for query in shape.queries:
            for focus, bound in self._tried(query.node, solutions, query.select, foci, self.index):
                failing.add(focus)
                if found is not None:
                    found.append(self._solution(shape, query, focus, bound))
        return failing

    def _tried(self, rule, find, *arguments) -> list:
        try:
            return find(*arguments)
        except Unsupported as error:
            if self._left is None:
                raise
            self._left[rule.value] = str(error)
            return []

    def _values(self, shape: Shape, foci: list[int]) -> Values:
        """The value nodes of each focus node; a focus node that stands twice is checked twice."""
        if shape.path is None:
            return [(focus, (focus,)) for focus in foci]
        index, ways = self.index, []
        for predicate, inverse in shape.path:
            node = index.number(predicate)
            ways.append(index.into(node) if inverse else index.out(node))
        if len(ways) == 1:
            way = ways[0]
            return [(focus, way.get(focus, ())) for focus in foci]
        return [(focus, {node for way in ways for node in way.get(focus, ())}) for focus in foci]

    def _result(self, shape: Shape, component: str, focus: int, value: int | None) -> Result:
        terms = self.index.terms
        return Result(
            focus=terms[focus],
            shape=shape.node.value,
            message=said(message.value for message in shape.messages),
            severity=shape.severity,
            path=shape.told_path,
            value=None if value is None else terms[value],
            component=component,
            rule=shape.rule,
        )

    def _solution(self, shape: Shape, query: Query, focus: int, bound: dict) -> Result:
        node = self.index.terms[focus]
        value = bound.get("value", node)
        path = bound.get("path")
        if path is not None and not isinstance(path, ox.NamedNode):
            raise Unsupported("a SPARQL constraint's path that is no IRI")
        # In pySHACL's order: what a value holds in braces is filled in after it.
        filled = {name: term for name, term in bound.items() if name not in ("path", "value")}
        filled |= {"this": node} | ({} if path is None else {"path": path}) | {"value": value}
        texts = {_filled(message.value, filled) for message in (*query.messages, *shape.messages)}
        return Result(
            focus=node,
            shape=query.node.value,
            message=said(texts),
            severity=shape.severity,
            path=path,
            value=value,
            component=SPARQL_COMPONENT,
            rule=query.rule,
        )


def _filled(message: str, values: dict) -> str:
    for name, term in values.items():
        marks = f"{{?{name}}}", f"{{${name}}}"
        if any(mark in message for mark in marks):
            # pySHACL reads a backslash of the value as one of a replacement's pattern.
            if "\\" in term.value:
                raise Unsupported("a backslash in a message's value")
            for mark in marks:
                message = message.replace(mark, term.value)
    return message
