"""The index and its ranking."""

import math
from collections import defaultdict
from dataclasses import dataclass, field

from incsr.search.words import STOP, distance, stem, synonyms, tokens, wants_number

K1, B = 1.2, 0.6
PREFIX_DISCOUNT, NEAR_DISCOUNT, SYNONYM_DISCOUNT = 0.75, 0.55, 0.5
FIGURE_WANTED = 1.5  # how much likelier a figure is meant where the text asks "how many"


@dataclass(frozen=True, slots=True)
class Entry:
    """What can be found: `fields` are (weight, text); `summary` is what a result shows under its title."""

    iri: str
    kind: str
    title: str
    path: str
    fields: tuple[tuple[float, str], ...]
    summary: str = ""
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Hit:
    entry: Entry
    score: float
    words: frozenset = field(default_factory=frozenset)  # the index's own words that matched


class Index:
    """A searchable set of entries."""

    def __init__(self, entries):
        self.entries = list(entries)
        self._postings = defaultdict(dict)  # stem -> {entry number: weighted frequency}
        self._spellings = defaultdict(set)  # stem -> words as written
        lengths = []
        for number, entry in enumerate(self.entries):
            length = 0.0
            for weight, text in entry.fields:
                for word in tokens(text):
                    if word in STOP:
                        continue
                    root = stem(word)
                    self._spellings[root].add(word)
                    self._postings[root][number] = self._postings[root].get(number, 0.0) + weight
                    length += 1
            lengths.append(length)
        self._lengths = lengths
        self._mean = (sum(lengths) / len(lengths)) if lengths else 1.0
        self._by_trigram = defaultdict(set)
        for root in self._postings:
            for gram in _trigrams(root):
                self._by_trigram[gram].add(root)

    def search(self, text, limit=20, kind=None):
        """Entries that answer the text, best first; every word of the text counts, none is required."""
        asked = [word for word in tokens(text) if word not in STOP]
        if not asked:
            return []
        scores, matched, covered = defaultdict(float), defaultdict(set), defaultdict(set)
        for position, word in enumerate(dict.fromkeys(asked)):
            for root, factor in self._roots(word).items():
                postings = self._postings[root]
                rarity = math.log(1 + (len(self.entries) - len(postings) + 0.5) / (len(postings) + 0.5))
                for number, frequency in postings.items():
                    norm = K1 * (1 - B + B * self._lengths[number] / self._mean)
                    gain = factor * rarity * frequency * (K1 + 1) / (frequency + norm)
                    scores[number] += gain
                    matched[number] |= self._spellings[root]
                    covered[number].add(position)
        wanted = len(dict.fromkeys(asked))
        favoured = {"measurement": FIGURE_WANTED} if wants_number(text) else {}
        hits = []
        for number, score in scores.items():
            entry = self.entries[number]
            if kind and entry.kind != kind:
                continue
            share = len(covered[number]) / wanted
            boost = entry.boost * favoured.get(entry.kind, 1.0)
            hits.append(Hit(entry, score * share * boost, frozenset(matched[number])))
        hits.sort(key=lambda hit: (-hit.score, hit.entry.title, hit.entry.iri))
        return hits[:limit]

    def _roots(self, word):
        """Stems of the index that a word may mean, each with its discount."""
        root = stem(word)
        found = {root: 1.0} if root in self._postings else {}
        for other in synonyms(root):
            if other in self._postings:
                found.setdefault(other, SYNONYM_DISCOUNT)
        if len(word) >= 3:
            for candidate in self._candidates(root):
                if candidate in found:
                    continue
                if candidate.startswith(root) and not word.isdigit():
                    found[candidate] = PREFIX_DISCOUNT * len(root) / len(candidate)
                elif root not in self._postings and not word.isdigit():
                    allowed = 1 if len(root) <= 5 else 2
                    edits = distance(root, candidate, allowed)
                    if edits <= allowed:
                        found[candidate] = NEAR_DISCOUNT / edits
        return found

    def _candidates(self, root):
        found = set()
        for gram in _trigrams(root):
            found |= self._by_trigram.get(gram, set())
        return found


def _trigrams(word):
    padded = f"^{word}$"
    return {padded[i : i + 3] for i in range(len(padded) - 2)} | {padded[:2]}
