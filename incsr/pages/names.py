"""Names and addresses of things: an IRI in, a label and a path of this server out."""

import re
from dataclasses import dataclass, field

from incsr.namespaces import BASE, ID, KIND_PREFIXES, ONTOLOGY, PREFIXES, SHAPES, SOURCE_TEXT

LABELS = """
SELECT ?thing ?label ?definition WHERE {
  { ?thing skos:prefLabel ?label }
  UNION { ?thing rdfs:label ?label FILTER NOT EXISTS { ?thing skos:prefLabel ?any } }
  OPTIONAL { ?thing skos:definition ?definition }
  %s
}
"""
TITLES = "SELECT ?thing ?label WHERE { ?thing dcterms:title ?label %s }"
OTHER_NAMES = "SELECT ?thing ?name WHERE { ?thing skos:altLabel|skos:hiddenLabel ?name %s }"
# All names of what the pages describe; of whatever else a store holds, so many, since all are held in memory.
OURS = f'FILTER(STRSTARTS(STR(?thing), "{BASE}"))'
OTHERS = f'FILTER(!STRSTARTS(STR(?thing), "{BASE}"))'
MOST_OTHERS = 20_000

KINDS = {
    "agency": ("Agencies", "agency"),
    "office": ("Offices", "office"),
    "unit": ("Units", "unit"),
    "program": ("Programs", "program"),
    "academy": ("Academies", "academy"),
    "country": ("Countries", "country"),
    "region": ("Regions", "region"),
    "city": ("Cities", "city"),
    "period": ("Periods", "period"),
    "indicator": ("Indicators", "indicator"),
    "measurement": ("Figures", "figure"),
    "statement": ("Statements", "statement"),
    "concept": ("Concepts", "concept"),
    "section": ("Sections of the text", "section"),
    "dataset": ("Data sets", "data set"),
    "report": ("Reports", "report"),
    "scheme": ("Schemes of identifiers", "scheme of identifiers"),
    "mapping": ("Records of links", "record of a link"),
}
assert set(KINDS) >= set(KIND_PREFIXES)


@dataclass
class Names:
    """Labels, definitions and other names by IRI, for one data version."""

    labels: dict = field(default_factory=dict)
    definitions: dict = field(default_factory=dict)
    others: dict = field(default_factory=dict)

    def label(self, iri):
        """The thing's name; for a thing without one, its prefixed or last part."""
        if iri in self.labels:
            return self.labels[iri]
        passage = passage_of(iri)
        if passage:
            return f"characters {passage[0]} to {passage[1]}"
        return spelled(iri)

    def known(self, iri):
        return iri in self.labels


def load(graph):
    """The names of things; English ones win where a thing has several."""
    names = Names()
    for row in _rows(graph, TITLES):
        names.labels.setdefault(row["thing"].value, row["label"].value)
    for row in _rows(graph, LABELS):
        key = row["thing"].value
        if key not in names.labels or row["label"].language in ("", "en"):
            names.labels[key] = row["label"].value
        if "definition" in row:
            names.definitions.setdefault(key, row["definition"].value)
    for row in _rows(graph, OTHER_NAMES):
        names.others.setdefault(row["thing"].value, set()).add(row["name"].value)
    return names


def _rows(graph, query):
    return graph.select(query % OURS) + graph.select(f"{query % OTHERS} LIMIT {MOST_OTHERS}")


def kind_of(iri):
    """The kind and slug of a thing of ours, or (None, None)."""
    match = re.fullmatch(re.escape(ID) + r"([a-z]+)/([^/#?]+)", iri)
    return match.groups() if match and match[1] in KINDS else (None, None)


def passage_of(iri):
    """The (start, end) of a passage's IRI (RFC 5147), or None."""
    match = re.fullmatch(re.escape(SOURCE_TEXT) + r"#char=(\d+),(\d+)", iri)
    return (int(match[1]), int(match[2])) if match else None


def compact(iri):
    """`prefix:local` where a prefix of ours fits, else the IRI."""
    best = max((ns for ns in PREFIXES.values() if iri.startswith(ns)), key=len, default="")
    if not best or len(best) == len(iri):
        return iri
    prefix = next(name for name, ns in PREFIXES.items() if ns == best)
    return f"{prefix}:{iri[len(best) :]}"


def spelled(iri):
    """A property of somebody else's vocabulary in words ("is part of"); anything else as `compact` has it."""
    short = compact(iri)
    word = re.fullmatch(r"[a-z][a-z0-9-]*:([a-z]+(?:[A-Z][a-z]*)+|[a-z]{3,})", short)
    return re.sub(r"(?<=[a-z])([A-Z])", lambda m: " " + m[1].lower(), word[1]) if word else short


def path_of(iri):
    """The path on this server at which the IRI is described, or None where it is somebody else's.

    Things go to their document directly, passages to the words in the annotated report.
    """
    kind, slug = kind_of(iri)
    if kind:
        return f"/doc/{kind}/{slug}"
    passage = passage_of(iri)
    if passage:
        return words_path(*passage)
    if iri == ONTOLOGY or iri.startswith(f"{ONTOLOGY}#"):
        return f"/cbp{iri[len(ONTOLOGY) :]}"
    if iri == SHAPES or iri.startswith(f"{SHAPES}#"):
        return f"/shapes{iri[len(SHAPES) :]}"
    if iri.startswith(BASE):
        return f"/{iri[len(BASE) :]}"
    return None


def words_path(start, end):
    """Where the annotated report shows one passage, marked, without JavaScript."""
    return f"/report/2014-cbp?words={start},{end}#words"
