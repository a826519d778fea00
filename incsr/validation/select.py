"""The queries of SPARQL constraints, read: SELECT over basic graph patterns, FILTER, OPTIONAL, BIND, EXISTS.

Reads what the shapes' queries are written in and no more; anything else is `Unsupported`, so that no query is
ever half understood. What a query says is laid down by SPARQL; what a doubtful case means, by rdflib, since
pySHACL asks it (incsr.validation.expressions).

Source: SPARQL 1.1 Query Language, section 19.8 (grammar); SHACL, section 5 (SPARQL-based constraints).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyoxigraph as ox

from incsr.namespaces import PREFIXES
from incsr.validation import lexical
from incsr.validation.index import Unsupported

TOKEN = re.compile(
    r"""
      (?P<space>\s+|\#[^\n]*)
    | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
    | (?P<variable>[?$][A-Za-z_][A-Za-z0-9_]*)
    | (?P<string>"(?:[^"\\\n\r]|\\[tbnrf"'\\])*"|'(?:[^'\\\n\r]|\\[tbnrf"'\\])*')(?![@^"'])
    | (?P<decimal>[0-9]+\.[0-9]+(?![eE0-9]))
    | (?P<integer>[0-9]+(?![eE0-9]|\.[0-9eE]))
    | (?P<name>(?:[A-Za-z](?:[\w-]*[\w])?)?:(?:[A-Za-z0-9_](?:[\w-]*[\w])?)?)(?![\w:%\\])
    | (?P<word>[A-Za-z]+)
    | (?P<mark>&&|\|\||!=|<=|>=|[{}().;,=<>!+*/-])
    """,
    re.VERBOSE | re.ASCII,
)
ESCAPES = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
TYPE = ox.NamedNode(PREFIXES["rdf"] + "type")
CAST = ox.NamedNode(lexical.INTEGER)
COMPARISONS = ("=", "!=", "<", ">", "<=", ">=")
# Each function with the numbers of arguments that it takes.
FUNCTIONS = {
    "STR": (1,), "CONCAT": range(1, 20), "STRLEN": (1,), "SUBSTR": (2, 3), "STRENDS": (2,),
    "STRSTARTS": (2,), "STRAFTER": (2,), "CONTAINS": (2,), "LCASE": (1,), "REPLACE": (3, 4),
    "REGEX": (2, 3), "FLOOR": (1,), "COALESCE": range(1, 20), "BOUND": (1,),
}  # fmt: skip
# What SHACL or pySHACL gives a meaning of its own.
RESERVED = {"shapesGraph", "currentShape", "PATH", "failure"}
# pySHACL binds $this where it finds it so written.
THIS = re.compile(r"[\s{}()][$?]this")


@dataclass(frozen=True, slots=True)
class Variable:
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or function over variables, terms and calls."""

    name: str
    arguments: tuple


@dataclass(frozen=True, slots=True)
class Pattern:
    """A triple pattern; `onward` where the predicate is followed once or more."""

    subject: object
    predicate: object
    value: object
    onward: bool = False


@dataclass(slots=True)
class Group:
    """A group graph pattern: patterns, then optional parts and bindings in order; filters hold of all."""

    patterns: list[Pattern] = field(default_factory=list)
    later: list[tuple] = field(default_factory=list)
    filters: list[Call] = field(default_factory=list)
    exists: list[tuple[bool, "Group"]] = field(default_factory=list)


@dataclass(slots=True)
class Select:
    """A query: what it projects, as pairs of an expression and a name, and where."""

    projected: list[tuple[object, str]]
    where: Group


def variables(part) -> set[str]:
    """The names of the variables in an expression, a pattern or a group."""
    if isinstance(part, Variable):
        return {part.name}
    if isinstance(part, Call):
        return set().union(*map(variables, part.arguments))
    if isinstance(part, Pattern):
        return variables(part.subject) | variables(part.predicate) | variables(part.value)
    if isinstance(part, Group):
        inner = [*part.patterns, *part.filters, *(group for _, group in part.exists)]
        inner += [piece for step in part.later for piece in step[1:]]
        return set().union(*map(variables, inner))
    return set()


def parsed(text: str, prefixes: Mapping[str, str]) -> Select:
    """The query of a constraint.

    Raises: Unsupported for what this reader does not know.
    """
    return _Reader(text, prefixes).query()


class _Reader:
    def __init__(self, text, prefixes):
        if not THIS.search(text):
            raise Unsupported("a query that does not say $this")
        self._prefixes = prefixes
        self._tokens, at = [], 0
        while at < len(text):
            match = TOKEN.match(text, at)
            if match is None:
                raise Unsupported(f"in a query: {text[at : at + 20]!r}")
            if match.lastgroup != "space":
                self._tokens.append((match.lastgroup, match.group()))
            at = match.end()
        self._tokens.append(("end", ""))
        self._at = 0

    # ── Tokens ──

    @property
    def _next(self):
        return self._tokens[self._at]

    def _take(self):
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _is(self, *texts) -> bool:
        kind, text = self._next
        return (text.upper() if kind == "word" else text) in texts and kind in ("word", "mark")

    def _skip(self, *texts) -> bool:
        """Whether the next token was one of these; it is taken then."""
        found = self._is(*texts)
        self._at += found
        return found

    def _expect(self, text):
        if not self._skip(text):
            raise Unsupported(f"in a query: {self._next[1]!r} where {text!r} is read")

    # ── The query ──

    def query(self) -> Select:
        self._expect("SELECT")
        # Results are told once each, distinct or not.
        self._skip("DISTINCT")
        projected = []
        while not self._is("WHERE", "{"):
            if self._skip("("):
                expression = self._expression()
                self._expect("AS")
                projected.append((expression, self._variable().name))
                self._expect(")")
            else:
                variable = self._variable()
                projected.append((variable, variable.name))
        self._skip("WHERE")
        where = self._group()
        if self._next[0] != "end":
            raise Unsupported(f"in a query: {self._next[1]!r} after the pattern")
        names = [name for _, name in projected]
        if (Variable("this"), "this") not in projected or len(set(names)) != len(names):
            raise Unsupported("a query that does not project $this, or a name twice")
        if variables(where) & RESERVED or set(names) & RESERVED:
            raise Unsupported("a query with a variable of SHACL's own")
        if {name for expression, name in projected if expression != Variable(name)} & variables(where):
            raise Unsupported("a query that gives a name anew")
        return Select(projected, where)

    def _group(self, of_exists=False) -> Group:
        self._expect("{")
        group = Group()
        while not self._skip("}"):
            if self._skip("FILTER"):
                negated = self._skip("NOT")
                if self._skip("EXISTS"):
                    if of_exists:
                        raise Unsupported("EXISTS within EXISTS")
                    group.exists.append((not negated, self._group(of_exists=True)))
                elif negated:
                    raise Unsupported("FILTER NOT without EXISTS")
                else:
                    group.filters.append(self._primary())
                    if not isinstance(group.filters[-1], Call):
                        raise Unsupported("FILTER of a bare variable or constant")
            elif self._is("OPTIONAL", "BIND") and of_exists:
                raise Unsupported(f"{self._next[1]} within EXISTS")
            elif self._skip("OPTIONAL"):
                inner = self._group()
                if inner.later or inner.filters or inner.exists:
                    raise Unsupported("OPTIONAL with more than patterns")
                group.later.append(("optional", inner))
            elif self._skip("BIND"):
                self._expect("(")
                expression = self._expression()
                self._expect("AS")
                bound = self._variable()
                self._expect(")")
                if bound.name in variables(group):
                    raise Unsupported("BIND to a variable in use")
                group.later.append(("bind", expression, bound))
            elif group.later:
                raise Unsupported("a pattern after OPTIONAL or BIND")
            else:
                self._triples(group.patterns)
            self._skip(".")
        return group

    def _triples(self, patterns):
        subject = self._subject()
        while True:
            predicate = TYPE if self._tokens[self._at] == ("word", "a") and self._take() else self._subject()
            onward = self._skip("+")
            while True:
                patterns.append(Pattern(subject, predicate, self._term(), onward))
                if not self._skip(","):
                    break
            if not self._skip(";"):
                return
            if self._is(".", "}"):
                return

    def _subject(self):
        term = self._term()
        if isinstance(term, ox.Literal):
            raise Unsupported("a literal as subject or predicate")
        return term

    # ── Terms and expressions ──

    def _variable(self) -> Variable:
        kind, text = self._take()
        if kind != "variable":
            raise Unsupported(f"in a query: {text!r} where a variable is read")
        return Variable(text[1:])

    def _term(self):
        kind, text = self._take()
        if kind == "variable":
            return Variable(text[1:])
        if kind == "iri":
            if not re.match(r"<[A-Za-z][A-Za-z0-9+.-]*:", text):
                raise Unsupported("a relative IRI in a query")
            return ox.NamedNode(text[1:-1])
        if kind == "name":
            prefix, local = text.split(":", 1)
            if prefix not in self._prefixes:
                raise Unsupported(f"the prefix {prefix}: that sh:prefixes does not declare")
            return ox.NamedNode(self._prefixes[prefix] + local)
        if kind == "string":
            return ox.Literal(re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], m[1]), text[1:-1]))
        if kind in ("integer", "decimal"):
            return ox.Literal(text, datatype=ox.NamedNode(lexical.XSD + kind))
        raise Unsupported(f"in a query: {text!r} where a term is read")

    def _expression(self):
        return self._chain("||", lambda: self._chain("&&", self._relation))

    def _chain(self, operator, operand):
        operands = [operand()]
        while self._skip(operator):
            operands.append(operand())
        if len(operands) == 1:
            return operands[0]
        if not all(isinstance(one, Call) for one in operands):
            raise Unsupported(f"{operator} over a bare variable or constant")
        return Call(operator, tuple(operands))

    def _relation(self):
        left = self._sum()
        for operator in COMPARISONS:
            if self._skip(operator):
                return Call(operator, (left, self._sum()))
        negated = self._skip("NOT")
        if not self._skip("IN"):
            if negated:
                raise Unsupported("NOT without IN")
            return left
        self._expect("(")
        options = [self._term()]
        while self._skip(","):
            options.append(self._term())
        self._expect(")")
        if not isinstance(left, Variable) or not all(isinstance(one, ox.NamedNode) for one in options):
            raise Unsupported("IN of anything but a variable in IRIs")
        return Call("NOT IN" if negated else "IN", (left, *options))

    def _sum(self):
        return self._arithmetic(("+", "-"), lambda: self._arithmetic(("*", "/"), self._primary))

    def _arithmetic(self, operators, operand):
        # rdflib adds and multiplies a chain in one go, by the rules of its first term: two terms at a time
        # come to the same for the integers and decimals that are reckoned with here.
        left = operand()
        while self._is(*operators):
            left = Call(self._take()[1], (left, operand()))
        return left

    def _primary(self):
        kind, text = self._next
        if self._skip("("):
            inner = self._expression()
            self._expect(")")
            return inner
        if self._skip("!"):
            return Call("!", (self._primary(),))
        if kind == "word":
            return self._call(text.upper())
        term = self._term()
        if self._is("("):
            if term != CAST:
                raise Unsupported(f"the function {term}")
            return Call("INTEGER", (self._arguments((1,))[0],))
        return term

    def _call(self, name) -> Call:
        if name not in FUNCTIONS:
            raise Unsupported(f"in a query: {name}")
        self._take()
        arguments = self._arguments(FUNCTIONS[name])
        if name == "BOUND" and not isinstance(arguments[0], Variable):
            raise Unsupported("BOUND of no variable")
        if name in ("REGEX", "REPLACE") and not all(
            isinstance(one, ox.Literal) and one.datatype.value == lexical.STRING for one in arguments[1:]
        ):
            raise Unsupported(f"{name} with a pattern that is no constant")
        return Call(name, arguments)

    def _arguments(self, counts) -> tuple:
        self._expect("(")
        found = [self._expression()]
        while self._skip(","):
            found.append(self._expression())
        self._expect(")")
        if len(found) not in counts:
            raise Unsupported("a function with another number of arguments")
        return tuple(found)
