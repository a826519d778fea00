"""A figure beside others: the same indicator elsewhere, what other sources say, and what nobody says."""

from dataclasses import dataclass

from incsr.namespaces import PREFIXES

COMPARED = """
SELECT ?a ?p ?b ?reason ?note WHERE {
  VALUES ?p { cbp:agreesWith cbp:differsFrom cbp:inSeriesWith }
  ?statement a rdf:Statement ; rdf:subject ?a ; rdf:predicate ?p ; rdf:object ?b .
  OPTIONAL { ?statement cbp:reason/skos:prefLabel ?reason }
  OPTIONAL { ?statement skos:editorialNote ?note }
}
"""
WORDS = {"agreesWith": "agrees", "differsFrom": "differs", "inSeriesWith": "another year"}


@dataclass(frozen=True, slots=True)
class Compared:
    """What we say of a figure beside another one, and why."""

    other: str  # IRI
    relation: str  # the local name of the property
    reason: str
    note: str

    @property
    def words(self):
        return WORDS[self.relation]


def load(graph):
    """By figure: everything we compare it with, in both directions."""
    found = {}
    for row in graph.select(COMPARED):
        one, other = row["a"].value, row["b"].value
        relation = row["p"].value.removeprefix(PREFIXES["cbp"])
        said = (
            relation,
            row["reason"].value if "reason" in row else "",
            row["note"].value if "note" in row else "",
        )
        for figure, beside in ((one, other), (other, one)):
            found.setdefault(figure, []).append(Compared(beside, *said))
    for compared in found.values():
        compared.sort(key=lambda each: (list(WORDS).index(each.relation), each.other))
    return found


def peers(site, figure):
    """Other figures of the same indicator, for comparison: other subjects, places or years."""
    beside = {compared.other for compared in of(site, figure.iri)}
    return [
        f
        for f in site.figures.values()
        if f.indicator == figure.indicator and f.iri != figure.iri and f.value and f.iri not in beside
    ]


def of(site, iri):
    """What a figure is compared with."""
    return [
        each for each in site.graph.kept("figures.compared", load).get(iri, ()) if each.other in site.figures
    ]


def comparable(figures):
    """Groups of three or more figures that one chart may compare: same indicator, unit, rate and source."""
    groups = {}
    for figure in figures:
        if figure.value:
            groups.setdefault((figure.indicator, figure.unit, figure.per, figure.graph), []).append(figure)
    return [sorted(group, key=lambda f: -float(f.value)) for group in groups.values() if len(group) >= 3]


def unknown(site, own, figures):
    """What a careful reader should know that nobody says: periods, places, second sources."""
    found = []
    for figure in [own] if own else figures:
        if figure.graph != "incsr2014":
            continue
        lacks = []
        if not figure.dated:
            lacks.append(f"no period stated{f' (likely {figure.likely}, we say)' if figure.likely else ''}")
        if not figure.placed and own:
            lacks.append("no place stated")
        relations = {compared.relation for compared in of(site, figure.iri)}
        if not relations:
            lacks.append("no second source")
        elif "agreesWith" not in relations:
            lacks.append("no second source for the same year and scope, only " + _others(relations))
        if lacks:
            found.append((figure, lacks))
    return found


def _others(relations):
    years, scopes = "inSeriesWith" in relations, "differsFrom" in relations
    return "other years and other scopes" if years and scopes else "other years" if years else "another scope"
