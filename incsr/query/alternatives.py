"""Property paths with alternatives and negated sets, written as unions of basic graph patterns without.

By the specification an alternative is a union of multisets, and a sequence is a join: `?x :p/(:q|:r) ?y` is
`?x :p ?m . { ?m :q ?y } UNION { ?m :r ?y }`; and `?x !:p ?y` is a triple pattern with a filter on its
predicate. Blank nodes that such a pattern shares with others become variables, since a label holds within one
basic graph pattern. No `SELECT *` may show what is added; where that can not be, the join is distributed over
the unions, which needs no variable. Inside of `*`, `+` and `?` nothing is done: these are sets. `!()`, which
leaves out nothing, is known to the grammar and not to the engine; where no variable can stand for it, it is
every predicate but one, or that one.

Source: SPARQL 1.1 Query Language, sections 18.2.2.3, 18.2.2.4 and 18.4.
"""

from math import prod

from incsr.query.scope import copied, labels, nodes
from incsr.query.syntax_tree import (
    Blank,
    Collection,
    Filter,
    Group,
    In,
    Iri,
    Path,
    PropertyList,
    Triples,
    Union,
)

# Where no variable may be added, what has more alternatives than this, or would be longer in all, is left as
# it is.
MAX_BRANCHES = 64
MAX_CHARACTERS = 100_000
# The same for one group where variables may be added: a path is written once for each of its objects, and the
# ends of a path once for each alternative.
MAX_WRITTEN = 1_000_000
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_FIRST, _REST, _NIL, _TYPE = (
    Iri(f"<{_RDF}{name}>", f"{_RDF}{name}") for name in ("first", "rest", "nil", "type")
)


def number(path):
    """How many alternatives a path has."""
    if not isinstance(path, Path):
        return 1
    if path.sign == "|":
        return sum([number(part) for part in path.parts])
    if path.sign == "/":
        return prod([number(part) for part in path.parts])
    if path.sign == "^":
        return number(path.parts[0])
    return 2 if path.sign == "!" and len({isinstance(part, Path) for part in path.parts}) > 1 else 1


def alternatives(path):
    """The alternatives of a path, each a list of the steps of a sequence."""
    sign = path.sign if isinstance(path, Path) else ""
    if sign == "|":
        return [steps for part in path.parts for steps in alternatives(part)]
    if sign == "/":
        found = [[]]
        for part in path.parts:
            found = [[*before, *steps] for before in found for steps in alternatives(part)]
        return found
    if sign == "^":
        return [[_inverse(step) for step in reversed(steps)] for steps in alternatives(path.parts[0])]
    if sign == "!" and number(path) == 2:
        # !(:p|^:q) is an alternative of the two directions (18.2.2.3).
        return [
            [Path("!", [part for part in path.parts if isinstance(part, Path) is inverse])]
            for inverse in (False, True)
        ]
    return [[path]]


def _inverse(step):
    return step.parts[0] if isinstance(step, Path) and step.sign == "^" else Path("^", [step])


def _path(steps):
    return steps[0] if len(steps) == 1 else Path("/", steps)


def _excluded(step):
    """What a step that is a negated set leaves out, and whether it goes backwards; None for another step."""
    if not isinstance(step, Path):
        return None
    if step.sign == "^":
        inner = _excluded(step.parts[0])
        return None if inner is None else (inner[0], not inner[1])
    if step.sign != "!":
        return None
    backwards = bool(step.parts) and isinstance(step.parts[0], Path)
    return [part.parts[0] if backwards else part for part in step.parts], backwards


def _negates(path):
    """Whether a negated set is among the steps of a path."""
    if not isinstance(path, Path) or path.sign in "*+?":
        return False
    return path.sign == "!" or any(_negates(part) for part in path.parts)


def _fill(node):
    """Give each `!()` in a part of a tree a spelling that the engine knows; whether there was one."""
    empty = [part for part in nodes(node) if isinstance(part, Path) and part.sign == "!" and not part.parts]
    for path in empty:
        path.sign, path.parts = "|", [Path("!", [_TYPE]), _TYPE]
    return bool(empty)


