"""The annotated report in a real browser: figures explained on hover, focus and tap; filters."""

import pytest

FIGURE = 'a[href="/doc/measurement/2014-drugs-seized"]'
TIP = "#tip-2014-drugs-seized"
FOCUSED = "document.activeElement.getAttribute('href')"
EXPLAINED = ("more than 759,000 lb", "pounds of drugs", "U.S. Customs and Border Protection", "Period:")


def test_pointing_at_a_figure_explains_it(visit):
    page = visit("/report/2014-cbp")
    assert not page.locator(TIP).is_visible()

    page.hover(FIGURE)

    assert page.locator(TIP).is_visible()
    for words in EXPLAINED:
        assert words in page.locator(TIP).inner_text()


def test_tabbing_to_a_figure_explains_it_and_escape_closes_without_losing_the_place(visit):
    """WCAG 1.4.13: what appears on focus can be dismissed without moving focus."""
    page = visit("/report/2014-cbp")
    page.locator(FIGURE).first.evaluate("link => link.closest('.sentence').querySelector('a').focus()")
    for _ in range(8):
        if (
            page.evaluate("document.activeElement.getAttribute('href')")
            == "/doc/measurement/2014-drugs-seized"
        ):
            break
        page.keyboard.press("Tab")
    assert page.locator(TIP).is_visible()

    page.keyboard.press("Escape")

    assert not page.locator(TIP).is_visible()
    assert (
        page.evaluate(FOCUSED) == "/doc/measurement/2014-drugs-seized"
    )


def test_the_pointer_may_move_onto_the_explanation(visit):
    page = visit("/report/2014-cbp")
    page.hover(FIGURE)

    page.hover(f"{TIP} b")

    assert page.locator(TIP).is_visible()


def test_a_first_tap_explains_a_figure_and_a_second_leads_to_its_page(visit):
    page = visit("/report/2014-cbp", 390, 844, has_touch=True, is_mobile=True)

    page.locator(FIGURE).first.tap()
    assert page.locator(TIP).is_visible()
    assert page.url.endswith("/report/2014-cbp")

    page.locator(FIGURE).first.tap()
    page.wait_for_url("**/doc/measurement/2014-drugs-seized")


@pytest.mark.parametrize("size", [(1280, 800), (700, 600), (390, 844), (320, 568)], ids=str)
def test_every_explanation_lies_inside_the_window(visit, size):
    page = visit("/report/2014-cbp", *size)

    outside = page.evaluate(
        """() => [...document.querySelectorAll(".fig:has(.tip)")].map((figure) => {
          const link = figure.querySelector("a");
          link.scrollIntoView({ block: "center", behavior: "instant" });
          link.focus({ preventScroll: true });
          const box = figure.querySelector(".tip").getBoundingClientRect();
          const inside = box.width && box.left >= 0 && box.right <= innerWidth
            && box.top >= 0 && box.bottom <= innerHeight;
          return inside ? null : figure.textContent;
        }).filter(Boolean)"""
    )

    assert outside == []


def test_marks_are_filtered_by_kind_also_without_scripts(visit):
    page = visit("/report/2014-cbp", java_script_enabled=False)
    background = "mark => getComputedStyle(mark).backgroundColor"
    figure = page.locator(".report mark.figure").first
    thing = page.locator(".report mark.thing:not(.figure)").first
    clear = "rgba(0, 0, 0, 0)"
    assert figure.evaluate(background) != clear

    page.uncheck("#show-figure")
    page.check("#show-relation")

    assert figure.evaluate(background) == clear
    assert thing.evaluate(background) != clear
    relation = page.locator(".report mark.relation:not(.figure, .thing)").first
    assert relation.evaluate("mark => getComputedStyle(mark).boxShadow") != "none"


def test_words_asked_for_are_in_the_window_and_outlined(visit):
    page = visit("/report/2014-cbp?words=6188,6204#words")
    chosen = page.locator("mark.chosen")

    assert "".join(chosen.all_inner_texts()) == "240 in Guatemala"
    page.wait_for_function(
        "() => { const { top } = document.querySelector('mark.chosen').getBoundingClientRect();"
        " return top >= 0 && top < innerHeight; }"
    )
    assert chosen.first.evaluate("mark => getComputedStyle(mark).borderTopStyle") == "solid"


def test_focus_can_be_seen_on_marks(visit):
    page = visit("/report/2014-cbp")
    page.keyboard.press("Tab")
    link = page.locator(FIGURE).first
    link.focus()

    assert link.evaluate("link => getComputedStyle(link).outlineStyle") == "solid"


def test_printing_leaves_the_words_and_drops_the_controls(visit):
    page = visit("/report/2014-cbp")
    page.emulate_media(media="print")

    assert not page.locator(".filters").is_visible()
    assert not page.locator("nav").first.is_visible()
    assert not page.locator(TIP).is_visible()
    assert page.locator(".report").is_visible()
