"""The process that evaluates queries, one after another, until its socket is closed or it is killed.

It holds no descriptor but that socket, and a sandbox (`incsr.workers.sandbox`) keeps it from opening another.
Whatever goes wrong inside is a problem for the one request; what it cannot say itself (a crash, the kill at
the deadline) the front says for it.
"""

import re
import signal
import time
import traceback

from incsr.messages import Problem
from incsr.workers import frames

# An answer that fits is sent whole, with its length; a larger one is streamed in pieces of this size.
PIECE_BYTES = 256 * 1024

# The front kills at the deadline; should it be stopped itself, this signal ends the process a little later.
ALARM_AFTER_S = 1.0

# How the engine reports what the broker (incsr.workers.broker) says of a call that failed.
_BROKER = re.compile(r"\AError 502 .* returned by http://127\.0\.0\.1:\d+/\S+ with payload:\s*(<.*)\Z", re.S)


def serve(sock, view, answer, statistics):
    """Answer the jobs that come over `sock` by `answer(view, job)`.

    What `statistics` counted on the way is said after the answer, so that nobody has to count it again.
    Returns: when the front has closed the socket.
    """
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    sock.sendall(frames.frame(frames.READY))
    while (job := frames.receive_job(sock, lambda payload: statistics.learn(view, payload))) is not None:
        timeout_s = job.limits.timeout_s
        if timeout_s:
            signal.setitimer(signal.ITIMER_REAL, timeout_s + ALARM_AFTER_S)
        try:
            answer_one(sock, answer, view, job)
            if news := statistics.news(view):
                sock.sendall(frames.frame(frames.LEARNT, news))
        except (BrokenPipeError, ConnectionResetError):
            return
        if timeout_s:
            signal.setitimer(signal.ITIMER_REAL, 0)


def answer_one(sock, answer, view, job):
    """Send what `answer(view, job)` gives: whole where it is small, in pieces where it is not, or a problem.

    An error after the first piece goes as BROKEN, so that nobody takes the pieces for a whole answer.
    """
    output = Output(sock)
    began_ns = time.thread_time_ns()
    try:
        result = answer(view, job)
        if isinstance(result, Problem):
            sock.sendall(frames.problem_frame(result))
            return
        output.head, body = result
        body.write_to(output)
        output.close(getattr(body, "rows", None), (time.thread_time_ns() - began_ns) // 1000)
    except (BrokenPipeError, ConnectionResetError):
        raise
    except BaseException as error:  # the engine's PanicException is no Exception
        kind = frames.BROKEN if output.streaming else frames.PROBLEM
        sock.sendall(frames.problem_frame(problem_of(error), kind))


class Output:
    """Where the engine writes an answer: held until it is whole, or streamed when it grows too large."""

    def __init__(self, sock):
        self.sock = sock
        self.head = None
        self.streaming = False
        self.held = bytearray()

    def write(self, data):
        self.held += data
        if len(self.held) >= PIECE_BYTES:
            self._send_pieces()
        return len(data)

    def flush(self):
        """Nothing is sent before a piece is full: an error until then is still a clean one."""

    def close(self, rows: int | None = None, spent_us: int | None = None):
        """The answer is complete, with so many rows where that is known, after so much processor time."""
        if not self.streaming:
            self.sock.sendall(frames.whole_frame(self.head, bytes(self.held), rows, spent_us))
            return
        self._send_pieces()
        self.sock.sendall(frames.end_frame(rows))

    def _send_pieces(self):
        if not self.streaming:
            self.sock.sendall(frames.frame(frames.HEAD, frames.head_bytes(self.head)))
            self.streaming = True
        # In frames of a bounded size, since the front holds a frame in memory until it is whole.
        for start in range(0, len(self.held), PIECE_BYTES):
            self.sock.sendall(frames.frame(frames.CHUNK, bytes(self.held[start : start + PIECE_BYTES])))
        self.held.clear()


def problem_of(error: BaseException) -> Problem:
    """The problem that an error carries, or an internal one, whose trace goes to the log alone."""
    carried = getattr(error, "problem", None)
    if isinstance(carried, Problem):
        return carried
    if isinstance(error, OSError) and (refused := _BROKER.search(str(error))):
        return Problem(
            502,
            "Another endpoint did not answer",
            f"SERVICE called {refused.group(1).strip()}.",
            "service",
            hint="Write SERVICE SILENT, where the query makes sense without that answer, or try again later.",
        )
    if isinstance(error, OSError) and "No space left on device" in str(error):
        return Problem(
            507,
            "The disk is full",
            "There is no room for this change. Nothing was changed.",
            "storage-full",
            hint="Tell the operator; reading goes on.",
        )
    if isinstance(error, MemoryError):
        return Problem(
            500,
            "Out of memory",
            "The evaluation needed more memory than one request may use.",
            "memory",
            hint="Select fewer rows or columns, or add a LIMIT to the inner parts of the query.",
        )
    # The trace without its source lines: reading them would need files, which the sandbox denies.
    trace = "; ".join(f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__))
    return Problem(
        500,
        "Internal error",
        "The service failed on this request. The failure has been logged.",
        "internal",
        excerpt=f"{type(error).__name__} in {trace}",
    )
