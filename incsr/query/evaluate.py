"""A job to its answer on a view: guarded, mended, evaluated by the engine, written in the format asked for.

`answer` reads; `apply` (incsr.query.change) writes. Anything that a client did wrong is a `Problem`; anything
that this code or the engine did wrong raises.
"""

import re

import pyoxigraph as ox

from incsr import formats
from incsr.messages import Head, Problem, ReadJob
from incsr.query import syntax
from incsr.query.change import apply
from incsr.query.dataset import dataset
from incsr.query.guard import Refused, guard
from incsr.query.limits import MARKS, Counted, Failed, counted
from incsr.query.view import UNION_GRAPH, is_hidden

__all__ = ["Body", "Failed", "answer", "apply"]

_KINDS = {"SELECT": "solutions", "ASK": "boolean", "CONSTRUCT": "graph", "DESCRIBE": "graph"}


class Body:
    """The bytes of an answer, once: iterate over them, or have them written into something with `write`.

    Writing is faster, since the engine serializes itself. Both raise `Failed` when a limit is passed.
    """

    def __init__(self, format_, result, limits):
        self.format = format_
        self.limits = limits
        self.limited = limits.max_rows is not None or limits.max_bytes is not None
        if limits.max_rows is not None and not (format_.name in MARKS and isinstance(result, _NATIVE)):
            result = _counted(result, limits.max_rows)
        self.result = result

    def __iter__(self):
        counter = Counted(None, self.format, self.limits)
        for chunk in formats.chunks(self.format, self.result):
            if self.limited:
                counter.count(chunk)
            yield chunk

    def write_to(self, output):
        """Write everything into `output`, in pieces of some kilobytes."""
        if self.limited:
            output = Counted(output, self.format, self.limits)
        formats.write(self.format, self.result, output)


_NATIVE = (ox.QuerySolutions, ox.QueryTriples)


def _counted(result, max_rows):
    """A result that fails when it has more rows or triples than are sent."""
    if isinstance(result, ox.QuerySolutions):
        return formats.Solutions([variable.value for variable in result.variables], counted(result, max_rows))
    if isinstance(result, formats.Solutions):
        return formats.Solutions(result.variables, counted(result.rows, max_rows))
    return result if formats.kind_of(result) == "boolean" else counted(result, max_rows)


def answer(view, job: ReadJob):
    """Evaluate a query, or read a graph.

    Returns: (Head, Body), or a Problem.
    """
    try:
        return _graph(view, job) if job.operation == "graph" else _query(view, job)
    except Refused as refused:
        return refused.problem
    except formats.Unwritable as error:
        return _unwritable(error)


def _query(view, job):
    reading = guard(job.text, "query", view.service_allow)
    store, default, named = dataset(view, reading, job)
    result = evaluated(store, reading, job, default, named)
    if isinstance(result, Problem):
        return result
    kind = formats.kind_of(result)
    return _answered(kind, result, job)


def _answered(kind, result, job):
    format_ = formats.negotiate(kind, job.accept, job.format)
    if format_ is None:
        return Problem(
            406,
            "No acceptable format",
            f"The result can be sent as {formats.offers_in_words(kind)}.",
            "not-acceptable",
            "Name one of these in the Accept header, or with format=.",
        )
    return Head(200, format_.content_type), Body(format_, result, job.limits)


_UNKNOWN_FUNCTION = re.compile(r"The custom function <(.*)> is not supported\Z", re.S)


def _no_value(*_arguments):
    """What a function gives that nobody knows: an error of the expression, not of the query.

    Source: SPARQL 1.1 Query Language, section 17.6.
    """
    return None


def evaluated(store, reading, job, default, named):
    """The engine's result for a text, or a Problem."""
    functions = {}
    while True:
        try:
            return store.query(
                reading.text,
                base_iri=job.base_iri,
                default_graph=default,
                named_graphs=named,
                custom_functions=functions,
            )
        except SyntaxError as error:
            return syntax.problem(reading.source, error)
        except RuntimeError as error:
            unknown = _UNKNOWN_FUNCTION.search(str(error))
            if unknown is None or (name := ox.NamedNode(unknown.group(1))) in functions:
                raise
            functions[name] = _no_value
        except UnicodeEncodeError as error:
            return Problem(
                400,
                "The query is not Unicode",
                f"Character {error.start + 1} is half of a surrogate pair.",
                "syntax",
                "Send the query as UTF-8.",
            )


def _graph(view, job):
    """Read one graph (Graph Store Protocol, section 5.2).

    The default graph is the store's own; where nobody has written to it, what a query sees as default graph.
    """
    if job.graph is None:
        graph = ox.DefaultGraph()
        if view.union and next(view.store.quads_for_pattern(None, None, None, graph), None) is None:
            graph = UNION_GRAPH
    else:
        graph = None if is_hidden(job.graph) else named_node(job.graph)
        if graph is None or not view.store.contains_named_graph(graph):
            return Problem(
                404,
                "There is no such graph",
                f"The store has no graph <{job.graph}>.",
                "no-such-graph",
                "The service description lists the named graphs.",
            )
    quads = view.store.quads_for_pattern(None, None, None, graph)
    return _answered("graph", (quad.triple for quad in quads), job)


def named_node(iri):
    """An IRI as a term, or None where it is none."""
    try:
        return ox.NamedNode(iri)
    except ValueError:
        return None


def _unwritable(error):
    return Problem(406, "The result cannot be written in this format", f"{error}.", "unwritable", error.hint)
