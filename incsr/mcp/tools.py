"""The four tools as plain functions of a `Reading`: each returns values that stand for themselves as JSON."""

import json
import re

from incsr.mcp.reading import Refused, compact, full, with_prefixes
from incsr.namespaces import PREFIXES
from incsr.search.entries import PROLOGUE

MOST_HITS, MOST_ROWS, MOST_FACTS = 50, 500, 60
_PASSAGE = re.compile(r"(?P<text>.*/source/[\w.-]+\.txt)#char=(?P<start>\d+),(?P<end>\d+)")
_ADMIN = {PREFIXES["rdf"] + "type", PREFIXES["rdfs"] + "isDefinedBy"}


def search_terms(reading, text, kind=None, limit=10):
    """Things that some words may mean, best first."""
    kinds = sorted({entry.kind for entry in reading.index.entries})
    if kind and kind not in kinds:
        raise ValueError(f"there is no kind “{kind}”; there are {', '.join(kinds)}")
    hits = reading.index.search(text, max(1, min(limit, MOST_HITS)), kind)
    return {
        "hits": [
            {"iri": hit.entry.iri, "name": compact(hit.entry.iri), "kind": hit.entry.kind,
             "label": hit.entry.title, "summary": hit.entry.summary,
             "score": round(hit.score, 2), **_evidence(reading, hit.entry.iri)}
            for hit in hits
        ],
        "hint": "" if hits else "No word of the search occurs; use other or fewer words.",
    }  # fmt: skip


def describe(reading, iri):
    """What the graph says of one thing or one term; of a class, how its instances are described."""
    iri = full(iri)
    about = f"<{iri}>"
    facts = reading.bindings(f"SELECT DISTINCT ?p ?o WHERE {{ {about} ?p ?o }} ORDER BY ?p ?o")[1]
    used = reading.bindings(
        f"SELECT DISTINCT ?s ?p WHERE {{ ?s ?p {about} FILTER (isIRI(?s)) }} "
        f"ORDER BY ?p ?s LIMIT {MOST_FACTS + 1}"
    )[1]
    if not facts and not used:
        raise ValueError(f"the graph says nothing of {compact(iri)}; search_terms finds what it knows")
    found = {
        "iri": iri,
        "name": compact(iri),
        "label": reading.titles.get(iri, ""),
        "facts": [
            {"property": compact(row["p"]["value"]), "value": _term(reading, row["o"])}
            for row in facts[:MOST_FACTS]
        ],
        "used_by": [
            {"subject": _term(reading, row["s"]), "property": compact(row["p"]["value"])}
            for row in used[:MOST_FACTS]
        ],
        "more": len(facts) > MOST_FACTS or len(used) > MOST_FACTS,
        **_evidence(reading, iri),
    }  # fmt: skip
    shape = _shape(reading, about)
    return found | ({"shape": shape} if shape else {})


def _shape(reading, about):
    """How the instances of a class are described: each property with how many have it, and one value."""
    rows = reading.bindings(
        "SELECT ?p (COUNT(DISTINCT ?s) AS ?subjects) (SAMPLE(?o) AS ?example) "
        f"WHERE {{ ?s a {about} ; ?p ?o }} "
        "GROUP BY ?p ORDER BY DESC(?subjects) ?p LIMIT 60"
    )[1]
    return [
        {"property": compact(row["p"]["value"]), "subjects": int(row["subjects"]["value"]),
         "example": _term(reading, row["example"])}
        for row in rows if row["p"]["value"] not in _ADMIN
    ]  # fmt: skip


