"""A question's table for spreadsheets: labels beside IRIs, units in the header, and the evidence of each row.

Evidence is claimed only where it is certain: the figure beside a row has the very value that the row shows.
"""

import csv
import io
from typing import ClassVar

import inline
import openpyxl
import pytest

from incsr import questions
from incsr.pages import sourced
from incsr.pages.graph import Term

QUESTIONS = {question.name: question for question in questions.read_all()}


@pytest.fixture(scope="module")
def client():
    return inline.client()


def table(client, address):
    return list(csv.reader(io.StringIO(client.get(address).text)))


def test_the_evidence_of_a_row_is_the_words_that_state_its_number(client):
    head, *rows = table(client, "/questions/trainees-by-country.csv?evidence=1")
    text = client.get("/source/incsr2014-cbp.txt").data.decode()

    assert head == ["country", "trained", "quotation of the evidence", "evidence"]
    for country, trained, quotation, passage in rows:
        start, end = map(int, passage.split("#char=")[1].split(","))
        assert quotation == text[start:end] == f"{trained} in {country}"
    assert len(rows) == 6


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_no_row_of_any_question_has_a_figure_with_another_value(client, name, monkeypatch):
    """All figures that are claimed have the value that stands in the row, for every question there is."""
    claimed = []
    genuine = sourced.figures_of

    def watched(site, query, columns, solutions):
        found = genuine(site, query, columns, solutions)
        claimed.append((found, solutions))
        return found

    monkeypatch.setattr(sourced, "figures_of", watched)
    head, *rows = table(client, f"/questions/{name}.csv?evidence=1")

    ((found, solutions),) = claimed
    for column, figures in found.items():
        assert len(figures) == len(solutions) == len(rows)
        for figure, row in zip(figures, solutions, strict=True):
            assert float(figure.value) == float(row[column].value)
    assert head[-2:] == ["quotation of the evidence", "evidence"]


def test_many_questions_have_evidence_and_those_that_count_or_group_claim_none(client):
    with_evidence = {
        n
        for n in QUESTIONS
        if any("#char=" in row[-1] for row in table(client, f"/questions/{n}.csv?evidence=1")[1:])
    }

    assert len(with_evidence) >= 30
    for name in with_evidence:
        assert sourced.UNFIT.search(QUESTIONS[name].query) is None


def test_a_query_that_loses_rows_when_traced_is_claimed_nothing(client):
    """With the figure beside it, DISTINCT would keep two rows of one value apart."""

    class Site:
        figures: ClassVar = {}

    query = "SELECT DISTINCT ?v WHERE { ?m sdmx-measure:obsValue ?v . }"
    assert sourced.figures_of(Site(), query, ["v"], []) == {}
    grouped = "SELECT (SUM(?v) AS ?s) WHERE { ?m sdmx-measure:obsValue ?v . }"
    assert sourced.figures_of(Site(), grouped, ["s"], []) == {}


def test_a_query_that_answers_other_rows_when_traced_is_claimed_nothing():
    """Two figures of one value: which of them a row shows cannot be said from the row."""
    value = Term("literal", "5", "http://www.w3.org/2001/XMLSchema#integer")

    class Graph:
        traced: ClassVar = [{"v": value, "m": Term("uri", "urn:a")}, {"v": value, "m": Term("uri", "urn:b")}]

        def answer(self, query):
            assert "SELECT ?v  ?m WHERE" in query
            return ["v", "m"], self.traced

    class Site:
        graph = Graph()
        figures: ClassVar = {"urn:a": "figure a", "urn:b": "figure b"}

    query = "SELECT ?v WHERE { ?m sdmx-measure:obsValue ?v . }"
    assert sourced.figures_of(Site(), query, ["v"], [{"v": value}]) == {}
    both = [{"v": value}, {"v": value}]
    assert sourced.figures_of(Site(), query, ["v"], both) == {"v": ["figure a", "figure b"]}


@pytest.mark.parametrize(
    ("name", "title"),
    [
        pytest.param("superlatives", "value (hours)", id="hours"),
        pytest.param("why-drugs-differ", "page (pounds)", id="pounds"),
        pytest.param("currency-a-year", "derived (US dollars)", id="dollars"),
        pytest.param("trainees-by-country", "trained", id="a count needs no unit"),
        pytest.param("illicit-currency-a-day", "value", id="a column has the unit"),
    ],
)
def test_the_header_says_the_unit_in_csv_and_excel_alike(client, name, title):
    head = table(client, f"/questions/{name}.csv")[0]
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(f"/questions/{name}.xlsx").data)).active

    assert title in head
    assert [cell.value for cell in sheet[1]] == head


@pytest.mark.parametrize(
    ("name", "iri", "label"),
    [
        ("trainees-on-the-map", "https://w3id.org/incsr/id/country/GT", "Guatemala"),
        ("periods", "https://w3id.org/incsr/id/period/FY2012", "FY2012"),
        ("figures-by-unit", "http://qudt.org/vocab/unit/NUM", "number"),
    ],
)
def test_labels_stand_beside_iris(client, name, iri, label):
    head, first, *_rows = table(client, f"/questions/{name}.csv")

    place = first.index(iri)
    assert first[place + 1] == label
    assert head[place + 1] == f"{head[place]} (label)"


def test_the_metadata_of_a_table_has_the_header_with_its_units(client):
    metadata = client.get("/questions/superlatives.csv-metadata.json").json

    assert [c["titles"] for c in metadata["tableSchema"]["columns"]] == table(
        client, "/questions/superlatives.csv"
    )[0]
