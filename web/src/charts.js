// The pictures page: each drawing from its specification, to be saved as SVG or PNG.
import { draw, saved } from "./lib/vega.js";
import { el, save } from "./lib/dom.js";

const drawn = new Map();

async function paint(place) {
  try {
    const spec = await fetch(place.dataset.spec).then((response) => {
      if (!response.ok) throw new Error(`the specification answered ${response.status}`);
      return response.json();
    });
    await draw(place, spec);
    drawn.set(place, spec);
    offer(place, spec);
    place.dataset.drawn = "yes";
  } catch (error) {
    place.replaceChildren(el("p", { class: "soft" }, `The drawing failed (${error.message}); its table stands below.`));
    place.dataset.drawn = "no";
  }
}

function offer(place, spec) {
  const tools = place.closest(".picture").querySelector(".picture-tools");
  for (const kind of ["svg", "png"]) {
    const name = `${tools.dataset.name}.${kind}`;
    tools.append(" · ", el("button", { type: "button", class: "linklike", onclick: async () => save(name, await saved(spec, kind)) }, `Save as ${kind.toUpperCase()}`));
  }
}

// Drawn when it comes near the window, so that a page of pictures is there at once; whatever is left, for printing.
const nearby = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      nearby.unobserve(entry.target);
      paint(entry.target);
    }
  },
  { rootMargin: "600px" },
);
const places = [...document.querySelectorAll(".drawing[data-spec]")];
for (const place of places) nearby.observe(place);
addEventListener("beforeprint", () => {
  for (const place of places.filter((each) => !each.dataset.drawn)) {
    nearby.unobserve(place);
    paint(place);
  }
});

let again = null;
function redraw() {
  clearTimeout(again);
  again = setTimeout(() => drawn.forEach((spec, place) => draw(place, spec)), 150);
}
addEventListener("themechange", redraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth !== width) redraw();
  width = innerWidth;
});
