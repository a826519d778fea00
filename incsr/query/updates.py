"""The text of an update as the engine is to run it.

Added where they are needed: the protocol's dataset as USING clauses; the union as the default graph of each
WHERE; the mends that queries get; the private form of literals; and the operations that keep the hidden
graphs right, inside of the same transaction. The engine evaluates the rest of the text as it stands.

Source: SPARQL 1.1 Update, section 3.1.3; SPARQL 1.1 Protocol, section 2.2.3.
"""

import pyoxigraph as ox

from incsr.messages import Problem
from incsr.query import mend, syntax
from incsr.query.functions import run
from incsr.query.guard import Refused, guard
from incsr.query.lexer import WORD, excerpt, tokens
from incsr.query.network import AMBIGUOUS, without_network
from incsr.query.operations import operations
from incsr.query.rewriting import Rewritten, rewritten
from incsr.query.spelling import FLAGS, flag_quads
from incsr.query.view import MERGED, UNION_GRAPH, is_hidden, state

FOLLOWED_CHARACTERS = 100_000

# Run after a change in union mode: what no graph holds any longer goes, what is new comes.
_RESYNC = (
    f"CLEAR SILENT GRAPH {UNION_GRAPH} ; INSERT {{ GRAPH {UNION_GRAPH} {{ ?s ?p ?o }} }} "
    f"WHERE {{ {{ GRAPH ?g {{ ?s ?p ?o }} FILTER(!STRSTARTS(STR(?g), '{UNION_GRAPH.value}')) }} "
    "UNION { ?s ?p ?o } }"
)


def prepared(view, job):
    """The text to run for a job, and the source it came from.

    Raises: Refused.
    """
    reading = guard(job.text, "update", view.service_allow, max_characters=None)
    source = reading.source
    if reading.refusal is not None:
        if reading.refusal.code != AMBIGUOUS:
            _check_syntax(source, job)
        raise Refused(reading.refusal)
    found, named = operations(source.text, job.base_iri)
    protocol = _protocol_dataset(job, reading, named)
    _refuse_hidden(source, named)
    edits = []  # (from, to, text)
    known = state(view)
    visible = [graph.value for graph in known.graphs]
    mentioned = [*visible, *sorted(named.difference(visible))]
    edits, flagged = [], set()
    look = bool(known.flags) or mend.needed(reading, known.flags)
    # A small change of a large store has the union follow it; after a large one it is made anew.
    look = look or (view.union and len(source.text) < FOLLOWED_CHARACTERS)
    # GRAPH with a variable may have been given one of our names, which nobody can read off the text.
    look = look or "GRAPH" in reading.words
    dirty = False
    for number, operation in enumerate(found):
        before, after = [], []
        clauses = ""
        if operation.where is not None:
            clauses = _using(view, operation, protocol, mentioned, number, before, after)
            if view.union and dirty and UNION_GRAPH.value in clauses:
                before.insert(0, _RESYNC)
                dirty = False
        changed = None
        if _is_silent_load(operation):
            changed = Rewritten("INSERT DATA { }", in_step=True)  # it fails, and silently
        elif look:
            changed = rewritten(operation, clauses, known.flags, mentioned, flagged, view.union)
        if changed is not None:
            if changed.left_out:
                _check_syntax(source, job)
            edits.append((operation.start, operation.end, changed.text))
            before += changed.before
            after = changed.after + after
        else:
            _place(source.text, operation, clauses, edits)
        if known.flags and operation.words & {"CLEAR", "DROP"} and "NAMED" in operation.words:
            flagged |= {(predicate, name) for predicate, names in known.flags.items() for name in names}
        if before:
            edits.append((operation.start, operation.start, " ; ".join(before) + " ; "))
        if after:
            edits.append((operation.end, operation.end, " ; " + " ; ".join(after)))
        dirty = dirty or changed is None or not changed.in_step
    last = []
    if flagged:
        quads = " ".join(f"{quad.subject} {quad.predicate} {quad.object} ." for quad in flag_quads(flagged))
        last.append(f"INSERT DATA {{ GRAPH {FLAGS} {{ {quads} }} }}")
    if view.union and dirty:
        last.append(_RESYNC)
    if last:
        edits.append((found[-1].end, found[-1].end, " ; " + " ; ".join(last)))
    return _edited(source.text, edits), source


