"""Property paths give as many solutions as SPARQL 1.1 Query, section 18.4, says: alternatives, sequences and
negated sets count each way, what repeats a path counts none.

The reference is the specification's own translation, written down here: pairs of terms for each path, joined.
"""

from collections import Counter
from math import prod

import pyoxigraph as ox
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from query_cases import PREFIXES, ask, short, update, view_of
from query_strategies import examples

from incsr.messages import Problem
from incsr.query import alternatives
from incsr.query.alternatives import MAX_BRANCHES
from incsr.query.guard import guard
from incsr.query.plan import Plan, planned
from incsr.query.view import state

NODES = ["a", "b", "c"]
PREDICATES = ["p", "q", "r"]
# Every node is in the data: a path of no length holds of the terms of the graph.
ALWAYS = [("a", "r", "b"), ("c", "r", "c")]

FIRST, REST, NIL = (
    f"<http://www.w3.org/1999/02/22-rdf-syntax-ns#{name}>" for name in ("first", "rest", "nil")
)
WAYS = ":a :p :b ; :q :b , :c . :b :r :d ; :s :d . :c :r :d ."

graphs = st.lists(
    st.tuples(st.sampled_from(NODES), st.sampled_from(PREDICATES), st.sampled_from(NODES)), max_size=8
).map(lambda triples: sorted({*triples, *ALWAYS}))
names_of = st.sampled_from(PREDICATES)
negated = st.lists(st.tuples(st.sampled_from("!^"), names_of), min_size=1, max_size=3).map(
    lambda parts: ("!", *parts)
)


def paths(steps):
    return st.recursive(
        steps,
        lambda inner: st.one_of(
            st.tuples(st.just("|"), inner, inner),
            st.tuples(st.just("|"), inner, inner, inner),
            st.tuples(st.just("/"), inner, inner),
            st.tuples(st.sampled_from("^*+?"), inner),
        ),
        max_leaves=5,
    )


def patterns(ends, steps):
    end = st.sampled_from(ends)
    return st.lists(st.tuples(end, paths(steps), end), min_size=1, max_size=3)


def text(path):
    """A path in SPARQL."""
    if isinstance(path, str):
        return f":{path}"
    sign, *parts = path
    if sign == "!":
        return f"!({'|'.join(('^' if way == '^' else '') + ':' + name for way, name in parts)})"
    if sign == "^":
        return f"^({text(parts[0])})"
    if len(parts) == 1:
        return f"({text(parts[0])}){sign}"
    return f"({sign.join(map(text, parts))})"


def pairs(path, graph):
    """The ends of all ways that a path goes in a graph, each as often as the specification counts it."""
    if isinstance(path, str):
        return [(s, o) for s, p, o in graph if p == path]
    sign, *parts = path
    if sign == "!":
        forward = {name for way, name in parts if way == "!"}
        backward = {name for way, name in parts if way == "^"}
        found = [(s, o) for s, p, o in graph if forward and p not in forward]
        return found + [(o, s) for s, p, o in graph if backward and p not in backward]
    inner = [pairs(part, graph) for part in parts]
    if sign == "^":
        return [(o, s) for s, o in inner[0]]
    if sign == "|":
        return [pair for part in inner for pair in part]
    if sign == "/":
        return [(s, o) for s, middle in inner[0] for start, o in inner[1] if start == middle]
    found = set(inner[0])
    if sign in "*+":
        while more := {(s, o) for s, middle in found for start, o in inner[0] if start == middle} - found:
            found |= more
    return sorted(found | {(node, node) for node in NODES} if sign in "*?" else found)


def solutions(triples, graph, names):
    """How often each row of the variables is a solution of a basic graph pattern."""
    found = [{}]
    for number, (subject, path, object_) in enumerate(triples):
        left, right = (
            f"{end}{number}{place}" if end == "[]" else end for place, end in enumerate((subject, object_))
        )
        joined = []
        for bound in found:
            for s, o in pairs(path, graph):
                more = dict(bound)
                if all(
                    end == f":{term}" if end[0] == ":" else more.setdefault(end, term) == term
                    for end, term in ((left, s), (right, o))
                ):
                    joined.append(more)
        found = joined
    return Counter(tuple(bound.get(name) for name in names) for bound in found)


