"""What a client is told: formats, limits, syntax errors in plain words, failures that are ours.

One answer is a head and bytes; over a limit there is no answer at all.
"""

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from query_cases import Output, ask, rows, update, view_of

from incsr.messages import Limits, Problem, ReadJob
from incsr.query.evaluate import Failed, answer
from incsr.query.limits import JsonRows
from incsr.query.view import PREPARED, state

MANY = "g:a { " + " ".join(f":s :p {number} ." for number in range(500)) + " }"
JSON, XML = "application/sparql-results+json", "application/sparql-results+xml"


@pytest.fixture(scope="module")
def view():
    return view_of(MANY)


@pytest.mark.parametrize(
    ("text", "accept", "sent"),
    [
        ("SELECT * { ?s ?p ?o }", None, JSON),
        ("SELECT * { ?s ?p ?o }", XML, XML),
        ("ASK {}", None, JSON),
        ("CONSTRUCT WHERE { ?s ?p ?o }", None, "text/turtle; charset=utf-8"),
        ("DESCRIBE :s", "application/n-triples", "application/n-triples"),
    ],
)
def test_each_form_is_answered_in_a_format_of_its_kind(view, text, accept, sent):
    head, body = ask(view, text, accept=accept)

    assert (head.status, head.content_type) == (200, sent)
    assert body


@pytest.mark.parametrize("text", ["SELECT * {}", "ASK {}", "CONSTRUCT WHERE { ?s ?p ?o }"])
def test_nothing_acceptable_is_a_406_that_says_what_there_is(view, text):
    result = ask(view, text, accept="image/png")

    assert result.status == 406
    assert "json" in result.detail


FORMATS = [JSON, XML, "text/csv", "text/tab-separated-values", "text/html"]
GRAPHS = ["text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json", "text/html"]


@pytest.mark.parametrize("written", [True, False], ids=["written", "iterated"])
@pytest.mark.parametrize(
    ("text", "accept"),
    [("SELECT * { ?s ?p ?o }", accept) for accept in FORMATS]
    + [("CONSTRUCT WHERE { ?s ?p ?o }", accept) for accept in GRAPHS],
)
def test_over_a_limit_of_rows_there_is_no_answer(view, text, accept, written):
    ask(view, text, accept=accept, limits=Limits(max_rows=500), written=written)

    with pytest.raises(Failed) as caught:
        ask(view, text, accept=accept, limits=Limits(max_rows=499), written=written)

    assert caught.value.problem.code == "too-large"
    assert "499" in caught.value.problem.detail


@pytest.mark.parametrize("written", [True, False], ids=["written", "iterated"])
@pytest.mark.parametrize("accept", FORMATS)
def test_over_a_limit_of_bytes_there_is_no_answer(view, accept, written):
    text = "SELECT * { ?s ?p ?o }"
    _, body = ask(view, text, accept=accept)
    ask(view, text, accept=accept, limits=Limits(max_bytes=len(body)), written=written)

    with pytest.raises(Failed):
        ask(view, text, accept=accept, limits=Limits(max_bytes=len(body) - 1), written=written)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12), max_size=9),
    st.integers(0, 9),
    st.sampled_from(FORMATS),
)
def test_rows_are_counted_right_whatever_stands_in_them(texts, limit, accept):
    view = view_of("")
    node = ox.NamedNode("a:a")
    traps = ['}},{"', "<result>", "\n", "\r\n", '"']
    values = {f"{text}{traps[number % 5]}" for number, text in enumerate(texts)}
    view.store.extend(
        [ox.Quad(node, node, ox.Literal(value), ox.NamedNode("urn:incsr:union")) for value in values]
    )
    job = ReadJob("query", "SELECT ?o { ?s ?p ?o }", accept=accept, limits=Limits(max_rows=limit))

    _, body = answer(view, job)

    if len(values) > limit:
        with pytest.raises(Failed):
            body.write_to(Output())
    else:
        body.write_to(Output())


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.lists(
            st.sampled_from(["", "}},{", "},{}", "{},{},", '"', "\\", '\\"},{"', "a:", None]), max_size=2
        ),
        min_size=1,
        max_size=12,
    ),
    st.integers(1, 200),
)
def test_solutions_in_json_are_counted_wherever_the_pieces_end(rows, size):
    values = [(*row, None, None)[:2] for row in rows]
    named = [ox.Variable("a"), ox.Variable("b")]
    text = "".join(
        f"({' '.join('UNDEF' if value is None else str(ox.Literal(value)) for value in row)})"
        for row in values
    )
    result = ox.Store().query(f"SELECT {named[0]} {named[1]} {{ VALUES (?a ?b) {{ {text} }} }}")
    written = result.serialize(format=ox.QueryResultsFormat.JSON)

    for first in (None, "a", "b"):
        counter = JsonRows(first)
        for start in range(0, len(written), size):
            counter.feed(written[start : start + size])

        assert counter.total() == len(rows)
    assert JsonRows("a").count(written) == JsonRows("b").count(written) == len(rows)


