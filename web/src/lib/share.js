// Every query is an address; and the same query in the languages people work in.
import { here } from "./address.js";
import { el } from "./dom.js";

export function shareLink(text, run) {
  return here(`/ask?${new URLSearchParams({ [run ? "run" : "edit"]: text })}`);
}

export function snippets(text) {
  const endpoint = new URL(here("/sparql"), location.href).href;
  const quoted = text.replaceAll("'", "'\\''");
  const triple = text.replaceAll("\\", "\\\\").replaceAll('"""', '\\"\\"\\"');
  const languages = {
    curl: `curl -s '${endpoint}' \\\n  -H 'Accept: text/csv' \\\n  --data-urlencode 'query=${quoted}'`,
    Python: `import io, pandas, requests\n\nquery = """${triple}"""\nanswer = requests.post("${endpoint}", data={"query": query}, headers={"Accept": "text/csv"})\nanswer.raise_for_status()\nprint(pandas.read_csv(io.StringIO(answer.text)))`,
    R: `query <- r"---(${text})---"\nanswer <- httr::POST("${endpoint}", body = list(query = query), encode = "form", httr::accept("text/csv"))\nread.csv(text = httr::content(answer, "text", encoding = "UTF-8"))`,
    JavaScript: `const query = ${JSON.stringify(text)};\nconst answer = await fetch("${endpoint}", {\n  method: "POST",\n  headers: { Accept: "application/sparql-results+json" },\n  body: new URLSearchParams({ query }),\n});\nconsole.log((await answer.json()).results.bindings);`,
  };
  return el(
    "section",
    { id: "snippets", "aria-label": "This query in code" },
    ...Object.entries(languages).map(([name, code]) => el("details", { open: name === "curl" }, el("summary", {}, name), el("pre", { tabindex: "0" }, code))),
  );
}
