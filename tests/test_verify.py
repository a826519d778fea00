"""`incsr verify` accepts what the words bear out and rejects each single thing that they do not.

Each case spoils a graph of one measurement in one place; that one check must report it, with the place, what
the text says and what to write. The published graph must pass whole.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from evidence_cases import DRUGS, document, evidence, spoiled

from incsr.cli import main
from incsr.evidence.passages import passages_file
from incsr.evidence.published import passages_path, source_text, verify_published
from incsr.evidence.source import SourceText
from incsr.evidence.verification import Verifier, verify

MEASUREMENT = "https://w3id.org/incsr/id/measurement/drugs"


@pytest.fixture(scope="module")
def source():
    return source_text()


def found(source, tmp_path, turtle, subject=MEASUREMENT):
    graph = document(tmp_path, turtle)
    return Verifier(source, [graph]).check(graph, subject)


def checks(fact):
    return [problem.check for problem in fact.problems]


def test_measurement_as_the_text_has_it_holds(source, tmp_path):
    fact = found(source, tmp_path, DRUGS)

    assert fact.holds
    assert fact.reading == {
        "value": "759000",
        "printed": "759,000",
        "qualifier": "MoreThan",
        "unit": "LB",
        "rounded_to": None,
        "per": None,
        "period": ["not-stated"],
    }


@pytest.mark.parametrize(
    ("old", "new", "check", "words"),
    [
        pytest.param("759000 ;", "795000 ;", "value", "(“759,000”), the graph 795000", id="value"),
        pytest.param("759000 ;", '"many" ;', "value", "is no number", id="a value that is no number"),
        pytest.param("759000 ;", '"sNaN" ;', "value", "is no number", id="a number that is none"),
        pytest.param("759000 ;", "759000 , 7 ;", "value", "has 2 values", id="two values"),
        pytest.param("cbp:MoreThan", "cbp:Exactly", "qualifier", "the hedge “more than”", id="hedge dropped"),
        pytest.param("cbp:MoreThan", "cbp:Nearly", "qualifier", "the graph Nearly", id="another hedge"),
        pytest.param("unit:LB", "unit:NUM", "unit", "the text says LB", id="unit"),
        pytest.param("759000 ;", "759000 ; cbp:roundedTo 1000 ;", "rounding", "says 1000", id="rounding"),
        pytest.param("759000 ;", "759000 ; cbp:per unit:DAY ;", "per", "no rate stands behind", id="rate"),
        pytest.param("period:not-stated", "period:FY2012", "period", "the graph FY2012", id="period"),
        pytest.param("region:not-stated", "country:HN", "area", "names Honduras", id="area"),
        pytest.param("describes              agency:cbp", "describes office:border-patrol", "subject",
                     "the paragraph does not name", id="subject"),
        pytest.param('skos:prefLabel "drugs"', 'skos:prefLabel "sessions"', "indicator", "speaks of sessions",
                     id="indicator"),
        pytest.param("759000 ;", '759000 ; cbp:superlative "a record" ;', "superlative", "does not stand",
                     id="superlative that the text has not"),
        pytest.param("980,1013", "981,1013", "quotation", "its passages hold", id="start inside a word"),
        pytest.param("980,1013", "980,1012", "quotation", "its passages hold", id="end inside a word"),
        pytest.param("980,1013", "980,9013", "evidence", "runs past the text's end", id="end past the text"),
        pytest.param("#char=980,1013", "#char=980", "evidence", "is no passage", id="no passage"),
        pytest.param("759,000 pounds", "795,000 pounds", "quotation", "graph quotes", id="misquoted"),
        pytest.param('cbp:quotation              "more than 759,000 pounds of drugs" ;', "", "quotation",
                     "quotes no words", id="no quotation"),
        pytest.param('pounds of drugs" ;', 'pounds of drugs" , "CBP" ;', "quotation", "has 2 quotations",
                     id="two quotations"),
    ],
)  # fmt: skip
def test_measurement_spoiled_in_one_place_is_rejected(source, tmp_path, old, new, check, words):
    fact = found(source, tmp_path, spoiled((old, new)))

    assert check in checks(fact)
    problem = next(problem for problem in fact.problems if problem.check == check)
    assert words in problem.message
    assert problem.hint and problem.line and problem.file == "graph.ttl"


def test_problem_is_shown_at_the_line_of_its_property(source, tmp_path):
    turtle = spoiled(("759000 ;", "795000 ;"))

    (problem,) = found(source, tmp_path, turtle).problems

    lines = (tmp_path / "graph.ttl").read_text(encoding="utf-8").splitlines()
    assert "795000" in lines[problem.line - 1]
    assert str(problem) == (
        f"graph.ttl:{problem.line}: more than 759,000 pounds of drugs (measurement:drugs): "
        "the text says 759000 (“759,000”), the graph 795000. Write sdmx-measure:obsValue 759000."
    )


def test_measurement_without_any_evidence_is_rejected(source, tmp_path):
    without = DRUGS[: DRUGS.index("    cbp:quotation")].rstrip(" ;\n") + " ."

    fact = found(source, tmp_path, without)

    assert {"quotation", "evidence"} <= set(checks(fact))


@pytest.mark.parametrize(
    ("words", "check", "message"),
    [
        pytest.param("759,000 pounds of drugs", "hedge", "cuts off “more than”", id="hedge before it"),
        pytest.param("more than 759,000", "unit", "cuts off the unit", id="unit behind it"),
    ],
)
def test_quotation_that_cuts_off_what_bears_on_the_number_is_rejected(
    source, tmp_path, words, check, message
):
    shorter = spoiled(
        (DRUGS[DRUGS.index("    cbp:quotation") :], f"    {evidence(words)} .\n"),
    )

    fact = found(source, tmp_path, shorter)

    assert checks(fact) == [check]
    assert message in fact.problems[0].message


def measurement(words, within=None, value=1, **changes):
    """A count, with every part as plain as it may be unless it is given."""
    parts = {
        "describes": "agency:cbp",
        "period": "period:not-stated",
        "area": "region:not-stated",
        "unit": "unit:NUM",
        "qualifier": "cbp:Exactly",
        "more": "",
    } | changes
    return DRUGS + (
        f"measurement:m a cbp:Measurement ; qb:dataSet dataset:incsr2014 ;\n"
        f" cbp:describes {parts['describes']} ;\n"
        f" sdmx-dimension:refPeriod {parts['period']} ; sdmx-dimension:refArea {parts['area']} ;\n"
        f" sdmx-measure:obsValue {value} ; sdmx-attribute:unitMeasure {parts['unit']} ;\n"
        f" cbp:qualifier {parts['qualifier']} ; {parts['more']} {evidence(words, within)} .\n"
    )


def of_figure(source, tmp_path, *arguments, **changes):
    turtle = measurement(*arguments, **changes)
    return checks(found(source, tmp_path, turtle, "https://w3id.org/incsr/id/measurement/m"))


FY2013 = "<source/incsr2014-cbp.txt#char=5955,5965>"  # "In FY 2013"


def test_period_of_the_sentence_before_needs_its_passage_and_a_note(source, tmp_path):
    trained = {"value": 240, "describes": "office:border-patrol", "area": "region:not-stated"}
    cited = f"cbp:evidence {FY2013} ;"
    noted = f'{cited} skos:editorialNote "the same training" ;'

    def outcome(period, more):
        return of_figure(source, tmp_path, "240", None, period=period, more=more, **trained)

    labelled = "subject"  # the paragraph says "Border Patrol", the small graph "Office of Border Patrol"
    assert outcome("period:FY2013", noted) == [labelled]
    assert outcome("period:FY2013", cited) == ["period", labelled]
    assert outcome("period:FY2013", "") == ["period", labelled]
    assert outcome("period:not-stated", noted) == ["period", labelled]
    assert outcome("period:not-stated", "") == [labelled]


def test_period_of_the_own_sentence_is_required(source, tmp_path):
    flown = {
        "value": 5737,
        "unit": "unit:HR",
        "more": 'cbp:superlative "a record" , "the most in the program\u2019s history" ;',
    }
    flown["describes"] = "program:uas"
    turtle = 'program:uas a cbp:Program ; skos:prefLabel "UAS" .\n'

    def outcome(period):
        whole = turtle + measurement("5,737 hours", period=period, **flown)
        return checks(found(source, tmp_path, whole, "https://w3id.org/incsr/id/measurement/m"))

    assert outcome("period:FY2012") == []
    assert outcome("period:not-stated") == ["period"]
    assert outcome("period:2012") == ["period"]


def test_superlative_that_the_text_has_is_required(source, tmp_path):
    turtle = 'program:uas a cbp:Program ; skos:prefLabel "UAS" .\n' + measurement(
        "5,737 hours", value=5737, unit="unit:HR", describes="program:uas", period="period:FY2012"
    )

    fact = found(source, tmp_path, turtle, "https://w3id.org/incsr/id/measurement/m")

    assert checks(fact) == ["superlative", "superlative"]


def test_area_that_the_quotation_names_is_required(source, tmp_path):
    trained = {"value": 50, "describes": "agency:cbp"}

    assert "area" not in of_figure(source, tmp_path, "50 in Honduras", area="country:HN", **trained)
    assert "area" in of_figure(source, tmp_path, "50 in Honduras", area="region:not-stated", **trained)
    assert "area" in of_figure(source, tmp_path, "50 in Honduras", area="country:US", **trained)


def test_rounding_of_a_scaled_number_is_required(source, tmp_path):
    travelers = ("351.5 million travelers", None, 351500000)

    assert of_figure(source, tmp_path, *travelers) == ["rounding"]
    assert of_figure(source, tmp_path, *travelers, more="cbp:roundedTo 100000 ;") == []


IN_WORDS = """
measurement:m a cbp:Measurement ; qb:dataSet dataset:incsr2014-in-words ; cbp:describes program:bulk ;
  sdmx-dimension:refPeriod period:not-stated ; sdmx-dimension:refArea region:not-stated ;
  cbp:statedAs "millions of dollars" ; cbp:magnitude 1000000 ; sdmx-attribute:unitMeasure unit:CCY_USD ;
  %s .
