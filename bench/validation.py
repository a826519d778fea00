"""Validation of the published data: the command from end to end, pySHACL beside it, the judgement alone."""

import json
import sys
from dataclasses import dataclass

from measure import HERE, spread, timed
from peers import BIN

JUDGED_TIMES = 20
# pySHACL takes seconds, and varies little beside that.
REFERENCE_ROUNDS = 3


@dataclass
class Validation:
    """Seconds of each, and whether both reports were the same."""

    command: list[float]
    processor: list[float]
    reference: list[float]
    judged: list[float]
    read: list[float]
    indexed: list[float]
    triples: int
    same: bool


def measured(options) -> Validation:
    found = Validation([], [], [], [], [], [], 0, True)
    ours = (BIN / "incsr", "validate", "--format", "json")
    for number in range(max(options.rounds, 5)):
        ended = timed(ours, exit_codes=(0, 1))
        found.command.append(ended.seconds)
        found.processor.append(ended.processor_s)
        if number < REFERENCE_ROUNDS:
            peer = timed((*ours, "--reference"), exit_codes=(0, 1))
            found.reference.append(peer.seconds)
            found.same &= json.loads(ended.printed) == json.loads(peer.printed)
        said = json.loads(timed((sys.executable, HERE / "judge.py", JUDGED_TIMES)).printed)
        found.judged += said["judged_s"]
        found.read.append(said["read_s"])
        found.indexed.append(said["indexed_s"])
        found.triples = said["triples"]
    return found


def section(found: Validation) -> list[str]:
    rows = {
        "`incsr validate`, from end to end": found.command,
        "the same, processor time": found.processor,
        "`incsr validate --reference` (pySHACL)": found.reference,
        "in a process that holds the index: the judgement": found.judged,
        "reading the shapes, once": found.read,
        "building the index, once": found.indexed,
    }
    return [
        "## Validation of the published data",
        "",
        f"{found.triples:,} triples, by all shapes and the Data Cube's constraints; seconds, in interleaved",
        f"rounds. The two reports are {'the same' if found.same else '**not the same**'}.",
        "",
        "| what | times | seconds |",
        "| --- | --- | --- |",
        *(f"| {what} | {len(times)} | {spread(times, 3)} |" for what, times in rows.items()),
        "",
    ]
