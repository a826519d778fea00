"""Whether an answer is the one expected: graphs up to blank nodes, solutions as a bag or as a sequence."""

import csv
import io
from collections import Counter
from decimal import Decimal

import pyoxigraph as ox

RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

RESULT_FORMATS = {
    ".srx": ox.QueryResultsFormat.XML,
    ".srj": ox.QueryResultsFormat.JSON,
    ".tsv": ox.QueryResultsFormat.TSV,
}
MEDIA = {
    ".srx": "application/sparql-results+xml",
    ".srj": "application/sparql-results+json",
    ".tsv": "text/tab-separated-values",
    ".csv": "text/csv",
}


class Table:
    """Solutions: variables, and each solution as a dictionary of the variables that are bound."""

    def __init__(self, variables, rows):
        self.variables, self.rows = list(variables), rows


def table_of(results) -> Table | bool:
    """What the engine's parser of results gives, as a value."""
    if isinstance(results, ox.QueryBoolean):
        return bool(results)
    names = [variable.value for variable in results.variables]
    rows = [
        {name: term for name, term in zip(names, row, strict=True) if term is not None} for row in results
    ]
    return Table(names, rows)


def read_results(data: bytes, format_) -> Table | bool:
    return table_of(ox.parse_query_results(data, format_))


def result_set(triples) -> Table | bool | None:
    """The solutions that a graph in the vocabulary rs: describes, or None where it describes none."""
    by_subject = {}
    for triple in triples:
        by_subject.setdefault(triple.subject, {}).setdefault(triple.predicate.value, []).append(triple.object)
    root = next(
        (s for s, p in by_subject.items() if ox.NamedNode(f"{RS}ResultSet") in p.get(f"{RDF}type", [])), None
    )
    if root is None:
        return None
    properties = by_subject[root]
    if f"{RS}boolean" in properties:
        return properties[f"{RS}boolean"][0].value == "true"
    variables = sorted(term.value for term in properties.get(f"{RS}resultVariable", []))
    rows = []
    for solution in properties.get(f"{RS}solution", []):
        described = by_subject.get(solution, {})
        index = described.get(f"{RS}index")
        row = {}
        for binding in described.get(f"{RS}binding", []):
            pair = by_subject[binding]
            row[pair[f"{RS}variable"][0].value] = pair[f"{RS}value"][0]
        rows.append((int(index[0].value) if index else 0, row))
    rows.sort(key=lambda pair: pair[0])
    return Table(variables, [row for _, row in rows])


def isomorphic(quads, others) -> bool:
    """Whether two sets of quads are equal up to the names of blank nodes."""
    one, other = ox.Dataset(quads), ox.Dataset(others)
    one.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    other.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return one == other


def as_quads(triples):
    return [ox.Quad(*triple) for triple in triples]


def same_solutions(found: Table, wanted: Table, *, ordered=False, lax=False) -> bool:
    """Whether solutions agree under one renaming of blank nodes.

    `lax`: REDUCED may leave duplicates out; each solution comes at least once and not too often.
    """
    names = set(wanted.variables) | {name for row in wanted.rows for name in row}
    if wanted.variables and set(found.variables) != names:
        return False
    if lax:
        kept, expected = Counter(map(_key, found.rows)), Counter(map(_key, wanted.rows))
        return kept.keys() == expected.keys() and all(kept[key] <= expected[key] for key in kept)
    if len(found.rows) != len(wanted.rows):
        return False
    if ordered:
        renaming = {}
        return all(
            _unify(one, other, renaming) is not None
            for one, other in zip(found.rows, wanted.rows, strict=True)
        )
    plain = Counter(_key(row) for row in found.rows if not _blank(row))
    if plain != Counter(_key(row) for row in wanted.rows if not _blank(row)):
        return False
    return _matched([row for row in found.rows if _blank(row)], [row for row in wanted.rows if _blank(row)])


_FLOATS = {"double", "float"}
_WHOLE = {
    "integer",
    "long",
    "int",
    "short",
    "byte",
    "nonNegativeInteger",
    "positiveInteger",
    "nonPositiveInteger",
    "negativeInteger",
    "unsignedLong",
    "unsignedInt",
    "unsignedShort",
    "unsignedByte",
}


def value(term):
    """A number or boolean in one spelling: 3.21E4 equals 32100.0 of the same datatype.

    How a computed number is spelled no specification says; tests that are about spelling compare strings.
    """
    if not isinstance(term, ox.Literal) or not term.datatype.value.startswith(XSD):
        return term
    name = term.datatype.value[len(XSD) :]
    try:
        if name in _FLOATS:
            return name, repr(float(term.value))
        if name in _WHOLE:
            return name, int(term.value)
        if name == "boolean":
            return name, {"true": True, "1": True, "false": False, "0": False}.get(term.value, term.value)
        if name == "decimal":
            return name, Decimal(term.value)
    except (ValueError, ArithmeticError):
        return term
    return term


def _key(row):
    return frozenset((name, value(term)) for name, term in row.items() if not _has_blank(term)) | {
        name for name, term in row.items() if _has_blank(term)
    }


def _blank(row):
    return any(_has_blank(term) for term in row.values())


def _has_blank(term):
    if isinstance(term, ox.Triple):
        return _has_blank(term.subject) or _has_blank(term.object)
    return isinstance(term, ox.BlankNode)


def _matched(rows, others):
    """Whether rows with blank nodes can be paired under one renaming; fewest choices first."""
    if len(rows) != len(others):
        return False
    signature = Counter(map(_key, others))
    if Counter(map(_key, rows)) != signature:
        return False
    rows = sorted(rows, key=lambda row: signature[_key(row)])
    stack = [(0, {}, frozenset())]
    while stack:
        index, renaming, used = stack.pop()
        if index == len(rows):
            return True
        for number, other in enumerate(others):
            if number in used:
                continue
            extended = _unify(rows[index], other, dict(renaming))
            if extended is not None:
                stack.append((index + 1, extended, used | {number}))
    return False


def _unify(row, other, renaming):
    """The renaming extended so that `row` becomes `other`, or None; it is changed in place."""
    if row.keys() != other.keys():
        return None
    for name, term in row.items():
        wanted = other[name]
        if isinstance(term, ox.BlankNode) and isinstance(wanted, ox.BlankNode):
            if term in renaming:
                if renaming[term] != wanted:
                    return None
            elif wanted in renaming.values():
                return None
            else:
                renaming[term] = wanted
        elif value(term) != value(wanted):
            return None
    return renaming


def csv_table(data: bytes) -> Table:
    """CSV as solutions of plain strings; a field that begins like a blank node is one."""
    rows = list(csv.reader(io.StringIO(data.decode(), newline="")))
    variables = rows[0] if rows else []
    solutions = []
    for row in rows[1:]:
        cells = row or [""]
        solutions.append(
            {
                name: ox.BlankNode(cell[2:]) if cell.startswith("_:") else ox.Literal(cell)
                for name, cell in zip(variables, cells, strict=True)
            }
        )
    return Table(variables, solutions)
