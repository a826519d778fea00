"""The recipe "Add a report" of CONTRIBUTING.md, followed with a small made-up page in a copy of the data:
draft, finish, cite, passages, verify and validate work on two reports, each resting on its own text."""

import csv
import hashlib
import re
import shutil
from pathlib import Path

import pyoxigraph as ox
import pytest

from incsr import sources
from incsr.cli import main
from incsr.draft import propose
from incsr.evidence.published import verify_published

ROOT = Path(__file__).parents[1]
NAME = "harbor2015-patrol"
PAGE = """\
Home | About

2015 Harbor Report: U.S. Customs and Border Protection (CBP)

In FY 2014, CBP officers searched more than 1,200 boats in Peru. They found 3.5 million pounds of cargo.

Back to Top
"""
BODY = (PAGE.index("2015 Harbor"), PAGE.index("\n\nBack"))


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of the published files in which a test may add a report."""
    for name in ("data", "ontology", "shapes"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.setattr(sources, "root", lambda: tmp_path)
    for module in ("incsr.evidence.published",):
        monkeypatch.setattr(f"{module}.root", lambda: tmp_path)
    return tmp_path


def placed(folder, page=PAGE):
    """Step 1 of the recipe: the text and its sidecar."""
    content = page.encode()
    (folder / "data" / "source" / f"{NAME}.txt").write_bytes(content)
    (folder / "data" / "source" / f"{NAME}.toml").write_text(
        f'graph = "harbor2015"\nsha256 = "{hashlib.sha256(content).hexdigest()}"\n'
        f"body = [{BODY[0]}, {BODY[1]}]\n",
        encoding="utf-8",
    )


def passage(words):
    start = PAGE.index(words)
    return f'cbp:quotation "{words}" ; cbp:evidence <source/{NAME}.txt#char={start},{start + len(words)}>'


def section(slug, kind, words, position, part_of="report:2015-harbor"):
    return (
        f"section:{slug} a cbp:Section , cbp:{kind} , oa:SpecificResource ; dcterms:isPartOf {part_of} ;\n"
        f"    schema:position {position} ; oa:hasSource <source/{NAME}.txt> ; {passage(words)} .\n"
    )


def finished(drafted):
    """Step 3: what a person makes of the draft: subjects, indicators, and the page's own things."""
    head, *blocks = re.split(r"(?m)^(?=measurement:)", drafted)
    indicators = ["indicator:boats-searched", "indicator:cargo-found"]
    for i, indicator in enumerate(indicators):
        blocks[i] = blocks[i].replace("finish:subject", "agency:cbp").replace("finish:indicator", indicator)
    prefixes = "".join(
        f"@prefix {prefix}: <{namespace}> .\n"
        for prefix, namespace in sources.PREFIXES.items()
        if f"@prefix {prefix}:" not in head
    )
    title = "2015 Harbor Report: U.S. Customs and Border Protection (CBP)"
    first = "In FY 2014, CBP officers searched more than 1,200 boats in Peru."
    second = "They found 3.5 million pounds of cargo."
    things = f"""
report:2015-harbor a cbp:Report , foaf:Document ; rdfs:label "{title}"@en ; skos:prefLabel "{title}"@en ;
    dcterms:title "{title}"@en ; dcterms:publisher agency:cbp ; foaf:primaryTopic agency:cbp ;
    dcterms:hasFormat <source/{NAME}.txt> ; {passage(title)} .
<source/{NAME}.txt> a foaf:Document ; dcterms:isFormatOf report:2015-harbor ; dcterms:format "text/plain" .
dataset:harbor2015 a qb:DataSet , dcat:Dataset ; dcterms:source report:2015-harbor ; qb:structure
cbp:FiguresStructure . indicator:boats-searched a cbp:Indicator , skos:Concept ; skos:inScheme cbp:Indicators
; rdfs:label "boats"@en ; skos:prefLabel "boats"@en ; skos:definition "how many boats were searched"@en ;
    cbp:counts concept:boats ; {passage("boats")} .
concept:boats a skos:Concept ; skos:inScheme cbp:Traffic ; rdfs:label "boats"@en ; skos:prefLabel "boats"@en
; {passage("boats")} . indicator:cargo-found a cbp:Indicator , skos:Concept ; skos:inScheme cbp:Indicators ;
    rdfs:label "cargo"@en ; skos:prefLabel "cargo"@en ; skos:definition "how heavy the cargo found was"@en ;
    cbp:counts concept:cargo ; {passage("cargo")} .
concept:cargo a skos:Concept ; skos:inScheme cbp:Traffic ; rdfs:label "cargo"@en ; skos:prefLabel "cargo"@en
; {passage("cargo")} . period:FY2014 a time:ProperInterval ; {passage("FY 2014")} .
agency:cbp a cbp:Agency , org:FormalOrganization ; {passage("CBP officers")} .
country:PE a cbp:Country , schema:Country ; {passage("Peru")} .
"""
    sections = (
        section("harbor-title", "Heading", title, 1)
        + section("harbor-searches", "Paragraph", f"{first} {second}", 2)
        + section("harbor-searches-boats", "Sentence", first, 1, "section:harbor-searches")
        + section("harbor-searches-cargo", "Sentence", second, 2, "section:harbor-searches")
    )
    return head + prefixes + things + sections + "".join(blocks)


def told_by_us(folder):
    """Step 4: what the page does not print stands in the graphs of what we say."""
    with (folder / "data" / "links.ttl").open("a", encoding="utf-8") as links:
        links.write(f'\n<{sources.BASE}id/report/2015-harbor> dcterms:issued "2015-03"^^xsd:gYearMonth .\n')
    with (folder / "data" / "derived.ttl").open("a", encoding="utf-8") as derived:
        derived.write('\ndataset:harbor2015 dcterms:title "The figures of the 2015 harbor report"@en .\n')


