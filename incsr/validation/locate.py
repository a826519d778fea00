"""Where in a Turtle file a triple stands: a reader of well-formed Turtle that keeps line numbers.

The engine's parser has accepted the text before; this one only finds places, so that a violation can be
shown where an author has to type. Blank nodes are followed to the thing that owns them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from incsr.namespaces import PREFIXES

TOKEN = re.compile(
    r"""
      (?P<space>\s+|\#[^\n]*)
    | (?P<iri><[^<>"{}|^`\x00-\x20]*>)
    | (?P<string>\"\"\"(?:\\.|(?!\"\"\").)*\"\"\"|'''(?:\\.|(?!''').)*'''
        |"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    | (?P<directive>@prefix\b|@base\b|(?i:prefix|base)(?=\s))
    | (?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
    | (?P<datatype>\^\^)
    | (?P<blank>_:[^\s;,\[\]()]*[^\s;,.\[\]()])
    | (?P<name>(?:[^\W\d_](?:[\w.-]*[\w-])?)?:(?:(?:[\w:%-]|\\.)(?:(?:[\w:.%-]|\\.)*(?:[\w:%-]|\\.))?)?)
    | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?<!\.))
    | (?P<word>[A-Za-z]+)
    | (?P<mark>[][();,.])
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
ESCAPES = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


def _unescaped(text: str) -> str:
    def turn(match):
        mark = match.group(1)
        return chr(int(mark[1:], 16)) if mark[0] in "uU" and len(mark) > 1 else ESCAPES.get(mark, mark)

    return ESCAPE.sub(turn, text)


def positions(text: str) -> Iterator[tuple[str, str, str | None, int, int, int]]:
    """For each triple whose subject is an IRI: subject, predicate, object, and the line of each.

    What is inside `[ ]` and `( )` counts as said of the subject around it, and its triples' predicates are
    given too, so that a defect in a selector is shown at the selector.
    """
    prefixes, base = {}, ""
    subject = predicate = None
    subject_line = predicate_line = 0
    stack: list[tuple[str | None, int, str]] = []
    expect = "subject"
    line, last = 1, 0
    tokens = [match for match in TOKEN.finditer(text) if match.lastgroup != "space"]
    index = 0
    while index < len(tokens):
        match = tokens[index]
        kind, token = match.lastgroup, match.group()
        line += text.count("\n", last, match.start())
        last = match.start()
        index += 1
        if kind == "directive":
            if "prefix" in token.lower():
                prefixes[tokens[index].group()[:-1]] = tokens[index + 1].group()[1:-1]
                index += 2
            else:
                base = tokens[index].group()[1:-1]
                index += 1
            if token.startswith("@"):
                index += 1
        elif kind == "mark" and token == ".":
            subject = predicate = None
            expect = "subject"
        elif kind == "mark" and token == ";":
            expect = "predicate"
        elif kind == "mark" and token == ",":
            expect = "object"
        elif kind == "mark" and token in "[(":
            if predicate and subject:
                yield subject, predicate, None, subject_line, predicate_line, line
            stack.append((predicate, predicate_line, token))
            expect = "predicate" if token == "[" else "object"
        elif kind == "mark":
            predicate, predicate_line, _ = stack.pop()
            expect = "predicate" if predicate is None else "object"
        elif kind in ("language", "datatype"):
            index += kind == "datatype"
        else:
            value = _value(kind, token, prefixes, base)
            if expect == "subject":
                subject, subject_line = (None if kind == "blank" else value), line
                expect = "predicate"
            elif expect == "predicate":
                predicate, predicate_line = PREFIXES["rdf"] + "type" if token == "a" else value, line
                expect = "object"
            elif subject and predicate:
                yield subject, predicate, value, subject_line, predicate_line, line


def _value(kind: str, token: str, prefixes: dict[str, str], base: str) -> str:
    if kind == "iri":
        value = _unescaped(token[1:-1])
        return value if re.match(r"[A-Za-z][\w+.-]*:", value) else base + value
    if kind == "name":
        prefix, local = token.split(":", 1)
        return prefixes.get(prefix, "") + re.sub(r"\\(.)", r"\1", local)
    if kind == "string":
        width = 3 if token[:3] in ('"""', "'''") else 1
        return _unescaped(token[width:-width])
    return token


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file (1-based); `line` is None where the file's format keeps no lines that we read."""

    path: Path
    line: int | None


@dataclass(slots=True)
class Locator:
    """Finds the line on which a file says something of a thing; reads a file when it is first needed."""

    paths: Iterable[Path]
    _exact: dict[tuple, Place] = field(default_factory=dict)
    _ready: bool = False

    def place(
        self, subject: str, predicate: str | None = None, value: ox.Literal | ox.NamedNode | None = None
    ):
        """The most exact place known: of the triple, else of the property, else of the thing; or None."""
        self._read()
        text = None if value is None or isinstance(value, ox.BlankNode) else value.value
        for key in ((subject, predicate, text), (subject, predicate), (subject,)):
            if key in self._exact:
                return self._exact[key]
        return None

    def _read(self):
        if self._ready:
            return
        self._ready = True
        for path in self.paths:
            if Path(path).suffix not in (".ttl", ".nt"):
                continue
            for subject, predicate, value, at, at_predicate, at_object in positions(
                Path(path).read_text(encoding="utf-8")
            ):
                self._exact.setdefault((subject,), Place(path, at))
                self._exact.setdefault((subject, predicate), Place(path, at_predicate))
                self._exact.setdefault((subject, predicate, value), Place(path, at_object))


def owners(quads: Iterable[ox.Quad]) -> dict[str, tuple[str, str]]:
    """For each blank node, by its label, the thing that owns it and the property by which it does."""
    parents = {}
    for quad in quads:
        if isinstance(quad.object, ox.BlankNode):
            parents.setdefault(quad.object.value, (quad.subject, quad.predicate.value))
    found = {}
    for label, (subject, predicate) in parents.items():
        seen = {label}
        while isinstance(subject, ox.BlankNode) and subject.value in parents and subject.value not in seen:
            seen.add(subject.value)
            subject, predicate = parents[subject.value]
        if isinstance(subject, ox.NamedNode):
            found[label] = (subject.value, predicate)
    return found
