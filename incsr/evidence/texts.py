"""The register of source texts: what the sidecar file beside each text says of it.

A text `data/source/NAME.txt` has its sidecar in `data/source/NAME.toml`: the graph that holds what it says,
its sum as published, the characters of its body, and its list of uncovered words. Another report is another
pair.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from incsr.namespaces import BASE
from incsr.sources import SourceError

_KEYS = {"graph", "sha256", "body", "uncovered"}


@dataclass(frozen=True, slots=True)
class Described:
    """One source text as its sidecar describes it."""

    name: str
    graph: str  # the published graph, by name, that holds what the text says
    sha256: str
    body: tuple[int, int]
    uncovered: str  # file of data/source with the words that no fact needs

    @property
    def file(self):
        """The text's file name."""
        return f"{self.name}.txt"

    @property
    def iri(self):
        """The text's IRI."""
        return f"{BASE}source/{self.file}"


def sidecar(path):
    """What the sidecar of a text says, or None where the text has none.

    Raises: SourceError for a sidecar that is ill-formed or lacks something.
    """
    path = Path(path)
    place = path.with_suffix(".toml")
    if not place.is_file():
        return None
    try:
        said = tomllib.loads(place.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(place, f"is not TOML: {error}") from error
    unknown = sorted(said.keys() - _KEYS)
    if unknown:
        raise SourceError(place, f"has the unknown key {unknown[0]}; it knows {', '.join(sorted(_KEYS))}")
    for key, pattern in (("graph", r"[a-z0-9-]+"), ("sha256", "[0-9a-f]{64}")):
        if not isinstance(said.get(key), str) or not re.fullmatch(pattern, said[key]):
            raise SourceError(place, f"needs {key}, a text like {pattern}")
    body = said.get("body")
    if not isinstance(body, list) or [type(n) for n in body] != [int, int] or not 0 <= body[0] < body[1]:
        raise SourceError(place, "needs body, the two offsets of the report's own words: body = [104, 6249]")
    uncovered = said.get("uncovered", f"{path.stem}.uncovered.csv")
    return Described(path.stem, said["graph"], said["sha256"], tuple(body), uncovered)


def register(folder):
    """The described texts of a folder by name, in order of their names; `folder` holds NAME.txt and
    NAME.toml.

    Raises: SourceError for a text without sidecar, or two texts that share a graph.
    """
    found, graphs = {}, {}
    for path in sorted(Path(folder).glob("*.txt")):
        described = sidecar(path)
        if described is None:
            raise SourceError(
                path,
                f"has no {path.stem}.toml beside it; say there its graph, sha256 and body (CONTRIBUTING.md)",
            )
        if described.graph in graphs:
            raise SourceError(path, f"shares the graph {described.graph} with {graphs[described.graph]}")
        graphs[described.graph] = path.name
        found[path.stem] = described
    return found
