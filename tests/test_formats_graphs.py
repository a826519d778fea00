"""The contract of `formats.chunks` for graphs: the same graph comes back, and people can read it.

Read back by the engine's parsers and by rdflib's.
"""

import io
import json

import pyoxigraph as ox
import pytest
import rdflib
import rdflib.compare
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incsr import formats

E = "http://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
NAMES = ("turtle", "jsonld", "ntriples", "rdfxml", "nquads", "trig")

nodes = st.sampled_from([ox.NamedNode(E + "a"), ox.NamedNode("urn:x:y"), ox.NamedNode(f"{SKOS}Concept")])
blanks = st.sampled_from([ox.BlankNode(name) for name in ("b1", "b2", "b3", "b4")])
predicates = st.sampled_from(
    [
        ox.NamedNode(E + "p"),
        ox.NamedNode(f"{SKOS}prefLabel"),
        ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"),
        ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#first"),
        ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#rest"),
    ]
)
values = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00", min_codepoint=0x20), max_size=8).map(
        ox.Literal
    ),
    st.sampled_from(
        [
            ox.Literal("01", datatype=ox.NamedNode(f"{XSD}integer")),
            ox.Literal("7", datatype=ox.NamedNode(f"{XSD}integer")),
            ox.Literal("1.50", datatype=ox.NamedNode(f"{XSD}decimal")),
            ox.Literal("1.0E6", datatype=ox.NamedNode(f"{XSD}double")),
            ox.Literal("true", datatype=ox.NamedNode(f"{XSD}boolean")),
            ox.Literal("1", datatype=ox.NamedNode(f"{XSD}boolean")),
            ox.Literal("tab\tline\r\n end", language="en"),
            ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#nil"),
        ]
    ),
)
triples = st.builds(ox.Triple, st.one_of(nodes, blanks), predicates, st.one_of(nodes, blanks, blanks, values))
graphs = st.lists(triples, max_size=14, unique=True)


def canonical(quads):
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


def written(name, statements, kind="graph"):
    return b"".join(formats.chunks(formats.negotiate(kind, None, name), statements))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(graph=graphs)
def test_the_same_graph_comes_back(name, graph):
    if name == "rdfxml":
        graph = [triple for triple in graph if not _has_noncharacter(triple.object)]

    data = written(name, graph)

    back = ox.parse(data, format=formats.negotiate("graph", None, name).native)
    assert canonical(back) == canonical(ox.Quad(*triple) for triple in graph)


def _has_noncharacter(term):
    return isinstance(term, ox.Literal) and any(character in term.value for character in "\ufffe\uffff")


@settings(max_examples=60, deadline=None)
@given(graph=graphs)
@pytest.mark.parametrize("profile", ["expanded", "flattened"])
def test_the_same_graph_comes_back_from_other_forms_of_json_ld(profile, graph):
    accept = f'application/ld+json;profile="http://www.w3.org/ns/json-ld#{profile}"'
    format_ = formats.negotiate("graph", accept)

    data = b"".join(formats.chunks(format_, graph))

    assert isinstance(json.loads(data), list)
    back = ox.parse(data, format=ox.RdfFormat.JSON_LD)
    assert canonical(back) == canonical(ox.Quad(*triple) for triple in graph)


@pytest.mark.parametrize("name", ["trig", "nquads", "jsonld"])
@settings(max_examples=60, deadline=None)
@given(graph=graphs, other=graphs)
def test_the_same_dataset_comes_back(name, graph, other):
    quads = [ox.Quad(*triple) for triple in graph]
    quads += [ox.Quad(*triple, ox.NamedNode(E + "g")) for triple in other]

    data = written(name, quads, "dataset")

    back = ox.parse(data, format=formats.negotiate("dataset", None, name).native)
    assert canonical(back) == canonical(quads)


# rdflib's own JSON-LD parser makes a ConjunctiveGraph, which rdflib has deprecated.
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.parametrize(("name", "parser"), [("turtle", "turtle"), ("rdfxml", "xml"), ("jsonld", "json-ld")])
def test_rdflib_reads_the_same_graph(name, parser):
    source = (
        "@prefix e: <http://example.org/> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
        'e:s a skos:Concept ; skos:prefLabel "é"@en , "a\\r\\nb" ;\n'
        "    e:p [ e:q ( 1 2.50 [ e:r e:s ] ) ] , true ."
    )
    wanted = rdflib.Graph().parse(data=source, format="turtle")
    graph = [quad.triple for quad in ox.parse(source, format=ox.RdfFormat.TURTLE)]

    found = rdflib.Graph().parse(data=written(name, graph), format=parser)

    assert rdflib.compare.isomorphic(found, wanted)


