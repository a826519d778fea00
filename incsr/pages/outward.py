"""Links to other data, each with how it was matched, how sure that is, and where it was read (SSSOM)."""

from dataclasses import dataclass, field

from incsr.pages.graph import iri as ref
from incsr.pages.names import compact

LINKS = """
PREFIX sssom: <https://w3id.org/sssom/>
SELECT ?p ?target ?justification ?confidence ?name ?from ?origin WHERE {{
  VALUES ?p {{
    owl:sameAs skos:exactMatch skos:closeMatch skos:relatedMatch skos:broadMatch skos:narrowMatch foaf:page
  }}
  {thing} ?p ?target . FILTER isIRI(?target)
  OPTIONAL {{
    ?record owl:annotatedSource {thing} ; owl:annotatedProperty ?p ; owl:annotatedTarget ?target .
    OPTIONAL {{ ?record sssom:mapping_justification ?justification }}
    OPTIONAL {{ ?record sssom:confidence ?confidence }}
    OPTIONAL {{ ?record sssom:object_label ?name }}
    OPTIONAL {{ ?record prov:wasDerivedFrom ?origin . ?origin rdfs:label ?from }}
  }}
}} ORDER BY ?p ?target ?from
"""
IDENTIFIERS = """
PREFIX sssom: <https://w3id.org/sssom/>
SELECT ?notation ?scheme ?schemeName ?confidence ?from ?origin WHERE {{
  {thing} adms:identifier ?identifier . ?identifier skos:notation ?notation .
  OPTIONAL {{ ?identifier skos:inScheme ?scheme . OPTIONAL {{ ?scheme rdfs:label ?schemeName }} }}
  OPTIONAL {{ ?identifier sssom:confidence ?confidence }}
  OPTIONAL {{ ?identifier prov:wasDerivedFrom ?origin . ?origin rdfs:label ?from }}
}} ORDER BY ?schemeName ?notation ?from
"""
MEANS = {
    "owl:sameAs": "the same thing",
    "skos:exactMatch": "the same in another scheme",
    "skos:closeMatch": "nearly the same",
    "skos:relatedMatch": "related",
    "skos:broadMatch": "broader",
    "skos:narrowMatch": "narrower",
    "foaf:page": "a page about it",
}
FOUND = {
    "MappingChaining": "by codes that several tables share",
    "ManualMappingCuration": "by reading",
    "LexicalMatching": "by name",
}


@dataclass
class Link:
    """One link or identifier: what it is, where it leads, how sure it is (0 to 1), where it was read."""

    what: str
    target: str
    name: str
    confidence: str = ""
    how: str = ""
    read_in: dict = field(default_factory=dict)  # label of the place by its IRI
    scheme: str = ""


def links(site, iri):
    """The links of one thing, surest kinds first."""
    found = {}
    for row in site.graph.select(LINKS.format(thing=ref(iri))):
        predicate, target = compact(row["p"].value), row["target"].value
        how = row["justification"].value.rsplit("/", 1)[-1] if "justification" in row else ""
        link = found.setdefault(
            (predicate, target),
            Link(MEANS[predicate], target, _text(row, "name"), _text(row, "confidence"), FOUND.get(how, how)),
        )
        _add_place(link, row)
    order = list(MEANS)
    return [found[key] for key in sorted(found, key=lambda key: (order.index(key[0]), key[1]))]


def identifiers(site, iri):
    """The identifiers that are strings: codes of ISO, of the United Nations, of FIPS."""
    found = {}
    for row in site.graph.select(IDENTIFIERS.format(thing=ref(iri))):
        scheme = _text(row, "scheme")
        key = (scheme, row["notation"].value)
        link = found.setdefault(
            key,
            Link(
                _text(row, "schemeName") or compact(scheme),
                "",
                row["notation"].value,
                _text(row, "confidence"),
                scheme=scheme,
            ),
        )
        _add_place(link, row)
    return list(found.values())


def _text(row, name):
    return row[name].value if name in row else ""


def _add_place(link, row):
    if "origin" in row:
        link.read_in[row["origin"].value] = row["from"].value
