"""`incsr load` puts in what the parser reads, whichever way the text takes.

`bulk.natively` has the engine read pieces of the text, side by side; `bulk.exactly` puts in quad by quad what
the parser gives. Both end with the same quads, the same copies in the union graph, the same blank nodes in
both, and the same notes on spellings; or with the same complaint about the same place.
"""

import gzip
import tempfile
from unittest import mock

import pyoxigraph as ox
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from incsr.query import spelling
from incsr.sources import SourceError
from incsr.workers import bulk, native

XSD = spelling.XSD
IRIS = [
    "<http://e.org/a>",
    "<http://e.org/b#c>",
    "<http://e.org/p>",
    "<http://e.org/q#r>",
    "<urn:incsr:union>",
    "<http://e.org/é>",
    r"<http://e.org/\u0061>",
]
BLANKS = ["_:a", "_:b", "_:a.b", "_:é", "_:0", "_:a-b"]
STRINGS = [
    '"x"',
    '""',
    '"été 😀"',
    r'"a\"b"',
    r'"\\"',
    r'"\u0041\n\t"',
    '"# no comment"',
    '"_:a <http://e.org/a> ."',
    r'"\"1\"^^<http://www.w3.org/2001/XMLSchema#byte>"',
    '"^^<http://www.w3.org/2001/XMLSchema#byte>"',
    '"tab\there"',
    '"x"@en',
    '"x"@EN-us',
    r'"\"x"@fr',
]
LEXICAL = [
    "1",
    "01",
    "+1",
    "-0",
    "1.50",
    "1.5",
    "1.0",
    "1e6",
    "1.5E0",
    "true",
    "1",
    "abc",
    "",
    " 1",
    r"\u0031",
]
LEXICAL += [
    "2012-01-01",
    "2012-01-01T12:00:00Z",
    "2012-01-01T12:00:00.000Z",
    "12:00:00",
    "--01",
    "P1D",
    "PT36H",
]
LEXICAL += ["999999999999999999999", "1234567890.1234567", "NaN", "INF", r"1\n", r"1\"", "2012-01-01+02:00"]
DATATYPES = [*sorted(spelling.SURE), XSD + "string", XSD + "anyURI", "http://e.org/own", XSD + "integers"]
DATATYPES += [XSD + r"\u0069nteger", XSD + "integer/x"]
GAPS = st.sampled_from([" ", " ", " ", "  ", "\t", ""])
ENDS = st.sampled_from(
    ["\n", "\n", "\n", "\r\n", "\r", "\n\n", "  \n", ' # why " ^^<x> .\n', "\n# _:a <x> .\n"]
)

typed = st.builds("{}^^<{}>".format, st.sampled_from(LEXICAL).map('"{}"'.format), st.sampled_from(DATATYPES))
odd = st.sampled_from(['"01" ^^ <' + XSD + "integer>", f'<<( <urn:s> <urn:p> "01"^^<{XSD}integer> )>>'])
odd |= st.just("<<( _:a <urn:p> <urn:o> )>>")
iris, blanks = st.sampled_from(IRIS), st.sampled_from(BLANKS)


@st.composite
def lines(draw, quads):
    """N-Triples or N-Quads as their grammars allow them, and one line more of every kind."""
    text = draw(st.sampled_from(["", "", "\n", "# first\n", " \t\n"]))
    with_blanks = draw(st.booleans())
    names = iris | blanks if with_blanks else iris
    for _ in range(draw(st.integers(0, 12))):
        parts = [draw(names), draw(iris), draw(names | st.sampled_from(STRINGS) | typed | typed | odd)]
        if quads and draw(st.booleans()):
            parts.append(draw(names))
        for part in parts:
            text += part + (" " if part.startswith("_:") else draw(GAPS))
        text += "." + draw(ENDS)
    return text.rstrip("\r\n") if draw(st.booleans()) else text


def new_store(folder):
    """A store on disk: one in memory lets a single writer in, which the engine's calls would wait for."""
    return ox.Store(tempfile.mkdtemp(dir=folder))


def outcome(way, path, graph, union):
    """What a way ends with: None where it leaves the file to the other."""
    store = new_store(path.parent)
    name = ox.NamedNode(graph) if graph else ox.DefaultGraph()
    with mock.patch.multiple(native, PIECE_BYTES=150, _READ_BYTES=40):
        try:
            count = way(store, [(path, bulk.format_of(path))], name, union, lambda _: None)
        except SourceError as error:
            return str(error)
    if count is None:
        return None
    held = ox.Dataset(store)
    held.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return (
        count,
        sorted(map(str, held)),
        sorted(map(str, store.named_graphs() if not blank_graphs(store) else [])),
    )


def blank_graphs(store):
    return any(isinstance(graph, ox.BlankNode) for graph in store.named_graphs())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ways")


def both(folder, name, data, graph, union):
    path = folder / name
    path.write_bytes(data)
    return outcome(bulk.natively, path, graph, union), outcome(bulk.exactly, path, graph, union)


GRAPHS = st.sampled_from([None, "urn:into"])


@settings(max_examples=80, deadline=None)
@given(lines(quads=False), GRAPHS, st.booleans())
@example('<urn:s> <urn:p> "1.50"^^<' + XSD + "decimal> .\n_:a <urn:p> _:a .\n", None, True)
def test_both_ways_load_the_same_n_triples(folder, text, graph, union):
    ours, expected = both(folder, "a.nt", text.encode(), graph, union)

    assert not isinstance(expected, str)
    assert ours == expected


