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
    """The distinct passages of a text that anything in the documents points to, in any property, by offset.

    Raises: PassageError, naming file, line and subject, where an IRI is malformed or runs past the text.
    """
    passages = set()
    for document, subject, predicate, iri in _citations(source, documents):
        try:
            passage = parse_passage(iri, source.iri)
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


def _citations(source, documents):
    for document in documents:
        for subject, properties in document.facts.items():
            for predicate, objects in properties.items():
                for term in objects:
                    if not isinstance(term, ox.NamedNode) or source.cites_another(term.value):
                        continue
                    if is_passage(term.value, source.iri) or predicate == EVIDENCE:
                        yield document, subject, predicate, term.value


def passage_block(source, passage):
    """One passage in Turtle: its source, its words with their surroundings, its offsets.

    Graph: <passage> a oa:SpecificResource ; oa:hasSource <text> ; oa:hasSelector _:quote , _:position .
    """
    before, after = source.context(passage)
    words = turtle_string(source.words(passage))
    return (
        f"{source.reference(passage)} a oa:SpecificResource ; oa:hasSource {source.name} ;\n"
        f"    oa:hasSelector [ a oa:TextQuoteSelector ;\n"
        f"        oa:prefix {turtle_string(before)} ;\n"
        f"        oa:exact  {words} ;\n"
        f"        oa:suffix {turtle_string(after)} ] ,\n"
        f"        [ a oa:TextPositionSelector ; oa:start {passage.start} ; oa:end {passage.end} ] .\n"
    )


def passages_file(sources, documents):
    """The whole text of the passages file for what the documents cite of some texts, one after the other.

    Raises: PassageError.
    """
    return file_of((source, cited_passages(source, documents)) for source in sources)


def file_of(cited):
    """The whole text of the passages file: pairs of a text and its passages, ordered by offset."""
    blocks = [passage_block(source, passage) for source, passages in cited for passage in passages]
    return "\n".join([HEADER, *blocks])
