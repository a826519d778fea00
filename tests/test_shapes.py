"""Each shape catches its defect, and nothing else does: the contract of shapes/ and tests/shapes/.

A defect file says in its header which property shape, node shape or SPARQL constraint it breaks. It is
validated in the company of tests/shapes/valid.ttl, which conforms, and of the ontology. Files whose things
neither meet each other nor take the place of another's are validated in one data graph, since pySHACL takes
seconds a run; every result is then traced to the file whose thing it is about. So a file that broke a second
rule, or another file's thing, would be seen. Our own validator finds the same results, file by file.
"""

import functools
import re
from collections import Counter
from pathlib import Path

import pyoxigraph as ox
import pytest

from incsr import sources
from incsr.namespaces import GRAPH, PREFIXES
from incsr.validation import accelerated, company, data_triples, shacl
from incsr.validation.locate import owners

FOLDER = Path(__file__).parent / "shapes"
DEFECTS = sorted(path for path in FOLDER.glob("*.ttl") if path.name != "valid.ttl")
HEADER = re.compile(r"^# (defect|reports|graph): +(.+)$", re.MULTILINE)


def header(path):
    return dict(HEADER.findall(path.read_text(encoding="utf-8")))


@functools.cache
def published():
    return {source.name: source for source in sources.published()}


@functools.cache
def shapes():
    return list(sources.quads(published()["shapes"]))


def read(path):
    """The quads of a defect file, in the graph that its header names if it names one."""
    graph = header(path).get("graph")
    return list(sources.quads_of_file(path)), GRAPH + graph if graph else None


@functools.cache
def valid():
    ontology = published()["ontology"]
    joined = company.join(
        {ontology.graph: list(sources.quads(ontology))}, [(None, sources.quads_of_file(FOLDER / "valid.ttl"))]
    )
    return joined.graphs


def things(quads):
    return {quad.subject for quad in quads if isinstance(quad.subject, ox.NamedNode)}


def validated(paths):
    """For each file, the results of both validators on its things; under None, on anything else."""
    graphs, of = valid(), {}
    for path in paths:
        quads, graph = read(path)
        of |= dict.fromkeys((thing.value for thing in things(quads)), path)
        graphs = company.join(graphs, [(None, quads)], graph).graphs
    owned = {
        label: owner for label, (owner, _) in owners(q for part in graphs.values() for q in part).items()
    }
    found = {path: (Counter(), Counter()) for path in [*paths, None]}
    data = data_triples(graphs, sources.texts())
    for at, validator in enumerate((shacl, accelerated)):
        for result in validator.results(data, shapes()):
            thing = owned.get(result.focus.value, result.focus.value)
            found[of.get(thing)][at][result] += 1
    return found


@functools.cache
def batches():
    """The files, in as few groups as keep each thing described once."""
    groups, alone = [], []
    taken = things(quad for part in valid().values() for quad in part)
    for path in DEFECTS:
        own = things(read(path)[0])
        if own & taken:
            alone.append([path])
            continue
        for group in groups:
            if not own & group[1]:
                group[0].append(path)
                group[1].update(own)
                break
        else:
            groups.append(([path], set(own)))
    return [group[0] for group in groups] + alone


@functools.cache
def all_results():
    found = {None: (Counter(), Counter())}
    for batch in batches():
        for path, (theirs, ours) in validated(batch).items():
            before = found.get(path, (Counter(), Counter()))
            found[path] = (before[0] + theirs, before[1] + ours)
    return found


def broken_rules(path):
    return {result.shape for result in all_results()[path][0]}


def test_the_valid_file_conforms():
    data = data_triples(valid(), sources.texts())

    results = list(shacl.results(data, shapes()))

    assert results == []
    assert accelerated.results(data, shapes()) == []


@pytest.mark.parametrize("path", DEFECTS, ids=lambda path: path.stem)
def test_a_defect_file_breaks_the_one_rule_that_it_names(path):
    rule = header(path)["reports"].replace("cbpsh:", PREFIXES["cbpsh"])

    assert broken_rules(path) == {rule}


@pytest.mark.parametrize("path", DEFECTS, ids=lambda path: path.stem)
def test_our_validator_finds_in_a_defect_file_what_the_reference_finds(path):
    theirs, ours = all_results()[path]

    assert ours == theirs
    assert ours


def test_no_defect_file_breaks_a_rule_of_anything_else():
    assert all_results()[None] == (Counter(), Counter())


def test_every_rule_has_a_defect_file():
    named = {header(path)["reports"].replace("cbpsh:", PREFIXES["cbpsh"]) for path in DEFECTS}

    assert named == shacl.shape_iris(shapes())


def test_every_class_and_property_of_the_ontology_is_constrained():
    kinds = {PREFIXES["owl"] + kind for kind in ("Class", "ObjectProperty", "DatatypeProperty")}
    terms = {
        quad.subject.value
        for quad in sources.quads(published()["ontology"])
        if quad.object.value in kinds and quad.subject.value.startswith(PREFIXES["cbp"])
    }
    targets = {
        PREFIXES["sh"] + name
        for name in ("path", "targetClass", "targetSubjectsOf", "in", "hasValue", "class")
    }

    spoken = {quad.object.value for quad in shapes() if quad.predicate.value in targets}
    listed = {quad.object.value for quad in shapes() if quad.predicate.value == PREFIXES["rdf"] + "first"}

    assert terms - spoken - listed == set()
