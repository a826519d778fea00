"""Figures of other sources stand beside the report's and say truly how they relate to them.

The contract: each of the forty-one figures that were read stands in the graph with its value, hedge, unit,
year, address and reliability; it is tied to the report's figure by agreement, difference or series, each with
a reason; what is said to agree does so by arithmetic, what is said to be a series shares subject, indicator,
area and unit; the two figures of drugs of FY 2012 are never merged; a likely period rests on figures that
bear it out.
"""

import re
from decimal import Decimal
from fractions import Fraction

import pyoxigraph as ox
import pytest

from incsr.namespaces import ID, PREFIXES
from incsr.sources import graphs

PROLOGUE = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items()) + (
    "PREFIX sssom: <https://w3id.org/sssom/>\n"
)

# What was read, by address: (fiscal year, value, hedge, unit) of each figure; from the notes, not the graph.
OFFICIAL, COPY, THIRD = (
    "official-source",
    "copy-of-an-official-document",
    "third-party-restating-an-official-source",
)
READ = {
    ("diaztradelaw.com", THIRD): [
        (2012, "350000000", ">", "NUM"),
        (2012, "145000", "<", "NUM"),
        (2012, "7700", "<", "NUM"),
    ],
    ("greatlakescustomslaw.com", THIRD): [
        (2012, "963121", "=", "NUM"),
        (2013, "992243", "=", "NUM"),
        (2012, "274065", "=", "CCY_USD"),
        (2013, "291039", "=", "CCY_USD"),
        (2012, "329", "=", "NUM"),
        (2013, "328", "=", "NUM"),
    ],
    ("pdfslide.net", COPY): [
        (2014, "1026234", "=", "NUM"),
        (2014, "650117", "=", "CCY_USD"),
        (2014, "328", "=", "NUM"),
        (2014, "22274", "=", "NUM"),
        (2014, "2368", "=", "NUM"),
        (2014, "1463", ">", "NUM"),
        (2014, "300", "=", "NUM"),
    ],
    ("freightwaves.com", THIRD): [
        (2012, "4200000", ">", "LB"),
        (2012, "1600000", "=", "NUM"),
        (2012, "174000", "<", "NUM"),
    ],
    ("webharvest.gov", OFFICIAL): [(2004, "317", "=", "NUM")],
    ("myborderpatroljob.com", THIRD): [
        (2011, "329", "=", "NUM"),
        (2011, "21063", "=", "NUM"),
        (2011, "2312", "=", "NUM"),
        (2011, "1576", "=", "NUM"),
        (2011, "334", "=", "NUM"),
        (2011, "269", "=", "NUM"),
        (2011, "228", "=", "NUM"),
        (2011, "26000", ">", "NUM"),
    ],
    ("www.cbp.gov", OFFICIAL): [
        (2011, "94968", "=", "HR"),
        (2012, "81045", "=", "HR"),
        (2013, "73576", "=", "HR"),
        (2012, "125131", "=", "HR"),
        (2011, "151969", "=", "LB"),
        (2012, "148818", "=", "LB"),
        (2013, "155120.44", "=", "LB"),
        (2011, "148000", ">", "LB"),
        (2011, "4406", "=", "HR"),
        (2011, "7600", ">", "LB"),
    ],
    ("criminal-justice-online-courses.blogspot.com", THIRD): [(2009, "257252", "=", "LB")],
    ("www.codeonemagazine.com", THIRD): [(2012, "117000", ">", "LB")],
    ("gao.justia.com", COPY): [(2007, "58", "=", "NUM")],
}
HEDGES = {"=": "Exactly", ">": "MoreThan", "<": "Nearly", "~": "Approximately"}


@pytest.fixture(scope="module")
def store():
    """The published graphs, each under its name."""
    store = ox.Store()
    for quads in graphs().values():
        store.extend(quads)
    return store


def rows(store, query):
    """The solutions of a query over all graphs, as tuples of terms or None."""
    found = store.query(PROLOGUE + query, use_default_graph_as_union=True)
    variables = list(found.variables)
    return [tuple(row[variable] for variable in variables) for row in found]


def local(term):
    """The last part of an IRI, or None."""
    return re.split(r"[/#]", term.value.rstrip("/"))[-1] if term is not None else None