program:bulk a cbp:Program ; skos:prefLabel "Bulk Currency Smuggling Training" .
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("1000000", "1000000", [], id="as the text has it"),
        pytest.param("1000000", "1000", ["magnitude"], id="another magnitude"),
        pytest.param("cbp:magnitude 1000000 ;", "", ["magnitude"], id="no magnitude"),
        pytest.param("unit:CCY_USD", "unit:NUM", ["unit"], id="another unit"),
        pytest.param(
            'cbp:statedAs "millions', 'cbp:statedAs "billions', ["words"], id="words that it does not quote"
        ),
        pytest.param(
            "cbp:magnitude", "cbp:qualifier cbp:Exactly ; cbp:magnitude", ["words"], id="a qualifier"
        ),
        pytest.param("cbp:magnitude", "cbp:per unit:YR ; cbp:magnitude", ["per"], id="a rate"),
        pytest.param("period:not-stated", "period:FY2012", ["period"], id="a period"),
    ],
)
def test_quantity_in_words_is_what_its_words_say(source, tmp_path, old, new, expected):
    turtle = IN_WORDS % evidence("millions of dollars")
    assert old in turtle

    fact = found(source, tmp_path, turtle.replace(old, new), "https://w3id.org/incsr/id/measurement/m")

    assert checks(fact) == expected


