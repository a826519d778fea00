"""How the front and the processes behind it talk: frames on a stream socket, small messages with descriptors.

A frame is one byte of kind, four bytes of length, and the payload. Jobs go down as pickles, queries as
marshalled tuples, which takes an eighth of the time; what comes up
from a process that has read untrusted text is JSON and bytes alone, so that a broken evaluator cannot make
the front run anything.
"""

import array
import json
import marshal
import pickle
import socket
import struct
from dataclasses import asdict
from functools import lru_cache

from incsr.messages import Head, Job, Limits, Problem, ReadJob

HEADER = struct.Struct("!BI")
# Of a whole answer: the length of its head, its rows, and the processor time it took in microseconds.
WHOLE_HEADER = struct.Struct("!III")
UNCOUNTED = 0xFFFFFFFF

JOB = 1  # front -> evaluator: a pickled job
READY = 2  # evaluator -> front: it may be given a job
WHOLE = 3  # head and complete body
HEAD = 4  # head of an answer that is streamed
CHUNK = 5
END = 6  # the streamed answer is complete
PROBLEM = 7
BROKEN = 8  # a problem after HEAD: the answer must be broken off

# An answer comes in pieces of a bounded size (`incsr.workers.evaluator`), so that more is a fault.
MAX_ANSWER_FRAME = 4 * 1024 * 1024

QUERY = 9  # front -> evaluator: a marshalled ReadJob
LEARNT = 10  # both ways: what an evaluator has counted, for the others (incsr.query.statistics)


class FrameError(Exception):
    """The other side sent what is no frame."""


def frame(kind: int, payload: bytes = b"") -> bytes:
    return HEADER.pack(kind, len(payload)) + payload


def job_frame(job: Job) -> bytes:
    return b"".join(job_parts(job))


def job_parts(job: Job) -> tuple[bytes, bytes]:
    """A job's frame as its header and its payload, which may be large: joined it would be held twice."""
    if isinstance(job, ReadJob):
        limits = job.limits
        fields = (
            *(job.operation, job.text, job.default_graphs, job.named_graphs, job.graph, job.accept),
            *(job.format, job.base_iri, limits.timeout_s, limits.max_rows, limits.max_bytes, job.evidence),
        )
        kind, payload = QUERY, marshal.dumps(fields)
    else:
        kind, payload = JOB, pickle.dumps(job, pickle.HIGHEST_PROTOCOL)
    return HEADER.pack(kind, len(payload)), payload


@lru_cache(maxsize=64)
def head_bytes(head: Head) -> bytes:
    return json.dumps([head.status, head.content_type, head.headers]).encode()


@lru_cache(maxsize=64)
def head_of(payload: bytes) -> Head:
    status, content_type, headers = json.loads(payload)
    return Head(status, content_type, tuple(map(tuple, headers)))


def whole_frame(head: Head, body: bytes, rows: int | None = None, spent_us: int | None = None) -> bytes:
    encoded = head_bytes(head)
    length = WHOLE_HEADER.size + len(encoded) + len(body)
    said = WHOLE_HEADER.pack(len(encoded), _or_uncounted(rows), _or_uncounted(spent_us))
    return b"".join((HEADER.pack(WHOLE, length), said, encoded, body))


def _or_uncounted(number: int | None) -> int:
    return UNCOUNTED if number is None else min(number, UNCOUNTED - 1)


def whole_of(payload: bytes) -> tuple[Head, bytes]:
    """Head and body of a whole answer."""
    length, _rows, _spent_us = WHOLE_HEADER.unpack_from(payload)
    start = WHOLE_HEADER.size
    return head_of(payload[start : start + length]), payload[start + length :]


def counts_of_whole(payload: bytes) -> tuple[int | None, int | None]:
    """How many solutions or triples a whole answer has, and the microseconds it took, where counted."""
    _length, rows, spent_us = WHOLE_HEADER.unpack_from(payload)
    return (None if rows == UNCOUNTED else rows), (None if spent_us == UNCOUNTED else spent_us)


def end_frame(rows: int | None) -> bytes:
    """The end of a streamed answer, and how many rows it had."""
    return frame(END, b"" if rows is None else b"%d" % rows)


