"""What is found in the published graph by words that the report does not print: parts of the world, people's
words for its things, and the asking for a number."""

import csv
from importlib.resources import files

import inline
import pytest

from incsr.config import settings_from
from incsr.mcp.reading import Reading
from incsr.search import Entry, Index
from incsr.search.words import continent, tokens, wants_number


@pytest.fixture(scope="module")
def index():
    executor = inline.executor()
    return Reading(executor.run, executor.version, settings_from({})).index


@pytest.mark.parametrize(
    ("text", "city"),
    [
        pytest.param("law enforcement academy in Asia", "Bangkok", id="a continent"),
        pytest.param("an academy in Hungary", "Budapest", id="the country of a city"),
        pytest.param("South American law enforcement academy", "Lima", id="a part, as adjective"),
    ],
)
def test_a_place_is_found_by_what_it_lies_in(index, text, city):
    assert city in index.search(text, kind="statement")[0].entry.title


@pytest.mark.parametrize(
    ("text", "iri"),
    [
        pytest.param("trained in Guatemala", "/measurement/2014-trained-guatemala", id="plain words"),
        pytest.param("how many tourists were examined", "/2014-travelers-inspected", id="tourists"),
        pytest.param("frontier", "border", id="frontier"),
    ],
)
def test_a_fact_is_found_by_other_words_for_it(index, text, iri):
    assert any(iri in hit.entry.iri for hit in index.search(text)[:3])


def test_what_we_infer_comes_after_what_the_page_says(index):
    hits = [hit.entry for hit in index.search("persons", kind="statement")]

    assert hits[0].summary.startswith("“")
    assert any(entry.summary == "" for entry in hits)


def test_every_code_of_a_part_of_the_world_is_a_country():
    with (files("incsr") / "draft" / "countries.csv").open(encoding="utf-8") as lines:
        known = {row["code"] for row in csv.DictReader(lines)}
    lines = (files("incsr.search") / "places.txt").read_text(encoding="utf-8").splitlines()
    used = {code for line in lines if not line.startswith("#") for code in line.partition(":")[2].split()}

    assert used - known == set()
    # Far islands in no continent: South Georgia, Heard and McDonald, the French Southern Territories.
    assert known - used == {"GS", "HM", "TF"}


def test_a_country_may_be_in_several_parts_of_the_world():
    assert continent("MX") == "North America American Central America American Latin America American"
    assert continent("XX") == ""


def test_initials_are_one_word():
    assert tokens("the U.S. Government, J.I.A.T.F. and 1.6 million") == [
        "the", "us", "government", "jiatf", "and", "1.6", "million",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("How many dogs?", True),
        ("the total number of dogs", True),
        ("Who leads the dogs?", False),
        ("a numbered dog", False),
    ],
)
def test_asking_for_a_number_is_noticed(text, wanted):
    assert wants_number(text) is wanted


def test_a_figure_comes_first_where_a_number_is_asked_for():
    words = ((1.0, "dogs at the border"),)
    index = Index(
        [Entry("urn:a", "statement", "a", "", words), Entry("urn:b", "measurement", "b", "", words)]
    )

    assert [hit.entry.iri for hit in index.search("dogs at the border")] == ["urn:a", "urn:b"]
    assert [hit.entry.iri for hit in index.search("how many dogs at the border")] == ["urn:b", "urn:a"]
