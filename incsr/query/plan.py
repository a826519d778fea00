"""A query text made ready for the engine: mended where it has to be, and kept for the next time."""

import pyoxigraph as ox

from incsr.messages import Problem
from incsr.query import mend
from incsr.query.cursor import ParseError
from incsr.query.functions import run
from incsr.query.lexer import PUNCT, VAR, WORD, excerpt, tokens
from incsr.query.parser import parse


class Plan:
    """The text to run, and what to do with its answer.

    `private` tells that answers may hold literals in private form; `functions` are those that nobody knows.
    """

    __slots__ = ("functions", "private", "text")

    def __init__(self, text, private=False):
        self.text = text
        self.private = private
        self.functions = {}


def prepared(state, reading, job, named):
    """The plan of a query on a view in some state; or a Problem, for a text that only looks valid."""
    key = (job.text, job.default_graphs, job.named_graphs, job.base_iri)
    plan = state.prepared.get(key)
    if plan is None:
        plan = planned(state, reading, job.base_iri, named)
        if isinstance(plan, Plan):
            state.remember(key, plan)
    else:
        state.prepared.move_to_end(key)
    return plan


def planned(state, reading, base_iri, named):
    """The plan of a text that was read, or a Problem, for one that only looks valid."""
    flags = state.flags
    text = _without_star(reading.text, reading, base_iri)
    tree = None
    if reading.doubtful is not None or mend.needed(reading, flags):
        try:
            tree = parse(text, base_iri)
        except ParseError as error:
            if text is reading.text and error.token.start == reading.doubtful:
                return _longest_token(reading.source, error.token)
    if tree is None:
        # What could not be read, or need not be: whatever the engine answers may be in private form.
        return Plan(text, bool(flags))
    mender = mend.Mender(text, flags, {graph.value for graph in named})
    try:
        mender.query(tree)
        if mender.left_out and not _is_taken(text, reading, base_iri):
            return Plan(text, bool(flags))
        if mender.changed or reading.odd:
            text = _without_star(tree.text(), reading, base_iri)
    except RecursionError:
        # Nested so deeply, the engine may refuse it, or answer as it does by itself.
        return Plan(text, bool(flags))
    return Plan(text, mender.private)


# Asked for the names that a query selects, which do not depend on the data.
_NOTHING = ox.Store()


def _is_taken(text, reading, base_iri) -> bool:
    """Whether the engine takes a text, of which a part is left out in which it may find an error."""
    if "SERVICE" in reading.words:
        return True
    try:
        run(_NOTHING.query, text, base_iri=base_iri)
    except (SyntaxError, UnicodeEncodeError):
        return False
    return True


def _without_star(text, reading, base_iri):
    """A text whose outermost SELECT * names its variables in the order in which they were sent.

    The text as it is where the engine does not take it, or where asking it would call another endpoint.
    """
    if reading.form != "SELECT" or "*" not in reading.signs or "SERVICE" in reading.words:
        return text
    place, names = _star(text)
    if text is not reading.text:
        names = _star(reading.text)[1]
    if place is None or reading.doubtful is not None:
        return text
    try:
        result = run(_NOTHING.query, text, base_iri=base_iri)
    except (SyntaxError, UnicodeEncodeError):
        return text
    selected = [variable.value for variable in result.variables]
    ordered = sorted(selected, key=lambda name: names.get(name, len(names)))
    if not selected or ordered == selected:
        return text
    listed = " ".join([f"?{name}" for name in ordered])
    return f"{text[:place]} {listed} {text[place + 1 :]}"


def _star(text):
    """Where the * of the outermost SELECT stands, or None; and the place of each variable's name in order."""
    place, names, seen = None, {}, False
    for token in tokens(text):
        if token.kind == VAR:
            names.setdefault(token.text[1:], len(names))
        elif place is None and token.kind == WORD and token.text.upper() == "SELECT" and not seen:
            seen = True
        elif seen and place is None:
            if token.kind == PUNCT and token.text == "*":
                place = token.start
            elif token.kind != WORD or token.text.upper() not in ("DISTINCT", "REDUCED"):
                return None, names
    return place, names


def _longest_token(source, token):
    """An IRI stands where a comparison should: `?x<?a&&?b>?y` (SPARQL 1.1 Query, section 19.8, note 1)."""
    line, column = source.line_column(token.start)
    return Problem(
        400,
        "The query has a syntax error",
        f"Line {line}, column {column}: {token.text[:60]} is an IRI here, since the longest token wins.",
        "syntax",
        "Put a space after each < that compares.",
        line=line,
        column=column,
        excerpt=excerpt(source.sent, line, column),
    )