@pytest.fixture(scope="module")
def figures(store):
    """Every measurement in numerals by its slug: what is needed to compare two."""
    found = {}
    names = ("set", "subject", "indicator", "area", "period", "likely", "value", "unit", "per", "hedge")
    names += ("rounded",)
    for slug, *terms in rows(
        store,
        f"""SELECT ?m ?{" ?".join(names)} WHERE {{
             ?m a cbp:Measurement ; qb:dataSet ?set ; cbp:describes ?subject ; cbp:indicator ?indicator ;
               sdmx-dimension:refArea ?area ; sdmx-dimension:refPeriod ?period ;
               sdmx-measure:obsValue ?value ; sdmx-attribute:unitMeasure ?unit ; cbp:qualifier ?hedge .
             OPTIONAL {{ ?m cbp:likelyPeriod ?likely }}
             OPTIONAL {{ ?m cbp:per ?per }}
             OPTIONAL {{ ?m cbp:roundedTo ?rounded }} }}""",
    ):
        record = dict(zip(names, terms, strict=True))
        figure = {name: local(term) for name, term in record.items() if name not in ("value", "rounded")}
        figure["value"] = Fraction(record["value"].value)
        figure["rounded"] = Fraction(record["rounded"].value) if record["rounded"] else Fraction(1)
        found[local(slug)] = figure
    return found


def comparisons(store, predicate):
    """(subject, object) slugs of one kind of comparison in graph/context."""
    return [
        (local(s), local(o))
        for s, o in rows(store, f"SELECT ?s ?o WHERE {{ GRAPH graph:context {{ ?s cbp:{predicate} ?o }} }}")
    ]


# ── What was read ────────────────────────────────────────────────────────────────────────────────────────


def test_all_forty_one_figures_stand_with_year_value_hedge_unit_address_and_reliability(store):
    stated = {}
    for period, value, hedge, unit, source, reliability in rows(
        store,
        """SELECT ?period ?value ?hedge ?unit ?source ?reliability WHERE { GRAPH graph:context {
             ?m qb:dataSet dataset:context ; sdmx-dimension:refPeriod ?period ; sdmx-measure:obsValue ?value ;
               cbp:qualifier ?hedge ; sdmx-attribute:unitMeasure ?unit ; prov:hadPrimarySource ?source ;
               cbp:reliability ?reliability } }""",
    ):
        host = re.match(r"https?://([^/]+)/", source.value).group(1)
        key = (host, local(reliability))
        stated.setdefault(key, []).append((local(period), Decimal(value.value), local(hedge), local(unit)))

    expected = {
        key: sorted((f"FY{year}", Decimal(value), HEDGES[hedge], unit) for year, value, hedge, unit in read)
        for key, read in READ.items()
    }
    assert sum(map(len, READ.values())) == 41
    assert {key: sorted(found) for key, found in stated.items()} == expected


def test_number_as_printed_reads_as_the_value_and_hedge_of_the_graph(store):
    hedges = {"more than": "MoreThan", "nearly": "Nearly", "almost": "Nearly", "about": "Approximately"}
    scales = {"million": 10**6, "billion": 10**9}
    for m, printed, value, hedge, unit in rows(
        store,
        """SELECT ?m ?printed ?value ?hedge ?unit WHERE {
             ?m cbp:asPrinted ?printed ; sdmx-measure:obsValue ?value ; cbp:qualifier ?hedge ;
               sdmx-attribute:unitMeasure ?unit }""",
    ):
        # "more than 117000; about $8.76 billion": the dollars are in the second part.
        parts = printed.value.split(";")
        part = parts[-1] if local(unit) == "CCY_USD" else parts[0]
        number, scale = re.search(r"([\d.]+)(?: (million|billion))?", part).groups()
        words = [name for name in hedges if name in part]

        assert Decimal(number) * scales.get(scale, 1) == Decimal(value.value), local(m)
        assert [local(hedge)] == ([hedges[words[0]]] if words else ["Exactly"]), local(m)
    assert len(rows(store, "SELECT ?m WHERE { ?m cbp:asPrinted ?p }")) == 42


def test_figures_of_other_sources_quote_nothing_of_the_report(store):
    assert not rows(store, "SELECT ?m WHERE { GRAPH graph:context { ?m cbp:quotation|cbp:evidence ?words } }")


def test_two_figures_of_one_data_set_differ_in_a_dimension(store):
    keys = rows(
        store,
        """SELECT ?set ?subject ?indicator ?period ?area ?source (COUNT(?m) AS ?times) WHERE {
             GRAPH graph:context {
               ?m qb:dataSet ?set ; cbp:describes ?subject ; cbp:indicator ?indicator ;
                 sdmx-dimension:refPeriod ?period ; sdmx-dimension:refArea ?area ;
                 prov:hadPrimarySource ?source } }
           GROUP BY ?set ?subject ?indicator ?period ?area ?source""",
    )

    assert len(keys) == 55
    assert {int(times.value) for *_, times in keys} == {1}


