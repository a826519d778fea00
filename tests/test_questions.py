"""The competency questions: each has an answer written from the report, and two engines give just that.

Holds the files of `questions/` to their form, runs every query on rdflib and on Oxigraph over the published
graphs (the default graph is their union as a set, beside the named graphs), and holds the vocabulary to the
questions: a term that no question needs, or a question with a term that is not defined, fails.
"""

import re
from decimal import Decimal
from functools import cache

import pyoxigraph as ox
import pytest
import rdflib

from incsr import questions, sources
from incsr.namespaces import ID, ONTOLOGY, PREFIXES

XSD = "http://www.w3.org/2001/XMLSchema#"
NUMBERS = {XSD + name for name in ("integer", "decimal", "double", "float")}
COUNTRY = ID + "country/"
NO_BLANK = "a blank node in an answer compares with nothing; ask for its label"
QUESTIONS = questions.read_all()


@cache
def oxigraph():
    """A store whose default graph holds each published triple once, beside the named graphs."""
    store = ox.Store()
    for graph in sources.graphs().values():
        store.extend(graph)
        store.extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in graph)
    return store


@cache
def rdflib_union():
    """The same triples in one rdflib graph, which is a set: for the queries that name no graph."""
    return sources.rdflib_graph(quad for graph in sources.graphs().values() for quad in graph)


@cache
def rdflib_dataset():
    """The same with the named graphs; its union yields a triple once however many graphs hold it."""
    dataset = rdflib.Dataset(default_union=True)
    for name, graph in sources.graphs().items():
        sources.rdflib_graph(graph, dataset.graph(rdflib.URIRef(name)))
    return dataset


def solutions_of_oxigraph(query):
    """Variables and solutions; a term is kind, value and datatype or language, a number its value."""
    result = oxigraph().query(query)
    variables = [variable.value for variable in result.variables]
    return variables, [[_ox_term(term) for term in row] for row in result]


def solutions_of_rdflib(query):
    data = rdflib_dataset() if re.search(r"\bGRAPH\b", query) else rdflib_union()
    result = data.query(query)
    variables = [str(variable) for variable in result.vars]
    return variables, [[_rdflib_term(row[name]) for name in variables] for row in result]


def _ox_term(term):
    if term is None:
        return None
    if isinstance(term, ox.NamedNode):
        return ("iri", term.value, "")
    assert isinstance(term, ox.Literal), NO_BLANK
    return _literal(term.value, term.language or term.datatype.value)


def _rdflib_term(term):
    if term is None:
        return None
    if isinstance(term, rdflib.URIRef):
        return ("iri", str(term), "")
    assert isinstance(term, rdflib.Literal), NO_BLANK
    return _literal(str(term), term.language or str(term.datatype or XSD + "string"))


def _literal(value, kind):
    return ("number", Decimal(value), "") if kind in NUMBERS else ("literal", value, kind)


def expected(cell, term):
    """The written cell as the term's kind, so that 11.0 is 11 where both are numbers, and only there."""
    if cell == "" and term is None:
        return None
    if term is not None and term[0] == "number" and re.fullmatch(r"[+-]?\d+(\.\d+)?", cell):
        return Decimal(cell)
    return cell


def told(variables, rows):
    return variables, [[None if term is None else term[1] for term in row] for row in rows]


# rdflib 7.6 itself uses what it deprecates whenever it evaluates a query on a Dataset.
@pytest.mark.filterwarnings("ignore:Dataset.(default_context|contexts) is deprecated:DeprecationWarning")
@pytest.mark.parametrize("question", [pytest.param(question, id=question.name) for question in QUESTIONS])
def test_a_question_has_the_written_answer_on_both_engines(question):
    by_oxigraph = solutions_of_oxigraph(question.query)
    by_rdflib = solutions_of_rdflib(question.query)

    terms = by_oxigraph[1]
    assert len(terms) == len(question.rows), told(*by_oxigraph)
    written = [
        [expected(cell, term) for cell, term in zip(cells, row, strict=True)]
        for cells, row in zip(question.rows, terms, strict=True)
    ]
    assert told(*by_oxigraph) == (list(question.columns), written)
    assert by_rdflib == by_oxigraph


@pytest.mark.parametrize("question", [pytest.param(question, id=question.name) for question in QUESTIONS])
def test_a_question_fixes_the_order_of_its_solutions(question):
    assert len(question.rows) < 2 or "ORDER BY" in question.query


def test_there_are_sixty_questions_and_no_two_ask_the_same():
    asked = [question.question for question in QUESTIONS]

    assert len(asked) >= 60
    assert len(set(asked)) == len(asked)


def test_every_answer_but_the_unanswerable_has_solutions():
    without = [question.name for question in QUESTIONS if not question.rows]

    assert without == ["travelers-of-an-office"]


def words_of(query):
    """The IRIs and prefixed names of a query; what stands in strings and comments is no use of a term."""
    iri, name, comment = r"""<[^<>"{}|^`\\\s]*>""", r"[\w-]*:[\w.-]*\w", r"\#[^\n]*"
    string = r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'"""
    token = re.compile("|".join((iri, string, comment, name)))
    declared = dict(re.findall(r"PREFIX\s+([\w-]*):\s*<([^>]*)>", query))
    found = set()
    for word in token.findall(re.sub(r"PREFIX\s+[\w-]*:\s*<[^>]*>", "", query)):
        if word[0] == "<":
            found.add(word[1:-1])
        elif word[0] not in "\"'#":
            prefix, local = word.split(":", 1)
            found.add(declared[prefix] + local)
    return found


def terms_of_the_ontology():
    """Classes, properties and individuals that the ontology defines."""
    defined = {
        quad.subject.value
        for quad in sources.quads_of_file(sources.root() / "ontology" / "cbp.ttl")
        if quad.predicate.value == PREFIXES["rdfs"] + "isDefinedBy" and quad.object.value == ONTOLOGY
    }
    return {iri for iri in defined if iri.startswith(ONTOLOGY + "#")}


def test_every_term_of_the_ontology_is_needed_by_a_question():
    used = set().union(*(words_of(question.query) for question in QUESTIONS))

    assert sorted(terms_of_the_ontology() - used) == []


def test_every_term_that_a_question_uses_is_defined():
    defined = terms_of_the_ontology()

    unknown = {
        question.name: sorted(
            iri for iri in words_of(question.query) - defined if iri.startswith(ONTOLOGY + "#")
        )
        for question in QUESTIONS
    }

    assert {name: iris for name, iris in unknown.items() if iris} == {}


def test_a_prefix_of_the_project_means_the_same_in_every_question():
    other = {
        (question.name, prefix, iri)
        for question in QUESTIONS
        for prefix, iri in re.findall(r"PREFIX\s+([\w-]*):\s*<([^>]*)>", question.query)
        if PREFIXES.get(prefix, iri) != iri
    }

    assert other == set()


@pytest.mark.parametrize(
    ("name", "values", "answer"),
    [
        pytest.param("trainees-in-a-country", {"country": COUNTRY + "PE"}, [["Peru", 32]], id="Peru"),
        pytest.param("trainees-in-a-country", {"country": COUNTRY + "TH"}, [], id="no one in Thailand"),
        pytest.param("trainees-in-a-country", {}, [["Guatemala", 240]], id="the default"),
    ],
)
def test_a_parameter_takes_the_place_of_its_default(name, values, answer):
    question = questions.read(sources.root() / "questions" / f"{name}.rq")

    solutions = told(*solutions_of_oxigraph(question.with_values(values)))[1]

    assert [row[:2] for row in solutions] == answer
