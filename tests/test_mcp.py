"""The tools for agents, driven by the SDK's own client over standard input and output and over HTTP: they
read what the endpoint gives, with IRIs and quotations, refuse what it refuses, and say what to do about
it."""

import re
import subprocess
import sys

import loops
import pytest
from mcp import Client, StdioServerParameters

COMMAND = ["-m", "incsr.cli", "mcp"]


async def with_stdio(act):
    server = StdioServerParameters(command=sys.executable, args=COMMAND)
    async with Client(server) as client:
        return await act(client)


async def called(client, name, **arguments):
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result.content
    return result.structured_content


@pytest.fixture(scope="module")
def address():
    """The address of a server over HTTP."""
    process = subprocess.Popen(
        [sys.executable, *COMMAND, "--http", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        yield re.search(r"http://\S+", process.stdout.readline())[0]
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def over_http(address, act):
    async def run():
        async with Client(address) as client:
            return await act(client)

    return loops.run(run())


def test_agent_finds_describes_queries_and_reads_over_stdio():
    async def act(client):
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        found = await called(client, "search_terms", text="How many pounds of drugs did officers seize?")
        first = found["hits"][0]["name"]
        about = await called(client, "describe", iri=first)
        query = f"SELECT ?value WHERE {{ {first} sdmx-measure:obsValue ?value }}"
        rows = await called(client, "run_query", query=query)
        words = await called(client, "fetch_words", iri=first)
        return tools, found, about, rows, words

    tools, found, about, rows, words = loops.run(with_stdio(act))

    assert set(tools) == {"search_terms", "describe", "run_query", "fetch_words"}
    assert all(tool.description and tool.annotations.read_only_hint for tool in tools.values())
    assert found["hits"][0]["evidence"][0]["quotation"] == "more than 759,000 pounds of drugs"
    assert {"property": "cbp:qualifier", "value": {
        "iri": "https://w3id.org/incsr/cbp#MoreThan", "name": "cbp:MoreThan", "label": "more than"
    }} in about["facts"]  # fmt: skip
    assert [row["value"]["value"] for row in rows["rows"]] == ["759000"]
    (passage,) = words["passages"]
    assert (passage["start"], passage["end"]) == (980, 1013)
    assert passage["exact"] in passage["sentence"] and passage["before"].endswith("seized ")


def test_agent_finds_the_same_over_http(address):
    async def act(client):
        return await called(client, "search_terms", text="flight hours", kind="measurement", limit=2)

    hits = over_http(address, act)["hits"]

    assert len(hits) == 2
    assert {hit["kind"] for hit in hits} == {"measurement"}
    assert "81,045 flight hours" in hits[0]["summary"]


def test_class_is_described_with_the_shape_of_its_instances(address):
    shape = over_http(address, lambda client: called(client, "describe", iri="cbp:Measurement"))["shape"]

    properties = {entry["property"]: entry for entry in shape}
    assert properties["cbp:indicator"]["subjects"] > 100
    assert properties["cbp:qualifier"]["example"]["name"].startswith("cbp:")


def test_query_is_answered_with_labels_and_the_words_behind_its_things(address):
    query = (
        "SELECT ?m ?area WHERE { "
        "?m cbp:indicator ?i ; sdmx-dimension:refArea ?area . FILTER (?area = country:GT) }"
    )

    answer = over_http(address, lambda client: called(client, "run_query", query=query))

    assert {row["area"]["label"] for row in answer["rows"]} == {"Guatemala"}
    (row,) = [row for row in answer["rows"] if row["m"]["name"] == "measurement:2014-trained-guatemala"]
    assert answer["evidence"][row["m"]["iri"]][0]["quotation"] == "240 in Guatemala"


def test_rows_beyond_the_limit_are_counted_and_said_to_be_more(address):
    answer = over_http(
        address,
        lambda client: called(client, "run_query", query="SELECT * { ?s a cbp:Measurement }", limit=3),
    )

    assert (len(answer["rows"]), answer["more"]) == (3, True)
    assert answer["count"] > 100


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        pytest.param("run_query", {"query": "SELECT ?s { ?s a cbp:Office"}, "line 1", id="syntax error"),
        pytest.param("run_query", {"query": "DROP ALL"}, "query", id="update"),
        pytest.param("run_query", {"query": "SELECT * { SERVICE <http://localhost/> { ?s ?p ?o } }"},
                     "SERVICE", id="another endpoint"),
        pytest.param("describe", {"iri": "office:nowhere"}, "search_terms", id="nothing known"),
        pytest.param("describe", {"iri": "no iri"}, "is no IRI", id="no IRI"),
        pytest.param("describe", {"iri": "urn:x> ?p ?o } #"}, "is no IRI", id="IRI that ends early"),
        pytest.param("fetch_words", {"iri": "cbp:Office"}, "cites no words", id="no words"),
        pytest.param("search_terms", {"text": "x", "kind": "ship"}, "there are", id="unknown kind"),
        pytest.param("search_terms", {"text": "x" * 501}, "500", id="text too long"),
    ],
)  # fmt: skip
def test_call_that_cannot_be_says_what_to_do(address, tool, arguments, words):
    result = over_http(address, lambda client: client.call_tool(tool, arguments))

    assert result.is_error
    assert words in result.content[0].text


def test_resources_hold_the_vocabulary_and_the_counts(address):
    async def act(client):
        listed = [str(resource.uri) for resource in (await client.list_resources()).resources]
        return listed, (await client.read_resource("incsr://ontology")).contents[0].text

    listed, ontology = over_http(address, act)

    assert listed == ["incsr://ontology", "incsr://kinds"]
    assert "cbp:qualifier" in ontology


def test_page_of_a_foreign_name_cannot_reach_the_tools(address):
    import requests

    answer = requests.post(
        address,
        json={},
        headers={"Host": "evil.example", "Accept": "application/json, text/event-stream"},
        timeout=10,
    )

    assert answer.status_code == 421
