"""SERVICE through the broker: how a query comes to call it, and how it is started.

The broker's address is put in place of each endpoint's before the engine reads a text. The guard has refused
every other endpoint already.
"""

import json
import secrets
import socket
import subprocess
from functools import partial

from incsr.query import functions
from incsr.query.lexer import IRI, NAME, WORD, tokens
from incsr.query.names import expand, unescape
from incsr.workers import programs


def install(addresses: dict[str, str]):
    """Have this process, and those that it forks, call endpoints through the broker."""
    functions.redirected = partial(through_broker, addresses=addresses)


def through_broker(text: str, addresses: dict[str, str]) -> str:
    """A query's text in which each SERVICE calls the broker's address for its endpoint."""
    sequence = tokens(text)
    prefixes, replaced = {}, []
    for index, token in enumerate(sequence[:-1]):
        if token.kind != WORD:
            continue
        word = token.text.upper()
        if word == "PREFIX" and index + 2 < len(sequence):
            name, iri = sequence[index + 1], sequence[index + 2]
            if name.kind == NAME and iri.kind == IRI:
                prefixes[name.text[:-1]] = unescape(iri.text[1:-1])
        elif word == "SERVICE":
            target = sequence[index + 1]
            if target.text.upper() == "SILENT" and index + 2 < len(sequence):
                target = sequence[index + 2]
            if target.kind in (IRI, NAME) and (address := addresses.get(expand(target, prefixes))):
                replaced.append((target, address))
    for target, address in reversed(replaced):
        text = f"{text[: target.start]}<{address}>{text[target.end :]}"
    return text


def start(settings) -> tuple[subprocess.Popen, dict[str, str]]:
    """Start the broker; give its process and the address for each endpoint that may be called."""
    secret = secrets.token_urlsafe(16)
    endpoints = list(settings.service_allow)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        process = programs.start("incsr.workers.broker", [listening.fileno()], stdin=subprocess.PIPE)
    said = {
        "endpoints": endpoints,
        "secret": secret,
        "timeout_s": settings.service_timeout_s,
        "max_bytes": settings.service_max_bytes,
    }
    process.stdin.write(json.dumps(said).encode() + b"\n")
    process.stdin.flush()
    base = f"http://127.0.0.1:{port}/{secret}"
    return process, {endpoint: f"{base}/{number}" for number, endpoint in enumerate(endpoints)}


def stop(process: subprocess.Popen):
    """End the broker."""
    process.stdin.close()
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
