// Vega-Lite or Vega, interpreted: the content security policy forbids code made from text.
// A drawing takes the page's colours; what is saved is drawn again on white, for other people's documents.
import * as vega from "vega";
import { compile } from "vega-lite";
import { expressionInterpreter } from "vega-interpreter";
import { here } from "./address.js";

const SHAPES = "countries-110m.json";
const PAPER = { ink: "#1b2126", soft: "#525b63", line: "#d9d5cb", accent: "#0a5a61", "figure-line": "#9a6200", paper: "#ffffff", ramp: "#cfe6e3" };
const SAVED_WIDTH = 760;

// A picture loads the shapes of countries from this server and nothing else from anywhere.
const loader = vega.loader();
loader.sanitize = async (uri) => ({ href: uri });
loader.load = async (uri) => {
  if (uri.split("/").pop() !== SHAPES) throw new Error(`a picture may not load ${uri}`);
  const response = await fetch(here(`/static/build/${SHAPES}`));
  if (!response.ok) throw new Error(`the shapes of countries answered ${response.status}`);
  return response.text();
};

// Vega-Lite warns of a fit that it does not need; a page has nothing to say on its console.
const quiet = { level: () => quiet, error: (...words) => { throw new Error(words.join(" ")); }, warn: () => quiet, info: () => quiet, debug: () => quiet };

export async function draw(place, spec) {
  const style = getComputedStyle(document.documentElement);
  const colours = Object.fromEntries(Object.keys(PAPER).map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  place.view?.finalize();
  place.replaceChildren();
  const view = new vega.View(runtime(spec, roomOf(place), colours), { expr: expressionInterpreter, renderer: "svg", container: place, hover: true, loader });
  await view.runAsync();
  place.querySelector("svg").setAttribute("aria-hidden", "true"); // its text alternative stands on the element around it
  place.view = view;
  return view;
}

export async function saved(spec, kind) {
  const view = new vega.View(runtime(spec, SAVED_WIDTH, PAPER, "#ffffff"), { expr: expressionInterpreter, renderer: "none", loader });
  await view.runAsync();
  try {
    if (kind === "svg") return new Blob([await view.toSVG(1)], { type: "image/svg+xml" });
    const canvas = await view.toCanvas(2);
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  } finally {
    view.finalize();
  }
}

function runtime(spec, room, colours, background = "transparent") {
  if (!/vega-lite/.test(spec.$schema || "")) {
    return vega.parse({ ...spec, width: room, background }, { ...common(colours), text: { fill: colours.ink }, rule: { stroke: colours.soft } }, { ast: true });
  }
  const fitted = { ...spec, background, config: { ...lite(colours), ...spec.config } };
  if (spec.facet) {
    fitted.columns = room > 700 ? 3 : room > 460 ? 2 : 1;
    fitted.spec = { ...spec.spec, width: Math.floor(room / fitted.columns) - 90 };
  } else {
    fitted.width = room;
    fitted.autosize = { type: "fit-x", contains: "padding" };
    if (room < 460) fitted.config.axisY = { labelLimit: 150 };
  }
  return vega.parse(compile(fitted, { logger: quiet }).spec, null, { ast: true });
}

function common({ ink, soft, line }) {
  return {
    font: "system-ui, sans-serif",
    axis: { labelColor: ink, titleColor: soft, gridColor: line, domainColor: soft, tickColor: soft, labelFontSize: 12, titleFontWeight: "normal", labelFont: "system-ui, sans-serif", titleFont: "system-ui, sans-serif" },
    legend: { labelColor: ink, titleColor: soft, symbolStrokeColor: ink, labelFontSize: 12, titleFontWeight: "normal", labelLimit: 240, layout: { bottom: { direction: "vertical", anchor: "start" } } },
    title: { color: ink },
  };
}

function lite(colours) {
  const { ink, soft, line, accent, paper, ramp } = colours;
  const hedge = colours["figure-line"];
  return {
    ...common(colours),
    header: { labelColor: ink, titleColor: soft, labelFontSize: 11.5 },
    view: { stroke: null },
    axisY: { labelLimit: 210 },
    range: { ramp: [ramp, accent], heatmap: [ramp, accent], category: [accent, hedge, "#6a48b0", "#a8321f", "#3d7a34"] },
    bar: { color: accent },
    point: { color: accent },
    text: { color: ink, fontSize: 12 },
    style: {
      hedge: { color: hedge },
      land: { color: line, stroke: paper, strokeWidth: 0.5 },
      on: { stroke: soft, strokeWidth: 0.7 },
      faint: { color: soft },
      label: { color: ink },
    },
  };
}

function roomOf(place) {
  const room = place.clientWidth || document.querySelector("main")?.clientWidth || SAVED_WIDTH;
  return Math.max(240, Math.min(room, 900));
}
