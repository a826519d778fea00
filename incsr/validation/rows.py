"""A constraint's query for all focus nodes at once: rows of numbered terms, widened by a column a variable.

pySHACL asks the query anew for every focus node with $this bound; the solutions are the same, since nothing
that `select` reads looks beyond its own row.
"""

from collections.abc import Iterable

from incsr.validation.expressions import ExpressionError, Expressions, term, truth
from incsr.validation.index import LITERAL, NOTHING, Index, Unsupported
from incsr.validation.select import Call, Group, Pattern, Select, Variable, variables

UNBOUND = (None,)


def solutions(select: Select, foci: Iterable[int], index: Index) -> list[tuple[int, dict]]:
    """Each focus node with a solution's bindings as terms, `this` left out; each solution once."""
    table = _Table(index, [(focus,) for focus in foci], {"this": 0})
    table.narrow(select.where)
    if not table.rows:
        return []
    functions = [(table.function(expression), name) for expression, name in select.projected]
    found = {}
    for row in table.rows:
        bound = {}
        for function, name in functions:
            try:
                bound[name] = term(function(row), index)
            except ExpressionError:
                continue
        del bound["this"]
        found[row[0], tuple(bound.items())] = row[0], bound
    return list(found.values())


class _Table:
    """Rows and where in them each variable stands."""

    def __init__(self, index: Index, rows: list[tuple], columns: dict[str, int], loose: Iterable[str] = ()):
        self.rows, self.columns = rows, columns
        self._index, self._width = index, len(rows[0]) if rows else 0
        # Variables that may be unbound or computed; no pattern may be matched by them.
        self._loose = set(loose)

    def function(self, expression):
        return Expressions(self._index).function(expression, self.columns)

    def narrow(self, group: Group):
        """Keep and widen the rows that the group matches."""
        filters = list(group.filters)
        patterns = list(group.patterns)
        while patterns and self.rows:
            best = min(patterns, key=self._cost)
            patterns.remove(best)
            self._match(best, group.filters)
            filters = self._filtered(filters)
        for step in group.later if self.rows else ():
            if step[0] == "optional":
                self._optional(step[1])
            else:
                self._bind(*step[1:])
        for expression in filters if self.rows else ():
            self._hold(expression)
        for wanted, inner in group.exists:
            if self.rows:
                self._exist(wanted, inner)

    # ── Patterns ──

    def _known(self, part) -> bool:
        return not isinstance(part, Variable) or part.name in self.columns

    def _cost(self, pattern: Pattern) -> float:
        """About how many rows a row becomes."""
        subject, value = self._known(pattern.subject), self._known(pattern.value)
        if isinstance(pattern.predicate, Variable):
            return 0.5 if subject and value and self._known(pattern.predicate) else 50 if subject else 1e6
        if subject and value:
            return 0
        of = self._index.number(pattern.predicate)
        out = self._index.out(of)
        size = sum(map(len, out.values()))
        if subject:
            return size / max(1, len(out))
        return size / max(1, len(self._index.into(of))) if value else 1e5 + size

    def _column(self, part) -> int | None:
        """Where the rows have a variable or constant; None where it is new."""
        if isinstance(part, Variable):
            if part.name in self._loose:
                raise Unsupported("a pattern over a variable that may be unbound or is computed")
            return self.columns.get(part.name)
        constant = (self._index.number(part),)
        self.rows = [row + constant for row in self.rows]
        self._width += 1
        return self._width - 1

    def _name(self, *parts):
        for part in parts:
            self.columns[part.name] = self._width
            self._width += 1

    def _match(self, pattern: Pattern, filters: list[Call]):
        subject, value = self._column(pattern.subject), self._column(pattern.value)
        if pattern.onward:
            self._follow(pattern, subject, value)
        elif not isinstance(pattern.predicate, Variable):
            of = self._index.number(pattern.predicate)
            new = self._extended(self.rows, of, subject, value, pattern.subject == pattern.value)
            self.rows = new
            self._name(*[part for part, at in self._ends(pattern, subject, value) if at is None])
        else:
            self._match_any(pattern, subject, value, filters)

    @staticmethod
    def _ends(pattern, subject, value):
        ends = [(pattern.subject, subject), (pattern.value, value)]
        return ends[:1] if pattern.subject == pattern.value else ends

    def _extended(self, rows, of, subject, value, same):
        """The rows widened by what one property joins."""
        out = self._index.out(of)
        if same and subject is None:
            own = [(node,) for node, values in out.items() if node in values]
            return [row + one for row in rows for one in own]
        if subject is not None and value is not None:
            return [row for row in rows if row[value] in out.get(row[subject], ())]
        if subject is not None:
            return [(*row, found) for row in rows for found in out.get(row[subject], ())]
        if value is not None:
            into = self._index.into(of)
            return [(*row, found) for row in rows for found in into.get(row[value], ())]
        pairs = [(node, found) for node, values in out.items() for found in values]
        return [row + pair for row in rows for pair in pairs]

    def _match_any(self, pattern: Pattern, subject, value, filters):
        """Match a pattern whose predicate is a variable."""
        at = self._column(pattern.predicate)
        if subject is None or pattern.predicate in (pattern.subject, pattern.value):
            raise Unsupported("a variable predicate without a known subject")
        if at is not None:
            every = self._index.by_property
            if value is None:
                self.rows = [
                    (*row, found)
                    for row in self.rows
                    for found in every.get(row[at], NOTHING).get(row[subject], ())
                ]
                self._name(pattern.value)
            else:
                self.rows = [
                    row
                    for row in self.rows
                    if row[value] in every.get(row[at], NOTHING).get(row[subject], ())
                ]
            return
        options = [
            {self._index.number(option) for option in call.arguments[1:]}
            for call in filters
            if call.name == "IN" and call.arguments[0] == pattern.predicate
        ]
        found = []
        for of in options[0] if options else list(self._index.by_property):
            named = [(*row, of) for row in self.rows]
            found += self._extended(named, of, subject, value, False)
        self.rows = found
        self._name(pattern.predicate)
        if value is None:
            self._name(pattern.value)

    def _follow(self, pattern: Pattern, subject, value):
        """Match a property that is followed once or more."""
        if subject is None or isinstance(pattern.predicate, Variable):
            raise Unsupported("a path from an unknown subject")
        ends = {row[at] for row in self.rows for at in (subject, value) if at is not None}
        if any(self._is_void(node) for node in ends):
            raise Unsupported("a path from or to a number, or from or to nothing")
        out, reached = self._index.out(self._index.number(pattern.predicate)), {}

        def reach(node):
            if node not in reached:
                seen, ahead = set(), [node]
                while ahead:
                    new = [found for found in out.get(ahead.pop(), ()) if found not in seen]
                    seen.update(new)
                    ahead += new
                reached[node] = seen
            return reached[node]

        if value is None:
            self.rows = [(*row, found) for row in self.rows for found in reach(row[subject])]
            self._name(pattern.value)
        else:
            self.rows = [row for row in self.rows if row[value] in reach(row[subject])]

    def _is_void(self, node: int) -> bool:
        """Whether the node is a literal that rdflib may take for no node: it goes by truth values there."""
        index = self._index
        return index.kinds[node] == LITERAL and not (index.is_string(node) and index.texts[node])

    # ── Filters and the rest ──

    def _filtered(self, filters: list[Call]) -> list[Call]:
        """Apply the filters that have all their variables; return the others."""
        waiting = []
        for expression in filters:
            if variables(expression) <= self.columns.keys() - self._loose and self.rows:
                self._hold(expression)
            else:
                waiting.append(expression)
        return waiting

    def _hold(self, expression: Call):
        function, kept = self.function(expression), []
        for row in self.rows:
            try:
                if truth(function(row)):
                    kept.append(row)
            except ExpressionError:
                continue
        self.rows = kept

    def _optional(self, group: Group):
        width, names = self._width, set(self.columns)
        inner = self._numbered(group)
        new = sorted((at, name) for name, at in inner.columns.items() if name not in names)
        found: dict[int, list[tuple]] = {}
        for row in inner.rows:
            found.setdefault(row[width], []).append(tuple(row[at] for at, _ in new))
        missing = [UNBOUND * len(new)]
        self.rows = [row + more for i, row in enumerate(self.rows) for more in found.get(i, missing)]
        absent = variables(group) - names - {name for _, name in new}
        self._name(*[Variable(name) for _, name in new])
        # Where no row matched, the group's variables are nowhere bound: they have no column.
        self._loose |= {name for _, name in new} | absent

    def _bind(self, expression, variable: Variable):
        function, widened = self.function(expression), []
        for row in self.rows:
            try:
                widened.append((*row, function(row)))
            except ExpressionError:
                widened.append(row + UNBOUND)
        self.rows = widened
        self._name(variable)
        self._loose.add(variable.name)

    def _exist(self, wanted: bool, group: Group):
        width = self._width
        found = {row[width] for row in self._numbered(group).rows}
        self.rows = [row for i, row in enumerate(self.rows) if (i in found) is wanted]

    def _numbered(self, group: Group) -> "_Table":
        """What the group makes of copies of the rows, each with its number in the column after the last."""
        rows = [(*row, i) for i, row in enumerate(self.rows)]
        inner = _Table(self._index, rows, dict(self.columns), self._loose)
        inner.narrow(group)
        return inner
