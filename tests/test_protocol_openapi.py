"""The contract of `/openapi.json`: valid OpenAPI 3.2 that says what the protocol code does."""

import json

import jsonschema
import pytest
from schemathesis.specs.openapi import definitions

from incsr.config import Settings
from incsr.endpoint import openapi, protocol
from incsr.endpoint.problems import document
from incsr.messages import Problem, Request

SETTINGS = Settings(write_token="t")


def described(settings=SETTINGS):
    response = protocol.plan(Request("GET", f"{settings.url_prefix}/openapi.json"), settings)
    assert response.status == 200 and dict(response.headers)["content-type"] == "application/json"
    return json.loads(response.body)


def test_the_document_is_valid():
    errors = [str(error) for error in definitions.OPENAPI_32_VALIDATOR.iter_errors(described())]

    assert errors == []


def test_every_reference_leads_somewhere():
    document = described()

    def references(value):
        if isinstance(value, dict):
            yield from [value["$ref"]] if "$ref" in value else []
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    for reference in references(document):
        found = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def test_every_method_of_every_resource_is_described():
    paths = described()["paths"]

    for path, methods in protocol.METHODS.items():
        # HEAD follows from GET but for the graph store, where it is an operation.
        told = {method.lower() for method in methods} - {"options"}
        written = set(paths[path]) - {"parameters"}
        assert told - written <= {"head"}, path
        assert written <= told, path


def test_every_operation_has_its_own_name():
    names = [
        operation["operationId"]
        for path in described()["paths"].values()
        for method, operation in path.items()
        if method != "parameters"
    ]

    assert len(names) == len(set(names)) == 18


def test_the_prefix_stands_before_every_path():
    assert described(Settings(url_prefix="/incsr"))["servers"] == [{"url": "/incsr"}]


def test_a_problem_is_what_its_schema_says():
    schema = openapi.document()["components"]["schemas"]["Problem"]
    problem = Problem(400, "Bad", "It is.", "syntax", "Mend it.", 1, 2, "x\n^")

    jsonschema.validate(document(problem, "abc"), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"title": "Bad"}, schema)
