"""What makes queries fast leaves their answers alone: templates, reordered patterns, counts kept ready.

Each optimised answer is compared with the one that comes without, or the engine's own, on generated data and
queries; and one by one, that the optimisation is there, since it would pass the comparison by doing nothing.
"""

import re
import subprocess
import sys
from collections import Counter

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from query_cases import PREFIXES, ask, view_of
from query_strategies import NUMBERS, STRINGS, data, groups

from incsr.messages import Limits, Problem, ReadJob
from incsr.query import statistics, templates
from incsr.query.view import UNION_GRAPH, state
from incsr.workers import frames

# Values that the engine spells as they are, so that its own answer is the reference.
VALUES = [*NUMBERS, *STRINGS]
JSON = "application/sparql-results+json"


def solutions(result):
    if isinstance(result, ox.QueryBoolean):
        return bool(result)
    names = [variable.value for variable in result.variables]
    return names, Counter(tuple(map(str, row)) for row in result)


def of_the_engine(view, text):
    return solutions(view.store.query(PREFIXES + text, default_graph=[UNION_GRAPH], named_graphs=[]))


def ours(view, text):
    answered = ask(view, text, accept=JSON)
    if isinstance(answered, Problem):
        return answered
    _head, body = answered
    return solutions(ox.parse_query_results(body, ox.QueryResultsFormat.JSON))


