// The reader's own theme, before the first paint; without JavaScript the system's preference holds.
(() => {
  const root = document.documentElement;
  const names = ["system", "light", "dark"];
  const stored = () => {
    try { return localStorage.getItem("theme") || "system"; } catch { return "system"; }
  };
  const apply = (name) => {
    if (name === "system") delete root.dataset.theme;
    else root.dataset.theme = name;
  };
  apply(stored());
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    if (!button) return;
    button.hidden = false;
    const show = () => { button.textContent = `Theme: ${stored()}`; };
    show();
    button.addEventListener("click", () => {
      const next = names[(names.indexOf(stored()) + 1) % names.length];
      try { localStorage.setItem("theme", next); } catch { /* private mode: the choice lasts for this page */ }
      apply(next);
      show();
      dispatchEvent(new Event("themechange"));
    });
  });
})();