def drafted(folder, capsys):
    """Step 2: the draft."""
    assert main(["draft", str(folder / "data" / "source" / f"{NAME}.txt")]) == 0
    return capsys.readouterr().out


def explained(folder):
    """The words that no fact needs, in the list that the verifier asks for."""
    words = [("searched", "the indicator says it"), ("found", "the indicator says it")]
    with (folder / "data" / "source" / f"{NAME}.uncovered.csv").open(
        "w", encoding="utf-8", newline=""
    ) as lines:
        written = csv.writer(lines)
        written.writerow(["start", "words", "reason"])
        written.writerows([PAGE.index(word), word, reason] for word, reason in words)


@pytest.fixture
def two_reports(copied, capsys):
    """The recipe followed up to the passages."""
    placed(copied)
    (copied / "data" / "harbor2015.ttl").write_text(finished(drafted(copied, capsys)), encoding="utf-8")
    told_by_us(copied)
    assert main(["passages"]) == 0
    capsys.readouterr()
    return copied


def test_recipe_draft_reads_the_page_and_takes_the_body_from_the_sidecar(copied, capsys):
    placed(copied)

    text = drafted(copied, capsys)

    assert "dataset:harbor2015 ;" in text
    assert [p.value for p in propose(PAGE, BODY) if p.printed] == [1200, 3_500_000]
    assert "Home" not in text and "cbp:roundedTo 100000" in text and text.count("period:FY2014") == 2


def test_recipe_ends_with_two_reports_that_verify(two_reports, capsys):
    code = main(["verify"])

    printed = capsys.readouterr().out
    explained(two_reports)
    again = main(["verify"])
    assert (code, again) == (1, 0), printed + capsys.readouterr().out
    assert "UNEXPLAINED" in printed


def test_recipe_ends_with_a_graph_that_validates(two_reports, capsys):
    code = main(["validate"])

    assert code == 0, capsys.readouterr().out


def test_draft_with_a_placeholder_left_does_not_validate(two_reports, capsys):
    place = two_reports / "data" / "harbor2015.ttl"
    place.write_text(
        place.read_text(encoding="utf-8").replace(
            "cbp:indicator indicator:cargo-found", "cbp:indicator finish:indicator"
        ),
        encoding="utf-8",
    )

    assert main(["validate"]) == 1
    assert "cargo" in capsys.readouterr().out


def test_words_are_cited_from_the_report_that_has_them(two_reports, capsys):
    assert main(["cite", "1,200 boats"]) == 0
    assert f"<source/{NAME}.txt#char=" in capsys.readouterr().out
    assert main(["cite", "450 visits"]) == 0
    assert "<source/incsr2014-cbp.txt#char=4981,4991>" in capsys.readouterr().out
    assert main(["cite", "--text", NAME, "Back to Top"]) == 0
    assert f"<source/{NAME}.txt#char=" in capsys.readouterr().out


def test_false_figure_of_the_second_report_is_found(two_reports):
    place = two_reports / "data" / "harbor2015.ttl"
    place.write_text(
        place.read_text(encoding="utf-8").replace("obsValue 1200", "obsValue 1300"), encoding="utf-8"
    )

    problems = [problem for problem in verify_published().problems if problem.check == "value"]

    assert [problem.message for problem in problems] == ["the text says 1200 (“1,200”), the graph 1300"]


def test_fact_that_rests_on_two_reports_is_rejected(two_reports):
    place = two_reports / "data" / "harbor2015.ttl"
    text = place.read_text(encoding="utf-8")
    start = PAGE.index("more than 1,200")
    cited = re.search(rf"<source/{NAME}\.txt#char={start},\d+>", text)[0]
    place.write_text(
        text.replace(
            f"cbp:evidence {cited}", f"cbp:evidence <source/incsr2014-cbp.txt#char=980,1013> , {cited}"
        ),
        encoding="utf-8",
    )

    problems = verify_published().problems

    assert any("passage of another report" in problem.message for problem in problems)


def test_text_without_a_sidecar_is_refused_with_what_to_write(copied, capsys):
    placed(copied)
    (copied / "data" / "source" / f"{NAME}.toml").unlink()

    assert main(["verify"]) == 1
    assert f"{NAME}.toml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("body = [", "bodies = [", "unknown key bodies"),
        ("body = [", "body = [-", "needs body"),
        ('sha256 = "', 'sha256 = "x', "needs sha256"),
        ('graph = "harbor2015"', 'graph = "incsr2014"', "shares the graph"),
        ('graph = "', "graph = ", "is not TOML"),
    ],
)
def test_sidecar_that_is_wrong_is_refused(copied, capsys, old, new, words):
    placed(copied)
    place = copied / "data" / "source" / f"{NAME}.toml"
    place.write_text(place.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    assert main(["verify"]) == 1
    assert words in capsys.readouterr().err


def test_text_that_is_not_as_published_is_found(two_reports):
    place = two_reports / "data" / "source" / f"{NAME}.txt"
    place.write_bytes(place.read_bytes().replace(b"Back to Top", b"Back to top"))

    problems = [problem.message for problem in verify_published().problems if problem.check == "source"]

    assert len(problems) == 1


def test_passages_file_of_two_reports_is_read_by_the_engine(two_reports):
    text = (two_reports / "data" / "passages.ttl").read_text(encoding="utf-8")

    sources_named = {
        triple.object.value for triple in ox.parse(text, format=ox.RdfFormat.TURTLE)
        if triple.predicate.value.endswith("hasSource")
    }  # fmt: skip

    assert len(sources_named) == 2
