"""Which graphs a query sees: the protocol's dataset, its own FROM clauses, or the whole store.

Source: SPARQL 1.1 Query Language, section 13; SPARQL 1.1 Protocol, section 2.1.4. A default graph of several
graphs is their RDF merge, a set: the engine repeats a triple that stands in two of them, so they are merged
into a hidden graph first.
"""

from itertools import chain

import pyoxigraph as ox

from incsr.query.iris import resolve
from incsr.query.lexer import IRI, NAME, WORD, tokens
from incsr.query.names import expand, unescape
from incsr.query.view import EMPTY_GRAPH, MERGED, MERGED_GRAPHS, UNION_GRAPH, is_hidden, state


def from_clauses(reading, base_iri=None):
    """The graphs of the query's FROM and FROM NAMED clauses: (default, named), or None where it has none."""
    if "FROM" not in reading.words:
        return None
    base, prefixes = base_iri, {}
    default, named, found = [], [], False
    sequence = tokens(reading.text)
    for index, token in enumerate(sequence):
        if token.kind != WORD:
            continue
        word = token.text.upper()
        after = sequence[index + 1 : index + 3]
        if word == "BASE" and after and after[0].kind == IRI:
            base = resolve(base, unescape(after[0].text[1:-1]))
        elif word == "PREFIX" and len(after) == 2 and after[0].kind == NAME and after[1].kind == IRI:
            prefixes[after[0].text[:-1]] = resolve(base, unescape(after[1].text[1:-1]))
        elif word == "FROM" and after:
            into = default
            if after[0].kind == WORD and after[0].text.upper() == "NAMED":
                into, after = named, after[1:]
            iri = expand(after[0], prefixes, base) if after else None
            if iri is not None:
                into.append(iri)
                found = True
    return (tuple(default), tuple(named)) if found else None


def dataset(view, reading, job):
    """The store to ask, and the engine's arguments for the dataset of a query: (store, default, named).

    `named` is complete only where the query has GRAPH.
    """
    known = state(view)
    if job.default_graphs is not None or job.named_graphs is not None:
        asked = (job.default_graphs or (), job.named_graphs or ())
    else:
        asked = from_clauses(reading, job.base_iri)
    if asked is None:
        # Without GRAPH no named graph can be asked for, and a long list need not be handed over.
        return view.store, [known.default], known.graphs if "GRAPH" in reading.words else []
    named = known.existing(asked[1])
    default = known.existing(asked[0])
    if len(default) > 1:
        if view.union and len(default) == len(known.graphs) and not _has_own_default(view):
            return view.store, [UNION_GRAPH], named
        graph, store = merged(view, default, named)
        return store, [graph], named
    return view.store, default or [EMPTY_GRAPH], named


def _has_own_default(view):
    return next(view.store.quads_for_pattern(None, None, None, ox.DefaultGraph()), None) is not None


def merged(view, graphs, named):
    """A graph that holds every triple of `graphs` once, and the store where it is beside the named graphs.

    Merged into the view's own store where that can be written (a worker's copy is private), else, on disk
    and read-only, into one of its own. Blank nodes stay what they are.
    """
    known = state(view)
    key = (frozenset(graphs), frozenset(named))
    held = known.merged.get(key) or known.merged.get(key[0])
    if held is not None:
        return held
    known.merges += 1
    name = ox.NamedNode(f"{MERGED}{known.merges}")
    while len(known.merged) >= MERGED_GRAPHS:
        old, store = known.merged.popitem(last=False)[1]
        if store is view.store:
            store.remove_graph(old)
    try:
        view.store.extend(_renamed(view.store, graphs, name))
    except (OSError, RuntimeError):  # opened read-only
        store = ox.Store()
        copied = chain.from_iterable(view.store.quads_for_pattern(None, None, None, graph) for graph in named)
        store.extend(chain(_renamed(view.store, graphs, name), copied))
        known.merged[key] = held = (name, store)
    else:
        known.merged[key[0]] = held = (name, view.store)
    return held


def _renamed(store, graphs, name):
    for graph in graphs:
        for quad in store.quads_for_pattern(None, None, None, graph):
            yield ox.Quad(quad.subject, quad.predicate, quad.object, name)


__all__ = ["dataset", "from_clauses", "is_hidden", "merged"]
