"""What a page says beside the bare triples: words in context, statements as sentences, what isn't known."""

import re
from dataclasses import dataclass
from itertools import groupby

from incsr.namespaces import PREFIXES
from incsr.pages.graph import iri as ref
from incsr.pages.names import spelled

POINT = """
SELECT ?lat ?long WHERE {{
  {{ {thing} wgs84:lat ?lat ; wgs84:long ?long }}
  UNION {{ {thing} cbp:locatedIn ?place . ?place wgs84:lat ?lat ; wgs84:long ?long }}
}} LIMIT 1
"""
CONTAINED = (
    "SELECT ?country WHERE {{ {thing} schema:containsPlace|cbp:locatedIn|schema:containedInPlace ?country }}"
)


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of the report and the sentence around them."""

    start: int
    end: int
    before: str
    words: str
    after: str


def in_context(text, start, end, limit=220):
    """The passage with the rest of its sentence, cut at `limit` characters on either side."""
    left = max(
        text.rfind("\n", 0, start),
        max((m.end() for m in re.finditer(r"(?<!U\.S)[.!?] ", text[:start])), default=0),
    )
    stop = re.search(r"(?<!U\.S)[.!?](?=\s|$)|\n", text[end:])
    right = end + (stop.end() if stop else 0)
    before, after = text[left:start].lstrip(), text[end:right].rstrip()
    if len(before) > limit:
        before = "…" + before[-limit:].split(" ", 1)[-1]
    if len(after) > limit:
        after = after[:limit].rsplit(" ", 1)[0] + "…"
    return Quote(start, end, before, text[start:end], after)


def statements(site, query):
    """Statements as (iri, subject, predicate, object, quote), in the page's order."""
    found, seen = [], set()
    for row in site.graph.select(query):
        key = row["statement"].value
        if key in seen:
            continue
        seen.add(key)
        start, end = int(row["start"].value), int(row["end"].value)
        found.append(
            {
                "iri": key,
                "subject": row["s"].value,
                "predicate": row["p"].value,
                "object": row["o"],
                "quote": in_context(site.text, start, end),
            }
        )
    return found


def by_quote(found):
    """Statements that rest on the same words together: [(quote, statements)], in the page's order."""
    return [
        (members[0]["quote"], members)
        for _words, members in (
            (words, list(group))
            for words, group in groupby(found, key=lambda each: (each["quote"].start, each["quote"].end))
        )
    ]


def place(site, iri):
    """Where a place is: countries to shade (IRIs) and a point (latitude, longitude), or None."""
    country = PREFIXES["country"]
    shaded = {iri} if iri.startswith(country) else set()
    for row in site.graph.select(CONTAINED.format(thing=ref(iri))):
        if row["country"].value.startswith(country):
            shaded.add(row["country"].value)
    points = site.graph.select(POINT.format(thing=ref(iri)))
    point = (float(points[0]["lat"].value), float(points[0]["long"].value)) if points else None
    if not shaded and not point:
        return None
    return {"shaded": sorted(shaded), "point": point}


SENTENCES = """
SELECT ?statement ?s ?p ?o ?subject ?predicate ?object WHERE {
  ?statement a rdf:Statement ; rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o .
  OPTIONAL { ?s skos:prefLabel ?subject }
  OPTIONAL { ?p rdfs:label ?predicate }
  OPTIONAL { ?o skos:prefLabel ?object }
}
"""
CODES = """
SELECT ?country ?code WHERE {
  ?country a cbp:Country ; adms:identifier ?identifier . ?identifier skos:notation ?code .
  FILTER REGEX(STR(?code), "^[0-9]{3}$")
}
"""


def sentences(graph):
    """Each statement in words, by IRI: "Office of Border Patrol secures land and coastal borders"."""
    found = {}
    for row in graph.select(SENTENCES):
        parts = [
            (row.get(name) or row[short])
            for name, short in (("subject", "s"), ("predicate", "p"), ("object", "o"))
        ]
        found[row["statement"].value] = " ".join(spelled(part.value) for part in parts)
    return found


def country_codes(graph):
    """ISO 3166-1 numeric codes by country IRI, as the links graph gives them."""
    return {row["country"].value: row["code"].value for row in graph.select(CODES)}


SECTIONS = """
SELECT ?section ?exact ?start WHERE {
  ?section a cbp:Section ; cbp:evidence/oa:hasSelector ?quote , ?position .
  ?quote oa:exact ?exact . ?position oa:start ?start .
} ORDER BY ?start
"""
TITLE_LENGTH = 70


def sections(graph):
    """Each section's title by IRI, in the page's order: its words, or the first of them."""
    return {row["section"].value: f"“{shortened(row['exact'].value)}”" for row in graph.select(SECTIONS)}


def shortened(text, limit=TITLE_LENGTH):
    """The text up to a word's end before the limit."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[:limit].rsplit(" ", 1)[0] + "…"
