"""Pictures and maps: specifications that draw their questions' live answers; shapes by ISO code."""

import json
import re

import pytest
import requests

from incsr import questions
from incsr.pages import maps, pictures

HELD = pictures.read_all()
ASKED = {question.name: question for question in questions.read_all()}


def fields(node):
    """Every data field that a specification reads."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("field", "key", "parentKey") and isinstance(value, str):
                yield value
            yield from fields(value)
    elif isinstance(node, list):
        for value in node:
            yield from fields(value)


def made(node):
    """Every field that a specification computes."""
    text = json.dumps(node)
    names = set(re.findall(r'"as": "(\w+)"', text))
    for group in re.findall(r'"as": \[([^\]]*)\]', text):
        names |= set(re.findall(r'"(\w+)"', group))
    return names | {"x0", "depth", "id"}  # of Vega's partition, and of the shapes of countries


def test_there_are_pictures_for_what_people_would_rather_see():
    names = {picture.name for picture in HELD}

    assert len(names) >= 6
    assert names >= {
        "trained-on-the-map",
        "structure-of-cbp",
        "seizures",
        "assets-deployed",
        "figures-by-office",
    }


@pytest.mark.parametrize("picture", HELD, ids=lambda picture: picture.name)
def test_a_picture_draws_a_question_and_reads_only_its_columns(picture):
    question = ASKED[picture.question]

    assert set(fields(picture.spec)) <= set(question.columns) | made(picture.spec)
    assert picture.title
    assert len(picture.description) > 60, "the text alternative says what the picture shows"


@pytest.mark.parametrize("picture", HELD, ids=lambda picture: picture.name)
def test_a_picture_is_served_with_its_questions_answer_inside(published, picture):
    spec = requests.get(f"{published.url}/pictures/{picture.name}.json", timeout=20).json()
    question = ASKED[picture.question]

    if picture.form == "vl":
        rows = spec["datasets"]["answer"]
    else:
        rows = next(data["values"] for data in spec["data"] if data["name"] == "answer")
    assert len(rows) == len(question.rows)
    assert [str(rows[0][name]) for name in question.columns if rows[0][name] is not None] == [
        value for value in question.rows[0] if value
    ]


def test_shapes_come_from_this_server_and_are_there(published):
    spec = requests.get(f"{published.url}/pictures/trained-on-the-map.json", timeout=20).json()
    addresses = set(re.findall(r'"url": "([^"]+)"', json.dumps(spec)))

    assert len(addresses) == 1
    shapes = requests.get(addresses.pop(), timeout=20).json()
    assert shapes["type"] == "Topology"


@pytest.mark.parametrize("name", ["seizures", "hours-flown"])
def test_an_open_hedge_is_drawn_with_an_open_end(name):
    picture = next(picture for picture in HELD if picture.name == name)
    text = json.dumps(picture.spec)

    assert "datum.qualifier == 'more than' || datum.qualifier == 'at least'" in text
    assert "triangle-right" in text
    assert any("more than" in row or "at least" in row for row in ASKED[picture.question].rows)


def test_the_page_has_each_pictures_text_and_table(published):
    page = requests.get(published.url + "/pictures", timeout=20).text

    for picture in HELD:
        assert f'data-spec="/pictures/{picture.name}.json"' in page
        assert f'href="/questions/{picture.question}"' in page
    assert page.count("The same as a table") == len(HELD)
    assert page.count('role="img" aria-label="') == len(HELD)


def test_the_shapes_know_every_country_of_the_data_by_its_number(published):
    codes = requests.get(published.url + "/ask/countries.json", timeout=20).json()
    drawn = maps.shapes()

    assert len(drawn) > 170
    assert codes["https://w3id.org/incsr/id/country/GT"] == "320"
    assert len(codes) >= 14
    assert {code for code in codes.values() if code not in drawn} == set()


def test_a_map_shades_the_country_and_marks_the_point():
    drawn = str(maps.locator("Lima", {"604"}, (-12.05, -77.04)))

    assert drawn.count('class="land on"') == 1
    assert '<circle class="point" cx="-77.04" cy="12.05"' in drawn
    assert 'aria-label="Map: Lima"' in drawn


def test_a_map_of_nothing_is_nothing():
    assert maps.locator("Nowhere", set()) == ""
    assert maps.locator("Nowhere", {"999"}) == ""


def test_a_maps_title_is_shown_inert():
    assert "<script>" not in str(maps.locator("<script>alert(1)</script>", {"320"}))
