"""Proposed measurements: each number of a text with what stands around it, read by rule.

Reading is narrow: a hedge belongs to the number that it stands before; a rate or a period behind a number to
that number; a period before the first number of a sentence, or a rate there, to all of them. What a person
must decide is said in `notes`.
"""

import itertools
import re
from dataclasses import dataclass, field
from decimal import Decimal

from incsr.draft import quantities, times
from incsr.draft.places import places
from incsr.draft.segments import sentence_at, sentences
from incsr.evidence.numbers import magnitude

NOT_STATED = "not-stated"
IN_VOCABULARY = {"Exactly", "MoreThan", "AtLeast", "Nearly", "Approximately", "OnAverage"}

# Where the phrase of the thing counted ends.
_STOP = re.compile(
    r"[,.;:()\[\]\n\u2014\u2013]|\b(?:in|at|on|to|with|within|from|for|and|or|nor|that|either|which|who|whom|whose|"
    r"where|when|while|every|were|was|is|are|be|been|have|has|had|by|during|since|than|per|each|a|daily|annually|through|"
    r"throughout|under|between|into|against|as|via|along|across|among|will|would|could|can|may|but|compared|"
    r"an|including|over|more|nearly|approximately|about|last|this|after|before|of)\b",
    re.IGNORECASE,
)
_OF = re.compile(r"\s+of\s+(?:the\s+)?", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:[\u2019'-][^\W_]+)*")
_DULL = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "and",
        "or",
        "in",
        "on",
        "at",
        "to",
        "its",
        "their",
        "his",
        "her",
        "our",
        "that",
        "these",
        "those",
        "other",
        "new",
    ]
)
_CONJOINED = re.compile(
    r"\s+(?:and|or)\s+(?!\d|(?:more|nearly|over|approximately|about|at|the|an?|to|by|is|was|were)\s)(?=[^\W\d_])"
)
_VERB_END = re.compile(r"\s+\w+(?:ed|ing|made|took|held|ly)\Z")
_GOES_ON = re.compile(
    r"(?:They|These|Those|It|The same|In addition|Additionally|Also|Of these|Of those|\w+ also|"
    r"(?:\w+ ){1,5}also)\b"
)


@dataclass(slots=True)
class Proposal:
    """One measurement as read: offsets are code points of the text, `end` excluded."""

    start: int
    end: int
    quotation: str
    sentence: str
    paragraph: int
    value: Decimal | None = None
    printed: str = ""
    stated_as: str = ""  # for a quantity in words, which has no value
    magnitude: int | None = None
    qualifier: str = "Exactly"
    unit: str = "NUM"
    per: str = ""
    period: str = NOT_STATED
    area: str = NOT_STATED
    rounded_to: int | None = None
    counted: str = ""
    slug: str = ""
    further: tuple[tuple[int, int], ...] = ()  # passages that period or area come from
    notes: list[str] = field(default_factory=list)


def propose(text, body=None, year=None):
    """Propose measurements for every quantity of a text, in reading order.

    `body` is the part to read, (start, end); `year` begins the slugs, else the first year that the text
    names.
    """
    start, end = body or (0, len(text))
    segments = sentences(text, start, end)
    marks, rates = times.times(text), times.rates(text)
    numbers = quantities.quantities(text, marks)
    reader = _Reader(text, segments, marks, rates, [n for n in numbers if start <= n.start < end])
    found = [reader.figure(number) for number in reader.numbers]
    _share_of_ranges(found)
    found += [reader.words(*span) for span in quantities.in_words(text, numbers) if start <= span[0] < end]
    found.sort(key=lambda proposal: proposal.start)
    _name(found, year or _first_year(marks) or "undated")
    return found


