"""Whether a fact's words stand where it says: quotation against passage against source text."""

from incsr.evidence.claims import EVIDENCE, QUOTATION
from incsr.evidence.source import PassageError, parse_passage


def check_quotation(fact, source):
    """Compare each quotation with the cited passages, and put the quotation's passage first.

    A measurement has one quotation; a thing may have several, each of which is the words of a passage.
    """
    quotations, cited = fact.values(QUOTATION), fact.values(EVIDENCE)
    for iri in cited:
        if source.cites_another(iri):
            fact.wrong(
                "evidence",
                f"<{iri}> is a passage of another report; a fact rests on one text",
                "State it once for each report, each in its own graph",
            )
            continue
        _read_passage(fact, source, iri)
    if not quotations and fact.kind != "section":
        fact.wrong(
            "quotation",
            "it cites a passage, but quotes no words",
            "Write cbp:quotation with the words; `incsr cite WORDS` prints both",
        )
    if not cited:
        fact.wrong(
            "evidence",
            "it quotes words, but cites no passage",
            "Write cbp:evidence; `incsr cite WORDS` prints both",
        )
    if len(quotations) > 1 and fact.kind in ("figure", "words"):
        fact.wrong(
            "quotation",
            f"it has {len(quotations)} quotations, a measurement has one",
            "Keep the shortest phrase with hedge, number and the thing counted",
        )
    first = []
    for quotation in quotations:
        passage = next((p for p in fact.passages if source.words(p) == quotation), None)
        if passage is not None:
            first.append(passage)
        elif cited:
            _misplaced(fact, source, quotation)
    fact.passages.sort(key=lambda passage: (passage not in first, passage))


def _read_passage(fact, source, iri):
    try:
        passage = parse_passage(iri, source.iri)
    except PassageError as error:
        fact.wrong("evidence", str(error), "`incsr cite WORDS` prints the passage of words")
        return
    words = source.words(passage)
    if words is None:
        fact.wrong(
            "evidence",
            f"#char={passage.start},{passage.end} runs past the text's end, {len(source.text)}",
            "`incsr cite WORDS` prints the passage of words",
        )
        return
    # The navigation's sections end with the line ends around them, since they leave nothing out.
    if fact.kind != "section" and not source.is_whole(passage):
        fact.wrong(
            "evidence",
            f"#char={passage.start},{passage.end} begins or ends inside a word or number, or with a stray "
            f"space or mark: “{words}”",
            "Cite whole words, a full stop only with all of its sentence; `incsr cite WORDS` prints them",
        )
    fact.passages.append(passage)


def _misplaced(fact, source, quotation):
    standing = [source.words(p) for p in fact.passages]
    there = " and ".join(f"“{words}”" for words in standing) if standing else "no readable passage"
    places = source.locate(quotation)
    if places:
        hint = (
            "The quotation stands at "
            + " and ".join(source.reference(p) for p in places)
            + "; write that as cbp:evidence"
        )
    else:
        near = source.nearest(quotation, limit=1)
        hint = (
            f"The source has no such words; the nearest are “{source.words(near[0])}” "
            f"at {source.reference(near[0])}"
            if near
            else "The source has no such words; quote it character by character"
        )
    fact.wrong("quotation", f"the graph quotes “{quotation}”, its passages hold {there}", hint)
