"""Each constraint component that we check ourselves finds what pySHACL finds, at values of every kind.

One small graph has, for every kind of term, a thing with that value; each shape here is checked on it by both
validators. What we do not check ourselves is refused, and pySHACL is asked (at the end).
"""

import warnings
from collections import Counter

import pyoxigraph as ox
import pytest
from mutated import DATATYPES, SPELLINGS

from incsr.namespaces import GRAPH, PREFIXES
from incsr.validation import Index, accelerated, lexical, read, reference, shacl, validate
from incsr.validation.index import Unsupported

PROLOGUE = "".join(
    f"@prefix {prefix}: <{PREFIXES[prefix]}> .\n" for prefix in ("rdf", "rdfs", "owl", "sh", "xsd")
)
PROLOGUE += "@prefix ex: <http://example.org/> .\n"
VALUES = (
    "ex:iri", "ex:member", "ex:below", "<urn:x:long-name>", "[]", "[ a ex:Class ]", '"text"',
    '"a longer text"', '""', '"text"@en', '"Text"@en-GB', '"text"@de', '"text", "text"@en',
    '"a"@en, "b"@en, "c"@de', "5", '"05"^^xsd:integer', '"+5"^^xsd:integer', "-5", "0", "5.0",
    '"5."^^xsd:decimal', '"1e3"^^xsd:decimal', "5.5", "5e0", '"5e1"^^xsd:double', '"five"^^xsd:integer',
    '"5"^^xsd:nonNegativeInteger', '"-5"^^xsd:nonNegativeInteger', '"5"^^xsd:int', '"300"^^xsd:byte',
    '"2012-09-30"^^xsd:date', '"2012-02-30"^^xsd:date', '"2012-09-30Z"^^xsd:date',
    '"2012-09"^^xsd:gYearMonth', '"2012"^^xsd:gYear', '"2012-09-30T00:00:00"^^xsd:dateTime', "true",
    '"1"^^xsd:boolean', '"no"^^xsd:boolean', '"x y"^^xsd:anyURI', '"x"^^ex:own', "ex:iri, ex:member",
    "5, 5.0", "1, 2, 3, 4",
)  # fmt: skip
DATA = PROLOGUE + "ex:member a ex:Class . ex:below a ex:Lower . ex:Lower rdfs:subClassOf ex:Lowish .\n"
DATA += "ex:Lowish rdfs:subClassOf ex:Class , ex:Lower .\n"
for number, value in enumerate(VALUES):
    DATA += f"ex:t{number} a ex:Thing ; ex:p {value} .\n"
    DATA += f"ex:t{number} ex:q {VALUES[number]} .\n" if number % 3 and "[" not in value else ""
    other = VALUES[number - 1]
    DATA += f"ex:t{number} ex:r {other} .\n" if "[" not in other else ""
DATA += "ex:none a ex:Thing . ex:iri ex:p 1 , 2 ; ex:q ex:iri .\n"
DATA += "ex:more a ex:Thing ; ex:p ex:iri ; ex:q ex:iri , ex:member .\n"
DATA += "ex:t1 ex:part ex:t2 . ex:t2 ex:part ex:t3 , ex:t1 .\n"


def parsed(text):
    return list(ox.parse(text, format=ox.RdfFormat.TURTLE, rename_blank_nodes=True))


THINGS = parsed(DATA)


def found(validator, shapes, data=THINGS):
    """The results of a validator, each as often as it is told."""
    with warnings.catch_warnings(action="ignore"):
        return Counter(validator.results(data, shapes))


def on_values(constraint, path="ex:p", target="sh:targetClass ex:Thing"):
    return parsed(
        f"{PROLOGUE} ex:shape a sh:NodeShape ; {target} ; sh:property ex:property .\n"
        f'ex:property a sh:PropertyShape ; sh:path {path} ; sh:message "no"@en, "nein"@de ; {constraint} .\n'
    )


def on_things(constraint, target="sh:targetObjectsOf ex:p"):
    return parsed(f'{PROLOGUE} ex:shape {target} ; sh:name "it" ; sh:message "no" ; {constraint} .\n')


