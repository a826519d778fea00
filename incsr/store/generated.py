"""The graphs that are made from the others when data is loaded: statistics (VoID), and the questions (SHACL).

`graph/void` counts classes and properties, and which classes and datatypes a property leads to from a class;
`graph/questions` holds each competency question as a `sh:SPARQLExecutable`, and the prefixes as
`sh:declare`. An editor that reads a dataset's description (the SIB's sparql-editor) finds completion,
examples and prefixes there. Counts by the engine; reads no file but the questions handed to it.

Source: Describing Linked Datasets with the VoID Vocabulary (W3C, 2011); http://ldf.fi/void-ext# for
datatypes; SHACL (W3C, 2017), section 5.
"""

import hashlib
from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from incsr.namespaces import BASE, GRAPH, PREFIXES

VOID_GRAPH = ox.NamedNode(f"{GRAPH}void")
QUESTIONS_GRAPH = ox.NamedNode(f"{GRAPH}questions")
# The address that a question is put to, on whatever host: the server answers the same paths for these IRIs.
ENDPOINT = ox.NamedNode(f"{BASE}sparql")

# What `incsr.query.spelling` stores in the place of XML Schema's namespace.
SPELLED = "urn:incsr:spelled:"

_PREFIX_OF = {iri: prefix for prefix, iri in PREFIXES.items()}


def _term(prefix, name):
    return ox.NamedNode(PREFIXES[prefix] + name)


A = _term("rdf", "type")
VOID_EXT = "http://ldf.fi/void-ext#"
DATATYPE_PARTITION = ox.NamedNode(f"{VOID_EXT}datatypePartition")
DATATYPE = ox.NamedNode(f"{VOID_EXT}datatype")
# A query form, the class of its executables, and the property that holds its text.
EXECUTABLES = {
    "SELECT": ("SPARQLSelectExecutable", "select"),
    "ASK": ("SPARQLAskExecutable", "ask"),
    "CONSTRUCT": ("SPARQLConstructExecutable", "construct"),
    "DESCRIBE": ("SPARQLDescribeExecutable", "describe"),
}


def generated_quads(store: ox.Store, questions: Iterable = ()) -> Iterator[ox.Quad]:
    """The quads of `graph/questions` and `graph/void` for the named graphs that a store holds.

    `questions` are `incsr.questions.Question`s. Graphs that hide from clients (`urn:incsr:`) are not counted,
    and neither are the two generated ones, so that loading twice gives the same.
    """
    yield from (ox.Quad(*triple, QUESTIONS_GRAPH) for triple in question_triples(questions))
    yield from (ox.Quad(*triple, VOID_GRAPH) for triple in void_triples(store))


def question_triples(questions) -> Iterator[tuple]:
    """Graph: ?question a sh:SPARQLExecutable ; rdfs:comment ; sh:select ; sh:prefixes ; schema:target."""
    prefixes = ox.NamedNode(f"{GRAPH}questions#prefixes")
    yield prefixes, A, _term("owl", "Ontology")
    yield prefixes, _term("rdfs", "label"), ox.Literal("prefixes of the questions", language="en")
    for prefix, iri in PREFIXES.items():
        declaration = ox.NamedNode(f"{GRAPH}questions#prefix-{prefix}")
        yield prefixes, _term("sh", "declare"), declaration
        yield declaration, A, _term("sh", "PrefixDeclaration")
        yield declaration, _term("sh", "prefix"), ox.Literal(prefix)
        yield declaration, _term("sh", "namespace"), ox.Literal(iri, datatype=_term("xsd", "anyURI"))
    for question in questions:
        subject = ox.NamedNode(f"{BASE}questions/{question.name}")
        kind, holds = EXECUTABLES[query_form(question.query)]
        yield subject, A, _term("sh", "SPARQLExecutable")
        yield subject, A, _term("sh", kind)
        yield subject, _term("rdfs", "label"), ox.Literal(question.name.replace("-", " "), language="en")
        yield subject, _term("rdfs", "comment"), ox.Literal(question.question, language="en")
        yield subject, _term("skos", "note"), ox.Literal(question.source, language="en")
        yield subject, _term("sh", "prefixes"), prefixes
        yield subject, _term("sh", holds), ox.Literal(question.query)
        yield subject, _term("schema", "target"), ENDPOINT


