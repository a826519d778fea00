"""World maps as SVG, drawn on the server from Natural Earth's country shapes (world-atlas, TopoJSON).

Equirectangular projection, plate carrée: x is the longitude, y the negative latitude, in degrees. Needs no
script and no tiles. Shapes are joined to countries by ISO 3166-1 numeric code (`codes`: IRI → code).
"""

import json
from functools import cache
from pathlib import Path

from markupsafe import Markup

SHAPES = Path(__file__).resolve().parent.parent / "static" / "build" / "countries-110m.json"
WORLD = (-180.0, -84.0, 360.0, 141.0)  # viewBox: without Antarctica


@cache
def shapes():
    """Country outlines as SVG path data and their boxes, by ISO numeric code (three digits)."""
    topology = json.loads(SHAPES.read_text())
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((round(x * sx + tx, 2), round(-(y * sy + ty), 2)))
        arcs.append(points)
    found = {}
    for geometry in topology["objects"]["countries"]["geometries"]:
        polygons = geometry.get("arcs", [])
        if geometry["type"] == "Polygon":
            polygons = [polygons]
        rings = []
        for polygon in polygons:
            for ring in polygon:
                points = []
                for index in ring:
                    line = arcs[index] if index >= 0 else arcs[~index][::-1]
                    points.extend(line[1:] if points else line)
                rings.append(points)
        if not rings:
            continue
        path = "".join("M" + "L".join(f"{x} {y}" for x, y in ring) + "Z" for ring in rings)
        widest = max(rings, key=_area)
        found[geometry.get("id", geometry["properties"]["name"])] = (path, _box(widest))
    return found


def _area(ring):
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True)))


def _box(ring):
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return min(xs), min(ys), max(xs), max(ys)


def locator(title, codes, point=None, margin=14.0):
    """A map that shades the countries with these ISO numeric codes and marks one (latitude, longitude)."""
    drawn = shapes()
    boxes = [drawn[code][1] for code in codes if code in drawn]
    if point:
        boxes.append((point[1], -point[0], point[1], -point[0]))
    if not boxes:
        return Markup("")
    left, top = min(b[0] for b in boxes) - margin, min(b[1] for b in boxes) - margin
    width = max(max(b[2] for b in boxes) + margin - left, 30.0)
    height = max(min(max(b[3] for b in boxes) + margin - top, width * 0.7), width * 0.45)
    marks = [
        Markup('<path class="{}" d="{}"/>').format("land on" if code in codes else "land", path)
        for code, (path, box) in drawn.items()
        if box[0] < left + width and box[2] > left and box[1] < top + height and box[3] > top
    ]
    if point:
        marks.append(
            Markup('<circle class="point" cx="{}" cy="{}" r="{}"/>').format(
                point[1], -point[0], round(width / 90, 2)
            )
        )
    return Markup(
        '<figure class="map"><svg viewBox="{} {} {} {}" role="img" aria-label="{}">{}</svg>'
        '<figcaption class="small soft">{}</figcaption></figure>'
    ).format(
        *(round(v, 1) for v in (left, top, width, height)),
        f"Map: {title}",
        Markup("").join(marks),
        f"{title}. Shapes: Natural Earth, public domain.",
    )
