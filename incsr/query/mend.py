"""What Oxigraph answers differently from the specification, mended by rewriting the query's tree.

Each mend is described in docs/known-deviations.md, with the section of the specification. A query in which
none is needed is not rewritten; `needed` tells from the tokens whether the tree must be looked at.
"""

from incsr.query import literals
from incsr.query.alternatives import Alternatives
from incsr.query.expressions import AGGREGATES
from incsr.query.mend_expressions import Expressions
from incsr.query.mend_graphs import Graphs
from incsr.query.scope import label_is_reused, nodes, visible
from incsr.query.syntax_tree import (
    Bind,
    Call,
    Collection,
    Exists,
    Filter,
    Graph,
    Group,
    Iri,
    Literal,
    Minus,
    Optional,
    Path,
    PropertyList,
    Raw,
    Select,
    Triples,
    Union,
    Values,
    Var,
)

_COMPUTING = frozenset(
    {"FILTER", "BIND", "ORDER", "GROUP", "HAVING", "AS", "IF", "COALESCE", "IN", "NOT", "DATATYPE"}
)

# Into these the engine hands what is bound outside.
_HANDING = frozenset({"EXISTS", "OPTIONAL"})


def needed(reading, flags):
    """Whether anything in a text may have to be mended, by its tokens."""
    words = reading.words
    return bool(
        reading.odd
        or reading.path_star
        or "?" in reading.signs
        or "|" in reading.signs
        or "!" in reading.signs
        or "^^" in reading.signs
        or "GRAPH" in words
        or "GROUP_CONCAT" in words
        or "BNODE" in words
        or ("MINUS" in words and not words.isdisjoint(_HANDING))
        or (flags and not words.isdisjoint(_COMPUTING))
    )