def asked(view, query):
    """The variables of the answer to a SELECT, and its solutions."""
    result = ask(view, query, accept="application/sparql-results+json")
    assert not isinstance(result, Problem), result
    found = ox.parse_query_results(result[1], ox.QueryResultsFormat.JSON)
    return [f"?{variable.value}" for variable in found.variables], [
        tuple("" if term is None else short(term) for term in row) for row in found
    ]


def data(graph):
    return view_of(" ".join(f":{s} :{p} :{o} ." for s, p, o in graph))


@settings(max_examples=examples(200))
@given(
    graphs,
    patterns(["?x", "?y", "?z", "_:b", "_:c", "[]", ":a", ":b"], st.one_of(names_of, names_of, negated)),
    st.booleans(),
)
def test_paths_have_as_many_solutions_as_the_specification_counts(graph, triples, star):
    where = " . ".join(f"{s} {text(path)} {o}" for s, path, o in triples)
    names = list(dict.fromkeys(end for s, _, o in triples for end in (s, o) if end[0] == "?"))
    head = "*" if star and names else " ".join(names) or "(1 AS ?one)"

    variables, found = asked(data(graph), f"SELECT {head} {{ {where} }}")

    assert variables == (names or ["?one"])
    assert Counter(row[: len(names)] for row in found) == solutions(triples, graph, names)


@settings(max_examples=examples(200))
@given(graphs, patterns(["_:b", "_:c", "[]", ":a", ":b"], names_of))
def test_a_select_star_without_variables_has_as_many_solutions_too(graph, triples):
    assume(prod(number_of_alternatives(path) for _, path, _ in triples) <= MAX_BRANCHES)
    where = " . ".join(f"{s} {text(path)} {o}" for s, path, o in triples)

    variables, found = asked(data(graph), f"SELECT * {{ {where} }}")

    assert variables == []
    assert Counter(found) == solutions(triples, graph, [])


def number_of_alternatives(path):
    if isinstance(path, str) or path[0] in "*+?":
        return 1
    return (sum if path[0] == "|" else prod)(number_of_alternatives(part) for part in path[1:])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("SELECT * { ?a !:q ?b }", "ab", id="at the top"),
        pytest.param("SELECT * { { SELECT * { ?b !:q ?a } } ?a :r/(:p|:q) ?c }", "bac", id="inside"),
        pytest.param("SELECT DISTINCT * { ?z ?p ?a . ?z :q/(:r|:s) ?y }", "zpay", id="distinct"),
        pytest.param("SELECT * { GRAPH ?a { ?b :q/!:q ?c } }", "abc", id="graph"),
        pytest.param(
            "SELECT * { ?a !:q ?b { SELECT * { ?c !:q ?d } VALUES ?e { 1 } } } VALUES ?f { 1 }",
            "abcdef",
            id="values",
        ),
        pytest.param("SELECT * { ?a :p|:q ?b . ?c :r ?d }", "abcd", id="in the order of the text"),
        pytest.param(
            "SELECT * { [] :p|:q ?b MINUS { ?c !:p ?d } OPTIONAL { _:x :p/:q|:r ?e ; :r ?b }"
            " FILTER NOT EXISTS { ?f :x|:y ?g } BIND(1 AS ?h)"
            " { ?i :p|:q ?j } UNION { SELECT ?k (1 AS ?l) { ?k :p|^:q ?m } } }",
            "behijkl",
            id="what is in scope",
        ),
        pytest.param('SELECT * { ?a :p ?x BIND(BNODE("x") AS ?y) }', "axy", id="of a blank node"),
        pytest.param(
            'SELECT * { { SELECT * { ?a :p ?x BIND(BNODE("x") AS ?y) } } }', "axy", id="of one inside"
        ),
    ],
)
def test_no_star_shows_the_variables_that_are_added(query, expected):
    variables, _found = asked(view_of(f"{WAYS} g:one {{ {WAYS} }}"), query)

    assert variables == [f"?{name}" for name in expected]


