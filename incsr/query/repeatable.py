"""Whether the same question on the same data has the same answer, so that it may be kept."""

import re

from incsr.messages import ReadJob

# What may give another answer to the same question on the same data: time, chance, another endpoint. The
# engine takes words that are written together (`DISTINCTRAND()`).
_VOLATILE = re.compile(r"(?i)(?:NOW|RAND|UUID|BNODE)\s*\(|SERVICE")
_ESCAPED = re.compile(r"\\[uU][0-9A-Fa-f]{4}")
# So may a template with a node that has no name: by itself, of a list, or of a statement about a triple.
_TEMPLATE = re.compile(r"(?i)CONSTRUCT")
_MAKING = re.compile(r"\[|_:|\(|<<|\{\||~")
# Where none of this means what it says: variables, names, strings, IRIs, comments, and signs that are escaped
# in a name. One expression and no list of tokens (incsr.query.lexer), because the front asks, on its loop.
_OPAQUE = re.compile(
    r"""\\.|(?<=[:?$])\w++|'{3}(?:'{0,2}(?:[^'\\]|\\.))*+'{3}|"{3}(?:"{0,2}(?:[^"\\]|\\.))*+"{3}"""
    r"""|'(?:[^'\\\n\r]|\\.)*+'|"(?:[^"\\\n\r]|\\.)*+"|(?<!<)<[^<>"{}|^`\\\x00-\x20]*+>|#[^\n\r]*+""",
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
    if not any(word in lower for word in _SUSPECT):
        return True
    if _ESCAPED.search(text):
        return False
    bare = _OPAQUE.sub(_without, text)
    if _VOLATILE.search(bare):
        return False
    template = _TEMPLATE.search(bare)
    if template is None:
        return True
    end = bare.find("}", template.end())
    return not _MAKING.search(bare, template.end(), len(bare) if end < 0 else end)


def _without(match):
    """A space in place of what is opaque; an IRI with a parenthesis may be a comparison, `a<b&&f()>c`."""
    return match[0] if match[0][0] == "<" and "(" in match[0] else " "
