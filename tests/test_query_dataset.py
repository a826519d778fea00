"""Which triples a query sees: the union as a set, FROM as a merged set, the protocol's dataset, GRAPH.

Source: SPARQL 1.1 Query Language, section 13; SPARQL 1.1 Protocol, section 2.1.4; decision 0001, item 5.
"""

import pyoxigraph as ox
import pytest
from query_cases import ask, rows, view_of

from incsr.messages import ReadJob
from incsr.query.evaluate import answer
from incsr.store import UNION, View

# :s :p 5 stands in both graphs.
TWICE = """
    g:a { :s :p 5 . :s :knows _:x . _:x :name "in a" . }
    g:b { :s :p 5 . :t :p 7 . }
    g:c { :u :p 1 . }
"""
A, B = "http://example.org/graph/a", "http://example.org/graph/b"


@pytest.fixture
def view():
    return view_of(TWICE)


COUNT = "SELECT (COUNT(*) AS ?n) (SUM(?v) AS ?sum) {} {{ ?s :p ?v }}"


def test_a_triple_in_two_graphs_counts_once_in_the_union(view):
    assert rows(view, COUNT.format("")) == [("3 integer", "13 integer")]


def test_a_triple_in_two_graphs_of_from_counts_once(view):
    assert rows(view, COUNT.format("FROM g:a FROM g:b")) == [("2 integer", "12 integer")]


def test_from_of_one_graph_sees_that_graph_alone(view):
    assert rows(view, COUNT.format("FROM g:a")) == [("1 integer", "5 integer")]


def test_from_of_all_graphs_is_the_union(view):
    assert rows(view, COUNT.format("FROM g:a FROM g:b FROM g:c")) == [("3 integer", "13 integer")]


def test_from_of_the_same_graph_twice_is_that_graph(view):
    assert rows(view, COUNT.format("FROM g:a FROM <http://example.org/graph/a>")) == [
        ("1 integer", "5 integer")
    ]


def test_from_of_an_unknown_graph_is_empty(view):
    assert rows(view, COUNT.format("FROM g:nowhere")) == [("0 integer", "0 integer")]


def test_a_relative_from_is_resolved_against_base(view):
    text = "BASE <http://example.org/graph/x> SELECT ?v FROM <./a> { ?s <http://example.org/p> ?v }"

    assert rows(view, text, prefixes="") == [("5 integer",)]


def test_blank_nodes_stay_the_same_node_in_a_merge(view):
    text = "SELECT ?name FROM g:a FROM g:b FROM NAMED g:a { ?s :knows ?x . GRAPH g:a { ?x :name ?name } }"

    assert rows(view, text) == [("in a",)]


def test_from_without_from_named_leaves_graph_nothing(view):
    assert rows(view, "SELECT ?g FROM g:a { GRAPH ?g { ?s ?p ?o } }") == []


def test_from_named_without_from_leaves_the_default_graph_empty(view):
    assert rows(view, "SELECT ?s FROM NAMED g:a { ?s ?p ?o }") == []
    assert rows(view, "SELECT DISTINCT ?g FROM NAMED g:a { GRAPH ?g { ?s ?p ?o } }") == [("graph/a",)]


def test_the_dataset_of_the_protocol_goes_over_from(view):
    text = COUNT.format("FROM g:c")

    assert rows(view, text, default_graphs=(A, B), named_graphs=()) == [("2 integer", "12 integer")]
    assert rows(view, text, default_graphs=(A,), named_graphs=None) == [("1 integer", "5 integer")]
    assert rows(view, text, default_graphs=(), named_graphs=(A,)) == [("0 integer", "0 integer")]


def test_graph_sees_the_named_graphs_of_the_protocol_only(view):
    text = "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"

    assert rows(view, text, default_graphs=None, named_graphs=(B,)) == [("graph/b",)]
    assert rows(view, text, default_graphs=None, named_graphs=(B, "http://example.org/graph/no")) == [
        ("graph/b",)
    ]


