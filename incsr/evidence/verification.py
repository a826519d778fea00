"""The whole verification: every fact of the given graphs against the source text, and the coverage.

Judges evidence only; whether the graph is well shaped is `incsr.validation`'s.
"""

from dataclasses import asdict, dataclass, field

from incsr.evidence import claims as c
from incsr.evidence.coverage import Coverage, measure
from incsr.evidence.figures import check_figure, check_words
from incsr.evidence.names import Names
from incsr.evidence.passages import file_of, passage_block, passages_file
from incsr.evidence.quotations import check_quotation
from incsr.evidence.reading import Reader, stem, words_of
from incsr.evidence.relations import STATEMENT, check_relation
from incsr.namespaces import ID

_SECTION_KINDS = {c.CBP + kind for kind in ("Section", "Heading", "Paragraph", "Sentence", "Navigation")}
_DATA_SET = f"{c.QB}DataSet"
_CODES = {f"{c.PERIOD_IRI}not-stated", c.NOT_STATED_AREA}


@dataclass(slots=True)
class Report:
    """What a verification found: `facts` one by one, `coverage`, and all `problems`, of facts first."""

    sha256: str
    facts: list = field(default_factory=list)
    coverage: Coverage = field(default_factory=Coverage)
    problems: list = field(default_factory=list)

    @property
    def holds(self):
        """Whether the text bears out everything."""
        return not self.problems

    def add(self, other):
        """Take in what the verification of another text found."""
        self.facts += other.facts
        self.problems += [problem for problem in other.problems if problem not in self.problems]
        self.coverage.add(other.coverage)

    def fact(self, subject):
        """The checked fact of one subject, or None where it cites nothing."""
        return next((fact for fact in self.facts if fact.subject == subject), None)

    def as_json(self):
        """The report as plain values for JSON."""
        return {
            "holds": self.holds,
            "sha256": self.sha256,
            "coverage": self.coverage.as_json(),
            "problems": [asdict(problem) for problem in self.problems],
            "facts": [fact.as_json() for fact in self.facts],
        }


class Verifier:
    """Checks facts of some documents; reads text and names once, so that one fact is checked in no time."""

    def __init__(self, source, documents):
        self.source = source
        self.documents = documents
        self.reader = Reader(source)
        self.names = Names(documents)
        self._stems = {stem(word) for word in words_of(source.text)}

    def check(self, document, subject, properties=None):
        """Check one subject, with other properties than the document's where they are given.

        Returns: the Fact, or None where the subject claims nothing of the source.
        """
        properties = document.facts[subject] if properties is None else properties
        if self._of_another(properties):
            return None
        kind = _kind(properties, document.report, f"{ID}dataset/{self.source.described.graph}-in-words")
        if kind is None:
            return None
        label = self.names.label(subject) or next((t.value for t in properties.get(c.QUOTATION, ())), "?")
        fact = c.Fact(subject, label, kind, document, properties)
        check_quotation(fact, self.source)
        if kind == "figure":
            check_figure(fact, self.reader, self.names)
        elif kind == "words":
            check_words(fact, self.reader, self.names)
        elif kind == "relation":
            check_relation(fact, self.source, self.names)
        return fact

    def _of_another(self, properties):
        """Whether a subject rests on other texts of the register alone."""
        cited = [term.value for term in properties.get(c.EVIDENCE, ())]
        return bool(cited) and all(self.source.cites_another(iri) for iri in cited)

    def check_labels(self, document, subject):
        """The problems of a subject's labels: each must occur in the text.

        A name may be completed or mended out of the text's own words ("Arrival Zone" out of "Source, Transit
        and Arrival Zones", "trains" for "train") where an editorial note says so. With a note, too, a data
        set and the codes for what is not stated bear titles of ours, since the page has none to give.
        """
        properties = document.facts[subject]
        noted = c.NOTE in properties
        if noted and (subject in _CODES or _DATA_SET in {term.value for term in properties.get(c.TYPE, ())}):
            return []
        problems = []
        predicates = {t.value: p for p in reversed(c.LABELS) for t in properties.get(p, ())}
        for label, predicate in predicates.items():
            if self.source.locate(label):
                continue
            strange = [word for word in words_of(label) if stem(word) not in self._stems]
            if strange:
                message = f"the text has no “{label}”, not even the words {', '.join(strange)}"
                hint = "Name it as the page does; names of ours belong in links, derived or context"
            elif not noted:
                message = f"the text has no “{label}” in one piece"
                hint = "Name it as the page does, or say in skos:editorialNote how the name was completed"
            else:
                continue
            place = (subject, self.names.label(subject), document.name, document.line(subject, predicate))
            problems.append(c.Problem("labels", message, hint, *place))
        return problems


def verify(source, documents, passages_text=None, reasons=None, only_these=False):
    """Verify documents against the source text.

    `passages_text` is the passages file, checked to hold the block of each cited passage, and nothing else
    where the documents are `only_these`; `reasons` are those of `coverage.read_reasons`.
    Returns: the Report.
    """
    report = Report(source.sha256)
    described = source.described
    if source.sha256 != described.sha256:
        report.problems.append(
            c.Problem(
                "source",
                f"the source text is not the report as published: its sha256 is {source.sha256}",
                f"Restore data/source/{described.file}, whose sha256 is {described.sha256}",
            )
        )
    verifier = Verifier(source, documents)
    labels = []
    for document in documents:
        for subject in list(document.facts):
            fact = verifier.check(document, subject)
            if fact is not None:
                report.facts.append(fact)
            if document.report:
                labels += verifier.check_labels(document, subject)
    report.facts.sort(key=lambda fact: (fact.passages[:1], fact.subject))
    report.problems += [problem for fact in report.facts for problem in fact.problems] + labels
    if passages_text is not None:
        report.problems += _check_passages(source, report.facts, passages_text, only_these)
    report.coverage, gaps = measure(source, report.facts, verifier.reader, verifier.names, reasons)
    report.problems += gaps
    return report


def _kind(properties, report, in_words):
    types = {term.value for term in properties.get(c.TYPE, ())}
    cites = c.QUOTATION in properties or c.EVIDENCE in properties
    if types & _SECTION_KINDS:
        return "section" if cites else None
    data_sets = {term.value for term in properties.get(c.DATA_SET, ())}
    # A measurement of the report owes evidence; a derived figure or one of another source has none.
    if cites or report:
        if c.STATED_AS in properties or in_words in data_sets:
            return "words"
        if c.VALUE in properties or c.CBP + "Measurement" in types:
            return "figure"
    if not cites:
        return "relation" if report and STATEMENT in types else None
    return "relation" if STATEMENT in types else "thing"


def check_whole_file(texts, documents, passages_text):
    """The problems of a passages file as a whole: it holds what the documents cite, and nothing else."""
    if passages_text == passages_file(texts, documents):
        return []
    return [c.Problem("passages", "data/passages.ttl holds more than the data cites", "Run `incsr passages`")]


def _check_passages(source, facts, passages_text, only_these):
    problems = []
    cited = sorted({passage for fact in facts for passage in fact.passages})
    for passage in cited:
        if passage_block(source, passage) not in passages_text:
            problems.append(
                c.Problem(
                    "passages",
                    f"data/passages.ttl lacks {source.reference(passage)} as the source has it",
                    "Run `incsr passages`",
                )
            )
    if only_these and not problems and passages_text != file_of([(source, cited)]):
        problems.append(
            c.Problem("passages", "data/passages.ttl holds more than the data cites", "Run `incsr passages`")
        )
    return problems
