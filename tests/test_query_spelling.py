"""A literal is answered as it was spelled, and computed with by its value.

Source: RDF 1.1 Concepts, section 3.3 (which terms are the same); SPARQL 1.1 Query Language, section 17.3.
"""

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from query_cases import XSD, Output, ask, quads, rows, turtle, update, view_of

from incsr.messages import WriteJob
from incsr.query import spelling
from incsr.query.evaluate import apply

SPELLED = """
    :one :v 1 . :padded :v 01 . :plus :v +1 . :byte :v "1"^^xsd:byte .
    :decimal :v 1.50 . :short :v 1.5 . :double :v 1.5E0 . :yes :b "1"^^xsd:boolean .
    :noon :t "2012-01-01T12:00:00.000Z"^^xsd:dateTime . :z :t "2012-01-01T12:00:00Z"^^xsd:dateTime .
    :plain :w 7 . :name :w "01" .
"""


@pytest.fixture(params=[True, False], ids=["union", "strict"])
def view(request):
    return view_of(SPELLED, request.param)


EVERY = [
    "01 integer",
    "+1 integer",
    "1 integer",
    "1 byte",
    "1.50 decimal",
    "1.5 decimal",
    "1.5E0 double",
    "1 boolean",
    "2012-01-01T12:00:00.000Z dateTime",
    "2012-01-01T12:00:00Z dateTime",
    "7 integer",
    "01",
]


def test_every_spelling_comes_back_as_it_was_written(view):
    found = rows(view, "SELECT ?o { ?s ?p ?o }")

    assert sorted(row[0] for row in found) == sorted(EVERY)


@pytest.mark.parametrize(
    ("format_", "expected"),
    [
        ("application/sparql-results+json", b'"1.50","datatype":"http://www.w3.org/2001/XMLSchema#decimal"'),
        ("application/sparql-results+xml", b'XMLSchema#decimal">1.50<'),
        ("text/csv", b"1.50"),
        ("text/tab-separated-values", b"1.50"),
    ],
)
@pytest.mark.parametrize("written", [True, False], ids=["written", "iterated"])
def test_no_format_shows_a_private_datatype(view, format_, expected, written):
    _, body = ask(view, "SELECT * { ?s ?p ?o }", accept=format_, written=written)

    assert expected in body
    assert b"urn:incsr" not in body


@pytest.mark.parametrize(
    "format_",
    [
        "text/turtle",
        "application/n-triples",
        "application/rdf+xml",
        "application/ld+json",
        "application/n-quads",
    ],
)
@pytest.mark.parametrize("written", [True, False], ids=["written", "iterated"])
@pytest.mark.parametrize("text", ["CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", "DESCRIBE :decimal"])
def test_no_graph_shows_a_private_datatype(view, format_, written, text):
    _, body = ask(view, text, accept=format_, written=written)

    assert b"1.50" in body
    assert b"urn:incsr" not in body


def test_a_string_that_looks_like_a_private_datatype_is_left_alone(view):
    trap = r"""\"datatype\":\"urn:incsr:spelled:byte\" \"^^<urn:incsr:spelled:byte> \\"""
    update(view, f'INSERT DATA {{ :trap :v "{trap}" . :long :v 01 }}')

    for format_ in ("application/sparql-results+json", "text/tab-separated-values"):
        _, body = ask(view, "SELECT ?o { :trap :v ?o }", accept=format_)
        assert body.count(b"urn:incsr:spelled:byte") == 2


