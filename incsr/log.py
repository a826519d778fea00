"""The log: one JSON object a line, on standard error.

Says what happened, never what was asked or by whom, unless the operator chose so (`log_queries`,
`log_clients`). Values are JSON strings, so that nothing a client sends can forge a line.
"""

import hashlib
import json
import random
import secrets
import sys
import time

HELD_LINES = 256
HELD_S = 0.1
_quoted = json.encoder.encode_basestring

# Ids of requests tell them apart; nothing is kept secret by them, so that asking the kernel is too much.
_numbers = random.Random(secrets.randbits(128))

WEIGHTS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "off": 100}


def new_id() -> str:
    """A new id of a request: 16 hexadecimal digits."""
    return f"{_numbers.getrandbits(64):016x}"


class Log:
    """Called with a weight, what happened, and what belongs to it."""

    def __init__(self, least: str = "info", stream=None):
        self.least = WEIGHTS[least]
        self.stream = stream
        self.loop = None  # with one, lines of requests are written together, a moment later
        self._second, self._stamp = 0, ""
        self._held: list[str] = []

    def __call__(self, weight: str, event: str, **more):
        if WEIGHTS[weight] < self.least:
            return
        line = json.dumps(
            {"time": self._now(), "level": weight, "event": event, **more}, ensure_ascii=False, default=str
        )
        self._held.append(line)
        self.flush()

    def requests(self, method, path, status, answers):
        """The lines of requests for the same, answered now; cheap, because there is one for each.

        `answers`: (id, bytes, rows or None, seconds, cache state, what belongs to it besides).
        """
        if self.least > WEIGHTS["info"]:
            return
        held = self._held
        waits = bool(held)
        begin = f'{{"time": "{self._now()}", "level": "info", "event": "request", "id": "'
        middle = f'", "method": {_quoted(method)}, "path": {_quoted(path)}, "status": {status}, "bytes": '
        for id_, sent, rows, took_s, cached, more in answers:
            counted = "" if rows is None else f'"rows": {rows}, '
            rest = f", {json.dumps(more, ensure_ascii=False)[1:-1]}" if more else ""
            held.append(
                f'{begin}{id_}{middle}{sent}, {counted}"ms": {took_s * 1000:.2f}, "cache": "{cached}"{rest}}}'
            )
        if self.loop is None or len(held) >= HELD_LINES:
            self.flush()
        elif held and not waits:
            self.loop.call_later(HELD_S, self.flush)

    def flush(self):
        """Write the lines that are held."""
        held, self._held = self._held, []
        if not held:
            return
        try:
            print("\n".join(held), file=self.stream or sys.stderr, flush=True)
        except (OSError, ValueError):
            return  # a closed log must not stop the service

    def _now(self) -> str:
        now = time.time()
        if int(now) != self._second:
            self._second = int(now)
            self._stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        return f"{self._stamp}.{int(now * 1000) % 1000:03d}Z"


def slow_query(exchange, took_s: float, content: str) -> dict:
    """What is said of a query that took long; of its text what `content` says: none, digest or text."""
    job = exchange.job
    said = {"id": exchange.id, "ms": round(took_s * 1000), "outcome": exchange.outcome}
    if exchange.rows is not None:
        said["rows"] = exchange.rows
    said |= {"bytes": exchange.sent, "cache": exchange.cached, "operation": job.operation}
    if content != "none":
        said["digest"] = hashlib.blake2b(job.text.encode("utf-8", "replace"), digest_size=8).hexdigest()
    if content == "text":
        said["text"] = job.text
    return said
