"""Numbers in running text: digits as the page prints them, scale words, and numbers in words.

Knows "351.5 million", "$8.76 billion", "117, 103" (a slip of the page) and "twenty-five thousand". A number
that is part of a name ("P-3") or of a date is none; dates are `incsr.evidence.reading`'s.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_TO_TWELVE = "zero one two three four five six seven eight nine ten eleven twelve"
_TEENS = "thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {word: value for value, word in enumerate(f"{_TO_TWELVE} {_TEENS}".split())}
_SMALL |= {word: 10 * value for value, word in enumerate(_TENS.split(), 2)}

_DIGITS = re.compile(
    r"(?<![\w.,$-])(?P<currency>\$)?"
    r"(?P<whole>\d{1,3}(?:, ?\d{3})+(?!\d)|\d+)"
    r"(?P<fraction>\.\d+)?"
    r"(?:[ \u00a0](?P<scale>thousand|million|billion|trillion)\b)?"
    r"(?!\w|[.,]\d)"
)
_NUMBER_WORD = "|".join(sorted([*_SMALL, *SCALES], key=len, reverse=True))
_IN_WORDS = re.compile(rf"\b(?:{_NUMBER_WORD})(?:(?:[ -]| and )(?:{_NUMBER_WORD}))*\b", re.IGNORECASE)
_MAGNITUDE = re.compile(r"\b(hundred|thousand|million|billion|trillion)s\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and where it stands: characters [start, end) of the text it was read from."""

    start: int
    end: int
    printed: str
    value: Decimal
    rounded_to: int | None  # the place of the last printed digit, where a scale word follows; else None
    currency: bool


def figures(text):
    """The numbers printed with digits, in order."""
    found = []
    for match in _DIGITS.finditer(text):
        scale = SCALES.get(match["scale"], 1)
        fraction = match["fraction"] or ""
        value = Decimal(re.sub("[, ]", "", match["whole"]) + fraction) * scale
        rounded_to = None
        if match["scale"]:
            rounded_to = scale // 10 ** (len(fraction) - 1) if fraction else scale
        if value == value.to_integral_value():
            value = value.quantize(Decimal(1))
        found.append(Figure(*match.span(), match[0], value, rounded_to, bool(match["currency"])))
    return found


def figures_in_words(text):
    """The numbers written out in words ("two hundred and fifty"), in order; "thousands" is none."""
    return [
        Figure(*match.span(), match[0], Decimal(_value_of_words(match[0])), None, False)
        for match in _IN_WORDS.finditer(text)
    ]


def magnitude(text):
    """The scale that a plural names ("thousands" is 1000), or None; the largest, where several do."""
    found = [SCALES[match[1].lower()] for match in _MAGNITUDE.finditer(text)]
    return max(found, default=None)


def _value_of_words(words):
    total, group = 0, 0
    for word in re.split(r"[ -]+", words.lower()):
        if word == "and":
            continue
        if word == "hundred":
            group = max(group, 1) * 100
        elif word in SCALES:
            total += max(group, 1) * SCALES[word]
            group = 0
        else:
            group += _SMALL[word]
    return total + group
