"""The annotated report: the page's text as published, with the words of every fact marked."""

import re

from flask import Response, abort, render_template, request, url_for

from incsr.evidence.published import described
from incsr.evidence.source import SourceText
from incsr.namespaces import ID, SOURCE_TEXT
from incsr.pages import addresses
from incsr.pages.annotate import Fact, annotate

SLUG = "2014-cbp"
SECTIONS = """
SELECT ?section ?start ?end WHERE {
  ?section a cbp:Section ; cbp:evidence ?passage .
  ?passage oa:hasSelector ?position . ?position oa:start ?start ; oa:end ?end .
}
"""
FACTS = """
SELECT DISTINCT ?fact ?class ?start ?end WHERE {
  ?fact cbp:evidence ?passage ; a ?class .
  FILTER (
    ?class IN (cbp:Measurement, rdf:Statement)
    || NOT EXISTS { ?fact a ?other FILTER (?other IN (cbp:Measurement, rdf:Statement, cbp:Section)) }
  )
  FILTER (?class != cbp:Section)
  ?passage oa:hasSelector ?position . ?position oa:start ?start ; oa:end ?end .
}
"""
# A note that tells of the source's own slip says what "the page prints"; other notes explain a reading.
SLIP = re.compile(r"\bThe page (prints|counts Mexico)\b(?! no days)|^A hedge before a figure")
SLIPS = "SELECT ?fact ?note WHERE { ?fact skos:editorialNote ?note ; cbp:evidence ?passage }"


def sections(graph):
    """The IRI of each section by its (start, end)."""
    return {
        (int(row["start"].value), int(row["end"].value)): row["section"].value
        for row in graph.select(SECTIONS)
    }


def facts(graph):
    """Every fact with words, in the order of the page."""
    found = {}
    for row in graph.select(FACTS):
        kind = {"Measurement": "figure", "Statement": "relation"}.get(
            re.split("[#/]", row["class"].value)[-1], "thing"
        )
        key = (int(row["start"].value), int(row["end"].value), row["fact"].value)
        if key not in found or kind != "thing":
            found[key] = kind
    return [Fact(start, end, kind, iri) for (start, end, iri), kind in sorted(found.items())]


def notes(graph):
    """Editorial notes by the IRI of the fact that they explain."""
    found = {}
    for row in graph.select(SLIPS):
        found.setdefault(row["fact"].value, set()).add(row["note"].value)
    return {iri: sorted(texts) for iri, texts in found.items()}


def asked_words(length):
    """The passage that the address asks for, `?words=start,end`, or None.

    Raises: 400 where it is no passage of the text.
    """
    asked = request.args.get("words")
    if asked is None:
        return None
    match = re.fullmatch(r"(\d{1,6}),(\d{1,6})", asked)
    if not match or not int(match[1]) < int(match[2]) <= length:
        abort(400, f"words={asked} is no passage: write words=START,END with 0 ≤ START < END ≤ {length}")
    return int(match[1]), int(match[2])


def blocks(source):
    """The body's paragraphs as (start, end, class): title, publisher, paragraphs."""
    found = []
    for number, passage in enumerate(source.paragraphs()):
        name = "title" if number == 0 else "publisher" if number == 1 else "paragraph"
        found.append((passage.start, passage.end, name))
    return found


def register(pages, site):
    source = SourceText(site.text.encode(), described()["incsr2014-cbp"])

    @pages.get(f"/report/{SLUG}")
    def report():
        words = asked_words(len(source.text))
        if words is not None:
            return html(words)
        # The whole page is the same for everybody until the data changes or its coverage has been counted.
        key = f"report.html.{addresses.root()}.{site.coverage is not None}"
        return site.graph.recent(key, lambda: html(None))

    def html(words):
        marked = site.graph.kept("report.facts", facts)
        explained = site.graph.kept("report.notes", notes)
        ids = site.graph.kept("report.sections", sections)
        spans = [(s.passage.start, s.passage.end, s.kind) for s in source.spans()]
        page = annotate(
            source.text,
            [(ids.get((start, end), ""), name, start, end) for start, end, name in blocks(source)],
            [(ids.get((start, end), ""), kind, start, end) for start, end, kind in spans],
            marked,
            words,
        )
        each = own_words(site, marked)
        noted = [(fact, explained[fact.iri]) for fact in each if fact.iri in explained]
        slips = [(fact, texts) for fact, texts in noted if any(SLIP.search(text) for text in texts)]
        slipped = {(fact.iri, fact.start) for fact, _texts in slips if fact.kind != "relation"}
        choices = [(fact, texts) for fact, texts in noted if not any(SLIP.search(text) for text in texts)]
        return render_template(
            "report.html",
            section="pages.report",
            page=page,
            figures=site.figures,
            slips=slips,
            choices=choices,
            slipped=lambda segment: any((fact.iri, fact.start) in slipped for fact in segment.facts),
            counts={
                kind: sum(1 for fact in each if fact.kind == kind) for kind in ("figure", "thing", "relation")
            },
            words=words,
            words_text=source.text[words[0] : words[1]] if words else "",
            text=source.text,
            navigation=(source.text[: source.body.start], source.text[source.body.end :]),
            coverage=site.coverage,
        )

    @pages.get("/report/")
    @pages.get("/report")
    def reports():
        return render_template("reports.html", section="pages.report", report=f"{ID}report/2014-cbp")

    @pages.get("/source/<name>.txt")
    def source_text(name):
        """The text as published, byte for byte; a fragment `#char=980,1013` (RFC 5147) names words of it."""
        iri = SOURCE_TEXT.rsplit("/", 1)[0] + f"/{name}.txt"
        if iri not in site.texts:
            abort(404, f"There is no source text “{name}.txt”; the report's is /source/incsr2014-cbp.txt")
        response = Response(site.texts[iri].encode(), mimetype="text/plain")
        response.headers["Link"] = f'<{url_for("pages.report")}>; rel="describedby"; type="text/html"'
        return response


def own_words(site, marked):
    """One fact each with the words that state it: a figure's own phrase, not the sentence that dates it."""
    found = {}
    for fact in marked:
        figure = site.figures.get(fact.iri)
        if fact.iri not in found or (figure and figure.start == fact.start):
            found[fact.iri] = fact
    return sorted(found.values(), key=lambda fact: (fact.start, fact.end, fact.iri))