OF_VALUES = {
    "a class": "sh:class ex:Class",
    "two classes": "sh:class ex:Class , ex:Lower",
    **{f"the datatype {name}": f"sh:datatype xsd:{name}" for name in DATATYPES},
    "the datatype of text with a language": "sh:datatype rdf:langString",
    "a datatype of one's own": "sh:datatype ex:own",
    **{f"the kind {name}": f"sh:nodeKind sh:{name}" for name in (
        "IRI", "BlankNode", "Literal", "BlankNodeOrIRI", "BlankNodeOrLiteral", "IRIOrLiteral")},
    "at least two values": "sh:minCount 2",
    "at least no value, at most none": "sh:minCount 0 ; sh:maxCount 0",
    "at most one value": "sh:maxCount 1",
    "more than five": "sh:minExclusive 5",
    "five or more": "sh:minInclusive 5",
    "less than five": "sh:maxExclusive 5.0",
    "five or less": "sh:maxInclusive 5.0",
    "two bounds": "sh:minInclusive 1 , 5",
    "a bound that is a day": 'sh:minInclusive "2012-01-01"^^xsd:date',
    "a bound that is a double": "sh:maxInclusive 5e0",
    "a bound that is a text": 'sh:minExclusive "tex"',
    "three characters or more": "sh:minLength 3",
    "no character or more": "sh:minLength 0 ; sh:maxCount 0",
    "four characters or less": "sh:maxLength 4",
    "a pattern": 'sh:pattern "^[a-z]+$"',
    "two patterns": 'sh:pattern "e" , "x$"',
    "languages": 'sh:languageIn ( "EN" "fr" )',
    "any language": 'sh:languageIn ( "*" )',
    "each language once": "sh:uniqueLang true",
    "each language as often as you like": "sh:uniqueLang false ; sh:maxCount 3",
    "the same values": "sh:equals ex:q",
    "other values": "sh:disjoint ex:q , ex:r",
    "a list of values": 'sh:in ( ex:iri "text"@en 5 "" )',
    "a value": "sh:hasValue 5",
    "two values": "sh:hasValue ex:iri , ex:member",
    "one shape or another": "sh:or ( [ sh:class ex:Class ] [ sh:datatype xsd:integer ; sh:minInclusive 0 ] )",
    "two alternatives at once":
        "sh:or ( [ sh:nodeKind sh:IRI ] [ sh:minLength 3 ] ) , ( [ sh:maxLength 4 ] )",
    "one shape and another": "sh:and ( [ sh:nodeKind sh:Literal ] [ sh:maxLength 4 ] )",
    "exactly one shape": "sh:xone ( [ sh:nodeKind sh:Literal ] [ sh:maxLength 4 ] [ sh:maxLength 4 ] )",
    "not a shape": "sh:not [ sh:class ex:Class ] , [ sh:pattern '^t' ]",
    "a node shape":
        "sh:node [ sh:nodeKind sh:IRI ; sh:property [ sh:path ex:p ; sh:minCount 1 ; sh:message 'x' ] ]",
    "two node shapes": "sh:node [ sh:nodeKind sh:IRI ] , [ sh:class ex:Class ]",
    "a property of the values":
        "sh:minCount 1 ; sh:property [ sh:path ex:q ; sh:minCount 1 ; sh:message 'deep' ]",
    "some values of a shape": "sh:qualifiedValueShape [ sh:nodeKind sh:IRI ] ; sh:qualifiedMinCount 1",
    "few values of a shape":
        "sh:qualifiedValueShape [ sh:nodeKind sh:Literal ] ; sh:qualifiedMinCount 1 ; sh:qualifiedMaxCount 2",
    "a warning": "sh:severity sh:Warning ; sh:class ex:Class ; sh:name 'warned'@en",
    "an information": "sh:severity sh:Info ; sh:minCount 2",
}  # fmt: skip


