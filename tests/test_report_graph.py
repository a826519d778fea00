"""What the report's graph promises beyond the evidence of each fact (`incsr verify`) and its shape.

A name is printed or says that it was completed; what is part of what is written from both sides; the sections
are the page, whole and in order; a figure has everything that a reader needs to use it.
"""

from functools import cache
from itertools import pairwise

import pytest
from rdflib import DCTERMS, RDF, RDFS, SKOS, Namespace, URIRef

from incsr import sources
from incsr.namespaces import BASE, ID, ONTOLOGY, PREFIXES, SOURCE_TEXT

CBP = Namespace(f"{ONTOLOGY}#")
ORG = Namespace(PREFIXES["org"])
QB = Namespace(PREFIXES["qb"])
SCHEMA = Namespace(PREFIXES["schema"])
DIMENSION = Namespace(PREFIXES["sdmx-dimension"])
MEASURE = Namespace(PREFIXES["sdmx-measure"])
ATTRIBUTE = Namespace(PREFIXES["sdmx-attribute"])
REPORT = URIRef(f"{ID}report/2014-cbp")
BODY = (104, 6249)

# What ties a figure, an indicator or a section to its parts is no relation that a sentence states.
TIES_OF_THE_MODEL = {"describes", "indicator", "qualifier", "per", "counts", "evidence", "performedBy"}


@cache
def graph():
    (source,) = [source for source in sources.published() if source.name == "incsr2014"]
    (quads,) = sources.graphs([source]).values()
    return sources.rdflib_graph(quads)


def text():
    return sources.texts()[SOURCE_TEXT]


def span(passage):
    start, end = str(passage).rpartition("#char=")[2].split(",")
    return int(start), int(end)


def section_span(section):
    (passage,) = graph().objects(section, CBP.evidence)
    return span(passage)


def parts(whole):
    found = graph().subjects(DCTERMS.isPartOf, whole)
    return sorted(
        (int(graph().value(part, SCHEMA.position)), part)
        for part in found
        if (part, RDF.type, CBP.Section) in graph()
    )


def test_a_name_is_printed_on_the_page_or_says_how_it_was_completed():
    unprinted = {
        (str(thing), str(name))
        for predicate in (SKOS.prefLabel, SKOS.altLabel, RDFS.label)
        for thing, name in graph().subject_objects(predicate)
        if str(name) not in text() and (thing, SKOS.editorialNote, None) not in graph()
    }

    assert unprinted == set()


def test_label_and_preferred_label_are_one():
    named = set(graph().subjects(SKOS.prefLabel))

    assert named == set(graph().subjects(RDFS.label))
    assert all(graph().value(thing, SKOS.prefLabel) == graph().value(thing, RDFS.label) for thing in named)


def test_part_and_whole_name_each_other():
    below = set(graph().subject_objects(ORG.subOrganizationOf))
    above = {(part, whole) for whole, part in graph().subject_objects(ORG.hasSubOrganization)}

    assert below == above != set()


def test_a_statement_and_its_triple_stand_together():
    stated = {
        tuple(graph().value(statement, part) for part in (RDF.subject, RDF.predicate, RDF.object))
        for statement in graph().subjects(RDF.type, RDF.Statement)
    }
    relations = {
        triple
        for triple in graph()
        if str(triple[1]).startswith(CBP)
        and str(triple[1]).removeprefix(CBP) not in TIES_OF_THE_MODEL
        and isinstance(triple[2], URIRef)
    } | set(graph().triples((None, ORG.subOrganizationOf, None)))

    assert {triple for triple in stated if triple not in graph()} == set()
    assert relations - stated == set()


def test_a_statement_is_of_one_subject_one_predicate_and_one_object():
    for statement in graph().subjects(RDF.type, RDF.Statement):
        for part in (RDF.subject, RDF.predicate, RDF.object):
            assert len(list(graph().objects(statement, part))) == 1, statement


@pytest.mark.parametrize(
    ("data_set", "count", "needed"),
    [
        pytest.param(
            "incsr2014", 47, (MEASURE.obsValue, ATTRIBUTE.unitMeasure, CBP.qualifier), id="in figures"
        ),
        pytest.param("incsr2014-in-words", 7, (CBP.statedAs, ATTRIBUTE.unitMeasure), id="in words"),
    ],
)
def test_a_measurement_is_complete(data_set, count, needed):
    measurements = set(graph().subjects(QB.dataSet, URIRef(f"{ID}dataset/{data_set}")))
    dimensions = (CBP.describes, CBP.indicator, DIMENSION.refPeriod, DIMENSION.refArea)

    assert len(measurements) == count
    for measurement in measurements:
        assert {CBP.Measurement, QB.Observation} == set(graph().objects(measurement, RDF.type))
        for predicate in (*dimensions, *needed, CBP.quotation):
            assert len(list(graph().objects(measurement, predicate))) == 1, f"{predicate} of {measurement}"
        assert list(graph().objects(measurement, CBP.evidence)) != []


