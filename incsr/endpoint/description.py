"""The service description: what this endpoint is, speaks, and holds (SPARQL 1.1 Service Description).

It is the answer to a query: the part that settings decide stands in the template, the graphs and their sizes
are counted by the evaluator, so that it is never out of date and is negotiated, limited and cached like any
other graph. Every node has an IRI, because a template's blank node is a new one in each solution.
"""

from pyoxigraph import Literal, NamedNode

from incsr import formats
from incsr.namespaces import BASE, GRAPH

SD = "http://www.w3.org/ns/sparql-service-description#"
FORMATS = "http://www.w3.org/ns/formats/"

# Names of the registry "Unique URIs for file formats"; what it lacks (HTML) is not announced.
FORMAT_IRIS = {
    "json": f"{FORMATS}SPARQL_Results_JSON",
    "xml": f"{FORMATS}SPARQL_Results_XML",
    "csv": f"{FORMATS}SPARQL_Results_CSV",
    "tsv": f"{FORMATS}SPARQL_Results_TSV",
    "turtle": f"{FORMATS}Turtle",
    "ntriples": f"{FORMATS}N-Triples",
    "nquads": f"{FORMATS}N-Quads",
    "trig": f"{FORMATS}TriG",
    "rdfxml": f"{FORMATS}RDF_XML",
    "jsonld": f"{FORMATS}JSON-LD",
}
INPUT_FORMATS = ("turtle", "ntriples", "rdfxml", "jsonld")

# The functions of GeoSPARQL 1.1 that the engine evaluates.
GEOSPARQL = "http://www.opengis.net/def/function/geosparql/"
_GEOSPARQL_NAMES = """
    area asGeoJSON centroid convexHull coordinateDimension difference dimension distance envelope getSRID
    intersection isEmpty isSimple length perimeter relate spatialDimension symDifference union
    sfContains sfCrosses sfDisjoint sfEquals sfIntersects sfOverlaps sfTouches sfWithin
    ehContains ehCoveredBy ehCovers ehDisjoint ehEquals ehInside ehMeet ehOverlap
    rcc8dc rcc8ec rcc8eq rcc8ntpp rcc8ntppi rcc8po rcc8tpp rcc8tppi
"""
EXTENSION_FUNCTIONS = tuple(GEOSPARQL + name for name in _GEOSPARQL_NAMES.split())

_PROLOGUE = f"""PREFIX sd: <{SD}>
PREFIX void: <http://rdfs.org/ns/void#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX schema: <https://schema.org/>
PREFIX ent: <http://www.w3.org/ns/entailment/>
"""


def limits(settings) -> list[tuple[str, str, object, str]]:
    """What is announced: (name, words, value, UN/CEFACT unit code); a limit that is off is left out."""
    announced = [
        ("timeout", "seconds that a query or an update may take", settings.timeout_s, "SEC"),
        ("rows", "solutions or triples in one answer", settings.max_rows, "C62"),
        ("bytes", "bytes in one answer", settings.max_bytes, "AD"),
        ("query-bytes", "bytes in the text of a query or an update", settings.max_query_bytes, "AD"),
        ("body-bytes", "bytes in the body of a write", settings.max_body_bytes, "AD"),
        ("memory", "bytes of memory that one evaluation may use", settings.max_memory, "AD"),
    ]
    return [limit for limit in announced if limit[2]]


def _iris(names):
    return ", ".join(f"<{FORMAT_IRIS[name]}>" for name in names)


def query_text(endpoint: str, settings) -> str:
    """The CONSTRUCT query whose answer is the service description of `endpoint`.

    Graph: <endpoint> a sd:Service ; sd:defaultDataset ?d . ?d sd:defaultGraph ?g ; sd:namedGraph ?n .
    """
    service = NamedNode(endpoint)
    dataset, default = NamedNode(f"{endpoint}#dataset"), NamedNode(f"{endpoint}#default-graph")
    languages = ["sd:SPARQL10Query", "sd:SPARQL11Query"]
    features = ["sd:EmptyGraphs"]
    if settings.write_token:
        languages.append("sd:SPARQL11Update")
    if settings.default_graph == "union":
        features.append("sd:UnionDefaultGraph")
    if settings.service_allow:
        features.append("sd:BasicFederatedQuery")
    outputs = [*dict.fromkeys(offer.name for kind in formats.KINDS for offer in formats.OFFERS[kind])]
    lines = [
        f"{service} a sd:Service ; sd:endpoint {service} ; sd:supportedLanguage {', '.join(languages)} ;",
        f"  sd:feature {', '.join(features)} ; sd:defaultEntailmentRegime ent:Simple ;",
        f"  sd:resultFormat {_iris(name for name in outputs if name in FORMAT_IRIS)} ;",
        '  rdfs:label "SPARQL endpoint of the 2014 INCSR page on U.S. Customs and Border Protection"@en ;',
        f"  rdfs:seeAlso <{GRAPH}void>, <{GRAPH}questions>, <{BASE}openapi.json> ;",
        f"  sd:extensionFunction {', '.join(f'<{iri}>' for iri in EXTENSION_FUNCTIONS)} ;",
        f"  sd:defaultDataset {dataset} .",
        f"{dataset} a sd:Dataset, void:Dataset ; void:sparqlEndpoint {service} ; sd:defaultGraph {default} .",
        f"{default} a sd:Graph ; void:triples ?all .",
        f"{dataset} sd:namedGraph ?node . ?node a sd:NamedGraph ; sd:name ?name ; sd:graph ?graph .",
        "?graph a sd:Graph ; void:triples ?triples .",
    ]
    if settings.write_token:
        lines.append(f"{service} sd:inputFormat {_iris(INPUT_FORMATS)} .")
    for name, words, value, unit in limits(settings):
        limit = NamedNode(f"{endpoint}#limit-{name}")
        lines.append(
            f"{service} schema:additionalProperty {limit} . {limit} a schema:PropertyValue ; "
            f"schema:propertyID {Literal(name)} ; schema:description {Literal(words, language='en')} ; "
            f"schema:maxValue {value} ; schema:unitCode {Literal(unit)} ."
        )
    template = "\n  ".join(lines)
    return f"""{_PROLOGUE}CONSTRUCT {{
  {template}
}} WHERE {{
  {{ SELECT (COUNT(*) AS ?all) WHERE {{ ?s ?p ?o }} }}
  UNION {{
    {{ SELECT ?name (COUNT(?s) AS ?triples)
      WHERE {{ GRAPH ?name {{ OPTIONAL {{ ?s ?p ?o }} }} }} GROUP BY ?name }}
    BIND (IRI(CONCAT({Literal(endpoint + "#named-")}, ENCODE_FOR_URI(STR(?name)))) AS ?node)
    BIND (IRI(CONCAT({Literal(endpoint + "#graph-")}, ENCODE_FOR_URI(STR(?name)))) AS ?graph)
  }}
}}"""