@pytest.mark.parametrize(
    ("format_", "sent", "expected"),
    [
        (
            "tsv",
            r""""a\"^^<urn:incsr:spelled:byte>"	"1"^^<urn:incsr:spelled:byte>""" + "\n",
            r""""a\"^^<urn:incsr:spelled:byte>"	"1"^^<http://www.w3.org/2001/XMLSchema#byte>""" + "\n",
        ),
        (
            "json",
            r"""{"value":"\"datatype\":\"urn:incsr:spelled:byte\"","datatype":"urn:incsr:spelled:byte"}""",
            r"""{"value":"\"datatype\":\"urn:incsr:spelled:byte\"","""
            r""""datatype":"http://www.w3.org/2001/XMLSchema#byte"}""",
        ),
    ],
)
def test_wherever_the_engine_cuts_its_output_the_datatypes_are_found(format_, sent, expected):
    text, wanted = (sent * 5).encode(), (expected * 5).encode()
    for size in range(1, len(text)):
        output = Output()
        decoded = spelling.Decoded(output, format_)

        for start in range(0, len(text), size):
            decoded.write(text[start : start + size])
        decoded.close()

        assert b"".join(output.pieces) == wanted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT ?s { ?s :v 01 }", ["padded"]),
        ("SELECT ?s { ?s :v 1 }", ["one"]),
        ("SELECT ?s { ?s :v +1 }", ["plus"]),
        ("SELECT ?s { ?s :v 1.50 }", ["decimal"]),
        ("SELECT ?s { ?s :v 1.5 }", ["short"]),
        ('SELECT ?s { ?s :v "1"^^xsd:byte }', ["byte"]),
        ("SELECT ?s { VALUES ?o { 01 1.50 } ?s :v ?o }", ["decimal", "padded"]),
        ("SELECT ?s { ?s :v ?o FILTER(sameTerm(?o, 01)) }", ["padded"]),
        ("SELECT ?s { ?s :v ?o FILTER(?o = 1) }", ["byte", "one", "padded", "plus"]),
        ("SELECT ?s { ?s :v ?o FILTER(?o = 01) }", ["byte", "one", "padded", "plus"]),
        ("SELECT ?s { ?s :v ?o FILTER(?o IN (1.5, 3)) }", ["decimal", "double", "short"]),
        ("SELECT ?s { ?s :v ?o FILTER(?o > 1.2) }", ["decimal", "double", "short"]),
        ("SELECT ?s { ?s :v ?o FILTER(?o - 1 = 0.5) }", ["decimal", "double", "short"]),
        ("SELECT ?s { ?s :b ?o FILTER(?o) }", ["yes"]),
        ("SELECT ?s { ?s :v ?o FILTER(isNumeric(?o) && STRLEN(STR(?o)) = 1) }", ["byte", "one"]),
        ("SELECT ?s { ?s :v ?o FILTER(STR(?o) = '01') }", ["padded"]),
        ("SELECT ?s { ?s :v ?o FILTER(DATATYPE(?o) = xsd:byte) }", ["byte"]),
        ("SELECT ?s { ?s :v ?o FILTER(DATATYPE(?o) = xsd:integer) }", ["one", "padded", "plus"]),
        ("SELECT ?s { ?s :v ?o FILTER(DATATYPE(IF(true, ?o, 1)) = xsd:byte) }", ["byte"]),
        ("SELECT ?s { ?s :t ?o FILTER(?o = '2012-01-01T12:00:00Z'^^xsd:dateTime) }", ["noon", "z"]),
        ("SELECT ?s { ?s :t ?o FILTER(YEAR(?o) = 2012) }", ["noon", "z"]),
        ("SELECT ?s { ?s :v ?o FILTER(xsd:integer(?o) = 1 && ?o < 1.2) }", ["byte", "one", "padded", "plus"]),
        ("SELECT ?s { ?s ?p ?o FILTER(?o = 7) }", ["plain"]),
        ("SELECT ?s { ?s (:v|:w) ?o FILTER(?o = 1) }", ["byte", "one", "padded", "plus"]),
        (
            "SELECT ?s { ?s :v ?x BIND(?x AS ?y) { SELECT * { BIND(1 AS ?z) } } FILTER(?y = ?z) }",
            ["byte", "one", "padded", "plus"],
        ),
        (
            "SELECT ?s { ?s :v ?o FILTER EXISTS { ?t :v ?q FILTER(?q = ?o && ?q > 1.2) } }",
            ["decimal", "double", "short"],
        ),
        ("SELECT ?s { ?s :v ?o } GROUP BY ?s HAVING(SUM(?o) > 1.2)", ["decimal", "double", "short"]),
    ],
)
def test_terms_match_by_spelling_and_values_compare_by_value(view, text, expected):
    assert [row[0] for row in rows(view, text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT (SUM(?o) AS ?x) { ?s :v ?o }", "8.5 double"),
        ("SELECT (COUNT(DISTINCT ?o) AS ?x) { ?s :v ?o }", "7 integer"),
        ("SELECT (COUNT(*) AS ?x) { SELECT DISTINCT ?o { ?s :v ?o } }", "7 integer"),
        ("SELECT (GROUP_CONCAT(?o) AS ?x) { :padded :v ?o }", "01"),
        ("SELECT (SAMPLE(?o) AS ?x) { :padded :v ?o }", "01 integer"),
        ("SELECT (MAX(?o) AS ?x) { :padded :v ?o }", "01 integer"),
        (
            "SELECT (MIN(?o) AS ?x) { VALUES ?s { :decimal :double } ?s :v ?o FILTER(?s = :decimal) }",
            "1.50 decimal",
        ),
        ("SELECT (MAX(?o) AS ?x) { ?s ?p ?o FILTER(?s IN (:decimal, :plain, :padded)) }", "7 integer"),
        ("SELECT (MIN(?o) AS ?x) { ?s ?p ?o FILTER(?s IN (:decimal, :noon)) }", "1.50 decimal"),
        ("SELECT (MAX(?o) AS ?x) { ?s :t ?o FILTER(?s = :noon) }", "2012-01-01T12:00:00.000Z dateTime"),
        ("SELECT (MIN(?o) + 1 AS ?x) { :padded :v ?o }", "2 integer"),
        ("SELECT (MIN(?nothing) AS ?x) { :padded :v ?o }", None),
        ("SELECT (?o AS ?x) { :padded :v ?o }", "01 integer"),
        ("SELECT (IF(?o = 1, ?o, 0) AS ?x) { :padded :v ?o }", "01 integer"),
        ("SELECT (COALESCE(?nothing, ?o) AS ?x) { :padded :v ?o }", "01 integer"),
        ("SELECT (?o + 1 AS ?x) { :padded :v ?o }", "2 integer"),
        ("SELECT (1.50 AS ?x) {}", "1.50 decimal"),
        ("SELECT (DATATYPE(?o) AS ?x) { :byte :v ?o }", f"{XSD}byte"),
        ("SELECT (STR(?o) AS ?x) { :noon :t ?o }", "2012-01-01T12:00:00.000Z"),
    ],
)
def test_results_keep_terms_and_compute_values(view, text, expected):
    assert rows(view, text) == [(expected,)]