def test_every_source_is_a_document_with_a_name_and_one_reliability(store):
    sources = rows(
        store,
        """SELECT ?source (COUNT(DISTINCT ?reliability) AS ?n) WHERE { GRAPH graph:context {
             ?m prov:hadPrimarySource ?source ; cbp:reliability ?reliability .
             ?source a foaf:Document , prov:Entity ; rdfs:label ?name } } GROUP BY ?source""",
    )

    assert len(sources) == 13
    assert {int(n.value) for _, n in sources} == {1}


# ── Comparisons ──────────────────────────────────────────────────────────────────────────────────────────


def test_every_comparison_is_a_triple_and_a_statement_with_a_reason_that_fits(store):
    reasons = {
        "agreesWith": {"same-number", "hedge-or-rounding", "mean-of-a-year"},
        "differsFrom": {"another-scope"},
        "inSeriesWith": {"another-year"},
    }
    for predicate, allowed in reasons.items():
        stated = rows(
            store,
            f"""SELECT ?s ?o ?reason WHERE {{ GRAPH graph:context {{
                  ?x a rdf:Statement ; rdf:subject ?s ; rdf:predicate cbp:{predicate} ; rdf:object ?o ;
                    cbp:reason ?reason ; skos:editorialNote ?note ; prov:wasAttributedTo ?who }} }}""",
        )
        assert sorted((local(s), local(o)) for s, o, _ in stated) == sorted(comparisons(store, predicate))
        assert {local(reason) for *_, reason in stated} <= allowed


def test_every_figure_is_compared_or_says_that_the_report_has_none(store, figures):
    kinds = ("agreesWith", "differsFrom", "inSeriesWith")
    compared = {s for predicate in kinds for s, _ in comparisons(store, predicate)}
    compared |= {o for _, o in comparisons(store, "inSeriesWith")}

    alone = {slug for slug, f in figures.items() if f["set"].startswith("context")} - compared
    assert alone == {"context-2012-underway-hours", "context-2013-cocaine-value"}


def bounds(figure):
    """The range in which the true value lies, when hedges are read as writers use them.

    A hedge is meant closely: within two hundredths, or within the last place that is printed.
    """
    value, step = figure["value"], figure["rounded"]
    near = max(value * Fraction(2, 100), step)
    return {
        "Exactly": (value - step / 2, value + step / 2) if step > 1 else (value, value),
        "OnAverage": (value, value),
        "MoreThan": (value, value + near),
        "AtLeast": (value, value + near),
        "Nearly": (value - near, value),
        "Approximately": (value - near, value + near),
    }[figure["hedge"]]


def times_a_year(low_high, figure, other):
    """The bounds, brought from a day to the year where only the other figure is a year's."""
    if figure["per"] == "DAY" and other["per"] != "DAY":
        return tuple(bound * 365 for bound in low_high)
    return low_high


def compatible(one, other):
    low, high = times_a_year(bounds(one), one, other)
    other_low, other_high = times_a_year(bounds(other), other, one)
    return low <= other_high and other_low <= high


def years(figure):
    """The period that the figure's source states, and the one that we find likely."""
    return {figure["period"], figure["likely"]}


def test_what_is_said_to_agree_does_so_by_arithmetic(store, figures):
    pairs = comparisons(store, "agreesWith")

    assert len(pairs) == 11
    for one, other in pairs:
        assert compatible(figures[one], figures[other]), f"{one} and {other} cannot both be true"
        assert figures[one]["unit"] == figures[other]["unit"]
        assert figures[one]["period"] in years(figures[other]), f"{one}: another year"


def test_reason_of_an_agreement_is_the_one_that_the_numbers_give(store, figures):
    for s, o, reason in rows(
        store,
        """SELECT ?s ?o ?reason WHERE {
             ?x rdf:subject ?s ; rdf:predicate cbp:agreesWith ; rdf:object ?o ; cbp:reason ?reason }""",
    ):
        one, other = figures[local(s)], figures[local(o)]
        if one["per"] != other["per"]:
            expected = "mean-of-a-year"
        elif one["value"] == other["value"] and {one["hedge"], other["hedge"]} <= {"Exactly", "OnAverage"}:
            expected = "same-number"
        else:
            expected = "hedge-or-rounding"
        assert local(reason) == expected, f"{local(s)} and {local(o)}"


def test_day_of_963121_persons_makes_the_reports_travelers_in_365_days_and_not_in_366():
    assert 963_121 * 365 == 351_539_165
    assert round(963_121 * 365, -5) == 351_500_000
    assert round(963_121 * 366, -5) != 351_500_000


def test_what_is_said_to_be_a_series_shares_all_but_the_year(store, figures):
    pairs = comparisons(store, "inSeriesWith")

    assert len(pairs) == 39
    for one, other in pairs:
        for name in ("subject", "indicator", "area", "unit", "per"):
            assert figures[one][name] == figures[other][name], f"{one} and {other}: {name}"
        assert figures[one]["period"] not in years(figures[other]), f"{one}: the same year"


