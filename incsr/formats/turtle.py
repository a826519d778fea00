"""Graphs in Turtle and TriG, to be read: the prefixes used, one paragraph a subject, anonymous nodes nested.

The whole graph is held, since only then is it known which prefixes are used and which blank nodes are
referred to once. A large graph is written by the engine's streaming serializer instead (`graphs.turtle`).

Source: RDF 1.1 Turtle and TriG (W3C, 2014); triple terms as in RDF 1.2.
"""

import re

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from incsr.formats.solutions import short_literal

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
TYPE = f"{RDF}type"
FIRST, REST, NIL = f"{RDF}first", f"{RDF}rest", f"{RDF}nil"
LABELS = ("http://www.w3.org/2000/01/rdf-schema#label", "http://www.w3.org/2004/02/skos/core#prefLabel")

# Local names that need no escape in Turtle, SPARQL or JSON-LD; an empty one is a namespace itself.
LOCAL_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?\Z")
# Past this depth of anonymous nodes inside anonymous nodes, a label reads better, and parsers recurse.
MAX_NESTING = 16


class Names:
    """Prefixed names for IRIs, and which prefixes were used."""

    def __init__(self, prefixes):
        self._prefix_of = {iri: prefix for prefix, iri in prefixes.items()}
        self._known = {}
        self.used = {}

    def split(self, iri):
        """(prefix, local name) or None."""
        cut = max(iri.rfind("#"), iri.rfind("/")) + 1
        prefix = self._prefix_of.get(iri[:cut])
        if prefix is None or not LOCAL_NAME.match(iri[cut:]):
            return None
        self.used[prefix] = iri[:cut]
        return prefix, iri[cut:]

    def turtle(self, iri):
        """The IRI as a term of Turtle."""
        known = self._known.get(iri)
        if known is None:
            parts = self.split(iri)
            known = self._known[iri] = ":".join(parts) if parts else str(NamedNode(iri))
        return known


class _Graph:
    """The triples of one graph by subject, with what may be nested where it is referred to."""

    def __init__(self, names, labels, mentions):
        self.names, self.labels, self.mentions = names, labels, mentions
        self.by_subject = {}
        self.nested = set()
        self.written = set()

    def add(self, triple):
        self.by_subject.setdefault(triple.subject, {}).setdefault(triple.predicate.value, []).append(
            triple.object
        )

    def settle(self):
        """Decide which blank nodes are written where they are referred to: those mentioned just once.

        A node that is mentioned once, but from a circle of such nodes, is reached from nowhere and keeps its
        label; so does one nested too deep.
        """
        candidates = {
            node
            for node, properties in self.by_subject.items()
            if isinstance(node, BlankNode) and self.mentions.get(node) == 1 and properties
        }
        children = {
            subject: [
                value
                for values in properties.values()
                for value in values
                if isinstance(value, BlankNode) and value in candidates
            ]
            for subject, properties in self.by_subject.items()
        }
        level = [subject for subject in self.by_subject if subject not in candidates]
        depth = dict.fromkeys(level, 0)
        while level:
            following = []
            for subject in level:
                for child in children[subject]:
                    # The rest of a list stands beside its first member, not inside it.
                    in_list = self._is_cell(subject) and self._is_cell(child)
                    reached = depth[subject] + (0 if in_list else 1)
                    if reached > MAX_NESTING:
                        depth[child] = 0
                    else:
                        depth[child] = reached
                        self.nested.add(child)
                    following.append(child)
            level = following

    def _is_cell(self, node):
        properties = self.by_subject.get(node)
        return (
            isinstance(node, BlankNode)
            and properties is not None
            and set(properties) == {FIRST, REST}
            and len(properties[FIRST]) == 1
            and len(properties[REST]) == 1
        )

    def paragraphs(self, subjects):
        for subject in subjects:
            if subject not in self.nested:
                yield self._paragraph(subject)

    def _paragraph(self, subject):
        lead = self.term(subject, "")
        if isinstance(subject, BlankNode) and subject not in self.mentions:
            lead = "[]"
        return f"{lead}\n{self._properties(subject, '    ')} .\n\n"

    def _properties(self, subject, indent):
        properties = self.by_subject[subject]
        lines = []
        for predicate in sorted(properties, key=property_order):
            verb = "a" if predicate == TYPE else self.names.turtle(predicate)
            objects = sorted({self.term(value, indent) for value in properties[predicate]})
            lines.append(f"{indent}{verb} {' , '.join(objects)}")
        return " ;\n".join(lines)

    def term(self, term, indent):
        if isinstance(term, NamedNode):
            return self.names.turtle(term.value)
        if isinstance(term, Literal):
            return self._literal(term)
        if isinstance(term, Triple):
            parts = (term.subject, term.predicate, term.object)
            return f"<<( {' '.join(self.term(part, indent) for part in parts)} )>>"
        if term in self.nested:
            members = self._list(term)
            if members is not None:
                return f"( {' '.join(self.term(member, indent + '    ') for member in members)} )"
            inner = f"{indent}    "
            return f"[\n{self._properties(term, inner)}\n{indent}]"
        return self.labels.setdefault(term, f"_:b{len(self.labels)}")

    def _list(self, head):
        """The members of the well-formed list that starts at this nested node, else None."""
        members, node = [], head
        while node in self.nested and self._is_cell(node):
            properties = self.by_subject[node]
            members.append(properties[FIRST][0])
            node = properties[REST][0]
        return members if members and node == NamedNode(NIL) else None

    def _literal(self, literal):
        text = short_literal(literal)
        if text[0] != '"':
            return text
        if literal.language is None and text[-1] == ">":
            start = text.rindex("^^<")
            return f"{text[:start]}^^{self.names.turtle(literal.datatype.value)}"
        return text


