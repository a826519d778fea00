"""One operation of an update as a tree: its literals as they are stored, its WHERE mended."""

from incsr.query.literals import Values
from incsr.query.mend import Mender
from incsr.query.parser import ParseError, Parser
from incsr.query.spelling import ANY, XSD, is_lost
from incsr.query.syntax_tree import Collection, Iri, Literal, PropertyList, Var

_FIRST = "http://www.w3.org/1999/02/22-rdf-syntax-ns#first"


def rewritten(operation, clauses, flags, graphs, flagged, hide):
    """The text of an operation with the USING clauses given, or None where it has no tree of ours.

    Adds (predicate IRI, local name of the datatype) to `flagged` for each literal in private form that the
    operation may give to a predicate. `hide` keeps the hidden graphs out of GRAPH with a variable.
    """
    if not operation.words & {"INSERT", "DELETE"}:
        return None
    parser = Parser("", operation.base, operation.prefixes, operation.tokens)
    try:
        return _Rewriting(parser, clauses, flags, graphs, flagged, hide).text()
    except (ParseError, RecursionError):
        # The engine may still know it; then anything may have gone anywhere.
        flagged |= {(ANY, name) for names in flags.values() for name in names}
        return None


class _Rewriting:
    def __init__(self, parser, clauses, flags, graphs, flagged, hide):
        self.parser = parser
        self.clauses = clauses
        self.mender = Mender(
            " ".join([token.text for token in parser.tokens]), flags, set(graphs), hide=hide and bool(flags)
        )
        self.values: Values = self.mender.values
        self.flagged = flagged

    def text(self):
        parser = self.parser
        head = ""
        if parser.take_word("WITH"):
            head = f"WITH {parser.iri().text()} "
        delete = insert = None
        if parser.take_word("DELETE"):
            if parser.take_word("DATA"):
                return f"DELETE DATA {self.template(parser.quads())}"
            if parser.take_word("WHERE"):
                return self.delete_where(parser.quads())
            delete = parser.quads()
        if parser.take_word("INSERT"):
            if parser.take_word("DATA"):
                return f"INSERT DATA {self.template(parser.quads(), inserted=True)}"
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
        if delete is not None:
            head += f"DELETE {self.template(delete)} "
        if insert is not None:
            head += f"INSERT {self.template(insert, inserted=True)} "
        return f"{head}{self.clauses}WHERE {group.text()}"

    def delete_where(self, quads):
        template = self.template(quads)
        if not self.clauses:
            return f"DELETE WHERE {template}"
        return f"DELETE {template} {self.clauses}WHERE {template}"

    def template(self, quads, inserted=False):
        """Quads with their literals in the form in which they are stored."""
        parts = []
        for name, block in quads:
            for triples in block:
                if inserted:
                    self.note(triples.properties)
                self.mender.template(triples)
            inner = " ".join([triples.text() for triples in block])
            parts.append(inner if name is None else f"GRAPH {name.text()} {{ {inner} }}")
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
