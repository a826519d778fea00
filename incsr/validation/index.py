"""The data graph as validation looks at it: every term once, as a number, and its triples by property.

A validation asks the same few questions very often (the values of a property of a node, the members of a
class); small whole numbers answer them several times faster than the engine's terms do. Terms stand as they
are written: nothing is normalized, so that "01" is told as "01".
"""

from collections.abc import Iterable, Mapping

import pyoxigraph as ox

from incsr.namespaces import PREFIXES
from incsr.validation import lexical

IRI, BLANK, LITERAL, TRIPLE = range(4)
KINDS = {ox.NamedNode: IRI, ox.BlankNode: BLANK, ox.Literal: LITERAL, ox.Triple: TRIPLE}
TYPE = ox.NamedNode(PREFIXES["rdf"] + "type")
SUBCLASS = ox.NamedNode(PREFIXES["rdfs"] + "subClassOf")
NOTHING: dict[int, list[int]] = {}
Row = tuple[int, int, int]


class Unsupported(Exception):
    """Something that only the reference validator can judge; the message says what."""


class _Ids(dict):
    """A number for each term, in the order in which they turn up."""

    def __missing__(self, term):
        number = self[term] = len(self)
        return number


class Index:
    """A set of triples over numbered terms."""

    def __init__(self):
        self._ids = _Ids()
        self.rows: set[Row] = set()
        self.terms: list = []
        self.kinds: list[int] = []
        self.texts: list[str] = []
        # Of literals; of other terms, the empty text.
        self.datatypes: list[str] = []
        # What RDF 1.2 has and rdflib has not, if there is any.
        self.novelty = ""
        self._out: dict[int, dict[int, list[int]]] | None = None
        self._into: dict[int, dict[int, list[int]]] = {}
        self._instances: dict[int, set[int]] = {}
        self._numbers: dict[int, object] = {}
        self._typed: dict[int, bool] = {}

    @classmethod
    def of(cls, triples: Iterable[ox.Quad | ox.Triple]) -> "Index":
        """The index of the triples; the names of quads' graphs are left behind."""
        index = cls()
        index.rows.update(index.numbered(triples))
        return index

    def numbered(self, triples: Iterable[ox.Quad | ox.Triple]) -> list[Row]:
        """The triples as numbers; they are not added."""
        ids = self._ids
        found = [(ids[one], ids[other], ids[last]) for one, other, last, *_ in triples]
        self._describe(list(ids)[len(self.terms) :])
        return found

    def number(self, term) -> int:
        """The number of a term, which need not stand in the data."""
        number = self._ids[term]
        if number == len(self.terms):
            self._describe([term])
        return number

    def _describe(self, new: list):
        """Note kind and text of the terms that are new."""
        kinds = [KINDS[type(term)] for term in new]
        if TRIPLE in kinds:
            self.novelty = "a triple as a term"
        elif any(kind == LITERAL and term.direction for kind, term in zip(kinds, new, strict=True)):
            self.novelty = "a literal with a direction"
        self.kinds += kinds
        self.datatypes += [
            term.datatype.value if kind == LITERAL else "" for kind, term in zip(kinds, new, strict=True)
        ]
        self.texts += [
            str(term) if kind == TRIPLE else term.value for kind, term in zip(kinds, new, strict=True)
        ]
        self.terms += new

    def triple(self, row: Row) -> ox.Triple:
        terms = self.terms
        return ox.Triple(terms[row[0]], terms[row[1]], terms[row[2]])

    # ── Look-ups ──

    @property
    def by_property(self) -> dict[int, dict[int, list[int]]]:
        """Property → subject → objects."""
        if self._out is None:
            self._out = out = {}
            for subject, predicate, value in self.rows:
                objects = out.get(predicate)
                if objects is None:
                    objects = out[predicate] = {}
                known = objects.get(subject)
                if known is None:
                    objects[subject] = [value]
                else:
                    known.append(value)
        return self._out

    def out(self, predicate: int) -> dict[int, list[int]]:
        """Subject → objects of one property."""
        return self.by_property.get(predicate, NOTHING)

    def into(self, predicate: int) -> dict[int, list[int]]:
        """Object → subjects of one property."""
        found = self._into.get(predicate)
        if found is None:
            found = self._into[predicate] = {}
            for subject, values in self.out(predicate).items():
                for value in values:
                    known = found.get(value)
                    if known is None:
                        found[value] = [subject]
                    else:
                        known.append(subject)
        return found

    def instances(self, of: int) -> set[int]:
        """The instances of a class and of the classes below it, however far.

        Source: SHACL, section 1.1: SHACL instance.
        """
        found = self._instances.get(of)
        if found is None:
            members, below = self.into(self.number(TYPE)), self.into(self.number(SUBCLASS))
            found, seen, ahead = set(), {of}, [of]
            while ahead:
                name = ahead.pop()
                found.update(members.get(name, ()))
                new = [other for other in below.get(name, ()) if other not in seen]
                seen.update(new)
                ahead += new
            self._instances[of] = found
        return found

    # ── Terms ──

    def language(self, literal: int) -> str | None:
        return self.terms[literal].language

    def is_string(self, node: int) -> bool:
        """Whether the node is a literal of text, with or without a language."""
        return self.datatypes[node] in (lexical.STRING, lexical.LANG_STRING)

    def is_plain(self, node: int) -> bool:
        """Whether the node is a literal of text without a language."""
        return self.datatypes[node] == lexical.STRING

    def value(self, node: int):
        """The number that a literal spells plainly, else None."""
        if node not in self._numbers:
            self._numbers[node] = lexical.number(self.texts[node], self.datatypes[node])
        return self._numbers[node]

    def has_datatype(self, node: int, datatype: str) -> bool:
        """Whether the node is a well-typed literal of exactly this datatype."""
        if self.datatypes[node] != datatype:
            return False
        if node not in self._typed:
            self._typed[node] = lexical.has_datatype(self.texts[node], datatype)
        return self._typed[node]

    def twin(self, literal: int):
        """A literal as rdflib has it."""
        return lexical.twin_of(self.terms[literal])


def indexed(graphs: Mapping[str, Iterable[ox.Quad]], texts: Mapping[str, str], leave: str = "") -> Index:
    """The union of the named graphs as a set, without the graph `leave`, and who states what."""
    from incsr.validation.membership import state

    index = Index()
    spoken = {graph: index.numbered(quads) for graph, quads in graphs.items() if graph != leave}
    for rows in spoken.values():
        index.rows.update(rows)
    index.rows.update(state(index, spoken, texts))
    return index
