"""The log: one JSON object a line, on standard error.

Says what happened, never what was asked or by whom, unless the operator chose so (`log_queries`,
`log_clients`). Values are JSON strings, so that nothing a client sends can forge a line.
"""

import json
import sys
import time

WEIGHTS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "off": 100}


class Log:
    """Called with a weight, what happened, and what belongs to it."""

    def __init__(self, least: str = "info", stream=None):
        self.least = WEIGHTS[least]
        self.stream = stream

    def __call__(self, weight: str, event: str, **more):
        if WEIGHTS[weight] < self.least:
            return
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"
        line = json.dumps(
            {"time": stamp, "level": weight, "event": event, **more}, ensure_ascii=False, default=str
        )
        try:
            print(line, file=self.stream or sys.stderr, flush=True)
        except (OSError, ValueError):
            return  # a closed log must not stop the service
