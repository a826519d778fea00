"""The problems that this service answers with, each at the address of its type (RFC 9457, section 3.1.1).

A problem document says what was wrong with one request; its type says what problems of that kind have in
common, and what one does about them.
"""

import json

from flask import Response, abort, render_template
from pyoxigraph import Literal, NamedNode, Triple

from incsr import formats
from incsr.namespaces import BASE, PREFIXES
from incsr.pages import negotiation

TYPE = f"{BASE}problem/"
# code: (title, what it means, what to do)
PROBLEMS = {
    "bad-encoding": (
        "Bad encoding",
        "Percent-encoding or a form in the request is broken.",
        "Encode the text as UTF-8, then each byte that must be as %XX.",
    ),
    "bad-filter": (
        "Bad filter",
        "A filter names a thing, or has a form, that the data does not have.",
        "Take one of the values that the problem lists.",
    ),
    "bad-graph": (
        "Bad graph",
        "The graph of a write cannot be written as asked.",
        "Name another graph, or the default graph.",
    ),
    "bad-graph-iri": (
        "Bad graph IRI",
        "A graph is named by something that is no absolute IRI.",
        "Write the IRI out in full.",
    ),
    "bad-host": (
        "Wrong Host header",
        "The request does not have exactly one Host header that names a host.",
        "Send one with the host and port of the address that is asked.",
    ),
    "bad-multipart": (
        "Bad multipart body",
        "A multipart body is broken or has a part that is not read.",
        "Send each file as one part with its media type.",
    ),
    "bad-rdf": (
        "Malformed RDF",
        "The data does not follow the syntax of its media type; the problem says where.",
        "Mend the line, or send the right Content-Type.",
    ),
    "bad-evidence": (
        "Bad evidence parameter",
        "The parameter evidence is neither 1 nor 0.",
        "Send evidence=1 for the words behind each solution, or leave it away.",
    ),
    "no-evidence": (
        "No evidence",
        "Only the solutions of a SELECT come with evidence.",
        "Leave evidence away, or ask with SELECT.",
    ),
    "bad-timeout": (
        "Bad timeout",
        "The timeout is not a number of seconds above 0.",
        "Write seconds, such as timeout=2.",
    ),
    "bad-reconciliation": (
        "Bad reconciliation request",
        "The queries are not the JSON that the Reconciliation Service API defines.",
        'Send queries={"q0": {"query": "…"}} as a form field.',
    ),
    "busy": (
        "Service busy",
        "As many requests as are allowed at once are being worked on.",
        "Try again after the seconds that Retry-After gives.",
    ),
    "cancelled": ("Request given up", "The client went away before the answer was ready.", "Ask again."),
    "conflict": (
        "Conflict",
        "An update contradicts what the store holds, such as CREATE of a graph that is there.",
        "Ask what is there first, or use SILENT.",
    ),
    "crashed": (
        "Evaluation ended",
        "The request needed more memory or deeper nesting than one may use; a write has changed nothing.",
        "Make it smaller or less deeply nested; send data in parts.",
    ),
    "dataset": (
        "Two datasets",
        "An update names its dataset both in the protocol and in its text.",
        "Keep one of the two.",
    ),
    "headers-too-large": (
        "Headers too large",
        "The request's headers are larger than the service reads.",
        "Send fewer or shorter headers.",
    ),
    "internal": (
        "Internal error",
        "The service failed on this request. The failure has been logged.",
        "Tell the operator the request's id.",
    ),
    "memory": (
        "Out of memory",
        "The evaluation needed more memory than one request may use.",
        "Add a LIMIT, or bind more terms.",
    ),
    "method-not-allowed": (
        "Method not allowed",
        "The resource does not take this method.",
        "Use one that Allow lists.",
    ),
    "misplaced-parameter": (
        "Misplaced parameter",
        "A parameter stands where the protocol does not allow it.",
        "Move it to where the problem says.",
    ),
    "no-graph": ("No graph named", "A graph store request names no graph.", "Add ?graph=IRI or ?default."),
    "no-query": ("No query", "The request has no query.", "Send one as the parameter query, or as the body."),
    "no-such-graph": ("No such graph", "The store has no graph of that name.", "GET /data lists the graphs."),
    "no-token": ("No token", "Writing needs the operator's bearer token.", "Send Authorization: Bearer …"),
    "no-update": (
        "No update",
        "The request has no update.",
        "Send one as the form field update, or as the body.",
    ),
    "not-acceptable": (
        "Not acceptable",
        "The result has no format that Accept allows.",
        "Accept one of those that the problem lists.",
    ),
    "not-found": ("Not found", "There is nothing at this address.", "Begin at /."),
    "not-utf-8": ("Not UTF-8", "A text is not encoded as UTF-8.", "Encode it as UTF-8."),
    "operator-only": (
        "For the operator",
        "What is asked for is told to the operator's own networks alone.",
        "Ask from the machine itself, or have the operator name your network.",
    ),
    "precondition-failed": (
        "Precondition failed",
        "If-Match or If-None-Match asks for another state than what is named has.",
        "Read it anew, and send the request with the new ETag.",
    ),
    "rate": (
        "Too many requests",
        "This client has sent more requests than it may.",
        "Wait the seconds that Retry-After gives.",
    ),
    "refused": (
        "Refused",
        "The operation is well-formed but not served here.",
        "The problem says what is served instead.",
    ),
    "reserved-graph": (
        "Reserved graph",
        "The graph's name is one that the service keeps for itself.",
        "Name another graph.",
    ),
    "result": (
        "The result has no such form",
        "A result of this kind cannot be given as asked.",
        "Ask in another format.",
    ),
    "service": (
        "A SERVICE call failed",
        "An endpoint that the query calls did not answer, or not as SPARQL has it.",
        "Try again later, or write SERVICE SILENT.",
    ),
    "several-graphs": ("Several graphs", "A graph store request names more than one graph.", "Name one."),
    "several-queries": ("Several queries", "The request has more than one query.", "Send one."),
    "several-updates": (
        "Several updates",
        "The request has more than one update.",
        "Send one; a single update may hold several operations.",
    ),
    "slow-body": ("Slow body", "The body did not come in time.", "Send it faster, or in parts."),
    "starting": (
        "Service is starting",
        "The data is still being loaded.",
        "Try again after the seconds that Retry-After gives.",
    ),
    "stopping": (
        "Service is stopping",
        "The service is being stopped or restarted.",
        "Try again after the seconds that Retry-After gives.",
    ),
    "storage-full": (
        "Storage full",
        "The disk has no room for the write; nothing was changed.",
        "Tell the operator; reading goes on.",
    ),
    "syntax": (
        "Syntax error",
        "The text is not well-formed SPARQL; the problem says line, column and token.",
        "Mend the place under the caret.",
    ),
    "timeout": (
        "Deadline exceeded",
        "The request ran for longer than it may and was ended.",
        "Add a LIMIT, bind more terms, or split the query.",
    ),
    "too-large": (
        "Too large",
        "The body, the text or the answer is larger than the service allows.",
        "Send or ask for it in parts.",
    ),
    "unknown-format": (
        "Unknown format",
        "format= names none of the formats of this result.",
        "Take one of those that the problem lists.",
    ),
    "unknown-parameter": (
        "Unknown parameter",
        "The request has a parameter that is not read here.",
        "Leave it out; the problem lists those that are.",
    ),
    "unsupported-coding": (
        "Unsupported coding",
        "The body of the request is compressed.",
        "Send it as it is, without a Content-Encoding.",
    ),
    "unsupported-media-type": (
        "Unsupported media type",
        "The body has a media type that is not read here.",
        "Send one of those that the problem lists.",
    ),
    "unwritable": (
        "The format cannot say it",
        "The result has something that its format cannot express.",
        "Ask for another format, such as Turtle or JSON.",
    ),
    "update-by-get": ("Update by GET", "An update was sent by GET.", "Send it by POST to /update."),
    "uri-too-long": (
        "Address too long",
        "The request's target is longer than the service reads.",
        "Send the query in the body, by POST.",
    ),
    "writes-off": (
        "Writing is switched off",
        "The operator has set no token for writes.",
        "Ask the operator.",
    ),
    "wrong-operation": (
        "Wrong operation",
        "A query was sent where updates are taken, or the other way round.",
        "Send queries to /sparql, updates to /update.",
    ),
    "wrong-token": (
        "Wrong token",
        "The bearer token is another one than the operator's.",
        "Ask the operator for the right one.",
    ),
}


