"""The contract of `formats.chunks` and `formats.write` for solutions: nothing is lost, nothing ill-formed.

Read back by readers that are not ours: the standard library's JSON, XML and CSV, and the engine's parsers.
"""

import csv
import io
import json
import xml.etree.ElementTree as ElementTree

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incsr import formats

SRX = "{http://www.w3.org/2005/sparql-results#}"
ESCAPED = "{https://w3id.org/incsr/xml#}escaped"
XSD = "http://www.w3.org/2001/XMLSchema#"

texts = st.text(st.characters(codec="utf-8"), max_size=20)
iris = st.sampled_from(
    [
        "http://example.org/a,b",
        "http://example.org/'",
        "http://example.org/?q=1&r=2",
        "urn:x",
        "http://é.example/ü",
    ]
).map(ox.NamedNode)
literals = st.one_of(
    texts.map(ox.Literal),
    st.builds(lambda text: ox.Literal(text, language="en-GB"), texts),
    st.builds(lambda text: ox.Literal(text, datatype=ox.NamedNode("http://example.org/d&t")), texts),
    st.sampled_from(["01", "1.50", "1.0E6", "-0"]).map(
        lambda text: ox.Literal(text, datatype=ox.NamedNode(f"{XSD}integer"))
    ),
)
terms = st.one_of(st.none(), iris, literals, st.sampled_from(["b0", "x1"]).map(ox.BlankNode))
tables = st.lists(st.tuples(terms, terms), max_size=6)


def written(name, rows, variables=("x", "y")):
    format_ = formats.negotiate("solutions", None, name)
    return b"".join(formats.chunks(format_, formats.Solutions(list(variables), rows)))


def parsed(data, format_):
    return [tuple(row) for row in ox.parse_query_results(data, format_)]


@given(tables)
def test_json_gives_back_every_term(rows):
    data = written("json", rows)

    json.loads(data)
    assert parsed(data, ox.QueryResultsFormat.JSON) == rows


@given(tables)
def test_tsv_gives_back_every_term(rows):
    data = written("tsv", rows)

    assert parsed(data, ox.QueryResultsFormat.TSV) == rows
    assert data.count(b"\n") == len(rows) + 1


@given(tables)
def test_csv_gives_back_every_string_to_a_strict_reader(rows):
    data = written("csv", rows).decode()

    read = list(csv.reader(io.StringIO(data, newline=""), strict=True))
    expected = [["", ""] if row == (None, None) else [_plain(term) for term in row] for row in rows]
    assert read == [["x", "y"], *expected]


def _plain(term):
    if term is None:
        return ""
    return f"_:{term.value}" if isinstance(term, ox.BlankNode) else term.value


@given(tables)
def test_xml_is_well_formed_and_gives_back_every_term(rows):
    root = ElementTree.fromstring(written("xml", rows))

    results = root.findall(f"{SRX}results/{SRX}result")
    assert [_row(result) for result in results] == rows


def _row(result):
    found = {binding.get("name"): _term(binding[0]) for binding in result}
    return found.get("x"), found.get("y")


def _term(element):
    text = element.text or ""
    kind = element.tag.removeprefix(SRX)
    if kind == "uri":
        return ox.NamedNode(text)
    if kind == "bnode":
        return ox.BlankNode(text)
    if element.get(ESCAPED) == "unicode":
        parts = text.split("\\\\")
        text = "\\".join(_unescaped(part) for part in parts)
    language = element.get("{http://www.w3.org/XML/1998/namespace}lang")
    datatype = element.get("datatype")
    return ox.Literal(text, language=language, datatype=ox.NamedNode(datatype) if datatype else None)


def _unescaped(part):
    head, *escapes = part.split("\\u")
    return head + "".join(chr(int(escape[:4], 16)) + escape[4:] for escape in escapes)


def test_xml_marks_a_literal_that_xml_cannot_contain():
    data = written("xml", [(ox.Literal("a\x01b\\c"), ox.Literal("a\\c"))]).decode()

    assert 'incsr:escaped="unicode">a\\u0001b\\\\c</literal>' in data
    assert "<literal>a\\c</literal>" in data


