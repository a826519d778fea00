"""The contract of `python -m conformance`: what fails says why, and what passed before must pass.

A suite of a few tests, in the W3C's vocabulary, stands in for the suites, which are no part of the project.
"""

from pathlib import Path

import pyoxigraph as ox
import pytest

from conformance import compare, manifests
from conformance.__main__ import main
from conformance.report import Outcome, baseline_lines, page, regressions

XSD = "http://www.w3.org/2001/XMLSchema#"
MANIFEST = """\
@prefix : <http://example.org/manifest#> .
@prefix mf: <http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#> .
@prefix qt: <http://www.w3.org/2001/sw/DataAccess/tests/test-query#> .
@prefix ut: <http://www.w3.org/2009/sparql/tests/test-update#> .
@prefix ht: <http://www.w3.org/2011/http#> .
@prefix cnt: <http://www.w3.org/2011/content#> .
@prefix hts: <http://www.w3.org/2011/http-statusCodes#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .

<> a mf:Manifest ; mf:entries ( :right :wrong :graph :malformed :well-formed :change :asked ) .

:right a mf:QueryEvaluationTest ; mf:name "right" ;
    mf:action [ qt:query <select.rq> ; qt:data <data.ttl> ] ; mf:result <right.srj> .
:wrong a mf:QueryEvaluationTest ; mf:name "wrong" ;
    mf:action [ qt:query <select.rq> ; qt:data <data.ttl> ] ; mf:result <wrong.srj> .
:graph a mf:QueryEvaluationTest ; mf:name "graph" ;
    mf:action [ qt:query <construct.rq> ; qt:data <data.ttl> ] ; mf:result <data.ttl> .
:malformed a mf:NegativeSyntaxTest11 ; mf:name "malformed" ; mf:action <malformed.rq> .
:well-formed a mf:PositiveSyntaxTest11 ; mf:name "well-formed" ; mf:action <select.rq> .
:change a mf:UpdateEvaluationTest ; mf:name "change" ;
    mf:action [ ut:request <change.ru> ; ut:data <data.ttl> ] ;
    mf:result [ ut:graphData [ ut:graph <data.ttl> ; rdfs:label "http://example.org/g" ] ] .
:asked a mf:ProtocolTest ; mf:name "asked" ; mf:action [ ht:requests ( [
    ht:methodName "POST" ; ht:absolutePath "/sparql/" ;
    ht:headers ( [ ht:fieldName "content-type" ; ht:fieldValue "application/sparql-query" ] ) ;
    ht:body [ cnt:characterEncoding "UTF-8" ; cnt:chars "ASK {}" ] ;
    ht:resp [ mf:expectedStatus hts:StatusCode2xx ; mf:expectedFormat "boolean" ; mf:expectedBoolean true ]
] ) ] .
"""
FILES = {
    "manifest.ttl": MANIFEST,
    "data.ttl": "<s> <p> 01 , [ <q> <o> ] .",
    "select.rq": "SELECT ?v { <s> <p> ?v }",
    "construct.rq": "CONSTRUCT WHERE { ?s ?p ?o }",
    "malformed.rq": "SELECT {",
    "change.ru": "MOVE DEFAULT TO <http://example.org/g>",
    "right.srj": '{"head":{"vars":["v"]},"results":{"bindings":[{"v":{"type":"bnode","value":"x"}},'
    f'{{"v":{{"type":"literal","value":"01","datatype":"{XSD}integer"}}}}]}}}}',
    "wrong.srj": '{"head":{"vars":["v"]},"results":{"bindings":[{"v":{"type":"bnode","value":"x"}},'
    f'{{"v":{{"type":"literal","value":"2","datatype":"{XSD}integer"}}}}]}}}}',
}
BASE = "http://example.org/manifest#"


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    root = tmp_path_factory.mktemp("suite")
    folder = root / "sparql11" / "tiny"
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    return root


@pytest.fixture(scope="module")
def ran(suite, tmp_path_factory):
    """One run without a baseline, its exit code and what it wrote."""
    folder = tmp_path_factory.mktemp("ran")
    files = {name: folder / name for name in ("earl.ttl", "page.md", "passed.txt")}
    code = main(
        [
            str(suite),
            *("--earl", str(files["earl.ttl"])),
            *("--page", str(files["page.md"])),
            *("--baseline", str(files["passed.txt"])),
        ]
    )
    return code, files


def test_a_run_without_a_baseline_loses_nothing(ran):
    assert ran[0] == 0


def test_the_report_counts_and_says_why_a_test_fails(ran):
    text = ran[1]["page.md"].read_text("utf-8")

    assert "| Query 1.1 | 2 | 3 |" in text
    for group in (
        "Syntax 1.1 | 2 | 2",
        "Update | 1 | 1",
        "Protocol: query | 1 | 1",
        "**all** | **6** | **7**",
    ):
        assert f"| {group} |" in text
    assert f"[wrong]({BASE}wrong): 2 solutions for 2; missing ?v=" in text


def test_earl_asserts_each_test(ran):
    store = ox.Store()
    store.load(path=str(ran[1]["earl.ttl"]), format=ox.RdfFormat.TURTLE)

    rows = store.query(
        "PREFIX earl: <http://www.w3.org/ns/earl#> SELECT ?test ?outcome "
        "{ ?a a earl:Assertion ; earl:test ?test ; earl:subject ?s ; earl:result [ earl:outcome ?outcome ] }"
    )
    outcomes = {row["test"].value.removeprefix(BASE): row["outcome"].value.rpartition("#")[2] for row in rows}
    assert outcomes.pop("wrong") == "failed"
    assert set(outcomes) == {"right", "graph", "malformed", "well-formed", "change", "asked"}
    assert set(outcomes.values()) == {"passed"}


