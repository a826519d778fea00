"""Literals as they were spelled, in an engine that keeps their values.

Oxigraph stores "01"^^xsd:integer as 1, "1.50"^^xsd:decimal as 1.5, xsd:byte as xsd:integer. A literal that
it would change is stored with a datatype of our own, `PRIVATE` + the local name of its own; queries are
rewritten where they compute with values (`incsr.query.mend`), and answers get the datatype back. A hidden
graph says which predicates have such literals, so that a query that touches none of them pays nothing.

Source: RDF 1.1 Concepts, section 3.3: literals are the same term only where their lexical forms are.
"""

import re
from functools import lru_cache

import pyoxigraph as ox

from incsr.store.view import UNION

XSD = "http://www.w3.org/2001/XMLSchema#"
PRIVATE = "urn:incsr:spelled:"
FLAGS = ox.NamedNode(f"{UNION}:spelled")
# The predicate of the hidden graph's entries for literals that an update gave to predicates it computed.
ANY = "urn:incsr:any"
_SPELLED = ox.NamedNode("urn:incsr:spelled")
_SUBJECT = ox.NamedNode("urn:incsr:probe")

# The spellings of each datatype that the engine surely keeps; any other is tried on the engine itself.
_DECIMAL = re.compile(r"(?!-0\Z)-?(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{0,6}[1-9])?\Z")
_DATE = re.compile(r"[0-9]{4}(?:-[0-9]{2}){0,2}Z?\Z")
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{0,6}[1-9])?Z?\Z"
)
_NONE = re.compile(r"(?!)")
_SURE = {
    "integer": re.compile(r"(?:0|-?[1-9][0-9]{0,17})\Z"),
    "decimal": _DECIMAL,
    "double": _DECIMAL,
    "float": re.compile(r"(?!-0\Z)-?(?:0|[1-9][0-9]{0,2})(?:\.[0-9]?[1-9])?\Z"),
    "boolean": re.compile(r"(?:true|false)\Z"),
    "date": _DATE,
    "gYear": _DATE,
    "gYearMonth": _DATE,
    "gMonth": re.compile(r"--[0-9]{2}Z?\Z"),
    "gDay": re.compile(r"---[0-9]{2}Z?\Z"),
    "gMonthDay": re.compile(r"--[0-9]{2}-[0-9]{2}Z?\Z"),
    "dateTime": _DATE_TIME,
    "time": re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z?\Z"),
    "duration": _NONE,
    "dayTimeDuration": _NONE,
    "yearMonthDuration": _NONE,
    "dateTimeStamp": _NONE,
}
DERIVED_INTEGERS = (
    "byte",
    "int",
    "long",
    "short",
    "unsignedByte",
    "unsignedInt",
    "unsignedLong",
    "unsignedShort",
    "nonNegativeInteger",
    "nonPositiveInteger",
    "negativeInteger",
    "positiveInteger",
)
_SURE |= dict.fromkeys(DERIVED_INTEGERS, _NONE)
SURE = {XSD + name: pattern for name, pattern in _SURE.items()}
_PRIVATE_NODES = {datatype: ox.NamedNode(PRIVATE + datatype[len(XSD) :]) for datatype in SURE}
PUBLIC_NODES = {node.value: ox.NamedNode(datatype) for datatype, node in _PRIVATE_NODES.items()}


def is_lost(lexical, datatype):
    """Whether the engine would change a literal's spelling or datatype."""
    sure = SURE.get(datatype)
    if sure is None or sure.match(lexical):
        return False
    # Long ones are not remembered, so that no client can fill the memory with them.
    return _tried(lexical, datatype) if len(lexical) <= 64 else _lost([(lexical, datatype)])[0]


@lru_cache(maxsize=8192)
def _tried(lexical, datatype):
    return _lost([(lexical, datatype)])[0]


def _lost(pairs):
    """Try literals on the engine: put in, taken out, compared."""
    store = ox.Store()
    literals = [ox.Literal(lexical, datatype=ox.NamedNode(datatype)) for lexical, datatype in pairs]
    nodes = [ox.NamedNode(f"urn:incsr:probe:{number}") for number in range(len(literals))]
    store.extend([ox.Quad(_SUBJECT, node, literal) for node, literal in zip(nodes, literals, strict=True)])
    kept = {quad.predicate: quad.object for quad in store}
    return [kept[node] != literal for node, literal in zip(nodes, literals, strict=True)]


def private(lexical, datatype):
    """The term that is stored in place of a literal that the engine would change."""
    return ox.Literal(lexical, datatype=_PRIVATE_NODES[datatype])


