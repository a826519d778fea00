"""Asking with SPARQL: the editor where there is JavaScript, a form and a table where there is none.

The page is what `/sparql` answers to a browser without a query; the endpoint itself is elsewhere. A query in
the address's `edit` parameter is put into the editor, not run; `run` puts it there and runs it.
"""

from flask import jsonify, render_template, request

from incsr.namespaces import PREFIXES
from incsr.pages import reading

STARTER = (
    "".join(f"PREFIX {prefix}: <{PREFIXES[prefix]}>\n" for prefix in ("cbp", "graph", "skos", "sdmx-measure"))
    + """
# Every figure with its hedge and the words it rests on
SELECT ?what ?hedge ?value ?words WHERE {
  GRAPH graph:incsr2014 {
    ?figure a cbp:Measurement ;
            cbp:indicator/skos:prefLabel ?what ;
            sdmx-measure:obsValue ?value ;
            cbp:qualifier ?qualifier ;
            cbp:quotation ?words .
  }
  ?qualifier skos:prefLabel ?hedge .
}
ORDER BY DESC(?value)
"""
)
# What a newcomer should see first; the others follow by name.
FIRST = (
    "trainees-by-country",
    "trainees-on-the-map",
    "figures-of-everybody",
    "figures-in-pounds",
    "structure-of-cbp",
    "series-over-the-years",
    "figures-that-agree",
    "quantities-in-words",
)
COMPLETIONS = """
SELECT DISTINCT ?term ?label ?definition ?role WHERE {
  { ?x a ?term BIND ("class" AS ?role) } UNION { ?s ?term ?o BIND ("property" AS ?role) }
  OPTIONAL { ?term rdfs:label ?label } OPTIONAL { ?term skos:definition ?definition }
}
"""


def completions(graph):
    """Classes and properties of the data with label and definition, for the editor."""
    found = {}
    for row in graph.select(COMPLETIONS):
        key = (row["role"].value, row["term"].value)
        found.setdefault(
            key,
            {
                "iri": row["term"].value,
                "role": row["role"].value,
                "label": row["label"].value if "label" in row else "",
                "definition": row["definition"].value if "definition" in row else "",
            },
        )
    return sorted(found.values(), key=lambda term: (term["role"], term["iri"]))


def html(site):
    """The page, for `GET /sparql` of a browser without a query."""
    first = {name: place for place, name in enumerate(FIRST)}
    examples = sorted(site.questions, key=lambda question: first.get(question.name, len(first)))
    query = request.args.get("edit") or request.args.get("run") or STARTER
    return render_template(
        "ask.html",
        section="pages.ask",
        query=query,
        run="run" in request.args,
        questions=examples,
        prefixes=PREFIXES,
    )


def register(pages, site):
    @pages.get("/ask")
    def ask():
        return html(site)

    @pages.get("/ask/completions.json")
    def ask_completions():
        """Prefixes, classes and properties that the editor offers: all from our own data."""
        answer = jsonify({"prefixes": PREFIXES, "terms": site.graph.kept("ask.completions", completions)})
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer

    @pages.get("/ask/labels.json")
    def ask_labels():
        """Labels of up to 500 IRIs, asked by repeated `iri` parameters; shown beside them."""
        asked = request.args.getlist("iri")[:500]
        return jsonify({iri: site.names.labels[iri] for iri in asked if iri in site.names.labels})

    @pages.get("/ask/countries.json")
    def ask_countries():
        """ISO 3166-1 numeric codes by country IRI: they join an answer's countries to a map's shapes."""
        return jsonify(site.graph.kept("country.codes", reading.country_codes))
