"""The plain page of the endpoint: a form for a query, and the questions to begin with.

Served where no other page takes its place. Without a script: the form is sent by GET to the endpoint itself.
"""

from functools import lru_cache
from html import escape
from urllib.parse import urlencode

from incsr import formats
from incsr import questions as question_files
from incsr.messages import Request, Response

EXAMPLE = """SELECT ?thing ?label WHERE {
  ?thing <http://www.w3.org/2004/02/skos/core#prefLabel> ?label .
}
LIMIT 20
"""


def response(request: Request) -> Response:
    """200 with the page."""
    body = "".join(formats.html.page("SPARQL endpoint", _body(request.path, _questions())))
    return Response(200, [("content-type", "text/html; charset=utf-8")], body.encode())


@lru_cache(maxsize=1)
def _questions():
    return question_files.read_all()


def _body(action, questions):
    options = "".join(
        f'<option value="{name}">{name}</option>' for name in ("html", "json", "xml", "csv", "tsv")
    )
    yield (
        f'<form action="{escape(action)}" method="get">\n<p><label for="query">Query</label></p>\n'
        '<p><textarea id="query" name="query" rows="12" cols="80" required>'
        f"{escape(EXAMPLE)}</textarea></p>\n"
        f'<p><label for="format">Format</label> <select id="format" name="format">'
        f'<option value="">as the browser asks</option>{options}</select>\n'
        "<button>Ask</button></p>\n</form>\n"
    )
    yield "<h2>Questions to begin with</h2>\n<ul>\n"
    for question in questions:
        target = f"{action}?{urlencode({'query': question.query})}"
        yield f'<li><a href="{escape(target)}">{escape(question.question)}</a></li>\n'
    yield "</ul>\n"
