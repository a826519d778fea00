"""The list of figures that a reader wrote from the text alone, before and apart from the graph.

`figures.csv` and `figures_in_words.csv` are held to the text (each quotation at its offset; each run of
digits of the body in a figure, a period or a name), and the graph to the list: every figure listed is a
measurement with just this value, qualifier, unit, rate, period, area, subject, rounding and superlative, and
the page has no other measurement. Where the two differ, the text decides which of them is wrong.
"""

import csv
import re
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest

from incsr import sources
from incsr.namespaces import ID, ONTOLOGY, PREFIXES, SOURCE_TEXT

BODY = (104, 6249)
NAMES_AND_PERIODS = r"2014 INCSR|P-3|FY ?201[23]|In 2012|March 2012"
QUERY = """
PREFIX cbp: <https://w3id.org/incsr/cbp#>
PREFIX dataset: <https://w3id.org/incsr/id/dataset/>
PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX qb: <http://purl.org/linked-data/cube#>
PREFIX sdmx-attribute: <http://purl.org/linked-data/sdmx/2009/attribute#>
PREFIX sdmx-dimension: <http://purl.org/linked-data/sdmx/2009/dimension#>
PREFIX sdmx-measure: <http://purl.org/linked-data/sdmx/2009/measure#>

SELECT ?measurement ?words ?start ?subject ?period ?area ?unit ?value ?qualifier ?per ?rounded_to ?stated_as
       ?magnitude ?superlative
WHERE {
  ?measurement qb:dataSet dataset:%s ;
    cbp:quotation ?words ;
    cbp:evidence [ oa:hasSelector [ a oa:TextQuoteSelector ; oa:exact ?words ] , [ oa:start ?start ] ] ;
    cbp:describes ?subject ;
    sdmx-dimension:refPeriod ?period ;
    sdmx-dimension:refArea ?area .
  OPTIONAL { ?measurement sdmx-attribute:unitMeasure ?unit }
  OPTIONAL { ?measurement sdmx-measure:obsValue ?value }
  OPTIONAL { ?measurement cbp:qualifier ?qualifier }
  OPTIONAL { ?measurement cbp:per ?per }
  OPTIONAL { ?measurement cbp:roundedTo ?rounded_to }
  OPTIONAL { ?measurement cbp:superlative ?superlative }
  OPTIONAL { ?measurement cbp:statedAs ?stated_as }
  OPTIONAL { ?measurement cbp:magnitude ?magnitude }
}
ORDER BY ?start ?superlative
"""


def listed(name):
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


FIGURES = listed("figures.csv")
IN_WORDS = listed("figures_in_words.csv")


def text():
    return sources.texts()[SOURCE_TEXT]


def span(row):
    return int(row["start"]), int(row["start"]) + len(row["quotation"])


@pytest.mark.parametrize("row", [pytest.param(row, id=row["quotation"]) for row in FIGURES + IN_WORDS])
def test_a_listed_figure_stands_at_its_offset(row):
    start, end = span(row)

    assert text()[start:end] == row["quotation"]
    assert BODY[0] <= start < end <= BODY[1]


def test_every_run_of_digits_of_the_body_is_in_a_figure_a_period_or_a_name():
    spans = [span(row) for row in FIGURES]
    spans += [match.span() for match in re.finditer(NAMES_AND_PERIODS, text())]

    unlisted = [
        text()[max(0, match.start() - 20) : match.end() + 20]
        for match in re.compile(r"\d+").finditer(text(), *BODY)
        if not any(start <= match.start() and match.end() <= end for start, end in spans)
    ]

    assert unlisted == []


@cache
def measured(data_set):
    """The graph's measurements by their words and offset; several superlatives are one cell."""
    store = ox.Store()
    graphs = sources.graphs(
        [source for source in sources.published() if source.name in ("incsr2014", "passages")]
    )
    for graph in graphs.values():
        store.extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in graph)
    result = store.query(QUERY % data_set)
    names = [variable.value for variable in result.variables]
    found = {}
    for row in result:
        cells = {name: _cell(row[name]) for name in names}
        seen = found.setdefault(cells["measurement"], cells)
        if seen is not cells:
            seen["superlative"] += "; " + cells["superlative"]
    return list(found.values())


def _cell(term):
    """A term as the list writes it: things and terms by their local path, literals by their words."""
    if term is None:
        return ""
    for base in (ONTOLOGY + "#", ID, PREFIXES["unit"]):
        term_text = term.value.removeprefix(base)
        if term_text != term.value:
            return term_text.removeprefix("period/")
    return term.value


def compared(row, data_set, columns):
    """The measurement whose words hold the row's; the graph may quote a word more to show a rate."""
    start, end = span(row)
    holding = [
        found
        for found in measured(data_set)
        if int(found["start"]) <= start and end <= int(found["start"]) + len(found["words"])
    ]
    assert len(holding) == 1, f"{len(holding)} measurements hold {row['quotation']!r}"
    return {column: holding[0][column] for column in columns}


@pytest.mark.parametrize("row", [pytest.param(row, id=row["quotation"]) for row in FIGURES])
def test_a_listed_figure_is_the_graphs_measurement(row):
    columns = ("value", "qualifier", "unit", "per", "period", "area", "subject", "rounded_to", "superlative")

    assert compared(row, "incsr2014", columns) == {column: row[column] for column in columns}


@pytest.mark.parametrize("row", [pytest.param(row, id=row["quotation"]) for row in IN_WORDS])
def test_a_listed_quantity_in_words_is_the_graphs_measurement(row):
    columns = ("stated_as", "magnitude", "unit", "per", "period", "area", "subject")

    assert compared(row, "incsr2014-in-words", columns) == {column: row[column] for column in columns}


@pytest.mark.parametrize(
    ("data_set", "rows"),
    [
        pytest.param("incsr2014", FIGURES, id="figures"),
        pytest.param("incsr2014-in-words", IN_WORDS, id="quantities in words"),
    ],
)
def test_the_graph_measures_nothing_that_is_not_listed(data_set, rows):
    spans = [span(row) for row in rows]

    unlisted = [
        found["words"]
        for found in measured(data_set)
        if not any(
            int(found["start"]) <= start and end <= int(found["start"]) + len(found["words"])
            for start, end in spans
        )
    ]

    assert unlisted == []
    assert len(measured(data_set)) == len(rows)
