"""One operation of an update as a tree: its literals as they are stored, its WHERE mended."""

from dataclasses import dataclass, field

from incsr.query.cursor import ParseError
from incsr.query.literals import Values
from incsr.query.mend import Mender
from incsr.query.parser import Parser
from incsr.query.spelling import ANY, XSD, is_lost
from incsr.query.syntax_tree import Blank, Collection, Iri, Literal, PropertyList, Triples, Var
from incsr.store.view import UNION

_FIRST = "http://www.w3.org/1999/02/22-rdf-syntax-ns#first"


@dataclass(slots=True)
class Rewritten:
    """The text of an operation, what runs before and after it, and whether it leaves the union in step.

    `left_out` says that a part of it is not in the text, so that the engine would not see an error there.
    """

    text: str
    before: list = field(default_factory=list)
    after: list = field(default_factory=list)
    in_step: bool = False
    left_out: bool = False


def rewritten(operation, clauses, flags, graphs, flagged, union):
    """An operation with the USING clauses given, or None where it has no tree of ours.

    Adds (predicate IRI, local name of the datatype) to `flagged` for each literal in private form that the
    operation may give to a predicate. With `union` the hidden graph follows what the operation changes where
    that can be said; without, the hidden graphs are kept out of GRAPH with a variable.
    """
    if not operation.words & {"INSERT", "DELETE"}:
        return None
    parser = Parser("", operation.base, operation.prefixes, operation.tokens)
    try:
        rewriting = _Rewriting(parser, clauses, flags, graphs, flagged, union)
        result = rewriting.operation()
        result.left_out = rewriting.mender.left_out
        return result
    except (ParseError, RecursionError):
        # The engine may still know it; then anything may have gone anywhere.
        flagged |= {(ANY, name) for names in flags.values() for name in names}
        return None


_GONE = f"<{UNION}:gone>"
# What was taken out of a graph leaves the union where no other graph has it.
_FORGET = [
    f"DELETE {{ GRAPH <{UNION}> {{ ?s ?p ?o }} }} WHERE {{ GRAPH {_GONE} {{ ?s ?p ?o }} "
    f"FILTER NOT EXISTS {{ GRAPH ?g {{ ?s ?p ?o }} FILTER(!STRSTARTS(STR(?g), '{UNION}')) }} "
    "FILTER NOT EXISTS { ?s ?p ?o } }",
    f"DROP SILENT GRAPH {_GONE}",
]


class _Rewriting:
    def __init__(self, parser, clauses, flags, graphs, flagged, union):
        self.parser = parser
        self.clauses = clauses
        text = " ".join([token.text for token in parser.tokens])
        self.mender = Mender(text, flags, set(graphs), hide=not union and bool(flags))
        self.values: Values = self.mender.values
        self.flagged = flagged
        self.union = union

    def operation(self):
        parser = self.parser
        head = ""
        if parser.take_word("WITH"):
            head = f"WITH {parser.iri().text()} "
        delete = insert = None
        if parser.take_word("DELETE"):
            if parser.take_word("DATA"):
                quads = parser.quads()
                data = self.template(quads)
                captured = [f"INSERT DATA {{ GRAPH {_GONE} {{ {self.triples(quads)} }} }}"]
                return self.deletion(f"DELETE DATA {data}", captured)
            if parser.take_word("WHERE"):
                return self.delete_where(parser.quads())
            delete = parser.quads()
        if parser.take_word("INSERT"):
            if parser.take_word("DATA"):
                quads = parser.quads()
                text = f"INSERT DATA {self.template(quads, inserted=True)}"
                return Rewritten(text, in_step=self.follows(quads))
            insert = parser.quads()
        while parser.take_word("USING"):
            parser.take_word("NAMED")
            parser.iri()
        parser.word("WHERE")
        group = parser.group()
        if parser.at != len(parser.tokens):
            parser.fail("the end of the operation")
        # Templates are written after the pattern has said what its variables may hold.
        self.mender.group_of_update(group)
        where = f"{self.clauses}WHERE {self.seen(group, [*(delete or ()), *(insert or ())])}"
        if delete is None:
            text = f"{head}INSERT {self.template(insert, inserted=True)} {where}"
            return Rewritten(text, in_step=self.follows(insert))
        text = f"{head}DELETE {self.template(delete)} "
        if insert is not None:
            text += f"INSERT {self.template(insert, inserted=True)} "
        captured = [f"INSERT {{ GRAPH {_GONE} {{ {self.triples(delete)} }} }} {where}"]
        return self.deletion(text + where, captured, insert is None or self.follows(insert))

    def seen(self, group, quads):
        """The pattern, without the solutions that give a hidden graph's name to GRAPH in a template.

        A name can be computed, so that reading the text does not show it.
        """
        names = dict.fromkeys(name.text() for name, _block in quads if isinstance(name, Var))
        if not names:
            return group.text()
        # An unbound variable, and a node without a name, have no text; they are let pass.
        hidden = [f"COALESCE(STRSTARTS(CONCAT(STR({name}), ':'), '{UNION}:'), false)" for name in names]
        return f"{{ {group.text()} FILTER(!({' || '.join(hidden)})) }}"

    def delete_where(self, quads):
        template = self.template(quads)
        where = f"{self.clauses}WHERE {template}"
        text = f"DELETE {template} {where}" if self.clauses else f"DELETE WHERE {template}"
        return self.deletion(text, [f"INSERT {{ GRAPH {_GONE} {{ {self.triples(quads)} }} }} {where}"])

    def deletion(self, text, captured, follows=True):
        if not self.union or not follows:
            return Rewritten(text)
        return Rewritten(text, captured, list(_FORGET), in_step=True)

    def follows(self, quads):
        """Whether a template can stand in two graphs: a node without a name would be another in each."""
        return self.union and not any(_has_nameless(triples) for _, block in quads for triples in block)

    def triples(self, quads):
        """The triples of quads, whatever their graph."""
        return " ".join([triples.text() for _, block in quads for triples in block])

    def template(self, quads, inserted=False):
        """Quads with their literals as they are stored; what is inserted, in the union too if it follows."""
        parts = []
        for name, block in quads:
            for triples in block:
                if inserted:
                    self.note(triples.properties)
                self.mender.template(triples)
            inner = " ".join([triples.text() for triples in block])
            parts.append(inner if name is None else f"GRAPH {name.text()} {{ {inner} }}")
        if inserted and self.follows(quads):
            parts.append(f"GRAPH <{UNION}> {{ {self.triples(quads)} }}")
        return f"{{ {' '.join(parts)} }}"

    def note(self, properties):
        """Which literals in private form these properties may store."""
        for verb, objects in properties:
            self.note_nodes(verb.value if isinstance(verb, Iri) else ANY, objects)

    def note_nodes(self, predicate, nodes):
        for node in nodes:
            if isinstance(node, Literal):
                if node.datatype is not None and is_lost(node.lexical, node.datatype):
                    self.flagged.add((predicate, node.datatype[len(XSD) :]))
            elif isinstance(node, Var):
                self.flagged |= {(predicate, name) for name in self.values.types(node)}
            elif isinstance(node, PropertyList):
                self.note(node.properties)
            elif isinstance(node, Collection):
                self.note_nodes(_FIRST, node.items)


def _has_nameless(node):
    if isinstance(node, Triples):
        return _has_nameless(node.subject) or any(
            _has_nameless(object_) for _, objects in node.properties for object_ in objects
        )
    return isinstance(node, PropertyList | Collection) or (isinstance(node, Blank) and not node.label)
