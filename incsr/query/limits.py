"""How much of an answer is sent: solutions or triples, and bytes.

Counted in the bytes as they are written, since the engine writes its own results. Over a limit an answer is
an error as a whole: `Failed` says so before anything was sent, and after that it breaks the stream off.
"""

from incsr.messages import Problem

# So much of an answer may wait to be counted.
HOLD_BYTES = 4 * 1024 * 1024
# So much is counted at once.
COUNT_BYTES = 1024 * 1024

# How the rows or triples that the engine writes itself are counted in its bytes, as they come in pieces. A
# line break in a literal is escaped; the first line of TSV names the variables.
MARKS = {
    "json": lambda first: JsonRows(first),
    "tsv": lambda _first: Lines(-1),
    "ntriples": lambda _first: Lines(0),
    "nquads": lambda _first: Lines(0),
}


class Failed(Exception):
    """An answer that cannot be given, with the problem to send while nothing has been sent."""

    def __init__(self, problem):
        super().__init__(problem.detail)
        self.problem = problem


# The members of a quoted triple, which begins like a solution that binds a variable of such a name.
_OF_TRIPLES = ("subject", "predicate", "object")


class Lines:
    """Counts lines."""

    def __init__(self, rows: int):
        self.rows = rows

    def count(self, whole: bytes) -> int:
        """The rows of a complete answer."""
        self.feed(whole)
        return self.total()

    def feed(self, data: bytes):
        self.rows += data.count(b"\n")

    def total(self) -> int:
        """The rows of all that was fed."""
        return self.rows


class JsonRows:
    """Counts the solutions of a JSON result: between two stands `},{`, and nowhere else outside of strings.

    Most pieces need no look at their strings: where one solution ends with a value and the next begins
    with one, the mark is longer and has a quotation mark in it, which would be escaped in a string.
    """

    # A piece is cut where none of these stands, so that neither a mark nor an escape lies across two pieces.
    _CUT_NOT_AFTER = b'},{"\\'
    _HELD_BYTES = 4096

    def __init__(self, first: str | None = None):
        self.rows = 1
        # How a solution begins that binds the first variable: nothing else does, but in a quoted triple.
        self.opening = None if first in _OF_TRIPLES or not first else f'{{"{first}":{{"type":'.encode()
        self.rest = b""
        self.fed = False
        self.in_string = False
        self.last = b""

    def count(self, whole: bytes) -> int:
        """The rows of a complete answer.

        There are at least as many as solutions that begin with the first variable, and at most one more than
        marks; only where these differ, the strings have to be looked at.
        """
        marks = whole.count(b"},{")
        if self.opening is not None and whole.count(self.opening) == marks + 1:
            return marks + 1
        self.feed(whole)
        return self.total()

    def feed(self, data: bytes):
        """Count in the next piece of an answer."""
        data = self.rest + data
        if self.opening is not None:
            cut = data.rfind(b"},{")
            end = max(cut, 0)
            # Up to its last mark a piece has as many marks as solutions that begin with the first variable,
            # and one solution more where it is the first; else the strings have to be looked at.
            marks, begun = data.count(b"},{", 0, end), data.count(self.opening, 0, end)
            if begun and begun == marks + (not self.fed):
                self.rows += marks
                self.fed = True
                start = data.rfind(self.opening, 0, cut)
                self.in_string = _opens_string(data[start:cut])
                self.last = data[cut - 2 : cut]
                self.rest = data[cut:]
                return
            if not self.fed and cut < 0 and len(data) < HOLD_BYTES:
                self.rest = data  # the first solution may not have begun
                return
        self.fed = True
        cut = len(data.rstrip(self._CUT_NOT_AFTER))
        if len(data) - cut > self._HELD_BYTES:  # many solutions without any bound variable
            cut = max(cut, data.rfind(b"},{"))
        self.rest, data = data[cut:], data[:cut]
        self.last = (self.last + data[-2:])[-2:]
        found = data.count(b"},{")
        # A string that ends like a mark is followed by the end of its term, or by the next member.
        sure = data.count(b'}},{"') - data.count(b'}},{"}') - data.count(b'}},{",')
        if b"\\" in data:  # what is escaped in a string ends none
            data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
        if found != sure:
            found = b'"'.join(data.split(b'"')[self.in_string :: 2]).count(b"},{")
        self.in_string ^= data.count(b'"') % 2 == 1
        self.rows += found

    def total(self) -> int:
        """The rows of all that was fed; of none there is no mark either."""
        if self.rest:
            self.opening = None  # what is left has no further mark to end at
            self.feed(b"")
        return self.rows - (self.last == b"[]")


def _opens_string(data: bytes) -> bool:
    """Whether a text that begins outside of strings ends inside of one."""
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    return data.count(b'"') % 2 == 1


class Counted:
    """An output that counts what passes through it and raises Failed when it is too much."""

    def __init__(self, output, format_, limits, native, first=None):
        self.output = output
        self.limits = limits
        self.bytes = 0
        # Other results are counted as they are made.
        self.counter = MARKS[format_.name](first) if native and limits.max_rows is not None else None
        self.uncounted = []
        self.held = 0

    def write(self, data):
        self.count(data)
        return self.output.write(data)

    def flush(self):
        """Nothing is held back here."""

    def count(self, data):
        """Take note of more bytes."""
        limits = self.limits
        self.bytes += len(data)
        if limits.max_bytes is not None and self.bytes > limits.max_bytes:
            raise Failed(too_large("bytes", limits.max_bytes))
        if self.counter is not None:
            self.uncounted.append(bytes(data))
            self.held += len(data)
            # A row has a byte at least, so that most answers need not be counted on the way.
            if self.bytes <= limits.max_rows and self.held <= HOLD_BYTES:
                return
            if self.held < min(limits.max_rows, COUNT_BYTES):
                return
            self.counter.feed(b"".join(self.uncounted))
            self.uncounted.clear()
            self.held = 0
            self._check(self.counter.rows)

    def _check(self, rows: int):
        if rows > self.limits.max_rows:
            raise Failed(too_large("rows", self.limits.max_rows))

    def total(self) -> int | None:
        """The rows of a complete answer, where they were counted here.

        Raises: Failed where they are too many.
        """
        if self.counter is None:
            return None
        rest = b"".join(self.uncounted)
        self.uncounted.clear()
        if len(rest) == self.bytes:
            rows = self.counter.count(rest)
        else:
            self.counter.feed(rest)
            rows = self.counter.total()
        self._check(rows)
        return rows


class Tally:
    """The rows or triples of a result as they are, until there are too many; `rows` have gone through."""

    def __init__(self, rows, max_rows):
        self._rows = rows
        self._max_rows = max_rows
        self.rows = 0

    def __iter__(self):
        max_rows = self._max_rows
        for number, row in enumerate(self._rows, 1):
            if number > max_rows:
                raise Failed(too_large("rows", max_rows))
            self.rows = number
            yield row


def too_large(unit, limit):
    """The problem of an answer over a limit."""
    words = "solutions or triples" if unit == "rows" else "bytes"
    return Problem(
        422,
        "The answer is too large",
        f"It has more than {limit} {words}, which is the most that is sent.",
        "too-large",
        "Add LIMIT and OFFSET, or select fewer variables.",
    )
