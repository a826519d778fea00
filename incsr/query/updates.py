"""The text of an update as the engine is to run it, from tokens alone.

Three things are added where they are needed: the protocol's dataset as USING clauses; the union as the
default graph of each WHERE; and the operations that keep the hidden graphs right, inside of the same
transaction. The engine evaluates the rest of the text as it stands.

Source: SPARQL 1.1 Update, section 3.1.3; SPARQL 1.1 Protocol, section 2.2.3.
"""

from dataclasses import dataclass, field

from incsr.messages import Problem
from incsr.query.guard import Refused, guard
from incsr.query.iris import resolve
from incsr.query.lexer import IRI, NAME, PUNCT, WORD, excerpt, tokens
from incsr.query.names import expand, unescape
from incsr.query.view import MERGED, UNION_GRAPH, is_hidden, state

# Run after a change in union mode: what no graph holds any longer goes, what is new comes.
_RESYNC = (
    f"CLEAR SILENT GRAPH {UNION_GRAPH} ; INSERT {{ GRAPH {UNION_GRAPH} {{ ?s ?p ?o }} }} "
    f"WHERE {{ {{ GRAPH ?g {{ ?s ?p ?o }} FILTER(!STRSTARTS(STR(?g), '{UNION_GRAPH.value}')) }} "
    "UNION { ?s ?p ?o } }"
)


@dataclass(slots=True)
class Operation:
    """One operation of an update, by the places of its parts in the text."""

    start: int  # its first token, after the prologue
    end: int
    words: set = field(default_factory=set)
    where: int | None = None  # the offset of its WHERE
    short: tuple[int, int] | None = None  # the block of DELETE WHERE { … }
    using: list = field(default_factory=list)  # (named?, IRI) in order
    using_at: tuple[int, int] | None = None  # from the first USING to the end of the last
    with_: str | None = None
    prologue: tuple[int, int] = (0, 0)

    @property
    def modifies(self):
        """Whether it has a WHERE."""
        return self.where is not None


def operations(text, base_iri=None):
    """The operations of an update, and every IRI that it names."""
    found, named = [], set()
    base, prefixes = base_iri, {}
    current = None
    depth = 0
    sequence = tokens(text)
    index = 0
    while index < len(sequence):
        token = sequence[index]
        iri = expand(token, prefixes, base) if token.kind in (IRI, NAME) else None
        if iri is not None:
            named.add(iri)
        if token.kind == PUNCT:
            if token.text in ("{", "{|"):
                depth += 1
            elif token.text in ("}", "|}"):
                depth -= 1
                if current is not None and current.short and depth == 0 and not current.short[1]:
                    current.short = (current.short[0], token.end)
            elif token.text == ";" and depth == 0:
                current = None
        elif token.kind == WORD:
            word = token.text.upper()
            following = sequence[index + 1] if index + 1 < len(sequence) else None
            if current is None and word in ("BASE", "PREFIX", "VERSION"):
                if word == "BASE" and following is not None and following.kind == IRI:
                    base = resolve(base, unescape(following.text[1:-1]))
                elif word == "PREFIX" and index + 2 < len(sequence) and sequence[index + 2].kind == IRI:
                    prefixes[following.text[:-1]] = resolve(base, unescape(sequence[index + 2].text[1:-1]))
                    index += 2
                index += 1
                continue
            if current is None and depth == 0:
                current = Operation(token.start, token.end)
                found.append(current)
            if current is not None:
                current.words.add(word)
                if depth == 0 and word == "WHERE":
                    current.where = token.start
                    if sequence[index - 1].text.upper() == "DELETE" and following is not None:
                        current.short = (following.start, 0)
                elif depth == 0 and word == "WITH" and following is not None:
                    current.with_ = expand(following, prefixes, base)
                elif depth == 0 and word == "USING" and following is not None:
                    at = index + 1
                    is_named = following.text.upper() == "NAMED"
                    at += is_named
                    graph = sequence[at] if at < len(sequence) else following
                    current.using.append((is_named, expand(graph, prefixes, base)))
                    first = current.using_at[0] if current.using_at else token.start
                    current.using_at = (first, graph.end)
        if current is not None:
            current.end = token.end
        index += 1
    return found, named


def prepared(view, job):
    """The text to run for a job, and the source it came from.

    Raises: Refused.
    """
    reading = guard(job.text, "update", view.service_allow, max_characters=None)
    source = reading.source
    found, named = operations(source.text, job.base_iri)
    protocol = _protocol_dataset(job, reading, named)
    _refuse_hidden(source, named)
    edits = []  # (from, to, text)
    visible = [graph.value for graph in state(view).graphs if hasattr(graph, "value")]
    mentioned = [*visible, *sorted(iri for iri in named if iri not in set(visible))]
    dirty = False
    for number, operation in enumerate(found):
        before, after = [], []
        if operation.modifies:
            clauses = _using(view, operation, protocol, mentioned, number, before, after)
            if view.union and dirty and UNION_GRAPH.value in clauses:
                before.insert(0, _RESYNC)
                dirty = False
            _place(source.text, operation, clauses, edits)
        if before:
            edits.append((operation.start, operation.start, " ; ".join(before) + " ; "))
        if after:
            edits.append((operation.end, operation.end, " ; " + " ; ".join(after)))
        dirty = True
    text = _edited(source.text, edits)
    if view.union and found:
        text = f"{text}\n;\n{_RESYNC}" if not text.rstrip().endswith(";") else f"{text}\n{_RESYNC}"
    return text, source


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
    parts, at = [], 0
    for start, end, new in sorted(edits, key=lambda edit: edit[0]):
        parts += (text[at:start], new)
        at = max(at, end)
    return "".join(parts) + text[at:]
