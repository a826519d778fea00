"""What a literal's lexical form is worth: ill-typed or not, a number or not, and how two literals compare.

The forms that authors write (plain integers, decimals, dates, booleans, strings) are judged here. What is
rarer is asked of rdflib, whose judgement is the reference's: loading it takes longer than a validation, so it
is loaded when such a literal turns up and not before.
"""

import re
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pyoxigraph as ox

from incsr.namespaces import PREFIXES

XSD = PREFIXES["xsd"]
STRING, INTEGER, DECIMAL, BOOLEAN = (XSD + name for name in ("string", "integer", "decimal", "boolean"))
DATE, MONTH = XSD + "date", XSD + "gYearMonth"
LANG_STRING = PREFIXES["rdf"] + "langString"

# The forms on which every reader agrees; what does not match is not wrong, only asked about.
PLAIN = {
    INTEGER: re.compile(r"[+-]?[0-9]+", re.ASCII),
    DECIMAL: re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)", re.ASCII),
    BOOLEAN: re.compile("true|false|0|1"),
    MONTH: re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])", re.ASCII),
    XSD + "nonNegativeInteger": re.compile(r"\+?[0-9]+", re.ASCII),
    XSD + "positiveInteger": re.compile(r"\+?0*[1-9][0-9]*", re.ASCII),
    XSD + "int": re.compile(r"[+-]?[0-9]{1,9}", re.ASCII),
    XSD + "long": re.compile(r"[+-]?[0-9]{1,18}", re.ASCII),
}
NUMBERS = PLAIN.keys() - {BOOLEAN, MONTH}
# Python reads no whole number of more digits than 4300, and rdflib then has no value.
DIGITS = 4000
DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)


def is_ill_typed(text: str, datatype: str) -> bool:
    """Whether the text is known to be no lexical form of the datatype; of unknown datatypes nothing is."""
    return not _is_plain(text, datatype) and twin(text, datatype).ill_typed is True


def has_datatype(text: str, datatype: str) -> bool:
    """Whether a literal of this datatype satisfies `sh:datatype` with the same: whether it has a value."""
    if _is_plain(text, datatype):
        return True
    from pyshacl.constraints.core.value_constraints import DatatypeConstraintComponent

    literal = twin(text, datatype)
    of_its_type = DatatypeConstraintComponent._assert_actual_datatype
    return literal.ill_typed is not True and of_its_type(None, literal, literal.datatype)


def _is_plain(text: str, datatype: str) -> bool:
    if datatype in (STRING, LANG_STRING):
        return True
    if datatype == DATE:
        return _is_day(text)
    return datatype in PLAIN and PLAIN[datatype].fullmatch(text) is not None and len(text) <= DIGITS


def _is_day(text: str) -> bool:
    match = DAY.fullmatch(text)
    try:
        return match is not None and date(*map(int, match.groups())) is not None
    except ValueError:
        return False


def number(text: str, datatype: str) -> int | Decimal | None:
    """The number that a plain integer or decimal spells, else None."""
    if datatype not in NUMBERS or not _is_plain(text, datatype):
        return None
    return Decimal(text) if datatype == DECIMAL else int(text)


def twin(text: str, datatype: str | None = None, language: str | None = None):
    """The literal as rdflib has it."""
    import logging
    import warnings

    from rdflib import Literal, URIRef

    # rdflib logs a traceback for each ill-typed literal; the shapes say it better.
    terms = logging.getLogger("rdflib.term")
    level, terms.level = terms.level, logging.CRITICAL
    try:
        if language:
            return Literal(text, lang=language)
        if datatype in (None, STRING):
            return Literal(text)
        with warnings.catch_warnings(action="ignore"):
            return Literal(text, datatype=URIRef(datatype), normalize=False)
    finally:
        terms.level = level


def twin_of(term: ox.Literal):
    """The engine's literal as rdflib has it."""
    return twin(term.value, term.datatype.value, term.language)


def order(value, bound) -> int | None:
    """How rdflib's literal compares to another: -1, 0, 1, or None where pySHACL calls it no match.

    Raises: ArithmeticError where pySHACL breaks off, as at a decimal beside what is not a number.
    """
    from pyshacl.rdfutil.compare import compare_literal

    if isinstance(value.value, str) != isinstance(bound.value, str):
        return None
    try:
        return compare_literal(value, bound)
    except (TypeError, NotImplementedError):
        return None


def compared(operator: str, one, other) -> bool | None:
    """The truth of SPARQL's comparison of two rdflib literals, None where it is an error."""
    from rdflib.plugins.sparql.operators import RelationalExpression
    from rdflib.plugins.sparql.sparql import SPARQLError

    try:
        return RelationalExpression(SimpleNamespace(op=operator, expr=one, other=other), None).toPython()
    except SPARQLError:
        return None
