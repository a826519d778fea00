"""The clients that people have, each asking a real question of a real server: docs/using.md, as it stands.

A block of the page that prints a table must print the answer in the question's header; a block before a
comment `<!-- prints: … -->` must print that; a block that does neither must succeed. Three clients that need
a process or a plug-in of their own follow below.
"""

import csv
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import rdflib
import requests

from incsr import questions

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "docs" / "using.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```\n(?:\n<!-- prints: (.*?) -->\n)?", re.DOTALL | re.MULTILINE)
QUESTION = next(q for q in questions.read_all() if q.name == "trainees-by-country")
ANSWER = [list(QUESTION.columns), *map(list, QUESTION.rows)]
COMUNICA = ROOT / "tests" / "comunica" / "node_modules" / ".bin"


def recipes():
    """(heading, language, text, what it prints) of each block of the guide."""
    for match in BLOCK.finditer(GUIDE):
        heading = re.findall(r"^## (.*)$", GUIDE[: match.start()], re.MULTILINE)[-1]
        yield pytest.param(*match.groups(), id=f"{heading}-{match.start()}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the blocks run: the questions beside it, as in a checkout; what one writes, the next reads."""
    place = tmp_path_factory.mktemp("using")
    (place / "questions").symlink_to(ROOT / "questions")
    return place


def run(folder, language, text):
    """What a block prints."""
    path = f"{COMUNICA}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    command = [sys.executable, "-c", text] if language == "python" else ["sh", "-ec", text]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(text):
    return [row for row in csv.reader(io.StringIO(text)) if row]


@pytest.mark.parametrize(("language", "text", "prints"), list(recipes()))
def test_a_recipe_of_the_guide_prints_the_answer(published, folder, language, text, prints):
    text = text.replace("http://localhost:5000", published.url)

    output = run(folder, language, text)

    if prints is not None:
        assert output.strip() == prints
    elif " -o " not in text:
        assert rows(output) == ANSWER
    else:
        assert output == "" and (folder / "trainees.parquet").stat().st_size > 0


def test_the_guide_has_a_recipe_for_each_client_that_is_promised():
    for client in ("curl", "SPARQLWrapper", "SPARQLStore", "comunica-sparql", "SERVICE", "pandas", "duckdb"):
        assert any(client in match[2] for match in BLOCK.finditer(GUIDE)), client
    assert shutil.which("comunica-sparql", path=str(COMUNICA)), "run scripts/install-comunica"


def test_rdflibs_connector_asks_by_get_and_by_post(published):
    from rdflib.plugins.stores.sparqlconnector import SPARQLConnector

    for method in ("GET", "POST"):
        connector = SPARQLConnector(f"{published.url}/sparql", returnFormat="json", method=method)
        found = [[str(term) for term in row] for row in connector.query(QUESTION.query)]
        assert found == ANSWER[1:]


def test_rdflibs_store_reads_triples_by_pattern(published):
    from rdflib.plugins.stores.sparqlstore import SPARQLStore

    graph = rdflib.Graph(SPARQLStore(f"{published.url}/sparql", returnFormat="json"))
    guatemala = rdflib.URIRef("https://w3id.org/incsr/id/country/GT")

    assert rdflib.Literal("Guatemala", lang="en") in set(graph.objects(guatemala, rdflib.SKOS.prefLabel))


@pytest.fixture
def oxigraph_server(tmp_path):
    """`oxigraph serve` on a free port, for queries that reach us by SERVICE."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).parent / "oxigraph"), "serve", "--location", str(tmp_path / "store")]
    process = subprocess.Popen(
        [*command, "--bind", f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                requests.get(url, timeout=5)
                break
            except requests.ConnectionError:
                assert process.poll() is None
                time.sleep(0.1)
        yield url
    finally:
        process.kill()
        process.wait()


def test_oxigraphs_server_joins_its_own_data_with_ours_by_service(published, oxigraph_server):
    """Facts of their own about countries, by Wikidata's IRIs; ours link to the same ones."""
    facts = "<http://www.wikidata.org/entity/Q774> <urn:capital> 'Guatemala City' ."
    requests.post(
        f"{oxigraph_server}/store?default", data=facts, headers={"Content-Type": "text/turtle"}, timeout=20
    )
    query = f"""
        PREFIX cbp: <https://w3id.org/incsr/cbp#> PREFIX owl: <http://www.w3.org/2002/07/owl#>
        SELECT ?capital ?trained WHERE {{
          ?item <urn:capital> ?capital
          SERVICE <{published.url}/sparql> {{
            ?place owl:sameAs ?item .
            ?m <http://purl.org/linked-data/sdmx/2009/dimension#refArea> ?place ;
              cbp:indicator <https://w3id.org/incsr/id/indicator/personnel-trained> ;
              <http://purl.org/linked-data/sdmx/2009/measure#obsValue> ?trained }} }}"""

    answer = requests.post(
        f"{oxigraph_server}/query", data={"query": query}, headers={"Accept": "text/csv"}, timeout=60
    )

    assert rows(answer.text) == [["capital", "trained"], ["Guatemala City", "240"]]


@pytest.mark.parametrize("name", ["structure-of-cbp", "wikidata", "officers-per-port", "figures-that-differ"])
def test_comunica_gives_the_answer_of_a_question(published, folder, name):
    question = next(q for q in questions.read_all() if q.name == name)
    text = f"comunica-sparql sparql@{published.url}/sparql -f questions/{name}.rq -t text/csv"

    output = run(folder, "sh", text)

    expected = [list(question.columns), *map(list, question.rows)]
    number = re.compile(r"-?\d+(\.\d+)?")
    plain = [[f"{float(c):g}" if number.fullmatch(c) else c for c in row] for row in rows(output)]
    assert plain == [[f"{float(c):g}" if number.fullmatch(c) else c for c in row] for row in expected]


def test_comunica_joins_us_with_a_file_by_itself(published, folder):
    """Two sources: our endpoint and the document of one thing at the path of its IRI."""
    query = (
        "SELECT ?n WHERE { "
        "<https://w3id.org/incsr/id/country/GT> <http://www.w3.org/2004/02/skos/core#prefLabel> ?n }"
    )
    text = f"comunica-sparql {published.url}/id/country/GT '{query}' -t text/csv"

    assert rows(run(folder, "sh", text))[1:] == [["Guatemala"]]
