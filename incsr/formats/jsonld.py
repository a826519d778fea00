"""Graphs in JSON-LD: compact, with a real `@context`; or expanded where the client asks for that profile.

Source: JSON-LD 1.1 (W3C, 2020). Refuses triple terms, which JSON-LD does not have.
"""

import json
import re

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from incsr.formats.errors import Unwritable
from incsr.formats.solutions import STRING, XSD
from incsr.formats.turtle import FIRST, NIL, REST, TYPE, Names, property_order

_INTEGER = re.compile(r"(?:0|-?[1-9][0-9]{0,14})\Z")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?!//)")


def document(statements, prefixes, *, compact=True):
    """The pieces of a JSON-LD document: one node object a subject, lists as `@list`."""
    graphs = {}
    for statement in statements:
        name = statement.graph_name if isinstance(statement, Quad) else None
        key = name if isinstance(name, NamedNode | BlankNode) else None
        properties = graphs.setdefault(key, {}).setdefault(statement.subject, {})
        properties.setdefault(statement.predicate.value, []).append(statement.object)
    writer = (_Compact if compact else _Expanded)(graphs, prefixes)
    nodes = writer.nodes(graphs.get(None, {}))
    for name, subjects in graphs.items():
        if name is not None:
            nodes.append({"@id": writer.iri(name), "@graph": writer.nodes(subjects)})
    if not compact:
        yield json.dumps(nodes, ensure_ascii=False) + "\n"
        return
    context = writer.context()
    yield f'{{\n  "@context": {json.dumps(context, ensure_ascii=False, indent=2)},\n  "@graph": [\n'
    for index, node in enumerate(nodes):
        yield ("    " if index == 0 else ",\n    ") + json.dumps(node, ensure_ascii=False)
    yield "\n  ]\n}\n"


class _Writer:
    """What both forms share: labels for blank nodes, lists, node objects."""

    def __init__(self, graphs, prefixes):
        self.labels = {}
        self.mentions = {}
        for subjects in graphs.values():
            for properties in subjects.values():
                for values in properties.values():
                    for value in values:
                        if isinstance(value, BlankNode):
                            self.mentions[value] = self.mentions.get(value, 0) + 1
        self.subjects = {}
        self.cells = set()
        self.described = {}
        for subjects in graphs.values():
            for subject in subjects:
                self.described[subject] = self.described.get(subject, 0) + 1

    def nodes(self, subjects):
        self.subjects = subjects
        self.cells = {}
        heads = {}
        for properties in subjects.values():
            for predicate, values in properties.items():
                for value in values:
                    if predicate != REST and isinstance(value, BlankNode) and value not in heads:
                        heads[value] = self._members(value)
        self.cells = {head: members for head, members in heads.items() if members is not None}
        inside = set()
        for head in self.cells:
            node = head
            while isinstance(node, BlankNode):
                inside.add(node)
                node = subjects[node][REST][0]
        return [
            self._node(subject, properties)
            for subject, properties in subjects.items()
            if subject not in inside
        ]

    def _members(self, head):
        """The list that starts here if each of its cells is mentioned just once and is nothing else."""
        members, node, seen = [], head, set()
        while isinstance(node, BlankNode):
            properties = self.subjects.get(node)
            if (
                properties is None
                or node in seen
                or self.mentions.get(node) != 1
                or self.described.get(node) != 1
                or set(properties) != {FIRST, REST}
                or len(properties[FIRST]) != 1
                or len(properties[REST]) != 1
            ):
                return None
            seen.add(node)
            members.append(properties[FIRST][0])
            node = properties[REST][0]
        return members if node == NamedNode(NIL) else None

    def _node(self, subject, properties):
        if isinstance(subject, Triple):
            raise Unwritable("JSON-LD", f"the triple term {subject}")
        node = {"@id": self.iri(subject)}
        for predicate in sorted(properties, key=property_order):
            values = sorted(properties[predicate], key=str)
            if predicate == TYPE and all(isinstance(value, NamedNode | BlankNode) for value in values):
                node["@type"] = self.one_or_all([self.type_iri(value) for value in values])
            else:
                node[self.key(predicate)] = self.one_or_all(
                    [self.value(value, predicate) for value in values]
                )
        return node

    def list_or_id(self, term, predicate):
        members = self.cells.get(term) if isinstance(term, BlankNode) else None
        if members is None:
            return None
        # Inside a list the type coercion of the term would apply as well: values are written in full.
        return {"@list": [self.value(member, None) for member in members]}


