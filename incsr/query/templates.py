"""Queries that differ in their constants alone are guarded and planned once.

A template is a text with its IRIs and plain strings replaced by marks, numbered so that equal ones stay
equal. What the guard reads (words, signs, brackets) and what the mends decide does not depend on what a mark
stands for. Where it could (graph names, datatypes, functions, predicates with literals in private form, and
whatever else stands below), the text is not taken apart here. Whatever goes wrong with a text that was put
together from a template is done over in the long way, so that errors speak of the text as it was sent.
"""

import re
import secrets

from incsr.messages import Problem
from incsr.query import statistics
from incsr.query.compact import compact
from incsr.query.cursor import ParseError
from incsr.query.guard import MAX_CHARACTERS, Refused, guard
from incsr.query.parser import parse
from incsr.query.plan import Plan, planned
from incsr.query.reorder import reorder
from incsr.query.repeatable import repeats
from incsr.query.spelling import XSD

KEPT = 512
LONGEST = 8_192
# Drawn anew by each process that loads this: a prefixed name can spell any IRI that a client knows of.
_MARK = f"incsr-{secrets.token_hex(16)}:"
_PROLOGUE = re.compile(
    r"(?:\s*+#[^\r\n]*+[\r\n]|\s*+(?i:PREFIX)\s++(?:[A-Za-z][A-Za-z0-9_-]*+)?:\s*+<[^<>\"{}|^`\\\x00-\x20]*+>)*+\s*+"
)
_FURTHER_PREFIX = re.compile(r"\b(?i:PREFIX)[\s#:]")
# A datatype that does not stand right behind its string.
_LOOSE_DATATYPE = re.compile(r"[^\"']\^\^|\^\^[\s#]")
# A comment, an IRI or a plain string.
_APART = re.compile(r"(#[^\r\n]*+|<[^<>\"{}|^`\\\x00-\x20]*+>|\"[^\"\\\r\n]*+\"|'[^'\\\r\n]*+')")
_ABSOLUTE = ("<http:", "<https:", "<urn:")
_OF_XSD = f"<{XSD}"
_MARKED = re.compile(rf"<urn:{_MARK}([0-9]+)>|\"{_MARK}([0-9]+)\"")
# What looks at graphs, at spellings, or out of the house.
_UNFIT = frozenset({"GRAPH", "FROM", "SERVICE", "GROUP_CONCAT", "BNODE", "STRDT", "STRLANG", "BASE"})


class Template:
    """A plan with places for constants: `parts` are texts and, between them, numbers of constants.

    `spent_us` is the processor time in microseconds that an answer took, where somebody has noted it;
    `ways`, `calls` and `repeatable` are what `incsr.query.quick` knows of it.
    """

    __slots__ = ("calls", "count", "parts", "plan", "repeatable", "spent_us", "ways")

    def __init__(self, plan, parts, count=None):
        self.plan = plan
        self.parts = parts
        self.count = count
        self.spent_us: int | None = None
        self.ways: dict = {}  # by what is accepted
        self.calls = "urn:incsr:" in plan.text  # an aggregate of ours (incsr.query.extremes)
        self.repeatable = False

    def text(self, sent, constants, known, view):
        """The text to run for these constants; `sent` where nothing had to be changed."""
        if self.count is not None:
            name, *pattern = self.count
            terms = [constants[term][1:-1] if isinstance(term, int) else term for term in pattern]
            return f"SELECT ({statistics.triples(known, view, *terms)} AS ?{name}) {{}}"
        if self.parts is None:
            return sent
        return "".join([constants[part] if isinstance(part, int) else part for part in self.parts])


def prologue_of(text) -> str | None:
    """The prologue of a text that may be taken apart; None for one that may not."""
    if len(text) > LONGEST or not text.isascii() or "\\" in text:
        return None
    return text[: _PROLOGUE.match(text).end()]


def fitted(view, known, job):
    """The template that a query fits, and its constants: (Template, constants), or None for the long way."""
    if job.default_graphs is not None or job.named_graphs is not None:
        return None
    prologue = prologue_of(job.text)
    if prologue is None:
        return None
    return matched(view, known, prologue, job.text[len(prologue) :], job.base_iri)


