"""SPARQL 1.1 text into a tree, by recursive descent.

Knows what section 19.8 of SPARQL 1.1 Query Language has; raises ParseError for everything else, above all
for what SPARQL 1.2 adds: such a text goes to the engine as it stands. It accepts more than the grammar where
that is harmless (the engine's parser is the authority on validity), but it never reads a text differently.
"""

from incsr.query.cursor import END, ParseError
from incsr.query.expressions import Expressions
from incsr.query.iris import resolve
from incsr.query.lexer import IRI, NAME, NUMBER, PUNCT, VAR, WORD
from incsr.query.names import unescape
from incsr.query.syntax_tree import (
    Bind,
    Blank,
    Collection,
    Filter,
    Graph,
    Group,
    Iri,
    Minus,
    Optional,
    Path,
    PropertyList,
    Query,
    Select,
    Service,
    Triples,
    Union,
    Values,
)

_RDF_TYPE = Iri("a", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type")


class Parser(Expressions):
    """The whole grammar, at a position in the tokens of a text."""

    # ── query ───────────────────────────────────────────────────────────────

    def query(self):
        prologue = self.prologue()
        form = self.token.text.upper() if self.token.kind == WORD else ""
        if form == "SELECT":
            select = self.select(top=True)
        elif form == "CONSTRUCT":
            select = self.construct()
        elif form == "DESCRIBE":
            select = self.describe()
        elif form == "ASK":
            self.advance()
            dataset = self.dataset()
            select = Select("", None, self.where(), dataset, form="ASK")
            self.modifiers(select)
        else:
            self.fail("a query form")
        select.values = self.values_clause()
        if self.token is not END:
            self.fail("the end")
        return Query(prologue, select)

    def prologue(self):
        start = self.token.start
        while True:
            if self.take_word("BASE"):
                if self.token.kind != IRI:
                    self.fail("an IRI")
                self.base = resolve(self.base, unescape(self.advance().text[1:-1]))
            elif self.take_word("PREFIX"):
                if self.token.kind != NAME or not self.token.text.endswith(":"):
                    self.fail("a prefix")
                prefix = self.advance().text[:-1]
                if self.token.kind != IRI:
                    self.fail("an IRI")
                self.prefixes[prefix] = resolve(self.base, unescape(self.advance().text[1:-1]))
            else:
                break
        end = self.token.start if self.token is not END else len(self.source)
        return self.source[start:end].strip() if self.at else ""

    def select(self, top=False):
        self.word("SELECT")
        modifier = ""
        if self.is_word("DISTINCT") or self.is_word("REDUCED"):
            modifier = self.advance().text.upper()
        items = None
        if not self.take_sign("*"):
            items = []
            while True:
                if self.token.kind == VAR:
                    items.append((None, self.variable()))
                elif self.take_sign("("):
                    expression = self.expression()
                    self.word("AS")
                    items.append((expression, self.variable()))
                    self.sign(")")
                else:
                    break
            if not items:
                self.fail("a variable")
        dataset = self.dataset() if top else []
        select = Select(modifier, items, self.where(), dataset)
        self.modifiers(select)
        return select

    def construct(self):
        self.advance()
        if self.is_sign("{"):
            template = self.template()
            dataset = self.dataset()
            select = Select("", None, self.where(), dataset, form="CONSTRUCT", template=template)
        else:
            dataset = self.dataset()
            self.word("WHERE")
            group = self.group()
            if any(not isinstance(element, Triples) for element in group.elements):
                self.fail("only triples")
            select = Select("", None, group, dataset, form="CONSTRUCT", template=list(group.elements))
        self.modifiers(select)
        return select

    def template(self):
        self.sign("{")
        found = []
        while not self.take_sign("}"):
            found.append(self.triples())
            if not self.take_sign(".") and not self.is_sign("}"):
                self.fail('"." or "}"')
        return found

    def quads(self):
        """The quads of an update's template or data: a list of (graph or None, triples)."""
        self.sign("{")
        found = []
        while not self.take_sign("}"):
            if self.take_word("GRAPH"):
                name = self.variable_or_iri()
                found.append((name, self.template()))
                self.take_sign(".")
                continue
            block = []
            while not self.is_sign("}") and not self.is_word("GRAPH"):
                block.append(self.triples())
                if not self.take_sign(".") and not self.is_sign("}") and not self.is_word("GRAPH"):
                    self.fail('"." or "}"')
            found.append((None, block))
        return found

    def describe(self):
        self.advance()
        targets = None
        if not self.take_sign("*"):
            targets = []
            while self.token.kind in (VAR, IRI, NAME):
                targets.append(self.variable() if self.token.kind == VAR else self.iri())
            if not targets:
                self.fail("a variable or an IRI")
        dataset = self.dataset()
        where = self.where() if self.is_word("WHERE") or self.is_sign("{") else None
        select = Select("", None, where, dataset, form="DESCRIBE", targets=targets)
        self.modifiers(select)
        return select

    def dataset(self):
        clauses = []
        while self.take_word("FROM"):
            named = "NAMED " if self.take_word("NAMED") else ""
            clauses.append(f"FROM {named}{self.iri().text()}")
        return clauses

    def where(self):
        self.take_word("WHERE")
        return self.group()

    def modifiers(self, select):
        if self.take_word("GROUP"):
            self.word("BY")
            while True:
                if self.token.kind == VAR:
                    select.group_by.append((self.variable(), None))
                elif self.take_sign("("):
                    expression = self.expression()
                    variable = self.variable() if self.take_word("AS") else None
                    self.sign(")")
                    select.group_by.append((expression, variable))
                elif self.is_call():
                    select.group_by.append((self.primary(), None))
                else:
                    break
            if not select.group_by:
                self.fail("a grouping condition")
        if self.take_word("HAVING"):
            while self.is_sign("(") or self.is_call():
                select.having.append(self.constraint())
            if not select.having:
                self.fail("a condition")
        if self.take_word("ORDER"):
            self.word("BY")
            while True:
                if self.is_word("ASC") or self.is_word("DESC"):
                    direction = self.advance().text.upper()
                    self.sign("(")
                    select.order_by.append((direction, self.expression()))
                    self.sign(")")
                elif self.token.kind == VAR:
                    select.order_by.append(("", self.variable()))
                elif self.is_sign("(") or self.is_call():
                    select.order_by.append(("", self.constraint()))
                else:
                    break
            if not select.order_by:
                self.fail("an ordering condition")
        for _ in range(2):
            if select.limit is None and self.take_word("LIMIT"):
                select.limit = self.integer()
            elif select.offset is None and self.take_word("OFFSET"):
                select.offset = self.integer()

    def integer(self):
        if self.token.kind != NUMBER or not self.token.text.isdigit():
            self.fail("an integer")
        return self.advance().text

    def values_clause(self):
        return self.values() if self.is_word("VALUES") else None

    # ── patterns ────────────────────────────────────────────────────────────

    def group(self):
        self.sign("{")
        if self.is_word("SELECT"):
            select = self.select()
            select.values = self.values_clause()
            self.sign("}")
            return Group([select])
        elements = []
        while not self.take_sign("}"):
            token = self.token
            if token.kind == WORD and (method := _ELEMENTS.get(token.text.upper())) is not None:
                elements.append(method(self))
                self.take_sign(".")
            elif self.is_sign("{"):
                groups = [self.group()]
                while self.take_word("UNION"):
                    groups.append(self.group())
                elements.append(Union(groups) if len(groups) > 1 else groups[0])
                self.take_sign(".")
            else:
                elements.append(self.triples(path=True))
                if not (self.take_sign(".") or self.ends_triples()):
                    self.fail('"." or "}"')
        return Group(elements)

    def ends_triples(self):
        return self.is_sign("}") or self.is_sign("{") or self.token.kind == WORD

    def _optional(self):
        self.advance()
        return Optional(self.group())

    def _minus(self):
        self.advance()
        return Minus(self.group())

    def _graph(self):
        self.advance()
        return Graph(self.variable_or_iri(), self.group())

    def _service(self):
        self.advance()
        silent = self.take_word("SILENT")
        return Service(silent, self.variable_or_iri(), self.group())

    def _filter(self):
        self.advance()
        return Filter(self.constraint())

    def _bind(self):
        self.advance()
        self.sign("(")
        expression = self.expression()
        self.word("AS")
        variable = self.variable()
        self.sign(")")
        return Bind(expression, variable)

    def values(self):
        self.word("VALUES")
        if self.token.kind == VAR:
            variables = [self.variable()]
            self.sign("{")
            rows = []
            while not self.take_sign("}"):
                rows.append([self.data_value()])
            return Values(variables, rows)
        self.sign("(")
        variables = []
        while not self.take_sign(")"):
            variables.append(self.variable())
        self.sign("{")
        rows = []
        while not self.take_sign("}"):
            self.sign("(")
            row = []
            while not self.take_sign(")"):
                row.append(self.data_value())
            if len(row) != len(variables):
                self.fail("as many values as variables")
            rows.append(row)
        return Values(variables, rows)

    def data_value(self):
        if self.take_word("UNDEF"):
            return None
        if self.token.kind in (IRI, NAME):
            return self.iri()
        return self.literal()

    def triples(self, path=False):
        if self.is_sign("[") or self.is_sign("("):
            subject = self.node(path)
            needs = not isinstance(subject, PropertyList | Collection)
        else:
            subject, needs = self.term(), True
        properties = self.properties(path, needs)
        return Triples(subject, properties)

    def properties(self, path, needed=True):
        properties = []
        while True:
            if not self.is_verb(path):
                if needed and not properties:
                    self.fail("a verb")
                return properties
            verb = self.verb(path)
            objects = [self.node(path)]
            while self.take_sign(","):
                objects.append(self.node(path))
            properties.append((verb, objects))
            if not self.take_sign(";"):
                return properties
            while self.take_sign(";"):
                pass

    def is_verb(self, path):
        token = self.token
        if token.kind in (VAR, IRI, NAME):
            return True
        if token.kind == WORD:
            return token.text == "a"
        return path and token.kind == PUNCT and token.text in ("^", "!", "(")

    def verb(self, path):
        if self.token.kind == VAR:
            return self.variable()
        if path:
            return self.path()
        return self.path_name()

    def path_name(self):
        if self.token.kind == WORD and self.token.text == "a":
            self.advance()
            return _RDF_TYPE
        return self.iri()

    def path(self):
        parts = [self.path_sequence()]
        while self.take_sign("|"):
            parts.append(self.path_sequence())
        return Path("|", parts) if len(parts) > 1 else parts[0]

    def path_sequence(self):
        parts = [self.path_element()]
        while self.take_sign("/"):
            parts.append(self.path_element())
        return Path("/", parts) if len(parts) > 1 else parts[0]

    def path_element(self):
        if self.take_sign("^"):
            return Path("^", [self.path_element()])
        if self.take_sign("("):
            inner = self.path()
            self.sign(")")
        elif self.take_sign("!"):
            inner = Path("!", self.negated())
        else:
            inner = self.path_name()
        if self.token.kind == PUNCT and self.token.text in ("*", "+", "?") and not self.is_signed_number():
            return Path(self.advance().text, [inner])
        return inner

    def negated(self):
        if not self.take_sign("("):
            return [self.negated_one()]
        parts = []
        while not self.take_sign(")"):
            parts.append(self.negated_one())
            if not self.is_sign(")"):
                self.sign("|")
        return parts

    def negated_one(self):
        if self.take_sign("^"):
            return Path("^", [self.path_name()])
        return self.path_name()

    def node(self, path):
        if self.is_sign("["):
            self.advance()
            if self.take_sign("]"):
                return Blank("")
            properties = self.properties(path)
            self.sign("]")
            return PropertyList(properties)
        if self.is_sign("("):
            self.advance()
            items = []
            while not self.take_sign(")"):
                items.append(self.node(path))
            return Collection(items)
        return self.term()


_ELEMENTS = {
    "OPTIONAL": Parser._optional,
    "MINUS": Parser._minus,
    "GRAPH": Parser._graph,
    "SERVICE": Parser._service,
    "FILTER": Parser._filter,
    "BIND": Parser._bind,
    "VALUES": Parser.values,
}


def parse(text, base_iri=None):
    """The tree of a query.

    Raises: ParseError for what is no SPARQL 1.1, or is nested too deeply for this parser.
    """
    try:
        return Parser(text, base_iri).query()
    except RecursionError:
        raise ParseError(END, "less nesting") from None
