"""From starting the program to its first answer to a query, asked every two milliseconds."""

import http.client
import os
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from measure import free_port, spread
from mixes import JSON
from peers import BIN, OXIGRAPH

EVERY_S = 0.002
WITHIN_S = 60
NAMES = (
    "PREFIX skos: <http://www.w3.org/2004/02/skos/core#>"
    " SELECT ?name { <https://w3id.org/incsr/id/agency/cbp> skos:prefLabel ?name }"
)


def first_answer(command, port: int, target: str, expected: bytes, env=None) -> float:
    """Seconds until the answer with what is expected in it; the program is ended after that.

    Raises: SystemExit where the program ends, or nothing has come after `WITHIN_S`.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | (env or {}),
        start_new_session=True,
    )
    try:
        while (took := time.perf_counter() - began) < WITHIN_S and process.poll() is None:
            if expected in asked(port, target):
                return time.perf_counter() - began
            time.sleep(EVERY_S)
        raise SystemExit(f"{command[0]} has not answered after {took:.1f} s")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def asked(port: int, target: str) -> bytes:
    """The body of a 200, or nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", target, headers={"Accept": JSON})
        answer = connection.getresponse()
        return answer.read() if answer.status == 200 else b""
    except (OSError, http.client.HTTPException):
        return b""
    finally:
        connection.close()


def measured(options, folder) -> dict[str, list[float]]:
    """Seconds by what was started, in interleaved rounds; ours also once with nothing prepared."""
    place = Path(folder) / "prepared"
    store = Path(folder) / "published-store"
    name = b"Customs and Border Protection"

    def ours(*more):
        port = free_port()
        command = (BIN / "incsr", "serve", "--port", port, *more)
        return first_answer(
            command, port, f"/sparql?query={quote(NAMES)}", name, {"XDG_CACHE_HOME": str(place)}
        )

    def engine():
        port = free_port()
        command = (OXIGRAPH, "serve", "--bind", f"127.0.0.1:{port}")
        return first_answer(command, port, f"/query?query={quote('ASK {}')}", b"true")

    found = {"incsr serve, the first time, nothing prepared": [ours()]}
    ours("--store", store)
    ways = {
        "incsr serve": ours,
        "incsr serve --store": lambda: ours("--store", store),
        "oxigraph serve, empty, for scale": engine,
    }
    for _ in range(max(options.rounds, 5)):
        for way, start in ways.items():
            found.setdefault(way, []).append(start())
    return found


def section(found: dict[str, list[float]]) -> list[str]:
    lines = [
        "## Start to first answer, with the published graph",
        "",
        "Seconds from starting the program to the 200 of a query about the graph, asked every 2 ms; in",
        "interleaved rounds, a cache of prepared data of their own:",
        "",
        "| started | times | seconds |",
        "| --- | --- | --- |",
    ]
    lines += [f"| {way} | {len(times)} | {spread(times, 3)} |" for way, times in found.items()]
    return [*lines, ""]
