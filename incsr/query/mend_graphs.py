"""The mend of GRAPH with a variable, and of GRAPH with a name that no graph has.

Source: SPARQL 1.1 Query Language, section 18.6; docs/known-deviations.md.
"""

from dataclasses import fields, is_dataclass

from incsr.query import literals
from incsr.query.scope import copied
from incsr.query.syntax_tree import (
    Blank,
    Filter,
    Graph,
    Group,
    Iri,
    Literal,
    Minus,
    Path,
    Raw,
    Select,
    Service,
    Triples,
    Union,
    Values,
    Var,
)
from incsr.store.view import UNION

# GRAPH ?g { … } is written out for each graph up to this many; beyond, it stays what the engine makes of it.
MAX_GRAPHS = 64
_FALSE = Filter(Raw("false"))


class Graphs:
    """What `incsr.query.mend.Mender` does to GRAPH."""

    def _graph(self, element, mended):
        """GRAPH evaluates its group without its variable, then joins (SPARQL 1.1 Query, section 18.6).

        The engine binds the variable inside of the group. Where that can be seen, the group is written out
        for each graph.
        """
        variable = element.name if isinstance(element.name, Var) else None
        if variable is None:
            self.group(element.group)
            if element.name.value not in self.graphs and not _matches_quads(element.group):
                self.changed = True
                mended.append(Group([_FALSE]))
            else:
                mended.append(element)
            return
        if _is_plain(element.group, variable) or len(self.graphs) > MAX_GRAPHS:
            self.group(element.group)
            mended.append(element)
            if self.hide:
                self.changed = True
                mended.append(Filter(Raw(f'!STRSTARTS(STR({variable.text()}), "{UNION}")')))
            return
        self.changed = True
        parts = []
        for number, graph in enumerate(sorted(self.graphs)):
            name = Iri(f"<{graph}>", graph)
            group = copied(element.group, lambda label, number=number: Blank(f"{label}g{number}"))
            self.group(group)
            parts.append(Group([Graph(name, group), Values([variable], [[name]])]))
        mended.append(Union(parts) if len(parts) > 1 else parts[0] if parts else Group([_FALSE]))


def _matches_quads(group):
    """Whether every solution of a group needs a triple of the graph, so that an absent graph has none."""
    for element in group.elements:
        if isinstance(element, Triples):
            verbs = [verb for verb, _ in element.properties]
            found = not verbs or any(not literals.may_be_empty(verb) for verb in verbs)
        elif isinstance(element, Union):
            found = all(_matches_quads(part) for part in element.groups)
        else:
            found = isinstance(element, Group) and _matches_quads(element)
        if found:
            return True
    return False


def _is_plain(group, variable):
    """Whether it cannot be seen that the engine binds the graph's variable inside of the group."""
    return _matches_quads(group) and not _shows(group, variable)


def _shows(node, variable):
    if isinstance(node, Minus | Select | Graph | Values | Service):
        return True
    if isinstance(node, Var):
        return node == variable
    if isinstance(node, list | tuple):
        return any(_shows(part, variable) for part in node)
    if isinstance(node, Path):
        return literals.may_be_empty(node)
    if is_dataclass(node) and not isinstance(node, Iri | Literal | Blank | Raw):
        return any(_shows(getattr(node, field.name), variable) for field in fields(node))
    return False
