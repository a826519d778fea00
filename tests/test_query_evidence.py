"""`evidence=1`: the solutions are exactly those without it; each comes with the measurements and statements
of its own matches; rows from different facts share none; without its facts a row is another; what cannot be
followed is said."""

import json

import inline
import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incsr import questions
from incsr.messages import Limits, Problem, ReadJob
from incsr.namespaces import BASE, ID, PREFIXES
from incsr.store.dataset import Dataset
from incsr.workers.executors import InlineExecutor

PROLOGUE = "".join(f"PREFIX {prefix}: <{iri}> " for prefix, iri in PREFIXES.items())


def answered(query, evidence=True, run=None, prologue=PROLOGUE, **more):
    job = ReadJob("query", prologue + query, base_iri=BASE, evidence=evidence, **{"format": "json", **more})
    return (run or inline.executor().run)(job)


def evident(query, run=None):
    """The solutions and the evidence of each, as JSON has them."""
    head, body = answered(query, run=run)
    assert not isinstance(head, Problem), head
    answer = json.loads(body)
    assert len(answer["evidence"]) == len(answer["results"]["bindings"])
    return list(zip(answer["results"]["bindings"], answer["evidence"], strict=True))


def iris(facts):
    return [fact["iri"].removeprefix(ID) for fact in facts if "iri" in fact]


def reasons(facts):
    return [fact["unknown"] for fact in facts if "iri" not in fact]


# ── what each solution rests on ─────────────────────────────────────────────


def test_row_comes_with_the_words_offsets_and_passage_of_its_measurement():
    ((row, facts),) = evident(
        "SELECT ?v { ?m cbp:indicator indicator:drugs-seized ; sdmx-measure:obsValue ?v "
        "GRAPH graph:incsr2014 { ?m a cbp:Measurement } }"
    )

    assert row["v"]["value"] == "759000"
    assert facts == [
        {
            "iri": f"{ID}measurement/2014-drugs-seized",
            "quotation": "more than 759,000 pounds of drugs",
            "start": 980,
            "end": 1013,
            "passage": f"{BASE}source/incsr2014-cbp.txt#char=980,1013",
        }
    ]


def test_relation_rests_on_its_statement():
    found = evident("SELECT ?o { office:border-patrol cbp:counters ?o } ORDER BY ?o")

    assert len(found) == 5
    for row, facts in found:
        slug = row["o"]["value"].rsplit("/", 1)[1]
        assert iris(facts) == [f"statement/border-patrol-counters-{slug}"]


def test_group_rests_on_all_of_its_measurements_and_the_whole_on_all():
    members = (
        "?m sdmx-dimension:refPeriod period:FY2013 ; cbp:describes office:border-patrol ; "
        "sdmx-measure:obsValue ?v ."
    )

    groups = evident(
        f"SELECT (SUM(?v) AS ?sum) {{ GRAPH graph:incsr2014 {{ {members} ?m sdmx-dimension:refArea ?a }} }} "
        "GROUP BY ?a"
    )
    ((whole, facts),) = evident(f"SELECT (SUM(?v) AS ?sum) {{ GRAPH graph:incsr2014 {{ {members} }} }}")

    assert whole["sum"]["value"] == "456"
    assert [len(iris(each)) for _, each in groups] == [1] * 6
    assert sorted(iri for _, each in groups for iri in iris(each)) == sorted(iris(facts))


def test_branch_that_was_not_taken_is_no_evidence():
    found = evident(
        "SELECT ?m ?per { GRAPH graph:incsr2014 { ?m cbp:describes agency:cbp "
        "OPTIONAL { ?x cbp:indicator indicator:ports-of-entry ; cbp:describes office:field-operations "
        "FILTER (?m = measurement:2014-drugs-seized) } } }"
    )

    for row, facts in found:
        own = row["m"]["value"].removeprefix(ID)
        expected = (
            {own}
            if own != "measurement/2014-drugs-seized"
            else {own, "measurement/2014-ports-of-entry-overseen"}
        )
        assert own in iris(facts)
        assert len(iris(facts)) == len(expected)


