"""The Reconciliation Service API 0.2 (W3C Community Group, 2023-04-10), tried as OpenRefine calls it.

Source: sections 4 (manifest), 5 (queries), 6 (suggest), 7 (data extension). The structures below are the
required members of the specification's JSON schemas, in our words.
"""

import gzip
import json
from urllib.parse import quote

import inline
import jsonschema
import pytest

from incsr.namespaces import ID
from incsr.pages.problem_types import TYPE

TEXT = {"type": "string", "minLength": 1}
NAMED = {"type": "object", "required": ["id", "name"], "properties": {"id": TEXT, "name": TEXT}}
PART = {"type": "object", "required": ["service_url", "service_path"]}
MANIFEST = {
    "type": "object",
    "required": ["versions", "name", "identifierSpace", "schemaSpace"],
    "properties": {
        "versions": {"type": "array", "contains": {"const": "0.2"}},
        "identifierSpace": {"type": "string", "pattern": "^https?://"},
        "schemaSpace": {"type": "string", "pattern": "^https?://"},
        "defaultTypes": {"type": "array", "items": NAMED},
        "view": {"required": ["url"], "properties": {"url": {"pattern": r"\{\{id\}\}"}}},
        "preview": {
            "required": ["url", "width", "height"],
            "properties": {"width": {"type": "integer"}, "height": {"type": "integer"}},
        },
        "suggest": {"required": ["entity", "type", "property"], "additionalProperties": PART},
        "extend": {
            "required": ["propose_properties", "property_settings"],
            "properties": {"propose_properties": PART},
        },
    },
}
CANDIDATE = {
    "type": "object",
    "required": ["id", "name", "score"],
    "properties": {
        "id": TEXT,
        "name": TEXT,
        "description": {"type": "string"},
        "score": {"type": "number", "minimum": 0, "maximum": 100},
        "match": {"type": "boolean"},
        "type": {"type": "array", "minItems": 1, "items": NAMED},
        "features": {
            "type": "array",
            "items": {"required": ["id", "value"], "properties": {"value": {"type": ["number", "boolean"]}}},
        },
    },
}
ANSWERS = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "required": ["result"],
        "properties": {"result": {"type": "array", "items": CANDIDATE}},
    },
}
CELL = {
    "anyOf": [{"required": [key]} for key in ("id", "str", "int", "float", "date", "bool")]
    + [{"maxProperties": 0}]
}
EXTENDED = {
    "type": "object",
    "required": ["meta", "rows"],
    "properties": {
        "meta": {"type": "array", "items": NAMED},
        "rows": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": {"type": "array", "items": CELL},
            },
        },
    },
}
FORM = "application/x-www-form-urlencoded; charset=UTF-8"


@pytest.fixture(scope="module")
def client():
    return inline.client()


def ask(client, queries, method="post"):
    """One batch, as OpenRefine sends it: a form with the field `queries`."""
    text = json.dumps(queries)
    if method == "get":
        answer = client.get("/reconcile", query_string={"queries": text})
    else:
        answer = client.post("/reconcile", data=f"queries={quote(text)}", content_type=FORM)
    assert answer.status_code == 200, answer.text
    jsonschema.validate(answer.json, ANSWERS)
    return {key: value["result"] for key, value in answer.json.items()}


def one(client, text, **more):
    return ask(client, {"q0": {"query": text, **more}})["q0"]


def test_the_manifest_has_what_the_specification_requires(client):
    manifest = client.get("/reconcile").json

    jsonschema.validate(manifest, MANIFEST)
    assert manifest["identifierSpace"] == ID
    for part in ("entity", "type", "property"):
        suggest = manifest["suggest"][part]
        address = (suggest["service_url"] + suggest["service_path"]).removeprefix("http://localhost")
        assert client.get(address + "?prefix=c").json["result"]


def test_a_compressed_form_is_415_and_not_read_as_if_it_were_empty(client):
    sent = gzip.compress(b"queries=%7B%7D")

    answer = client.post(
        "/reconcile", data=sent, content_type=FORM, headers={"Content-Encoding": "gzip"}
    )

    assert (answer.status_code, answer.json["type"]) == (415, TYPE + "unsupported-coding")


