"""`incsr draft`: on our own source it finds the figures that the list of figures has, read from the text
before and apart from it; on any text it proposes by rule, with the words and their offsets, and settles
nothing."""

import csv
import re
from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox
import pytest

from incsr import sources
from incsr.cli import main
from incsr.draft import propose, turtle
from incsr.evidence.published import source_text
from incsr.namespaces import BASE, PREFIXES, SOURCE_TEXT

LISTED = Path(__file__).parent / "figures.csv"


@pytest.fixture(scope="module")
def own():
    source = source_text()
    return [p for p in propose(source.text, (source.body.start, source.body.end)) if p.printed]


@pytest.fixture(scope="module")
def listed():
    with LISTED.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def proposal_for(row, proposals):
    """The proposal with the row's value whose words touch the row's quotation."""
    start = int(row["start"])
    end = start + len(row["quotation"])
    value = Decimal(row["value"])
    return next((p for p in proposals if p.start < end and start < p.end and p.value == value), None)


def figures(text):
    return [p for p in propose(text) if p.printed]


def one(text):
    (figure,) = figures(text)
    return figure


def test_own_source_is_read_as_the_list_of_figures_has_it(own, listed):
    pairs = [(row, proposal_for(row, own)) for row in listed]

    found = [(row, proposal) for row, proposal in pairs if proposal]
    share = {
        column: sum(getattr(proposal, column) == row[column] for row, proposal in found) / len(listed)
        for column in ("qualifier", "unit", "per", "period")
    }
    whole = sum(
        all(getattr(proposal, column) == row[column] for column in ("qualifier", "unit", "period"))
        for row, proposal in found
    ) / len(listed)
    value, precision = len(found) / len(listed), len(found) / len(own)
    print(
        f"value {value:.0%} of {len(listed)}; {share}; hedge, unit and period {whole:.0%}; "
        f"precise {precision:.0%}"
    )
    assert value >= 0.95
    assert whole >= 0.85
    assert precision >= 0.95


def test_every_proposal_quotes_the_words_at_its_offsets(own):
    text = sources.texts()[SOURCE_TEXT]

    assert own
    for proposal in own:
        assert text[proposal.start : proposal.end] == proposal.quotation
        assert proposal.printed in proposal.quotation
        assert len({p.slug for p in own}) == len(own)


