"""What the evidence tools need of an RDF file: its triples by subject, and on which line each stands.

Reads through `incsr.sources`; refuses what that refuses. Judges nothing.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from incsr.namespaces import PREFIXES
from incsr.sources import quads_of_file


@dataclass
class Document:
    """One file's graph: `facts[subject][predicate]` are its objects.

    `report` is whether the graph holds what the page says, in its own names (and not what we say).
    """

    name: str
    report: bool = True
    path: Path | None = None
    graph: str = ""  # the name of the published graph that it is, or takes the place of
    facts: dict = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    _locator: object = None

    def line(self, subject, predicate=None):
        """The 1-based line of a property, else of its subject, or None where no line is known."""
        if self.path is None:
            return None
        if self._locator is None:
            # Only what is wrong needs a line, so the file is read for lines when the first problem turns up.
            from incsr.validation.locate import Locator

            self._locator = Locator([self.path])
        place = self._locator.place(subject, predicate)
        return place.line if place else None


def read_document(path, name=None, report=True, graph=""):
    """Read one RDF file.

    Raises: SourceError with file, line, column and the parser's reason.
    """
    path = Path(path)
    document = Document(name or str(path), report, path, graph)
    for quad in quads_of_file(path):
        # A triple as object has no value to compare; its text keeps it visible, and equal to nothing.
        term = quad.object if hasattr(quad.object, "value") else ox.Literal(str(quad.object))
        document.facts[_key(quad.subject)][quad.predicate.value].append(term)
    return document


def compact(iri):
    """An IRI as an author writes it: with the project's prefix where it has one, else in angle brackets."""
    fitting = [(len(space), prefix) for prefix, space in PREFIXES.items() if iri.startswith(space)]
    if not fitting:
        return f"<{iri}>" if not iri.startswith("_:") else iri
    length, prefix = max(fitting)
    return f"{prefix}:{iri[length:]}"


def _key(term):
    return term.value if isinstance(term, ox.NamedNode) else str(term)
