"""What the page about one thing shows: its facts, figures, statements, words, links and gaps."""

from flask import render_template

from incsr.namespaces import BASE, GRAPH, PREFIXES
from incsr.pages import citations, comparison, names, outward, reading
from incsr.pages.graph import complete
from incsr.pages.graph import iri as ref
from incsr.pages.negotiation import RDF_TYPES

ABOUT = """
SELECT ?graph ?p ?o ?q ?v WHERE {{
  GRAPH ?graph {{ {thing} ?p ?o OPTIONAL {{ ?o ?q ?v FILTER isBlank(?o) }} }}
}}
"""
TO = """
SELECT DISTINCT ?s ?p WHERE {{
  ?s ?p {thing} .
  FILTER (isIRI(?s) && ?p NOT IN (owl:annotatedSource, owl:annotatedTarget, owl:annotatedProperty))
  FILTER NOT EXISTS {{ ?s a rdf:Statement }}
  FILTER NOT EXISTS {{ ?s a cbp:Measurement }}
}} ORDER BY ?p ?s LIMIT 300
"""
STATEMENTS = """
SELECT DISTINCT ?statement ?s ?p ?o ?quotation ?start ?end WHERE {{
  ?statement a rdf:Statement ; rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o ;
    cbp:quotation ?quotation ; cbp:evidence ?passage .
  FILTER ({thing} IN (?s, ?p, ?o, ?statement))
  ?passage oa:hasSelector ?position , ?quote . ?position oa:start ?start ; oa:end ?end .
  ?quote oa:exact ?quotation .
}} ORDER BY ?start
"""
EVIDENCE = """
SELECT DISTINCT ?start ?end ?exact WHERE {{
  {thing} cbp:evidence ?passage . ?passage oa:hasSelector ?quote , ?position .
  ?quote oa:exact ?exact . ?position oa:start ?start ; oa:end ?end .
}} ORDER BY ?start
"""
DOCUMENT = """
CONSTRUCT {{ {thing} ?p ?o . ?o ?q ?v . ?s ?r {thing} . ?passage ?pp ?po . ?po ?sp ?so }}
WHERE {{
  {{ {thing} ?p ?o OPTIONAL {{ ?o ?q ?v FILTER isBlank(?o) }} }}
  UNION {{ ?s ?r {thing} }}
  UNION {{ {thing} cbp:evidence ?passage . ?passage ?pp ?po OPTIONAL {{ ?po ?sp ?so FILTER isBlank(?po) }} }}
}}
"""
SECTION_TRIPLES = """
CONSTRUCT {{ ?fact ?p ?o }} WHERE {{
  VALUES ?fact {{ {facts} }}
  GRAPH graph:incsr2014 {{ ?fact ?p ?o FILTER (!isBlank(?o)) }}
}}
"""
SECTION_FACTS = """
SELECT DISTINCT ?fact WHERE {{
  {thing} cbp:evidence/oa:hasSelector ?span . ?span oa:start ?from ; oa:end ?to .
  ?fact cbp:evidence ?passage . ?passage oa:hasSelector ?position . ?position oa:start ?start ; oa:end ?end .
  FILTER (?start >= ?from && ?end <= ?to)
  FILTER NOT EXISTS {{ ?fact a cbp:Section }}
}}
"""
EXISTS = "ASK {{ {thing} ?p ?o }}"

# Shown in places of their own on the page, so not again among the plain facts.
ELSEWHERE = {
    PREFIXES["rdf"] + "type",
    PREFIXES["rdfs"] + "label",
    PREFIXES["skos"] + "prefLabel",
    PREFIXES["skos"] + "altLabel",
    PREFIXES["skos"] + "definition",
    PREFIXES["skos"] + "editorialNote",
    PREFIXES["cbp"] + "evidence",
    PREFIXES["cbp"] + "quotation",
    PREFIXES["cbp"] + "agreesWith",
    PREFIXES["cbp"] + "differsFrom",
    PREFIXES["cbp"] + "inSeriesWith",
}
OUTWARD = {
    *(PREFIXES["skos"] + f"{how}Match" for how in ("exact", "close", "related", "broad", "narrow")),
    PREFIXES["owl"] + "sameAs",
    PREFIXES["foaf"] + "page",
    PREFIXES["adms"] + "identifier",
}


def page(site, iri, kind, slug):
    """The HTML document about one thing."""
    thing_ref = ref(iri)
    facts, nested, types = {}, {}, []
    for row in site.graph.select(ABOUT.format(thing=thing_ref)):
        predicate, value = row["p"].value, row["o"]
        if predicate == PREFIXES["rdf"] + "type":
            types.append(value.value)
        if value.kind == "bnode":
            if "q" in row:
                nested.setdefault((predicate, value.value), []).append((row["q"].value, row["v"]))
            continue
        speaker = row["graph"].value.removeprefix(GRAPH)
        facts.setdefault(predicate, {}).setdefault(value, set()).add(speaker)
    figures = [f for f in site.figures.values() if iri in (f.subject, f.indicator, f.period, f.area)]
    own = site.figures.get(iri)
    statements = reading.statements(site, STATEMENTS.format(thing=thing_ref))
    quoted = {term.value for term in facts.get(PREFIXES["cbp"] + "quotation", {})}
    rows = site.graph.select(EVIDENCE.format(thing=thing_ref))
    rows.sort(key=lambda row: (row["exact"].value not in quoted, int(row["start"].value)))
    passages = [reading.in_context(site.text, int(row["start"].value), int(row["end"].value)) for row in rows]
    pointing = {}
    for row in site.graph.select(TO.format(thing=thing_ref)):
        pointing.setdefault(row["p"].value, []).append(row["s"].value)
    inside, triples = [], ""
    if kind == "section":
        inside = sorted(
            {row["fact"].value for row in site.graph.select(SECTION_FACTS.format(thing=thing_ref))}
        )
        triples = SECTION_TRIPLES.format(facts=" ".join(map(ref, inside))).strip()
    return render_template(
        "thing.html",
        section="pages.things",
        iri=iri,
        kind=kind,
        slug=slug,
        own=own,
        peers=comparison.peers(site, own) if own else [],
        compared=comparison.of(site, iri) if own else [],
        series=comparison.comparable(figures),
        types=sorted(set(types)),
        facts={p: values for p, values in sorted(facts.items()) if p not in ELSEWHERE | OUTWARD},
        notes=sorted(value.value for value in facts.get(PREFIXES["skos"] + "editorialNote", {})),
        links=outward.links(site, iri),
        identifiers=outward.identifiers(site, iri),
        nested={key: values for key, values in nested.items() if key[0] not in OUTWARD},
        figures=figures,
        statements=reading.by_quote(statements),
        passages=passages,
        pointing=pointing,
        inside=grouped(inside),
        triples=site.graph.rdf(triples, "text/turtle").decode() if inside else "",
        triples_query=complete(triples),
        unknown=comparison.unknown(site, own, figures),
        citation=citations.of(site, iri, kind, own),
        query=complete(DOCUMENT.format(thing=thing_ref)),
        place=reading.place(site, iri) if kind in ("country", "city", "region", "academy") else None,
        formats=RDF_TYPES,
        base=BASE,
    )


def grouped(iris):
    """Facts of a passage by what they are: (title, IRIs), figures first."""
    groups = {"Figures": [], "Statements": [], "Things": []}
    for iri in iris:
        kind = names.kind_of(iri)[0]
        groups[
            "Figures" if kind == "measurement" else "Statements" if kind == "statement" else "Things"
        ].append(iri)
    return [(title, members) for title, members in groups.items() if members]
