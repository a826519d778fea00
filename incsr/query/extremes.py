"""MIN and MAX over literals in private form: the smallest or greatest value, as the term that it was.

Source: SPARQL 1.1 Query Language, sections 18.5.1.5 and 18.5.1.6: the order is that of ORDER BY.
"""

from decimal import Decimal, InvalidOperation

import pyoxigraph as ox

from incsr.query.spelling import DERIVED_INTEGERS, XSD, decode_term

MINIMUM = ox.NamedNode("urn:incsr:min")
MAXIMUM = ox.NamedNode("urn:incsr:max")
_NUMBERS = {f"{XSD}double": float, f"{XSD}float": float}
_NUMBERS |= {f"{XSD}{name}": Decimal for name in ("integer", "decimal", *DERIVED_INTEGERS)}


class _Extreme:
    """An aggregate of the engine: numbers are compared as they come, the rest is left to ORDER BY."""

    direction = "ASC"

    def __init__(self):
        self.number = None
        self.best = None
        self.others = {}

    def accumulate(self, term):
        number = _number(term)
        if number is None:
            self.others[term] = None
        elif self.best is None or self.goes_before(number):
            self.number, self.best = number, term

    def goes_before(self, number):
        return number < self.number

    def finish(self):
        if not self.others:
            return self.best
        terms = [*self.others, *([] if self.best is None else [self.best])]
        # Blank nodes have no place in VALUES, and go before all other terms in the order.
        blank = [term for term in terms if isinstance(term, ox.BlankNode)]
        if blank and (self.direction == "ASC" or len(blank) == len(terms)):
            return blank[0]
        named = [term for term in terms if not isinstance(term, ox.BlankNode)]
        rows = " ".join([f"({number} {decode_term(term)})" for number, term in enumerate(named)])
        text = f"SELECT ?n {{ VALUES (?n ?v) {{ {rows} }} }} ORDER BY {self.direction}(?v) LIMIT 1"
        first = next(ox.Store().query(text))
        return named[int(first[0].value)]


class _Greatest(_Extreme):
    direction = "DESC"

    def goes_before(self, number):
        return number > self.number


def _number(term):
    if not isinstance(term, ox.Literal):
        return None
    term = decode_term(term)
    kind = _NUMBERS.get(term.datatype.value)
    if kind is None:
        return None
    try:
        number = kind(term.value.replace("INF", "inf"))
    except (ValueError, InvalidOperation):
        return None
    return None if number != number else number  # NaN


AGGREGATES = {MINIMUM: _Extreme, MAXIMUM: _Greatest}
