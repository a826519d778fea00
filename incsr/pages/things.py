"""A page for each thing: `/id/{kind}/{slug}` answers 303, `/doc/{kind}/{slug}` is its document."""

import difflib
import re

from flask import Response, abort, redirect, url_for

from incsr.namespaces import ID
from incsr.pages import addresses, citations, names, negotiation
from incsr.pages import document as documents
from incsr.pages.graph import iri as ref
from incsr.pages.tables import FORMATS

LICENSE = "https://creativecommons.org/publicdomain/zero/1.0/"
PUBLISHER = f"{ID}office/international-narcotics-and-law-enforcement-affairs"
EXISTS = "ASK {{ {thing} ?p ?o }}"


CITATIONS = {
    "bib": ("application/x-bibtex; charset=utf-8", "bibtex"),
    "csl.json": ("application/vnd.citationstyles.csl+json", "csl"),
    "txt": ("text/plain; charset=utf-8", "plain"),
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

    @pages.get("/id/<kind>/<slug>.<any(ttl, jsonld, nt, rdf):suffix>")
    def thing_as(kind, slug, suffix):
        known(site, kind, slug)
        return redirect(url_for("pages.document", kind=kind, slug=slug, suffix=suffix), 303)

    @pages.get("/doc/<kind>/<slug>.<any(ttl, jsonld, nt, rdf):suffix>")
    @pages.get("/doc/<kind>/<slug>")
    def document(kind, slug, suffix=""):
        """The document about a thing: HTML, or RDF by suffix or Accept; 406 where neither will do."""
        iri = known(site, kind, slug)
        response = negotiation.document(
            suffix,
            lambda: site.graph.recent(
                f"{addresses.root()}/doc/{kind}/{slug}", lambda: documents.page(site, iri, kind, slug)
            ),
            lambda media_type: site.graph.rdf(documents.DOCUMENT.format(thing=ref(iri)), media_type),
        )
        response.headers["Link"] = ", ".join(
            signposts(iri, kind, url_for("pages.document", kind=kind, slug=slug), suffix)
        )
        return response

    @pages.get('/doc/<kind>/<slug>/cite.<any(bib, txt, "csl.json"):form>')
    def citation(kind, slug, form):
        """How to cite the thing: BibTeX, CSL-JSON or plain text, as a file."""
        iri = known(site, kind, slug)
        forms = citations.of(site, iri, kind, site.figures.get(iri))
        content_type, key = CITATIONS[form]
        response = Response(forms[key] + "\n", content_type=content_type)
        response.headers["Content-Disposition"] = f'attachment; filename="{kind}-{slug}.{form}"'
        return response


def signposts(iri, kind, path, suffix=""):
    """Where a program goes from the document: Signposting, level 1 (signposting.org/FAIR), and RFC 8288."""
    dataset = url_for("pages.document", kind="dataset", slug="incsr2014")
    links = [
        f'<{iri}>; rel="cite-as"',
        f'<{iri}>; rel="about"',
        f'<{LICENSE}>; rel="license"',
        f'<{PUBLISHER}>; rel="author"',
        '<https://schema.org/AboutPage>; rel="type"',
    ]
    if suffix:
        return [*links, f'<{path}>; rel="describes"; type="text/html"']
    links += negotiation.alternates(path)
    if kind == "dataset":
        links.append('<https://schema.org/Dataset>; rel="type"')
        links += [
            f'<{url_for("pages.measurements", suffix=form)}>; rel="item"; type="{kind.split(";")[0]}"'
            for form, (kind, _name) in FORMATS.items()
        ]
    elif kind == "measurement":
        links.append(f'<{dataset}>; rel="collection"; type="text/html"')
    return links


def known(site, kind, slug):
    """The IRI of an existing thing; 404 with near names where there is none."""
    iri = f"{ID}{kind}/{slug}"
    if kind not in names.KINDS or not re.fullmatch(r"[A-Za-z0-9._~-]+", slug):
        abort(404, f"There is no {kind} called “{slug}”")
    if not site.names.known(iri) and not site.graph.ask(EXISTS.format(thing=ref(iri))):
        abort(404, f"There is no {kind} called “{slug}”")
    return iri