def test_describe_star_describes_what_the_text_names():
    view = view_of(f"{WAYS} :r :x 1 . :s :x 1 . :p :x 1 .")

    _head, body = ask(view, "DESCRIBE * { :b !:p ?o }", accept="application/n-triples")

    assert b"example.org/x>" not in body


@pytest.mark.parametrize(
    ("short_form", "long_form"),
    [
        ("?a :p|:q ?b , ?c ; :r|:p ?d .", "?a :p|:q ?b . ?a :p|:q ?c . ?a :r|:p ?d ."),
        ("[] :p|:q ?b ; :q ?c", "?n :p|:q ?b . ?n :q ?c"),
        ("[ :p|:q ?b ] :q ?c", "?n :p|:q ?b . ?n :q ?c"),
        ("[ :p|:q ?b ; :q|:p [ :r|:s ?c ] ]", "?n :p|:q ?b . ?n :q|:p ?m . ?m :r|:s ?c"),
        ("?a :q [ :r ?b ] , [ :s|:r ?c ]", "?a :q ?n . ?n :r ?b . ?a :q ?m . ?m :s|:r ?c"),
        ("(:a [ :p|:q ?b ]) :q|:p ?c", f"?n {FIRST} :a . ?n {REST} ?m . ?m {FIRST} ?k . ?k :p|:q ?b ."
                                       f" ?m {REST} {NIL} . ?n :q|:p ?c"),
        ("?a :l (?b) ; :p|:q ?c", f"?a :l ?n . ?n {FIRST} ?b . ?n {REST} {NIL} . ?a :p|:q ?c"),
        ("?a !:p (:a :c) ; :p|:q ?b", f"?a !:p ?n . ?n {FIRST} :a . ?n {REST} ?m . ?m {FIRST} :c ."
                                      f" ?m {REST} {NIL} . ?a :p|:q ?b"),
        ("?a :x|:l () , []", f"?a :x|:l {NIL} . ?a :x|:l ?n"),
        ("() :p|^:l ?b", f"{NIL} :p|^:l ?b"),
        ("_:a :p|:q ?b FILTER(?b != :a) _:a :q|:r ?c", "?n :p|:q ?b FILTER(?b != :a) ?n :q|:r ?c"),
    ],
)  # fmt: skip
def test_what_is_written_short_has_as_many_solutions_as_what_is_written_out(short_form, long_form):
    view = view_of(
        f"{WAYS} (:a :a) :p :b ; :q :b , :c . :d :l (:b) , () ; :x () ; :q :b . :c :l (:a :c) ; :q :d ."
    )
    head = "SELECT (COUNT(*) AS ?count) ?b ?c ?d"

    found = asked(view, f"{head} {{ {short_form} }} GROUP BY ?b ?c ?d")

    assert found[1]
    assert sorted(found[1]) == sorted(asked(view, f"{head} {{ {long_form} }} GROUP BY ?b ?c ?d")[1])


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { _:b :p|:q ?x OPTIONAL { _:b :r ?y } }",
        "SELECT * { _:b :p|:q ?x OPTIONAL { _:b :p|:q ?y } }",
        "SELECT * { _:b :p ?x FILTER EXISTS { _:b !:q ?y } }",
        "SELECT * { { _:b :p|:q ?x } UNION { _:b :r ?y } }",
        "CONSTRUCT WHERE { ?x :p|:q ?y }",
        "SELECT * { ?x :p|!:q ?y } GROUP BY ?x ?y",
    ],
)
def test_what_is_wrong_stays_wrong(query):
    result = ask(view_of(WAYS), query)

    assert isinstance(result, Problem)
    assert (result.status, result.code) == (400, "syntax")


def test_a_label_that_the_engine_lets_past_a_bind_stays_one_node():
    view = view_of(":a :p 1 ; :q 1 . :b :p 2 . :c :q 3 .")

    _names, found = asked(view, "SELECT ?x ?y { _:n :p|:q ?x BIND(1 AS ?z) _:n :q ?y }")

    assert sorted(found) == [("1 integer", "1 integer")] * 2 + [("3 integer", "3 integer")]


