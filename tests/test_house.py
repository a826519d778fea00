"""The house rules that no single module can hold: order of imports, one base, no address of anyone else.

Source: docs/layout.md; docs/decisions/0001-architecture.md, item 6.
"""

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

from incsr import sources
from incsr.namespaces import BASE, PREFIXES

ROOT = Path(__file__).resolve().parent.parent

# Imports run one way: a part knows only the parts before it. What layout.md does not list stands where its
# own imports put it: search, links and questions are data without pages; admission, bridge, express, headers,
# encodings and log are what front and app stand on; server starts wire and front.
ORDER = (
    "namespaces", "messages", "conditions", "config", "log", "linger", "headers", "encodings", "forms",
    "sources", "validation", "evidence", "links", "questions", "formats", "store", "query", "workers",
    "cache", "search", "draft", "mcp", "catalog", "endpoint", "pages", "app", "admission", "bridge", "reply",
    "express", "again", "lending", "metrics", "exchange", "front", "wire", "asgi", "server", "cli",
)  # fmt: skip
STRANGERS = {("endpoint", "pages"), ("pages", "endpoint")}
CORE = ORDER[: ORDER.index("workers") + 1]

MODULES = sorted((ROOT / "incsr").rglob("*.py"))


def part(path):
    """The part of the house that a module belongs to: the first name under `incsr`."""
    return path.relative_to(ROOT / "incsr").parts[0].removesuffix(".py")


def imported(path):
    """Every module that a file imports, wherever in it, by its full name."""
    package = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package[: len(package) - node.level]) if node.level else ""
            module = ".".join(filter(None, (above, node.module)))
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def neighbours(path):
    """The other parts that a module imports."""
    names = {name.split(".")[1] for name in imported(path) if name.startswith("incsr.")}
    return (names & set(ORDER)) - {part(path)}


@functools.cache
def tracked():
    """The files under version control, and those about to be."""
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / name for name in found.stdout.splitlines() if (ROOT / name).is_file()]


def text_of(path):
    data = path.read_bytes()
    return "" if b"\0" in data[:4096] else data.decode("utf-8", errors="replace")


def test_the_code_is_lint_clean():
    found = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--quiet", "--output-format", "concise", "."],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert found.returncode == 0, found.stdout + found.stderr


def test_every_module_belongs_to_a_part_whose_place_is_known():
    unknown = {part(path) for path in MODULES} - set(ORDER) - {"__init__"}

    assert unknown == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_imports_only_what_stands_before_it(path):
    if part(path) == "__init__":
        assert neighbours(path) == set()
        return

    later = {name for name in neighbours(path) if ORDER.index(name) > ORDER.index(part(path))}
    strangers = {name for name in neighbours(path) if (part(path), name) in STRANGERS}

    assert later == set()
    assert strangers == set()


def test_the_core_knows_no_flask():
    knowing = [
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        if part(path) in CORE and any(name.split(".")[0] in ("flask", "werkzeug") for name in imported(path))
    ]

    assert knowing == []


def test_the_base_is_written_once_in_the_code():
    address = BASE.removeprefix("https://").rstrip("/")

    writing = set()
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body and isinstance(node.body[0], ast.Expr)
        }  # fmt: skip
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if address in text and id(node) not in docstrings:
                writing.add(path.relative_to(ROOT).as_posix())

    assert writing == {"incsr/namespaces.py"}


def test_the_base_is_spelt_the_same_in_every_file():
    address = re.compile(r"([a-z]*://)?w3id\.org/incsr(?![\w-])(/?)")

    slips = [
        (path.relative_to(ROOT).as_posix(), match.group())
        for path in tracked()
        for match in address.finditer(text_of(path))
        if match.group(1) not in (None, "https://")
    ]

    assert slips == []


@pytest.mark.parametrize("name", ["incsr2014", "passages", "derived", "context", "shapes"])
def test_every_iri_that_a_graph_of_ours_describes_is_minted_under_the_base(name):
    source = next(source for source in sources.published() if source.name == name)

    foreign = {
        str(q.subject)
        for q in sources.quads(source)
        if str(q.subject)[0] == "<" and BASE not in str(q.subject)
    }

    # A source that another figure is read from is described where it is named.
    named = {
        str(q.object)
        for q in sources.quads(source)
        if q.predicate.value == PREFIXES["prov"] + "hadPrimarySource"
    }
    assert foreign - named == set()


@pytest.mark.parametrize("name", ["ontology", "links"])
def test_what_a_graph_repeats_of_others_is_of_a_known_vocabulary(name):
    source = next(source for source in sources.published() if source.name == name)
    known = tuple(PREFIXES.values())

    foreign = {q.subject.value for q in sources.quads(source) if str(q.subject)[0] == "<"}

    assert {iri for iri in foreign if not iri.startswith((BASE, *known))} == set()


def test_a_prefix_stands_for_one_namespace_everywhere():
    declaration = re.compile(r"^\s*(?:@prefix|PREFIX)\s+([\w-]+):\s*<([^>]*)>", re.MULTILINE | re.IGNORECASE)
    folders = ("ontology/", "data/", "shapes/", "questions/", "tests/shapes/")

    other = []
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(folders) and path.suffix in (".ttl", ".rq"):
            for prefix, namespace in declaration.findall(path.read_text(encoding="utf-8")):
                if prefix in PREFIXES and PREFIXES[prefix] not in (namespace, BASE + namespace):
                    other.append((name, prefix, namespace))

    assert other == []


# Spelt apart, so that this file does not hold what it looks for.
ADDRESSES = {
    "a package registry": r"registry\." + r"npmjs\.org|files\." + r"pythonhosted\.org|pypi\." + r"org/simple",
    "a folder of one machine": r"(?<![\w.:/-])/(?:ro" + r"ot|wo" + r"rk|home/\w+)/\w",
}


@pytest.mark.parametrize("kind", ADDRESSES)
def test_no_file_holds_the_address_of(kind):
    pattern = re.compile(ADDRESSES[kind])

    holding = [
        (path.relative_to(ROOT).as_posix(), match.group())
        for path in tracked()
        for match in pattern.finditer(text_of(path))
    ]

    assert holding == []


def test_no_page_loads_anything_from_another_host():
    loading = re.compile(
        r"<(?:script|img|iframe|source|audio|video)\b[^>]*\bsrc\s*=\s*[\"']?(?:https?:)?//"
        r"|<link\b[^>]*\brel\s*=\s*[\"']?(?:stylesheet|preload|modulepreload|icon)[^>]*\bhref\s*=\s*[\"']?(?:https?:)?//"
        r"|@import\s+(?:url\()?[\"']?(?:https?:)?//|url\(\s*[\"']?(?:https?:)?//",
        re.IGNORECASE,
    )
    served = [
        path
        for folder in ("templates", "static")
        for path in (ROOT / "incsr" / folder).rglob("*")
        if path.is_file()
    ]

    found = [
        (path.relative_to(ROOT).as_posix(), hit.group())
        for path in served
        for hit in loading.finditer(text_of(path))
    ]

    assert served
    assert found == []
