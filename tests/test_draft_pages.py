"""What the drafter reaches on pages that it was not written for, as docs/draft.md tells it: no number is
asked for, but the page may not claim another than is reached (`scripts/draft-pages` writes it)."""

from pathlib import Path

import draft_score
import pytest

from incsr.draft import propose

PAGE = Path(__file__).parents[1] / "docs" / "draft.md"


def test_page_tells_what_is_reached():
    told = PAGE.read_text(encoding="utf-8").split(draft_score.BEGIN)[1].split(draft_score.END)[0]

    found = draft_score.scores()

    print(draft_score.table(found))
    assert told == draft_score.table(found)


@pytest.mark.parametrize("path", sorted(draft_score.PAGES.glob("*.txt")), ids=lambda path: path.stem)
def test_proposal_quotes_its_page(path):
    text = path.read_text(encoding="utf-8")

    wrong = [p.quotation for p in propose(text) if text[p.start : p.end] != p.quotation]

    assert wrong == []