def test_what_another_endpoint_is_sent_is_left_as_it_stands():
    text = "SELECT * { ?x :p|:q ?y SERVICE <http://example.org/sparql> { ?x :p|:q ?y } }"
    service = ("http://example.org/sparql",)

    plan = planned(state(view_of(WAYS)), guard(PREFIXES + text, "query", service), None, ())

    assert "SERVICE <http://example.org/sparql> { ?x (:p|:q) ?y . }" in plan.text
    assert plan.text.count("UNION") == 1


def test_an_update_counts_as_a_query_does():
    view = view_of(WAYS)

    update(view, "INSERT { :n :n ?n } WHERE { SELECT (COUNT(*) AS ?n) { ?s :p|:q ?o . ?o !:s ?d } }")

    assert asked(view, "SELECT ?n { :n :n ?n }")[1] == [("3 integer",)]


def test_a_long_path_is_not_multiplied():
    steps = "/".join([f"({'|'.join(f':x{number}' for number in range(20))})"] * 15)

    plan = planned(state(view_of(WAYS)), guard(f"{PREFIXES}SELECT * {{ ?x {steps} ?y }}", "query"), None, ())

    assert len(plan.text) < 20_000
    assert asked(view_of(":a :x1 :a ; :x2 :a ."), f"SELECT (COUNT(*) AS ?n) {{ ?x {steps} ?y }}")[1] == [
        (f"{2**15} integer",)
    ]


def test_a_negated_set_of_nothing_leaves_out_nothing():
    view = view_of(WAYS)

    found, expected = (asked(view, f"SELECT ?y WHERE {{ :a {verb} ?y }}") for verb in ("!()", "?any"))

    assert sorted(found[1]) == sorted(expected[1]) and len(found[1]) == 3


def test_what_is_said_of_a_long_object_is_said_once():
    ways = "|".join(f":p{number}" for number in range(300))
    objects = ", ".join(f":o{number}" for number in range(100))
    reading = guard(f"{PREFIXES}SELECT ?s WHERE {{ ?s {ways} [ :r {objects} ] }}", "query", ())

    plan = planned(state(view_of(WAYS)), reading, None, ())

    assert plan.text.count(":o99") == 1
    assert len(plan.text) < 8 * len(reading.text)


@pytest.mark.parametrize("opening", ["(", "^(", "(:q/", "(:q|", "^(:q|", "(:q|^(", "(:q/(:r|"])
@pytest.mark.parametrize("depth", [20, 90, 126])
def test_a_deeply_nested_path_is_no_failure_of_ours(opening, depth):
    count = depth // opening.count("(")
    path = opening * count + ":p|:q" + ")" * (count * opening.count("("))
    reading = guard(f"{PREFIXES}SELECT ?x WHERE {{ ?x {path} ?y }}", "query", ())

    found = reading.refusal or planned(state(view_of(WAYS)), reading, None, ())

    assert isinstance(found, Plan | Problem)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("SELECT * { :a !() :b }", [()], id="without a variable"),
        pytest.param("SELECT ?o { :a !()+ ?o }", [("b",), ("c",), ("d",)], id="repeated"),
        pytest.param("SELECT ?o { :b ^!() ?o }", [("a",), ("a",)], id="inverse"),
    ],
)
def test_a_negated_set_of_nothing_is_known_wherever_a_path_is(query, expected):
    assert sorted(asked(view_of(WAYS), query)[1]) == expected


def test_a_group_that_would_be_too_long_is_left_to_the_engine(monkeypatch):
    query = "SELECT ?o { :a :p|:q ?o }"
    counted = asked(view_of(WAYS), query)[1]
    monkeypatch.setattr(alternatives, "MAX_WRITTEN", 20)

    left = asked(view_of(WAYS), query)[1]

    assert (sorted(set(left)), len(left), len(counted)) == (sorted(set(counted)), 2, 3)