def query_form(text: str) -> str:
    """The form of a well-formed query: what follows its prologue."""
    for line in text.splitlines():
        words = line.split("#", 1)[0].split() if not line.lstrip().upper().startswith("PREFIX") else []
        if words and words[0].upper().split("{")[0] in EXECUTABLES:
            return words[0].upper().split("{")[0]
    raise ValueError("no SELECT, ASK, CONSTRUCT or DESCRIBE begins a line of the query")


def void_triples(store: ox.Store) -> Iterator[tuple]:
    """Graph: ?dataset void:classPartition ?c . ?c void:class ?class ; void:propertyPartition ?p ."""
    graphs = sorted(
        (name for name in store.named_graphs() if _counted(name)),
        key=lambda name: name.value,
    )
    whole = ox.NamedNode(f"{GRAPH}void#dataset")
    yield whole, A, _term("void", "Dataset")
    yield whole, A, _term("sd", "Dataset")
    yield whole, _term("rdfs", "label"), ox.Literal("all graphs together", language="en")
    yield whole, _term("void", "sparqlEndpoint"), ENDPOINT
    yield whole, _term("void", "uriSpace"), ox.Literal(BASE)
    for vocabulary in sorted(
        {PREFIXES[prefix] for prefix in ("cbp", "qb", "org", "skos", "oa", "prov", "time")}
    ):
        yield whole, _term("void", "vocabulary"), ox.NamedNode(vocabulary)
    counts = _Counts(store, graphs)
    yield from counts.of_dataset(whole)
    yield from counts.of_classes(whole)
    for graph in graphs:
        part = ox.NamedNode(f"{GRAPH}void#graph-{_slug(graph.value)}")
        yield whole, _term("void", "subset"), part
        yield part, A, _term("void", "Dataset")
        yield part, A, _term("sd", "NamedGraph")
        yield part, _term("sd", "name"), graph
        yield part, _term("rdfs", "label"), ox.Literal(f"the graph {graph.value}", language="en")
        yield from _Counts(store, [graph]).of_dataset(part)


def _counted(name):
    return (
        isinstance(name, ox.NamedNode)
        and not name.value.startswith("urn:incsr:")
        and name not in (VOID_GRAPH, QUESTIONS_GRAPH)
    )


def _public(datatype):
    """A datatype as clients see it; inside, a literal that the engine would spell anew has one of ours."""
    return datatype.replace(SPELLED, PREFIXES["xsd"], 1) if datatype.startswith(SPELLED) else datatype


def _slug(iri):
    """A readable fragment for an IRI: its prefixed name, or a digest of it."""
    cut = max(iri.rfind("#"), iri.rfind("/")) + 1
    prefix = _PREFIX_OF.get(iri[:cut])
    local = iri[cut:]
    if prefix and local and all(c.isascii() and (c.isalnum() or c in "-_.") for c in local):
        return f"{prefix}-{local}"
    return hashlib.sha256(iri.encode()).hexdigest()[:12]


