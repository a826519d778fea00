"""The descriptions for harvesters: DCAT, data.json, DCAT-US, VoID, schema.org, CSV on the Web, sitemap.

Each is held to what its specification makes mandatory (tests/catalog, in our words), and, where a folder
beside the checkout has the official files (…/schemas/ABOUT.md, or OFFICIAL_SCHEMAS names it), to those too:
they are other people's and no part of this repository. Nothing is skipped: without them there are fewer
cases, and the ids say so.
"""

import csv
import hashlib
import io
import json
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import inline
import jsonschema
import pyoxigraph
import pyshacl
import pytest
import rdflib
from rdflib.namespace import DCTERMS, RDF, SH, VOID

from incsr import catalog as catalogs
from incsr.catalog import dcat, united_states
from incsr.config import ConfigurationError, settings_from
from incsr.namespaces import BASE, GRAPH
from incsr.pages.measurements import COLUMNS

HERE = Path(__file__).resolve().parent
DCAT = rdflib.Namespace("http://www.w3.org/ns/dcat#")
SPDX = rdflib.Namespace("http://spdx.org/rdf/terms#")


def official():
    """The folder with the official schemas, or None."""
    named = os.environ.get("OFFICIAL_SCHEMAS")
    found = [Path(named)] if named else [p.parent for p in HERE.parent.parent.glob("*/schemas/ABOUT.md")]
    return found[0] if found else None


def cases(essentials, folder):
    """The parameters of a test by essentials and, where they are there, by the official files."""
    found = [pytest.param(HERE / "catalog" / essentials, id="by the essentials")]
    if official() is not None:
        found.append(pytest.param(official() / folder, id="by the official files"))
    return found


@pytest.fixture(scope="module")
def client():
    return inline.client()


@pytest.fixture(scope="module")
def catalog(client):
    return rdflib.Graph().parse(data=client.get("/catalog", headers={"Accept": "text/turtle"}).text)


def shapes(path):
    """The shapes of a file or folder. DCAT-AP 3.0.1 refers to five property shapes that it lacks."""
    graph = rdflib.Graph()
    for file in sorted(path.glob("*.ttl")) if path.is_dir() else [path]:
        graph.parse(file)
    for triple in list(graph.triples((None, SH.property, None))):
        if (triple[2], SH.path, None) not in graph:
            graph.remove(triple)
    return graph


@pytest.mark.parametrize("path", cases("dcat-essentials.ttl", "dcat-ap-3.0.1"))
def test_the_catalogue_conforms_to_dcat_ap(catalog, path):
    conforms, _report, text = pyshacl.validate(catalog, shacl_graph=shapes(path))

    assert conforms, text[:4000]


@pytest.mark.parametrize("path", cases("dcat-essentials.ttl", "dcat-ap-3.0.1"))
def test_a_catalogue_without_a_title_does_not_conform(catalog, path):
    broken = rdflib.Graph() + catalog
    broken.remove((rdflib.URIRef(f"{BASE}catalog"), DCTERMS.title, None))

    conforms, _report, _text = pyshacl.validate(broken, shacl_graph=shapes(path))

    assert not conforms


@pytest.mark.parametrize(
    "accept", ["text/turtle", "application/ld+json", "application/rdf+xml", "application/n-triples"]
)
def test_the_catalogue_is_the_same_graph_in_every_form(client, catalog, accept):
    answer = client.get("/catalog", headers={"Accept": accept})

    assert answer.mimetype == accept
    assert "Accept" in answer.vary
    triples = set(pyoxigraph.parse(answer.data, format=pyoxigraph.RdfFormat.from_media_type(accept)))
    assert len(triples) == len(catalog)


def test_a_browser_is_sent_from_the_catalogue_to_the_page_of_the_data(client):
    answer = client.get("/catalog", headers={"Accept": "text/html"})

    assert (answer.status_code, answer.location) == (303, "/data")


def test_every_named_graph_and_every_cube_is_a_data_set_of_the_catalogue(client, catalog):
    listed = set(catalog.objects(rdflib.URIRef(f"{BASE}catalog"), DCAT.dataset))
    query = (
        "SELECT DISTINCT ?d WHERE { "
        "{ GRAPH ?d { ?s ?p ?o } } UNION { ?d a <http://purl.org/linked-data/cube#DataSet> } }"
    )
    asked = client.get("/sparql", query_string={"query": query, "format": "json"}).json["results"]["bindings"]

    assert {rdflib.URIRef(row["d"]["value"]) for row in asked} <= listed
    assert rdflib.URIRef(f"{GRAPH}incsr2014") in listed


def test_every_file_of_the_catalogue_has_the_size_type_and_checksum_that_it_says(client, catalog):
    files = list(catalog.subjects(RDF.type, DCAT.Distribution))

    for file in files:
        url = str(catalog.value(file, DCAT.downloadURL))
        answer = client.get(url.removeprefix("http://localhost"))
        said = catalog.value(catalog.value(file, SPDX.checksum), SPDX.checksumValue)
        assert answer.status_code == 200, url
        assert str(catalog.value(file, DCAT.mediaType)).endswith(f"/{answer.mimetype}"), url
        assert int(catalog.value(file, DCAT.byteSize)) == len(answer.data), url
        assert str(said) == hashlib.sha256(answer.data).hexdigest(), url
    assert len(files) > 50


