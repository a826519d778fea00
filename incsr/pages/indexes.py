"""The lists: all kinds, the things of one kind, and all figures with facets; sorted as asked, in pages."""

from flask import abort, render_template, request

from incsr.namespaces import ID
from incsr.pages import names, reading

PER_PAGE = 50
THINGS = f'SELECT DISTINCT ?thing WHERE {{ ?thing a ?class FILTER STRSTARTS(STR(?thing), "{ID}") }}'
GROUPS = """
SELECT DISTINCT ?thing ?group WHERE {
  { ?thing rdf:predicate ?group }
  UNION { ?thing skos:inScheme|cbp:locatedIn|cbp:administeredBy|org:subOrganizationOf ?group }
  UNION { ?thing a cbp:Section , ?group FILTER (?group != cbp:Section && STRSTARTS(STR(?group), STR(cbp:))) }
  FILTER isIRI(?group)
}
"""
# What the things of a kind are told apart by, as the form asks for it.
GROUPED_BY = {
    "statement": "Says",
    "concept": "List",
    "section": "Sort",
    "program": "Administered by",
    "city": "In",
    "academy": "In",
    "unit": "Part of",
    "office": "Part of",
    "agency": "Part of",
}
ORDERS = {"name": "name", "figures": "number of figures"}


def register(pages, site):
    @pages.get("/doc/")
    @pages.get("/things")
    def things():
        counts = {kind: len(listed(site, kind)) for kind in names.KINDS}
        return render_template("things.html", section="pages.things", counts=counts)

    @pages.get("/doc/<kind>/")
    @pages.get("/id/<kind>/")
    def index(kind):
        if kind not in names.KINDS:
            abort(404, f"There is no kind “{kind}”; there are {', '.join(names.KINDS)}")
        if kind == "measurement":
            return figure_index(site)
        wanted = request.args.get("filter", "").strip().lower()
        group = request.args.get("group", "")
        named = [
            entry
            for entry in listed(site, kind)
            if wanted in entry["label"].lower() or any(wanted in other.lower() for other in entry["others"])
        ]
        entries = [entry for entry in named if not group or group in entry["groups"]]
        order = request.args.get("sort", "name")
        if order == "figures":
            entries.sort(key=lambda entry: (-entry["figures"], entry["label"].lower()))
        shown, paging = paged(entries)
        return render_template(
            "index.html",
            section="pages.things",
            kind=kind,
            entries=shown,
            paging=paging,
            filter=wanted,
            order=order,
            orders=ORDERS,
            groups=facet(site, named),
            group=group,
            grouped_by=GROUPED_BY.get(kind),
        )


def facet(site, entries):
    """The groups of the entries as (IRI, name, count), by name."""
    counts = {}
    for entry in entries:
        for group in entry["groups"]:
            counts[group] = counts.get(group, 0) + 1
    found = ((iri, site.names.label(iri), count) for iri, count in counts.items())
    return sorted(found, key=lambda each: (each[1].lower(), each[0]))


def listed(site, kind):
    """The things of a kind with their names and how many figures tell of them, by label."""

    def compute(_graph):
        by_kind = {name: [] for name in names.KINDS}
        tells = {}
        for figure in site.figures.values():
            for other in {figure.subject, figure.indicator, figure.period, figure.area}:
                tells[other] = tells.get(other, 0) + 1
        order = {iri: place for place, iri in enumerate(site.graph.kept("sections", reading.sections))}
        groups = {}
        for row in site.graph.select(GROUPS):
            groups.setdefault(row["thing"].value, set()).add(row["group"].value)
        for row in site.graph.select(THINGS):
            iri = row["thing"].value
            found, slug = names.kind_of(iri)
            if found:
                by_kind[found].append(
                    {
                        "iri": iri,
                        "slug": slug,
                        "label": site.fact_label(iri),
                        "others": sorted(site.names.others.get(iri, ())),
                        "definition": site.names.definitions.get(iri, ""),
                        "figures": tells.get(iri, 0),
                        "groups": sorted(groups.get(iri, ())),
                    }
                )
        for entries in by_kind.values():
            entries.sort(
                key=lambda entry: (order.get(entry["iri"], 0), entry["label"].lower(), entry["slug"])
            )
        return by_kind

    return list(site.graph.kept("things.listed", compute)[kind])


def paged(entries, per_page=PER_PAGE):
    """One page of a list, and what a pager needs: number, last number, total."""
    last = max(1, -(-len(entries) // per_page))
    try:
        number = min(max(1, int(request.args.get("page", "1"))), last)
    except ValueError:
        number = 1
    return entries[(number - 1) * per_page : number * per_page], {
        "page": number,
        "last": last,
        "total": len(entries),
    }


FACETS = {
    "subject": lambda figure: (figure.subject, figure.names["subject"]),
    "period": lambda figure: (figure.period, figure.dated or "not stated"),
    "area": lambda figure: (figure.area, figure.placed or "not stated"),
    "hedge": lambda figure: (
        figure.qualifier or "in-words",
        figure.hedge or ("no hedge" if figure.qualifier else "in words"),
    ),
    "from": lambda figure: (
        figure.graph,
        {"incsr2014": "the report", "derived": "computed by us"}.get(figure.graph, "other sources"),
    ),
}


def figure_index(site):
    """All figures, narrowed by subject, period, place, hedge and who says it; sorted as asked."""
    chosen = {name: request.args.get(name, "") for name in FACETS}
    everything = list(site.figures.values())
    figures = [
        figure
        for figure in everything
        if all(not value or FACETS[name](figure)[0] == value for name, value in chosen.items())
    ]
    facets = {}
    for name, of in FACETS.items():
        counts = {}
        for figure in everything:
            if all(
                not value or other == name or FACETS[other](figure)[0] == value
                for other, value in chosen.items()
            ):
                key = of(figure)
                counts[key] = counts.get(key, 0) + 1
        facets[name] = sorted(
            ((key, text, count) for (key, text), count in counts.items()), key=lambda facet: facet[1].lower()
        )
    order = request.args.get("sort", "page")
    if order == "value":
        figures.sort(key=lambda figure: (figure.unit, -float(figure.value or 0)))
    elif order == "what":
        figures.sort(key=lambda figure: figure.names["indicator"].lower())
    shown, paging = paged(figures)
    return render_template(
        "figures.html",
        section="pages.things",
        figures=shown,
        facets=facets,
        chosen=chosen,
        sort=order,
        paging=paging,
    )
