"""Errors as a client sees them: RFC 9457 problem details, in JSON, or in HTML for a browser.

A problem says what was wrong, where (line, column, the excerpt with a caret), and what to do. Nothing of a
request but the text that it complains about is repeated, and never a credential.
"""

import json
from html import escape

from incsr import formats
from incsr.messages import Problem, Response
from incsr.namespaces import BASE

TYPE = f"{BASE}problem/"
MEDIA_TYPE = "application/problem+json"


def problem(status, code, title, detail, hint="", headers=(), **place) -> Problem:
    """A problem in the order in which one thinks of it."""
    return Problem(status, title, detail, code, hint, headers=tuple(headers), **place)


class Refusal(Exception):
    """A request that is answered by a problem."""

    def __init__(self, problem: Problem):
        super().__init__(problem.detail)
        self.problem = problem


def refuse(*arguments, **keywords):
    """Raises: Refusal with the problem that the arguments say."""
    raise Refusal(problem(*arguments, **keywords))


def document(problem: Problem, request_id: str = "") -> dict:
    """The members of the problem details object; those that say nothing are left out."""
    members = {
        "type": TYPE + problem.code,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "hint": problem.hint,
        "line": problem.line,
        "column": problem.column,
        "excerpt": problem.excerpt,
        "instance": f"urn:incsr:request:{request_id}" if request_id else "",
    }
    return {name: value for name, value in members.items() if value not in ("", None)}


def response(problem: Problem, accept: str | None, request_id: str = "") -> Response:
    """The response for a problem, in HTML where the client would rather have that.

    An Accept header that allows neither is not held against the client: it gets JSON (RFC 9110, 12.4.1).
    """
    members = document(problem, request_id)
    if formats.prefers_html(accept):
        body, media_type = _html(members).encode(), "text/html; charset=utf-8"
    else:
        body, media_type = json.dumps(members, ensure_ascii=False, indent=2).encode() + b"\n", MEDIA_TYPE
    headers = [("content-type", media_type), ("cache-control", "no-store"), *problem.headers]
    if request_id:
        headers.append(("x-request-id", request_id))
    return Response(problem.status, headers, body)


def _html(members):
    body = [f"<p>{escape(members['detail'])}</p>\n"]
    if "line" in members:
        column = f", column {members['column']}" if "column" in members else ""
        body.append(f"<p>Line {members['line']}{column}</p>\n")
    if "excerpt" in members:
        body.append(f"<pre>{escape(members['excerpt'])}</pre>\n")
    if "hint" in members:
        body.append(f"<p>{escape(members['hint'])}</p>\n")
    if "instance" in members:
        body.append(f"<p>Request <code>{escape(members['instance'])}</code></p>\n")
    return "".join(formats.html.page(f"{members['status']} {members['title']}", body))
