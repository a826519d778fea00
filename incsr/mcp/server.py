"""The MCP server: the tools, described for an agent that has never seen this data, and two resources."""

from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from incsr import __version__
from incsr.mcp import tools
from incsr.mcp.reading import Reading

INSTRUCTIONS = """\
The 2014 INCSR page of the U.S. Department of State on U.S. Customs and Border Protection (CBP), as an RDF \
graph. Every figure is a cbp:Measurement: it describes an organization or program, has an indicator (what is \
counted), a period, an area, a value, a unit and a qualifier (more than, exactly, …), and quotes the page's \
words. Every relation is a triple and an rdf:Statement that quotes the words.

How to answer a question:
1. search_terms with the question's own words. Figures and statements come with their words, so that the \
answer is often among the hits already.
2. describe a hit, or a class such as cbp:Measurement, to learn which properties to ask for.
3. run_query for lists, sums, comparisons. The project's prefixes need no declaration. A query without FROM \
sees the page's facts, our links, derived figures and other sources together; GRAPH graph:incsr2014 { … } is \
the page alone.
4. fetch_words to read a quotation in its sentence.
Answer with the value as hedged (“more than 759,000 pounds”), its IRI, and its quotation. Where the page \
does not state a period or a place the graph says period:not-stated or region:not-stated: do not fill it \
in."""

_ASKED = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)


def build(run, version, settings):
    """The server over an executor's `run` and `version`."""
    reading = Reading(run, version, settings)
    server = MCPServer("incsr", title="2014 INCSR: U.S. Customs and Border Protection",
                       instructions=INSTRUCTIONS, version=__version__, log_level="ERROR")  # fmt: skip

    def asked(function, *arguments):
        try:
            return function(reading, *arguments)
        except (tools.Refused, ValueError) as error:
            raise ToolError(str(error)) from error

    @server.tool(annotations=_ASKED)
    def search_terms(
        text: Annotated[
            str, Field(description="The words to look for: a question, a name, a number.", max_length=500)
        ],
        kind: Annotated[
            str | None,
            Field(
                description="Only this kind: measurement, statement, office, program, country, indicator, "
                "term, …"
            ),
        ] = None,
        limit: Annotated[int, Field(description="How many hits at most.", ge=1, le=tools.MOST_HITS)] = 10,
    ) -> dict[str, Any]:
        """Find figures, statements, organizations, programs, places, concepts and vocabulary terms by words.

        Start here. Takes a whole question or a few words; spelling may be off. Hits come best first with IRI,
        kind, label (of a figure: what is counted and how many), a summary, and the page's own words as
        evidence."""
        return asked(tools.search_terms, text, kind, limit)

    @server.tool(annotations=_ASKED)
    def describe(
        iri: Annotated[str, Field(description="An IRI, or a prefixed name such as office:border-patrol.")],
    ) -> dict[str, Any]:
        """Say everything that the graph states of one thing, and what refers to it.

        For a class (cbp:Measurement, cbp:Office, rdf:Statement) it also gives the shape of its instances:
        each property, how many instances have it, and an example value. Use it before writing a query."""
        return asked(tools.describe, iri)

    @server.tool(annotations=_ASKED)
    def run_query(
        query: Annotated[str, Field(description="A SPARQL 1.1 SELECT, ASK, CONSTRUCT or DESCRIBE query.")],
        limit: Annotated[int, Field(description="Rows at most.", ge=1, le=tools.MOST_ROWS)] = 100,
    ) -> dict[str, Any]:
        """Run a SPARQL query (read only, with a deadline) and get its rows, with labels for IRIs.

        Known prefixes (cbp, qb, sdmx-dimension, sdmx-measure, sdmx-attribute, skos, rdf, rdfs, org, prov,
        country, office, program, indicator, period, measurement, …) are added for you. Select the measurement
        or statement itself too (?m) and `evidence` holds the page's words for it. An error says line, column
        and what to do.

        Example: SELECT ?m ?value WHERE { ?m a cbp:Measurement ; cbp:indicator ?i ; sdmx-measure:obsValue
        ?value . ?i skos:prefLabel ?label FILTER CONTAINS(LCASE(?label), "drugs") }"""
        return asked(tools.run_query, query, limit)

    @server.tool(annotations=_ASKED)
    def fetch_words(
        iri: Annotated[
            str,
            Field(description="A thing that cites the page (a measurement, a statement), or a passage."),
        ],
        characters: Annotated[
            int, Field(description="How much to show on either side.", ge=0, le=2000)
        ] = 200,
    ) -> dict[str, Any]:
        """Read the exact words that a fact rests on, in their sentence, with what stands before and after.

        Offsets are code points of the source text, end excluded (RFC 5147)."""
        return asked(tools.fetch_words, iri, characters)

    @server.resource(
        "incsr://ontology", mime_type="text/turtle", description="The vocabulary, with definitions."
    )
    def ontology() -> str:
        from incsr.namespaces import GRAPH

        query = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{GRAPH}ontology> {{ ?s ?p ?o }} }}"
        return reading.query(query, accept="text/turtle")[1].decode()

    @server.resource(
        "incsr://kinds", mime_type="application/json", description="How many things of each class there are."
    )
    def kinds() -> str:
        query = ("SELECT ?class (COUNT(DISTINCT ?thing) AS ?things) WHERE { ?thing a ?class } "
                 "GROUP BY ?class ORDER BY DESC(?things)")  # fmt: skip
        return reading.query(query)[1].decode()

    return server
