"""`/api/measurements`: the figures that filters allow, page by page, in three formats, as OpenAPI says."""

import csv
import io
import json

import inline
import jsonschema
import pyarrow.parquet
import pytest

from incsr.endpoint import openapi
from incsr.namespaces import ID
from incsr.pages import measurements_api
from incsr.pages.measurements import COLUMNS

API = "/api/measurements"


@pytest.fixture(scope="module")
def client():
    return inline.client()


def figures(client, **filters):
    return client.get(API, query_string={**filters, "limit": 1000}).json["measurements"]


def everything(client):
    return figures(client)


def test_without_a_filter_every_figure_of_the_data_is_listed_once(client):
    query = "SELECT DISTINCT ?m WHERE { ?m a <https://w3id.org/incsr/cbp#Measurement> }"
    asked = client.get("/sparql", query_string={"query": query, "format": "json"}).json["results"]["bindings"]

    listed = [row["measurement"] for row in everything(client)]
    assert len(listed) == len(set(listed))
    assert set(listed) == {row["m"]["value"] for row in asked}


@pytest.mark.parametrize(
    ("name", "value", "column", "iri"),
    [
        pytest.param("subject", "border-patrol", "subject_iri", "office/border-patrol", id="subject by slug"),
        pytest.param("subject", f"{ID}agency/cbp", "subject_iri", "agency/cbp", id="subject by IRI"),
        pytest.param(
            "subject",
            "office/field-operations",
            "subject_iri",
            "office/field-operations",
            id="by kind and slug",
        ),
        pytest.param(
            "indicator", "personnel-trained", "indicator_iri", "indicator/personnel-trained", id="indicator"
        ),
        pytest.param("period", "fy2012", "period_iri", "period/FY2012", id="period in any case"),
        pytest.param("country", "GT", "area_iri", "country/GT", id="country"),
        pytest.param("area", "US", "area_iri", "country/US", id="area"),
    ],
)
def test_a_filter_gives_all_figures_of_that_thing_and_no_others(client, name, value, column, iri):
    found = figures(client, **{name: value})

    assert found
    assert found == [row for row in everything(client) if row[column] == ID + iri]


def test_a_graph_filter_gives_what_that_graph_states(client):
    found = figures(client, graph="derived")

    assert found and {row["said_by"] for row in found} == {"derived"}
    assert found == figures(client, graph="https://w3id.org/incsr/graph/derived")


def test_filters_are_joined_by_and_repeated_ones_by_or(client):
    both = client.get(API + "?country=GT&country=PA&period=FY2013&graph=incsr2014&limit=1000").json[
        "measurements"
    ]

    assert {row["area_iri"] for row in both} == {f"{ID}country/GT", f"{ID}country/PA"}
    assert {row["period_iri"] for row in both} == {f"{ID}period/FY2013"}
    assert [(row["value"]) for row in both if row["indicator"] == "personnel trained"] == [240, 86]


def test_a_known_thing_without_figures_gives_none(client):
    assert client.get(API + "?country=TH").json["total"] == 0


@pytest.mark.parametrize(
    ("query", "allowed"),
    [
        pytest.param("country=XX", "GT", id="unknown country"),
        pytest.param("subject=nobody", "border-patrol", id="unknown subject"),
        pytest.param("period=FY1999", "FY2013", id="unknown period"),
        pytest.param("indicator=", "personnel-trained", id="empty"),
        pytest.param("graph=links", "incsr2014", id="graph without figures"),
        pytest.param("country=office/border-patrol", "GT", id="wrong kind"),
        pytest.param("coutry=GT", "country", id="misspelt parameter"),
        pytest.param("format=xml", "csv", id="unknown format"),
    ],
)
def test_a_wrong_filter_is_a_problem_that_lists_what_there_is(client, query, allowed):
    answer = client.get(f"{API}?{query}")

    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    problem = json.loads(answer.data)
    assert allowed in problem["allowed"]
    jsonschema.validate(problem, openapi.document()["components"]["schemas"]["Problem"])
    assert client.get(problem["type"].removeprefix("https://w3id.org/incsr")).status_code == 200


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=ten", "offset=-1", "offset=1e3", "limit=1&limit=2"]
)
def test_a_limit_that_cannot_be_is_a_problem(client, query):
    answer = client.get(f"{API}?{query}")

    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


