"""Which graph says what, made visible to shapes: SHACL looks at one data graph and knows no other.

The data graph that is validated is the union of the named graphs and of the triples made here, in terms that
shapes/about.ttl defines:

    Graph:
        ?thing  cbpsh:statedIn  ?graph .                  every subject of every graph
        ?thing  a  cbpsh:FromThePage .                    what a report's own graph gives a type to
        ?thing  cbpsh:reportLabel  ?label .               its names there
        ?thing  cbpsh:reportRelation  [ cbpsh:predicate ?p ; cbpsh:object ?o ] .   its ties to things there
        ?term   a  cbpsh:VocabularyTerm .                 what graph/ontology describes of our namespace
        ?thing  cbpsh:usesTerm  ?term .                   what a thing is described with
        ?text   cbpsh:text  "the source text, character for character" .

Makes no judgement and changes no graph.
"""

from collections.abc import Iterable, Mapping

import pyoxigraph as ox

from incsr.namespaces import GRAPH, ID, ONTOLOGY, PREFIXES

CBPSH = PREFIXES["cbpsh"]
STATED_IN = ox.NamedNode(CBPSH + "statedIn")
FROM_THE_PAGE = ox.NamedNode(CBPSH + "FromThePage")
REPORT_LABEL = ox.NamedNode(CBPSH + "reportLabel")
REPORT_RELATION = ox.NamedNode(CBPSH + "reportRelation")
PREDICATE = ox.NamedNode(CBPSH + "predicate")
OBJECT = ox.NamedNode(CBPSH + "object")
VOCABULARY_TERM = ox.NamedNode(CBPSH + "VocabularyTerm")
USES_TERM = ox.NamedNode(CBPSH + "usesTerm")
TEXT = ox.NamedNode(CBPSH + "text")
TYPE = ox.NamedNode(PREFIXES["rdf"] + "type")
DERIVED = ox.NamedNode(PREFIXES["cbp"] + "DerivedMeasurement")
PRIMARY_SOURCE = ox.NamedNode(PREFIXES["prov"] + "hadPrimarySource")

LABELS = {
    ox.NamedNode(PREFIXES["skos"] + "prefLabel"),
    ox.NamedNode(PREFIXES["skos"] + "altLabel"),
    ox.NamedNode(PREFIXES["rdfs"] + "label"),
}
ONTOLOGY_GRAPH = GRAPH + "ontology"

# A section is a passage itself; a data set and a code for "not stated" are our means of telling what the
# page says, and no words of it.
NOT_FROM_THE_PAGE = tuple(f"{ID}{kind}/" for kind in ("section", "dataset"))
NOT_STATED = "/not-stated"


def is_report_graph(graph: str) -> bool:
    """Whether a graph holds what one edition of the report says, in the report's own names."""
    return graph.startswith(GRAPH + "incsr")


def membership(graphs: Mapping[str, Iterable[ox.Quad]], texts: Mapping[str, str]) -> list[ox.Triple]:
    """The triples that tell shapes which graph states what, and what the source's words are."""
    seen: dict[tuple, None] = {}
    relations: list[ox.Triple] = []
    for graph, quads in graphs.items():
        quads, name = list(quads), ox.NamedNode(graph)
        # Computed and other sources' figures are misplaced there, which has a rule of its own.
        others = {
            quad.subject for quad in quads if quad.object == DERIVED or quad.predicate == PRIMARY_SOURCE
        }
        for quad in quads:
            subject, predicate, value = quad.triple
            seen[(subject, STATED_IN, name)] = None
            for term in (predicate, value):
                if isinstance(term, ox.NamedNode) and term.value.startswith(ONTOLOGY + "#"):
                    seen[(subject, USES_TERM, term)] = None
            if graph == ONTOLOGY_GRAPH and _starts(subject, ONTOLOGY + "#"):
                seen[(subject, TYPE, VOCABULARY_TERM)] = None
            if is_report_graph(graph) and _starts(subject, ID):
                if predicate in LABELS and not subject.value.endswith(NOT_STATED):
                    seen[(subject, REPORT_LABEL, value)] = None
                elif predicate == TYPE and _is_from_the_page(subject) and subject not in others:
                    seen[(subject, TYPE, FROM_THE_PAGE)] = None
                elif _starts(value, ID):
                    node = ox.BlankNode()
                    relations.append(ox.Triple(subject, REPORT_RELATION, node))
                    relations.append(ox.Triple(node, PREDICATE, predicate))
                    relations.append(ox.Triple(node, OBJECT, value))
    words = [ox.Triple(ox.NamedNode(iri), TEXT, ox.Literal(text)) for iri, text in texts.items()]
    return [ox.Triple(*triple) for triple in seen] + relations + words


def _starts(term, prefix: str) -> bool:
    return isinstance(term, ox.NamedNode) and term.value.startswith(prefix)


def _is_from_the_page(subject) -> bool:
    return not subject.value.startswith(NOT_FROM_THE_PAGE) and not subject.value.endswith(NOT_STATED)
