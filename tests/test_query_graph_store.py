"""PUT, POST and DELETE on one graph: statuses, and nothing changed by what can not be read.

Source: SPARQL 1.1 Graph Store HTTP Protocol, sections 5.3 to 5.5.
"""

import pytest
from query_cases import quads, rows, turtle, union_is_in_step, view_of

from incsr.messages import Payload, WriteJob
from incsr.query.evaluate import apply
from incsr.store import UNION

A, NEW = "http://example.org/graph/a", "http://example.org/graph/new"


@pytest.fixture
def view():
    return view_of(":own :p 0 . g:a { :s :p 1 . :t :p 2 . } g:b { :s :p 1 . }")


def change(view, operation, graph=None, *payloads):
    return apply(view, WriteJob(operation, graph=graph, payloads=payloads))


def test_put_makes_a_graph_of_just_these_triples(view):
    assert change(view, "put", A, turtle(":s :p 3 .")).status == 204
    assert change(view, "put", NEW, turtle(":s :p 4 .")).status == 201

    assert quads(view) == [
        "own p 0 integer",
        "s p 1 integer graph/b",
        "s p 3 integer graph/a",
        "s p 4 integer graph/new",
    ]
    assert union_is_in_step(view)


def test_post_adds_to_a_graph_all_of_its_documents(view):
    assert change(view, "post", A, turtle(":s :p 3 ."), turtle(":s :p 4 .")).status == 204
    assert change(view, "post", NEW, turtle(":n :p 1 .")).status == 201

    assert len([quad for quad in quads(view) if quad.endswith("graph/a")]) == 4
    assert union_is_in_step(view)


def test_delete_takes_a_graph_away_and_the_union_keeps_what_another_has(view):
    assert change(view, "delete", A).status == 204
    assert change(view, "delete", A).status == 404

    assert quads(view) == ["own p 0 integer", "s p 1 integer graph/b"]
    assert rows(view, "SELECT ?s ?o { ?s :p ?o }") == [("own", "0 integer"), ("s", "1 integer")]
    assert union_is_in_step(view)


def test_the_default_graph_is_always_there(view):
    assert change(view, "put", None, turtle(":d :p 5 .")).status == 204
    assert change(view, "post", None, turtle(":e :p 6 .")).status == 204
    assert [quad for quad in quads(view) if "graph/" not in quad] == ["d p 5 integer", "e p 6 integer"]
    assert change(view, "delete", None).status == 204
    assert [quad for quad in quads(view) if "graph/" not in quad] == []
    assert union_is_in_step(view)


def test_an_empty_document_makes_an_empty_graph(view):
    assert change(view, "put", NEW, turtle("")).status == 201
    assert change(view, "put", NEW, turtle("")).status == 204


def test_blank_nodes_of_two_documents_are_two_nodes(view):
    change(view, "post", NEW, turtle("_:x :p 1 ."), turtle("_:x :p 1 ."))

    assert rows(view, "SELECT (COUNT(DISTINCT ?x) AS ?n) { GRAPH g:new { ?x :p 1 } }") == [("2 integer",)]


