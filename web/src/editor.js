// The query page: Yasqe with completion from our own data, results with labels, evidence, chart and map.
// Without this file the page is a form that the endpoint answers with a table.
import Yasqe from "@zazuko/yasqe";
import "@zazuko/yasqe/build/yasqe.min.css";
import { install as installCompletion } from "./lib/completion.js";
import { runQuery } from "./lib/run.js";
import { showAnswer, showProblem, showWaiting } from "./lib/results.js";
import { shareLink, snippets } from "./lib/share.js";
import { here } from "./lib/address.js";
import { el } from "./lib/dom.js";

const form = document.getElementById("ask");
const area = document.getElementById("query");
const results = document.getElementById("results");
const tools = document.getElementById("ask-tools");
let running = null;

async function start() {
  // Nothing of anybody else's: no completion service, no prefix service, no stored tabs.
  Yasqe.defaults.autocompleters = [];
  Yasqe.forkAutocompleter = undefined;
  Yasqe.clearStorage?.();
  const completions = await fetch(here("/ask/completions.json")).then((r) => r.json());
  installCompletion(Yasqe, completions);

  const holder = el("div", { id: "editor" });
  area.before(holder);
  const yasqe = new Yasqe(holder, {
    value: area.value,
    persistenceId: null,
    showQueryButton: false,
    resizeable: false,
    createShareableLink: null,
    collapsePrefixesOnLoad: false,
    autocompleters: ["incsr-terms", "variables"],
    lineWrapping: true,
    // Tab must leave the editor: a keyboard user is not to be caught in it.
    extraKeys: { ...Yasqe.defaults.extraKeys, Tab: false, "Shift-Tab": false },
  });
  holder.yasqe = yasqe; // for the console, and for tests
  area.hidden = true;
  document.querySelector('label[for="query"]').textContent = "Query (Ctrl+Enter runs it, Ctrl+Space completes)";
  yasqe.getInputField().setAttribute("aria-label", "SPARQL query");
  const format = document.getElementById("format");
  format.hidden = true;
  document.querySelector('label[for="format"]').hidden = true;

  const run = async () => {
    running?.abort();
    running = new AbortController();
    const text = yasqe.getValue();
    history.replaceState(null, "", shareLink(text, true));
    showWaiting(results, () => running.abort());
    try {
      const answer = await runQuery(text, yasqe.getQueryMode() === "update", running.signal);
      if (answer.problem) showProblem(results, answer.problem, yasqe);
      else await showAnswer(results, answer, text);
    } catch (error) {
      if (error.name === "AbortError") results.replaceChildren(el("p", {}, "Stopped."));
      else showProblem(results, { title: "The answer could not be read", detail: String(error.message || error) });
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  yasqe.addKeyMap({ "Ctrl-Enter": run, "Cmd-Enter": run });

  for (const link of document.querySelectorAll("[data-example]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      yasqe.setValue(new URL(link.href).searchParams.get("edit"));
      run();
    });
  }

  const said = el("span", { class: "small soft", role: "status" });
  tools.append(
    el("button", {
      type: "button",
      class: "quiet",
      onclick: async () => {
        const address = new URL(shareLink(yasqe.getValue(), true), location.href).href;
        history.replaceState(null, "", address);
        try {
          await navigator.clipboard.writeText(address);
          said.textContent = "Link copied";
        } catch {
          said.textContent = "The link is in the address bar";
        }
      },
    }, "Share"),
    " ",
    el("button", {
      type: "button",
      class: "quiet",
      "aria-expanded": "false",
      onclick: (event) => {
        const open = document.getElementById("snippets");
        if (open) open.remove();
        else form.after(snippets(yasqe.getValue()));
        event.currentTarget.setAttribute("aria-expanded", String(!open));
      },
    }, "Code"),
    " ",
    said,
  );
  document.documentElement.dataset.editor = "ready";
  if (form.dataset.run === "yes") run();
}

start();
