"""The source text: its words at their offsets, its paragraphs, headings and sentences.

Offsets are Unicode code points from 0 in the file as it stands, end excluded (RFC 5147). Knows no graph,
and changes nothing: the typing errors of the page are part of it.
"""

import bisect
import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from incsr.namespaces import BASE, SOURCE_TEXT

CONTEXT_CHARACTERS = 32

_PASSAGE = re.compile(r"#char=(\d+),(\d+)\Z")
_BLOCK = re.compile(r"\S(?:.*\S)?")
_HEADING = re.compile(r"[A-Z][A-Za-z ]+(?=: )")
_SENTENCE_END = re.compile(r"(?<!U\.S)[.!?](?= [A-Z$]|\Z)")
_TYPED = str.maketrans("\u2018\u2019\u201c\u201d\u2013\u2014\u00a0", "''\"\"-- ")  # curly quotes, dashes


class PassageError(ValueError):
    """An IRI that is no passage of the source text; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True, order=True)
class Passage:
    """The characters [start, end) of the source text."""

    start: int
    end: int

    def within(self, other):
        """Whether all of this passage lies inside the other."""
        return other.start <= self.start and self.end <= other.end

    def overlaps(self, other):
        """Whether the two passages share a character."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Span:
    """A structural part of the body: `kind` is "line" (title, publisher), "heading" or "sentence"."""

    kind: str
    number: int  # 1-based, in reading order, among the spans of its kind
    paragraph: int  # 1-based
    passage: Passage
    text: str


def parse_passage(iri, text=SOURCE_TEXT):
    """Read the offsets out of the IRI of a passage of a text.

    Raises: PassageError where the IRI is no `#char=start,end` of the source, or start is not before end.
    """
    match = _PASSAGE.fullmatch(iri.removeprefix(text))
    if not match:
        raise PassageError(f"<{iri}> is no passage of the source; write <{text}#char=START,END>")
    start, end = int(match[1]), int(match[2])
    if start >= end:
        raise PassageError(f"#char={start},{end} is empty; its end must lie behind its start")
    if str(start) != match[1] or str(end) != match[2]:
        raise PassageError(f"#char={match[1]},{match[2]} has leading zeros; write #char={start},{end}")
    return Passage(start, end)


def is_passage(iri, text=SOURCE_TEXT):
    """Whether an IRI addresses part of a text, well formed or not."""
    return iri.startswith(f"{text}#")


def folded(words):
    """Words as somebody types them: straight quotes, single spaces, lower case, no space inside a number."""
    plain = unicodedata.normalize("NFC", words).translate(_TYPED)
    plain = re.sub(r"\s+", " ", plain).strip().lower()
    return re.sub(r"(?<=\d), (?=\d{3}\b)", ",", plain)


