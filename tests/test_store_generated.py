"""The contract of `incsr.store.generated`: what is said of the graphs is counted from them alone."""

from types import SimpleNamespace

import pyoxigraph as ox
import pytest

from incsr.namespaces import BASE, GRAPH, PREFIXES
from incsr.query import spelling
from incsr.store.generated import VOID_GRAPH, generated_quads, query_form
from incsr.store.view import UNION

VOID = PREFIXES["void"]
DATA = """
@prefix cbp: <https://w3id.org/incsr/cbp#> .
@prefix sdmx-measure: <http://purl.org/linked-data/sdmx/2009/measure#> .
<urn:m> a cbp:Measurement ; sdmx-measure:obsValue 1.50 , 1.5 ; cbp:describes <urn:o> .
<urn:o> a cbp:Office .
"""


@pytest.fixture
def store():
    made = ox.Store()
    for graph in ("incsr2014", "derived"):
        quads = [
            ox.Quad(*q.triple, ox.NamedNode(GRAPH + graph))
            for q in ox.parse(DATA, format=ox.RdfFormat.TURTLE)
        ]
        stored = spelling.extend(made, quads)
        made.extend(ox.Quad(*quad.triple, ox.NamedNode(UNION)) for quad in stored)
    return made


def counts(store, subject, *properties):
    where = " ; ".join(f"<{VOID}{name}> ?{name}" for name in properties)
    (row,) = store.query(f"SELECT * {{ GRAPH ?g {{ <{subject}> {where} }} }}")
    return tuple(int(row[name].value) for name in properties)


def test_a_triple_in_two_graphs_counts_once_and_hidden_graphs_do_not_count(store):
    store.extend(generated_quads(store))

    whole, names = f"{GRAPH}void#dataset", ("triples", "distinctSubjects", "classes")
    assert counts(store, whole, *names) == (5, 2, 2)
    assert counts(store, f"{GRAPH}void#graph-graph-derived", *names) == (5, 2, 2)
    subsets = store.query(f"SELECT ?s {{ GRAPH ?g {{ <{whole}> <{VOID}subset> ?s }} }}")
    assert len(list(subsets)) == 2


def test_a_datatype_is_named_as_clients_see_it(store):
    store.extend(generated_quads(store))

    rows = store.query(
        "PREFIX ext: <http://ldf.fi/void-ext#> "
        "SELECT ?dt ?n { GRAPH ?g { "
        f"?p ext:datatypePartition [ ext:datatype ?dt ; <{VOID}triples> ?n ] }} }}"
    )
    assert [(row["dt"].value, row["n"].value) for row in rows] == [(f"{PREFIXES['xsd']}decimal", "2")]


def test_generating_twice_gives_the_same(store):
    first = set(generated_quads(store))
    store.extend(first)

    assert set(generated_quads(store)) == first


def test_an_empty_store_is_described_as_empty():
    made = ox.Store()
    made.extend(generated_quads(made))

    described = {quad.predicate.value for quad in made.quads_for_pattern(None, None, None, VOID_GRAPH)}
    assert f"{VOID}sparqlEndpoint" in described and f"{VOID}triples" not in described


def test_a_question_is_an_executable_with_its_words():
    question = SimpleNamespace(
        name="a-b", question="What?", source="Somewhere", query="PREFIX x: <urn:x>\nASK {}\n"
    )

    quads = list(generated_quads(ox.Store(), [question]))

    said = {
        (q.predicate.value.rpartition("#")[2], q.object.value)
        for q in quads
        if q.subject.value == f"{BASE}questions/a-b"
    }
    assert ("type", f"{PREFIXES['sh']}SPARQLAskExecutable") in said
    assert ("ask", question.query) in said and ("comment", "What?") in said
    assert ("https://schema.org/target", f"{BASE}sparql") in said


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("SELECT * {}", "SELECT"),
        ("# about SELECT\nPREFIX select: <urn:x#>\n\n  construct { } where {}", "CONSTRUCT"),
        ("ASK{ ?s ?p ?o }", "ASK"),
        ("DESCRIBE <urn:x>", "DESCRIBE"),
    ],
)
def test_the_form_of_a_query_is_what_follows_its_prologue(text, form):
    assert query_form(text) == form


def test_a_text_without_a_form_is_an_error():
    with pytest.raises(ValueError, match="SELECT"):
        query_form("INSERT DATA {}")
