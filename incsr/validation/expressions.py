"""SPARQL expressions of constraints over rows of numbered terms, with the meaning that rdflib gives them.

A value is the number of a term (int), or what was computed: text (str), truth (bool), an integer (a tuple of
one int) or a decimal (Decimal). Where rdflib goes its own way the comment says so; what is reckoned with only
there (languages in functions, dates, doubles, ill-typed numbers) is `Unsupported`.

Source: SPARQL 1.1 Query Language, section 17; rdflib.plugins.sparql.operators.
"""

import math
import operator
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

import pyoxigraph as ox

from incsr.validation import lexical
from incsr.validation.index import LITERAL, Index, Unsupported
from incsr.validation.select import COMPARISONS, Call, Variable

COMPARE = dict(
    zip(
        COMPARISONS,
        (operator.eq, operator.ne, operator.lt, operator.gt, operator.le, operator.ge),
        strict=True,
    )
)
RECKON = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
FLAGS = {"i": re.IGNORECASE, "s": re.DOTALL, "m": re.MULTILINE}
Evaluator = Callable[[tuple], object]


class ExpressionError(Exception):
    """SPARQL's error value: a filter does not hold, a binding stays unbound."""


def truth(value) -> bool:
    """The effective boolean value of what was computed."""
    if value is True or value is False:
        return value
    if type(value) is int:
        raise Unsupported("the truth of a term")
    return bool(value[0] if isinstance(value, tuple) else value)


def term(value, index: Index):
    """The engine's term for a value."""
    if type(value) is int:
        return index.terms[value]
    if isinstance(value, str):
        return ox.Literal(value)
    if isinstance(value, tuple):
        return ox.Literal(str(value[0]), datatype=ox.NamedNode(lexical.INTEGER))
    raise Unsupported("a computed decimal or truth as a value")