def test_every_service_of_the_catalogue_answers(client, catalog):
    for service in catalog.subjects(RDF.type, DCAT.DataService):
        for place in (DCAT.endpointURL, DCAT.endpointDescription):
            url = str(catalog.value(service, place))
            assert client.get(url.removeprefix("http://localhost")).status_code == 200, url


def test_the_series_of_editions_has_the_2014_page_as_its_only_member(catalog):
    series = rdflib.URIRef(f"{BASE}catalog#editions")

    assert [str(m) for m in catalog.subjects(DCAT.inSeries, series)] == [f"{BASE}id/dataset/incsr2014"]
    assert (series, RDF.type, DCAT.DatasetSeries) in catalog


def project_open_data(path):
    """A validator of data.json: the official files refer to each other by name."""
    if not path.is_dir():
        return jsonschema.Draft7Validator(json.loads(path.read_text()))
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT4

    held = {file.name: json.loads(file.read_text()) for file in path.glob("*.json")}
    base = "https://project-open-data.cio.gov/v1.1/schema/"
    registry = Registry().with_resources(
        (base + name, Resource(schema, DRAFT4)) for name, schema in held.items()
    )
    checker = jsonschema.FormatChecker()
    return jsonschema.Draft4Validator(held["catalog.json"], registry=registry, format_checker=checker)


def dcat_us(path):
    """A validator of DCAT-US. Its `$id`s on properties would move the base that its references count from; of
    the classes that it refers to and does not define, any object will do."""
    if not path.is_dir():
        return jsonschema.Draft7Validator(json.loads(path.read_text()))

    def plain(value):
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items() if k not in ("$id", "$schema")}
        return [plain(v) for v in value] if isinstance(value, list) else value

    held = {file.stem: plain(json.loads(file.read_text())) for file in (path / "definitions").glob("*.json")}
    for name in re.findall(r"#/definitions/(\w+)", json.dumps(held)):
        held.setdefault(name, {"type": "object"})
    return jsonschema.Draft7Validator({"$ref": "#/definitions/Catalog", "definitions": held})


@pytest.mark.parametrize("path", cases("project-open-data-essentials.json", "project-open-data-1.1"))
def test_data_json_conforms_to_project_open_data(client, path):
    validator, document = project_open_data(path), client.get("/data.json").json

    assert [error.message for error in validator.iter_errors(document)] == []
    document["dataset"][0].pop("accessLevel")
    assert not validator.is_valid(document)


@pytest.mark.parametrize("path", cases("dcat-us-essentials.json", "dcat-us-3"))
@pytest.mark.parametrize("checked", [False, True], ids=["formats as remarks", "formats checked"])
def test_dcat_us_json_conforms_to_dcat_us_3(client, path, checked):
    validator, document = dcat_us(path), client.get("/dcat-us.json").json
    if checked:
        validator = validator.evolve(format_checker=jsonschema.FormatChecker())

    assert [error.message[:300] for error in validator.iter_errors(document)] == []
    document["dataset"][0].pop("title")
    assert not validator.is_valid(document)


def test_data_json_claims_no_agency(client):
    for dataset in client.get("/data.json").json["dataset"]:
        assert dataset["bureauCode"] == ["000:00"] and dataset["programCode"] == ["000:000"]
        assert dataset["rights"].startswith("An independent edition")
        assert dataset["contactPoint"]["hasEmail"].endswith(".invalid")


def test_the_operators_mailbox_stands_in_every_description():
    described = catalogs.Catalog(
        home="https://data.example.org/",
        url="https://data.example.org/catalog",
        version="1",
        issued="2026-11-24",
        modified="2026-11-24",
        datasets=(
            catalogs.Dataset(
                "https://data.example.org/set", "A set", "Of data.", "https://data.example.org/"
            ),
        ),
        services=(),
        contact=catalogs.Contact(email="mailto:data@example.org"),
    )

    for text in (
        json.dumps(united_states.project_open_data(described)),
        json.dumps(united_states.dcat_us(described)),
        " ".join(map(str, dcat.triples(described))),
    ):
        assert "mailto:data@example.org" in text
        assert ".invalid" not in text


@pytest.mark.parametrize("contact", ["nobody", "a@b", "a b@example.org", "a@example.org, b@example.org"])
def test_a_contact_that_is_no_mailbox_is_refused_when_the_service_starts(contact):
    with pytest.raises(ConfigurationError, match="contact"):
        settings_from({"contact": contact}, {})


def test_the_well_known_void_has_statistics_partitions_and_linksets(client):
    answer = client.get("/.well-known/void", headers={"Accept": "text/turtle"})
    graph = rdflib.Graph().parse(data=answer.text)

    linksets = set(graph.subjects(RDF.type, VOID.Linkset))
    assert len(linksets) > 20
    for linkset in linksets:
        assert graph.value(linkset, VOID.linkPredicate) is not None
        assert int(graph.value(linkset, VOID.triples)) > 0
    assert len(list(graph.triples((None, VOID.classPartition, None)))) > 20
    assert len(list(graph.triples((None, VOID.propertyPartition, None)))) > 50


