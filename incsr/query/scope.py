"""What a part of a tree shows to the rest of it: its variables, and the labels of its blank nodes.

Source: SPARQL 1.1 Query Language, sections 18.2.1 (variables in scope) and 5.1.1 (labels of blank nodes).
"""

from dataclasses import fields, is_dataclass

from incsr.query.syntax_tree import (
    Bind,
    Blank,
    Filter,
    Graph,
    Group,
    Iri,
    Literal,
    Minus,
    Optional,
    Raw,
    Select,
    Service,
    Triples,
    Union,
    Values,
    Var,
)

_LEAVES = Var | Iri | Literal | Raw | Blank


def nodes(node):
    """A part of a tree and all that is in it, in the order of the text."""
    # Without recursion: a path may be as deep as the guard lets parentheses be.
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list | tuple):
            waiting += reversed(node)
            continue
        yield node
        if is_dataclass(node) and not isinstance(node, _LEAVES):
            waiting += [getattr(node, field.name) for field in reversed(fields(node))]


def labels(node):
    """The labels of the blank nodes in a part of a tree, as a set."""
    return {part.label for part in nodes(node) if isinstance(part, Blank) and part.label}


def label_is_reused(tree):
    """Whether a label stands in two groups, and so in two basic graph patterns, which must not be (5.1.1)."""
    seen = set()
    for group in nodes(tree):
        if isinstance(group, Group):
            here = labels([element for element in group.elements if isinstance(element, Triples)])
            if not seen.isdisjoint(here):
                return True
            seen |= here
    return False


def copied(node, replaced):
    """A copy of a part of a tree, which may stand beside it: `replaced` gives a node for each label."""
    if isinstance(node, Blank):
        return replaced(node.label) if node.label else node
    if isinstance(node, list):
        return [copied(part, replaced) for part in node]
    if isinstance(node, tuple):
        return tuple([copied(part, replaced) for part in node])
    if isinstance(node, _LEAVES) or not is_dataclass(node):
        return node
    return type(node)(**{field.name: copied(getattr(node, field.name), replaced) for field in fields(node)})


def visible(node):
    """The variables that are in scope behind a pattern, in the order of the text, as the keys of a dict."""
    if isinstance(node, list | tuple):
        return {variable: None for part in node for variable in visible(part)}
    if isinstance(node, Triples):
        return {part: None for part in nodes(node) if isinstance(part, Var)}
    if isinstance(node, Bind):
        return {node.variable: None}
    if isinstance(node, Values):
        return dict.fromkeys(node.variables)
    if isinstance(node, Graph | Service):
        return ({node.name: None} if isinstance(node.name, Var) else {}) | visible(node.group)
    if isinstance(node, Select):
        if node.items is not None:
            return {variable: None for _, variable in node.items}
        return visible([node.where, node.values or ()])
    if isinstance(node, Optional):
        return visible(node.group)
    if isinstance(node, Union):
        return visible(node.groups)
    if isinstance(node, Group):
        return visible(node.elements)
    assert isinstance(node, Filter | Minus), node
    return {}
