"""What is refused before the engine's parser sees it, from tokens alone.

Answers two questions in microseconds: which form a text has, and whether it is safe to hand on: not so
deep or long that the engine's recursive parser and evaluator overflow their stack, and without the clauses
that make the engine reach over the network. Validity is left to the parser.

Units: lengths in characters, depths in open brackets, chains in operators of one kind.
Measured with pyoxigraph 0.5.13 (the smallest size that killed the process with a stack of 2 MB, and of 8 MB):
see `CHAINS` and `DEPTHS`; each limit is well below the former.
"""

import re
from dataclasses import dataclass, replace

from incsr.messages import Problem
from incsr.query import network
from incsr.query.lexer import BAD, IRI, NUMBER, PUNCT, TOKEN, WORD, Source, excerpt

MAX_CHARACTERS = 200_000
DEPTHS = {"(": 128, "{": 64, "[": 48}
_CLOSES = {")": "(", "}": "{", "]": "[", ")>>": "(", "|}": "{"}
_OPENS = {"(": "(", "{": "{", "[": "[", "<<(": "(", "{|": "{"}

QUERY_FORMS = frozenset({"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})
UPDATE_FORMS = frozenset(
    {"INSERT", "DELETE", "WITH", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY"}
)


class Refused(Exception):
    """A text that is not handed to the engine; `problem` says why and where."""

    def __init__(self, problem):
        super().__init__(problem.detail)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Reading:
    """What the tokens of a text say: its form, and which words and signs occur in it.

    `form` is one of QUERY_FORMS, "UPDATE", or "" where none was found. `odd` tells that a number is spelled
    in a way that the engine may not keep, or a boolean in one that it does not read; `path_star` that a `*`
    may belong to a property path; `doubtful` where an IRI begins that may be a comparison.
    """

    source: Source
    form: str
    words: frozenset
    signs: frozenset
    odd: bool
    path_star: bool = False
    doubtful: int | None = None
    bad: int | None = None  # where the first character stands that begins no token
    refusal: Problem | None = None  # why it must not run, although it may well be valid

    @property
    def text(self):
        return self.source.text


# Words and signs that make a chain, with the limit for each in one text. Measured sizes that killed the
# process (2 MB stack, 8 MB stack): || and && 4096, 16384; + 4096, 16384; ! 4096, 16384; UNION 4096, 16384;
# FILTER 4096, 16384; MINUS 1024, 4096; OPTIONAL 1024, 4096 (seconds before); BIND and AS 1024, 4096; paths
# | and ^ 4096, 16384. IN, VALUES, ORDER BY and the operations of an update may be long.
# Depth: parentheses 4096, 16384, of functions 256, 1024; { 1024, 4096, with EXISTS 256, 1024; [ and
# collections take seconds from 256 on.
CHAINS = {
    "||": 800,
    "&&": 800,
    "!": 400,
    "+": 800,
    "-": 800,
    "*": 800,
    "/": 400,
    "|": 400,
    "^": 200,
    "UNION": 400,
    "OPTIONAL": 200,
    "MINUS": 200,
    "FILTER": 400,
    "BIND": 200,
    "GRAPH": 200,
    "SELECT": 100,
    "EXISTS": 100,
    "AS": 400,
    "LATERAL": 100,
    "SERVICE": 20,
}
# The engine takes words that are written together, as in `FILTERRAND()` and `SELECTDISTINCT`. One of these
# and another have six letters at least.
_GLUED = re.compile("|".join(sign for sign in CHAINS if sign.isalpha() and sign != "AS"))
_GLUED_LENGTH = 6
_PROLOGUE = frozenset({"BASE", "PREFIX", "VERSION"})
_BEFORE_STAR = ("SELECT", "DISTINCT", "REDUCED", "DESCRIBE", "(")
_BOOLEANS = frozenset({"TRUE", "FALSE"})
# How an IRI hardly begins: then the longest-token rule may have made one of a comparison.
_NO_IRI = frozenset("?$0123456789'(")
_PLAIN_NUMBER = frozenset("0123456789")


def _refuse(source, start, code, title, detail, hint):
    line, column = source.line_column(start)
    raise Refused(
        Problem(
            400,
            title,
            detail,
            code,
            hint,
            line=line,
            column=column,
            excerpt=excerpt(source.sent, line, column),
        )
    )


def _depth(source, start, bracket, depth):
    _refuse(
        source,
        start,
        "refused",
        "The query is nested too deeply",
        f'More than {depth - 1} "{bracket}" are open at line {source.line_column(start)[0]}.',
        "Split the query, or write the nested groups side by side: the endpoint refuses nesting that would"
        " overflow the engine's stack.",
    )


def guard(text, kind, service_allow=(), load_allow=(), max_characters=MAX_CHARACTERS):
    """Read the tokens of a query or an update.

    Returns: a Reading, for `kind` "query" or "update"; its `refusal` is set where the text would reach the
    network, which is only said of a text whose syntax has been found right.
    Raises: Refused, with a Problem that says what is refused, where, and what to do.
    """
    source = text if isinstance(text, Source) else Source(text)
    text = source.text
    if max_characters is not None and len(text) > max_characters:
        raise Refused(
            Problem(
                413,
                f"The {kind} is too long",
                f"It has {len(text)} characters; at most {max_characters} are read.",
                "too-large",
                "Send long lists of values as a file of data, or in several requests.",
            )
        )
    form = ""
    words, signs, chains = set(), set(), dict.fromkeys(CHAINS, 0)
    open_ = {"(": 0, "{": 0, "[": 0}
    data = 0  # the depth of the "{" of a block of data (INSERT DATA, VALUES), whose length harms nobody
    pending = odd = False
    path_star = False
    bad = doubtful = None
    for match in TOKEN.finditer(text):
        kind_ = match.lastindex
        token = match.group(kind_)
        if kind_ == PUNCT:
            signs.add(token)
            bracket = _OPENS.get(token)
            if bracket is not None:
                depth = open_[bracket] + 1
                open_[bracket] = depth
                if depth > DEPTHS[bracket]:
                    _depth(source, match.start(kind_), bracket, depth)
                if pending and bracket == "{":
                    data, pending = depth, False
            elif token in _CLOSES:
                bracket = _CLOSES[token]
                open_[bracket] = depth = open_[bracket] - 1
                if data and bracket == "{" and depth < data:
                    data = 0
            elif token in chains and not data:
                chains[token] += 1
                if token == "*" and not path_star:
                    before = text[max(0, match.start(kind_) - 24) : match.start(kind_)].rstrip().upper()
                    path_star = not before.endswith(_BEFORE_STAR)
        elif kind_ == WORD:
            word = token
            token = word.upper()
            if token in _BOOLEANS and not word.islower():
                odd = True  # SPARQL's keywords ignore case, the engine's booleans do not
            words.add(token)
            if token in chains:
                chains[token] += 1
            elif len(token) >= _GLUED_LENGTH and (glued := _GLUED.findall(token)):
                for each in glued:
                    chains[each] += 1
            elif not data and (token == "DATA" or token == "VALUES"):
                pending = True
            if not form and token not in _PROLOGUE:
                form = token
        elif kind_ == NUMBER and not odd:
            odd = not _PLAIN_NUMBER.issuperset(token) or (token[0] == "0" and len(token) > 1)
            # "+5", "-0": the sign belongs to the literal where a term stands.
            odd = odd or (
                match.start(kind_) > 0 and text[match.start(kind_) - 1] in ("+-" if token == "0" else "+")
            )
        elif kind_ == IRI:
            if token[1:2] in _NO_IRI and doubtful is None:
                doubtful = match.start(kind_)
        elif kind_ == BAD and bad is None:
            bad = match.start(kind_)
    for sign, count in chains.items():
        if count > CHAINS[sign]:
            _chain(source, sign, count)
    reading = Reading(
        source,
        "UPDATE" if form in UPDATE_FORMS else form,
        frozenset(words),
        frozenset(signs),
        odd,
        path_star,
        doubtful,
        bad,
    )
    _check_kind(reading, form, kind)
    if network.REACHING.search(text):
        refusal = network.refusal(source, kind, service_allow, load_allow)
        return replace(reading, refusal=refusal)
    return reading


def _check_kind(reading, word, kind):
    """A query sent as an update, or the other way round, is what a client most often gets wrong."""
    if kind == "query" and word in UPDATE_FORMS:
        at = _first_word(reading, word)
        _refuse(
            reading.source,
            at,
            "not-a-query",
            "This is an update, not a query",
            f"The text begins with {word}, which changes data.",
            "Send updates to the update endpoint, as `update=` or as application/sparql-update.",
        )
    if kind == "update" and word in QUERY_FORMS:
        at = _first_word(reading, word)
        _refuse(
            reading.source,
            at,
            "not-an-update",
            "This is a query, not an update",
            f"The text begins with {word}, which reads data.",
            "Send queries to the query endpoint, as `query=` or as application/sparql-query.",
        )


def _first_word(reading, word):
    for match in TOKEN.finditer(reading.text):
        if match.lastindex == WORD and match.group(WORD).upper() == word:
            return match.start(WORD)
    return 0


def _chain(source, sign, count):
    last = 0
    for match in TOKEN.finditer(source.text):
        if match.lastindex in (WORD, PUNCT):
            token = match.group(match.lastindex).upper()
            if token == sign or (match.lastindex == WORD and sign in _GLUED.findall(token)):
                last = match.start(match.lastindex)
    _refuse(
        source,
        last,
        "refused",
        "The query has too many parts of one kind",
        f'"{sign}" occurs {count} times; at most {CHAINS[sign]} are allowed.',
        "Use IN (…) or VALUES for long lists: they may be as long as the text.",
    )
