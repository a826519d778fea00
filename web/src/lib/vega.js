// Vega-Lite or Vega, interpreted: the content security policy forbids code made from text.
import * as vega from "vega";
import { compile } from "vega-lite";
import { expressionInterpreter } from "vega-interpreter";

export async function draw(place, spec) {
  const lite = /vega-lite/.test(spec.$schema || "");
  const dark = getComputedStyle(document.documentElement);
  const ink = dark.getPropertyValue("--ink").trim();
  const soft = dark.getPropertyValue("--soft").trim();
  const line = dark.getPropertyValue("--line").trim();
  const config = {
    background: "transparent",
    font: "system-ui, sans-serif",
    axis: { labelColor: ink, titleColor: soft, gridColor: line, domainColor: soft, tickColor: soft, labelFontSize: 12 },
    legend: { labelColor: ink, titleColor: soft },
    title: { color: ink },
    header: { labelColor: ink, titleColor: soft },
    view: { stroke: null },
    style: { "guide-label": { fill: ink } },
    range: { ramp: ["#cfe6e3", "#0a5a61"] },
    mark: { color: dark.getPropertyValue("--accent").trim() },
    text: { color: ink },
  };
  const runtime = lite
    ? vega.parse(compile({ ...spec, width: spec.width === "container" ? widthOf(place) : spec.width, config: { ...config, ...spec.config } }).spec, null, { ast: true })
    : vega.parse(spec, config, { ast: true });
  const view = new vega.View(runtime, { expr: expressionInterpreter, renderer: "svg", container: place, hover: true });
  await view.runAsync();
  place.view = view;
  return view;
}

function widthOf(place) {
  const room = place.clientWidth || document.querySelector("main")?.clientWidth || 600;
  return Math.max(240, Math.min(room, 760) - 190);
}
