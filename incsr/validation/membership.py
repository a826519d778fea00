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
from incsr.validation.index import IRI, Index, Row

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
    index = Index()
    spoken = {graph: index.numbered(quads) for graph, quads in graphs.items()}
    return [index.triple(row) for row in state(index, spoken, texts)]


def state(index: Index, graphs: Mapping[str, Iterable[Row]], texts: Mapping[str, str]) -> list[Row]:
    """The same over numbered triples; they are not added to the index."""
    number, name = index.number, index.texts
    stated_in, page, label = number(STATED_IN), number(FROM_THE_PAGE), number(REPORT_LABEL)
    relation, predicate_of, object_of = number(REPORT_RELATION), number(PREDICATE), number(OBJECT)
    term, uses, words = number(VOCABULARY_TERM), number(USES_TERM), number(TEXT)
    kind, derived, source = number(TYPE), number(DERIVED), number(PRIMARY_SOURCE)
    labels = {number(property_) for property_ in LABELS}
    names = {graph: number(ox.NamedNode(graph)) for graph in graphs}
    terms, things, page_things = set(), set(), set()
    for node, (sort, text) in enumerate(zip(index.kinds, index.texts, strict=True)):
        if sort == IRI and text.startswith(ONTOLOGY + "#"):
            terms.add(node)
        elif sort == IRI and text.startswith(ID):
            things.add(node)
            if _is_from_the_page(text):
                page_things.add(node)
    found: dict[Row, None] = {}
    for graph, rows in graphs.items():
        of_report, of_ontology = is_report_graph(graph), graph == ONTOLOGY_GRAPH
        # Computed and other sources' figures are misplaced there, which has a rule of its own.
        others = {row[0] for row in rows if row[2] == derived or row[1] == source} if of_report else set()
        for subject in {row[0] for row in rows}:
            found[(subject, stated_in, names[graph])] = None
            if of_ontology and subject in terms:
                found[(subject, kind, term)] = None
        for subject, predicate, value in rows:
            if predicate in terms:
                found[(subject, uses, predicate)] = None
            if value in terms:
                found[(subject, uses, value)] = None
            if of_report and subject in things:
                if predicate in labels and not name[subject].endswith(NOT_STATED):
                    found[(subject, label, value)] = None
                elif predicate == kind and subject in page_things and subject not in others:
                    found[(subject, kind, page)] = None
                elif value in things:
                    node = number(ox.BlankNode())
                    found[(subject, relation, node)] = None
                    found[(node, predicate_of, predicate)] = None
                    found[(node, object_of, value)] = None
    for iri, text in texts.items():
        found[(number(ox.NamedNode(iri)), words, number(ox.Literal(text)))] = None
    return list(found)


def _is_from_the_page(iri: str) -> bool:
    return not iri.startswith(NOT_FROM_THE_PAGE) and not iri.endswith(NOT_STATED)