def blocks(page):
    return [
        json.loads(b) for b in re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)
    ]


@pytest.mark.parametrize("path", ["/", "/data"])
def test_a_page_describes_the_data_sets_in_schema_org(client, path):
    page = client.get(path, headers={"Accept": "text/html"})

    (found,) = blocks(page.text)
    assert found["@context"] == "https://schema.org/" and found["@type"] == "DataCatalog"
    for dataset in found["dataset"]:
        assert {"name", "description", "url", "license", "creator"} <= set(dataset)
        assert 50 <= len(dataset["description"]) <= 5000
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]


def test_the_block_of_data_cannot_be_left_by_a_title(client, monkeypatch):
    monkeypatch.setattr(catalogs, "TITLE", "</script><script>alert(1)</script>")
    page = client.get("/data", headers={"Accept": "text/html"}).text

    assert "<script>alert" not in page
    assert blocks(page)[0]["name"] == "</script><script>alert(1)</script>"


TABLES = [
    "/data/measurements",
    "/data/measurements/incsr2014",
    "/questions/trainees-by-country",
    "/questions/officers-per-port",
]


@pytest.mark.parametrize("path", TABLES)
def test_a_csv_file_is_what_its_metadata_says(client, path):
    """CSV on the Web, sections 5.2 and 5.3 (where metadata is looked for); 6.4 (datatypes)."""
    answer = client.get(f"{path}.csv")
    described = client.get(f"{path}.csv-metadata.json")
    metadata, rows = described.json, list(csv.reader(io.StringIO(answer.text)))

    assert (
        f'<{path}.csv-metadata.json>; rel="describedby"; type="application/csvm+json"'
        == answer.headers["Link"]
    )
    assert described.mimetype == "application/csvm+json"
    assert metadata["@context"][0] == "http://www.w3.org/ns/csvw"
    assert metadata["url"] == path.rsplit("/", 1)[1] + ".csv"
    columns = metadata["tableSchema"]["columns"]
    assert [column["titles"] for column in columns] == rows[0]
    assert len({column["name"] for column in columns}) == len(columns)
    forms = {
        "integer": r"-?\d*",
        "number": r"(-?[\d.]+)?",
        "decimal": r"(-?[\d.]+)?",
        "anyURI": r"(\w+:\S+)?",
        "string": r"(?s).*",
    }
    for row in rows[1:]:
        for column, cell in zip(columns, row, strict=True):
            assert re.fullmatch(forms[column["datatype"]], cell), (column["titles"], cell)


def test_the_metadata_of_the_figures_says_what_every_column_is(client):
    columns = client.get("/data/measurements.csv-metadata.json").json["tableSchema"]["columns"]

    assert [column["titles"] for column in columns] == list(COLUMNS)
    assert all(column["dc:description"] for column in columns)


def test_every_address_of_the_sitemap_is_a_page_and_is_listed_once(client):
    tree = ElementTree.fromstring(client.get("/sitemap.xml").data)
    addresses = [loc.text for loc in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]

    assert len(addresses) == len(set(addresses)) > 500
    for address in addresses[:20] + addresses[20::25]:
        assert client.get(address.removeprefix("http://localhost")).status_code == 200, address


def test_robots_are_shown_the_sitemap_and_kept_from_queries(client):
    lines = client.get("/robots.txt").text.splitlines()

    assert "Sitemap: http://localhost/sitemap.xml" in lines
    assert "Disallow: /sparql?" in lines


def test_the_page_of_the_data_links_to_the_catalogue_for_programs_and_people(client):
    page = client.get("/data", headers={"Accept": "text/html"})

    assert '</catalog.ttl>; rel="describedby"; type="text/turtle"' in page.headers["Link"]
    for path in ("/catalog.ttl", "/data.json", "/dcat-us.json", "/.well-known/void"):
        assert f'href="{path}"' in page.text


@pytest.mark.parametrize("path", ["/catalog", "/.well-known/void"])
@pytest.mark.parametrize(
    ("accept", "sent"),
    [
        pytest.param(None, "text/turtle", id="nothing said: a harvester gets RDF"),
        pytest.param("*/*", "text/turtle", id="anything goes: a harvester gets RDF"),
        pytest.param("application/rdf+xml, */*;q=0.1", "application/rdf+xml", id="what is asked for"),
    ],
)
def test_descriptions_go_to_programs_as_rdf(client, path, accept, sent):
    answer = client.get(path, headers={"Accept": accept} if accept else {})

    assert (answer.status_code, answer.mimetype) == (200, sent)


@pytest.mark.parametrize("path", ["/catalog", "/.well-known/void"])
def test_descriptions_send_a_browser_to_their_page(client, path):
    answer = client.get(path, headers={"Accept": "text/html,application/xml;q=0.9,*/*;q=0.8"})

    assert answer.status_code == 303