def test_the_view_of_an_entity_leads_to_its_page(client):
    url = client.get("/reconcile").json["view"]["url"]

    for id_ in ("country/GT", quote("country/GT", safe="")):
        answer = client.get(
            url.replace("{{id}}", id_).removeprefix("http://localhost"), follow_redirects=True
        )
        assert answer.status_code == 200 and "Guatemala" in answer.text


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_batch_is_answered_under_its_own_keys(client, method):
    found = ask(client, {"q0": {"query": "Guatemala"}, "row 7": {"query": "Panama", "limit": 1}}, method)

    assert list(found) == ["q0", "row 7"]
    assert found["q0"][0]["id"] == "country/GT" and found["row 7"][0]["id"] == "country/PA"
    assert len(found["row 7"]) == 1


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        pytest.param("Honduras", "country/HN", id="name"),
        pytest.param("HONDURAS", "country/HN", id="in capitals"),
        pytest.param("CBP", "agency/cbp", id="abbreviation"),
        pytest.param("OBP", "office/border-patrol", id="abbreviation that we add"),
        pytest.param("Border Patrol", "office/border-patrol", id="other name"),
        pytest.param("HND", "country/HN", id="ISO code"),
        pytest.param("Q783", "country/HN", id="Wikidata item"),
        pytest.param(f"{ID}city/bangkok", "city/bangkok", id="IRI"),
        pytest.param("International Law Enforcement Academy, Bangkok", None, id="academy"),
    ],
)
def test_a_name_code_or_iri_of_one_thing_is_a_match(client, text, id_):
    best, *others = one(client, text)

    assert best["match"] is True and best["score"] == 100
    assert id_ is None or best["id"] == id_
    assert not any(other["match"] for other in others)


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("Guatamala", "country/GT"),
        ("Hondurus", "country/HN"),
        ("Border Patrl", "office/border-patrol"),
        ("Customs and Border Protection", "agency/cbp"),
        ("San Salvadr", "city/san-salvador"),
    ],
)
def test_a_misspelt_name_finds_the_thing_first_but_is_no_match(client, text, id_):
    best = one(client, text)[0]

    assert best["id"] == id_
    assert best["match"] is False and best["score"] < 100


def test_a_name_that_nothing_has_finds_nothing(client):
    assert one(client, "Zzyzx Xylophone") == []
    assert one(client, "") == []


def test_candidates_are_only_of_the_types_that_are_asked_for(client):
    found = one(client, "border patrol", type=["cbp:Unit"])

    assert found and {candidate["type"][0]["id"] for candidate in found} == {"cbp:Unit"}
    assert one(client, "border patrol", type="cbp:NoSuchType") == []


def test_scores_fall_from_the_first_candidate_to_the_last(client):
    scores = [candidate["score"] for candidate in one(client, "border", limit=20)]

    assert len(scores) > 3 and scores == sorted(scores, reverse=True)


def test_a_property_that_disagrees_takes_the_match_away(client):
    agreeing = one(client, "Guatemala", properties=[{"pid": "scheme/iso3166-1-alpha3", "v": "GTM"}])[0]
    other = one(client, "Guatemala", properties=[{"pid": "scheme/iso3166-1-alpha3", "v": "HND"}])[0]

    assert agreeing["match"] is True
    assert other["match"] is False and other["score"] < agreeing["score"]


@pytest.mark.parametrize(
    "queries",
    ["[1]", "{", '{"q0": "Guatemala"}', '{"q0": {"query": 7}}',
     '{"q0": {"query": "a", "limit": 0}}', '{"q0": {"query": "a", "limit": "3"}}',
     '{"q0": {"query": "a", "type": 1}}', '{"q0": {"query": "a", "properties": [{"v": 1}]}}', "[" * 100_000],
    ids=["list", "broken", "text for a query", "number for a text", "limit 0",
         "limit as text", "type as number", "property without pid", "deep"],
)  # fmt: skip
def test_queries_of_another_form_are_a_problem_that_says_so(client, queries):
    answer = client.post("/reconcile", data={"queries": queries})

    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert json.loads(answer.data)["type"].endswith("/problem/bad-reconciliation")


def test_a_batch_of_more_queries_than_are_served_is_refused(client):
    queries = json.dumps({f"q{n}": {"query": "a"} for n in range(201)})

    assert client.post("/reconcile", data={"queries": queries}).status_code == 400


