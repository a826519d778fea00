"""The union is what a query sees by default, also while it is left out because one graph is all there is."""

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from query_cases import PREFIXES, ask, view_of

from incsr.messages import Head, Payload, WriteJob
from incsr.query.evaluate import apply
from incsr.query.view import UNION_GRAPH, is_hidden, is_without_union

LOADED = ox.RdfFormat.N_TRIPLES
TURTLE = "text/turtle"
GRAPHS = (None, "http://example.org/graph/a", "http://example.org/graph/b")
PARTS = (":a :p 1", ":a :p 1.50", ":b :p :a", ":b :q '01'")
UPDATES = (
    *(f"INSERT DATA {{ {part} }}" for part in PARTS),
    *(f"DELETE DATA {{ {part} }}" for part in PARTS),
    "INSERT DATA { GRAPH g:a { :a :p 1 } }",
    "INSERT DATA { GRAPH g:b { :b :p :a . :c :p 1.50 } }",
    "DELETE DATA { GRAPH g:a { :a :p 1 } }",
    "DELETE { ?s ?p ?o } INSERT { ?o ?p ?s } WHERE { ?s ?p ?o FILTER(isIRI(?o)) }",
    "INSERT { GRAPH g:b { ?s :r ?o } } WHERE { ?s ?p ?o }",
    "DELETE WHERE { ?s :q ?o }",
    *("CLEAR DEFAULT", "CLEAR NAMED", "DROP ALL", "DROP GRAPH g:b", "CREATE SILENT GRAPH g:a"),
    *("COPY DEFAULT TO g:a", "MOVE SILENT g:b TO DEFAULT", "ADD DEFAULT TO g:b"),
    "\\u0049NSERT DATA { GR\\u0041PH g:a { :z :p 3 } }",
    # The engine takes words that are written together, and with a name.
    *("INSERTDATA { GRAPHg:b { :y :p true } }", "DROPGRAPHg:a", "DELETEWHERE { GRAPHg:b { ?s ?p ?o } }"),
)


def turtle(parts):
    text = "@prefix : <http://example.org/> . " + "".join(f"{part} . " for part in parts)
    return Payload(TURTLE, text.encode())


@st.composite
def writes(draw):
    if draw(st.booleans()):
        return WriteJob("update", PREFIXES + draw(st.sampled_from(UPDATES)))
    operation = draw(st.sampled_from(("put", "post", "post", "delete")))
    graph = draw(st.sampled_from(GRAPHS))
    return WriteJob(operation, graph=graph, payloads=(turtle(draw(st.lists(st.sampled_from(PARTS)))),))


def held(view):
    """Every triple of the graphs that a client can see."""
    return {
        (str(quad.subject), str(quad.predicate), str(quad.object))
        for quad in view.store
        if not is_hidden(getattr(quad.graph_name, "value", ""))
    }


def seen(view):
    """The triples that a query sees by default, before private forms of literals get their names back."""
    graph = UNION_GRAPH if not is_without_union(view.store) else ox.DefaultGraph()
    found = [
        (str(quad.subject), str(quad.predicate), str(quad.object))
        for quad in view.store.quads_for_pattern(None, None, None, graph)
    ]
    return found


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(["", ":a :p 1 .", ":a :p 1 . g:a { :b :p 2 }"]), st.lists(writes(), max_size=6))
def test_whatever_is_written_a_query_sees_each_triple_once(start, jobs):
    view = view_of(start, union="{" in start)
    view.union = True
    for number, job in enumerate(jobs):
        apply(view, job)
        view.version = str(number)
        _head, body = ask(view, "SELECT * { ?s ?p ?o }", accept="text/csv")

        assert len(seen(view)) == len(set(seen(view))) == len(body.splitlines()) - 1
        assert set(seen(view)) == held(view)
        assert is_without_union(view.store) or view.store.contains_named_graph(UNION_GRAPH) or not held(view)


def test_the_default_graph_alone_is_held_once():
    view = view_of("")

    for part in (":a :p 1", ":b :p 2"):
        assert isinstance(apply(view, WriteJob("post", payloads=(turtle([part]),))), Head)
    assert isinstance(apply(view, WriteJob("update", PREFIXES + "INSERT DATA { :c :p 3 }")), Head)

    assert len(view.store) == 3


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { GRAPH g:a { :b :p 2 } }",
        "INSERT { GRAPH g:a { :b :p 2 } } WHERE {}",
        "COPY DEFAULT TO g:a",
        "\\u0049NSERT DATA { GR\\u0041PH g:a { :b :p 2 } }",
        "INSERT DATA { GRAPHg:a { :b :p 2 } }",
        "INSERTDATA { :b :p trueGRAPH g:a { :b :p 2 } }",
        "ADDDEFAULTTOg:a",
    ],
)
def test_the_first_named_graph_brings_the_union(text):
    view = view_of(":a :p 1 .", union=False)
    view.union = True

    assert isinstance(apply(view, WriteJob("update", PREFIXES + text)), Head)
    view.version = "2"

    assert not is_without_union(view.store)
    assert set(seen(view)) == held(view) >= {
        ("<http://example.org/a>", "<http://example.org/p>", '"1"^^<http://www.w3.org/2001/XMLSchema#integer>')
    }