@pytest.mark.parametrize(
    ("text", "value", "qualifier", "unit", "per", "period"),
    [
        ("Police seized 13.5 metric tons (MT) of cocaine.", "13.5", "Exactly", "TONNE", "", "not-stated"),
        ("Roughly 5kg of heroin were found.", "5", "Approximately", "KiloGM", "", "not-stated"),
        ("In fiscal year 2015, it spent about US$5.7 million.",
         "5700000", "Approximately", "CCY_USD", "", "FY2015"),
        ("The fund holds €3 billion.", "3000000000", "Exactly", "CCY_EUR", "", "not-stated"),
        ("Cultivation fell 39 percent between 2013 and 2014.",
         "39", "Exactly", "PERCENT", "", "2013-to-2014"),
        ("No fewer than forty-two boats sailed.", "42", "AtLeast", "NUM", "", "not-stated"),
        ("Almost a dozen programs began.", "12", "Nearly", "NUM", "", "not-stated"),
        ("It answers an average of 3,700 calls per month.", "3700", "OnAverage", "NUM", "MO", "not-stated"),
        ("Each day, guards walk over 90 miles.", "90", "MoreThan", "MI", "DAY", "not-stated"),
        ("Since March 2012, 64 people were trained.", "64", "Exactly", "NUM", "", "since-2012-03"),
        ("Between January and June 2016, 60 cases were opened.",
         "60", "Exactly", "NUM", "", "2016-01-to-2016-06"),
        ("As of December 31, 2014, it had 1,042 inmates.", "1042", "Exactly", "NUM", "", "2014-12-31"),
        ("In FY13, 200 or more cases were closed.", "200", "AtLeast", "NUM", "", "FY2013"),
        ("The 2,000-mile border is long.", "2000", "Exactly", "MI", "", "not-stated"),
        ("It costs nearly $9 per gram.", "9", "Nearly", "CCY_USD", "GM", "not-stated"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else None,
)  # fmt: skip
def test_sentence_of_another_text_is_read_by_the_same_rules(text, value, qualifier, unit, per, period):
    found = one(text)

    read = (found.value, found.qualifier, found.unit, found.per, found.period)
    assert read == (Decimal(value), qualifier, unit, per, period)


@pytest.mark.parametrize(
    "text",
    [
        "He left at 9:30 a.m. on March 3, 2014.",
        "Section 301 of Public Law 107-296 applies; see 18 U.S.C. 1956.",
        "The P-3 flew under Law 1453 in the 1990s.",
        "Call 1-800-555-1212 or see https://example.org/2012/05/17.",
        "On the 41st floor a 24-hour line answers.",
        "One of them spoke first.",
    ],
)
def test_number_that_counts_nothing_is_not_proposed(text):
    assert figures(text) == []


def test_members_of_a_list_are_told_apart_from_a_number_with_a_space():
    assert [p.value for p in figures("Units 100, 200 and 300 came; 117, 103 pounds stayed.")] == [
        100, 200, 300, 117103
    ]  # fmt: skip


def test_ends_of_a_range_share_scale_unit_rate_and_period():
    low, high = figures("Between 2 and 3 million tons a year are shipped.")

    assert (low.value, high.value) == (2_000_000, 3_000_000)
    assert {low.unit, high.unit} == {"TON"} and {low.per, high.per} == {"YR"}


def test_hedge_that_the_vocabulary_lacks_is_left_to_a_person():
    text = "Fewer than 200 cases were opened."

    written = turtle(propose(text), "cases")

    assert "cbp:qualifier finish:LessThan" in written
    assert "decide which one holds" in written


def test_period_of_the_sentence_before_is_taken_over_with_its_evidence_and_a_note():
    text = "In 2012, the office trained officers. It trained 64 officers in Peru."

    found = one(text)

    assert (found.period, found.area) == ("2012", "PE")
    assert [text[a:b] for a, b in found.further] == ["2012"]
    assert any("sentence before" in note for note in found.notes)


def test_hard_wrapped_text_is_read_like_the_same_text_in_one_line():
    words = (
        "In fiscal year 2015, the Government of the Republic of Colombia eradicated by hand approximately "
        "69,000 hectares of coca."
    )
    wrapped = words.replace("approximately ", "approximately\n")

    def reading(text):
        return [(p.value, p.qualifier, p.unit, p.period, p.area) for p in figures(text)]

    assert reading(wrapped) == reading(words) == [(69000, "Approximately", "HA", "FY2015", "CO")]


def test_turtle_parses_and_leaves_subject_and_indicator_to_a_person(own):
    written = turtle(own, "incsr2014-cbp")

    triples = list(ox.parse(written, format=ox.RdfFormat.TURTLE))
    objects = {}
    for triple in triples:
        objects.setdefault(triple.predicate.value, []).append(triple.object.value)
    assert objects[PREFIXES["cbp"] + "describes"] == ["urn:incsr:finish:subject"] * len(own)
    assert objects[PREFIXES["cbp"] + "indicator"] == ["urn:incsr:finish:indicator"] * len(own)
    evidence = objects[PREFIXES["cbp"] + "evidence"]
    assert all(
        re.fullmatch(re.escape(BASE) + r"source/incsr2014-cbp\.txt#char=\d+,\d+", iri) for iri in evidence
    )


def test_command_drafts_any_text_under_its_own_name(tmp_path, capsys):
    page = tmp_path / "harbor patrol.txt"
    page.write_text("Harbor police searched 1,204 “suspect” boats\\crates in 2019.\n", encoding="utf-8")

    assert main(["draft", str(page), "--name", "harbor"]) == 0

    written = capsys.readouterr().out
    assert "<source/harbor.txt#char=23,51>" in written
    assert "measurement:2019-" in written
    assert list(ox.parse(written, format=ox.RdfFormat.TURTLE))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.txt"], "is not a file"),
        (["PAGE", "--body", "4"], "two offsets"),
        (["PAGE", "--body", "0,9999"], "has 10 characters"),
        (["PAGE", "--output", "PAGE"], "may hold somebody's work"),
    ],
)
def test_command_that_cannot_be_is_refused_with_what_to_write(tmp_path, capsys, arguments, words):
    page = tmp_path / "page.txt"
    page.write_text("Ten cases.", encoding="utf-8")

    code = main(["draft", *(argument.replace("PAGE", str(page)) for argument in arguments)])

    assert code == 2
    assert words in capsys.readouterr().err


def test_text_that_is_not_utf8_is_refused_with_the_byte(tmp_path, capsys):
    page = tmp_path / "page.txt"
    page.write_bytes(b"Ten caf\xe9s")

    assert main(["draft", str(page)]) == 1
    assert "not UTF-8 at byte 7" in capsys.readouterr().err