def run_query(reading, query, limit=100):
    """The solutions of a SPARQL query, with labels and quotations of the things in them."""
    limit = max(1, min(limit, MOST_ROWS))
    media_type, body = reading.query(
        with_prefixes(query), accept="application/sparql-results+json, text/turtle;q=0.9"
    )
    if media_type.startswith("text/turtle"):
        text = body.decode()
        return {"turtle": text[:100_000], "more": len(text) > 100_000}
    answer = json.loads(body)
    if "boolean" in answer:
        return {"boolean": answer["boolean"]}
    rows = answer["results"]["bindings"]
    return {
        "columns": answer["head"]["vars"],
        "rows": [{name: _term(reading, term) for name, term in row.items()} for row in rows[:limit]],
        "count": len(rows),
        "more": len(rows) > limit,
        "evidence": _quoted(reading, rows[:limit]),
    }


def fetch_words(reading, iri, characters=200):
    """The words that a thing rests on, or that a passage is, with what stands around them."""
    iri = full(iri)
    passages = [iri] if _PASSAGE.fullmatch(iri) else list(reading.words.get(iri, ()))
    if not passages:
        raise ValueError(f"{compact(iri)} cites no words; describe says from what it follows")
    sections = reading.kept("sections", lambda: _sections(reading))
    return {"iri": iri, "passages": [_in_context(passage, sections, max(0, min(characters, 2000)))
                                     for passage in passages]}  # fmt: skip


def _sections(reading):
    """The text as the graph holds it: (text IRI, start, end, kind, words) of its paragraphs, lines and
    sentences."""
    rows = reading.select(
        PROLOGUE + "SELECT DISTINCT ?passage ?kind ?words WHERE { ?section a ?kind ; cbp:evidence ?passage ; "
        "cbp:quotation ?words VALUES ?kind { cbp:Sentence cbp:Paragraph cbp:Heading cbp:Navigation } }"
    )
    found = []
    for row in rows:
        place = _PASSAGE.fullmatch(row["passage"])
        if place:
            kind = row["kind"].rsplit("#", 1)[-1].lower()
            found.append((place["text"], int(place["start"]), int(place["end"]), kind, row["words"]))
    return found


def _in_context(passage, sections, characters):
    place = _PASSAGE.fullmatch(passage)
    text, start, end = place["text"], int(place["start"]), int(place["end"])
    around = [s for s in sections if s[0] == text and s[1] <= start and end <= s[2]]
    if not around:
        raise ValueError(
            f"<{passage}> lies in no part of the text; passages are given by search_terms and describe"
        )
    _, first, _, _, words = max(around, key=lambda section: section[2] - section[1])
    sentence = min((s for s in around if s[3] == "sentence"), key=lambda s: s[2] - s[1], default=None)
    exact = words[start - first : end - first]
    return {
        "passage": passage,
        "start": start,
        "end": end,
        "exact": exact,
        "sentence": sentence[4] if sentence else exact,
        "before": words[max(0, start - first - characters) : start - first],
        "after": words[end - first : end - first + characters],
    }


def _term(reading, term):
    """One RDF term as JSON: its value, and a label and a short name for an IRI."""
    if term["type"] == "uri":
        named = {"iri": term["value"], "name": compact(term["value"])}
        title = reading.titles.get(term["value"])
        return named | ({"label": title} if title else {})
    if term["type"] == "triple":
        return {"triple": {part: _term(reading, inner) for part, inner in term["value"].items()}}
    found = {"value": term["value"]}
    if term["type"] == "bnode":
        return {"blank": term["value"]}
    for key, name in (("datatype", "datatype"), ("xml:lang", "language")):
        if key in term and not term[key].endswith("#string"):
            found[name] = compact(term[key]).strip("<>") if key == "datatype" else term[key]
    return found


def _evidence(reading, iri):
    passages = reading.words.get(iri)
    return {"evidence": [{"passage": p, "quotation": w} for p, w in passages.items()]} if passages else {}


def _quoted(reading, rows):
    """The words behind the things that stand in some solutions, by IRI."""
    things = dict.fromkeys(
        term["value"]
        for row in rows
        for term in row.values()
        if term["type"] == "uri" and term["value"] in reading.words
    )
    return {iri: _evidence(reading, iri)["evidence"] for iri in things}


__all__ = ["Refused", "describe", "fetch_words", "run_query", "search_terms"]
