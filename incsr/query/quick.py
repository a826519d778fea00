"""A query of a known template, answered whole and at once: what `evaluate` says, in fewer steps.

What depends on the template and the media types asked for alone is found once and kept with it. Whatever is
not plainly an answer is left to `evaluate`, which says why.
"""

import re

import pyoxigraph as ox

from incsr import formats
from incsr.query import spelling
from incsr.query.functions import run
from incsr.query.limits import MARKS, JsonRows
from incsr.query.repeatable import repeats

_ENGINES = (ox.QuerySolutions, ox.QueryTriples)


class Way:
    """How answers of one template are sent to who accepts the same media types."""

    __slots__ = ("content_type", "counted", "first", "name", "native", "opening", "whole")

    def __init__(self, result, format_):
        self.content_type = format_.content_type
        self.whole: dict[bool, bytes] | None = None
        self.name = self.native = self.first = self.opening = None
        if isinstance(result, ox.QueryBoolean):
            self.whole = {each: b"".join(formats.chunks(format_, each)) for each in (True, False)}
            return
        # Others are counted, mapped or written row by row.
        if not isinstance(result, _ENGINES) or format_.name not in MARKS:
            return
        self.name, self.native, self.counted = format_.name, format_.native, MARKS[format_.name]
        if isinstance(result, ox.QuerySolutions):
            self.first = result.variables[0].value if result.variables else None
            self.opening = JsonRows(self.first).opening if format_.name == "json" else None


def way(template, result, accept) -> Way | None:
    """How to send the answers of a template; None where nobody could, or the long way is needed."""
    if accept in template.ways:
        return template.ways[accept]
    format_ = formats.negotiate(formats.kind_of(result), accept)
    found = None
    if format_ is not None:
        found = Way(result, format_)
        if found.native is None and found.whole is None:
            found = None
    if len(template.ways) >= 16:
        template.ways.clear()
    template.ways[accept] = found
    return found


def answer(view, known, template, constants, text, accept, base_iri, limits):
    """The answer to a query that fits a template.

    Returns: (Content-Type, body, rows or None where they are not counted), or None for the long way.
    """
    plan = template.plan
    said = template.text(text, constants, known, view)
    dataset = {} if known.default == _DEFAULT else {"default_graph": [known.default], "named_graphs": []}
    try:
        if plan.functions or template.calls:
            result = run(view.store.query, said, plan.functions, base_iri=base_iri, **dataset)
        else:
            try:
                result = view.store.query(said, base_iri=base_iri, **dataset)
            except RuntimeError:  # perhaps a function that nobody knows
                result = run(view.store.query, said, plan.functions, base_iri=base_iri, **dataset)
    except SyntaxError:
        return None
    sent = way(template, result, accept)
    if sent is None:
        return None
    if sent.whole is not None:
        return sent.content_type, sent.whole[bool(result)], None
    body = result.serialize(format=sent.native)
    if plan.private:
        body = spelling.decoded(body, sent.name)
    if limits.max_bytes is not None and len(body) > limits.max_bytes:
        return None
    rows = None
    if limits.max_rows is not None:
        if sent.opening is not None:
            rows = body.count(b"},{") + 1
            if body.count(sent.opening) != rows:
                rows = sent.counted(sent.first).count(body)
        else:
            rows = sent.counted(sent.first).count(body)
        if rows > limits.max_rows:
            return None
    return sent.content_type, body, rows


_DEFAULT = ox.DefaultGraph()


def may_be_kept(template, constants, prologue, body) -> bool:
    """Whether the answer may be kept, as `incsr.query.repeatable` says of the whole text."""
    if not template.repeatable:
        return False
    # What the template does not have: constants, and comments, which begin with the first of these signs.
    at = body.find("#")
    more = " ".join(constants) if at < 0 else " ".join((*constants, body[at:]))
    return repeats(prologue + body) if _SUSPECT.search(more) else True


# What constants and comments may bring into a text that can be kept without them.
_SUSPECT = re.compile(r"(?i)now|rand|uuid|bnode|service")
