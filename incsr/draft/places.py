"""Countries named in running text, by the short names in use (the Unicode CLDR's, and common others)."""

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

HOME = "US"
_AT_HOME = r"\bour (?:\w+ )?borders?\b|\bnationwide\b|\bU\.S\. borders?\b"


@dataclass(frozen=True, slots=True)
class Place:
    """A country at the characters [start, end), by its ISO 3166-1 alpha-2 code."""

    code: str
    name: str
    start: int
    end: int


@cache
def _countries():
    with (files(__package__) / "countries.csv").open(encoding="utf-8") as lines:
        codes = {row["name"]: row["code"] for row in csv.DictReader(lines)}
    names = "|".join(re.escape(name) for name in sorted(codes, key=len, reverse=True))
    return codes, re.compile(rf"(?<![\w-])(?:{names})(?!\w)|{_AT_HOME}")


def places(text, start=0, end=None):
    """The countries named between two offsets, in order; "our border" is at home, in the United States.

    "U.S." before a word ("U.S. officials") is an adjective, and no place.
    """
    codes, pattern = _countries()
    found = []
    for match in pattern.finditer(text, start, len(text) if end is None else end):
        name = match[0]
        if name == "U.S." and re.match(r"\s+[A-Za-z]", text[match.end() : match.end() + 3]):
            continue
        if name == "Mexico" and text[: match.start()].endswith("New "):
            continue
        found.append(Place(codes.get(name, HOME), name, *match.span()))
    return found
