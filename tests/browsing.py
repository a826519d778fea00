"""A real Chromium for tests: pages opened by it, and what every page is held to.

    page = visit("/report/2014-cbp", width=390, dark=True)

Every page that `visit` opens is watched: at the test's end nothing may stand on its console, no script may
have failed, and no other host may have been asked for anything.
"""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

AXE = Path(__file__).parent.parent / "web" / "node_modules" / "axe-core" / "axe.min.js"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
QUIET = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync")


@pytest.fixture(scope="session")
def browser():
    """One browser for all tests of a process."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(QUIET))
        yield chromium
        chromium.close()


class Watch:
    """What the pages of a test said and asked for; a test may allow for what it provokes."""

    def __init__(self):
        self.console = []
        self.elsewhere = []
        self.allowed = ()

    def over(self, page, origin):
        page.on("console", lambda said: self.console.append(f"{page.url}: {said.type}: {said.text}"))
        page.on("pageerror", lambda error: self.console.append(f"{page.url}: {error}"))
        page.on("request", lambda request: self._asked(request.url, origin))

    def _asked(self, url, origin):
        if not url.startswith((origin + "/", "data:", "blob:")):
            self.elsewhere.append(url)

    def findings(self):
        said = [line for line in self.console if not any(words in line for words in self.allowed)]
        return said + [f"asked another host: {url}" for url in self.elsewhere]


@pytest.fixture
def watch():
    """What the pages of this test said; `watch.allowed` names words that the test itself provokes."""
    return Watch()


@pytest.fixture
def visit(browser, published, watch):
    """A function that opens a page of the published server, in a context of its own."""
    contexts = []

    def open_page(path, width=1280, height=900, dark=False, server=published, **options):
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        watch.over(page, server.url.split("/", 3)[0] + "//" + server.url.split("/")[2])
        page.goto(server.url + path)
        if page.locator("#ask").count() and options.get("java_script_enabled", True):
            page.wait_for_selector("html[data-editor=ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert watch.findings() == []


def violations(page):
    """What axe-core finds on the page, one line each: rule, how grave, first element."""
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "standards => axe.run(document, {runOnly: standards, resultTypes: ['violations']})", STANDARDS
    )
    assert len(found["passes"]) > 10, "axe-core must have looked at the page"
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:200]} {node['failureSummary']}"
        for each in found["violations"]
        for node in each["nodes"][:1]
    ]


def wider_than_window(page):
    """How far the page can be scrolled sideways, in pixels."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
