"""The OpenAPI 3.2 document of the endpoint: every operation, parameter, media type and status.

What it says is made from the same tables that the protocol answers from. OpenAPI knows the QUERY method from
version 3.2 on.
"""

import json
from functools import lru_cache

from incsr import __version__, formats
from incsr.endpoint import openapi_tables
from incsr.endpoint.bodies import FORM_TYPE, MULTIPART
from incsr.endpoint.graph_store import MEDIA_TYPES
from incsr.endpoint.parameters import LEAST_TIMEOUT_S
from incsr.endpoint.problems import MEDIA_TYPE, TYPE
from incsr.messages import Response
from incsr.namespaces import BASE

QUERY_TYPE, UPDATE_TYPE = "application/sparql-query", "application/sparql-update"

# Why a request is refused, by status; each answer is a problem document.
REFUSALS = {
    400: "The request, its text or its data is malformed; the problem says where.",
    401: "The bearer token is missing or another one.",
    403: "The operation is not served: writing is switched off, or the text reaches out to the network.",
    404: "There is no such graph.",
    405: "The resource does not take this method; Allow lists those that it takes.",
    406: "The result has no format that Accept allows; the problem lists those that there are.",
    408: "The body did not come in time.",
    409: "The update contradicts what the store holds, such as CREATE of a graph that is there.",
    412: "If-Match or If-None-Match asks for another state than what is named has.",
    413: "The body, the text or the answer is larger than the service allows.",
    414: "The request target is longer than the service allows.",
    415: "The body has a media type, or a coding, that is not read here.",
    429: "This client has sent more requests than it may; Retry-After says when to come back.",
    431: "The headers are larger than the service allows.",
    500: "The service failed on this request; the failure has been logged.",
    501: "The service does not do this.",
    502: "An endpoint that the query calls has failed.",
    503: "The query was ended at its deadline, or everything is busy; Retry-After says when to come back.",
    504: "The query was ended at its deadline.",
}
_READ = (400, 403, 404, 406, 408, 412, 413, 414, 429, 431, 500, 501, 502, 503, 504)
_WRITE = (400, 401, 403, 404, 408, 409, 412, 413, 414, 415, 429, 431, 500, 501, 502, 503, 504)


def response(settings) -> Response:
    """200 with the document."""
    body = _body(settings.url_prefix, settings.timeout_s)
    return Response(200, [("content-type", "application/json"), ("cache-control", "no-cache")], body)


@lru_cache(maxsize=4)
def _body(prefix, timeout_s):
    return json.dumps(document(prefix, timeout_s), indent=2).encode() + b"\n"


