"""The mappings of graph/links as a SSSOM TSV file: the table in which mapping sets are exchanged.

A mapping in the graph is an annotated axiom, which is SSSOM's own RDF form; this module turns each into a
row. It says nothing that the graph does not say: labels, prefixes and the set's metadata are read from it
too. Links to pages are no mappings (they have no justification) and stay out.

Source: SSSOM 1.0, "SSSOM/TSV serialisation format" (https://w3id.org/sssom/).
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox

from incsr.namespaces import GRAPH, ID, KIND_PREFIXES, PREFIXES

MAPPING_SET = f"{ID}dataset/links"
LINKS_GRAPH = f"{GRAPH}links"
SEMAPV = "https://w3id.org/semapv/vocab/"
SSSOM = "https://w3id.org/sssom/"

COLUMNS = (
    "record_id",
    "subject_id",
    "subject_label",
    "predicate_id",
    "object_id",
    "object_label",
    "mapping_justification",
    "confidence",
    "mapping_date",
    "mapping_provider",
    "mapping_source",
    "object_source",
    "see_also",
    "comment",
)

_MAPPINGS = f"""
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sssom: <{SSSOM}>
SELECT ?record ?subject ?predicate ?object ?object_label ?justification ?confidence ?date ?provider ?comment
       (GROUP_CONCAT(STR(?source); separator=" ") AS ?sources)
WHERE {{
  GRAPH <{LINKS_GRAPH}> {{
    ?record a owl:Axiom ; owl:annotatedSource ?subject ; owl:annotatedProperty ?predicate ;
      owl:annotatedTarget ?object ; sssom:mapping_justification ?justification ;
      sssom:confidence ?confidence ; sssom:mapping_date ?date ;
      prov:wasAttributedTo ?provider ; prov:wasDerivedFrom ?source .
    OPTIONAL {{ ?record sssom:object_label ?object_label }}
    OPTIONAL {{ ?record rdfs:comment ?comment }}
  }}
}}
GROUP BY ?record ?subject ?predicate ?object ?object_label ?justification ?confidence ?date ?provider ?comment
ORDER BY STR(?record)
"""

_LABELS = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
SELECT DISTINCT ?thing ?label
WHERE { ?record owl:annotatedSource ?thing . ?thing rdfs:label ?label } ORDER BY ?thing DESC(?label)
"""

_TARGETS = f"""
PREFIX vann: <http://purl.org/vocab/vann/>
PREFIX void: <http://rdfs.org/ns/void#>
SELECT ?dataset ?prefix ?space
WHERE {{ GRAPH <{LINKS_GRAPH}> {{ ?dataset vann:preferredNamespacePrefix ?prefix ; void:uriSpace ?space }} }}
"""

_METADATA = f"""
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?title ?description ?license ?creator_label ?created
WHERE {{ GRAPH <{LINKS_GRAPH}> {{
  <{MAPPING_SET}> dcterms:title ?title ; dcterms:description ?description ; dcterms:license ?license ;
    dcterms:creator ?creator ; dcterms:created ?created .
  ?creator rdfs:label ?creator_label .
}} }}
"""


class MappingError(ValueError):
    """A mapping set that cannot be written as SSSOM; says what the graph lacks."""


@dataclass(frozen=True, slots=True)
class MappingSet:
    """The set's metadata, its prefix map, and one row a mapping with the keys of COLUMNS."""

    metadata: dict[str, object]
    prefixes: dict[str, str]
    rows: list[dict[str, str]]


def mapping_set(quads: Iterable[ox.Quad]) -> MappingSet:
    """Read the mapping set out of the published graphs.

    Raises: MappingError where the set is not described, or a mapping's IRI has no prefix.
    """
    store = ox.Store()
    store.extend(quads)
    targets = [
        (row["space"].value, row["prefix"].value, row["dataset"].value) for row in store.query(_TARGETS)
    ]
    namer = _Namer(targets)
    labels = {
        row["thing"].value: row["label"].value
        for row in store.query(_LABELS, use_default_graph_as_union=True)
    }
    rows = [_row(solution, namer, labels) for solution in store.query(_MAPPINGS)]
    metadata = _metadata(store)
    return MappingSet(metadata, dict(sorted(namer.used.items())), rows)


