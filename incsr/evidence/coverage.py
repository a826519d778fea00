"""How much of the body the facts reach: its numerals, its sentences, its content words.

Sections cite all of the text by their nature, so their own passages count for nothing here.
"""

import csv
import re
from dataclasses import asdict, dataclass

from incsr.evidence.claims import PERIOD_IRI, Problem
from incsr.evidence.source import Passage

# Words that carry no fact by themselves: articles, prepositions, conjunctions, pronouns, auxiliaries.
_FUNCTION_WORDS = """
    a an the and or but nor that which who whom this these those it its they them their he she his
    her our we you your as at by for from in into of off on onto out over to under up upon with
    within without along between beyond through throughout during since until also both either not
    all so is are was were be been being has have had do does did will would may might can could
    shall should there here than then such other each every any some
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
_WORD = re.compile(r"[^\W\d_]+(?:[\u2019\u2018'.-][^\W\d_]+)*")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A content word of the body that no fact's passage covers, with the reason why, "" for none."""

    word: str
    start: int
    end: int
    reason: str = ""


@dataclass(slots=True)
class Coverage:
    """What is covered out of what; the lists hold what is not."""

    numerals: int = 0
    numerals_covered: int = 0
    bare_numerals: list = None
    sentences: int = 0
    sentences_covered: int = 0
    bare_sentences: list = None
    words: int = 0
    words_covered: int = 0
    uncovered: list = None

    def add(self, other):
        """Take in the coverage of another text."""
        for name in asdict(self):
            mine, more = getattr(self, name), getattr(other, name)
            setattr(self, name, mine + more if mine is not None and more is not None else mine or more)

    def as_json(self):
        """The coverage as plain values for JSON."""
        return asdict(self)


class ReasonsError(ValueError):
    """The list of uncovered words is ill-formed; the message says file, line and what to write."""


def read_reasons(text, name="uncovered.csv"):
    """Read the list of words that no fact needs: CSV with the columns start, words, reason.

    Raises: ReasonsError.
    """
    rows = csv.DictReader(text.splitlines())
    if rows.fieldnames != ["start", "words", "reason"]:
        raise ReasonsError(f"{name}:1: its columns are start,words,reason")
    reasons = {}
    for row in rows:
        place = f"{name}:{rows.line_num}"
        if None in row or None in row.values() or not row["start"].isdigit():
            raise ReasonsError(f"{place}: write an offset, the words as they stand, and a reason")
        passage = Passage(int(row["start"]), int(row["start"]) + len(row["words"]))
        if not row["reason"].strip():
            raise ReasonsError(f"{place}: “{row['words']}” has no reason; say why no fact needs it")
        reasons[passage] = (row["words"], row["reason"], place)
    return reasons


def measure(source, facts, reader, names, reasons=None):
    """Measure the coverage.

    `reasons` are read by `read_reasons`. Returns: the Coverage, and the problems: numerals, sentences and
    words that nothing explains, and explanations of words that do not stand there or are covered by now.
    """
    found, problems = Coverage(), []
    speaking = [fact for fact in facts if fact.report and fact.kind != "section"]
    passages = sorted({passage for fact in speaking for passage in fact.passages})
    _measure_numerals(found, problems, source, speaking, reader, names)
    _measure_sentences(found, problems, source, passages)
    _measure_words(found, problems, source, passages, reasons or {})
    _check_sections(problems, source, [fact for fact in facts if fact.report and fact.kind == "section"])
    return found, problems


def _measure_numerals(found, problems, source, facts, reader, names):
    # A run of digits counts only where a measurement was read as that very number, a cited time expression
    # holds it, or a cited thing has it in its name. A thing's quotation that merely contains it does not do.
    explained = {fact.number for fact in facts if fact.number and fact.kind == "figure"}
    for fact in facts:
        dated = fact.number or fact.subject.startswith(PERIOD_IRI)
        for passage in fact.passages:
            if dated:
                explained |= {mark.passage for mark in reader.times_within(passage)}
            for label in names.labels(fact.subject):
                if _DIGITS.search(label):
                    explained |= set(source.locate(label, source.words(passage)))
    found.bare_numerals = []
    for match in _DIGITS.finditer(source.text, source.body.start, source.body.end):
        found.numerals += 1
        run = Passage(*match.span())
        if any(run.within(passage) for passage in explained):
            found.numerals_covered += 1
            continue
        found.bare_numerals.append([match[0], run.start])
        sentence = source.sentence_of(run).text
        problems.append(
            Problem(
                "numerals",
                f"no measurement, period or name stands for “{match[0]}” at {run.start}, in “{sentence}”",
                "Add the measurement; `incsr cite` prints its evidence",
            )
        )


def _measure_sentences(found, problems, source, passages):
    found.bare_sentences = []
    for span in source.spans():
        if span.kind == "heading":
            continue
        found.sentences += 1
        if any(passage.within(span.passage) for passage in passages):
            found.sentences_covered += 1
            continue
        found.bare_sentences.append([span.text, span.passage.start])
        problems.append(
            Problem(
                "sentences",
                f"no fact cites words of the {span.kind} at {span.passage.start}, “{span.text}”",
                "Say in the graph what it says, with its evidence",
            )
        )


def _check_sections(problems, source, sections):
    # The page's structure is a claim like any other: each part of the body is a section, and no other is one.
    claimed = {}
    for section in sections:
        claimed.update(dict.fromkeys(section.passages, section))
    kinds = {span.passage: span.kind for span in source.spans()}
    parts = {**dict.fromkeys(source.paragraphs(), "paragraph"), **kinds}
    for passage in sorted(parts.keys() - claimed.keys()):
        problems.append(
            Problem(
                "sections",
                f"no section is the {parts[passage]} at {passage.start}, “{source.words(passage)}”",
                f"Write a section with cbp:evidence {source.reference(passage)}",
            )
        )
    for passage in sorted(claimed.keys() - parts.keys()):
        if passage.overlaps(source.body):
            claimed[passage].wrong(
                "sections",
                f"“{source.words(passage)}” is no line, paragraph, heading or sentence of the body",
                "Cite the whole part, a heading without its colon",
            )
            problems.append(claimed[passage].problems[-1])


def _measure_words(found, problems, source, passages, reasons):
    used = set()
    found.uncovered = []
    for match in _WORD.finditer(source.text, source.body.start, source.body.end):
        if match[0].lower() in FUNCTION_WORDS:
            continue
        found.words += 1
        word = Passage(*match.span())
        if any(word.overlaps(passage) for passage in passages):
            found.words_covered += 1
            continue
        reason = next((p for p in reasons if word.within(p)), None)
        used.add(reason)
        found.uncovered.append(Uncovered(match[0], *match.span(), reasons[reason][1] if reason else ""))
        if reason is None:
            problems.append(
                Problem(
                    "words",
                    f"no fact covers “{match[0]}” at {word.start}, in “{source.sentence_of(word).text}”",
                    "Add the fact, or the word and its reason to data/source/uncovered.csv",
                )
            )
    for passage, (words, _, place) in reasons.items():
        if source.words(passage) != words:
            problems.append(
                Problem(
                    "words",
                    f"{place}: “{words}” does not stand at {passage.start}",
                    "`incsr cite` prints its offset",
                )
            )
        elif passage not in used:
            problems.append(
                Problem("words", f"{place}: “{words}” is covered by a fact now", "Take the line out")
            )