class _Counts:
    """Counts over the triples of some graphs as a set: a triple that stands in two counts once."""

    def __init__(self, store, graphs):
        self.store = store
        self.pattern = "{ SELECT DISTINCT ?s ?p ?o WHERE { GRAPH ?g { ?s ?p ?o } } }"
        self.graphs = graphs

    def rows(self, query):
        return self.store.query(query, named_graphs=self.graphs) if self.graphs else ()

    def of_dataset(self, subject):
        """Triples, distinct subjects and objects, properties and classes of one dataset."""
        query = (
            "SELECT (COUNT(*) AS ?triples) (COUNT(DISTINCT ?s) AS ?distinctSubjects) "
            "(COUNT(DISTINCT ?o) AS ?distinctObjects) (COUNT(DISTINCT ?p) AS ?properties) "
            f"WHERE {self.pattern}"
        )
        for row in self.rows(query):
            for name in ("triples", "distinctSubjects", "distinctObjects", "properties"):
                yield subject, _term("void", name), row[name]
        classes = "SELECT (COUNT(DISTINCT ?o) AS ?classes) WHERE { GRAPH ?g { ?s a ?o } }"
        for row in self.rows(classes):
            yield subject, _term("void", "classes"), row["classes"]
        used = f"SELECT ?p (COUNT(*) AS ?n) WHERE {self.pattern} GROUP BY ?p"
        for row in self.rows(used):
            part = ox.NamedNode(f"{subject.value}--{_slug(row['p'].value)}")
            yield subject, _term("void", "propertyPartition"), part
            yield part, _term("void", "property"), row["p"]
            yield part, _term("void", "triples"), row["n"]

    def of_classes(self, subject):
        """Class partitions, in each its property partitions, in each what they lead to."""
        typed = "{ SELECT DISTINCT ?s ?c WHERE { GRAPH ?t { ?s a ?c FILTER (ISIRI(?c)) } } }"
        for row in self.rows(f"SELECT ?c (COUNT(*) AS ?n) WHERE {typed} GROUP BY ?c"):
            part = self._class(subject, row["c"])
            yield subject, _term("void", "classPartition"), part
            yield part, _term("void", "class"), row["c"]
            yield part, _term("void", "entities"), row["n"]
        for row in self.rows(
            f"SELECT ?c ?p (COUNT(*) AS ?n) WHERE {{ {typed} {self.pattern} }} GROUP BY ?c ?p"
        ):
            owner, part = self._class(subject, row["c"]), self._property(subject, row["c"], row["p"])
            yield owner, _term("void", "propertyPartition"), part
            yield part, _term("void", "property"), row["p"]
            yield part, _term("void", "triples"), row["n"]
        objects = "{ SELECT DISTINCT ?o ?oc WHERE { GRAPH ?u { ?o a ?oc FILTER (ISIRI(?oc)) } } }"
        for row in self.rows(
            f"SELECT ?c ?p ?oc (COUNT(*) AS ?n) WHERE {{ {typed} {self.pattern} {objects} }} "
            "GROUP BY ?c ?p ?oc"
        ):
            owner = self._property(subject, row["c"], row["p"])
            part = ox.NamedNode(f"{owner.value}--{_slug(row['oc'].value)}")
            yield owner, _term("void", "classPartition"), part
            yield part, _term("void", "class"), row["oc"]
            yield part, _term("void", "triples"), row["n"]
        yield from self.of_datatypes(subject, typed)

    def of_datatypes(self, subject, typed):
        """Which datatypes a property leads to from a class."""
        counted = {}
        for row in self.rows(
            f"SELECT ?c ?p ?dt (COUNT(*) AS ?n) WHERE {{ {typed} {self.pattern} "
            "FILTER (ISLITERAL(?o)) BIND (DATATYPE(?o) AS ?dt) } GROUP BY ?c ?p ?dt"
        ):
            key = self._property(subject, row["c"], row["p"]), _public(row["dt"].value)
            counted[key] = counted.get(key, 0) + int(row["n"].value)
        for (owner, datatype), count in counted.items():
            part = ox.NamedNode(f"{owner.value}--{_slug(datatype)}")
            yield owner, DATATYPE_PARTITION, part
            yield part, DATATYPE, ox.NamedNode(datatype)
            yield part, _term("void", "triples"), ox.Literal(count)

    @staticmethod
    def _class(subject, name):
        return ox.NamedNode(f"{subject.value}--class-{_slug(name.value)}")

    def _property(self, subject, class_, name):
        return ox.NamedNode(f"{self._class(subject, class_).value}--{_slug(name.value)}")
