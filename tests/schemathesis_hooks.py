"""Serializers that Schemathesis lacks: texts of SPARQL and RDF go out as they are."""

import schemathesis


def as_is(context, value):
    """A generated text as the body of a request."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


for media_type in (
    "application/sparql-query",
    "application/sparql-update",
    "text/turtle",
    "application/n-triples",
    "application/n-quads",
    "application/trig",
    "application/rdf+xml",
    "application/ld+json",
):
    schemathesis.serializer(media_type)(as_is)