def test_a_quoted_triple_is_no_row():
    text = 'SELECT ?subject { VALUES ?subject { <<( <a:> <b:> "},{" )>> } }'
    result = ox.Store().query(text)
    written = result.serialize(format=ox.QueryResultsFormat.JSON)

    assert JsonRows("subject").count(written) == 1


def test_solutions_that_bind_nothing_are_rows_too(view):
    text = f"SELECT ?none {{ VALUES ?x {{ {' '.join(map(str, range(9000)))} }} }}"
    ask(view, text, accept=JSON, limits=Limits(max_rows=9000))

    with pytest.raises(Failed):
        ask(view, text, accept=JSON, limits=Limits(max_rows=8999))


@pytest.mark.parametrize("accept", [JSON, "text/tab-separated-values"])
def test_of_a_long_answer_too_all_rows_are_counted(accept):
    view = view_of("")
    node = ox.NamedNode("a:a")
    view.store.extend([ox.Quad(node, node, ox.Literal(f"{number:060}")) for number in range(30_000)])
    text = "SELECT ?x ?y { ?s ?p ?x BIND(?x AS ?y) }"
    _, body = answer(view, ReadJob("query", text, accept=accept, limits=Limits(max_rows=30_000)))
    body.write_to(Output())
    assert body.rows == 30_000

    _, body = answer(view, ReadJob("query", text, accept=accept, limits=Limits(max_rows=29_999)))
    with pytest.raises(Failed):
        body.write_to(Output())


def test_a_large_answer_comes_in_pieces(view):
    _, body = answer(view, ReadJob("query", "SELECT * { ?s ?p ?o . ?t ?q ?r } LIMIT 5000", accept=JSON))
    output = Output()

    body.write_to(output)

    assert len(output.pieces) > 10
    assert max(len(piece) for piece in output.pieces) < 100_000


SYNTAX = [
    ("SELECT ?x\nWHERE { foo:a ?p ?x }", 2, 9, 'prefix "foo:"', "PREFIX foo:"),
    ("SELECT ?x { ?x skos:prefLabel ?l }", 1, 16, 'prefix "skos:"', "<http://www.w3.org/2004/02/skos/core#>"),
    ('SELECT ?x {\n ?x ?p "abc }', 2, 8, "string", "Close"),
    ("SELECT ?x { ?x ?p ?o }}", 1, 23, "closes nothing", "Take it out"),
    ("SELECT ?x { ?x ?p ?o ", 1, 11, "never closed", 'Add the "}"'),
    ("SELECT ?x { FILTER(?x = 1 }", 1, 27, 'would close a "("', "first"),
    ("SELEC ?x { ?x ?p ?o }", 1, 1, '"SELEC"', "misspelled"),
    ("SELECT ?x WHERE { ?x ?p }", 1, 25, '"}" stands where a variable', "grammar"),
    ("SELECT ?x WHERE { ?x <p> ?o }", 1, 22, "absolute IRI", "BASE"),
    ("SELECT (SUM(?x) AS ?y) (?x AS ?z) { }", 1, None, "unbound", ""),
    ("", 1, 1, "end of the text", ""),
]