@pytest.mark.parametrize("constraint", OF_VALUES.values(), ids=OF_VALUES)
def test_a_constraint_of_values_finds_what_the_reference_finds(constraint):
    shapes = on_values(constraint)

    ours = found(accelerated, shapes)

    assert ours == found(shacl, shapes)
    assert ours


ORDERED = {
    "numbers": ("1, 2, 3", "2, 2.5"),
    "texts": ('"b", "a"@en, ex:iri', '"b", "http://example.org/j"'),
    "days": (
        '"2012-09-30"^^xsd:date, "2013-09-30"^^xsd:date',
        '"2012-09-30"^^xsd:date, "2013-01-01"^^xsd:date',
    ),
    "a number and a text": ("5", '"6"'),
    "numbers of several types": ('5.0, 5.5e0, "5"^^xsd:int', "5, 6"),
}


@pytest.mark.parametrize("component", ["lessThan", "lessThanOrEquals"])
@pytest.mark.parametrize("pair", ORDERED.values(), ids=ORDERED)
def test_an_order_of_two_properties_is_the_references(component, pair):
    data = parsed(f"{PROLOGUE} ex:a a ex:Thing ; ex:p {pair[0]} ; ex:q {pair[1]} .")
    shapes = on_values(f"sh:{component} ex:q")

    ours = found(accelerated, shapes, data)

    assert ours == found(shacl, shapes, data)
    assert ours


PATHS = {
    "an inverse path": ("[ sh:inversePath ex:p ]", "sh:targetObjectsOf ex:p"),
    "an alternative path": ("[ sh:alternativePath ( ex:p ex:q ex:r ) ]", "sh:targetClass ex:Thing"),
    "subjects of a property": ("ex:q", "sh:targetSubjectsOf ex:p , ex:r"),
    "nodes by name": ("ex:q", "sh:targetNode ex:iri , ex:nowhere , 5"),
    "several targets": ("ex:r", "sh:targetNode ex:iri ; sh:targetClass ex:Class ; sh:targetObjectsOf ex:q"),
}


@pytest.mark.parametrize("place", PATHS.values(), ids=PATHS)
def test_targets_and_paths_lead_where_the_reference_looks(place):
    path, target = place
    shapes = on_values("sh:minCount 2 ; sh:maxCount 3 ; sh:nodeKind sh:IRI", path, target)

    ours = found(accelerated, shapes)

    assert ours == found(shacl, shapes)
    assert ours


OF_THINGS = {
    "a class": "sh:class ex:Class",
    "a kind": "sh:nodeKind sh:IRI",
    "a list": 'sh:in ( ex:iri "text"@en 5 )',
    "a value": "sh:hasValue ex:iri",
    "a pattern": 'sh:pattern "t"',
    "the same value": "sh:equals ex:q",
    "another value": "sh:disjoint ex:q",
    "a shape or another": "sh:or ( [ sh:class ex:Class ] [ sh:property [ sh:path ex:p ; sh:minCount 1 ] ] )",
}


@pytest.mark.parametrize("constraint", OF_THINGS.values(), ids=OF_THINGS)
def test_a_constraint_of_the_thing_itself_finds_what_the_reference_finds(constraint):
    shapes = on_things(constraint)

    ours = found(accelerated, shapes)

    assert ours == found(shacl, shapes)
    assert ours


def test_a_property_shape_may_have_targets_of_its_own_and_be_shared():
    shapes = parsed(
        f"""{PROLOGUE} ex:one sh:targetClass ex:Thing ; sh:property ex:shared .
        ex:other sh:targetClass ex:Thing ; sh:property ex:shared .
        ex:shared a sh:PropertyShape ; sh:targetNode ex:none ;
            sh:path ex:p ; sh:minCount 1 ; sh:message "no" ."""
    )

    ours = found(accelerated, shapes)

    assert ours == found(shacl, shapes)
    assert set(ours.values()) == {3}


# ── SPARQL constraints ──

DECLARED = """ex:prefixes a owl:Ontology ; sh:declare
    [ sh:prefix "ex" ; sh:namespace "http://example.org/"^^xsd:anyURI ] ,
    [ sh:prefix "xsd" ; sh:namespace "http://www.w3.org/2001/XMLSchema#" ] .
"""


