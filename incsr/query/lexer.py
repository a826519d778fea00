"""SPARQL text into tokens: one regular expression, no grammar.

Knows what is an IRI, a string, a comment and a word, which is all that guarding and mending need to look in
the right places. Refuses nothing: what no token fits becomes a token of kind BAD, and the engine's parser
stays the authority on validity.

Source: SPARQL 1.1 Query Language, section 19; SPARQL 1.2 adds `<<( )>>`, `{| |}`, `~` and `@en--ltr`.
"""

import re
from bisect import bisect_right
from typing import NamedTuple

# The kinds, which are the numbers of the groups of TOKEN. END is the end of the text: without it, a comment
# there would be searched for tokens.
VAR, NAME, WORD, IRI, STRING, NUMBER, PUNCT, LANGTAG, BLANK, BAD, END = range(1, 12)

# The characters of names, by what they are not: as positive classes they take 30 ms to compile. Looser than
# the grammar beyond ASCII, but what the engine takes for no name there, it takes for no other token either.
_REST = r"\x5b-\x5e\x60\x7b-\xb6\xb8-\xbf"
_BASE = r"[^\x00-\x40\x5b-\x60\x7b-\xbf]"
_CHAR = rf"[^\x00-\x2f\x3a-\x40{_REST}]"
_CHAR_DASH = rf"[^\x00-\x2c\x2e\x2f\x3a-\x40{_REST}]"
_CHAR_DASH_DOT = rf"[^\x00-\x2c\x2f\x3a-\x40{_REST}]"
_CHAR_COLON = rf"[^\x00-\x2f\x3b-\x40{_REST}]"
_CHAR_COLON_DASH = rf"[^\x00-\x2c\x2e\x2f\x3b-\x40{_REST}]"
_CHAR_COLON_DASH_DOT = rf"[^\x00-\x2c\x2f\x3b-\x40{_REST}]"
_PLX = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%]"
_PREFIX = rf"(?:{_BASE}(?:{_CHAR_DASH_DOT}*{_CHAR_DASH})?)?"
_LOCAL = rf"(?:{_CHAR_COLON}|{_PLX})(?:(?:{_CHAR_COLON_DASH_DOT}|{_PLX})*(?:{_CHAR_COLON_DASH}|{_PLX}))?"
_ESCAPE = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"

TOKEN = re.compile(
    rf"""
    (?:[ \t\r\n]++|\#[^\r\n]*+)*+
    (?:
      ([?$]{_CHAR}+)
    | ({_PREFIX}:(?:{_LOCAL})?)
    | ([A-Za-z][A-Za-z0-9_]*)
    | (<(?:[^<>"{{}}|^`\\\x00-\x20]|{_ESCAPE})*>)
    | (\"\"\"(?:"?"?(?:[^"\\]|\\.))*\"\"\" | '''(?:'?'?(?:[^'\\]|\\.))*'''
       | "(?:[^"\\\r\n]|\\.)*" | '(?:[^'\\\r\n]|\\.)*')
    | ((?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE][+-]?[0-9]+ | [0-9]*\.[0-9]+ | [0-9]+)
    | (<<\(|\)>>|<<|>>|\{{\||\|\}}|\^\^|&&|\|\||!=|<=|>=|[{{}}()\[\];,.|/^*?+!=<>~-])
    | (@[A-Za-z]+(?:-[A-Za-z0-9]+)*(?:--[A-Za-z]+)?)
    | (_:{_CHAR}(?:{_CHAR_DASH_DOT}*{_CHAR_DASH})?)
    | ([^\s])
    | (\Z)
    )
    """,
    re.X | re.S,
)


class Token(NamedTuple):
    kind: int
    text: str
    start: int  # the offset in the (expanded) text

    @property
    def end(self):
        return self.start + len(self.text)


def tokens(text):
    """All tokens of a text, in order; comments and white space are left out."""
    return [
        Token(match.lastindex, match.group(match.lastindex), match.start(match.lastindex))
        for match in TOKEN.finditer(text)
        if match.lastindex != END
    ]


_CODE_POINT = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})|\\.", re.S)
_KEPT = re.compile(
    rf"""(\#[^\r\n]*) | (<(?:[^<>"{{}}|^`\\\x00-\x20]|{_ESCAPE})*>)
    | (\"\"\"(?:"?"?(?:[^"\\]|\\.))*\"\"\" | '''(?:'?'?(?:[^'\\]|\\.))*'''
       | "(?:[^"\\\r\n]|\\.)*" | '(?:[^'\\\r\n]|\\.)*')
    | \\u([0-9A-Fa-f]{{4}})|\\U([0-9A-Fa-f]{{8}}) | \\.""",
    re.X | re.S,
)


class Source:
    """A query text as it was sent, and as it is read: codepoint escapes outside of IRIs and strings expanded.

    The engine knows `\\u0041` in IRIs and strings only; section 19.2 allows it anywhere. `line_column` speaks
    of the text as it was sent.
    """

    __slots__ = ("_shifts", "sent", "text")

    def __init__(self, sent):
        self.sent = sent
        self.text = sent
        self._shifts = None
        if "\\u" in sent or "\\U" in sent:
            self._expand()

    def _expand(self):
        parts, shifts, at, length = [], [(0, 0)], 0, 0
        for match in _KEPT.finditer(self.sent):
            digits = match.group(4) or match.group(5)
            if digits is None:
                continue
            code = int(digits, 16)
            if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
                continue  # no character: left as it stands, for the engine to refuse
            parts += (self.sent[at : match.start()], chr(code))
            length += match.start() - at + 1
            at = match.end()
            shifts.append((length, at))
        if at:
            self.text = "".join(parts) + self.sent[at:]
            self._shifts = shifts

    def offset_sent(self, offset):
        """The offset in the text as it was sent, of an offset in the text as it is read."""
        if self._shifts is None:
            return offset
        read, sent = self._shifts[bisect_right(self._shifts, (offset, len(self.sent) + 1)) - 1]
        return sent + offset - read

    def line_column(self, offset):
        """1-based line and column (in characters) of an offset in the text as it is read."""
        offset = self.offset_sent(min(offset, len(self.text)))
        before = self.sent[:offset].replace("\r\n", "\n ").replace("\r", "\n")
        start = before.rfind("\n") + 1
        crlf = self.sent[:offset].rfind("\r\n")
        column = offset - start + 1
        if crlf >= 0 and start == crlf + 1:
            column -= 1
        return before.count("\n") + 1, column


_WIDTH = 120


def excerpt(text, line, column):
    """The line of a text with a caret under its column; a long line is cut around it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not 1 <= line <= len(lines):
        return ""
    shown = lines[line - 1].replace("\t", " ")
    at = max(0, min(column - 1, len(shown)))
    if len(shown) > _WIDTH:
        start = max(0, min(at - _WIDTH // 2, len(shown) - _WIDTH))
        cut = shown[start : start + _WIDTH]
        at -= start
        if start:
            cut = "…" + cut[1:]
        if start + _WIDTH < len(shown):
            cut = cut[:-1] + "…"
        shown = cut
    shown = "".join(character if character.isprintable() else "�" for character in shown)
    return f"{shown}\n{' ' * at}^"