def test_branch_of_a_union_that_was_not_taken_is_no_evidence_though_its_triple_is_true():
    found = evident(
        "SELECT ?l { VALUES ?o { concept:drug-smugglers } "
        "{ office:border-patrol cbp:counters ?o } UNION { ?o skos:prefLabel ?l } }"
    )

    told = {"l" in row: iris(facts) for row, facts in found}
    assert told[False] == ["statement/border-patrol-counters-drug-smugglers"]
    assert told[True] == ["concept/drug-smugglers"]


def test_path_in_sequence_and_blank_node_are_followed():
    path = evident(
        "SELECT ?l { GRAPH graph:incsr2014 { "
        "?m cbp:qualifier cbp:OnAverage ; cbp:indicator/skos:prefLabel ?l } }"
    )
    node = evident(
        "SELECT ?v { GRAPH graph:incsr2014 { [ cbp:qualifier cbp:OnAverage ; sdmx-measure:obsValue ?v ] } }"
    )

    assert [iris(facts) for _, facts in path] == [["measurement/2014-illicit-currency-seized"]]
    assert [iris(facts) for _, facts in node] == [["measurement/2014-illicit-currency-seized"]]


def test_alternatives_of_a_path_are_followed_and_only_the_one_taken_is_evidence():
    found = evident(
        "SELECT ?o { office:border-patrol (cbp:counters|cbp:operates|(org:subOrganizationOf/^cbp:uses)) ?o }"
    )
    one_by_one = [
        (row["o"]["value"], iris(facts))
        for path in ("cbp:counters", "cbp:operates", "org:subOrganizationOf/^cbp:uses")
        for row, facts in evident(f"SELECT ?o {{ office:border-patrol {path} ?o }}")
    ]

    assert sorted((row["o"]["value"], iris(facts)) for row, facts in found) == sorted(one_by_one)
    assert not any(reasons(facts) for _, facts in found)
    assert len({tuple(facts) for _, facts in one_by_one}) > 2


def test_subquery_that_hides_its_variable_is_followed_and_joins_with_nothing():
    found = evident(
        "SELECT ?area ?m { { SELECT ?area { GRAPH graph:incsr2014 { ?m sdmx-dimension:refArea ?area ; "
        "cbp:describes office:border-patrol ; cbp:indicator ?i } } } "
        "?area skos:prefLabel ?m FILTER (?area = country:GT) }"
    )

    assert {row["m"]["value"] for row, _ in found} == {"Guatemala"}
    assert {iri for _, facts in found for iri in iris(facts)} == {"measurement/2014-trained-guatemala"}


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        pytest.param("SELECT ?s { ?s org:subOrganizationOf+ agency:cbp }", "a path", id="path"),
        pytest.param("SELECT ?n { { SELECT (COUNT(*) AS ?n) { ?s a cbp:Office } } }", "subquery",
                     id="subquery"),
        pytest.param("SELECT ?s { ?s a cbp:Office FILTER EXISTS { ?s cbp:counters ?c } }", "EXISTS",
                     id="exists"),
        pytest.param("SELECT (RAND() AS ?r) { ?s a cbp:Office }", "second evaluation", id="chance"),
        pytest.param("SELECT ?a { ?m sdmx-dimension:refArea ?a ; cbp:per unit:DAY } LIMIT 1",
                     "several matches", id="cut"),
        pytest.param("SELECT DISTINCT (COUNT(*) AS ?n) { ?s a ?c } GROUP BY ?c", "keys", id="keys removed"),
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_said(query, reason):
    found = evident(query)

    assert found
    assert all(any(reason in each for each in reasons(facts)) for _, facts in found)


def test_fact_without_words_is_named_and_said_to_have_none():
    found = evident("SELECT ?v { GRAPH graph:derived { ?m sdmx-measure:obsValue ?v } } LIMIT 1")

    assert "cites no words" in found[0][1][0]["unknown"]


# ── the solutions stay what they are ────────────────────────────────────────

