"""An engine's syntax error as a problem that a person can act on: where, what, and what to do.

The engine says "error at 2:8: expected one of …" with dozens of character classes; the tokens before that
place say more.
"""

import re

from incsr.messages import Problem
from incsr.namespaces import PREFIXES
from incsr.query.cursor import DECLARED, ParseError
from incsr.query.functions import Miscalled
from incsr.query.lexer import BAD, IRI, NAME, PUNCT, WORD, Token, excerpt, tokens
from incsr.query.parser import parse

_AT = re.compile(r"error at (\d+):(\d+): expected (?:one of )?(.*)\Z", re.S)
_SENTENCE = re.compile(r"[A-Z][a-z]+ [^\[\]\"]*?(?=, (?:\[|\"|[A-Z])|\Z)")
_SIGN = re.compile(r'"((?:[^"\\]|\\.)+)"')
_KEYWORD = re.compile(r"\b[A-Z]{2,}(?:_[A-Z]+)*\b")
_PAIRS = {"(": ")", "{": "}", "[": "]", "<<": ">>", "<<(": ")>>", "{|": "|}"}


def problem(source, error, kind="query"):
    """The 400 for a text that the engine's parser does not accept."""
    text = str(error)
    match = _AT.search(text)
    if isinstance(error, Miscalled):
        return Problem(
            400,
            "A function is called with the wrong number of arguments",
            f"{text}.",
            "syntax",
            "Give it the one value that it is to convert.",
        )
    if match is None:
        return Problem(400, f"The {kind} has a syntax error", _sentence(text), "syntax", _GENERAL_HINT)
    line, column, expected = int(match.group(1)), int(match.group(2)), match.group(3)
    offset = _offset(source.text, line, column)
    offset, detail, hint = _diagnosis(source.text, offset, expected, kind)
    line, column = source.line_column(offset)
    return Problem(
        400,
        f"The {kind} has a syntax error",
        f"Line {line}, column {column}: {detail}",
        "syntax",
        hint,
        line=line,
        column=column,
        excerpt=excerpt(source.sent, line, column),
    )


def not_unicode(error, kind="query"):
    """The 400 for a text with half of a surrogate pair, which has no UTF-8."""
    return Problem(
        400,
        f"The {kind} is not Unicode",
        f"Character {error.start + 1} is half of a surrogate pair.",
        "syntax",
        f"Send the {kind} as UTF-8.",
    )


_GENERAL_HINT = (
    "Compare the text with the SPARQL 1.1 grammar: https://www.w3.org/TR/sparql11-query/#sparqlGrammar"
)


def _sentence(text):
    text = " ".join(text.split())
    return text if text.endswith(".") else f"{text}."


def _offset(text, line, column):
    """The engine counts lines by LF and columns in characters."""
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
    return min(start + column - 1, len(text))


def _diagnosis(text, offset, expected, kind):
    """Where it really is, what is wrong there, and what to do.

    Of a query our own parser knows the first token that cannot stand where it stands; the engine's says the
    furthest that any of its alternatives came.
    """
    found = tokens(text)
    for token in found:
        if token.kind == BAD and token.text in "\"'":
            return (
                token.start,
                "a string begins here and is never closed.",
                'Close it, or escape the quote as \\".',
            )
    own = _own_error(text) if kind == "query" else None
    if own is not None and own.expected == DECLARED:
        return _undeclared(own.token, kind)
    if "Prefix not found" in expected:
        for token in reversed([token for token in found if token.kind == NAME and token.start <= offset]):
            prefix = token.text.partition(":")[0]
            if not re.search(rf"(?i)\bprefix\s+{re.escape(prefix)}:", text):
                return _undeclared(token, kind)
    unbalanced = _unbalanced(found)
    if unbalanced is not None and (own is None or own.token.text in _BRACKETS or not own.token.text):
        return unbalanced
    if own is not None:
        at = own.token.start if own.token.text else len(text)
        return (
            at,
            f"{_named(own.token)} stands where {_WORDS.get(own.expected, own.expected)} should.",
            _hint(own.token),
        )
    sentence = _sentences(expected)
    if sentence:
        return offset, sentence, "Change the text as the message says."
    relative = next((token for token in found if token.kind == IRI and ":" not in token.text), None)
    if relative is not None and not any(token.text.upper() == "BASE" for token in found):
        return (
            relative.start,
            f"{relative.text[:60]} is no absolute IRI, and there is no BASE.",
            "Write the IRI in full, or declare a BASE.",
        )
    if "IRI parsing failed" in expected:
        at = text.rfind("<", 0, offset)
        return (
            at if at >= 0 else offset,
            "this is not a valid absolute IRI.",
            'Write it in full, without spaces or any of < > " { } | ^ ` \\, or percent-encode them.',
        )
    here = next((token for token in found if token.end > offset), Token(BAD, "", len(text)))
    wanted = _wanted(expected)
    detail = f"{_named(here)} is not expected here" + (f"; possible would be {wanted}." if wanted else ".")
    return here.start, detail, _hint(here)