def extend(client, ids, properties):
    asked = json.dumps({"ids": ids, "properties": properties})
    answer = client.post("/reconcile", data={"extend": asked})
    assert answer.status_code == 200, answer.text
    jsonschema.validate(answer.json, EXTENDED)
    return answer.json


def test_data_extension_fills_in_codes_links_and_things(client):
    properties = [
        {"id": "scheme/iso3166-1-alpha3"},
        {"id": "owl:sameAs", "settings": {"limit": "1"}},
        {"id": "cbp:locatedIn"},
    ]
    found = extend(client, ["country/GT", "city/bangkok", "country/nowhere"], properties)

    assert [held["id"] for held in found["meta"]] == [held["id"] for held in properties]
    assert found["rows"]["country/GT"]["scheme/iso3166-1-alpha3"] == [{"str": "GTM"}]
    assert len(found["rows"]["country/GT"]["owl:sameAs"]) == 1
    assert found["rows"]["city/bangkok"]["cbp:locatedIn"] == [{"id": "country/TH", "name": "Thailand"}]
    assert found["rows"]["country/nowhere"] == {held["id"]: [] for held in properties}


def test_data_extension_by_an_unknown_property_is_a_problem(client):
    asked = json.dumps({"ids": ["country/GT"], "properties": [{"id": "no:such"}]})

    assert client.post("/reconcile", data={"extend": asked}).status_code == 400


def test_every_property_proposed_for_a_type_can_be_filled_in(client):
    manifest = client.get("/reconcile").json["extend"]["propose_properties"]
    path = (manifest["service_url"] + manifest["service_path"]).removeprefix("http://localhost")
    proposed = client.get(path, query_string={"type": "cbp:Country"}).json

    assert proposed["type"] == "cbp:Country" and len(proposed["properties"]) > 5
    ids = [held["id"] for held in ask(client, {"q": {"query": "Mexico", "type": "cbp:Country"}})["q"]]
    found = extend(client, ids, [{"id": held["id"]} for held in proposed["properties"]])
    assert set(found["rows"][ids[0]]) == {held["id"] for held in proposed["properties"]}
    assert len(client.get(path, query_string={"type": "cbp:Country", "limit": 2}).json["properties"]) == 2


@pytest.mark.parametrize(
    ("what", "prefix", "id_"),
    [
        ("entity", "guat", "country/GT"),
        ("entity", "patrol", "office/border-patrol"),
        ("type", "coun", "cbp:Country"),
        ("property", "ISO 3166-1 alpha-3", "scheme/iso3166-1-alpha3"),
    ],
)
def test_suggestions_begin_as_was_typed(client, what, prefix, id_):
    found = client.get(f"/reconcile/suggest/{what}", query_string={"prefix": prefix}).json["result"]

    assert id_ in [held["id"] for held in found]
    for held in found:
        jsonschema.validate(held, NAMED)


def test_a_cursor_goes_on_where_the_suggestions_ended(client):
    first = client.get("/reconcile/suggest/entity?prefix=c").json["result"]
    more = client.get(f"/reconcile/suggest/entity?prefix=c&cursor={len(first)}").json["result"]

    assert first and more and not {h["id"] for h in first} & {h["id"] for h in more}


def test_a_preview_may_be_framed_and_runs_nothing(client):
    answer = client.get("/reconcile/preview?id=country%2FGT")

    assert answer.mimetype == "text/html" and "Guatemala" in answer.text
    assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<script>" not in client.get("/reconcile/preview?id=<script>alert(1)</script>").text


@pytest.mark.parametrize(
    ("what", "id_", "word"),
    [
        ("entity", "country/GT", "Guatemala"),
        ("type", "cbp:Country", "state that"),
        ("property", "cbp:locatedIn", "place"),
    ],
)
def test_a_flyout_says_what_stands_beside_a_suggestion(client, what, id_, word):
    answer = client.get(f"/reconcile/flyout/{what}", query_string={"id": id_}).json

    assert answer["id"] == id_ and word in answer["html"]


def test_any_site_may_call_the_service(client):
    for answer in (
        client.get("/reconcile"),
        client.post("/reconcile", data={"queries": "{}"}),
        client.options("/reconcile"),
    ):
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
