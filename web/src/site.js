// Small enhancements of the annotated report; the page works without them.
const coarse = matchMedia("(hover: none)");
const narrow = matchMedia("(max-width: 40rem)");
const figures = [...document.querySelectorAll(".fig")].filter((figure) => figure.querySelector(".tip"));

// A first tap on a figure shows what it was read as, a second follows it.
document.addEventListener("click", (event) => {
  const figure = event.target.closest(".fig");
  for (const open of document.querySelectorAll(".fig.open")) if (open !== figure) open.classList.remove("open");
  if (figure && figures.includes(figure) && coarse.matches && !figure.classList.contains("open")) {
    event.preventDefault();
    figure.classList.add("open");
    place(figure);
  }
});

// Escape closes an explanation and leaves focus and pointer where they are (WCAG 1.4.13).
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const figure of figures) {
    figure.classList.remove("open");
    if (figure.matches(":hover, :focus-within")) figure.classList.add("shut");
  }
});

// On wide windows an explanation stands under the first line of its words, inside the window.
function place(figure) {
  figure.classList.remove("shut");
  const tip = figure.querySelector(".tip");
  tip.style.cssText = "";
  if (narrow.matches) return;
  const words = figure.querySelector("a").getClientRects()[0];
  const { offsetWidth: width, offsetHeight: height } = tip;
  const left = Math.max(8, Math.min(words.left, document.documentElement.clientWidth - width - 8));
  const below = words.bottom + height < innerHeight || words.top < height;
  const top = below ? words.bottom - 1 : words.top - height + 1;
  tip.style.position = "fixed";
  tip.style.left = `${left}px`;
  tip.style.top = `${top}px`;
}
for (const figure of figures) {
  figure.addEventListener("pointerenter", () => place(figure));
  figure.addEventListener("focusin", () => place(figure));
}
addEventListener("scroll", () => {
  for (const figure of figures) if (figure.matches(":hover, :focus-within, .open")) place(figure);
}, { passive: true });
