"""No figure can be changed unseen: each claim of each measurement is changed in turn, and is caught.

The verifier alone must reject every other value, hedge, unit and offset, and for quantities in words every
other statement and magnitude. What the words themselves cannot decide for certain (area, subject, rate,
period) must be caught by the verifier or by the list of the figures in tests/figures.csv and
tests/figures_in_words.csv, which was written from the text alone, before and apart from the graph.
"""

import csv
from pathlib import Path

import pyoxigraph as ox
import pytest

from incsr.evidence import claims as c
from incsr.evidence.numbers import figures
from incsr.evidence.published import documents, source_text
from incsr.evidence.source import Passage, parse_passage
from incsr.evidence.verification import Verifier
from incsr.namespaces import ID

HERE = Path(__file__).parent
LISTED = {
    "value": c.VALUE,
    "stated_as": c.STATED_AS,
    "magnitude": c.MAGNITUDE,
    "qualifier": c.QUALIFIER,
    "unit": c.UNIT,
    "per": c.PER,
    "period": c.PERIOD,
    "area": c.AREA,
    "subject": c.SUBJECT,
    "rounded_to": c.ROUNDED_TO,
    "superlative": c.SUPERLATIVE,
}
SPACES = (c.CBP, c.UNIT_IRI, c.PERIOD_IRI, ID)
QUALIFIERS = [
    ox.NamedNode(c.CBP + name)
    for name in ("Exactly", "MoreThan", "AtLeast", "Nearly", "Approximately", "OnAverage")
]
UNITS = [ox.NamedNode(c.UNIT_IRI + name) for name in ("NUM", "LB", "HR", "MI", "CCY_USD", "KiloGM")]
RATES = [ox.NamedNode(c.UNIT_IRI + name) for name in ("DAY", "YR", "MO")]
PERIODS = [
    ox.NamedNode(c.PERIOD_IRI + name)
    for name in ("FY2012", "FY2013", "2012", "since-2012-03", "not-stated", "FY2014")
]
SCALES = [ox.Literal(scale) for scale in (1000, 100000, 1000000, 10000000, 1000000000)]
MOVES = [(-1, 0), (1, 0), (0, -1), (0, 1), (1, 1), (-1, -1), (7, 7), (-7, -7), (1000, 1000)]


