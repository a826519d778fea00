"""The data package: every format, checksums that hold, provenance of each file, the same bytes each time."""

import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pyoxigraph as ox
import pytest

from incsr import __version__, sources
from incsr.namespaces import GRAPH, PREFIXES

ROOT = Path(__file__).resolve().parent.parent
PROV = PREFIXES["prov"]
FORMATS = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "rdf": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}


def made(out):
    """The package as its script writes it, and what the script says of it."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "release", "--out", out],
        env={**os.environ, "SOURCE_DATE_EPOCH": "1764000000"}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return made(tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="module")
def package(told):
    """Path below the package's top folder -> bytes."""
    with zipfile.ZipFile(told["package"]) as archive:
        return {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}


def triples(body, form):
    """Triples without regard to how blank nodes are called."""
    dataset = ox.Dataset(
        ox.Quad(*triple) if isinstance(triple, ox.Triple) else triple
        for triple in ox.parse(body, format=form)
    )
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return set(dataset)


def test_the_package_is_named_for_the_version(told, package):
    assert Path(told["package"]).name == f"incsr-data-{__version__}.zip"
    assert told["files"] == len(package)


def test_the_same_data_is_the_same_package(told, tmp_path):
    assert (
        made(tmp_path)["sha256"]
        == told["sha256"]
        == hashlib.sha256(Path(told["package"]).read_bytes()).hexdigest()
    )


def test_the_checksums_hold_and_leave_out_no_file(package):
    lines = [line.split("  ", 1) for line in package["checksums.txt"].decode().splitlines()]

    assert {name for _digest, name in lines} == set(package) - {"checksums.txt"}
    for digest, name in lines:
        assert hashlib.sha256(package[name]).hexdigest() == digest, name


def test_every_graph_is_there_in_four_formats_that_say_the_same(package):
    names = {path.removeprefix("graphs/").split(".")[0] for path in package if path.startswith("graphs/")}

    assert names >= {source.name for source in sources.published()} | {"void", "questions"}
    for name in names:
        first, *others = (
            triples(package[f"graphs/{name}.{suffix}"], form) for suffix, form in FORMATS.items()
        )
        assert all(other == first for other in others), name


def test_the_quads_are_the_published_files_as_they_are_written(package):
    quads = set(triples(package["incsr.nq"], ox.RdfFormat.N_QUADS))
    written = ox.Dataset(quad for held in sources.graphs().values() for quad in held)
    written.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)

    published = {source.graph for source in sources.published()}
    held = ox.Dataset(quad for quad in quads if quad.graph_name.value in published)
    held.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    assert set(held) == set(written)
    assert quads == triples(package["incsr.trig"], ox.RdfFormat.TRIG)
    assert b"urn:incsr:" not in package["incsr.nq"]


def test_the_provenance_names_origin_size_and_checksum_of_every_file(package):
    store = ox.Store()
    store.load(io.BytesIO(package["prov.ttl"]), format=ox.RdfFormat.TURTLE)
    rows = store.query(f"""PREFIX prov: <{PROV}> PREFIX spdx: <http://spdx.org/rdf/terms#>
        SELECT ?title ?size ?sum (COUNT(?origin) AS ?origins) WHERE {{
          ?file a prov:Entity ; <{PREFIXES["dcterms"]}title> ?title ; prov:wasGeneratedBy ?release ;
            <{PREFIXES["dcat"]}byteSize> ?size ; spdx:checksum [ spdx:checksumValue ?sum ] .
          ?release a prov:Activity ; prov:used ?text .
          OPTIONAL {{ ?file prov:wasDerivedFrom ?origin }} }} GROUP BY ?title ?size ?sum""")
    found = {
        row["title"].value: (int(row["size"].value), row["sum"].value, int(row["origins"].value))
        for row in rows
    }

    assert set(found) == set(package) - {"prov.ttl", "checksums.txt"}
    for name, (size, digest, origins) in found.items():
        assert (size, digest) == (len(package[name]), hashlib.sha256(package[name]).hexdigest()), name
        assert origins > 0 or "/" not in name, name
    assert (
        f"{GRAPH}incsr2014" in package["prov.ttl"].decode()
        or "graph:incsr2014" in package["prov.ttl"].decode()
    )


def test_text_tables_questions_and_licences_are_there(package):
    assert (
        package["source/incsr2014-cbp.txt"] == (ROOT / "data" / "source" / "incsr2014-cbp.txt").read_bytes()
    )
    assert {
        f"tables/measurements.{s}" for s in ("csv", "xlsx", "json", "parquet", "csv-metadata.json")
    } <= set(package)
    assert {"LICENSE", "LICENSE-DATA", "CITATION.cff", "CHANGELOG.md"} <= set(package)
    assert sum(name.endswith(".rq") for name in package) == len(list((ROOT / "questions").glob("*.rq")))
