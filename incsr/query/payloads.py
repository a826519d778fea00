"""A document of a write, parsed whole before anything is changed.

Reads no network: the engine's parsers refuse remote JSON-LD contexts and know no external XML entities.
"""

import codecs
from xml.parsers import expat

import pyoxigraph as ox

from incsr.messages import Problem
from incsr.query.lexer import excerpt

_FORMATS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/turtle": ox.RdfFormat.TURTLE,
    "application/x-turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "text/plain": ox.RdfFormat.N_TRIPLES,
    "application/n-quads": ox.RdfFormat.N_QUADS,
    "text/x-nquads": ox.RdfFormat.N_QUADS,
    "application/trig": ox.RdfFormat.TRIG,
    "application/x-trig": ox.RdfFormat.TRIG,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/xml": ox.RdfFormat.RDF_XML,
    "text/xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/json": ox.RdfFormat.JSON_LD,
    "text/n3": ox.RdfFormat.N3,
    "text/rdf+n3": ox.RdfFormat.N3,
}
_EXTENSIONS = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "nq": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
    "rdf": ox.RdfFormat.RDF_XML,
    "xml": ox.RdfFormat.RDF_XML,
    "owl": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
    "n3": ox.RdfFormat.N3,
}
_VAGUE = ("", "application/octet-stream", "application/x-www-form-urlencoded")


class Unreadable(Exception):
    """A document that is not read; `problem` says why and where."""

    def __init__(self, problem):
        super().__init__(problem.detail)
        self.problem = problem


def format_of(payload):
    """The RDF format of a payload by its media type, or by its file name where the type says nothing.

    Raises: Unreadable (415) for a type that is none of ours.
    """
    media_type = (payload.media_type or "").partition(";")[0].strip().lower()
    extension = (payload.name or "").rpartition(".")[2].lower()
    vague = media_type in (*_VAGUE, "text/plain")
    if vague and extension in _EXTENSIONS:
        return _EXTENSIONS[extension]
    if media_type == "":
        return ox.RdfFormat.TURTLE  # what most clients mean that name no type
    if media_type in _FORMATS:
        return _FORMATS[media_type]
    raise Unreadable(
        Problem(
            415,
            "This media type cannot be read",
            f"{media_type} is no RDF format that the store reads.",
            "unsupported-media-type",
            "Send one of " + ", ".join(sorted(_FORMATS)) + ", and name it in Content-Type.",
        )
    )


def encoded(payload, format_):
    """A payload's text in UTF-8 without a byte order mark; XML says itself how it is encoded.

    Raises: Unreadable (400) for what is not in the character set that its media type names.
    """
    charset = _charset(payload)
    body = payload.body
    try:
        if charset not in ("utf-8", "utf8", "us-ascii", "ascii") and format_ != ox.RdfFormat.RDF_XML:
            body = body.decode(charset).encode()
        elif body.startswith(codecs.BOM_UTF8):
            body = body[len(codecs.BOM_UTF8) :]
    except (UnicodeDecodeError, LookupError) as error:
        raise Unreadable(_problem(payload, f"{error}", None, None)) from None
    return body


def triples(payload, base_iri):
    """All triples of a payload, as (subject, predicate, object), its blank nodes new in the store.

    Raises: Unreadable: 415 for an unknown type; 400 with line and column for what is not well-formed.
    """
    return [tuple(quad.triple) for quad in parsed(payload, base_iri)]


def parsed(payload, base_iri):
    """The quads of a payload, one after another; raises as `triples` does."""
    format_ = format_of(payload)
    body = encoded(payload, format_)
    try:
        yield from ox.parse(
            body,
            format_,
            base_iri=payload.base_iri or base_iri,
            without_named_graphs=True,
            rename_blank_nodes=True,
        )
    except SyntaxError as error:
        line, column = error.lineno, error.offset
        message = error.msg
        if format_ == ox.RdfFormat.RDF_XML and line is None:
            line, column, message = _in_xml(body, message)
        raise Unreadable(_problem(payload, message, line, column)) from None
    except ValueError as error:
        raise Unreadable(_problem(payload, str(error), None, None)) from None
    except MemoryError as error:
        if "buffer" not in str(error):
            raise
        # The engine's parsers hold one name or literal at a time, up to 16 MiB, and say so in this way.
        raise Unreadable(
            Problem(
                413,
                "A literal is too long",
                f"The RDF document{_name(payload)} has one of more than 16 MiB. Nothing was changed.",
                "too-large",
                "Send such a text as a file of its own, and link to it.",
            )
        ) from None


def _name(payload):
    return f" in {payload.name}" if payload.name else ""


def _charset(payload):
    for parameter in (payload.media_type or "").split(";")[1:]:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset":
            return value.strip().strip('"').lower() or "utf-8"
    return "utf-8"


def _in_xml(body, message):
    """Where a document is not well-formed XML, which the engine does not say: (line, column, message)."""
    parser = expat.ParserCreate(namespace_separator=" ")
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        return error.lineno, error.offset + 1, expat.ErrorString(error.code)
    return None, None, message


def _problem(payload, message, line, column):
    message = " ".join(message.split())
    if message.startswith("Parser error at "):
        message = message.partition(": ")[2]
    where = f"Line {line}, column {column}: " if line is not None else ""
    shown = excerpt(payload.body.decode("utf-8", "replace"), line, column or 1) if line is not None else ""
    return Problem(
        400,
        "The RDF document has an error",
        f"{where}{message}{_name(payload)}. Nothing was changed.",
        "bad-rdf",
        "Correct the document and send the whole of it again.",
        line=line,
        column=column,
        excerpt=shown,
    )
