"""Downloads: every graph in every format holds what the graph holds, and is what its checksum says."""

import hashlib
import re

import pyoxigraph
import pytest
import requests

FORMS = {
    "ttl": pyoxigraph.RdfFormat.TURTLE,
    "nt": pyoxigraph.RdfFormat.N_TRIPLES,
    "jsonld": pyoxigraph.RdfFormat.JSON_LD,
    "rdf": pyoxigraph.RdfFormat.RDF_XML,
}
QUADS = {"nq": pyoxigraph.RdfFormat.N_QUADS, "trig": pyoxigraph.RdfFormat.TRIG}
COUNT = "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"


@pytest.fixture(scope="module")
def counts(published):
    """Triples by the graph's short name, as the endpoint counts them."""
    rows = requests.post(
        published.url + "/sparql",
        data={"query": COUNT},
        headers={"Accept": "application/sparql-results+json"},
        timeout=20,
    ).json()["results"]["bindings"]
    return {
        row["g"]["value"].removeprefix("https://w3id.org/incsr/graph/"): int(row["n"]["value"])
        for row in rows
    }


@pytest.fixture(scope="module")
def checksums(published):
    text = requests.get(published.url + "/data/checksums.txt", timeout=60).text
    return dict(reversed(line.split("  ")) for line in text.splitlines())


@pytest.mark.parametrize(("suffix", "form"), FORMS.items())
@pytest.mark.parametrize("name", ["incsr2014", "links", "ontology"])
def test_a_graph_is_whole_in_every_format(published, counts, name, suffix, form):
    response = requests.get(f"{published.url}/data/{name}.{suffix}", timeout=30)

    assert len(set(pyoxigraph.parse(response.content, form))) == counts[name]
    assert f'filename="{name}.{suffix}"' in response.headers["Content-Disposition"]


@pytest.mark.parametrize(("suffix", "form"), QUADS.items())
def test_everything_with_the_names_of_its_graphs(published, counts, suffix, form):
    response = requests.get(f"{published.url}/data/incsr.{suffix}", timeout=60)
    held = {}
    for quad in pyoxigraph.parse(response.content, form):
        name = quad.graph_name.value.removeprefix("https://w3id.org/incsr/graph/")
        held[name] = held.get(name, 0) + 1

    assert held == counts


def test_everything_as_one_set(published, counts):
    response = requests.get(f"{published.url}/data/incsr.nt", timeout=60)
    lines = response.text.splitlines()

    assert len(set(lines)) == len(lines)
    assert max(counts.values()) < len(lines) <= sum(counts.values())


@pytest.mark.parametrize("name", ["incsr2014.ttl", "links.rdf", "incsr.nq", "shapes.jsonld"])
def test_a_file_is_what_its_checksum_says(published, checksums, name):
    body = requests.get(f"{published.url}/data/{name}", timeout=60).content

    assert checksums[name] == hashlib.sha256(body).hexdigest()


def test_the_page_lists_every_file_of_the_checksums(published, checksums):
    page = requests.get(published.url + "/data", timeout=20).text

    for name in checksums:
        assert f'href="/data/{name}"' in page
    assert "CC0" in page
    assert re.search(r"Version \d+\.\d+", page)


def test_sizes_stand_on_the_page_once_they_are_measured(published, checksums):
    body = requests.get(published.url + "/data/incsr2014.ttl", timeout=20).content
    page = requests.get(published.url + "/data", timeout=20).text

    assert hashlib.sha256(body).hexdigest() in page
    assert " kB</span>" in page


def test_a_file_that_has_not_changed_is_not_sent_again(published):
    first = requests.get(published.url + "/data/incsr2014.ttl", timeout=20)
    again = requests.get(
        published.url + "/data/incsr2014.ttl", headers={"If-None-Match": first.headers["ETag"]}, timeout=20
    )

    assert again.status_code == 304
    assert again.content == b""


def test_the_vocabulary_is_a_manual_of_all_its_terms(published):
    page = requests.get(published.url + "/cbp", headers={"Accept": "text/html"}, timeout=20).text
    turtle = requests.get(published.url + "/cbp", headers={"Accept": "text/turtle"}, timeout=20)
    terms = {
        str(quad.subject.value).split("#")[1]
        for quad in pyoxigraph.parse(turtle.content, pyoxigraph.RdfFormat.TURTLE)
        if str(quad.subject.value).startswith("https://w3id.org/incsr/cbp#")
        and quad.predicate.value.endswith("#definition")
    }

    assert len(terms) > 80
    for term in terms:
        assert f'id="{term}"' in page, term


def test_the_shapes_are_a_manual_of_all_their_rules(published):
    page = requests.get(published.url + "/shapes", headers={"Accept": "text/html"}, timeout=20).text
    turtle = requests.get(published.url + "/shapes.ttl", timeout=20)
    shapes = {
        str(quad.subject.value).split("#")[1]
        for quad in pyoxigraph.parse(turtle.content, pyoxigraph.RdfFormat.TURTLE)
        if quad.object.value == "http://www.w3.org/ns/shacl#NodeShape" and "#" in str(quad.subject.value)
    }

    assert len(shapes) > 10
    for shape in shapes:
        assert f'id="{shape}"' in page, shape
