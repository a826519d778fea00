"""The report's text with every fact's words marked: segments of text, each knowing the facts it carries.

Pure: takes text, sections and facts; knows no Flask and no graph.
"""

from dataclasses import dataclass, field
from itertools import pairwise

ORDER = ("figure", "slip", "thing", "relation")


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact and the words it rests on: [start, end) in code points of the source text."""

    start: int
    end: int
    kind: str  # "figure", "thing", "relation" or "slip"
    iri: str


@dataclass(slots=True)
class Segment:
    """A run of text over which the same facts hold."""

    start: int
    text: str
    facts: list = field(default_factory=list)
    chosen: bool = False  # inside the passage that the reader asked for

    @property
    def kinds(self):
        present = {fact.kind for fact in self.facts}
        return [kind for kind in ORDER if kind in present]


@dataclass(slots=True)
class Run:
    """Neighbouring segments that lead to one page: a figure's, else a thing's; none for plain text."""

    segments: list
    lead: Fact | None = None
    first: bool = True  # where a figure's words are interrupted, only the first run carries its explanation


@dataclass(slots=True)
class Sentence:
    iri: str
    start: int
    end: int
    kind: str  # "heading", "sentence", or "" for text between sentences
    runs: list
    facts: int = 0


@dataclass(slots=True)
class Block:
    """A heading or paragraph of the page."""

    iri: str
    kind: str
    start: int
    end: int
    sentences: list


def segments(text, start, end, facts, words=None):
    """Cut [start, end) of the text at every boundary of a fact (and of the chosen words)."""
    inside = [fact for fact in facts if fact.start < end and fact.end > start]
    cuts = {start, end}
    for fact in inside:
        cuts.update((max(start, fact.start), min(end, fact.end)))
    if words and words[0] < end and words[1] > start:
        cuts.update((max(start, words[0]), min(end, words[1])))
    points = sorted(cuts)
    found = []
    for left, right in pairwise(points):
        found.append(
            Segment(
                left,
                text[left:right],
                [fact for fact in inside if fact.start <= left and fact.end >= right],
                bool(words) and words[0] <= left and right <= words[1],
            )
        )
    return found


def runs(pieces, explained):
    """Group segments by what they lead to; `explained` collects the figures already introduced."""
    grouped = []
    for segment in pieces:
        lead = _lead(segment)
        if grouped and grouped[-1].lead == lead and lead is not None:
            grouped[-1].segments.append(segment)
            continue
        first = lead is not None and lead.iri not in explained
        if lead is not None:
            explained.add(lead.iri)
        grouped.append(Run([segment], lead, first))
    return grouped


def _lead(segment):
    """The fact whose page a reader of these words wants: the shortest figure over them, else a thing."""
    for kind in ("figure", "thing"):
        facts = [fact for fact in segment.facts if fact.kind == kind]
        if facts and segment.text.strip():
            return min(facts, key=lambda fact: (fact.end - fact.start, fact.start))
    return None


def annotate(text, blocks, sentences, facts, words=None):
    """The page as blocks of sentences of runs.

    `blocks` and `sentences` are (iri, kind, start, end) in order; a block without sentences (a heading, the
    banner) is one sentence of its own. Text of a block that no sentence covers is kept as an unnamed one, so
    that the page reads exactly as published.
    """
    explained = set()
    page = []
    for iri, kind, start, end in blocks:
        own = [s for s in sentences if s[2] >= start and s[3] <= end] or [(iri, "sentence", start, end)]
        parts, at = [], start
        for sentence_iri, sort, left, right in own:
            if left > at:
                parts.append(
                    Sentence("", at, left, "", runs(segments(text, at, left, facts, words), explained))
                )
            count = sum(1 for fact in facts if fact.start >= left and fact.end <= right)
            parts.append(
                Sentence(
                    sentence_iri,
                    left,
                    right,
                    sort,
                    runs(segments(text, left, right, facts, words), explained),
                    count,
                )
            )
            at = right
        if at < end:
            parts.append(Sentence("", at, end, "", runs(segments(text, at, end, facts, words), explained)))
        page.append(Block(iri, kind, start, end, parts))
    return page
