"""A SELECT rewritten so that each match of its patterns tells by which triples it holds.

Paths of `/` and `^` become triples, those of `|` unions, blank nodes variables, and every branch that may be
absent (OPTIONAL, UNION) is marked, so that only the triples of the branches taken count. Patterns that only
exclude (MINUS, NOT EXISTS) are no evidence.
"""

from dataclasses import dataclass, field, fields, is_dataclass

import pyoxigraph as ox

from incsr.query.expressions import AGGREGATES
from incsr.query.guard import CHAINS
from incsr.query.scope import copied
from incsr.query.syntax_tree import (
    Bind,
    Blank,
    Call,
    Collection,
    Exists,
    Filter,
    Graph,
    Group,
    Iri,
    Literal,
    Optional,
    Path,
    PropertyList,
    Raw,
    Select,
    Service,
    Triples,
    Union,
    Var,
)

PATH = "a path with *, +, ? or ! goes over triples that it does not name"
LIST = "a collection in a pattern goes over triples that it does not name"
SUBQUERY = "a subquery groups, merges or cuts its solutions"
ELSEWHERE = "a part of the answer comes from another endpoint"
EXISTS = "FILTER EXISTS rests on triples that no solution shows"
HIDDEN = "DISTINCT removes the keys of the groups"


# More branches than this are more than the guard lets through: each has its BIND.
MAX_BRANCHES = CHAINS["BIND"]


class TooMany(Exception):
    """A query with more branches than can be followed."""


@dataclass
class Traced:
    """What to run, and how to read it."""

    detail: str = ""  # the query of all matches, without LIMIT
    augmented: str | None = None  # of groups: the query with its group keys selected too
    width: int = 0  # the first columns of a match are its key
    merges: bool = False  # whether all matches with a key are one solution
    reasons: tuple = ()  # why the evidence may be incomplete
    reason: str = ""  # why there is none at all
    triples: list = field(default_factory=list)

    def triples_of(self, match, names):
        """The triples by which a match holds, of the branches that it took."""
        for parts, marker in self.triples:
            if marker is not None and match[names[marker.name]] is None:
                continue
            found = [match[names[part.name]] if isinstance(part, Var) else part for part in parts]
            if None not in found:
                yield found


def traced(text, tree, other, variables):
    """Trace a query; `tree` and `other` are two parses of its text, and are changed."""
    tracer = _Tracer(text)
    select = tree.select
    grouped = bool(select.group_by) or any(
        _has_aggregate(part)
        for part in (*(e for e, _ in select.items or ()), *select.having, *(e for _, e in select.order_by))
    )
    found = Traced()
    tracer.group(select.where, None)
    if grouped:
        keys = [(expression, variable) for expression, variable in select.group_by]
        items = [(e, tracer.fresh()) for e, _ in keys]
        found.merges = True
        _augment(found, other, tracer, select.modifier)
    else:
        items = [(None, Var(name)) for name in variables] if select.items is None else list(select.items)
        found.merges = select.modifier in ("DISTINCT", "REDUCED")
    found.width = len(items)
    selected = {variable.name for _, variable in items}
    for name in tracer.names():
        if name not in selected:
            items.append((None, Var(name)))
            selected.add(name)
    found.triples, found.reasons = tracer.triples, tuple(dict.fromkeys(tracer.reasons))
    if not items:
        items = [(Raw("true"), tracer.fresh())]
    detail = Select("", items, select.where, select.dataset)
    # VALUES behind the query must stand before LIMIT, which the caller adds.
    if select.values is not None:
        detail.where = Group([detail.where, select.values])
    tree.select = detail
    found.detail = tree.text()
    return found


def _augment(found, other, tracer, modifier):
    select = other.select
    keys = []
    for place, (expression, variable) in enumerate(select.group_by):
        if variable is None and not isinstance(expression, Var):
            variable = tracer.fresh()
            select.group_by[place] = (expression, variable)
        keys.append(variable or expression)
    if not keys:
        found.augmented = other.text()
        return
    if modifier == "DISTINCT":
        found.reason = HIDDEN
        return
    # A key that is selected already is selected once more under another name.
    select.items = [*select.items, *((key, tracer.fresh()) for key in keys)]
    found.augmented = other.text()


