"""Whether a measurement says what its words say: the graph's claim against the text's reading.

What stands around the words (rate, period, area, subject) is `incsr.evidence.surroundings`'s.
"""

import re
from decimal import Decimal, InvalidOperation

from incsr.evidence import claims as c
from incsr.evidence.numbers import magnitude
from incsr.evidence.reading import Unreadable
from incsr.evidence.source import Passage
from incsr.evidence.surroundings import check_surroundings, or_none

_SUPERLATIVE = re.compile(r"\ba record\b(?= [\d$])|\bthe (?:most|largest|highest)\b[^.,;]*")


def check_figure(fact, reader, names):
    """Compare a measurement's number, hedge, unit, rate, period, area and subject with its words."""
    if not fact.passages:
        return
    about = [word for iri in fact.values(c.INDICATOR) for word in names.counted_words(iri)]
    passage = fact.passages[0]
    try:
        reading = reader.read(passage, about)
    except Unreadable as error:
        fact.wrong(
            "value", str(error), "A quotation is the shortest phrase with hedge, number and thing counted"
        )
        return
    fact.number = reading.passage
    _check_cuts(fact, reading, passage, reader.source)
    _check_value(fact, reading)
    _check_term(
        fact,
        "qualifier",
        c.QUALIFIER,
        c.CBP,
        reading.qualifier,
        f"the hedge “{reading.hedge}”" if reading.hedge else "no hedge before the number",
    )
    _check_term(fact, "unit", c.UNIT, c.UNIT_IRI, reading.unit, f"“{_phrase(reader.source, reading)}”")
    rounded_to = fact.values(c.ROUNDED_TO)
    expected = [str(reading.rounded_to)] if reading.rounded_to else []
    if rounded_to != expected:
        fact.wrong(
            "rounding",
            f"the text prints “{reading.printed}”, rounded to {or_none(expected)}; the graph "
            f"says {or_none(rounded_to)}",
            f"Write cbp:roundedTo {expected[0]}" if expected else "Leave cbp:roundedTo away",
        )
    _check_superlative(fact, reader, reading.passage)
    check_surroundings(fact, reader, names, reading.passage, reading.rates, reading.periods)
    fact.reading.update(
        value=str(reading.value),
        qualifier=reading.qualifier,
        unit=reading.unit,
        rounded_to=reading.rounded_to,
        printed=reading.printed,
    )


def check_words(fact, reader, names):
    """Compare a quantity in words with its quotation: words, magnitude, unit and surroundings."""
    if not fact.passages:
        return
    passage = fact.passages[0]
    quotation = reader.source.words(passage)
    stated = fact.value(c.STATED_AS) or ""
    if not stated or stated not in quotation:
        fact.wrong(
            "words",
            f"the graph states “{stated}”, the quotation is “{quotation}”",
            "Write as cbp:statedAs the words of quantity out of the quotation",
        )
        return
    start = passage.start + quotation.index(stated)
    fact.number = Passage(start, start + len(stated))
    expected = [str(scale)] if (scale := magnitude(stated)) else []
    if fact.values(c.MAGNITUDE) != expected:
        fact.wrong(
            "magnitude",
            f"“{stated}” names the magnitude {or_none(expected)}, the graph says "
            f"{or_none(fact.values(c.MAGNITUDE))}",
            f"Write cbp:magnitude {expected[0]}" if expected else "Leave cbp:magnitude away",
        )
    for predicate, name in ((c.QUALIFIER, "cbp:qualifier"), (c.VALUE, "sdmx-measure:obsValue")):
        if fact.values(predicate):
            fact.wrong(
                "words", f"a quantity in words has no {name}", f"Leave {name} away; the words are its measure"
            )
    unit = reader.unit_of_words(passage)
    if fact.values(c.UNIT):
        _check_term(fact, "unit", c.UNIT, c.UNIT_IRI, unit, f"“{quotation}”")
    rates, periods = reader.rates_of(fact.number), reader.periods_of(fact.number)
    check_surroundings(fact, reader, names, fact.number, rates, periods)
    fact.reading.update(stated_as=stated, magnitude=magnitude(stated), unit=unit)


def _check_cuts(fact, reading, passage, source):
    # A quotation without its hedge reads as a bare number; one without its unit as a count.
    if reading.hedge and reading.hedge_start < passage.start:
        whole = Passage(reading.hedge_start, passage.end)
        fact.wrong(
            "hedge",
            f"the quotation cuts off “{reading.hedge}”, which stands directly before it",
            f"Quote “{source.words(whole)}”, {source.reference(whole)}",
        )
    if reading.unit_end > passage.end:
        whole = Passage(passage.start, reading.unit_end)
        fact.wrong(
            "unit",
            "the quotation cuts off the unit, which stands behind it",
            f"Quote “{source.words(whole)}”, {source.reference(whole)}",
        )


def _check_value(fact, reading):
    values = fact.values(c.VALUE)
    if len(values) != 1:
        fact.wrong(
            "value",
            f"it has {len(values)} values, a measurement has one",
            f"Write sdmx-measure:obsValue {reading.value}",
        )
        return
    try:
        differs = Decimal(values[0]) != reading.value
    except InvalidOperation:
        fact.wrong(
            "value", f"its value “{values[0]}” is no number", f"Write sdmx-measure:obsValue {reading.value}"
        )
        return
    if differs:
        fact.wrong(
            "value",
            f"the text says {reading.value} (“{reading.printed}”), the graph {values[0]}",
            f"Write sdmx-measure:obsValue {reading.value}",
        )


def _check_term(fact, check, predicate, namespace, expected, because):
    claimed = fact.values(predicate)
    if claimed == [namespace + expected]:
        return
    said = ", ".join(iri.removeprefix(namespace) for iri in claimed) or "nothing"
    fact.wrong(
        check,
        f"the text says {expected} ({because}), the graph {said}",
        f"Write {c.compact(predicate)} {c.compact(namespace + expected)}",
    )


def _check_superlative(fact, reader, number):
    sentence = reader.source.sentence_of(number)
    literals = fact.values(c.SUPERLATIVE)
    for literal in literals:
        if literal not in sentence.text:
            fact.wrong(
                "superlative",
                f"“{literal}” does not stand in the sentence of the figure",
                "Write as cbp:superlative the words as they stand",
            )
    figures = [f for f in reader.figures if sentence.passage.start <= f.start < sentence.passage.end]
    for match in _SUPERLATIVE.finditer(sentence.text):
        start = sentence.passage.start + match.start()
        before = [f for f in figures if f.end <= start]
        owner = (
            before[-1]
            if before and match[0] != "a record"
            else next((f for f in figures if f.start > start), None)
        )
        if owner and owner.start == number.start and not any(match[0] in literal for literal in literals):
            fact.wrong(
                "superlative",
                f"the text says “{match[0]}” of the figure, the graph nothing of it",
                f'Write cbp:superlative "{match[0]}"',
            )


def _phrase(source, reading):
    end = max(reading.unit_end, reading.passage.end)
    return source.text[reading.passage.start : end]
