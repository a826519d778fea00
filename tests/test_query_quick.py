"""A query in fewer characters, answered in fewer steps, has the answer that it has otherwise."""

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st
from query_cases import PREFIXES, ask, view_of
from query_strategies import NUMBERS, SPELLED, STRINGS, data, groups

from incsr.messages import Limits, Problem, ReadJob
from incsr.namespaces import BASE
from incsr.query import quick, templates
from incsr.query.compact import compact
from incsr.query.repeatable import is_repeatable
from incsr.query.view import state

JSON, LINES, TRIPLES = "application/sparql-results+json", "text/tab-separated-values", "application/n-triples"
KEPT = [*NUMBERS, *STRINGS]
MANY = Limits(max_rows=1_000_000, max_bytes=None)
inside = groups(KEPT, graphs=False, paths=True)


def fitted(view, text):
    job = ReadJob("query", text, base_iri=BASE, limits=MANY)
    return templates.fitted(view, state(view), job)


def by_the_quick_way(view, text, accept, limits=MANY):
    found = fitted(view, text)
    return found and quick.answer(view, state(view), *found, text, accept, BASE, limits)


def by_the_long_way(view, text, accept):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(templates, "fitted", lambda *_arguments: None)
        answered = ask(view, text, accept=accept, prefixes="", base_iri=BASE, limits=MANY)
    if isinstance(answered, Problem):
        return None
    head, body = answered
    return head.content_type, body


def in_any_order(answer):
    """An answer whose rows may come in another order, since patterns may have been moved."""
    content_type, body = answer[:2]
    if content_type == JSON and b'"bindings"' in body:
        found = ox.parse_query_results(body, ox.QueryResultsFormat.JSON)
        return [each.value for each in found.variables], sorted(tuple(map(str, row)) for row in found)
    return content_type, sorted(body.split(b"\n"))


@pytest.mark.parametrize("union", [True, False], ids=["union", "strict"])
@pytest.mark.parametrize(
    ("form", "accept"),
    [
        ("SELECT ?x ?y ?z ?w WHERE", JSON),
        ("SELECT * WHERE", LINES),
        ("ASK", JSON),
        ("CONSTRUCT { ?x :p ?y } WHERE", TRIPLES),
    ],
    ids=["solutions", "lines", "boolean", "triples"],
)
def test_the_quick_way_answers_as_the_long_one(form, accept, union):
    seen = 0

    @given(data([*KEPT, *SPELLED]), st.lists(inside, min_size=1, max_size=3))
    def compared(trig, insides):
        nonlocal seen
        view = view_of(trig, union)
        for each in insides:
            text = f"{PREFIXES}{form} {{ {each} }}"
            found = by_the_quick_way(view, text, accept)
            if found is None:
                continue  # a clerk gives it back
            seen += 1
            expected = by_the_long_way(view, text, accept)
            assert in_any_order(found) == in_any_order(expected)
            if found[2] is not None:
                # The first line of the lines names the variables; behind the last one stands nothing.
                others = {JSON: 0, TRIPLES: 1, LINES: 2}[accept]
                assert found[2] == len(in_any_order(expected)[1]) - others

    compared()
    assert seen > 20


def of_the_engine(view, text):
    """The engine's own rows, or that it takes no such text."""
    try:
        found = view.store.query(text, use_default_graph_as_union=True)
    except SyntaxError:
        return "a syntax error"
    return sorted(tuple(map(str, row)) for row in found)


@given(data(KEPT), inside, st.sampled_from(["", "#: <x> \"\n", "\t\n\r "]))
def test_a_compact_text_asks_the_same(trig, group, between):
    view = view_of(trig, union=False)
    text = f"{PREFIXES}{between}SELECT ?x ?y ?z ?w {{ {group} }}{between}"

    shorter = compact(text, None)

    assert "PREFIX" not in shorter and len(shorter) <= 2 * len(text)
    assert of_the_engine(view, text) == of_the_engine(view, shorter)


@pytest.mark.parametrize(
    ("sent", "run"),
    [
        ("PREFIX a: <urn:a:>\nPREFIX a: <urn:b:> ASK { a:c a a: }", "ASK { <urn:b:c> a <urn:b:> }"),
        ("PREFIX : <x/> ASK { :a.b :c%20d 'e'^^:f }",
         "ASK { <http://b/x/a.b> <http://b/x/c%20d> 'e'^^<http://b/x/f> }"),
        ("PREFIX a: <urn:a:> ASK { ?s ?p ?x FILTER(?x<a:b||?x>a:c) }",
         "ASK { ?s ?p ?x FILTER(?x< <urn:a:b>||?x><urn:a:c>) }"),
        ("PREFIX a: <urn:a:> ASK { ?s !(a:b|^a:c)/a:d* -1,+2.0e1,'#'@en # end\n}",
         "ASK { ?s !(<urn:a:b>|^<urn:a:c>)/<urn:a:d>* -1,+2.0e1,'#'@en }"),
        ("ASK { _:a:b ?p [] }", "ASK { _:a:b ?p [] }"),
        ("PREFIX a: <urn:a:> SELECT (a:f(?x)AS?y) { VALUES ?x { a:b -1 } }",
         "SELECT (<urn:a:f>(?x)AS?y) { VALUES ?x { <urn:a:b> -1 } }"),
    ],
)  # fmt: skip
def test_names_are_written_out_and_nothing_else_changes(sent, run):
    assert compact(sent, "http://b/") == run


