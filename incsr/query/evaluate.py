"""A job to its answer on a view: guarded, mended, evaluated by the engine, written in the format asked for.

`answer` reads; `apply` (incsr.query.change) writes. Anything that a client did wrong is a `Problem`; anything
that this code or the engine did wrong raises.
"""

import pyoxigraph as ox

from incsr import formats
from incsr.messages import Head, Problem, ReadJob
from incsr.query import spelling, syntax, templates
from incsr.query.change import apply
from incsr.query.dataset import dataset
from incsr.query.functions import run
from incsr.query.guard import Refused, guard
from incsr.query.limits import MARKS, Counted, Failed, Tally
from incsr.query.network import AMBIGUOUS, without_network
from incsr.query.plan import Plan, prepared
from incsr.query.view import UNION_GRAPH, is_hidden, state

__all__ = ["Body", "Failed", "answer", "apply"]

_KINDS = {"SELECT": "solutions", "ASK": "boolean", "CONSTRUCT": "graph", "DESCRIBE": "graph"}


_NATIVE = (ox.QuerySolutions, ox.QueryTriples)


class Body:
    """The bytes of an answer, once: iterate over them, or have them written into something with `write`.

    Writing is faster, since the engine serializes itself. Both raise `Failed` when a limit is passed.
    """

    def __init__(self, format_, result, limits, private=False):
        self.format = format_
        self.limits = limits
        self.limited = limits.max_rows is not None or limits.max_bytes is not None
        # Where the engine writes, what has to be changed or counted is found in the bytes.
        # Of no row, JSON has no mark.
        self.native = format_.name in MARKS and isinstance(result, _NATIVE) and limits.max_rows != 0
        self.private = private
        self.rows: int | None = None  # of a complete answer that `write_to` wrote, where they were counted
        self.tally = None
        if not self.native:
            if private:
                result = _mapped(result, spelling.decode_term, spelling.decode_triple)
            if limits.max_rows is not None:
                result, self.tally = _counted(result, limits.max_rows)
        self.result = result

    def __iter__(self):
        result = self.result
        if self.native and self.private:
            result = _mapped(result, spelling.decode_term, spelling.decode_triple)
        counter = Counted(None, self.format, self.limits, self.native, self._first())
        for chunk in formats.chunks(self.format, result):
            if self.limited:
                counter.count(chunk)
            yield chunk
        counter.total()

    def _first(self) -> str | None:
        """The name of the first variable of solutions that the engine writes itself."""
        if not self.native or not isinstance(self.result, ox.QuerySolutions):
            return None
        variables = self.result.variables
        return variables[0].value if variables else None

    def write_to(self, output):
        """Write everything into `output`, in pieces of some kilobytes."""
        counter = None
        if self.limited:
            output = counter = Counted(output, self.format, self.limits, self.native, self._first())
        if self.native and self.private:
            output = decoded = spelling.Decoded(output, self.format.name)
            formats.write(self.format, self.result, output)
            decoded.close()
        else:
            formats.write(self.format, self.result, output)
        if self.tally is not None:
            self.rows = self.tally.rows
        elif counter is not None:
            self.rows = counter.total()


def _mapped(result, of_term, of_triple):
    """A result whose terms or triples went through a function."""
    if isinstance(result, ox.QuerySolutions):
        names = [variable.value for variable in result.variables]
        return formats.Solutions(names, ([of_term(term) for term in row] for row in result))
    if formats.kind_of(result) == "graph":
        return (of_triple(triple) for triple in result)
    return result


def _counted(result, max_rows):
    """A result that fails when it has more rows or triples than are sent, and what counts them."""
    if isinstance(result, ox.QuerySolutions):
        tally = Tally(result, max_rows)
        return formats.Solutions([variable.value for variable in result.variables], tally), tally
    if isinstance(result, formats.Solutions):
        tally = Tally(result.rows, max_rows)
        return formats.Solutions(result.variables, tally), tally
    if formats.kind_of(result) == "boolean":
        return result, None
    tally = Tally(result, max_rows)
    return iter(tally), tally


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
    known = state(view)
    fitting = templates.fitted(view, known, job)
    if fitting is not None:
        found = of_template(view, known, job, *fitting)
        if found is not None:
            return found
    reading = guard(job.text, "query", view.service_allow)
    if reading.refusal is not None:
        return _refused(reading, job)
    store, default, named = dataset(view, reading, job)
    plan = prepared(known, reading, job, named)
    if isinstance(plan, Problem):
        return plan
    result = evaluated(store, plan, reading, job, default, named)
    if isinstance(result, Problem):
        return result
    if job.evidence:
        return _with_evidence(view, job, result, plan.private)
    return _answered(formats.kind_of(result), result, job, plan.private)


def of_template(view, known, job, template, constants):
    """The answer to a query that fits a template.

    Returns: (Head, Body), or a Problem, or None where its text has to go the long way.
    """
    plan, text = template.plan, template.text(job.text, constants, known, view)
    result = _run(view.store, text, plan, job, [known.default], [])
    if isinstance(result, SyntaxError | Problem):
        return None
    if job.evidence:
        return _with_evidence(view, job, result, plan.private)
    return _answered(formats.kind_of(result), result, job, plan.private)


def _with_evidence(view, job, result, private):
    # It needs what stands here; the mother of all evaluators has imported it.
    from incsr.query import evidence

    return evidence.answered(view, job, result, private, evaluated)


def _refused(reading, job):
    """Why a text must not run; that its syntax is wrong goes first."""
    if reading.refusal.code == AMBIGUOUS:
        return reading.refusal
    plan = Plan(without_network(reading.text))
    result = _run(ox.Store(), plan.text, plan, job, None, None)
    return syntax.problem(reading.source, result) if isinstance(result, SyntaxError) else reading.refusal


def _answered(kind, result, job, private):
    format_ = formats.negotiate(kind, job.accept, job.format)
    if format_ is None:
        return not_acceptable(kind)
    return Head(200, format_.content_type), Body(format_, result, job.limits, private)


def not_acceptable(kind):
    """The problem that a kind of result has none of the formats asked for."""
    return Problem(
        406,
        "No acceptable format",
        f"The result can be sent as {formats.offers_in_words(kind)}.",
        "not-acceptable",
        "Name one of these in the Accept header, or with format=.",
    )


def evaluated(store, plan, reading, job, default, named):
    """The engine's result for a prepared query, or a Problem."""
    result = _run(store, plan.text, plan, job, default, named)
    if isinstance(result, SyntaxError) and plan.text is not reading.text:
        # The error must speak of the text as it was sent; and where the engine takes that, it shall have it.
        result = _run(store, reading.text, plan, job, default, named)
    if isinstance(result, SyntaxError):
        return syntax.problem(reading.source, result)
    return result


def _run(store, text, plan, job, default, named):
    """The engine's result, or the SyntaxError that it raised; a Problem for what is no text at all."""
    try:
        return run(
            store.query,
            text,
            plan.functions,
            base_iri=job.base_iri,
            default_graph=default,
            named_graphs=named,
        )
    except SyntaxError as error:
        return error
    except UnicodeEncodeError as error:
        return syntax.not_unicode(error)


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
    return _answered("graph", (quad.triple for quad in quads), job, bool(state(view).flags))


def named_node(iri):
    """An IRI as a term, or None where it is none."""
    try:
        return ox.NamedNode(iri)
    except ValueError:
        return None


def _unwritable(error):
    return Problem(406, "The result cannot be written in this format", f"{error}.", "unwritable", error.hint)
