"""Each derived figure is its formula, its formula is its inputs, and its hedge follows from theirs.

The formula is arithmetic in the inputs' values and in constants that say what they are (`366 days`). It is
computed here a second time, exactly, and compared: a figure that is only bounded from below may be cut off
but never rounded up.
"""

import re
from decimal import Decimal
from fractions import Fraction
from functools import cache

import pytest
from rdflib import PROV, RDF, SKOS, Namespace, URIRef

from incsr import sources
from incsr.namespaces import ID, ONTOLOGY, PREFIXES

CBP = Namespace(f"{ONTOLOGY}#")
DIMENSION = Namespace(PREFIXES["sdmx-dimension"])
MEASURE = Namespace(PREFIXES["sdmx-measure"])
ATTRIBUTE = Namespace(PREFIXES["sdmx-attribute"])
# A constant must say what it counts; the days are those of FY2012, which holds 29 February 2012.
TIMES, OVER = "\N{MULTIPLICATION SIGN}", "\N{DIVISION SIGN}"
CONSTANTS = {"366 days", "5 academies", "6 countries"}


@cache
def graph():
    read = sources.graphs([s for s in sources.published() if s.name in ("incsr2014", "derived")])
    union, other = (sources.rdflib_graph(quads) for quads in read.values())
    return union + other


def derived():
    return sorted(graph().subjects(RDF.type, CBP.DerivedMeasurement))


def name(measurement):
    return str(measurement).rpartition("/")[2]


def stated(measurement):
    return Fraction(Decimal(str(graph().value(measurement, MEASURE.obsValue))))


def formula(measurement):
    return str(graph().value(measurement, CBP.formula))


def computed(words):
    """The value of a formula of sums, products and quotients of plain numbers."""
    bare = re.sub(r"(\d) [a-z]+", r"\1", words)
    assert re.fullmatch(rf"[\d.+{TIMES}{OVER}() ]+", bare), words
    return eval(re.sub(r"[\d.]+", r"Fraction('\g<0>')", bare).replace(TIMES, "*").replace(OVER, "/"))


def qualifiers(measurements):
    return [name(graph().value(each, CBP.qualifier)).rpartition("#")[2] for each in measurements]


CASES = [pytest.param(measurement, id=name(measurement)) for measurement in derived()]


def test_there_are_derived_figures():
    assert len(CASES) >= 20


@pytest.mark.parametrize("measurement", CASES)
def test_the_value_is_what_the_formula_gives(measurement):
    exact, written = computed(formula(measurement)), stated(measurement)
    decimals = len(str(graph().value(measurement, MEASURE.obsValue)).partition(".")[2])
    last_digit = Fraction(1, 10**decimals)

    if qualifiers([measurement]) == ["MoreThan"]:
        assert 0 <= exact - written < last_digit
    elif qualifiers([measurement]) == ["Exactly"]:
        assert exact == written
    else:
        assert abs(exact - written) <= last_digit / 2


@pytest.mark.parametrize("measurement", CASES)
def test_the_formula_is_made_of_its_inputs_and_of_named_constants(measurement):
    words = formula(measurement)
    named = set(re.findall(r"\d+ [a-z]+", words))
    numbers = sorted(Fraction(number) for number in re.findall(r"[\d.]+", re.sub(r"\d+ [a-z]+", "", words)))

    assert named <= CONSTANTS
    assert numbers == sorted(stated(source) for source in graph().objects(measurement, PROV.wasDerivedFrom))


@pytest.mark.parametrize("measurement", CASES)
def test_the_hedge_follows_from_the_hedges_of_the_inputs(measurement):
    inputs = list(graph().objects(measurement, PROV.wasDerivedFrom))
    hedges = set(qualifiers(inputs))
    own = qualifiers([measurement])[0]

    if own in ("Exactly", "OnAverage"):
        assert hedges == {"Exactly"}
        assert not any((source, CBP.roundedTo, None) in graph() for source in inputs)
    if own == "MoreThan" and OVER not in formula(measurement):
        assert hedges == {"MoreThan", "Exactly"} and " + " in formula(measurement)
    elif own == "MoreThan":
        dividend, _, divisor = formula(measurement).partition(f" {OVER} ")
        by_value = {stated(source): qualifiers([source])[0] for source in inputs}
        over, under = by_value[Fraction(dividend)], by_value[Fraction(divisor)]
        assert (over, under) in {("MoreThan", "Exactly"), ("MoreThan", "Nearly"), ("Exactly", "Nearly")}
    assert (measurement, SKOS.editorialNote, None) in graph()


@pytest.mark.parametrize("measurement", CASES)
def test_the_period_is_that_of_the_inputs_or_the_note_says_why(measurement):
    own = graph().value(measurement, DIMENSION.refPeriod)
    others = {
        graph().value(each, DIMENSION.refPeriod) for each in graph().objects(measurement, PROV.wasDerivedFrom)
    }

    if others != {own}:
        assert others == {URIRef(f"{ID}period/not-stated")}
        assert "likely period" in str(graph().value(measurement, SKOS.editorialNote))


@pytest.mark.parametrize("measurement", CASES)
def test_a_derived_figure_quotes_no_words_of_the_page(measurement):
    assert (measurement, CBP.quotation, None) not in graph()
    assert (measurement, CBP.evidence, None) not in graph()