@pytest.mark.parametrize(
    "text",
    [
        "BASE <urn:b:> ASK { <a> ?p ?o }",
        "PREFIX a: <urn:a:> BASE <urn:b:> ASK { <a> ?p ?o }",
        "ASK { b:a ?p ?o }",
        "PREFIX a:b <urn:a:> ASK {}",
        "PREFIX a: ASK {}",
        "ASK { ?s ?p ` }",
    ],
)
def test_a_text_that_is_not_plain_is_left_alone(text):
    assert compact(text, None) == text


def test_an_answer_over_a_limit_is_left_to_the_long_way():
    view = view_of(":a :p 1, 2, 3 .")
    text = f"{PREFIXES}SELECT ?o {{ :a :p ?o }}"

    assert by_the_quick_way(view, text, JSON)[2] == 3
    assert by_the_quick_way(view, text, JSON, Limits(max_rows=2)) is None
    assert by_the_quick_way(view, text, JSON, Limits(max_bytes=20)) is None


def test_what_nobody_accepts_or_nobody_knows_is_left_to_the_long_way():
    view = view_of(":a :p 1 .")

    assert by_the_quick_way(view, f"{PREFIXES}ASK {{ :a :p ?o }}", "image/png") is None
    assert by_the_quick_way(view, f"{PREFIXES}ASK {{ :a :p }}", JSON) is None
    assert by_the_quick_way(view, f"{PREFIXES}SELECT ?o {{ :a :p ?o }}", "text/html") is None


def test_a_function_that_nobody_knows_has_no_value_the_quick_way_too():
    view = view_of(":a :p 1 .")
    text = f"{PREFIXES}SELECT ?o {{ :a :p ?o FILTER(!BOUND(?x)) BIND(:unknown(?o) AS ?x) }}"

    expected = (*by_the_long_way(view, text, JSON), 1)
    assert [by_the_quick_way(view, text, JSON) for _ in range(2)] == [expected, expected]


@pytest.mark.parametrize(
    ("accept", "said"),
    [
        (JSON, b'{"type":"literal","value":"01","datatype":"http://www.w3.org/2001/XMLSchema#integer"}'),
        (LINES, b'"01"^^<http://www.w3.org/2001/XMLSchema#integer>\n'),
        (TRIPLES, b'<urn:p> "01"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'),
    ],
)
def test_a_literal_is_answered_as_it_was_spelled_the_quick_way_too(accept, said):
    view = view_of('<urn:s> <urn:p> "01"^^xsd:integer, "urn:incsr:spelled:" .')
    form = "CONSTRUCT { <urn:s> <urn:p> ?o } WHERE" if accept == TRIPLES else "SELECT ?o"

    _content_type, body, rows = by_the_quick_way(view, f"{form} {{ <urn:s> <urn:p> ?o }}", accept)

    assert said in body
    assert body.count(b"urn:incsr:spelled:") == 1  # in a string
    assert rows == 2


def test_a_constructor_without_its_argument_is_left_to_the_long_way():
    view = view_of(":a :p 1 .")

    assert by_the_quick_way(view, f"{PREFIXES}SELECT ?x {{ BIND(xsd:string() AS ?x) }}", JSON) is None


@pytest.mark.parametrize(
    "text",
    [
        "SELECT (NOW() AS ?n) {}",
        'SELECT * { ?s ?p "now" }',
        "SELECT * { ?s ?p <urn:uuid:1> }",
        "SELECT * { ?s ?p <urn:a> }",
        'CONSTRUCT { ?s ?p [] } { ?s ?p "a" }',
        "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }",
        "CONSTRUCT { ?s ?p <urn:a[> } { ?s ?p ?o }",
        'SELECT (RAND() AS ?r) { ?s ?p "b" }',
        "SELECT ?o { ?s ?p ?o } # NOW",
        "SELECT ?o { # RAND()\n ?s ?p ?o }",
        "SELECT ?o { ?s <urn:a#b> ?o } # again",
        "CONSTRUCT { ?s ?p ?o } # [\n { ?s ?p ?o }",
        "# NOW\nSELECT ?o { ?s ?p ?o }",
        'CONSTRUCT { ?s ?p "}" ; <urn:q> [] } WHERE { ?s ?p ?o }',
        "CONSTRUCT { # }\n [] ?p ?o } WHERE { ?s ?p ?o }",
        "CONSTRUCT { ?s <urn:q> (?p ?o) } WHERE { ?s ?p ?o }",
        "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(?o < 2) [] ?p ?o }",
        'CONSTRUCT { ?s ?p "[_:(" } WHERE { ?s ?p ?o }',
        "PREFIX now: <urn:now#>\nSELECT ?o { ?s now:p ?o }",
    ],
)
def test_what_may_be_kept_is_told_as_of_the_whole_text(text):
    view = view_of(":a :p 1 .")
    template, constants = fitted(view, text)
    prologue = templates.prologue_of(text)

    kept = quick.may_be_kept(template, constants, prologue, text[len(prologue) :])

    assert kept == is_repeatable(ReadJob("query", text))


