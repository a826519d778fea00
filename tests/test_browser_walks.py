"""What a newcomer does: from the home page to a figure, its words, its citation and its table."""

import io

import openpyxl
import pandas


def test_how_many_were_trained_in_guatemala_and_where_it_says_so_in_three_clicks(visit):
    page = visit("/")

    page.click(".figure-card:has-text('Guatemala')")  # 1: the words in the report
    assert "240 in Guatemala" in page.locator("aside.notice").inner_text()
    assert page.locator("mark.chosen").first.is_visible()
    page.click(".fig:has(mark.chosen) a")  # 2: the figure

    assert "240" in page.locator("h1").inner_text()
    assert "Office of Border Patrol" in page.locator("main").inner_text()
    assert "240 in Guatemala" in page.locator("section[aria-labelledby=words]").inner_text()
    with page.expect_download() as citation:
        page.click("section[aria-labelledby=cite] a:has-text('BibTeX')")  # 3: the citation
    assert "240 in Guatemala" in citation.value.path().read_text()


def test_the_same_by_search_and_keyboard_alone(visit):
    page = visit("/")
    page.locator("#home-search").focus()
    page.keyboard.type("people trained in guatemala")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=**")

    links = page.locator(".hits a")
    assert "240" in links.first.inner_text()
    links.first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/doc/measurement/2014-trained-guatemala")
    words = page.locator("blockquote mark a").first
    words.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**words=6188,6204**")

    assert "".join(page.locator("mark.chosen").all_inner_texts()) == "240 in Guatemala"


def test_a_figure_is_cited_and_the_citation_saved(visit):
    page = visit("/doc/measurement/2014-trained-guatemala")
    with page.expect_download() as download:
        page.click("section[aria-labelledby=cite] a:has-text('BibTeX')")

    assert download.value.path().read_text().startswith("@misc{incsr-measurement-2014-trained-guatemala")
    assert "“240 in Guatemala”" in page.locator("#citation").inner_text()


def test_the_table_gets_into_a_spreadsheet(visit):
    page = visit("/")
    page.click("nav >> text=Data")
    with page.expect_download() as book:
        page.click("a.button:has-text('Excel') >> nth=0")
    with page.expect_download() as table:
        page.click("a.button:text-is('CSV')")

    sheet = openpyxl.load_workbook(io.BytesIO(book.value.path().read_bytes())).active
    header = [cell.value for cell in sheet[1]]
    rows = [
        dict(zip(header, [cell.value for cell in row], strict=True)) for row in sheet.iter_rows(min_row=2)
    ]
    found = next(row for row in rows if row["quotation"] == "240 in Guatemala")
    assert (found["value"], found["area"], found["period"]) == (240, "Guatemala", "FY 2013")
    frame = pandas.read_csv(io.BytesIO(table.value.path().read_bytes()))
    assert len(frame) == len(rows)


def test_the_walk_needs_no_scripts(visit):
    page = visit("/", java_script_enabled=False)

    page.click(".figure-card:has-text('Guatemala')")
    page.click(".fig:has(mark.chosen) a")
    page.click("blockquote mark a >> nth=0")

    assert "240 in Guatemala" in page.locator("aside.notice").inner_text()


def test_a_question_with_a_parameter_is_asked_by_its_form(visit):
    page = visit("/questions/trainees-in-a-country", java_script_enabled=False)
    page.select_option("select", label="Panama")
    page.click("button:has-text('Ask')")

    assert "86" in page.locator("table").inner_text()


def test_a_picture_is_drawn_and_saved_as_svg_and_png(visit):
    page = visit("/pictures")
    page.wait_for_selector(".drawing[data-drawn=yes] svg")
    first = page.locator(".picture").first
    saved = {}
    for kind in ("SVG", "PNG"):
        with page.expect_download() as download:
            first.locator(f"button:has-text('Save as {kind}')").click()
        saved[kind] = download.value

    assert saved["SVG"].suggested_filename == "trained-on-the-map.svg"
    assert saved["SVG"].path().read_text().startswith("<svg")
    assert "Guatemala 240" in saved["SVG"].path().read_text()
    assert saved["PNG"].path().read_bytes().startswith(b"\x89PNG")


def test_every_picture_is_drawn_on_desktop_and_phone(visit):
    for width in (1280, 390):
        page = visit("/pictures", width, 9000)
        page.wait_for_function(
            "() => [...document.querySelectorAll('.drawing')].every((d) => d.dataset.drawn)"
        )

        assert page.eval_on_selector_all(".drawing", "all => all.map((d) => d.dataset.drawn)") == ["yes"] * 7
        assert (
            page.eval_on_selector_all(".drawing svg", "all => all.map((s) => s.scrollWidth > 200)")
            == [True] * 7
        )


def test_the_theme_follows_the_system_until_the_reader_chooses(visit):
    page = visit("/about", dark=True)
    paper = "() => getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)

    page.click("#theme")  # light
    light = page.evaluate(paper)
    page.reload()

    assert light != dark
    assert page.evaluate(paper) == light
    assert "light" in page.locator("#theme").inner_text()


def test_the_first_tab_stop_skips_to_the_content(visit):
    page = visit("/doc/office/border-patrol")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"

    page.keyboard.press("Enter")

    page.wait_for_url("**#main", timeout=5000)


def test_less_motion_means_no_smooth_scrolling(visit):
    page = visit("/about", reduced_motion="reduce")

    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
