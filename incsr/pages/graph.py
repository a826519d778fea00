"""What the pages read: queries of our own through the same guarded executor as everybody's.

Refuses nothing and decides nothing: a page's query that fails is a fault of ours and is raised.
"""

import json
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass

from incsr.messages import Limits, Problem, ReadJob
from incsr.namespaces import PREFIXES

PROLOGUE = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())
RECENT = 256  # pages of some 20 kB each
PREFIXED = re.compile(r"(?<![\w<])([a-z][\w-]*):(?!//)")


class GraphUnavailable(Exception):
    """The executor answered a page's query with a problem; `problem` says which."""

    def __init__(self, problem):
        super().__init__(f"{problem.status} {problem.title}: {problem.detail}")
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Term:
    """An RDF term of a solution: `kind` is "uri", "bnode" or "literal"."""

    kind: str
    value: str
    datatype: str = ""
    language: str = ""

    def __str__(self):
        return self.value

    @property
    def is_iri(self):
        return self.kind == "uri"


def _term(binding):
    if binding["type"] == "triple":
        parts = binding["value"]
        return Term(
            "literal", " ".join(_term(parts[part]).value for part in ("subject", "predicate", "object"))
        )
    return Term(binding["type"], binding["value"], binding.get("datatype", ""), binding.get("xml:lang", ""))


class Graph:
    """The served dataset, as the pages ask for it.

    `run` takes a `ReadJob` and returns `(Head | Problem, bytes)`; it is the synchronous side of the pool.
    `version` is a callable giving the data version, by which computed values are kept.
    """

    def __init__(self, run, version=lambda: ""):
        self._run = run
        self._version = version
        self._kept = {}
        self._recent = OrderedDict()
        self._lock = threading.Lock()

    @property
    def version(self):
        return self._version()

    def _bytes(self, text, media_type, prologue=PROLOGUE):
        head, body = self._run(ReadJob("query", text=prologue + text, accept=media_type, limits=Limits()))
        if isinstance(head, Problem):
            raise GraphUnavailable(head)
        return body

    def select(self, text):
        """The solutions of a SELECT: dicts from variable name to `Term`; unbound names are absent."""
        answer = json.loads(self._bytes(text, "application/sparql-results+json"))
        return [{name: _term(value) for name, value in row.items()} for row in answer["results"]["bindings"]]

    def answer(self, text):
        """(columns, solutions) of any SELECT, as it stands; an ASK is one solution of one column "answer"."""
        answer = json.loads(self._bytes(text, "application/sparql-results+json", prologue=""))
        if "boolean" in answer:
            truth = "true" if answer["boolean"] else "false"
            return ["answer"], [{"answer": Term("literal", truth, PREFIXES["xsd"] + "boolean")}]
        rows = answer["results"]["bindings"]
        return answer["head"]["vars"], [{name: _term(value) for name, value in row.items()} for row in rows]

    def ask(self, text):
        """The boolean of an ASK."""
        return json.loads(self._bytes(text, "application/sparql-results+json"))["boolean"]

    def rdf(self, text, media_type):
        """The graph of a CONSTRUCT or DESCRIBE, serialized."""
        return self._bytes(text, media_type)

    def kept(self, name, compute):
        """`compute(self)` once for each data version: what many pages need, such as names and figures."""
        version = self.version
        with self._lock:
            held = self._kept.get(name)
            if held and held[0] == version:
                return held[1]
        value = compute(self)
        with self._lock:
            self._kept[name] = (version, value)
        return value

    def recent(self, name, compute):
        """Like `kept`, for what there may be much of, such as whole pages: only the latest are held."""
        key = (self.version, name)
        with self._lock:
            if key in self._recent:
                self._recent.move_to_end(key)
                return self._recent[key]
        value = compute()
        with self._lock:
            self._recent[key] = value
            while len(self._recent) > RECENT:
                self._recent.popitem(last=False)
        return value


def iri(text):
    """`<text>` for a query; raises ValueError where the text could end the IRI early."""
    if any(character in text for character in '<>"{}|^`\\') or any(
        ord(character) <= 32 for character in text
    ):
        raise ValueError(f"not an IRI: {text!r}")
    return f"<{text}>"


def complete(query):
    """A query of ours with the prefixes that it uses, as somebody else can run it."""
    used = set(PREFIXED.findall(query))
    lines = [f"PREFIX {prefix}: <{namespace}>" for prefix, namespace in PREFIXES.items() if prefix in used]
    return "\n".join([*lines, query.strip()])


def string(text):
    """A SPARQL string literal of the text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'