class Expressions:
    """Turns read expressions into functions of a row; `columns` says where a row has each variable."""

    def __init__(self, index: Index):
        self._index = index

    def function(self, expression, columns: dict[str, int]) -> Evaluator:
        if isinstance(expression, Variable):
            return self._variable(expression, columns)
        if not isinstance(expression, Call):
            constant = self._constant(expression)
            return lambda row: constant
        if expression.name == "BOUND":
            at = columns.get(expression.arguments[0].name)
            return lambda row: at is not None and row[at] is not None
        if expression.name in ("IN", "NOT IN"):
            return self._membership(expression, columns)
        parts = [self.function(part, columns) for part in expression.arguments]
        if expression.name in COMPARE:
            one, other = parts
            return lambda row: self._compared(expression.name, one(row), other(row))
        if expression.name in RECKON:
            one, other = parts
            return lambda row: self._reckoned(expression.name, one(row), other(row))
        return getattr(self, FUNCTIONS[expression.name])(expression, *parts)

    def _variable(self, variable, columns):
        at = columns.get(variable.name)

        def look(row):
            value = None if at is None else row[at]
            if value is None:
                raise ExpressionError
            return value

        return look

    def _constant(self, constant):
        if isinstance(constant, ox.Literal):
            number = lexical.number(constant.value, constant.datatype.value)
            if number is None:
                return constant.value
            return (number,) if isinstance(number, int) else number
        return self._index.number(constant)

    # ── Values ──

    def _plain(self, value) -> str:
        """The text of a plain literal."""
        if isinstance(value, str):
            return value
        if type(value) is int:
            index = self._index
            if index.is_plain(value):
                return index.texts[value]
            if index.is_string(value):
                raise Unsupported("text with a language in a function")
        raise ExpressionError

    def _number(self, value):
        if isinstance(value, tuple):
            return value[0]
        if isinstance(value, Decimal):
            return value
        if type(value) is int:
            index = self._index
            number = index.value(value)
            if number is not None:
                return number
            if index.kinds[value] == LITERAL and not index.is_string(value):
                raise Unsupported(f"arithmetic with {index.terms[value]}")
        raise ExpressionError

    def _factor(self, value) -> Decimal:
        """What rdflib multiplies or divides: of an ill-typed number, its text read as a decimal."""
        if type(value) is int:
            index = self._index
            numeric = index.kinds[value] == LITERAL and index.datatypes[value] in lexical.NUMBERS
            if numeric and index.value(value) is None and index.twin(value).value is None:
                try:
                    return Decimal(index.texts[value])
                except InvalidOperation:
                    raise ExpressionError from None
        return Decimal(self._number(value))

    # ── Operators ──

    def _membership(self, expression, columns):
        look = self._variable(expression.arguments[0], columns)
        options = {self._index.number(option) for option in expression.arguments[1:]}
        inside = expression.name == "IN"
        return lambda row: (look(row) in options) is inside

    def _reckoned(self, name, one, other):
        # rdflib multiplies and divides in decimals, whatever the operands are.
        one = self._factor(one) if name in "*/" else self._number(one)
        other = self._number(other)
        try:
            found = RECKON[name](one, other)
        except (InvalidOperation, ZeroDivisionError):
            raise ExpressionError from None
        return (found,) if isinstance(found, int) else found

    def _compared(self, name, one, other) -> bool:
        if type(one) is str and type(other) is str:
            return COMPARE[name](one, other)
        index = self._index
        literals = [type(value) is not int or index.kinds[value] == LITERAL for value in (one, other)]
        if not all(literals):
            # What is no literal is equal to itself alone, and in no order.
            if name not in ("=", "!="):
                raise ExpressionError
            return (one == other) is (name == "=")
        values = [self._comparable(value) for value in (one, other)]
        if None not in values and isinstance(values[0], str) == isinstance(values[1], str):
            return COMPARE[name](*values)
        found = lexical.compared(name, self._twin(one), self._twin(other))
        if found is None:
            raise ExpressionError
        return found

    def _comparable(self, value):
        """Text or number where the value is plainly one of them, else None."""
        if type(value) is int:
            index = self._index
            return index.texts[value] if index.is_plain(value) else index.value(value)
        if isinstance(value, bool):
            return None
        return value[0] if isinstance(value, tuple) else value

    def _twin(self, value):
        if type(value) is int:
            return self._index.twin(value)
        if isinstance(value, Decimal):
            return lexical.twin(f"{value:f}", lexical.DECIMAL)
        return lexical.twin_of(term(value, self._index))

    def _all(self, expression, *parts):
        # An error among what is asked before a falsehood is an error (rdflib).
        return lambda row: all(truth(part(row)) for part in parts)

    def _any(self, expression, *parts):
        def hold(row):
            error = False
            for part in parts:
                try:
                    if truth(part(row)):
                        return True
                except ExpressionError:
                    error = True
            if error:
                raise ExpressionError
            return False

        return hold

    def _not(self, expression, part):
        return lambda row: not truth(part(row))

    # ── Functions ──

    def _str(self, expression, part):
        texts = self._index.texts

        def text(row):
            value = part(row)
            if type(value) is int:
                return texts[value]
            if isinstance(value, tuple):
                return str(value[0])
            if isinstance(value, str):
                return value
            raise Unsupported("STR of a computed decimal or truth")

        return text

    def _integer(self, expression, part):
        def cast(row):
            try:
                return (int(self._plain(part(row))),)
            except ValueError:
                raise ExpressionError from None

        return cast

    def _concat(self, expression, *parts):
        return lambda row: "".join(self._plain(part(row)) for part in parts)

    def _strlen(self, expression, part):
        return lambda row: (len(self._plain(part(row))),)

    def _substr(self, expression, part, start, length=None):
        # rdflib cuts as Python does: a start before the first character counts from the end.
        def cut(row):
            text, first = self._plain(part(row)), self._number(start(row)) - 1
            last = None if length is None else self._number(length(row)) + first
            if isinstance(first, Decimal) or isinstance(last, Decimal):
                raise Unsupported("SUBSTR by decimals")
            return text[first:last]

        return cut

    def _strends(self, expression, one, other):
        return lambda row: self._plain(one(row)).endswith(self._plain(other(row)))

    def _strstarts(self, expression, one, other):
        return lambda row: self._plain(one(row)).startswith(self._plain(other(row)))

    def _contains(self, expression, one, other):
        return lambda row: self._plain(other(row)) in self._plain(one(row))

    def _strafter(self, expression, one, other):
        def after(row):
            text, mark = self._plain(one(row)), self._plain(other(row))
            at = text.find(mark)
            return "" if at == -1 else text[at + len(mark) :]

        return after

    def _lcase(self, expression, part):
        return lambda row: self._plain(part(row)).lower()

    def _regex(self, expression, part, *_):
        _, pattern, *flags = expression.arguments
        found = _compiled(pattern.value, _flags(flags))
        return lambda row: found.search(self._plain(part(row))) is not None

    def _replace(self, expression, part, *_):
        _, pattern, replacement, *flags = expression.arguments
        # rdflib 7.6 hands the flags over as the number of replacements: "i" is two of them, case kept.
        found, count = _compiled(pattern.value, 0), int(_flags(flags))
        template = re.sub(r"\$([0-9]*)", r"\\\1", replacement.value)
        return lambda row: found.sub(template, self._plain(part(row)), count=count)

    def _floor(self, expression, part):
        def floor(row):
            value = self._number(part(row))
            return Decimal(math.floor(value)) if isinstance(value, Decimal) else (value,)

        return floor

    def _coalesce(self, expression, *parts):
        def first(row):
            for part in parts:
                try:
                    return part(row)
                except ExpressionError:
                    continue
            raise ExpressionError

        return first


FUNCTIONS = {
    "&&": "_all", "||": "_any", "!": "_not", "STR": "_str", "INTEGER": "_integer", "CONCAT": "_concat",
    "STRLEN": "_strlen", "SUBSTR": "_substr", "STRENDS": "_strends", "STRSTARTS": "_strstarts",
    "CONTAINS": "_contains", "STRAFTER": "_strafter", "LCASE": "_lcase", "REGEX": "_regex",
    "REPLACE": "_replace", "FLOOR": "_floor", "COALESCE": "_coalesce",
}  # fmt: skip


def _compiled(pattern: str, flags: int) -> re.Pattern:
    try:
        return re.compile(pattern, flags)
    except re.error as error:
        raise Unsupported(f"the pattern {pattern!r}: {error}") from None


def _flags(flags) -> int:
    found = 0
    for flag in flags[0].value if flags else "":
        found |= FLAGS.get(flag, 0)
    return found
