"""What is refused before the engine sees it, and that nothing is refused by mistake."""

import contextlib
import socket
import threading
import time
from dataclasses import replace

import pyoxigraph as ox
import pytest
from query_cases import ask, update, view_of

from incsr.messages import Problem
from incsr.query.guard import CHAINS, DEPTHS, Refused, guard
from incsr.query.lexer import Source, tokens

BOMBS = {
    "parentheses": "SELECT * { FILTER(" + "(" * 5000 + "1" + ")" * 5000 + ") }",
    "groups": "SELECT * " + "{" * 5000 + "}" * 5000,
    "nested EXISTS": "SELECT * {" + "FILTER EXISTS { ?s ?p ?o " * 1200 + "}" * 1200 + "}",
    "blank nodes": "SELECT * { ?s ?p " + "[ ?p " * 300 + "1" + "]" * 300 + " }",
    "collections": "SELECT * { ?s ?p " + "(" * 300 + "1" + ")" * 300 + " }",
    "functions": "SELECT * { FILTER(" + "STR(" * 1200 + "?x" + ")" * 1200 + ") }",
    "paths": "SELECT * { ?s " + "(" * 5000 + "<p:p>" + ")*" * 5000 + " ?o }",
    "triple terms": "SELECT * { ?s ?p " + "<<( ?s ?p " * 5000 + "1" + ")>>" * 5000 + " }",
    "||": "SELECT * { FILTER(" + "||".join(["?x"] * 17_000) + ") }",
    "&&": "SELECT * { FILTER(" + "&&".join(["?x"] * 17_000) + ") }",
    "+": "SELECT * { FILTER(" + "+".join(["?x"] * 17_000) + ") }",
    "-": "SELECT * { FILTER(?x" + "-1" * 17_000 + ") }",
    "*": "SELECT * { FILTER(" + "*".join(["?x"] * 17_000) + ") }",
    "!": "SELECT * { FILTER(" + "!" * 17_000 + "?x) }",
    "UNION": "SELECT * {" + " UNION ".join(["{?s ?p ?o}"] * 5000) + "}",
    "OPTIONAL": "SELECT * {" + "OPTIONAL {?s ?p ?o}" * 4500 + "}",
    "MINUS": "SELECT * {?s ?p ?o " + "MINUS {?s ?p ?o}" * 4500 + "}",
    "FILTER": "SELECT * {?s ?p ?o " + "FILTER(?s)" * 17_000 + "}",
    "FILTER, written together": "SELECT * {?s ?p ?o " + "FILTERRAND()" * 14_000 + "}",
    "BIND": "SELECT * {" + "".join(f"BIND(1 AS ?x{n})" for n in range(4500)) + "}",
    "path |": "SELECT * { ?s " + "|".join(["<p:p>"] * 17_000) + " ?o }",
    "path ^": "SELECT * { ?s " + "|".join(["^<p:p>"] * 300) + " ?o }",
    "path /": "SELECT * { ?s " + "/".join(["<p:p>"] * 5000) + " ?o }",
    "AS": "SELECT " + " ".join(f"(1 AS ?v{n})" for n in range(4500)) + " {}",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_a_query_that_would_overflow_the_engines_stack_is_refused_with_its_place(text):
    with pytest.raises(Refused) as caught:
        guard(text, "query")

    problem = caught.value.problem
    assert problem.status in (400, 413)
    assert problem.hint
    if problem.status == 400:
        assert problem.line == 1
        assert problem.excerpt.endswith("^")


def test_a_chain_of_words_written_together_is_placed_where_it_ends():
    text = "SELECT * {\n ?s ?p ?o\n" + " FILTERRAND()" * 500 + "}"

    with pytest.raises(Refused) as caught:
        guard(text, "query")

    assert (caught.value.problem.line, caught.value.problem.column) == (3, 2 + 499 * 13)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { FILTER(?x IN (" + ",".join(["1"] * 20_000) + ")) }",
        "SELECT * { VALUES ?x { " + "-1 " * 20_000 + "} }",
        "SELECT * { FILTER(" + "||".join(["?x"] * CHAINS["||"]) + ") }",
        "SELECT * { FILTER(" + "(" * (DEPTHS["("] - 2) + "1" + ")" * (DEPTHS["("] - 2) + ") }",
        'SELECT * { ?s ?p "' + "(" * 1000 + '" . # ' + "{" * 1000 + "\n }",
        "SELECT * { ?s <http://example.org/" + "(" * 1000 + "> ?o }",
    ],
    ids=["IN", "VALUES", "a chain as long as allowed", "as deep as allowed", "in a string", "in an IRI"],
)
def test_a_long_query_that_harms_nobody_is_answered(text):
    result = ask(view_of(""), text, prefixes="")

    assert not isinstance(result, Problem), result


