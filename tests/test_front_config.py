"""Options: one definition for flag, file and environment, with one order of precedence and clear errors."""

import subprocess
import sys

import pytest

from incsr import config


def test_the_default_of_each_option_is_a_value_that_it_accepts():
    for option in config.OPTIONS:
        if option.default not in (None, ""):
            assert option.read(option.default) == option.default, option.name


def test_names_flags_and_variables_are_distinct():
    for of in (lambda option: option.name, config.flag, lambda option: option.variable):
        assert len({of(option) for option in config.OPTIONS}) == len(config.OPTIONS)


def test_a_flag_wins_over_the_environment_and_that_over_the_file(tmp_path):
    file = tmp_path / "incsr.toml"
    file.write_text('timeout_s = 1\nmax_rows = 11\nport = 1111\ncors = ""\n')
    environment = {"INCSR_TIMEOUT_S": "2", "INCSR_MAX_ROWS": "22"}

    settings = config.settings_from({"timeout_s": "3"}, environment, file)

    assert (settings.timeout_s, settings.max_rows, settings.port, settings.cors) == (3.0, 22, 1111, "")
    assert settings.workers == next(option.default for option in config.OPTIONS if option.name == "workers")


@pytest.mark.parametrize(
    ("flags", "environment", "text", "said"),
    [
        ({"port": "70000"}, {}, "", "--port must be at least 0 and at most 65535, not '70000'"),
        ({"timeout_s": "soon"}, {}, "", "--timeout must be a number of seconds"),
        ({"max_memory": "1k"}, {}, "", "--max-memory must be at least 67108864 bytes"),
        ({"default_graph": "both"}, {}, "", "--default-graph must be one of union, strict"),
        ({"rate": "often"}, {}, "", '--rate must read like "600/minute"'),
        ({"service_allow": ["example.org"]}, {}, "", "--service-allow must be http or https IRIs"),
        ({}, {"INCSR_WORKERS": "0"}, "", "$INCSR_WORKERS must be at least 1"),
        ({}, {}, "tiemout_s = 1", "unknown key 'tiemout_s'"),
        ({}, {}, 'write_token = "x"', "write_token does not belong in a file; set $INCSR_WRITE_TOKEN"),
        ({}, {}, "timeout_s = ", "is not TOML"),
    ],
)
def test_what_cannot_be_is_refused_and_named(tmp_path, flags, environment, text, said):
    file = tmp_path / "incsr.toml"
    file.write_text(text)

    with pytest.raises(config.ConfigurationError) as refused:
        config.settings_from(flags, environment, file)

    assert said in str(refused.value)


def test_the_token_is_neither_shown_nor_repeated_in_an_error():
    settings = config.settings_from({}, {"INCSR_WRITE_TOKEN": "t0ps3cret"})
    with pytest.raises(config.ConfigurationError) as refused:
        config.settings_from({}, {"INCSR_WRITE_TOKEN": "t0p s3cret"})

    assert settings.write_token == "t0ps3cret"
    assert "t0ps3cret" not in repr(settings)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "bytes_"), [("1024", 1024), ("512k", 512 * 1024), ("16M", 16 * 1024**2), ("2GiB", 2 * 1024**3)]
)
def test_sizes_have_units(text, bytes_):
    assert config.settings_from({"max_body_bytes": text}, {}).max_body_bytes == bytes_


def test_nought_is_no_limit():
    settings = config.settings_from({"max_rows": "0", "max_bytes": "0", "max_memory": "0"}, {})

    assert (settings.max_rows, settings.max_bytes, settings.max_memory) == (None, None, None)


def test_the_help_names_every_option_but_the_token():
    said = subprocess.run(
        [sys.executable, "-m", "incsr.cli", "serve", "--help"], capture_output=True, text=True, timeout=60
    ).stdout

    for option in config.OPTIONS:
        assert (config.flag(option) in said) is not option.secret


def test_misuse_on_the_command_line_ends_with_two_and_a_sentence():
    ended = subprocess.run(
        [sys.executable, "-m", "incsr.cli", "serve", "--timeout", "soon"],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ended.returncode == 2
    assert ended.stderr.startswith("incsr serve: --timeout must be a number of seconds")
