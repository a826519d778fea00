"""The published files: which file is which named graph, and how its triples and words are read.

Finds the files in a checkout (`ontology/`, `data/`, `shapes/`) or, where the package was installed without
one, under `incsr/published/`. Reads with the engine's parser, which keeps lexical forms as they are written;
`rdflib_graph` turns the result over for validation and export. Refuses to guess: a file that cannot be read
is an error with file, line, column and token, never a shorter graph.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from incsr.namespaces import BASE, GRAPH, PREFIXES

PACKAGE = Path(__file__).resolve().parent

# The order in which graphs are listed, loaded and shown. A further file of data/ is a further graph after
# these, named by its stem, so that another report is one more file and no change here.
GRAPH_FILES = {
    "ontology": "ontology/cbp.ttl",
    "shapes": "shapes",
    "incsr2014": "data/incsr2014.ttl",
    "passages": "data/passages.ttl",
    "links": "data/links.ttl",
    "derived": "data/derived.ttl",
    "context": "data/context.ttl",
}

MEDIA = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".trig": ox.RdfFormat.TRIG,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".jsonld": ox.RdfFormat.JSON_LD,
}


class SourceError(Exception):
    """A file that cannot be read: which, where in it (1-based), at what token, and why."""

    def __init__(self, path, reason, line=None, column=None, token=""):
        self.path, self.reason, self.line, self.column, self.token = Path(path), reason, line, column, token
        place = f"{path}" if line is None else f"{path}:{line}:{column}"
        super().__init__(f"{place}: {reason}" + (f" (at {token!r})" if token else ""))


@dataclass(frozen=True, slots=True)
class Source:
    """One named graph and the files that it is read from; `name` is the last part of `graph`."""

    name: str
    graph: str
    paths: tuple[Path, ...]


def root() -> Path:
    """The folder that holds the published files.

    Raises: SourceError where neither the installed package nor a checkout around it has them.
    """
    for folder in (PACKAGE / "published", PACKAGE.parent):
        if (folder / "data").is_dir():
            return folder
    raise SourceError(PACKAGE, "the published files are neither in the package nor beside it; reinstall it")


def published(folder: Path | None = None) -> list[Source]:
    """The published graphs in their order, each with its files."""
    folder = folder or root()
    found = []
    for name, place in GRAPH_FILES.items():
        path = folder / place
        paths = tuple(sorted(path.glob("*.ttl"))) if path.is_dir() else (path,) if path.exists() else ()
        if paths:
            found.append(Source(name, GRAPH + name, paths))
    for path in sorted((folder / "data").glob("*.ttl")):
        if path.stem not in GRAPH_FILES:
            found.append(Source(path.stem, GRAPH + path.stem, (path,)))
    return found


def texts(folder: Path | None = None) -> dict[str, str]:
    """The source texts by IRI, character for character: offsets count from their first code point."""
    folder = folder or root()
    found = {}
    for path in sorted((folder / "data" / "source").glob("*.txt")):
        try:
            found[f"{BASE}source/{path.name}"] = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise SourceError(path, f"not UTF-8 at byte {error.start}: {error.reason}") from error
    return found


def media(path: Path) -> ox.RdfFormat:
    """The RDF format that a file's name announces."""
    try:
        return MEDIA[Path(path).suffix.lower()]
    except KeyError:
        known = ", ".join(MEDIA)
        raise SourceError(path, f"its name announces no RDF format; use one of {known}") from None


def quads_of_file(path: Path, graph: str | None = None) -> Iterator[ox.Quad]:
    """The quads of one RDF file; triples outside any graph come in `graph` where that is given.

    Raises: SourceError for a file that is missing, unreadable or ill-formed.
    """
    name = ox.NamedNode(graph) if graph else ox.DefaultGraph()
    try:
        for quad in ox.parse(path=str(path), format=media(path), rename_blank_nodes=True):
            if isinstance(quad.graph_name, ox.DefaultGraph):
                quad = ox.Quad(quad.subject, quad.predicate, quad.object, name)
            yield quad
    except SyntaxError as error:
        raise _located(Path(path), error) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError(path, f"cannot be read: {reason.removesuffix('.')}") from error


def _located(path: Path, error: SyntaxError) -> SourceError:
    """The parser's complaint with the token it stands on, read from the file again."""
    line, column, end = error.lineno, error.offset, getattr(error, "end_offset", None)
    reason = re.sub(r"^Parser error (?:at|between) .*?: ", "", error.msg or "is not well-formed")
    token = ""
    if line is not None:
        lines = path.read_bytes().decode("utf-8", errors="replace").split("\n")
        text = lines[line - 1] if line <= len(lines) else ""
        same_line = getattr(error, "end_lineno", line) == line
        token = text[column - 1 : (end - 1 if same_line and end and end > column else column)]
        if not token.strip():
            rest = re.match(r"\s*(\S+)", text[column - 1 :])
            token = rest.group(1) if rest else "end of line" if line < len(lines) else "end of file"
    return SourceError(path, reason, line, column, token)


def quads(source: Source) -> Iterator[ox.Quad]:
    """The quads of one published graph."""
    for path in source.paths:
        yield from quads_of_file(path, source.graph)


def graphs(sources: Iterable[Source] | None = None) -> dict[str, list[ox.Quad]]:
    """Every graph's quads by graph IRI, in the published order."""
    return {source.graph: list(quads(source)) for source in (published() if sources is None else sources)}


def rdflib_graph(triples: Iterable[ox.Quad | ox.Triple], graph=None):
    """The triples as an rdflib graph, with the project's prefixes; graph names are left behind."""
    import rdflib

    graph = rdflib.Graph(bind_namespaces="none") if graph is None else graph
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    turn = _turner()
    for triple in triples:
        graph.add((turn(triple.subject), turn(triple.predicate), turn(triple.object)))
    return graph


def _turner():
    """A function from an engine term to an rdflib term that builds each term once."""
    import rdflib

    built = {}

    def turn(term):
        twin = built.get(term)
        if twin is None:
            if isinstance(term, ox.NamedNode):
                twin = rdflib.URIRef(term.value)
            elif isinstance(term, ox.BlankNode):
                twin = rdflib.BNode(term.value)
            elif isinstance(term, ox.Literal):
                datatype = None if term.language else term.datatype.value
                if datatype == "http://www.w3.org/2001/XMLSchema#string":
                    datatype = None
                # Normalizing would turn "01" into "1" and hide an author's slip from the shapes.
                twin = rdflib.Literal(
                    term.value,
                    lang=term.language,
                    datatype=rdflib.URIRef(datatype) if datatype else None,
                    normalize=False,
                )
            else:
                raise TypeError(f"rdflib has no term for {term}")
            built[term] = twin
        return twin

    return turn


def iri(name: str, prefixes: Mapping[str, str] = PREFIXES) -> str:
    """The IRI that a prefixed name stands for: `cbp:Office` -> `https://w3id.org/incsr/cbp#Office`."""
    prefix, local = name.split(":", 1)
    return prefixes[prefix] + local
