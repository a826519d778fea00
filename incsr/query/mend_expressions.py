"""The mends of expressions: literals by value or by term, dates, blank nodes, GROUP_CONCAT, MIN and MAX.

Each is described in docs/known-deviations.md. A method gives the node that stands in place of another.
"""

from incsr.query import literals
from incsr.query.extremes import MAXIMUM, MINIMUM
from incsr.query.syntax_tree import Call, Chain, Exists, In, Literal, Raw, Unary, Var


class Expressions:
    """What `incsr.query.mend.Mender` does to expressions."""

    def term(self, node):
        """An expression whose result is kept as a term: selected, bound, grouped, counted."""
        if isinstance(node, Var):
            return node
        if isinstance(node, Literal):
            return self.values.constant(node)
        if isinstance(node, Call) and isinstance(node.name, str):
            if node.name == "IF" and len(node.arguments) == 3:
                condition, *branches = node.arguments
                node.arguments = [self.value(condition), *[self.term(branch) for branch in branches]]
                return node
            if node.name in ("COALESCE", "SAMPLE"):
                node.arguments = [self.term(argument) for argument in node.arguments]
                return node
            if node.name in ("MIN", "MAX") and self.values.types(node):
                self.changed = True
                function = MINIMUM if node.name == "MIN" else MAXIMUM
                return Raw(f"{function}({self.term(node.arguments[0]).text()})")
        return self.value(node)

    def value(self, node):
        """An expression whose result is computed with."""
        if isinstance(node, Var):
            return self.values.native(node)
        if isinstance(node, Chain):
            return self._chain(node)
        if isinstance(node, Unary):
            node.operand = self.value(node.operand)
        elif isinstance(node, In):
            node.operand = self.value(node.operand)
            node.members = [self.value(member) for member in node.members]
        elif isinstance(node, Exists):
            telling, self._tells_rows = self._tells_rows, False
            self.group(node.group)
            self._tells_rows = telling
        elif isinstance(node, Call):
            return self._call(node)
        return node

    def _chain(self, node):
        dated = None
        if len(node.rest) == 1 and node.rest[0][0] == "!=":
            dated = literals.date_type(node.first) or literals.date_type(node.rest[0][1])
        node.first = self.value(node.first)
        node.rest = [(sign, self.value(operand)) for sign, operand in node.rest]
        if dated is None:
            return node
        # Two dates of which only one has a time zone may be incomparable: neither = nor != (XPath and XQuery
        # Functions and Operators; SPARQL 1.1 Query, section 17.3). The engine knows it for < and > only.
        self.changed = True
        left, right = node.first.text(), node.rest[0][1].text()
        return Raw(
            f"IF(isLiteral({left}) && isLiteral({right}) && DATATYPE({left}) = <{dated}>"
            f" && DATATYPE({right}) = <{dated}>, {left} < {right} || {left} > {right}, {left} != {right})"
        )

    _TERMS = frozenset(
        ("STR", "LANG", "BOUND", "ISIRI", "ISURI", "ISBLANK", "ISLITERAL", "SAMETERM", "COUNT", "LANGDIR")
    )

    def _call(self, node):
        name = node.name
        if name == "DATATYPE":
            inside = self.values.types(node.arguments[0]) if node.arguments else ()
            node.arguments = [self.term(argument) for argument in node.arguments]
            return self.values.datatype(node, inside)
        if name == "GROUP_CONCAT":
            return self._group_concat(node)
        if name in self._TERMS:
            node.arguments = [self.term(argument) for argument in node.arguments]
            return node
        node.arguments = [self.value(argument) for argument in node.arguments]
        if name == "BNODE" and len(node.arguments) == 1 and self._tells_rows:
            # The same node for the same string in one solution, another in the next (section 17.4.2.9).
            if self._rows[-1] is None:
                self._rows[-1] = self.fresh()
            self.changed = True
            row = self._rows[-1].text()
            return Raw(f'BNODE(CONCAT("b", SHA1(CONCAT({row}, " ", {node.arguments[0].text()}))))')
        return node

    def _group_concat(self, node):
        """A simple literal of the values' strings (section 18.5.1.7).

        The engine keeps a language that they share, and knows no string of an IRI or a number.
        """
        self.changed = True
        node.arguments = [self.term(argument) for argument in node.arguments]
        whole = node.text()
        strings = Call(
            node.name,
            [Call("STR", [argument]) for argument in node.arguments],
            node.distinct,
            separator=node.separator,
        ).text()
        return Raw(f"COALESCE(STR({whole}), {strings})" if node.distinct else strings)
