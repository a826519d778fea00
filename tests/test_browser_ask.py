"""The query page in a real browser: editor, completion, table, chart and map, why, share, downloads.

The server's policy allows no code made from text and no other host; every page here is watched for both.
"""

from urllib.parse import quote

import pytest

TRAINED = "Which figures does the page give, of whom, with which hedge and in which unit, in its order?"
FIGURES = (
    "SELECT ?figure ?value WHERE { ?figure <http://purl.org/linked-data/cube#dataSet> "
    "<https://w3id.org/incsr/id/dataset/incsr2014> ; "
    "<http://purl.org/linked-data/sdmx/2009/measure#obsValue> ?value } ORDER BY DESC(?value) LIMIT 3"
)


def answered(page):
    page.wait_for_selector("#results h2:has-text('Answer')")
    return page.locator("#results")


def write(page, text):
    page.evaluate("text => document.getElementById('editor').yasqe.setValue(text)", text)


def test_an_example_runs_in_one_click_and_shows_a_table(visit):
    page = visit("/sparql")

    page.click(f"text={TRAINED}")

    results = answered(page)
    assert "47 rows" in results.locator("[role=status]").inner_text()
    assert results.locator("tbody tr").count() == 47
    assert "240 in Guatemala" in results.inner_text()


def test_labels_stand_beside_iris_and_lead_to_our_pages(visit):
    page = visit(
        f"/ask?run={quote('SELECT ?office WHERE { ?office a <https://w3id.org/incsr/cbp#Office> }')}"
    )
    cell = answered(page).locator("td", has_text="Office of Border Patrol")

    assert cell.locator("a").get_attribute("href") == "/doc/office/border-patrol"
    assert "https://w3id.org/incsr/id/office/border-patrol" in cell.inner_text()


def test_why_shows_the_words_of_a_row(visit):
    page = visit(f"/ask?run={quote(FIGURES)}")
    answered(page).locator("button:has-text('why?')").first.click()
    page.wait_for_selector("#results tr.why a")

    why = page.locator("#results tr.why")
    assert "$8.76 billion" in why.inner_text()
    assert "/report/2014-cbp?words=" in why.locator("a").first.get_attribute("href")


def test_an_answer_is_drawn_as_a_chart_with_an_open_end_for_more_than(visit):
    page = visit("/ask")
    page.click("[data-example=figures-in-pounds]")
    answered(page).locator("[role=tab]:has-text('Chart')").click()
    page.wait_for_selector("#results .drawing svg")

    assert "An arrow is an open end" in page.locator("#results").inner_text()
    assert page.locator("#results .drawing svg .mark-rect path").count() >= 3


def test_an_answer_with_countries_is_drawn_as_a_map(visit):
    page = visit("/ask", dark=True)
    page.click("[data-example=trainees-on-the-map]")
    answered(page).locator("[role=tab]:has-text('Map')").click()

    page.wait_for_selector("#results .drawing svg .mark-shape path")
    assert page.locator("#results .drawing svg .mark-shape path").count() > 10


def test_views_are_chosen_by_arrow_keys(visit):
    page = visit("/ask")
    page.click("[data-example=figures-in-pounds]")
    answered(page).locator("[role=tab]").first.focus()

    page.keyboard.press("ArrowRight")

    assert page.locator("#results [role=tab][aria-selected=true]").inner_text() == "Chart"
    page.wait_for_selector("#results .drawing svg")


def test_a_shared_link_opens_the_same_query_and_its_answer(visit, published):
    page = visit("/ask", permissions=["clipboard-read", "clipboard-write"])
    write(page, FIGURES)
    page.click("button:has-text('Share')")
    page.wait_for_selector("text=Link copied")
    link = page.evaluate("navigator.clipboard.readText()")

    assert link.startswith(published.url + "/ask?run=")
    shared = visit(link.removeprefix(published.url))
    assert answered(shared).locator("tbody tr").count() == 3
    assert shared.evaluate("document.getElementById('editor').yasqe.getValue()") == FIGURES


