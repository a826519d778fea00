"""How much of an answer is sent: solutions or triples, and bytes.

Counted in the bytes as they are written, since the engine writes its own results. Over a limit an answer is
an error as a whole: `Failed` says so before anything was sent, and after that it breaks the stream off.
"""

from incsr.messages import Problem

# What stands once for each solution or triple where the engine writes itself, and can stand nowhere else,
# with what it counts besides: a quotation mark inside a JSON string is escaped, a line break in the others.
MARKS = {"json": (b'}},{"', 1), "tsv": (b"\n", -1), "ntriples": (b"\n", 0), "nquads": (b"\n", 0)}


class Failed(Exception):
    """An answer that cannot be given, with the problem to send while nothing has been sent."""

    def __init__(self, problem):
        super().__init__(problem.detail)
        self.problem = problem


class Counted:
    """An output that counts what passes through it and raises Failed when it is too much."""

    def __init__(self, output, format_, limits, native):
        self.output = output
        self.limits = limits
        self.bytes = 0
        # Other results are counted as they are made.
        self.mark, self.rows = MARKS[format_.name] if native else (None, 0)
        self.tail = b""

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
        if limits.max_rows is not None and self.mark is not None:
            # A mark may lie across two pieces; the tail is too short to hold a whole one.
            joined = self.tail + bytes(data)
            self.rows += joined.count(self.mark)
            keep = len(self.mark) - 1
            self.tail = joined[-keep:] if keep else b""
            if self.rows > limits.max_rows:
                raise Failed(too_large("rows", limits.max_rows))


def counted(rows, max_rows):
    """The rows or triples of a result as they are, until there are too many."""
    for number, row in enumerate(rows, 1):
        if number > max_rows:
            raise Failed(too_large("rows", max_rows))
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
