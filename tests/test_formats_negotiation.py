"""The contract of `formats.negotiate`: what a client is sent for its Accept header or `?format=`.

Source: RFC 9110, sections 12.4 and 12.5.1.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incsr import formats

JSON = "application/sparql-results+json"
XML = "application/sparql-results+xml"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "sent"),
    [
        pytest.param(None, JSON, id="no header takes our first offer"),
        pytest.param("", JSON, id="an empty header takes our first offer"),
        pytest.param("*/*", JSON, id="anything takes our first offer"),
        pytest.param(f"{JSON};q=0.2, {XML};q=0.9", XML, id="higher quality wins"),
        pytest.param(f"{XML}, {JSON}", JSON, id="of equal quality, our order wins"),
        pytest.param(f"*/*, {JSON};q=0", XML, id="q=0 excludes, even under a wildcard"),
        pytest.param(f"{JSON};q=0.0, */*;q=0.1", XML, id="q=0.0 is q=0"),
        pytest.param(f"{XML}, */*", XML, id="a type named outright goes before a wildcard's"),
        pytest.param("*/*;q=0.5, text/csv;q=0.4", JSON, id="a wildcard may have the higher quality"),
        pytest.param("text/*", "text/csv", id="a wildcard for the subtype"),
        pytest.param("text/*, text/csv;q=0", "text/tab-separated-values", id="but not what is excluded"),
        pytest.param(
            "text/csv;q=0.3, text/*;q=0.9", "text/tab-separated-values", id="the closest range counts"
        ),
        pytest.param("TEXT/CSV", "text/csv", id="case does not matter"),
        pytest.param("text/csv;charset=utf-8", "text/csv", id="our charset is no obstacle"),
        pytest.param("text/csv;charset=iso-8859-1, text/html;q=0.1", "text/html", id="another charset is"),
        pytest.param(
            'text/csv;header="a,b;c", text/html;q=0.5', "text/csv", id="a quoted comma splits nothing"
        ),
        pytest.param("text/csv ; q=0.5 , text/html ; q=0.6", "text/html", id="white space is allowed"),
        pytest.param("text/csv;q=.5, text/html;q=.6", "text/html", id="a weight without its zero"),
        pytest.param("text/csv;q=7", "text/csv", id="a weight beyond 1 is 1"),
        pytest.param("text/csv;q=much, text/html;q=0.1", "text/html", id="a weight that is none is 0"),
        pytest.param("application/json", "application/json", id="an alias is sent under the name asked for"),
        pytest.param(
            "application/json;q=0.9, text/csv;q=0.8", "application/json", id="an alias has its weight"
        ),
        pytest.param("text/html, image/gif, *; q=.2, */*; q=.2", "text/html", id="what Java sends"),
        pytest.param(BROWSER, "text/html", id="a browser gets a page"),
        pytest.param(";, text/csv", "text/csv", id="nor is an empty one an obstacle"),
        pytest.param("nonsense, text/csv", "text/csv", id="what is no range is passed over"),
        pytest.param("image/png", None, id="nothing acceptable"),
        pytest.param(f"{JSON};q=0", None, id="nothing but an exclusion"),
        pytest.param("nonsense", None, id="no range at all"),
        pytest.param("text/turtle", None, id="a format of another kind of result"),
    ],
)
def test_solutions_are_sent_in_the_format_the_client_prefers(accept, sent):
    chosen = formats.negotiate("solutions", accept)

    assert (chosen and chosen.media_type) == sent


@pytest.mark.parametrize(
    ("kind", "accept", "sent"),
    [
        ("graph", None, "text/turtle; charset=utf-8"),
        ("graph", "application/*", "application/ld+json"),
        ("graph", "application/rdf+xml, text/turtle;q=0.9", "application/rdf+xml"),
        ("graph", "text/plain", "text/plain; charset=utf-8"),
        ("graph", "text/n3", "text/n3; charset=utf-8"),
        ("graph", "application/trig", "application/trig"),
        ("graph", "application/n-quads", "application/n-quads"),
        ("graph", JSON, None),
        (
            "graph",
            'application/ld+json;profile="http://www.w3.org/ns/json-ld#expanded"',
            'application/ld+json; profile="http://www.w3.org/ns/json-ld#expanded"',
        ),
        ("graph", 'application/ld+json;profile="http://example.org/unknown"', "application/ld+json"),
        ("graph", 'application/ld+json;profile="http://example.org/a, b", */*;q=0.1', "application/ld+json"),
        ("boolean", None, JSON),
        ("boolean", XML, XML),
        ("boolean", "text/csv", None),
        ("boolean", "text/plain", "text/plain; charset=utf-8"),
        ("dataset", None, "application/trig"),
        ("dataset", "text/turtle", None),
    ],
)
def test_each_kind_of_result_has_its_own_formats(kind, accept, sent):
    chosen = formats.negotiate(kind, accept)

    assert (chosen and chosen.content_type) == sent


@pytest.mark.parametrize(
    ("kind", "name", "sent"),
    [
        ("solutions", "csv", "text/csv"),
        ("solutions", "JSON", JSON),
        ("solutions", "table", "text/html"),
        ("solutions", "application/sparql-results+xml", XML),
        ("solutions", "application/sparql-results xml", XML),
        ("solutions", "turtle", None),
        ("graph", "json", "application/ld+json"),
        ("graph", "xml", "application/rdf+xml"),
        ("graph", "rdf xml", "application/rdf+xml"),
        ("graph", "ttl", "text/turtle"),
        ("graph", "json-ld", "application/ld+json"),
        ("boolean", "csv", None),
        ("solutions", "nonsense", None),
    ],
)
def test_a_format_by_name_wins_over_the_header(kind, name, sent):
    chosen = formats.negotiate(kind, "text/html", name)

    assert (chosen and chosen.media_type) == sent


@given(st.text(alphabet='abq/*;,=" \\.015+-', max_size=200))
def test_no_header_makes_negotiation_fail(accept):
    chosen = formats.negotiate("graph", accept)

    assert chosen is None or chosen.media_type


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (None, False),
        ("*/*", False),
        (BROWSER, True),
        ("text/html", True),
        ("text/html;q=0.5, text/turtle", False),
        ("text/turtle;q=0.5, text/html", True),
        ("text/html;q=0", False),
        ("application/problem+json, text/html;q=0.9", False),
    ],
)
def test_html_is_preferred_only_by_who_names_it(accept, page):
    assert formats.prefers_html(accept) is page


def test_every_offer_is_found_by_each_of_its_names():
    for kind in formats.KINDS:
        for offer in formats.OFFERS[kind]:
            for name in (*offer.names, offer.media_type):
                assert formats.by_name(kind, name).name == offer.name, (kind, name)