def of_query(query, target="sh:targetClass ex:Thing", message="{?value} is at {$this} by {?path}, {?more}"):
    return parsed(
        f"{PROLOGUE} {DECLARED} ex:shape a sh:NodeShape ; {target} ; sh:sparql ex:constraint .\n"
        f'ex:constraint a sh:SPARQLConstraint ; sh:name "c" ; sh:prefixes ex:prefixes ;'
        f' sh:message "{message}"@en ; sh:select """{query}""" .\n'
    )


SELECT = "SELECT $this (ex:p AS ?path) ?value WHERE { $this ex:p ?value ."
NUMBERS = "$this ex:n ?n ; ex:m ?m ."
QUERIES = {
    "values": SELECT + "}",
    "no value": "SELECT $this WHERE { $this ex:q ?other }",
    "a path that is found":
        "SELECT $this ?path ?value WHERE { $this ?path ?value . FILTER (?path IN (ex:p, ex:r)) }",
    "a path that is left out":
        "SELECT $this ?path ?value WHERE { $this ?path ?value . FILTER (?path NOT IN (ex:p)) }",
    "a distinct solution": "SELECT DISTINCT $this ?value WHERE { $this ex:p ?value ; ex:q ?value }",
    "a value that two share": SELECT + " ?more ex:q ?value . FILTER (?more != $this) }",
    "a constant": "SELECT $this WHERE { $this ex:p ex:iri }",
    "a reach": "SELECT $this ?value WHERE { $this ex:part+ ?value }",
    "a circle": "SELECT $this WHERE { $this ex:part+ $this }",
    "what exists": SELECT + " FILTER EXISTS { $this ex:q ?value } }",
    "what does not exist":
        SELECT + " FILTER NOT EXISTS { ?any ex:q ?other . FILTER (STR(?other) = STR(?value)) } }",
    "what may be":
        "SELECT $this ?value ?more WHERE { $this ex:p ?value OPTIONAL { $this ex:q ?more . ?more a ?kind } }",
    "what may be nowhere":
        "SELECT $this ?m WHERE { $this a ex:Thing OPTIONAL { $this ex:nothing ?m } FILTER (!BOUND(?m)) }",
    "a computed value": "SELECT $this (STR(?v) AS ?value) (STRLEN(STR(?v)) AS ?more) WHERE { $this ex:p ?v }",
    "a binding": "SELECT $this ?value WHERE { $this ex:p ?v . BIND (CONCAT(STR(?v), '.') AS ?value) }",
    "a binding that fails":
        "SELECT $this ?value WHERE { $this ex:p ?v . BIND (xsd:integer(STR(?v)) AS ?value) }",
    "everything for a variable": "SELECT $this ?value WHERE { $this ex:p ?value . ?a ex:part ?b }",
}  # fmt: skip
FILTERS = (
    "?value = 5", "?value != 5", "?value > 4", "?value <= 5.0", "?value = 'text'", "?value < 'texu'",
    "?value = ex:iri", "?value != ?value", "?value >= ?value", "STRLEN(STR(?value)) > 4",
    "STRENDS(STR(?value), 't')", "!(?value = 5)", "STRSTARTS(STR(?value), 'te')",
    "CONTAINS(STR(?value), '5')", "LCASE(STR(?value)) = 'text'", "BOUND(?value)",
    "REGEX(STR(?value), '^T', 'i')", "REPLACE(STR(?value), '(t|e)', '$1$1', 'i') = 'tteext'",
    "REPLACE(STR(?value), 't', 's') = 'sexs'", "STRAFTER(STR(?value), 't') = 'ext'",
    "STRAFTER(STR(?value), '~') = ''", "SUBSTR(STR(?value), 2) = 'ext'", "SUBSTR(STR(?value), 2, 2) = 'ex'",
    "SUBSTR(STR(?value), 0 - 1, 2) = ''", "xsd:integer(STR(?value)) + 1 = 6",
    "xsd:integer(STR(?value)) > 1 || STR(?value) = 'text'",
    "xsd:integer(STR(?value)) > 1 && STR(?value) = '5'",
    "STR(?value) = '5' && xsd:integer(STR(?value)) > 1", "COALESCE(xsd:integer(STR(?value)), 0) = 0",
    "COALESCE(?nothing, STR(?value)) = 'text'", "CONCAT('a', STR(?value)) > 'at'", "?nothing = 1",
    "STRLEN(?value) = 4", "STR(xsd:integer(STR(?value)) - 1) = '4'",
)  # fmt: skip
SUMS = ("?n + ?m = 5", "?n - ?m != 3", "?n * ?m = 4", "?n / ?m > 1", "FLOOR(?n / ?m) * ?m != ?n",
        "?n / (?m - ?m) = 1", "?n - ?m - 1 = 2", "?n / ?m * ?m = ?n")  # fmt: skip
