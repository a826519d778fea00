"""The vocabulary's own promises: every term explained, used, asked for; sound by OWL, with and without data.

What a shape can hold of one term (a label, a definition, `rdfs:isDefinedBy`) is held there too; here stand
the promises that need the questions, the data or a reasoner. The OWL 2 DL profile itself was checked with the
OWL API (see the ontology's comment); these tests hold what would break it: a term undeclared, two kinds of
property in one, reserved vocabulary.
"""

import re
from functools import cache

import owlrl
import pytest
from rdflib import OWL, RDF, RDFS, SKOS, Graph, Literal, Namespace, URIRef
from rdflib.namespace import XSD

from incsr import sources
from incsr.namespaces import BASE, ID, ONTOLOGY, SOURCE_TEXT

CBP = Namespace(f"{ONTOLOGY}#")
QB = Namespace("http://purl.org/linked-data/cube#")
ORG = Namespace("http://www.w3.org/ns/org#")
ERROR = URIRef("http://www.daml.org/2002/03/agents/agent-ont#ErrorMessage")
PROPERTY_KINDS = {OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty}
# Data Cube's constraint IC-4 wants a range of every dimension, and SDMX gives these two this one.
RESERVED_BUT_NEEDED = {
    URIRef("http://purl.org/linked-data/sdmx/2009/dimension#refPeriod"),
    URIRef("http://purl.org/linked-data/sdmx/2009/dimension#refArea"),
}


@cache
def graphs():
    read = sources.graphs([source for source in sources.published() if source.name != "shapes"])
    return {name.rsplit("/", 1)[-1]: sources.rdflib_graph(quads) for name, quads in read.items()}


def ontology():
    return graphs()["ontology"]


@cache
def data():
    union = Graph()
    for name, graph in graphs().items():
        if name != "ontology":
            union += graph
    return union


@cache
def question_texts():
    return {path.stem: path.read_text("utf-8") for path in (sources.root() / "questions").glob("*.rq")}


def terms():
    return sorted({subject for subject in ontology().subjects() if str(subject).startswith(CBP)})


def local(term):
    return str(term).removeprefix(CBP)


TERMS = [pytest.param(term, id=local(term)) for term in terms()]


@pytest.mark.parametrize("term", TERMS)
def test_a_term_says_what_it_is_when_to_use_it_and_shows_an_example(term):
    for predicate in (RDFS.label, SKOS.definition, SKOS.scopeNote, SKOS.example):
        values = list(ontology().objects(term, predicate))
        assert [value.language for value in values] == ["en"], f"{predicate} of {local(term)}"
        assert str(values[0]).strip() == str(values[0]) != ""
    assert list(ontology().objects(term, RDFS.isDefinedBy)) == [URIRef(ONTOLOGY)]


@pytest.mark.parametrize("term", TERMS)
def test_a_definition_can_replace_its_term_because_it_does_not_use_it(term):
    label = str(ontology().value(term, RDFS.label)).casefold()
    definition = str(ontology().value(term, SKOS.definition)).casefold()

    assert not re.search(rf"\b{re.escape(label)}\b", definition)
    assert not definition.endswith(".")


@pytest.mark.parametrize("term", TERMS)
def test_a_term_is_needed_by_the_data(term):
    used = any(
        (pattern in data()) for pattern in ((term, None, None), (None, term, None), (None, None, term))
    )
    # Codes, lists and structures of the vocabulary stand in it; then what the data uses must name them.
    of_used = {
        subject
        for subject in ontology().subjects(None, term)
        if (None, None, subject) in data() or (None, subject, None) in data()
    }

    assert used or of_used, f"nothing uses {local(term)}"


@pytest.mark.parametrize("term", TERMS)
def test_a_term_is_needed_by_a_question(term):
    asking = [name for name, text in question_texts().items() if re.search(rf"\bcbp:{local(term)}\b", text)]

    assert asking, f"no question asks for cbp:{local(term)}"


def test_the_data_and_the_questions_use_no_term_that_is_not_defined():
    used = {term for triple in data() for term in triple if isinstance(term, URIRef) and term in CBP}
    asked = {
        CBP[name] for text in question_texts().values() for name in re.findall(r"\bcbp:([A-Za-z]\w*)", text)
    }

    assert used | asked <= set(terms())


def test_terms_and_codes_are_the_only_things_of_the_base_that_the_ontology_describes():
    described = {str(subject) for subject in ontology().subjects() if isinstance(subject, URIRef)}
    ours = {iri for iri in described if iri.startswith(BASE) and not iri.startswith(str(CBP))}

    assert ours == {ONTOLOGY, f"{ID}period/not-stated", f"{ID}region/not-stated"}


def test_the_version_iri_ends_in_the_version():
    version = str(ontology().value(URIRef(ONTOLOGY), OWL.versionInfo))

    assert str(ontology().value(URIRef(ONTOLOGY), OWL.versionIRI)) == f"{ONTOLOGY}/{version}"


