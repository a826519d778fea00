"""The annotated report: the page's text as published, each fact's words marked, both ways to the triples."""

import re
from html.parser import HTMLParser

import pytest
import requests

from incsr.pages.annotate import Fact, annotate


class Text(HTMLParser):
    """The article's text as a reader sees it, without explanations and counts; and its marks."""

    LEFT_OUT = ("tip", "count")

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.text, self.marks, self.ids = "", [], set()
        self._depth = self._skip = 0
        self._inside = False

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        classes = (given.get("class") or "").split()
        if tag == "article":
            self._inside = True
        if not self._inside:
            return
        if "id" in given:
            self.ids.add(given["id"])
        self._depth += 1
        if not self._skip and any(name in classes for name in self.LEFT_OUT):
            self._skip = self._depth
        if tag == "mark":
            self.marks.append((set(classes), len(self.text)))

    def handle_endtag(self, tag):
        if tag == "article":
            self._inside = False
        if not self._inside:
            return
        if self._skip == self._depth:
            self._skip = 0
        self._depth -= 1

    def handle_data(self, data):
        if self._inside and not self._skip:
            self.text += data


@pytest.fixture(scope="module")
def source(published):
    return requests.get(published.url + "/source/incsr2014-cbp.txt", timeout=20).content.decode()


@pytest.fixture(scope="module")
def page(published):
    response = requests.get(published.url + "/report/2014-cbp", timeout=20)
    assert response.status_code == 200
    return response.text


def read(html):
    parser = Text()
    parser.feed(html)
    return parser


def test_the_text_stands_as_published_typing_errors_included(page, source):
    shown = read(page).text.split()

    words = source.split()
    first = words.index("2014")
    assert shown == words[first : first + len(shown)]
    assert shown[:2] == ["2014", "INCSR:"]
    assert shown[-3:] == ["32", "in", "Peru."]
    assert "aircrafts." in shown


def test_every_figure_of_the_report_is_marked_and_explained(published, page):
    rows = requests.get(published.url + "/data/measurements.json", timeout=30).json()
    stated = [row for row in rows if row["said_by"] == "incsr2014"]

    for row in stated:
        slug = row["measurement"].rsplit("/", 1)[1]
        assert f'href="/doc/measurement/{slug}"' in page
        assert page.count(f'id="tip-{slug}"') == 1


def test_an_explanation_gives_value_hedge_unit_period_and_subject(page):
    tip = re.search(
        r'id="tip-2014-drugs-seized">(.*?)</span>\n</span>|id="tip-2014-drugs-seized">(.*?)</span></span>',
        page,
        re.S,
    )
    text = re.sub(r"<[^>]+>", " ", page[tip.start() : tip.start() + 800])

    for words in ("more than 759,000 lb", "pounds of drugs", "U.S. Customs and Border Protection", "Period:"):
        assert words in text


def test_marks_are_of_four_kinds_and_slips_are_few(page):
    marks = read(page).marks

    for kind in ("figure", "thing", "relation", "slip"):
        assert any(kind in classes for classes, _at in marks), kind
    assert 5 <= sum("slip" in classes for classes, _at in marks) <= 25


def test_words_asked_for_are_marked_and_can_be_reached(published):
    page = requests.get(published.url + "/report/2014-cbp?words=6188,6204", timeout=20).text

    assert 'id="words"' in page
    assert "“240 in Guatemala”" in page
    assert "chosen" in page


def test_the_source_slips_are_listed_with_our_mending(page):
    section = page[page.index('id="slips"') :]

    for words in ("117, 103 pounds", "aircrafts", "86 in Panama"):
        assert words in section


def test_every_sentence_leads_to_its_triples_and_back(published, page):
    sections = re.findall(r'class="count no-print" href="(/doc/section/[^"]+)"', page)

    assert len(sections) >= 37
    for path in sections[:6]:
        document = requests.get(published.url + path, timeout=20).text
        assert "What this passage gave" in document
        assert "The same as triples" in document
        assert "/report/2014-cbp?words=" in document


def test_coverage_is_counted_in_the_background(published):
    import time

    end = time.monotonic() + 40
    while time.monotonic() < end:
        page = requests.get(published.url + "/report/2014-cbp", timeout=20).text
        if "Numerals: " in page:
            break
        time.sleep(0.5)

    numbers = re.search(r"Sentences: (\d+) of (\d+)", page)
    assert numbers
    assert numbers[1] == numbers[2] == "37"


TEXT = "CBP seized more than 759,000 pounds of drugs in the United States. The end."
FACTS = [
    Fact(0, 3, "thing", "cbp"),
    Fact(11, 44, "figure", "drugs"),
    Fact(39, 44, "thing", "drugs-kind"),
    Fact(52, 65, "thing", "US"),
    Fact(0, 44, "relation", "seizes"),
]
BLOCK = [("block", "paragraph", 0, len(TEXT))]
SENTENCES = [("one", "sentence", 0, 66), ("two", "sentence", 67, len(TEXT))]


def pieces(words=None, facts=FACTS):
    (block,) = annotate(TEXT, BLOCK, SENTENCES, facts, words)
    return [segment for sentence in block.sentences for run in sentence.runs for segment in run.segments]


def test_cutting_keeps_every_character_in_order():
    assert "".join(segment.text for segment in pieces((5, 30))) == TEXT


def test_nested_facts_each_keep_their_words():
    held = {}
    for segment in pieces():
        for fact in segment.facts:
            held[fact.iri] = held.get(fact.iri, "") + segment.text

    assert held == {fact.iri: TEXT[fact.start : fact.end] for fact in FACTS}


def test_a_figures_words_lead_to_the_figure_although_things_lie_inside():
    (block,) = annotate(TEXT, BLOCK, SENTENCES, FACTS)
    leads = [
        ("".join(s.text for s in run.segments), run.lead.iri) for run in block.sentences[0].runs if run.lead
    ]

    assert leads == [("CBP", "cbp"), ("more than 759,000 pounds of drugs", "drugs"), ("United States", "US")]


def test_an_interrupted_figure_is_explained_once():
    facts = [Fact(4, 20, "figure", "a"), Fact(11, 15, "figure", "b"), Fact(22, 30, "figure", "a")]
    (block,) = annotate(TEXT, BLOCK, SENTENCES, facts)
    first = [run.lead.iri for run in block.sentences[0].runs if run.lead and run.first]

    assert first == ["a", "b"]


def test_a_sentence_counts_the_facts_that_lie_wholly_in_it():
    (block,) = annotate(TEXT, BLOCK, SENTENCES, FACTS)

    assert [sentence.facts for sentence in block.sentences if sentence.iri] == [5, 0]
