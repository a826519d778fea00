"""Bodies of requests: their media type and charset, their text, their parts.

Source: RFC 9110, section 8.3; RFC 7578 for multipart/form-data. Refuses what is not UTF-8.
"""

from email.message import Message

from incsr.endpoint.problems import refuse

FORM_TYPE = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
UTF_8 = ("utf-8", "utf8", "us-ascii")
MAX_PARTS = 1000


def check_size(body, most):
    """Raises: Refusal with 413 for a body larger than `most` bytes."""
    if len(body) > most:
        refuse(
            413,
            "too-large",
            "The body is too large",
            f"It has {len(body)} bytes; at most {most} are read.",
            "Send it in parts.",
        )


def check_coding(header):
    """Raises: Refusal with 415 for a compressed body, which would be read as if it were none.

    Source: RFC 9110, sections 8.4 and 12.5.3.
    """
    codings = {coding.strip().lower() for coding in (header or "").split(",")} - {"", "identity"}
    if codings:
        refuse(
            415,
            "unsupported-coding",
            "The body has a coding that is not read here",
            f"Its Content-Encoding is {', '.join(sorted(codings))[:100]}.",
            "Send it as it is.",
            headers=(("accept-encoding", "identity"),),
        )


def content_type(header):
    """(media type in lower case or None, charset in lower case) of a Content-Type header."""
    if header is None or not header.strip():
        return None, "utf-8"
    if ";" not in header:
        return header.strip().lower(), "utf-8"
    charset = parameter(header, "charset") or "utf-8"
    return header.partition(";")[0].strip().lower(), charset.strip().lower()


def parameter(header, name):
    """One parameter of a Content-Type header, unquoted, or None."""
    message = Message()
    message["content-type"] = header
    value = message.get_param(name)
    return value if isinstance(value, str) else None


def decoded_text(body, name):
    """A query or update as text. Raises: Refusal with 400 and the place for what is not UTF-8."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        column = error.start - (body.rfind(b"\n", 0, error.start) + 1) + 1
        refuse(
            400,
            "not-utf-8",
            f"The {name} is not in UTF-8",
            f"Byte {error.start + 1} cannot be read: {error.reason}.",
            "Send UTF-8, which is the only encoding of SPARQL.",
            line=line,
            column=column,
        )


def parts(body, content_type_header):
    """The parts of a multipart/form-data body as (name, file name or None, Content-Type or None, bytes).

    Raises: Refusal with 400 for a body that is not of the form.
    """
    boundary = parameter(content_type_header, "boundary")
    if not boundary:
        refuse(
            400,
            "bad-multipart",
            "The parts cannot be told apart",
            "The Content-Type header multipart/form-data has no boundary.",
            "Let the client library write the header.",
        )
    # Here, since it takes 15 ms, and the first answer needs none of it.
    from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

    decoder = MultipartDecoder(boundary.encode("latin-1", "replace"), max_parts=MAX_PARTS)
    found, current, held = [], None, []
    try:
        decoder.receive_data(body)
        decoder.receive_data(None)
        while not isinstance(event := decoder.next_event(), Epilogue | NeedData):
            if isinstance(event, Field | File):
                current, held = event, []
            elif isinstance(event, Data):
                held.append(event.data)
                if not event.more_data:
                    filename = getattr(current, "filename", None)
                    found.append(
                        (current.name, filename, current.headers.get("content-type"), b"".join(held))
                    )
        complete = isinstance(event, Epilogue)
    except ValueError:
        complete = False
    if not complete:
        refuse(
            400,
            "bad-multipart",
            "The body is not multipart/form-data",
            "It does not begin and end with the boundary that its Content-Type names, or has too many parts.",
            "Let the client library write the body; lines end in CRLF.",
        )
    return found
