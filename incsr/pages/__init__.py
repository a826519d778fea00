"""The pages for people: home, the annotated report, things, questions, data, vocabulary.

`blueprint(site)` gives a Flask blueprint; each module of this package adds its views by `register`. The pages
know the graph only through `Graph` (queries over the guarded executor) and the published texts.
"""

import json
from dataclasses import dataclass, field
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import HTTPException

from incsr.namespaces import SOURCE_TEXT
from incsr.pages import (
    about,
    addresses,
    ask,
    asking,
    catalog,
    downloads,
    figures,
    home,
    indexes,
    maps,
    measurements,
    measurements_api,
    names,
    pictures,
    problem_types,
    reading,
    reconcile,
    report,
    searching,
    things,
    vocabulary,
)
from incsr.pages.graph import Graph, GraphUnavailable
from incsr.pages.standing import Standing

VIEWS = (
    home,
    report,
    things,
    indexes,
    asking,
    pictures,
    ask,
    searching,
    vocabulary,
    downloads,
    measurements,
    catalog,
    measurements_api,
    reconcile,
    problem_types,
    about,
)
LONGEST = 2000


@dataclass
class Site:
    """What the views share: the graph, the source texts by IRI, the questions, and what the operator set."""

    graph: Graph
    texts: dict
    questions: list
    settings: object = None
    standing: Standing = field(default_factory=Standing)

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

    @property
    def holds_report(self):
        """Whether the store holds the published report, of which most pages speak."""
        try:
            return self.graph.kept("report.held", lambda graph: graph.ask(downloads.HELD))
        except GraphUnavailable:
            return True  # not known: the page as it mostly is

    @property
    def coverage(self):
        return self.standing.of("verify", 0.0)

    @property
    def validation(self):
        return self.standing.of("validate", 0.0)

    def fact_label(self, iri):
        """What a list calls a thing: a figure by its claim, a statement as its sentence, all else by name."""
        figure = self.figures.get(iri)
        if figure:
            return f"{figure.names['indicator']}: {figure.text}"
        kind = names.kind_of(iri)[0]
        if kind == "statement":
            return self.graph.kept("statements", reading.sentences).get(iri) or self.names.label(iri)
        if kind == "section":
            return self.graph.kept("sections", reading.sections).get(iri) or self.names.label(iri)
        if kind == "mapping":
            return f"Link {iri.rsplit('/', 1)[-1]}"
        return self.names.label(iri)


def blueprint(site):
    """The blueprint "pages" over one site."""
    pages = Blueprint("pages", __name__)

    @pages.app_template_filter("capitalize_first")
    def capitalize_first(text):
        return text[:1].upper() + text[1:]

    @pages.app_template_filter("shortened")
    def shortened(text):
        """A literal as a page shows it: a huge one is cut, and says so; its RDF forms have all of it."""
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"

    @pages.app_context_processor
    def shared():
        def country_codes():
            return site.graph.kept("country.codes", reading.country_codes)

        return {
            "label": lambda iri: site.names.label(iri),
            "definition": lambda iri: site.names.definitions.get(iri, ""),
            "other_names": lambda iri: sorted(site.names.others.get(iri, ())),
            "fact_label": site.fact_label,
            "figures_by_iri": lambda: site.figures,
            "holds_report": lambda: site.holds_report,
            "path": addresses.address_of,
            "root": addresses.root,
            "outward": lambda iri: names.path_of(iri) is None,
            "words_path": addresses.words_address,
            "compact": names.compact,
            "local": figures.local,
            "kinds": names.KINDS,
            "kind_of": names.kind_of,
            "map": lambda place, title: maps.locator(
                title, {country_codes().get(iri) for iri in place["shaded"]} - {None}, place["point"]
            ),
            "link_args": lambda **changed: urlencode({**request.args.to_dict(), **changed}),
            "q": request.args.get("q", "") if request.endpoint == "pages.search" else "",
        }

    for module in VIEWS:
        module.register(pages, site)

    @pages.app_errorhandler(HTTPException)
    def failed(error):
        """A page that says what is wrong and where to go; problem details (RFC 9457) for programs."""
        if error.code is None or error.code < 400:
            return error
        accept = request.accept_mimetypes
        problem = bool(accept) and accept.best_match(
            ["text/html", "application/problem+json", "application/json"]
        )
        headers = [
            (k, v) for k, v in error.get_headers() if k.lower() not in ("content-type", "content-length")
        ]
        if problem and problem != "text/html":
            body = {
                "type": "about:blank",
                "title": error.name,
                "status": error.code,
                "detail": error.description,
            }
            return Response(json.dumps(body), error.code, headers, content_type="application/problem+json")
        try:
            near = things.near(site, request.path) if error.code == 404 else []
        except GraphUnavailable:
            near = []
        body = render_template("missing.html", section="", error=error, wanted=request.path, near=near)
        return Response(body, error.code, headers, content_type="text/html; charset=utf-8")

    @pages.app_errorhandler(GraphUnavailable)
    def unavailable(error):
        problem = error.problem
        body = render_template("unavailable.html", problem=problem)
        return Response(body, problem.status, list(problem.headers), content_type="text/html; charset=utf-8")

    return pages
