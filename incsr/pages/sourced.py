"""Which figures the rows of a question's answer rest on: units for the header, their words for a column.

A question that reads a figure's value has a variable for the figure. Asked once more with that variable
beside its columns, it must give the very same rows in the same order, each with its figure; where it does not
(DISTINCT, groups, several values), nothing is claimed. Refuses to guess: a row is never given the evidence of
another.
"""

import re

from incsr.namespaces import SOURCE_TEXT
from incsr.pages.figures import UNITS

# A statement from its subject to the value; a full stop ends it, but not one inside a name.
VALUE = re.compile(r"\?(\w+)\s(?:[^.{}?]|\?(?=\w)|\.(?=\w))*?sdmx-measure:obsValue\s+\?(\w+)")
HEAD = re.compile(r"\bSELECT\b(?!\s+(?:DISTINCT|REDUCED)\b)(.*?)(?=\bWHERE\b|\{)", re.DOTALL | re.IGNORECASE)
UNFIT = re.compile(r"\bGROUP\s+BY\b|\b(?:COUNT|SUM|AVG|MIN|MAX)\s*\(|\bUNION\b", re.IGNORECASE)


def figures_of(site, query, columns, solutions):
    """{column: [figure of each row]} for the columns that hold values; empty where it cannot be known."""
    found = {}
    head = HEAD.search(query)
    if head is None or UNFIT.search(query):
        return found
    for subject, column in dict.fromkeys(VALUE.findall(query)):
        if column not in columns or column in found:
            continue
        if subject in columns:
            traced = solutions
        else:
            _columns, traced = site.graph.answer(f"{query[: head.end(1)]} ?{subject} {query[head.end(1) :]}")
            kept = [{name: term for name, term in row.items() if name != subject} for row in traced]
            if kept != solutions:
                continue
        rows = [site.figures.get(row[subject].value) if subject in row else None for row in traced]
        if rows and all(rows):
            found[column] = rows
    return found


def headed(columns, figures):
    """The title of each column: its name, and the unit of its values where all have one, no mere count.

    A table that has a column for the unit needs none in the header.
    """
    titles = {}
    for column in columns:
        units = {UNITS.get(figure.unit, ("", figure.unit))[1] for figure in figures.get(column, ())}
        unit = units.pop() if len(units) == 1 else ""
        said = not unit or unit == column or "unit" in columns
        titles[column] = column if said else f"{column} ({unit})"
    return titles


def words(figures):
    """(quotations, IRIs of passages) of each row: one text each, several figures apart by a semicolon."""
    for row in zip(*figures.values(), strict=True):
        told = [figure for place, figure in enumerate(row) if figure not in row[:place]]
        quotations = [figure.quotation for figure in told if figure.quotation]
        passages = [
            f"{SOURCE_TEXT}#char={figure.passages[0][0]},{figure.passages[0][1]}"
            for figure in told
            if figure.passages
        ]
        yield "; ".join(quotations) or None, " ".join(passages) or None