def test_a_relative_iri_is_resolved_against_the_graph_or_the_documents_own_base(view):
    change(view, "put", NEW, Payload("text/turtle", b"<> <#p> <x> ."))
    change(view, "post", NEW, Payload("text/turtle", b"<> <#p> <x> .", base_iri="http://example.org/base/"))

    assert rows(view, "SELECT ?s ?p ?o { GRAPH g:new { ?s ?p ?o } }") == [
        ("base/", "base/#p", "base/x"),
        ("graph/new", "graph/new#p", "graph/x"),
    ]


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("text/turtle; charset=utf-8", "<a:s> <a:p> 'é' .".encode()),
        ("text/turtle; charset=iso-8859-1", "<a:s> <a:p> 'é' .".encode("latin-1")),
        ("text/turtle", b"\xef\xbb\xbf" + "<a:s> <a:p> 'é' .".encode()),
        ("application/n-triples", b'<a:s> <a:p> "\\u00e9" .'),
        ("application/n-quads", '<a:s> <a:p> "é" .'.encode()),
        ("application/trig", "{ <a:s> <a:p> 'é' }".encode()),
        ("application/ld+json", '{"@id": "a:s", "a:p": "é"}'.encode()),
        (
            "application/rdf+xml",
            '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:a="a:">'
            '<r:Description r:about="a:s"><a:p>é</a:p></r:Description></r:RDF>'.encode(),
        ),
        (None, "<a:s> <a:p> 'é' .".encode()),
    ],
)
def test_every_rdf_format_is_read(view, media_type, body):
    assert change(view, "put", NEW, Payload(media_type, body)).status == 201

    assert rows(view, "SELECT ?o { GRAPH g:new { <a:s> <a:p> ?o } }") == [("é",)]


def test_a_file_name_says_what_the_media_type_does_not(view):
    body = b'{"@id": "a:s", "a:p": "x"}'

    assert change(view, "put", NEW, Payload("application/octet-stream", body, name="x.jsonld")).status == 201


@pytest.mark.parametrize(
    ("media_type", "body", "line", "column"),
    [
        ("text/turtle", b"<a:s> <a:p> 1 .\n<a:s> <a:p> foo .", 2, 13),
        ("text/turtle", b"<a:s> <a:p> \xff .", 1, None),
        ("application/n-triples", b"<a:s> <a:p> <a:o> .\n<a:s> a <a:o> .", 2, None),
        ("application/rdf+xml", b"<x>\n </y>", 2, 4),
        ("application/rdf+xml", b"<x/>", None, None),
        ("application/ld+json", b'{\n"@id": }', 2, None),
        (
            "application/ld+json",
            b'{"@context": "http://127.0.0.1:9/context.jsonld", "@id": "a:s"}',
            None,
            None,
        ),
        ("application/trig", b"<a:g> { <a:s> <a:p> 1 }", None, None),
        ("text/turtle; charset=no-such", b"<a:s> <a:p> 1 .", None, None),
    ],
)
@pytest.mark.parametrize("operation", ["put", "post"])
def test_bad_rdf_changes_nothing_and_says_where(view, operation, media_type, body, line, column):
    before = set(view.store)

    result = change(view, operation, A, turtle(":good :p 1 ."), Payload(media_type, body))

    assert (result.status, result.code) == (400, "bad-rdf")
    assert set(view.store) == before
    assert result.line == line
    if column is not None:
        assert result.column == column
    if line is not None:
        assert result.excerpt.splitlines()[0] == body.decode("utf-8", "replace").splitlines()[line - 1]


def test_an_entity_bomb_is_refused_and_reads_no_file(view):
    body = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x xmlns="a:">&e;</x>'

    assert change(view, "put", NEW, Payload("application/rdf+xml", body)).status == 400


def test_a_literal_that_the_parser_does_not_hold_is_too_large_and_no_failure_of_ours(view):
    before = quads(view)

    problem = change(view, "put", A, turtle(f':s :p "{"x" * 17 * 1024 * 1024}" .'))

    assert (problem.status, problem.code) == (413, "too-large")
    assert "16 MiB" in problem.detail
    assert quads(view) == before


def test_what_is_no_rdf_is_an_unsupported_media_type(view):
    result = change(view, "put", NEW, Payload("text/html", b"<p>"))

    assert (result.status, result.code) == (415, "unsupported-media-type")


@pytest.mark.parametrize("graph", [UNION, f"{UNION}:spelled", "no iri"])
@pytest.mark.parametrize("operation", ["put", "post", "delete"])
def test_our_own_graphs_and_what_is_no_iri_can_not_be_written(view, operation, graph):
    before = set(view.store)

    assert change(view, operation, graph, turtle(":x :p 1 .")).status == 400
    assert set(view.store) == before
