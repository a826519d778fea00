"""SHACL's constraint components over numbered terms: for each, which focus nodes and values break it.

A constraint is a function of a `Run` and of the value nodes of each focus node; it gives the pairs of focus
node and value for which pySHACL makes a result, as often as pySHACL does. What a component's parameters may
be is checked where it is made; what pySHACL alone can judge is `Unsupported`.

Source: SHACL, section 4 (core constraint components); pyshacl.constraints.core.
"""

import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable

import pyoxigraph as ox

from incsr.namespaces import PREFIXES
from incsr.validation import lexical
from incsr.validation.index import BLANK, IRI, LITERAL, Unsupported

SH = PREFIXES["sh"]
KINDS = {
    "IRI": {IRI}, "BlankNode": {BLANK}, "Literal": {LITERAL}, "BlankNodeOrIRI": {BLANK, IRI},
    "BlankNodeOrLiteral": {BLANK, LITERAL}, "IRIOrLiteral": {IRI, LITERAL},
}  # fmt: skip
# How a value has to compare to the bound, as -1, 0 or 1.
RANGES = {
    "minExclusive": operator.gt,
    "minInclusive": operator.ge,
    "maxExclusive": operator.lt,
    "maxInclusive": operator.le,
}
PAIRS = {"lessThan": operator.lt, "lessThanOrEquals": operator.le}

# The value nodes of each focus node.
Values = list[tuple[int, Iterable[int]]]
Broken = list[tuple[int, int | None]]
Constraint = Callable[[object, Values], Broken]


def _outside(values: Values, within) -> Broken:
    return [(focus, value) for focus, nodes in values for value in nodes if value not in within]


def _each(values: Values, holds) -> Broken:
    return [(focus, value) for focus, nodes in values for value in nodes if not holds(value)]


def _distinct(values: Values) -> set[int]:
    return {value for _, nodes in values for value in nodes}


# ── Value type ──


def of_class(name: ox.NamedNode) -> Constraint:
    def broken(run, values):
        instances = run.index.instances(run.index.number(name))
        # A literal of the same spelling as an instance is none: literals are in no class.
        return _outside(values, instances)

    return broken


def of_datatype(name: ox.NamedNode) -> Constraint:
    if name.value in (PREFIXES["rdfs"] + "Literal", PREFIXES["rdfs"] + "Datatype"):
        raise Unsupported(f"sh:datatype {name}")

    def broken(run, values):
        fits = {node for node in _distinct(values) if run.index.has_datatype(node, name.value)}
        return _outside(values, fits)

    return broken


def of_kind(name: ox.NamedNode) -> Constraint:
    kinds = KINDS.get(name.value.removeprefix(SH))
    if kinds is None:
        raise Unsupported(f"sh:nodeKind {name}")
    return lambda run, values: _each(values, lambda value: run.index.kinds[value] in kinds)


# ── Cardinality and range ──


def at_least(count: int) -> Constraint:
    return lambda run, values: [(focus, None) for focus, nodes in values if len(nodes) < count]


def at_most(count: int) -> Constraint:
    return lambda run, values: [(focus, None) for focus, nodes in values if len(nodes) > count]


def in_range(name: str, bound: ox.Literal) -> Constraint:
    compare, limit = RANGES[name], lexical.number(bound.value, bound.datatype.value)

    def fits(index, value) -> bool:
        if index.kinds[value] != LITERAL:
            return False
        number = index.value(value)
        if limit is None or (number is None and not index.is_string(value)):
            try:
                order = lexical.order(index.twin(value), lexical.twin_of(bound))
            except ArithmeticError:
                raise Unsupported("two numbers that cannot be compared") from None
            return order is not None and compare(order, 0)
        return number is not None and compare(number, limit)

    return lambda run, values: _each(values, lambda value: fits(run.index, value))


# ── Strings ──


def of_length(name: str, count: int) -> Constraint:
    def fits(index, value) -> bool:
        if name == "minLength":
            return count == 0 or (index.kinds[value] != BLANK and len(index.texts[value]) >= count)
        return index.kinds[value] != BLANK and len(index.texts[value]) <= count

    return lambda run, values: _each(values, lambda value: fits(run.index, value))


def of_pattern(text: str) -> Constraint:
    try:
        found = re.compile(text).search
    except re.error as error:
        raise Unsupported(f"sh:pattern {text!r}: {error}") from None

    def broken(run, values):
        kinds, texts = run.index.kinds, run.index.texts
        return _each(values, lambda value: kinds[value] != BLANK and found(texts[value]) is not None)

    return broken


