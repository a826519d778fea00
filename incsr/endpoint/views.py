"""The Flask blueprint: a request of Flask's in, a response of Flask's out, `protocol` in between.

For WSGI servers and tests; the asynchronous front answers the same paths without Flask.
"""

from urllib.parse import quote, urlsplit

from flask import Blueprint, request
from werkzeug.wrappers import Response as FlaskResponse

from incsr.endpoint import protocol
from incsr.endpoint.addresses import OPENAPI, SPARQL, STORE, UPDATE
from incsr.messages import Request, Response

# Flask would answer other methods itself, without a problem document.
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY", "TRACE"]
RULES = (SPARQL, f"{SPARQL}/", UPDATE, f"{UPDATE}/", STORE, f"{STORE}/", f"{STORE}/<path:graph>", OPENAPI)


def make(executor, settings) -> Blueprint:
    """A blueprint that has its jobs done by `executor.answer(job)`."""
    endpoint = Blueprint("endpoint", __name__)

    def answer(graph=None):
        asked = from_flask(request)
        planned = protocol.plan(asked, settings)
        if not isinstance(planned, Response):
            found = executor.answer(planned)
            outcome = found.problem
            if outcome is None:
                outcome = (found.head, found.body if found.body is not None else found.chunks)
            planned = protocol.finish(asked, planned, outcome, settings, found.version)
            sent = protocol.conditional(asked, planned, settings)
            if sent is not planned and hasattr(planned.body, "close"):
                planned.body.close()
            planned = sent
        return to_flask(planned)

    for rule in RULES:
        endpoint.add_url_rule(rule, "answer", answer, methods=METHODS, provide_automatic_options=False)
    return endpoint


def from_flask(asked) -> Request:
    """Flask's request as a value; the body as it came, before Flask takes a form apart."""
    return Request(
        asked.method,
        raw_path(asked),
        asked.query_string.decode("latin-1"),
        tuple((name.lower(), value) for name, value in asked.headers.items()),
        asked.get_data(cache=False, parse_form_data=False),
        asked.remote_addr or "",
    )


def raw_path(asked) -> str:
    """The path as the client wrote it, where the server says so: decoded, %2F and / would be the same."""
    target = asked.environ.get("RAW_URI") or asked.environ.get("REQUEST_URI") or ""
    path = urlsplit(target).path if target.startswith(("/", "http://", "https://")) else ""
    return path or quote(asked.script_root + asked.path)


def to_flask(response: Response) -> FlaskResponse:
    """The response with exactly the headers that the protocol gave it."""
    made = FlaskResponse(response.body, response.status)
    made.headers.clear()
    for name, value in response.headers:
        made.headers.add(name, value)
    # A HEAD response has the length of what GET would send.
    made.automatically_set_content_length = False
    return made
