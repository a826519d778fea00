"""Generated queries on generated data: the whole pipeline (union, FROM, spelling, mends) against rdflib.

rdflib gets the dataset that the specification asks for, built graph by graph, and the query without FROM.
"""

import re
from collections import Counter
from decimal import Decimal

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import assume, given, settings
from query_cases import PREFIXES, TRIG_PREFIXES, ask, view_of
from query_strategies import NUMBERS, SPELLED, STRINGS, careful, data, examples, queries

from incsr.messages import Problem

FROM = re.compile(r"FROM (NAMED )?g:(\w+)")
# rdflib counts a node on a loop twice.
LOOP = re.compile(r"(\?\w) \S*[*?+] \1 ")
LOOP_IN_DATA, REPEATING_PATH = re.compile(r"(:\w+) \S+ \1 "), re.compile(r"[\w)][*?+] ")
# rdflib takes a variable that is bound already for a term of the path, so that a path of no length holds of a
# term that is not in the data; by the specification (18.4) it holds of the terms of the graph alone.
NO_LENGTH = re.compile(r"\S[*?] [^?\s]|(?<!\S)[^?\s]\S* \S+[*?] ")
# Where rdflib joins a pattern with two VALUES, a row that stands twice in one of them counts once; with one
# VALUES, or without the pattern, it counts twice, as the specification says (18.5).
_REPEATED = r"VALUES [^{]*\{ (?:[^}]* )?(\S+) (?:[^}]* )?"
TWICE = re.compile(rf"VALUES .*{_REPEATED}\1 |{_REPEATED}\2 .*VALUES")
GRAPH = "http://example.org/graph/"


@pytest.fixture(autouse=True, scope="module")
def literals_as_spelled():
    """rdflib respells the numbers of a query unless it is told not to."""
    before, rdflib.NORMALIZE_LITERALS = rdflib.NORMALIZE_LITERALS, False
    yield
    rdflib.NORMALIZE_LITERALS = before


def rdflib_term(term):
    if isinstance(term, ox.NamedNode):
        return rdflib.URIRef(term.value)
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    if term.datatype.value.endswith("#string"):
        return rdflib.Literal(term.value)
    return rdflib.Literal(term.value, datatype=rdflib.URIRef(term.datatype.value), normalize=False)


def dataset(trig, query):
    """The dataset that a query's FROM clauses describe, and the query without them."""
    quads = list(ox.parse((TRIG_PREFIXES + trig).encode(), ox.RdfFormat.TRIG))
    clauses = FROM.findall(query)
    default = {GRAPH + name for named, name in clauses if not named}
    named = {GRAPH + name for is_named, name in clauses if is_named}
    found = rdflib.Dataset()
    for quad in quads:
        triple = tuple(rdflib_term(term) for term in quad.triple)
        if not clauses or quad.graph_name.value in default:
            found.default_graph.add(triple)
        if not clauses or quad.graph_name.value in named:
            found.graph(rdflib.URIRef(quad.graph_name.value)).add(triple)
    return found, FROM.sub("", query)


def key(term, computed):
    """A term as it is compared: what was computed by value, anything else as it is."""
    if term is None:
        return None
    if isinstance(term, rdflib.term.Identifier):
        if isinstance(term, rdflib.URIRef):
            return str(term)
        lexical, datatype = str(term), str(term.datatype or rdflib.XSD.string)
        language = term.language or ""
    elif isinstance(term, ox.NamedNode):
        return term.value
    else:
        lexical, datatype, language = term.value, term.datatype.value, term.language or ""
    if computed:
        return round(Decimal(lexical), 6)
    return (lexical, "" if language else datatype, language)


def compared(names, rows):
    computed = {"c", "d", "a", "n"}
    found = Counter(
        tuple(key(term, name in computed) for name, term in zip(names, row, strict=True)) for row in rows
    )
    del found[(None,) * len(names)]  # rdflib drops a solution without bindings
    return found


# rdflib 7.6 warns of its own use of names that it deprecated.
@pytest.mark.filterwarnings("ignore:Dataset:DeprecationWarning")
@settings(max_examples=examples(150), deadline=None)
@given(
    data([*NUMBERS, *SPELLED, *STRINGS]),
    queries([*NUMBERS, *SPELLED, *STRINGS], expressions=careful),
)
def test_answers_are_those_of_rdflib(trig, query):
    assume(not LOOP.search(query))
    assume(not (LOOP_IN_DATA.search(trig) and REPEATING_PATH.search(query)))
    assume(not NO_LENGTH.search(query))
    assume(not TWICE.search(query))
    view = view_of(trig)
    result = ask(view, query, accept="application/sparql-results+json")
    assume(not (isinstance(result, Problem) and result.code == "syntax"))
    assert not isinstance(result, Problem), result
    ours = ox.parse_query_results(result[1], ox.QueryResultsFormat.JSON)
    names = [variable.value for variable in ours.variables]
    other, text = dataset(trig, query)

    theirs = other.query(PREFIXES + text)

    assert compared(names, ours) == compared(names, ([row[name] for name in names] for row in theirs))
