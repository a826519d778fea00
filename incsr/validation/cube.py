"""The RDF Data Cube's integrity constraints, run on a normalized copy of the union of the graphs.

Before normalization nothing need be typed `qb:Observation`, and every constraint would pass for want of
observations. The queries are the specification's, with `ASK` read as `SELECT` so that an answer names the
offender; IC-8's misspelt variable and IC-12's and IC-17's missing ones are the only changes.

Source: The RDF Data Cube Vocabulary (W3C Recommendation, 2014), sections 10.1 (normalization) and 11.
"""

from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from incsr.namespaces import PREFIXES
from incsr.validation import duplicates
from incsr.validation.index import TYPE, Index
from incsr.validation.lexical import LANG_STRING, STRING, is_ill_typed
from incsr.validation.report import Result

PROLOGUE = "".join(
    f"PREFIX {prefix}: <{PREFIXES[prefix]}>\n" for prefix in ("rdf", "rdfs", "owl", "xsd", "skos", "qb")
)

# Section 10.1: phase 1, type and property closure; phase 2, push down attachment levels.
NORMALIZATION = (
    "INSERT { ?o a qb:Observation } WHERE { [] qb:observation ?o }",
    "INSERT { ?o a qb:Observation } WHERE { ?o qb:dataSet [] }",
    "INSERT { ?s a qb:Slice } WHERE { [] qb:slice ?s }",
    "INSERT { ?cs qb:componentProperty ?p . ?p a qb:DimensionProperty } WHERE { ?cs qb:dimension ?p }",
    "INSERT { ?cs qb:componentProperty ?p . ?p a qb:MeasureProperty } WHERE { ?cs qb:measure ?p }",
    "INSERT { ?cs qb:componentProperty ?p . ?p a qb:AttributeProperty } WHERE { ?cs qb:attribute ?p }",
    """INSERT { ?obs ?comp ?value } WHERE {
        ?spec qb:componentProperty ?comp ; qb:componentAttachment qb:DataSet .
        ?dataset qb:structure [ qb:component ?spec ] ; ?comp ?value .
        ?obs qb:dataSet ?dataset }""",
    """INSERT { ?obs ?comp ?value } WHERE {
        ?spec qb:componentProperty ?comp ; qb:componentAttachment qb:Slice .
        ?dataset qb:structure [ qb:component ?spec ] ; qb:slice ?slice .
        ?slice ?comp ?value ; qb:observation ?obs }""",
    """INSERT { ?obs ?comp ?value } WHERE {
        ?spec qb:componentProperty ?comp .
        ?comp a qb:DimensionProperty .
        ?dataset qb:structure [ qb:component ?spec ] ; qb:slice ?slice .
        ?slice ?comp ?value ; qb:observation ?obs }""",
)

