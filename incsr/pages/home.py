"""The front page: what this is, the headline figures with their hedges, and the ways in."""

from flask import current_app, render_template, send_from_directory, url_for

from incsr.namespaces import BASE, PREFIXES
from incsr.pages import negotiation
from incsr.pages.addresses import here

ABOUT = f"""
CONSTRUCT {{ <{BASE}> ?p ?o . ?set ?q <{BASE}> ; dcterms:title ?title ; a ?class }} WHERE {{
  {{ <{BASE}> ?p ?o }}
  UNION {{
    ?set ?q <{BASE}> ; dcterms:title ?title ; a ?class FILTER (?q IN (dcterms:creator, dcterms:publisher))
  }}
}}
"""
ANYTHING = "ASK { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
# The figures a reader of the page would remember, in the page's order; each is looked up, none is repeated
# here. One that the graph no longer has is left out, and a test says so.
HEADLINES = (
    "2014-travelers-inspected",
    "2014-drugs-seized",
    "2014-illicit-currency-seized",
    "2014-cocaine-p3",
    "2014-flight-hours-unmanned-aircraft-system",
    "2014-trained-guatemala",
)


def register(pages, site):
    @pages.get("/")
    def home():
        """The front page; in RDF, who publishes and what (the base IRI is the project's own)."""
        links = [f'<{BASE}>; rel="cite-as"', f'<{url_for("pages.catalog")}>; rel="describedby"']
        links += [f'<{url_for("pages.void")}>; rel="describedby"', f'<{here("/sparql")}>; rel="service"']
        answer = negotiation.document("", page, lambda media_type: site.graph.rdf(ABOUT, media_type))
        answer.headers["Link"] = ", ".join(links)
        return answer

    def page():
        site.standing.begin()  # whoever comes here may read the report next, and ask how much of it is data
        figures = site.figures
        chosen = [figures[iri] for slug in HEADLINES if (iri := PREFIXES["measurement"] + slug) in figures]
        stated = [figure for figure in figures.values() if figure.graph == "incsr2014"]
        full = bool(stated) or site.graph.ask(ANYTHING)
        return render_template("home.html", section="", headlines=chosen, stated=len(stated), full=full)

    @pages.get("/favicon.ico")
    def favicon():
        """The icon where browsers look when a page names none, as the endpoint's tables do."""
        return send_from_directory(current_app.static_folder, "icon.svg", max_age=86400)
