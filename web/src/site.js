// Small enhancements of the annotated report; the page works without them.
// A first tap on a figure shows what it was read as, a second follows it; Escape closes.
const coarse = matchMedia("(hover: none)");
document.addEventListener("click", (event) => {
  const figure = event.target.closest(".fig");
  for (const open of document.querySelectorAll(".fig.open")) if (open !== figure) open.classList.remove("open");
  if (figure && coarse.matches && figure.querySelector(".tip") && !figure.classList.contains("open")) {
    event.preventDefault();
    figure.classList.add("open");
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll(".fig.open")) open.classList.remove("open");
  if (document.activeElement?.closest(".fig")) document.activeElement.blur();
});
// Keep an explanation inside the window.
function place(figure) {
  const tip = figure.querySelector(".tip");
  if (!tip) return;
  tip.classList.remove("from-right");
  if (tip.getBoundingClientRect().right > document.documentElement.clientWidth - 8) tip.classList.add("from-right");
}
for (const figure of document.querySelectorAll(".fig")) {
  figure.addEventListener("pointerenter", () => place(figure));
  figure.addEventListener("focusin", () => place(figure));
}
