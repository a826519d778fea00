"""What `incsr.sources` promises: each file is one named graph, read whole or refused with its place."""

import pyoxigraph as ox
import pytest

from incsr import sources
from incsr.namespaces import BASE, GRAPH, PREFIXES


def written(folder, name, text):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_published_graphs_come_in_their_order_with_their_names():
    names = [source.name for source in sources.published()]

    assert names[:7] == ["ontology", "shapes", "incsr2014", "passages", "links", "derived", "context"]
    assert all(source.graph == GRAPH + source.name for source in sources.published())


def test_a_further_file_of_data_is_a_further_graph(tmp_path):
    (tmp_path / "data").mkdir()
    written(tmp_path, "data/incsr2015.ttl", "")
    written(tmp_path, "data/context.ttl", "")

    assert [source.graph for source in sources.published(tmp_path)] == [
        GRAPH + "context",
        GRAPH + "incsr2015",
    ]


def test_the_files_inside_the_package_come_before_those_of_a_checkout(tmp_path, monkeypatch):
    package = tmp_path / "checkout" / "incsr"
    (package / "published" / "data").mkdir(parents=True)
    (tmp_path / "checkout" / "data").mkdir()
    monkeypatch.setattr(sources, "PACKAGE", package)

    assert sources.root() == package / "published"


def test_without_a_package_or_checkout_the_missing_files_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "PACKAGE", tmp_path / "incsr")

    with pytest.raises(sources.SourceError, match="published files"):
        sources.root()


def test_the_source_text_keeps_every_character():
    texts = sources.texts()

    text = texts[f"{BASE}source/incsr2014-cbp.txt"]
    assert len(text) == 6603
    assert text[980:1013] == "more than 759,000 pounds of drugs"


def test_a_source_text_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "data" / "source").mkdir(parents=True)
    written(tmp_path, "data/source/page.txt", b"na\xefve")

    with pytest.raises(sources.SourceError, match="not UTF-8 at byte 2"):
        sources.texts(tmp_path)


@pytest.mark.parametrize(
    ("text", "line", "column", "token"),
    [
        pytest.param("@prefix a: <http://a/> .\na:b a:c d:e .\n", 2, 9, "d:e", id="an undeclared prefix"),
        pytest.param(
            "<http://a> <http://b> ;\n  <http://c> .\n", 1, 23, ";", id="a predicate without an object"
        ),
        pytest.param(
            '<http://a> <http://b> "\n" .\n', 1, 24, "end of line", id="a string that its line does not end"
        ),
        pytest.param(b'<http://a> <http://b> "\xff" .\n', 1, 24, "\ufffd", id="a byte that is not UTF-8"),
        pytest.param(
            "<http://a> <http://b> <http://c>\n", 2, 1, "end of file", id="a last full stop that is missing"
        ),
    ],
)
def test_an_ill_formed_file_is_refused_with_line_column_and_token(tmp_path, text, line, column, token):
    path = written(tmp_path, "broken.ttl", text)

    with pytest.raises(sources.SourceError) as caught:
        list(sources.quads_of_file(path))

    error = caught.value
    assert (error.path, error.line) == (path, line)
    assert error.column == column
    assert error.token == token
    assert str(path) in str(error) and f":{line}:" in str(error)


def test_a_missing_file_is_refused_with_its_name(tmp_path):
    with pytest.raises(sources.SourceError, match=r"nowhere\.ttl: cannot be read"):
        list(sources.quads_of_file(tmp_path / "nowhere.ttl"))


def test_a_file_whose_name_announces_no_format_is_refused(tmp_path):
    with pytest.raises(sources.SourceError, match=r"use one of \.ttl"):
        list(sources.quads_of_file(written(tmp_path, "data.csv", "a,b")))


def test_triples_come_in_the_graph_and_named_graphs_keep_their_name(tmp_path):
    path = written(tmp_path, "two.trig", "<http://a> <http://b> 1 . <http://g> { <http://a> <http://b> 2 }")

    graphs = {
        quad.object.value: quad.graph_name.value for quad in sources.quads_of_file(path, GRAPH + "links")
    }

    assert graphs == {"1": GRAPH + "links", "2": "http://g"}


def test_blank_nodes_of_two_files_stay_apart(tmp_path):
    paths = [written(tmp_path, f"{name}.ttl", "_:x <http://b> 1 .") for name in "ab"]

    nodes = {quad.subject for path in paths for quad in sources.quads_of_file(path)}

    assert len(nodes) == 2


def test_rdflib_gets_every_term_as_it_was_written(tmp_path):
    text = (
        '<http://a> <http://b> "01"^^<http://www.w3.org/2001/XMLSchema#integer> , "x"@en , "x" , _:n , 1.50 .'
    )
    quads = list(sources.quads_of_file(written(tmp_path, "terms.ttl", text)))

    graph = sources.rdflib_graph(quads)

    assert sorted(term.n3() for term in graph.objects() if not term.n3().startswith("_:")) == sorted(
        [
            '"01"^^<http://www.w3.org/2001/XMLSchema#integer>',
            '"x"@en',
            '"x"',
            '"1.50"^^<http://www.w3.org/2001/XMLSchema#decimal>',
        ]
    )
    assert len(graph) == 5
    assert dict(graph.namespaces())["cbp"].toPython() == PREFIXES["cbp"]


def test_graphs_are_read_whole():
    graphs = sources.graphs()

    assert set(graphs) == {source.graph for source in sources.published()}
    for graph, quads in graphs.items():
        assert quads
        assert {quad.graph_name for quad in quads} == {ox.NamedNode(graph)}


def test_a_prefixed_name_stands_for_its_iri():
    assert sources.iri("cbp:Office") == f"{BASE}cbp#Office"
