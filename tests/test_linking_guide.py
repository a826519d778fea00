"""docs/linking.md can be followed as it stands.

The contract: every query on it answers, with the rows that the guide shows or speaks of; its pandas program
joins its table over HTTP; its federated queries join our graph with a second, real SPARQL server. That server
runs on loopback and holds a small slice of facts under the IRIs of Wikidata, DBpedia and the EU Publications
Office.
"""

import csv
import re
import shutil
import socket
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest
import requests
import servers

from incsr.sources import graphs

ROOT = Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "docs" / "linking.md").read_text(encoding="utf-8")
SERVICES = {
    "https://query.wikidata.org/sparql": "wikidata.ttl",
    "https://dbpedia.org/sparql": "dbpedia.ttl",
    "https://publications.europa.eu/webapi/rdf/sparql": "publications-office.ttl",
}


def blocks(language):
    """The code blocks of the guide in one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.S | re.M)


def query_about(words):
    """The one query of the guide that contains these words."""
    (found,) = [block for block in blocks("sparql") if words in block]
    return found


@pytest.fixture(scope="module")
def store():
    """The published graphs, each under its name."""
    store = ox.Store()
    for quads in graphs().values():
        store.extend(quads)
    return store


def answer(store, query):
    """The solutions as tuples of strings, '' for what is unbound."""
    found = store.query(query, use_default_graph_as_union=True)
    variables = list(found.variables)
    return [tuple("" if row[v] is None else row[v].value for v in variables) for row in found]


@contextmanager
def oxigraph(folder, files):
    """Run Oxigraph's server on loopback with the facts of these files; give the address of its endpoint.

    A free port may be taken by someone else before the server binds it, and someone else's server may answer
    there; so ours holds a triple that nobody else has, and another port is tried until it is seen.
    """
    command = Path(sys.executable).with_name("oxigraph")
    program = str(command) if command.exists() else shutil.which("oxigraph")
    assert program, "the oxigraph server is not installed: it is in the test extra"
    mark = f"urn:uuid:{uuid.uuid4()}"
    (folder / "mark.nt").write_text(f"<{mark}> <{mark}> <{mark}> .\n", encoding="utf-8")
    for file in (folder / "mark.nt", *files):
        load = [program, "load", "--location", folder / "store", "--file", file]
        subprocess.run(load, check=True, capture_output=True, timeout=60)
    question = urlencode({"query": f"ASK {{ <{mark}> <{mark}> <{mark}> }}"})

    for _ in range(5):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{probe.getsockname()[1]}"
        serve = [program, "serve-read-only", "--location", folder / "store", "--bind", address]
        process = subprocess.Popen(serve, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            if _answers_true(f"http://{address}/query?{question}", process):
                yield f"http://{address}/query"
                return
        finally:
            process.terminate()
            process.wait(timeout=20)
    raise AssertionError("the oxigraph server did not start on any of five ports")


def _answers_true(url, process):
    """Whether the server comes to answer "true" there; not, once its process has ended."""
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        try:
            return requests.get(
                url, timeout=20, headers={"Accept": "application/sparql-results+json"}
            ).json()["boolean"]
        except (requests.RequestException, ValueError, KeyError):
            time.sleep(0.05)
    return False


# ── The join ─────────────────────────────────────────────────────────────────────────────────────────────


def test_trainees_by_country_code_are_the_rows_that_the_guide_shows(store):
    shown = re.findall(r"^\| ([A-Z]{3}) \| (\w+) \| (\d+) \|$", GUIDE, re.M)

    assert answer(store, query_about("scheme:iso3166-1-alpha3")) == shown
    assert len(shown) == 6


def test_iris_of_others_lead_to_our_countries(store):
    assert [row[2] for row in answer(store, query_about("VALUES ?theirs"))] == ["Guatemala", "Peru"]


def test_codes_of_the_treasury_lead_from_cbp_to_its_department(store):
    assert answer(store, query_about("usaspending-subtier")) == [
        ("U.S. Customs and Border Protection", "7014", "U.S. Department of Homeland Security", "070")
    ]


def test_list_of_identifiers_counts_every_data_set_and_scheme(store):
    found = answer(store, query_about("?leads_to ?how ?count"))

    assert ("Wikidata", "http://www.w3.org/2002/07/owl#sameAs", "30") in found
    assert ("ISO 3166-1 alpha-3", "http://www.w3.org/ns/adms#identifier", "14") in found


def test_graph_answers_why_honduras_is_q783(store):
    found = answer(store, query_about("mapping_justification ?how"))

    assert {row[0] for row in found} == {"INCSR 2014 as linked data"}
    assert {row[2] for row in found} == {"0.99"}
    assert len({row[4] for row in found}) == 3


def test_cities_countries_are_explained(store):
    found = answer(store, query_about("rdf:predicate cbp:locatedIn"))

    assert [row[:2] for row in found] == [
        ("Bangkok", "Thailand"),
        ("Budapest", "Hungary"),
        ("Gaborone", "Botswana"),
        ("Lima", "Peru"),
        ("San Salvador", "El Salvador"),
    ]
    assert all(row[3] for row in found)


def test_agreements_series_and_figures_without_a_second_source_are_listed(store):
    agreeing = answer(store, query_about("rdf:predicate cbp:agreesWith"))
    alone = answer(store, query_about("FILTER NOT EXISTS"))
    series = answer(store, query_about('"81,045 flight hours"'))

    assert ("351.5 million travelers", "351500000", "963121") in [row[:3] for row in agreeing]
    assert ("50 in Honduras",) in alone
    assert ("351.5 million travelers",) not in alone
    assert [(row[0].rsplit("/", 1)[1], row[1]) for row in series] == [
        ("FY2011", "94968"),
        ("FY2012", "81045"),
        ("FY2012", "81045"),
        ("FY2013", "73576"),
    ]


def test_every_query_of_the_guide_is_run_by_a_test_of_this_file(store):
    here = Path(__file__).read_text(encoding="utf-8")
    asked = re.findall(r"query_about\(\s*(['\"])(.+?)\1\s*\)", here)

    reached = {query_about(words) for _, words in asked}
    federated = {block for block in blocks("sparql") if "SERVICE" in block}
    assert reached | federated == set(blocks("sparql"))


def test_pandas_program_joins_the_guides_table_over_http(tmp_path, monkeypatch, capsys, published):
    (tmp_path / "aid.csv").write_text(blocks("csv")[0], encoding="utf-8")
    (tmp_path / "trained.rq").write_text(query_about("scheme:iso3166-1-alpha3"), encoding="utf-8")
    program = blocks("python")[0].replace("http://localhost:5000", published.url)
    monkeypatch.chdir(tmp_path)
    names = {}

    exec(compile(program, "docs/linking.md", "exec"), names)

    joined = names["joined"].set_index("iso3")["trained"]
    assert joined.drop("FRA").to_dict() == {"BLZ": 20, "GTM": 240, "HND": 50, "MEX": 28, "PAN": 86, "PER": 32}
    assert joined.isna().to_dict()["FRA"]
    assert "240" in capsys.readouterr().out


def test_made_up_table_has_no_code_twice():
    codes = [row["iso3"] for row in csv.DictReader(blocks("csv")[0].splitlines())]

    assert len(codes) == len(set(codes)) == 7


# ── Federation ───────────────────────────────────────────────────────────────────────────────────────────


FEDERATED = {
    "https://query.wikidata.org/sparql": [
        ("BZ", "Belice", "20"),
        ("GT", "Guatemala", "240"),
        ("HN", "Honduras", "50"),
        ("MX", "México", "28"),
        ("PA", "Panamá", "86"),
        ("PE", "Perú", "32"),
    ],
    "https://dbpedia.org/sparql": [
        (country, f"http://dbpedia.org/resource/{capital}")
        for country, capital in (
            ("Belize", "Belmopan"),
            ("Guatemala", "Guatemala_City"),
            ("Honduras", "Tegucigalpa"),
            ("Mexico", "Mexico_City"),
            ("Panama", "Panama_City"),
            ("Peru", "Lima"),
        )
    ],
    "https://publications.europa.eu/webapi/rdf/sparql": [
        ("Belize", "Belize"),
        ("Guatemala", "Guatemala"),
        ("Honduras", "Honduras"),
        ("Mexico", "Mexique"),
        ("Panama", "Panama"),
        ("Peru", "Pérou"),
    ],
}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """The address on loopback that stands in for the endpoints of the guide."""
    files = [ROOT / "tests" / "federation" / file for file in SERVICES.values()]
    with oxigraph(tmp_path_factory.mktemp("elsewhere"), files) as address:
        yield address


def federated_query(endpoint, elsewhere):
    """The guide's query that asks this endpoint, with its stand-in in its place."""
    (query,) = [block for block in blocks("sparql") if f"SERVICE <{endpoint}>" in block]
    return query.replace(f"<{endpoint}>", f"<{elsewhere}>")


