"""Manifests of the suites -> tests: what each one does, with which files, and what it expects.

Source: http://www.w3.org/2001/sw/DataAccess/tests/README (vocabularies mf:, qt:, ut:), and the manifests' own
comments for ht: and cnt:.
"""

from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

BASE = "https://w3c.github.io/rdf-tests/sparql/"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
UT = "http://www.w3.org/2009/sparql/tests/test-update#"
HT = "http://www.w3.org/2011/http#"
CNT = "http://www.w3.org/2011/content#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
DAWG = "http://www.w3.org/2001/sw/DataAccess/tests/test-dawg#"

FORMATS = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".n3": ox.RdfFormat.N3,
}


@dataclass(frozen=True, slots=True)
class Test:
    """One test: its IRI, the class mf: gives it, the group it is reported in, and its description."""

    iri: str
    kind: str
    name: str
    group: str
    node: ox.NamedNode
    manifest: "Manifest" = field(repr=False)


class Manifest:
    """One manifest file as a graph that one walks by property."""

    def __init__(self, path: Path, root: Path):
        self.path, self.root = path, root
        self.iri = BASE + path.relative_to(root).as_posix()
        self.store = ox.Store()
        self.store.extend(ox.parse(path=str(path), format=ox.RdfFormat.TURTLE, base_iri=self.iri))

    def all(self, subject, predicate):
        quads = self.store.quads_for_pattern(subject, ox.NamedNode(predicate), None)
        return [quad.object for quad in quads]

    def one(self, subject, predicate):
        found = self.all(subject, predicate)
        return found[0] if found else None

    def text(self, subject, predicate):
        found = self.one(subject, predicate)
        return found.value if found is not None else None

    def entries(self):
        """The tests that the manifest lists; two manifests are blank nodes."""
        lists = self.store.quads_for_pattern(None, ox.NamedNode(f"{MF}entries"), None)
        return [node for quad in lists for node in self.list(quad.object)]

    def list(self, head):
        """The members of an RDF list."""
        members = []
        while head is not None and head != ox.NamedNode(f"{RDF}nil"):
            members.append(self.one(head, f"{RDF}first"))
            head = self.one(head, f"{RDF}rest")
        return members

    def file(self, node) -> Path:
        """The file that an IRI of the suite stands for."""
        return file_of(node.value, self.root)


def file_of(iri: str, root: Path) -> Path:
    if not iri.startswith(BASE):
        raise ValueError(f"{iri} is no file of the suite")
    return root / iri[len(BASE) :]


def triples_of(path: Path, root: Path):
    """The triples of a data file, read with the file's own IRI as base."""
    base_iri = BASE + path.relative_to(root).as_posix()
    return [quad.triple for quad in ox.parse(path=str(path), format=FORMATS[path.suffix], base_iri=base_iri)]


# What is reported together: by the folder of a manifest and the class of a test.
_SYNTAX = ("PositiveSyntaxTest", "NegativeSyntaxTest", "PositiveSyntaxTest11", "NegativeSyntaxTest11")
_UPDATE_SYNTAX = ("PositiveUpdateSyntaxTest11", "NegativeUpdateSyntaxTest11")
GROUPS = (
    "Protocol: query",
    "Protocol: update",
    "Graph Store Protocol: indirect",
    "Graph Store Protocol: direct",
    "Service description",
    "Query 1.0",
    "Query 1.1",
    "Syntax 1.0",
    "Syntax 1.1",
    "Federated query syntax",
    "Update",
    "Update syntax",
    "CSV and TSV results",
    "JSON results",
    "Federated query",
)


def group_of(folder: str, version: str, kind: str, iri: str, action: str) -> str | None:
    """The group of a test, or None for the deprecated prose tests, which the same tests in RDF replaced."""
    if kind == "ProtocolTest":
        return "Protocol: update" if "update" in iri.rpartition("#")[2] else "Protocol: query"
    if kind == "GraphStoreProtocolTest":
        if folder == "http-rdf-update":
            return None
        return f"Graph Store Protocol: {'direct' if iri.endswith('_direct') else 'indirect'}"
    if kind == "ServiceDescriptionTest":
        return "Service description"
    if kind in _UPDATE_SYNTAX or (kind in _SYNTAX and action.endswith(".ru")):
        return "Update syntax"
    if kind in _SYNTAX:
        return "Federated query syntax" if folder == "syntax-fed" else f"Syntax {version}"
    if kind == "UpdateEvaluationTest":
        return "Update"
    named = {"csv-tsv-res": "CSV and TSV results", "json-res": "JSON results", "service": "Federated query"}
    return named.get(folder, f"Query {version}")


def tests(root: Path) -> list[Test]:
    """Every test below the folder that holds `sparql10` and `sparql11`, in the manifests' order."""
    found, seen = [], set()
    for path in sorted(root.glob("*/*/manifest*.ttl")):
        folder, version = path.parent.name, {"sparql10": "1.0", "sparql11": "1.1"}[path.parent.parent.name]
        manifest = Manifest(path, root)
        for node in manifest.entries():
            kind = next(
                (
                    each.value[len(MF) :]
                    for each in manifest.all(node, f"{RDF}type")
                    if each.value.startswith(MF)
                ),
                None,
            )
            if kind is None or node.value in seen:
                continue
            action = manifest.text(node, f"{MF}action") or ""
            group = group_of(folder, version, kind, node.value, action)
            if group is not None:
                seen.add(node.value)
                name = manifest.text(node, f"{MF}name") or node.value.rpartition("#")[2]
                found.append(Test(node.value, kind, name, group, node, manifest))
    return found
