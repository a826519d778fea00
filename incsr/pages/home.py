"""The front page: what this is, the headline figures with their hedges, and the ways in."""

from flask import render_template

from incsr.namespaces import PREFIXES

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
        figures = site.figures
        chosen = [figures[iri] for slug in HEADLINES if (iri := PREFIXES["measurement"] + slug) in figures]
        stated = [figure for figure in figures.values() if figure.graph == "incsr2014"]
        return render_template("home.html", section="", headlines=chosen, stated=len(stated))