def test_the_address_in_the_bar_follows_what_was_run(visit):
    page = visit("/ask")
    write(page, FIGURES)
    page.click("button:has-text('Run')")
    answered(page)

    page.wait_for_url("**/ask?run=SELECT**", timeout=5000)


def test_classes_and_properties_of_our_data_are_completed(visit):
    page = visit("/ask")
    write(page, "PREFIX cbp: <https://w3id.org/incsr/cbp#>\nSELECT * WHERE { ?s cbp:qualif")
    page.evaluate(
        "() => { const y = document.getElementById('editor').yasqe; y.focus(); y.setCursor(1, 99); }"
    )

    page.keyboard.press("Control+Space")
    page.wait_for_selector(".CodeMirror-hint")
    page.keyboard.press("ArrowDown")
    assert page.locator(".CodeMirror-hint-active").inner_text() == "cbp:qualifier  (qualifier)"
    page.keyboard.press("Enter")

    assert page.evaluate("document.getElementById('editor').yasqe.getValue()").endswith("?s cbp:qualifier")


def test_the_keyboard_gets_into_the_editor_runs_and_gets_out(visit):
    """WCAG 2.1.2: no keyboard trap."""
    page = visit("/ask")
    page.evaluate("document.getElementById('editor').yasqe.focus()")
    page.keyboard.press("Control+Enter")
    answered(page)
    assert page.evaluate("Boolean(document.activeElement.closest('#editor'))")

    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.textContent") == "Run"
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("Boolean(document.activeElement.closest('#editor'))")


def test_a_mistake_is_told_with_its_line_and_the_editor_goes_there(visit, watch):
    watch.allowed = ("the server responded with a status of 400",)
    page = visit("/ask")
    write(page, "SELECT * WHERE {\n  ?s ?p }\n")
    page.click("button:has-text('Run')")
    page.wait_for_selector("#results [role=alert]")

    assert "ine 2" in page.locator("#results [role=alert]").inner_text()


@pytest.mark.parametrize(
    ("name", "begins"), [("CSV", "figure,value"), ("JSON", "{"), ("XML", "<?xml"), ("TSV", "?figure\t")]
)
def test_an_answer_is_downloaded_in_the_format_chosen(visit, name, begins):
    page = visit(f"/ask?run={quote(FIGURES)}")
    with page.expect_download() as download:
        answered(page).locator(f".downloads button:text-is('{name}')").click()

    saved = download.value
    assert saved.suggested_filename == f"answer.{name.lower()}"
    assert saved.path().read_text().startswith(begins)


def test_a_graph_is_shown_as_turtle(visit):
    page = visit(f"/ask?run={quote('DESCRIBE <https://w3id.org/incsr/id/office/border-patrol>')}")

    assert "Office of Border Patrol" in answered(page).locator("pre").inner_text()


def test_a_yes_or_no_is_said_in_a_word(visit):
    page = visit(f"/ask?run={quote('ASK { ?s ?p ?o }')}")

    assert "Yes" in answered(page).inner_text()


def test_the_query_is_given_in_four_languages(visit):
    page = visit("/ask")
    write(page, 'SELECT * { ?it\'s ?p "o" }')
    page.click("button:has-text('Code')")

    for name in ("curl", "Python", "R", "JavaScript"):
        assert page.locator(f"#snippets summary:text-is('{name}')").count() == 1
    assert "'\\''" in page.locator("#snippets pre").first.inner_text(), "a quote is quoted for the shell"


def test_without_scripts_the_page_is_a_form_that_is_answered_with_a_table(visit):
    page = visit("/ask", java_script_enabled=False)
    page.fill("#query", FIGURES)
    page.click("button:has-text('Run')")

    assert page.locator("table tr").count() >= 3
    assert "8760000000" in page.content()
