"""Options page, systemd unit, Dockerfile and configuration file: each says what is so, held by its own tool.

There is no container engine where the tests run: of the Dockerfile is checked what hadolint and the engine's
parser would, and what a read-only file system without privileges asks for.
"""

import dataclasses
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from incsr import config
from incsr.cli import options

ROOT = Path(__file__).resolve().parent.parent
UNIT = (ROOT / "deploy/incsr.service").read_text("utf-8")
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text("utf-8")


# ── options ─────────────────────────────────────────────────────────────────


def test_the_page_of_options_is_what_the_command_prints():
    printed = subprocess.run(
        [sys.executable, "-m", "incsr.cli", "options"], capture_output=True, text=True, timeout=60, check=True
    ).stdout

    assert printed == options.page() == (ROOT / "docs/options.md").read_text("utf-8")


def test_the_page_says_the_same_on_a_machine_with_other_processors():
    workers = next(option for option in config.OPTIONS if option.name == "workers")

    assert config.default_text(dataclasses.replace(workers, default=77)) == config.default_text(workers)


@pytest.mark.parametrize("option", config.OPTIONS, ids=lambda option: option.name)
def test_every_default_is_written_as_it_may_be_set(option):
    text = config.default_text(option)

    if option.default_means or option.default is None:
        return
    assert option.read("" if text == "none" else text.replace("`", "")) == option.default


@pytest.mark.parametrize(
    "option", [o for o in config.OPTIONS if not o.secret], ids=lambda option: option.name
)
def test_every_option_is_set_alike_by_flag_file_and_variable(option, tmp_path):
    # A value that is not the default, and that its reader takes.
    tried = [
        "7",
        "70000000",
        "true",
        "strict",
        "3/minute",
        "/x",
        "x@example.gov",
        "warning",
        "network",
        "text",
        "127.0.0.9",
        "10.0.0.0/8",
    ]
    tried.append("https://example.org/sparql")
    for text in tried:
        try:
            value = option.read(text)
        except ValueError:
            continue
        if value != option.default:
            break
    else:
        raise AssertionError(f"no value was found for {option.name}")
    file = tmp_path / "incsr.toml"
    file.write_text(f"{option.name} = {'true' if value is True else json.dumps(text)}\n")

    by_flag = config.settings_from({option.name: text}, {})
    by_variable = config.settings_from({}, {option.variable: text})
    by_file = config.settings_from({}, {}, file)

    assert getattr(by_flag, option.name) == value
    assert by_flag == by_variable == by_file


def test_an_unknown_variable_is_refused_and_named():
    with pytest.raises(
        config.ConfigurationError, match=r"\$INCSR_TIMEOUT is no option; known are .*INCSR_TIMEOUT_S"
    ):
        config.settings_from({}, {"INCSR_TIMEOUT": "5"})


def test_the_configuration_file_of_the_unit_is_taken():
    settings = config.settings_from({}, {}, ROOT / "deploy/incsr.toml")

    assert settings.trusted_proxies == 1
    assert settings.host == "127.0.0.1"
    commented = re.findall(r"^# (\w+ = .+)$", (ROOT / "deploy/incsr.toml").read_text("utf-8"), re.MULTILINE)
    assert commented == ['store = "/var/lib/incsr/store"']


# ── systemd ─────────────────────────────────────────────────────────────────


def test_the_unit_is_one_that_systemd_takes(tmp_path):
    program = tmp_path / "incsr"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert UNIT.count("/opt/incsr/bin/incsr") == 1
    unit = tmp_path / "incsr.service"
    unit.write_text(UNIT.replace("/opt/incsr/bin/incsr", str(program)))

    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=60
    )

    assert (verified.returncode, verified.stderr) == (0, "")


def test_the_unit_gives_up_what_the_service_does_not_need(tmp_path):
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", ROOT / "deploy/incsr.service"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert rated.returncode == 0, rated.stdout


def test_the_unit_stops_as_the_service_ends():
    values = dict(
        line.split("=", 1) for line in UNIT.splitlines() if "=" in line and not line.startswith("#")
    )

    grace = next(option for option in config.OPTIONS if option.name == "grace_s").default
    assert values["KillMode"] == "mixed"
    assert float(values["TimeoutStopSec"]) > grace + 5
    command = shlex.split(values["ExecStart"])
    assert command[1:3] == ["serve", "--config"]
    assert "INCSR_WRITE_TOKEN" not in "".join(values[name] for name in ("ExecStart", "Environment"))


# ── the container ───────────────────────────────────────────────────────────


