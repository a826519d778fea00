"""The contract of `incsr query` and `incsr export`: the published graph at hand, and honest exit codes."""

import io
import json
import sys

import pyoxigraph as ox
import pytest

from incsr import sources
from incsr.cli import main
from incsr.namespaces import GRAPH
from incsr.workers import loading

LABEL = "<http://www.w3.org/2004/02/skos/core#prefLabel>"
CBP = f"SELECT ?label {{ <https://w3id.org/incsr/id/agency/cbp> {LABEL} ?label }}"


@pytest.fixture(scope="module")
def loaded():
    return loading.load({"default_graph": "union", "empty": False, "service_allow": ()})


@pytest.fixture(autouse=True)
def one_load(monkeypatch, loaded, request):
    """Reading the same files for each test would be most of its time."""
    if "fresh" not in request.fixturenames:
        monkeypatch.setattr(loading, "load", lambda _options: loaded)


@pytest.fixture
def fresh():
    """A test that has this reads the files itself."""


def run(capfdbinary, *arguments):
    code = main(list(arguments))
    sys.stdout.flush()
    out, err = capfdbinary.readouterr()
    return code, out, err.decode()


def test_solutions_are_a_table_by_default(capfdbinary, fresh):
    code, out, err = run(capfdbinary, "query", CBP)

    assert code == 0 and "(1 solution)" in err
    header, line, value = out.decode().splitlines()
    assert header == "label" and set(line) == {"-"} and "Customs and Border Protection" in value


@pytest.mark.parametrize(
    ("query", "format_", "begins"),
    [
        (CBP, "csv", b"label\r\n"),
        (CBP, "tsv", b"?label\n"),
        (CBP, "json", b'{"head":{"vars":["label"]}'),
        (CBP, "xml", b"<?xml"),
        ("ASK {}", "json", b'{"head":{},"boolean":true}'),
        ("ASK {}", None, b"true\n"),
        ("CONSTRUCT { <urn:a> <urn:b> 1 } WHERE {}", None, b"<urn:a>\n    <urn:b> 1 .\n"),
        ("CONSTRUCT { <urn:a> <urn:b> 1 } WHERE {}", "jsonld", b"{"),
        ("CONSTRUCT { <urn:a> <urn:b> 1 } WHERE {}", "ntriples", b"<urn:a> <urn:b> "),
    ],
)
def test_an_answer_is_printed_in_the_format_asked_for(capfdbinary, query, format_, begins):
    code, out, _ = run(capfdbinary, "query", query, *(["--format", format_] if format_ else []))

    assert code == 0 and out.startswith(begins)


def test_a_query_comes_from_a_file_standard_input_or_the_questions(capfdbinary, tmp_path, monkeypatch):
    file = tmp_path / "q.rq"
    file.write_text(CBP, "utf-8")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CBP.encode())))

    outputs = [
        run(capfdbinary, "query", "-f", str(file), "--format", "csv")[1],
        run(capfdbinary, "query", "-f", "-", "--format", "csv")[1],
        run(capfdbinary, "query", CBP, "--format", "csv")[1],
    ]
    named = run(capfdbinary, "query", "trainees-by-country", "--format", "csv")[1]

    assert len(set(outputs)) == 1
    assert named.startswith(b"country,trained\r\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["query"], "give either a query or -f FILE", id="nothing"),
        pytest.param(["query", "ASK {}", "-f", "x"], "give either a query or -f FILE", id="both"),
        pytest.param(["query", "-f", "no/such/file"], "cannot read no/such/file", id="no file"),
        pytest.param(["query", "SELECT * {"], "line 1, column 10", id="malformed"),
        pytest.param(["query", "ASK { SERVICE <http://e/> {} }"], "service", id="reaching out"),
        pytest.param(
            ["query", "ASK {}", "--format", "csv"], "application/sparql-results+json", id="no such format"
        ),
        pytest.param(["export", "--graph", "nonsense"], "there are ontology, shapes", id="no graph"),
        pytest.param(["export", "--output", "x.docx"], "add --format", id="no format"),
        pytest.param(["export", "--output", "no/such/folder/x.ttl"], "cannot write", id="no folder"),
    ],
)
def test_misuse_exits_2_and_says_what_to_write_instead(capfdbinary, arguments, said):
    code, out, err = run(capfdbinary, *arguments)

    assert (code, out) == (2, b"")
    assert said.lower() in err.lower()


def canonical(quads):
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return dataset


@pytest.mark.parametrize(
    ("format_", "native"), [("trig", ox.RdfFormat.TRIG), ("jsonld", ox.RdfFormat.JSON_LD)]
)
def test_the_export_of_everything_holds_the_published_graphs(capfdbinary, format_, native):
    code, out, _ = run(capfdbinary, "export", "--format", format_)

    exported = list(ox.parse(out, format=native))
    assert code == 0
    names = {quad.graph_name.value for quad in exported}
    published = {source.graph: list(sources.quads(source)) for source in sources.published()}
    assert names == {*published, f"{GRAPH}void", f"{GRAPH}questions"}
    for graph, quads in published.items():
        assert canonical(quads) == canonical(quad for quad in exported if quad.graph_name.value == graph)


@pytest.mark.parametrize("ending", ["ttl", "nt", "rdf", "jsonld"])
def test_one_graph_is_written_to_a_file_by_its_ending(capfdbinary, tmp_path, ending):
    file = tmp_path / f"derived.{ending}"

    code, out, _ = run(capfdbinary, "export", "--graph", "derived", "--output", str(file))

    assert (code, out) == (0, b"")
    found = [ox.Quad(*quad.triple) for quad in ox.parse(path=str(file))]
    wanted = [
        ox.Quad(*quad.triple) for s in sources.published() if s.name == "derived" for quad in sources.quads(s)
    ]
    assert canonical(found) == canonical(wanted)
    assert [entry.name for entry in tmp_path.iterdir()] == [file.name]


def test_a_format_without_graph_names_holds_a_triple_once(capfdbinary):
    _, out, _ = run(
        capfdbinary, "export", "--format", "ntriples", "--graph", "ontology", "--graph", f"{GRAPH}ontology"
    )

    lines = out.splitlines()
    assert len(lines) == len(set(lines)) > 100


def test_json_output_is_json(capfdbinary):
    _, out, _ = run(capfdbinary, "query", CBP, "--format", "json")

    assert json.loads(out)["results"]["bindings"]
