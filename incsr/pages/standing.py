"""How the published data stands: its evidence and its validity, checked by the project's own commands.

The commands run in a process of their own, at low priority, once for a server: each computes for a fifth of a
second, and in this process would hold up queries of milliseconds meanwhile. Until one has ended its answer is
None, and pages say that it is running.
"""

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Meter:
    name: str
    covered: int
    total: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A content word that no fact rests on, and why."""

    word: str
    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class Evidence:
    sound: bool
    findings: list
    meters: list
    gaps: list


@dataclass(frozen=True, slots=True)
class Validity:
    conforms: bool
    lines: list = field(default_factory=list)


def evidence(report):
    """What `incsr verify --format json` printed, as pages show it."""
    if "coverage" not in report:
        return Evidence(False, [report.get("error", "the check failed")], [], [])
    coverage = report["coverage"]
    meters = [
        Meter(title, coverage[f"{name}_covered"], coverage[name])
        for name, title in (("numerals", "Numerals"), ("sentences", "Sentences"), ("words", "Content words"))
    ]
    gaps = [
        Gap(gap["word"], gap["start"], gap["end"], gap["reason"] or "unexplained")
        for gap in coverage["uncovered"]
    ]
    findings = [f"{problem['label']}: {problem['message']}" for problem in report["problems"]]
    return Evidence(report["holds"], findings, meters, gaps)


def validity(report):
    """What `incsr validate --format json` printed, as pages show it."""
    lines = [
        f"{entry.get('label') or entry.get('focus') or ''}: {entry.get('message', '')}"
        for entry in report.get("results", ())
    ]
    return Validity(bool(report.get("conforms")), lines)


class Standing:
    """Both checks, each run once in the background when first asked for (or by `begin`)."""

    CHECKS = (("verify", evidence), ("validate", validity))

    def __init__(self):
        self._lock = threading.Lock()
        self._done = {name: threading.Event() for name, _read in self.CHECKS}
        self._found = dict.fromkeys(self._done)
        self._thread = None

    def begin(self):
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._check, name="standing", daemon=True)
                self._thread.start()

    def _check(self):
        for name, read in self.CHECKS:
            try:
                ended = subprocess.run(
                    [sys.executable, "-m", "incsr.cli", name, "--format", "json"],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    stdin=subprocess.DEVNULL,
                    timeout=300,
                    check=False,
                    preexec_fn=lambda: os.nice(10),
                )
                self._found[name] = read(json.loads(ended.stdout))
            except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
                self._found[name] = read({"conforms": False, "error": f"the check could not run: {error}"})
            finally:
                self._done[name].set()

    def of(self, name, wait_s):
        """One check's result, waiting at most `wait_s` seconds for it, else None."""
        self.begin()
        self._done[name].wait(wait_s)
        return self._found[name]
