"""Every IRI that we mint leads somewhere, by its path, on any host.

303 or 200, in HTML or RDF as asked, with Link headers that say what else there is (Cool URIs for the Semantic
Web; RFC 8288; signposting.org/FAIR). The IRIs are read from the graphs themselves, generated ones included.
"""

import ast
import re
from pathlib import Path
from urllib.parse import quote, urldefrag, urljoin, urlsplit

import inline
import pyoxigraph as ox
import pytest

from incsr.namespaces import BASE
from incsr.pages import problem_types

ROOT = Path(__file__).resolve().parent.parent
TURTLE = {"Accept": "text/turtle"}


@pytest.fixture(scope="module")
def client():
    return inline.client()


@pytest.fixture(scope="module")
def minted():
    """Every IRI of ours in any place of any quad, without fragments."""
    store = inline.executor().dataset.store
    found = set()
    for quad in store:
        for term in (quad.subject, quad.predicate, quad.object, quad.graph_name):
            if isinstance(term, ox.NamedNode) and term.value.startswith(BASE):
                found.add(urldefrag(term.value)[0])
    return sorted(found)


def get(client, path, headers):
    return client.get(quote(path, safe="/:?=&,%#~-._"), headers=headers)


def test_every_minted_iri_answers_turtle_with_links(client, minted):
    wrong = []
    for iri in minted:
        path = iri.removeprefix(BASE.rstrip("/"))
        answer = get(client, path, TURTLE)
        if answer.status_code == 303:
            if not answer.headers.get("Link"):
                wrong.append((iri, "303 without Link"))
            answer = get(
                client, urlsplit(urljoin("http://localhost" + path, answer.headers["Location"])).path, TURTLE
            )
        kind = "text/plain" if path.startswith("/source/") else "text/turtle"
        if answer.status_code != 200 or answer.mimetype != kind:
            wrong.append((iri, answer.status_code, answer.mimetype))
        elif not answer.headers.get("Link") and path != "/sparql":
            wrong.append((iri, "no Link"))

    assert wrong == []
    assert len(minted) > 1300


def test_what_an_iri_of_a_thing_answers_tells_of_that_thing(client, minted):
    things = [iri for iri in minted if iri.startswith(f"{BASE}id/")]

    for iri in things[::20]:
        answer = client.get(
            get(client, iri.removeprefix(BASE.rstrip("/")), TURTLE).headers["Location"], headers=TURTLE
        )
        subjects = {
            triple.subject.value
            for triple in ox.parse(answer.data, format=ox.RdfFormat.TURTLE)
            if isinstance(triple.subject, ox.NamedNode)
        }
        assert iri in subjects


def test_one_iri_of_each_kind_answers_html(client, minted):
    kinds = {}
    for iri in minted:
        path = iri.removeprefix(BASE)
        kinds.setdefault("/".join(path.split("/")[: 2 if path.startswith("id/") else 1]), "/" + path)

    for path in kinds.values():
        answer = client.get(quote(path), headers={"Accept": "text/html"}, follow_redirects=True)
        assert answer.status_code == 200, path
        assert answer.mimetype == ("text/plain" if path.startswith("/source/") else "text/html"), path


def test_the_fragments_of_the_vocabulary_and_the_shapes_are_described_where_they_lead(client):
    store = inline.executor().dataset.store
    for document in ("cbp", "shapes", "graph/void", "graph/questions"):
        subjects = {
            t.subject
            for t in ox.parse(client.get("/" + document, headers=TURTLE).data, format=ox.RdfFormat.TURTLE)
        }
        used = {
            term
            for quad in store
            for term in (quad.subject, quad.predicate, quad.object)
            if isinstance(term, ox.NamedNode) and term.value.startswith(f"{BASE}{document}#")
            if term.value != f"{BASE}{document}#"  # the namespace itself
        }
        assert used and used <= subjects, (document, sorted(map(str, used - subjects))[:5])