SUBJECTS = ["agency:cbp", "office:border-patrol", "office:field-operations", "?s"]
TRIPLES = st.sampled_from(
    ["?m cbp:qualifier ?q .", "?m sdmx-dimension:refArea ?a .", "?m sdmx-measure:obsValue ?v .",
     "?m cbp:per ?per .", "?m cbp:indicator ?i .", "?m cbp:indicator/skos:prefLabel ?l .",
     "OPTIONAL { ?m cbp:per ?per }",
     "{ ?m cbp:per unit:DAY } UNION { ?m cbp:qualifier cbp:MoreThan }", "MINUS { ?m cbp:per unit:YR }",
     "FILTER NOT EXISTS { ?m cbp:per unit:YR }", "[] cbp:indicator ?i .", "?i ^cbp:indicator ?other .",
     "?m (cbp:per|cbp:qualifier) ?p .", "?m cbp:indicator/(skos:prefLabel|skos:altLabel) ?l ."]
)  # fmt: skip


@st.composite
def queries(draw):
    body = f"?m cbp:describes {draw(st.sampled_from(SUBJECTS))} . " + " ".join(
        draw(st.lists(TRIPLES, max_size=3, unique=True))
    )
    where = f"{{ GRAPH graph:incsr2014 {{ {body} }} }}"
    shape = draw(
        st.sampled_from(["SELECT *", "SELECT ?m", "SELECT DISTINCT ?q", "SELECT ?q ?a", "group", "count"])
    )
    limit = draw(st.sampled_from(["", " LIMIT 3", " ORDER BY ?m LIMIT 4 OFFSET 1"]))
    if shape == "count":
        return f"SELECT (COUNT(*) AS ?n) {where}"
    if shape == "group":
        return f"SELECT ?q (COUNT(*) AS ?n) {where} GROUP BY ?q" + limit.replace("?m", "?n ?q")
    if "DISTINCT" in shape:
        limit = limit.replace("?m", "?q")
    return f"{shape} {where}{limit}"


@settings(max_examples=60, deadline=None)
@given(query=queries())
def test_solutions_are_exactly_those_without_evidence(query):
    plain = json.loads(answered(query, evidence=False)[1])

    told = json.loads(answered(query)[1])

    evidence = told.pop("evidence")
    assert told == plain
    assert len(evidence) == len(plain["results"]["bindings"])


@pytest.mark.parametrize("question", questions.read_all(), ids=lambda question: question.name)
def test_answer_of_a_question_stays_and_is_evident_or_says_why_not(question):
    plain = answered(question.query, evidence=False, prologue="")[1]

    told = json.loads(answered(question.query, prologue="")[1])

    evidence = told.pop("evidence")
    assert told == json.loads(plain)
    assert len(evidence) == len(told["results"]["bindings"])


@settings(max_examples=40, deadline=None)
@given(query=queries())
def test_rows_from_different_facts_share_no_evidence(query):
    bare = query.split(" {", 1)[0]
    if not bare.startswith("SELECT *") or "other" in query or "[]" in query:
        return
    owners = {}
    for row, facts in evident(query):
        for iri in iris(facts):
            owners.setdefault(iri, set()).add(row["m"]["value"])

    assert all(len(measurements) == 1 for measurements in owners.values())


# ── without its facts, a row is another ─────────────────────────────────────


def without(facts):
    """An executor over the published graph without some facts: a measurement's triples, a statement and its
    triple."""
    served = inline.executor().dataset
    gone = {ox.NamedNode(ID + iri) for iri in facts}
    said = {}
    for iri in gone:
        for quad in served.store.quads_for_pattern(iri, None, None, None):
            if quad.predicate.value.startswith(PREFIXES["rdf"]) and quad.predicate.value.endswith(
                ("subject", "predicate", "object")
            ):
                said.setdefault(iri, {})[quad.predicate.value.rsplit("#", 1)[1]] = quad.object
    triples = {(s["subject"], s["predicate"], s["object"]) for s in said.values() if len(s) == 3}
    store = ox.Store()
    store.bulk_extend(
        quad for quad in served.store
        if quad.subject not in gone and (quad.subject, quad.predicate, quad.object) not in triples
    )  # fmt: skip
    return InlineExecutor(Dataset(store, served.union)).run


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?v { ?m cbp:describes office:border-patrol ; sdmx-measure:obsValue ?v "
        "GRAPH graph:incsr2014 { ?m a ?t } }",
        "SELECT ?o { office:border-patrol cbp:counters ?o }",
        "SELECT (SUM(?v) AS ?sum) { GRAPH graph:incsr2014 { "
        "?m cbp:qualifier cbp:MoreThan ; sdmx-measure:obsValue ?v } }",
        "SELECT DISTINCT ?area { GRAPH graph:incsr2014 { "
        "?m sdmx-dimension:refArea ?area ; cbp:qualifier cbp:OnAverage } }",
    ],
)
def test_row_is_another_without_its_facts(query):
    before = evident(query)

    for row, facts in before[:2]:
        after = [r for r, _ in evident(query, run=without(iris(facts)))]
        assert after.count(row) < [r for r, _ in before].count(row)