def _written(node):
    """About how many characters a part of a tree has when it is written out."""
    length = 0
    for part in nodes(node):
        if isinstance(part, Collection):
            length += sum([100 + _width(item) for item in part.items])
        if not isinstance(part, Triples | PropertyList):
            continue
        start = _width(part.subject) if isinstance(part, Triples) else _LABEL
        for verb, objects in part.properties:
            # The ends stand once for each alternative, which are no more than the names in the path.
            ways, verb_length = sum(isinstance(name, Iri) for name in nodes(verb)), len(verb.text())
            ends = sum([start + _width(object_) + _LABEL for object_ in objects])
            length += len(objects) * verb_length + ways * ends
    return length


# As long as a label or a variable of ours, with what stands around it.
_LABEL = 24


def _width(end):
    return _LABEL if isinstance(end, PropertyList | Collection) else len(end.text())


class Alternatives:
    """What writes out the paths of one text.

    `variable` gives variables that the text does not have; `hidden` tells whether they can be kept from what
    is being selected.
    """

    def __init__(self, variable):
        self.variable = variable
        self.hidden = True
        self.room = MAX_CHARACTERS
        self.named = {}  # the variables that stand for labels

    def label(self):
        return f"_:{self.variable().name}"

    def written_out(self, elements):
        """The elements of a group with its paths written out; the very same list where none has to be."""
        triples = [element for element in elements if isinstance(element, Triples)]
        if not any(self._divides(element) for element in triples):
            return [*elements] if _fill(triples) else elements
        if self.hidden and _written(triples) > MAX_WRITTEN:
            return [*elements] if _fill(triples) else elements
        # A variable stands for any predicate, but not inside of what repeats a path.
        closed = [part for part in nodes(triples) if isinstance(part, Path) and part.sign in "*+?"]
        _fill(closed if self.hidden else triples)
        found, block = [], []
        for element in elements:
            if isinstance(element, Triples | Filter):
                block.append(element)
                continue
            found += self._block(block)
            found.append(element)
            block = []
        found += self._block(block)
        # The engine lets a label go past BIND and VALUES.
        return [self._with_variables(part) if isinstance(part, Triples) else part for part in found]

    def _with_variables(self, triples):
        if self.named.keys().isdisjoint(labels(triples)):
            return triples
        return copied(triples, lambda label: self.named.get(label) or Blank(label))

    def _divides(self, node):
        """Whether a path is in it that is not left as it stands."""
        return any(
            self._divided(verb)
            for part in nodes(node)
            if isinstance(part, Triples | PropertyList)
            for verb, _ in part.properties
        )

    def _divided(self, verb):
        return number(verb) > 1 or (self.hidden and _negates(verb))

    def _block(self, block):
        """A basic graph pattern, and its filters, with the unions behind it: a label may not be used before
        and after another element."""
        parts = []
        for element in block:
            if isinstance(element, Triples) and self._divides(element):
                self._flatten(element, parts)
            else:
                parts.append(element)
        unions, gone = [], set()
        for tied in _tied(parts):
            if not any(self._divides(triples) for triples in tied):
                continue
            made = self._joined(tied) if self.hidden else self._distributed(tied)
            if made is None:
                continue
            gone |= {id(part) for part in tied}
            unions += made
        kept = [part for part in parts if id(part) not in gone]
        return kept + sorted(unions, key=lambda part: isinstance(part, Union))

    def _distributed(self, tied):
        """Some patterns as a union with a branch for each way of taking alternatives."""
        count = prod([number(verb) for triples in tied for verb, _ in _pairs(triples)])
        length = count * sum([len(triples.text()) for triples in tied])
        if count > MAX_BRANCHES or length > self.room:
            return None
        self.room -= length
        branches = [[]]
        for triples in tied:
            choices = [[triples]]
            if self._divides(triples):
                ((verb, (object_,)),) = triples.properties
                choices = [self._steps(triples.subject, steps, object_) for steps in alternatives(verb)]
            branches = [[*branch, *choice] for branch in branches for choice in choices]
        groups = []
        for branch in branches:
            new = {name: Blank(self.label()) for name in sorted(labels(branch))}
            groups.append(Group(copied(branch, new.__getitem__)))
        return [Union(groups)]

    def _joined(self, tied):
        """Some patterns with variables for their blank nodes, and each alternative a union in its place."""
        for name in sorted(labels(tied) - self.named.keys()):
            self.named[name] = self.variable()
        made = []
        for triples in copied(tied, self.named.__getitem__):
            if self._divides(triples):
                ((verb, (object_,)),) = triples.properties
                made += self._way(triples.subject, verb, object_)
            else:
                made.append(triples)
        return made

    def _way(self, subject, path, object_):
        if number(path) == 1:
            return self._steps(subject, alternatives(path)[0], object_)
        if path.sign == "^":
            return self._way(object_, path.parts[0], subject)
        if path.sign == "/":
            made = []
            for part in path.parts[:-1]:
                end = self.variable()
                made += self._way(subject, part, end)
                subject = end
            return made + self._way(subject, path.parts[-1], object_)
        parts = path.parts if path.sign == "|" else [steps[0] for steps in alternatives(path)]
        return [Union([Group(self._way(subject, part, object_)) for part in parts])]

    def _steps(self, subject, steps, object_):
        """One sequence as patterns: the engine's own, and one for each negated set."""
        made, waiting = [], []

        def passed(end):
            made.append(Triples(subject, [(_path(list(waiting)), [end])]))
            waiting.clear()
            return end

        for place, step in enumerate(steps):
            excluded = _excluded(step) if self.hidden else None
            if excluded is None:
                waiting.append(step)
                continue
            if waiting:
                subject = passed(Blank(self.label()))
            end = object_ if place + 1 == len(steps) else Blank(self.label())
            predicate = self.variable()
            ends = (end, subject) if excluded[1] else (subject, end)
            made.append(Triples(ends[0], [(predicate, [ends[1]])]))
            # The short "a" is the name of a property in the place of one only.
            names = [Iri(f"<{iri.value}>", iri.value) if iri.spelled == "a" else iri for iri in excluded[0]]
            if names:  # `!()` leaves out nothing
                made.append(Filter(In(predicate, True, names)))
            subject = end
        if waiting:
            passed(object_)
        return made

    # ── one triple pattern for each path ────────────────────────────────────

    def _flatten(self, triples, made):
        subject = triples.subject
        if isinstance(subject, PropertyList | Collection) or subject == Blank(""):
            subject = self._named(subject, made)
        self._properties(subject, triples.properties, made)

    def _properties(self, subject, properties, made):
        for verb, objects in properties:
            for object_ in objects:
                # In each branch of a union what an object says of itself would stand again.
                long = number(verb) > 1 and isinstance(object_, PropertyList | Collection)
                node = self._named(object_, made) if long or self._divides(object_) else object_
                made.append(Triples(subject, [(verb, [node])]))

    def _named(self, node, made):
        """A node under a label of its own, with what it says of itself as patterns."""
        if isinstance(node, Collection):
            head = rest = Blank(self.label())
            for place, item in enumerate(node.items):
                here, rest = rest, Blank(self.label()) if place + 1 < len(node.items) else _NIL
                self._properties(here, [(_FIRST, [item]), (_REST, [rest])], made)
            return head if node.items else _NIL
        blank = Blank(self.label())
        if isinstance(node, PropertyList):
            self._properties(blank, node.properties, made)
        return blank


def _pairs(triples):
    return [(verb, object_) for verb, objects in triples.properties for object_ in objects]


def _tied(parts):
    """The patterns, each list with all that shares blank nodes."""
    places = {id(part): place for place, part in enumerate(parts)}
    tied = {}  # for each label, the list of the patterns that it ties together
    alone = []
    for part in parts:
        if isinstance(part, Filter):
            continue
        names = labels(part)
        if not names:
            alone.append([part])
            continue
        held = {id(tied[name]): tied[name] for name in names if name in tied}
        members, *others = sorted(held.values(), key=len, reverse=True) or [[]]
        for other in others:
            members += other
            tied |= dict.fromkeys(labels(other), members)
        members.append(part)
        tied |= dict.fromkeys(names, members)
    for members in [*alone, *{id(members): members for members in tied.values()}.values()]:
        yield sorted(members, key=lambda part: places[id(part)])
