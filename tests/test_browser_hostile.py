"""Data is untrusted when it is shown: markup, scripts, odd Unicode and huge texts in the data stay inert."""

import pytest
import requests
import servers

from incsr.endpoint.addresses import STORE

MARK = "<script>window.ran = 1</script><img src=x onerror='window.ran = 2'>"
ODD = "\u202eevil\u2066 e\u0301\u0301\u0301 👩‍👩‍👧‍👦 \ufeff\ufffd"
THING = "https://w3id.org/incsr/id/concept/hostile"
DATA = f"""
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<{THING}> a skos:Concept ;
    skos:prefLabel "{MARK}" ; rdfs:label "{MARK}" ;
    skos:altLabel "=HYPERLINK(1)", "{ODD}" ;
    skos:definition "</textarea></style></title>{MARK}{{{{ 7*7 }}}}" ;
    skos:editorialNote "{MARK}" ;
    foaf:page <javascript:window.ran=3> , <data:text/html,x> ;
    rdfs:seeAlso <javascript:window.ran=4> ;
    skos:note "{"x" * 200_000}" ;
    <https://w3id.org/incsr/id/concept/p%22%3E%3Cscript%3E> "{MARK}"@en-x-odd .
"""


@pytest.fixture(scope="module")
def hostile():
    """A server of its own that holds the hostile thing beside the published graph."""
    with servers.running(token="secret") as server:
        answer = requests.post(
            f"{server.url}{STORE}",
            params={"graph": "https://w3id.org/incsr/graph/hostile"},
            data=DATA.encode(),
            headers={"Content-Type": "text/turtle", **server.authorization()},
            timeout=30,
        )
        assert answer.status_code in (200, 201, 204), answer.text[:300]
        yield server


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/doc/concept/hostile", id="its page"),
        pytest.param("/doc/concept/", id="its index"),
        pytest.param("/search?q=hyperlink", id="search"),
        pytest.param("/graph/hostile", id="its graph"),
        pytest.param("/data", id="data"),
        pytest.param("/doc/concept/hostil", id="near names of what is not there"),
        pytest.param(
            f"/ask?run=SELECT%20*%20%7B%20%3C{THING}%3E%20%3Fp%20%3Fo%20%7D",
            id="answer",
        ),
    ],
)
def test_hostile_data_is_shown_inert(visit, watch, hostile, path):
    watch.allowed = ("the server responded with a status of 404",)
    page = visit(path, server=hostile)
    if "/ask" in path:
        page.wait_for_selector("#results table")

    assert page.evaluate("window.ran") is None
    assert page.locator("main script, main img").count() == 0
    hrefs = page.eval_on_selector_all("a", "links => links.map((link) => link.protocol)")
    assert set(hrefs) <= {"http:", "https:"}
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_hostile_names_are_read_as_they_stand(visit, hostile):
    page = visit("/doc/concept/hostile", server=hostile)

    assert "<script>window.ran = 1</script>" in page.locator("h1").inner_text()
    assert "{{ 7*7 }}" in page.locator("main").inner_text()
    assert "javascript:window.ran=4" in page.locator("main").inner_text()


def test_a_huge_text_is_cut_on_the_page_and_whole_in_the_data(hostile):
    page = requests.get(hostile.url + "/doc/concept/hostile", timeout=20)
    turtle = requests.get(hostile.url + "/doc/concept/hostile.ttl", timeout=20)

    assert "(200,000 characters)" in page.text
    assert len(page.content) < 60_000
    assert "x" * 200_000 in turtle.text


def test_the_endpoints_table_shows_hostile_data_inert(visit, hostile):
    page = visit(f"/sparql?query=SELECT%20*%20%7B%20%3C{THING}%3E%20%3Fp%20%3Fo%20%7D", server=hostile)

    assert page.evaluate("window.ran") is None
    assert page.locator("main script, main img, a[href^='javascript']").count() == 0
