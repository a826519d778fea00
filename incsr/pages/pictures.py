"""Pictures where people would rather look: Vega-Lite and Vega specifications as data beside their questions.

A picture is a file `questions/pictures/NAME.vl.json` (or `.vg.json`) with `usermeta` {order, room, question,
title, description}: its data, named "answer", is the named question's live answer, so that the picture cannot
say another thing than the table under it. Without JavaScript the table and its text alternative stand alone.
"""

import json
from dataclasses import dataclass

from flask import abort, jsonify, render_template, request, url_for

from incsr import sources
from incsr.pages import tables

SHAPES = "countries-110m.json"


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    form: str  # "vl" or "vg"
    title: str
    description: str
    question: str
    order: int
    room: str  # how much of the page to keep free for it: "short", "medium" or "tall"
    spec: dict


def read_all(folder=None):
    """The published pictures, in their order."""
    folder = (folder or sources.root()) / "questions" / "pictures"
    found = []
    for path in folder.glob("*.v[lg].json"):
        spec = json.loads(path.read_text("utf-8"))
        meta = spec["usermeta"]
        name, form, _ = path.name.rsplit(".", 2)
        found.append(
            Picture(
                name,
                form,
                meta["title"],
                meta["description"],
                meta["question"],
                meta["order"],
                meta["room"],
                spec,
            )
        )
    return sorted(found, key=lambda picture: picture.order)


def completed(picture, rows, shapes):
    """The specification with its data, drawable anywhere; `shapes`: where the countries' outlines are."""
    spec = json.loads(json.dumps(picture.spec).replace(f'"{SHAPES}"', json.dumps(shapes)))
    if picture.form == "vl":
        return spec | {"datasets": {"answer": rows}}
    for data in spec["data"]:
        if data["name"] == "answer":
            data["values"] = rows
    return spec


def register(pages, site):
    held = {picture.name: picture for picture in read_all()}

    def answer(picture):
        question = next(q for q in site.questions if q.name == picture.question)
        return site.graph.kept(f"picture.{picture.name}", lambda graph: graph.answer(question.query))

    @pages.get("/pictures")
    def pictures():
        shown = [(picture, *answer(picture)) for picture in held.values()]
        return render_template("pictures.html", section="pages.questions", pictures=shown)

    @pages.get("/pictures/<name>.json")
    def picture_spec(name):
        """The picture as a complete specification, data inline: draw it anywhere."""
        if name not in held:
            abort(404, f"There is no picture “{name}”; /pictures shows them")
        picture = held[name]
        header, rows = tables.flat(site, *answer(picture))
        shapes = url_for("static", filename=f"build/{SHAPES}")
        spec = completed(
            picture,
            [dict(zip(header, row, strict=True)) for row in rows],
            request.host_url.rstrip("/") + shapes,
        )
        return jsonify(spec)
