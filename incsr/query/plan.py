"""A query text made ready for the engine: mended where it has to be, and kept for the next time."""

from incsr.messages import Problem
from incsr.query import mend
from incsr.query.lexer import PUNCT, VAR, WORD, excerpt, tokens
from incsr.query.parser import ParseError, parse


class Plan:
    """The text to run, and what to do with its answer.

    `private` tells that answers may hold literals in private form; `star` is the place of the `*` that
    SELECT has, or None; `functions` are those that nobody knows.
    """

    __slots__ = ("functions", "names", "private", "star", "text")

    def __init__(self, text, private=False, star=None, names=()):
        self.text = text
        self.private = private
        self.star = star
        self.names = names
        self.functions = {}

    def in_order(self, names):
        """The names that SELECT * selects, as they first occur in the text."""
        present = set(names)
        ordered = [name for name in self.names if name in present]
        return ordered + [name for name in names if name not in set(ordered)]

    def expand_star(self, names):
        """Have the text select these names, in this order, instead of *."""
        listed = " ".join([f"?{name}" for name in names])
        self.text = f"{self.text[: self.star]} {listed} {self.text[self.star + 1 :]}"
        self.star = None


def prepared(state, reading, job, named):
    """The plan of a query on a view in some state; or a Problem, for a text that only looks valid."""
    key = (job.text, job.default_graphs, job.named_graphs, job.base_iri)
    plan = state.prepared.get(key)
    if plan is None:
        plan = _plan(state, reading, job, named)
        if isinstance(plan, Plan):
            state.remember(key, plan)
    else:
        state.prepared.move_to_end(key)
    return plan


def _plan(state, reading, job, named):
    flags = state.flags
    tree = None
    if reading.doubtful is not None or mend.needed(reading, flags):
        try:
            tree = parse(reading.text, job.base_iri)
        except ParseError as error:
            if reading.doubtful is not None and error.token.start == reading.doubtful:
                return _longest_token(reading.source, error.token)
    if tree is None:
        # What could not be read, or need not be: whatever the engine answers may be in private form.
        return Plan(reading.text, bool(flags), *_star(reading.text, reading))
    graphs = {graph.value for graph in named}
    mender = mend.Mender(reading.text, flags, graphs)
    mender.query(tree)
    text = tree.text() if mender.changed or reading.odd else reading.text
    return Plan(text, mender.private, *_star(text, reading))


def _star(text, reading):
    """Where the * of the outermost SELECT stands, and the names of all variables in order: (place, names)."""
    if reading.form != "SELECT" or "*" not in reading.signs:
        return None, ()
    place, names, seen = None, {}, False
    for token in tokens(text):
        if token.kind == VAR:
            names[token.text[1:]] = None
        elif not seen and token.kind == WORD and token.text.upper() == "SELECT":
            seen = True
        elif seen is True and place is None:
            if token.kind == PUNCT and token.text == "*":
                place, seen = token.start, None
            elif token.kind != WORD or token.text.upper() not in ("DISTINCT", "REDUCED"):
                return None, ()
    return place, tuple(names)


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