class _Reader:
    def __init__(self, text, segments, marks, rates, numbers):
        self.text, self.segments, self.marks, self.rates, self.numbers = text, segments, marks, rates, numbers

    def figure(self, number):
        at = sentence_at(self.segments, number.start)
        sentence = self.segments[at]
        limit = min([n.start for n in self.numbers if n.start >= number.end] + [sentence.end])
        qualifier, begin, hedge_end = quantities.hedge(self.text, number, sentence)
        head, counted_end, unit = self._phrase(number, limit)
        end = max(counted_end, number.end, hedge_end)
        notes = list(number.notes)
        if qualifier not in IN_VOCABULARY:
            notes.append(f"no qualifier says “{self.text[begin:hedge_end].strip()}”; decide which one holds")
        per, per_mark = self._rate(number, sentence, limit)
        if unit == "PERCENT":
            notes.append("a share: decide of what")
        proposal = Proposal(
            begin, end, self.text[begin:end], self.text[sentence.start : sentence.end], sentence.paragraph,
            value=number.value, printed=number.printed, qualifier=qualifier, unit=number.unit or unit,
            per=per, rounded_to=number.rounded_to, counted=head, notes=notes,
        )  # fmt: skip
        self._period(proposal, number.start, number.end, at, limit, per_mark)
        self._area(proposal, sentence, number.end, limit)
        self._doubts(proposal, number, sentence)
        return proposal

    def words(self, start, end):
        at = sentence_at(self.segments, start)
        sentence = self.segments[at]
        limit = min([n.start for n in self.numbers if n.start >= end] + [sentence.end])
        span = quantities.Quantity(start, end, self.text[start:end], Decimal(0), None)
        head, counted_end, unit = self._phrase(span, limit)
        per, per_mark = self._rate(span, sentence, limit)
        stated = self.text[start:end]
        proposal = Proposal(
            start, max(end, counted_end), self.text[start : max(end, counted_end)],
            self.text[sentence.start : sentence.end], sentence.paragraph, stated_as=stated,
            magnitude=magnitude(stated), qualifier="", unit=unit, per=per, counted=head,
            notes=["a quantity in words: keep it only if the text means an amount"],
        )  # fmt: skip
        self._period(proposal, start, end, at, limit, per_mark)
        self._area(proposal, sentence, end, limit)
        return proposal

    def _phrase(self, number, limit):
        """The thing counted behind a number: its words, where they end, and the unit among them."""
        text, place, unit = self.text, number.end, number.unit
        gap = re.match(r"[\s-]+", text[place:limit])
        place += gap.end() if gap else 0
        # "thousands of participants", "$5 million in cash": the thing stands behind the little word.
        link = re.match(
            r"of\s+(?:the\s+|these\s+|those\s+|our\s+)?|in\s+(?=[a-z])"
            if number.unit
            else r"of\s+(?:the\s+|these\s+)?",
            text[place:limit],
        )
        place += link.end() if link and place > number.end else 0
        first = self._run(place, limit)
        short = re.match(r"\s\([A-Za-z]{1,4}\)(?=\sof\s)", text[first:limit]) if first > place else None
        if short and quantities.UNIT.search(text, place, first):
            first += short.end()
        verb = _VERB_END.search(text[place:first])
        if verb and not quantities.UNIT.search(verb[0]):
            first = place + verb.start()
        match = quantities.UNIT.search(text, place, first)
        # A unit word stands in the head of the phrase: "81,045 flight hours", not "20 officers per hour".
        if (not unit and match and not _WORD.search(text, match.end(), first)) or (
            not unit and match and match.start() == place
        ):
            unit = match.lastgroup.replace("__", "-")
        end = first
        of = _OF.match(text, first, limit)
        if of:
            second = self._run(of.end(), limit)
            if second > of.end():
                end = second
        if end > place:
            more = _CONJOINED.match(text, end, limit)
            if more and of:
                second = self._run(more.end(), limit)
                if second > more.end() and not self._clause(second):
                    end = second
        else:
            where = re.match(r"\s+in\s+(?:the\s+)?[A-Z]\w+(?:\s+[A-Z]\w+)*", text[number.end : limit])
            end = number.end + where.end() if where else number.end
            return "", end, unit or "NUM"
        head = text[(of.end() if of and match and end > of.end() else place) : end]
        return " ".join(head.split()), end, unit or "NUM"

    def _run(self, place, limit):
        stop = _STOP.search(self.text, place, limit)
        end = stop.start() if stop else limit
        words = list(_WORD.finditer(self.text, place, end))[:7]
        return words[-1].end() if words else place

    def _clause(self, place):
        # "… pounds of heroin and arrested": what follows "and" is a verb if an object comes right behind it.
        word = re.search(r"\w+\Z", self.text[:place][-30:])
        return bool(word and re.search(r"(?:ed|ing|made|took|held)\Z", word[0]))

    def _rate(self, number, sentence, limit):
        inside = [n.start for n in self.numbers if sentence.start <= n.start < sentence.end]
        first = min([*inside, number.start])
        for mark in self.rates:
            if number.end <= mark.start < limit:
                return mark.meaning, mark
        for mark in self.rates:
            if sentence.start <= mark.start < first and mark.end <= first:
                return mark.meaning, mark
        return "", None

    def _period(self, proposal, start, end, at, limit, rate):
        sentence = self.segments[at]
        own = [m for m in self.marks if sentence.start <= m.start < sentence.end]
        inside = [n.start for n in self.numbers if sentence.start <= n.start < sentence.end]
        first, last = min([*inside, start]), max([*inside, start])
        behind = [m for m in own if end <= m.start < limit]
        before = [m for m in own if m.end <= first]
        # "9 tons in 2012 and 11 tons in 2013": each number has its own; else the nearest one before it.
        between = [m for m in own if first <= m.start and m.end <= start]
        chosen = behind[:1] or before[-1:]
        if not chosen and between and re.search(r"[,;]\s*\Z", self.text[: between[-1].start].rstrip() + " "):
            chosen = between[-1:]
        if chosen:
            self._dated(proposal, chosen[0])
            if behind and len(inside) > 1 and start != last and not before:
                proposal.notes.append(
                    "the period stands behind this number; decide whether it reaches others"
                )
            return
        if own:
            names = ", ".join(f"“{self.text[m.start : m.end]}”" for m in own)
            proposal.notes.append(f"{names} stands in the sentence, but not certainly of this number")
            return
        if rate is not None or at == 0 or self.segments[at - 1].paragraph != sentence.paragraph:
            return
        self._borrow(proposal, at)

    def _borrow(self, proposal, at):
        mark = self._inherited(at, 3)
        if mark is not None:
            self._dated(proposal, mark)
            proposal.notes.append("period of a sentence before; decide whether both speak of the same act")

    def _inherited(self, at, depth):
        """The time that a sentence without one takes over from the sentence before.

        That one has a single time; and opens with it, or both sentences share words; "also", "they" and the
        like at its beginning tie a sentence to the one before.
        """
        if at == 0 or depth == 0 or self.segments[at - 1].paragraph != self.segments[at].paragraph:
            return None
        earlier, sentence = self.segments[at - 1], self.segments[at]
        words = self.text[sentence.start : sentence.end]
        shared = len(_stems(self.text[earlier.start : earlier.end]) & _stems(words))
        tied = _GOES_ON.match(words) is not None
        marks = [m for m in self.marks if earlier.start <= m.start < earlier.end and m.meaning]
        if not marks:
            return self._inherited(at - 1, depth - 1) if tied or shared else None
        if len({m.meaning for m in marks}) > 1 or marks[0].meaning.startswith("since"):
            return None
        leading = _opens(self.text, earlier, marks[0])
        return marks[0] if tied or shared >= (1 if leading else 2) else None

    def _dated(self, proposal, mark):
        if mark.meaning:
            proposal.period = mark.meaning
        if mark.note:
            proposal.notes.append(mark.note)
        if not (proposal.start <= mark.start and mark.end <= proposal.end):
            proposal.further += ((mark.start, mark.end),)

    def _area(self, proposal, sentence, end, limit):
        near = places(self.text, end, limit)
        named = near or ([] if self._others(sentence) else places(self.text, sentence.start, sentence.end))
        codes = list(dict.fromkeys(place.code for place in named))
        if len(codes) == 1:
            proposal.area = codes[0]
        elif codes:
            names = ", ".join(place.name for place in named)
            proposal.notes.append(f"several places stand near: {names}; one region may hold them")

    def _others(self, sentence):
        return len({place.code for place in places(self.text, sentence.start, sentence.end)}) > 1

    def _doubts(self, proposal, number, sentence):
        before = [n for n in self.numbers if sentence.start <= n.start < number.start]
        gap = self.text[before[-1].end : number.start] if before else ""
        if proposal.qualifier == "Exactly" and before and re.search(r"(?:,|\band)\s*\Z", gap):
            earlier, _, _ = quantities.hedge(self.text, before[-1], sentence)
            if earlier != "Exactly":
                proposal.notes.append("a hedge stands before an earlier member of the list; decide its reach")
        if not proposal.counted:
            proposal.notes.append("the thing counted stands elsewhere in the sentence")


