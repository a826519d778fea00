"""Every command that docs/evidence.md shows prints what is shown there."""

import re
import shlex
from pathlib import Path

import pytest

from incsr.cli import main

PAGE = Path(__file__).parents[1] / "docs" / "evidence.md"


def commands():
    for block in re.findall(
        r"^```console\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    ):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, printed = part.split("\n", 1)
            yield pytest.param(command, printed, id=command)


@pytest.mark.parametrize(("command", "printed"), list(commands()))
def test_command_prints_what_the_page_shows(command, printed, capsys):
    program, *arguments = shlex.split(command)

    code = main(arguments)

    told = capsys.readouterr()
    assert program == "incsr"
    assert told.out + told.err == printed
    assert code == bool(told.err)


def test_page_shows_commands():
    assert len(list(commands())) >= 5


def test_example_of_the_library_runs():
    code = re.search(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)[1]

    namespace = {}
    exec(compile(code, str(PAGE), "exec"), namespace)

    assert namespace["report"].holds
