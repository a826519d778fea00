"""The published files as the evidence tools read them, and their verification as a whole.

Finds them through `incsr.sources`. The only module of the package that touches a disk.
"""

from pathlib import Path

from incsr.evidence.coverage import read_reasons
from incsr.evidence.graph import read_document
from incsr.evidence.source import SourceText
from incsr.evidence.verification import verify
from incsr.sources import SourceError, published, root

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
    """The graphs that may cite passages: the published ones, with the named files in the place of some.

    A named file takes the place of the published file of its name, and of what the report says where there
    is none of its name.

    Raises: SourceError for a file that is not there or cannot be read as RDF.
    """
    sources = [source for source in published() if source.name not in NOT_CITING]
    if not paths and not any(source.name == REPORT for source in sources):
        raise SourceError(root() / "data" / f"{REPORT}.ttl", "is not there; write what the report says in it")
    known = {path.name: source.name for source in sources for path in source.paths}
    named = [(Path(path), known.get(Path(path).name, REPORT)) for path in paths or ()]
    replaced = {name for _, name in named}
    files = [(path, s.name) for s in sources if s.name not in replaced for path in s.paths] + named
    return [read_document(path, shown(path), report=name == REPORT) for path, name in files]


def verify_published(paths=None):
    """Verify the published graphs, or the named files in their place, against the source text.

    Returns: the Report. Raises: SourceError, ReasonsError.
    """
    passages, uncovered = passages_path(), uncovered_path()
    return verify(
        source_text(),
        documents(paths),
        passages.read_text(encoding="utf-8") if passages.exists() else "",
        read_reasons(uncovered.read_text(encoding="utf-8"), shown(uncovered)) if uncovered.exists() else {},
        only_these=paths is None,
    )
