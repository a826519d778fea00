"""A store that holds nothing, or something else: every page says so, and none fails."""

import re

import pyoxigraph as ox
import pytest

from incsr.app import create_app
from incsr.config import Settings
from incsr.pages import downloads
from incsr.store.dataset import Dataset
from incsr.workers import loading
from incsr.workers.executors import InlineExecutor


def published():
    options = {"default_graph": "union", "empty": False, "service_allow": ()}
    return loading.load(options)


OTHERS = (
    '<urn:a> <http://www.w3.org/2000/01/rdf-schema#label> "Somebody else" .',
    "<urn:a> <urn:b> <urn:c> <urn:g> .",
    "<urn:a> <urn:b> <urn:c> <https://w3id.org/incsr/graph/incsr2014> .",
)
# A value for each part of an address; whether there is such a thing does not matter.
PARTS = {
    "kind": "country",
    "slug": "mexico",
    "suffix": "ttl",
    "form": "txt",
    "name": "report",
    "code": "timeout",
}


@pytest.fixture(
    params=[(), OTHERS[:1], OTHERS[1:2], OTHERS[2:], OTHERS],
    ids=["empty", "default", "named", "in the report's graph", "all"],
)
def application(request):
    store = ox.Store()
    store.load("\n".join(request.param).encode(), ox.RdfFormat.N_QUADS)
    dataset = Dataset(store, union=False)
    return create_app(Settings(default_graph="strict", empty=True), InlineExecutor(dataset))


def addresses(application):
    for rule in application.url_map.iter_rules():
        if "GET" in rule.methods and rule.endpoint.startswith("pages."):
            path = re.sub(r"<any\(([^,)]+)[^>]*>", lambda match: match[1].strip('" '), rule.rule)
            yield re.sub(r"<(?:[^<>:]*:)?([^<>]+)>", lambda match: PARTS.get(match[1], "x"), path)


@pytest.mark.parametrize("accept", ["text/html", "application/ld+json", "text/turtle"])
def test_no_page_fails(application, accept):
    client = application.test_client()

    statuses = {}
    for path in addresses(application):
        with client.get(path, headers={"Accept": accept}) as answer:
            statuses[path] = answer.status_code

    assert len(statuses) > 50
    assert {path: status for path, status in statuses.items() if status >= 500} == {}


def test_the_front_page_says_what_the_store_holds(application):
    text = application.test_client().get("/").text
    full = len(application.extensions["incsr"].dataset.store) > 0

    assert ("over other data" if full else "empty so far") in text
    assert "What the government told Congress" not in text


def test_there_is_no_catalogue_of_what_is_not_published(application):
    for path in ("/catalog.ttl", "/data.json", "/dcat-us.json"):
        answer = application.test_client().get(path)
        assert (answer.status_code, "does not hold the published graph" in answer.text) == (404, True)


def test_the_status_of_such_a_store_claims_nothing(application):
    text = application.test_client().get("/status").text

    assert "does not hold the published report" in text
    assert "stands on its words" not in text and "conforms" not in text


def test_a_store_without_the_report_is_not_held_in_memory_as_files(application):
    client = application.test_client()

    page, file = client.get("/data"), client.get("/data/incsr.nt")

    assert page.status_code == 200
    assert "does not hold the published report" in page.text
    assert "/data/incsr.nt" not in page.text and "being measured" not in page.text
    assert (file.status_code, "ask /sparql" in file.text) == (404, True)
    assert client.get("/data/checksums.txt").text == ""


def test_a_published_graph_that_has_grown_is_not_made_into_files(monkeypatch):
    monkeypatch.setattr(downloads, "MOST_TRIPLES", 10)
    client = create_app(Settings(), InlineExecutor(published())).test_client()

    page, file = client.get("/data"), client.get("/data/incsr.nt")

    assert "has grown too large for files" in page.text
    assert "/data/incsr.nt" not in page.text
    assert (file.status_code, "ask /sparql" in file.text) == (404, True)
    assert "/data/incsr.nt" not in client.get("/catalog.ttl").text


def test_the_front_page_leads_only_to_what_such_a_store_has(application):
    main = application.test_client().get("/").text.split("<main")[1].split("</main>")[0]

    led = set(re.findall(r'href="([^"]+)"', main))

    assert led == {"/ask", "/openapi.json", "/status"}


def test_the_about_page_counts_no_figures_of_such_a_store(application):
    text = application.test_client().get("/about").text

    assert "does not hold the published report" in text
    assert "Of 0 figures" not in text and "This is one such page" not in text


def test_every_page_says_that_the_report_is_not_held_and_none_claims_its_facts(application):
    client = application.test_client()

    texts = {}
    for path in addresses(application):
        with client.get(path, headers={"Accept": "text/html"}) as answer:
            if answer.mimetype == "text/html" and answer.status_code in (200, 404) and "<main" in answer.text:
                texts[path] = answer.text

    assert len(texts) > 15
    said = ("does not hold the published report", "without the published report")
    assert [path for path, text in texts.items() if not any(words in text for words in said)] == []
    claims = (
        "questions that the data answers",
        "Everything the report names",
        "Guatemala 240",
        "Every fact of the graph",
        "Department of State, March 2014",
        "Coloured words are data",
    )
    assert [(path, words) for path, text in texts.items() for words in claims if words in text] == []


def test_the_map_of_such_a_site_leads_to_what_it_has(application):
    text = application.test_client().get("/sitemap.xml").text

    led = re.findall(r"<loc>http://localhost([^<]*)</loc>", text)

    assert led == ["/", "/ask", "/about"]
