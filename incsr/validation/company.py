"""A file of an author in the company of the published graphs: what is validated when files are named.

A file that bears a published file's name, or that describes the report itself, is a copy of that graph and
takes its place. The things of any other file join the graphs that
they belong to, and there each takes the place of the published description of the same thing: so a line
that is deleted in a copy is missed, and not supplied from elsewhere.

What belongs where: passages to the passages, terms to the ontology, computed figures to graph/derived,
figures of other sources and comparisons to graph/context, links to graph/links, all else to the report's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyoxigraph as ox

from incsr.namespaces import GRAPH, ID, ONTOLOGY, PREFIXES, SHAPES
from incsr.validation.locate import owners


def _named(prefix: str, *locals_: str) -> set[ox.NamedNode]:
    return {ox.NamedNode(PREFIXES[prefix] + local) for local in locals_}


TYPE = ox.NamedNode(PREFIXES["rdf"] + "type")
# What gives a thing's whole description to a graph …
DERIVED = _named("cbp", "formula", "DerivedMeasurement")
CONTEXT = _named("cbp", "reason", "Reliabilities", "Reasons") | _named("prov", "hadPrimarySource")
LINKING = (
    _named("owl", "Axiom")
    | _named("void", "Dataset", "Linkset")
    | _named("adms", "Identifier")
    | _named("prov", "Entity")
)
# … and what gives only the one triple to it.
LINKS = (
    _named("owl", "sameAs")
    | _named("skos", "exactMatch", "closeMatch", "relatedMatch", "broadMatch", "narrowMatch")
    | _named("adms", "identifier")
    | _named("foaf", "page")
)
# The page prints neither its month nor the cities' countries.
UNPRINTED = _named("dcterms", "issued")
LOCATED = ox.NamedNode(PREFIXES["cbp"] + "locatedIn")
REPORT = ox.NamedNode(PREFIXES["cbp"] + "Report")
CLASSING = {TYPE, *_named("skos", "inScheme")}
COMPARISONS = _named("cbp", "likelyPeriod", "agreesWith", "differsFrom", "inSeriesWith")


@dataclass(slots=True)
class Company:
    """The graphs to validate, and the things that the files describe."""

    graphs: dict[str, list[ox.Quad]]
    subjects: set = field(default_factory=set)


def join(
    published: Mapping[str, Iterable[ox.Quad]],
    files: Iterable[tuple[str | None, Iterable[ox.Quad]]],
    graph: str | None = None,
) -> Company:
    """The published graphs with the files in their places.

    Each file comes as a pair: the graph that it is by its name, or None, and its quads. `graph` is where
    the things of the files without such a name belong, whatever they are.
    """
    company = Company({name: list(quads) for name, quads in published.items()})
    replaced: set[str] = set()
    for named, quads in files:
        for name, part in _parts(named, quads, graph).items():
            subjects = _things(part)
            before = company.graphs.get(name, [])
            if name in replaced:
                pass
            elif named or _reports(part) & _reports(before):
                before = []
                replaced.add(name)
            else:
                before = without(before, subjects)
            company.graphs[name] = before + part
            company.subjects |= subjects
    return company


def without(quads: Iterable[ox.Quad], subjects: set) -> list[ox.Quad]:
    """The quads that describe none of the subjects, neither directly nor in a blank node that one owns."""
    quads = list(quads)
    owned = {label: ox.NamedNode(owner) for label, (owner, _) in owners(quads).items()}
    return [
        quad
        for quad in quads
        if (owned.get(quad.subject.value) if isinstance(quad.subject, ox.BlankNode) else quad.subject)
        not in subjects
    ]


def _things(quads: Iterable[ox.Quad]) -> set[ox.NamedNode]:
    return {quad.subject for quad in quads if isinstance(quad.subject, ox.NamedNode)}


def _reports(quads: Iterable[ox.Quad]) -> set:
    return {quad.subject for quad in quads if quad.predicate == TYPE and quad.object == REPORT}


def _parts(named: str | None, quads: Iterable[ox.Quad], graph: str | None) -> dict[str, list[ox.Quad]]:
    """The quads of one file by the graph that they belong to."""
    quads = list(quads)
    owned = owners(quads)
    homes = {}
    for home, signs in (("derived", DERIVED), ("context", CONTEXT), ("links", LINKING)):
        for quad in quads:
            if quad.predicate in signs or (quad.predicate in CLASSING and quad.object in signs):
                homes.setdefault(quad.subject, GRAPH + home)
    parts: dict[str, list[ox.Quad]] = {}
    for quad in quads:
        if named:
            name = named
        elif isinstance(quad.graph_name, ox.NamedNode):
            name = quad.graph_name.value
        else:
            subject, predicate = quad.subject, quad.predicate
            if isinstance(subject, ox.BlankNode) and subject.value in owned:
                owner, owning = owned[subject.value]
                subject, predicate = ox.NamedNode(owner), ox.NamedNode(owning)
            name = _home(subject, predicate, homes, graph)
        parts.setdefault(name, []).append(ox.Quad(*quad.triple, ox.NamedNode(name)))
    return parts


def _home(subject, predicate, homes, graph) -> str:
    iri = subject.value
    if "#char=" in iri:
        return GRAPH + "passages"
    if graph:
        return graph
    if iri == ONTOLOGY or iri.startswith(ONTOLOGY + "#"):
        return GRAPH + "ontology"
    if iri == SHAPES or iri.startswith(SHAPES + "#"):
        return GRAPH + "shapes"
    if subject in homes:
        return homes[subject]
    for kind, home in (("dataset/derived", "derived"), ("dataset/context", "context"), ("scheme/", "links")):
        if iri.startswith(ID + kind):
            return GRAPH + home
    of_city = predicate == LOCATED and iri.startswith(f"{ID}city/")
    if predicate in LINKS | UNPRINTED or of_city:
        return GRAPH + "links"
    if predicate in COMPARISONS:
        return GRAPH + "context"
    return GRAPH + "incsr2014"