def matched(view, known, prologue, body, base_iri):
    """The template of a text and its constants, as `fitted` says; `prologue` is what `prologue_of` gives."""
    if '"""' in body or "'''" in body or _MARK in body:
        return None
    if "^^" in body and _LOOSE_DATATYPE.search(body):
        return None
    if "prefix" in body.lower() and _FURTHER_PREFIX.search(body):
        # The IRI of a prefix is no constant: marked, it would be part of every name that it abbreviates.
        return None
    apart = _APART.split(body)
    key, constants, numbers = [], [], {}
    text = apart[0]
    for at in range(1, len(apart), 2):
        token, after = apart[at], apart[at + 1]
        if token[0] == "#":
            text += "\n" + after
            continue
        if token[0] != "<":
            is_constant = after[:1] != "^"
        else:
            is_constant = (
                token.startswith(_ABSOLUTE)
                and text[-1:] != "^"
                and after.lstrip()[:1] != "("
                and not (not after.strip() and apart[at + 2 : at + 3] and apart[at + 2][0] == "#")
                and token[1:-1] not in known.flags
                and not token.startswith(_OF_XSD)
            )
        if is_constant:
            number = numbers.setdefault(token, len(constants))
            if number == len(constants):
                constants.append(token)
            key += (text, number)
            text = after
        else:
            text += token + after
    key.append(text.rstrip())
    held_by = (prologue, tuple(key), base_iri)
    held = known.templates.get(held_by)
    if held is None:
        marked = [part if isinstance(part, str) else _mark(constants[part], part) for part in key]
        text = f"{prologue}{''.join(marked)}"
        held = _made(view, known, base_iri, text, constants) or False
        if held:
            held.repeatable = repeats(text)
        known.templates[held_by] = held
        if len(known.templates) > KEPT:
            known.templates.popitem(last=False)
    else:
        known.templates.move_to_end(held_by)
    if held is False:
        return None
    return held, constants


def _mark(constant, number):
    return f"<urn:{_MARK}{number}>" if constant[0] == "<" else f'"{_MARK}{number}"'


def _made(view, known, base_iri, text, constants):
    """The template of a text with marks, or None where it needs the long way."""
    try:
        reading = guard(text, "query", view.service_allow, max_characters=MAX_CHARACTERS)
    except Refused:
        return None
    unfit = reading.refusal is not None or reading.bad is not None or reading.doubtful is not None
    if unfit or not reading.words.isdisjoint(_UNFIT) or not reading.form:
        return None
    plan = planned(known, reading, base_iri, ())
    if isinstance(plan, Problem):
        return None
    try:
        tree = parse(plan.text, base_iri)
    except (ParseError, RecursionError):
        # The engine may know it all the same.
        return Template(plan, None if plan.text == text else _parts(plan.text))
    count = statistics.counted_pattern(tree.select)
    if count is not None:
        return Template(Plan("", False), None, (count[0], *[_constant(term) for term in count[1:]]))
    listed = _listed(known, view, tree)
    if listed is not None:
        return Template(Plan("", False), [listed])

    def constant(value):
        number = _constant(value)
        return constants[number][1:-1] if isinstance(number, int) else value

    if reorder(view, tree, constant):
        plan.text = tree.text()
    plan.text = compact(plan.text, base_iri)
    return Template(plan, None if plan.text == text else _parts(plan.text))


def _constant(value):
    """The number of the constant that a mark stands for, or the value itself where it is none."""
    if value is not None and value.startswith(f"urn:{_MARK}") and value[len(_MARK) + 4 :].isdigit():
        return int(value[len(_MARK) + 4 :])
    return value


def _parts(text):
    parts, at = [], 0
    for match in _MARKED.finditer(text):
        parts += (text[at : match.start()], int(match.group(1) or match.group(2)))
        at = match.end()
    return [*parts, text[at:]]


def _listed(known, view, tree):
    """A partition by class or property as a text that lists it, or None."""
    found = statistics.partitioned(tree.select)
    rows = None if found is None else statistics.partition(known, view, found[0])
    if rows is None:
        return None
    _classes, kinds, names = found
    head = " ".join([f"?{name}" for name in names])
    cells = [[f"<{key}>" if kind == "key" else str(count) for kind in kinds] for key, count in rows]
    lines = " ".join([f"({' '.join(row)})" for row in cells])
    select = tree.select
    tail = [f"ORDER BY {' '.join([_key(*key) for key in select.order_by])}"] if select.order_by else []
    tail += [f"LIMIT {select.limit}"] if select.limit is not None else []
    tail += [f"OFFSET {select.offset}"] if select.offset is not None else []
    return f"SELECT {head} {{ VALUES ({head}) {{ {lines} }} }} {' '.join(tail)}"


def _key(direction, expression):
    return f"{direction or 'ASC'}({expression.text()})"
