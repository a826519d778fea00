"""Numbers in running text with their unit, currency and hedge; and quantities in words ("thousands").

Finds cardinal numbers in digits and in words. Leaves out what is no quantity: dates, ordinals, parts of
names ("P-3", "Section 101"), times of day, addresses. Knows no grammar beyond the phrase around a number.
"""

import itertools
import re
from dataclasses import dataclass
from decimal import Decimal

from incsr.evidence.numbers import SCALES, figures_in_words

HEDGES = {
    "MoreThan": r"more than|greater than|over|in excess of|upwards? of|exceeding|exceed(?:ed|s)?|above|"
    r"well over",
    "AtLeast": r"(?:a|the) minimum of|at least|no (?:fewer|less) than|not (?:fewer|less) than",
    "Nearly": r"nearly|almost|close to|just under|just short of",
    "Approximately": r"(?:an )?estimated(?: at)?|approximately|approx\.|about|around|roughly|some|circa|ca\.|"
    r"estimates? of|in the (?:range|order) of|on the order of",
    "OnAverage": r"(?:an|the|on) average(?: of)?|averag(?:ed|es|ing)|a (?:mean|median) of",
    "AtMost": r"up to|as (?:many|much) as|a maximum of|at most|no more than|not more than",
    "LessThan": r"less than|fewer than|under|below",
}
_UNITS = {
    "LB": "pounds?|lbs?", "HR": "hours?|hrs?", "MIN": "minutes?", "DAY": "days?", "WK": "weeks?",
    "MO": "months?", "YR": "years?", "MI_N": "nautical miles?", "MI2": "square miles?|sq\\.? mi",
    "MI": "miles?", "KiloM2": "square kilometers?|square kilometres?|sq\\.? km|km2|km²",
    "KiloM": "kilometers?|kilometres?|km", "M": "meters?|metres?", "FT2": "square f(?:ee|oo)t",
    "FT": "feet|foot", "HA": "hectares?|ha", "AC": "acres?",
    "TONNE": "metric tons?|metric tonnes?|tonnes?|MT|mt", "TON_SHORT": "short tons?", "TON": "tons?",
    "KiloGM": "kilograms?|kilos?|kgs?", "MilliGM": "milligrams?|mg", "GM": "grams?", "OZ": "ounces?",
    "GAL_US": "gallons?", "L": "liters?|litres?", "BBL": "barrels?",
    "PERCENT": "percent|per cent|percentage points?",
    "KiloW-HR": "kilowatt[- ]hours?", "MegaW": "megawatts?|MW", "CCY_USD": "(?:U\\.?S\\.? )?dollars?|USD",
    "CCY_EUR": "euros?|EUR", "CCY_GBP": "pounds sterling|GBP",
}  # fmt: skip
_BY_LENGTH = sorted(_UNITS.items(), key=lambda item: -max(len(part) for part in item[1].split("|")))
UNIT = re.compile(
    "|".join(
        rf"(?P<{name.replace('-', '__')}>(?<![^\W\d_])(?:{words})(?![\w]))" for name, words in _BY_LENGTH
    )
)
_SIGNS = {"$": "CCY_USD", "US$": "CCY_USD", "USD": "CCY_USD", "€": "CCY_EUR", "EUR": "CCY_EUR",
          "£": "CCY_GBP", "GBP": "CCY_GBP", "C$": "CCY_CAD", "A$": "CCY_AUD", "¥": "CCY_JPY"}  # fmt: skip

