"""What the drafter reaches on pages that it was not written for: tests/draft_pages/*.txt, each with a list
of its figures (.csv: value, qualifier, unit, per, period, quotation) that was read from the text by a
person. Holds no test.

`python tests/draft_score.py docs/draft.md` writes the table into the page.
"""

import csv
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from incsr.draft import propose

PAGES = Path(__file__).parent / "draft_pages"
COLUMNS = ("qualifier", "unit", "per", "period")
BEGIN, END = "<!-- scores -->\n", "<!-- /scores -->\n"


@dataclass
class Score:
    """Shares of the listed figures; `precise` is the share of the proposals that are listed."""

    page: str
    figures: int
    proposals: int
    value: float
    qualifier: float
    unit: float
    per: float
    period: float
    all_three: float  # hedge, unit and period together
    precise: float
    missed: list


def scores():
    """The score of each page, by name."""
    return [score(path) for path in sorted(PAGES.glob("*.txt"))]


def score(path):
    """The score of one page: a listed figure is found where a proposal touches its words and has its
    value."""
    text = path.read_text(encoding="utf-8")
    proposals = [p for p in propose(text) if p.printed]
    with path.with_suffix(".csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    used, found, missed = set(), [], []
    for row in rows:
        match = _match(text, row, proposals, used)
        if match is None:
            missed.append(row["quotation"])
        else:
            used.add(id(match))
            found.append((row, match))
    total = len(rows) or 1
    share = {c: sum(getattr(p, c) == (row[c] or "") for row, p in found) / total for c in COLUMNS}
    three = (
        sum(all(getattr(p, c) == row[c] for c in ("qualifier", "unit", "period")) for row, p in found) / total
    )
    return Score(path.stem, len(rows), len(proposals), len(found) / total, **share, all_three=three,
                 precise=len(used) / (len(proposals) or 1), missed=missed)  # fmt: skip


def _match(text, row, proposals, used):
    value, quotation = Decimal(row["value"]), row["quotation"]
    start = text.find(quotation)
    while start >= 0:
        for p in proposals:
            if id(p) not in used and p.value == value and p.start < start + len(quotation) and start < p.end:
                return p
        start = text.find(quotation, start + 1)
    return None


def table(found):
    """The scores as Markdown."""
    lines = [
        "| page | figures | right value | hedge | unit | rate | period | hedge, unit and period "
        "| proposals listed |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for s in found:
        shares = (s.value, s.qualifier, s.unit, s.per, s.period, s.all_three, s.precise)
        lines.append(f"| {s.page} | {s.figures} | " + " | ".join(f"{share:.0%}" for share in shares) + " |")
    return "\n".join(lines) + "\n"


def main(page):
    """Write the table between the marks of a page."""
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    page.write_text(before + BEGIN + table(scores()) + END + after, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
