"""N-Triples and N-Quads as text: which lines the engine may read by itself, and which need a look first.

In these syntaxes a line is a statement. One regular expression knows the lines whose literal the engine
surely keeps as it is spelled; any other (a doubtful number, an escape in a typed literal, a comment, a
mistake) is "careful": it is parsed, encoded (`incsr.query.spelling`) and written anew. Nothing is decided by
what a line lacks: what the expression does not match is looked at.

Source: RDF 1.1 N-Triples and N-Quads, section 2 and the grammars.
"""

import re
from dataclasses import dataclass

import pyoxigraph as ox

from incsr.query import spelling
from incsr.store.view import UNION

_UNION = ox.NamedNode(UNION)
_GAP = r"[ \t]*+"
_IRI = r'<[^<>"\\\x00-\x20]*+>'
# Without dots, so that one after it is the statement's; a label that has one makes its line a careful one.
_BLANK = r"_:[A-Za-z0-9_\-\x80-\xff]++"
_STRING = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*"'


def _literal():
    """A literal that the engine keeps: no datatype, one that it does not know, or a spelling it surely keeps.

    `spelling.SURE` matches a lexical form to its end, which is a quotation mark here.
    """
    names = {}
    for datatype, pattern in spelling.SURE.items():
        names.setdefault(pattern.pattern, []).append(re.escape(datatype))
    known = "|".join(re.escape(datatype) for datatype in spelling.SURE)
    sure = "|".join(
        rf"{pattern.replace(chr(92) + 'Z', chr(34))}\^\^<(?:{'|'.join(datatypes)})>"
        for pattern, datatypes in names.items()
    )
    return rf'{_STRING}(?:@[A-Za-z0-9\-]++|\^\^(?!<(?:{known})>){_IRI})?|"(?:{sure})'


def _statement(term, literal, quads):
    """A line, with the triple and the name of the graph as groups."""
    graph = rf"(?:{_GAP}({term}))?" if quads else "()"
    return rf"{_GAP}({term}{_GAP}{_IRI}{_GAP}(?:{term}|{literal})){graph}{_GAP}\.{_GAP}\n"


def _without_groups(pattern):
    return re.sub(r"(?<!\\)\((?!\?)", "(?:", pattern)


class _Syntax:
    """The expressions for the lines of one syntax."""

    def __init__(self, quads):
        literal = _literal()
        plain = _statement(_IRI, literal, quads)
        either = _statement(f"(?:{_IRI}|{_BLANK})", literal, quads)
        # Each finds every line; a group tells what it is.
        self.careful = re.compile(rf"{_without_groups(plain)}|([^\n]*+\n)".encode())
        self.kinds = re.compile(
            rf"({_without_groups(plain)})|({_without_groups(either)})|([^\n]*+\n)".encode()
        )
        self.statement = re.compile(either.encode())
        self.format = ox.RdfFormat.N_QUADS if quads else ox.RdfFormat.N_TRIPLES


_SYNTAXES = {}


def syntax_of(format_):
    """The expressions for N-Triples or N-Quads."""
    quads = format_ == ox.RdfFormat.N_QUADS
    if quads not in _SYNTAXES:
        _SYNTAXES[quads] = _Syntax(quads)
    return _SYNTAXES[quads]


@dataclass(slots=True)
class Sorted:
    """A piece of text as it is loaded.

    `plain` holds no blank node, so that it may be loaded apart from what comes before and after it. `merged`
    has the triples of the same statements without their graphs, for the union graph, in N-Triples. `blank`,
    in N-Quads, must be loaded in one go with the rest of its file; it holds the copies for the union graph.
    """

    plain: bytes
    merged: bytes
    blank: bytes
    count: int


def sorted_out(text, syntax, union, flagged):
    """What is to be loaded of a piece of text that ends with a line's end and has no other than \\n.

    Adds to the set `flagged` as `spelling.encode` does.
    Raises: SyntaxError where a careful line is wrong, at the line of the careful ones.
    """
    if b"_:" not in text:
        found = [line for line in syntax.careful.findall(text) if line]
        plain, blank, careful = _without(text, found), b"", b"".join(found)
    else:
        kinds = ([], [], [])
        for match in syntax.kinds.finditer(text):
            kinds[match.lastindex - 1].append(match[0])
        plain, blank, careful = map(b"".join, kinds)
    count = plain.count(b"\n") + blank.count(b"\n")
    merged = b""
    if union:
        # N-Triples have no graph to leave out, and are loaded a second time as they are.
        merged = syntax.statement.sub(rb"\1 .\n", plain) if syntax.format.supports_datasets else plain
        blank = syntax.statement.sub(rb"\g<0>\1 <" + UNION.encode() + rb"> .\n", blank)
    result = Sorted(plain, merged, blank, count)
    if careful:
        _look_at(careful, syntax, union, flagged, result)
    return result


def _without(text, lines):
    """A text without some of its lines, which are given in their order."""
    kept, at = [], 0
    for line in lines:
        # The line's end before it keeps it from being found at the end of another.
        start = 0 if not at and text.startswith(line) else text.index(b"\n" + line, max(at - 1, 0)) + 1
        kept.append(text[at:start])
        at = start + len(line)
    return text if not lines else b"".join([*kept, text[at:]])


def _look_at(careful, syntax, union, flagged, result):
    """Parse lines, and add what is to be stored in their place to a result."""
    quads = list(ox.parse(careful, format=syntax.format))
    result.count += len(quads)
    apart, together = [], []
    for quad in spelling.encode(quads, flagged):
        (together if _names_blank_nodes(quad) else apart).append(quad)
    if apart:
        text = ox.serialize(apart, format=syntax.format)
        result.plain += text
        if union and syntax.format.supports_datasets:
            text = ox.serialize([quad.triple for quad in apart], format=ox.RdfFormat.N_TRIPLES)
        result.merged += text if union else b""
    if together:
        if union:
            together += [ox.Quad(quad.subject, quad.predicate, quad.object, _UNION) for quad in together]
        result.blank += ox.serialize(together, format=ox.RdfFormat.N_QUADS)


def _names_blank_nodes(quad):
    """Whether a quad may have a blank node; a triple term may have one inside."""
    terms = (quad.subject, quad.object, quad.graph_name)
    return any(isinstance(term, ox.BlankNode | ox.Triple) for term in terms)