# Name, title, what to write, the variable that is the offender, the query's body.
CONSTRAINTS = (
    (
        "IC-1",
        "unique data set",
        "Give the observation exactly one qb:dataSet.",
        "obs",
        """
      { ?obs a qb:Observation . FILTER NOT EXISTS { ?obs qb:dataSet ?dataset1 } }
      UNION
      { ?obs a qb:Observation ; qb:dataSet ?dataset1, ?dataset2 . FILTER (?dataset1 != ?dataset2) }""",
    ),
    (
        "IC-2",
        "unique structure definition",
        "Give the data set exactly one qb:structure.",
        "dataset",
        """
      { ?dataset a qb:DataSet . FILTER NOT EXISTS { ?dataset qb:structure ?dsd } }
      UNION
      { ?dataset a qb:DataSet ; qb:structure ?dsd1, ?dsd2 . FILTER (?dsd1 != ?dsd2) }""",
    ),
    (
        "IC-3",
        "structure includes a measure",
        "Name a qb:measure among the structure's components.",
        "dsd",
        """
      ?dsd a qb:DataStructureDefinition .
      FILTER NOT EXISTS { ?dsd qb:component [ qb:componentProperty [ a qb:MeasureProperty ] ] }""",
    ),
    (
        "IC-4",
        "dimensions have a range",
        "Give the dimension an rdfs:range.",
        "dim",
        """
      ?dim a qb:DimensionProperty . FILTER NOT EXISTS { ?dim rdfs:range [] }""",
    ),
    (
        "IC-5",
        "concept dimensions have code lists",
        "Give the dimension a qb:codeList.",
        "dim",
        """
      ?dim a qb:DimensionProperty ; rdfs:range skos:Concept . FILTER NOT EXISTS { ?dim qb:codeList [] }""",
    ),
    (
        "IC-6",
        "only attributes may be optional",
        "Leave qb:componentRequired false to attributes: dimensions and measures are always required.",
        "component",
        """
      ?dsd qb:component ?componentSpec .
      ?componentSpec qb:componentRequired "false"^^xsd:boolean ; qb:componentProperty ?component .
      FILTER NOT EXISTS { ?component a qb:AttributeProperty }""",
    ),
    (
        "IC-7",
        "slice keys are declared",
        "Name the slice key by qb:sliceKey in a structure.",
        "sliceKey",
        """
      ?sliceKey a qb:SliceKey .
      FILTER NOT EXISTS { [ a qb:DataStructureDefinition ] qb:sliceKey ?sliceKey }""",
    ),
    (
        "IC-8",
        "slice keys agree with their structure",
        "Use only properties in the slice key that the structure has as components.",
        "sliceKey",
        """
      ?sliceKey a qb:SliceKey ; qb:componentProperty ?prop .
      ?dsd qb:sliceKey ?sliceKey .
      FILTER NOT EXISTS { ?dsd qb:component [ qb:componentProperty ?prop ] }""",
    ),
    (
        "IC-9",
        "unique slice structure",
        "Give the slice exactly one qb:sliceStructure.",
        "slice",
        """
      { ?slice a qb:Slice . FILTER NOT EXISTS { ?slice qb:sliceStructure ?key } }
      UNION
      { ?slice a qb:Slice ; qb:sliceStructure ?key1, ?key2 . FILTER (?key1 != ?key2) }""",
    ),
    (
        "IC-10",
        "slice dimensions complete",
        "Give the slice a value for each dimension of its key.",
        "slice",
        """
      ?slice qb:sliceStructure [ qb:componentProperty ?dim ] . FILTER NOT EXISTS { ?slice ?dim [] }""",
    ),
    (
        "IC-11",
        "all dimensions required",
        "Give the observation a value for each dimension.",
        "obs",
        """
      ?obs qb:dataSet/qb:structure/qb:component/qb:componentProperty ?dim .
      ?dim a qb:DimensionProperty .
      FILTER NOT EXISTS { ?obs ?dim [] }""",
    ),
    (
        "IC-12",
        "no duplicate observations",
        "Two observations of one data set agree in every dimension: drop one, or say in which they differ.",
        "obs1",
        """
      FILTER (?allEqual)
      { SELECT ?obs1 ?obs2 (MIN(?equal) AS ?allEqual) WHERE {
          ?obs1 qb:dataSet ?dataset .
          ?obs2 qb:dataSet ?dataset .
          FILTER (?obs1 != ?obs2)
          ?dataset qb:structure/qb:component/qb:componentProperty ?dim .
          ?dim a qb:DimensionProperty .
          ?obs1 ?dim ?value1 .
          ?obs2 ?dim ?value2 .
          BIND (?value1 = ?value2 AS ?equal)
        } GROUP BY ?obs1 ?obs2 }""",
    ),
    (
        "IC-13",
        "required attributes",
        "Give the observation the attribute that its structure requires.",
        "obs",
        """
      ?obs qb:dataSet/qb:structure/qb:component ?component .
      ?component qb:componentRequired "true"^^xsd:boolean ; qb:componentProperty ?attr .
      FILTER NOT EXISTS { ?obs ?attr [] }""",
    ),
    (
        "IC-14",
        "all measures present",
        "Give the observation a value for each measure.",
        "obs",
        """
      ?obs qb:dataSet/qb:structure ?dsd .
      FILTER NOT EXISTS { ?dsd qb:component/qb:componentProperty qb:measureType }
      ?dsd qb:component/qb:componentProperty ?measure .
      ?measure a qb:MeasureProperty .
      FILTER NOT EXISTS { ?obs ?measure [] }""",
    ),
    (
        "IC-15",
        "measure dimension consistent",
        "Give the observation a value for the measure that its qb:measureType names.",
        "obs",
        """
      ?obs qb:dataSet/qb:structure ?dsd ; qb:measureType ?measure .
      ?dsd qb:component/qb:componentProperty qb:measureType .
      FILTER NOT EXISTS { ?obs ?measure [] }""",
    ),
    (
        "IC-16",
        "single measure on a measure dimension observation",
        "Leave only the measure that the observation's qb:measureType names.",
        "obs",
        """
      ?obs qb:dataSet/qb:structure ?dsd ; qb:measureType ?measure ; ?omeasure [] .
      ?dsd qb:component/qb:componentProperty qb:measureType ; qb:component/qb:componentProperty ?omeasure .
      ?omeasure a qb:MeasureProperty .
      FILTER (?omeasure != ?measure)""",
    ),
    (
        "IC-17",
        "all measures present in a measures dimension cube",
        "Add an observation for each of the structure's measures.",
        "obs1",
        """
      { SELECT ?obs1 ?numMeasures (COUNT(?obs2) AS ?count) WHERE {
          { SELECT ?dsd (COUNT(?m) AS ?numMeasures) WHERE {
              ?dsd qb:component/qb:componentProperty ?m .
              ?m a qb:MeasureProperty
            } GROUP BY ?dsd }
          ?obs1 qb:dataSet/qb:structure ?dsd ; qb:dataSet ?dataset ; qb:measureType ?m1 .
          ?obs2 qb:dataSet ?dataset ; qb:measureType ?m2 .
          FILTER NOT EXISTS {
            ?dsd qb:component/qb:componentProperty ?dim .
            FILTER (?dim != qb:measureType)
            ?dim a qb:DimensionProperty .
            ?obs1 ?dim ?v1 .
            ?obs2 ?dim ?v2 .
            FILTER (?v1 != ?v2)
          }
        } GROUP BY ?obs1 ?numMeasures HAVING (COUNT(?obs2) != ?numMeasures) }""",
    ),
    (
        "IC-18",
        "consistent data set links",
        "Give the slice's observation the slice's data set.",
        "obs",
        """
      ?dataset qb:slice ?slice .
      ?slice qb:observation ?obs .
      FILTER NOT EXISTS { ?obs qb:dataSet ?dataset }""",
    ),
    (
        "IC-19",
        "codes from the code list",
        "Use a code of the dimension's code list, or add the code to it (skos:inScheme, or skos:member).",
        "obs",
        """
      ?obs qb:dataSet/qb:structure/qb:component/qb:componentProperty ?dim .
      ?dim a qb:DimensionProperty ; qb:codeList ?list .
      ?obs ?dim ?v .
      { ?list a skos:ConceptScheme . FILTER NOT EXISTS { ?v a skos:Concept ; skos:inScheme ?list } }
      UNION
      { ?list a skos:Collection . FILTER NOT EXISTS { ?v a skos:Concept . ?list skos:member+ ?v } }""",
    ),
)

