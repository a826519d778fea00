"""The pages for people: home, the annotated report, things, questions, data, vocabulary.

`blueprint(site)` gives a Flask blueprint; each module of this package adds its views by `register`. The pages
know the graph only through `Graph` (queries over the guarded executor) and the published texts.
"""

from dataclasses import dataclass

from flask import Blueprint, render_template, request

from incsr.namespaces import SOURCE_TEXT
from incsr.pages import figures, home, names, report, things
from incsr.pages.graph import Graph

VIEWS = (home, report, things)


@dataclass
class Site:
    """What the views share: the graph, the source texts by IRI, and what the operator set."""

    graph: Graph
    texts: dict
    settings: object = None

    @property
    def text(self):
        """The report's text as published."""
        return self.texts[SOURCE_TEXT]

    @property
    def names(self):
        return self.graph.kept("names", names.load)

    @property
    def figures(self):
        return self.graph.kept("figures", figures.load)


def blueprint(site):
    """The blueprint "pages" over one site."""
    pages = Blueprint("pages", __name__)

    @pages.context_processor
    def shared():
        held = site.names
        return {
            "label": held.label,
            "definition": held.definitions.get,
            "path": lambda iri: names.path_of(iri) or iri,
            "outward": lambda iri: names.path_of(iri) is None,
            "words_path": names.words_path,
            "compact": names.compact,
            "local": figures.local,
            "kinds": names.KINDS,
            "kind_of": names.kind_of,
            "q": request.args.get("q", "") if request.endpoint == "pages.search" else "",
        }

    for module in VIEWS:
        module.register(pages, site)

    @pages.app_errorhandler(404)
    def missing(error):
        if "text/html" not in request.headers.get("Accept", "text/html") and not request.accept_mimetypes.accept_html:
            return {"type": "about:blank", "title": "Not found", "status": 404, "detail": error.description}, 404, {
                "Content-Type": "application/problem+json"
            }
        return render_template("missing.html", wanted=request.path, near=things.near(site, request.path)), 404

    return pages
