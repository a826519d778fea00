"""Addresses: a thing answers 303, its document comes as asked for, what is not there says so.

W3C, Cool URIs for the Semantic Web, section 4.1; RFC 9110, section 12; RFC 8288; signposting.org/FAIR.
"""

import pyoxigraph
import pytest
import requests

THING = "https://w3id.org/incsr/id/measurement/2014-trained-guatemala"
TTL, JSONLD, NT, XML = "text/turtle", "application/ld+json", "application/n-triples", "application/rdf+xml"
FORMS = {"ttl": TTL, "jsonld": JSONLD, "nt": NT, "rdf": XML}


def get(server, path, accept=None, **options):
    headers = {"Accept": accept} if accept is not None else {"Accept": None}
    return requests.get(server.url + path, headers=headers, timeout=20, **options)


def kind(response):
    return response.headers["Content-Type"].split(";")[0]


@pytest.mark.parametrize(
    "path", ["measurement/2014-trained-guatemala", "agency/cbp", "country/GT", "section/title"]
)
def test_a_thing_answers_303_to_its_document(published, path):
    response = get(published, f"/id/{path}", allow_redirects=False)

    assert response.status_code == 303
    assert response.headers["Location"] == f"/doc/{path}"
    assert "Accept" in response.headers["Vary"]


def test_a_thing_with_a_suffix_answers_303_to_that_form(published):
    response = get(published, "/id/agency/cbp.ttl", allow_redirects=False)

    assert response.status_code == 303
    assert response.headers["Location"] == "/doc/agency/cbp.ttl"


@pytest.mark.parametrize(
    ("accept", "sent"),
    [
        pytest.param(None, "text/html", id="no header takes the page"),
        pytest.param("*/*", "text/html", id="anything takes the page"),
        pytest.param(
            "text/html,application/xml;q=0.9,*/*;q=0.8", "text/html", id="a browser"
        ),
        pytest.param(TTL, TTL, id="Turtle"),
        pytest.param(JSONLD, JSONLD, id="JSON-LD"),
        pytest.param(NT, NT, id="N-Triples"),
        pytest.param(XML, XML, id="RDF/XML"),
        pytest.param(f"{TTL};q=0.2, {JSONLD};q=0.9", JSONLD, id="the higher quality wins"),
        pytest.param(f"text/html;q=0, {TTL}", TTL, id="q=0 excludes"),
    ],
)
def test_a_document_comes_in_the_form_that_the_client_prefers(published, accept, sent):
    response = get(published, "/doc/measurement/2014-trained-guatemala", accept)

    assert response.status_code == 200
    assert kind(response) == sent
    assert "Accept" in response.headers["Vary"]


def test_a_form_that_a_document_has_not_is_406_and_the_forms_are_named(published):
    response = get(published, "/doc/agency/cbp", "image/png")

    assert response.status_code == 406
    for form in ("text/html", *FORMS.values()):
        assert form in response.text


@pytest.mark.parametrize(("suffix", "media_type"), FORMS.items())
def test_a_document_in_rdf_holds_what_is_said_of_the_thing(published, suffix, media_type):
    response = get(published, f"/doc/measurement/2014-trained-guatemala.{suffix}")
    form = pyoxigraph.RdfFormat.from_media_type(media_type)
    said = {
        (str(q.subject.value), q.predicate.value, q.object.value)
        for q in pyoxigraph.parse(response.content, form)
    }

    assert kind(response) == media_type
    assert (THING, "http://purl.org/linked-data/sdmx/2009/measure#obsValue", "240") in said
    exact = {value for _, predicate, value in said if predicate == "http://www.w3.org/ns/oa#exact"}
    assert "240 in Guatemala" in exact, "the words travel with the figure"


