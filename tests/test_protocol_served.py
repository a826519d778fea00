"""The contract of the endpoint as a whole: requests on the Flask application, answered from published data.

The same protocol code is served by the asynchronous front; the last tests ask a started server.
"""

import http.client
import json
import xml.etree.ElementTree as ElementTree
from urllib.parse import quote, urlsplit

import pyoxigraph as ox
import pytest
import SPARQLWrapper

from incsr import sources
from incsr.app import create_app
from incsr.config import Settings
from incsr.endpoint import description
from incsr.namespaces import BASE, GRAPH, PREFIXES
from incsr.workers import loading
from incsr.workers.executors import InlineExecutor

TOKEN = "correct-horse"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
SD = "http://www.w3.org/ns/sparql-service-description#"
VOID = "http://rdfs.org/ns/void#"
SH = "PREFIX sh: <http://www.w3.org/ns/shacl#>"


def application(**options):
    loaded = loading.load({"default_graph": "union", "empty": False, "service_allow": (), **options})
    return create_app(Settings(write_token=TOKEN), InlineExecutor(loaded))


@pytest.fixture(scope="module")
def client():
    return application().test_client()


@pytest.fixture
def empty():
    return application(empty=True, default_graph="strict").test_client()


def select(client, query):
    response = client.get("/sparql", query_string={"query": query})
    assert response.status_code == 200, response.text
    results = ox.parse_query_results(response.data, ox.QueryResultsFormat.JSON)
    return [tuple(row) for row in results]