def test_the_data_of_an_update_may_be_long_and_negative():
    text = "INSERT DATA { " + " ".join(f":s :p -{number} ." for number in range(3000)) + " }"

    result = update(view_of(""), text)

    assert result.status == 204


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("# SELECT\nINSERT DATA { <a:a> <b:b> 1 }", "query", "not-a-query"),
        ("PREFIX select: <http://x/> DELETE WHERE { ?s ?p ?o }", "query", "not-a-query"),
        ("BASE <http://insert/> ASK {}", "update", "not-an-update"),
    ],
)
def test_a_text_of_the_other_kind_is_refused_by_name(text, kind, code):
    with pytest.raises(Refused) as caught:
        guard(text, kind)

    assert caught.value.problem.code == code


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("select * {}", "SELECT"),
        ("PREFIX ask: <http://x/> # construct\n DESCRIBE ask:x", "DESCRIBE"),
        ("\\u0041SK {}", "ASK"),
        ("VERSION '1.2' CONSTRUCT WHERE {}", "CONSTRUCT"),
        ("", ""),
    ],
)
def test_the_form_of_a_query_is_read_from_its_tokens(text, form):
    assert guard(text, "query").form == form


def test_a_text_of_five_hundred_characters_is_read_in_less_time_than_the_engine_takes_for_it():
    text = (
        "PREFIX cbp: <https://w3id.org/incsr/cbp#>\nPREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
        "SELECT ?o ?l (SUM(?v) AS ?sum) WHERE { ?o a cbp:Measurement ; rdfs:label ?l ; cbp:value ?v "
        'FILTER(REGEX(STR(?l), "^cocaine.* in 2012$", "i") && ?v > 100) OPTIONAL { ?o cbp:per ?per } '
        "{ ?o cbp:describes <https://w3id.org/incsr/id/office/field-operations> } UNION { ?o cbp:per ?y } "
        "MINUS { ?o cbp:per ?never . ?never rdfs:comment ?comment . ?comment rdfs:seeAlso ?elsewhere } } "
        "GROUP BY ?o ?l ORDER BY DESC(?sum) LIMIT 100"
    )
    empty = ox.Store()
    ours = engines = 1.0
    for _ in range(200):
        began = time.perf_counter()
        guard(text, "query")
        between = time.perf_counter()
        empty.query(text)
        ended = time.perf_counter()
        ours, engines = min(ours, between - began), min(engines, ended - between)

    assert len(text) > 480
    assert ours < engines


SERVICE = "http://allowed.example/sparql"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { SERVICE <http://other.example/> { ?s ?p ?o } }",
        "SELECT * { service silent <http://other.example/> { ?s ?p ?o } }",
        f"SELECT * {{ SERVICE <{SERVICE}/> {{ ?s ?p ?o }} }}",
        "PREFIX o: <http://other.example/> SELECT * { SERVICE o:sparql { ?s ?p ?o } }",
        "SELECT * { ?x ?p ?o SERVICE ?x { ?s ?p ?o } }",
        "SELECT * { \\u0053ERVICE <http://other.example/> { ?s ?p ?o } }",
        "SELECT * { SERVICE# comment\n<http://other.example/> { ?s ?p ?o } }",
        "ASK { FILTER EXISTS { SERVICE <http://other.example/> {} } }",
        # The engine takes words that are written together.
        "SELECT * { ?s ?p ?o SERVICESILENT <http://other.example/> { } }",
        "SELECT * { ?s ?p trueSERVICE <http://other.example/> { } }",
        "SELECT * { ?s ?p 1SERVICE <http://other.example/> { } }",
        "PREFIX o: <http://other.example/> SELECT * { ?s ?p ?o . SERVICEo:x { } }",
        "PREFIX o: <urn:o> PREFIX SERVICEo: <urn:x> SELECT * { ?s ?p ?o . serviceo:x { } }",
        f"SELECT * {{ SERVICE <{SERVICE}> {{ }} ?s ?p ?o SERVICESILENT <{SERVICE}> {{ }} }}",
        # The lexer takes <2#> for an IRI, the engine a comparison and a comment: what follows hides SERVICE.
        "SELECT * { ?s ?p ?o FILTER(1<2#>'''\n) SERVICE <http://other.example/> { } #'''\n}",
        "SELECT * { ?s ?p ?o FILTER(?o<'''>' || '''') SERVICE <http://other.example/> { } #'''\n}",
    ],
)
def test_service_is_refused_unless_its_very_iri_is_allowed(text):
    reading = guard(text, "query", service_allow=(SERVICE,))

    assert reading.refusal is not None
    assert reading.refusal.status == 403


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT * {{ SERVICE <{SERVICE}> {{ ?s ?p ?o }} }}",
        "PREFIX a: <http://allowed.example/> SELECT * { SERVICE SILENT a:sparql { ?s ?p ?o } }",
        'SELECT * { ?s ?p "SERVICE <http://other.example/> {}" }',
        "SELECT * { ?s ?p ?o # SERVICE <http://other.example/> {}\n}",
        "PREFIX service: <http://x/> SELECT ?service { ?service service:load <http://x/#SERVICE> }",
        "SELECT * { VALUES (?a ?b) { (<http://x#load> <http://x#load>) } FILTER(?a < ?b) }",
    ],
)
def test_what_is_allowed_or_only_looks_like_service_is_not_refused(text):
    assert guard(text, "query", service_allow=(SERVICE,)).refusal is None


