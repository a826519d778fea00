"""The competency questions, each with its live answer; and the tables, charts and downloads of answers."""

from flask import Response, abort, redirect, render_template, request, url_for

from incsr.pages import tables


def register(pages, site):
    @pages.get("/questions")
    @pages.get("/questions/")
    def questions():
        wanted = request.args.get("filter", "").strip().lower()
        listed = [q for q in site.questions if all(word in q.question.lower() for word in wanted.split())]
        return render_template("questions.html", section="pages.questions", questions=listed, filter=wanted)

    @pages.get("/questions/<name>")
    def question(name):
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
        columns, solutions = site.graph.answer(query)
        return tables.response(site, columns, solutions, suffix, name)

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