def test_a_document_posts_signs_for_programs(published):
    response = get(published, "/doc/measurement/2014-trained-guatemala")
    links = requests.utils.parse_header_links(response.headers["Link"])
    by_relation = {}
    for link in links:
        by_relation.setdefault(link["rel"], []).append((link["url"], link.get("type")))

    assert by_relation["cite-as"] == [(THING, None)]
    assert by_relation["license"] == [("https://creativecommons.org/publicdomain/zero/1.0/", None)]
    assert by_relation["type"] == [("https://schema.org/AboutPage", None)]
    assert by_relation["collection"] == [("/doc/dataset/incsr2014", "text/html")]
    assert set(by_relation["describedby"]) == {
        (f"/doc/measurement/2014-trained-guatemala.{suffix}", media) for suffix, media in FORMS.items()
    }
    for url, media in by_relation["describedby"]:
        assert kind(get(published, url)) == media


def test_the_data_set_posts_signs_to_its_tables(published):
    response = get(published, "/doc/dataset/incsr2014")
    items = [
        link for link in requests.utils.parse_header_links(response.headers["Link"]) if link["rel"] == "item"
    ]

    assert len(items) == 4
    for item in items:
        assert kind(get(published, item["url"])) == item["type"]


@pytest.mark.parametrize("path", ["/doc/agency/cbp", "/report/2014-cbp", "/cbp", "/data/incsr2014.ttl"])
def test_head_answers_like_get_without_a_body(published, path):
    response = requests.head(published.url + path, timeout=20)

    assert response.status_code == 200
    assert response.content == b""


def test_an_unknown_thing_is_404_with_things_of_nearly_that_name(published):
    response = get(published, "/doc/office/border-patrl", "text/html")

    assert response.status_code == 404
    assert 'href="/doc/office/border-patrol"' in response.text


def test_an_unknown_thing_is_a_problem_document_for_programs(published):
    response = get(published, "/doc/office/nobody", "application/json")

    assert response.status_code == 404
    assert kind(response) == "application/problem+json"
    assert response.json()["status"] == 404
    assert "nobody" in response.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/doc/office/%3Cscript%3Ealert(1)%3C%2Fscript%3E", id="markup"),
        pytest.param("/doc/office/a%3E%20%7B%7D", id="what would end an IRI"),
        pytest.param("/doc/nothing/x", id="an unknown kind"),
        pytest.param("/doc/office/%F0%9F%9B%82", id="a picture of a passport control"),
        pytest.param("/graph/nothing", id="an unknown graph"),
        pytest.param("/questions/nothing", id="an unknown question"),
        pytest.param("/pictures/nothing.json", id="an unknown picture"),
        pytest.param("/source/nothing.txt", id="an unknown text"),
        pytest.param("/data/nothing.ttl", id="an unknown download"),
    ],
)
def test_what_is_not_there_is_404_and_shown_inert(published, path):
    response = get(published, path, "text/html")

    assert response.status_code == 404
    assert "<script>alert" not in response.text


@pytest.mark.parametrize("words", ["5,2", "x,y", "0,999999", "-1,4", "1"])
def test_words_that_are_no_passage_are_refused(published, words):
    response = get(published, f"/report/2014-cbp?words={words}", "text/html")

    assert response.status_code == 400
    assert "START" in response.text


def test_every_iri_of_ours_in_the_data_leads_somewhere(published):
    """One of each kind of address, as the data itself gives them."""
    query = (
        "SELECT (SAMPLE(?x) AS ?one) WHERE { { ?x ?p ?o } UNION { ?s ?q ?x } "
        'FILTER (isIRI(?x) && STRSTARTS(STR(?x), "https://w3id.org/incsr/")) '
        'BIND (REPLACE(STR(?x), "^https://w3id.org/incsr/((id/)?[^/#]*).*$", "$1") AS ?kind) } GROUP BY ?kind'
    )
    answer = requests.post(
        published.url + "/sparql",
        data={"query": query},
        headers={"Accept": "application/sparql-results+json"},
        timeout=20,
    ).json()
    found = [row["one"]["value"] for row in answer["results"]["bindings"]]

    assert len(found) > 20
    for iri in found:
        path = iri.removeprefix("https://w3id.org/incsr").split("#")[0] or "/"
        assert get(published, path, "text/html").status_code == 200, iri


def test_the_source_text_is_served_byte_for_byte(published):
    response = get(published, "/source/incsr2014-cbp.txt")

    assert kind(response) == "text/plain"
    assert response.text[6188:6204] == "240 in Guatemala"
