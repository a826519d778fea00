"""The installable package: a wheel with everything, that serves from any folder, built the same each time."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
import requests
import servers

ROOT = Path(__file__).resolve().parent.parent
IGNORED = shutil.ignore_patterns(
    "__pycache__", "node_modules", ".venv", "*.egg-info", ".git", "build", "dist", "var"
)
TREE = ("incsr", "ontology", "data", "shapes", "questions")
FILES = (
    "pyproject.toml",
    "setup.py",
    "MANIFEST.in",
    "README.md",
    "CHANGELOG.md",
    "CITATION.cff",
    "LICENSE",
    "LICENSE-DATA",
)


def copied(place):
    """The tree as somebody else has it: in another folder, with other times on the files."""
    for name in TREE:
        shutil.copytree(ROOT / name, place / name, ignore=IGNORED)
    shutil.copytree(ROOT / "incsr" / "static" / "build", place / "incsr" / "static" / "build")
    for name in FILES:
        shutil.copy(ROOT / name, place / name)
    return place


def built(tree, out):
    """The wheel and the source archive of a tree, without network: the build tools are those installed."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--sdist", "--outdir", out, tree]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1764000000", "PIP_NO_INDEX": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (wheel,), (archive,) = out.glob("*.whl"), out.glob("*.tar.gz")
    return wheel, archive


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return built(copied(tmp_path_factory.mktemp("tree")), tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(first, tmp_path_factory):
    """A fresh environment with the wheel, and of the rest only what the wheel asks for: our own
    site-packages, last on the path, without the editable install of the checkout."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, with_pip=False, symlinks=True)
    python = place / "bin" / "python"
    command = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        first[0],
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    (site,) = place.glob("lib/python*/site-packages")
    packages = sysconfig.get_paths()["purelib"]
    (site / "dependencies.pth").write_text(f"{packages}\n")
    return python


def test_the_wheel_holds_every_published_file_template_and_script(first):
    names = set(zipfile.ZipFile(first[0]).namelist())

    for folder in ("ontology", "data", "shapes", "questions"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file():
                assert f"incsr/published/{path.relative_to(ROOT).as_posix()}" in names
    for folder in ("templates", "static"):
        for path in (ROOT / "incsr" / folder).rglob("*"):
            if path.is_file() and path.name != ".built":
                assert path.relative_to(ROOT).as_posix() in names
    for path in (ROOT / "incsr").rglob("*.py"):
        assert path.relative_to(ROOT).as_posix() in names
    assert not [name for name in names if "node_modules" in name or name.startswith("tests/")]
    assert {Path(name).name for name in names if "/licenses/" in name} == {"LICENSE", "LICENSE-DATA"}


def test_the_same_tree_is_the_same_wheel_and_archive_byte_for_byte(first, tmp_path):
    tree = tmp_path / "elsewhere"
    tree.mkdir()
    second = built(copied(tree), tmp_path / "dist")

    for one, other in zip(first, second, strict=True):
        assert one.name == other.name
        assert (
            hashlib.sha256(one.read_bytes()).hexdigest() == hashlib.sha256(other.read_bytes()).hexdigest()
        ), one.name


def test_the_archive_builds_the_same_wheel(first, tmp_path):
    with tarfile.open(first[1]) as archive:
        archive.extractall(tmp_path, filter="data")
    (tree,) = tmp_path.iterdir()

    wheel, _archive = built(tree, tmp_path / "dist")

    assert zipfile.ZipFile(wheel).namelist() == zipfile.ZipFile(first[0]).namelist()
    assert wheel.read_bytes() == first[0].read_bytes()


def test_the_installed_package_serves_everything_from_any_folder(installed, tmp_path, monkeypatch):
    """Data, questions, pages, scripts, search and checks come from the wheel: no checkout is in reach."""
    where = subprocess.run(
        [installed, "-c", "import incsr, incsr.sources as s; print(incsr.__file__); print(s.root())"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert all(str(installed.parent.parent) in path for path in where)

    monkeypatch.setattr(sys, "executable", str(installed))
    with servers.running(cwd=tmp_path) as server:
        query = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
        triples = requests.get(
            f"{server.url}/sparql", {"query": query, "format": "csv"}, timeout=30
        ).text.split()[1]
        assert int(triples) > 10_000
        for path in (
            "/", "/report/2014-cbp", "/ask", "/data", "/changelog", "/questions/trainees-by-country.csv",
            "/.well-known/void", "/static/build/site.js", "/static/site.css", "/source/incsr2014-cbp.txt",
            "/search?q=guatemala", "/pictures",
        ):  # fmt: skip
            answer = requests.get(server.url + path, timeout=60)
            assert answer.status_code == 200 and answer.content, path
        assert (
            "Guatemala,240"
            in requests.get(f"{server.url}/questions/trainees-by-country.csv", timeout=30).text
        )


@pytest.mark.parametrize("command", [["query", "trainees-by-country"], ["verify"]], ids=lambda c: c[0])
def test_the_installed_command_works_from_any_folder(installed, tmp_path, command):
    done = subprocess.run(
        [installed.parent / "incsr", *command], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )

    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]


def test_the_version_is_said_once(first):
    from incsr import __version__

    assert re.fullmatch(rf"incsr-{re.escape(__version__)}-py3-none-any\.whl", first[0].name)
    citation = (ROOT / "CITATION.cff").read_text()
    assert f"\nversion: {__version__}\n" in citation
