"""The source text: offsets are code points of the file as it stands; sentences tile the body; words are
found where they stand, as whole words, and near misses are offered to the author."""

from itertools import pairwise

import pytest

from incsr.evidence.published import source_text
from incsr.evidence.source import Passage, PassageError, SourceText, parse_passage
from incsr.namespaces import SOURCE_TEXT


@pytest.fixture(scope="module")
def source():
    return source_text()


def words(source, passages):
    return [source.words(passage) for passage in passages]


def test_source_is_the_report_as_published(source):
    assert source.sha256 == source.described.sha256
    assert len(source.text) == 6603


def test_source_with_one_character_changed_has_another_sum(source):
    changed = SourceText(source.text.replace("759,000", "759,001").encode(), source.described)

    assert changed.sha256 != source.described.sha256


def test_spans_leave_out_nothing_of_the_body_but_separators(source):
    covered = set()
    for span in source.spans():
        assert source.words(span.passage) == span.text
        covered |= set(range(span.passage.start, span.passage.end))

    left = "".join(source.text[i] for i in range(source.body.start, source.body.end) if i not in covered)

    assert set(left) <= set(": \n")
    assert left.count(":") == 8  # one behind each run-in heading


def test_spans_do_not_overlap(source):
    spans = source.spans()

    assert all(a.passage.end <= b.passage.start for a, b in pairwise(spans))


def test_sentences_are_not_broken_at_abbreviations(source):
    sentences = source.sentences()

    assert len(sentences) == 35
    assert any("serve abroad in U.S. Embassies along with" in span.text for span in sentences)
    assert any("with a value of $8.76 billion." in span.text for span in sentences)


def test_headings_are_the_run_in_titles_without_their_colon(source):
    headings = [span.text for span in source.spans() if span.kind == "heading"]

    assert headings == [
        "Security at the Border",
        "Security Beyond the Borders",
        "International Engagement Programs",
        "Technical Assistance Programs",
        "Capacity Building Programs",
        "International Visitors Programs",
        "Bulk Currency Smuggling Training",
        "Tactical Response Training",
    ]


def test_sentence_of_a_heading_is_the_sentence_after_it(source):
    (heading,) = source.locate("Capacity Building Programs")

    assert source.sentence_of(heading).text.startswith("In 2012, INA provided")


@pytest.mark.parametrize(
    ("phrase", "within", "starts"),
    [
        pytest.param("more than 759,000 pounds of drugs", None, [980], id="a phrase that stands once"),
        pytest.param("257", None, [4069, 4537], id="a number that stands twice"),
        pytest.param("257", "capacity building sessions", [4537], id="context behind it"),
        pytest.param("257", "64 countries", [4537], id="context elsewhere in its sentence"),
        pytest.param("20", "Belize", [6174], id="not the 20 of 2012, nor of 20 sectors"),
        pytest.param("50", None, [6158], id="not inside 450, 5,500 or 8,000"),
        pytest.param("103", None, [2786], id="a part that the page's slip sets apart"),
        pytest.param("000", None, [], id="not the end of 759,000"),
        pytest.param("nation's", None, [], id="a straight apostrophe is not the page's"),
    ],
)
def test_words_are_located_as_whole_words(source, phrase, within, starts):
    assert [passage.start for passage in source.locate(phrase, within)] == starts


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        pytest.param("nation's first line", ["nation\u2018s first line"], id="straight apostrophe"),
        pytest.param("117,103 pounds", ["117, 103 pounds"], id="number without the page's space"),
        pytest.param("Border patrol conducts", ["Border Patrol Conducts"], id="other capitals"),
        pytest.param("Task Force - South", ["Task Force \u2013 South"], id="hyphen for a dash"),
        pytest.param("seized 759,000 pounds of drugs", ["759,000 pounds of drugs"], id="a word left out"),
        pytest.param("zebra", [], id="nothing like it"),
    ],
)
def test_nearest_offers_what_an_author_may_have_meant(source, typed, meant):
    assert words(source, source.nearest(typed)) == meant


def test_context_ends_between_words(source):
    before, after = source.context(Passage(980, 1013))

    assert before == "pests). CBP officers seized "
    assert after == ", arrested more than 24,000"


def test_context_of_every_passage_is_what_stands_around_it(source):
    for start in range(0, len(source.text) - 1, 7):
        passage = Passage(start, min(start + 5, len(source.text)))
        before, after = source.context(passage)

        assert source.text[: passage.start].endswith(before)
        assert source.text[passage.end :].startswith(after)
        assert len(before) <= 32 and len(after) <= 32


@pytest.mark.parametrize(
    ("fragment", "complaint"),
    [
        pytest.param("#char=980", "is no passage", id="no end"),
        pytest.param("#line=3,4", "is no passage", id="lines"),
        pytest.param("#char=1013,980", "is empty", id="end before start"),
        pytest.param("#char=980,980", "is empty", id="nothing"),
        pytest.param("#char=0980,1013", "leading zeros", id="two spellings of one passage"),
    ],
)
def test_malformed_passage_is_refused(fragment, complaint):
    with pytest.raises(PassageError, match=complaint):
        parse_passage(SOURCE_TEXT + fragment)


def test_passage_survives_its_iri(source):
    assert parse_passage(source.passage_iri(Passage(980, 1013))) == Passage(980, 1013)
