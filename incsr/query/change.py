"""One change of the store: an update, or an operation of the Graph Store Protocol; all of it or nothing.

Everything that a client can get wrong is found before the store is touched, or inside of the engine's one
transaction. Keeps the hidden union graph what it promises to be.
"""

import contextlib
import re
from dataclasses import replace

import pyoxigraph as ox

from incsr import conditions
from incsr.messages import Head, Problem, WriteJob
from incsr.query import spelling, syntax
from incsr.query.functions import Miscalled, run
from incsr.query.guard import Refused
from incsr.query.payloads import Unreadable, triples
from incsr.query.spelling import FLAGS
from incsr.query.updates import prepared
from incsr.query.view import UNION_GRAPH, add_union, forget, is_hidden, is_without_union

# Whatever may name a graph in an update, or hide such a word; that it may stand in a string costs only time.
_IRI = re.compile(r"<[^<>\"{}|^`\\\x00-\x20]*>")
_NAMING = re.compile(r"(?i)GRAPH|USING|WITH|INTO|NAMED|CREATE|COPY|MOVE|ADD|LOAD|FROM|\\")

_NO_CONTENT = Head(204)
_CREATED = Head(201)


def apply(view, job: WriteJob, add_text=None):
    """Change the view's store as a job says.

    `add_text(view, graph, payload, base_iri)`, for whoever throws the store away when a job fails, adds a
    document faster than this module does, or says false; it may raise Unreadable with half of it added.
    Returns: a Head (200, 201 or 204), or a Problem, after which the store is as it was (or, with `add_text`,
    of no use).
    """
    try:
        view = _with_union_where_needed(view, job)
        if job.operation == "update":
            return _update(view, job)
        return _graph_store(view, job, add_text)
    except Refused as refused:
        return refused.problem
    except Unreadable as unreadable:
        return unreadable.problem
    finally:
        forget(view)


def _with_union_where_needed(view, job):
    """The view to change: a plain dataset, where its default graph is all there is and all that changes."""
    if not view.union or not is_without_union(view.store):
        return view
    if job.operation == "update":
        names = job.using_graphs is not None or job.using_named_graphs is not None
        names = names or _NAMING.search(_IRI.sub("<>", job.text))
    else:
        names = job.graph is not None
    if not names:
        return replace(view, union=False)
    add_union(view.store)
    return view


def _update(view, job):
    text, source = prepared(view, job)
    try:
        run(view.store.update, text, base_iri=job.base_iri)
    except SyntaxError as error:
        return _syntax_problem(source, error, job)
    except UnicodeEncodeError as error:
        return syntax.not_unicode(error, "update")
    except RuntimeError as error:
        if "already exists" in str(error) or "does not exist" in str(error):
            return Problem(
                409,
                "The update cannot be done",
                f"{error}. Nothing was changed.",
                "conflict",
                "Add SILENT to the operation, where that is no error for you.",
            )
        raise
    _drop_strays(view)
    return _NO_CONTENT


def _drop_strays(view):
    """Drop graphs with reserved names that are not ours: a text that only the engine could read made them."""
    ours = (FLAGS, UNION_GRAPH) if view.union else (FLAGS,)
    for graph in list(view.store.named_graphs()):
        if is_hidden(graph.value) and graph not in ours:
            view.store.remove_graph(graph)


def _syntax_problem(source, error, job):
    """What is wrong with the text as it was sent: the text that ran may have been longer."""
    if isinstance(error, Miscalled):
        return syntax.problem(source, error, "update")
    try:
        run(ox.Store().update, source.text, base_iri=job.base_iri)
    except SyntaxError as own:
        return syntax.problem(source, own, "update")
    except (RuntimeError, OSError):
        pass  # the text is valid; the store that it ran on is empty, and of no interest
    raise error


def _graph_store(view, job, add_text):
    """PUT, POST and DELETE on one graph.

    Source: SPARQL 1.1 Graph Store HTTP Protocol, sections 5.3 to 5.5; RFC 9110, section 13.
    """
    if job.graph is not None and is_hidden(job.graph):
        raise Refused(
            Problem(
                400,
                "This graph cannot be named",
                f"<{job.graph}> is reserved.",
                "refused",
                "Take another IRI.",
            )
        )
    try:
        graph = ox.DefaultGraph() if job.graph is None else ox.NamedNode(job.graph)
    except ValueError:
        raise Refused(
            Problem(
                400,
                "This is no graph name",
                f"<{job.graph}> is no absolute IRI.",
                "bad-graph",
                "Name the graph by an absolute IRI in graph=.",
            )
        ) from None
    exists = job.graph is None or view.store.contains_named_graph(graph)
    if job.operation == "delete" and not exists:
        return Problem(
            404, "There is no such graph", f"The store has no graph <{job.graph}>.", "no-such-graph"
        )
    # Only here nobody else can write between the look and the deed.
    header = conditions.unmet(
        job.if_match, job.if_none_match, exists, lambda tag: conditions.is_of_version(tag, view.version)
    )
    if header is not None:
        return conditions.failed(header)
    if job.operation == "delete":
        with _replacing(view, graph):
            pass
        view.store.remove_graph(graph)
        return _NO_CONTENT
    base_iri = job.base_iri or job.graph
    if add_text is None:
        added = [triple for payload in job.payloads for triple in triples(payload, base_iri)]
        with _replacing(view, graph, job.operation == "put"):
            _add(view, graph, added)
    else:
        with _replacing(view, graph, job.operation == "put"):
            for payload in job.payloads:
                if not add_text(view, graph, payload, base_iri):
                    _add(view, graph, triples(payload, base_iri))
    if job.graph is not None:
        view.store.add_graph(graph)
    return _NO_CONTENT if exists else _CREATED


def _add(view, graph, added):
    quads = spelling.extend(view.store, [ox.Quad(*triple, graph) for triple in added])
    if view.union:
        view.store.extend([ox.Quad(*quad.triple, UNION_GRAPH) for quad in quads])


@contextlib.contextmanager
def _replacing(view, graph, really=True):
    """Have a graph hold just the triples that are added inside."""
    store = view.store
    gone = []
    if really:
        if view.union:
            gone = [quad.triple for quad in store.quads_for_pattern(None, None, None, graph)]
        if graph == ox.DefaultGraph() or store.contains_named_graph(graph):
            store.clear_graph(graph)
    yield
    for triple in gone:
        if not any(quad.graph_name != UNION_GRAPH for quad in store.quads_for_pattern(*triple, None)):
            store.remove(ox.Quad(*triple, UNION_GRAPH))
