// An answer as a table with labels beside IRIs, a chart, a map, the evidence of each row, and downloads.
import { here } from "./address.js";
import { el, link, save } from "./dom.js";

const PAGE = 100;
const ID = "https://w3id.org/incsr/id/";
const XSD = "http://www.w3.org/2001/XMLSchema#";
const NUMERIC = new Set(["integer", "decimal", "double", "float", "int", "long"].map((name) => XSD + name));

export const isNumber = (term) => term?.type === "literal" && NUMERIC.has(term.datatype);

export function showWaiting(place, stop) {
  place.replaceChildren(el("p", { role: "status" }, "Asking… ", el("button", { type: "button", class: "quiet", onclick: stop }, "Stop")));
}

export function showProblem(place, problem, yasqe) {
  const where = problem.line ? ` Line ${problem.line}${problem.column ? `, column ${problem.column}` : ""}.` : "";
  place.replaceChildren(
    el("div", { class: "notice", role: "alert" },
      el("h2", {}, problem.title || "The query failed"),
      el("p", {}, (problem.detail || "") + where),
      problem.excerpt ? el("pre", {}, problem.excerpt) : null,
      problem.hint ? el("p", {}, problem.hint) : null),
  );
  if (yasqe && problem.line) yasqe.setCursor({ line: problem.line - 1, ch: (problem.column || 1) - 1 });
}

export async function showAnswer(place, answer, query) {
  if (answer.graph !== undefined) {
    place.replaceChildren(
      el("h2", {}, "Answer"),
      el("p", { class: "soft", role: "status" }, `A graph, ${Math.round(answer.duration)} ms.`),
      downloads(query, true),
      el("pre", { tabindex: "0" }, answer.graph),
    );
    return;
  }
  if (answer.boolean !== undefined) {
    place.replaceChildren(el("h2", {}, "Answer"), el("p", { class: "lead", role: "status" }, answer.boolean ? "Yes: true" : "No: false"));
    return;
  }
  const columns = answer.head.vars;
  const rows = answer.results.bindings;
  const labels = await fetchLabels(rows);
  const views = el("div", { id: "view" });
  const choices = [["Table", () => table(columns, rows, labels)]];
  const chart = chartColumns(columns, rows);
  if (chart) choices.push(["Chart", () => drawn((charts) => charts.bars(rows, chart, labels))]);
  if (mapColumn(columns, rows)) choices.push(["Map", () => drawn((charts) => charts.countries(rows, mapColumn(columns, rows), chart?.number, labels))]);
  const tabs = el("div", { role: "tablist", "aria-label": "Views of the answer", class: "tabs" });
  const choose = async (index) => {
    [...tabs.children].forEach((tab, i) => {
      tab.setAttribute("aria-selected", String(i === index));
      tab.tabIndex = i === index ? 0 : -1;
    });
    try {
      views.replaceChildren(await choices[index][1](views));
    } catch (error) {
      views.replaceChildren(el("p", { class: "notice" }, `This view failed: ${error.message}`));
    }
  };
  choices.forEach(([name], index) => {
    tabs.append(
      el("button", {
        type: "button", role: "tab", class: "quiet", onclick: () => choose(index),
        onkeydown: (event) => {
          const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
          if (!step) return;
          const next = (index + step + choices.length) % choices.length;
          choose(next);
          tabs.children[next].focus();
        },
      }, name),
    );
  });
  views.setAttribute("role", choices.length > 1 ? "tabpanel" : "group");
  views.setAttribute("aria-label", "View of the answer");
  place.replaceChildren(
    el("h2", {}, "Answer"),
    el("p", { class: "soft", role: "status" }, `${rows.length} row${rows.length === 1 ? "" : "s"}, ${Math.round(answer.duration)} ms.`),
    downloads(query, false),
    ...(choices.length > 1 ? [tabs] : []),
    views,
  );
  await choose(0);
}

async function drawn(draw) {
  const charts = await import("./charts-of-answers.js");
  return draw(charts);
}

function downloads(query, graph) {
  const formats = graph
    ? [["Turtle", "turtle"], ["JSON-LD", "jsonld"], ["N-Triples", "ntriples"], ["RDF/XML", "rdfxml"]]
    : [["CSV", "csv"], ["TSV", "tsv"], ["JSON", "json"], ["XML", "xml"]];
  const extension = { turtle: "ttl", ntriples: "nt", rdfxml: "rdf" };
  return el("p", { class: "downloads" }, "Download: ",
    ...formats.flatMap(([name, format], index) => [
      index ? " · " : "",
      el("button", {
        type: "button", class: "linklike",
        onclick: async () => {
          const response = await fetch(here("/sparql"), { method: "POST", body: new URLSearchParams({ query, format }) });
          save(`answer.${extension[format] || format}`, await response.blob());
        },
      }, name),
    ]));
}

async function fetchLabels(rows) {
  const iris = new Set();
  for (const row of rows.slice(0, 1000)) for (const term of Object.values(row)) if (term.type === "uri") iris.add(term.value);
  const asked = [...iris].slice(0, 400);
  const labels = {};
  for (let i = 0; i < asked.length; i += 50) {
    const query = new URLSearchParams(asked.slice(i, i + 50).map((iri) => ["iri", iri]));
    Object.assign(labels, await fetch(here(`/ask/labels.json?${query}`)).then((r) => (r.ok ? r.json() : {})));
  }
  return labels;
}