@pytest.mark.parametrize(
    ("passed", "only", "code", "said"),
    [
        pytest.param("right", "right", 0, "", id="what passed still passes"),
        pytest.param("wrong", "wrong", 1, f"passed before: {BASE}wrong", id="what passed fails"),
        pytest.param("gone", "right", 1, "no longer in the suite", id="what passed is not there"),
    ],
)
def test_a_test_that_passed_before_must_pass(suite, tmp_path, capsys, passed, only, code, said):
    baseline = tmp_path / "passed.txt"
    baseline.write_text(f"{BASE}{passed}\n", "utf-8")

    assert main([str(suite), "--only", f"#{only}", "--baseline", str(baseline)]) == code
    assert said in capsys.readouterr().err


def test_a_run_that_leaves_tests_out_cannot_become_the_baseline(suite, tmp_path, capsys):
    baseline = tmp_path / "passed.txt"

    assert main([str(suite), "--only", "#right", "--accept", "--baseline", str(baseline)]) == 2
    assert not baseline.exists() and "--only" in capsys.readouterr().err


def test_a_folder_without_suites_is_misuse(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    assert "sparql11" in capsys.readouterr().err


def test_the_committed_baseline_is_sorted_and_the_committed_report_agrees_with_it():
    folder = Path(manifests.__file__).parent
    lines = (folder / "passed.txt").read_text("utf-8").splitlines()
    report = (folder.parent / "docs" / "conformance.md").read_text("utf-8")

    assert lines == sorted(set(lines)) and len(lines) > 1000
    assert f"| **all** | **{len(lines)}** |" in report


def outcome(name, reason=""):
    return Outcome(
        manifests.Test(BASE + name, "", name, "Query 1.1", ox.NamedNode(BASE + name), None), reason
    )


def test_only_a_failure_of_what_passed_is_a_regression():
    outcomes = [outcome("a"), outcome("b", "why"), outcome("c", "why")]

    assert [o.test.iri for o in regressions(outcomes, {BASE + "a", BASE + "c"})] == [BASE + "c"]
    assert baseline_lines(outcomes) == f"{BASE}a\n"


def test_a_reason_cannot_break_the_page():
    text = "".join(page([outcome("a", "<b> | `x`\nnext")]))

    assert "\\<b\\> \\| \\`x\\` next" in text


def table(*rows, variables=("x", "y")):
    return compare.Table(variables, [dict(zip(variables, row, strict=True)) for row in rows])


A, B = ox.BlankNode("a"), ox.BlankNode("b")
ONE, TWO = ox.Literal(1), ox.Literal(2)


@pytest.mark.parametrize(
    ("found", "wanted", "same"),
    [
        pytest.param([(ONE, TWO), (TWO, ONE)], [(TWO, ONE), (ONE, TWO)], True, id="in any order"),
        pytest.param([(ONE, TWO)], [(ONE, TWO), (ONE, TWO)], False, id="but as often"),
        pytest.param([(A, B)], [(B, A)], True, id="blank nodes by another name"),
        pytest.param([(A, A)], [(A, B)], False, id="one blank node is not two"),
        pytest.param([(A, B)], [(A, A)], False, id="two blank nodes are not one"),
        pytest.param([(A, ONE), (B, TWO), (A, TWO)], [(B, ONE), (A, TWO), (B, TWO)], True, id="over rows"),
        pytest.param(
            [(A, ONE), (B, TWO), (A, TWO)], [(B, ONE), (A, TWO), (A, ONE)], False, id="not over rows"
        ),
        pytest.param([(ONE, ox.Literal("1"))], [(ONE, ONE)], False, id="a string is no number"),
        pytest.param(
            [(ox.Literal("1.0", datatype=ox.NamedNode(f"{XSD}decimal")), ONE)],
            [(ox.Literal("1.00", datatype=ox.NamedNode(f"{XSD}decimal")), ONE)],
            True,
            id="numbers by value",
        ),
        pytest.param([(ox.Literal(1.0), ONE)], [(ONE, ONE)], False, id="and by datatype"),
    ],
)
def test_solutions_are_compared_as_a_bag_under_one_renaming(found, wanted, same):
    assert compare.same_solutions(table(*found), table(*wanted)) is same


def test_order_and_reduced_are_compared_as_they_promise():
    one, other = table((ONE, TWO), (TWO, ONE)), table((TWO, ONE), (ONE, TWO))
    twice = table((ONE, TWO), (ONE, TWO))

    assert not compare.same_solutions(one, other, ordered=True)
    assert compare.same_solutions(one, one, ordered=True)
    assert compare.same_solutions(table((ONE, TWO)), twice, lax=True)
    assert not compare.same_solutions(twice, table((ONE, TWO)), lax=True)
    assert not compare.same_solutions(table((ONE, TWO)), table((ONE, TWO), variables=("x", "z")))


def test_graphs_are_equal_up_to_blank_nodes():
    def graph(text):
        return list(ox.parse(text, format=ox.RdfFormat.TURTLE))

    assert compare.isomorphic(graph("_:a <urn:p> _:b ."), graph("_:x <urn:p> _:y ."))
    assert not compare.isomorphic(graph("_:a <urn:p> _:b ."), graph("_:x <urn:p> _:x ."))
