"""What the text itself says of a figure: value, hedge, unit, rate, period. Knows no graph.

The verifier compares this reading with what the graph claims, so nothing here may look at the claim.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from incsr.evidence.numbers import figures, figures_in_words
from incsr.evidence.source import Passage

NOT_STATED = "not-stated"

HEDGES = {
    "more than": "MoreThan",
    "over": "MoreThan",
    "a minimum of": "AtLeast",
    "at least": "AtLeast",
    "nearly": "Nearly",
    "almost": "Nearly",
    "approximately": "Approximately",
    "about": "Approximately",
    "an average of": "OnAverage",
}
UNIT_WORDS = {
    "pound": "LB", "pounds": "LB",
    "hour": "HR", "hours": "HR",
    "mile": "MI", "miles": "MI",
    "dollar": "CCY_USD", "dollars": "CCY_USD",
}  # fmt: skip
RATES = {
    "DAY": "daily|on a daily basis|a day|each day|per day",
    "YR": "annually|yearly|a year|each year|per year",
}

_HEDGE = re.compile(rf"\b({'|'.join(HEDGES)})\s$", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:[\u2019'-][^\W\d_]+)*")
# Where the counted noun's phrase ends: a unit behind one of these belongs to something else.
_PHRASE_END = re.compile(r"[,.;:()]|\b(?:in|at|on|to|of|with|within|from|for|and|or|that|either|which|who)\b")
_RATE = re.compile(rf"\b(?:(?P<DAY>{RATES['DAY']})|(?P<YR>{RATES['YR']}))\b", re.IGNORECASE)
_MONTHS = [
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
]  # fmt: skip
_TIME = re.compile(
    rf"\bFY ?(?P<fiscal>\d{{4}})\b|\bsince (?P<month>{'|'.join(_MONTHS)}) (?P<since>\d{{4}})\b"
    r"|\b(?:[Ii]n|[Dd]uring) (?P<year>\d{4})\b"
)


class Unreadable(Exception):
    """A passage from which no figure, or more than one, can be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A time or rate expression in the text: what it means, and its passage."""

    meaning: str
    passage: Passage


@dataclass(frozen=True, slots=True)
class Reading:
    """What the text says of one figure. `hedge` and `scale` passages are there to be checked for cuts."""

    passage: Passage  # of the number itself, scale word included
    printed: str
    value: Decimal
    rounded_to: int | None
    hedge: str  # the words, "" for none
    hedge_start: int
    qualifier: str
    unit: str
    unit_end: int  # offset behind the unit word, or behind the number where there is none
    rates: tuple[Mark, ...]
    periods: tuple[Mark, ...]


class Reader:
    """Reads figures off one source text; built once, then cheap to ask."""

    def __init__(self, source):
        self.source = source
        self.times = [Mark(_period(match), Passage(*match.span())) for match in _TIME.finditer(source.text)]
        self.rates = [Mark(match.lastgroup, Passage(*match.span())) for match in _RATE.finditer(source.text)]
        self.figures = [figure for figure in figures(source.text) if not self._is_time(figure)]

    def read(self, passage, about=()):
        """Read the one figure of a passage.

        `about` are words for the thing counted; they decide where a passage holds several numbers: the
        number whose own phrase, up to the next number, names the thing. No single such number is an error.

        Raises: Unreadable.
        """
        figure = self._figure(passage, about)
        number = Passage(figure.start, figure.end)
        before = self.source.text[max(0, figure.start - 40) : figure.start]
        hedge = _HEDGE.search(before)
        unit, unit_end = self._unit(figure)
        return Reading(
            number, figure.printed, figure.value, figure.rounded_to,
            hedge[1] if hedge else "",
            figure.start - len(before) + hedge.start(1) if hedge else figure.start,
            HEDGES[hedge[1].lower()] if hedge else "Exactly",
            unit, unit_end, self.rates_of(number), self.periods_of(number),
        )  # fmt: skip

    def unit_of_words(self, passage):
        """The unit of a quantity in words: the unit word inside the passage, else a count."""
        words = (word.lower() for word in _WORD.findall(self.source.words(passage)))
        return next((UNIT_WORDS[word] for word in words if word in UNIT_WORDS), "NUM")

    def rates_of(self, number):
        """The rates that belong to a number: behind it in its sentence, before the next number."""
        sentence = self.source.sentence_of(number).passage
        limit = self._next_figure(number, sentence)
        return tuple(m for m in self.rates if number.end <= m.passage.start < limit)

    def periods_of(self, number):
        """The periods that govern a number in its own sentence.

        A time expression before the sentence's first number governs all of them, one behind a number that
        number alone: the narrow reading.
        """
        sentence = self.source.sentence_of(number).passage
        inside = [f for f in self.figures if sentence.start <= f.start < sentence.end]
        first = min([f.start for f in inside] + [number.start])
        limit = self._next_figure(number, sentence)
        return tuple(
            mark
            for mark in self.times
            if mark.passage.within(sentence)
            and (mark.passage.start < first or number.end <= mark.passage.start < limit)
        )

    def times_within(self, passage):
        """The time expressions that stand wholly inside a passage."""
        return [mark for mark in self.times if mark.passage.within(passage)]

    def _figure(self, passage, about):
        inside = [f for f in self.figures if passage.start <= f.start and f.end <= passage.end]
        touching = [f for f in self.figures if passage.start < f.end and f.start < passage.end]
        cut = [f for f in touching if f not in inside]
        if cut:
            raise Unreadable(f"the quotation cuts “{cut[0].printed}” in two; cite all of it")
        if not inside:
            inside = [
                type(f)(f.start + passage.start, f.end + passage.start, *_rest(f))
                for f in figures_in_words(self.source.words(passage))
            ]
        if not inside:
            raise Unreadable("no number stands in the quotation; cite the phrase with the number")
        if len(inside) == 1:
            return inside[0]
        wanted = {stem(word) for word in about}
        limits = [f.start for f in inside[1:]] + [passage.end]
        scores = [
            len(wanted & {stem(word) for word in _WORD.findall(self.source.text[f.end : limit])})
            for f, limit in zip(inside, limits, strict=True)
        ]
        best = [f for f, score in zip(inside, scores, strict=True) if score == max(scores)]
        if len(best) != 1 or max(scores) == 0:
            printed = ", ".join(f"“{f.printed}”" for f in inside)
            raise Unreadable(f"the quotation holds several numbers ({printed}); cite a phrase with only one")
        return best[0]

    def _unit(self, figure):
        if figure.currency:
            return "CCY_USD", figure.end
        after = self.source.text[figure.end : figure.end + 60]
        end = _PHRASE_END.search(after)
        for word in _WORD.finditer(after[: end.start() if end else None]):
            if word[0].lower() in UNIT_WORDS:
                return UNIT_WORDS[word[0].lower()], figure.end + word.end()
        return "NUM", figure.end

    def _next_figure(self, number, sentence):
        return min([f.start for f in self.figures if f.start >= number.end] + [sentence.end])

    def _is_time(self, figure):
        return any(m.passage.start <= figure.start and figure.end <= m.passage.end for m in self.times)


def stem(word):
    """A word without the ending of plural or possessive, lower case: so that phrases can be compared."""
    word = re.sub("[\u2018\u2019']s$", "", word.lower())
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if word.endswith(ending) and len(word) > max(len(ending), 3) and not word.endswith("ss"):
            return word[: -len(ending)] + instead
    return word


def words_of(text):
    """The words of a text: letters, with hyphens and apostrophes inside."""
    return _WORD.findall(text)


def _rest(figure):
    return figure.printed, figure.value, figure.rounded_to, figure.currency


def _period(match):
    if match["fiscal"]:
        return f"FY{match['fiscal']}"
    if match["since"]:
        return f"since-{match['since']}-{_MONTHS.index(match['month']) + 1:02}"
    return match["year"]
