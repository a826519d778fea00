"""Every kind of page in a real browser: accessible in both themes, no wider than its window, quiet, alone.

The rules are axe-core's for WCAG 2.0 to 2.2, A and AA, and its best practice.
"""

import pytest
from browsing import violations, wider_than_window

PAGES = [
    pytest.param("/", id="home"),
    pytest.param("/report/2014-cbp", id="report"),
    pytest.param("/report/2014-cbp?words=6188,6204#words", id="report at some words"),
    pytest.param("/report/", id="reports"),
    pytest.param("/doc/", id="things"),
    pytest.param("/doc/office/", id="index of a kind"),
    pytest.param("/doc/measurement/", id="index of figures"),
    pytest.param("/doc/section/", id="index of sections"),
    pytest.param("/doc/measurement/2014-trained-guatemala", id="figure"),
    pytest.param("/doc/measurement/2014-ports-of-entry", id="figure with other sources"),
    pytest.param("/doc/measurement/derived-share-of-personnel-trained-guatemala", id="derived figure"),
    pytest.param("/doc/agency/cbp", id="agency"),
    pytest.param("/doc/office/border-patrol", id="office"),
    pytest.param("/doc/country/GT", id="country"),
    pytest.param("/doc/academy/international-law-enforcement-academy-lima", id="academy"),
    pytest.param("/doc/period/FY2012", id="period"),
    pytest.param("/doc/section/illicit-currency", id="sentence"),
    pytest.param("/doc/statement/cbp-inspects-travelers", id="statement"),
    pytest.param("/doc/mapping/country-GT-wikidata", id="record of a link"),
    pytest.param("/ask", id="query page"),
    pytest.param("/questions", id="questions"),
    pytest.param("/questions/trainees-in-a-country", id="question with a parameter"),
    pytest.param("/questions/trainees-by-country", id="question with a chart"),
    pytest.param("/pictures", id="pictures"),
    pytest.param("/search?q=guatemala", id="search"),
    pytest.param("/search?q=zzzzqqqq", id="search without hits"),
    pytest.param("/cbp", id="vocabulary"),
    pytest.param("/shapes", id="shapes"),
    pytest.param("/graph/links", id="named graph"),
    pytest.param("/data", id="data"),
    pytest.param("/about", id="about"),
    pytest.param("/status", id="status"),
    pytest.param("/changelog", id="changelog"),
    pytest.param("/doc/office/border-control", id="nothing there"),
]
MISSING = "the server responded with a status of 404"


@pytest.mark.parametrize("path", PAGES)
def test_page_is_accessible_in_both_themes_and_fits_every_window(visit, watch, path):
    watch.allowed = (MISSING,) if "border-control" in path else ()

    page = visit(path)
    assert violations(page) == []
    assert wider_than_window(page) == 0

    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    assert violations(page) == []
    assert wider_than_window(page) == 0

    page.set_viewport_size({"width": 320, "height": 640})  # WCAG 1.4.10, reflow
    assert wider_than_window(page) == 0


@pytest.mark.parametrize("path", PAGES)
def test_page_without_scripts_has_one_heading_names_itself_and_fits_a_phone(visit, watch, path):
    watch.allowed = (MISSING,) if "border-control" in path else ()

    page = visit(path, 390, java_script_enabled=False)

    assert page.locator("h1").count() == 1
    assert page.locator("h1").inner_text().strip()
    assert page.title().endswith("· INCSR 2014 on CBP, as data")
    assert page.locator("main").count() == 1
    assert "not a site of the U.S. government" in page.locator(".foot").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("path", ["/", "/report/2014-cbp", "/ask", "/pictures", "/doc/country/GT", "/data"])
def test_nothing_jumps_while_a_page_comes(visit, path):
    """Cumulative Layout Shift below 0.1, which web.dev/cls calls good."""
    page = visit(path)
    page.wait_for_load_state("networkidle")

    shift = page.evaluate(
        """() => new Promise((done) => {
          let sum = 0;
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
          }).observe({ type: "layout-shift", buffered: true });
          setTimeout(() => done(sum), 300);
        })"""
    )

    assert shift < 0.1


def test_accessibility_is_really_looked_at(visit):
    page = visit("/about")
    page.evaluate("document.querySelector('main').innerHTML += '<img src=\"data:,\"><button></button>'")

    found = " ".join(violations(page))

    assert "image-alt" in found
    assert "button-name" in found
