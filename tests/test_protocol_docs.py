"""Every command that docs/protocol.md shows prints what is shown there; its tables say what the code says."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

import incsr.endpoint
from incsr import formats
from incsr.endpoint import graph_store, protocol

PAGE = Path(__file__).parents[1] / "docs" / "protocol.md"
TEXT = PAGE.read_text("utf-8")


def commands():
    for block in re.findall(r"^```console\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, printed = part.split("\n", 1)
            yield pytest.param(command, printed, id=command)


@pytest.mark.parametrize(("command", "printed"), list(commands()))
def test_command_prints_what_the_page_shows(command, printed, published):
    command = command.replace("http://localhost:5000", published.url)

    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=30)

    assert done.stderr == b""
    assert done.stdout.decode().replace("\r\n", "\n").rstrip("\n") == printed.rstrip("\n")


def test_page_shows_commands():
    assert len(list(commands())) >= 5


def rows(first_column):
    """The rows of the table whose head begins so, as lists of cells."""
    table = re.search(rf"^\| {re.escape(first_column)} \|.*?\n\n", TEXT + "\n\n", re.MULTILINE | re.DOTALL)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()[2:]]


def names(cell):
    return re.findall(r"`([^`]+)`", cell)


def test_every_format_is_listed_with_its_media_types():
    listed = {}
    for kinds, format_, media_type, others in rows("result"):
        for kind in kinds.split(", "):
            for name in names(format_):
                listed[kind, name] = names(media_type) or None, names(others)

    for kind in ("solutions", "boolean", "graph"):
        offered = {(kind, offer.name): offer for offer in formats.OFFERS[kind]}
        assert offered.keys() == {key for key in listed if key[0] == kind}
        for key, offer in offered.items():
            media_types, others = listed[key]
            assert media_types in (None, [offer.media_type])
            assert media_types is None or sorted(others) == sorted(offer.aliases)


def test_every_resource_is_listed_with_its_methods():
    listed = {names(resource)[0]: methods.split(", ") for resource, methods, _ in rows("resource")}

    for path, methods in protocol.METHODS.items():
        assert listed[path] == list(methods)
    assert "multipart/form-data" in graph_store.ACCEPTED and "`multipart/form-data`" in TEXT


def codes_in_the_code():
    """Every (code, status) that a module of the endpoint refuses with."""
    for path in Path(incsr.endpoint.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if called in ("refuse", "problem") and isinstance(node.args[0], ast.Constant):
                yield from ((code, node.args[0].value) for code in code_names(node.args[1]))


def code_names(node):
    if isinstance(node, ast.Constant):
        return [node.value]
    shown = ast.unparse(node)
    if shown.startswith("f'no-"):
        return ["no-query", "no-update"]
    assert shown.startswith("f'several-"), shown
    return ["several-query", "several-update", "several-graph", "several-timeout", "several-evidence"]


def test_every_problem_of_the_endpoint_is_listed_with_its_status():
    listed = {
        (code, int(status)) for cell, status, _ in rows("the last part of `type`") for code in names(cell)
    }

    raised = set(codes_in_the_code())
    assert raised <= listed
    assert {code for code, _ in listed - raised} == {
        *("syntax", "unwritable", "no-evidence", "precondition-failed", "bad-host"),
    }
