"""Literals in private form, as far as a query has to do with them: where one may occur, and what to do there.

`learn` finds, for each variable of a tree, which datatypes its values may hide; `native` gives the expression
for a variable's value; `constant` the form in which a literal of the text is stored.
"""

from dataclasses import replace

from incsr.query.spelling import ANY, DERIVED_INTEGERS, PRIVATE, XSD, is_lost
from incsr.query.syntax_tree import (
    Bind,
    Call,
    Collection,
    Iri,
    Literal,
    Path,
    PropertyList,
    Raw,
    Select,
    Service,
    Triples,
    Var,
)
from incsr.query.syntax_tree import Values as ValuesBlock

_FIRST = "http://www.w3.org/1999/02/22-rdf-syntax-ns#first"
_NUMERIC = frozenset({"integer", "decimal", "double", "float", *DERIVED_INTEGERS})
_DATES = frozenset({f"{XSD}date", f"{XSD}dateTime", f"{XSD}time"})
# More datatypes than this are told apart by their common prefix instead of one by one.
_FEW = 4
_EMPTY = frozenset()


def date_type(node):
    """The datatype of a constant date or time, or None."""
    return node.datatype if isinstance(node, Literal) and node.datatype in _DATES else None


def may_be_empty(path):
    """Whether a path can match without following any triple."""
    if not isinstance(path, Path):
        return False
    if path.sign in ("*", "?"):
        return True
    if path.sign == "/":
        return all(may_be_empty(part) for part in path.parts)
    if path.sign == "!":
        return False
    return any(may_be_empty(part) for part in path.parts)


class Values:
    """What is known of the literals in private form that a query may meet."""

    def __init__(self, flags):
        self.flags = flags
        self.all = frozenset().union(*flags.values()) if flags else _EMPTY
        self.known = {}
        self.changed = False
        self.private = False  # whether an answer may hold private datatypes

    def learn(self, tree):
        """Find the variables that may be bound to literals in private form."""
        flows = []
        self._collect(tree, flows)
        grown = True
        while grown:
            grown = False
            for name, expression in flows:
                grown = self._add(name, self.types(expression)) or grown
        self.private = self.private or bool(self.known)

    def _add(self, name, types):
        if not types or types <= self.known.get(name, _EMPTY):
            return False
        self.known[name] = self.known.get(name, _EMPTY) | types
        return True

    def _collect(self, node, flows):
        if isinstance(node, Service):
            return
        if isinstance(node, Triples):
            if isinstance(node.subject, Var) and any(
                isinstance(verb, Path) and _mixes(verb) for verb, _ in node.properties
            ):
                # A path that can be empty or run backwards may end at an object.
                self._add(node.subject.name, self.all)
            self._nodes([node.subject], _EMPTY)
            self._properties(node.properties)
            return
        if isinstance(node, ValuesBlock):
            for row in node.rows:
                for variable, term in zip(node.variables, row, strict=True):
                    self._add(variable.name, self.types(term))
            return
        if isinstance(node, Bind):
            flows.append((node.variable.name, node.expression))
        elif isinstance(node, Select):
            if node.form == "DESCRIBE":
                self.private = self.private or bool(self.flags)
            for expression, variable in node.items or ():
                if expression is not None:
                    flows.append((variable.name, expression))
            for expression, variable in node.group_by:
                if variable is not None:
                    flows.append((variable.name, expression))
        if isinstance(node, list | tuple):
            for part in node:
                self._collect(part, flows)
        else:
            for name in getattr(type(node), "__slots__", ()):
                self._collect(getattr(node, name), flows)

    def _properties(self, properties):
        for verb, objects in properties:
            self._nodes(objects, self._of_verb(verb))

    def _nodes(self, nodes, types):
        for node in nodes:
            if isinstance(node, Var):
                self._add(node.name, types)
            elif isinstance(node, PropertyList):
                self._properties(node.properties)
            elif isinstance(node, Collection):
                self._nodes(node.items, self._of_iri(_FIRST))

    def _of_verb(self, verb):
        if isinstance(verb, Iri):
            return self._of_iri(verb.value)
        if isinstance(verb, Var) or verb.sign == "!" or _mixes(verb):
            return self.all
        return frozenset().union(*[self._of_verb(part) for part in verb.parts])

    def _of_iri(self, iri):
        return frozenset(self.flags.get(iri, ())) | frozenset(self.flags.get(ANY, ()))

    def types(self, node):
        """The local names of the datatypes that the result of an expression, kept as a term, may hide."""
        if isinstance(node, Var):
            return self.known.get(node.name, _EMPTY)
        if isinstance(node, Literal):
            if node.datatype is not None and is_lost(node.lexical, node.datatype):
                return frozenset({node.datatype[len(XSD) :]})
            return _EMPTY
        if isinstance(node, Call) and node.name in ("IF", "COALESCE", "SAMPLE", "MIN", "MAX"):
            return frozenset().union(*[self.types(argument) for argument in node.arguments])
        return _EMPTY

    def constant(self, literal):
        """A literal of the text in the form in which it is stored, and stands for itself as a term."""
        if literal.datatype is None or not is_lost(literal.lexical, literal.datatype):
            return literal
        self.changed = self.private = True
        name = literal.datatype[len(XSD) :]
        return replace(literal, spelled=f'"{literal.lexical}"^^<{PRIVATE}{name}>')

    def native(self, variable):
        """The expression for the value of a variable."""
        types = self.known.get(variable.name)
        if not types:
            return variable
        self.changed = True
        name = variable.text()
        if len(types) > _FEW:
            inner = (
                f'IF(STRSTARTS(STR(DATATYPE({name})), "{PRIVATE}"), STRDT(STR({name}), '
                f'IRI(CONCAT("{XSD}", STRAFTER(STR(DATATYPE({name})), "{PRIVATE}")))), {name})'
            )
        else:
            inner = name
            for type_ in sorted(types):
                inner = (
                    f"IF(sameTerm(DATATYPE({name}), <{PRIVATE}{type_}>), "
                    f"STRDT(STR({name}), <{XSD}{type_}>), {inner})"
                )
        whole = f"COALESCE({inner}, {name})"
        return Raw(f"IF(isNumeric({name}), {name}, {whole})" if types & _NUMERIC else whole)

    def datatype(self, call, types):
        """A call of DATATYPE whose argument may be in private form."""
        if not types:
            return call
        self.changed = True
        text = call.text()
        for type_ in sorted(types):
            text = f"IF(sameTerm({call.text()}, <{PRIVATE}{type_}>), <{XSD}{type_}>, {text})"
        return Raw(text)


def _mixes(path):
    """Whether a path's ends may be objects as well as subjects of what it follows."""
    if not isinstance(path, Path):
        return False
    return path.sign in ("^", "*", "?") or any(_mixes(part) for part in path.parts)
