"""The Reconciliation Service API 0.2 (W3C Community Group report, 2023), as OpenRefine calls it.

An entity's identifier is what follows `…/id/` in its IRI, such as "country/GT": the manifest's identifier
space and the identifier together are the IRI. Which things a name may mean is decided in `candidates`; here
are the resources. Refuses nothing silently: queries that are not of the API's form are a problem document.
"""

import json
from html import escape

from flask import Response, jsonify, request, url_for

from incsr.catalog import TITLE
from incsr.namespaces import BASE, ID, PREFIXES
from incsr.pages import addresses, candidates, problem_types

MOST_QUERIES, MOST_RESULTS, USUAL_RESULTS = 200, 100, 10


class Malformed(Exception):
    """A request that is not of the API's form."""


def register(pages, site):
    def book():
        return site.graph.kept("reconcile.book", lambda _graph: candidates.Book(site))

    @pages.route("/reconcile", methods=["GET", "POST"])
    def reconcile():
        """The manifest (section 4); with `queries`, candidates (5); with `extend`, values (7)."""
        if request.method == "POST" and request.headers.get("Content-Encoding", "identity") != "identity":
            hint = "Send the form as it is, without a Content-Encoding."
            return problem_types.response(415, "unsupported-coding", "The form has a coding.", hint)
        given = request.values
        try:
            if "queries" in given:
                return jsonify(reconciled(book(), parsed(given["queries"])))
            if "extend" in given:
                return jsonify(extended(site, book(), parsed(given["extend"])))
        except Malformed as error:
            hint = 'Send the form field queries={"q0": {"query": "Guatemala"}}.'
            return problem_types.response(400, "bad-reconciliation", str(error), hint)
        return jsonify(manifest(book()))

    @pages.get("/reconcile/suggest/<any(entity, type, property):what>")
    def reconcile_suggest(what):
        """Completion (section 6): `prefix`, and `cursor` for those after the first ones."""
        prefix = request.args.get("prefix", "")[:300]
        cursor = request.args.get("cursor", "0")
        start = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 7 else 0
        return jsonify({"result": book().suggested(what, prefix)[start : start + USUAL_RESULTS]})

    @pages.get("/reconcile/properties")
    def reconcile_properties():
        """The properties that a type's things have (section 7.2)."""
        type_ = request.args.get("type", "")
        limit = request.args.get("limit", "")
        listed = book().properties_of(type_)
        if limit.isascii() and limit.isdigit() and len(limit) < 7 and int(limit):
            listed = listed[: int(limit)]
        body = {"type": type_, "properties": [{"id": p.id, "name": p.name} for p in listed]}
        return jsonify(body | ({"limit": int(limit)} if limit.isdigit() and limit.isascii() else {}))

    @pages.get("/reconcile/preview")
    def reconcile_preview():
        """A small page about an entity, which OpenRefine shows in a frame (section 4.4)."""
        return framed(card(site, book(), request.args.get("id", "")))

    @pages.get("/reconcile/flyout/<any(entity, type, property):what>")
    def reconcile_flyout(what):
        """What stands beside a suggestion (section 6.3)."""
        wanted = request.args.get("id", "")
        if what == "entity":
            html = card(site, book(), wanted)
        else:
            html = f"<p>{escape(book().described(what, wanted))}</p>"
        return jsonify({"id": wanted, "html": html})