def response(status, code, detail, hint, **more):
    """A problem document of one of these types; `more` are its further members."""
    body = {"type": TYPE + code, "title": PROBLEMS[code][0], "status": status, "detail": detail, "hint": hint}
    text = json.dumps(body | more, ensure_ascii=False, indent=2) + "\n"
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    return Response(text, status, headers, content_type="application/problem+json")


def triples(code):
    """Graph: <problem/code> rdfs:label ; skos:definition ; skos:scopeNote ."""
    subject = NamedNode(TYPE + code)
    names = ("rdfs:label", "skos:definition", "skos:scopeNote")
    for name, text in zip(names, PROBLEMS[code], strict=True):
        prefix, local = name.split(":")
        yield Triple(subject, NamedNode(PREFIXES[prefix] + local), Literal(text, language="en"))


def register(pages, site):
    @pages.get("/problem/")
    def problems():
        return render_template("problem.html", section="", problems=PROBLEMS, code="")

    @pages.get("/problem/<code>")
    def problem(code):
        if code not in PROBLEMS:
            abort(404, f"There is no problem “{code}”; /problem/ lists them")

        def rdf(media_type):
            return b"".join(formats.chunks(formats.negotiate("graph", media_type), list(triples(code))))

        def page():
            return render_template("problem.html", section="", problems={code: PROBLEMS[code]}, code=code)

        answer = negotiation.document("", page, rdf)
        answer.headers["Link"] = f'<{TYPE}{code}>; rel="cite-as"'
        return answer
