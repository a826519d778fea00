"""Pictures where people would rather look: Vega-Lite specifications kept as data beside their questions.

A picture is a file `questions/pictures/NAME.vl.json` with `usermeta` {question, title, description}: its data
is the named question's live answer, put in as inline values, so the picture cannot say another thing than
the table under it. Without JavaScript the table and its text alternative stand alone.
"""

import json
from dataclasses import dataclass

from flask import abort, jsonify, render_template

from incsr import sources
from incsr.pages import tables


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    title: str
    description: str
    question: str
    spec: dict


def read_all(folder=None):
    """The published pictures, in the order of their files' names."""
    folder = (folder or sources.root()) / "questions" / "pictures"
    found = []
    for path in sorted(folder.glob("*.vl.json")):
        spec = json.loads(path.read_text())
        meta = spec["usermeta"]
        found.append(Picture(path.name.removesuffix(".vl.json"), meta["title"], meta["description"], meta["question"], spec))
    return found


def register(pages, site):
    held = {picture.name: picture for picture in read_all()}

    def answer(picture):
        question = next(q for q in site.questions if q.name == picture.question)
        return site.graph.answer(question.query)

    def known(name):
        if name not in held:
            abort(404, f"There is no picture “{name}”; /pictures shows them")
        return held[name]

    @pages.get("/pictures")
    def pictures():
        shown = []
        for picture in held.values():
            columns, solutions = answer(picture)
            shown.append((picture, columns, solutions))
        return render_template("pictures.html", section="pages.questions", pictures=shown)

    @pages.get("/pictures/<name>.vl.json")
    def picture_spec(name):
        """The picture as a complete Vega-Lite specification, data inline: draw it anywhere."""
        picture = known(name)
        columns, solutions = answer(picture)
        header, rows = tables.flat(site, columns, solutions)
        spec = dict(picture.spec)
        data = dict(spec.get("data", {}))
        if data.get("name") == "answer":
            spec["data"] = {"name": "answer", "values": [dict(zip(header, row, strict=True)) for row in rows]}
        else:
            spec["datasets"] = {"answer": [dict(zip(header, row, strict=True)) for row in rows]}
        return jsonify(spec)
