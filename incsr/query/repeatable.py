"""Whether the same question on the same data has the same answer, so that it may be kept."""

import re

from incsr.messages import ReadJob

# What may give another answer to the same question on the same data: time, chance, another endpoint, and
# nodes that a template makes anew.
_VOLATILE = re.compile(r"(?i)\b(?:NOW|RAND|UUID|STRUUID|BNODE)\b|\bSERVICE\b|\\[uU][0-9A-Fa-f]{4}")
# A template with a node that has no name: by itself, of a list, or of a statement about a triple. It ends
# with the first brace that closes, once strings, IRIs and comments, where one may stand, are gone.
_MAKING = re.compile(r"(?i)\bCONSTRUCT\b[^}]*(?:\[|_:|\(|<<|\{\||~)")
_OPAQUE = re.compile(
    r"""'{3}(?:'{0,2}(?:[^'\\]|\\.))*+'{3}|"{3}(?:"{0,2}(?:[^"\\]|\\.))*+"{3}"""
    r"""|'(?:[^'\\\n\r]|\\.)*+'|"(?:[^"\\\n\r]|\\.)*+"|<[^<>"{}|^`\\\x00-\x20]*+>|#[^\n\r]*""",
    re.S,
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
            if _VOLATILE.search(text):
                return False
            return "construct" not in lower or not _MAKING.search(_OPAQUE.sub(" ", text))
    return True
