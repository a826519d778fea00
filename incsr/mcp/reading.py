"""What the tools read: queries through the guarded executor, names and words kept for one data version."""

import json
import re
import threading

from incsr.messages import Limits, Problem, ReadJob
from incsr.namespaces import BASE, PREFIXES
from incsr.search import Index
from incsr.search.entries import PROLOGUE, entries

_DECLARED = re.compile(r"\bprefix\s+([\w.-]*)\s*:", re.IGNORECASE)
_USED = re.compile(r"(?<![\w<:?])([A-Za-z][\w-]*):(?=[\w%\\-])")
JSON = "application/sparql-results+json"


class Refused(Exception):
    """The executor answered with a problem; the message says what was wrong, where, and what to do."""


class Reading:
    """The served data as the tools ask for it; `run` is an executor's, `version` gives the data version."""

    def __init__(self, run, version, settings):
        self._run, self._version = run, version
        self.limits = Limits(settings.timeout_s, settings.max_rows, settings.max_bytes)
        self._lock, self._kept = threading.RLock(), {}

    def query(self, text, accept=JSON, **more):
        """The media type and the bytes of a query's answer.

        Raises: Refused.
        """
        job = ReadJob("query", text=text, accept=accept, base_iri=BASE, limits=self.limits, **more)
        head, body = self._run(job)
        if isinstance(head, Problem):
            raise Refused(complaint(head))
        return head.content_type, body

    def bindings(self, text):
        """The variables and the solutions of a SELECT, as SPARQL 1.1 JSON has them."""
        answer = json.loads(self.query(text)[1])
        return answer["head"]["vars"], answer["results"]["bindings"]

    def select(self, text):
        """The solutions of a SELECT as dicts from name to lexical form; a quoted triple is its text."""
        return [
            {name: term["value"] if isinstance(term["value"], str) else json.dumps(term["value"])
             for name, term in row.items()}
            for row in self.bindings(text)[1]
        ]  # fmt: skip

    def kept(self, name, compute):
        """`compute()` once for each data version."""
        version = self._version()
        with self._lock:
            held = self._kept.get(name)
            if held is None or held[0] != version:
                held = self._kept[name] = (version, compute())
            return held[1]

    @property
    def index(self):
        """The index of everything that can be found."""
        return self.kept("index", lambda: Index(entries(self.select)))

    @property
    def titles(self):
        """What each findable thing is called, by IRI."""
        return self.kept("titles", lambda: {entry.iri: entry.title for entry in self.index.entries})

    @property
    def words(self):
        """The quotations and passages of each thing that cites any: {iri: [(words, passage IRI)]}."""
        return self.kept("words", self._words)

    def _words(self):
        found = {}
        for row in self.select(
            PROLOGUE
            + "SELECT ?thing ?passage ?words WHERE { ?thing cbp:evidence ?passage ; cbp:quotation ?said . "
            "?passage oa:hasSelector ?quote . ?quote oa:exact ?words } "
            "ORDER BY ?thing (?words != ?said) ?passage"
        ):
            found.setdefault(row["thing"], {})[row["passage"]] = row["words"]
        return found


def with_prefixes(text):
    """A query with the project's prefixes that it uses and does not declare, on its first line."""
    declared = {name.lower() for name in _DECLARED.findall(text)}
    missing = [
        name for name in dict.fromkeys(_USED.findall(text)) if name in PREFIXES and name not in declared
    ]
    return "".join(f"PREFIX {name}: <{PREFIXES[name]}> " for name in missing) + text


def complaint(problem):
    """A problem as a tool's caller reads it: what, where, what to do."""
    place = f" (line {problem.line}, column {problem.column})" if problem.line else ""
    parts = [f"{problem.title}{place}: {problem.detail}", problem.excerpt, problem.hint]
    return "\n".join(part for part in parts if part)


def compact(iri):
    """`prefix:local` where a prefix of ours fits, else the IRI in angle brackets."""
    space = max((ns for ns in PREFIXES.values() if iri.startswith(ns)), key=len, default="")
    local = iri[len(space) :]
    if not space or not re.fullmatch(r"[\w][\w.-]*", local) or local.endswith("."):
        return f"<{iri}>"
    return next(f"{name}:{local}" for name, ns in PREFIXES.items() if ns == space)


def full(name):
    """The IRI that a caller wrote: in full, in angle brackets, or with a prefix of ours.

    Raises: ValueError where it is none.
    """
    name = name.strip().strip("<>")
    prefix, _, local = name.partition(":")
    if prefix in PREFIXES and not local.startswith("//"):
        name = PREFIXES[prefix] + local
    if not re.fullmatch(r"[A-Za-z][\w+.-]*:[^\s<>\"{}|^`\\]+", name):
        raise ValueError(f"“{name}” is no IRI; write one in full, or with a prefix as in cbp:Office")
    return name