def _is_silent_load(operation):
    if len(operation.tokens) not in (3, 6):
        return False
    words = [token.text.upper() for token in operation.tokens]
    return words[:2] == ["LOAD", "SILENT"] and words[3:5] in ([], ["INTO", "GRAPH"])


def _check_syntax(source, job):
    """Raise Refused where the syntax of an update is wrong that does not run, or not with all its parts."""
    try:
        run(ox.Store().update, without_network(source.text), base_iri=job.base_iri)
    except SyntaxError as error:
        raise Refused(syntax.problem(source, error, "update")) from None
    except (RuntimeError, OSError):
        return  # valid, and not possible on a store that is empty


def _protocol_dataset(job, reading, named):
    """The clauses of using-graph-uri and using-named-graph-uri, or None."""
    if job.using_graphs is None and job.using_named_graphs is None:
        return None
    if "USING" in reading.words or "WITH" in reading.words:
        word = "USING" if "USING" in reading.words else "WITH"
        at = next(t.start for t in tokens(reading.text) if t.kind == WORD and t.text.upper() == word)
        line, column = reading.source.line_column(at)
        raise Refused(
            Problem(
                400,
                "Two datasets are named",
                f"The request has using-graph-uri or using-named-graph-uri, and the update has {word}.",
                "dataset",
                f"Take out the parameters or the {word} clauses (SPARQL 1.1 Protocol, section 2.2.3).",
                line=line,
                column=column,
                excerpt=excerpt(reading.source.sent, line, column),
            )
        )
    graphs = [(False, iri) for iri in job.using_graphs or ()]
    graphs += [(True, iri) for iri in job.using_named_graphs or ()]
    named.update(iri for _, iri in graphs)
    return graphs


def _refuse_hidden(source, named):
    hidden = next((iri for iri in named if is_hidden(iri)), None)
    if hidden is not None:
        raise Refused(
            Problem(
                400, "This graph cannot be named", f"<{hidden}> is reserved.", "refused", "Take another IRI."
            )
        )


def _using(view, operation, protocol, mentioned, number, before, after):
    """The USING clauses that an operation runs with; operations to run around it go to before and after."""
    chosen = protocol if protocol is not None else operation.using
    if chosen:
        default = list(dict.fromkeys(iri for is_named, iri in chosen if not is_named))
        names = [iri for is_named, iri in chosen if is_named]
    elif operation.with_ is not None:
        default, names = [operation.with_], mentioned if "GRAPH" in operation.words else []
    elif view.union:
        default, names = [UNION_GRAPH.value], mentioned if "GRAPH" in operation.words else []
    else:
        return ""
    if None in default or None in names:
        return ""  # a prefix that is not declared: the engine says so
    if len(default) > 1:
        # Several graphs are one set of triples: merged for this operation (SPARQL 1.1 Query, section 13.1).
        merged = f"<{MERGED}{number}>"
        parts = " UNION ".join(f"{{ GRAPH <{iri}> {{ ?s ?p ?o }} }}" for iri in default)
        before.append(f"INSERT {{ GRAPH {merged} {{ ?s ?p ?o }} }} WHERE {{ {parts} }}")
        after.append(f"DROP SILENT GRAPH {merged}")
        default = [merged[1:-1]]
    return "".join(f"USING <{iri}> " for iri in default) + "".join(f"USING NAMED <{iri}> " for iri in names)


def _place(text, operation, clauses, edits):
    if not clauses:
        return
    if operation.using_at is not None:
        edits.append((*operation.using_at, clauses))
    elif operation.short and operation.short[1]:
        block = text[operation.short[0] : operation.short[1]]
        edits.append((operation.where, operation.where, f"{block} {clauses}"))
    else:
        edits.append((operation.where, operation.where, clauses))


def _edited(text, edits):
    """The text with parts replaced; what is put in at the end of a part stands after what replaces it."""
    parts, at = [], 0
    for start, end, new in sorted(edits, key=lambda edit: (edit[0], edit[1])):
        parts += (text[at:start], new)
        at = max(at, end)
    return "".join(parts) + text[at:]