class Mender(Expressions, Graphs):
    """One pass over a tree.

    `changed` tells whether it did anything, `private` whether answers may hold literals in private form.
    """

    def __init__(self, text, flags, graphs, hide=False):
        self.flags = flags
        self.graphs = graphs  # the IRIs of the graphs that GRAPH can see
        self.hide = hide  # whether GRAPH with a variable has to leave out our own graphs
        self.changed = self.left_out = False
        self.values = literals.Values(flags)
        # Looking for a name through a long text costs as much as the text is long.
        self._text = text if "incsr" in text else ""
        self._fresh = 0
        self._alternatives = Alternatives(self.fresh)
        self._tells_rows = False  # whether what is being mended is evaluated once for each solution
        self._rows = []  # for each group being mended: the variable that tells its solutions apart, or None

    @property
    def private(self):
        return self.values.private

    def query(self, tree):
        """Mend a query's tree in place; one that is wrong stays so, for the engine to say it."""
        if label_is_reused(tree.select):
            return
        self.values.learn(tree.select)
        self.select(tree.select)
        self.changed = self.changed or self.values.changed

    def group_of_update(self, group):
        """Mend the WHERE of an update in place, unless it is wrong."""
        if label_is_reused(group):
            return
        self.values.learn(group)
        self.group(group)
        self.changed = self.changed or self.values.changed

    def fresh(self):
        """A variable that the text does not have."""
        while True:
            self._fresh += 1
            name = f"incsr{self._fresh}"
            if name not in self._text:
                return Var(name)

    # ── the parts of a query ────────────────────────────────────────────────

    def select(self, select):
        if select.where is not None:
            self._rows.append(None)
            self._where(select)
            if select.items is not None:
                inner = self._rows[-1]
                self._tells_rows = not select.group_by and not _has_aggregate(select.items)
                select.items = [
                    (None if expression is None else self.term(expression), variable)
                    for expression, variable in select.items
                ]
                self._tells_rows = False
                if self._rows[-1] is not None and inner is None:
                    select.where.elements.append(Bind(Raw("STRUUID()"), self._rows[-1]))
            self._rows.pop()
        if select.template is not None:
            for triples in select.template:
                self.template(triples)
        select.group_by = [(self.term(expression), variable) for expression, variable in select.group_by]
        select.having = [self.value(expression) for expression in select.having]
        select.order_by = [(direction, self.value(expression)) for direction, expression in select.order_by]
        if select.values is not None:
            self._values(select.values)

    def _where(self, select):
        """Mend what is selected from; what that adds to its variables is kept from a *."""
        stars = [
            part
            for part in nodes([select.items or (), select.having, select.order_by])
            if isinstance(part, Call) and part.star and part.distinct
        ]
        listing = (select.form == "SELECT" and select.items is None and not select.group_by) or (
            select.form == "DESCRIBE" and select.targets is None
        )
        names = list(visible([select.where, select.values or ()])) if stars or listing else [None]
        before, self._alternatives.hidden = self._alternatives.hidden, bool(names)
        made = self._fresh
        self._elements(select.where)
        self._alternatives.hidden = before
        if self._fresh == made or not names or names == [None]:
            return
        items = [(None, name) for name in names]
        if stars:
            select.where = Group([Select("", items, select.where)])
        elif select.form == "SELECT":
            select.items = items
        else:
            select.targets = names

    def template(self, triples):
        """Put the literals of a template's triples into the form in which they are stored."""
        triples.properties = self._properties(triples.properties)

    def _properties(self, properties):
        return [(verb, [self._node(object_) for object_ in objects]) for verb, objects in properties]

    def _node(self, node):
        """A node of a triple with its literals in the form in which they are stored."""
        if isinstance(node, Literal):
            return self.values.constant(node)
        if isinstance(node, PropertyList):
            node.properties = self._properties(node.properties)
        elif isinstance(node, Collection):
            node.items = [self._node(item) for item in node.items]
        return node

    def _values(self, values):
        values.rows = [
            [self.values.constant(term) if isinstance(term, Literal) else term for term in row]
            for row in values.rows
        ]

    # ── patterns ────────────────────────────────────────────────────────────

    def group(self, group):
        self._rows.append(None)
        self._elements(group)
        self._rows.pop()

    def _elements(self, group):
        mended, waiting = [], []
        elements = self._alternatives.written_out(group.elements)
        self.changed = self.changed or elements is not group.elements
        for element in elements:
            if waiting and not isinstance(element, Triples | Filter):
                mended += waiting
                waiting = []
            if isinstance(element, Triples):
                self._triples(element, mended, waiting)
            elif isinstance(element, Filter):
                element.expression = self.value(element.expression)
                mended.append(element)
            elif isinstance(element, Bind):
                before = self._rows[-1]
                self._tells_rows = True
                element.expression = self.term(element.expression)
                self._tells_rows = False
                if self._rows[-1] is not None and before is None:
                    mended.append(Bind(Raw("STRUUID()"), self._rows[-1]))
                mended.append(element)
            elif isinstance(element, Values):
                self._values(element)
                mended.append(element)
            elif isinstance(element, Minus) and visible(mended).keys().isdisjoint(visible(element.group)):
                self.changed = self.left_out = True  # it takes nothing away
            elif isinstance(element, Optional | Minus):
                self.group(element.group)
                mended.append(element)
            elif isinstance(element, Union):
                for part in element.groups:
                    self.group(part)
                mended.append(element)
            elif isinstance(element, Group):
                self.group(element)
                mended.append(element)
            elif isinstance(element, Select):
                self.select(element)
                mended.append(element)
            elif isinstance(element, Graph):
                self._graph(element, mended)
            else:
                mended.append(element)  # SERVICE: another engine's business
        group.elements = mended + waiting

    def _triples(self, triples, mended, waiting):
        """Zero-length paths from or to a term that is not in the data (SPARQL 1.1 Query, section 18.4)."""
        kept = []
        for verb, objects in triples.properties:
            remaining = []
            for object_ in objects:
                union = self._zero_length(triples.subject, verb, object_)
                if union is None:
                    remaining.append(self._node(object_))
                elif union:
                    waiting.append(union)
            if remaining:
                kept.append((verb, remaining))
        if isinstance(triples.subject, Literal):
            triples.subject = self.values.constant(triples.subject)
        elif isinstance(triples.subject, PropertyList | Collection):
            triples.subject = self._node(triples.subject)
        triples.properties = kept
        if kept or isinstance(triples.subject, PropertyList | Collection):
            mended.append(triples)

    def _zero_length(self, subject, verb, object_):
        """What stands for a path pattern that has to be mended; () where it always matches; else None."""
        path = verb
        while isinstance(path, Path) and path.sign == "^":
            path = path.parts[0]
        if not isinstance(path, Path) or path.sign not in ("*", "?"):
            return None
        ends = [subject, object_]
        constants = [end for end in ends if isinstance(end, Iri | Literal)]
        if len(constants) == 2 and _same_constant(*constants):
            self.changed = True
            return ()
        if len(constants) != 1 or not isinstance(end := ends[ends[0] is constants[0]], Var):
            return None
        self.changed = True
        constant = constants[0]
        if isinstance(constant, Literal):
            constant = self.values.constant(constant)
            ends[ends.index(constants[0])] = constant
        pattern = Triples(ends[0], [(verb, [ends[1]])])
        other = Filter(Raw(f"!sameTerm({end.text()}, {constant.text()})"))
        return Union([Group([pattern, other]), Group([Values([end], [[constant]])])])


def _has_aggregate(node):
    if isinstance(node, Call) and node.name in AGGREGATES:
        return True
    if isinstance(node, list | tuple):
        return any(_has_aggregate(part) for part in node)
    slots = getattr(type(node), "__slots__", ())
    return not isinstance(node, Exists) and any(_has_aggregate(getattr(node, name)) for name in slots)


def _same_constant(one, other):
    if isinstance(one, Iri) and isinstance(other, Iri):
        return one.value == other.value
    return one == other
