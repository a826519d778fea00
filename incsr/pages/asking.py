"""The competency questions, each with its live answer; and the tables, charts and downloads of answers."""

import json

from flask import Response, abort, make_response, redirect, render_template, request, url_for

from incsr.catalog import tables as csvw
from incsr.namespaces import BASE
from incsr.pages import negotiation, sourced, tables
from incsr.pages.graph import iri as ref
from incsr.pages.negotiation import RDF_TYPES

ABOUT = "CONSTRUCT {{ {question} ?p ?o }} WHERE {{ GRAPH graph:questions {{ {question} ?p ?o }} }}"
TYPES = {media.split(";")[0]: suffix for suffix, (media, _name) in tables.FORMATS.items()}


def register(pages, site):
    @pages.get("/questions")
    @pages.get("/questions/")
    def questions():
        wanted = request.args.get("filter", "").strip().lower()
        listed = [q for q in site.questions if all(word in q.question.lower() for word in wanted.split())]
        return render_template("questions.html", section="pages.questions", questions=listed, filter=wanted)

    @pages.get("/questions/<name>")
    def question(name):
        """A question: its page; by Accept, its description in RDF, or its answer as a table."""
        form = negotiation.preferred(more=TYPES)
        if form in TYPES:
            answer = question_as(name, TYPES[form])
        elif form in RDF_TYPES.values():
            answer = question_rdf(name, form)
        else:
            answer = make_response(question_page(name))
        path = url_for("pages.question", name=name)
        links = negotiation.alternates(path) + [
            f'<{path}.{suffix}>; rel="item"; type="{media}"' for media, suffix in TYPES.items()
        ]
        answer.headers["Link"] = ", ".join([f'<{BASE}questions/{name}>; rel="cite-as"', *links])
        answer.vary.add("Accept")
        return answer

    @pages.get("/questions/<name>.<any(ttl, jsonld, nt, rdf):suffix>")
    def question_in(name, suffix):
        return question_rdf(name, RDF_TYPES[suffix])

    def question_rdf(name, media_type):
        chosen(site, name)
        found = site.graph.rdf(ABOUT.format(question=ref(f"{BASE}questions/{name}")), media_type)
        return negotiation.rdf_response(found, media_type)

    def question_page(name):
        asked, query, values, wrong = chosen(site, name)
        columns, solutions = ([], []) if wrong else site.graph.answer(query)
        return render_template(
            "question.html",
            section="pages.questions",
            question=asked,
            query=query,
            values=values,
            wrong=wrong,
            columns=columns,
            solutions=solutions,
            choices={p.name: tables.choices(site, p) for p in asked.parameters},
            chart=tables.chartable(columns, solutions),
            numeric=tables.numeric(columns, solutions),
            downloads=tables.FORMATS,
        ), 400 if wrong else 200

    @pages.get("/questions/<name>.<any(csv, xlsx, json, parquet, rq):suffix>")
    def question_as(name, suffix):
        """A question's answer at a stable address: what Excel and pandas read in one line."""
        asked, query, _values, wrong = chosen(site, name)
        if wrong:
            abort(400, wrong)
        if suffix == "rq":
            return Response(asked.text, content_type="application/sparql-query; charset=utf-8")
        header, rows = spreadsheet(query, suffix)
        answer = tables.table_response(header, rows, suffix, name)
        if suffix == "csv":
            path = url_for("pages.question_metadata", name=name)
            answer.headers["Link"] = f'<{path}>; rel="describedby"; type="{csvw.MEDIA_TYPE}"'
        return answer

    @pages.get("/questions/<name>.csv-metadata.json")
    def question_metadata(name):
        """CSV on the Web metadata of a question's table."""
        asked, query, _values, wrong = chosen(site, name)
        if wrong:
            abort(400, wrong)
        described = tables.described(*spreadsheet(query, "csv"))
        columns = [csvw.column(number, *column) for number, column in enumerate(described, 1)]
        body = csvw.metadata(f"{name}.csv", asked.question, columns, f"Source: {asked.source}")
        return Response(json.dumps(body, ensure_ascii=False, indent=1), content_type=csvw.MEDIA_TYPE)

    def spreadsheet(query, suffix):
        """Header and rows of an answer: for spreadsheets, units stand in the header, and `evidence=1` adds
        two columns, the exact words and the passages of the figures that each row rests on, empty where that
        cannot be known."""
        columns, solutions = site.graph.answer(query)
        header, rows = tables.flat(site, columns, solutions)
        wanted = request.args.get("evidence") in ("1", "true")
        if suffix not in ("csv", "xlsx") and not wanted:
            return header, rows
        figures = sourced.figures_of(site, query, columns, solutions)
        if suffix in ("csv", "xlsx"):
            titles = sourced.headed(columns, figures)
            header = [titles.get(title, title) for title in header]
        if wanted:
            told = list(sourced.words(figures)) if figures else [(None, None)] * len(rows)
            header = [*header, "quotation of the evidence", "evidence"]
            rows = [[*row, *words] for row, words in zip(rows, told, strict=True)]
        return header, rows

    @pages.get("/questions/<name>/query")
    def question_query(name):
        _asked, query, _values, wrong = chosen(site, name)
        if wrong:
            abort(400, wrong)
        return redirect(url_for("pages.ask") + "?" + tables.urlencode({"edit": query}))


def chosen(site, name):
    """A question with the parameters of the request: (question, query, values, what is wrong or "")."""
    asked = next((q for q in site.questions if q.name == name), None)
    if asked is None:
        abort(404, f"There is no question “{name}”; /questions lists them")
    values = {p.name: request.args.get(p.name, p.value) for p in asked.parameters}
    try:
        return asked, asked.with_values(values) if values else asked.query, values, ""
    except ValueError as error:
        return asked, asked.query, values, str(error)
