"""IRIs and prefixes of the project, in one place.

Knows no other module of the package. Every file of the repository that mints an IRI is held to BASE
by a test; nothing here reads or writes.
"""

BASE = "https://w3id.org/incsr/"

ONTOLOGY = f"{BASE}cbp"
SHAPES = f"{BASE}shapes"
SOURCE_TEXT = f"{BASE}source/incsr2014-cbp.txt"
GRAPH = f"{BASE}graph/"
ID = f"{BASE}id/"

# Kind of thing -> Turtle prefix. A `/` in a prefixed local name would need escaping, hence one prefix a
# kind; `unit:` is QUDT's, so our kind `unit` takes `orgunit:`.
KIND_PREFIXES = {
    "agency": "agency",
    "office": "office",
    "unit": "orgunit",
    "program": "program",
    "academy": "academy",
    "country": "country",
    "region": "region",
    "city": "city",
    "period": "period",
    "indicator": "indicator",
    "measurement": "measurement",
    "statement": "statement",
    "concept": "concept",
    "section": "section",
    "dataset": "dataset",
    "report": "report",
    "mapping": "mapping",
    "scheme": "scheme",
}

PREFIXES = {
    "cbp": f"{ONTOLOGY}#",
    "cbpsh": f"{SHAPES}#",
    "graph": GRAPH,
    **{prefix: f"{ID}{kind}/" for kind, prefix in KIND_PREFIXES.items()},
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dcterms": "http://purl.org/dc/terms/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "org": "http://www.w3.org/ns/org#",
    "prov": "http://www.w3.org/ns/prov#",
    "oa": "http://www.w3.org/ns/oa#",
    "qb": "http://purl.org/linked-data/cube#",
    "sdmx-dimension": "http://purl.org/linked-data/sdmx/2009/dimension#",
    "sdmx-measure": "http://purl.org/linked-data/sdmx/2009/measure#",
    "sdmx-attribute": "http://purl.org/linked-data/sdmx/2009/attribute#",
    "qudt": "http://qudt.org/schema/qudt/",
    "unit": "http://qudt.org/vocab/unit/",
    "time": "http://www.w3.org/2006/time#",
    "schema": "https://schema.org/",
    "wgs84": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "adms": "http://www.w3.org/ns/adms#",
    "void": "http://rdfs.org/ns/void#",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "sh": "http://www.w3.org/ns/shacl#",
    "sssom": "https://w3id.org/sssom/",
    "semapv": "https://w3id.org/semapv/vocab/",
    "vann": "http://purl.org/vocab/vann/",
}