EACH_ENDPOINT = pytest.mark.parametrize(
    "endpoint", [pytest.param(endpoint, id=file.removesuffix(".ttl")) for endpoint, file in SERVICES.items()]
)


@EACH_ENDPOINT
def test_federated_query_joins_a_download_of_ours_with_a_second_server(store, elsewhere, endpoint):
    found = answer(store, federated_query(endpoint, elsewhere))

    assert found == FEDERATED[endpoint]


def test_our_endpoint_asks_the_servers_that_its_operator_allowed_and_no_other(elsewhere, published):
    with servers.running(
        "--service-allow", elsewhere, "--service-timeout", "30", "--timeout", "60"
    ) as server:
        for endpoint in SERVICES:
            query = {"query": federated_query(endpoint, elsewhere)}
            csv_rows = {"Accept": "text/csv"}

            joined = requests.get(f"{server.url}/sparql", params=query, headers=csv_rows, timeout=30)
            refused = requests.get(f"{published.url}/sparql", params=query, headers=csv_rows, timeout=30)

            joined.encoding = "utf-8"
            assert [tuple(row) for row in csv.reader(joined.text.splitlines())][1:] == FEDERATED[endpoint]
            assert refused.status_code == 403


def test_program_for_a_download_answers_a_federated_query(tmp_path, monkeypatch, capsys, store, elsewhere):
    store.dump(str(tmp_path / "incsr2014.nq"), format=ox.RdfFormat.N_QUADS)
    query = federated_query("https://dbpedia.org/sparql", elsewhere)
    (tmp_path / "federated.rq").write_text(query, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    exec(compile(blocks("python")[1], "docs/linking.md", "exec"), {})

    assert "Tegucigalpa" in capsys.readouterr().out