def the_long_way(view, text):
    """Our own answer without what is tested here: guarded, mended, in the order of the text."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(templates, "fitted", lambda *_arguments: None)
        return ours(view, text)


def fitted(view, text):
    """The plan and the text that is run, or None where the query takes the long way."""
    job = ReadJob("query", PREFIXES + text, limits=Limits())
    known = state(view)
    found = templates.fitted(view, known, job)
    if found is None:
        return None
    template, constants = found
    return template.plan, template.text(text, constants, known, view)


plain = groups(VALUES, graphs=False, paths=True)
written_out = st.booleans()


def with_whole_iris(text, whole):
    return re.sub(r"(?<![\w\"]):(\w)\b", r"<http://example.org/\1>", text) if whole else text


@settings(max_examples=120, deadline=None)
@given(data(VALUES), st.lists(plain, min_size=1, max_size=4), written_out)
def test_the_same_solutions_come_by_the_short_way_as_by_the_long_one(trig, insides, whole):
    view = view_of(trig)
    for inside in insides:
        text = with_whole_iris(f"SELECT ?x ?y ?z ?w WHERE {{ {inside} }}", whole)

        assert ours(view, text) == the_long_way(view, text)


joined = st.lists(
    st.tuples(
        st.sampled_from(["?x", "?y", "?z", "?w", ":a", ":b", "_:b"]),
        st.sampled_from([":p", ":q", ":r", "?v"]),
        st.sampled_from(["?x", "?y", "?z", "?w", ":a", ":b", "1", '"x"', "_:b"]),
    ).map(" ".join),
    min_size=2,
    max_size=6,
).map(" . ".join)


@settings(max_examples=120, deadline=None)
@given(data(VALUES), joined, st.sampled_from(["", "FILTER(?x != :a)", "OPTIONAL { ?x :r ?n }"]), written_out)
def test_reordering_a_basic_graph_pattern_keeps_its_solutions(trig, patterns, more, whole):
    view = view_of(trig)
    text = with_whole_iris(f"SELECT * WHERE {{ {patterns} {more} }}", whole)

    names, found = ours(view, text)
    engines_names, expected = of_the_engine(view, text)

    assert sorted(names) == sorted(engines_names)
    order = [engines_names.index(name) for name in names]
    assert found == Counter({tuple(row[i] for i in order): n for row, n in expected.items()})


COUNTS = (
    "SELECT (COUNT(*) AS ?c) WHERE { ?s ?p ?o }",
    "SELECT (COUNT(?s) AS ?c) { ?s :p ?o . }",
    "SELECT (COUNT(*) AS ?c) { ?s <http://example.org/q> ?o }",
    "SELECT (COUNT(*) AS ?c) { ?s a :a }",
    "SELECT (COUNT(*) AS ?c) { :a ?p ?o }",
    "SELECT (COUNT(*) AS ?c) { ?s ?p :nothing }",
    "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p",
    "SELECT ?p (COUNT(?o) AS ?n) { ?s ?p ?o } GROUP BY ?p ORDER BY DESC(?n) ?p LIMIT 2",
    "SELECT (COUNT(?s) AS ?n) ?class { ?s a ?class } GROUP BY ?class ORDER BY ?class",
    "SELECT DISTINCT ?p { ?s ?p ?o }",
    "SELECT DISTINCT ?class { ?s a ?class } ORDER BY ?class OFFSET 1",
)
# So near to the forms above that they could be taken for them.
NO_COUNTS = (
    "SELECT (COUNT(*) AS ?c) { ?s ?p ?s }",
    "SELECT (COUNT(DISTINCT ?s) AS ?c) { ?s ?p ?o }",
    "SELECT (COUNT(?x) AS ?c) { ?s ?p ?o }",
    "SELECT (COUNT(*) AS ?c) { ?s ?p ?o } GROUP BY ?s",
    "SELECT (COUNT(*) AS ?c) { ?s ?p ?o } LIMIT 0",
    "SELECT (COUNT(*) AS ?c) { ?s ?p ?o FILTER(?o > 1) }",
    "SELECT (COUNT(*) AS ?c) { ?s ?p 1 }",
    "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p HAVING(COUNT(*) > 1)",
    "SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?s",
    "SELECT ?p { ?s ?p ?o }",
    "SELECT REDUCED ?p { ?s ?p ?o }",
    "SELECT DISTINCT ?p { ?s ?p ?o } VALUES ?p { :p }",
)


@settings(max_examples=8, deadline=None)
@given(data(["1", ":c"]))
@pytest.mark.parametrize("text", COUNTS + NO_COUNTS)
def test_counts_are_those_of_the_engine(text, trig):
    view = view_of(trig.replace(":r ", "a "))

    assert ours(view, text) == of_the_engine(view, text)


@pytest.mark.parametrize("text", COUNTS)
def test_a_count_is_answered_without_a_scan(text):
    _plan, run = fitted(view_of(":a :p :b . :b a :a ; :q 2 ."), text)

    assert "?s" not in run.partition("{")[2]


@pytest.mark.parametrize("text", NO_COUNTS)
def test_what_only_looks_like_a_count_is_evaluated(text):
    _plan, run = fitted(view_of(":a :p :b . :b a :a ."), text)

    assert "?s ?p" in run


def test_a_count_that_was_asked_for_is_not_counted_again():
    view = view_of(":a :p :b .")
    ours(view, COUNTS[0])
    state(view).counts[(None, None, None)] = 41

    assert ours(view, COUNTS[0]) == (["c"], Counter({(str(ox.Literal(41)),): 1}))


def test_a_count_follows_the_version_of_the_data():
    view = view_of(":a :p :b .")
    before = ours(view, COUNTS[0])
    view.store.add(ox.Quad(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), ox.Literal("o"), UNION_GRAPH))
    view.version = "2"

    assert ours(view, COUNTS[0]) != before


def test_the_rarest_pattern_comes_first():
    many = " ".join(f":s{number} :p :x ; :q :t ." for number in range(50))
    view = view_of(f"{many} :s7 :r :rare .")

    _plan, run = fitted(view, "SELECT ?s { ?s :p ?o . ?s :q :t . ?s :r :rare }")

    assert run.index("/rare>") < run.index("/q>") and run.index("/rare>") < run.index("/p> ?o")


def test_constants_that_are_fresh_share_a_template_and_get_their_own_answers():
    view = view_of(":a :p 1 . :b :p 2 . :b :q :a .")
    text = "SELECT ?x {{ <http://example.org/{}> :p ?x }} # {}"

    answers = [ours(view, text.format(*each))[1] for each in (("a", 1), ("b", 2), ("c", 3))]

    assert [sum(answer.values()) for answer in answers] == [1, 1, 0]
    assert answers[0] != answers[1]
    assert len(state(view).templates) == 1


def test_equal_and_different_constants_are_different_templates():
    view = view_of(":a :p :b .")

    for two in (("a", "b"), ("b", "a"), ("a", "a")):
        text = "ASK {{ <http://example.org/{}> :p* <http://example.org/{}> }}".format(*two)
        _head, body = ask(view, text, accept=JSON)
        assert body.decode().endswith(f'{"true" if two in (("a", "b"), ("a", "a")) else "false"}}}')

    assert len(state(view).templates) == 2


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { GRAPH <http://example.org/graph/one> { ?s ?p ?o } }",
        "SELECT * FROM <http://example.org/graph/one> { ?s ?p ?o }",
        'SELECT * { ?s ?p """x""" }',
        'SELECT * { ?s ?p "a\\"b" }',
        "SELECT * { ?s ?p ?é }",
        "BASE <http://example.org/> SELECT * { <a> ?p ?o }",
        'SELECT * { ?s ?p "01" ^^<http://www.w3.org/2001/XMLSchema#integer> }',
        'SELECT * { ?s ?p "01"^^ <http://www.w3.org/2001/XMLSchema#integer> }',
        "PREFIX#\n i: <urn:> SELECT * { ?s i:p ?o }",
        "PREFIX i:<urn:i:>PREFIX#\n j: <urn:> SELECT (j:x AS ?n) {}",
    ],
)
def test_what_constants_could_change_takes_the_long_way(text):
    assert fitted(view_of(":a :p :b ."), text) is None


def test_an_error_speaks_of_the_text_as_it_was_sent():
    problem = ask(view_of(""), "SELECT * {\n <http://example.org/long-long-long> ?p ?o ; \n FILTER }")

    assert (problem.code, problem.line) == ("syntax", 4)


@pytest.mark.parametrize(
    "text",
    [
        "PREFIX i: <urn:incsr:> SELECT (COUNT(*) AS ?n) { ?s i:c:7 ?o }",
        "PREFIX i: <urn:incsr:> SELECT * { <http://example.org/a> i:c:0 ?o }",
        "PREFIX i: <urn:incsr:c> SELECT * { <http://example.org/a> i::0 ?o }",
        "PREFIX : <urn:incsr:c:> SELECT * { <http://example.org/a> ?p :0 }",
        'SELECT * { <http://example.org/a> ?p ?o FILTER(?o != "incsr:c:0") }',
    ],
)
def test_no_name_that_a_client_can_write_stands_for_a_constant(text):
    view = view_of("<http://example.org/a> <http://example.org/a> <http://example.org/a> .")

    assert ours(view, text) == the_long_way(view, text)


def test_the_mark_of_a_constant_is_not_the_same_twice():
    program = "from incsr.query import templates; print(templates._MARK)"
    marks = {
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _process in range(2)
    }

    assert len(marks) == 2


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param("BASE <http://a.b/> SELECT * { <x> ?p ?o . ?o ?q <#y> }", 200, id="relative IRIs"),
        pytest.param("PREFIX bad: <no scheme> SELECT * { bad:a ?p ?o . ?o ?q bad:b }", 400, id="no IRI"),
        pytest.param("PREFIX x: <http://[x/> SELECT * { x:a ?p ?o . ?o ?q x:b }", 400, id="ill-formed IRI"),
    ],
)
def test_what_is_no_absolute_iri_is_not_counted(text, status):
    view = view_of("g:one { :a :p :b . :b :p :c . }")

    result = ask(view, text, accept=JSON)

    assert (result.status if isinstance(result, Problem) else result[0].status) == status


def test_what_took_long_to_count_is_told_and_believed(monkeypatch):
    monkeypatch.setattr(statistics, "WORTH_TELLING_S", 0.0)
    data = ":a a :C ; :p 1 . :b a :C , :D ."
    first, second = view_of(data), view_of(data)
    asked = (
        "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
        "SELECT (COUNT(*) AS ?n) { ?s :p ?o }",
        "SELECT ?c (COUNT(*) AS ?n) { ?s a ?c } GROUP BY ?c",
        "SELECT DISTINCT ?p { ?s ?p ?o }",
    )
    for text in asked:
        ours(first, text)

    lesson = statistics.news(first)
    assert statistics.news(first) == b""
    assert frames.is_lesson(lesson)
    statistics.learn(second, lesson)
    monkeypatch.setattr(statistics, "_tell", None)  # whoever counts now fails

    assert [ours(second, text) for text in asked] == [ours(first, text) for text in asked]


def test_what_is_counted_at_once_is_told_to_nobody():
    view = view_of(":a a :C .")

    ours(view, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")

    assert statistics.news(view) == b""
