"""A page for each thing, and an index for each kind.

`/id/{kind}/{slug}` is the thing and answers 303; `/doc/{kind}/{slug}` is the document about it, in HTML or RDF.
"""

import difflib
import re

from flask import Response, abort, redirect, render_template, request, url_for

from incsr.namespaces import BASE, GRAPH, ID, PREFIXES
from incsr.pages import citations, names, reading
from incsr.pages.graph import iri as ref

RDF_TYPES = {
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
}
PER_PAGE = 50

ABOUT = """
SELECT ?graph ?p ?o ?q ?v WHERE {{
  GRAPH ?graph {{ {thing} ?p ?o OPTIONAL {{ ?o ?q ?v FILTER isBlank(?o) }} }}
}}
"""
TO = """
SELECT DISTINCT ?s ?p WHERE {{
  ?s ?p {thing} . FILTER isIRI(?s)
  FILTER NOT EXISTS {{ ?s a rdf:Statement }}
  FILTER NOT EXISTS {{ ?s a cbp:Measurement }}
}} ORDER BY ?p ?s LIMIT 300
"""
STATEMENTS = """
SELECT DISTINCT ?statement ?s ?p ?o ?quotation ?start ?end WHERE {{
  ?statement a rdf:Statement ; rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o ; cbp:quotation ?quotation ; cbp:evidence ?passage .
  FILTER ({thing} IN (?s, ?p, ?o, ?statement))
  ?passage oa:hasSelector ?position , ?quote . ?position oa:start ?start ; oa:end ?end . ?quote oa:exact ?quotation .
}} ORDER BY ?start
"""
EVIDENCE = """
SELECT DISTINCT ?start ?end ?exact WHERE {{
  {thing} cbp:evidence ?passage . ?passage oa:hasSelector ?quote , ?position .
  ?quote oa:exact ?exact . ?position oa:start ?start ; oa:end ?end .
}} ORDER BY ?start
"""
DOCUMENT = """
CONSTRUCT {{ {thing} ?p ?o . ?o ?q ?v . ?s ?r {thing} . ?passage ?pp ?po . ?po ?sp ?so }}
WHERE {{
  {{ {thing} ?p ?o OPTIONAL {{ ?o ?q ?v FILTER isBlank(?o) }} }}
  UNION {{ ?s ?r {thing} }}
  UNION {{ {thing} cbp:evidence ?passage . ?passage ?pp ?po OPTIONAL {{ ?po ?sp ?so FILTER isBlank(?po) }} }}
}}
"""
SECTION_FACTS = """
SELECT DISTINCT ?fact WHERE {{
  {thing} cbp:evidence/oa:hasSelector ?span . ?span oa:start ?from ; oa:end ?to .
  ?fact cbp:evidence ?passage . ?passage oa:hasSelector ?position . ?position oa:start ?start ; oa:end ?end .
  FILTER (?start >= ?from && ?end <= ?to)
  FILTER NOT EXISTS {{ ?fact a cbp:Section }}
}}
"""
EXISTS = "ASK {{ {thing} ?p ?o }}"

# Shown in places of their own on the page, so not again among the plain facts.
ELSEWHERE = {
    PREFIXES["rdf"] + "type",
    PREFIXES["rdfs"] + "label",
    PREFIXES["skos"] + "prefLabel",
    PREFIXES["skos"] + "altLabel",
    PREFIXES["skos"] + "definition",
    PREFIXES["skos"] + "editorialNote",
    PREFIXES["cbp"] + "evidence",
    PREFIXES["cbp"] + "quotation",
}
OUTWARD = {
    PREFIXES["owl"] + "sameAs",
    PREFIXES["skos"] + "exactMatch",
    PREFIXES["skos"] + "closeMatch",
    PREFIXES["skos"] + "relatedMatch",
    PREFIXES["skos"] + "broadMatch",
    PREFIXES["skos"] + "narrowMatch",
    PREFIXES["foaf"] + "page",
    PREFIXES["adms"] + "identifier",
}


