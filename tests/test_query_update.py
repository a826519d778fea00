"""An update changes what it says and no more: datasets, the union, all or nothing.

Source: SPARQL 1.1 Update, section 3; SPARQL 1.1 Protocol, section 2.2.3.
"""

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from query_cases import TRIG_PREFIXES, quads, rows, union_is_in_step, update, view_of
from query_strategies import NUMBERS, SPELLED, SUBJECTS, data, groups

from incsr.store import UNION

TWO = "g:a { :s :p 1 . :t :p 2 . } g:b { :s :p 1 . :u :p 3 . }"
A, B = "http://example.org/graph/a", "http://example.org/graph/b"


@pytest.fixture
def view():
    return view_of(TWO)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INSERT DATA { :n :p 9 }", ["n p 9 integer"]),
        ("INSERT DATA { GRAPH g:a { :n :p 9 } }", ["n p 9 integer graph/a"]),
        ("INSERT { ?s :q ?v } WHERE { ?s :p ?v FILTER(?v > 1) }", ["t q 2 integer", "u q 3 integer"]),
        ("INSERT { GRAPH ?g { ?s :q 0 } } WHERE { GRAPH ?g { ?s :p 3 } }", ["u q 0 integer graph/b"]),
        ("INSERT { :n :q ?n } WHERE { SELECT (COUNT(*) AS ?n) { ?s :p ?v } }", ["n q 3 integer"]),
        ("WITH g:a INSERT { ?s :q 0 } WHERE { ?s :p 2 }", ["t q 0 integer graph/a"]),
        ("WITH g:a INSERT { ?s :q 0 } WHERE { ?s :p 3 }", []),
        ("WITH g:a INSERT { ?s :q 0 } WHERE { GRAPH ?g { ?s :p 3 } }", ["u q 0 integer graph/a"]),
        ("INSERT { ?s :q 0 } USING g:b WHERE { ?s :p ?v FILTER(?v != 1) }", ["u q 0 integer"]),
        ("INSERT { ?s :q 0 } USING NAMED g:b WHERE { GRAPH ?g { ?s :p 3 } }", ["u q 0 integer"]),
        (
            "INSERT { :n :q ?n } USING g:a USING g:b WHERE { SELECT (COUNT(*) AS ?n) { ?s ?p ?v } }",
            ["n q 3 integer"],
        ),
        ("COPY g:a TO g:c", ["s p 1 integer graph/c", "t p 2 integer graph/c"]),
        (
            "INSERT DATA { GRAPH g:d { :n :p 9 } } ; INSERT { :m :q ?v } WHERE { :n :p ?v }",
            ["m q 9 integer", "n p 9 integer graph/d"],
        ),
        (
            "INSERT DATA { GRAPH g:d { :n :p 9 } } ; INSERT { :m :q ?g } WHERE { GRAPH ?g { :n :p ?v } }",
            ["m q graph/d", "n p 9 integer graph/d"],
        ),
        ("INSERT { ?s <urn:no> ?w } WHERE { ?s :p ?v BIND(<urn:no>(?v) AS ?w) }", []),
        ("", []),
        ("# nothing", []),
        ("INSERT DATA { :n :p 9 } ;", ["n p 9 integer"]),
    ],
)
def test_an_insertion_adds_what_it_says_and_the_union_follows(view, text, expected):
    before = quads(view)

    assert update(view, text).status == 204

    assert sorted(quads(view)) == sorted([*before, *expected])
    assert union_is_in_step(view)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("DELETE DATA { GRAPH g:a { :s :p 1 } }", ["s p 1 integer graph/a"]),
        ("DELETE DATA { :s :p 1 }", []),
        ("DELETE WHERE { GRAPH ?g { :s ?p ?v } }", ["s p 1 integer graph/a", "s p 1 integer graph/b"]),
        ("DELETE WHERE { GRAPH g:b { :u ?p ?v } }", ["u p 3 integer graph/b"]),
        (
            "WITH g:b DELETE { ?s ?p ?v } WHERE { ?s ?p ?v }",
            ["s p 1 integer graph/b", "u p 3 integer graph/b"],
        ),
        ("DROP GRAPH g:a", ["s p 1 integer graph/a", "t p 2 integer graph/a"]),
        (
            "CLEAR NAMED",
            [
                "s p 1 integer graph/a",
                "t p 2 integer graph/a",
                "s p 1 integer graph/b",
                "u p 3 integer graph/b",
            ],
        ),
        (
            "DELETE { GRAPH ?g { ?s ?p ?v } } USING g:a USING NAMED g:b "
            "WHERE { ?s ?p ?v . GRAPH ?g { ?s ?p ?v } }",
            ["s p 1 integer graph/b"],
        ),
    ],
)
def test_a_deletion_takes_what_it_says_and_the_union_keeps_what_another_graph_has(view, text, gone):
    before = quads(view)

    assert update(view, text).status == 204

    assert sorted([*quads(view), *gone]) == before
    assert union_is_in_step(view)