_SCALE = "thousand|million|billion|trillion|hundred"
_DIGITS = re.compile(
    r"(?:(?<![\w.,/#$€£\u2013-])|(?<=\d[\u2013-]))(?P<currency>(?:US|C|A)?\$|€|£|¥|(?:USD|EUR|GBP)(?=\s?\d))?\s?"
    r"(?P<whole>\d{1,3}(?:,\d{3})+(?!\d)|\d{1,3}(?:, \d{3})+(?!\d|,\d)|\d+)(?P<fraction>\.\d+)?"
    rf"(?:(?:\s|-)(?P<scale>{_SCALE})\b|(?P<short>[mMkK]|bn|[Bb])\b)?(?P<percent>\s?%)?"
    r"(?![^\W_]|[.,]\d|\u2019?s\b)|(?<![\w.,/#$€£-])(?P<attached>\d+(?:\.\d+)?)(?=(?:kg|km|lbs?|mg|mt|ha|MT)\b)"
)
_SHORT = {"m": 10**6, "k": 10**3, "bn": 10**9, "b": 10**9}
_ORDINAL_AFTER = re.compile(
    r"(?:st|nd|rd|th)\b|:\d\d|\s?(?:a\.m|p\.m|am\b|pm\b)|/\d|-[A-Z]|-(?:hour|day|week|month|year)s?\b"
    r"|\s(?:U\.S\.C|C\.F\.R|USC\b|CFR\b|Stat\.)"
)
_CHAIN = re.compile(r"\(?\b\d+\)?(?:[-\u2013. ]\d{2,}){2,}\b|\b\d+-\d+-\d+\b")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+")
_NAME_BEFORE = re.compile(
    r"(?:\b(?:Law|Act|Section|Sec\.|Title|Article|Chapter|Part|Table|Figure|Fig\.|Public Law|Pub\. L\.|"
    r"P\.L\.|Resolution|Annex|Appendix|No\.|Number|Route|Highway|Interstate|Flight|Page|page|pp?\.|Vol\.|Volume|Phase|"
    r"Category|Goal|Strategy|Line|Room|Suite|Block|Order|Decree|Schedule|Tier|Class|Level|Form|Item|note|U\.S\.C\.|"
    r"H\.R\.|Operation)\s+|[#§]\s?|\b[A-Z]{1,5}[- ]?)$"
)
_HEDGE = re.compile(
    rf"\b(?:{'|'.join(f'(?P<{name}>{words})' for name, words in HEDGES.items())})"
    r"(?:\s+(?:(?:a|an|the)\s+)?"
    r"(?:total|combined|additional|record|further|another|estimated|average|of|value of))*"
    r"(?:\s+of)?\s+$".replace(" ", r"\s+"),
    re.IGNORECASE,
)
_HEDGE_AFTER = re.compile(
    r"\s*(?:\w+\s+){0,2}?(?:(?P<AtLeast>or\s+(?:more|greater))|(?P<Approximately>or\s+so|\(est\.?\))|(?P<OnAverage>on\s+average))\b",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\s?(?:to|[-\u2013\u2014]|and)\s?\Z")
_WORDS = re.compile(
    r"\b(?:(?:tens|hundreds|thousands|millions|billions|dozens|scores)(?:\s+of\s+(?:thousands|millions|billions))?"
    r"|the\s+(?:vast\s+|overwhelming\s+)?majority|most|several|many|numerous|a\s+(?:wide|broad)\s+(?:array|range|variety)"
    r"|a\s+(?:growing|large|small|significant|substantial)\s+(?:network|number|amount|quantity|majority)"
    r"|a\s+(?:handful|few|number|majority|third|quarter)|half)\b",
    re.IGNORECASE,
)
_DOZEN = re.compile(r"\b(?:an?|one|(?P<times>two|three|four|five|six))\sdozen\b(?!s)", re.IGNORECASE)
_TIMES = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
# "two vessels and one helicopter" counts; "one" by itself is a pronoun more often than a number.
_ONE = re.compile(
    r"\d[^.;]{0,60}(?:,|\band)\s(one)\s(?!of\b|or\b|who\b|that\b|another\b|day\b|time\b|hand\b)[a-z]{3,}"
)
_PRONOUN = {"one", "zero"}


@dataclass(slots=True)
class Quantity:
    """A number and where it stands: characters [start, end) without hedge and unit word."""

    start: int
    end: int
    printed: str
    value: Decimal
    rounded_to: int | None
    unit: str = ""  # QUDT local name where a sign or a unit word directly says it
    notes: tuple[str, ...] = ()


def quantities(text, dates=()):
    """The numbers of a text that count or weigh something, in order; none inside the marks `dates`."""
    dates = [*dates, *_ADDRESS.finditer(text), *_CHAIN.finditer(text)]
    found = [*_in_digits(text), *_in_words(text)]
    spans = [d.span() if isinstance(d, re.Match) else (d.start, d.end) for d in dates]
    found = [q for q in found if not any(start < q.end and q.start < end for start, end in spans)]
    found.sort(key=lambda quantity: quantity.start)
    kept = []
    for quantity in found:
        # "107-296" is a pair only where 107 was a quantity; else it goes with the name before it.
        dangling = text[quantity.start - 1 : quantity.start] in ("-", "\u2013") and (
            not kept or kept[-1].end != quantity.start - 1
        )
        if not dangling and (not kept or quantity.start >= kept[-1].end):
            kept.append(quantity)
    _share_scale_of_ranges(text, kept)
    return kept


def in_words(text, numbers):
    """The quantities that have no number: (start, end) of the words, none that touches a number."""
    return [
        match.span()
        for match in _WORDS.finditer(text)
        if not any(n.start < match.end() and match.start() < n.end for n in numbers)
    ]


def hedge(text, quantity, sentence):
    """The hedge of a number: (qualifier, start of its words, end of its words).

    Directly before the number, with words like "a total of" between; else directly behind it ("or more").
    """
    match = _HEDGE.search(text[max(sentence.start, quantity.start - 60) : quantity.start])
    if match:
        begin = max(sentence.start, quantity.start - 60) + match.start()
        # "an estimated average of": the outer word says how the number is to be read.
        return match.lastgroup, begin, quantity.start
    behind = _HEDGE_AFTER.match(text, quantity.end, sentence.end)
    if behind:
        return behind.lastgroup, quantity.start, behind.end()
    return "Exactly", quantity.start, quantity.start


def _in_digits(text):
    for match in _DIGITS.finditer(text):
        before, printed = text[max(0, match.start() - 24) : match.start()], match[0].strip()
        start = match.end() - len(match[0].lstrip())
        notes = []
        if _ORDINAL_AFTER.match(text, match.end()) or (_NAME_BEFORE.search(before) and not match["currency"]):
            continue
        if _is_marker(text, start, match.end()):
            continue
        if match["attached"]:
            yield Quantity(start, match.end(), printed, Decimal(printed), None)
            continue
        whole, end = match["whole"], match.end()
        if ", " in whole:
            if re.match(r",?\s+(?:and|or)\s+\d", text[end:]):
                continue_from = start + len(match["currency"] or "") + whole.index(", ")
                yield Quantity(
                    start, continue_from, text[start:continue_from],
                    Decimal(whole.split(", ")[0]), None, _SIGNS.get(match["currency"], ""),
                )  # fmt: skip
                place = continue_from + 2
                for part in whole.split(", ")[1:]:
                    yield Quantity(place, place + len(part), part, Decimal(part), None)
                    place += len(part) + 2
                continue
            notes.append(f"“{printed}” has a space inside; read as one number")
        scale = SCALES.get(match["scale"], 1) * _SHORT.get((match["short"] or "").lower(), 1)
        fraction = match["fraction"] or ""
        value = Decimal(re.sub("[, ]", "", whole) + fraction) * scale
        if value == value.to_integral_value():
            value = value.quantize(Decimal(1))
        rounded = None
        if scale > 1:
            rounded = scale // 10 ** (len(fraction) - 1) if fraction else scale
        unit = "PERCENT" if match["percent"] else _SIGNS.get(match["currency"] or "", "")
        yield Quantity(start, end, printed, value, rounded, unit, tuple(notes))


def _is_marker(text, start, end):
    # "3." or "(3)" or "[3]" that opens a line, or a note's number in brackets.
    line = text[text.rfind("\n", 0, start) + 1 : start].strip()
    if not line.strip("([") and re.match(r"[.)\]]\s", text[end : end + 2]):
        return True
    return text[start - 1 : start] == "[" and text[end : end + 1] == "]"


def _in_words(text):
    for figure in figures_in_words(text):
        words = figure.printed.lower()
        if words in _PRONOUN or words in SCALES or re.match(r"\s?-\s?\d|[-\u2010]\w", text[figure.end :]):
            continue
        if text[figure.start - 1 : figure.start] == "-" or re.search(
            r"[\d.]\s?\Z", text[: figure.start][-2:]
        ):
            continue
        scale = next((SCALES[w] for w in reversed(words.split()) if w in SCALES and SCALES[w] > 100), None)
        yield Quantity(figure.start, figure.end, figure.printed, figure.value, scale, "", ())
    for match in _DOZEN.finditer(text):
        value = Decimal(12 * (_TIMES.get((match["times"] or "").lower(), 1)))
        yield Quantity(*match.span(), match[0], value, None)
    for match in _ONE.finditer(text):
        yield Quantity(match.start(1), match.end(1), match[1], Decimal(1), None)


def _share_scale_of_ranges(text, found):
    # "5 to 10 million", "between 5 and 10 percent": what stands once behind the pair belongs to both.
    for low, high in itertools.pairwise(found):
        between = text[low.end : high.start]
        if not _RANGE.fullmatch(between):
            continue
        if between.strip() == "and" and not re.search(
            r"\bbetween\s+\Z", text[: low.start][-12:], re.IGNORECASE
        ):
            continue
        if high.rounded_to and not low.rounded_to and low.value < high.value and low.value < 1000:
            scale = max(s for s in SCALES.values() if s <= high.rounded_to * 100 and high.value >= s)
            low.value, low.rounded_to = low.value * scale, high.rounded_to
        low.unit = low.unit or high.unit
        high.unit = high.unit or low.unit
        low.notes += ("the lower end of a range",)
        high.notes += ("the upper end of a range",)
