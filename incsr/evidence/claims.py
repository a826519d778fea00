"""One fact's claims, and what is found wrong with them: the values that the checks pass on.

A check never stops at the first thing wrong: an author wants the whole list at once.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from incsr.evidence.graph import Document, compact
from incsr.evidence.source import Passage
from incsr.namespaces import ID, PREFIXES

CBP, QB = PREFIXES["cbp"], PREFIXES["qb"]
TYPE = PREFIXES["rdf"] + "type"
QUOTATION, EVIDENCE = CBP + "quotation", CBP + "evidence"
VALUE = PREFIXES["sdmx-measure"] + "obsValue"
UNIT = PREFIXES["sdmx-attribute"] + "unitMeasure"
PERIOD = PREFIXES["sdmx-dimension"] + "refPeriod"
AREA = PREFIXES["sdmx-dimension"] + "refArea"
QUALIFIER, PER, ROUNDED_TO = CBP + "qualifier", CBP + "per", CBP + "roundedTo"
SUBJECT, INDICATOR = CBP + "describes", CBP + "indicator"
STATED_AS, MAGNITUDE, SUPERLATIVE = CBP + "statedAs", CBP + "magnitude", CBP + "superlative"
DATA_SET = QB + "dataSet"
NOTE = PREFIXES["skos"] + "editorialNote"
LABELS = (PREFIXES["skos"] + "prefLabel", PREFIXES["skos"] + "altLabel", PREFIXES["rdfs"] + "label")
PERIOD_IRI = f"{ID}period/"
NOT_STATED_AREA = f"{ID}region/not-stated"
UNITED_STATES = f"{ID}country/US"
UNIT_IRI = PREFIXES["unit"]

# The property whose line a problem is shown at; a problem of anything else is shown at the quotation.
PREDICATES = {
    "evidence": EVIDENCE,
    "value": VALUE,
    "rounding": ROUNDED_TO,
    "qualifier": QUALIFIER,
    "unit": UNIT,
    "per": PER,
    "period": PERIOD,
    "area": AREA,
    "subject": SUBJECT,
    "indicator": INDICATOR,
    "superlative": SUPERLATIVE,
    "magnitude": MAGNITUDE,
    "words": STATED_AS,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: which check found it, of which fact and where, text against graph, what to write."""

    check: str
    message: str
    hint: str
    subject: str = ""
    label: str = ""
    file: str = ""
    line: int | None = None

    def __str__(self):
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        who = f"{self.label} ({compact(self.subject)}): " if self.subject else ""
        return f"{place}{who}{self.message}. {self.hint}."


@dataclass(slots=True)
class Fact:
    """One subject that cites the source, as checked; `problems` is empty where the text bears it out."""

    subject: str
    label: str
    kind: str  # "figure", "words", "relation", "section" or "thing"
    document: Document
    properties: Mapping
    passages: list[Passage] = field(default_factory=list)  # well-formed ones, the quotation's first
    number: Passage | None = None  # where its figure stands, if it is one
    reading: dict = field(default_factory=dict)  # what the text says, property by property, in plain words
    problems: list[Problem] = field(default_factory=list)

    @property
    def report(self):
        """Whether the graph that states it holds what the page says."""
        return self.document.report

    @property
    def line(self):
        """The line on which its block starts, or None."""
        return self.document.line(self.subject)

    @property
    def holds(self):
        """Whether nothing was found wrong with the fact."""
        return not self.problems

    def values(self, predicate):
        """The objects of a property as IRIs and lexical forms."""
        return [term.value for term in self.properties.get(predicate, ())]

    def value(self, predicate):
        """The one object of a property, or None where there is none."""
        found = self.values(predicate)
        return found[0] if found else None

    def wrong(self, check, message, hint):
        """Note a problem of this fact."""
        line = self.document.line(self.subject, PREDICATES.get(check, QUOTATION))
        self.problems.append(
            Problem(check, message, hint, self.subject, self.label, self.document.name, line)
        )

    def as_json(self):
        """The fact as plain values for JSON."""
        return {
            "subject": self.subject,
            "label": self.label,
            "kind": self.kind,
            "file": self.document.name,
            "line": self.line,
            "holds": self.holds,
            "passages": [[passage.start, passage.end] for passage in self.passages],
            "reading": self.reading,
            "problems": [asdict(problem) for problem in self.problems],
        }