def test_a_lone_empty_field_is_quoted_so_that_no_reader_drops_its_line():
    data = written("csv", [(None,), (ox.Literal("a"),)], variables=["x"])

    assert data == b'x\r\n""\r\na\r\n'


def test_csv_quotes_an_iri_with_a_comma():
    assert written("csv", [(ox.NamedNode("http://e/a,b"), None)]) == b'x,y\r\n"http://e/a,b",\r\n'


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        (ox.Literal("01", datatype=ox.NamedNode(f"{XSD}integer")), "01"),
        (ox.Literal("1.50", datatype=ox.NamedNode(f"{XSD}decimal")), "1.50"),
        (ox.Literal("1.", datatype=ox.NamedNode(f"{XSD}decimal")), f'"1."^^<{XSD}decimal>'),
        (ox.Literal("1E6", datatype=ox.NamedNode(f"{XSD}double")), "1E6"),
        (ox.Literal("INF", datatype=ox.NamedNode(f"{XSD}double")), f'"INF"^^<{XSD}double>'),
        (ox.Literal("1", datatype=ox.NamedNode(f"{XSD}boolean")), f'"1"^^<{XSD}boolean>'),
        (ox.Literal("a\tb\nc"), '"a\\tb\\nc"'),
    ],
)
def test_tsv_keeps_a_literals_spelling(literal, text):
    assert written("tsv", [(literal,)], variables=["x"]).decode() == f"?x\n{text}\n"


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv", "html"])
def test_the_engines_own_result_is_written_like_ours(name):
    store = ox.Store()
    query = 'SELECT ?a ?b { VALUES (?a ?b) { (1 UNDEF) ("é<" <http://e/x>) (1.5 "x"@en) } }'
    format_ = formats.negotiate("solutions", None, name)
    output = io.BytesIO()

    formats.write(format_, store.query(query), output)

    solutions = store.query(query)
    ours = formats.Solutions([variable.value for variable in solutions.variables], list(solutions))
    assert output.getvalue() == b"".join(formats.chunks(format_, ours))


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv", "html"])
def test_a_large_answer_comes_in_chunks_and_a_small_one_whole(name):
    format_ = formats.negotiate("solutions", None, name)
    row = (ox.Literal("x" * 100),)

    small = list(formats.chunks(format_, formats.Solutions(["x"], [row])))
    large = list(formats.chunks(format_, formats.Solutions(["x"], (row for _ in range(5000)))))

    assert len(small) == 1
    assert 5 < len(large) < 20


def test_solutions_are_taken_as_they_come():
    format_ = formats.negotiate("solutions", None, "csv")

    def endless():
        while True:
            yield (ox.Literal("x" * 1000),)

    first = next(formats.chunks(format_, formats.Solutions(["x"], endless())))

    assert len(first) < 200_000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("json", '{"head":{},"boolean":true}'),
        ("xml", "<boolean>true</boolean>"),
        ("text", "true\n"),
        ("html", "<strong>true</strong>"),
    ],
)
def test_a_boolean_is_written_in_each_format_that_has_one(name, text):
    format_ = formats.negotiate("boolean", None, name)

    assert text in b"".join(formats.chunks(format_, ox.Store().query("ASK {}"))).decode()
    assert text.replace("true", "false") in b"".join(formats.chunks(format_, False)).decode()


def test_html_escapes_data_and_links_only_web_addresses():
    rows = [
        (ox.Literal("<script>alert(1)</script>"), ox.NamedNode("javascript:alert(1)")),
        (ox.Literal('"><img>', language="en"), ox.NamedNode("http://e/?a=1&b='")),
        (None, ox.NamedNode("https://w3id.org/incsr/id/agency/cbp")),
    ]

    page = written("html", rows).decode()

    assert "<script>" not in page and "<img>" not in page
    assert 'href="javascript' not in page
    assert 'href="http://e/?a=1&amp;b=&#x27;"' in page
    assert 'href="id/agency/cbp"' in page and ">agency:cbp</a>" in page
