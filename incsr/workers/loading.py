"""The published files into a store, in the mode that the service runs in.

Loads with the engine's parser alone, since rdflib would double the time to the first answer. Says what could
not be read and where; never serves part of the published graph.
"""

import pyoxigraph as ox

from incsr import questions, sources
from incsr.query import spelling
from incsr.store.dataset import Dataset
from incsr.store.generated import generated_quads
from incsr.store.view import UNION

_UNION = ox.NamedNode(UNION)


def load(options) -> Dataset:
    """The published graph and what is made from it, or nothing where the options say `empty`.

    Raises: incsr.sources.SourceError for a file that cannot be read.
    """
    store = ox.Store()
    union = options["default_graph"] == "union"
    if not options["empty"]:
        add_published(store, union)
    return Dataset(store, union, tuple(options["service_allow"]))


def add_published(store: ox.Store, union: bool):
    """Put the published graphs and the generated ones into a store."""
    for source in sources.published():
        add(store, list(sources.quads(source)), union)
    add(store, list(generated_quads(store, questions.read_all())), union)


def add(store: ox.Store, quads: list[ox.Quad], union: bool):
    """Put quads into a store, and their triples into the hidden graph where the store keeps one."""
    stored = spelling.extend(store, quads)
    if union:
        store.extend([ox.Quad(quad.subject, quad.predicate, quad.object, _UNION) for quad in stored])
