"""Expressions of time and of rate in running text: what period or rate each one means.

A period is spelt as its IRI is: `FY2012`, `2012`, `2012-03`, `since-2012-03`, `2010-to-2012`. What points at
a time without naming it ("last year") is found, and left open.
"""

import re
from dataclasses import dataclass

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_YEAR = r"(?:1[89]|20)\d\d"
_MONTH = "|".join((*MONTHS, *(f"{name[:3]}\\." for name in MONTHS), r"Sept\."))
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_S = r"\s+"
_FISCAL = rf"(?:FYs?|[Ff]iscal{_S}[Yy]ears?(?:{_S}\(FYs?\))?)\s?"
_TO = rf"(?:{_S}(?:to|through|until|and){_S}|\s?[-\u2013\u2014/]\s?)"

_TIME = re.compile(
    rf"\b{_FISCAL}(?P<fy1>\d{{4}}){_TO}(?:{_FISCAL})?(?P<fy2>\d{{4}})\b"
    rf"|\b{_FISCAL}(?P<fiscal>\d{{4}}|[\u2019']?\d{{2}})\b"
    rf"|\b[Ss]ince{_S}(?:(?P<late>early|mid|late)[ -])?"
    rf"(?:(?P<smonth>{_MONTH}){_S}(?:(?P<sday>{_DAY}),?{_S})?)?"
    rf"(?P<since>{_YEAR})\b"
    rf"|\b(?P<m1>{_MONTH})(?:{_S}(?P<d1>{_DAY}))?(?:,?{_S}(?P<y1>{_YEAR}))?,?{_TO}"
    rf"(?P<m2>{_MONTH}){_S}(?:(?P<d2>{_DAY}),?{_S})?(?P<y2>{_YEAR})\b"
    rf"|\b(?P<month>{_MONTH}){_S}(?:(?P<day>{_DAY}),?{_S})?(?:of{_S})?(?P<myear>{_YEAR})\b"
    rf"|\b(?P<dday>\d{{1,2}}){_S}(?P<dmonth>{_MONTH}){_S}(?P<dyear>{_YEAR})\b"
    rf"|\b(?:(?P<half>first|second){_S}half|(?P<quarter>first|second|third|fourth|last){_S}quarter){_S}of{_S}"
    rf"(?P<part>{_YEAR})\b"
    rf"|(?<![\w.,$-])(?P<from>{_YEAR})(?:{_TO}(?P<to>{_YEAR})|[-\u2013/](?P<short>\d\d))\b(?![-/]\d)"
    rf"|(?<![\w.,$€£/-])(?<!S\.C\. )(?<!F\.R\. )(?P<year>{_YEAR})(?![\w%]|[.,]\d|-\w)"
    rf"|\b(?P<open>(?:last|this|the{_S}(?:past|previous|last|current)){_S}(?:fiscal{_S})?(?:year|month|quarter|week))\b"
)
_RATE = re.compile(
    rf"\b(?:(?P<DAY>daily|on{_S}a{_S}daily{_S}basis|(?:a|per|each|every|any{_S}given){_S}day|on{_S}an?{_S}"
    rf"(?:average|typical){_S}day)|(?P<WK>weekly|(?:a|per|each|every){_S}week)"
    rf"|(?P<MO>monthly|(?:a|per|each|every){_S}month)"
    rf"|(?P<YR>annually|annual|yearly|per{_S}annum|(?:a|per|each|every){_S}(?:fiscal{_S})?year)"
    rf"|(?P<HR>hourly|(?:an|per|each|every){_S}hour)"
    rf"|per{_S}(?P<KiloGM>kilograms?|kilos?|kg)|per{_S}(?P<GM>grams?)|per{_S}(?P<LB>pounds?)"
    rf"|per{_S}(?P<HA>hectares?)|per{_S}(?P<AC>acres?)|per{_S}(?P<MI>miles?)|per{_S}(?P<TONNE>metric{_S}tons?|tonnes?))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A time or rate expression: what it means ("" for left open) and the characters [start, end)."""

    meaning: str
    start: int
    end: int
    note: str = ""


def times(text):
    """The time expressions of a text, in order."""
    return [Mark(*_period(match), *match.span(), _note(match)) for match in _TIME.finditer(text)]


def rates(text):
    """The rate expressions of a text, in order; the meaning is a QUDT unit's local name."""
    return [Mark(match.lastgroup, *match.span()) for match in _RATE.finditer(text)]


def _period(match):
    group = match.groupdict()
    if group["fy1"]:
        return (f"FY{group['fy1']}-to-FY{group['fy2']}",)
    if group["fiscal"]:
        year = group["fiscal"].lstrip("\u2019'")
        return (f"FY{year if len(year) == 4 else '20' + year}",)
    if group["since"]:
        return ("since-" + _date(group["since"], group["smonth"], group["sday"]),)
    if group["m2"]:
        first = _date(group["y1"] or group["y2"], group["m1"], group["d1"])
        return (f"{first}-to-{_date(group['y2'], group['m2'], group['d2'])}",)
    if group["month"]:
        return (_date(group["myear"], group["month"], group["day"]),)
    if group["dmonth"]:
        return (_date(group["dyear"], group["dmonth"], group["dday"]),)
    if group["half"]:
        return (f"{group['part']}-H{1 if group['half'] == 'first' else 2}",)
    if group["quarter"]:
        number = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4}[group["quarter"]]
        return (f"{group['part']}-Q{number}",)
    if group["from"]:
        last = group["to"] or group["from"][:2] + group["short"]
        return (f"{group['from']}-to-{last}",)
    return (group["year"] or "",)


def _date(year, month, day=None):
    if not month:
        return year
    number = next(i for i, name in enumerate(MONTHS, 1) if name[:3] == month[:3])
    digits = re.match(r"\d+", day or "")
    return f"{year}-{number:02}" + (f"-{int(digits[0]):02}" if digits else "")


def _note(match):
    if match["open"]:
        return f"“{match[0]}” names no date; find it from when the text was written"
    if match["late"]:
        return f"“{match['late']}” is left out of the period"
    return ""
