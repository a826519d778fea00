"""`incsr cite` prints Turtle that verifies as it stands, or the candidates; it never picks one of several."""

import pyoxigraph as ox
import pytest
from evidence_cases import HEADER

from incsr.cli import main
from incsr.evidence.published import source_text
from incsr.evidence.source import Passage, parse_passage
from incsr.namespaces import PREFIXES


def triples(printed):
    turtle = HEADER + "<urn:fact>\n" + printed.rstrip().rstrip(";") + " ."
    found = {}
    for triple in ox.parse(turtle, format=ox.RdfFormat.TURTLE):
        found.setdefault(triple.predicate.value, []).append(triple.object.value)
    return found


def test_cite_prints_the_two_lines_of_evidence(capsys):
    code = main(["cite", "more than 759,000 pounds of drugs"])

    assert code == 0
    assert capsys.readouterr().out == (
        '    cbp:quotation "more than 759,000 pounds of drugs" ;\n'
        "    cbp:evidence  <source/incsr2014-cbp.txt#char=980,1013> ;\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["nation\u2018s first line of defense"], id="the page's wrong quotation mark"),
        pytest.param(["117, 103 pounds of cocaine"], id="the page's space in a number"),
        pytest.param(["Search and Trauma & Rescue (BORSTAR)"], id="an ampersand"),
        pytest.param(["Task Force \u2013 South"], id="a dash"),
        pytest.param(["450", "visits"], id="a phrase without the shell's quotes"),
        pytest.param(["450"], id="a number"),
    ],
)
def test_cited_words_stand_at_the_offsets_printed(words, capsys):
    source = source_text()

    code = main(["cite", *words])

    found = triples(capsys.readouterr().out)
    (quotation,), (iri,) = found[PREFIXES["cbp"] + "quotation"], found[PREFIXES["cbp"] + "evidence"]
    assert code == 0
    assert quotation == " ".join(words) == source.words(parse_passage(iri))


def test_cite_in_context_chooses_among_several_places(capsys):
    code = main(["cite", "257", "--in", "capacity building sessions"])

    assert code == 0
    assert "#char=4537,4540" in capsys.readouterr().out


def test_cite_of_words_that_stand_twice_lists_both_and_picks_none(capsys):
    code = main(["cite", "257"])

    told = capsys.readouterr()
    assert code == 1 and told.out == ""
    assert "stands in the source 2 times" in told.err
    assert "#char=4069,4072  …coordinates and presents over [257] technical assistance programs…" in told.err
    assert "#char=4537,4540" in told.err


def test_cite_of_words_that_the_text_has_not_lists_the_nearest(capsys):
    code = main(["cite", "117,103 pounds"])

    told = capsys.readouterr()
    assert code == 1 and told.out == ""
    assert "#char=2781,2796" in told.err and "[117, 103 pounds]" in told.err


def test_cite_of_words_away_from_their_context_says_where_they_stand(capsys):
    code = main(["cite", "329", "--in", "Honduras"])

    told = capsys.readouterr().err
    assert code == 1
    assert "does not stand near “Honduras”" in told and "#char=292,295" in told and "#char=1614,1617" in told


def test_cite_of_nothing_like_the_text_says_so(capsys):
    assert main(["cite", "zebra"]) == 1
    assert capsys.readouterr().err == "incsr cite: “zebra” does not stand in the source.\n"


@pytest.mark.parametrize(
    ("words", "place"),
    [
        pytest.param("eized more than 759,000", "[eized more than 759,000]", id="a word"),
        pytest.param("759,000 pounds of drugs,", "[759,000 pounds of drugs,]", id="a comma behind it"),
        pytest.param(
            "counter drug-smuggling.", "[counter drug-smuggling.]", id="the full stop of a sentence"
        ),
    ],
)
def test_cite_of_words_cut_raggedly_says_so(words, place, capsys):
    code = main(["cite", words])

    told = capsys.readouterr().err
    assert code == 1
    assert "cuts a word or number, or ends with a mark that is not its own" in told and place in told


def test_cite_of_a_whole_sentence_keeps_its_full_stop(capsys):
    assert main(["cite", "OAM achieved 81,045 flight hours in aircraft in FY2012."]) == 0


def test_cite_of_a_letter_lists_no_more_candidates_than_one_reads(capsys):
    assert main(["cite", "in"]) == 1

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 22 and lines[-1].endswith("more")


def test_cite_together_makes_the_first_phrase_the_quotation(capsys):
    code = main(["cite", "--together", "50 in Honduras", "In FY 2013"])

    found = triples(capsys.readouterr().out)
    assert code == 0
    assert found[PREFIXES["cbp"] + "quotation"] == ["50 in Honduras"]
    assert found[PREFIXES["cbp"] + "evidence"] == [
        source_text().passage_iri(Passage(6158, 6172)),
        source_text().passage_iri(Passage(5955, 5965)),
    ]


def test_cite_of_several_phrases_fails_where_one_of_them_does(capsys):
    code = main(["cite", "50 in Honduras", "60 in Honduras"])

    told = capsys.readouterr()
    assert code == 1 and told.out == ""
    assert "“60 in Honduras” does not stand" in told.err


def test_cite_prints_the_block_of_the_passages_file_on_request(capsys):
    code = main(["cite", "450 visits", "--passage"])

    block = capsys.readouterr().out.split("\n\n")[1]
    assert code == 0
    assert list(ox.parse(HEADER + block, format=ox.RdfFormat.TURTLE))
