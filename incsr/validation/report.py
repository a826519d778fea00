"""What a validation found: results in one order, and the report as JSON and as SHACL's own Turtle.

Terms are the engine's, so that any validator behind the seam can make them. Knows no file and no validator;
the command line adds places and labels.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import pyoxigraph as ox

from incsr.namespaces import BASE, PREFIXES

Term = ox.NamedNode | ox.BlankNode | ox.Literal
SEVERITIES = ("Violation", "Warning", "Info")
SH = PREFIXES["sh"]
TYPE = ox.NamedNode(PREFIXES["rdf"] + "type")
# What a message's {?value} became: an author reads orgunit:p-3-air-wing more easily.
IRI = re.compile(re.escape(BASE) + r"[\w#/-]*\w")


class ValidationError(Exception):
    """The validation could not be carried out: the shapes are ill-formed, or the validator failed."""


@dataclass(frozen=True, slots=True)
class Result:
    """One result: which node breaks which rule at which value, and what an author is to write.

    `shape` names the property shape, node shape or SPARQL constraint that is broken.
    """

    focus: Term
    shape: str
    message: str
    severity: str = "Violation"
    path: ox.NamedNode | None = None
    value: Term | None = None
    component: str = ""
    rule: str = ""  # the shape's sh:name

    def order(self):
        """The key that puts violations first, then groups by focus node."""
        told = (self.focus, self.shape, self.path, self.value, self.component, self.message)
        return (SEVERITIES.index(self.severity), *map(str, told))


@dataclass(frozen=True, slots=True)
class Report:
    """All results of one validation, each once.

    `fallback` says why pySHACL had to be asked, if it had; `unjudged` names the rules that pySHACL, too,
    could not judge on this data, each with the reason.
    """

    results: tuple[Result, ...] = field(default=())
    fallback: str = ""
    unjudged: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, results: Iterable[Result], fallback: str = "", unjudged=()) -> "Report":
        """The report of these results; a shape that two node shapes share reports once."""
        return cls(tuple(sorted(dict.fromkeys(results), key=Result.order)), fallback, tuple(unjudged))

    @property
    def conforms(self) -> bool:
        """Whether there is no result, a warning included (SHACL, section 3.6.1.1), and none missing."""
        return not self.results and not self.unjudged

    @property
    def violations(self) -> tuple[Result, ...]:
        return tuple(result for result in self.results if result.severity == "Violation")

    @property
    def warnings(self) -> tuple[Result, ...]:
        return tuple(result for result in self.results if result.severity != "Violation")


def compact(term: Term | str | None) -> str:
    """A term as an author writes it: prefixed where a prefix fits, a literal in quotes."""
    if term is None:
        return ""
    if isinstance(term, ox.Literal):
        return str(term).replace("\n", "\\n")
    if isinstance(term, ox.BlankNode):
        return "[ ]"
    iri = term if isinstance(term, str) else term.value
    best = max(
        (item for item in PREFIXES.items() if iri.startswith(item[1])),
        key=lambda item: len(item[1]),
        default=None,
    )
    if best is None or any(mark in iri[len(best[1]) :] for mark in "/#?=,"):
        return f"<{iri}>"
    return f"{best[0]}:{iri[len(best[1]) :]}"


def said(messages: Iterable[str]) -> str:
    """A result's messages as one text, with our IRIs as an author writes them."""
    return " ".join(IRI.sub(_short, message) for message in sorted(messages))


def _short(match: re.Match) -> str:
    name = compact(match.group())
    return match.group() if name.startswith("<") else name


def turtle(report: Report) -> bytes:
    """The report as an `sh:ValidationReport`.

    Source: SHACL, section 3.6.
    """
    node, triples = ox.BlankNode(), []

    def say(subject, predicate, value):
        triples.append(ox.Triple(subject, ox.NamedNode(SH + predicate), value))

    triples.append(ox.Triple(node, TYPE, ox.NamedNode(SH + "ValidationReport")))
    say(node, "conforms", ox.Literal(report.conforms))
    for result in report.results:
        entry = ox.BlankNode()
        say(node, "result", entry)
        triples.append(ox.Triple(entry, TYPE, ox.NamedNode(SH + "ValidationResult")))
        say(entry, "focusNode", result.focus)
        say(entry, "resultSeverity", ox.NamedNode(SH + result.severity))
        say(entry, "resultMessage", ox.Literal(result.message, language="en"))
        say(entry, "sourceShape", ox.NamedNode(result.shape))
        if result.component:
            say(entry, "sourceConstraintComponent", ox.NamedNode(result.component))
        if result.path is not None:
            say(entry, "resultPath", result.path)
        if result.value is not None:
            say(entry, "value", result.value)
    return ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=PREFIXES)


def entry(result: Result, **more) -> dict:
    """One result as a JSON object; `more` adds what only the caller knows (file, line, label)."""
    return {
        "severity": result.severity,
        "focusNode": _plain(result.focus),
        "sourceShape": result.shape,
        "rule": result.rule,
        "resultPath": result.path.value if result.path is not None else None,
        "value": _plain(result.value),
        "message": result.message,
        **more,
    }


def json_text(report: Report, describe=lambda result: {}) -> str:
    """The report as JSON; `describe` adds file, line and label to each result."""
    return json.dumps(
        {
            "conforms": report.conforms,
            "violations": len(report.violations),
            "warnings": len(report.warnings),
            "results": [entry(result, **describe(result)) for result in report.results],
            **({"unjudged": dict(report.unjudged)} if report.unjudged else {}),
        },
        indent=2,
        ensure_ascii=False,
    )


def _plain(term: Term | None) -> str | None:
    if term is None:
        return None
    return str(term) if isinstance(term, ox.BlankNode) else term.value
