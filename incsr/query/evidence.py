"""The evidence of each solution of a SELECT: the measurements and statements that its own matches rest on.

The query runs as it was sent, so that its solutions stay what they are. A second one, without grouping,
order and limit, gives every match of the patterns with all their variables; each match says by which triples
it holds, and each solution takes the matches that have its values. What cannot be followed (a path with `*`,
a subquery that groups, another endpoint) is said to be unknown, with the reason, and never guessed.
"""

import contextlib
import json

import pyoxigraph as ox

from incsr import formats
from incsr.messages import Head, Problem
from incsr.namespaces import PREFIXES
from incsr.query import evaluate, spelling, tracing
from incsr.query.cursor import ParseError
from incsr.query.dataset import dataset
from incsr.query.evaluate import Body
from incsr.query.guard import Refused, guard
from incsr.query.parser import parse
from incsr.query.plan import planned
from incsr.query.view import UNION_GRAPH, is_hidden, state

_RESULTS = b',"results":{"bindings":['
MOST_MATCHES = 20_000
TOO_MANY = f"the query has more than {MOST_MATCHES} matches"
UNREAD = "the query could not be followed"
CHANGED = "a second evaluation gave other values, as with RAND() or NOW()"
CUT = "several matches give this same solution, and only some of them are shown"

_CBP, _OA = PREFIXES["cbp"], PREFIXES["oa"]
_TYPE = ox.NamedNode(PREFIXES["rdf"] + "type")
_FACTS = {ox.NamedNode(_CBP + "Measurement"), ox.NamedNode(PREFIXES["rdf"] + "Statement")}
_EVIDENCE, _QUOTATION = ox.NamedNode(_CBP + "evidence"), ox.NamedNode(_CBP + "quotation")
_NO_WORDS = "this fact cites no words of the page: it is computed, or another source's"


def answered(view, job, result, private, evaluated):
    """The answer to a SELECT with the evidence of its solutions: (Head, Body), or a Problem.

    `result` is the engine's for the query as it was sent; `evaluated(store, plan, reading, job, default,
    named)` runs a prepared query.
    """
    if not isinstance(result, ox.QuerySolutions):
        return Problem(
            400, "Only a SELECT has evidence", "This query gives a boolean or a graph.", "no-evidence",
            "Leave evidence away, or ask with SELECT.",
        )  # fmt: skip
    format_ = formats.negotiate("solutions", job.accept, job.format)
    if format_ is None:
        return evaluate.not_acceptable("solutions")

    def run(text):
        try:
            again = guard(text, "query", view.service_allow)
        except Refused as refused:
            # What is added to follow the matches made it too long, or too much of one kind.
            return refused.problem
        if again.refusal is not None:
            return again.refusal
        store, default, named = dataset(view, again, job)
        plan = planned(state(view), again, job.base_iri, named)
        if isinstance(plan, Problem):
            return plan
        result = evaluated(store, plan, again, job, default, named)
        if isinstance(result, Problem):
            return result
        return [variable.value for variable in result.variables], result, plan.private

    variables = [variable.value for variable in result.variables]
    rows = [tuple(row) for row in _capped(result, job.limits.max_rows)]
    found = _evidence(view, run, job.text, job.base_iri, variables, rows)
    if private:
        rows = [tuple(spelling.decode_term(term) for term in row) for row in rows]
    if format_.name != "json":
        variables, rows = _with_columns(variables, rows, found)
    body = EvidenceBody(format_, formats.Solutions(variables, rows), job.limits, found)
    return Head(200, format_.content_type), body


def _capped(result, max_rows):
    # One more than may be sent, so that the body finds out that there are too many.
    for number, row in enumerate(result):
        yield row
        if max_rows is not None and number >= max_rows:
            return


class EvidenceBody(Body):
    """The bytes of an answer with its evidence: in JSON as a member beside the results, in order of the
    solutions.

    It stands before the results, since strict readers take nothing behind the bindings.
    """

    def __init__(self, format_, result, limits, evidence):
        super().__init__(format_, result, limits)
        self.evidence = evidence

    def __iter__(self):
        if self.format.name != "json":
            yield from super().__iter__()
            return
        head, found = b"", False
        for chunk in super().__iter__():
            if found:
                yield chunk
                continue
            head += chunk
            before, mark, after = head.partition(_RESULTS)
            if mark:
                found = True
                yield before + b',"evidence":' + _json(self.evidence) + mark + after

    def write_to(self, output):
        for chunk in self:
            output.write(chunk)


