"""Where the evidence commands find their files, in one function each."""

from pathlib import Path

from incsr.cli import Misuse
from incsr.evidence.graph import read_document
from incsr.evidence.source import SourceText
from incsr.sources import published, root

REPORT = "incsr2014"
NOT_CITING = ("ontology", "shapes", "passages")  # graphs whose passages, if any, are not claims


def source_text():
    """The source text from its file."""
    return SourceText((root() / "data" / "source" / "incsr2014-cbp.txt").read_bytes())


def passages_path():
    """Where the passages file belongs."""
    return root() / "data" / "passages.ttl"


def uncovered_path():
    """Where the list of words that no fact needs, each with its reason, belongs."""
    return root() / "data" / "source" / "uncovered.csv"


def shown(path):
    """A path as a reader of a message wants it: relative to the project where it lies inside."""
    path = Path(path).resolve()
    return str(path.relative_to(root())) if path.is_relative_to(root()) else str(path)


def documents(paths=None):
    """The graphs that may cite passages: those named, else the project's own.

    Raises: Misuse for a named file that is not there; SourceError for one that cannot be read as RDF.
    """
    if paths is not None:
        for path in paths:
            if not Path(path).is_file():
                raise Misuse(f"there is no file {path}; name Turtle files")
        return [read_document(path, shown(path)) for path in paths]
    sources = [source for source in published() if source.name not in NOT_CITING]
    if not any(source.name == REPORT for source in sources):
        raise Misuse(f"data/{REPORT}.ttl is not there; write what the report says in it first")
    return [
        read_document(path, shown(path), report=source.name == REPORT)
        for source in sources
        for path in source.paths
    ]
