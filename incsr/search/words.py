"""Tokens, stems and near spellings of English words and numbers."""

import re
import unicodedata
from functools import cache
from importlib.resources import files

_TOKEN = re.compile(r"\d[\d,.]*\d|\d|[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
STOP = frozenset(
    (
        "a", "an", "and", "are", "as", "at", "be", "by", "did", "do", "does", "for", "from", "had", "has",
        "have", "how", "in", "into", "is", "it", "its", "many", "much", "of", "on", "or", "over", "that",
        "the", "their", "there", "they", "this", "to", "was", "were", "what", "when", "where", "which",
        "who", "whom", "with",
    )
)
# Not made from the shorter word that they seem to be: who counters a threat does not count it.
_WHOLE = {"counter": "counter", "counters": "counter", "countered": "counter", "countering": "counter"}
_INITIALS = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_NUMBER_WANTED = re.compile(
    r"\bhow (?:many|much|long|far|large|big|often|heavy)\b|\b(?:number|amount|quantity|count) of\b|\btotal\b"
)
_SUFFIXES = ("ations", "ation", "ings", "ing", "ers", "er", "ees", "ee", "ied", "ies", "ed", "es", "s")


def plain(text):
    """Lower case, without accents and with straight apostrophes."""
    decomposed = unicodedata.normalize("NFKD", text.replace("\u2019", "'").replace("\u2018", "'"))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lower()


def tokens(text):
    """The words and numbers of a text, plain; a number loses its separators ("759,000" is "759000"),
    initials their points ("U.S." is "us")."""
    found = []
    joined = _INITIALS.sub(lambda initials: initials.group().replace(".", "") + " ", plain(text))
    for match in _TOKEN.finditer(joined):
        word = match.group()
        if word[0].isdigit():
            word = word.replace(",", "").rstrip(".")
        elif word.endswith("'s"):
            word = word[:-2]
        found.append(word)
    return found


def wants_number(text):
    """Whether a text asks for a figure ("how many …", "total number of …")."""
    return _NUMBER_WANTED.search(plain(text)) is not None


def stem(word):
    """A crude common form: "trained", "training" and "trainees" meet in "train"."""
    if word in _WHOLE:
        return _WHOLE[word]
    if word.isdigit() or len(word) < 5:
        return word.rstrip("s") if len(word) == 4 and word.endswith("s") and not word.endswith("ss") else word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            base = word[: -len(suffix)]
            if suffix in ("ied", "ies"):
                base += "y"
            elif len(base) > 3 and base[-1] == base[-2] and base[-1] not in "lsz":
                base = base[:-1]
            return base[:-1] if base.endswith("e") and len(base) > 4 else base
    return word[:-1] if word.endswith("e") and len(word) > 5 else word


@cache
def _places():
    found = {}
    text = (files(__package__) / "places.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            names, _, codes = line.partition(":")
            for code in codes.split():
                found[code] = f"{found.get(code, '')} {names}".strip()
    return found


def continent(code):
    """What people call the parts of the world that a country is in, by its ISO 3166-1 code; "" if unknown."""
    return _places().get(code, "")


@cache
def _groups():
    found = {}
    text = (files(__package__) / "synonyms.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            group = frozenset(stem(word) for word in line.split())
            for root in group:
                found[root] = found.get(root, frozenset()) | group
    return found


def synonyms(root):
    """The stems of words that people use for what a stem means, itself not among them."""
    return _groups().get(root, frozenset()) - {root}


def distance(left, right, limit):
    """Edits (insert, delete, change, swap) between two words, or limit + 1 where there are more."""
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    before, row = None, list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        new = [i]
        for j, b in enumerate(right, 1):
            cost = min(row[j] + 1, new[j - 1] + 1, row[j - 1] + (a != b))
            if before is not None and i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            new.append(cost)
        if min(new) > limit:
            return limit + 1
        before, row = row, new
    return row[-1]
