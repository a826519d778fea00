// A chart and a map of any answer, drawn with Vega's interpreter: no code is made from text.
import { draw } from "./vega.js";
import { here } from "./address.js";
import { el } from "./dom.js";

const nameOf = (term, labels) => (term.type === "uri" ? labels[term.value] || term.value : term.value);

export async function bars(rows, { name, number }, labels) {
  const place = el("div", { class: "drawing" });
  const values = rows.map((row, index) => ({ name: nameOf(row[name], labels), value: Number(row[number].value), index }));
  await draw(place, {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: `${number} by ${name}`,
    width: "container",
    data: { values },
    mark: { type: "bar", tooltip: true },
    encoding: {
      y: { field: "name", type: "nominal", sort: { field: "index" }, title: name, axis: { labelLimit: 260 } },
      x: { field: "value", type: "quantitative", title: number },
    },
  });
  return place;
}

export async function countries(rows, column, number, labels) {
  const place = el("div", { class: "drawing" });
  const codes = await fetch(here("/ask/countries.json")).then((r) => r.json());
  const values = rows.map((row) => ({ id: codes[row[column].value], name: nameOf(row[column], labels), value: number ? Number(row[number].value) : 1 }));
  await draw(place, {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: `Countries of the answer${number ? `, by ${number}` : ""}`,
    width: "container",
    height: 380,
    projection: { type: "equalEarth" },
    layer: [
      { data: { url: "/static/build/countries-110m.json", format: { type: "topojson", feature: "countries" } }, mark: { type: "geoshape", fill: "#ccc", stroke: "#fff" } },
      {
        data: { url: "/static/build/countries-110m.json", format: { type: "topojson", feature: "countries" } },
        transform: [{ lookup: "id", from: { data: { values }, key: "id", fields: ["name", "value"] } }, { filter: "isValid(datum.value)" }],
        mark: { type: "geoshape", stroke: "#fff" },
        encoding: { color: { field: "value", type: "quantitative", title: number || "", legend: number ? {} : null }, tooltip: [{ field: "name", title: "country" }, { field: "value", title: number || "named" }] },
      },
    ],
  });
  return place;
}
