// One query over the SPARQL Protocol: POST, so that no length of address limits it.
import { here } from "./address.js";

const SOLUTIONS = "application/sparql-results+json";

export async function runQuery(text, update, signal) {
  if (update) {
    return { problem: { title: "This page only asks", detail: "Updates go to /update, with the operator's token." } };
  }
  const form = text.match(/^\s*(?:(?:#[^\n]*|PREFIX\s+[^>]*>|BASE\s+[^>]*>)\s*)*([A-Z]+)\b/i)?.[1]?.toUpperCase();
  const graph = form === "CONSTRUCT" || form === "DESCRIBE";
  const began = performance.now();
  const request = (evidence) => {
    const body = new URLSearchParams({ query: text });
    if (evidence) body.set("evidence", "1");
    return fetch(here("/sparql"), { method: "POST", headers: { Accept: `${graph ? "text/turtle" : SOLUTIONS}, application/problem+json` }, body, signal });
  };
  const response = await request(form === "SELECT" && document.documentElement.dataset.evidence === "yes");
  if (!response.ok) return { problem: await readProblem(response) };
  const content = await response.text();
  const answer = { duration: performance.now() - began, bytes: content.length };
  if (graph) return { ...answer, graph: content };
  const solutions = JSON.parse(content);
  // The evidence stands beside the results, one list a solution in their order.
  (solutions.evidence ?? []).forEach((facts, i) => {
    Object.defineProperty(solutions.results.bindings[i], "$evidence", { value: facts.filter((fact) => fact.iri) });
  });
  return { ...answer, ...solutions };
}

async function readProblem(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { title: `The endpoint answered ${response.status}`, detail: text.slice(0, 2000) };
  }
}
