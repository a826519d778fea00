"""Two mixes of twelve query kinds each. `KNOWN` is what the service was tuned with; nobody tuned for `OTHER`.

A query's constants stand in braces: {observation}, {org}, {indicator}, {unit}, {year}, {word}. When it is
first asked, they are drawn anew for each request, and a number that never comes again is written behind it.
"""

import random
from urllib.parse import quote

from generate import BASE, organizations

PREFIXES = f"""PREFIX : <{BASE}>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX qb: <http://purl.org/linked-data/cube#>
PREFIX org: <http://www.w3.org/ns/org#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
JSON, TRIPLES = "application/sparql-results+json", "application/n-triples"

KNOWN = {
    "point": "SELECT ?p ?o { {observation} ?p ?o }",
    "regex": 'SELECT ?s ?l { ?s rdfs:label ?l FILTER(REGEX(STR(?l), "^{word}.* in {year}$", "i")) }',
    "join": "SELECT ?l ?v ?u ?x { ?o qb:dataSet :set ; :agency {org} ; rdfs:label ?l ; :value ?v ; :unit ?n ;"
    " prov:wasDerivedFrom ?e . ?n rdfs:label ?u . ?e oa:exact ?x }",
    "aggregate": "SELECT ?i (SUM(?v) AS ?s) (AVG(?v) AS ?a) (COUNT(?o) AS ?n)"
    " { ?o :indicator ?i ; :value ?v } GROUP BY ?i ORDER BY ?i",
    "path": "SELECT ?d ?l { ?d org:subOrganizationOf+ {org} ; skos:prefLabel ?l }",
    "optional": "SELECT ?o ?c { { ?o :indicator {indicator} } UNION { ?o :unit {unit} } ?o :year ?y"
    ' FILTER(STR(?y) = "{year}") OPTIONAL { ?o rdfs:comment ?c } }',
    "order": "SELECT ?o ?v { ?o :indicator {indicator} ; :value ?v } ORDER BY DESC(?v) ?o LIMIT 10",
    "construct": "CONSTRUCT { ?o :total ?v ; :by ?g }"
    " { ?o :agency {org} ; :value ?v . {org} skos:prefLabel ?g }",
    "describe": "DESCRIBE {observation}",
    "ask": "ASK { ?o :agency {org} ; :indicator {indicator} }",
    "count": "SELECT (COUNT(*) AS ?c) { ?s ?p ?o }",
    "large": "SELECT ?o ?l ?v { ?o rdfs:label ?l ; :value ?v } LIMIT 100000",
}
OTHER = {
    "label": "SELECT ?l { {observation} rdfs:label ?l }",
    "neighbours": "SELECT DISTINCT ?other"
    " { ?o :agency {org} ; :indicator ?i . ?p :indicator ?i ; :agency ?other }",
    "chain": "SELECT ?x ?s { ?e oa:hasSource ?r ; oa:exact ?x ; oa:start ?s . ?o prov:wasDerivedFrom ?e ;"
    " :indicator {indicator} ; :agency {org} }",
    "years": "SELECT ?y (MAX(?v) AS ?m) { ?o :agency {org} ; :year ?y ; :value ?v } GROUP BY ?y ORDER BY ?y",
    "none": "SELECT ?o { ?o :agency {org} FILTER NOT EXISTS { ?o rdfs:comment ?c } }",
    "minus": "SELECT ?o { ?o :indicator {indicator} MINUS { ?o :unit {unit} } } LIMIT 50",
    "values": "SELECT ?o ?v { VALUES ?i { {indicator} } ?o :indicator ?i ; :value ?v } LIMIT 20",
    "parents": "SELECT ?p { {org} org:subOrganizationOf* ?p }",
    "contains": 'SELECT ?o { ?o rdfs:comment ?c FILTER(CONTAINS(?c, "{year}")) }',
    "classes": "SELECT ?c (COUNT(*) AS ?n) { ?s a ?c } GROUP BY ?c",
    "properties": "SELECT DISTINCT ?p { ?s ?p ?o }",
    "bind": "SELECT ?l { ?o :unit {unit} ; :agency {org} ; rdfs:label ?t"
    ' BIND(CONCAT(?t, ", {word}") AS ?l) }',
}
MIXES = {"known": KNOWN, "other": OTHER}


def text(template: str, observations: int, chance: random.Random) -> str:
    """A query with its constants drawn."""
    drawn = {
        "observation": f"<{BASE}observation/{chance.randrange(observations)}>",
        "org": f"<{BASE}org/{chance.randrange(organizations(observations))}>",
        "indicator": f"<{BASE}indicator/{chance.randrange(24)}>",
        "unit": f"<{BASE}unit/{chance.randrange(4)}>",
        "year": str(2000 + chance.randrange(15)),
        "word": chance.choice(("cocaine", "currency", "vehicles", "officers")),
    }
    for name, value in drawn.items():
        template = template.replace(f"{{{name}}}", value)
    return PREFIXES + template


def requests(mix: str, target: str, observations: int, fresh: bool, seed: int, kinds=None) -> list[str]:
    """Lines for load.lua: fresh ones with a place for a number, or the twelve alone.

    `target` is the server's address up to the query's text; `kinds`: of these alone.
    """
    chance = random.Random(seed)
    found = []
    for _ in range(40 if fresh else 1):
        for kind, template in MIXES[mix].items():
            if kinds is not None and kind not in kinds:
                continue
            accept = TRIPLES if kind in ("construct", "describe") else JSON
            query = text(template, observations, chance) + ("\n#@@@@@@@@" if fresh else "")
            found.append(f"{accept}\t{target}{quote(query, safe='@')}")
    return found