def near(site, path):
    """Things whose names or slugs resemble what an unknown address asked for, best first."""
    wanted = re.sub(r"\W+", " ", path.rsplit("/", 1)[-1]).strip().lower()
    if not wanted:
        return []
    slugs = {}
    for iri in site.names.labels:
        kind, slug = names.kind_of(iri)
        if kind and kind not in ("statement", "section"):
            slugs.setdefault(slug.replace("-", " ").lower(), iri)
    return [slugs[match] for match in difflib.get_close_matches(wanted, slugs, n=5, cutoff=0.5)]


def register(pages, site):
    @pages.get("/id/<kind>/<slug>")
    def thing(kind, slug):
        """The thing itself: 303 to its document (W3C, Cool URIs for the Semantic Web, section 4.1)."""
        iri = known(site, kind, slug)
        response = redirect(url_for("pages.document", kind=kind, slug=slug), 303)
        response.headers["Link"] = f'<{iri}>; rel="about"'
        response.vary.add("Accept")
        return response

    @pages.get("/doc/<kind>/<slug>.<any(ttl, jsonld, nt, rdf):suffix>")
    def document_as(kind, slug, suffix):
        return rdf(site, known(site, kind, slug), RDF_TYPES[suffix])

    @pages.get("/doc/<kind>/<slug>")
    def document(kind, slug):
        """The document about a thing: HTML, or RDF where that is preferred; 406 where neither will do."""
        iri = known(site, kind, slug)
        offers = ["text/html", "application/xhtml+xml", *RDF_TYPES.values()]
        accept = request.accept_mimetypes
        chosen = accept.best_match(offers, default=None) if accept else "text/html"
        if chosen is None:
            abort(406, "This document exists as " + ", ".join(["text/html", *RDF_TYPES.values()]))
        if chosen in RDF_TYPES.values():
            response = rdf(site, iri, chosen)
        else:
            response = Response(page(site, iri, kind, slug))
        response.vary.add("Accept")
        here = request.path
        links = [f'<{here}.{suffix}>; rel="alternate"; type="{media}"' for suffix, media in RDF_TYPES.items()]
        links += [f'<{iri}>; rel="about"', f'<{iri}>; rel="cite-as"']
        response.headers["Link"] = ", ".join(links)
        return response

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
        query = request.args.get("filter", "").strip().lower()
        entries = [entry for entry in listed(site, kind) if query in entry["label"].lower() or any(query in o.lower() for o in entry["others"])]
        reverse = request.args.get("order") == "desc"
        if request.args.get("sort") == "figures":
            entries.sort(key=lambda entry: (entry["figures"], entry["label"]), reverse=not reverse)
        elif reverse:
            entries.reverse()
        shown, paging = paged(entries)
        return render_template("index.html", section="pages.things", kind=kind, entries=shown, paging=paging, filter=query)


def known(site, kind, slug):
    """The IRI of an existing thing; 404 with near names where there is none."""
    iri = f"{ID}{kind}/{slug}"
    if kind not in names.KINDS or not re.fullmatch(r"[A-Za-z0-9._~-]+", slug):
        abort(404, f"There is no {kind} called “{slug}”")
    if not site.names.known(iri) and not site.graph.ask(EXISTS.format(thing=ref(iri))):
        abort(404, f"There is no {kind} called “{slug}”")
    return iri


def rdf(site, iri, media_type):
    """The document's triples in one RDF format."""
    body = site.graph.rdf(DOCUMENT.format(thing=ref(iri)), media_type)
    return Response(body, content_type=f"{media_type}; charset=utf-8" if media_type == "text/turtle" else media_type)


def listed(site, kind):
    """The things of a kind with their names and how many figures tell of them, by label."""

    def compute(_graph):
        by_kind = {name: [] for name in names.KINDS}
        tells = {}
        for figure in site.figures.values():
            for other in {figure.subject, figure.indicator, figure.period, figure.area}:
                tells[other] = tells.get(other, 0) + 1
        for iri, label in site.names.labels.items():
            found, slug = names.kind_of(iri)
            if found:
                by_kind[found].append(
                    {
                        "iri": iri,
                        "slug": slug,
                        "label": label,
                        "others": sorted(site.names.others.get(iri, ())),
                        "definition": site.names.definitions.get(iri, ""),
                        "figures": tells.get(iri, 0),
                    }
                )
        for entries in by_kind.values():
            entries.sort(key=lambda entry: (entry["label"].lower(), entry["slug"]))
        return by_kind

    return list(site.graph.kept("things.listed", compute)[kind])