def document(prefix="", timeout_s=None) -> dict:
    """The document as a value; `prefix` is the path that the service is mounted at."""
    return {
        "openapi": "3.2.0",
        "info": {
            "title": "SPARQL endpoint of the 2014 INCSR page on U.S. Customs and Border Protection",
            "version": __version__,
            "summary": "SPARQL 1.1 Query, Update and Graph Store Protocol over HTTP",
            "description": (
                "Queries are answered at /sparql by GET, by POST in two forms, and by the QUERY method "
                "(RFC 10008) with the bodies that POST takes. Writing needs the operator's bearer token and "
                "is off without one. Every error is a problem document (RFC 9457)."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": prefix or "/"}],
        "tags": [
            {"name": "query", "description": "SPARQL 1.1 Protocol, query operation"},
            {"name": "update", "description": "SPARQL 1.1 Protocol, update operation"},
            {"name": "graph store", "description": "SPARQL 1.1 Graph Store HTTP Protocol"},
            {"name": "description", "description": "What this service is"},
            *openapi_tables.tags(),
        ],
        "paths": {
            "/sparql": {
                "get": _query_get(timeout_s),
                "post": _query_post(timeout_s, "queryByPost"),
                "query": _query_post(timeout_s, "queryByQuery"),
            },
            "/update": {"post": _update_post(timeout_s)},
            "/store": {
                "parameters": [_graph_parameter(), _default_parameter()],
                "get": _store_get("readGraph"),
                "head": _store_head("probeGraph"),
                "put": _store_write(
                    "replaceGraph", "Make a graph hold just the triples of the body", multipart=False
                ),
                "post": _store_write(
                    "extendGraph", "Add the body's triples to a graph, or, where none is named, to a new one"
                ),
                "delete": _store_delete("removeGraph"),
            },
            "/store/{path}": {
                "parameters": [
                    {
                        "name": "path",
                        "in": "path",
                        "required": True,
                        "description": "With the address before it, the IRI of the graph.",
                        "schema": {"type": "string", "minLength": 1},
                    }
                ],
                "get": _store_get("readGraphDirectly"),
                "head": _store_head("probeGraphDirectly"),
                "put": _store_write(
                    "replaceGraphDirectly",
                    "Make this graph hold just the triples of the body",
                    multipart=False,
                ),
                "post": _store_write("extendGraphDirectly", "Add the body's triples to this graph"),
                "delete": _store_delete("removeGraphDirectly"),
            },
            **openapi_tables.paths(_problems),
            "/openapi.json": {
                "get": {
                    "operationId": "readOpenapi",
                    "tags": ["description"],
                    "summary": "This document",
                    "responses": {
                        "200": {
                            "description": "The OpenAPI document",
                            "content": {"application/json": {"schema": {"type": "object"}}},
                        },
                        **_problems(405, 414, 429, 431, 500, 503),
                    },
                }
            },
        },
        "components": {
            "schemas": {"Problem": _problem_schema(), "Solutions": _solutions_schema()},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token that the operator set in INCSR_WRITE_TOKEN",
                }
            },
            "responses": {str(status): _problem_response(status) for status in REFUSALS},
        },
    }


def _problems(*statuses):
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in statuses}


def _problem_response(status):
    answer = {
        "description": REFUSALS[status],
        "content": {
            MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}},
            "text/html": {"schema": {"type": "string"}},
        },
    }
    headers = {
        401: ("WWW-Authenticate", 'Bearer, with error="invalid_token" for a wrong one', True),
        405: ("Allow", "The methods that the resource takes", True),
        429: ("Retry-After", "Seconds to wait", False),
        503: ("Retry-After", "Seconds to wait", False),
    }
    if status in headers:
        name, words, required = headers[status]
        answer["headers"] = {name: {"description": words, "required": required, "schema": {"type": "string"}}}
    return answer


def _problem_schema():
    return {
        "type": "object",
        "description": "Problem details (RFC 9457)",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri", "pattern": f"^{TYPE}"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
            "hint": {"type": "string", "description": "What to do"},
            "line": {"type": "integer", "minimum": 1, "description": "In the text that was sent"},
            "column": {"type": "integer", "minimum": 1},
            "excerpt": {"type": "string", "description": "The line, and a caret under the column"},
            "instance": {"type": "string", "description": "The request's id, which the log has as well"},
        },
    }


def _solutions_schema():
    return {
        "type": "object",
        "description": "SPARQL 1.1 Query Results JSON Format",
        "required": ["head"],
        "properties": {
            "head": {
                "type": "object",
                "properties": {"vars": {"type": "array", "items": {"type": "string"}}},
            },
            "results": {
                "type": "object",
                "required": ["bindings"],
                "properties": {"bindings": {"type": "array", "items": {"type": "object"}}},
            },
            "boolean": {"type": "boolean"},
        },
    }


def _content(kinds):
    """Every media type that a result of these kinds is sent as."""
    content = {}
    for kind in kinds:
        for offer in formats.OFFERS[kind]:
            for media_type in (offer.media_type, *offer.aliases):
                schema = {"type": "string"}
                if offer.name == "json":
                    schema = {"$ref": "#/components/schemas/Solutions"}
                elif offer.name == "jsonld":
                    schema = {"type": ["object", "array"]}
                if media_type == "application/json":
                    schema = {"type": ["object", "array"]}
                content.setdefault(media_type, {"schema": schema})
    return content


