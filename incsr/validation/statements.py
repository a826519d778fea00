"""A shapes graph as its reader asks it: what is said of a node; lists and counts, well-formed or refused."""

import re
from collections.abc import Iterable

import pyoxigraph as ox

from incsr.namespaces import PREFIXES
from incsr.validation import lexical
from incsr.validation.index import Unsupported

SH, RDF, OWL, RDFS = (PREFIXES[prefix] for prefix in ("sh", "rdf", "owl", "rdfs"))
COUNT = re.compile(r"[0-9]{1,9}", re.ASCII)


def is_text(term) -> bool:
    return isinstance(term, ox.Literal) and term.datatype.value in (lexical.STRING, lexical.LANG_STRING)


class Statements:
    """The statements of a graph by subject and property, in the order in which they were made."""

    def __init__(self, quads: Iterable[ox.Quad | ox.Triple]):
        self._said: dict[object, dict[str, dict]] = {}
        for subject, predicate, value, *_ in quads:
            self._said.setdefault(subject, {}).setdefault(predicate.value, {})[value] = None

    def subjects(self) -> list:
        return list(self._said)

    def of(self, node) -> dict[str, dict]:
        """All that is said of a node: property → values."""
        return self._said.get(node, {})

    def types(self, node) -> set[str]:
        return {str(value.value) for value in self.of(node).get(RDF + "type", ())}

    def objects(self, node, name: str) -> list:
        """The values of a property of SHACL's."""
        return list(self.of(node).get(SH + name, ()))

    def one(self, node, name: str):
        """The value of a property of SHACL's, or None.

        Raises: Unsupported where there are several.
        """
        found = self.objects(node, name)
        if len(found) > 1:
            raise Unsupported(f"several sh:{name} in one shape")
        return found[0] if found else None

    def count(self, node, name: str) -> int | None:
        value = self.one(node, name)
        if value is None:
            return None
        whole = isinstance(value, ox.Literal) and value.datatype.value == lexical.INTEGER
        if not whole or not COUNT.fullmatch(value.value):
            raise Unsupported(f"sh:{name} {value}")
        return int(value.value)

    def members(self, node) -> list:
        """The members of a list.

        Raises: Unsupported for a list that is empty, forked, open or a circle.
        """
        found, seen, nil = [], set(), ox.NamedNode(RDF + "nil")
        while node != nil:
            first, rest = self.of(node).get(RDF + "first", ()), self.of(node).get(RDF + "rest", ())
            if len(first) != 1 or len(rest) != 1 or node in seen:
                raise Unsupported("a list that is ill-formed")
            seen.add(node)
            found += first
            (node,) = rest
        if not found:
            raise Unsupported("an empty list")
        return found
