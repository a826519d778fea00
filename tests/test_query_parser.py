"""The parser reads SPARQL 1.1 as the engine does: what it writes back gives the same answers."""

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, reject, settings
from query_cases import PREFIXES, TRIG_PREFIXES
from query_strategies import NUMBERS, SPELLED, STRINGS, data, queries

from incsr.query.cursor import ParseError, string_value
from incsr.query.iris import resolve
from incsr.query.parser import parse
from incsr.query.syntax_tree import Iri, Literal, Var

VALUES = [*NUMBERS, *STRINGS, *SPELLED]
QUESTIONS = sorted((Path(__file__).parents[1] / "questions").glob("*.rq"))


def answers(store, text):
    graphs = [ox.NamedNode(f"http://example.org/graph/{name}") for name in ("one", "two", "three")]
    result = store.query(text, named_graphs=graphs, default_graph=graphs)
    return sorted([tuple(str(term) for term in row) for row in result])


@settings(max_examples=250, deadline=None)
@given(data(VALUES), queries(VALUES))
def test_a_query_written_back_gives_the_same_answers(trig, query):
    store = ox.Store()
    store.load((TRIG_PREFIXES + trig).encode(), ox.RdfFormat.TRIG)
    written = parse(PREFIXES + query).text()
    try:
        store.query(PREFIXES + query)
    except SyntaxError:  # BIND of a variable in use
        reject()

    assert answers(store, written) == answers(store, PREFIXES + query)
    assert parse(written).text() == written


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s ?p ?o }",
        "BASE <http://b/> PREFIX a: <a#> SELECT DISTINCT ?s ?o { ?s a:p <rel> ; a ?t , [] . }",
        "SELECT (1 + 2 * -3 - 4 AS ?n) { }",
        "SELECT ?x { ?x :p -1 , +2 , 1.5e3 , .5 , 007 }",
        "SELECT ?x { ?x :p +1 ; :q+ ?y ; ^:r/(:s|!(:t|^a))* ?z }",
        'SELECT ?x { ?x :p "a\\"b\\\\" , \'\'\'c\n"d\'\'\' , "e"@en-GB , "f"^^xsd:string , """g""h""" }',
        "SELECT ?x { ?x :p (1 ?y (2)) . [ :q [ :r 3 ] ] . (1) :p () . _:b :p _:b.c }",
        "SELECT ?x { { ?x :p 1 } UNION { { ?x :q 2 } } OPTIONAL { ?x :r 3 } MINUS { ?x :s 4 } GRAPH ?g { } }",
        "SELECT ?x { ?x :p ?y FILTER(!(?y = 1 || ?y != 2 && ?y < 3)) FILTER NOT EXISTS { ?x :q ?y } }",
        "SELECT ?x { ?x :p ?y FILTER regex(STR(?y), '^a', 'i') FILTER(?y NOT IN (1, 2) || ?y IN ()) }",
        "SELECT ?x { VALUES ?x { 1 :a } VALUES (?y ?z) { (UNDEF 'b'@en) (true <c:c>) } } VALUES ?q { 1 }",
        "SELECT ?x (COUNT(*) AS ?c) (GROUP_CONCAT(DISTINCT ?y ; SEPARATOR=', ') AS ?g) { ?x :p ?y }"
        " GROUP BY ?x HAVING(COUNT(*) > 1) (SUM(?y) < 9) ORDER BY DESC(?c) ?x LIMIT 5 OFFSET 1",
        "SELECT (SUM(?n) AS ?t) { { SELECT ?x (AVG(?y) AS ?n) { ?x :p ?y } GROUP BY (STR(?x) AS ?k) ?x } }",
        "ASK FROM :a FROM NAMED :b { ?s ?p ?o }",
        "CONSTRUCT { ?s :p [] . ?s :q ?o } WHERE { ?s ?p ?o } LIMIT 1",
        "CONSTRUCT WHERE { ?s :p ?o ; :q 1 }",
        "DESCRIBE * { ?s ?p ?o }",
        "DESCRIBE :a ?x FROM :g WHERE { ?x ?p ?o }",
        "SELECT ?x { SERVICE SILENT <http://s/> { ?x :p ?y } }",
        "SELECT (IF(EXISTS { ?s :p ?o }, COALESCE(?x, 1), -?y) AS ?z) { BIND(<f:f>(1, ?x) AS ?w) }",
        "SELECT (?x<?y AS ?z) { ?x :p ?y . FILTER(?x <?y) }",
    ],
)
def test_what_is_written_back_parses_and_is_a_fixed_point(text):
    written = parse(PREFIXES + text).text()

    assert parse(written).text() == written
    ox.Store().query(written, custom_functions={ox.NamedNode("f:f"): lambda *_: None}, base_iri="http://b/")


@pytest.mark.parametrize("path", QUESTIONS, ids=[path.stem for path in QUESTIONS])
def test_every_competency_question_is_known_to_the_parser(path):
    text = path.read_text(encoding="utf-8")
    written = parse(text).text()

    assert parse(written).text() == written


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { <<( ?s ?p ?o )>> ?q ?r }",
        "SELECT * { ?s ?p ?o {| ?q ?r |} }",
        "SELECT * { ?s ?p ?o ~ :r }",
        "VERSION '1.2' SELECT * {}",
        "SELECT * { LATERAL { ?s ?p ?o } }",
        "SELECT * { ?s un:declared ?o }",
        "SELECT * { ?s ?p }",
        "SELECT * { ?s ?p ?o",
        "SELECT { ?s ?p ?o }",
        "SELECT ?x { FILTER(?x<?a&&?b>?y) }",
        "SELECT * { ?s ?p ?o } garbage",
        "INSERT DATA { :s :p :o }",
        "",
        "SELECT * {" + "{" * 5000 + "}" * 5000 + "}",
    ],
)
def test_what_is_no_sparql_1_1_is_left_to_the_engine(text):
    with pytest.raises(ParseError):
        parse(text)


def test_terms_say_what_they_mean():
    tree = parse("BASE <http://b/c> PREFIX p: <d#> SELECT * { ?s p:x\\~y 'a\\u0041\\t' . <../e> ?p 01.5e0 }")
    first, second = tree.select.where.elements

    assert first.properties[0][0] == Iri("p:x\\~y", "http://b/d#x~y")
    assert first.properties[0][1][0].lexical == "aA\t"
    assert second.subject.value == "http://b/e"
    assert second.properties[0] == (
        Var("p"),
        [Literal("01.5e0", "01.5e0", "http://www.w3.org/2001/XMLSchema#double")],
    )
    assert string_value("'''it's'''") == "it's"
    assert string_value('""') == ""


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("g:h", "g:h"),
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g"),
        ("?y", "http://a/b/c/d;p?y"),
        ("#s", "http://a/b/c/d;p?q#s"),
        ("", "http://a/b/c/d;p?q"),
        ("..", "http://a/b/"),
        ("../../../g", "http://a/g"),
        ("/./g", "http://a/g"),
        ("g;x=1/../y", "http://a/b/c/y"),
        ("g?y/./x", "http://a/b/c/g?y/./x"),
        ("..g", "http://a/b/c/..g"),
    ],
)
def test_a_reference_is_resolved_as_rfc_3986_section_5_4_says(reference, expected):
    assert resolve("http://a/b/c/d;p?q", reference) == expected
