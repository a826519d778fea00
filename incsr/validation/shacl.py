"""The reference validator: one data graph and one shapes graph through pySHACL.

`incsr.validation.accelerated` gives the same results sooner, and the tests compare the two. Refuses to call
a run that failed a run that found nothing.
"""

import functools
import logging
from collections.abc import Iterable, Iterator

import pyoxigraph as ox
import rdflib
from rdflib.namespace import RDF, SH
from rdflib.plugins.sparql import prepareQuery

from incsr import sources
from incsr.validation.report import Result, ValidationError, said

SEVERITIES = {SH.Violation: "Violation", SH.Warning: "Warning", SH.Info: "Info"}

# Parsing a constraint's query takes longer than evaluating it, and pySHACL asks it for every focus node.
_prepared = functools.lru_cache(maxsize=512)(prepareQuery)


class PreparedGraph(rdflib.Graph):
    """A graph that parses each query text once, in this process, however often it is asked."""

    def query(self, query_object, *args, **kwargs):
        if isinstance(query_object, str):
            query_object = _prepared(query_object)
        return super().query(query_object, *args, **kwargs)


def results(data: Iterable[ox.Quad | ox.Triple], shapes: Iterable[ox.Quad | ox.Triple]) -> Iterator[Result]:
    """Every result of validating `data` against `shapes`.

    Raises: ValidationError where the shapes graph is ill-formed or the validator gives up.
    Source: SHACL, section 3.4 (validation), and 3.6 (the report).
    """
    import pyshacl

    # rdflib logs a traceback for each ill-typed literal; the shapes say it better.
    terms = logging.getLogger("rdflib.term")
    level, terms.level = terms.level, logging.CRITICAL
    shapes_graph = sources.rdflib_graph(shapes)
    try:
        data_graph = sources.rdflib_graph(data, PreparedGraph(bind_namespaces="none"))
        _, report, text = pyshacl.validate(
            data_graph, shacl_graph=shapes_graph, inference="none", do_owl_imports=False
        )
    except Exception as error:
        # Of all kinds: what is ill-formed in shapes, and what cannot be parsed, compared or reckoned in data.
        raise ValidationError(f"the shapes cannot be used on this data: {error}") from error
    finally:
        terms.level = level
    if not isinstance(report, rdflib.Graph):
        raise ValidationError(f"the validator gave up: {text}")
    for node in report.objects(None, SH.result):
        yield _result(report, node, shapes_graph)


def _result(report, node, shapes_graph) -> Result:
    def value(predicate):
        return report.value(node, predicate)

    shape = value(SH.sourceConstraint) or value(SH.sourceShape)
    path = value(SH.resultPath)
    if isinstance(path, rdflib.BNode):
        path = report.value(path, SH.inversePath)
    return Result(
        focus=_engine_term(value(SH.focusNode)),
        shape=str(shape),
        message=said(str(message) for message in report.objects(node, SH.resultMessage)),
        severity=SEVERITIES[value(SH.resultSeverity)],
        path=_engine_term(path),
        value=_engine_term(value(SH.value)),
        component=str(value(SH.sourceConstraintComponent)),
        rule=str(shapes_graph.value(shape, SH.name) or ""),
    )


def _engine_term(term):
    if term is None:
        return None
    if isinstance(term, rdflib.URIRef):
        return ox.NamedNode(str(term))
    if isinstance(term, rdflib.BNode):
        return ox.BlankNode(str(term))
    if term.language:
        return ox.Literal(str(term), language=term.language)
    return ox.Literal(str(term), datatype=ox.NamedNode(str(term.datatype or rdflib.XSD.string)))


def shape_iris(shapes: Iterable[ox.Quad | ox.Triple]) -> set[str]:
    """The names of all property shapes, node rules and SPARQL constraints: whatever a result can name."""
    graph = sources.rdflib_graph(shapes)
    structural = {RDF.type, SH.property, SH.targetClass, SH.targetNode, SH.targetSubjectsOf,
                  SH.targetObjectsOf, SH.name, SH.description, SH.message, SH.severity, SH.sparql,
                  rdflib.RDFS.label, rdflib.RDFS.isDefinedBy, rdflib.RDFS.comment}  # fmt: skip
    named = set(graph.subjects(RDF.type, SH.PropertyShape)) | set(graph.objects(None, SH.sparql))
    for node in graph.subjects(RDF.type, SH.NodeShape):
        if set(graph.predicates(node)) - structural:
            named.add(node)
    return {str(node) for node in named if isinstance(node, rdflib.URIRef)}
