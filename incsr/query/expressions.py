"""SPARQL 1.1 expressions into trees (SPARQL 1.1 Query Language, section 19.8, from Expression on)."""

from incsr.query.cursor import Cursor
from incsr.query.lexer import IRI, NAME, PUNCT, STRING, VAR, WORD
from incsr.query.syntax_tree import Call, Chain, Exists, In, Unary

AGGREGATES = frozenset({"COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"})
_MODIFIERS = frozenset({"HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES"})
_COMPARISONS = frozenset({"=", "!=", "<", ">", "<=", ">="})


class Expressions(Cursor):
    """A cursor that reads expressions; `group`, for EXISTS, is the parser's."""

    def constraint(self):
        if self.take_sign("("):
            expression = self.expression()
            self.sign(")")
            return expression
        if self.is_call():
            return self.primary()
        return self.fail("a condition")

    def is_call(self):
        if self.token.kind in (IRI, NAME):
            return self.next_is(1, "(")
        if self.token.kind != WORD or (word := self.token.text.upper()) in _MODIFIERS:
            return False
        return self.next_is(1, "(") or word in ("EXISTS", "NOT")

    def expression(self):
        return self._chain(self.conjunction, ("||",))

    def conjunction(self):
        return self._chain(self.comparison, ("&&",))

    def _chain(self, operand, signs):
        first = operand()
        rest = []
        while self.token.kind == PUNCT and self.token.text in signs:
            sign = self.advance().text
            rest.append((sign, operand()))
        return Chain(first, rest) if rest else first

    def comparison(self):
        left = self.sum()
        if self.token.kind == PUNCT and self.token.text in _COMPARISONS:
            return Chain(left, [(self.advance().text, self.sum())])
        if self.take_word("IN"):
            return In(left, False, self.members())
        if self.is_word("NOT"):
            self.advance()
            self.word("IN")
            return In(left, True, self.members())
        return left

    def members(self):
        self.sign("(")
        found = []
        while not self.take_sign(")"):
            found.append(self.expression())
            if not self.is_sign(")"):
                self.sign(",")
        return found

    def sum(self):
        return self._chain(self.product, ("+", "-"))

    def product(self):
        return self._chain(self.unary, ("*", "/"))

    def unary(self):
        if self.take_sign("!"):
            return Unary("!", self.unary())
        if self.token.kind == PUNCT and self.token.text in ("+", "-"):
            if self.is_signed_number():
                return self.literal()
            return Unary(self.advance().text, self.primary())
        return self.primary()

    def primary(self):
        token = self.token
        kind = token.kind
        if kind == VAR:
            return self.variable()
        if kind == PUNCT and token.text == "(":
            self.advance()
            expression = self.expression()
            self.sign(")")
            return expression
        if kind in (IRI, NAME):
            iri = self.iri()
            return self.call(iri) if self.is_sign("(") else iri
        if kind == WORD:
            word = token.text.upper()
            if word == "EXISTS":
                self.advance()
                return Exists(False, self.group())
            if word == "NOT":
                self.advance()
                self.word("EXISTS")
                return Exists(True, self.group())
            if self.next_is(1, "("):
                self.advance()
                return self.call(word)
        return self.literal()

    def call(self, name):
        self.sign("(")
        distinct = self.take_word("DISTINCT")
        if name == "COUNT" and self.take_sign("*"):
            self.sign(")")
            return Call(name, [], distinct, star=True)
        arguments, separator = [], None
        while not self.take_sign(")"):
            arguments.append(self.expression())
            if self.take_sign(";"):
                self.word("SEPARATOR")
                self.sign("=")
                if self.token.kind != STRING:
                    self.fail("a string")
                separator = self.literal()
            elif not self.is_sign(")"):
                self.sign(",")
        return Call(name, arguments, distinct, separator=separator)