def test_no_figure_agrees_with_what_it_differs_from_or_follows(store):
    kinds = [set(comparisons(store, kind)) for kind in ("agreesWith", "differsFrom", "inSeriesWith")]

    assert sum(map(len, kinds)) == len(set.union(*kinds))


def test_drugs_of_officers_and_of_officers_and_agents_are_never_merged(store, figures):
    wide, narrow = "context-2012-drugs-seized", "2014-drugs-seized"

    assert (wide, narrow) in comparisons(store, "differsFrom")
    joined = {*comparisons(store, "agreesWith"), *comparisons(store, "inSeriesWith")}
    assert not {(wide, narrow), (narrow, wide)} & joined
    assert not compatible(figures[wide], figures[narrow])
    (note,) = rows(
        store,
        f"""SELECT ?note WHERE {{ ?x rdf:subject <{ID}measurement/{wide}> ; rdf:predicate cbp:differsFrom ;
              skos:editorialNote ?note ; cbp:reason concept:another-scope }}""",
    )
    assert "agents" in note[0].value
    assert not rows(
        store,
        f"""SELECT ?d WHERE {{ ?d a cbp:DerivedMeasurement ;
              prov:wasDerivedFrom <{ID}measurement/{wide}> , <{ID}measurement/{narrow}> }}""",
    )


def test_differing_figures_are_incompatible_or_count_for_another_body(store, figures):
    for one, other in comparisons(store, "differsFrom"):
        a, b = figures[one], figures[other]
        assert not compatible(a, b) or a["subject"] != b["subject"], f"{one} and {other} could be the same"


# ── Likely periods ───────────────────────────────────────────────────────────────────────────────────────


def test_likely_period_is_only_of_a_figure_that_the_page_does_not_date_and_says_why(store):
    likely = rows(store, "SELECT ?m ?period WHERE { GRAPH graph:context { ?m cbp:likelyPeriod ?period } }")
    explained = rows(
        store,
        """SELECT DISTINCT ?m ?period WHERE { GRAPH graph:context {
             ?x a rdf:Statement ; rdf:subject ?m ; rdf:predicate cbp:likelyPeriod ; rdf:object ?period ;
               skos:editorialNote ?why ; sssom:confidence ?sure ; prov:wasDerivedFrom ?evidence ;
               prov:wasAttributedTo ?who .
             ?evidence prov:hadPrimarySource ?source }
           GRAPH graph:incsr2014 { ?m sdmx-dimension:refPeriod period:not-stated } }""",
    )

    assert len(likely) == 13
    assert sorted(map(str, likely)) == sorted(map(str, explained))


def test_surest_likely_periods_rest_on_an_agreement_and_every_dated_agreement_gives_one(store, figures):
    sure = {
        local(m): Decimal(confidence.value)
        for m, confidence in rows(
            store,
            """SELECT ?m ?sure WHERE {
                 ?x rdf:subject ?m ; rdf:predicate cbp:likelyPeriod ; sssom:confidence ?sure }""",
        )
    }
    agreeing = {o for _, o in comparisons(store, "agreesWith")}

    assert {m for m, confidence in sure.items() if confidence >= Decimal("0.9")} <= agreeing
    assert {m for m in agreeing if figures[m]["period"] == "not-stated"} <= set(sure)


# ── Asked for ────────────────────────────────────────────────────────────────────────────────────────────


def test_hours_of_air_and_marine_form_a_series_over_three_years(store):
    series = rows(
        store,
        """SELECT DISTINCT ?period ?hours WHERE {
             measurement:2014-flight-hours-air-and-marine cbp:indicator ?indicator ; cbp:describes ?subject .
             ?m cbp:indicator ?indicator ; cbp:describes ?subject ; sdmx-dimension:refPeriod ?period ;
               sdmx-measure:obsValue ?hours } ORDER BY ?period""",
    )

    assert [(local(period), hours.value) for period, hours in series] == [
        ("FY2011", "94968"),
        ("FY2012", "81045"),
        ("FY2013", "73576"),
    ]


def test_figures_without_a_second_source_can_be_listed(store):
    alone = {
        local(m)
        for (m,) in rows(
            store,
            """SELECT ?m WHERE { ?m qb:dataSet dataset:incsr2014 .
                 FILTER NOT EXISTS { ?other cbp:agreesWith ?m ; prov:hadPrimarySource ?source } }""",
        )
    }

    assert {"2014-trained-honduras", "2014-conveyances-inspected", "2014-drugs-seized"} <= alone
    assert not {"2014-travelers-inspected", "2014-flight-hours-air-and-marine"} & alone