READABLE = """\
@prefix agency: <https://w3id.org/incsr/id/agency/> .
@prefix cbp: <https://w3id.org/incsr/cbp#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

agency:cbp
    a cbp:Agency ;
    skos:prefLabel "CBP"@en ;
    <http://example.org/list> ( 1 2 ) ;
    <http://example.org/part> [
        skos:note "once" , "twice"
    ] .

"""


def test_turtle_reads_like_what_people_write():
    graph = [quad.triple for quad in ox.parse(READABLE, format=ox.RdfFormat.TURTLE)]

    assert written("turtle", reversed(graph)).decode() == READABLE[:-1]


def test_a_graph_too_large_to_lay_out_is_streamed_with_the_same_triples(monkeypatch):
    monkeypatch.setattr(formats, "READABLE_TRIPLES", 10)
    graph = [
        ox.Triple(ox.NamedNode(f"{E}s{number}"), ox.NamedNode(E + "p/1#"), ox.BlankNode(f"b{number % 7}"))
        for number in range(5000)
    ]

    chunks = list(formats.chunks(formats.TURTLE, iter(graph)))

    assert len(chunks) > 3
    back = {quad.triple.subject for quad in ox.parse(b"".join(chunks), format=ox.RdfFormat.TURTLE)}
    assert len(back) == 5000


