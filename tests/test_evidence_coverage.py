"""Coverage counts only what facts reach: each numeral by a figure, a period or a name, each sentence by a
passage inside it, each content word by a passage or a written reason; sections count for nothing."""

import pytest
from evidence_cases import DRUGS, document, evidence

from incsr.evidence.coverage import FUNCTION_WORDS, ReasonsError, read_reasons
from incsr.evidence.published import source_text, uncovered_path, verify_published
from incsr.evidence.verification import verify


@pytest.fixture(scope="module")
def source():
    return source_text()


def report(source, tmp_path, turtle, reasons=None):
    return verify(source, [document(tmp_path, turtle)], reasons=reasons)


def problems(report, check):
    return [problem.message for problem in report.problems if problem.check == check]


def bare(report):
    return {start for _, start in report.coverage.bare_numerals}


def test_numeral_is_covered_by_the_measurement_that_was_read_as_it(source, tmp_path):
    found = report(source, tmp_path, DRUGS)

    assert found.coverage.numerals_covered == 2  # 759 and 000
    assert not {990, 994} & bare(found)


def test_numeral_that_no_measurement_is_read_as_is_reported(source, tmp_path):
    found = report(source, tmp_path, DRUGS)

    assert any("“24” at 1034, in “CBP officers seized" in message for message in problems(found, "numerals"))


def test_numeral_inside_the_quotation_of_a_thing_is_not_covered(source, tmp_path):
    thing = f'concept:visits a skos:Concept ; skos:prefLabel "visits" ; {evidence("450 visits")} .\n'

    assert 4981 in bare(report(source, tmp_path, thing))


def test_numeral_of_a_name_is_covered_by_the_thing_that_bears_it(source, tmp_path):
    program = f'program:p-3 a cbp:Program ; skos:prefLabel "P-3 Program" ; {evidence("P-3 Program")} .\n'

    assert 2619 not in bare(report(source, tmp_path, program))


def test_numeral_of_a_date_is_covered_by_its_period(source, tmp_path):
    period = f'period:FY2013 a time:ProperInterval ; skos:prefLabel "FY 2013" ; {evidence("FY 2013")} .\n'

    found = report(source, tmp_path, period)

    assert source.text.index("FY 2013") + 3 not in bare(found)


def test_sentence_is_covered_by_a_fact_inside_it_and_not_by_its_own_section(source, tmp_path):
    sentence = source.sentences()[0]
    words = evidence(sentence.text)
    section = f"section:s a cbp:Sentence , cbp:Section ; {words} .\n"
    thing = f'concept:visits a skos:Concept ; skos:prefLabel "visits" ; {words} .\n'

    assert report(source, tmp_path, section).coverage.sentences_covered == 0
    assert report(source, tmp_path, thing).coverage.sentences_covered == 1


def test_part_of_the_body_that_is_no_section_is_reported(source, tmp_path):
    heading = f"section:h a cbp:Section ; {evidence('Security at the Border')} .\n"

    without = problems(report(source, tmp_path, DRUGS), "sections")
    found = problems(report(source, tmp_path, heading), "sections")

    # 2 lines, 14 paragraphs, 8 headings, 35 sentences; one paragraph is one sentence
    assert len(without) == 58
    assert len(found) == 57 and not any("the heading at 1396" in message for message in found)


def test_section_that_is_no_part_of_the_body_is_reported(source, tmp_path):
    half = f"section:h a cbp:Section ; {evidence('Security at the')} .\n"

    found = problems(report(source, tmp_path, half), "sections")

    assert any("“Security at the” is no line, paragraph, heading or sentence" in message for message in found)


def test_sentence_without_a_fact_is_reported(source, tmp_path):
    found = report(source, tmp_path, DRUGS)

    assert found.coverage.sentences == 37
    assert len(problems(found, "sentences")) == 36


def test_content_word_without_a_fact_or_a_reason_is_reported(source, tmp_path):
    found = report(source, tmp_path, DRUGS)

    assert any("no fact covers “arrested” at 1015" in message for message in problems(found, "words"))
    assert not any("“pounds” at 998" in message for message in problems(found, "words"))


def test_content_word_with_a_reason_is_listed_with_it(source, tmp_path):
    reasons = read_reasons("start,words,reason\n1015,arrested,the verb of the figure behind it\n")

    found = report(source, tmp_path, DRUGS, reasons)

    assert not any("“arrested” at 1015" in message for message in problems(found, "words"))
    (word,) = [word for word in found.coverage.uncovered if word.start == 1015]
    assert (word.word, word.reason) == ("arrested", "the verb of the figure behind it")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        pytest.param("1016,arrested,why", "does not stand at 1016", id="at another place"),
        pytest.param('980,"more than 759,000 pounds",why', "is covered by a fact now", id="covered by now"),
    ],
)
def test_reason_that_explains_nothing_is_reported(source, tmp_path, line, complaint):
    reasons = read_reasons(f"start,words,reason\n{line}\n")

    found = report(source, tmp_path, DRUGS, reasons)

    assert any(complaint in message for message in problems(found, "words"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("word,why\n", "its columns are", id="other columns"),
        pytest.param("start,words,reason\nx,arrested,why\n", "an offset", id="no offset"),
        pytest.param("start,words,reason\n1,a,b,c\n", "an offset", id="too many fields"),
        pytest.param("start,words,reason\n1,a, \n", "has no reason", id="a blank reason"),
        pytest.param("start,words,reason\n1,a\n", "an offset", id="too few fields"),
    ],
)
def test_ill_formed_list_of_reasons_is_refused(text, complaint):
    with pytest.raises(ReasonsError, match=complaint):
        read_reasons(text)


def test_function_words_bear_no_content():
    content = {
        "officers",
        "drugs",
        "seized",
        "majority",
        "several",
        "growing",
        "illegally",
        "between",
        "more",
    }

    assert not (content - {"between"}) & FUNCTION_WORDS


def test_published_reasons_explain_every_word_that_no_fact_covers():
    read_reasons(uncovered_path().read_text(encoding="utf-8"))

    unexplained = [word.word for word in verify_published().coverage.uncovered if not word.reason]

    assert unexplained == []
