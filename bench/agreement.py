"""Whether the servers answer the same: a server is not faster for an answer that it refuses or cuts short."""

import http.client
import json
import urllib.error
import urllib.request
from collections import Counter

import mixes
from peers import BASE

ASKED = 3


def disagreements(servers, observations: int, seed: int) -> dict[str, dict[str, str]]:
    """By server and kind: how its answers differ from those of `oxigraph serve`, which stands first.

    Raises: SystemExit where it or we refuse a kind, since each kind is part of the workload.
    """
    found: dict[str, dict[str, str]] = {served.name: {} for served in servers}
    for mix, kinds in mixes.MIXES.items():
        for kind, template in kinds.items():
            expected = None
            for served in servers:
                lines = mixes.requests(mix, served.target, observations, True, seed, [kind])[:ASKED]
                try:
                    answers = [asked(served, line, number) for number, line in enumerate(lines)]
                    seen = [summary(template, accept, body) for accept, body in answers]
                except (OSError, http.client.HTTPException, ValueError) as error:
                    told = f"refused: {reason(error)}"
                    if served.required:
                        raise SystemExit(f"{served.name}, {kind}: {told}") from None
                    found[served.name][kind] = told
                    continue
                if served.name == BASE:
                    expected = seen
                elif told := difference(expected, seen):
                    found[served.name][kind] = told
    return found


def reason(error: Exception) -> str:
    """What a server said, or what went wrong with its answer."""
    if isinstance(error, urllib.error.HTTPError):
        return f"{error.code} {' '.join(error.read(300).decode(errors='replace').split())}"
    return f"{type(error).__name__} {error}"


def refused(told: dict[str, str]) -> frozenset[str]:
    """The kinds that a server does not answer at all."""
    return frozenset(kind for kind, text in told.items() if text.startswith("refused"))


def asked(served, line: str, number: int) -> tuple[str, bytes]:
    """The Accept header of a line of load.lua, and the answer."""
    accept, path = line.split("\t")
    path = path.replace("@@@@@@@@", f"check{number}")
    request = urllib.request.Request(f"http://127.0.0.1:{served.port}{path}", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=600) as answer:
        return accept, answer.read()


def summary(template: str, accept: str, body: bytes):
    """What two servers must have in common: the solutions, where the query says which; else how many."""
    if accept == mixes.TRIPLES:
        return len({line for line in body.decode().splitlines() if line and not line.startswith("#")})
    answer = json.loads(body)
    if "boolean" in answer:
        return answer["boolean"]
    solutions = answer["results"]["bindings"]
    if "LIMIT" in template and "ORDER BY" not in template:
        return len(solutions)
    return Counter(
        tuple(sorted((name, spelled(term)) for name, term in solution.items())) for solution in solutions
    )


def spelled(term: dict) -> str:
    """A term's text; numbers by value to six digits, since engines print and divide differently."""
    if term["type"] == "bnode":
        return "_:"
    if term["type"] != "uri":
        try:
            return f"{float(term['value']):.6g}"
        except ValueError:
            pass
    return term["value"]


def difference(expected, seen) -> str:
    """The first difference in words, or nothing."""
    for ours, theirs in zip(expected, seen, strict=True):
        if ours == theirs:
            continue
        if not (isinstance(ours, Counter) and isinstance(theirs, Counter)):
            return f"answers {said(theirs)} where {BASE} answers {said(ours)}"
        if ours.total() != theirs.total():
            return f"{theirs.total()} solutions, {ours.total()} of {BASE}"
        other = theirs - ours
        return f"{other.total()} of {ours.total()} solutions are others, such as {next(iter(other))}"
    return ""


def said(summary) -> str:
    """A summary in words."""
    if isinstance(summary, Counter):
        return f"solutions with {', '.join(name for name, _ in next(iter(summary), ()))}"
    return str(summary).lower()
