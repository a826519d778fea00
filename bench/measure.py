"""What every part measures with: spreads, commands timed to their end, wrk, answers read from a socket."""

import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
LENGTH = re.compile(rb"^content-length:\s*(\d+)", re.I | re.M)
CHUNKED = re.compile(rb"^transfer-encoding:\s*chunked", re.I | re.M)
LAST_CHUNK = b"\r\n0\r\n\r\n"


def spread(values, digits: int = 2, unit: str = "") -> str:
    """The median, and from what to what the values went."""
    middle, low, high = (f"{f(values):.{digits}f}" for f in (statistics.median, min, max))
    return f"**{middle}{unit}** ({low} to {high})"


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Failed(SystemExit):
    """A server that did not do what it was asked; ends the run, unless it is a peer's, which is told of."""


@dataclass
class Ended:
    """A command that was run to its end."""

    seconds: float
    processor_s: float
    largest_mb: float
    printed: str


def timed(command, exit_codes=(0,)) -> Ended:
    """Run a program, by its path, to its end; what it prints goes to a file, so that no pipe holds it up.

    Raises: SystemExit where it ends with any other code.
    """
    words = [str(word) for word in command]
    with tempfile.NamedTemporaryFile("r") as output:
        said = subprocess.run(
            [sys.executable, "-IS", HERE / "launch.py", output.name, *words],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.split()
        printed = output.read()
    seconds, processor_s, largest_kb, code = *map(float, said[:3]), int(said[3])
    if code not in exit_codes:
        raise SystemExit(f"{' '.join(words)} ended with {code}: {printed}")
    return Ended(seconds, processor_s, largest_kb / 1000, printed)


@dataclass
class Throughput:
    """What wrk saw in one window; latencies in milliseconds."""

    requests: int
    rate: float
    p50: float
    p99: float


def throughput(served, lines, clients, seconds, folder) -> Throughput:
    """Ask a server for the lines in turn, for so many seconds.

    Raises: Failed where one request failed: a server is fast at refusing.
    """
    listed = Path(folder) / "requests"
    listed.write_text("\n".join(lines) + "\n")
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "120s", "-s", HERE / "load.lua"]
    said = subprocess.run(
        [*command, f"http://127.0.0.1:{served.port}", "--", listed],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = json.loads(said.rsplit("JSON ", 1)[1])
    if found["errors"] or found["refused"]:
        told = f"{found['refused']} refused, {found['errors']} without an answer"
        raise Failed(f"{served.name} failed on some of {found['requests']} requests: {told}")
    rate = found["requests"] / found["duration_us"] * 1e6
    return Throughput(found["requests"], rate, found["p50_us"] / 1000, found["p99_us"] / 1000)


@dataclass
class Streamed:
    """One answer as it came: milliseconds to the first and to the last byte of its body, and its size."""

    first_ms: float
    last_ms: float
    size: int
    body: bytes = b""


def streamed(port: int, target: str, accept: str, keep: bool = False, pause_s: float = 0) -> Streamed:
    """Ask once on a connection of its own and read to the end, as bytes come; `pause_s`: after the first.

    Sizes are those on the wire, chunk marks included; `keep` keeps the body, without them.
    Raises: Failed where the answer is no 200 or is broken off.
    """
    head = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"
    pieces, came, body_at, first_ms = [], b"", 0, 0.0
    size, tail, buffer = 0, b"", bytearray(1 << 18)
    with socket.create_connection(("127.0.0.1", port), timeout=600) as sock:
        began = time.perf_counter()
        sock.sendall(head.encode("ascii"))
        while not body_at:
            count = sock.recv_into(buffer)
            came += buffer[:count]
            body_at = _body_at(came)
            if not count and not body_at:
                raise Failed(f"port {port} ended its answer early: {came[:200]!r}")
        first_ms = (time.perf_counter() - began) * 1000
        header = came.split(b"\r\n\r\n", 1)[0]
        if STATUS.match(header)[1] != b"200":
            raise Failed(f"port {port} refused {target[:80]}…: {came[:500]!r}")
        time.sleep(pause_s)
        pieces.append(came[len(header) + 4 :])
        size, tail = len(pieces[0]), pieces[0][-8:]
        while not _whole(header, size, tail):
            count = sock.recv_into(buffer)
            if not count:
                raise Failed(f"port {port} broke its answer off after {size} bytes")
            size += count
            tail = (tail + bytes(buffer[max(0, count - 8) : count]))[-8:]
            if keep:
                pieces.append(bytes(buffer[:count]))
        last_ms = (time.perf_counter() - began) * 1000
    body = b"".join(pieces) if keep else b""
    return Streamed(first_ms, last_ms, size, _unchunked(body) if CHUNKED.search(header) else body)


def _body_at(came: bytes) -> int:
    """Where the first byte of the body stands in what has come; 0 while it has not come."""
    end = came.find(b"\r\n\r\n") + 4
    if end < 4:
        return 0
    if CHUNKED.search(came[:end]):
        end = came.find(b"\r\n", end) + 2
        if end < 2:
            return 0
    return end if len(came) > end else 0


def _whole(header: bytes, size: int, tail: bytes) -> bool:
    """Whether the whole answer has come, by its length or its last chunk."""
    if length := LENGTH.search(header):
        return size >= int(length[1])
    return CHUNKED.search(header) is not None and tail.endswith(LAST_CHUNK)


def _unchunked(body: bytes) -> bytes:
    """The body without the marks of its chunks."""
    pieces, at = [], 0
    while at < len(body):
        end = body.index(b"\r\n", at)
        count = int(body[at:end].split(b";")[0], 16)
        pieces.append(body[end + 2 : end + 2 + count])
        at = end + 4 + count
    return b"".join(pieces)


def rest():
    """Let what was just ended give its processor and its pages back."""
    with contextlib.suppress(OSError):
        os.sync()
    time.sleep(0.2)
