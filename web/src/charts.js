// The pictures page: each drawing from its specification, to be saved as SVG or PNG.
import { draw } from "./lib/vega.js";
import { el, save } from "./lib/dom.js";

for (const place of document.querySelectorAll(".drawing[data-spec]")) {
  paint(place);
}

async function paint(place) {
  try {
    const spec = await fetch(place.dataset.spec).then((response) => {
      if (!response.ok) throw new Error(`the specification answered ${response.status}`);
      return response.json();
    });
    const view = await draw(place, spec);
    const tools = place.parentElement.querySelector(".picture-tools");
    const name = tools.dataset.name;
    const button = (text, action) => el("button", { type: "button", class: "linklike", onclick: action }, text);
    tools.append(
      " · ",
      button("SVG", async () => save(`${name}.svg`, "image/svg+xml", await view.toSVG(1))),
      " · ",
      button("PNG", async () => {
        const canvas = await view.toCanvas(2);
        canvas.toBlob((blob) => save(`${name}.png`, "image/png", blob));
      }),
    );
    place.dataset.drawn = "yes";
  } catch (error) {
    place.replaceChildren(el("p", { class: "soft" }, `The drawing failed (${error.message}); its table stands below.`));
  }
}