class SourceText:
    """A report as published, from its file's bytes; `sha256` tells whether they are those `described`.

    `described` is what the register says of the text (`incsr.evidence.texts`); `others` are the IRIs of the
    register's other texts, whose passages are not this text's to judge.
    """

    def __init__(self, content, described, others=()):
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.text = content.decode("utf-8")
        self.described = described
        self.body = Passage(*described.body)
        self.others = tuple(others)

    @property
    def iri(self):
        """The text's IRI."""
        return self.described.iri

    @property
    def name(self):
        """The text's IRI as written under the project's `@base`."""
        return f"<{self.iri.removeprefix(BASE)}>"

    def passage_iri(self, passage):
        """A passage's IRI, RFC 5147."""
        return f"{self.iri}#char={passage.start},{passage.end}"

    def reference(self, passage):
        """A passage's IRI as written under the project's `@base`."""
        return f"<{self.passage_iri(passage).removeprefix(BASE)}>"

    def cites_another(self, iri):
        """Whether an IRI addresses a passage of another text of the register."""
        return any(is_passage(iri, other) for other in self.others)

    def words(self, passage):
        """The characters of a passage, or None where it runs past the end of the text."""
        return self.text[passage.start : passage.end] if passage.end <= len(self.text) else None

    def context(self, passage, characters=CONTEXT_CHARACTERS):
        """What stands directly before and after a passage: about `characters` each, cut between words."""
        first, last = max(passage.start - characters, 0), min(passage.end + characters, len(self.text))
        if first > 0 and self.text[first - 1].isalnum():
            first = min(_after_partial_word(self.text, first, passage.start), passage.start)
        if last < len(self.text) and self.text[last].isalnum():
            last = max(_before_partial_word(self.text, last, passage.end), passage.end)
        return self.text[first : passage.start], self.text[passage.end : last]

    def locate(self, words, within=None):
        """All passages that are these very words, standing as whole words and whole numbers, in order.

        `within` are context words: only the passages inside them remain; else those in one sentence with
        them; else those in one paragraph with them.
        """
        found = [p for p in self.occurrences(words) if self.is_whole(p)]
        if within is None:
            return found
        places = self.occurrences(within)
        for around in (lambda p: p, self._sentence_around, self.paragraph_of):
            regions = [around(place) for place in places]
            kept = [p for p in found if any(p.within(region) for region in regions)]
            if kept:
                return kept
        return []

    def occurrences(self, words):
        """All passages that are these very characters, inside other words too, in order."""
        return [Passage(i, i + len(words)) for i in _find_all(self.text, words)] if words else []

    def nearest(self, words, limit=5):
        """Passages that an author who wrote `words` may have meant, best first.

        First the words as they stand with other quotes, spacing or capitals, or inside a word; then the
        longest stretches that share the words' beginning, end or middle.
        """
        wanted = folded(words)
        if not wanted:
            return []
        text, offsets = self._folded
        whole = [Passage(offsets[i], offsets[i + len(wanted)]) for i in _find_all(text, wanted)]
        if whole:
            return whole[:limit]
        tokens = wanted.split(" ")
        for size in range(len(tokens) - 1, 0, -1):
            found = set()
            for i in range(len(tokens) - size + 1):
                phrase = " ".join(tokens[i : i + size])
                if size == 1 and len(phrase) < 4 and not phrase[0].isdigit():
                    continue
                for place in _find_all(text, phrase):
                    found.add(Passage(offsets[place], offsets[place + len(phrase)]))
            whole = sorted(p for p in found if self.is_whole(p))
            if whole:
                return whole[:limit]
        return []

    def is_whole(self, passage):
        """Whether a passage cuts no word or number in two, and carries no stray space or mark at its ends.

        A full stop belongs to a whole sentence: it may end a passage only where that begins one.
        """
        words = self.text[passage.start : passage.end]
        if words[0].isspace() or words[-1].isspace() or words[0] in ",;:." or words[-1] in ",;:":
            return False
        if passage.end in self._sentence_ends and passage.start not in self._sentence_starts:
            return False
        return not (self._cuts(passage.start) or self._cuts(passage.end))

    def spans(self):
        """The body's lines, headings and sentences, in reading order."""
        return self._spans

    def sentences(self):
        """The sentences of the body, in reading order."""
        return [span for span in self._spans if span.kind == "sentence"]

    def paragraphs(self):
        """The passages of the body's paragraphs and lines, in reading order."""
        return self._paragraphs

    def sentence_of(self, passage):
        """The line or sentence in which a passage begins; a heading counts to the sentence after it."""
        starts = self._unit_starts
        index = bisect.bisect_right(starts, passage.start) - 1
        units = [span for span in self._spans if span.kind != "heading"]
        if index + 1 < len(units) and passage.start >= units[index].passage.end:
            return units[index + 1]
        return units[max(index, 0)]

    def _cuts(self, offset):
        if offset in (0, len(self.text)):
            return False
        before, after = self.text[offset - 1], self.text[offset]
        if before.isalnum() and after.isalnum():
            return True
        if after in ".," and before.isdigit():
            return self.text[offset + 1 : offset + 2].isdigit()
        return before in ".," and after.isdigit() and self.text[offset - 2 : offset - 1].isdigit()

    def paragraph_of(self, passage):
        """The paragraph or line that a passage lies in, or the passage itself outside the body."""
        around = [p for p in self._paragraphs if passage.within(p)]
        return around[0] if around else passage

    def _sentence_around(self, passage):
        return self.sentence_of(passage).passage

    @cached_property
    def _folded(self):
        # The folded text and, for each of its characters, the offset in the file where it came from.
        characters, offsets = [], []
        for offset, character in enumerate(self.text.translate(_TYPED)):
            if character.isspace():
                if characters and characters[-1] == " ":
                    continue
                if (
                    characters
                    and re.search(r"\d,$", "".join(characters[-2:]))
                    and self.text[offset + 1 : offset + 4].isdigit()
                ):
                    continue
                character = " "
            characters.append(character.lower())
            offsets.append(offset)
        offsets.append(len(self.text))
        return "".join(characters), offsets

    @cached_property
    def _paragraphs(self):
        blocks = (Passage(*match.span()) for match in _BLOCK.finditer(self.text))
        return [block for block in blocks if block.within(self.body)]

    @cached_property
    def _spans(self):
        spans, numbers = [], {"line": 0, "heading": 0, "sentence": 0}

        def add(kind, paragraph, start, end):
            numbers[kind] += 1
            spans.append(Span(kind, numbers[kind], paragraph, Passage(start, end), self.text[start:end]))

        for paragraph, block in enumerate(self._paragraphs, 1):
            words = self.text[block.start : block.end]
            ends = [match.end() for match in _SENTENCE_END.finditer(words)]
            if not ends:
                add("line", paragraph, block.start, block.end)
                continue
            heading = _HEADING.match(words)
            start = 0
            if heading:
                add("heading", paragraph, block.start, block.start + heading.end())
                start = heading.end() + len(": ")
            for end in ends:
                add("sentence", paragraph, block.start + start, block.start + end)
                start = end + 1
        return spans

    @cached_property
    def _unit_starts(self):
        return [span.passage.start for span in self._spans if span.kind != "heading"]

    @cached_property
    def _sentence_starts(self):
        return {span.passage.start for span in self._spans}

    @cached_property
    def _sentence_ends(self):
        return {span.passage.end for span in self._spans if span.kind == "sentence"}


def _find_all(text, words):
    places, place = [], text.find(words)
    while place >= 0:
        places.append(place)
        place = text.find(words, place + 1)
    return places


def _after_partial_word(text, offset, limit):
    while offset < limit and not text[offset].isspace():
        offset += 1
    return offset + 1


def _before_partial_word(text, offset, limit):
    while offset > limit and not text[offset - 1].isspace():
        offset -= 1
    return offset - 1
