"""Our validator reports what pySHACL reports, result by result, as often: on what is published and on slips.

The defect files are compared in tests/test_shapes.py, where pySHACL validates them anyway; the components one
by one in tests/test_validation_components.py. Here whole graphs are compared, with slips that no author of a
defect file thought of: each seed is another graph. VALIDATION_SEEDS says how many, for a longer run.
"""

import functools
import os
import subprocess
import sys
import time
import warnings
from collections import Counter

import pytest
from mutated import mutated
from test_shapes import shapes, valid

from incsr import sources
from incsr.namespaces import PREFIXES
from incsr.validation import SHAPES_GRAPH, accelerated, data_triples, indexed, judged, read, shacl
from incsr.validation.index import Unsupported

SEEDS = range(int(os.environ.get("VALIDATION_SEEDS", "8")))
# What is reckoned with and compared: most slips there are left to pySHACL, which often breaks off.
RECKONED = {
    PREFIXES[prefix] + name
    for prefix, name in (
        ("cbpsh", "predicate"),
        ("oa", "start"),
        ("oa", "end"),
        ("sdmx-measure", "obsValue"),
        ("cbp", "roundedTo"),
    )
}


@functools.cache
def published():
    return sources.graphs()


def compared(data):
    """The results of both validators; None for ours where it leaves the data to the reference."""
    with warnings.catch_warnings(action="ignore"):
        try:
            ours = Counter(accelerated.results(data, shapes()))
        except Unsupported:
            ours = None
        try:
            theirs = Counter(shacl.results(data, shapes()))
        except shacl.ValidationError:
            theirs = None
    return ours, theirs


@pytest.mark.parametrize("seed", SEEDS)
def test_slips_are_told_as_the_reference_tells_them(seed):
    data = mutated(data_triples(valid(), sources.texts()), seed, slips=50, spared=RECKONED)

    ours, theirs = compared(data)

    assert ours == theirs
    assert ours.total() > 20


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_slips_in_numbers_are_told_as_the_reference_tells_them_or_left_to_it(seed):
    data = mutated(data_triples(valid(), sources.texts()), seed, slips=12)
    numbers = [quad for quad in data if quad.predicate.value in RECKONED]
    rest = [quad for quad in data if quad.predicate.value not in RECKONED]

    ours, theirs = compared(mutated(numbers, seed, slips=2) + rest)

    assert ours is None or ours == theirs


def test_the_published_data_conforms_to_both():
    assert compared(data_triples(published(), sources.texts())) == (Counter(), Counter())


def test_slips_in_the_published_data_are_told_as_the_reference_tells_them():
    data = mutated(data_triples(published(), sources.texts()), 2014, slips=300, spared=RECKONED)

    ours, theirs = compared(data)

    assert ours == theirs
    assert ours.total() > 200


def test_the_published_data_is_validated_without_loading_pyshacl_or_rdflib():
    program = (
        "import sys; from incsr.cli import main; code = main(['validate']);"
        "print(code, sorted({'pyshacl', 'rdflib'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "0 []"


def test_data_that_is_indexed_is_validated_in_some_times_the_time_that_indexing_takes():
    graphs = published()
    rules = read(graphs[SHAPES_GRAPH])
    indexing, judging = [], []

    for _ in range(7):
        begun = time.perf_counter()
        index = indexed(graphs, sources.texts(), leave=SHAPES_GRAPH)
        between = time.perf_counter()
        report = judged(index, rules)
        ended = time.perf_counter()
        indexing.append(between - begun)
        judging.append(ended - between)

    assert report.conforms
    # Twice on an idle machine, where pySHACL takes a hundred times; `make bench` has the milliseconds.
    assert min(judging) < 6 * min(indexing)
