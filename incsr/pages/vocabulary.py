"""The vocabulary and the shapes: a manual for people, Turtle for machines, at the addresses of their IRIs."""

from flask import abort, redirect, render_template, request, url_for

from incsr.namespaces import BASE, GRAPH, ONTOLOGY, PREFIXES, SHAPES
from incsr.pages import addresses, downloads, figures, names, negotiation
from incsr.pages.graph import complete
from incsr.pages.negotiation import RDF_TYPES

TERMS = """
SELECT ?term ?type ?label ?definition ?scope ?example ?domain ?range ?parent ?see WHERE {
  GRAPH graph:ontology {
    ?term a ?type ; rdfs:label ?label ; skos:definition ?definition .
    OPTIONAL { ?term skos:scopeNote ?scope } OPTIONAL { ?term skos:example ?example }
    OPTIONAL { ?term rdfs:domain ?domain FILTER isIRI(?domain) }
    OPTIONAL { ?term rdfs:range ?range FILTER isIRI(?range) }
    OPTIONAL { ?term rdfs:subClassOf|rdfs:subPropertyOf ?parent FILTER isIRI(?parent) }
    OPTIONAL { ?term rdfs:seeAlso ?see }
  }
  FILTER STRSTARTS(STR(?term), STR(cbp:))
} ORDER BY ?label
"""
ABOUT = f"SELECT ?p ?o WHERE {{ GRAPH graph:ontology {{ <{ONTOLOGY}> ?p ?o FILTER isLiteral(?o) }} }}"
USES = """
SELECT ?term (COUNT(*) AS ?uses) WHERE {
  { ?s ?term ?o } UNION { ?x a ?term } FILTER STRSTARTS(STR(?term), STR(cbp:))
} GROUP BY ?term
"""
SHAPE_ROWS = """
SELECT ?shape ?class ?says ?property ?path ?name ?message ?severity ?min ?max ?datatype ?in ?valueClass ?kind
WHERE {
  GRAPH graph:shapes {
    ?shape a sh:NodeShape .
    OPTIONAL { ?shape sh:targetClass ?class } OPTIONAL { ?shape sh:message ?says }
    OPTIONAL {
      ?shape sh:property ?property .
      OPTIONAL { ?property sh:path ?path FILTER isIRI(?path) }
      OPTIONAL { ?property sh:name ?name } OPTIONAL { ?property sh:message ?message }
      OPTIONAL { ?property sh:severity ?severity }
      OPTIONAL { ?property sh:minCount ?min } OPTIONAL { ?property sh:maxCount ?max }
      OPTIONAL { ?property sh:datatype ?datatype } OPTIONAL { ?property sh:class ?valueClass }
      OPTIONAL { ?property sh:nodeKind ?kind }
      OPTIONAL { ?property sh:in/rdf:rest*/rdf:first ?in }
    }
  }
} ORDER BY ?shape ?property
"""
RULES = """
SELECT ?shape ?rule ?message ?severity WHERE {
  GRAPH graph:shapes { ?shape sh:sparql ?rule . ?rule sh:message ?message
    OPTIONAL { ?rule sh:severity ?severity } }
} ORDER BY ?shape ?rule
"""
VERSION = "SELECT ?version WHERE { <%s> owl:versionIRI ?version }"
APACHE = "http://www.apache.org/licenses/LICENSE-2.0"
CC0 = "http://creativecommons.org/publicdomain/zero/1.0/"
WHOLE = "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH <%s> { ?s ?p ?o } }"


def terms(graph):
    """The vocabulary's terms by IRI, each a dict of sets in the fields of the query."""
    found = {}
    for row in graph.select(TERMS):
        held = found.setdefault(
            row["term"].value,
            {
                "types": set(),
                "parents": set(),
                "see": set(),
                "domains": set(),
                "ranges": set(),
                "examples": set(),
            },
        )
        held["label"], held["definition"] = row["label"].value, row["definition"].value
        held["scope"] = row["scope"].value if "scope" in row else ""
        for field, name in (
            ("type", "types"),
            ("parent", "parents"),
            ("see", "see"),
            ("domain", "domains"),
            ("range", "ranges"),
            ("example", "examples"),
        ):
            if field in row:
                held[name].add(row[field].value)
    for row in graph.select(USES):
        if "term" in row and row["term"].value in found:
            found[row["term"].value]["uses"] = int(row["uses"].value)
    return found


def grouped(found):
    """Classes, properties and individuals, each sorted by label."""
    owl = PREFIXES["owl"]
    classes = {iri: t for iri, t in found.items() if owl + "Class" in t["types"]}
    properties = {
        iri: t
        for iri, t in found.items()
        if any(x.startswith(owl) and x.endswith("Property") for x in t["types"])
    }
    rest = {iri: t for iri, t in found.items() if iri not in classes and iri not in properties}
    return [
        ("classes", "Classes", classes),
        ("properties", "Properties", properties),
        ("individuals", "Individuals and code lists", rest),
    ]