def test_the_service_description_conforms_and_counts_the_graphs(client):
    response = client.get("/sparql", headers={"Accept": "text/turtle", "Host": "data.example"})

    store = ox.Store()
    store.load(response.data, ox.RdfFormat.TURTLE)
    endpoint = ox.NamedNode("http://data.example/sparql")
    assert response.mimetype == "text/turtle"
    assert ox.Quad(endpoint, ox.NamedNode(f"{SD}endpoint"), endpoint) in store
    for name in ("SPARQL11Query", "SPARQL11Update"):
        assert ox.Quad(endpoint, ox.NamedNode(f"{SD}supportedLanguage"), ox.NamedNode(SD + name)) in store
    assert ox.Quad(endpoint, ox.NamedNode(f"{SD}feature"), ox.NamedNode(f"{SD}UnionDefaultGraph")) in store
    sizes = store.query(
        f"PREFIX sd: <{SD}> SELECT ?name ?n "
        f"{{ [] sd:namedGraph [ sd:name ?name ; sd:graph [ <{VOID}triples> ?n ] ] }}"
    )
    described = {row["name"].value: int(row["n"].value) for row in sizes}
    counted = select(client, "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
    assert described == {graph.value: int(number.value) for graph, number in counted}
    assert set(described) == {source.graph for source in sources.published()} | {
        GRAPH + "void",
        GRAPH + "questions",
    }


def test_the_service_description_announces_limits_and_only_what_is_served(client):
    text = client.get("/sparql").text
    readable = create_app(
        Settings(),
        InlineExecutor(loading.load({"default_graph": "strict", "empty": True, "service_allow": ()})),
    )

    closed = readable.test_client().get("/sparql").text

    assert 'schema:propertyID "timeout"' in text and "schema:maxValue 10.0" in text
    assert "sd:inputFormat" in text and "SPARQL11Update" not in closed and "sd:inputFormat" not in closed
    assert "BasicFederatedQuery" not in text and "UnionDefaultGraph" in closed  # the settings say union


def test_every_function_that_is_announced_is_evaluated_by_the_engine():
    point = '"POINT(0 0)"^^<http://www.opengis.net/ont/geosparql#wktLiteral>'

    for function in description.EXTENSION_FUNCTIONS:
        list(ox.Store().query(f"SELECT (<{function}>({point}, {point}, {point}) AS ?x) {{}}"))
        with pytest.raises(RuntimeError, match="not supported"):
            list(ox.Store().query(f"SELECT (<{function}X>({point}) AS ?x) {{}}"))


@pytest.mark.parametrize("accept", ["application/rdf+xml", "application/ld+json", "application/n-triples"])
def test_the_service_description_is_negotiated(client, accept):
    response = client.get("/sparql", headers={"Accept": accept})

    assert response.mimetype == accept
    assert len(list(ox.parse(response.data, format=ox.RdfFormat.from_media_type(accept)))) > 50


def test_an_editor_finds_prefixes_examples_and_classes_as_it_looks_for_them(client):
    prefixes = select(
        client,
        f"{SH} SELECT DISTINCT ?prefix ?iri {{ [] sh:namespace ?iri ; sh:prefix ?prefix }}",
    )
    examples = select(
        client,
        "PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
        "SELECT DISTINCT ?sq ?comment ?query { ?sq a sh:SPARQLExecutable ; rdfs:comment ?comment ; "
        "sh:select|sh:ask|sh:construct|sh:describe ?query }",
    )
    partitions = select(
        client,
        "PREFIX void: <http://rdfs.org/ns/void#> PREFIX void-ext: <http://ldf.fi/void-ext#> "
        "SELECT DISTINCT ?subjectClass ?prop ?objectClass ?objectDatatype { { ?cp void:class ?subjectClass ; "
        "void:propertyPartition ?pp . ?pp void:property ?prop . OPTIONAL { "
        "{ ?pp void:classPartition [ void:class ?objectClass ] } "
        "UNION { ?pp void-ext:datatypePartition [ void-ext:datatype ?objectDatatype ] } } } }",
    )

    assert {prefix.value: iri.value for prefix, iri in prefixes}.items() >= PREFIXES.items()
    questions = sorted(path.stem for path in (sources.root() / "questions").glob("*.rq"))
    assert sorted(iri.value.removeprefix(f"{BASE}questions/") for iri, _, _ in examples) == questions
    names = {tuple(term and term.value for term in row) for row in partitions}
    cbp = PREFIXES["cbp"]
    assert (f"{cbp}Measurement", f"{cbp}indicator", f"{cbp}Indicator", None) in names
    decimal = f"{PREFIXES['xsd']}integer"
    assert (f"{cbp}Measurement", f"{PREFIXES['sdmx-measure']}obsValue", None, decimal) in names
    assert not any(term and term.startswith("urn:incsr:") for row in names for term in row)


def test_the_statistics_are_those_of_the_graphs(client):
    whole = f"<{GRAPH}void#dataset>"
    stated = select(
        client,
        f"SELECT ?t ?s {{ {whole} <{VOID}triples> ?t ; <{VOID}distinctSubjects> ?s }}",
    )
    counted = select(
        client,
        "SELECT (COUNT(*) AS ?t) (COUNT(DISTINCT ?s) AS ?n) "
        "{ { SELECT DISTINCT ?s ?p ?o { GRAPH ?g { ?s ?p ?o } "
        f"FILTER (?g NOT IN (<{GRAPH}void>, <{GRAPH}questions>)) }} }} }}",
    )

    assert stated == counted


def test_every_question_in_the_graph_is_answered_by_the_endpoint(client):
    queries = select(
        client,
        f"{SH} SELECT ?q {{ ?e a sh:SPARQLExecutable ; sh:select|sh:ask|sh:construct ?q }}",
    )

    statuses = {client.post("/sparql", data={"query": query.value}).status_code for (query,) in queries}

    assert statuses == {200}


@pytest.mark.parametrize(
    ("accept", "query", "sent"),
    [
        ("application/sparql-results+xml", "ASK {}", "application/sparql-results+xml"),
        ("text/csv", "SELECT (1 AS ?x) {}", "text/csv"),
        ("application/ld+json", "DESCRIBE <https://w3id.org/incsr/id/agency/cbp>", "application/ld+json"),
        ("text/html", "SELECT (1 AS ?x) {}", "text/html"),
    ],
)
def test_an_answer_is_sent_as_asked(client, accept, query, sent):
    response = client.get("/sparql", query_string={"query": query}, headers={"Accept": accept})

    assert (response.status_code, response.mimetype) == (200, sent)
    assert "Accept" in response.vary
    assert int(response.headers["Content-Length"]) == len(response.data)


def test_nothing_acceptable_is_406_and_lists_what_there_is(client):
    response = client.get("/sparql", query_string={"query": "ASK {}"}, headers={"Accept": "text/csv"})

    problem = json.loads(response.data)
    assert response.status_code == 406
    assert "application/sparql-results+json" in problem["detail"]


def test_a_graph_that_rdf_xml_cannot_write_is_406_with_a_way_out(client):
    query = "CONSTRUCT { <http://e/s> <http://e/p/1> 1 } WHERE {}"

    response = client.get("/sparql", query_string={"query": query}, headers={"Accept": "application/rdf+xml"})

    assert response.status_code == 406
    assert "http://e/p/1" in response.json["detail"] and "Turtle" in response.json["hint"]


def test_xml_stays_well_formed_for_a_control_character(client):
    query = 'SELECT ("a\\u0001" AS ?x) {}'

    response = client.get("/sparql", query_string={"query": query, "format": "xml"})

    assert response.status_code == 200
    ElementTree.fromstring(response.data)


@pytest.mark.parametrize(
    ("query", "line", "column"),
    [("SELECT * {\n ?s ?p ?o", 1, 10), ('ASK {\n ?s ?p "x }', 2, 8)],
)
def test_a_syntax_error_says_where(client, query, line, column):
    problem = client.get("/sparql", query_string={"query": query}).json

    assert problem["type"] == f"{BASE}problem/syntax"
    assert (problem["line"], problem["column"]) == (line, column)
    excerpt, caret = problem["excerpt"].split("\n")[:2]
    assert excerpt in query and caret.index("^") == column - 1


def test_a_graph_goes_through_its_whole_life(empty):
    target = "/store/person/1.ttl"
    iri = f"http://www.example{target}"
    turtle = {**AUTHORIZED, "Content-Type": "text/turtle", "Host": "www.example"}
    host = {"Host": "www.example"}

    assert empty.get(target, headers=host).status_code == 404
    assert empty.head(target, headers=host).status_code == 404
    assert empty.delete(target, headers=turtle).status_code == 404
    assert empty.put(target, data=b"<> <#p> 01 .", headers=turtle).status_code == 201
    assert empty.put(target, data=b"<> <#p> 02 .", headers=turtle).status_code == 204
    assert empty.post(target, data=b"<> <#q> 'x' .", headers=turtle).status_code == 204
    read = empty.get("/store", query_string={"graph": iri}, headers=host)
    assert read.text == f'<{iri}>\n    <{iri}#p> 02 ;\n    <{iri}#q> "x" .\n'
    head = empty.head(target, headers=host)
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(read.data)))
    assert empty.delete(target, headers=turtle).status_code == 204
    assert empty.get(target, headers=host).status_code == 404


