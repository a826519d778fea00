"""What the evaluator knows about a view besides its triples: visible graphs, prepared queries, merged graphs.

Kept with the view and thrown away when its version changes. Hidden graphs (those whose names begin with
`UNION`) never leave this package.
"""

from collections import OrderedDict

import pyoxigraph as ox

from incsr.query import spelling
from incsr.store.view import UNION, View

UNION_GRAPH = ox.NamedNode(UNION)
EMPTY_GRAPH = ox.NamedNode(f"{UNION}:empty")  # never exists
MERGED = f"{UNION}:merged:"

PREPARED = 256
PREPARED_CHARACTERS = 16_384
MERGED_GRAPHS = 8


def is_hidden(name):
    """Whether a graph name is one of ours, which no client may see, name or change."""
    return name == UNION or name.startswith(f"{UNION}:")


def is_without_union(store) -> bool:
    """Whether the default graph is all there is, so that the union graph would only repeat it.

    It is left out until a named graph comes (`incsr.query.change`): it would double the data, and the time of
    every scan.
    """
    return all(graph != UNION_GRAPH and is_hidden(graph.value) for graph in store.named_graphs())


def add_union(store):
    """Make the union graph of a store that was without it."""
    quads = store.quads_for_pattern(None, None, None, ox.DefaultGraph())
    store.bulk_extend(ox.Quad(*quad.triple, UNION_GRAPH) for quad in quads)


class State:
    """What has been learnt about one version of a view."""

    def __init__(self, view):
        self.version = view.version
        self.prepared = OrderedDict()
        self.templates = OrderedDict()  # incsr.query.templates
        self.counts = {}  # incsr.query.statistics
        self.news = []  # the keys of counts that nobody else knows yet
        self.merged = OrderedDict()
        self.merges = 0
        self._flags = None
        self._graphs = None
        self._names = None
        self._default = None
        self._view = view
        self._store = view.store

    @property
    def flags(self):
        """Which predicates have literals in private form (incsr.query.spelling)."""
        if self._flags is None:
            self._flags = spelling.flags(self._store)
        return self._flags

    @property
    def default(self):
        """The graph that a query sees which names no dataset."""
        if self._default is None:
            union = self._view.union and not is_without_union(self._store)
            self._default = UNION_GRAPH if union else ox.DefaultGraph()
        return self._default

    @property
    def graphs(self):
        """The named graphs that a query can see."""
        if self._graphs is None:
            self._graphs = [graph for graph in self._store.named_graphs() if not is_hidden(graph.value)]
        return self._graphs

    def existing(self, names):
        """Those of the IRIs that name a visible graph, without repetition, as terms."""
        if self._names is None:
            self._names = {graph.value for graph in self.graphs if isinstance(graph, ox.NamedNode)}
        return [ox.NamedNode(name) for name in dict.fromkeys(names) if name in self._names]

    def remember(self, key, value):
        """Keep a prepared query, unless it is very long, and forget the one that was used longest ago."""
        if len(key[0]) > PREPARED_CHARACTERS:
            return
        self.prepared[key] = value
        if len(self.prepared) > PREPARED:
            self.prepared.popitem(last=False)


def state(view: View) -> State:
    """The state of a view at its present version."""
    held = view.kept.get("query")
    if held is None or held.version != view.version:
        held = view.kept["query"] = State(view)
    return held


def forget(view: View):
    """Drop what is known of a view whose store has changed, with the graphs merged into it."""
    held = view.kept.pop("query", None)
    if held is not None:
        for graph, store in held.merged.values():
            if store is view.store:
                store.remove_graph(graph)
