"""docs/operations.md: its commands run, what it names is there, and a store is copied while written to."""

import os
import re
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest
import requests

from incsr import config

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/operations.md").read_text("utf-8")
RUN = re.findall(r"^```sh run\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SHOWN = re.findall(r"^```sh(?: run)?\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
FLAGS = {config.flag(option) for option in config.OPTIONS}


def shell(command, **more):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-euc", command],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PATH": path},
        **more,
    )


@pytest.mark.parametrize("command", RUN, ids=lambda command: command.split("\n")[0][:40])
def test_a_command_of_the_page_does_what_it_should(command, published, tmp_path):
    done = shell(command.replace("127.0.0.1:5000", f"127.0.0.1:{published.port}"), cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()


@pytest.mark.parametrize("command", SHOWN, ids=lambda command: command.split("\n")[0][:40])
def test_a_command_of_the_page_is_one_of_the_shell(command):
    assert subprocess.run(["sh", "-n", "-c", command], capture_output=True, timeout=20).returncode == 0


def test_files_that_the_page_names_are_there():
    named = set(re.findall(r"\bdeploy/[\w.-]+[\w]", PAGE)) | {
        f"docs/{link}" for link in re.findall(r"\]\(([\w/.-]+\.md)\)", PAGE)
    }

    assert len(named) > 8
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_options_that_the_page_and_the_alerts_name_are_options():
    names = {option.name for option in config.OPTIONS}
    text = PAGE + (ROOT / "deploy/alerts.yml").read_text("utf-8")
    of_the_container = set(re.findall(r"INCSR_([A-Z_]+)", text))

    # Of other programs' flags, none is set in code spans that begin with two hyphens.
    assert set(re.findall(r"`(--[a-z-]+)[` ]", PAGE)) <= FLAGS | {"--config"}
    assert {name.lower() for name in of_the_container} <= names
    limits = PAGE.split("## Limits")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", limits, re.MULTILINE)
    assert rows
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} <= names


def test_messages_that_the_page_explains_are_said_by_the_code():
    table = PAGE.split("## When something is wrong")[1]
    said = re.findall(r"^\| `([a-z][^`]{20,})`", table, re.MULTILINE)
    said += re.findall(r"^\| “([^”]+)”", table, re.MULTILINE)
    code = "".join(path.read_text("utf-8") for path in (ROOT / "incsr").rglob("*.py"))

    assert said
    assert [message for message in said if message not in code] == []


def test_problems_that_the_page_names_are_problems():
    from incsr.pages.problem_types import PROBLEMS

    table = PAGE.split("## When something is wrong")[1]

    codes = set(re.findall(r"\b50[034] `([\w-]+)`", table))
    assert codes and codes <= set(PROBLEMS)


def test_a_store_is_backed_up_while_it_is_written_to(serve, tmp_path):
    store, copy = tmp_path / "store", tmp_path / "copy"
    server = serve("--empty", "--store", store, "--workers", "1", token="secret")
    done = threading.Event()
    written = []

    def write():
        while not done.is_set():
            number = len(written) + 1
            update = f"INSERT DATA {{ <urn:s> <urn:p> {number} }}"
            requests.post(
                server.url + "/update", data={"update": update}, headers=server.authorization(), timeout=60
            ).raise_for_status()
            written.append(number)

    writing = threading.Thread(target=write)
    writing.start()
    while len(written) < 2 and writing.is_alive():
        done.wait(0.02)
    before = len(written)
    copied = shell(f"{ROOT}/deploy/backup {store} {copy}")
    after = len(written) + 1
    done.set()
    writing.join()

    assert (copied.returncode, copied.stderr) == (0, "")
    restored = serve("--empty", "--store", copy, "--workers", "1")
    query = {"query": "SELECT (COUNT(*) AS ?n) (MAX(?o) AS ?last) { ?s ?p ?o }", "format": "json"}
    row = requests.get(restored.url + "/sparql", params=query, timeout=30).json()["results"]["bindings"][0]
    assert before <= int(row["n"]["value"]) <= after
    assert row["n"]["value"] == row["last"]["value"]


def test_a_backup_of_what_is_no_store_says_so(tmp_path):
    refused = shell(f"{ROOT}/deploy/backup {tmp_path} {tmp_path}/copy")

    assert refused.returncode == 1
    assert "is no store" in refused.stderr


def test_the_scripts_python_is_the_one_that_the_page_asks_for():
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]

    assert f"Python {needed.removeprefix('>=')} or newer" in PAGE