def framed(body):
    """A page that any site may frame: it has no form and no script, so nothing can be clicked by trick."""
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Preview</title>'
        f"<body>{body}</body></html>"
    )
    answer = Response(page, content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = "default-src 'none'; base-uri 'none'; frame-ancestors *"
    # The header has no word for "anyone", and browsers leave it to frame-ancestors where that is given.
    answer.headers["X-Frame-Options"] = "ALLOWALL"
    answer.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return answer


def manifest(book):
    """What the service is and where its parts are."""
    root = url_for("pages.reconcile", _external=True)

    def suggest(what):
        return {
            "service_url": root,
            "service_path": f"/suggest/{what}",
            "flyout_service_url": root,
            "flyout_service_path": f"/flyout/{what}?id=${{id}}",
        }

    return {
        "versions": ["0.2"],
        "name": TITLE,
        "identifierSpace": ID,
        "schemaSpace": PREFIXES["cbp"],
        "documentation": url_for("pages.about", _external=True),
        "logo": url_for("static", filename="icon.svg", _external=True),
        "defaultTypes": [type_.json() for type_ in book.types],
        "view": {"url": url_for("pages.home", _external=True) + "id/{{id}}"},
        "preview": {"url": root + "/preview?id={{id}}", "width": 420, "height": 160},
        "suggest": {what: suggest(what) for what in ("entity", "type", "property")},
        "extend": {
            "propose_properties": {"service_url": root, "service_path": "/properties"},
            "property_settings": [
                {
                    "name": "limit",
                    "label": "Limit",
                    "type": "number",
                    "default": 0,
                    "help_text": "The most values for a row; 0 is all of them.",
                }
            ],
        },
    }


def parsed(text):
    """The JSON object of a form field."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Malformed(f"It is no JSON: {error}.") from None
    except RecursionError:
        raise Malformed("It is nested too deeply.") from None
    if not isinstance(value, dict):
        raise Malformed("It is no JSON object.")
    return value


def reconciled(book, queries):
    """Candidates for each query of a batch, under the batch's own keys."""
    if len(queries) > MOST_QUERIES:
        raise Malformed(f"A batch has at most {MOST_QUERIES} queries; this one has {len(queries)}.")
    return {key: {"result": answered(book, key, query)} for key, query in queries.items()}


def answered(book, key, query):
    if not isinstance(query, dict):
        raise Malformed(f"Query {key} is no object.")
    text, limit = query.get("query", ""), query.get("limit", USUAL_RESULTS)
    types = query.get("type", [])
    types = [types] if isinstance(types, str) else types
    properties = query.get("properties", [])
    if not isinstance(text, str) or len(text) > 1000:
        raise Malformed(f"Query {key}: “query” is no text of up to 1,000 characters.")
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise Malformed(f"Query {key}: “limit” is no whole number above 0.")
    if not isinstance(types, list) or not all(isinstance(type_, str) for type_ in types):
        raise Malformed(f"Query {key}: “type” is neither an identifier nor a list of them.")
    if not isinstance(properties, list) or not all(
        isinstance(held, dict) and isinstance(held.get("pid"), str) and "v" in held for held in properties
    ):
        raise Malformed(f"Query {key}: “properties” is no list of objects with pid and v.")
    return book.found(text, types, min(limit, MOST_RESULTS), properties)


def extended(site, book, asked):
    """The values of properties of entities, row by row (section 7.3)."""
    ids, properties = asked.get("ids"), asked.get("properties")
    if not isinstance(ids, list) or not all(isinstance(held, str) for held in ids):
        raise Malformed("“ids” is no list of identifiers.")
    if not isinstance(properties, list) or not all(
        isinstance(held, dict) and isinstance(held.get("id"), str) for held in properties
    ):
        raise Malformed("“properties” is no list of objects with an id.")
    if len(ids) * len(properties) > MOST_QUERIES * 10:
        raise Malformed(f"At most {MOST_QUERIES * 10} cells are filled at once; ask in parts.")
    known = [(held, book.property(held["id"])) for held in properties]
    for held, found in known:
        if found is None:
            raise Malformed(f"There is no property “{held['id']}”; the service lists them by type.")
    rows = {
        wanted: {found.id: limited(candidates.cells(site, wanted, found), held) for held, found in known}
        for wanted in ids
    }
    return {"meta": [{"id": found.id, "name": found.name} for _held, found in known], "rows": rows}


def limited(values, asked):
    """The first of the values, where the client's settings say how many."""
    settings = asked.get("settings") if isinstance(asked.get("settings"), dict) else {}
    limit = str(settings.get("limit", 0))
    return values[: int(limit)] if limit.isascii() and limit.isdigit() and int(limit[:9]) > 0 else values


def card(site, book, wanted):
    """An entity in a few lines of HTML."""
    entity = book.entities.get(ID + wanted)
    if entity is None:
        return f"<p>There is nothing called {escape(wanted)} here.</p>"
    address = request.host_url.rstrip("/") + addresses.address_of(entity.iri)
    others = ", ".join(entity.others)
    return (
        f'<p><a href="{escape(address)}" target="_blank" rel="noopener"><b>{escape(entity.name)}</b></a> '
        f"<small>{escape(entity.type.name)}</small></p><p>{escape(entity.description)}</p>"
        + (f"<p>Also: {escape(others)}</p>" if others else "")
        + f"<p><small>{escape(BASE)}id/{escape(wanted)}</small></p>"
    )
