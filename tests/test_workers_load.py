"""`incsr load`: every syntax, plain and compressed, as one change; errors name line and column."""

import gzip
import io
import subprocess
import sys

import pytest
import requests
import zstandard

from incsr.cli import main
from incsr.cli.load import Progress
from incsr.store.disk import Directory
from incsr.workers import bulk

TURTLE = '<urn:s> <urn:p> "01"^^<http://www.w3.org/2001/XMLSchema#integer> , "x"@en .\n'
DOCUMENTS = {
    "data.ttl": TURTLE,
    "data.nt": '<urn:s> <urn:p> "x" .\n<urn:s> <urn:p> "y" .\n',
    "data.nq": '<urn:s> <urn:p> "x" <urn:g> .\n<urn:s> <urn:p> "y" .\n',
    "data.trig": '<urn:g> { <urn:s> <urn:p> "x" , "y" }\n',
    "data.rdf": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:u="urn:">'
    '<rdf:Description rdf:about="urn:s"><u:p>x</u:p><u:p>y</u:p></rdf:Description></rdf:RDF>',
    "data.jsonld": '{"@id": "urn:s", "urn:p": ["x", "y"]}',
}


def load(*arguments):
    command = [sys.executable, "-m", "incsr.cli", "load", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def rows(server, query):
    response = requests.get(
        server.url + "/sparql", params={"query": query}, headers={"Accept": "text/csv"}, timeout=30
    )
    response.raise_for_status()
    return response.text.splitlines()[1:]


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize(
    "compress", [bytes, gzip.compress, zstandard.compress], ids=["plain", "gzip", "zstd"]
)
def test_every_syntax_is_loaded(tmp_path, name, compress):
    suffix = {bytes: "", gzip.compress: ".gz", zstandard.compress: ".zst"}[compress]
    path = tmp_path / f"{name}{suffix}"
    path.write_bytes(compress(DOCUMENTS[name].encode()))

    ended = load(path, "--store", tmp_path / "store")

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("Loaded 2 statements")


def test_what_was_loaded_is_served_with_its_spelling_and_in_its_graph(serve, tmp_path):
    (tmp_path / "a.ttl").write_text(TURTLE)
    (tmp_path / "b.nq").write_text('<urn:s> <urn:p> "in g" <urn:g> .\n')
    assert load(tmp_path / "a.ttl", "--graph", "urn:named", "--store", tmp_path / "store").returncode == 0
    assert load(tmp_path / "b.nq", "--store", tmp_path / "store").returncode == 0

    server = serve("--store", tmp_path / "store")

    assert sorted(rows(server, "SELECT ?o WHERE { ?s ?p ?o }")) == ["01", "in g", "x"]
    assert sorted(rows(server, "SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }")) == [
        "urn:g",
        "urn:named",
    ]


def test_a_wrong_file_is_named_with_line_and_column_and_nothing_is_loaded(serve, tmp_path):
    (tmp_path / "good.ttl").write_text("<urn:s> <urn:p> <urn:o> .\n")
    (tmp_path / "bad.ttl").write_text("<urn:s> <urn:p> <urn:o2> .\n<urn:s> <urn:p> oops .\n")
    store = tmp_path / "store"
    assert load(tmp_path / "good.ttl", "--store", store).returncode == 0

    ended = load(tmp_path / "good.ttl", tmp_path / "bad.ttl", "--store", store)

    assert ended.returncode == 1
    assert "bad.ttl:2:17: " in ended.stderr
    assert rows(serve("--store", store), "SELECT ?o WHERE { ?s ?p ?o }") == ["urn:o"]


def test_a_cut_off_compressed_file_is_an_error(tmp_path):
    (tmp_path / "cut.nt.gz").write_bytes(gzip.compress(b"<urn:s> <urn:p> <urn:o> .\n" * 5000)[:-20])

    ended = load(tmp_path / "cut.nt.gz", "--store", tmp_path / "store")

    assert ended.returncode == 1
    assert "cut.nt.gz: cannot be read" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["missing.ttl"], 1, "missing.ttl: cannot be read: No such file"),
        (["data.txt"], 1, "its name announces no RDF syntax"),
        (["data.ttl", "--graph", "not an IRI"], 2, "--graph not an IRI"),
    ],
    ids=["missing", "unknown syntax", "no IRI"],
)
def test_misuse_is_said(tmp_path, monkeypatch, arguments, code, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.txt").write_text("x")
    (tmp_path / "data.ttl").write_text(TURTLE)

    ended = load(*arguments, "--store", tmp_path / "store")

    assert ended.returncode == code
    assert said in ended.stderr


class Interrupted(Directory):
    """A directory in which somebody presses Ctrl-C before, or after, a load becomes current."""

    def commit(self, generation):
        raise KeyboardInterrupt


class InterruptedLate(Directory):
    def discard(self, keep, only=None):
        if keep == "00000002":
            raise KeyboardInterrupt
        super().discard(keep, only)


@pytest.mark.parametrize(
    ("directory", "said", "held"),
    [
        (Interrupted, "Nothing was loaded", "00000001"),
        (InterruptedLate, "All was loaded before that", "00000002"),
    ],
)
def test_ctrl_c_says_whether_the_files_are_loaded(tmp_path, monkeypatch, capsys, directory, said, held):
    (tmp_path / "a.ttl").write_text(TURTLE)
    store = tmp_path / "store"
    assert load(tmp_path / "a.ttl", "--store", store).returncode == 0
    monkeypatch.setattr(bulk, "Directory", directory)

    code = main(["load", str(tmp_path / "a.ttl"), "--store", str(store)])

    assert code == 130
    assert f"incsr load: stopped. {said}." in capsys.readouterr().err
    assert Directory(store).current().name == held


def test_a_store_that_is_being_served_is_not_loaded_into(serve, tmp_path):
    (tmp_path / "a.ttl").write_text(TURTLE)
    serve("--empty", "--store", tmp_path / "store")

    ended = load(tmp_path / "a.ttl", "--store", tmp_path / "store")

    assert ended.returncode == 2
    assert "is in use" in ended.stderr


def test_the_bar_counts_bytes_and_says_what_is_done_when_all_are_read():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    bar = Progress(4_000_000, stream)
    bar.every_s = 0.0

    bar.tell(1_000_000)
    first = stream.getvalue()
    bar.tell(3_000_000)

    assert "25% 1.0 of 4.0 MB" in first
    assert "storing" not in first
    assert stream.getvalue().endswith("100% 4.0 of 4.0 MB, now storing and compacting")


def test_it_is_said_how_long_compacting_took(tmp_path):
    (tmp_path / "a.ttl").write_text(TURTLE)

    ended = load(tmp_path / "a.ttl", "--store", tmp_path / "store")

    assert "; compacted in 0." in ended.stdout