@pytest.mark.parametrize(
    ("text", "line", "column", "said", "hint"), SYNTAX, ids=[case[0][:30] for case in SYNTAX]
)
def test_a_syntax_error_says_where_what_and_what_to_do(view, text, line, column, said, hint):
    result = ask(view, text, prefixes="")

    assert isinstance(result, Problem)
    assert (result.status, result.code, result.line) == (400, "syntax", line)
    assert said in result.detail
    assert hint in result.hint
    if column is not None:
        assert result.column == column
        shown, caret = result.excerpt.splitlines()
        assert shown == text.splitlines()[line - 1] if text else shown == ""
        assert caret == " " * (column - 1) + "^"


def test_a_long_line_is_cut_around_the_error(view):
    result = ask(view, "SELECT ?x { " + "?x ?p ?o . " * 100 + "}}", prefixes="")

    shown, caret = result.excerpt.splitlines()
    assert len(shown) <= 120
    assert shown[len(caret) - 1] == "}"


def test_half_a_surrogate_pair_is_a_client_error(view):
    assert ask(view, "SELECT ('\ud83d' AS ?x) {}").status == 400


def test_a_relative_iri_takes_the_base_of_the_request(view):
    assert rows(view, "ASK { <s> <p> 1 }", base_iri="http://example.org/") is True


def test_what_the_engine_has_of_sparql_1_2_goes_through():
    view = view_of(":s :p 1 .")

    assert rows(view, "SELECT ?o { VALUES ?o { <<( :s :p 1 )>> } }", prefixes=ask_prefixes()) != []
    assert rows(view, "SELECT (LANGDIR('a'@en--ltr) AS ?d) {}") == [("ltr",)]


def ask_prefixes():
    return "VERSION '1.2' PREFIX : <http://example.org/> "


def test_a_query_asked_again_is_prepared_once_and_the_number_kept_is_bounded():
    view = view_of(":s :p 01 .")
    for number in range(PREPARED + 20):
        # With GRAPH, a query fits no template (incsr.query.templates).
        ask(view, f"SELECT * {{ ?s ?p ?o FILTER(?o < {number}) OPTIONAL {{ GRAPH ?g {{ ?s ?p ?o }} }} }}")
        ask(view, "SELECT * { ?s ?p ?o FILTER(?o < 5) OPTIONAL { GRAPH ?g { ?s ?p ?o } } }")

    ask(view, "SELECT * { ?s ?p ?o FILTER(?o < 5) } #" + "x" * 100_000)

    assert len(state(view).prepared) == PREPARED
    assert max(len(key[0]) for key in state(view).prepared) < 1000
    assert rows(view, "SELECT ?o { ?s ?p ?o FILTER(?o < 5) }") == [("01 integer",)]


def test_a_failure_that_is_not_the_clients_is_raised():
    class Broken:
        def query(self, *_arguments, **_more):
            raise RuntimeError("out of order")

        def quads_for_pattern(self, *_arguments):
            return iter(())

        def named_graphs(self):
            return iter(())

    view = view_of("")
    view.store = Broken()

    with pytest.raises(RuntimeError, match="out of order"):
        ask(view, "ASK {}")


@pytest.mark.parametrize("call", ["xsd:string()", "xsd:integer(1, 2)", "xsd:boolean(?o, ?o)"])
@pytest.mark.parametrize("text", ["SELECT ?x {{ BIND({} AS ?x) }}", "ASK {{ ?s ?p ?o FILTER({}) }}"])
def test_a_constructor_takes_one_argument(view, text, call):
    result = ask(view, text.format(call))

    assert isinstance(result, Problem)
    assert (result.status, result.code) == (400, "syntax")
    assert f"XMLSchema#{call[4:].partition('(')[0]}>" in result.detail


@pytest.mark.parametrize("before", ["INSERT DATA { :a :p 1 }", "DROP GRAPH g:a"])
def test_an_update_that_calls_a_constructor_wrongly_changes_nothing(before):
    view = view_of("g:a { :s :p 1 }")

    result = update(view, f"{before} ; INSERT {{ :a :p ?x }} WHERE {{ BIND(xsd:string() AS ?x) }}")

    assert (result.status, result.code) == (400, "syntax")
    assert rows(view, "SELECT ?s { ?s ?p ?o }") == [("s",)]
