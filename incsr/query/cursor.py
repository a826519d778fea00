"""A position in the tokens of a SPARQL text: what stands there, and the terms that may.

Knows prefixes and a base, and no other grammar; `incsr.query.parser` has that.
"""

import re

from incsr.query.lexer import BLANK, IRI, LANGTAG, NAME, NUMBER, PUNCT, STRING, VAR, WORD, Token, tokens
from incsr.query.names import expand
from incsr.query.syntax_tree import XSD, Blank, Iri, Literal, Var

END = Token(0, "", 0)
DECLARED = "a prefix that is declared"
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.S)
_ESCAPED = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


class ParseError(ValueError):
    """A text that this parser does not know; `token` is where it gave up."""

    def __init__(self, token, expected):
        super().__init__(f'"{token.text}" at {token.start}: expected {expected}')
        self.token = token
        self.expected = expected


def string_value(spelled):
    """What a string token means."""
    quotes = 3 if spelled[:3] in ('"""', "'''") and len(spelled) >= 6 else 1
    inner = spelled[quotes:-quotes]
    if "\\" not in inner:
        return inner

    def character(match):
        digits = match.group(1) or match.group(2)
        if digits:
            return chr(min(int(digits, 16), 0x10FFFF))
        return _ESCAPED.get(match.group(3), match.group())

    return _ESCAPE.sub(character, inner)


class Cursor:
    """A position in the tokens of a text, with the prologue read so far."""

    def __init__(self, text, base_iri=None, prefixes=None, sequence=None):
        self.source = text
        self.tokens = tokens(text) if sequence is None else sequence
        self.at = 0
        self.base = base_iri
        self.prefixes = {} if prefixes is None else prefixes
        self.token = self.tokens[0] if self.tokens else END

    # ── tokens ──────────────────────────────────────────────────────────────

    def advance(self):
        token = self.token
        self.at += 1
        self.token = self.tokens[self.at] if self.at < len(self.tokens) else END
        return token

    def fail(self, expected):
        raise ParseError(self.token, expected)

    def is_sign(self, sign):
        return self.token.kind == PUNCT and self.token.text == sign

    def is_word(self, word):
        return self.token.kind == WORD and self.token.text.upper() == word

    def take_sign(self, sign):
        if not self.is_sign(sign):
            return False
        self.advance()
        return True

    def take_word(self, word):
        if not self.is_word(word):
            return False
        self.advance()
        return True

    def sign(self, sign):
        if not self.take_sign(sign):
            self.fail(f'"{sign}"')

    def word(self, word):
        if not self.take_word(word):
            self.fail(word)

    def next_is(self, offset, sign):
        index = self.at + offset
        return (
            index < len(self.tokens) and self.tokens[index].kind == PUNCT and self.tokens[index].text == sign
        )

    def is_signed_number(self):
        """Whether a sign stands here that is the beginning of a number: the longest token wins."""
        if self.token.kind != PUNCT or self.token.text not in ("+", "-") or self.at + 1 >= len(self.tokens):
            return False
        following = self.tokens[self.at + 1]
        return following.kind == NUMBER and following.start == self.token.start + 1

    # ── terms ───────────────────────────────────────────────────────────────

    def term(self):
        kind = self.token.kind
        if kind == VAR:
            return self.variable()
        if kind in (IRI, NAME):
            return self.iri()
        if kind == BLANK:
            return Blank(self.advance().text)
        return self.literal()

    def variable(self):
        if self.token.kind != VAR:
            self.fail("a variable")
        return Var(self.advance().text[1:])

    def variable_or_iri(self):
        return self.variable() if self.token.kind == VAR else self.iri()

    def iri(self):
        if self.token.kind not in (IRI, NAME):
            self.fail("an IRI")
        value = expand(self.token, self.prefixes, self.base)
        if value is None:
            self.fail(DECLARED)
        return Iri(self.advance().text, value)

    def literal(self):
        token = self.token
        if token.kind == STRING:
            self.advance()
            lexical = string_value(token.text)
            if self.token.kind == LANGTAG:
                return Literal(token.text + self.advance().text, lexical)
            if self.take_sign("^^"):
                datatype = self.iri()
                return Literal(f"{token.text}^^{datatype.text()}", lexical, datatype.value)
            return Literal(token.text, lexical)
        if token.kind == WORD and (word := token.text.lower()) in ("true", "false"):
            self.advance()
            return Literal(word, word, f"{XSD}boolean")
        sign = ""
        if self.is_signed_number():
            sign = self.advance().text
            token = self.token
        if token.kind != NUMBER:
            self.fail("a term")
        self.advance()
        text = sign + token.text
        type_ = "double" if "e" in text or "E" in text else "decimal" if "." in text else "integer"
        return Literal(text, text, XSD + type_)