def instructions():
    """The Dockerfile's instructions: word and argument, lines joined, comments left out."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.MULTILINE)
    text = re.sub(r"\\\n", " ", text)
    return [tuple(line.strip().split(None, 1)) for line in text.splitlines() if line.strip()]


KNOWN = {
    "FROM",
    "RUN",
    "COPY",
    "WORKDIR",
    "ENV",
    "USER",
    "EXPOSE",
    "STOPSIGNAL",
    "HEALTHCHECK",
    "ENTRYPOINT",
    "CMD",
}


def last_stage():
    found = instructions()
    start = max(place for place, (word, _rest) in enumerate(found) if word == "FROM")
    return found[start:]


def test_every_instruction_is_one_that_the_engine_knows():
    assert {word for word, _rest in instructions()} <= KNOWN
    assert instructions()[0][0] == "FROM"


def test_base_images_are_named_with_a_version_that_we_support():
    images = [rest.split()[0] for word, rest in instructions() if word == "FROM"]

    assert len(set(images)) == 1, "an environment built for one Python runs on that one"
    assert re.fullmatch(r"python:3\.1[1-9]-slim-\w+", images[0])


def test_everything_that_is_copied_is_there_and_not_ignored():
    ignored = (ROOT / "deploy/Dockerfile.dockerignore").read_text("utf-8").split()
    stages = {rest.split()[-1] for word, rest in instructions() if word == "FROM" and " AS " in rest}

    for word, rest in instructions():
        if word != "COPY":
            continue
        flags = [part for part in rest.split() if part.startswith("--")]
        sources = [part for part in rest.split() if not part.startswith("--")][:-1]
        if flags:
            assert flags[0].removeprefix("--from=") in stages
            continue
        for source in sources:
            assert (ROOT / source).exists(), source
            assert source not in ignored
        tracked = subprocess.run(
            ["git", "ls-files", *sources], cwd=ROOT, capture_output=True, text=True
        ).stdout
        assert tracked, sources


def test_what_the_build_calls_for_is_copied():
    copied = {
        part
        for word, rest in instructions()
        if word == "COPY" and "--from" not in rest
        for part in rest.split()[:-1]
    }
    needed = {
        "incsr",
        "web",
        "scripts",
        "Makefile",
        "requirements.lock",
        "pyproject.toml",
        "README.md",
        "LICENSE",
    }
    graft = set(re.findall(r"^graft (\w+)$", (ROOT / "MANIFEST.in").read_text("utf-8"), re.MULTILINE))

    assert needed | graft <= copied
    assert re.search(r"^setup:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_the_container_runs_without_privileges_and_says_whether_it_is_well():
    stage = last_stage()
    words = [word for word, _rest in stage]
    by_word = dict(stage)

    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", by_word["USER"]), (
        "a number, so that an engine can see it is not 0"
    )
    assert not [word for word in words[words.index("USER") :] if word in ("RUN", "COPY")]
    for word in ("ENTRYPOINT", "CMD"):
        assert isinstance(json.loads(by_word[word]), list), "the exec form, so that signals arrive"
    assert json.loads(by_word["ENTRYPOINT"]) + json.loads(by_word["CMD"]) == ["incsr", "serve"]
    assert by_word["STOPSIGNAL"] == "SIGTERM"
    check = json.loads(re.search(r"CMD (\[.*\])$", by_word["HEALTHCHECK"]).group(1))
    compile(check[2], "healthcheck", "exec")
    assert "/health/ready" in check[2]


def test_the_health_check_tells_a_ready_service_from_another(published, serve):
    check = json.loads(re.search(r"CMD (\[.*\])$", dict(last_stage())["HEALTHCHECK"]).group(1))

    def run(port):
        code = check[2].replace(":5000", f":{port}")
        return subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60).returncode

    assert run(published.port) == 0
    assert run(1) != 0


def test_the_variables_of_the_image_are_options_that_are_taken():
    environment = dict(part.split("=", 1) for part in shlex.split(dict(last_stage())["ENV"]))

    settings = config.settings_from({}, {k: v for k, v in environment.items() if k.startswith("INCSR_")})

    assert (settings.host, settings.port) == ("0.0.0.0", 5000)
    assert f"EXPOSE {settings.port}\n" in DOCKERFILE


def test_packages_are_installed_so_that_nothing_is_left_and_nothing_is_unchecked():
    runs = [rest for word, rest in instructions() if word == "RUN"]

    for run in runs:
        if "apt-get install" in run:
            assert "--no-install-recommends" in run and "rm -rf /var/lib/apt/lists/*" in run
        assert not re.search(r"\bsudo\b|curl[^|]*\|\s*(?:ba)?sh|\bADD\b|latest", run)
    pips = [run for run in runs if re.search(r"pip\s+(?:install|download)", run)]
    assert pips
    for run in pips:
        for command in re.findall(r"pip\s+((?:install|download)[^&]*)", run):
            assert "--require-hashes" in command or "--no-index" in command, command
