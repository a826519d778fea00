"""What the evidence tools need of a Turtle file: its triples by subject, and the line of each subject.

Reads with the endpoint's own parser; refuses what that refuses. Judges nothing.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field

import pyoxigraph as ox

from incsr.namespaces import BASE

_DECLARATION = re.compile(r"@?(?:prefix)\s+([\w.-]*):\s*<([^>]*)>", re.IGNORECASE)
_SUBJECT = re.compile(r"(?:<([^>\s]*)>|([\w-]*):((?:[\w.%-]|\\.)*[\w%-]))(?=\s)")


class TurtleError(ValueError):
    """A file that is no Turtle; the message says file, line and column."""


@dataclass
class Document:
    """One Turtle file: `facts[subject][predicate]` are its objects, `lines[subject]` where it starts."""

    name: str
    facts: dict = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    lines: dict = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Citation:
    """One subject that cites one passage: the IRI as written, and where."""

    subject: str
    iri: str
    file: str
    line: int | None


def read_document(name, content):
    """Read one Turtle file from its bytes.

    Raises: TurtleError with file, line, column and the parser's reason.
    """
    document = Document(name)
    try:
        for triple in ox.parse(content, format=ox.RdfFormat.TURTLE, base_iri=BASE):
            document.facts[_key(triple.subject)][triple.predicate.value].append(triple.object)
    except SyntaxError as error:
        reason = str(error.msg).strip()
        raise TurtleError(f"{name}:{error.lineno}:{error.offset}: {reason}") from error
    document.lines = subject_lines(content.decode("utf-8"))
    return document


def subject_lines(text):
    """The 1-based line on which each subject's block starts; a subject is what stands in the first column."""
    lines, prefixes = {}, {}
    for number, line in enumerate(text.splitlines(), 1):
        declaration = _DECLARATION.match(line)
        if declaration:
            prefixes[declaration[1]] = declaration[2]
            continue
        subject = _SUBJECT.match(line)
        if not subject:
            continue
        if subject[1] is not None:
            iri = subject[1] if ":" in subject[1].split("#")[0] else BASE + subject[1]
        elif subject[2] in prefixes:
            namespace = prefixes[subject[2]]
            iri = (namespace if ":" in namespace else BASE + namespace) + subject[3].replace("\\", "")
        else:
            continue
        lines.setdefault(iri, number)
    return lines


def _key(term):
    return term.value if isinstance(term, ox.NamedNode) else str(term)