def _json(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _with_columns(variables, rows, found):
    """The solutions with two columns more: the words, and the passages they are."""
    more = []
    for name in ("evidence_quotation", "evidence_passage"):
        while name in variables:
            name += "_"
        more.append(name)
    wider = []
    for row, facts in zip(rows, found, strict=True):
        words = " | ".join(fact["quotation"] for fact in facts if "quotation" in fact)
        unknown = "; ".join(dict.fromkeys(fact["unknown"] for fact in facts if "unknown" in fact))
        passages = list(dict.fromkeys(fact["passage"] for fact in facts if "passage" in fact))
        told = words or (f"unknown: {unknown}" if unknown else "")
        address = ox.NamedNode(passages[0]) if len(passages) == 1 else ox.Literal(" ".join(passages))
        wider.append((*row, ox.Literal(told) if told else None, address if passages else None))
    return [*variables, *more], wider


def _evidence(view, run, text, base_iri, variables, rows):
    """For each solution, in order, the list of what it rests on, as plain values."""

    def unknown(reason):
        return [[{"unknown": reason}] for _ in rows]

    try:
        traced = tracing.traced(text, parse(text, base_iri), parse(text, base_iri), variables)
    except (ParseError, RecursionError, tracing.TooMany):
        return unknown(UNREAD)
    keys = rows
    if traced.augmented is not None:
        again = run(traced.augmented)
        if isinstance(again, Problem):
            return unknown(UNREAD)
        wider = [tuple(row) for row in _capped(again[1], len(rows))]
        if [row[: len(variables)] for row in wider] != rows:
            return unknown(CHANGED)
        keys = [row[len(variables) :] for row in wider]
    elif traced.reason:
        return unknown(traced.reason)
    detail = run(f"{traced.detail} LIMIT {MOST_MATCHES + 1}")
    if isinstance(detail, Problem):
        return unknown(UNREAD)
    index = _index(view)
    names = {name: place for place, name in enumerate(detail[0])}
    matches, width = {}, traced.width
    for number, match in enumerate(detail[1]):
        if number >= MOST_MATCHES:
            return unknown(TOO_MANY)
        match = tuple(match)
        matches.setdefault(match[:width], []).append(index.facts_of(traced.triples_of(match, names)))
    return [
        _told(index, facts, traced.reasons, why)
        for facts, why in _assigned(keys, matches, traced.merges)
    ]  # fmt: skip


def _assigned(keys, matches, merges):
    """For each solution (its facts, why they are not known): all matches of its group, or one match each."""
    counts, taken = {}, {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    for key in keys:
        held = matches.get(key)
        if held is None:
            yield [], CHANGED if keys and key else ""
        elif merges:
            yield list(dict.fromkeys(fact for facts in held for fact in facts)), ""
        elif len(held) == counts[key]:
            at = taken[key] = taken.get(key, -1) + 1
            yield held[at], ""
        elif all(facts == held[0] for facts in held):
            yield held[0], ""
        else:
            yield [], CUT


def _told(index, facts, reasons, why):
    told = [index.words_of(fact) for fact in facts]
    return told + [{"unknown": reason} for reason in (*([why] if why else []), *reasons)]


class _Index:
    """Which facts a triple states, and the words that a fact cites, for one version of a view."""

    def __init__(self, view):
        store = view.store
        graph = UNION_GRAPH if state(view).default == UNION_GRAPH else None

        def triples(predicate, object_=None):
            for quad in store.quads_for_pattern(None, predicate, object_, graph):
                if graph is not None or not is_hidden(getattr(quad.graph_name, "value", "")):
                    yield quad.subject, quad.object

        self.facts = {subject for kind in _FACTS for subject, _ in triples(_TYPE, kind)}
        parts = {}
        for name in ("subject", "predicate", "object"):
            for subject, value in triples(ox.NamedNode(PREFIXES["rdf"] + name)):
                parts.setdefault(subject, {})[name] = value
        self.statements = {}
        for iri, said in parts.items():
            if len(said) == 3 and iri in self.facts:
                key = (said["subject"], said["predicate"], said["object"])
                self.statements.setdefault(key, []).append(iri)
        words, starts, ends = ({s: o.value for s, o in triples(ox.NamedNode(_OA + name))}
                               for name in ("exact", "start", "end"))  # fmt: skip
        places = {}
        for passage, selector in triples(ox.NamedNode(_OA + "hasSelector")):
            place = places.setdefault(passage, {})
            if selector in words:
                place["quotation"] = words[selector]
            if selector in starts and selector in ends:
                # Whoever may write may write something else there.
                with contextlib.suppress(ValueError):
                    place["start"], place["end"] = int(starts[selector]), int(ends[selector])
        quotations = {}
        for subject, said in triples(_QUOTATION):
            quotations.setdefault(subject, set()).add(said.value)
        self.words = {}
        for subject, passage in triples(_EVIDENCE):
            place = places.get(passage, {})
            if isinstance(passage, ox.NamedNode) and isinstance(subject, ox.NamedNode) and len(place) == 3:
                own = place["quotation"] in quotations.get(subject, ())
                self.words.setdefault(subject, []).append((not own, place["start"], place, passage.value))

    def facts_of(self, triples):
        """The measurements and statements that some triples are; where they are none, the things they tell
        of."""
        found, things = {}, {}
        for subject, predicate, object_ in triples:
            if subject in self.facts:
                found[subject] = None
            found |= dict.fromkeys(self.statements.get((subject, predicate, object_), ()))
            if subject in self.words:
                things[subject] = None
        return tuple(found or things)

    def words_of(self, fact):
        """What a fact cites: its quotation and that passage; `further` are those that its period and the
        like rest on."""
        cited = sorted(self.words.get(fact, ()), key=lambda each: each[:2])
        iri = fact.value if isinstance(fact, ox.NamedNode) else str(fact)
        if not cited:
            return {"iri": iri, "unknown": _NO_WORDS}
        own, *further = [{**place, "passage": passage} for _, _, place, passage in cited]
        return {"iri": iri, **own, **({"further": further} if further else {})}


def _index(view):
    held = view.kept.get("evidence")
    if held is None or held[0] != view.version:
        held = view.kept["evidence"] = (view.version, _Index(view))
    return held[1]