def rows(name):
    with open(HERE / name, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def shortened(value):
    for space in SPACES:
        if value.startswith(space):
            return value.removeprefix(space)
    return value


def differences(properties, row):
    """The columns in which a measurement's properties differ from a row of the list."""
    different = set()
    for column, predicate in LISTED.items():
        claimed = sorted(shortened(term.value) for term in properties.get(predicate, ()))
        if claimed != sorted(filter(None, row.get(column, "").split("; "))):
            different.add(column)
    return different


class Case:
    """The published measurements, the verifier, and the list that knows neither."""

    def __init__(self):
        self.verifier = Verifier(source_text(), documents())
        self.document = next(document for document in self.verifier.documents if document.report)
        checked = {s: self.verifier.check(self.document, s) for s in list(self.document.facts)}
        self.facts = {s: fact for s, fact in checked.items() if fact and fact.kind in ("figure", "words")}
        self.rows = {}
        for row in rows("figures.csv"):
            (figure,) = figures(row["quotation"])
            self.rows[int(row["start"]) + figure.start] = row
        for row in rows("figures_in_words.csv"):
            self.rows[int(row["start"]) + row["quotation"].index(row["stated_as"])] = row
        used = [fact.properties for fact in self.facts.values()]
        self.in_use = {
            predicate: sorted(
                {term for properties in used for term in properties.get(predicate, ())}, key=str
            )
            for predicate in LISTED.values()
        }

    def rejects(self, subject, properties):
        """Whether the verifier finds anything wrong with a measurement."""
        return bool(self.verifier.check(self.document, subject, properties).problems)

    def differs(self, subject, properties):
        """The columns in which a measurement differs from the list's figure at the same place of the text."""
        return differences(properties, self.rows[self.facts[subject].number.start])

    def survivors(self, kind, predicate, others, caught):
        """Replace a property of each measurement of a kind by each list of terms that is not its own.

        Returns: how many mutants there were, and those that `caught` lets pass.
        """
        made, alive = 0, []
        for subject, fact in self.facts.items():
            if fact.kind != kind:
                continue
            own = sorted(map(str, fact.properties.get(predicate, ())))
            for terms in others(self, fact, predicate):
                if sorted(map(str, terms)) != own:
                    made += 1
                    properties = {**fact.properties, predicate: terms}
                    if not caught(subject, properties):
                        alive.append((subject, [str(term) for term in terms]))
        return made, alive

    def caught(self, subject, properties):
        """Whether the verifier or the list sees that a measurement was changed."""
        return self.rejects(subject, properties) or bool(self.differs(subject, properties))


@pytest.fixture(scope="module")
def case():
    return Case()


def other_values(case, fact, predicate):
    """A digit changed, two swapped, a zero or a one more or less, the sign, and all others' values."""
    (own,) = fact.values(predicate)
    number = int(own)
    found = {number + 1, number - 1, number * 10, number // 10, -number, 0}
    for i, digit in enumerate(own):
        found.add(int(own[:i] + str((int(digit) + 1) % 10) + own[i + 1 :]))
        found.add(int(own[:i] + own[i : i + 2][::-1] + own[i + 2 :]))
    found |= {int(term.value) for term in case.in_use[predicate]}
    both = [ox.Literal(number), ox.Literal(number + 1)]
    return [[], both, *([ox.Literal(value)] for value in sorted(found))]


def other_terms(*more):
    """No term at all, and each one that is in use for the property or named here."""

    def others(case, fact, predicate):
        return [[], *([term] for term in dict.fromkeys([*case.in_use[predicate], *more]))]

    return others


def other_passages(case, fact, predicate):
    """The evidence with each of its passages moved or stretched, and with its first taken away."""
    cited = [term.value for term in fact.properties[predicate]]
    for i, iri in enumerate(cited):
        passage = parse_passage(iri)
        for start, end in MOVES:
            other = Passage(passage.start + start, passage.end + end)
            moved = [*cited[:i], case.verifier.source.passage_iri(other), *cited[i + 1 :]]
            yield [ox.NamedNode(iri) for iri in moved]
    yield [ox.NamedNode(iri) for iri in cited if iri != case.verifier.source.passage_iri(fact.passages[0])]


def test_unchanged_measurements_pass_verifier_and_list(case):
    # Without this, a verifier that rejects everything would pass every test below.
    for subject, fact in case.facts.items():
        assert not case.rejects(subject, fact.properties), subject
        assert case.differs(subject, fact.properties) == set(), subject


def test_graph_has_each_listed_figure_once_and_no_other(case):
    assert sorted(fact.number.start for fact in case.facts.values()) == sorted(case.rows)


@pytest.mark.parametrize(
    ("kind", "predicate", "others", "at_least"),
    [
        pytest.param("figure", c.VALUE, other_values, 1500, id="value"),
        pytest.param("figure", c.QUALIFIER, other_terms(*QUALIFIERS), 250, id="qualifier"),
        pytest.param("figure", c.UNIT, other_terms(*UNITS), 250, id="unit"),
        pytest.param("figure", c.PERIOD, other_terms(*PERIODS), 250, id="period"),
        pytest.param("figure", c.PER, other_terms(*RATES), 140, id="rate"),
        pytest.param("figure", c.ROUNDED_TO, other_terms(*SCALES), 200, id="rounding"),
        pytest.param("figure", c.EVIDENCE, other_passages, 450, id="offset"),
        pytest.param("words", c.EVIDENCE, other_passages, 60, id="offset of a quantity in words"),
        pytest.param("words", c.MAGNITUDE, other_terms(*SCALES), 30, id="magnitude"),
    ],
)
def test_verifier_alone_rejects_every_other(case, kind, predicate, others, at_least):
    made, alive = case.survivors(kind, predicate, others, case.rejects)

    assert alive == []
    assert made >= at_least


@pytest.mark.parametrize(
    ("kind", "predicate", "more", "at_least"),
    [
        pytest.param("figure", c.AREA, (), 400, id="area"),
        pytest.param("figure", c.SUBJECT, (), 400, id="subject"),
        pytest.param("figure", c.SUPERLATIVE, (), 90, id="superlative"),
        pytest.param("words", c.STATED_AS, (), 40, id="statement in words"),
        pytest.param("words", c.UNIT, UNITS, 35, id="unit of a quantity in words"),
        pytest.param("words", c.PERIOD, PERIODS, 35, id="period of a quantity in words"),
        pytest.param("words", c.PER, RATES, 20, id="rate of a quantity in words"),
        pytest.param("words", c.AREA, (), 60, id="area of a quantity in words"),
        pytest.param("words", c.SUBJECT, (), 60, id="subject of a quantity in words"),
    ],
)
def test_verifier_or_list_catches_every_other(case, kind, predicate, more, at_least):
    made, alive = case.survivors(kind, predicate, other_terms(*more), case.caught)

    assert alive == []
    assert made >= at_least


@pytest.mark.parametrize(
    "predicate", [pytest.param(c.AREA, id="area"), pytest.param(c.SUBJECT, id="subject")]
)
def test_list_is_needed_since_the_words_alone_do_not_settle_every(case, predicate):
    _, alive = case.survivors("figure", predicate, other_terms(), case.rejects)

    assert alive


def test_every_mutant_survives_where_nothing_looks(case):
    # So the tests above can fail.
    made, alive = case.survivors("figure", c.VALUE, other_values, lambda subject, properties: False)

    assert len(alive) == made > 0


def test_figure_that_quotes_another_figures_words_is_caught(case):
    for subject, fact in case.facts.items():
        for other in case.facts.values():
            if other is fact:
                continue
            taken = {predicate: other.properties[predicate] for predicate in (c.QUOTATION, c.EVIDENCE)}
            properties = {**fact.properties, **taken}

            checked = case.verifier.check(case.document, subject, properties)

            row = case.rows[other.number.start]
            assert not checked.holds or differences(properties, row), (subject, other.subject)
