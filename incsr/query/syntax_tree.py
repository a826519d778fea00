"""A SPARQL 1.1 query as a tree, and the tree as text again.

Nodes keep IRIs as they were spelled, beside what they mean: the text that comes out has the prologue that
went in, and the engine resolves it. Composite expressions are written in parentheses, chains of one operator
flat, so that the text is no deeper than the one it came from.

Source: SPARQL 1.1 Query Language, section 19.8.
"""

from dataclasses import dataclass, field

# A node is compared and shown by nobody; what is left out is not generated at each start.
_node = dataclass(slots=True, eq=False, repr=False, match_args=False)
XSD = "http://www.w3.org/2001/XMLSchema#"


@dataclass(slots=True, frozen=True, match_args=False)
class Var:
    name: str  # without ? or $

    def text(self):
        return f"?{self.name}"


@dataclass(slots=True, frozen=True, match_args=False)
class Iri:
    spelled: str
    value: str  # absolute where there is a base

    def text(self):
        return self.spelled


@dataclass(slots=True, frozen=True, match_args=False)
class Literal:
    """A literal; `spelled` is how it stands in the text, and `lexical` what that means."""

    spelled: str
    lexical: str
    datatype: str | None = None  # None: a plain or language-tagged string

    def text(self):
        return self.spelled


@dataclass(slots=True, frozen=True, match_args=False)
class Blank:
    label: str  # "_:b", or "" for []

    def text(self):
        return self.label or "[]"


@dataclass(slots=True, frozen=True, match_args=False)
class Raw:
    """Text that stands for itself: a call or an element that a mend has written."""

    written: str

    def text(self):
        return self.written


@_node
class PropertyList:
    """`[ verb object, … ; … ]`"""

    properties: list

    def text(self):
        return f"[ {_properties(self.properties)} ]"


@_node
class Collection:
    items: list

    def text(self):
        return f"({' '.join([item.text() for item in self.items])})"


@_node
class Path:
    """A property path: `/` and `|` with parts; `^`, `*`, `+`, `?` with one; `!` with what it excludes."""

    sign: str
    parts: list

    def text(self):
        if self.sign in "/|":
            return "(" + self.sign.join([part.text() for part in self.parts]) + ")"
        if self.sign == "!":
            # An inverse inside of a negated set takes no parentheses.
            parts = [
                f"^{part.parts[0].text()}" if isinstance(part, Path) else part.text() for part in self.parts
            ]
            return f"!({'|'.join(parts)})"
        inner = self.parts[0].text()
        return f"(^{inner})" if self.sign == "^" else f"({inner}{self.sign})"


@_node
class Triples:
    """One subject with its properties: a list of (verb, objects)."""

    subject: object
    properties: list

    def text(self):
        return f"{self.subject.text()} {_properties(self.properties)} ."


def _properties(properties):
    return " ; ".join(
        [
            f"{verb.text()} {', '.join([object_.text() for object_ in objects])}"
            for verb, objects in properties
        ]
    )


@_node
class Group:
    elements: list

    def text(self):
        return f"{{ {' '.join([element.text() for element in self.elements])} }}"


@_node
class Union:
    groups: list

    def text(self):
        return " UNION ".join([group.text() for group in self.groups])


@_node
class Optional:
    group: Group

    def text(self):
        return f"OPTIONAL {self.group.text()}"


@_node
class Minus:
    group: Group

    def text(self):
        return f"MINUS {self.group.text()}"


@_node
class Graph:
    name: object
    group: Group

    def text(self):
        return f"GRAPH {self.name.text()} {self.group.text()}"


@_node
class Service:
    silent: bool
    name: object
    group: Group

    def text(self):
        return f"SERVICE {'SILENT ' if self.silent else ''}{self.name.text()} {self.group.text()}"


@_node
class Filter:
    expression: object

    def text(self):
        return f"FILTER({self.expression.text()})"


@_node
class Bind:
    expression: object
    variable: Var

    def text(self):
        return f"BIND({self.expression.text()} AS {self.variable.text()})"


@_node
class Values:
    variables: list
    rows: list  # of lists of terms; None is UNDEF

    def text(self):
        names = " ".join([variable.text() for variable in self.variables])
        rows = " ".join(
            [
                "(" + " ".join(["UNDEF" if term is None else term.text() for term in row]) + ")"
                for row in self.rows
            ]
        )
        return f"VALUES ({names}) {{ {rows} }}"