def test_deep_nesting_stays_within_what_parsers_take():
    link = ox.NamedNode(E + "next")
    graph = [ox.Triple(ox.BlankNode(f"n{i}"), link, ox.BlankNode(f"n{i + 1}")) for i in range(3000)]

    data = written("turtle", graph)

    assert max(line.count(b" ") // 4 for line in data.splitlines()) < 30
    assert len(list(ox.parse(data, format=ox.RdfFormat.TURTLE))) == 3000


def test_a_long_list_is_one_pair_of_brackets():
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    graph = [ox.Triple(ox.NamedNode(E + "s"), ox.NamedNode(E + "p"), ox.BlankNode("n0"))]
    for i in range(2000):
        rest = ox.BlankNode(f"n{i + 1}") if i < 1999 else ox.NamedNode(f"{rdf}nil")
        graph.append(ox.Triple(ox.BlankNode(f"n{i}"), ox.NamedNode(f"{rdf}first"), ox.Literal(i)))
        graph.append(ox.Triple(ox.BlankNode(f"n{i}"), ox.NamedNode(f"{rdf}rest"), rest))

    data = written("turtle", graph)

    assert data.count(b"(") == 1 and b"rdf:rest" not in data


@pytest.mark.parametrize("name", ["turtle", "jsonld", "trig"])
@pytest.mark.parametrize(
    "source",
    [
        pytest.param("e:s e:p _:l . e:t e:p _:l . _:l rdf:first 1 ; rdf:rest () .", id="mentioned twice"),
        pytest.param("e:s e:p _:l . _:l rdf:first 1 ; rdf:rest () ; e:q 2 .", id="more than a list"),
        pytest.param("e:s e:p _:l . _:l rdf:first 1 , 2 ; rdf:rest () .", id="two members in one cell"),
        pytest.param("e:s e:p _:l . _:l rdf:first 1 ; rdf:rest _:l .", id="a circle"),
        pytest.param("e:s e:p _:l . _:l rdf:first 1 ; rdf:rest e:t .", id="another end"),
        pytest.param(
            "e:s e:p _:l . _:l rdf:first _:m ; rdf:rest () . _:m rdf:first 1 ; rdf:rest () .", id="nested"
        ),
        pytest.param("_:l rdf:first 1 ; rdf:rest () .", id="mentioned nowhere"),
    ],
)
def test_what_is_no_plain_list_is_not_written_as_one(name, source):
    prefixes = f"@prefix e: <{E}> . @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .\n"
    quads = list(ox.parse(prefixes + source, format=ox.RdfFormat.TURTLE))

    data = written(name, [quad.triple for quad in quads])

    assert canonical(ox.parse(data, format=formats.negotiate("graph", None, name).native)) == canonical(quads)


@pytest.mark.parametrize(
    "iri",
    [E + "p/1", E + "#", "urn:1:2", "http://www.w3.org/1999/02/22-rdf-syntax-ns#li"],
)
def test_rdf_xml_refuses_a_predicate_that_it_cannot_write(iri):
    graph = [ox.Triple(ox.NamedNode(E + "s"), ox.NamedNode(iri), ox.Literal("x"))]

    with pytest.raises(formats.Unwritable, match="predicate") as raised:
        formats.chunks(formats.RDF_XML, graph)

    assert "Turtle" in raised.value.hint


def test_rdf_xml_refuses_a_character_that_xml_does_not_have_before_the_first_byte():
    graph = [
        ox.Triple(ox.NamedNode(E + "s"), ox.NamedNode(E + "p"), ox.Literal("x" * 100)) for _ in range(2000)
    ]
    graph.append(ox.Triple(ox.NamedNode(E + "s"), ox.NamedNode(E + "p"), ox.Literal("a\x01")))

    with pytest.raises(formats.Unwritable, match=r"U\+0001"):
        formats.chunks(formats.RDF_XML, graph)


@pytest.mark.parametrize("format_", [formats.RDF_XML, formats.JSON_LD])
def test_a_triple_term_is_refused_by_formats_that_have_none(format_):
    inner = ox.Triple(ox.NamedNode(E + "s"), ox.NamedNode(E + "p"), ox.Literal("x"))
    graph = [ox.Triple(ox.NamedNode(E + "s"), ox.NamedNode(E + "p"), inner)]

    with pytest.raises(formats.Unwritable, match="triple term"):
        formats.chunks(format_, graph)


def test_turtle_writes_a_triple_term():
    inner = ox.Triple(ox.BlankNode("b"), ox.NamedNode(f"{SKOS}note"), ox.Literal("x", language="en"))
    graph = [
        ox.Triple(ox.NamedNode(E + "s"), ox.NamedNode(E + "p"), inner),
        ox.Triple(ox.BlankNode("b"), ox.NamedNode(E + "p"), ox.Literal(1)),
    ]

    data = written("turtle", graph)

    assert canonical(ox.parse(data, format=ox.RdfFormat.TURTLE)) == canonical(ox.Quad(*t) for t in graph)


def test_json_ld_is_compact_with_a_context_of_the_prefixes_used():
    graph = [
        quad.triple
        for quad in ox.parse(
            "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix e: <http://example.org/> .\n"
            'e:s a skos:Concept ; skos:prefLabel "x"@en ; skos:broader e:t , e:u ; skos:notation 7 , 1.5 .',
            format=ox.RdfFormat.TURTLE,
        )
    ]

    document = json.loads(written("jsonld", graph))

    assert document["@context"]["skos"] == SKOS
    assert document["@context"]["skos:broader"] == {"@id": f"{SKOS}broader", "@type": "@id"}
    assert set(document["@context"]) == {"skos", "xsd", "skos:broader"}
    (node,) = document["@graph"]
    assert node["@type"] == "skos:Concept"
    assert node["skos:broader"] == [E + "t", E + "u"]
    assert 7 in node["skos:notation"]


def test_json_ld_does_not_take_a_scheme_for_a_prefix():
    graph = [ox.Triple(ox.NamedNode("skos:x"), ox.NamedNode(f"{SKOS}broader"), ox.NamedNode("skos:y"))]

    data = written("jsonld", graph)

    assert [quad.triple for quad in ox.parse(data, format=ox.RdfFormat.JSON_LD)] == graph


def test_the_engine_writes_its_own_triples_where_it_is_right():
    store = ox.Store()
    output = io.BytesIO()

    formats.write(formats.N_TRIPLES, store.query(f"CONSTRUCT {{ <{E}s> <{E}p> 1 }} WHERE {{}}"), output)

    assert output.getvalue() == f'<{E}s> <{E}p> "1"^^<{XSD}integer> .\n'.encode()


def test_html_shows_the_triples_of_a_graph():
    graph = [ox.Quad(ox.NamedNode(E + "s"), ox.NamedNode(E + "p"), ox.Literal("<b>"), ox.NamedNode(E + "g"))]

    page = written("html", graph).decode()

    assert "1 triple<" in page and "&lt;b&gt;" in page and '<th scope="col">graph</th>' in page
