"""Data with slips in it, by a seed: what no author of a defect file would think of.

Triples are dropped, doubled and joined up wrongly; literals get other datatypes, languages and spellings;
nodes of one kind stand where another kind belongs.
"""

import random

import pyoxigraph as ox

from incsr.namespaces import PREFIXES

XSD = PREFIXES["xsd"]
TYPE = ox.NamedNode(PREFIXES["rdf"] + "type")
DATATYPES = (
    "integer", "decimal", "string", "date", "boolean", "nonNegativeInteger", "positiveInteger", "int",
    "double", "gYearMonth", "gYear", "dateTime", "anyURI", "byte",
)  # fmt: skip
SPELLINGS = (
    "01", "+5", "-3", "1.50", "1e3", "", "abc", " 7", "2012-09-30", "2012-02-30", "2012-09", "true", "False",
    "99999999999999999999", "0.0000000000000000000000000000001", "Ünïcode 🛶", "a.b", "x" * 130, "7/3",
    "with \"quotes\" and {?value}", "two\nlines",
)  # fmt: skip
LANGUAGES = ("en", "en-GB", "de", "EN")


def mutated(triples, seed, slips, spared=()):
    """The triples with about so many slips in them, none in triples of the properties that are spared."""
    chance = random.Random(seed)
    triples = list(dict.fromkeys(triples))
    nodes = [triple.object for triple in triples] + [triple.subject for triple in triples]
    classes = sorted({triple.object.value for triple in triples if triple.predicate == TYPE})
    for _ in range(slips):
        at = chance.randrange(len(triples))
        if triples[at].predicate.value in spared:
            continue
        triples[at : at + 1] = chance.choice(SLIPS)(chance, triples[at], triples, nodes, classes)
    return list(dict.fromkeys(triples))


def _dropped(chance, triple, triples, nodes, classes):
    return []


def _doubled(chance, triple, triples, nodes, classes):
    """The same property with another of its values too."""
    others = [other.object for other in triples if other.predicate == triple.predicate]
    return [triple, ox.Triple(triple.subject, triple.predicate, chance.choice(others))]


def _joined(chance, triple, triples, nodes, classes):
    """Any node of the data for a value."""
    return [ox.Triple(triple.subject, triple.predicate, chance.choice(nodes))]


def _moved(chance, triple, triples, nodes, classes):
    """The property on another thing as well, which may have it already."""
    return [triple, ox.Triple(chance.choice(triples).subject, triple.predicate, triple.object)]


def _renamed(chance, triple, triples, nodes, classes):
    return [ox.Triple(triple.subject, chance.choice(triples).predicate, triple.object)]


def _reclassed(chance, triple, triples, nodes, classes):
    return [triple, ox.Triple(triple.subject, TYPE, ox.NamedNode(chance.choice(classes)))]


def _retyped(chance, triple, triples, nodes, classes):
    """The value with another datatype, so spelt or otherwise."""
    text = triple.object.value if chance.random() < 0.5 else chance.choice(SPELLINGS)
    datatype = ox.NamedNode(XSD + chance.choice(DATATYPES))
    return [ox.Triple(triple.subject, triple.predicate, ox.Literal(text, datatype=datatype))]


def _respelt(chance, triple, triples, nodes, classes):
    """A literal's value spelt otherwise, its datatype kept."""
    value, text = triple.object, chance.choice(SPELLINGS)
    if not isinstance(value, ox.Literal):
        return [triple]
    if value.language:
        return [ox.Triple(triple.subject, triple.predicate, ox.Literal(text, language=value.language))]
    return [ox.Triple(triple.subject, triple.predicate, ox.Literal(text, datatype=value.datatype))]


def _translated(chance, triple, triples, nodes, classes):
    value = ox.Literal(triple.object.value, language=chance.choice(LANGUAGES))
    return [triple, ox.Triple(triple.subject, triple.predicate, value)][chance.randrange(2) :]


def _emptied(chance, triple, triples, nodes, classes):
    """A blank node without a word on it for a value."""
    return [ox.Triple(triple.subject, triple.predicate, ox.BlankNode())]


SLIPS = (
    _dropped, _doubled, _joined, _moved, _renamed, _reclassed, _retyped, _respelt, _translated, _emptied,
)  # fmt: skip
