"""Numbers in running text: what the page prints is read back to the value, its precision and its place."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incsr.evidence.numbers import figures, figures_in_words, magnitude


@pytest.mark.parametrize(
    ("text", "value", "rounded_to"),
    [
        pytest.param("351.5 million travelers", 351500000, 100000, id="a decimal of a scale"),
        pytest.param("more than 107 million cars", 107000000, 1000000, id="a whole scale"),
        pytest.param("a value of $8.76 billion", 8760000000, 10000000, id="dollars, two decimals"),
        pytest.param("26.7 million", 26700000, 100000, id="26.7 million"),
        pytest.param("1.6 million", 1600000, 100000, id="1.6 million"),
        pytest.param("117, 103 pounds", 117103, None, id="the page's slip, a space behind the comma"),
        pytest.param("$274,065 in", 274065, None, id="dollars in full"),
        pytest.param("1,580 canine teams", 1580, None, id="grouped"),
        pytest.param("58 Container", 58, None, id="small"),
        pytest.param("12,345,678 visits", 12345678, None, id="two groups"),
        pytest.param("2 thousand", 2000, 1000, id="thousand"),
        pytest.param("0.5 trillion", 500000000000, 100000000000, id="trillion"),
    ],
)
def test_figure_is_read_in_full_with_its_precision(text, value, rounded_to):
    (figure,) = figures(text)

    assert figure.value == value
    assert figure.rounded_to == rounded_to
    assert text[figure.start : figure.end] == figure.printed


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("the P-3 Program", id="a number inside a name"),
        pytest.param("FY2012", id="a fiscal year in one word"),
        pytest.param("12,34 pounds", id="no grouping of thousands"),
        pytest.param("the 3rd", id="an ordinal"),
        pytest.param("no digits at all", id="words"),
    ],
)
def test_what_is_no_figure_is_not_read_as_one(text):
    assert figures(text) == []


def test_a_list_is_read_as_so_many_figures():
    text = "50 in Honduras, 20 in Belize, 240 in Guatemala, 86 in Panama 28 in Mexico and 32 in Peru."

    assert [int(figure.value) for figure in figures(text)] == [50, 20, 240, 86, 28, 32]


@given(st.integers(min_value=0, max_value=10**15))
def test_every_integer_is_read_back_from_its_grouped_form(number):
    (figure,) = figures(f"some {number:,} things")

    assert figure.value == number


@given(st.decimals(min_value=0, max_value=9999, places=2), st.sampled_from(["million", "billion"]))
def test_every_scaled_number_is_read_back(number, scale):
    (figure,) = figures(f"{number} {scale} of them")

    assert figure.value == number * {"million": 10**6, "billion": 10**9}[scale]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("six countries", 6, id="one word"),
        pytest.param("twenty-five stations", 25, id="hyphen"),
        pytest.param("two hundred and fifty sessions", 250, id="hundreds"),
        pytest.param("three million four hundred thousand and one", 3400001, id="several scales"),
        pytest.param("a thousand", 1000, id="a scale alone"),
    ],
)
def test_number_in_words_is_read(text, value):
    assert [figure.value for figure in figures_in_words(text)] == [Decimal(value)]


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        pytest.param("thousands", 1000, id="thousands"),
        pytest.param("millions of dollars", 1000000, id="millions"),
        pytest.param("hundreds of thousands", 1000, id="the larger of two"),
        pytest.param("several countries", None, id="none"),
        pytest.param("one million", None, id="a number is no magnitude"),
    ],
)
def test_magnitude_is_the_scale_that_a_plural_names(text, scale):
    assert magnitude(text) == scale