def test_a_new_graph_is_found_where_location_says(empty):
    headers = {**AUTHORIZED, "Content-Type": "application/n-triples"}

    made = empty.post("/store", data=b"<urn:a> <urn:b> <urn:c> .", headers=headers)

    location = made.headers["Location"]
    assert made.status_code == 201
    assert "<urn:a>" in empty.get(urlsplit(location).path, headers={"Host": urlsplit(location).netloc}).text
    assert "<urn:a>" in empty.get("/store", query_string={"graph": location}).text


def test_an_empty_graph_is_a_graph(empty):
    headers = {**AUTHORIZED, "Content-Type": "text/turtle"}

    assert empty.put("/store?graph=urn:empty", data=b"", headers=headers).status_code == 201

    read = empty.get("/store?graph=urn:empty")
    assert (read.status_code, read.data) == (200, b"")


def test_bad_rdf_changes_nothing_and_says_where(empty):
    headers = {**AUTHORIZED, "Content-Type": "text/turtle"}
    empty.put("/store?graph=urn:g", data=b"<urn:a> <urn:b> 1 .", headers=headers)

    response = empty.put("/store?graph=urn:g", data=b"<urn:a> <urn:b> 2 .\n<urn:a> oops .", headers=headers)

    assert response.status_code == 400
    assert (response.json["line"], response.json["column"]) == (2, 9)
    assert empty.get("/store?graph=urn:g").text == "<urn:a>\n    <urn:b> 1 .\n"