@pytest.fixture
def listener():
    """An address, and the calls that came there; each is closed at once."""
    called = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    client, address = server.accept()
                    client.close()
                    called.append(address)

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()

        def others():
            """Who called, but ourselves: calls are accepted in the order in which they come."""
            with socket.create_connection(server.getsockname()) as own:
                end = time.monotonic() + 20
                while own.getsockname() not in called and time.monotonic() < end:
                    time.sleep(0.01)
                return [address for address in called if address != own.getsockname()]

        yield f"http://127.0.0.1:{server.getsockname()[1]}/", others
        server.shutdown(socket.SHUT_RDWR)
        accepting.join(5)


@pytest.mark.parametrize("allowed", [(), ("http://allowed.example/",)], ids=["nothing allowed", "another"])
@pytest.mark.parametrize(
    "text",
    [
        "SELECT * {{ ?s :p ?o SERVICESILENT <{0}> {{ ?s ?p ?o }} }}",
        "SELECT * {{ SERVICE <urn:no> {{ }} ?s :p ?o SERVICESILENT <{0}> {{ ?s ?p ?o }} }}",
        "SELECT * {{ ?s :p trueSERVICE <{0}> {{ ?s ?p ?o }} }}",
        "SELECT * {{ ?s :p 1SERVICE <{0}> {{ ?s ?p ?o }} }}",
        "PREFIX x: <{0}> SELECT * {{ ?s :p ?o . SERVICEx:a {{ ?s ?p ?o }} }}",
        "PREFIX x: <{0}> SELECT * {{ ?s :p trueSERVICEx:a {{ ?s ?p ?o }} }}",
        "LOADSILENT <{0}>",
        "LOAD <urn:no> ; LOADSILENT <{0}>",
        "PREFIX x: <{0}> LOADx:a",
        "PREFIX x: <{0}> INSERT DATA {{ :a :b 1 }} ; loadx:a INTO GRAPH :g",
        "PREFIX x: <{0}> INSERT {{ :a :b 1 }} WHERE {{ ?s :p ?o . SERVICEx:a {{ ?s ?p ?o }} }}",
    ],
)
def test_words_that_are_written_together_reach_nobody(listener, text, allowed):
    address, callers = listener
    view = replace(view_of(":s :p 1, true ."), service_allow=allowed)
    change = "LOAD" in text.upper() or "INSERT" in text

    result = (update if change else ask)(view, text.format(address))

    assert result.status in (400, 403)
    assert callers() == []


def test_the_engine_itself_takes_words_that_are_written_together(listener):
    address, callers = listener
    with contextlib.suppress(OSError, RuntimeError):
        list(view_of(":s :p 1 .").store.query(f"SELECT * {{ SERVICESILENT <{address}> {{ ?s ?p ?o }} }}"))

    assert callers()


@pytest.mark.parametrize(
    "text", ["LOAD <http://other.example/x>", "LOAD <file:///etc/passwd> INTO GRAPH g:x"]
)
def test_load_is_refused(text):
    view = view_of("")

    result = update(view, text)

    assert result.status == 403
    assert "LOAD" in result.title


def test_load_silent_fails_silently_and_reaches_nothing():
    view = view_of("")

    result = update(view, "LOAD SILENT <http://127.0.0.1:9/x> INTO GRAPH g:x ; INSERT DATA { :s :p 1 }")

    assert result.status == 204
    assert len(view.store) == 2  # in the default graph and the union


@pytest.mark.parametrize("text", ["SELECT * { SERVICE ?x {} ", "SELECT * { SERVICE <http://x/> {} } }"])
def test_wrong_syntax_goes_before_a_refusal(text):
    result = ask(view_of(""), text)

    assert (result.status, result.code) == (400, "syntax")


def test_lines_and_columns_are_those_of_the_text_as_it_was_sent():
    source = Source("# \\u00e9\r\nSELECT ?\\u0061\\u0062 { ?x }")
    token = next(token for token in tokens(source.text) if token.text == "}")

    assert source.line_column(token.start) == (2, 27)


def test_a_comment_that_ends_the_text_has_no_tokens():
    assert [token.text for token in tokens("ASK {} # SERVICE { }")] == ["ASK", "{", "}"]
