"""IRIs as SPARQL spells them: escapes, prefixed names, references relative to a base."""

import re

from incsr.query.iris import resolve
from incsr.query.lexer import IRI, NAME

_LOCAL_ESCAPE = re.compile(r"\\(.)")
_CODE_POINT = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


def unescape(iri):
    """The inside of `<…>` with its codepoint escapes expanded."""
    if "\\" not in iri:
        return iri
    return _CODE_POINT.sub(lambda match: chr(min(int(match.group(1) or match.group(2), 16), 0x10FFFF)), iri)


def expand(token, prefixes, base=None):
    """The IRI that a token names, absolute where there is a base; None for any other token."""
    if token.kind == IRI:
        return resolve(base, unescape(token.text[1:-1]))
    if token.kind == NAME:
        prefix, _, local = token.text.partition(":")
        if prefix in prefixes:
            return prefixes[prefix] + _LOCAL_ESCAPE.sub(r"\1", local)
    return None
