"""Whether a measurement's rate, period, area and subject are what the sentences around its number say.

Area and subject are only bounded here: a sentence may name several places, a paragraph several offices, and
which of them the figure belongs to is grammar that this module does not parse.
"""

from incsr.evidence import claims as c
from incsr.evidence.reading import NOT_STATED, stem, words_of


def check_surroundings(fact, reader, names, number, rates, periods):
    """Compare rate, period, area, subject, thing counted and further evidence with the words around a number.

    `rates` and `periods` are the reader's marks that govern the number.
    """
    _check_rate(fact, reader, rates)
    _check_period(fact, reader, number, rates, periods)
    _check_area(fact, reader, names, number)
    _check_subject(fact, reader, names, number)
    _check_further(fact, reader, names, number)


def _check_rate(fact, reader, rates):
    claimed = [iri.removeprefix(c.UNIT_IRI) for iri in fact.values(c.PER)]
    expected = [rates[0].meaning] if rates else []
    fact.reading["per"] = expected[0] if expected else None
    if claimed != expected:
        because = (
            f"“{reader.source.words(rates[0].passage)}”" if rates else "no rate stands behind the number"
        )
        fact.wrong(
            "per",
            f"the text says {or_none(expected)} ({because}), the graph {or_none(claimed)}",
            f"Write cbp:per unit:{expected[0]}" if expected else "Leave cbp:per away",
        )


def _check_period(fact, reader, number, rates, periods):
    source = reader.source
    claimed = [iri.removeprefix(c.PERIOD_IRI) for iri in fact.values(c.PERIOD)]
    sentence = source.sentence_of(number).passage
    borrowed = [
        mark
        for passage in fact.passages[1:]
        if not passage.within(sentence)
        for mark in reader.times_within(passage)
    ]
    # A rate is a time expression of the sentence's own, so nothing is taken over from its neighbour.
    marks = list(periods) or ([] if rates else borrowed)
    expected = {mark.meaning for mark in marks} or {NOT_STATED}
    fact.reading["period"] = sorted(expected)
    if len(claimed) != 1 or claimed[0] not in expected:
        because = ", ".join(f"“{source.words(mark.passage)}”" for mark in marks) or (
            "no time expression governs the figure, and none stands in its further evidence"
        )
        fact.wrong(
            "period",
            f"the text says {' or '.join(sorted(expected))} ({because}), the graph {or_none(claimed)}",
            f"Write sdmx-dimension:refPeriod period:{min(expected)}, or cite the "
            "sentence that gives the period as further evidence, with a skos:editorialNote",
        )
    elif not periods and marks and not fact.values(c.NOTE):
        fact.wrong(
            "period",
            f"the period {claimed[0]} is taken from another sentence without a note",
            "Say in skos:editorialNote why it holds here too",
        )


def _check_area(fact, reader, names, number):
    source = reader.source
    claimed = fact.values(c.AREA)
    if len(claimed) != 1:
        fact.wrong(
            "area", f"it has {len(claimed)} areas, a measurement has one", "Write one sdmx-dimension:refArea"
        )
        return
    area = claimed[0]
    named = names.places_in(source.words(fact.passages[0]))
    if named and area not in named and not named <= names.contained(area):
        said = ", ".join(sorted(names.label(iri) for iri in named))
        fact.wrong(
            "area",
            f"the quotation names {said}, the graph says {c.compact(area)}",
            f"Write sdmx-dimension:refArea {c.compact(min(named))}, or the region that holds them all",
        )
        return
    if area == c.NOT_STATED_AREA:
        return
    sentences = [source.sentence_of(number).text] + [source.sentence_of(p).text for p in fact.passages]
    if not any(names.names_area(area, sentence) for sentence in sentences):
        fact.wrong(
            "area",
            f"no sentence that the fact cites names {names.label(area) or c.compact(area)}",
            "Write the place that the sentence names, or region:not-stated",
        )


def _check_subject(fact, reader, names, number):
    paragraph = reader.source.paragraph_of(number)
    words = reader.source.words(paragraph)
    for iri in fact.values(c.SUBJECT):
        if not any(label in words for label in names.labels(iri)):
            fact.wrong(
                "subject",
                f"the paragraph does not name {names.label(iri) or c.compact(iri)}",
                "Write as cbp:describes the organization or program that the clause speaks of",
            )
    if len(fact.values(c.SUBJECT)) != 1:
        fact.wrong(
            "subject",
            f"it describes {len(fact.values(c.SUBJECT))} things, a measurement one",
            "Write one cbp:describes",
        )
    sentences = [reader.source.sentence_of(number).text]
    sentences += [reader.source.sentence_of(passage).text for passage in fact.passages]
    spoken = {stem(word) for sentence in sentences for word in words_of(sentence)}
    for iri in fact.values(c.INDICATOR):
        counted = {stem(word) for word in names.counted_words(iri) if len(word) > 3}
        if counted and not counted & spoken:
            fact.wrong(
                "indicator",
                f"no sentence that the fact cites speaks of {names.label(iri)}",
                "Write as cbp:indicator the thing that the number counts",
            )


def _check_further(fact, reader, names, number):
    # Further evidence is there to say whence period, subject or thing counted come; else it misleads.
    source = reader.source
    paragraph, sentence = source.paragraph_of(number), source.sentence_of(number).passage
    things = fact.values(c.SUBJECT) + fact.values(c.INDICATOR)
    wanted = {stem(word) for iri in things for word in names.counted_words(iri)}
    for passage in fact.passages[1:]:
        words = source.words(passage)
        gives = reader.times_within(passage) or wanted & {stem(word) for word in words_of(words)}
        if not passage.within(paragraph) or not (passage.within(sentence) or gives):
            fact.wrong(
                "evidence",
                f"its further evidence “{words}” says nothing of its period, subject or thing counted",
                "Cite words of the same paragraph that do, or leave the passage away",
            )


def or_none(values):
    """Values for a message: joined, or the word none."""
    return ", ".join(values) if values else "none"