def paged(entries, per_page=PER_PAGE):
    """One page of a list, and what a pager needs: number, last number, total."""
    last = max(1, -(-len(entries) // per_page))
    try:
        number = min(max(1, int(request.args.get("page", "1"))), last)
    except ValueError:
        number = 1
    return entries[(number - 1) * per_page : number * per_page], {"page": number, "last": last, "total": len(entries)}


FACETS = {
    "subject": lambda figure: (figure.subject, figure.names["subject"]),
    "period": lambda figure: (figure.period, figure.dated or "not stated"),
    "area": lambda figure: (figure.area, figure.placed or "not stated"),
    "hedge": lambda figure: (figure.qualifier, figure.hedge or "no hedge"),
    "from": lambda figure: (figure.graph, {"incsr2014": "the report", "derived": "computed by us"}.get(figure.graph, "other sources")),
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
            if all(not value or other == name or FACETS[other](figure)[0] == value for other, value in chosen.items()):
                key = of(figure)
                counts[key] = counts.get(key, 0) + 1
        facets[name] = sorted(((key, text, count) for (key, text), count in counts.items()), key=lambda facet: facet[1].lower())
    order = request.args.get("sort", "page")
    if order == "value":
        figures.sort(key=lambda figure: (figure.unit, -float(figure.value or 0)))
    elif order == "what":
        figures.sort(key=lambda figure: figure.names["indicator"].lower())
    shown, paging = paged(figures)
    return render_template(
        "figures.html", section="pages.things", figures=shown, facets=facets, chosen=chosen, sort=order, paging=paging
    )


def page(site, iri, kind, slug):
    """The HTML document about one thing."""
    thing_ref = ref(iri)
    facts, nested, types = {}, {}, []
    for row in site.graph.select(ABOUT.format(thing=thing_ref)):
        predicate, value = row["p"].value, row["o"]
        if predicate == PREFIXES["rdf"] + "type":
            types.append(value.value)
        if value.kind == "bnode":
            if "q" in row:
                nested.setdefault((predicate, value.value), []).append((row["q"].value, row["v"]))
            continue
        speaker = row["graph"].value.removeprefix(GRAPH)
        facts.setdefault(predicate, {}).setdefault(value, set()).add(speaker)
    figures = [f for f in site.figures.values() if iri in (f.subject, f.indicator, f.period, f.area)]
    own = site.figures.get(iri)
    statements = reading.statements(site, STATEMENTS.format(thing=thing_ref))
    quoted = {term.value for term in facts.get(PREFIXES["cbp"] + "quotation", {})}
    rows = site.graph.select(EVIDENCE.format(thing=thing_ref))
    rows.sort(key=lambda row: (row["exact"].value not in quoted, int(row["start"].value)))
    passages = [reading.in_context(site.text, int(row["start"].value), int(row["end"].value)) for row in rows]
    pointing = {}
    for row in site.graph.select(TO.format(thing=thing_ref)):
        pointing.setdefault(row["p"].value, []).append(row["s"].value)
    inside = []
    if kind == "section":
        inside = [row["fact"].value for row in site.graph.select(SECTION_FACTS.format(thing=thing_ref))]
    return render_template(
        "thing.html",
        section="pages.things",
        iri=iri,
        kind=kind,
        slug=slug,
        own=own,
        peers=reading.peers(site, own) if own else [],
        series=reading.comparable(figures),
        types=sorted(set(types)),
        facts={p: values for p, values in sorted(facts.items()) if p not in ELSEWHERE | OUTWARD},
        notes=sorted(value.value for value in facts.get(PREFIXES["skos"] + "editorialNote", {})),
        outward_links=[(p, sorted(facts[p], key=lambda term: term.value)) for p in sorted(OUTWARD & set(facts))],
        nested=nested,
        figures=figures,
        statements=statements,
        passages=passages,
        pointing=pointing,
        inside=inside,
        unknown=reading.unknown(site, own, figures),
        citation=citations.of(site, iri, kind, own),
        query=DOCUMENT.format(thing=thing_ref).strip(),
        place=reading.place(site, iri) if kind in ("country", "city", "region", "academy") else None,
        formats=RDF_TYPES,
        base=BASE,
    )