def manual(graph):
    """Shapes by target: [(shape, classes, {property: row}, rules)]."""
    found = {}
    for row in graph.select(SHAPE_ROWS):
        shape = found.setdefault(
            row["shape"].value, {"classes": set(), "says": set(), "properties": {}, "rules": {}}
        )
        if "class" in row:
            shape["classes"].add(row["class"].value)
        if "says" in row:
            shape["says"].add(row["says"].value)
        if "property" in row:
            held = shape["properties"].setdefault(row["property"].value, {"in": [], "row": row})
            if "in" in row and row["in"] not in held["in"]:
                held["in"].append(row["in"])
    for row in graph.select(RULES):
        if row["shape"].value in found:
            found[row["shape"].value]["rules"][row["rule"].value] = row["message"].value
    return dict(sorted(found.items()))


def example_query(shape):
    """A query for the things that a shape describes, with what they must have."""
    required = [
        held["row"]["path"].value
        for held in shape["properties"].values()
        if "path" in held["row"] and int(held["row"]["min"].value if "min" in held["row"] else 0) > 0
    ]
    lines = [f"  ?thing a {names.compact(min(shape['classes']))} ."]
    chosen = list(dict.fromkeys(required))[:6]
    lines += [f"  ?thing {names.compact(path)} ?{figures.local(path)} ." for path in chosen]
    return complete("SELECT * WHERE {\n" + "\n".join(lines) + "\n}\nLIMIT 50\n")


def whole(site, graph_name, iri, suffix, page):
    """A named graph: a page for people, or all of it in one RDF format."""
    answer = negotiation.document(
        suffix, page, lambda media_type: site.graph.rdf(WHOLE % (GRAPH + graph_name), media_type)
    )
    path = url_for("pages.download", name=graph_name, suffix="ttl").removesuffix(".ttl")
    licence = APACHE if graph_name in ("ontology", "shapes") else CC0
    links = [f'<{iri}>; rel="cite-as"', f'<{licence}>; rel="license"', *negotiation.alternates(path)]
    answer.headers["Link"] = ", ".join(links)
    return answer


def current(site, subject):
    """303 to the document in force, where the address is the version IRI that it gives itself; else 404."""
    wanted = f"{BASE}{request.path.removeprefix(addresses.root()).lstrip('/')}"
    versions = site.graph.select(VERSION % subject)
    if wanted not in {row["version"].value for row in versions}:
        held = ", ".join(sorted(row["version"].value for row in versions)) or "none"
        abort(404, f"There is no version {wanted}; this server has {held}")
    answer = redirect(addresses.address_of(subject), 303)
    answer.headers["Link"] = f'<{wanted}>; rel="about", <{subject}>; rel="latest-version"'
    return answer


def register(pages, site):
    @pages.get("/cbp")
    @pages.get("/cbp.<any(ttl, jsonld, nt, rdf):suffix>")
    def vocabulary(suffix=""):
        def page():
            found = site.graph.kept("vocabulary.terms", terms)
            shapes = site.graph.kept("vocabulary.manual", manual)
            by_class = {iri: shape for shape in shapes for iri in shapes[shape]["classes"]}
            about = {names.compact(row["p"].value): row["o"].value for row in site.graph.select(ABOUT)}
            return render_template(
                "vocabulary.html",
                section="pages.vocabulary",
                groups=grouped(found),
                about=about,
                ontology=ONTOLOGY,
                shape_of=by_class,
            )

        return whole(site, "ontology", ONTOLOGY, suffix, page)

    @pages.get("/cbp/<version>")
    def vocabulary_version(version):
        return current(site, ONTOLOGY)

    @pages.get("/shapes/<version>")
    def shapes_version(version):
        return current(site, SHAPES)

    @pages.get("/shapes")
    @pages.get("/shapes.<any(ttl, jsonld, nt, rdf):suffix>")
    def shapes(suffix=""):
        def page():
            held = site.graph.kept("vocabulary.manual", manual)
            return render_template(
                "shapes.html",
                example=example_query,
                section="pages.vocabulary",
                shapes=held,
                shapes_iri=SHAPES,
            )

        return whole(site, "shapes", SHAPES, suffix, page)

    @pages.get("/graph/<name>")
    @pages.get("/graph/<name>.<any(ttl, jsonld, nt, rdf):suffix>")
    def named_graph(name, suffix=""):
        """A named graph at the path of its IRI: what it is for people, its triples for machines."""
        iri = GRAPH + name
        triples = dict(downloads.Files(site.graph).graphs()).get(name)
        if triples is None:
            abort(404, f"There is no graph “{name}”; /data lists them")
        return whole(
            site,
            name,
            iri,
            suffix,
            lambda: render_template(
                "graph.html",
                section="pages.data",
                name=name,
                iri=iri,
                triples=triples,
                says=downloads.SAYS.get(name, ""),
                formats=RDF_TYPES,
                format_names=downloads.NAMES,
                query=complete(f"SELECT * WHERE {{ GRAPH <{iri}> {{ ?s ?p ?o }} }}\nLIMIT 100\n"),
            ),
        )