@_node
class Chain:
    """Operands joined by operators of one precedence: `||`, `&&`, `+` and `-`, `*` and `/`, a comparison."""

    first: object
    rest: list  # of (operator, operand)

    def text(self):
        return _operand(self.first) + "".join(
            [f" {operator} {_operand(operand)}" for operator, operand in self.rest]
        )


@_node
class Unary:
    sign: str
    operand: object

    def text(self):
        return f"{self.sign} {_operand(self.operand)}"


@_node
class In:
    operand: object
    negated: bool
    members: list

    def text(self):
        members = ", ".join([member.text() for member in self.members])
        return f"{_operand(self.operand)} {'NOT IN' if self.negated else 'IN'} ({members})"


@_node
class Exists:
    negated: bool
    group: Group

    def text(self):
        return f"{'NOT ' if self.negated else ''}EXISTS {self.group.text()}"


@_node
class Call:
    """A call of a built-in or an aggregate (`name` is upper case), or of a function named by an IRI."""

    name: object
    arguments: list
    distinct: bool = False
    star: bool = False
    separator: Literal | None = None

    def text(self):
        name = self.name if isinstance(self.name, str) else self.name.text()
        inner = "*" if self.star else ", ".join([argument.text() for argument in self.arguments])
        if self.separator is not None:
            inner += f" ; SEPARATOR = {self.separator.text()}"
        return f"{name}({'DISTINCT ' if self.distinct else ''}{inner})"


_COMPOSITE = (Chain, In)


def _operand(node):
    return f"({node.text()})" if isinstance(node, _COMPOSITE) else node.text()


@_node
class Select:
    """A SELECT, at the top or inside of a group; what is not SELECT has its own head."""

    modifier: str  # "", "DISTINCT", "REDUCED"
    items: list | None  # of (expression or None, Var); None is *
    where: Group
    dataset: list = field(default_factory=list)  # of texts
    group_by: list = field(default_factory=list)  # of (expression, Var or None)
    having: list = field(default_factory=list)
    order_by: list = field(default_factory=list)  # of ("" | "ASC" | "DESC", expression)
    limit: str | None = None
    offset: str | None = None
    values: Values | None = None
    form: str = "SELECT"
    template: list | None = None  # of a CONSTRUCT: Triples
    targets: list | None = None  # of a DESCRIBE; None is *

    def head(self):
        if self.form == "SELECT":
            items = "*" if self.items is None else " ".join([_item(*item) for item in self.items])
            return f"SELECT {self.modifier} {items}"
        if self.form == "CONSTRUCT":
            return f"CONSTRUCT {{ {' '.join([triples.text() for triples in self.template])} }}"
        if self.form == "DESCRIBE":
            return "DESCRIBE " + (
                "*" if self.targets is None else " ".join([target.text() for target in self.targets])
            )
        return self.form

    def text(self):
        parts = [self.head(), *self.dataset]
        if self.where is not None:
            parts += ("WHERE", self.where.text())
        if self.group_by:
            parts.append("GROUP BY " + " ".join([_condition(*condition) for condition in self.group_by]))
        if self.having:
            parts.append("HAVING " + " ".join([f"({expression.text()})" for expression in self.having]))
        if self.order_by:
            parts.append("ORDER BY " + " ".join([_order(*key) for key in self.order_by]))
        if self.limit is not None:
            parts.append(f"LIMIT {self.limit}")
        if self.offset is not None:
            parts.append(f"OFFSET {self.offset}")
        if self.values is not None:
            parts.append(self.values.text())
        return " ".join(parts)


def _item(expression, variable):
    return variable.text() if expression is None else f"({expression.text()} AS {variable.text()})"


def _condition(expression, variable):
    if variable is not None:
        return f"({expression.text()} AS {variable.text()})"
    return expression.text() if isinstance(expression, Var) else f"({expression.text()})"


def _order(direction, expression):
    if not direction and isinstance(expression, Var):
        return expression.text()
    return f"{direction or 'ASC'}({expression.text()})"


@_node
class Query:
    prologue: str  # verbatim
    select: Select

    def text(self):
        return f"{self.prologue}\n{self.select.text()}"
