"""The operations of an update, found by their tokens: where each begins and ends, and what it names.

Source: SPARQL 1.1 Update, section 3; the grammar is left to the engine's parser.
"""

from dataclasses import dataclass, field

from incsr.query.iris import resolve
from incsr.query.lexer import IRI, NAME, PUNCT, WORD, tokens
from incsr.query.names import expand, unescape


@dataclass(slots=True)
class Operation:
    """One operation of an update, by the places of its parts in the text."""

    start: int  # its first token, after the prologue
    end: int
    words: set = field(default_factory=set)
    where: int | None = None  # the offset of its WHERE
    short: tuple[int, int] | None = None  # the block of DELETE WHERE { … }
    using: list = field(default_factory=list)  # (named?, IRI) in order
    using_at: tuple[int, int] | None = None  # from the first USING to the end of the last
    with_: str | None = None
    tokens: list = field(default_factory=list)
    base: str | None = None
    prefixes: dict = field(default_factory=dict)  # as they are declared where it stands

    @property
    def modifies(self):
        """Whether it has a WHERE."""
        return self.where is not None


def operations(text, base_iri=None):
    """The operations of an update, and every IRI that it names."""
    found, named = [], set()
    base, prefixes = base_iri, {}
    current = None
    depth = 0
    sequence = tokens(text)
    index = 0
    while index < len(sequence):
        token = sequence[index]
        iri = expand(token, prefixes, base) if token.kind in (IRI, NAME) else None
        if iri is not None:
            named.add(iri)
        if token.kind == PUNCT:
            if token.text in ("{", "{|"):
                depth += 1
            elif token.text in ("}", "|}"):
                depth -= 1
                if current is not None and current.short and depth == 0 and not current.short[1]:
                    current.short = (current.short[0], token.end)
            elif token.text == ";" and depth == 0:
                current = None
        elif token.kind == WORD:
            word = token.text.upper()
            following = sequence[index + 1] if index + 1 < len(sequence) else None
            if current is None and word in ("BASE", "PREFIX", "VERSION"):
                if word == "BASE" and following is not None and following.kind == IRI:
                    base = resolve(base, unescape(following.text[1:-1]))
                elif word == "PREFIX" and index + 2 < len(sequence) and sequence[index + 2].kind == IRI:
                    prefixes[following.text[:-1]] = resolve(base, unescape(sequence[index + 2].text[1:-1]))
                    index += 2
                index += 1
                continue
            if current is None and depth == 0:
                current = Operation(token.start, token.end, base=base, prefixes=dict(prefixes))
                found.append(current)
            if current is not None:
                current.words.add(word)
                if depth == 0 and word == "WHERE":
                    current.where = token.start
                    if sequence[index - 1].text.upper() == "DELETE" and following is not None:
                        current.short = (following.start, 0)
                elif depth == 0 and word == "WITH" and following is not None:
                    current.with_ = expand(following, prefixes, base)
                elif depth == 0 and word == "USING" and following is not None:
                    at = index + 1
                    is_named = following.text.upper() == "NAMED"
                    at += is_named
                    graph = sequence[at] if at < len(sequence) else following
                    current.using.append((is_named, expand(graph, prefixes, base)))
                    first = current.using_at[0] if current.using_at else token.start
                    current.using_at = (first, graph.end)
        if current is not None:
            current.end = token.end
            current.tokens.append(token)
        index += 1
    return found, named
