"""Citations: BibTeX that a parser reads, CSL-JSON of the schema's fields, a sentence; each with the words."""

import json
import re

import pytest
import requests

from incsr.pages.citations import _tex, of

FIGURE = "/doc/measurement/2014-trained-guatemala"
IRI = "https://w3id.org/incsr/id/measurement/2014-trained-guatemala"


def cited(server, form, path=FIGURE):
    return requests.get(f"{server.url}{path}/cite.{form}", timeout=20)


def test_bibtex_is_well_formed_and_names_figure_words_and_address(published):
    response = cited(published, "bib")

    assert response.headers["Content-Type"].startswith("application/x-bibtex")
    assert "filename=" in response.headers["Content-Disposition"]
    entry = response.text
    assert re.match(r"@misc\{incsr-measurement-2014-trained-guatemala,\n", entry)
    assert entry.count("{") == entry.count("}")
    fields = dict(re.findall(r"^  (\w+) = \{?(.*?)\}?,?$", entry, re.M))
    assert fields["year"] == "2014"
    assert "Guatemala" in fields["title"]
    assert "240" in fields["title"]
    assert "“240 in Guatemala” (characters 6188 to 6204)" in fields["note"]
    assert fields["url"] == IRI


def test_csl_json_has_the_fields_that_reference_managers_read(published):
    response = cited(published, "csl.json")
    entry = json.loads(response.text)

    assert response.headers["Content-Type"] == "application/vnd.citationstyles.csl+json"
    assert entry["type"] == "dataset"
    assert entry["URL"] == IRI
    assert entry["issued"] == {"date-parts": [[2014, 3]]}
    assert entry["author"][0]["literal"].startswith("U.S. Department of State")
    assert "240 in Guatemala" in entry["note"]


def test_the_plain_citation_stands_on_the_page_too(published):
    plain = cited(published, "txt").text.strip()
    page = requests.get(published.url + FIGURE, timeout=20).text

    assert plain.endswith(IRI)
    assert "“240 in Guatemala”" in plain
    assert plain in page.replace("&#39;", "'").replace("&amp;", "&")


@pytest.mark.parametrize("path", ["/doc/agency/cbp", "/doc/section/illicit-currency", "/doc/country/GT"])
def test_everything_can_be_cited(published, path):
    for form in ("bib", "csl.json", "txt"):
        assert cited(published, form, path).status_code == 200
    assert "““" not in cited(published, "txt", path).text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("50 % of $5 & more_or_less #1", r"50 \% of \$5 \& more\_or\_less \#1"),
        ("a {brace} and a \\ slash", r"a \{brace\} and a \textbackslash{} slash"),
        ("two\nlines", "two lines"),
    ],
)
def test_bibtex_escapes_what_tex_would_run(text, written):
    assert _tex(text) == written


def test_a_name_of_somebody_elses_making_cannot_break_out_of_its_field():
    class Site:
        def fact_label(self, iri):
            return 'x}, note = {"\\input{/etc/passwd}'

    entry = of(Site(), "https://w3id.org/incsr/id/concept/x", "concept")["bibtex"]

    assert r"\input{" not in entry
    assert r"x\}, note = \{" in entry
