"""A file of an author in the company of the published graphs: what is validated when files are named.

A file that bears a published file's name, or that describes the whole it belongs to (the report, the
ontology), takes that graph's place. Any other file's things join the graph they belong to: passages the
passages, terms the ontology, all else the report's graph; there each takes the place of the published
description of the same thing, so that a line deleted in a copy is missed and not supplied from elsewhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyoxigraph as ox

from incsr.namespaces import GRAPH, ONTOLOGY, PREFIXES, SHAPES
from incsr.validation.locate import owners

TYPE = ox.NamedNode(PREFIXES["rdf"] + "type")
WHOLES = {
    ox.NamedNode(PREFIXES["cbp"] + "Report"): GRAPH + "incsr2014",
    ox.NamedNode(PREFIXES["owl"] + "Ontology"): GRAPH + "ontology",
}


@dataclass(slots=True)
class Company:
    """The graphs to validate, the subjects that the files describe, and whether a whole graph was replaced."""

    graphs: dict[str, list[ox.Quad]]
    subjects: set = field(default_factory=set)
    whole: bool = False


def join(
    published: Mapping[str, Iterable[ox.Quad]],
    files: Iterable[tuple[str | None, Iterable[ox.Quad]]],
    report_graph: str = GRAPH + "incsr2014",
) -> Company:
    """The published graphs with the files in their places.

    Each file comes as a pair: the graph that it is by its name, or None, and its quads.
    """
    company = Company({graph: list(quads) for graph, quads in published.items()})
    replaced: set[str] = set()
    for named, quads in files:
        for graph, part, whole in _placed(named, list(quads), report_graph):
            subjects = {quad.subject for quad in part if not isinstance(quad.subject, ox.BlankNode)}
            before = company.graphs.get(graph, [])
            if not whole:
                before = without(before, subjects)
            elif graph not in replaced:
                before, company.whole = [], True
                replaced.add(graph)
            company.graphs[graph] = before + part
            company.subjects |= subjects
    return company


def without(quads: Iterable[ox.Quad], subjects: set) -> list[ox.Quad]:
    """The quads that describe none of the subjects, neither directly nor in a blank node that one owns."""
    quads = list(quads)
    owned = {label: owner for label, (owner, _) in owners(quads).items()}

    def described(term):
        if isinstance(term, ox.BlankNode):
            return ox.NamedNode(owned[term.value]) in subjects if term.value in owned else False
        return term in subjects

    return [quad for quad in quads if not described(quad.subject)]


def _placed(named, quads, report_graph):
    """The parts of one file: graph, quads in it, and whether they are that graph's whole."""
    if named is not None:
        yield named, [ox.Quad(*quad.triple, ox.NamedNode(named)) for quad in quads], True
        return
    wholes = {WHOLES[quad.object] for quad in quads if quad.predicate == TYPE and quad.object in WHOLES}
    owned = {label: owner for label, (owner, _) in owners(quads).items()}
    parts: dict[str, list[ox.Quad]] = {}
    own_names = set()
    for quad in quads:
        if isinstance(quad.graph_name, ox.NamedNode):
            graph = quad.graph_name.value
            own_names.add(graph)
        else:
            graph = _graph_of(quad.subject, owned, report_graph)
        parts.setdefault(graph, []).append(ox.Quad(*quad.triple, ox.NamedNode(graph)))
    for graph, part in parts.items():
        yield graph, part, graph in wholes or graph in own_names


def _graph_of(subject, owned, report_graph):
    iri = owned.get(subject.value, "") if isinstance(subject, ox.BlankNode) else subject.value
    if "#char=" in iri:
        return GRAPH + "passages"
    if iri == ONTOLOGY or iri.startswith(ONTOLOGY + "#"):
        return GRAPH + "ontology"
    if iri == SHAPES or iri.startswith(SHAPES + "#"):
        return GRAPH + "shapes"
    return report_graph