def _share_of_ranges(found):
    # "between 5 and 10 tons a year": unit, rate and period stand once, behind the pair.
    for low, high in itertools.pairwise(found):
        if "the lower end of a range" in low.notes and "the upper end of a range" in high.notes:
            low.unit = low.unit if low.unit != "NUM" else high.unit
            low.per, low.period = low.per or high.per, low.period if low.period != NOT_STATED else high.period
            low.counted = low.counted or high.counted


def _opens(text, sentence, mark):
    # "In FY 2013, …", "Heading: In 2012, …": nothing but prepositions and a heading stand before the time.
    before = text[sentence.start : mark.start]
    before = before.rsplit(":", 1)[-1]
    return len(before.split()) <= 3


def _stems(text):
    return {word.lower()[:6] for word in _WORD.findall(text) if len(word) > 3 and word.lower() not in _DULL}


def _first_year(marks):
    years = (re.search(r"\d{4}", mark.meaning) for mark in marks)
    return next((year[0] for year in years if year), None)


def _name(found, year):
    taken = set()
    for proposal in found:
        words = [w for w in _WORD.findall(proposal.counted.lower()) if w not in _DULL][:6]
        if not words:
            words = [w for w in _WORD.findall(proposal.quotation.lower()) if w not in _DULL][:6]
        words = [re.sub("[^a-z0-9-]+", "", word) for word in words]
        slug = "-".join([str(year), *filter(None, words)])
        for further in (proposal.area, proposal.period, proposal.unit, proposal.printed):
            if slug not in taken:
                break
            further = "-".join(re.findall(r"[a-z0-9]+", further.lower()))
            slug = f"{slug}-{further}" if further not in ("", NOT_STATED, "num") else slug
        number = 2
        base = slug
        while slug in taken:
            slug, number = f"{base}-{number}", number + 1
        taken.add(slug)
        proposal.slug = slug
