"""Which graph says what, made visible to shapes: SHACL looks at one data graph and knows no other.

The data graph that is validated is the union of the named graphs and of the triples made here, in the
vocabulary `cbpsh:` (described in shapes/membership.ttl):

    Graph:
        ?thing  cbpsh:statedIn  ?graph .                           for every subject of every graph
        ?thing  cbpsh:reportLabel  ?label .                        its labels in a report's own graph
        ?thing  cbpsh:reportRelation  [ cbpsh:predicate ?p ; cbpsh:object ?o ] .  its ties to other things there
        ?text   cbpsh:text  "the source text, character for character" .

Makes no judgement and changes no graph.
"""

from collections.abc import Iterable, Mapping

import pyoxigraph as ox

from incsr.namespaces import GRAPH, ID, PREFIXES

CBPSH = PREFIXES["cbpsh"]
STATED_IN = ox.NamedNode(CBPSH + "statedIn")
REPORT_LABEL = ox.NamedNode(CBPSH + "reportLabel")
REPORT_RELATION = ox.NamedNode(CBPSH + "reportRelation")
PREDICATE = ox.NamedNode(CBPSH + "predicate")
OBJECT = ox.NamedNode(CBPSH + "object")
TEXT = ox.NamedNode(CBPSH + "text")

LABELS = {
    ox.NamedNode(PREFIXES["skos"] + "prefLabel"),
    ox.NamedNode(PREFIXES["skos"] + "altLabel"),
    ox.NamedNode(PREFIXES["rdfs"] + "label"),
}


def is_report_graph(graph: str) -> bool:
    """Whether a graph holds what one edition of the report says, in the report's own names."""
    return graph.startswith(GRAPH + "incsr")


def membership(graphs: Mapping[str, Iterable[ox.Quad]], texts: Mapping[str, str]) -> list[ox.Triple]:
    """The triples that tell shapes which graph states what, and what the source's words are."""
    seen: dict[tuple, None] = {}
    relations: list[ox.Triple] = []
    for graph, quads in graphs.items():
        name, of_report = ox.NamedNode(graph), is_report_graph(graph)
        for quad in quads:
            seen[(quad.subject, STATED_IN, name)] = None
            if not of_report:
                continue
            if quad.predicate in LABELS:
                seen[(quad.subject, REPORT_LABEL, quad.object)] = None
            elif _is_thing(quad.subject) and _is_thing(quad.object):
                node = ox.BlankNode()
                relations.append(ox.Triple(quad.subject, REPORT_RELATION, node))
                relations.append(ox.Triple(node, PREDICATE, quad.predicate))
                relations.append(ox.Triple(node, OBJECT, quad.object))
    words = [ox.Triple(ox.NamedNode(iri), TEXT, ox.Literal(text)) for iri, text in texts.items()]
    return [ox.Triple(*triple) for triple in seen] + relations + words


def _is_thing(term) -> bool:
    return isinstance(term, ox.NamedNode) and term.value.startswith(ID)
