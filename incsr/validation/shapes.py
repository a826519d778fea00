"""A shapes graph, read into constraints: what pySHACL would make of it, or `Unsupported`.

Supports the components of SHACL Core and the SPARQL constraints that shapes/ is written in. Whatever else a
shapes graph says in SHACL's namespace, and whatever pySHACL would refuse or warn of, is `Unsupported`: then
the reference validates. So nothing is passed over in silence.

Source: SHACL, sections 2 (shapes and constraints) and 5.2 (SPARQL-based constraints).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pyoxigraph as ox

from incsr.validation import constraints
from incsr.validation.index import Unsupported
from incsr.validation.report import SEVERITIES
from incsr.validation.select import Select, parsed
from incsr.validation.statements import OWL, RDF, RDFS, SH, Statements, is_text

DESCRIBING = {"message", "name", "description", "severity", "order", "group", "defaultValue"}
TARGETS = ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
LISTED = {
    "or": constraints.conforming_to_any,
    "and": constraints.conforming_to_all,
    "xone": constraints.conforming_to_one,
}
COMPONENTS = {
    "class", "datatype", "nodeKind", "minCount", "maxCount", *constraints.RANGES, "minLength", "maxLength",
    "pattern", "languageIn", "uniqueLang", "equals", "disjoint", *constraints.PAIRS, "in", "hasValue", "not",
    "node", *LISTED, "property", "sparql", "qualifiedValueShape", "qualifiedMinCount", "qualifiedMaxCount",
}  # fmt: skip
OF_PROPERTIES = {"minCount", "maxCount", "uniqueLang", *constraints.PAIRS, "qualifiedValueShape"}
ELSEWHERE = {
    "path", "inversePath", "alternativePath", "prefixes", "select", "declare", "prefix", "namespace",
}  # fmt: skip
KNOWN = DESCRIBING | set(TARGETS) | COMPONENTS | ELSEWHERE
DECLARED = {SH + "NodeShape", SH + "PropertyShape"}
USING = {SH + name for name in (*TARGETS, "property", "node")}
# pySHACL gives up at 15 shapes within each other.
DEPTH = 6


@dataclass(eq=False, slots=True)
class Check:
    """One constraint of a shape: its component, and what finds the values that break it."""

    component: str
    broken: constraints.Constraint


@dataclass(eq=False, slots=True)
class Query:
    """One SPARQL constraint of a shape."""

    node: ox.NamedNode | ox.BlankNode
    select: Select
    messages: tuple[ox.Literal, ...]
    rule: str


@dataclass(eq=False, slots=True)
class Shape:
    """A shape as it is checked: where it looks, and what has to hold there."""

    node: ox.NamedNode | ox.BlankNode
    # None for a node shape; else properties, each with whether it is followed backwards.
    path: tuple[tuple[ox.NamedNode, bool], ...] | None = None
    told_path: ox.NamedNode | None = None
    severity: str = ""
    rule: str = ""
    messages: tuple[ox.Literal, ...] = ()
    targets: tuple[tuple[str, object], ...] = ()
    checks: list[Check] = field(default_factory=list)
    properties: list["Shape"] = field(default_factory=list)
    queries: list[Query] = field(default_factory=list)


def read(quads: Iterable[ox.Quad | ox.Triple]) -> list[Shape]:
    """The shapes that have targets, with all that they refer to.

    Raises: Unsupported where the reference is needed to judge them.
    """
    return _Reader(quads).targeted()


class _Reader:
    def __init__(self, quads):
        self._graph = Statements(quads)
        self._shapes: dict[object, Shape] = {}
        self._open: list[object] = []
        for node in self._graph.subjects():
            self._check_known(self._graph.of(node))

    def _check_known(self, said):
        for predicate, values in said.items():
            if predicate.startswith(SH) and predicate[len(SH) :] not in KNOWN:
                raise Unsupported(f"sh:{predicate[len(SH) :]}")
            naming = predicate in (RDF + "type", RDFS + "subClassOf")
            if naming and ox.NamedNode(SH + "ConstraintComponent") in values:
                raise Unsupported("a constraint component of its own")

    # ── Shapes ──

    def targeted(self) -> list[Shape]:
        found = []
        for node in self._graph.subjects():
            used = self._graph.of(node).keys() & USING
            if used or DECLARED & self._graph.types(node):
                shape = self._shape(node)
                if shape.targets:
                    self._check_told(shape, set())
                    found.append(shape)
        return found

    def _shape(self, node) -> Shape:
        if node in self._shapes:
            return self._shapes[node]
        if node in self._open:
            raise Unsupported("shapes that refer to each other in a circle")
        if isinstance(node, ox.Literal) or len(self._open) > DEPTH:
            raise Unsupported("a literal as a shape, or shapes too deep within each other")
        self._check_types(node)
        self._open.append(node)
        shape = Shape(node)
        self._place(shape)
        self._describe(shape)
        self._constrain(shape)
        self._open.pop()
        self._shapes[node] = shape
        return shape

    def _check_types(self, node):
        types, has_path = self._graph.types(node), bool(self._graph.objects(node, "path"))
        if types - DECLARED:
            # A shape that is a class has its instances for targets.
            raise Unsupported("a shape with a type of its own")
        if types and types != {SH + ("PropertyShape" if has_path else "NodeShape")}:
            raise Unsupported("a property shape without sh:path, or a node shape with one")

    def _place(self, shape: Shape):
        """Where the shape looks: its targets and its path."""
        shape.targets = tuple(
            (name, value) for name in TARGETS for value in self._graph.objects(shape.node, name)
        )
        for name, value in shape.targets:
            if name != "targetNode" and not isinstance(value, ox.NamedNode):
                raise Unsupported(f"sh:{name} of what is no IRI")
        path = self._graph.one(shape.node, "path")
        if isinstance(path, ox.NamedNode):
            shape.path, shape.told_path = ((path, False),), path
        elif path is not None:
            said = self._graph.of(path)
            if set(said) == {SH + "inversePath"}:
                inverse = self._graph.one(path, "inversePath")
                shape.path, shape.told_path = ((inverse, True),), inverse
            elif set(said) == {SH + "alternativePath"}:
                options = self._graph.members(self._graph.one(path, "alternativePath"))
                shape.path = tuple((option, False) for option in options)
            if not shape.path or not all(isinstance(one, ox.NamedNode) for one, _ in shape.path):
                raise Unsupported("a path other than a property, its inverse or one of several")
            if len(shape.path) == 1 and shape.told_path is None:
                raise Unsupported("an alternative of one")

    def _describe(self, shape: Shape):
        severity = self._graph.one(shape.node, "severity")
        shape.severity = "Violation" if severity is None else severity.value.removeprefix(SH)
        if shape.severity not in SEVERITIES:
            raise Unsupported(f"sh:severity {severity}")
        shape.rule = self._rule(shape.node)
        shape.messages = self._messages(shape.node)

    def _rule(self, node) -> str:
        names = self._graph.objects(node, "name")
        return names[0].value if names else ""

    def _messages(self, node) -> tuple[ox.Literal, ...]:
        found = self._graph.objects(node, "message")
        if not all(is_text(message) for message in found):
            raise Unsupported("sh:message of what is no text")
        return tuple(found)

    def _check_told(self, shape: Shape, seen: set):
        """pySHACL words a result of its own where a shape has no message; that is left to it."""
        if shape.node in seen:
            return
        seen.add(shape.node)
        silent = shape.checks or any(not query.messages for query in shape.queries)
        if silent and not shape.messages:
            raise Unsupported(f"a shape without sh:message: {shape.node}")
        for inner in shape.properties:
            self._check_told(inner, seen)

    # ── Constraints ──

    def _constrain(self, shape: Shape):
        node = shape.node
        for predicate in self._graph.of(node):
            name = predicate.removeprefix(SH)
            if not predicate.startswith(SH) or name not in COMPONENTS:
                continue
            if shape.path is None and name in OF_PROPERTIES:
                raise Unsupported(f"sh:{name} in a node shape")
            if name == "property":
                shape.properties = [self._property(value) for value in self._graph.objects(node, name)]
            elif name == "sparql":
                if shape.path is not None:
                    raise Unsupported("sh:sparql in a property shape")
                shape.queries = [self._query(value) for value in self._graph.objects(node, name)]
            elif name in LISTED:
                for value in self._graph.objects(node, name):
                    members = [self._shape(member) for member in self._graph.members(value)]
                    self._add(shape, name, LISTED[name](members))
            elif name.startswith("qualified"):
                if name == "qualifiedValueShape":
                    self._qualify(shape)
                elif not self._graph.objects(node, "qualifiedValueShape"):
                    raise Unsupported(f"sh:{name} without sh:qualifiedValueShape")
            else:
                for constraint in self._simple(node, name):
                    self._add(shape, name, constraint)

    @staticmethod
    def _add(shape: Shape, name: str, constraint):
        component = f"{SH}{name[0].upper()}{name[1:]}ConstraintComponent"
        shape.checks.append(Check(component, constraint))

    def _property(self, node) -> Shape:
        shape = self._shape(node)
        if shape.path is None:
            raise Unsupported("sh:property of what is no property shape")
        return shape

    def _qualify(self, shape: Shape):
        least = self._graph.count(shape.node, "qualifiedMinCount")
        most = self._graph.count(shape.node, "qualifiedMaxCount")
        if least is None and most is None:
            raise Unsupported("sh:qualifiedValueShape without a count")
        for value in self._graph.objects(shape.node, "qualifiedValueShape"):
            inner = self._shape(value)
            if most is not None:
                self._add(
                    shape, "qualifiedMaxCount", constraints.counting(inner, lambda count: count <= most)
                )
            if least is not None:
                self._add(
                    shape, "qualifiedMinCount", constraints.counting(inner, lambda count: count >= least)
                )

    def _simple(self, node, name: str) -> Iterable[constraints.Constraint]:
        """The constraints of a component whose parameter refers to no shape but by sh:node and sh:not."""
        values = self._graph.objects(node, name)
        if name in ("node", "not"):
            shapes = [self._shape(value) for value in values]
            if name == "not":
                return [constraints.not_conforming_to(shape) for shape in shapes]
            if any(shape.path is not None for shape in shapes):
                raise Unsupported("sh:node of a property shape")
            return [constraints.conforming_to(shape) for shape in shapes]
        if name in constraints.RANGES:
            if not all(isinstance(value, ox.Literal) for value in values):
                raise Unsupported(f"sh:{name} of what is no literal")
            return [constraints.in_range(name, value) for value in values]
        if name == "pattern":
            if not all(is_text(value) for value in values):
                raise Unsupported("sh:pattern of what is no text")
            return [constraints.of_pattern(value.value) for value in values]
        if name == "hasValue":
            return [constraints.has_value(value) for value in values]
        if name in ("class", "equals", "disjoint", *constraints.PAIRS):
            if not all(isinstance(value, ox.NamedNode) for value in values):
                raise Unsupported(f"sh:{name} of what is no IRI")
            if name in constraints.PAIRS:
                return [constraints.ordered_before(name, value) for value in values]
            make = {"class": constraints.of_class, "equals": constraints.equal_to}
            return [make.get(name, constraints.disjoint_with)(value) for value in values]
        return self._single(node, name)

    def _single(self, node, name: str) -> list[constraints.Constraint]:
        """The constraint of a component that a shape has once."""
        if name in ("minCount", "maxCount"):
            make = constraints.at_least if name == "minCount" else constraints.at_most
            return [make(self._graph.count(node, name))]
        if name in ("minLength", "maxLength"):
            return [constraints.of_length(name, self._graph.count(node, name))]
        value = self._graph.one(node, name)
        if name in ("datatype", "nodeKind"):
            if not isinstance(value, ox.NamedNode):
                raise Unsupported(f"sh:{name} of what is no IRI")
            return [constraints.of_datatype(value) if name == "datatype" else constraints.of_kind(value)]
        if name == "uniqueLang":
            if value not in (ox.Literal(True), ox.Literal(False)):
                raise Unsupported(f"sh:uniqueLang {value}")
            return [constraints.once_a_language] if value.value == "true" else []
        members = self._graph.members(value)
        if name == "in":
            return [constraints.one_of(members)]
        if not all(is_text(member) for member in members):
            raise Unsupported("sh:languageIn of what is no text")
        return [constraints.in_language(member.value for member in members)]

    # ── SPARQL constraints ──

    def _query(self, node) -> Query:
        select = self._graph.one(node, "select")
        if select is None or not is_text(select):
            raise Unsupported("a SPARQL constraint without a text of sh:select")
        return Query(node, parsed(select.value, self._prefixes(node)), self._messages(node), self._rule(node))

    def _prefixes(self, node) -> dict[str, str]:
        found = {"rdf": RDF, "rdfs": RDFS, "owl": OWL}
        declarer = self._graph.one(node, "prefixes")
        if declarer is None:
            return found
        types = self._graph.types(declarer)
        declared = self._graph.objects(declarer, "declare")
        # pySHACL then takes the prefixes of every ontology.
        if OWL + "Ontology" not in types or not declared:
            raise Unsupported("sh:prefixes of what is no ontology with declarations")
        given = {}
        for declaration in declared:
            prefix, namespace = (
                self._graph.one(declaration, "prefix"),
                self._graph.one(declaration, "namespace"),
            )
            if not is_text(prefix) or not isinstance(namespace, ox.Literal) or prefix.value in given:
                raise Unsupported("a prefix that is declared twice or without its parts")
            given[prefix.value] = namespace.value
        return found | given
