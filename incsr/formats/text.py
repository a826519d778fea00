"""Solutions as a table of plain text, for a terminal."""

from pyoxigraph import Literal, NamedNode

from incsr.formats.turtle import Names


def table(variables, rows, prefixes):
    """The lines of a table with a column a variable; IRIs are shortened by the prefixes."""
    names = Names(prefixes)
    cells = [[_shown(term, names) for term in row] for row in rows]
    widths = [max([len(name), *(len(row[column]) for row in cells)]) for column, name in enumerate(variables)]
    for line in (list(variables), ["-" * width for width in widths], *cells):
        yield "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() + "\n"


def _shown(term, names):
    if term is None:
        return ""
    if isinstance(term, NamedNode):
        return names.turtle(term.value)
    # A control character of a value must not reach the terminal as one.
    text = term.value if isinstance(term, Literal) else str(term)
    return "".join(character if character.isprintable() else f"\\u{ord(character):04x}" for character in text)
