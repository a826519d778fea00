"""Results as HTML to be read: a table of solutions, a sentence for a boolean, a table of triples.

Every value is untrusted: it is escaped, and only http and https IRIs become links. The page carries no
script and no style of its own, so the strictest Content-Security-Policy suits it.
"""

from html import escape

from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from incsr.formats.solutions import STRING
from incsr.formats.turtle import Names
from incsr.namespaces import BASE

# Relative to /sparql and /store, so that a service mounted under a prefix needs no other page.
STYLESHEET = "static/site.css"


def page(title, body):
    """The pieces of a whole document around the pieces of `body`."""
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escape(title)}</title>\n<link rel="stylesheet" href="{STYLESHEET}">\n'
        "</head>\n<body>\n<main>\n"
        f"<h1>{escape(title)}</h1>\n"
    )
    yield from body
    yield "</main>\n</body>\n</html>\n"


def href(iri):
    """The address to follow for an IRI: ours beside the endpoint; None where it is no web address."""
    if iri.startswith(BASE):
        return iri[len(BASE) :] or "."
    return iri if iri.startswith(("http://", "https://")) else None


def term(value, names):
    """One term as HTML."""
    if value is None:
        return ""
    if isinstance(value, NamedNode):
        text = names.split(value.value)
        shown = escape(":".join(text) if text else value.value)
        target = href(value.value)
        if target is None:
            return f"<code>{shown}</code>"
        return (
            f'<a href="{escape(target)}" title="{escape(value.value)}" rel="nofollow noreferrer">{shown}</a>'
        )
    if isinstance(value, Literal):
        text = escape(value.value)
        if value.language:
            direction = f' dir="{value.direction.value}"' if value.direction else ""
            return f'<span lang="{escape(value.language)}"{direction}>{text}</span>'
        if value.datatype.value == STRING:
            return text
        parts = names.split(value.datatype.value)
        kind = escape(":".join(parts) if parts else value.datatype.value)
        return f'<span title="{kind}">{text}</span>'
    if isinstance(value, BlankNode):
        return f"<code>_:{escape(value.value)}</code>"
    return f"<code>{escape(str(value))}</code>"


def _table(caption, head, rows):
    yield f"<table>\n<caption>{escape(caption)}</caption>\n<thead>\n<tr>"
    yield "".join(f'<th scope="col">{escape(name)}</th>' for name in head) + "</tr>\n</thead>\n<tbody>\n"
    for row in rows:
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n"
    yield "</tbody>\n</table>\n"


def solutions(variables, rows, prefixes):
    """A table with a column a variable and a line a solution."""
    names = Names(prefixes)
    cells = ([term(value, names) for value in row] for row in rows)
    yield from page("Solutions", _table("One line a solution", variables, cells))


def boolean(value):
    """The answer of ASK in a sentence."""
    word = "true" if value else "false"
    said = "Yes: the pattern has a solution." if value else "No: the pattern has no solution."
    yield from page("Answer", [f"<p><strong>{word}</strong></p>\n<p>{said}</p>\n"])


def graph(statements, prefixes):
    """A table of triples, with their graph where one is named."""
    names = Names(prefixes)
    listed = list(statements)
    named = any(
        isinstance(each, Quad) and isinstance(each.graph_name, NamedNode | BlankNode) for each in listed
    )
    caption = f"{len(listed)} {'triple' if len(listed) == 1 else 'triples'}"
    head = ["subject", "predicate", "object", *(["graph"] if named else [])]

    def cells():
        for each in listed:
            row = [term(each.subject, names), term(each.predicate, names), term(each.object, names)]
            if named:
                name = each.graph_name
                row.append(term(name, names) if isinstance(name, NamedNode | BlankNode) else "")
            yield row

    yield from page("Graph", _table(caption, head, cells()))