# The property that a constraint is about, where the query has it as a constant.
PATHS = {
    "IC-1": ox.NamedNode(PREFIXES["qb"] + "dataSet"),
    "IC-2": ox.NamedNode(PREFIXES["qb"] + "structure"),
    "IC-3": ox.NamedNode(PREFIXES["qb"] + "component"),
}

HIERARCHY_TITLE = "codes from the hierarchy"
HIERARCHY_HINT = "Use a code that is reached from a qb:hierarchyRoot of the dimension's code list."
HIERARCHIES = (
    ("IC-20", "?list qb:parentChildProperty ?p . FILTER (isIRI(?p))", "<{p}>*"),
    ("IC-21", "?list qb:parentChildProperty [ owl:inverseOf ?p ] . FILTER (isIRI(?p))", "(^<{p}>)*"),
)
HIERARCHY_BODY = """
      ?obs qb:dataSet/qb:structure/qb:component/qb:componentProperty ?dim .
      ?dim a qb:DimensionProperty ; qb:codeList ?list .
      ?list a qb:HierarchicalCodeList .
      ?obs ?dim ?v .
      FILTER NOT EXISTS {{ ?list qb:hierarchyRoot/{path} ?v }}"""

# Outside its own vocabulary: the properties that the queries name, what gives them further properties
# (a structure's components, a list's hierarchy, an observation's measure), and the classes that they ask for.
ASKED = (("rdfs", "range"), ("skos", "inScheme"), ("skos", "member"), ("owl", "inverseOf"))
NAMING = ("dimension", "measure", "attribute", "componentProperty", "measureType", "parentChildProperty")
PROPERTIES = ("DimensionProperty", "MeasureProperty", "AttributeProperty", "ComponentProperty")
CLASSES = ("Concept", "ConceptScheme", "Collection")

