"""The formats that an answer can be sent in, by kind of result, best first.

Knows media types and names; chooses nothing (`negotiation` does) and writes nothing.
"""

from dataclasses import dataclass, replace

from pyoxigraph import QueryResultsFormat, RdfFormat

KINDS = ("solutions", "boolean", "graph", "dataset")

PROFILE = "http://www.w3.org/ns/json-ld#"


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write one kind of result.

    `native` is the engine's own name of the format, also where the engine's serializer is not used because
    it deviates from the format's specification; `aliases` are media types that clients ask for and that are
    answered under the name asked for; `names` are what `?format=` and the command line call it.
    """

    name: str
    media_type: str
    extension: str
    label: str
    charset: bool = False
    native: QueryResultsFormat | RdfFormat | None = None
    aliases: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    profile: str | None = None

    @property
    def content_type(self):
        """The Content-Type header: text has a charset, and JSON-LD in a form other than ours its profile."""
        value = f"{self.media_type}; charset=utf-8" if self.charset else self.media_type
        return f'{value}; profile="{self.profile}"' if self.profile else value

    def sent_as(self, media_type):
        """The same format under the media type that the client asked for."""
        if media_type == self.media_type:
            return self
        charset = self.charset or media_type.startswith("text/")
        return replace(self, media_type=media_type, charset=charset)


JSON = Format(
    "json",
    "application/sparql-results+json",
    "srj",
    "SPARQL results, JSON",
    native=QueryResultsFormat.JSON,
    aliases=("application/json",),
    names=("json", "srj"),
)
XML = Format(
    "xml",
    "application/sparql-results+xml",
    "srx",
    "SPARQL results, XML",
    native=QueryResultsFormat.XML,
    aliases=("application/xml", "text/xml"),
    names=("xml", "srx"),
)
CSV = Format(
    "csv", "text/csv", "csv", "SPARQL results, CSV", True, native=QueryResultsFormat.CSV, names=("csv",)
)
TSV = Format(
    "tsv",
    "text/tab-separated-values",
    "tsv",
    "SPARQL results, TSV",
    True,
    native=QueryResultsFormat.TSV,
    names=("tsv",),
)
HTML = Format(
    "html",
    "text/html",
    "html",
    "HTML, to be read",
    True,
    aliases=("application/xhtml+xml",),
    names=("html", "table"),
)
TEXT = Format("text", "text/plain", "txt", "the word true or false", True, names=("text", "txt"))

TURTLE = Format(
    "turtle",
    "text/turtle",
    "ttl",
    "Turtle",
    True,
    native=RdfFormat.TURTLE,
    aliases=("application/x-turtle", "application/turtle", "text/n3", "text/rdf+n3", "application/n3"),
    names=("turtle", "ttl", "n3"),
)
JSON_LD = Format(
    "jsonld",
    "application/ld+json",
    "jsonld",
    "JSON-LD, compact",
    native=RdfFormat.JSON_LD,
    aliases=("application/json",),
    names=("jsonld", "json-ld", "json"),
)
N_TRIPLES = Format(
    "ntriples",
    "application/n-triples",
    "nt",
    "N-Triples",
    native=RdfFormat.N_TRIPLES,
    aliases=("text/plain",),
    names=("ntriples", "n-triples", "nt"),
)
RDF_XML = Format(
    "rdfxml",
    "application/rdf+xml",
    "rdf",
    "RDF/XML",
    native=RdfFormat.RDF_XML,
    aliases=("application/xml", "text/xml"),
    names=("rdfxml", "rdf", "rdf+xml", "rdf/xml", "rdf-xml", "xml"),
)
N_QUADS = Format(
    "nquads",
    "application/n-quads",
    "nq",
    "N-Quads",
    native=RdfFormat.N_QUADS,
    aliases=("text/x-nquads",),
    names=("nquads", "n-quads", "nq"),
)
TRIG = Format(
    "trig",
    "application/trig",
    "trig",
    "TriG",
    native=RdfFormat.TRIG,
    aliases=("application/x-trig",),
    names=("trig",),
)

# The first of each kind is what a client gets that states no preference.
OFFERS = {
    "solutions": (JSON, XML, CSV, TSV, HTML),
    "boolean": (JSON, XML, HTML, TEXT),
    "graph": (TURTLE, JSON_LD, N_TRIPLES, RDF_XML, N_QUADS, TRIG, HTML),
    "dataset": (TRIG, N_QUADS, JSON_LD),
}


def known_name(name):
    """Whether `?format=name` means something for at least one kind of result."""
    return any(by_name(kind, name) is not None for kind in KINDS)


def by_name(kind, name):
    """The format of that kind which people call `name` (a short name or a media type), or None.

    A `+` of a media type that stands unescaped in a query string arrives as a space.
    """
    asked = name.strip().lower()
    for spelled in (asked, asked.replace(" ", "+")):
        for offer in OFFERS[kind]:
            if spelled in offer.names or spelled == offer.media_type:
                return offer
            if spelled in offer.aliases:
                return offer.sent_as(spelled)
    return None


def offers_in_words(kind):
    """What there is, for an error that refuses everything the client would take."""
    return ", ".join(f"{offer.media_type} (format={offer.names[0]})" for offer in OFFERS[kind])
