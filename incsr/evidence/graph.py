"""What the evidence tools need of a Turtle file: its triples by subject, and the line of each subject.

Reads through `incsr.sources`; refuses what that refuses. Judges nothing.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from incsr.namespaces import BASE, PREFIXES
from incsr.sources import quads_of_file

_DECLARATION = re.compile(r"@?prefix\s+([\w.-]*):\s*<([^>]*)>", re.IGNORECASE)
_SUBJECT = re.compile(r"(?:<([^>\s]*)>|([\w-]*):((?:[\w.%-]|\\.)*[\w%-]))(?=\s)")


@dataclass
class Document:
    """One file's graph: `facts[subject][predicate]` are its objects, `lines[subject]` where it starts.

    `report` is whether the graph holds what the page says, in its own names (and not what we say).
    """

    name: str
    report: bool = True
    facts: dict = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    lines: dict = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Citation:
    """One subject that cites one passage: the IRI as written, and where."""

    subject: str
    iri: str
    file: str
    line: int | None


def read_document(path, name=None, report=True):
    """Read one RDF file.

    Raises: SourceError with file, line, column and the parser's reason.
    """
    path = Path(path)
    document = Document(name or str(path), report)
    for quad in quads_of_file(path):
        document.facts[_key(quad.subject)][quad.predicate.value].append(quad.object)
    document.lines = subject_lines(path.read_text(encoding="utf-8"))
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


def compact(iri):
    """An IRI as an author writes it: with the project's prefix where it has one, else in angle brackets."""
    fitting = [(len(space), prefix) for prefix, space in PREFIXES.items() if iri.startswith(space)]
    if not fitting:
        return f"<{iri}>" if not iri.startswith("_:") else iri
    length, prefix = max(fitting)
    return f"{prefix}:{iri[length:]}"


def _key(term):
    return term.value if isinstance(term, ox.NamedNode) else str(term)