NUMBERED = parsed(
    PROLOGUE
    + "".join(
        f"ex:n{i} a ex:Thing ; ex:n {n} ; ex:m {m} .\n"
        for i, (n, m) in enumerate(
            [(4, 1), ("4.0", 1), (1, 3), ("10.5", "0.5"), ('"x"', 1), ("ex:x", 2),
             ('"7"^^xsd:int', '"2"^^xsd:long'), (351500000, 100000), (-7, 2), ("0.0", 0), ('"4"@en', 1)])
    )
)  # fmt: skip


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_query_finds_what_the_reference_finds(query):
    shapes = of_query(query)

    ours = found(accelerated, shapes)

    assert ours == found(shacl, shapes)
    assert ours


@pytest.mark.parametrize("condition", FILTERS)
def test_a_filter_holds_where_the_reference_holds_it(condition):
    # Text with a language is left to the reference in functions of text.
    data = [quad for quad in THINGS if not (isinstance(quad.object, ox.Literal) and quad.object.language)]
    shapes = of_query(f"{SELECT} FILTER ({condition}) }}")

    assert found(accelerated, shapes, data) == found(shacl, shapes, data)


def test_the_filters_hold_of_some_values_and_not_of_others():
    data = [quad for quad in THINGS if not (isinstance(quad.object, ox.Literal) and quad.object.language)]
    counts = [len(found(accelerated, of_query(f"{SELECT} FILTER ({one}) }}"), data)) for one in FILTERS]

    assert sum(0 < count < 40 for count in counts) > len(FILTERS) * 0.8


@pytest.mark.parametrize("condition", SUMS)
def test_a_sum_comes_to_what_the_reference_reckons(condition):
    shapes = of_query(f"SELECT $this WHERE {{ {NUMBERS} FILTER ({condition}) }}")

    assert found(accelerated, shapes, NUMBERED) == found(shacl, shapes, NUMBERED)


def test_an_ill_typed_number_is_multiplied_as_the_reference_does():
    data = parsed(
        f"""{PROLOGUE} ex:a a ex:Thing ; ex:n "1,290"^^xsd:integer ; ex:m 10 .
        ex:b a ex:Thing ; ex:n "12.50"^^xsd:integer ; ex:m 10 ."""
    )
    shapes = of_query(f"SELECT $this WHERE {{ {NUMBERS} FILTER (FLOOR(?n / ?m) * ?m < 11) }}")

    ours = found(accelerated, shapes, data)

    assert ours == found(shacl, shapes, data)
    assert [result.focus.value for result in ours] == ["http://example.org/b"]


def test_a_message_is_filled_in_as_the_reference_does():
    shapes = of_query(QUERIES["what may be"], message="{?more}{$value}{?value} and {?this}, not {?nothing}")

    ours = found(accelerated, shapes)

    assert ours == found(shacl, shapes)
    assert any(" and http://example.org/t1, not {?nothing}" in result.message for result in ours)


# ── Literals ──


