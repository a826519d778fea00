"""What an executor gives back for a job."""

from collections.abc import AsyncIterator, Iterator

from incsr.messages import Head, Problem


class Broken(Exception):
    """An answer that had begun cannot be completed; whoever sends it must break the connection off."""

    def __init__(self, problem: Problem):
        super().__init__(problem.detail)
        self.problem = problem


class Answer:
    """The answer to a job: a problem, or a head with its body.

    `body` is the whole body, or None where it is streamed: then `chunks` gives it (an async iterator from
    the pool, a plain one from a synchronous executor) and raises Broken where it cannot be completed.
    `version` is the version of the data that was asked, or, after a write, that came of it. `rows` is the
    number of solutions or triples, where they were counted; of a stream it is known at the end. `spent_us` is
    the processor time of a whole one in microseconds, where an evaluator said so. `tried` is
    false where the deadline came to a job that had waited, and was hardly begun or not at all.
    """

    __slots__ = ("body", "chunks", "head", "problem", "rows", "spent_us", "tried", "version")

    def __init__(
        self,
        head: Head | None = None,
        body: bytes | None = b"",
        chunks: AsyncIterator[bytes] | Iterator[bytes] | None = None,
        problem: Problem | None = None,
        version: str = "",
        rows: int | None = None,
        spent_us: int | None = None,
    ):
        self.head = head
        self.body = body
        self.chunks = chunks
        self.problem = problem
        self.version = version
        self.rows = rows
        self.spent_us = spent_us
        self.tried = True
