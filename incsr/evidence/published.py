"""The published files as the evidence tools read them, and their verification as a whole.

Finds them through `incsr.sources`. The only module of the package that touches a disk.
"""

from dataclasses import replace
from pathlib import Path

from incsr.evidence.coverage import read_reasons
from incsr.evidence.graph import read_document
from incsr.evidence.source import SourceText
from incsr.evidence.texts import register
from incsr.evidence.verification import check_whole_file, verify
from incsr.sources import SourceError, published, root

NOT_CITING = ("ontology", "shapes", "passages")  # graphs whose passages, if any, are not claims


def described():
    """What the register says of each source text, by name.

    Raises: SourceError.
    """
    return register(root() / "data" / "source")


def source_texts():
    """The source texts from their files, in order of their names.

    Raises: SourceError.
    """
    known = described()
    folder = root() / "data" / "source"
    return [
        SourceText(
            (folder / text.file).read_bytes(), text, [other.iri for other in known.values() if other != text]
        )
        for text in known.values()
    ]


def source_text(name=None):
    """One source text from its file: the first, where no name is given.

    Raises: SourceError where there is none of that name.
    """
    texts = source_texts()
    for text in texts:
        if name in (None, text.described.name):
            return text
    names = ", ".join(text.described.name for text in texts) or "none"
    raise SourceError(root() / "data" / "source" / f"{name}.txt", f"is not there; there are {names}")


def passages_path():
    """Where the passages file belongs."""
    return root() / "data" / "passages.ttl"


def uncovered_path(text=None):
    """Where the list of words of a text that no fact needs, each with its reason, belongs."""
    return root() / "data" / "source" / (text or source_text().described).uncovered


def shown(path):
    """A path as a reader of a message wants it: relative to the project where it lies inside."""
    path = Path(path).resolve()
    return str(path.relative_to(root())) if path.is_relative_to(root()) else str(path)


def documents(paths=None):
    """The graphs that may cite passages: the published ones, with the named files in the place of some.

    A named file takes the place of the published file of its name, and of what the first report says where
    there is none of its name.

    Raises: SourceError for a file that is not there or cannot be read as RDF.
    """
    sources = [source for source in published() if source.name not in NOT_CITING]
    reports = [text.graph for text in described().values()]
    lacking = [name for name in reports if all(source.name != name for source in sources)]
    if not paths and lacking:
        raise SourceError(
            root() / "data" / f"{lacking[0]}.ttl", "is not there; write what the report says in it"
        )
    known = {path.name: source.name for source in sources for path in source.paths}
    named = [(Path(path), known.get(Path(path).name, reports[0])) for path in paths or ()]
    replaced = {name for _, name in named}
    files = [(path, s.name) for s in sources if s.name not in replaced for path in s.paths] + named
    return [read_document(path, shown(path), report=name in reports, graph=name) for path, name in files]


def verify_published(paths=None):
    """Verify the published graphs, or the named files in their place, against the source texts.

    Returns: the Report, of all texts together. Raises: SourceError, ReasonsError.
    """
    texts, all_documents = source_texts(), documents(paths)
    place = passages_path()
    passages = place.read_text(encoding="utf-8") if place.exists() else ""
    found = []
    for text in texts:
        uncovered = uncovered_path(text.described)
        reasons = {}
        if uncovered.exists():
            reasons = read_reasons(uncovered.read_text(encoding="utf-8"), shown(uncovered))
        only = len(texts) == 1 and paths is None
        found.append(verify(text, _seen_from(text, all_documents), passages, reasons, only_these=only))
    report = found[0]
    for other in found[1:]:
        report.add(other)
    if (
        len(texts) > 1
        and paths is None
        and not any(problem.check == "passages" for problem in report.problems)
    ):
        report.problems += check_whole_file(texts, all_documents, passages)
    return report


def _seen_from(text, all_documents):
    """The documents with only what this text says as a report; what other reports say goes unjudged here."""
    return [
        document if document.report == (document.graph == text.described.graph)
        else replace(document, report=False)
        for document in all_documents
    ]  # fmt: skip