@pytest.mark.parametrize("datatype", [*DATATYPES, "hexBinary", "unknown"])
def test_a_literal_is_judged_as_rdflib_judges_it(datatype):
    iri = PREFIXES["xsd"] + datatype
    texts = [
        *SPELLINGS,
        "5",
        "0",
        "-0",
        "+0",
        "00",
        "1.",
        ".5",
        "-.5",
        "2147483648",
        "0000-01-01",
        "2012-9-1",
        "٣",
        "1" * 4500,
    ]

    with warnings.catch_warnings(action="ignore"):
        twins = {text: lexical.twin(text, iri) for text in texts}

    assert [lexical.is_ill_typed(text, iri) for text in texts] == [twins[t].ill_typed is True for t in texts]
    for text in texts:
        number = lexical.number(text, iri)
        assert number is None or (number == twins[text].value and type(number) is type(twins[text].value))


# ── What is left to the reference ──

LEFT = {
    "sh:closed": on_things("sh:closed true"),
    "sh:deactivated": on_things("sh:deactivated true ; sh:class ex:Class"),
    "sh:flags": on_values('sh:pattern "A" ; sh:flags "i"'),
    "sh:zeroOrMorePath": on_values("sh:minCount 1", path="[ sh:zeroOrMorePath ex:p ]"),
    "a path other than": on_values("sh:minCount 1", path="( ex:p ex:q )"),
    "sh:qualifiedValueShapesDisjoint": on_values(
        "sh:qualifiedValueShape [ sh:class ex:A ] ; sh:qualifiedMinCount 1 ;"
        "sh:qualifiedValueShapesDisjoint true"
    ),
    "without sh:message": parsed(f"{PROLOGUE} ex:shape sh:targetClass ex:Thing ; sh:class ex:Class ."),
    "a type of its own": on_things("a ex:Own ; sh:class ex:Class"),
    "in a circle": on_values("sh:node ex:again").copy()
    + parsed(f"{PROLOGUE} ex:again sh:property [ sh:path ex:part ; sh:node ex:again ; sh:message 'x' ] ."),
    "a constraint component": on_values("sh:minCount 1")
    + parsed(f"{PROLOGUE} ex:Mine a sh:ConstraintComponent ; sh:parameter [ sh:path ex:mine ] ."),
    r"in a query: .\[ a ex:Class": of_query("SELECT $this WHERE { $this ex:p [ a ex:Class ] }"),
    r"in a query: .\{. where a term is read": of_query(
        "SELECT $this WHERE { { $this ex:p 5 } UNION { $this ex:q 5 } }"
    ),
    "text with a language": of_query("SELECT $this WHERE { $this ex:p ?v . FILTER (STRLEN(?v) > 1) }"),
    "arithmetic with": of_query("SELECT $this WHERE { $this ex:p ?v . FILTER (?v + 1 > 1) }"),
    "a backslash": of_query(
        "SELECT $this (CONCAT(STR(?v), '\\\\\\\\') AS ?value) WHERE { $this ex:part ?v }"
    ),
}  # fmt: skip


@pytest.mark.parametrize("reason", LEFT)
def test_what_is_not_checked_here_is_refused_with_its_reason(reason):
    with pytest.raises(Unsupported, match=reason):
        accelerated.results(THINGS, LEFT[reason])


@pytest.mark.parametrize("reason", ["sh:closed", "sh:flags", "a path other than", "text with a language"])
def test_what_is_refused_is_validated_by_the_reference_which_the_report_says(reason):
    graphs = {GRAPH + "context": [ox.Quad(*quad.triple, ox.NamedNode(GRAPH + "context")) for quad in THINGS]}

    with warnings.catch_warnings(action="ignore"):
        report = validate(graphs, LEFT[reason], {})
        asked = validate(graphs, LEFT[reason], {}, reference)

    assert reason in report.fallback
    assert not asked.fallback
    assert report.results == asked.results
    assert report.violations


def test_shapes_that_were_read_once_serve_for_other_data():
    shapes = read(on_values("sh:minCount 1"))

    first = accelerated.check(Index.of(THINGS), shapes)
    other = accelerated.check(Index.of(parsed(f"{PROLOGUE} ex:a a ex:Thing . ex:b a ex:Thing .")), shapes)

    assert [len(first), len(other)] == [1, 2]