@settings(max_examples=80, deadline=None)
@given(lines(quads=True), GRAPHS, st.booleans())
def test_both_ways_load_the_same_n_quads(folder, text, graph, union):
    ours, expected = both(folder, "a.nq", text.encode(), graph, union)

    assert not isinstance(expected, str)
    assert ours == expected


@settings(max_examples=80, deadline=None)
@given(lines(quads=True), st.data(), st.sampled_from(["a.nt", "a.nq"]), st.booleans())
def test_both_ways_say_the_same_of_a_damaged_file(folder, text, data, name, union):
    damaged = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged)))
        end = min(len(damaged), at + data.draw(st.integers(0, 3)))
        damaged[at:end] = data.draw(
            st.sampled_from([b"", b"\n", b"\r", b'"', b"<", b">", b".", b"\\", b" ", b"\xff"])
        )

    ours, expected = both(folder, name, bytes(damaged), None, union)

    assert ours is None or ours == expected


TURTLE = [
    "<a> <p> 01 , +5 , 1.50 , 1e6 , 1.0E0 , -0 , true .",
    '<a> <p> "01"^^xsd:integer , "1"^^xsd:byte , "x"^^<own> , \'single\' , """long\n# text _:a\n""" .',
    "<a> <p> [ <q> 007 ; <r> [ <q> [] ] ] .",
    "<a> <p> ( 1 01 _:a ) . _:a <q> _:b .",
    "_:b.c <p> <#x> ; a <C> . # comment",
    '@prefix e: <http://e.org/> .\ne:a e:p "x"@en-GB ; e:q e:b .',
    'PREFIX x: <http://www.w3.org/2001/XMLSchema#>\n<a> <p> "1.0"^^x:decimal .',
]
TRIG = [*TURTLE[:2], "<g> { <a> <p> 01 . _:a <p> [] }", "_:g { _:a <p> 1.5 , 1.50 }", "{ <a> <p> _:a }"]
FORMATS = {
    "a.ttl": ox.RdfFormat.TURTLE,
    "a.trig": ox.RdfFormat.TRIG,
    "a.rdf": ox.RdfFormat.RDF_XML,
    "a.jsonld": ox.RdfFormat.JSON_LD,
}


@settings(max_examples=50, deadline=None)
@given(st.data(), st.sampled_from(sorted(FORMATS)), GRAPHS, st.booleans())
def test_both_ways_load_the_same_of_every_other_syntax(folder, data, name, graph, union):
    format_ = FORMATS[name]
    prefix = f"@prefix xsd: <{XSD}> .\n@base <http://e.org/> .\n"
    pieces = data.draw(st.lists(st.sampled_from(TRIG if name == "a.trig" else TURTLE), max_size=5))
    text = (prefix + "\n".join(pieces)).encode()
    if name in ("a.rdf", "a.jsonld"):
        triples = [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)]
        text = ox.serialize(triples, format=format_)

    ours, expected = both(folder, name, text, graph, union)

    assert not isinstance(expected, str)
    assert ours == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.ttl", "<urn:a> <urn:p> 1 .\n" * 9 + "<urn:a> <urn:p> oops .\n"),
        ("a.trig", "<urn:g> { <urn:a> <urn:p> <urn:o }\n"),
        ("a.rdf", "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\n<oops></rdf:RDF>"),
        ("a.jsonld", '{"@id": "urn:a",\n "urn:p": oops}'),
        ("a.nt", "<urn:a> <urn:p> <urn:o> .\n# comment\n\n_:a <urn:p> <urn:o>\n" + "<urn:a> <urn:p> 1 .\n"),
        ("a.nq", "<urn:a> <urn:p> <urn:o> .\n" * 99 + "<urn:a> <urn:p> <urn:o o> <urn:g> .\n"),
    ],
)
def test_both_ways_name_the_place_of_a_mistake(folder, name, text):
    ours, expected = both(folder, name, text.encode(), None, True)

    assert isinstance(ours, str)
    assert ours == expected


def test_blank_nodes_of_two_files_are_not_the_same(folder):
    paths = [folder / "one.nt", folder / "two.nt.gz"]
    paths[0].write_bytes(b'_:a <urn:p> "one" .\n')
    paths[1].write_bytes(gzip.compress(b'_:a <urn:p> "two" .\n'))
    store = new_store(folder)
    files = [(path, bulk.format_of(path)) for path in paths]

    bulk.natively(store, files, ox.DefaultGraph(), True, lambda _: None)

    assert len({quad.subject for quad in store}) == 2
    assert len(store) == 4


def test_what_only_the_engine_refuses_is_loaded_quad_by_quad(folder):
    path = folder / "refused.nt"
    path.write_bytes(b'<urn:s> <urn:p> "01"^^<' + XSD.encode() + b"integer> .\n")

    def refuse(*_):
        raise native.Refused

    with mock.patch.object(native.SideBySide, "read", refuse):
        loaded = bulk.load([path], folder / "store", None, "union", lambda _: None)

    held = ox.Store.read_only(str(folder / "store" / "generations" / loaded.generation.name))
    assert loaded.count == 1
    assert {
        spelling.decode_triple(quad).object.value
        for quad in held.quads_for_pattern(None, ox.NamedNode("urn:p"), None)
    } == {"01"}
