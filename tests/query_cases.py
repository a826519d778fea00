"""How the query tests make a view, ask it and change it: in this process, without a server."""

import pyoxigraph as ox

from incsr.messages import Limits, Payload, Problem, ReadJob, WriteJob
from incsr.query import spelling
from incsr.query.evaluate import answer, apply
from incsr.store import UNION, View

PREFIXES = (
    "PREFIX : <http://example.org/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"
    "PREFIX g: <http://example.org/graph/> "
)
TRIG_PREFIXES = (
    "@prefix : <http://example.org/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> . "
    "@prefix g: <http://example.org/graph/> . "
)
XSD = "http://www.w3.org/2001/XMLSchema#"


class Output:
    """Something to write an answer into, which remembers the pieces."""

    def __init__(self):
        self.pieces = []

    def write(self, data):
        self.pieces.append(bytes(data))
        return len(data)

    def flush(self):
        """Nothing is held back."""


def view_of(trig, union=True):
    """A view of a TriG document, loaded as the service loads its data."""
    store = ox.Store()
    quads = list(ox.parse((TRIG_PREFIXES + trig).encode(), ox.RdfFormat.TRIG, rename_blank_nodes=True))
    stored = spelling.extend(store, quads)
    if union:
        store.extend([ox.Quad(*quad.triple, ox.NamedNode(UNION)) for quad in stored])
    return View(store, union, "1")


def ask(view, text, accept=None, limits=None, prefixes=PREFIXES, written=True, **more):
    """What a query is answered: a Problem, or (Head, bytes)."""
    job = ReadJob("query", prefixes + text, accept=accept, limits=limits or Limits(), **more)
    result = answer(view, job)
    if isinstance(result, Problem):
        return result
    head, body = result
    if not written:
        return head, b"".join(body)
    output = Output()
    body.write_to(output)
    return head, b"".join(output.pieces)


def rows(view, text, **more):
    """The solutions of a query as tuples of terms in N-Triples (None: unbound), sorted."""
    result = ask(view, text, accept="application/sparql-results+json", **more)
    assert not isinstance(result, Problem), result
    parsed = ox.parse_query_results(result[1], ox.QueryResultsFormat.JSON)
    if isinstance(parsed, ox.QueryBoolean):
        return bool(parsed)
    return sorted([tuple(None if term is None else short(term) for term in row) for row in parsed], key=str)


def short(term):
    """A term, short enough to be read in a test."""
    text = str(term)
    if isinstance(term, ox.BlankNode):
        return "_:b"
    if isinstance(term, ox.Literal) and term.datatype.value.startswith(XSD):
        name = term.datatype.value[len(XSD) :]
        return term.value if name == "string" else f"{term.value} {name}"
    return text.replace("http://example.org/", "").strip("<>")


def update(view, text, **more):
    """What an update is answered."""
    return apply(view, WriteJob("update", PREFIXES + text, **more))


def turtle(text):
    """A payload of Turtle."""
    return Payload("text/turtle", (TRIG_PREFIXES + text).encode())


def quads(view):
    """The visible quads of a view in N-Quads, with literals as a client sees them."""
    found = []
    for quad in view.store:
        if not str(quad.graph_name).startswith(f"<{UNION}"):
            quad = spelling.decode_triple(quad)
            found.append(" ".join([short(term) for term in quad if not isinstance(term, ox.DefaultGraph)]))
    return sorted(found)


def union_is_in_step(view):
    """Whether the hidden graph holds just what the others hold."""
    hidden, others = set(), set()
    for quad in view.store:
        if quad.graph_name == ox.NamedNode(UNION):
            hidden.add(quad.triple)
        elif not str(quad.graph_name).startswith(f"<{UNION}"):
            others.add(quad.triple)
    return hidden == others