def test_the_union_keeps_what_the_stores_own_default_graph_has(view):
    update(view, "INSERT DATA { :s :p 1 }")

    update(view, "DELETE WHERE { GRAPH ?g { :s :p 1 } }")

    assert "s p 1 integer" in quads(view)
    assert union_is_in_step(view)


def test_the_graphs_of_the_protocol_are_the_dataset_of_each_where(view):
    text = "INSERT { :n :q ?n } WHERE { SELECT (COUNT(*) AS ?n) { ?s ?p ?v } }"
    update(view, text, using_graphs=(A, B))

    assert rows(view, "SELECT ?n { :n :q ?n }") == [("3 integer",)]


def test_the_graphs_of_the_protocol_reach_delete_where(view):
    update(view, "INSERT DATA { :u :p 3 }")

    update(view, "DELETE WHERE { ?s :p ?v }", using_graphs=(B,))

    assert "u p 3 integer" not in quads(view)
    assert "u p 3 integer graph/b" in quads(view)


def test_named_graphs_of_the_protocol_are_all_that_graph_sees(view):
    update(
        view, "INSERT { ?s :q ?g } WHERE { GRAPH ?g { ?s ?p ?v } }", using_graphs=(), using_named_graphs=(B,)
    )

    assert rows(view, "SELECT DISTINCT ?g { ?s :q ?g }") == [("graph/b",)]


@pytest.mark.parametrize(
    "text",
    [
        "WITH g:a DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "INSERT { ?s ?p 1 } USING NAMED g:a WHERE { ?s ?p ?o }",
    ],
)
def test_graphs_of_the_protocol_beside_using_or_with_are_refused(view, text):
    result = update(view, text, using_graphs=(A,))

    assert (result.status, result.code) == (400, "dataset")
    assert result.line == 2


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("INSERT DATA { :n :p 9 } ; INSERT DATA { :n :p ?v }", 400),
        ("INSERT DATA { :n :p 9 } ; DROP GRAPH g:none", 409),
        ("INSERT DATA { :n :p 9 } ; CREATE GRAPH g:a", 409),
        ("INSERT DATA { :n :p 9 } ; LOAD <http://127.0.0.1:9/>", 403),
        (f"INSERT DATA {{ :n :p 9 . GRAPH <{UNION}> {{ :n :p 8 }} }}", 400),
        (
            "DELETE { GRAPH ?g { ?s ?p ?o } } "
            "WHERE { GRAPH ?g { ?s ?p ?o } VALUES ?g { <urn:incsr:union:spelled> } }",
            400,
        ),
        ("SELECT * { ?s ?p ?o }", 400),
    ],
)
def test_an_update_that_fails_changes_nothing(view, text, status):
    before = set(view.store)

    assert update(view, text).status == status

    assert set(view.store) == before


@pytest.mark.parametrize("wrong", ["?k :p ?l BIND(1 AS ?k)", "SELECT ?k (COUNT(?l) AS ?n) { ?k :p ?l }"])
def test_a_minus_that_takes_nothing_away_is_still_read(view, wrong):
    before = quads(view)

    group = f"?s :p ?v OPTIONAL {{ ?v :r ?w MINUS {{ {wrong} }} }}"
    result = update(view, f"INSERT {{ ?s :q ?v }} WHERE {{ {group} }}")

    assert (result.status, result.code) == (400, "syntax")
    assert quads(view) == before


def test_a_syntax_error_is_told_in_the_text_as_it_was_sent(view):
    result = update(view, "INSERT { ?s :q 01 }\nWHERE { ?s :p ?v . GRAPH ?g { ?s ?p } }")

    assert result.code == "syntax"
    assert result.line == 3
    assert result.excerpt.splitlines()[0] == "WHERE { ?s :p ?v . GRAPH ?g { ?s ?p } }"


def test_blank_nodes_of_one_insertion_are_one_node_in_all_graphs(view):
    update(view, "INSERT DATA { _:n :name 'n' . GRAPH g:a { _:n :in g:a } }")

    assert rows(view, "SELECT ?g { ?n :name 'n' ; :in ?g }") == [("graph/a",)]


def test_the_mends_of_queries_hold_in_updates(view):
    update(view, "INSERT { :absent :reaches ?x } WHERE { :absent :p* ?x FILTER(TRUE) }")

    assert rows(view, "SELECT ?x { :absent :reaches ?x }") == [("absent",)]


