"""The passages file: every passage that a fact cites, with its words, in the Web Annotation model.

Writes text, not triples, so that the file reads like the report: in order of offset, one block a passage.
It never decides what is cited; that stands in the data.

Source: W3C Web Annotation Data Model, 4.2.4 (text quote selector), 4.2.5 (text position selector).
"""

import pyoxigraph as ox

from incsr.evidence.graph import compact
from incsr.evidence.source import PassageError, is_passage, parse_passage
from incsr.namespaces import BASE, PREFIXES

EVIDENCE = PREFIXES["cbp"] + "evidence"

HEADER = f"""\
# The words that the facts rest on, in reading order. Written by `incsr passages` from the passages that the
# data cites; checked by `incsr verify`. Do not edit: cite another passage in the data, and run it again.

@base <{BASE}> .
@prefix oa: <{PREFIXES["oa"]}> .
"""

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def turtle_string(words):
    """Words as a short Turtle string, typographic characters as they are."""
    return '"' + "".join(_ESCAPES.get(character, character) for character in words) + '"'


def cited_passages(source, documents):
    """The distinct passages that anything in the documents points to, in any property, ordered by offset.

    Raises: PassageError, naming file, line and subject, where an IRI is malformed or runs past the text.
    """
    passages = set()
    for document, subject, predicate, iri in _citations(documents):
        try:
            passage = parse_passage(iri)
            if source.words(passage) is None:
                raise PassageError(
                    f"#char={passage.start},{passage.end} runs past the text's end, {len(source.text)}; "
                    "`incsr cite WORDS` gives the offsets"
                )
        except PassageError as error:
            place = f"{document.name}:{document.line(subject, predicate) or '?'}: {compact(subject)}"
            raise PassageError(f"{place}: {error}") from error
        passages.add(passage)
    return sorted(passages)


def _citations(documents):
    for document in documents:
        for subject, properties in document.facts.items():
            for predicate, objects in properties.items():
                for term in objects:
                    if isinstance(term, ox.NamedNode) and (is_passage(term.value) or predicate == EVIDENCE):
                        yield document, subject, predicate, term.value


def passage_block(source, passage):
    """One passage in Turtle: its source, its words with their surroundings, its offsets.

    Graph: <passage> a oa:SpecificResource ; oa:hasSource <text> ; oa:hasSelector _:quote , _:position .
    """
    before, after = source.context(passage)
    words = turtle_string(source.words(passage))
    return (
        f"{passage.reference} a oa:SpecificResource ; oa:hasSource <source/incsr2014-cbp.txt> ;\n"
        f"    oa:hasSelector [ a oa:TextQuoteSelector ;\n"
        f"        oa:prefix {turtle_string(before)} ;\n"
        f"        oa:exact  {words} ;\n"
        f"        oa:suffix {turtle_string(after)} ] ,\n"
        f"        [ a oa:TextPositionSelector ; oa:start {passage.start} ; oa:end {passage.end} ] .\n"
    )


def passages_file(source, documents):
    """The whole text of the passages file for what the documents cite.

    Raises: PassageError.
    """
    return file_of(source, cited_passages(source, documents))


def file_of(source, passages):
    """The whole text of the passages file for some passages, ordered by offset."""
    return "\n".join([HEADER, *(passage_block(source, passage) for passage in passages)])
