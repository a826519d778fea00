"""The names that the graph gives its things, and which of them a stretch of text uses."""

import re
from collections import defaultdict

from incsr.evidence.claims import LABELS, NOT_STATED_AREA, TYPE, UNITED_STATES
from incsr.evidence.reading import words_of
from incsr.namespaces import PREFIXES

_PLACES = {PREFIXES["cbp"] + kind for kind in ("Country", "Region", "City")}
_COUNTS = PREFIXES["cbp"] + "counts"
_CONTAINS = PREFIXES["schema"] + "containsPlace"
# How the page speaks of the United States without naming it.
_AT_HOME = re.compile(r"\b(?:United States|U\.S\.|our border|nationwide|borders|[Pp]orts of [Ee]ntry)(?!\w)")


class Names:
    """Labels of things, and the places among them, from all documents; built once."""

    def __init__(self, documents):
        self._labels, self._places = defaultdict(list), {}
        self._contains, self._counts = defaultdict(set), defaultdict(set)
        for document in documents:
            for subject, properties in document.facts.items():
                for predicate in LABELS:
                    for term in properties.get(predicate, ()):
                        if term.value not in self._labels[subject]:
                            self._labels[subject].append(term.value)
                self._counts[subject] |= {term.value for term in properties.get(_COUNTS, ())}
                self._contains[subject] |= {term.value for term in properties.get(_CONTAINS, ())}
                if any(term.value in _PLACES for term in properties.get(TYPE, ())):
                    self._places[subject] = None
        for place in self._places:
            alternatives = "|".join(re.escape(label) for label in self._labels[place])
            self._places[place] = re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)") if alternatives else None

    def labels(self, iri):
        """All labels of a thing, the preferred one first."""
        return self._labels.get(iri, [])

    def label(self, iri):
        """The preferred label, or the empty string."""
        return next(iter(self.labels(iri)), "")

    def counted_words(self, indicator):
        """The words that name what an indicator counts: its labels', and those of the things it counts."""
        things = [indicator, *sorted(self._counts.get(indicator, ()))]
        return [word for thing in things for label in self.labels(thing) for word in words_of(label)]

    def contained(self, place):
        """The places that a composite place contains."""
        return self._contains.get(place, set())

    def places_in(self, words):
        """The places that some words name, the narrowest: not one whose name is part of another's there."""
        found = {}
        for place, pattern in self._places.items():
            if pattern and place not in (UNITED_STATES, NOT_STATED_AREA):
                for match in pattern.finditer(words):
                    found.setdefault(place, []).append(match.span())
        return {
            place
            for place, spans in found.items()
            if not any(
                other != place and start <= a and b <= end and (b - a) < (end - start)
                for a, b in spans
                for other, others in found.items()
                for start, end in others
            )
        }

    def names_area(self, area, sentence):
        """Whether a sentence names a place, or every place that it contains, or stands at home for the US."""
        if area == UNITED_STATES and _AT_HOME.search(sentence):
            return True
        pattern = self._places.get(area)
        if pattern and pattern.search(sentence):
            return True
        inside = self.contained(area)
        return bool(inside) and all(
            (pattern := self._places.get(place)) and pattern.search(sentence) for place in inside
        )