# ── OWL 2 DL ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_property_is_of_exactly_one_kind():
    kinds = {}
    for kind in PROPERTY_KINDS:
        for term in ontology().subjects(RDF.type, kind):
            kinds.setdefault(term, set()).add(kind)

    assert {term: found for term, found in kinds.items() if len(found) != 1} == {}


def test_every_property_and_class_that_the_ontology_uses_is_declared():
    graph = ontology()
    builtin = (str(RDF), str(RDFS), str(OWL), str(XSD))
    properties = set(graph.predicates())
    classes = set(graph.objects(None, RDF.type))
    for predicate in (RDFS.subClassOf, RDFS.domain, RDFS.range, OWL.disjointWith):
        classes |= {value for value in graph.objects(None, predicate) if isinstance(value, URIRef)}

    undeclared = {
        term
        for term in properties
        if not str(term).startswith(builtin) and not PROPERTY_KINDS & set(graph.objects(term, RDF.type))
    } | {
        term
        for term in classes
        if not str(term).startswith(builtin) and (term, RDF.type, OWL.Class) not in graph
    }

    assert undeclared == set()


def test_reserved_vocabulary_is_the_range_of_two_dimensions_and_of_nothing_else():
    odd = {
        subject
        for subject, _, value in ontology().triples((None, RDFS.range, None))
        if value in (RDFS.Resource, RDFS.Literal) or str(value).startswith(str(RDF))
    }

    assert odd == RESERVED_BUT_NEEDED
    assert not list(ontology().triples((None, RDF.type, RDF.Property)))
    assert not list(ontology().triples((None, RDF.type, RDFS.Class)))


# ── Soundness ───────────────────────────────────────────────────────────────────────────────────────────────


def contradictions(*added):
    """The contradictions that OWL 2 RL finds in the ontology with these triples."""
    graph = Graph()
    graph += ontology()
    for graph_or_triple in added:
        graph += graph_or_triple if isinstance(graph_or_triple, Graph) else [graph_or_triple]
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    return [str(text) for node in graph.subjects(RDF.type, ERROR) for text in graph.objects(node)]


def test_ontology_and_published_data_are_consistent():
    relations = Graph()
    for triple in data():
        # Words, numbers and passages contradict nothing, and would make a minute of seconds.
        if not isinstance(triple[2], Literal) and SOURCE_TEXT not in triple[0]:
            relations.add(triple)

    assert contradictions(relations) == []


@pytest.mark.parametrize(
    "triples",
    [
        pytest.param(
            [
                (URIRef(f"{ID}agency/x"), RDF.type, CBP.Agency),
                (URIRef(f"{ID}agency/x"), RDF.type, CBP.Office),
            ],
            id="an agency that is an office",
        ),
        pytest.param(
            [
                (URIRef(f"{ID}measurement/x"), CBP.describes, URIRef(f"{ID}agency/x")),
                (URIRef(f"{ID}measurement/x"), RDF.type, CBP.Program),
            ],
            id="a figure that is a program",
        ),
        pytest.param(
            [
                (URIRef(f"{ID}program/x"), CBP.administeredBy, URIRef(f"{ID}program/y")),
                (URIRef(f"{ID}program/y"), RDF.type, CBP.Program),
            ],
            id="a program that a program administers",
        ),
        pytest.param([(CBP.Exactly, OWL.sameAs, CBP.MoreThan)], id="two hedges that are one"),
    ],
)
def test_a_contradiction_is_found(triples):
    assert contradictions(*triples) != []


def test_what_the_axioms_entail_is_written_since_no_reasoner_runs():
    graph = ontology() + data()
    missing = set()
    for narrow, wide in ontology().subject_objects(RDFS.subClassOf):
        # One step: the standard class beside ours; its own superclasses are the standard's affair.
        for thing in graph.subjects(RDF.type, narrow) if narrow in CBP else ():
            if (thing, RDF.type, wide) not in graph:
                missing.add((thing, wide))
    for predicate, place in ((RDFS.domain, 0), (RDFS.range, 2)):
        for prop, kind in ontology().subject_objects(predicate):
            if not isinstance(kind, URIRef) or kind == RDFS.Resource or str(kind).startswith(str(XSD)):
                continue
            for triple in graph.triples((None, prop, None)):
                if (triple[place], RDF.type, kind) not in graph and not derivable(graph, triple[place], kind):
                    missing.add((triple[place], predicate, prop, kind))

    assert missing == set()


def derivable(graph, thing, kind):
    """Whether a written type of the thing is the kind by subclass axioms alone."""
    types = graph.objects(thing, RDF.type)
    return any(kind in ontology().transitive_objects(written, RDFS.subClassOf) for written in types)