def _names(kinds):
    return sorted({name for kind in kinds for offer in formats.OFFERS[kind] for name in offer.names})


def _dataset_parameters(names, words):
    return [
        {
            "name": name,
            "in": "query",
            "description": f"{text}; may be repeated.",
            "explode": True,
            "schema": {
                "type": "array",
                "items": {"type": "string", "format": "iri", "pattern": '^https?://[^ <>"{}|\\\\^`]+$'},
            },
            "example": [f"{BASE}graph/incsr2014"],
        }
        for name, text in zip(names, words, strict=True)
    ]


QUERY_DATASET = ("default-graph-uri", "named-graph-uri")
QUERY_WORDS = (
    "A graph that is part of the query's default graph, in place of its FROM",
    "A graph that GRAPH can name, in place of FROM NAMED",
)
UPDATE_DATASET = ("using-graph-uri", "using-named-graph-uri")
UPDATE_WORDS = (
    "A graph that is part of the default graph of WHERE",
    "A graph that GRAPH can name in WHERE",
)


def _format_parameter(kinds):
    return {
        "name": "format",
        "in": "query",
        "description": "A short name of a format, for people; wins over Accept, unless it is empty.",
        "schema": {"type": "string", "enum": ["", *_names(kinds)]},
    }


def _timeout_parameter(timeout_s):
    schema = {"type": "number", "minimum": LEAST_TIMEOUT_S}
    most = f" The service gives at most {timeout_s:g}." if timeout_s else ""
    return {
        "name": "timeout",
        "in": "query",
        "description": f"Seconds after which to give up, if less than what the service gives.{most}",
        "schema": schema,
        "example": 2,
    }


EVIDENCE = {
    "name": "evidence",
    "in": "query",
    "description": "1: each solution of a SELECT comes with the facts and words of the page that it "
    "rests on: in JSON as the member evidence, one list a solution in their order; in the tables as two "
    "columns more.",
    "schema": {"type": "string", "enum": ["", "0", "1"]},
}
EXAMPLE = (
    "SELECT ?thing ?label WHERE { ?thing <http://www.w3.org/2004/02/skos/core#prefLabel> ?label } LIMIT 5"
)
ALL_KINDS = ("solutions", "boolean", "graph")


def _result():
    return {"200": {"description": "The result of the query", "content": _content(ALL_KINDS)}}


def _query_get(timeout_s):
    return {
        "operationId": "queryByGet",
        "tags": ["query", "description"],
        "summary": "Ask a query; without any parameter, the service description or a page",
        "parameters": [
            {
                "name": "query",
                "in": "query",
                "description": "Exactly one query. Without any parameter, the service describes itself.",
                "schema": {"type": "string", "minLength": 1},
                "example": EXAMPLE,
            },
            *_dataset_parameters(QUERY_DATASET, QUERY_WORDS),
            _format_parameter(ALL_KINDS),
            _timeout_parameter(timeout_s),
            EVIDENCE,
        ],
        "responses": {**_result(), **_problems(*_READ)},
    }


def _form(name, dataset):
    properties = {
        # An update may be empty (SPARQL 1.1 Update, grammar rule 29), a query may not.
        name: {"type": "string", "minLength": 1} if name == "query" else {"type": "string"},
        **{
            other: {
                "type": "array",
                "items": {"type": "string", "format": "iri", "pattern": '^https?://[^ <>"{}|\\\\^`]+$'},
            }
            for other in dataset
        },
        "timeout": {"type": "number", "minimum": LEAST_TIMEOUT_S},
    }
    if name == "query":
        properties["format"] = {"type": "string", "enum": ["", *_names(ALL_KINDS)]}
        properties["evidence"] = EVIDENCE["schema"]
    return {"type": "object", "required": [name], "properties": properties}


