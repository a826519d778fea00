"""What the Data Cube's integrity constraints are spared changes nothing of what they find.

They run on the triples that can concern them, and IC-12 only where keys cannot rule duplicates out; the same
constraints on everything, with every query asked, are the measure.
"""

import functools
from collections import Counter

import pyoxigraph as ox
import pytest
from mutated import mutated
from test_validate import BREACHES, COLLECTED, CUBE, INVERSE_TREE, LISTED, MEASURED, SLICED, TREE, parsed

from incsr import sources
from incsr.namespaces import PREFIXES
from incsr.validation import Index, cube, data_triples, duplicates

CUBES = {
    "a sliced cube": SLICED,
    "a listed cube": LISTED,
    "a cube with a collection": COLLECTED,
    "a hierarchy": TREE,
    "a hierarchy by the inverse property": INVERSE_TREE,
    "a measure dimension": MEASURED,
    **{f"a breach of {name}": text for name, (text, _) in BREACHES.items()},
}


@functools.cache
def published():
    return data_triples(sources.graphs(), {})


def found(data):
    return Counter(str(result) for result in cube.breaches(Index.of(data)))


def found_in_full(data, monkeypatch):
    """What the constraints find on all triples, each of them asked."""
    with monkeypatch.context() as full:
        full.setattr(cube, "relevant", lambda index: [index.triple(row) for row in index.rows])
        full.setattr(duplicates, "are_excluded", lambda store: False)
        return found(data)


@pytest.mark.parametrize("text", CUBES.values(), ids=CUBES)
def test_the_constraints_find_the_same_on_what_concerns_them(text, monkeypatch):
    data = parsed(text)

    assert found(data) == found_in_full(data, monkeypatch)


@pytest.mark.parametrize("seed", range(4))
def test_the_constraints_find_the_same_on_published_data_with_slips(seed, monkeypatch):
    data = mutated(published(), seed, slips=400)

    some = found(data)

    assert some == found_in_full(data, monkeypatch)
    assert some.total() > 10


def test_most_of_the_published_data_concerns_no_cube():
    index = Index.of(published())

    assert len(cube.relevant(index)) < len(index.rows) / 4


@pytest.mark.parametrize(
    ("more", "excluded"),
    [
        pytest.param("", True, id="one observation"),
        pytest.param("ex:two qb:dataSet ex:set ; ex:about ex:b .", True, id="another key"),
        pytest.param("ex:two qb:dataSet ex:set ; ex:about ex:a .", False, id="the same key"),
        pytest.param("ex:two qb:dataSet ex:set .", False, id="a missing value"),
        pytest.param(
            "ex:two qb:dataSet ex:set ; ex:about 1 .", False, id="a literal, which may equal another"
        ),
        pytest.param("ex:two qb:dataSet ex:set ; ex:about ex:b , ex:c .", False, id="two values"),
    ],
)
def test_keys_rule_duplicates_out_only_where_they_can(more, excluded):
    store = cube.normalized(parsed(CUBE + more))

    assert duplicates.are_excluded(store) is excluded


def test_a_literal_is_ill_typed_as_often_as_it_stands_so():
    text = CUBE + 'ex:one ex:note "x"^^xsd:integer , "y"^^xsd:date . ex:two ex:note "x"^^xsd:integer .'

    told = [result for result in cube.results(parsed(text)) if result.shape == PREFIXES["cbpsh"] + "IC-0"]

    assert Counter(result.value for result in told) == {
        ox.Literal("x", datatype=ox.NamedNode(PREFIXES["xsd"] + "integer")): 2,
        ox.Literal("y", datatype=ox.NamedNode(PREFIXES["xsd"] + "date")): 1,
    }
