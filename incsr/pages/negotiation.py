"""HTML or RDF: what a client prefers of the forms that a document has, and the RDF forms' responses."""

from flask import Response, abort, request

RDF_TYPES = {
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
}
HTML = ("text/html", "application/xhtml+xml")


def preferred(suffix="", more=(), for_programs=False):
    """The media type to send: the suffix's, else what Accept prefers; HTML where nothing is said.

    `more` are further media types that the document has, beside HTML and the RDF types. `for_programs`:
    Turtle where Accept leaves the choice to us, as a harvester's `*/*` does.

    Raises: 406 where Accept allows none of the forms.
    """
    if suffix:
        return RDF_TYPES[suffix]
    accept = request.accept_mimetypes
    offers = [*RDF_TYPES.values(), *HTML] if for_programs else [*HTML, *RDF_TYPES.values()]
    if not accept:
        return offers[0]
    chosen = accept.best_match([*offers, *more])
    if chosen is None:
        abort(406, "This document exists as " + ", ".join([HTML[0], *RDF_TYPES.values(), *more]))
    return HTML[0] if chosen in HTML else chosen


def document(suffix, html, rdf, for_programs=False):
    """The response in the preferred form: `html()` gives text, `rdf(media_type)` bytes."""
    chosen = preferred(suffix, for_programs=for_programs)
    response = Response(html()) if chosen == HTML[0] else rdf_response(rdf(chosen), chosen)
    response.vary.add("Accept")
    return response


def rdf_response(body, media_type):
    """One RDF form; Turtle says its encoding, because some clients take text types for Latin-1."""
    return Response(
        body, content_type=f"{media_type}; charset=utf-8" if media_type == "text/turtle" else media_type
    )


def alternates(path):
    """Link header fields to the RDF forms of the document at a path (RFC 8288; Signposting's describedby)."""
    return [
        f'<{path}.{suffix}>; rel="{rel}"; type="{media}"'
        for rel in ("alternate", "describedby")
        for suffix, media in RDF_TYPES.items()
    ]