NAMES = ("IC-0", *(name for name, *_ in CONSTRAINTS), *(name for name, *_ in HIERARCHIES))


def normalized(triples: Iterable[ox.Quad | ox.Triple]) -> ox.Store:
    """A store that holds the triples in its default graph, in the specification's normal form."""
    store = ox.Store()
    store.extend(ox.Quad(triple.subject, triple.predicate, triple.object) for triple in triples)
    for update in NORMALIZATION:
        store.update(PROLOGUE + update)
    return store


def results(triples: Iterable[ox.Quad | ox.Triple]) -> list[Result]:
    """Every breach of an integrity constraint, one for each offender."""
    return list(breaches(Index.of(triples)))


def breaches(index: Index) -> Iterator[Result]:
    """The same of data that was indexed before."""
    yield from _ill_typed(index)
    store = normalized(relevant(index))
    for name, title, hint, offender, body in CONSTRAINTS:
        if name == "IC-12" and duplicates.are_excluded(store):
            continue
        yield from _breaches(store, name, title, hint, offender, body)
    for name, properties, path in HIERARCHIES:
        found = store.query(
            f"{PROLOGUE} SELECT DISTINCT ?p WHERE {{ ?list a qb:HierarchicalCodeList ; {properties[6:]} }}"
        )
        for solution in found:
            body = HIERARCHY_BODY.format(path=path.format(p=solution["p"].value))
            yield from _breaches(store, name, HIERARCHY_TITLE, HIERARCHY_HINT, "obs", body)


def relevant(index: Index) -> list[ox.Triple]:
    """The triples that normalization or a constraint can meet: most of a graph is of no cube.

    The constraints ask for the vocabulary's own properties and a few others by name, and beyond these only
    for what some structure, list or observation names as a property.
    """
    named = {index.number(ox.NamedNode(PREFIXES[prefix] + local)) for prefix, local in ASKED}
    named |= {of for of in index.by_property if index.texts[of].startswith(PREFIXES["qb"])}
    for local in NAMING:
        named.update(index.into(index.number(ox.NamedNode(PREFIXES["qb"] + local))))
    kind = index.into(index.number(TYPE))
    for local in PROPERTIES:
        named.update(kind.get(index.number(ox.NamedNode(PREFIXES["qb"] + local)), ()))
    named.update(index.into(index.number(ox.NamedNode(PREFIXES["owl"] + "inverseOf"))))
    classes = {index.number(ox.NamedNode(PREFIXES["skos"] + local)) for local in CLASSES}
    classes |= {of for of in kind if index.texts[of].startswith(PREFIXES["qb"])}
    found = [
        index.triple((subject, of, value))
        for of in named & index.by_property.keys()
        for subject, values in index.out(of).items()
        for value in values
    ]
    node = index.number(TYPE)
    return found + [index.triple((one, node, of)) for of in classes for one in kind.get(of, ())]


def _breaches(store, name, title, hint, offender, body) -> Iterator[Result]:
    solutions = store.query(f"{PROLOGUE} SELECT * WHERE {{ {body} }}")
    variables = [variable.value for variable in solutions.variables]
    for solution in solutions:
        path = next(
            (solution[key] for key in ("dim", "attr", "measure", "prop") if key in variables), PATHS.get(name)
        )
        value = next((solution[key] for key in ("v", "obs2", "omeasure") if key in variables), None)
        yield _result(name, title, hint, solution[offender], path, value)


def _result(name, title, hint, focus, path=None, value=None) -> Result:
    return Result(
        focus=focus,
        shape=f"{PREFIXES['cbpsh']}{name}",
        message=f"Data Cube {name}, {title}: {hint}",
        path=path if isinstance(path, ox.NamedNode) else None,
        value=value,
        rule=title,
    )


def _ill_typed(index: Index) -> Iterator[Result]:
    """IC-0, datatype consistency: every literal's lexical form is one of its datatype."""
    ill_typed = {
        node
        for node, (text, datatype) in enumerate(zip(index.texts, index.datatypes, strict=True))
        if datatype not in ("", STRING, LANG_STRING) and is_ill_typed(text, datatype)
    }
    for row in index.rows if ill_typed else ():
        if row[2] in ill_typed:
            subject, predicate, literal = (index.terms[node] for node in row)
            hint = "Write a lexical form that the datatype has."
            yield _result("IC-0", "datatype consistency", hint, subject, predicate, literal)
