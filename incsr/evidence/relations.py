"""Whether a relation's statement speaks of a triple that is said, between things that its words name."""

from incsr.evidence import claims as c
from incsr.evidence.coverage import FUNCTION_WORDS
from incsr.evidence.reading import stem, words_of
from incsr.namespaces import PREFIXES

RDF = PREFIXES["rdf"]
STATEMENT = f"{RDF}Statement"
_REPORT = f"{c.CBP}Report"


def check_relation(fact, source, names):
    """Compare an `rdf:Statement` with the graph and with the paragraphs that it cites.

    Graph: ?statement rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o .  ?s ?p ?o .
    """
    # The statement that carries the evidence is worth nothing where the triple it speaks of is not said.
    parts = [fact.value(RDF + part) for part in ("subject", "predicate", "object")]
    if None in parts:
        fact.wrong("relation", "it lacks rdf:subject, rdf:predicate or rdf:object", "Write all three")
        return
    subject, predicate, told = parts
    facts = fact.document.facts
    if all(term.value != told for term in facts.get(subject, {}).get(predicate, ())):
        fact.wrong(
            "relation",
            f"the graph does not say {c.compact(subject)} {c.compact(predicate)} {c.compact(told)}",
            "Write the triple as well",
        )
    spoken = _stems(" ".join(source.words(source.paragraph_of(passage)) for passage in fact.passages))
    for iri in (subject, told):
        labels = names.labels(iri)
        # A page does not name itself in its body; a literal object is its own name.
        is_report = any(term.value == _REPORT for term in facts.get(iri, {}).get(c.TYPE, ()))
        if labels and not is_report and not any(_stems(label) <= spoken for label in labels):
            fact.wrong(
                "relation",
                f"the paragraph that it cites does not name {names.label(iri)}",
                "Cite the words that tie the two together",
            )


def _stems(text):
    return {stem(word) for word in words_of(text) if word.lower() not in FUNCTION_WORDS}