class _Compact(_Writer):
    def __init__(self, graphs, prefixes):
        super().__init__(graphs, prefixes)
        iris = _iris(graphs)
        schemes = {match.group(1) for iri in iris if (match := _SCHEME.match(iri))}
        self.names = Names({prefix: iri for prefix, iri in prefixes.items() if prefix not in schemes})
        links = {}
        for subjects in graphs.values():
            for properties in subjects.values():
                for predicate, values in properties.items():
                    plain = all(isinstance(value, NamedNode) for value in values)
                    links[predicate] = links.get(predicate, True) and plain
        self.links = {predicate for predicate, plain in links.items() if plain and predicate != TYPE}

    def context(self):
        # A key may be the first use of its prefix, so the prefixes are gathered after the keys.
        links = {self.key(predicate): {"@id": predicate, "@type": "@id"} for predicate in sorted(self.links)}
        return dict(sorted(self.names.used.items())) | links

    def one_or_all(self, values):
        return values[0] if len(values) == 1 else values

    def key(self, predicate):
        return self._name(predicate)

    def type_iri(self, term):
        return self.iri(term)

    def iri(self, term):
        if isinstance(term, BlankNode):
            return self.labels.setdefault(term, f"_:b{len(self.labels)}")
        return self._name(term.value)

    def _name(self, iri):
        parts = self.names.split(iri)
        return ":".join(parts) if parts else iri

    def value(self, term, predicate):
        if isinstance(term, Triple):
            raise Unwritable("JSON-LD", f"the triple term {term}")
        if not isinstance(term, Literal):
            if predicate in self.links:
                return self.iri(term)
            return self.list_or_id(term, predicate) or {"@id": self.iri(term)}
        if term.language:
            tagged = {"@value": term.value, "@language": term.language}
            return {**tagged, "@direction": term.direction.value} if term.direction else tagged
        datatype = term.datatype.value
        if datatype == STRING:
            return term.value
        if datatype == f"{XSD}integer" and _INTEGER.match(term.value):
            return int(term.value)
        if datatype == f"{XSD}boolean" and term.value in ("true", "false"):
            return term.value == "true"
        return {"@value": term.value, "@type": self._name(datatype)}


class _Expanded(_Writer):
    def one_or_all(self, values):
        return values

    def key(self, predicate):
        return predicate

    def type_iri(self, term):
        return self.iri(term)

    def iri(self, term):
        if isinstance(term, BlankNode):
            return self.labels.setdefault(term, f"_:b{len(self.labels)}")
        return term.value

    def value(self, term, predicate):
        if isinstance(term, Triple):
            raise Unwritable("JSON-LD", f"the triple term {term}")
        if not isinstance(term, Literal):
            return self.list_or_id(term, predicate) or {"@id": self.iri(term)}
        if term.language:
            tagged = {"@value": term.value, "@language": term.language}
            return {**tagged, "@direction": term.direction.value} if term.direction else tagged
        datatype = term.datatype.value
        return {"@value": term.value} if datatype == STRING else {"@value": term.value, "@type": datatype}


def _iris(graphs):
    for name, subjects in graphs.items():
        if isinstance(name, NamedNode):
            yield name.value
        for subject, properties in subjects.items():
            if isinstance(subject, NamedNode):
                yield subject.value
            for predicate, values in properties.items():
                yield predicate
                for value in values:
                    if isinstance(value, NamedNode):
                        yield value.value
                    elif isinstance(value, Literal):
                        yield value.datatype.value
