"""The memory of a server's processes, each by what it does: proportional, resident, and the largest resident.

Proportional size (PSS) shares a page out among those that map it, so that it may be added up; what evaluators
share with their mother counts in full in the resident size (RSS) of each.
"""

import contextlib
import re
import threading
from dataclasses import dataclass
from pathlib import Path

MOTHER, BROKER = "incsr.workers.mother", "incsr.workers.broker"


@dataclass
class Process:
    """A process and its sizes in megabytes; `peak` is its largest resident size since `forget_peaks`."""

    pid: int
    role: str
    pss: float = 0
    rss: float = 0
    peak: float = 0


def parents() -> dict[int, int]:
    """The parent of every process of the machine."""
    found = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit():
                found[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
    return found


def family(pid: int) -> dict[int, int]:
    """A process and all that come from it, each with its parent; the first one's is 0."""
    known, found = parents(), {pid: 0}
    todo = [pid]
    while todo:
        parent = todo.pop()
        children = sorted(child for child, its in known.items() if its == parent)
        found |= dict.fromkeys(children, parent)
        todo += children
    return found


def role(command: str, above: str) -> str:
    """What a process does, by its command line and the role of its parent.

    Evaluators and writers are forked, and so keep their mother's command line.
    """
    if MOTHER in command:
        return "evaluator" if above in ("mother", "evaluator") else "mother"
    if BROKER in command:
        return "broker"
    return "helper" if above else "server"


def processes(served) -> list[Process]:
    """The processes of a server, its first one first."""
    roles, found = {0: ""}, []
    for pid, parent in family(served.process.pid).items():
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            roles[pid] = served.first_role if not parent else role(command, roles.get(parent, ""))
            pages = Path(f"/proc/{pid}/smaps_rollup").read_text()
            status = Path(f"/proc/{pid}/status").read_text()
            found.append(Process(pid, roles[pid], _mb("Pss", pages), _mb("Rss", pages), _mb("VmHWM", status)))
    return found


def forget_peaks(served):
    """Let the largest resident size of each process begin anew at its size now.

    Source: proc(5), clear_refs.
    """
    for pid in family(served.process.pid):
        with contextlib.suppress(OSError):
            Path(f"/proc/{pid}/clear_refs").write_text("5")


def grown(before: list[Process], after: list[Process]) -> dict[str, tuple[float, float]]:
    """By role, the largest resident size of a process, and by how much one has grown at most.

    What was forked in between has grown since then by as much as it has over the smallest of its role.
    """
    known = {one.pid: one.rss for one in before}
    found: dict[str, tuple[float, float]] = {}
    for one in after:
        like = [other.rss for other in before if other.role == one.role]
        growth = max(0.0, one.peak - known.get(one.pid, min(like, default=0.0)))
        largest, most = found.get(one.role, (0.0, 0.0))
        found[one.role] = (max(largest, one.peak), max(most, growth))
    return found


class Watched:
    """The largest sum of a server's proportional sizes while the block runs, in `total`."""

    def __init__(self, served):
        self.served = served
        self.total = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self):
        while True:
            self.total = max(self.total, sum(one.pss for one in processes(self.served)))
            if self._over.wait(0.1):
                return

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()


def _mb(name: str, text: str) -> float:
    """A size out of a file of /proc that gives kilobytes."""
    match = re.search(rf"^{name}:\s+(\d+) kB", text, re.M)
    return int(match[1]) / 1024 if match else 0.0


def rows(name: str, loaded_s: float, after_load: list[Process], at_end: list[Process]) -> list[str]:
    """A line of the table for each role of a server, and their sum."""
    lines = []
    for kind in dict.fromkeys(one.role for one in at_end):
        then = [one for one in after_load if one.role == kind]
        now = [one for one in at_end if one.role == kind]
        lines.append(
            f"| {name} | {kind}{f', {len(now)} of them' if len(now) > 1 else ''} | {_each(then, 'pss')} "
            f"| {_each(now, 'pss')} | {_each(now, 'rss')} | {_each(now, 'peak')} |"
        )
    total = f"{sum(one.pss for one in after_load):.0f} | {sum(one.pss for one in at_end):.0f}"
    lines.append(f"| {name} | all, loaded in {loaded_s:.1f} s | {total} | | |")
    return lines


def _each(found: list[Process], size: str) -> str:
    """A size of each process, or from what to what where there are many."""
    values = sorted(round(getattr(one, size)) for one in found)
    if len(values) > 2:
        return f"{values[0]} to {values[-1]}"
    return ", ".join(map(str, values)) or "-"
