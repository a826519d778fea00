"""Thirty questions that were written before and apart from the tools (tests/mcp_questions.csv), and twice
sixteen written later, each set asked once before anything was changed on account of it: an agent that knows
only how to search and query has the right row among its first three for nearly all. docs/agents.md says what
was blind and what was tuned.

The agent is deterministic and knows no question: it searches with the question's own words, asks for the
facts about what it found, and ranks them by how well search and question fit them.
"""

import csv
import re
from decimal import Decimal, InvalidOperation
from pathlib import Path

import inline
import loops
import pytest
from mcp import Client

from incsr.config import settings_from
from incsr.mcp.server import build
from incsr.search.words import STOP, stem, tokens

SETS = {
    # file: (how many questions, how many reach the first three)
    "mcp_questions.csv": (30, 30),
    "mcp_questions_second.csv": (16, 15),
    "mcp_questions_third.csv": (16, 14),
}
FIRST = 3
FITTING = 1.5
# A question for a number wants a figure; any other wants a relation or a thing.
FIGURES = re.compile(
    r"\b(how (many|much|long|far|large|big|often|heavy|frequently|busy)|number|amount|total|value|average|"
    r"count|size|share|percentage|worth|cost|sum|rate|distance|length|weight|quantity|figure|hours|miles|pounds|dollars)\b",
    re.IGNORECASE,
)
ABOUT = """SELECT DISTINCT ?thing ?fact WHERE {{
  VALUES ?thing {{ {things} }}
  {{ ?fact cbp:describes|cbp:indicator|sdmx-dimension:refArea ?thing }} UNION {{ ?fact rdf:subject|rdf:object
  ?thing }}
}}"""
VALUES = """SELECT ?fact ?value ?subject ?object ?about WHERE {{
  VALUES ?fact {{ {facts} }}
  OPTIONAL {{ ?fact sdmx-measure:obsValue|cbp:statedAs ?value }}
  OPTIONAL {{ ?fact rdf:subject|cbp:describes ?subject }} OPTIONAL {{ ?fact rdf:object ?object }}
  OPTIONAL {{ ?fact cbp:indicator ?about }}
}}"""


def stems(text):
    return {stem(word) for word in tokens(text) if word not in STOP}


def number(text):
    """A value as a number, or None where it is words."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


async def called(client, name, **arguments):
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def answered(client, question):
    """The agent's rows, best first: each a fact with its value, the labels of its things, and its
    evidence."""
    hits = (await called(client, "search_terms", text=question, limit=25))["hits"]
    score = {hit["iri"]: hit["score"] for hit in hits}
    things = " ".join(f"<{hit['iri']}>" for hit in hits if hit["kind"] not in ("measurement", "statement"))
    if things:
        found = await called(client, "run_query", query=ABOUT.format(things=things), limit=500)
        for row in found["rows"]:
            thing, fact = row["thing"]["iri"], row["fact"]["iri"]
            words = stems(f"{row['fact'].get('label', '')} {row['thing'].get('label', '')}")
            asked = stems(question)
            share = len(words & asked) / (len(asked) or 1)
            score[fact] = max(score.get(fact, 0), share * score[thing])
    facts = " ".join(f"<{fact}>" for fact in sorted(score, key=score.get, reverse=True)[:25])
    found = await called(client, "run_query", query=VALUES.format(facts=facts), limit=500)
    rows = {}
    for row in found["rows"]:
        fact = row["fact"]["iri"]
        at = rows.setdefault(
            fact, {"values": set(), "words": set(), "evidence": found["evidence"].get(fact, [])}
        )
        at["values"] |= {row["value"]["value"]} if "value" in row else set()
        at["words"] |= {term["label"] for term in row.values() if "label" in term}
    figures, asked = FIGURES.search(question) is not None, stems(question)
    for fact, row in rows.items():
        measured = "/measurement/" in fact
        fits = (figures or not any(map(number, row["values"]))) if measured else not figures
        # What the row says beyond its label counts too: the names of its things, and its words.
        said = stems(" ".join([*row["words"], *(each["quotation"] for each in row["evidence"])]))
        share = len(said & asked) / (len(asked) or 1)
        score[fact] *= FITTING if fits else 1.0
        if not figures:
            score[fact] *= 0.5 + share
    return sorted(rows.items(), key=lambda item: -score[item[0]])


def is_expected(row, question):
    """Whether a row rests on the question's words; a figure must have its value too."""
    start = int(question["start"])
    end = start + len(question["quotation"])
    spans = [tuple(map(int, each["passage"].rsplit("=", 1)[1].split(","))) for each in row["evidence"]]
    rests = any(first < end and start < last for first, last in spans)
    if question["kind"] == "figure":
        return rests and Decimal(question["expected"].replace(",", "")) in {*map(number, row["values"])}
    said = stems(" ".join([*row["words"], *row["values"], *(each["quotation"] for each in row["evidence"])]))
    return rests and stems(question["expected"]) <= said


@pytest.fixture(scope="module")
def places():
    """By set and question: its kind, and the place of the expected row among the agent's, 1 first; None where
    it has none."""
    executor = inline.executor()
    server = build(executor.run, executor.version, settings_from({}))

    async def run():
        found = {}
        async with Client(server) as client:
            for name in SETS:
                with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as lines:
                    asked = list(csv.DictReader(lines))
                found[name] = [(question["kind"], await place(client, question)) for question in asked]
        return found

    return loops.run(run())


async def place(client, question):
    rows = await answered(client, question["question"])
    ranks = [rank for rank, (_, row) in enumerate(rows, 1) if is_expected(row, question)]
    return ranks[0] if ranks else None


@pytest.mark.parametrize(("name", "count"), [(name, count) for name, (count, _) in SETS.items()])
def test_every_question_is_asked(places, name, count):
    assert len(places[name]) == count


@pytest.mark.parametrize(("name", "least"), [(name, least) for name, (_, least) in SETS.items()])
def test_right_row_is_among_the_first_three(places, name, least):
    reached = [rank for _, rank in places[name] if rank is not None and rank <= FIRST]

    by_kind = {kind: [rank for other, rank in places[name] if other == kind] for kind, _ in places[name]}
    print(f"{len(reached)} of {len(places[name])} in the first {FIRST}; {by_kind}")
    assert len(reached) >= least