def test_no_two_measurements_of_a_data_set_answer_the_same_question():
    keys = {}
    for measurement in graph().subjects(RDF.type, CBP.Measurement):
        parts_of_key = (QB.dataSet, CBP.describes, CBP.indicator, DIMENSION.refPeriod, DIMENSION.refArea)
        key = tuple(graph().value(measurement, predicate) for predicate in parts_of_key)
        keys.setdefault(key, []).append(measurement)

    assert [same for same in keys.values() if len(same) > 1] == []


def test_a_passage_that_is_not_the_figures_own_words_is_explained():
    for measurement in graph().subjects(RDF.type, CBP.Measurement):
        if len(list(graph().objects(measurement, CBP.evidence))) > 1:
            assert (measurement, SKOS.editorialNote, None) in graph(), measurement


# ── The page's structure ────────────────────────────────────────────────────────────────────────────────────


def test_the_sections_of_the_report_are_the_whole_file_in_order():
    sections = parts(REPORT)
    spans = [section_span(section) for _, section in sections]

    assert [position for position, _ in sections] == list(range(1, len(sections) + 1))
    assert spans[0][0] == 0 and spans[-1][1] == len(text())
    for (_, end), (start, _) in pairwise(spans):
        assert end <= start and text()[end:start].strip() == ""


def test_the_navigation_is_what_stands_before_and_after_the_body():
    navigation = sorted(section_span(section) for section in graph().subjects(RDF.type, CBP.Navigation))

    assert navigation == [(0, BODY[0]), (BODY[1], len(text()))]


def test_a_paragraph_is_its_heading_and_its_sentences_in_order():
    paragraphs = list(graph().subjects(RDF.type, CBP.Paragraph))

    assert len(paragraphs) == 14
    for paragraph in paragraphs:
        start, end = section_span(paragraph)
        sections = parts(paragraph)
        spans = [section_span(section) for _, section in sections]
        assert [position for position, _ in sections] == list(range(1, len(sections) + 1))
        assert spans[0][0] == start and spans[-1][1] == end
        for (_, before), (after, _) in pairwise(spans):
            assert text()[before:after] in (" ", ": ")
        kinds = [set(graph().objects(section, RDF.type)) for _, section in sections]
        assert all(CBP.Sentence in kind for kind in kinds[1:])
        assert kinds[0] & {CBP.Heading, CBP.Sentence}


def test_a_section_is_of_one_kind_and_quotes_itself():
    for section in graph().subjects(RDF.type, CBP.Section):
        kinds = set(graph().objects(section, RDF.type)) - {CBP.Section}
        assert len(kinds & {CBP.Heading, CBP.Paragraph, CBP.Sentence, CBP.Navigation}) == 1, section
        start, end = section_span(section)
        assert str(graph().value(section, CBP.quotation)) == text()[start:end]


def test_every_figure_stands_in_a_sentence_of_the_body():
    sentences = [section_span(sentence) for sentence in graph().subjects(RDF.type, CBP.Sentence)]

    for measurement in graph().subjects(RDF.type, CBP.Measurement):
        words = str(graph().value(measurement, CBP.quotation))
        own = [
            span(passage)
            for passage in graph().objects(measurement, CBP.evidence)
            if text()[slice(*span(passage))] == words
        ]
        assert len(own) == 1, measurement
        assert sum(start <= own[0][0] and own[0][1] <= end for start, end in sentences) == 1, measurement


# ── The file ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_file_binds_only_prefixes_of_the_project_and_the_base():
    (source,) = [source for source in sources.published() if source.name == "incsr2014"]
    lines = source.paths[0].read_text("utf-8").splitlines()
    bound = dict(line.split()[1:3] for line in lines if line.startswith("@prefix"))

    assert f"@base            <{BASE}> ." in lines
    assert {name.rstrip(":"): iri.strip("<>") for name, iri in bound.items()}.items() <= PREFIXES.items()