def _subject_order(subject):
    """IRIs in their order, then blank nodes and triple terms as they came."""
    return (0, subject.value) if isinstance(subject, NamedNode) else (1, "")


def property_order(predicate):
    """Type first, then labels, then by IRI."""
    rank = 0 if predicate == TYPE else 1 if predicate in LABELS else 2
    return rank, predicate


def _count(term, mentions):
    if isinstance(term, BlankNode):
        mentions[term] = mentions.get(term, 0) + 1
    elif isinstance(term, Triple):
        # Inside a triple term nothing can be nested: two mentions keep the label.
        for part in (term.subject, term.object):
            _count(part, mentions)
            _count(part, mentions)


def document(statements, prefixes):
    """The pieces of a Turtle document, or TriG where quads name a graph."""
    names, labels, mentions = Names(prefixes), {}, {}
    graphs, seen_in = {}, {}
    for statement in statements:
        name = statement.graph_name if isinstance(statement, Quad) else None
        key = name.value if isinstance(name, NamedNode | BlankNode) else None
        graph = graphs.get(key)
        if graph is None:
            graph = graphs[key] = (name, _Graph(names, labels, mentions))
        graph[1].add(statement)
        _count(statement.object, mentions)
        if isinstance(statement.subject, Triple):
            _count(statement.subject, mentions)
        for node in (statement.subject, name):
            # A blank node that is described in two graphs, or names one, keeps its label.
            if (isinstance(node, BlankNode) and seen_in.setdefault(node, key) != key) or node is name:
                _count(node, mentions)
                _count(node, mentions)
    body = []
    for name, graph in graphs.values():
        graph.settle()
        paragraphs = "".join(graph.paragraphs(sorted(graph.by_subject, key=_subject_order)))
        if isinstance(name, NamedNode | BlankNode):
            paragraphs = f"{graph.term(name, '')} {{\n{paragraphs.rstrip()}\n}}\n\n"
        body.append(paragraphs)
    for prefix in sorted(names.used):
        yield f"@prefix {prefix}: <{names.used[prefix]}> .\n"
    if names.used:
        yield "\n"
    text = "".join(body)
    yield text[:-1] if text else ""