def test_an_update_changes_the_store_and_answers_204(empty):
    headers = {**AUTHORIZED, "Content-Type": "application/sparql-update"}

    response = empty.post("/update", data=b"INSERT DATA { <urn:a> <urn:b> <c> }", headers=headers)

    assert (response.status_code, response.data) == (204, b"")
    assert select(empty, "SELECT ?o { <urn:a> <urn:b> ?o }") == [(ox.NamedNode(f"{BASE}c"),)]


@pytest.mark.parametrize(
    ("return_format", "query", "media"),
    [
        (SPARQLWrapper.JSON, "SELECT (1 AS ?x) {}", "sparql-results+json"),
        (SPARQLWrapper.XML, "SELECT (1 AS ?x) {}", "sparql-results+xml"),
        (SPARQLWrapper.CSV, "SELECT (1 AS ?x) {}", "text/csv"),
        (SPARQLWrapper.TSV, "SELECT (1 AS ?x) {}", "tab-separated"),
        (SPARQLWrapper.JSON, "ASK {}", "sparql-results+json"),
        (SPARQLWrapper.TURTLE, "CONSTRUCT { <urn:a> <urn:b> 1 } WHERE {}", "text/turtle"),
        (SPARQLWrapper.N3, "CONSTRUCT { <urn:a> <urn:b> 1 } WHERE {}", "text/turtle"),
        (SPARQLWrapper.RDFXML, "CONSTRUCT { <urn:a> <urn:b> 1 } WHERE {}", "rdf+xml"),
        (SPARQLWrapper.JSONLD, "CONSTRUCT { <urn:a> <urn:b> 1 } WHERE {}", "json"),
    ],
)
@pytest.mark.parametrize("method", [SPARQLWrapper.GET, SPARQLWrapper.POST])
def test_sparqlwrapper_gets_what_it_asks_for(published, return_format, query, media, method):
    wrapper = SPARQLWrapper.SPARQLWrapper(f"{published.url}/sparql")
    wrapper.setQuery(query)
    wrapper.setReturnFormat(return_format)
    wrapper.setMethod(method)

    with wrapper.query().response as response:
        body = response.read()

    assert media in response.headers["Content-Type"]
    assert body


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "QUERY", "OPTIONS", "PUT", "TRACE"])
def test_the_started_server_answers_each_method_like_the_flask_application(published, client, method):
    path = f"/sparql?query={quote('ASK {}')}" if method in ("GET", "HEAD") else "/sparql"
    body = b"ASK {}" if method in ("POST", "QUERY") else None
    headers = {"Content-Type": "application/sparql-query"} if body else {}

    connection = http.client.HTTPConnection("127.0.0.1", published.port, timeout=30)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    received = answer.read()
    connection.close()

    flask = client.open(path, method=method, data=body, headers=headers)
    assert answer.status == flask.status_code
    for name in (
        "Content-Type",
        "Allow",
        "Accept-Query",
        "Accept-Post",
        "Vary",
        "Access-Control-Allow-Origin",
    ):
        assert answer.headers[name] == flask.headers.get(name), name
    if answer.status == 200:
        assert received == flask.data
        assert answer.headers["Content-Length"] == flask.headers["Content-Length"]