TEMPLATES = st.sampled_from(
    ["?x :new ?y", "?y :p 01", "GRAPH g:two { ?x :p ?z }", "GRAPH g:new { ?x :q 1.50 . _:b :p ?x }"]
)
OPERATIONS = st.one_of(
    st.tuples(TEMPLATES, groups([*NUMBERS, *SPELLED])).map(
        lambda two: f"INSERT {{ {two[0]} }} WHERE {{ {two[1]} }}"
    ),
    st.tuples(TEMPLATES, groups([*NUMBERS, *SPELLED])).map(
        lambda two: f"DELETE {{ {two[0].replace('_:b :p ?x', '')} }} WHERE {{ {two[1]} }}"
    ),
    st.tuples(st.sampled_from(SUBJECTS), st.sampled_from([*NUMBERS, *SPELLED])).map(
        lambda two: f"DELETE DATA {{ GRAPH g:one {{ {two[0]} :p {two[1]} }} }}"
    ),
    st.sampled_from(
        [
            "CLEAR GRAPH g:one",
            "DROP SILENT GRAPH g:new",
            "COPY g:one TO g:three",
            "MOVE g:two TO g:one",
            "ADD g:one TO DEFAULT",
            "CLEAR DEFAULT",
        ]
    ),
)


@settings(max_examples=60, deadline=None)
@given(data([*NUMBERS, *SPELLED]), st.lists(OPERATIONS, min_size=1, max_size=3).map(" ; ".join))
def test_the_union_is_in_step_after_any_update(trig, text):
    view = view_of(trig)

    result = update(view, text)

    assert result.status in (204, 400, 409)  # BIND of a variable in use; a graph that has gone
    assert union_is_in_step(view)


@settings(max_examples=60, deadline=None)
@given(data(NUMBERS), st.lists(OPERATIONS, min_size=1, max_size=3).map(" ; ".join))
def test_without_union_an_update_does_what_the_engine_does(trig, text):
    for spelled, plain in (
        ("01", "1"),
        ("1.50", "1.5"),
        ("1.0E0", "3"),
        ("1.0", "4"),
        ("2.50", "5"),
        ("byte", "integer"),
    ):
        text = text.replace(spelled, plain)
    view = view_of(trig, union=False)
    other = ox.Store()
    other.load((TRIG_PREFIXES + trig).encode(), ox.RdfFormat.TRIG)

    result = update(view, text)
    try:
        other.update(
            "PREFIX : <http://example.org/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> "
            "PREFIX g: <http://example.org/graph/> " + text
        )
    except (SyntaxError, RuntimeError) as error:
        assert result.status == (400 if isinstance(error, SyntaxError) else 409)

    assert len(view.store) == len(other)


@pytest.mark.parametrize("union", [True, False], ids=["union", "strict"])
@pytest.mark.parametrize("name", ["union", "union:", "union:spelled", "union:gone", "union:x"])
@pytest.mark.parametrize(
    "text",
    [
        "INSERT { GRAPH ?g { :n :q 1 } } WHERE { BIND(IRI('urn:incsr:NAME') AS ?g) }",
        "INSERT { GRAPH ?g { :n :q 1 } } WHERE { "
        "VALUES ?x { 'NAME' } BIND(IRI(CONCAT('urn:incsr:', ?x)) AS ?g) }",
        "DELETE { GRAPH ?g { :s :p 1 } } WHERE { BIND(IRI('urn:incsr:NAME') AS ?g) }",
        "DELETE { GRAPH ?g { :s :p 1 } } INSERT { GRAPH ?g { :s :p 8 } } "
        "WHERE { BIND(IRI('urn:incsr:NAME') AS ?g) }",
    ],
)
def test_a_name_that_is_computed_reaches_no_hidden_graph(union, name, text):
    view = view_of(TWO, union)
    before = {str(quad) for quad in view.store}

    assert update(view, text.replace("NAME", name)).status == 204

    assert {str(quad) for quad in view.store} == before


def test_a_text_that_only_the_engine_reads_leaves_no_hidden_graph(view, monkeypatch):
    monkeypatch.setattr("incsr.query.updates.rewritten", lambda *_arguments: None)

    update(view, "INSERT { GRAPH ?g { :n :q 1 } } WHERE { BIND(IRI('urn:incsr:union:x') AS ?g) }")

    assert quads(view) == quads(view_of(TWO)) and union_is_in_step(view)
    assert [graph.value for graph in view.store.named_graphs() if graph.value.startswith(UNION)] == [UNION]


def test_a_name_that_only_begins_like_a_hidden_one_is_like_any_other(view):
    text = "INSERT { GRAPH ?g { :n :q 1 } } WHERE { BIND(IRI('urn:incsr:unionized') AS ?g) }"

    assert update(view, text).status == 204

    assert "<urn:incsr:unionized>" in [str(quad.graph_name) for quad in view.store]


def test_a_solution_without_a_graph_still_gives_what_its_other_templates_say(view):
    text = "INSERT { GRAPH ?g { :n :q 1 } :n :r 2 } WHERE { ?s :p 2 OPTIONAL { ?s :nothing ?g } }"

    assert update(view, text).status == 204

    assert [quad for quad in quads(view) if quad.startswith("n ")] == ["n r 2 integer"]