class _Tracer:
    def __init__(self, text):
        self.text, self.number = text, 0
        self.triples, self.reasons, self.blanks, self.branches = [], [], {}, 0

    def fresh(self):
        while True:
            self.number += 1
            if f"evident{self.number}" not in self.text:
                return Var(f"evident{self.number}")

    def names(self):
        """The variables that tell of a match: those of its triples, and the marks of its branches."""
        found = {}
        for parts, marker in self.triples:
            found |= {part.name: None for part in parts if isinstance(part, Var)}
            if marker is not None:
                found[marker.name] = None
        return found

    def group(self, group, marker):
        elements = []
        for element in group.elements:
            elements += self.element(element, marker)
        group.elements = elements

    def element(self, element, marker):
        if isinstance(element, Triples):
            return self.flat(element, marker)
        if isinstance(element, Group):
            self.group(element, marker)
        elif isinstance(element, Graph):
            self.group(element.group, marker)
        elif isinstance(element, Optional):
            self.branch(element.group)
        elif isinstance(element, Union):
            for group in element.groups:
                self.branch(group)
        elif isinstance(element, Select):
            self.subquery(element, marker)
        elif isinstance(element, Service):
            self.reasons.append(ELSEWHERE)
        elif isinstance(element, Filter | Bind) and _has_exists(element):
            self.reasons.append(EXISTS)
        return [element]

    def mark(self):
        """The variable that tells whether a branch was taken."""
        self.branches += 1
        if self.branches > MAX_BRANCHES:
            raise TooMany
        return self.fresh()

    def branch(self, group):
        marker = self.mark()
        self.group(group, marker)
        group.elements.append(Bind(Raw("true"), marker))

    def subquery(self, select, marker):
        plain = not (select.modifier or select.group_by or select.having or select.limit or select.offset)
        if not plain or any(_has_aggregate(e) for e, _ in select.items or ()):
            self.reasons.append(SUBQUERY)
            return
        before = len(self.triples)
        self.group(select.where, marker)
        if select.items is None:
            return
        # What stays inside comes out under a name of its own, so that it joins with nothing outside.
        outside = {variable.name: variable for _, variable in select.items}
        for place in range(before, len(self.triples)):
            parts, mark = self.triples[place]
            renamed = []
            for part in (*parts, *([mark] if mark is not None and mark is not marker else [])):
                if isinstance(part, Var) and part.name not in outside:
                    outside[part.name] = self.fresh()
                    select.items.append((part, outside[part.name]))
                renamed.append(outside[part.name] if isinstance(part, Var) else part)
            own = renamed[3] if len(renamed) == 4 else mark
            self.triples[place] = (tuple(renamed[:3]), own)

    def flat(self, element, marker):
        """A triples block as single triples, or as it stands where a collection is in it."""
        if _holds(element, Collection):
            self.reasons.append(LIST)
            # A label of it may stand in other triples, which get a variable for it.
            return [copied(element, self.blank)]
        made = []
        subject = self.node(element.subject, made, marker)
        self.properties(subject, element.properties, made, marker)
        return made

    def blank(self, label):
        """The variable that stands for a label."""
        if label not in self.blanks:
            self.blanks[label] = self.fresh()
        return self.blanks[label]

    def node(self, node, made, marker):
        if isinstance(node, Blank):
            if not node.label:
                return self.fresh()
            return self.blank(node.label)
        if isinstance(node, PropertyList):
            variable = self.fresh()
            self.properties(variable, node.properties, made, marker)
            return variable
        return node

    def properties(self, subject, properties, made, marker):
        for verb, objects in properties:
            for object_ in objects:
                self.triple(subject, verb, self.node(object_, made, marker), made, marker)

    def triple(self, subject, verb, object_, made, marker):
        if isinstance(verb, Path) and verb.sign == "^":
            self.triple(object_, verb.parts[0], subject, made, marker)
            return
        if isinstance(verb, Path) and verb.sign == "/":
            at = subject
            for part in verb.parts[:-1]:
                after = self.fresh()
                self.triple(at, part, after, made, marker)
                at = after
            self.triple(at, verb.parts[-1], object_, made, marker)
            return
        if isinstance(verb, Path) and verb.sign == "|":
            groups = []
            for part in verb.parts:
                taken, inside = self.mark(), []
                self.triple(subject, part, object_, inside, taken)
                groups.append(Group([*inside, Bind(Raw("true"), taken)]))
            made.append(Union(groups))
            return
        made.append(Triples(subject, [(verb, [object_])]))
        if isinstance(verb, Path):
            self.reasons.append(PATH)
            return
        parts = tuple(_constant(part) for part in (subject, verb, object_))
        if None not in parts:
            self.triples.append((parts, marker))


def _constant(part):
    """A variable, or the engine's term; None for what has no IRI here."""
    if isinstance(part, Iri):
        try:
            return ox.NamedNode(part.value)
        except ValueError:
            return None
    if isinstance(part, Literal):
        try:
            triple = next(iter(ox.parse(f"<urn:s> <urn:p> {_turtle(part)} .", format=ox.RdfFormat.TURTLE)))
        except (SyntaxError, StopIteration):
            return None
        return triple.object
    return part if isinstance(part, Var) else None


def _turtle(literal):
    if literal.datatype is None or "^^" not in literal.spelled:
        return literal.spelled
    return f"{literal.spelled.split('^^')[0]}^^<{literal.datatype}>"


def _parts(node):
    if isinstance(node, list | tuple):
        yield from node
    elif is_dataclass(node):
        yield from (getattr(node, each.name) for each in fields(node))


def _any(node, wanted, closed=()):
    if wanted(node):
        return True
    if isinstance(node, closed) if closed else False:
        return False
    return any(_any(part, wanted, closed) for part in _parts(node))


def _has_aggregate(node):
    return _any(
        node, lambda n: isinstance(n, Call) and isinstance(n.name, str) and n.name in AGGREGATES, (Exists,)
    )


def _has_exists(node):
    return _any(node, lambda n: isinstance(n, Exists) and not n.negated)


def _holds(node, kind):
    return _any(node, lambda n: isinstance(n, kind))
