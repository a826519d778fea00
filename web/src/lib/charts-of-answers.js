// A chart and a map of any answer, drawn with Vega's interpreter: no code is made from text.
import { here } from "./address.js";
import { draw } from "./vega.js";
import { el } from "./dom.js";

const SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json";
const OPEN = new Set(["more than", "at least", "over", "MoreThan", "AtLeast"]);
const HEDGES = new Set([...OPEN, "exactly", "nearly", "approximately", "on average", "Exactly", "Nearly", "Approximately", "OnAverage"]);
const nameOf = (term, labels) => (term.type === "uri" ? labels[term.value] || term.value : term.value);

// The column that says how each value is hedged, if one does: its values are hedges and nothing else.
const hedgeColumn = (rows) =>
  Object.keys(rows[0]).find((name) => rows.every((row) => row[name] && HEDGES.has(row[name].value.replace(/^.*#/, ""))));

export async function bars(rows, { name, number }, labels) {
  const hedge = hedgeColumn(rows);
  const values = rows.map((row, index) => {
    const hedged = hedge ? row[hedge].value.replace(/^.*#/, "") : "exactly";
    return { name: nameOf(row[name], labels), value: Number(row[number].value), index, hedge: hedged, open: OPEN.has(hedged) };
  });
  const place = drawing(`A bar chart of ${number} by ${name}; the table has the same values.`);
  await draw(place, {
    $schema: SCHEMA,
    data: { values },
    height: { step: 24 },
    transform: [{ joinaggregate: [{ op: "max", field: "value", as: "most" }] }, { calculate: "datum.value + 0.04 * datum.most", as: "reach" }],
    encoding: { y: { field: "index", type: "ordinal", sort: null, title: name, axis: { labelExpr: `(data('source_0')[datum.value] || {name: datum.label}).name` } } },
    layer: [
      { mark: { type: "bar", tooltip: true }, encoding: { x: { field: "value", type: "quantitative", title: number }, tooltip: [{ field: "name", title: name }, { field: "hedge" }, { field: "value", title: number, format: "," }] } },
      { transform: [{ filter: "datum.open" }], mark: { type: "rule", style: "hedge", strokeWidth: 3, strokeDash: [4, 3] }, encoding: { x: { field: "value", type: "quantitative" }, x2: { field: "reach" } } },
      { transform: [{ filter: "datum.open" }], mark: { type: "point", shape: "triangle-right", filled: true, size: 90, style: "hedge" }, encoding: { x: { field: "reach", type: "quantitative" } } },
    ],
  });
  const parts = [place];
  if (values.some((value) => value.open)) parts.push(el("p", { class: "small soft" }, "An arrow is an open end: the true value is greater."));
  return el("div", {}, ...parts);
}

export async function countries(rows, column, number, labels) {
  const place = drawing(`A world map of the answer's countries${number ? `, shaded by ${number}` : ""}; the table has the same values.`);
  const response = await fetch(here("/ask/countries.json"));
  const codes = await response.json();
  const values = rows
    .filter((row) => codes[row[column].value])
    .map((row) => ({ id: codes[row[column].value], name: nameOf(row[column], labels), value: number ? Number(row[number].value) : 1 }));
  const shapes = { url: "countries-110m.json", format: { type: "topojson", feature: "countries" } };
  await draw(place, {
    $schema: SCHEMA,
    height: 400,
    projection: { type: "mercator" },
    layer: [
      { data: shapes, transform: nearby(values), mark: { type: "geoshape", style: "land" } },
      {
        data: shapes,
        transform: [{ lookup: "id", from: { data: { values }, key: "id", fields: ["name", "value"] } }, { filter: "isValid(datum.value)" }],
        mark: { type: "geoshape", style: "on" },
        encoding: {
          color: { field: "value", type: "quantitative", title: number || "", scale: { zero: true }, legend: number ? { orient: "bottom-left" } : null },
          tooltip: [{ field: "name", title: "country" }, { field: "value", title: number || "named" }],
        },
      },
    ],
  });
  return place;
}

// The shapes of countries whose middle lies within some degrees of the answer's: a map of where the answer is.
const nearby = (values) => [
  { lookup: "id", from: { data: { values }, key: "id", fields: ["value"] } },
  { calculate: "geoCentroid(null, datum)", as: "middle" },
  { calculate: "isValid(datum.value) ? datum.middle[0] : null", as: "long" },
  { calculate: "isValid(datum.value) ? datum.middle[1] : null", as: "lat" },
  { joinaggregate: [{ op: "min", field: "long", as: "west" }, { op: "max", field: "long", as: "east" }, { op: "min", field: "lat", as: "south" }, { op: "max", field: "lat", as: "north" }] },
  { filter: "datum.id != '010' && datum.middle[0] >= datum.west - 18 && datum.middle[0] <= datum.east + 18 && datum.middle[1] >= datum.south - 12 && datum.middle[1] <= datum.north + 12" },
];

const drawing = (text) => el("div", { class: "drawing", role: "img", "aria-label": text });