def following(answer):
    return next(
        (
            part.split(">")[0].lstrip(" <")
            for part in answer.headers.get("Link", "").split(",")
            if 'rel="next"' in part
        ),
        None,
    )


@pytest.mark.parametrize("form", ["json", "csv"])
def test_the_pages_together_are_the_whole_in_the_same_order(client, form):
    address, seen = f"{API}?graph=incsr2014&limit=7&format={form}", []
    while address:
        answer = client.get(address.removeprefix("http://localhost"))
        rows = (
            answer.json["measurements"] if form == "json" else list(csv.DictReader(io.StringIO(answer.text)))
        )
        assert 1 <= len(rows) <= 7
        seen += [row["measurement"] for row in rows]
        address = following(answer)

    assert seen == [row["measurement"] for row in figures(client, graph="incsr2014")]
    assert int(answer.headers["X-Total-Count"]) == len(seen)


def test_the_next_page_keeps_every_value_of_a_repeated_filter(client):
    address, seen = f"{API}?country=GT&country=PA&graph=incsr2014&limit=1", set()
    while address:
        answer = client.get(address.removeprefix("http://localhost"))
        seen |= {row["area_iri"] for row in answer.json["measurements"]}
        address = following(answer)

    assert seen == {f"{ID}country/GT", f"{ID}country/PA"}


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        pytest.param(None, "application/json", id="nothing said"),
        pytest.param("text/csv", "text/csv", id="csv"),
        pytest.param("application/vnd.apache.parquet", "application/vnd.apache.parquet", id="parquet"),
        pytest.param("text/csv;q=0.5, application/json", "application/json", id="the preferred one"),
    ],
)
def test_the_format_is_the_one_that_accept_prefers(client, accept, media_type):
    answer = client.get(API, headers={"Accept": accept} if accept else {})

    assert answer.mimetype == media_type
    assert "Accept" in answer.vary


def test_an_accept_that_allows_none_of_the_formats_is_406(client):
    assert client.get(API, headers={"Accept": "image/png"}).status_code == 406


def test_parquet_and_json_have_the_same_rows_with_numbers_as_numbers(client):
    table = pyarrow.parquet.read_table(
        io.BytesIO(client.get(API + ".parquet?graph=incsr2014&limit=1000").data)
    )

    rows = table.to_pylist()
    assert table.column_names == list(COLUMNS)
    assert [row["value"] for row in rows] == [row["value"] for row in figures(client, graph="incsr2014")]


def test_programs_in_browsers_may_read_it_from_anywhere_the_operator_allows(client):
    assert client.get(API).headers["Access-Control-Allow-Origin"] == "*"
    assert "Link" in client.get(API).headers["Access-Control-Expose-Headers"]
    # A request that is refused early needs no data, and has the headers all the same.
    early = API + "?limit=0"
    one, none = inline.client(cors="https://a.example").get(early), inline.client(cors="").get(early)
    assert one.headers["Access-Control-Allow-Origin"] == "https://a.example"
    assert "Access-Control-Allow-Origin" not in none.headers


def test_the_openapi_document_describes_the_parameters_and_the_answer(client):
    operation = openapi.document()["paths"][API]["get"]

    told = [parameter["name"] for parameter in operation["parameters"]]
    assert told == [*measurements_api.FILTERS, *measurements_api.OTHERS]
    for parameter in operation["parameters"]:
        for example in parameter.get("example", []):
            assert client.get(API, query_string={parameter["name"]: example}).json["total"] > 0
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.validate(client.get(API + "?limit=1000").json, schema)
    assert str(client.get(API + "?foo=1").status_code) in operation["responses"]