_BRACKETS = frozenset("(){}[]")
_WORDS = {
    "a term": "a variable, an IRI or a literal",
    "a verb": "a property, a path or a variable",
    "the end": "the end of the text",
    "a query form": "SELECT, ASK, CONSTRUCT or DESCRIBE",
}


def _own_error(text):
    """The error of our own parser; None where it has none, or where SPARQL 1.2 begins."""
    try:
        parse(text)
    except ParseError as error:
        return None if error.token.text in _LATER or error.token.text.upper() in _LATER else error
    return None


_LATER = frozenset({"<<", "<<(", ">>", ")>>", "{|", "|}", "~", "VERSION", "LATERAL"})


def _named(token):
    return f'"{token.text[:40]}"' if token.text else "the end of the text"


def _hint(token):
    if token.kind == WORD:
        return (
            f'Is "{token.text[:40]}" a misspelled keyword, a variable without "?", or a prefix without ":"?'
        )
    return _GENERAL_HINT


def _undeclared(token, kind):
    prefix = token.text.partition(":")[0]
    return (
        token.start,
        f'the prefix "{prefix}:" is not declared.',
        f"Add a line before the {kind}: PREFIX {prefix}: <{PREFIXES.get(prefix, '…')}>",
    )


def _sentences(expected):
    """What the engine's own checks say, picked out of the list of what its grammar would accept."""
    for match in _SENTENCE.finditer(expected):
        sentence = " ".join(match.group().split())
        if sentence not in ("Prefix not found", "IRI parsing failed") and len(sentence) > 12:
            sentence = sentence[0].lower() + sentence[1:] if not sentence.startswith("SELECT") else sentence
            return sentence + "."
    return ""


def _wanted(expected):
    """Up to six of the words and signs that the grammar would accept."""
    expected = re.sub(r"\[[^\]]*\]", "", expected)
    words = [
        word for word in dict.fromkeys(_KEYWORD.findall(re.sub(_SIGN, "", expected))) if word not in _NOISE
    ]
    signs = [f'"{sign}"' for sign in dict.fromkeys(_SIGN.findall(expected)) if sign not in _NOISE]
    options = words + signs
    return ", ".join(options) if 0 < len(options) <= 6 else ""


_NOISE = {"\\", "\\\\U", "\\\\u", "\\\\", "_:", "ENCODE_FOR_URI", "IRI"}


def _unbalanced(found):
    """The first bracket that closes nothing, or the last that is never closed: (offset, detail, hint)."""
    open_ = []
    for token in found:
        if token.kind != PUNCT:
            continue
        if token.text in _PAIRS:
            open_.append(token)
        elif token.text in _PAIRS.values():
            if not open_:
                return (
                    token.start,
                    f'this "{token.text}" closes nothing.',
                    "Take it out, or add what it closes.",
                )
            opener = open_.pop()
            if _PAIRS[opener.text] != token.text:
                return (
                    token.start,
                    f'"{token.text}" stands where "{_PAIRS[opener.text]}" would close a "{opener.text}".',
                    f'Close the "{opener.text}" first.',
                )
    if open_:
        opener = open_[-1]
        return (
            opener.start,
            f'this "{opener.text}" is never closed.',
            f'Add the "{_PAIRS[opener.text]}" that is missing.',
        )
    return None