RELATION = """
office:border-patrol org:subOrganizationOf agency:cbp .
statement:s a rdf:Statement ; rdf:subject office:border-patrol ; rdf:predicate org:subOrganizationOf ;
  rdf:object agency:cbp ; %s .
"""


def test_relation_holds_only_where_its_triple_is_said(source, tmp_path):
    turtle = RELATION % evidence("The Office of Border Patrol (OBP)")
    subject = "https://w3id.org/incsr/id/statement/s"

    assert found(source, tmp_path, turtle, subject).holds
    unsaid = turtle.replace("rdf:object agency:cbp", "rdf:object agency:state")
    assert checks(found(source, tmp_path, unsaid, subject)) == ["relation"]
    half = turtle.replace("rdf:object agency:cbp ;", "")
    assert checks(found(source, tmp_path, half, subject)) == ["relation"]


def test_relation_holds_only_where_its_paragraph_names_both_things(source, tmp_path):
    elsewhere = DRUGS + RELATION % evidence("450 visits")

    fact = found(source, tmp_path, elsewhere, "https://w3id.org/incsr/id/statement/s")

    assert [problem.message for problem in fact.problems] == [
        "the paragraph that it cites does not name Office of Border Patrol",
    ]


@pytest.mark.parametrize(
    ("label", "note", "complaint"),
    [
        pytest.param("Border Patrol Conducts", "", None, id="as the page writes it"),
        pytest.param("Arrival Zone", 'skos:editorialNote "completed" ;', None, id="completed, with a note"),
        pytest.param("Arrival Zone", "", "in one piece", id="completed, without a note"),
        pytest.param("Drug Enforcement Agency", 'skos:editorialNote "ours" ;', "Agency", id="a word of ours"),
        pytest.param("Thailand", 'skos:editorialNote "ours" ;', "Thailand", id="a name of ours"),
    ],
)
def test_label_of_what_the_report_says_occurs_in_the_text(source, tmp_path, label, note, complaint):
    turtle = f'concept:c a skos:Concept ; {note} skos:prefLabel "{label}" .\n'
    graph = document(tmp_path, turtle)

    problems = Verifier(source, [graph]).check_labels(graph, "https://w3id.org/incsr/id/concept/c")

    assert [complaint in problem.message for problem in problems] == [True] * bool(complaint)


