"""The published files into a store, in the mode that the service runs in.

Loads with the engine's parser alone, since rdflib would double the time to the first answer. Says what could
not be read and where; never serves part of the published graph.
"""

import hashlib
import secrets
import sys
from pathlib import Path

import pyoxigraph as ox

from incsr import namespaces, questions, sources
from incsr.query import spelling
from incsr.store import generated
from incsr.store.dataset import Dataset
from incsr.store.disk import Directory, Generation, StoreError
from incsr.store.view import UNION
from incsr.workers import prepared

_UNION = ox.NamedNode(UNION)


def load(options) -> Dataset:
    """The published graph and what is made from it, or nothing where the options say `empty`.

    Raises: incsr.sources.SourceError for a file that cannot be read.
    """
    union = options["default_graph"] == "union"
    store = ox.Store() if options["empty"] else published_store(union)
    return Dataset(store, union, tuple(options["service_allow"]))


def published_store(union: bool) -> ox.Store:
    """The published graph in memory, from the cache where it has been prepared before."""
    made_by = (sources, questions, spelling, generated, namespaces, sys.modules[__name__])
    code = hashlib.sha256(b"".join(Path(module.__file__).read_bytes() for module in made_by)).hexdigest()
    key = f"{published_digest()} {code} {ox.__version__} {union}"
    return prepared.store(key, lambda store: add_published(store, union))


def add_published(store: ox.Store, union: bool):
    """Put the published graphs and the generated ones into a store."""
    for source in sources.published():
        add(store, list(sources.quads(source)), union)
    add(store, list(generated.generated_quads(store, questions.read_all())), union)


def add(store: ox.Store, quads: list[ox.Quad], union: bool):
    """Put quads into a store, and their triples into the hidden graph where the store keeps one."""
    stored = spelling.extend(store, quads)
    if union:
        store.extend([ox.Quad(quad.subject, quad.predicate, quad.object, _UNION) for quad in stored])


def prepare(options) -> tuple[Generation, str]:
    """The generation of a directory that is served: loaded where the directory is new, as it was left else.

    Where the published files have changed since they were loaded and nothing was written, they are loaded
    again. Returns: the generation, and what an operator should know, or "".
    Raises: StoreError, incsr.sources.SourceError.
    """
    directory = Directory(options["store"])
    union = options["default_graph"] == "union"
    digest = "" if options["empty"] else published_digest()
    current = directory.current()
    if current is None:
        return _loaded(directory, "00000001", union, digest), ""
    if current.union != union:
        mode = "union" if current.union else "strict"
        raise StoreError(
            f"{directory.path} was made with --default-graph {mode}; serve it so, or name another directory"
        )
    directory.discard(keep=current.name)
    if not digest or not current.published or current.published == digest:
        return current, ""
    if current.writes == 0:
        generation = _loaded(directory, following(current.name), union, digest)
        directory.discard(keep=generation.name)
        return generation, "the published files have changed and were loaded again"
    return current, (
        f"{directory.path} holds an earlier edition of the published files and {current.writes} writes, "
        "which are kept; to serve the new edition, name another directory"
    )


def following(name: str) -> str:
    """The name of the next generation."""
    return f"{int(name) + 1:08d}"


def published_digest() -> str:
    """What tells one edition of the published files from another."""
    digest = hashlib.sha256()
    for source in sources.published():
        for path in source.paths:
            digest.update(f"{source.graph} {path.name}\n".encode() + path.read_bytes())
    for question in questions.read_all():
        digest.update(f"{question.name}\n{question.query}\n".encode())
    return digest.hexdigest()


def _loaded(directory: Directory, name: str, union: bool, digest: str) -> Generation:
    memory = published_store(union) if digest else ox.Store()
    store = ox.Store(directory.begin(name))
    store.bulk_extend(memory)
    for graph in memory.named_graphs():
        store.add_graph(graph)
    store.optimize()
    store.flush()
    del store
    generation = Generation(name, union, secrets.token_hex(4), 0, digest)
    directory.commit(generation)
    return generation
