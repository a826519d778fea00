"""Every option of the service, defined once: flag, TOML key, environment variable, default and help.

`OPTIONS` is the only list; the parser of `incsr serve`, the reader of configuration files, the reader of
the environment and the documentation are all made from it. What a flag says wins over the environment,
which wins over the file, which wins over the default. Refuses unknown keys and values that make no sense,
saying where they stand. Knows no other module of the package but its errors.
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, make_dataclass
from pathlib import Path
from typing import Any

ENVIRONMENT_PREFIX = "INCSR_"


class ConfigurationError(Exception):
    """An option has a value that cannot be; the message names it, where it was set, and what is allowed."""


@dataclass(frozen=True)
class Option:
    """One option. `name` is the attribute of `Settings`, the TOML key and, in capitals, the variable's name.

    `read` turns the text of a flag or variable into the value and raises ValueError; `secret` options have
    no flag and are never printed. `flag` differs from the name where a unit would be noise to type.
    """

    name: str
    default: Any
    read: Callable[[Any], Any]
    help: str
    metavar: str = ""
    flag: str = ""
    secret: bool = False
    default_means: str = ""  # where the default differs from machine to machine

    @property
    def variable(self) -> str:
        return ENVIRONMENT_PREFIX + self.name.upper()


def _whole(at_least: int, at_most: int | None = None, none_as_zero: bool = False):
    def read(value):
        if isinstance(value, bool) or not re.fullmatch(r"\d+", str(value)):
            raise ValueError("must be a whole number")
        number = int(value)
        if none_as_zero and number == 0:
            return None
        if number < at_least or (at_most is not None and number > at_most):
            most = f" and at most {at_most}" if at_most is not None else ""
            raise ValueError(f"must be at least {at_least}{most}")
        return number

    return read


def _size(at_least: int = 0, none_as_zero: bool = False):
    units = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}

    def read(value):
        match = re.fullmatch(r"(\d+)\s*([kmgKMG]?)(?:i?[bB])?", str(value).strip())
        if isinstance(value, bool) or not match:
            raise ValueError("must be a number of bytes, such as 1048576, 512k, 16M or 2G")
        number = int(match[1]) * units[match[2].lower()]
        if none_as_zero and number == 0:
            return None
        if number < at_least:
            raise ValueError(f"must be at least {at_least} bytes")
        return number

    return read


def _seconds(at_least: float = 0.0):
    def read(value):
        try:
            number = float(str(value).removesuffix("s"))
        except ValueError:
            raise ValueError("must be a number of seconds, such as 10 or 0.5") from None
        if isinstance(value, bool) or not at_least <= number < 1e7:
            raise ValueError(f"must be at least {at_least:g} seconds")
        return number

    return read


def _truth(value):
    if isinstance(value, bool):
        return value
    words = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    try:
        return words[str(value).strip().lower()]
    except KeyError:
        raise ValueError("must be true or false") from None


def _choice(*words: str):
    def read(value):
        if value not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return value

    return read


def _text(value):
    if not isinstance(value, str):
        raise ValueError("must be text")
    return value


def _path(value):
    return Path(_text(value)).expanduser() if value else None


def _iris(value):
    """IRIs from a TOML list, or from text where white space separates them."""
    iris = tuple(value.split()) if isinstance(value, str) else tuple(value)
    for iri in iris:
        if not isinstance(iri, str) or not re.fullmatch(r"https?://[^\s<>\"{}|\\^`]+", iri):
            raise ValueError(f"must be http or https IRIs, written out in full; {iri!r} is not one")
    return iris


def _networks(value):
    """Networks or addresses from a TOML list, or from text where white space separates them."""
    said = value.split() if isinstance(value, str) else [word for each in value for word in str(each).split()]
    try:
        return tuple(str(ipaddress.ip_network(each)) for each in said)
    except ValueError as error:
        raise ValueError(f"must be networks such as 10.0.0.0/8 or addresses; {error}") from None


def _rate(value):
    """A rate such as "600/minute", several separated by commas, or none."""
    text = _text(value).strip()
    if text in ("", "none"):
        return ""
    pattern = r"\s*\d+\s*(/|per)\s*(\d+\s*)?(second|minute|hour|day)s?\s*"
    if not all(re.fullmatch(pattern, part) for part in re.split(r"[,;]", text)):
        raise ValueError('must read like "600/minute" or "20/second, 5000/hour", or "none"')
    return text


def _prefix(value):
    text = _text(value).rstrip("/")
    if text and not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", text):
        raise ValueError('must be a path such as "/incsr"')
    return text


def _host(value):
    text = _text(value)
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        if not re.fullmatch(r"[A-Za-z0-9.-]+", text):
            raise ValueError("must be an address or a host name") from None
        return text


def _mailbox(value):
    text = _text(value).removeprefix("mailto:")
    if text and not re.fullmatch(r"[\w~!$&'()*+,;=:.-]+@[\w-]+(\.[\w-]+)+", text):
        raise ValueError("must be one address such as data@example.gov")
    return text


def _token(value):
    text = _text(value)
    # RFC 6750, section 2.1: anything else cannot stand in an Authorization header.
    if text and not re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", text):
        raise ValueError("must consist of letters, digits and -._~+/ so that it can stand in a header")
    return text or None


OPTIONS = (
    Option("host", "127.0.0.1", _host, "address to listen on", "ADDRESS"),
    Option("port", 5000, _whole(0, 65535), "port to listen on; 0 takes any free one", "N"),
    Option(
        "store", None, _path, "keep the data on disk in this directory, which is made if it is new", "DIR"
    ),
    Option("empty", False, _truth, "start without the published graph"),
    Option(
        "default_graph",
        "union",
        _choice("union", "strict"),
        "what a query without FROM sees: the union of all graphs as a set, or the default graph alone",
        "MODE",
    ),
    Option(
        "timeout_s",
        10.0,
        _seconds(0.05),
        "deadline of a query or an update, in seconds",
        "S",
        flag="--timeout",
    ),
    Option(
        "workers",
        max(4, 2 * (os.cpu_count() or 2)),
        _whole(1, 256),
        "evaluators kept ready for quick queries",
        "N",
        default_means="twice the processors, at least 4",
    ),
    Option(
        "clerks",
        max(2, os.cpu_count() or 2),
        _whole(0, 64),
        "processes that answer quick queries on connections that ask one after another; 0: none",
        "N",
        default_means="as many as processors, at least 2",
    ),
    Option("max_slow", 32, _whole(1, 1024), "slow queries that may run beside the quick ones", "N"),
    Option(
        "max_waiting", 256, _whole(0), "requests that may wait for an evaluator before 503 is answered", "N"
    ),
    Option(
        "slow_after_s", 0.05, _seconds(0.001), "a query is slow after this long", "S", flag="--slow-after"
    ),
    Option(
        "max_memory",
        2 * 1024**3,
        _size(64 * 1024**2, none_as_zero=True),
        "address space an evaluator may use beyond the data it shares; 0 is no limit",
        "BYTES",
    ),
    Option("max_rows", 1_000_000, _whole(1, none_as_zero=True), "rows of one answer; 0 is no limit", "N"),
    Option(
        "max_bytes", 256 * 1024**2, _size(1, none_as_zero=True), "bytes of one answer; 0 is no limit", "BYTES"
    ),
    Option(
        "cache_bytes",
        64 * 1024**2,
        _size(),
        "memory for answers that may be asked for again; half as much for large ones on their way, a quarter"
        " for what clerks keep; 0: none",
        "BYTES",
    ),
    Option("max_query_bytes", 256 * 1024, _size(1), "size of a query or an update's text", "BYTES"),
    Option("max_body_bytes", 64 * 1024**2, _size(1), "size of the body of a write", "BYTES"),
    Option("max_url_bytes", 64 * 1024, _size(256), "size of a request's target", "BYTES"),
    Option("max_header_bytes", 32 * 1024, _size(256), "size of a request's headers", "BYTES"),
    Option("max_requests", 512, _whole(1), "requests worked on at once", "N"),
    Option(
        "max_client_connections",
        2048,
        _whole(1, none_as_zero=True),
        "connections of one client, where no proxy is trusted; 0 is no limit",
        "N",
    ),
    Option(
        "body_timeout_s",
        15.0,
        _seconds(0.1),
        "a request's body must have come after this long",
        "S",
        flag="--body-timeout",
    ),
    Option("rate", "", _rate, 'requests a client may send, such as "600/minute"; none by default', "RATE"),
    Option("trusted_proxies", 0, _whole(0, 16), "proxies in front whose X-Forwarded-For is believed", "N"),
    Option("url_prefix", "", _prefix, "path under which the service is mounted", "PATH"),
    Option("cors", "*", _text, "origin allowed by CORS; empty allows none", "ORIGIN"),
    Option(
        "service_allow", (), _iris, "endpoints that SERVICE may call, as exact IRIs; none by default", "IRI"
    ),
    Option(
        "service_timeout_s",
        3.0,
        _seconds(0.05),
        "deadline of one SERVICE call",
        "S",
        flag="--service-timeout",
    ),
    Option("service_max_bytes", 4 * 1024**2, _size(1), "size of one SERVICE answer", "BYTES"),
    Option(
        "log",
        "info",
        _choice("debug", "info", "warning", "error", "off"),
        "least weight that is logged",
        "LEVEL",
    ),
    Option("log_queries", False, _truth, "log the text of queries too"),
    Option(
        "log_clients",
        "none",
        _choice("none", "network", "address"),
        "what is logged of a client's address: none, its network (/24, /48), all",
        "HOW",
    ),
    Option(
        "slow_query_s", 1.0, _seconds(), "a query is logged as slow after this long", "S", flag="--slow-query"
    ),
    Option(
        "slow_query_content",
        "digest",
        _choice("none", "digest", "text"),
        "what is logged of a slow query's text: nothing, a digest by which to recognize it again, all",
        "HOW",
    ),
    Option(
        "metrics_from",
        ("127.0.0.0/8", "::1/128"),
        _networks,
        "networks from which /metrics may be read; empty: from none",
        "NETWORK",
    ),
    Option(
        "grace_s", 15.0, _seconds(), "how long running requests may finish after SIGTERM", "S", flag="--grace"
    ),
    Option("contact", "", _mailbox, "mailbox that the descriptions for harvesters give", "ADDRESS"),
    Option("write_token", None, _token, "bearer token for writes; without one there are none", secret=True),
)

Settings = make_dataclass(
    "Settings",
    [(option.name, Any, option.default) for option in OPTIONS],
    frozen=True,
    namespace={
        "__doc__": "The values of all options, an attribute each. Never printed: it holds the write token.",
        "__repr__": lambda self: f"Settings({', '.join(f'{k}={v!r}' for k, v in printable(self).items())})",
        "__module__": __name__,
    },
)


def printable(settings) -> dict[str, Any]:
    """The values that may be shown or logged."""
    secret = {option.name for option in OPTIONS if option.secret}
    return {
        field.name: getattr(settings, field.name) for field in fields(settings) if field.name not in secret
    }


def settings_from(
    flags: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    file: Path | None = None,
):
    """The settings that flags, environment and configuration file give together.

    Raises: ConfigurationError where a value cannot be, a key is unknown or the file cannot be read.
    """
    environment = os.environ if environment is None else environment
    values = _file_values(file) if file else {}
    known = {option.variable for option in OPTIONS}
    for variable in environment:
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in known:
            raise ConfigurationError(f"${variable} is no option; known are {', '.join(sorted(known))}")
    for option in OPTIONS:
        if option.variable in environment:
            values[option.name] = _value(option, environment[option.variable], f"${option.variable}")
    for name, value in (flags or {}).items():
        option = next(option for option in OPTIONS if option.name == name)
        values[name] = _value(option, value, flag(option))
    return Settings(**values)


def flag(option: Option) -> str:
    """How the option is written on the command line."""
    return option.flag or "--" + option.name.replace("_", "-")


def default_text(option: Option) -> str:
    """The default of an option as one would write it."""
    default = option.default
    if option.default_means:
        return option.default_means
    if isinstance(default, bool):
        return "on" if default else "off"
    if default in (None, "", ()):
        return "none"
    if isinstance(default, tuple):
        return " ".join(f"`{each}`" for each in default)
    if isinstance(default, int) and default >= 1024 and "BYTES" in option.metavar:
        for unit, size in (("G", 1024**3), ("M", 1024**2), ("k", 1024)):
            if default % size == 0:
                return f"`{default // size}{unit}`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def _value(option, value, where):
    try:
        return option.read(value)
    except ValueError as error:
        shown = "" if option.secret else f", not {value!r}"
        raise ConfigurationError(f"{where} {error}{shown}") from None


def _file_values(file):
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"cannot read {file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} is not TOML: {error}") from None
    known = {option.name: option for option in OPTIONS}
    values = {}
    for key, value in table.items():
        if key not in known:
            raise ConfigurationError(f"{file}: unknown key {key!r}; known are {', '.join(sorted(known))}")
        if known[key].secret:
            raise ConfigurationError(f"{file}: {key} does not belong in a file; set ${known[key].variable}")
        values[key] = _value(known[key], value, f"{file}: {key}")
    return values
