"""Search over names, other names, definitions, quotations, indicators, terms and questions."""

from flask import Response, jsonify, render_template, request, url_for

from incsr.namespaces import PREFIXES
from incsr.pages import addresses, names
from incsr.search import Entry, Index

SAID = """
SELECT DISTINCT ?thing ?quotation WHERE {
  ?thing cbp:quotation ?quotation FILTER NOT EXISTS { ?thing a cbp:Section }
}
"""
KINDS = {
    **{kind: one for kind, (_, one) in names.KINDS.items()},
    "term": "term of the vocabulary",
    "question": "question",
}
LIMIT = 20
# A figure or an office is likelier meant than a sentence that mentions it.
BOOST = {
    "measurement": 1.25,
    "agency": 1.2,
    "office": 1.2,
    "program": 1.2,
    "country": 1.1,
    "statement": 0.7,
    "section": 0.5,
    "question": 0.9,
}


def entries(site):
    """What can be found, from the graph's names, figures and quotations and the questions."""
    held = site.names
    quotations = {}
    for row in site.graph.select(SAID):
        quotations.setdefault(row["thing"].value, []).append(row["quotation"].value)
    for iri, figure in site.figures.items():
        about = " ".join(figure.names.values())
        yield Entry(
            iri,
            "measurement",
            f"{figure.names['indicator']}: {figure.text}",
            f"/doc/measurement/{figure.slug}",
            (
                (3.0, figure.names["indicator"]),
                (2.0, about),
                (2.0, figure.quotation),
                (2.0, f"{figure.value} {figure.number}"),
                (1.0, " ".join(figure.superlatives)),
                (1.5, _spoken(held, figure)),
            ),
            summary=" · ".join(
                part
                for part in (
                    figure.names["subject"],
                    figure.placed,
                    figure.dated,
                    f"“{figure.quotation}”" if figure.quotation else "",
                )
                if part
            ),
            boost=BOOST["measurement"] * (1.0 if figure.graph == "incsr2014" else 0.6),
        )
    for iri, label in held.labels.items():
        kind, _slug = names.kind_of(iri)
        if iri in site.figures:
            continue
        if kind is None:
            if not iri.startswith(PREFIXES["cbp"]):
                continue
            kind = "term"
        path = names.path_of(iri)
        others = " ".join(sorted(held.others.get(iri, ())))
        definition = held.definitions.get(iri, "")
        quoted = quotations.get(iri, [])
        yield Entry(
            iri,
            kind,
            label,
            path,
            ((4.0, label), (4.0, others), (1.0, definition), (0.7, " ".join(quoted[:3]))),
            summary=definition or (f"“{quoted[0]}”" if quoted else others),
            boost=BOOST.get(kind, 0.8 if kind == "term" else 1.0),
        )
    for question in site.questions:
        yield Entry(
            "",
            "question",
            question.question,
            f"/questions/{question.name}",
            ((2.0, question.question), (0.5, question.source)),
            summary=question.source,
            boost=BOOST["question"],
        )


def _spoken(held, figure):
    """Other names of what a figure tells of: "Border Patrol", "OBP"."""
    return " ".join(
        " ".join(sorted(held.others.get(iri, ()))) for iri in (figure.subject, figure.indicator, figure.area)
    )


def register(pages, site):
    def index():
        return site.graph.kept("search.index", lambda _graph: Index(entries(site)))

    @pages.get("/search")
    def search():
        """Hits for `q`, best first; as JSON where that is preferred or `format=json`.

        Returns: 200; 400 for a query of more than 300 characters or an unknown kind.
        """
        asked = request.args.get("q", "").strip()
        kind = request.args.get("kind", "")
        accept = request.accept_mimetypes
        wants_json = request.args.get("format") == "json" or (
            bool(accept) and accept.best_match(["text/html", "application/json"]) == "application/json"
        )
        wrong = ""
        if len(asked) > 300:
            wrong = "The search is longer than 300 characters; use a few words."
        elif kind and kind not in KINDS:
            wrong = f"There is no kind “{kind}”; there are {', '.join(KINDS)}."
        hits = [] if wrong or not asked else index().search(asked, LIMIT, kind or None)
        status = 400 if wrong else 200
        if wants_json:
            if wrong:
                return jsonify(
                    {"type": "about:blank", "title": "Bad search", "status": 400, "detail": wrong}
                ), 400
            found = [
                {
                    "iri": hit.entry.iri or None,
                    "kind": hit.entry.kind,
                    "label": hit.entry.title,
                    "summary": hit.entry.summary,
                    "path": addresses.here(hit.entry.path),
                    "score": round(hit.score, 3),
                }
                for hit in hits
            ]
            answer = jsonify({"q": asked, "results": found})
        else:
            answer = Response(
                render_template(
                    "search.html",
                    section="",
                    hits=hits,
                    kinds_named=KINDS,
                    kind=kind,
                    wrong=wrong,
                    asked=asked,
                ),
                status=status,
            )
        answer.vary.add("Accept")
        return answer

    @pages.get("/suggest")
    def suggest():
        """OpenSearch suggestions: [query, [titles], [summaries], [addresses]]."""
        asked = request.args.get("q", "")[:300]
        hits = index().search(asked, 8) if asked else []
        host = request.host_url.rstrip("/")
        body = [
            asked,
            [h.entry.title for h in hits],
            [h.entry.summary for h in hits],
            [host + addresses.here(h.entry.path) for h in hits],
        ]
        answer = jsonify(body)
        answer.content_type = "application/x-suggestions+json"
        return answer

    @pages.get("/opensearch.xml")
    def opensearch():
        body = render_template(
            "opensearch.xml",
            search=url_for("pages.search", _external=True),
            suggest=url_for("pages.suggest", _external=True),
        )
        return Response(body, content_type="application/opensearchdescription+xml")