# ── formats, limits, forms ──────────────────────────────────────────────────


def test_table_formats_have_two_columns_more():
    body = answered("SELECT ?v { measurement:2014-drugs-seized sdmx-measure:obsValue ?v }", format="csv")[
        1
    ].decode()

    assert body.splitlines() == [
        "v,evidence_quotation,evidence_passage",
        f'759000,"more than 759,000 pounds of drugs","{BASE}source/incsr2014-cbp.txt#char=980,1013"',
    ]


def test_page_links_to_the_passage():
    body = answered("SELECT ?v { measurement:2014-drugs-seized sdmx-measure:obsValue ?v }", format="html")[
        1
    ].decode()

    assert "#char=980,1013" in body and "more than 759,000 pounds of drugs" in body


@pytest.mark.parametrize("query", ["ASK {}", "CONSTRUCT WHERE { ?s a cbp:Office }", "DESCRIBE agency:cbp"])
def test_only_a_select_has_evidence(query):
    head, _ = answered(query, format=None)

    assert (head.status, head.code) == (400, "no-evidence")


def test_limits_hold():
    head, _ = answered("SELECT * { ?s ?p ?o }", limits=Limits(max_rows=5))

    assert isinstance(head, Problem) and head.status != 200


def test_strict_reader_of_the_format_takes_the_answer():
    import io

    from rdflib.query import Result

    body = answered("SELECT ?o { office:border-patrol cbp:counters ?o }")[1]

    assert len(Result.parse(io.BytesIO(body), format="json")) == 5
    assert len(list(ox.parse_query_results(body, ox.QueryResultsFormat.JSON))) == 5


@pytest.mark.parametrize("count", [150, 250])
def test_more_alternatives_than_can_be_followed_are_answered_and_said_to_be_unknown(count):
    path = "|".join(["cbp:counters", *(f"cbp:absent{number}" for number in range(count))])

    found = evident(f"SELECT ?o {{ office:border-patrol {path} ?o }}")

    assert len(found) == 5
    assert [bool(reasons(facts)) for _, facts in found] == [count > 200] * 5


def test_places_that_are_no_numbers_are_no_places():
    store = ox.Store()
    text = """
    @prefix oa: <http://www.w3.org/ns/oa#> . @prefix cbp: <https://w3id.org/incsr/cbp#> .
    <urn:m> a cbp:Measurement ; cbp:evidence <urn:p> ; cbp:quotation "words" ; <urn:v> 1 .
    <urn:p> oa:hasSelector [ oa:exact "words" ] , [ oa:start "first" ; oa:end 5 ] .
    """
    store.load(text.encode(), ox.RdfFormat.TURTLE)

    ((_row, facts),) = evident("SELECT ?v { ?m <urn:v> ?v }", InlineExecutor(Dataset(store, union=False)).run)

    assert [fact["iri"] for fact in facts] == ["urn:m"]
    assert "start" not in facts[0]


def test_a_blank_node_beside_a_collection_stays_the_one_that_it_is_elsewhere():
    store = ox.Store()
    text = """
    @prefix cbp: <https://w3id.org/incsr/cbp#> .
    <urn:m> a cbp:Measurement ; <urn:v> 1 ; <urn:p> [ <urn:list> (1 2) ] .
    <urn:n> a cbp:Measurement ; <urn:v> 1 ; <urn:p> [ <urn:list> (3 4) ] .
    """
    store.load(text.encode(), ox.RdfFormat.TURTLE)
    query = "SELECT DISTINCT ?v { ?m <urn:v> ?v ; <urn:p> _:b . _:b <urn:list> (1 2) }"

    ((_row, facts),) = evident(query, InlineExecutor(Dataset(store, union=False)).run)

    assert [fact["iri"] for fact in facts if "iri" in fact] == ["urn:m"]
    assert len(reasons(facts)) >= 1
