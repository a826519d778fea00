"""The text's reading of each figure equals the list that was written from the text by hand.

The list (tests/figures.csv, tests/figures_in_words.csv) knows neither the graph nor the reader, so where both
agree the reader has understood the page.
"""

import csv
from pathlib import Path

import pytest

from incsr.evidence.numbers import magnitude
from incsr.evidence.published import source_text
from incsr.evidence.reading import Reader, Unreadable, stem
from incsr.evidence.source import Passage

HERE = Path(__file__).parent


def rows(name):
    with open(HERE / name, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


FIGURES, IN_WORDS = rows("figures.csv"), rows("figures_in_words.csv")


@pytest.fixture(scope="module")
def reader():
    return Reader(source_text())


def passage_of(row):
    return Passage(int(row["start"]), int(row["start"]) + len(row["quotation"]))


@pytest.mark.parametrize("row", FIGURES, ids=lambda row: row["quotation"])
def test_reading_equals_the_figure_listed_by_hand(reader, row):
    reading = reader.read(passage_of(row))

    assert str(reading.value) == row["value"]
    assert reading.qualifier == row["qualifier"]
    assert reading.unit == row["unit"]
    assert str(reading.rounded_to or "") == row["rounded_to"]
    assert [mark.meaning for mark in reading.rates] == [row["per"]] * bool(row["per"])
    own = [mark.meaning for mark in reading.periods]
    if own:
        assert own == [row["period"]]
    else:
        assert row["period"] == "not-stated" or row["note"].startswith("period")


@pytest.mark.parametrize("row", IN_WORDS, ids=lambda row: row["quotation"])
def test_reading_equals_the_quantity_in_words_listed_by_hand(reader, row):
    passage = passage_of(row)
    start = passage.start + row["quotation"].index(row["stated_as"])
    stated = Passage(start, start + len(row["stated_as"]))

    assert str(magnitude(row["stated_as"]) or "") == row["magnitude"]
    assert reader.unit_of_words(passage) == row["unit"]
    assert [mark.meaning for mark in reader.rates_of(stated)] == [row["per"]] * bool(row["per"])
    assert [mark.meaning for mark in reader.periods_of(stated)] == [row["period"]] * row["period"].startswith(
        "FY"
    )


def test_every_figure_of_the_body_is_in_the_list(reader):
    listed = {reader.read(passage_of(row)).passage for row in FIGURES}
    body = reader.source.body

    unlisted = [
        figure.printed
        for figure in reader.figures
        if Passage(figure.start, figure.end).within(body) and Passage(figure.start, figure.end) not in listed
    ]

    assert unlisted == ["2014"]  # of the page's title


def test_hedge_before_the_quotation_is_seen(reader):
    (passage,) = reader.source.locate("24,000 suspected criminals")

    reading = reader.read(passage)

    assert reading.hedge == "more than"
    assert reading.hedge_start < passage.start


def test_hedge_of_one_member_is_not_carried_to_the_next(reader):
    (passage,) = reader.source.locate("26,000 tactical vehicles")

    assert reader.read(passage).qualifier == "Exactly"


def test_rate_belongs_to_the_number_before_it_alone(reader):
    officers, vehicles = (reader.source.locate(words)[0] for words in ("46,346", "26,000"))

    assert [mark.meaning for mark in reader.read(officers).rates] == ["DAY"]
    assert reader.read(vehicles).rates == ()


@pytest.mark.parametrize(
    ("about", "printed"),
    [
        pytest.param(["visits"], "450", id="the number before the thing counted"),
        pytest.param(["country"], "80", id="singular for plural"),
    ],
)
def test_among_several_numbers_the_one_of_the_thing_counted_is_read(reader, about, printed):
    (passage,) = reader.source.locate("80 countries participated in 450 visits")

    assert reader.read(passage, about).printed == printed


@pytest.mark.parametrize(
    ("words", "about", "complaint"),
    [
        pytest.param(
            "80 countries participated in 450 visits", [], "several numbers", id="no thing is named"
        ),
        pytest.param(
            "80 countries participated in 450 visits", ["trainees"], "several numbers", id="a strange thing"
        ),
        pytest.param("travelers and more than", [], "no number", id="no number at all"),
    ],
)
def test_passage_without_one_certain_number_is_unreadable(reader, words, about, complaint):
    (passage,) = reader.source.locate(words)

    with pytest.raises(Unreadable, match=complaint):
        reader.read(passage, about)


def test_passage_that_cuts_a_scale_word_off_is_unreadable(reader):
    (passage,) = reader.source.locate("inspected 351.5")

    with pytest.raises(Unreadable, match=r"cuts “351\.5 million” in two"):
        reader.read(passage)


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("visits", "visit"),
        ("countries", "country"),
        ("passes", "pass"),
        ("process", "process"),
        ("gas", "gas"),
        ("Department\u2019s", "department"),
    ],
)
def test_stem_takes_the_plural_off(plural, singular):
    assert stem(plural) == singular