def test_order_is_by_value(view):
    _, body = ask(view, "SELECT ?o { ?s :v ?o } ORDER BY DESC(?o) ?s LIMIT 4", accept="text/csv")

    assert body.decode().split()[1:] == ["1.50", "1.5E0", "1.5", "1"]


def test_an_update_matches_and_writes_terms_as_they_are_spelled(view):
    update(view, "DELETE DATA { :one :v 1 } ; DELETE WHERE { ?s :v 1.50 } ; INSERT DATA { :new :n 007 }")
    update(
        view, "INSERT { ?s :copy ?o . ?s :sum ?two } WHERE { ?s :v ?o BIND(?o + 1 AS ?two) FILTER(?o = 1) }"
    )

    assert rows(view, "SELECT ?s { ?s :v ?o }") == [
        ("byte",),
        ("double",),
        ("padded",),
        ("plus",),
        ("short",),
    ]
    assert rows(view, "SELECT ?o { ?s :copy ?o } ") == [("+1 integer",), ("01 integer",), ("1 byte",)]
    assert rows(view, "SELECT ?s { ?s :copy ?o FILTER(?o = 1) }") == [("byte",), ("padded",), ("plus",)]
    assert rows(view, "SELECT ?s { ?s :n ?o FILTER(?o + 1 = 8) }") == [("new",)]
    assert {row[0] for row in rows(view, "SELECT ?o { ?s :sum ?o }")} == {"2 integer"}


def test_an_update_may_copy_a_literal_to_a_predicate_that_it_computes(view):
    update(view, "INSERT { ?s ?q ?o } WHERE { ?s :v ?o BIND(IRI(CONCAT(STR(:), 'q')) AS ?q) FILTER(?o = 1) }")

    assert rows(view, "SELECT ?s { ?s :q ?o FILTER(?o = 1) }") == [
        ("byte",),
        ("one",),
        ("padded",),
        ("plus",),
    ]


def test_clearing_the_named_graphs_leaves_the_rest_readable():
    view = view_of(":s :v 01 . g:a { :t :v 02 }", union=False)

    update(view, "CLEAR NAMED")

    assert rows(view, "SELECT ?o { ?s :v ?o FILTER(?o = 1) }") == [("01 integer",)]


def test_a_graph_that_is_put_keeps_its_spellings(view):
    job = WriteJob("put", graph="http://example.org/graph/put", payloads=(turtle(":s :put 01.10 ."),))

    assert apply(view, job).status == 201
    assert rows(view, "SELECT ?o { GRAPH g:put { ?s ?p ?o FILTER(?o < 2) } }") == [("01.10 decimal",)]
    assert "s put 01.10 decimal graph/put" in quads(view)


def test_data_that_the_engine_keeps_costs_no_rewriting():
    view = view_of(":s :p 1 ; :q 1.5 ; :r true ; :d '2012-01-01'^^xsd:date .")

    assert not spelling.flags(view.store)


LEXICAL = st.one_of(
    st.from_regex(r"[+-]?[0-9]{1,22}", fullmatch=True),
    st.from_regex(r"[+-]?[0-9]{0,3}\.[0-9]{0,4}", fullmatch=True),
    st.from_regex(r"[+-]?[0-9]{1,3}(\.[0-9]{1,3})?[eE][+-]?[0-9]{1,2}", fullmatch=True),
    st.from_regex(r"-?[0-9]{4}-[01][0-9]-[0-3][0-9](Z|[+-]0[0-9]:00)?", fullmatch=True),
    st.from_regex(r"2012-01-0[1-9]T[0-2][0-9]:00:00(\.[0-9]{1,3})?(Z|[+-]0[0-9]:00)?", fullmatch=True),
    st.from_regex(r"P[0-9]{1,2}[YMD](T[0-9]{1,2}[HMS])?", fullmatch=True),
    st.sampled_from(["true", "false", "1", "0", "INF", "-INF", "NaN", "+INF", " 1 ", "", "abc"]),
)


@settings(max_examples=300, deadline=None)
@given(LEXICAL, st.sampled_from(sorted(spelling.SURE)))
def test_a_literal_is_private_just_where_the_engine_would_change_it(lexical, datatype):
    node = ox.NamedNode("urn:x")
    literal = ox.Literal(lexical, datatype=ox.NamedNode(datatype))
    store = ox.Store()
    store.add(ox.Quad(node, node, literal))
    changed = next(iter(store)).object != literal

    assert spelling.is_lost(lexical, datatype) == changed
    [encoded] = spelling.encode([ox.Quad(node, node, literal)])
    assert spelling.decode_triple(encoded).object == literal
    assert (encoded.object != literal) == changed
