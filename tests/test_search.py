"""Search finds the thing that a person means, also with a typing error, and puts it first."""

import pytest

from incsr.search import Entry, Index
from incsr.search.words import distance, stem, synonyms, tokens


def entry(name, *texts, kind="figure", boost=1.0):
    return Entry(f"urn:{name}", kind, name, f"/{name}", tuple((1.0, text) for text in texts), boost=boost)


@pytest.fixture(scope="module")
def index():
    return Index(
        [
            entry("guatemala", "240 in Guatemala", "trainees Border Patrol law enforcement training"),
            entry("honduras", "50 in Honduras", "trainees Border Patrol law enforcement training"),
            entry("drugs", "more than 759,000 pounds of drugs", "drugs seized"),
            entry("border-patrol", "Office of Border Patrol", kind="office"),
            entry("lima", "Lima", "International Law Enforcement Academy, Lima", kind="academy"),
        ]
    )


@pytest.mark.parametrize(
    ("text", "first"),
    [
        pytest.param("trained in Guatemala", "guatemala", id="other form of the word"),
        pytest.param("guatamala", "guatemala", id="one wrong letter"),
        pytest.param("Hondruas", "honduras", id="two letters swapped"),
        pytest.param("759000", "drugs", id="number without separators"),
        pytest.param("759,000 pounds", "drugs", id="number as printed"),
        pytest.param("guat", "guatemala", id="beginning of a word"),
        pytest.param(
            "how many people did the Border Patrol train in Guatemala?", "guatemala", id="whole question"
        ),
    ],
)
def test_search_puts_first_what_is_meant(index, text, first):
    hits = index.search(text)

    assert hits[0].entry.title == first


def test_search_keeps_to_the_kind_asked_for(index):
    hits = index.search("law enforcement", kind="academy")

    assert [hit.entry.title for hit in hits] == ["lima"]


@pytest.mark.parametrize("text", ["", "   ", "the of in", "zzzzqqq", "'\"<>&;--"])
def test_search_finds_nothing_where_nothing_is_meant(index, text):
    assert index.search(text) == []


def test_words_of_one_family_meet_in_one_stem():
    assert {stem(word) for word in ("trained", "training", "trainees", "trains", "train")} == {"train"}


def test_countering_is_not_counting():
    assert {stem(word) for word in ("counter", "counters", "countering")} == {"counter"}
    assert stem("counted") == stem("count") == "count"
    assert "count" not in synonyms("counter")


def test_tokens_keep_numbers_whole():
    assert tokens("$8.76 billion, 117,103 and the nation\u2019s FY2012") == [
        "8.76", "billion", "117103", "and", "the", "nation", "fy", "2012",
    ]


def test_distance_counts_a_swap_as_one_edit():
    assert distance("hondruas", "honduras", 2) == 1
    assert distance("lima", "guatemala", 2) == 3