def _query_post(timeout_s, operation):
    safe = "; safe, and may be repeated (RFC 10008)" if operation == "queryByQuery" else ""
    return {
        "operationId": operation,
        "tags": ["query"],
        "summary": f"Ask a query, sent as it is or as a form{safe}",
        "parameters": [
            *_dataset_parameters(QUERY_DATASET, QUERY_WORDS),
            _format_parameter(ALL_KINDS),
            _timeout_parameter(timeout_s),
        ],
        "requestBody": {
            "required": True,
            "content": {
                QUERY_TYPE: {"schema": {"type": "string", "minLength": 1}, "example": EXAMPLE},
                FORM_TYPE: {"schema": _form("query", QUERY_DATASET), "example": {"query": EXAMPLE}},
            },
        },
        "responses": {**_result(), **_problems(*_READ, 415)},
    }


def _update_post(timeout_s):
    example = "INSERT DATA { <https://example.org/s> <https://example.org/p> 1 }"
    return {
        "operationId": "update",
        "tags": ["update"],
        "summary": "Change the store; all operations of the request or none",
        "security": [{"token": []}],
        "parameters": [*_dataset_parameters(UPDATE_DATASET, UPDATE_WORDS), _timeout_parameter(timeout_s)],
        "requestBody": {
            "required": True,
            "content": {
                UPDATE_TYPE: {"schema": {"type": "string"}, "example": example},
                FORM_TYPE: {"schema": _form("update", UPDATE_DATASET), "example": {"update": example}},
            },
        },
        "responses": {
            "200": {"description": "The store has been changed"},
            "204": {"description": "The store has been changed"},
            **_problems(*_WRITE),
        },
    }


def _graph_parameter():
    return {
        "name": "graph",
        "in": "query",
        "description": "The absolute IRI of a named graph (indirect identification).",
        "schema": {"type": "string", "format": "iri", "pattern": '^https?://[^ <>"{}|\\\\^`]+$'},
        "example": f"{BASE}graph/incsr2014",
    }


def _default_parameter():
    return {
        "name": "default",
        "in": "query",
        "description": "Stands for the default graph; has no value.",
        "allowEmptyValue": True,
        "schema": {"type": "string", "const": ""},
    }


def _store_get(operation):
    return {
        "operationId": operation,
        "tags": ["graph store"],
        "summary": "The triples of a graph",
        "parameters": [_format_parameter(("graph",))],
        "responses": {
            "200": {"description": "The graph", "content": _content(("graph",))},
            **_problems(*_READ),
        },
    }


def _store_head(operation):
    return {
        "operationId": operation,
        "tags": ["graph store"],
        "summary": "Whether there is such a graph",
        "parameters": [_format_parameter(("graph",))],
        "responses": {
            "200": {"description": "There is"},
            **{str(status): {"description": REFUSALS[status]} for status in _READ},
        },
    }


def _store_write(operation, summary, multipart=True):
    content = {media_type: {"schema": {"type": "string"}} for media_type in MEDIA_TYPES}
    content["application/ld+json"]["schema"] = {"type": ["object", "array"]}
    content["text/turtle"]["example"] = "<https://example.org/s> <https://example.org/p> 1 .\n"
    if multipart:
        content[MULTIPART] = {
            "schema": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"type": "string", "contentMediaType": "text/turtle"},
            },
        }
    created = {"description": "A graph has been made"}
    if multipart:
        created["headers"] = {
            "Location": {"description": "The graph's IRI, where none was named", "schema": {"type": "string"}}
        }
    return {
        "operationId": operation,
        "tags": ["graph store"],
        "summary": summary,
        "security": [{"token": []}],
        "requestBody": {"required": True, "content": content},
        "responses": {
            "200": {"description": "The graph has been changed"},
            "201": created,
            "204": {"description": "The graph has been changed"},
            **_problems(*_WRITE),
        },
    }


def _store_delete(operation):
    return {
        "operationId": operation,
        "tags": ["graph store"],
        "summary": "Remove a graph",
        "security": [{"token": []}],
        "responses": {
            "200": {"description": "The graph has been removed"},
            "204": {"description": "The graph has been removed"},
            **_problems(*(status for status in _WRITE if status not in (409, 415))),
        },
    }
