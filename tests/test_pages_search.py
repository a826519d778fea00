"""Search over HTTP: ranked, tolerant of typing, by kind, for people and programs (OpenSearch 1.1)."""

from xml.etree import ElementTree

import pytest
import requests


def found(server, words, **more):
    response = requests.get(server.url + "/search", params={"q": words, "format": "json", **more}, timeout=20)
    assert response.status_code == 200
    return response.json()["results"]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        pytest.param(
            "trained in guatemala", "/doc/measurement/2014-trained-guatemala", id="a figure"
        ),
        pytest.param("border patrol", "/doc/office/border-patrol", id="an office by its short name"),
        pytest.param("OBP", "/doc/office/border-patrol", id="an abbreviation"),
        pytest.param("759,000", "/doc/measurement/2014-drugs-seized", id="a number as printed"),
        pytest.param("759000", "/doc/measurement/2014-drugs-seized", id="a number without its comma"),
        pytest.param("unmaned aircraft sytem", "/doc/program/unmanned-aircraft-system", id="typing errors"),
        pytest.param("Guatamala", "/doc/country/GT", id="a misspelt country"),
    ],
)
def test_the_likeliest_answer_comes_first(published, words, first):
    assert first in [hit["path"] for hit in found(published, words)[:3]]


def test_each_hit_says_what_it_is_and_leads_there(published):
    for hit in found(published, "cocaine"):
        assert hit["kind"]
        assert hit["label"]
        assert requests.get(published.url + hit["path"], timeout=20).status_code == 200


def test_hits_can_be_of_one_kind(published):
    kinds = {hit["kind"] for hit in found(published, "training", kind="question")}

    assert kinds == {"question"}


def test_definitions_and_quotations_are_searched_too(published):
    assert any(hit["kind"] == "term" for hit in found(published, "bounds the true value"))
    assert any("canine" in hit["label"] for hit in found(published, "1,580 canine teams"))


@pytest.mark.parametrize("words", ["", "   ", "the of and", "\u202e\u0000", "🛂", "x" * 300])
def test_words_that_find_nothing_are_answered_quietly(published, words):
    response = requests.get(published.url + "/search", params={"q": words}, timeout=20)

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("query", "words"),
    [({"q": "x" * 301}, "longer than 300"), ({"q": "x", "kind": "dragon"}, "There is no kind")],
)
def test_what_cannot_be_searched_is_refused_with_the_reason(published, query, words):
    page = requests.get(published.url + "/search", params=query, headers={"Accept": "text/html"}, timeout=20)
    problem = requests.get(published.url + "/search", params={**query, "format": "json"}, timeout=20)

    assert page.status_code == problem.status_code == 400
    assert words in page.text
    assert words in problem.json()["detail"]


def test_json_also_comes_by_accept(published):
    response = requests.get(
        published.url + "/search", params={"q": "cocaine"}, headers={"Accept": "application/json"}, timeout=20
    )

    assert response.json()["q"] == "cocaine"
    assert "Accept" in response.headers["Vary"]


def test_a_browser_learns_to_search_and_to_suggest(published):
    home = requests.get(published.url + "/", timeout=20).text
    response = requests.get(published.url + "/opensearch.xml", timeout=20)
    urls = {
        url.get("type"): url.get("template")
        for url in ElementTree.fromstring(response.content).iter("{http://a9.com/-/spec/opensearch/1.1/}Url")
    }

    assert 'type="application/opensearchdescription+xml"' in home
    assert response.headers["Content-Type"] == "application/opensearchdescription+xml"
    page = requests.get(urls["text/html"].replace("{searchTerms}", "guatemala"), timeout=20)
    assert "Guatemala" in page.text
    suggested = requests.get(
        urls["application/x-suggestions+json"].replace("{searchTerms}", "guate"), timeout=20
    ).json()
    assert suggested[0] == "guate"
    assert any("Guatemala" in title for title in suggested[1])
    assert len(suggested[1]) == len(suggested[2]) == len(suggested[3])
    assert requests.get(suggested[3][0], timeout=20).status_code == 200


def test_what_was_searched_is_shown_inert(published):
    page = requests.get(
        published.url + "/search", params={"q": '"><script>alert(1)</script>'}, timeout=20
    ).text

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;" in page