@pytest.mark.parametrize("union", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } FILTER(STRSTARTS(STR(?g), 'urn:incsr')) }",
        "SELECT ?g { GRAPH ?g {} FILTER(STRSTARTS(STR(?g), 'urn:incsr')) }",
        f"SELECT * {{ GRAPH <{UNION}> {{ ?s ?p ?o }} }}",
        f"SELECT * FROM <{UNION}> {{ ?s ?p ?o }}",
        f"SELECT * FROM NAMED <{UNION}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
        "SELECT * { ?s <urn:incsr:spelled> ?o }",
        "SELECT * { GRAPH ?g { ?s <urn:incsr:spelled> ?o } }",
        "SELECT * { GRAPH <urn:incsr:union:spelled> { ?s ?p ?o } }",
    ],
)
def test_the_hidden_graphs_can_not_be_seen(text, union):
    view = view_of("g:a { :s :p 01 . :s :p 1.50 }", union)
    rows(view, "SELECT * FROM g:a FROM g:b { ?s ?p ?o }")

    assert rows(view, text) == []


def test_the_hidden_graphs_can_not_be_named_by_the_protocol(view):
    assert rows(view, "SELECT * { ?s ?p ?o }", default_graphs=(UNION,), named_graphs=None) == []
    assert rows(view, "SELECT ?g { GRAPH ?g {} }", default_graphs=None, named_graphs=(UNION,)) == []


def test_describe_tells_of_the_union_once(view):
    _, text = ask(view, "DESCRIBE :s", accept="application/n-triples")

    assert sorted(text.decode().splitlines())[1].startswith("<http://example.org/s> <http://example.org/p>")
    assert text.decode().count("<http://example.org/p>") == 1


def test_without_union_the_default_graph_is_the_stores_own():
    view = view_of(":d :p 3 . g:a { :s :p 5 }", union=False)

    assert rows(view, COUNT.format("")) == [("1 integer", "3 integer")]
    assert rows(view, COUNT.format("FROM g:a")) == [("1 integer", "5 integer")]


def test_more_merges_than_are_kept_still_answer_right():
    trig = "\n".join(f"g:n{number} {{ :s :p {number} . :s :p 1000 }}" for number in range(12))
    view = view_of(trig)

    for other in range(1, 12):
        text = COUNT.format(f"FROM g:n0 FROM g:n{other}")
        assert rows(view, text) == [("3 integer", f"{1000 + other} integer")]
    assert rows(view, COUNT.format("FROM g:n0 FROM g:n1")) == [("3 integer", "1001 integer")]
    assert sum(1 for graph in view.store.named_graphs() if ":merged:" in graph.value) <= 8


def test_a_store_that_is_read_only_merges_beside_itself(tmp_path):
    quads = list(view_of(TWICE).store)
    written = ox.Store(str(tmp_path / "store"))
    written.extend(quads)
    written.flush()
    del written
    view = View(ox.Store.read_only(str(tmp_path / "store")), True, "1")

    assert rows(view, COUNT.format("FROM g:a FROM g:b")) == [("2 integer", "12 integer")]
    text = "SELECT ?name FROM g:a FROM g:b FROM NAMED g:a { ?s :knows ?x . GRAPH g:a { ?x :name ?name } }"
    assert rows(view, text) == [("in a",)]


def graph(view, name):
    result = answer(view, ReadJob("graph", graph=name, accept="application/n-triples"))
    return result if not isinstance(result, tuple) else b"".join(result[1]).decode()


def test_a_graph_is_read_by_its_name_and_hidden_ones_are_not(view):
    assert graph(view, B).count("\n") == 2
    assert graph(view, UNION).status == 404
    assert graph(view, "http://example.org/graph/no").status == 404
    assert graph(view, "no iri").status == 404


def test_the_default_graph_is_the_union_until_somebody_writes_to_it():
    assert graph(view_of("g:a { :s :p 1 } g:b { :s :p 1, 2 }"), None).count("\n") == 2
    assert graph(view_of(":d :p 1 . g:a { :s :p 1 }"), None).count("\n") == 1
    assert graph(view_of(":d :p 1 . g:a { :s :p 1 }", union=False), None).count("\n") == 1
