"""Whether the same question on the same data has the same answer, so that it may be kept."""

import re

from incsr.messages import ReadJob

# What may give another answer to the same question on the same data: time, chance, another endpoint, and
# nodes that a template makes anew.
_VOLATILE = re.compile(
    r"(?i)\b(?:NOW|RAND|UUID|STRUUID|BNODE)\b|\bSERVICE\b|\\[uU][0-9A-Fa-f]{4}|\bCONSTRUCT\b[^}]*(?:\[|_:)"
)

_SUSPECT = ("now", "rand", "uuid", "bnode", "service", "construct", "\\u")


def is_repeatable(job: ReadJob) -> bool:
    """Whether the same job on the same data has the same answer, byte for byte."""
    return repeats(job.text)


def repeats(text: str) -> bool:
    """Whether the same query on the same data has the same answer."""
    # Plain searches first: most texts have none of these words.
    lower = text.lower()
    for word in _SUSPECT:
        if word in lower:
            return not _VOLATILE.search(text)
    return True
