"""How much of the memory that this service may use is free: of the machine, and of its control group.

Source: proc(5), meminfo; Linux, Documentation/admin-guide/cgroup-v2.rst, "Memory Interface Files".
"""

import re
from pathlib import Path

MEMINFO, GROUP, GROUPS = Path("/proc/meminfo"), Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
# By the controller that a line of /proc/self/cgroup names (none: version 2): folder, limits, use.
_FILES = {
    "": ("", ("memory.max", "memory.high"), "memory.current"),
    "memory": ("memory", ("memory.limit_in_bytes",), "memory.usage_in_bytes"),
}
# What the kernel would give up first is free; files that were read are counted as used.
# In version 1 with the groups below or without; the use is with them.
_RECLAIMED = re.compile(r"^(?:total_)?inactive_file (\d+)$", re.M)
_AVAILABLE = re.compile(r"^Mem(Total|Available): +(\d+) kB$", re.M)


def free_part() -> float:
    """The part of the memory that is free, from 0 to 1; the smallest of all that limit it."""
    return min([_of_machine(), *_of_groups()])


def _of_machine() -> float:
    try:
        found = dict(_AVAILABLE.findall(MEMINFO.read_text()))
        return int(found["Available"]) / int(found["Total"])
    except (OSError, KeyError, ZeroDivisionError):
        return 0.0


def _of_groups():
    """The free part of the control group and of each above it that has a limit."""
    try:
        lines = GROUP.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _number, controllers, path = line.split(":", 2)
        if controllers not in _FILES:
            continue
        folder, limits, use = _FILES[controllers]
        top = GROUPS / folder
        place = top / path.lstrip("/")
        for group in (place, *place.parents):
            for limit in limits:
                part = _of_group(group, limit, use)
                if part is not None:
                    yield part
            if group == top:
                break


def _of_group(group: Path, limit: str, use: str) -> float | None:
    try:
        most = int((group / limit).read_text())
        used = int((group / use).read_text())
        reclaimed = map(int, _RECLAIMED.findall((group / "memory.stat").read_text()))
    except (OSError, ValueError):  # none, or "max"
        return None
    used = max(0, used - max(reclaimed, default=0))
    return max(0.0, 1 - used / most) if most > 0 else 0.0
