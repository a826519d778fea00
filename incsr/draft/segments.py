"""Paragraphs and sentences of any plain text, by their offsets; hard-wrapped lines count as one paragraph."""

import bisect
import re
from dataclasses import dataclass

_BLANK = re.compile(r"\n[ \t\r]*\n\s*")
_BULLET = re.compile(r"[ \t]*(?:[-*•▪\u2013]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s")
_ABBREVIATIONS = (
    "U.S", "U.K", "U.N", "U.S.C", "D.C", "Mr", "Mrs", "Ms", "Dr", "St", "No", "Nos", "Inc", "Corp", "Co",
    "Ltd", "vs", "approx", "e.g", "i.e", "etc", "Gen", "Gov", "Lt", "Col", "Sen", "Rep", "Fig", "Sec", "Vol",
    "p", "pp",
    "Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sept", "Sep", "Oct", "Nov", "Dec", "a.m", "p.m", "est",
)  # fmt: skip
_END = re.compile(r"[.!?][\"\u201d\u2019)\]]*(?=\s+[\"\u201c\u2018(\[]*[A-Z$€£\d])")
_WRAPPED = 60  # a line at least this long that ends without a stop goes on in the next one


@dataclass(frozen=True, slots=True)
class Segment:
    """The characters [start, end) of a text, in the paragraph of that number."""

    start: int
    end: int
    paragraph: int


def sentences(text, start=0, end=None):
    """The sentences of a text between two offsets, in order."""
    end = len(text) if end is None else end
    found = []
    for number, (first, last) in enumerate(_blocks(text, start, end), 1):
        begin = first
        for match in _END.finditer(text, first, last):
            if not _abbreviated(text, begin, match.start()):
                found.append(Segment(begin, match.end(), number))
                begin = match.end()
                while begin < last and text[begin].isspace():
                    begin += 1
        if begin < last:
            found.append(Segment(begin, last, number))
    return found


def sentence_at(segments, offset):
    """The index of the segment in which an offset lies, or that stands before it."""
    return max(bisect.bisect_right([segment.start for segment in segments], offset) - 1, 0)


def _abbreviated(text, begin, stop):
    # "U.S. Department" goes on; so does an initial ("John F. Kennedy"); "at 9 a.m. Then" we cannot know.
    if text[stop] != ".":
        return False
    word = re.search(r"[\w.]+\Z", text[begin:stop])
    return bool(word) and (word[0] in _ABBREVIATIONS or re.fullmatch(r"[A-Z]", word[0]) is not None)


def _blocks(text, start, end):
    edges = [start]
    for match in _BLANK.finditer(text, start, end):
        edges += [match.start(), match.end()]
    edges.append(end)
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        yield from _trimmed(text, _unwrapped(text, first, last))


def _unwrapped(text, first, last):
    begin = first
    for match in re.finditer("\n", text[first:last]):
        place = first + match.start()
        line = text[text.rfind("\n", 0, place) + 1 : place].rstrip()
        goes_on = (
            len(line) >= _WRAPPED or line.endswith((",", ";", "-")) or text[place + 1 : place + 2].islower()
        )
        if _BULLET.match(text, place + 1) or not goes_on:
            yield begin, place
            begin = place + 1
    yield begin, last


def _trimmed(text, blocks):
    for first, last in blocks:
        while first < last and text[first].isspace():
            first += 1
        while last > first and text[last - 1].isspace():
            last -= 1
        if first < last:
            yield first, last