def in_language(ranges: Iterable[str]) -> Constraint:
    wanted = {one.lower() for one in ranges}

    def fits(index, value) -> bool:
        language = index.language(value) if index.kinds[value] == LITERAL else None
        if not language:
            return False
        return "*" in wanted or language.lower() in wanted or language.split("-")[0].lower() in wanted

    return lambda run, values: _each(values, lambda value: fits(run.index, value))


def once_a_language(run, values: Values) -> Broken:
    """`sh:uniqueLang true`: a result for each language that is used twice."""
    index, found = run.index, []
    for focus, nodes in values:
        languages = Counter(index.language(node) for node in nodes if index.kinds[node] == LITERAL)
        found += [(focus, None) for language, count in languages.items() if language and count > 1]
    return found


# ── Property pairs ──


def equal_to(name: ox.NamedNode) -> Constraint:
    def broken(run, values):
        out, found = run.index.out(run.index.number(name)), []
        for focus, nodes in values:
            found += [(focus, value) for value in set(nodes) ^ set(out.get(focus, ()))]
        return found

    return broken


def disjoint_with(name: ox.NamedNode) -> Constraint:
    def broken(run, values):
        out, found = run.index.out(run.index.number(name)), []
        for focus, nodes in values:
            found += [(focus, value) for value in set(nodes) & set(out.get(focus, ()))]
        return found

    return broken


def ordered_before(name: str, other: ox.NamedNode) -> Constraint:
    compare = PAIRS[name]

    def broken(run, values):
        out, found = run.index.out(run.index.number(other)), []
        for focus, nodes in values:
            found += [
                (focus, value)
                for value in nodes
                for after in _nodes(run.index, value, out.get(focus, ()))
                if not _precedes(run.index, compare, value, after)
            ]
        return found

    return broken


def _nodes(index, value, others):
    if any(index.kinds[node] == BLANK for node in (value, *others)):
        raise Unsupported("a blank node to compare with sh:lessThan")
    return others


def _precedes(index, compare, one, other) -> bool:
    texts = [index.kinds[node] == IRI or index.is_string(node) for node in (one, other)]
    if any(texts):
        # pySHACL compares IRIs and texts as texts, and nothing else with them.
        return all(texts) and compare(index.texts[one], index.texts[other])
    numbers = index.value(one), index.value(other)
    if None not in numbers:
        return compare(*numbers)
    try:
        return bool(compare(index.twin(one), index.twin(other)))
    except TypeError:
        raise Unsupported("two literals that cannot be compared") from None


# ── Values by name ──


def one_of(terms: Iterable) -> Constraint:
    terms = list(terms)
    return lambda run, values: _outside(values, {run.index.number(term) for term in terms})


def has_value(term) -> Constraint:
    def broken(run, values):
        wanted = run.index.number(term)
        return [(focus, None) for focus, nodes in values if wanted not in nodes]

    return broken


# ── Shapes ──


def conforming_to(shape) -> Constraint:
    """`sh:node`: each value conforms to the shape."""

    def broken(run, values):
        failing = run.failing(shape, _distinct(values))
        return _each(values, lambda value: value not in failing)

    return broken


def not_conforming_to(shape) -> Constraint:
    return lambda run, values: _outside(values, run.failing(shape, _distinct(values)))


def conforming_to_any(shapes) -> Constraint:
    def broken(run, values):
        failing = _distinct(values)
        for shape in shapes:
            failing = run.failing(shape, failing)
        return _each(values, lambda value: value not in failing)

    return broken


def conforming_to_all(shapes) -> Constraint:
    def broken(run, values):
        nodes = _distinct(values)
        failing = set().union(*(run.failing(shape, nodes) for shape in shapes))
        return _each(values, lambda value: value not in failing)

    return broken


def conforming_to_one(shapes) -> Constraint:
    def broken(run, values):
        nodes = _distinct(values)
        passed = Counter(node for shape in shapes for node in nodes - run.failing(shape, nodes))
        return _each(values, lambda value: passed[value] == 1)

    return broken


def counting(shape, fits: Callable[[int], bool]) -> Constraint:
    """`sh:qualifiedValueShape`: as many values as fit conform to the shape."""

    def broken(run, values):
        conforming = (nodes := _distinct(values)) - run.failing(shape, nodes)
        return [
            (focus, None) for focus, nodes in values if not fits(sum(node in conforming for node in nodes))
        ]

    return broken
