"""Counts of a view's data, found when they are first asked for and kept until its version changes.

Exact: each is what the engine itself answers, once. What one evaluator had to count for long it tells the
others (`news`, `learn`), so that it is counted once for each version of the data. Estimates (how many triples
a pattern has) come from the first triples of the engine's own indexes.
"""

import json
import time
from itertools import islice

import pyoxigraph as ox

from incsr.query.syntax_tree import Call, Iri, Triples, Var
from incsr.query.view import state

# Beyond so many a pattern is simply large.
SAMPLE = 400
KEPT_COUNTS = 4096
# What took less time everybody may count for himself.
WORTH_TELLING_S = 0.002
# A partition of more classes or properties is asked of the engine each time.
LARGEST_PARTITION = 4096


def default_graph(view):
    """The graph that a query sees which names no dataset."""
    return state(view).default


def estimate(view, subject, predicate, object_) -> int:
    """How many triples of the default graph match, at most SAMPLE."""
    quads = view.store.quads_for_pattern(subject, predicate, object_, default_graph(view))
    return sum(1 for _ in islice(quads, SAMPLE))


def triples(known, view, subject, predicate, object_) -> int:
    """How many triples of the default graph match, exactly; None stands for anything."""
    key = (subject, predicate, object_)
    count = known.counts.get(key)
    if count is None:
        if len(known.counts) >= KEPT_COUNTS:
            known.counts.clear()
        began = time.perf_counter()
        terms = [f"?v{number}" if term is None else f"<{term}>" for number, term in enumerate(key)]
        row = next(
            view.store.query(
                f"SELECT (COUNT(*) AS ?n) {{ {' '.join(terms)} }}", default_graph=[default_graph(view)]
            )
        )
        count = known.counts[key] = int(row[0].value)
        _tell(known, key, began)
    return count


def _tell(known, key, began):
    if time.perf_counter() - began > WORTH_TELLING_S:
        known.news.append(key)


def news(view) -> bytes:
    """What was counted since it was last asked, as JSON; nothing where there is none."""
    held = view.kept.get("query")
    if held is None or not held.news:
        return b""
    keys, held.news = held.news, []
    return json.dumps([[key, held.counts[key]] for key in keys if key in held.counts]).encode()


def learn(view, payload: bytes):
    """Take over what another evaluator of the same version has counted."""
    counts = state(view).counts
    for key, value in json.loads(payload):
        if isinstance(key, list):
            counts[tuple(key)] = value
        else:
            counts[key] = value if value is None else [(iri, number) for iri, number in value]


def partition(known, view, classes: bool) -> list[tuple[str, int]] | None:
    """Every property, or every class, with the number of its triples; None where they cannot be listed."""
    key = "classes" if classes else "properties"
    if key not in known.counts:
        began = time.perf_counter()
        pattern = f"?s <{A}> ?k" if classes else "?s ?k ?o"
        rows = view.store.query(
            f"SELECT ?k (COUNT(*) AS ?n) {{ {pattern} }} GROUP BY ?k", default_graph=[default_graph(view)]
        )
        found = list(islice(rows, LARGEST_PARTITION + 1))
        listed = len(found) <= LARGEST_PARTITION and all(isinstance(row[0], ox.NamedNode) for row in found)
        known.counts[key] = [(row[0].value, int(row[1].value)) for row in found] if listed else None
        _tell(known, key, began)
    return known.counts[key]


A = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def counted_pattern(select) -> tuple | None:
    """The variable and the pattern of `SELECT (COUNT(*) AS ?c) { one triple pattern }`, or None.

    Returns: (name, subject, predicate, object), where a term is an IRI or None, for a variable of its own.
    """
    if not _is_plain(select) or select.group_by or select.order_by or select.limit or select.offset:
        return None
    if select.items is None or len(select.items) != 1:
        return None
    expression, variable = select.items[0]
    terms = _one_pattern(select.where)
    if terms is None or not _counts_rows(expression, terms):
        return None
    return (variable.name, *[None if isinstance(term, Var) else term.value for term in terms])


def partitioned(select) -> tuple | None:
    """What to count by, and what the head calls it, of `SELECT ?k (COUNT(*) AS ?n) { … } GROUP BY ?k`.

    Returns: (whether by class, items of the head as "key" or "count", their names), or None. Without a count,
    `SELECT DISTINCT ?k { … }` is meant.
    """
    if not _is_plain(select) or select.items is None:
        return None
    terms = _one_pattern(select.where)
    if terms is None or not isinstance(terms[0], Var) or not isinstance(terms[2], Var):
        return None
    classes = not isinstance(terms[1], Var)
    if classes and terms[1].value != A:
        return None
    key = terms[2] if classes else terms[1]
    names, kinds = [], []
    for expression, variable in select.items:
        if expression is None and variable == key:
            kinds.append("key")
        elif _counts_rows(expression, terms):
            kinds.append("count")
        else:
            return None
        names.append(variable.name)
    if len(set(names)) != len(names) or "key" not in kinds:
        return None
    if any(
        not isinstance(expression, Var) or expression.name not in names for _, expression in select.order_by
    ):
        return None
    if "count" in kinds:
        grouped = len(select.group_by) == 1 and select.group_by[0] == (key, None)
        if not grouped or select.modifier:
            return None
    elif select.modifier != "DISTINCT" or select.group_by:
        return None
    return classes, kinds, names


def _is_plain(select):
    return (
        select.form == "SELECT"
        and not select.dataset
        and not select.having
        and select.values is None
        and select.where is not None
    )


def _one_pattern(where):
    """The three terms of a group that is one triple pattern of IRIs and distinct variables, or None."""
    if len(where.elements) != 1 or not isinstance(where.elements[0], Triples):
        return None
    triples = where.elements[0]
    if len(triples.properties) != 1 or len(triples.properties[0][1]) != 1:
        return None
    verb, (object_,) = triples.properties[0]
    terms = (triples.subject, verb, object_)
    if not all(isinstance(term, Var | Iri) for term in terms):
        return None
    variables = [term.name for term in terms if isinstance(term, Var)]
    return terms if len(set(variables)) == len(variables) else None


def _counts_rows(expression, terms):
    if not isinstance(expression, Call) or expression.name != "COUNT" or expression.distinct:
        return False
    return expression.star or (
        len(expression.arguments) == 1
        and isinstance(expression.arguments[0], Var)
        and expression.arguments[0] in terms
    )