def rows_of_end(payload: bytes) -> int | None:
    return int(payload) if payload else None


def problem_frame(problem: Problem, kind: int = PROBLEM) -> bytes:
    return frame(kind, json.dumps(asdict(problem)).encode())


def problem_of(payload: bytes) -> Problem:
    values = json.loads(payload)
    values["headers"] = tuple(map(tuple, values["headers"]))
    return Problem(**values)


class Reader:
    """Frames out of the bytes that a stream socket gives."""

    __slots__ = ("_buffer",)

    def __init__(self):
        self._buffer = bytearray()

    def feed(self, data: bytes | memoryview) -> list[tuple[int, bytes]]:
        """The frames that are complete with `data`.

        Raises: FrameError for a length no honest process sends.
        """
        buffer = self._buffer
        if not buffer and len(data) >= 5:
            # The usual case, one whole frame in one read, costs no second copy.
            kind, length = HEADER.unpack_from(data)
            if length + 5 == len(data):
                return [(kind, bytes(data[5:]))]
        buffer += data
        found, start = [], 0
        while len(buffer) - start >= 5:
            kind, length = HEADER.unpack_from(buffer, start)
            if length > MAX_ANSWER_FRAME:
                raise FrameError(f"a frame of {length} bytes")
            if len(buffer) - start - 5 < length:
                break
            found.append((kind, bytes(buffer[start + 5 : start + 5 + length])))
            start += 5 + length
        del buffer[:start]
        return found


def receive_exactly(sock: socket.socket, length: int) -> bytearray | None:
    """So many bytes of a blocking socket, or None where the other side has closed it."""
    data = bytearray(length)
    rest = memoryview(data)
    while rest:
        count = sock.recv_into(rest)
        if not count:
            return None
        rest = rest[count:]
    return data


def receive_job(sock: socket.socket, learn=lambda payload: None) -> Job | None:
    """The next job of a blocking socket, or None where the front has closed it.

    `learn` is called with what others have counted, where that comes first.
    """
    while True:
        header = receive_exactly(sock, HEADER.size)
        if header is None:
            return None
        kind, length = HEADER.unpack(header)
        payload = receive_exactly(sock, length)
        if payload is None:
            return None
        if kind != LEARNT:
            break
        learn(payload)
    if kind == QUERY:
        *fields, timeout_s, max_rows, max_bytes, evidence = marshal.loads(payload)
        return ReadJob(*fields, Limits(timeout_s, max_rows, max_bytes), evidence)
    return pickle.loads(payload)


def is_lesson(payload: bytes) -> bool:
    """Whether a message of what was counted is one: [[key, number or list of [IRI, number] or null], …]."""
    try:
        lesson = json.loads(payload)
    except ValueError:
        return False
    return isinstance(lesson, list) and all(
        isinstance(each, list) and len(each) == 2 and _is_key(each[0]) and _is_count(each[1])
        for each in lesson
    )


def _is_key(key):
    if isinstance(key, str):
        return key in ("classes", "properties")
    return isinstance(key, list) and len(key) == 3 and all(isinstance(term, str | None) for term in key)


def _is_count(value):
    if isinstance(value, list):
        return all(
            isinstance(row, list) and len(row) == 2 and isinstance(row[0], str) and isinstance(row[1], int)
            for row in value
        )
    return value is None or isinstance(value, int)


MAX_MESSAGE = 64 * 1024
MAX_DESCRIPTORS = 4


def send_message(sock: socket.socket, message: dict, descriptors: tuple[int, ...] = ()):
    """One message, with descriptors, on a socket that keeps message boundaries."""
    socket.send_fds(sock, [json.dumps(message).encode()], list(descriptors))


def receive_message(sock: socket.socket) -> tuple[dict | None, list[int]]:
    """The next message and its descriptors, which are closed on exec; None where the other side is gone."""
    data, ancillary, _flags, _address = sock.recvmsg(
        MAX_MESSAGE, socket.CMSG_SPACE(MAX_DESCRIPTORS * 4), socket.MSG_CMSG_CLOEXEC
    )
    descriptors = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
    return (json.loads(data) if data else None), list(descriptors)
