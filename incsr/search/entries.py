"""What can be found in the graph, as entries of the index: figures, statements, things, terms of the
vocabulary.

Reads through a function that answers SELECT queries, so that it serves pages, agents and tests alike. Knows
no Flask. A figure is found by the words of its quotation, of the sentence around it, and by every name of
what it describes, counts, dates and places; a statement by its two things, their names and its words.
"""

import bisect
import re
from collections import defaultdict

from incsr.namespaces import ID, KIND_PREFIXES, PREFIXES
from incsr.search.index import Entry
from incsr.search.words import continent

PROLOGUE = "".join(f"PREFIX {prefix}: <{iri}> " for prefix, iri in PREFIXES.items())
CBP = PREFIXES["cbp"]

NAMES = """SELECT ?thing ?property ?name WHERE {
  ?thing ?property ?name
  VALUES ?property { skos:prefLabel rdfs:label dcterms:title skos:altLabel skos:hiddenLabel skos:definition
  skos:scopeNote }
}"""
TYPES = "SELECT ?thing ?type WHERE { ?thing a ?type }"
QUOTED = """SELECT ?thing ?quotation ?start ?end WHERE {
  ?thing cbp:quotation ?quotation
  OPTIONAL { ?thing cbp:evidence ?passage . ?passage oa:hasSelector ?quote , ?position .
             ?quote oa:exact ?exact . ?position oa:start ?start ; oa:end ?end FILTER (STR(?exact) =
             STR(?quotation)) }
}"""
SENTENCES = """SELECT ?start ?end ?text WHERE {
  ?section a cbp:Sentence ; cbp:evidence ?passage ; cbp:quotation ?text .
  ?passage oa:hasSelector ?position . ?position oa:start ?start ; oa:end ?end
}"""
FIGURES = """SELECT ?thing ?subject ?indicator ?period ?area ?value ?words ?unit ?per ?qualifier ?superlative
?counted ?graph WHERE { GRAPH ?graph {
    ?thing a cbp:Measurement ; cbp:describes ?subject ; cbp:indicator ?indicator ;
       sdmx-dimension:refPeriod ?period ; sdmx-dimension:refArea ?area .
    OPTIONAL { ?thing sdmx-measure:obsValue ?value } OPTIONAL { ?thing cbp:statedAs ?words }
    OPTIONAL { ?thing sdmx-attribute:unitMeasure ?unit } OPTIONAL { ?thing cbp:per ?per }
    OPTIONAL { ?thing cbp:qualifier ?qualifier } OPTIONAL { ?thing cbp:superlative ?superlative }
  }
  OPTIONAL { ?indicator cbp:counts ?counted }
}"""
LOCATED = "SELECT ?thing ?place WHERE { ?thing cbp:locatedIn ?place }"
STATEMENTS = """SELECT ?thing ?subject ?predicate ?object WHERE {
  ?thing a rdf:Statement ; rdf:subject ?subject ; rdf:predicate ?predicate ; rdf:object ?object
}"""

_UNITS = {
    "LB": "pounds lb",
    "HR": "hours",
    "MI": "miles",
    "CCY_USD": "US dollars money",
    "DAY": "day",
    "YR": "year",
}
_HEDGES = {"MoreThan": "more than", "AtLeast": "at least", "OnAverage": "on average"}
_RATES = {"DAY": "daily each day", "YR": "annually each year"}
# A figure or an office is likelier meant than a sentence that mentions it.
_BOOST = {"measurement": 1.25, "agency": 1.2, "office": 1.2, "program": 1.2, "country": 1.1, "statement": 1.0,
          "section": 0.5, "term": 0.8, "mapping": 0.3}  # fmt: skip
_OF_OTHERS = 0.6  # a fact that we compute or infer, or that another source states


def entries(select):
    """The entries; `select` takes a SELECT query and gives solutions as dicts from name to lexical form."""
    known = _Known(select)
    figures, counted = {}, defaultdict(set)
    for row in select(PROLOGUE + FIGURES):
        figures[row["thing"]] = row
        if "counted" in row:
            counted[row["thing"]].add(row["counted"])
    statements = {row["thing"]: row for row in select(PROLOGUE + STATEMENTS)}
    for iri, row in figures.items():
        yield _figure(known, iri, row, counted[iri])
    for iri, row in statements.items():
        yield _statement(known, iri, row)
    for iri in known.labels:
        kind = known.kind(iri)
        if kind and iri not in figures and iri not in statements:
            yield _thing(known, iri, kind)
    for iri, (quotation, *_offsets) in known.quoted.items():
        kind = known.kind(iri)
        if kind == "section" and iri not in known.labels:
            yield Entry(iri, kind, _cut(quotation), "", ((1.0, quotation),), f"“{quotation}”", _BOOST[kind])