def test_label_of_what_we_say_need_not_occur_in_the_text(source, tmp_path):
    graph = document(tmp_path, 'country:TH a cbp:Country ; skos:prefLabel "Thailand" .\n', report=False)

    report = verify(source, [graph])

    assert "labels" not in {problem.check for problem in report.problems}


def test_source_that_is_not_the_published_one_is_rejected(source, tmp_path):
    other = SourceText(source.text.replace("450 visits", "460 visits").encode(), source.described)

    report = verify(other, [document(tmp_path, DRUGS)])

    assert report.problems[0].check == "source"


def test_passage_that_the_passages_file_lacks_is_rejected(source, tmp_path):
    graph = document(tmp_path, DRUGS)

    report = verify(source, [graph], passages_text="")

    assert any(p.check == "passages" and "980,1013" in p.message for p in report.problems)


def test_passages_file_with_more_than_is_cited_is_rejected(source, tmp_path):
    graph = document(tmp_path, DRUGS)
    text = passages_file([source], [graph])

    def complaints(text):
        return [
            p.message
            for p in verify(source, [graph], text, only_these=True).problems
            if p.check == "passages"
        ]

    assert complaints(text) == []
    assert complaints(text + "\n# more\n") == ["data/passages.ttl holds more than the data cites"]


def test_passages_file_with_an_offset_changed_is_rejected(source, tmp_path):
    graph = document(tmp_path, DRUGS)
    text = passages_file([source], [graph])
    assert "oa:end 1013" in text

    report = verify(source, [graph], text.replace("oa:end 1013", "oa:end 1014"))

    assert any(p.check == "passages" and "980,1013" in p.message for p in report.problems)


def test_published_graphs_are_verified_whole():
    report = verify_published()

    assert [str(problem) for problem in report.problems] == []
    assert report.coverage.numerals_covered == report.coverage.numerals > 70
    assert report.coverage.sentences_covered == report.coverage.sentences == 37
    assert all(word.reason for word in report.coverage.uncovered)


def test_command_exits_0_on_the_published_graphs_and_prints_the_coverage(capsys):
    code = main(["verify"])

    told = capsys.readouterr().out
    assert code == 0
    assert "numerals" in told and "sentences" in told and "(100.0 %)" in told
    assert told.rstrip().endswith("verified: the text bears out every fact")


def test_command_exits_1_and_names_file_and_line_of_what_is_wrong(tmp_path, capsys):
    graph = tmp_path / "spoiled.ttl"
    document(tmp_path, spoiled(("759000 ;", "795000 ;")), "spoiled.ttl")

    code = main(["verify", "--data", str(graph)])

    told = capsys.readouterr().out
    assert code == 1
    assert f"{graph}:" in told and "Write sdmx-measure:obsValue 759000" in told
    assert "not verified:" in told


def test_command_reports_in_json(capsys):
    code = main(["verify", "--format", "json"])

    report = json.loads(capsys.readouterr().out)
    assert code == 0
    assert report["holds"] is True and report["problems"] == []
    assert all(fact["holds"] for fact in report["facts"])
    assert report["coverage"]["numerals"] == report["coverage"]["numerals_covered"]


def test_command_rejects_the_published_graph_with_one_figure_changed(tmp_path, capsys):
    graph = tmp_path / "incsr2014.ttl"
    shutil.copy(passages_path().with_name("incsr2014.ttl"), graph)
    text = graph.read_text(encoding="utf-8")
    assert "8760000000" in text
    graph.write_text(text.replace("8760000000", "8670000000"), encoding="utf-8")

    code = main(["verify", "--data", str(graph)])

    told = capsys.readouterr().out
    assert code == 1
    assert "the text says 8760000000 (“$8.76 billion”), the graph 8670000000" in told


def test_command_verifies_a_copy_of_the_graph_in_the_company_of_the_others(tmp_path):
    copy = tmp_path / "copy.ttl"
    shutil.copy(passages_path().with_name("incsr2014.ttl"), copy)

    assert main(["verify", "--data", str(copy)]) == 0


def test_console_script_is_installed():
    script = Path(sys.executable).with_name("incsr")

    done = subprocess.run([script, "verify"], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_command_on_a_file_that_is_not_there_is_misused(tmp_path, capsys):
    assert main(["verify", "--data", str(tmp_path / "no.ttl")]) == 2
    assert "is not a file" in capsys.readouterr().err


def test_command_on_a_file_that_is_no_turtle_names_line_and_column(tmp_path, capsys):
    graph = tmp_path / "bad.ttl"
    graph.write_text("<urn:a> <urn:b> .\n", encoding="utf-8")

    assert main(["verify", "--data", str(graph)]) == 1
    assert "bad.ttl:1:17" in capsys.readouterr().err
