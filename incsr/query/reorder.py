"""The triple patterns of a basic graph pattern, in an order in which few solutions stay alive.

The engine takes equally bound patterns in the order of the text. The order of a basic graph pattern does not
matter to its solutions (SPARQL 1.1 Query, section 18.3), so that patterns are moved inside one run of triple
patterns and filters only: never across OPTIONAL, BIND, a property path, or any other element.
"""

import pyoxigraph as ox

from incsr.query.statistics import SAMPLE, estimate
from incsr.query.syntax_tree import (
    Blank,
    Filter,
    Graph,
    Group,
    Iri,
    Literal,
    Minus,
    Optional,
    Path,
    Select,
    Triples,
    Union,
    Var,
)

# What a pattern gives for each solution that binds its subject, or its object: a guess of no consequence
# but the order.
FOR_SUBJECT, FOR_OBJECT, FOR_LITERAL = 1.5, 20.0, 30.0


def reorder(view, tree, constant=lambda value: value) -> bool:
    """Reorder the patterns of a query's tree in place; `constant` says what an IRI stands for.

    Returns: whether anything has moved.
    """
    pass_ = _Pass(view, constant)
    pass_.select(tree.select)
    return pass_.moved


class _Pass:
    def __init__(self, view, constant):
        self.view = view
        self.constant = constant
        self.moved = False
        self._known = {}

    def select(self, select):
        if select.where is not None:
            self.group(select.where)

    def group(self, group):
        elements, run = [], []
        for element in group.elements:
            if isinstance(element, Triples) and _is_simple(element):
                run.append(element)
                continue
            if isinstance(element, Filter) and run:
                # A filter holds for its whole group, wherever it stands.
                run.append(element)
                continue
            elements += self.ordered(run)
            run = []
            elements.append(element)
            self.inside(element)
        group.elements = elements + self.ordered(run)

    def inside(self, element):
        if isinstance(element, Optional | Minus | Graph):
            # The patterns of another graph have other counts; those of the default graph are a fair guess.
            self.group(element.group)
        elif isinstance(element, Union):
            for part in element.groups:
                self.group(part)
        elif isinstance(element, Group):
            self.group(element)
        elif isinstance(element, Select):
            self.select(element)

    def ordered(self, run):
        """The elements of a run, its patterns in the order in which they had best be taken."""
        patterns = [
            (triples.subject, verb, object_)
            for triples in run
            if isinstance(triples, Triples)
            for verb, objects in triples.properties
            for object_ in objects
        ]
        if len(patterns) < 2:
            return run
        waiting, taken, bound = list(enumerate(patterns)), [], set()
        while waiting:
            connected = [each for each in waiting if not bound.isdisjoint(_names(each[1]))]
            best = min(connected or waiting, key=lambda each: (self.cost(each[1], bound), each[0]))
            waiting.remove(best)
            taken.append(best)
            bound |= _names(best[1])
        if [number for number, _ in taken] == list(range(len(patterns))):
            return run
        self.moved = True
        filters = [element for element in run if isinstance(element, Filter)]
        return [Triples(s, [(p, [o])]) for _, (s, p, o) in taken] + filters

    def cost(self, pattern, bound):
        """How many triples a pattern may give for each solution so far."""
        subject, predicate, object_ = pattern
        if _is_bound(subject, bound):
            return FOR_SUBJECT / 3 if _is_bound(object_, bound) else FOR_SUBJECT
        size = self.size(subject, predicate, object_)
        if isinstance(object_, Literal):
            return min(size, FOR_LITERAL)
        if _is_bound(object_, bound) and not isinstance(object_, Iri):
            return min(size, FOR_OBJECT)
        return size

    def size(self, *pattern):
        try:
            terms = tuple(
                ox.NamedNode(self.constant(term.value)) if isinstance(term, Iri) else None for term in pattern
            )
        except ValueError:
            return SAMPLE  # relative, or no IRI at all, which the engine says with its place
        if terms not in self._known:
            self._known[terms] = SAMPLE if terms == (None, None, None) else estimate(self.view, *terms)
        return self._known[terms]


def _names(pattern):
    return {term.text() for term in pattern if isinstance(term, Var | Blank)}


def _is_bound(term, bound):
    return not isinstance(term, Var | Blank) or term.text() in bound


def _is_simple(triples):
    """Whether every part is a term, and no path."""
    if not isinstance(triples.subject, Var | Iri | Blank) or _is_anonymous(triples.subject):
        return False
    for verb, objects in triples.properties:
        if isinstance(verb, Path) or not isinstance(verb, Var | Iri):
            return False
        if any(
            not isinstance(object_, Var | Iri | Literal | Blank) or _is_anonymous(object_)
            for object_ in objects
        ):
            return False
    return True


def _is_anonymous(term):
    return isinstance(term, Blank) and not term.label