class _Known:
    """Names, definitions and words of everything, for one reading of the graph."""

    def __init__(self, select):
        self.labels, self.others, self.definitions = {}, defaultdict(set), {}
        for row in select(PROLOGUE + NAMES):
            iri, name, last = row["thing"], row["name"], re.split("[/#]", row["property"])[-1]
            if last in ("altLabel", "hiddenLabel"):
                self.others[iri].add(name)
            elif last in ("definition", "scopeNote"):
                self.definitions[iri] = f"{self.definitions.get(iri, '')} {name}".strip()
            elif last == "prefLabel" or iri not in self.labels:
                self.labels[iri] = name
        self._located = {row["thing"]: row["place"] for row in select(PROLOGUE + LOCATED)}
        self.quoted = {}
        for row in select(PROLOGUE + QUOTED):
            place = (int(row["start"]), int(row["end"])) if "start" in row else ()
            if row["thing"] not in self.quoted or len(place) > len(self.quoted[row["thing"]]) - 1:
                self.quoted[row["thing"]] = (row["quotation"], *place)
        rows = select(PROLOGUE + SENTENCES)
        self._sentences = sorted((int(row["start"]), int(row["end"]), row["text"]) for row in rows)

    def kind(self, iri):
        """The kind of a thing of ours, "term" for the vocabulary's, None for what is somebody else's."""
        if iri.startswith(CBP):
            return "term"
        kind = iri.removeprefix(ID).split("/")[0] if iri.startswith(ID) else ""
        return kind if kind in KIND_PREFIXES else None

    def label(self, iri):
        """The label, or the last part of the IRI."""
        return self.labels.get(iri) or re.split("[/#]", iri)[-1].replace("-", " ")

    def named(self, iri):
        """Every name of a thing."""
        return " ".join([self.label(iri), *sorted(self.others.get(iri, ()))])

    def within(self, iri):
        """Where a thing is, in words: its city, the city's country, and the part of the world."""
        names, seen = [], {iri}
        while (place := self._located.get(iri)) and place not in seen:
            names.append(self.named(place))
            seen.add(place)
            iri = place
        country = iri.removeprefix(ID + "country/")
        return " ".join([*names, continent(country)])

    def around(self, iri):
        """The sentence in which a thing's quotation stands."""
        place = self.quoted.get(iri, ())[1:]
        if not place:
            return ""
        at = bisect.bisect_right(self._sentences, (place[0], 10**9, "")) - 1
        start, end, text = self._sentences[at] if at >= 0 else (0, 0, "")
        return text if start <= place[0] < end else ""

    def quotation(self, iri):
        """The words that a thing rests on."""
        return self.quoted.get(iri, ("",))[0]


def _figure(known, iri, row, counted):
    indicator, quotation = known.label(row["indicator"]), known.quotation(iri)
    value = row.get("value") or f"“{row.get('words', '')}”"
    unit = row.get("unit", "").rsplit("/", 1)[-1]
    hedge = re.split("[/#]", row.get("qualifier", ""))[-1]
    per = row.get("per", "").rsplit("/", 1)[-1]
    spoken = [_HEDGES.get(hedge, hedge.lower()) if hedge != "Exactly" else "", value,
              _UNITS.get(unit, "").split(" ")[0], _RATES.get(per, "").split(" ")[0]]  # fmt: skip
    said = " ".join(part for part in spoken if part)
    placed = [known.label(row[part]) for part in ("period", "area") if not row[part].endswith("/not-stated")]
    named = (row["subject"], row["indicator"], *sorted(counted))
    return Entry(
        iri, "measurement", f"{indicator}: {said}", "",
        (
            (3.0, indicator),
            (2.0, known.definitions.get(row["indicator"], "")),
            (2.0, " ".join(known.named(thing) for thing in named)),
            (2.0, quotation),
            (1.5, " ".join(known.named(row[part]) for part in ("period", "area"))),
            (2.0, f"{value} {row.get('superlative', '')}"),
            (1.0, known.within(row["area"])),
            (1.0, f"{_UNITS.get(unit, '')} {_RATES.get(per, '')}"),
            (0.7, known.around(iri)),
        ),
        summary=" · ".join(
            [known.label(row["subject"]), *placed, *([f"“{quotation}”"] if quotation else [])]
        ),
        boost=_BOOST["measurement"] * (1.0 if quotation else _OF_OTHERS),
    )  # fmt: skip


def _statement(known, iri, row):
    subject, predicate, told = row["subject"], row["predicate"], row["object"]
    quotation = known.quotation(iri)
    title = f"{known.label(subject)} {known.label(predicate)} {known.label(told)}"
    return Entry(
        iri, "statement", title, "",
        (
            (2.0, known.named(subject)),
            (2.0, f"{known.label(predicate)} {known.definitions.get(predicate, '')}"),
            (2.0, known.named(told)),
            (1.0, f"{known.within(subject)} {known.within(told)}"),
            (2.0, quotation),
            (0.7, known.around(iri)),
        ),
        summary=f"“{quotation}”" if quotation else "",
        boost=_BOOST["statement"] * (1.0 if quotation else _OF_OTHERS),
    )  # fmt: skip


def _thing(known, iri, kind):
    label, definition, quotation = known.label(iri), known.definitions.get(iri, ""), known.quotation(iri)
    return Entry(
        iri, kind, label, "",
        (
            (4.0, label), (4.0, " ".join(sorted(known.others.get(iri, ())))),
            (1.0, definition), (0.7, quotation), (0.7, known.within(iri)),
        ),
        summary=definition or (f"“{quotation}”" if quotation else ""),
        boost=_BOOST.get(kind, 1.0),
    )  # fmt: skip


def _cut(words, most=80):
    return words if len(words) <= most else words[: words.rfind(" ", 0, most)] + " …"