def test_a_fragment_of_the_source_text_names_the_words_that_the_graph_quotes(client):
    """RFC 5147: positions count characters between, from 0; the end is after the last one."""
    store = inline.executor().dataset.store
    query = """PREFIX oa: <http://www.w3.org/ns/oa#> PREFIX cbp: <https://w3id.org/incsr/cbp#>
        SELECT DISTINCT ?passage ?exact WHERE { GRAPH ?g { ?passage oa:hasSelector [ oa:exact ?exact ] } }"""
    text = client.get("/source/incsr2014-cbp.txt").data.decode()

    rows = list(store.query(query))
    for row in rows:
        start, end = map(int, row["passage"].value.split("#char=")[1].split(","))
        assert text[start:end] == row["exact"].value
    assert len(rows) > 400


def codes():
    """Every problem code that the code states, and what stands in a constant's place."""
    found = set()
    for path in (ROOT / "incsr").rglob("*.py"):
        if path.parts[-2] == "evidence" or path.name == "claims.py":
            continue  # its Problems are findings on data, not answers
        for node in ast.walk(ast.parse(path.read_text())):
            name = (
                getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            )
            place = {"Problem": 3, "problem": 1, "refuse": 1}.get(name)
            if name == "response" and "problem_types" in ast.unparse(node.func):
                place = 1
            argument = node.args[place] if place is not None and len(node.args) > place else None
            if isinstance(argument, ast.Constant) and re.fullmatch(r"[a-z0-9-]+", str(argument.value)):
                found.add(argument.value)
    return found


def test_every_problem_that_the_service_states_has_a_page(client):
    stated = codes() | {
        f"{many}-{what}"
        for many, whats in {"no": ("query", "update"), "several": ("queries", "updates")}.items()
        for what in whats
    }

    assert stated - set(problem_types.PROBLEMS) == set()
    assert len(stated) > 40


@pytest.mark.parametrize("code", sorted(problem_types.PROBLEMS))
def test_a_problem_type_says_what_it_means_in_html_and_turtle(client, code):
    page = client.get(f"/problem/{code}", headers={"Accept": "text/html"})
    turtle = client.get(f"/problem/{code}", headers=TURTLE)

    assert problem_types.PROBLEMS[code][0] in page.text.replace("&#39;", "'")
    assert turtle.mimetype == "text/turtle" and f"{code}>" in turtle.text
    assert turtle.headers["Link"] == f'<{BASE}problem/{code}>; rel="cite-as"'


@pytest.mark.parametrize(
    "path",
    [
        "/cbp/9.9.9",
        "/shapes/9.9.9",
        "/graph/nothing",
        "/problem/nothing",
        "/id/country/ZZ",
        "/questions/nothing",
        "/data/measurements/nothing.csv",
    ],
)
def test_an_iri_that_we_do_not_mint_is_404(client, path):
    assert client.get(path, headers=TURTLE).status_code == 404


@pytest.mark.parametrize("host", ["data.example.gov", "localhost:5000", "[::1]:80"])
def test_the_host_that_serves_does_not_leak_into_the_data(client, host):
    path = client.get("/id/country/GT", headers={**TURTLE, "Host": host}).headers["Location"]

    assert host not in client.get(path, headers={**TURTLE, "Host": host}).text


def test_the_redirects_for_w3id_keep_path_and_query():
    """docs/w3id.htaccess: one rule, 302, everything after /incsr/ kept, so each path here is a path there."""
    text = (ROOT / "docs" / "w3id.htaccess").read_text()
    rules = [line.split() for line in text.splitlines() if line.startswith("RewriteRule")]

    assert "RewriteEngine on" in text
    assert [rule[1] for rule in rules] == ["^$", "^(.+)$"]
    assert all("302" in rule[3] and "L" in rule[3] and "NE" in rule[3] for rule in rules)
    assert rules[1][2].endswith("/$1")
