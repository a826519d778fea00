"""`/api/measurements`: figures by subject, indicator, period, place and graph, page by page, without SPARQL.

Refuses a filter that names nothing: an answer of no rows would pass for "the report says nothing", where the
truth is that the name was misspelt. The problem lists the values that there are.
"""

import json
import re
from urllib.parse import urlencode

from flask import Response, request

from incsr.namespaces import ID
from incsr.pages import measurements, names, problem_types, tables

# Parameter: (what of a figure it is held against, the kinds that a bare slug may be of).
FILTERS = {
    "subject": ("subject", ("agency", "office", "unit", "program", "academy")),
    "indicator": ("indicator", ("indicator",)),
    "period": ("period", ("period",)),
    "area": ("area", ("country", "region", "city")),
    "country": ("area", ("country",)),
    "dataset": ("dataset", ("dataset",)),
    "graph": ("graph", ()),
}
FORMATS = ("json", "csv", "parquet")
MOST, USUAL = 1000, 100
OTHERS = ("limit", "offset", "format")


class BadFilter(Exception):
    """A parameter that cannot be; `allowed` are the values that could have stood there."""

    def __init__(self, detail, hint, allowed=()):
        super().__init__(detail)
        self.hint, self.allowed = hint, tuple(allowed)


def register(pages, site):
    @pages.get("/api/measurements")
    @pages.get("/api/measurements.<any(json, csv, parquet):suffix>")
    def measurements_api(suffix=""):
        """One page of the figures that all filters allow, in the order of the report.

        Returns: 200 with `Link` rel=next and prev, and `X-Total-Count`; 400 for a filter, limit, offset or
        parameter that cannot be; 406 where Accept allows none of the formats.
        """
        try:
            form = suffix or wanted_format()
            limit, offset = number("limit", USUAL, 1, MOST), number("offset", 0, 0, 10**9)
            found = chosen(site)
        except BadFilter as error:
            more = {"allowed": list(error.allowed)} if error.allowed else {}
            return problem_types.response(400, "bad-filter", str(error), error.hint, **more)
        if form is None:
            return problem_types.response(
                406, "not-acceptable", "The figures exist as JSON, CSV and Parquet.", "Accept one of them."
            )
        rows = measurements.tidy(found[offset : offset + limit])
        header = list(measurements.COLUMNS)
        links = paging(len(found), limit, offset)
        if form == "json":
            body = {
                "total": len(found),
                "limit": limit,
                "offset": offset,
                **{name: address for name, address in links.items() if name in ("next", "prev")},
                "measurements": [dict(zip(header, row, strict=True)) for row in rows],
            }
            text = json.dumps(body, ensure_ascii=False, indent=1) + "\n"
            answer = Response(text, content_type="application/json")
        else:
            answer = Response(
                tables.table_bytes(header, rows, form, "measurements"), content_type=tables.FORMATS[form][0]
            )
        answer.headers["X-Total-Count"] = str(len(found))
        if links:
            answer.headers["Link"] = ", ".join(
                f'<{address}>; rel="{name}"' for name, address in links.items()
            )
        answer.vary.add("Accept")
        return answer

    @pages.after_request
    def opened(answer):
        """Programs in browsers of any origin the operator allows may read the interfaces for programs."""
        origin = getattr(site.settings, "cors", "*")
        if origin and request.endpoint in OPEN:
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Access-Control-Expose-Headers"] = "Link, X-Total-Count"
            if request.method == "OPTIONS":
                answer.headers["Access-Control-Allow-Headers"] = "Accept, Content-Type"
                answer.headers["Access-Control-Allow-Methods"] = answer.headers.get("Allow", "GET")
        return answer


OPEN = {
    f"pages.{name}"
    for name in (
        "measurements_api",
        "measurements",
        "measurements_of",
        "question_as",
        "reconcile",
        "reconcile_suggest",
        "reconcile_properties",
        "reconcile_preview",
        "reconcile_flyout",
    )
}


def wanted_format():
    """The format of `format=`, else the one that Accept prefers, else JSON; None where Accept allows none."""
    named = request.args.get("format")
    if named is not None:
        if named not in FORMATS:
            raise BadFilter(f"format={named} is none of ours.", "Take one of the allowed ones.", FORMATS)
        return named
    accept = request.accept_mimetypes
    if not accept:
        return "json"
    types = {tables.FORMATS[form][0].split(";")[0]: form for form in FORMATS}
    return types.get(accept.best_match(list(types)))


def number(name, usual, least, most):
    """A whole number of the request."""
    text = request.args.get(name)
    if text is None:
        return usual
    if not re.fullmatch(r"[0-9]{1,10}", text) or not least <= int(text) <= most:
        raise BadFilter(f"{name}={text} is no whole number from {least} to {most}.", "Write one.")
    return int(text)


def chosen(site):
    """The figures that every filter of the request allows; a repeated filter allows any of its values."""
    for name in request.args:
        if name not in FILTERS and name not in OTHERS:
            known = [*FILTERS, *OTHERS]
            raise BadFilter(f"There is no parameter {name}.", "Take those that are allowed.", known)
    for name in OTHERS:
        if len(request.args.getlist(name)) > 1:
            raise BadFilter(f"{name} stands here several times.", "Keep one.")
    found = list(site.figures.values())
    for name, (attribute, kinds) in FILTERS.items():
        asked = request.args.getlist(name)
        if asked:
            values = {meant(site, name, attribute, kinds, text) for text in asked}
            found = [figure for figure in found if getattr(figure, attribute) in values]
    return found


def meant(site, name, attribute, kinds, text):
    """What a filter's value means: an IRI, `kind/slug`, or a slug of the right kind, in any case.

    Raises: BadFilter with the values that figures have, where it means nothing.
    """
    used = {getattr(figure, attribute) for figure in site.figures.values()}
    if attribute in ("graph", "dataset"):
        slug = text.rsplit("/", 1)[-1]
        if slug in used and text in (slug, f"{ID}dataset/{slug}", f"{ID.removesuffix('id/')}graph/{slug}"):
            return slug
        raise BadFilter(f"{name}={text} is none of ours.", "Take one of the allowed ones.", sorted(used))
    for iri in (text, ID + text, *(f"{ID}{kind}/{text}" for kind in kinds)):
        if (iri in used or site.names.known(iri)) and names.kind_of(iri)[0] in kinds:
            return iri
    folded = {iri.rsplit("/", 1)[-1].lower(): iri for iri in used if names.kind_of(iri)[0] in kinds}
    if text.lower() in folded:
        return folded[text.lower()]
    allowed = sorted(iri.rsplit("/", 1)[-1] for iri in folded.values())
    raise BadFilter(
        f"{name}={text} names no {' or '.join(kinds)} of this data.",
        "Take one of the allowed slugs, or an IRI of that kind.",
        allowed,
    )


def paging(total, limit, offset):
    """Addresses of the first, previous, next and last page, on the host that was asked; none for one page."""
    kept = [
        (name, value) for name, value in request.args.items(multi=True) if name not in ("limit", "offset")
    ]

    def address(start):
        query = urlencode([*kept, ("limit", limit), ("offset", start)])
        return f"{request.base_url}?{query}"

    links = {}
    if offset + limit < total:
        links["next"] = address(offset + limit)
    if offset > 0:
        links["prev"] = address(max(0, offset - limit))
    if links:
        links["first"] = address(0)
        links["last"] = address((max(total - 1, 0) // limit) * limit)
    return links
