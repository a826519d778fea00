"""Which texts would make the engine reach over the network: SERVICE, and LOAD, where nobody has allowed it.

The engine has no switch for either. Decides from tokens; what the decision rests on is that this lexer sees
every SERVICE and LOAD that the engine's parser sees. Where one may be hidden, by a comparison that looks like
an IRI or within a word or a name, the text has to parse by our own parser, which reads the longest token.
"""

import re

from incsr.messages import Problem
from incsr.query.lexer import (
    BAD,
    IRI,
    LANGTAG,
    NAME,
    NUMBER,
    PUNCT,
    STRING,
    VAR,
    WORD,
    Token,
    excerpt,
    tokens,
)
from incsr.query.names import expand, unescape

# Not as words of their own: the engine takes words that are written together (`SERVICESILENT`).
REACHING = re.compile(r"(?i)SERVICE|LOAD")
# The code of a Problem whose text the engine must not even parse: `without_network` may miss a SERVICE in it.
AMBIGUOUS = "ambiguous"
_OPERANDS = frozenset({VAR, NUMBER, STRING, NAME, IRI, WORD, LANGTAG})
_OPENS = {"(": ")", "{": "}", "[": "]"}


def refusal(source, kind, service_allow=(), load_allow=()):
    """The Problem of a text that would reach what is not allowed, or None.

    LOAD SILENT is no such text: it is answered as a LOAD that fails, which is no error (SPARQL 1.1 Update,
    section 3.1.4). A target that is no target is for the parser to refuse.
    """
    prefixes, brackets, forbidden, hidden = {}, [], None, None
    sequence = [*tokens(source.text), *[Token(BAD, "", len(source.text))] * 3]
    doubtful = False
    for index, token in enumerate(sequence):
        if token.kind == PUNCT:
            if token.text in _OPENS:
                brackets.append(token.text)
            elif brackets and token.text in _OPENS.values():
                brackets.pop()
        elif token.kind == IRI:
            doubtful = doubtful or _may_be_comparison(token, sequence[index - 1] if index else None, brackets)
        elif hidden is None and _hides_a_word(token):
            hidden = token
        elif token.kind == WORD and (word := token.text.upper()) == "PREFIX":
            name, iri = sequence[index + 1], sequence[index + 2]
            if name.kind == NAME and iri.kind == IRI:
                prefixes[name.text[:-1]] = unescape(iri.text[1:-1])
        elif token.kind == WORD and word in ("SERVICE", "LOAD"):
            silent = sequence[index + 1].text.upper() == "SILENT"
            target = sequence[index + 1 + silent]
            if target.kind not in (IRI, NAME, VAR) or (silent and word == "LOAD"):
                continue
            iri = expand(target, prefixes)
            allowed = service_allow if word == "SERVICE" else load_allow
            if iri is None or iri not in allowed or iri.lower().startswith("file:"):
                shown = target.text if iri is None else f"<{iri}>"
                forbidden = forbidden or _refused(source, token, shown, allowed)
    # First: what is forbidden is parsed all the same, and only the words that are seen are taken out of it.
    if (doubtful or hidden is not None) and not _parses(source.text, kind):
        return _ambiguous(source, hidden)
    return forbidden


# Before SERVICE or LOAD there may be the end of a triple: a word only if it is one of these.
_HIDING = re.compile(r"(?i)(?:TRUE|FALSE|A)*(?:SERVICE|LOAD)[^:]*:")


def _hides_a_word(token):
    """Whether SERVICE or LOAD may begin within a word, or within the prefix of a name.

    The grammar's tokens are the longest that fit; the engine takes a word wherever it may stand, as in
    `SERVICESILENT <urn:a>`, `trueSERVICE <urn:a>` and `SERVICEex:a { }`.
    """
    if token.kind == WORD:
        word = token.text.upper()
        return word not in ("SERVICE", "LOAD") and ("SERVICE" in word or "LOAD" in word)
    if token.kind == NAME:
        return _HIDING.match(token.text) is not None
    return False


def _may_be_comparison(token, before, brackets):
    """Whether what was read as an IRI may be `<` and an operand, and hide a comment or the end of a string.

    Operators stand in parentheses only. In the grammar an operator and an IRI never stand in the same place,
    so that a text that parses as a whole was read as the engine reads it.
    """
    if not brackets or brackets[-1] != "(" or not ("#" in token.text or "'" in token.text):
        return False
    return before is not None and (before.kind in _OPERANDS or before.text in (")", "]"))


def _parses(text, kind):
    # Only here: who guards a text seldom needs a parser for it.
    from incsr.query.cursor import ParseError
    from incsr.query.operations import operations
    from incsr.query.parser import parse
    from incsr.query.rewriting import rewritten

    if kind == "update":
        found, _ = operations(text)
        # A name that is of no operation may be one itself: `LOADex:a`.
        known = {token.start for operation in found for token in operation.tokens}
        before = ""
        for token in tokens(text):
            if token.kind == NAME and token.start not in known and before != "PREFIX":
                return False
            before = token.text.upper()
        return all(rewritten(operation, "", {}, (), set(), union=False) is not None for operation in found)
    try:
        parse(text)
    except ParseError:
        return False
    return True


def _problem(source, start, title, detail, hint, code="refused"):
    line, column = source.line_column(start)
    shown = excerpt(source.sent, line, column)
    return Problem(403, title, detail, code, hint, line=line, column=column, excerpt=shown)


def _refused(source, token, target, allowed):
    word = token.text.upper()
    detail = f"The endpoint does not reach out to {target}."
    if allowed:
        detail += " It may reach " + ", ".join(f"<{iri}>" for iri in allowed) + "."
    hint = "Send the document itself through the Graph Store Protocol, or as INSERT DATA."
    if word == "SERVICE":
        hint = "Ask the other endpoint yourself and send its answer as VALUES."
    return _problem(source, token.start, f"{word} is not allowed here", detail, hint)


def _ambiguous(source, hidden):
    if hidden is not None:
        return _problem(
            source,
            hidden.start,
            "It cannot be told whether this reaches another server",
            f"SERVICE or LOAD may begin within {hidden.text[:60]}, and the text does not parse without that.",
            "Put a space between a word and what follows it; or take another prefix.",
            AMBIGUOUS,
        )
    at = max(match.start() for match in REACHING.finditer(source.text))
    return _problem(
        source,
        at,
        "It cannot be told whether this reaches another server",
        "SERVICE or LOAD stands in a text in which a comparison with < may be read in two ways.",
        "Put a space after each < that compares.",
        AMBIGUOUS,
    )


def without_network(text):
    """A text of the same syntax and length that reaches nothing, to be parsed and not to be answered."""
    parts, at = [], 0
    sequence = [*tokens(text), *[Token(BAD, "", len(text))] * 5]
    for index, token in enumerate(sequence):
        if token.kind != WORD or (word := token.text.upper()) not in ("SERVICE", "LOAD"):
            continue
        silent = sequence[index + 1].text.upper() == "SILENT"
        target = sequence[index + 1 + silent]
        if target.kind not in (IRI, NAME, VAR):
            continue
        if word == "SERVICE":
            end, new = (sequence[index + 1].end if silent else token.end), "GRAPH"
        else:
            end, new = target.end, "DROP ALL"
            into = sequence[index + 2 + silent : index + 5 + silent]
            if [part.text.upper() for part in into[:2]] == ["INTO", "GRAPH"] and into[2].kind in (IRI, NAME):
                end = into[2].end
        parts += (text[at : token.start], new.ljust(end - token.start))
        at = end
    return "".join(parts) + text[at:]
