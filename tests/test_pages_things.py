"""Pages of things: facts in sentences, words in context, other sources, sure links, what isn't known."""

import html
import re

import pytest
import requests

UNKNOWN = "What isn\u2019t known"


def text_of(server, path):
    response = requests.get(server.url + path, headers={"Accept": "text/html"}, timeout=20)
    assert response.status_code == 200, path
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text)))


def section(text, title, until):
    return text[text.index(title) : text.index(until, text.index(title))]


def test_a_figures_page_says_value_hedge_period_place_and_words(published):
    text = text_of(published, "/doc/measurement/2014-trained-guatemala")

    for words in (
        "240",
        "personnel trained",
        "Office of Border Patrol",
        "Guatemala",
        "FY 2013",
        "240 in Guatemala",
    ):
        assert words in text
    assert "The number of personnel trained in each country is as follows" in text


def test_a_figures_page_says_what_is_not_known(published):
    text = text_of(published, "/doc/measurement/2014-trained-guatemala")

    assert "no second source" in section(text, UNKNOWN, "All facts")


def test_an_undated_figure_says_so_and_gives_the_likely_period_as_ours(published):
    text = text_of(published, "/doc/measurement/2014-ports-of-entry")

    assert "no period stated (likely FY2012, we say)" in text


def test_a_figure_stands_beside_other_sources_with_the_reason(published):
    text = text_of(published, "/doc/measurement/2014-ports-of-entry")
    beside = section(text, "Beside other sources", UNKNOWN)

    for words in (
        "agrees : same number",
        "another year",
        "317",
        "FY2004",
        "official source",
        "The same number",
    ):
        assert words in beside, words


def test_a_derived_figure_shows_formula_and_inputs_and_the_inputs_lead_back(published):
    derived = text_of(published, "/doc/measurement/derived-share-of-personnel-trained-guatemala")
    stated = text_of(published, "/doc/measurement/2014-trained-guatemala")

    assert "240 ÷ 456" in derived
    assert "computed by us" in derived
    assert "personnel trained: 240" in derived
    assert "Computed from it" in stated
    assert "share of personnel trained" in stated


def test_a_country_has_a_map_its_figures_and_links_with_how_sure_they_are(published):
    page = requests.get(published.url + "/doc/country/GT", timeout=20).text
    links = page[page.index('id="outward"') :]

    assert 'class="land on"' in page
    assert 'aria-label="Map: Guatemala"' in page
    assert "http://www.wikidata.org/entity/Q774" in links
    assert "0.99" in links
    assert "ISO 3166-1 numeric" in links
    assert "pycountry" in links


def test_an_office_shows_its_other_names_and_what_the_report_says_of_it(published):
    text = text_of(published, "/doc/office/border-patrol")

    assert "Also called:" in text
    assert "OBP" in text
    assert "secures" in section(text, "What the report says", UNKNOWN)


def test_an_index_lists_all_of_its_kind(published):
    for kind, least in (
        ("office", 5),
        ("country", 14),
        ("section", 55),
        ("statement", 200),
        ("measurement", 50),
    ):
        page = requests.get(f"{published.url}/doc/{kind}/", timeout=20).text
        total = int(re.search(r"<caption>(\d+) ", page)[1])
        assert total >= least, kind


def test_figures_are_narrowed_by_facet_sorted_and_paged(published):
    base = published.url + "/doc/measurement/"

    def get(**query):
        return requests.get(base, params=query, timeout=20).text

    trained = get(area="https://w3id.org/incsr/id/country/GT")
    hedged = get(hedge="AtLeast", **{"from": "incsr2014"})
    by_value = get(sort="value")
    second = get(page="2")

    assert "240" in trained
    assert "<caption>2 figures" in trained
    assert "at least" in hedged
    assert "5,500 hours" in hedged
    assert by_value != get()
    assert "page 2 of" in second


def test_things_of_a_kind_are_narrowed_by_what_tells_them_apart(published):
    base = published.url + "/doc/statement/"
    whole = requests.get(base, timeout=20).text
    group = "https://w3id.org/incsr/cbp#trainsIn"
    narrowed = requests.get(base, params={"group": group}, timeout=20).text

    count = int(re.search(rf'<option value="{group}">[^(]*\((\d+)\)', whole)[1])
    assert 5 < count < 20
    assert f"<caption>{count} statements" in narrowed
    assert "trains in Guatemala" in narrowed
    assert "inspects travelers" not in narrowed


@pytest.mark.parametrize("page", ["0", "-3", "x", "99999"])
def test_a_page_number_out_of_range_shows_a_page_that_is_there(published, page):
    response = requests.get(published.url + "/doc/measurement/", params={"page": page}, timeout=20)

    assert response.status_code == 200


def test_a_page_offers_the_query_that_made_it_and_the_query_runs(published):
    page = requests.get(published.url + "/doc/country/GT", timeout=20).text
    query = html.unescape(
        re.search(r'The query that made it</summary><pre tabindex="0">(.*?)</pre>', page, re.S)[1]
    )

    answer = requests.post(
        published.url + "/sparql", data={"query": query}, headers={"Accept": "text/turtle"}, timeout=20
    )

    assert answer.status_code == 200
    assert "Guatemala" in answer.text