def tsv(mappings: MappingSet) -> str:
    """The SSSOM TSV file: metadata as commented YAML, then the table, sorted by record."""
    head = {"curie_map": mappings.prefixes, **mappings.metadata}
    lines = []
    for key, value in head.items():
        if isinstance(value, dict):
            lines.append(f"#{key}:")
            lines += [f"#  {name}: {json.dumps(item, ensure_ascii=False)}" for name, item in value.items()]
        elif isinstance(value, list):
            lines.append(f"#{key}:")
            lines += [f"#  - {json.dumps(item, ensure_ascii=False)}" for item in value]
        else:
            lines.append(f"#{key}: {json.dumps(value, ensure_ascii=False)}")
    lines.append("\t".join(COLUMNS))
    lines += ["\t".join(_cell(row[column]) for column in COLUMNS) for row in mappings.rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """A value as a TSV cell: quoted as in CSV where it would else break the row."""
    if re.search(r'[\t\n\r"]', text):
        return '"' + text.replace('"', '""') + '"'
    return text


def _row(solution, namer, labels) -> dict[str, str]:
    sources = sorted(solution["sources"].value.split())
    subject = solution["subject"].value
    return {
        "record_id": namer.name(solution["record"].value),
        "subject_id": namer.name(subject),
        "subject_label": labels.get(subject, ""),
        "predicate_id": namer.name(solution["predicate"].value),
        "object_id": namer.name(solution["object"].value),
        "object_label": _text(solution["object_label"]),
        "mapping_justification": namer.name(solution["justification"].value),
        "confidence": solution["confidence"].value,
        "mapping_date": solution["date"].value,
        "mapping_provider": solution["provider"].value,
        # SSSOM has room for one source set; the others, and it too, stand in see_also.
        "mapping_source": namer.name(sources[0]),
        "object_source": namer.name(namer.dataset(solution["object"].value)),
        "see_also": "|".join(sources),
        "comment": _text(solution["comment"]),
    }


def _text(term) -> str:
    return term.value if term is not None else ""


def _metadata(store) -> dict[str, object]:
    found = list(store.query(_METADATA))
    if len(found) != 1:
        raise MappingError(
            f"graph/links describes <{MAPPING_SET}> {len(found)} times; give it exactly one dcterms:title, "
            "description, license, created and creator with a label"
        )
    row = found[0]
    return {
        "mapping_set_id": MAPPING_SET,
        "mapping_set_title": row["title"].value,
        "mapping_set_description": row["description"].value,
        "license": row["license"].value,
        "creator_label": [row["creator_label"].value],
        "publication_date": row["created"].value,
    }


class _Namer:
    """Turns IRIs into CURIEs, and remembers which prefixes the set needs."""

    def __init__(self, targets):
        spaces = {prefix: space for space, prefix, _ in targets}
        spaces |= {prefix: f"{ID}{kind}/" for kind, prefix in KIND_PREFIXES.items()}
        spaces |= {name: PREFIXES[name] for name in ("owl", "skos", "unit")}
        spaces |= {"mapping": f"{ID}mapping/", "semapv": SEMAPV}
        # The longest namespace first: one may begin another.
        self.spaces = sorted(spaces.items(), key=lambda item: -len(item[1]))
        self.datasets = {space: dataset for space, _, dataset in targets}
        self.used: dict[str, str] = {}

    def name(self, iri: str) -> str:
        for prefix, space in self.spaces:
            if iri.startswith(space) and len(iri) > len(space):
                self.used[prefix] = space
                return f"{prefix}:{iri[len(space) :]}"
        raise MappingError(
            f"<{iri}> stands in a mapping but lies in no known namespace; describe its data set in "
            "data/links.ttl with void:uriSpace and vann:preferredNamespacePrefix"
        )

    def dataset(self, iri: str) -> str:
        for space, dataset in self.datasets.items():
            if iri.startswith(space):
                return dataset
        raise MappingError(f"<{iri}> is mapped to, but no data set in data/links.ttl has its void:uriSpace")