def encode(quads, flagged=None):
    """Quads with every literal that the engine would change in its private form.

    Adds (predicate IRI, local name of the datatype) of each to the set `flagged`, if one is given.
    Returns: the list itself where nothing had to be changed.
    """
    doubtful = {}
    found = []
    for number, quad in enumerate(quads):
        term = quad.object
        if isinstance(term, ox.Literal):
            datatype = term.datatype.value
            sure = SURE.get(datatype)
            if sure is not None and not sure.match(term.value):
                found.append(number)
                doubtful[(term.value, datatype)] = False
    if not found:
        return quads
    keys = list(doubtful)
    doubtful = dict(zip(keys, _lost(keys), strict=True))
    encoded = list(quads)
    for number in found:
        quad = encoded[number]
        term = quad.object
        key = (term.value, term.datatype.value)
        if doubtful[key]:
            encoded[number] = ox.Quad(quad.subject, quad.predicate, private(*key), quad.graph_name)
            if flagged is not None:
                flagged.add((quad.predicate.value, key[1][len(XSD) :]))
    return encoded


def flag_quads(flagged):
    """The quads of the hidden graph that say which predicates have literals in private form."""
    return [
        ox.Quad(ox.NamedNode(predicate), _SPELLED, ox.NamedNode(XSD + name), FLAGS)
        for predicate, name in flagged
    ]


def extend(store, quads):
    """Add quads to a store, their literals kept as they are spelled.

    Returns: the quads as they were stored, for whoever keeps them in a second graph.
    """
    flagged = set()
    encoded = encode(quads, flagged)
    store.extend(encoded)
    if flagged:
        store.extend(flag_quads(flagged))
    return encoded


def flags(store):
    """Which datatypes each predicate's literals in private form have: {predicate IRI: set of local names}."""
    found = {}
    for quad in store.quads_for_pattern(None, None, None, FLAGS):
        found.setdefault(quad.subject.value, set()).add(quad.object.value[len(XSD) :])
    return found


def decode_term(term):
    """A term as a client may see it."""
    if isinstance(term, ox.Literal):
        public = PUBLIC_NODES.get(term.datatype.value)
        return term if public is None else ox.Literal(term.value, datatype=public)
    return term


def decode_triple(triple):
    """A triple, or quad, whose object is as a client may see it."""
    term = triple.object
    if isinstance(term, ox.Literal):
        public = PUBLIC_NODES.get(term.datatype.value)
        if public is not None:
            term = ox.Literal(term.value, datatype=public)
            if isinstance(triple, ox.Quad):
                return ox.Quad(triple.subject, triple.predicate, term, triple.graph_name)
            return ox.Triple(triple.subject, triple.predicate, term)
    return triple


_JSON = re.compile(rb'"datatype":"urn:incsr:spelled:')
_N_TRIPLES = re.compile(rb'(?<!\\)"\^\^<urn:incsr:spelled:')
_SUBSTITUTES = {
    "json": (_JSON, b'"datatype":"' + XSD.encode()),
    "tsv": (_N_TRIPLES, b'"^^<' + XSD.encode()),
    "ntriples": (_N_TRIPLES, b'"^^<' + XSD.encode()),
    "nquads": (_N_TRIPLES, b'"^^<' + XSD.encode()),
}
_HELD_BACK = 48  # longer than what is looked for


def decoded(body: bytes, format_name: str) -> bytes:
    """A whole answer, as `Decoded` writes it in pieces."""
    if PRIVATE.encode() not in body:
        return body
    pattern, replacement = _SUBSTITUTES[format_name]
    return pattern.sub(replacement, body)


class Decoded:
    """An output in which private datatypes, in a format that the engine writes itself, get their names back.

    In JSON a quotation mark inside of a string is escaped, and in the others one before `^^<` is preceded by
    a backslash there (no literal in private form ends with one), so that only datatypes are touched.
    """

    def __init__(self, output, format_name):
        self.output = output
        self.pattern, self.replacement = _SUBSTITUTES[format_name]
        self.held = b""

    def write(self, data):
        whole = self.held + bytes(data)
        cut = max(0, len(whole) - _HELD_BACK)
        done, at = [], 0
        for match in self.pattern.finditer(whole):
            done += (whole[at : match.start()], self.replacement)
            at = match.end()
        cut = max(cut, at)
        # A backslash before what is looked for decides, and must stay with it.
        if cut > at and whole[cut - 1 : cut] == b"\\":
            cut -= 1
        done.append(whole[at:cut])
        self.held = whole[cut:]
        self.output.write(b"".join(done))
        return len(data)

    def flush(self):
        """Nothing to do before `close`."""

    def close(self):
        """Write what was held back."""
        self.output.write(self.held)
        self.held = b""