const wordsAddress = (start, end) => here(`/report/2014-cbp?words=${start},${end}#words`);

export function pathOf(iri) {
  const base = "https://w3id.org/incsr/";
  if (!iri.startsWith(base)) return iri;
  const passage = iri.match(/^https:\/\/w3id\.org\/incsr\/source\/incsr2014-cbp\.txt#char=(\d+),(\d+)$/);
  if (passage) return wordsAddress(passage[1], passage[2]);
  return here(iri.slice(base.length - 1).replace(/^\/id\//, "/doc/"));
}

function cell(term, labels) {
  if (!term) return el("td");
  if (term.type === "uri") {
    const label = labels[term.value];
    return el("td", {}, link(pathOf(term.value), label || term.value), label ? el("span", { class: "iri small soft" }, term.value) : null);
  }
  if (term.type === "bnode") return el("td", { class: "soft" }, `_:${term.value}`);
  if (term.type === "triple") return el("td", {}, JSON.stringify(term.value));
  const number = isNumber(term);
  return el("td", { class: number ? "num" : false, title: term.datatype || false, lang: term["xml:lang"] || false }, term.value);
}

// The words behind a row: given by the endpoint (evidence=1), else by a figure or statement among its terms.
function why(row) {
  const given = row.$evidence;
  if (given) return given;
  return Object.values(row)
    .filter((term) => term.type === "uri" && (term.value.startsWith(`${ID}measurement/`) || term.value.startsWith(`${ID}statement/`)))
    .map((term) => ({ iri: term.value }));
}

function table(columns, rows, labels) {
  let shown = 0;
  const body = el("tbody");
  const evident = rows.some((row) => why(row).length);
  const more = el("button", { type: "button", class: "quiet" }, "More rows");
  const next = () => {
    for (const row of rows.slice(shown, shown + PAGE)) {
      const line = el("tr", {}, ...columns.map((name) => cell(row[name], labels)));
      if (evident) {
        const facts = why(row);
        line.append(el("td", {}, facts.length ? whyButton(facts, line, columns.length + 1) : null));
      }
      body.append(line);
    }
    shown = Math.min(shown + PAGE, rows.length);
    more.hidden = shown >= rows.length;
    more.textContent = `More rows (${rows.length - shown} left)`;
  };
  more.addEventListener("click", next);
  next();
  const head = el("thead", {}, el("tr", {}, ...columns.map((name) => el("th", { scope: "col", class: rows.length && rows.every((row) => isNumber(row[name])) ? "num" : false }, name)), evident ? el("th", { scope: "col" }, "Why") : null));
  return el("div", {}, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Answer" }, el("table", {}, head, body)), more);
}

function whyButton(facts, line, width) {
  let open = null;
  return el("button", {
    type: "button", class: "quiet small", "aria-expanded": "false",
    onclick: async (event) => {
      const button = event.currentTarget;
      if (open) {
        open.remove();
        open = null;
        button.setAttribute("aria-expanded", "false");
        return;
      }
      button.setAttribute("aria-expanded", "true");
      const holder = el("td", { colspan: width }, "…");
      open = el("tr", { class: "why" }, holder);
      line.after(open);
      holder.replaceChildren(...(await Promise.all(facts.slice(0, 20).map(words))));
    },
  }, "why?");
}

async function words(fact) {
  if (fact.quotation) {
    return el("p", {}, el("a", { href: wordsAddress(fact.start, fact.end) }, `“${fact.quotation}”`), " ", link(pathOf(fact.iri), "the fact"));
  }
  const query = `SELECT ?words ?start ?end WHERE { <${fact.iri}> <https://w3id.org/incsr/cbp#evidence>/<http://www.w3.org/ns/oa#hasSelector> ?q, ?p . ?q <http://www.w3.org/ns/oa#exact> ?words . ?p <http://www.w3.org/ns/oa#start> ?start ; <http://www.w3.org/ns/oa#end> ?end . FILTER (STRLEN(?words) = ?end - ?start) } ORDER BY ?start`;
  const answer = await fetch(here("/sparql"), { method: "POST", headers: { Accept: "application/sparql-results+json" }, body: new URLSearchParams({ query }) }).then((r) => r.json());
  const found = answer.results.bindings;
  return el("p", {}, ...(found.length
    ? found.flatMap((row) => [el("a", { href: wordsAddress(row.start.value, row.end.value) }, `“${row.words.value}”`), " "])
    : ["Not from the page: computed, or from another source. "]), link(pathOf(fact.iri), "the fact"));
}

function chartColumns(columns, rows) {
  if (rows.length < 2 || rows.length > 60) return null;
  const numbers = columns.filter((name) => rows.every((row) => isNumber(row[name])));
  const names = columns.filter((name) => !numbers.includes(name) && rows.every((row) => row[name]));
  return numbers.length && names.length ? { name: names[0], number: numbers[0] } : null;
}

function mapColumn(columns, rows) {
  return rows.length ? columns.find((name) => rows.every((row) => row[name]?.type === "uri" && row[name].value.startsWith(`${ID}country/`))) : undefined;
}
