"""Where the evidence commands find their files, in one function each."""

from pathlib import Path

from incsr.cli import Misuse
from incsr.evidence.graph import TurtleError, read_document
from incsr.evidence.source import SourceText

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "data" / "source" / "incsr2014-cbp.txt"
PASSAGES = ROOT / "data" / "passages.ttl"
CITING = ("incsr2014", "links", "derived", "context")


def source_text(path=SOURCE):
    """The source text from its file."""
    return SourceText(path.read_bytes())


def shown(path):
    """A path as a reader of a message wants it: relative to the project where it lies inside."""
    path = Path(path).resolve()
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def documents(paths=None):
    """The documents that may cite passages: those named, else the project's own that are there.

    Raises: Misuse for a named file that cannot be read; TurtleError for one that is no Turtle.
    """
    if paths is None:
        paths = [path for name in CITING if (path := ROOT / "data" / f"{name}.ttl").exists()]
        if not paths:
            raise Misuse("data/ holds no graph that could cite the source; write data/incsr2014.ttl first")
    read = []
    for path in paths:
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise Misuse(f"cannot read {path}: {error.strerror}") from error
        read.append(read_document(shown(path), content))
    return read


__all__ = ["PASSAGES", "ROOT", "SOURCE", "TurtleError", "documents", "shown", "source_text"]
