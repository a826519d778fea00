"""What `incsr validate` and the function behind it promise: places, labels, what to write, exit codes.

That each shape catches its defect is tests/test_shapes.py; here each of the Data Cube's integrity constraints
is seen to fail once, and the report is held to its three formats.
"""

import functools
import json
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest

from incsr import cli, sources
from incsr.namespaces import GRAPH, PREFIXES
from incsr.validation import company, cube, data_triples, report, shacl, validate
from incsr.validation.locate import Locator, owners, positions
from incsr.validation.membership import FROM_THE_PAGE, membership

SHAPES = Path(__file__).parent / "shapes"
PROLOGUE = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
CUBE = """@prefix ex: <http://example.org/> .
ex:set a qb:DataSet ; qb:structure ex:structure .
ex:structure a qb:DataStructureDefinition ; qb:component ex:of , [ qb:measure ex:value ] .
ex:of qb:dimension ex:about .
ex:about a qb:DimensionProperty ; rdfs:range ex:Thing .
ex:one qb:dataSet ex:set ; ex:about ex:a ; ex:value 1 .
"""


def parsed(text):
    return list(ox.parse(PROLOGUE + text, format=ox.RdfFormat.TURTLE, rename_blank_nodes=True))


def breaches(text):
    return {result.shape.split("#")[1] for result in cube.results(parsed(text))}


def described(text, thing):
    return [
        result for result in cube.results(parsed(text)) if result.focus.value == f"http://example.org/{thing}"
    ]


# ── The Data Cube's integrity constraints ──

SLICED = (
    CUBE.replace("qb:component ex:of", "qb:sliceKey ex:key ; qb:component ex:of")
    + """
ex:key a qb:SliceKey ; qb:componentProperty ex:about .
ex:set qb:slice ex:slice .
ex:slice qb:sliceStructure ex:key ; ex:about ex:a ; qb:observation ex:one .
"""
)
CODED = CUBE.replace("rdfs:range ex:Thing", "rdfs:range skos:Concept ; qb:codeList ex:list")
LISTED = CODED + "ex:list a skos:ConceptScheme . ex:a a skos:Concept ; skos:inScheme ex:list ."
COLLECTED = CODED + "ex:list a skos:Collection ; skos:member ex:a . ex:a a skos:Concept ."
TREE = (
    CODED
    + """ex:a a skos:Concept .
ex:list a qb:HierarchicalCodeList ; qb:hierarchyRoot ex:root ; qb:parentChildProperty ex:child .
ex:root ex:child ex:a ."""
)
INVERSE_TREE = (
    CODED
    + """ex:a a skos:Concept ; ex:parent ex:root .
ex:list a qb:HierarchicalCodeList ; qb:hierarchyRoot ex:root ;
    qb:parentChildProperty [ owl:inverseOf ex:parent ] ."""
)
MEASURED = """@prefix ex: <http://example.org/> .
ex:set a qb:DataSet ; qb:structure ex:structure .
ex:structure a qb:DataStructureDefinition ; qb:component
    [ qb:dimension ex:about ] , [ qb:dimension qb:measureType ] ,
    [ qb:measure ex:weight ] , [ qb:measure ex:worth ] .
ex:about rdfs:range ex:Thing . qb:measureType rdfs:range qb:MeasureProperty .
ex:one qb:dataSet ex:set ; ex:about ex:a ; qb:measureType ex:weight ; ex:weight 1 .
ex:two qb:dataSet ex:set ; ex:about ex:a ; qb:measureType ex:worth ; ex:worth 2 .
"""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(CUBE, id="a cube"),
        pytest.param(SLICED, id="a sliced cube"),
        pytest.param(LISTED, id="a cube with a concept scheme"),
        pytest.param(COLLECTED, id="a cube with a collection"),
        pytest.param(TREE, id="a cube with a hierarchy"),
        pytest.param(INVERSE_TREE, id="a cube with a hierarchy by the inverse property"),
        pytest.param(MEASURED, id="a cube with a measure dimension"),
    ],
)
def test_a_well_formed_cube_breaks_no_constraint(text):
    assert breaches(text) == set()


BREACHES = {
    "IC-0": (CUBE.replace("ex:value 1", 'ex:value "one"^^xsd:integer'), "one"),
    "IC-1": (CUBE + "ex:more a qb:DataSet ; qb:structure ex:structure . ex:one qb:dataSet ex:more .", "one"),
    "IC-2": (CUBE + "ex:bare a qb:DataSet .", "bare"),
    "IC-3": (CUBE + "ex:idle a qb:DataStructureDefinition ; qb:component ex:of .", "idle"),
    "IC-4": (CUBE.replace(" ; rdfs:range ex:Thing", ""), "about"),
    "IC-5": (CUBE.replace("ex:Thing", "skos:Concept"), "about"),
    "IC-6": (CUBE.replace("qb:dimension", "qb:componentRequired false ; qb:dimension"), "about"),
    "IC-7": (CUBE + "ex:stray a qb:SliceKey ; qb:componentProperty ex:about .", "stray"),
    "IC-8": (SLICED.replace("ex:key a qb:SliceKey ;", "ex:key a qb:SliceKey ; qb:componentProperty ex:more ;")
             .replace("ex:a ; qb:observation", "ex:a ; ex:more ex:b ; qb:observation"), "key"),
    "IC-9": (SLICED + "ex:structure qb:sliceKey ex:second . ex:second a qb:SliceKey .\n"
             "ex:slice qb:sliceStructure ex:second .", "slice"),
    "IC-10": (SLICED.replace("ex:about ex:a ; qb:observation", "qb:observation"), "slice"),
    "IC-11": (CUBE.replace("ex:about ex:a ; ", ""), "one"),
    "IC-12": (CUBE + "ex:two qb:dataSet ex:set ; ex:about ex:a ; ex:value 2 .", "two"),
    "IC-13": (CUBE + "ex:structure qb:component [ qb:attribute ex:in ; qb:componentRequired true ] .", "one"),
    "IC-14": (CUBE.replace(" ; ex:value 1", ""), "one"),
    "IC-15": (MEASURED.replace(" ; ex:weight 1", ""), "one"),
    "IC-16": (MEASURED.replace("ex:weight 1", "ex:weight 1 ; ex:worth 3"), "one"),
    "IC-17": (MEASURED + "ex:three qb:dataSet ex:set ; ex:about ex:b ;\n"
              "    qb:measureType ex:weight ; ex:weight 1 .", "three"),
    "IC-18": (SLICED.replace("qb:observation ex:one", "qb:observation ex:one , ex:far")
              + "ex:far qb:dataSet ex:remote ; ex:about ex:b ; ex:value 2 .\n"
              "ex:remote a qb:DataSet ; qb:structure ex:structure .", "far"),
    "IC-19": (LISTED.replace(" ; skos:inScheme ex:list", ""), "one"),
    "IC-20": (TREE.replace("ex:root ex:child ex:a", "ex:root ex:child ex:b"), "one"),
    "IC-21": (INVERSE_TREE.replace("ex:parent ex:root", "ex:parent ex:elsewhere"), "one"),
}  # fmt: skip


@pytest.mark.parametrize("name", BREACHES)
def test_an_integrity_constraint_fails_on_its_breach_and_names_the_offender(name):
    text, offender = BREACHES[name]

    assert breaches(text) == {name}
    assert described(text, offender)


def test_every_integrity_constraint_was_seen_to_fail():
    assert set(BREACHES) == set(cube.NAMES)


def test_a_code_outside_a_collection_breaks_the_code_list_too():
    assert breaches(COLLECTED.replace("skos:member ex:a", "skos:member ex:b")) == {"IC-19"}


def test_constraints_would_pass_vacuously_without_normalization():
    store = ox.Store()
    text, _ = BREACHES["IC-11"]
    store.extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in parsed(text))
    body = next(body for name, *_, body in cube.CONSTRAINTS if name == "IC-11")

    before = list(store.query(f"{cube.PROLOGUE} SELECT * WHERE {{ {body} }}"))
    after = list(cube.normalized(parsed(text)).query(f"{cube.PROLOGUE} SELECT * WHERE {{ {body} }}"))

    assert before == []
    assert len(after) == 1


# ── What SHACL is told beyond the union ──


def told(text, graph="incsr2014"):
    name = GRAPH + graph
    quads = [ox.Quad(*quad.triple, ox.NamedNode(name)) for quad in parsed(text)]
    found = membership({name: quads}, {})
    return {(t.subject.value.split("/")[-1], t.predicate.value.split("#")[-1]): t.object for t in found}


UNIT = 'orgunit:x a cbp:Unit ; skos:prefLabel "x"@en ; org:subOrganizationOf agency:cbp .'


def test_the_report_graph_is_told_to_state_its_things_names_and_relations():
    facts = told(UNIT)

    assert facts[("x", "type")] == FROM_THE_PAGE
    assert facts[("x", "reportLabel")] == ox.Literal("x", language="en")
    assert ("x", "reportRelation") in facts
    assert facts[("x", "statedIn")] == ox.NamedNode(GRAPH + "incsr2014")


def test_another_graph_states_a_thing_without_its_being_from_the_page():
    facts = told(UNIT, "links")

    assert ("x", "statedIn") in facts
    assert not {("x", "type"), ("x", "reportLabel"), ("x", "reportRelation")} & set(facts)


# ── Places ──


def test_positions_give_the_line_of_each_triple_of_a_thing():
    text = r'''@prefix a: <http://a/> . # a:not a:this a:time
a:one a:label """two
lines""" , """three
long
ones""" ;
   a:list ( a:x [ a:deep 4 ] ) ;

   a:last <http://a/y#z> .
PREFIX b: <http://b/>
b:c\/d a b:E .
'''

    found = {(s, p.removeprefix("http://a/"), o): line for s, p, o, _, _, line in positions(text)}

    one = "http://a/one"
    assert found[(one, "label", "two\nlines")] == 2
    assert found[(one, "label", "three\nlong\nones")] == 3
    assert found[(one, "deep", "4")] == 6
    assert found[(one, "last", "http://a/y#z")] == 8
    assert found[("http://b/c/d", PREFIXES["rdf"] + "type", "http://b/E")] == 10


def test_every_thing_of_the_published_turtle_has_a_line():
    locator = Locator([path for source in sources.published() for path in source.paths])

    without = {
        quad.subject.value
        for quads in sources.graphs().values()
        for quad in quads
        if isinstance(quad.subject, ox.NamedNode) and locator.place(quad.subject.value) is None
    }

    assert without == set()


def test_a_blank_node_is_owned_by_the_thing_around_it():
    quads = parsed("orgunit:x adms:identifier [ skos:note [ skos:note 1 ] ] .")

    assert set(owners(quads).values()) == {(PREFIXES["orgunit"] + "x", PREFIXES["adms"] + "identifier")}


# ── Files in the company of the published graphs ──


@functools.cache
def published():
    return sources.graphs()


def joined(text, graph=None):
    return company.join(published(), [(None, parsed(text))], graph)


def test_a_things_new_description_takes_the_place_of_the_published_one():
    found = joined("orgunit:p-3-air-wing a cbp:Unit .")

    about = [
        q
        for q in found.graphs[GRAPH + "incsr2014"]
        if q.subject.value == PREFIXES["orgunit"] + "p-3-air-wing"
    ]
    assert len(about) == 1
    assert found.subjects == {ox.NamedNode(PREFIXES["orgunit"] + "p-3-air-wing")}


@pytest.mark.parametrize(
    ("text", "graph"),
    [
        pytest.param(
            "<https://w3id.org/incsr/source/x.txt#char=1,2> oa:hasSource [] .", "passages", id="a passage"
        ),
        pytest.param("cbp:x a owl:Class .", "ontology", id="a term"),
        pytest.param("cbpsh:x a sh:NodeShape .", "shapes", id="a shape"),
        pytest.param("measurement:x cbp:formula '1 + 1' .", "derived", id="a computed figure"),
        pytest.param(
            "measurement:x prov:hadPrimarySource <http://x/> .", "context", id="another source's figure"
        ),
        pytest.param("agency:cbp owl:sameAs <http://x/> .", "links", id="a link"),
        pytest.param("city:lima cbp:locatedIn country:HN .", "links", id="a city's country"),
        pytest.param("orgunit:x a cbp:Unit .", "incsr2014", id="anything else"),
    ],
)
def test_a_things_graph_is_the_one_it_belongs_to(text, graph):
    after = joined(text).graphs

    grown = {name for name in after if set(after[name]) - set(published().get(name, ()))}
    assert grown == {GRAPH + graph}


def test_the_graph_that_is_named_wins():
    found = joined("orgunit:x a cbp:Unit .", GRAPH + "context").graphs[GRAPH + "context"]

    assert any(quad.subject.value.endswith("unit/x") for quad in found)


def test_a_file_that_describes_the_report_takes_the_whole_graphs_place():
    found = joined("report:2014-cbp a cbp:Report . orgunit:x a cbp:Unit .")

    assert len(found.graphs[GRAPH + "incsr2014"]) == 2


# ── The report ──

DEFECT = report.Result(
    focus=ox.NamedNode(PREFIXES["orgunit"] + "x"),
    shape=PREFIXES["cbpsh"] + "Unit-type",
    message="Type a unit so.",
    path=ox.NamedNode(PREFIXES["rdf"] + "type"),
    component=PREFIXES["sh"] + "HasValueConstraintComponent",
)
WARNING = report.Result(focus=DEFECT.focus, shape=DEFECT.shape, message="Perhaps.", severity="Warning")


def test_a_report_lists_each_result_once_and_violations_first():
    found = report.Report.of([WARNING, DEFECT, DEFECT])

    assert found.results == (DEFECT, WARNING)
    assert (found.violations, found.warnings) == ((DEFECT,), (WARNING,))
    assert not found.conforms


def test_a_report_in_turtle_is_a_validation_report_of_shacl():
    store = ox.Store()
    store.load(report.turtle(report.Report.of([DEFECT])), format=ox.RdfFormat.TURTLE)

    rows = list(store.query(
        "PREFIX sh: <http://www.w3.org/ns/shacl#> SELECT * WHERE {"
        "?r a sh:ValidationReport ; sh:conforms ?conforms ; sh:result ?result . "
        "?result a sh:ValidationResult ; sh:sourceShape ?shape ; sh:focusNode ?focus ;"
        "sh:resultPath ?path ; sh:resultSeverity ?severity }"
    ))  # fmt: skip

    assert len(rows) == 1
    assert rows[0]["conforms"].value == "false"
    assert rows[0]["shape"].value == DEFECT.shape
    assert rows[0]["focus"] == DEFECT.focus


def test_shapes_that_cannot_be_used_are_an_error_and_no_pass():
    broken = parsed(
        "cbpsh:x a sh:NodeShape ; sh:targetClass cbp:Unit ; sh:sparql [ sh:select 'SELECT nonsense' ] ."
    )
    data = [quad.triple for quad in parsed("orgunit:x a cbp:Unit .")]

    with pytest.raises(shacl.ValidationError):
        list(shacl.results(data, broken))


def test_another_validator_may_stand_in_for_the_reference():
    found = validate({GRAPH + "incsr2014": []}, [], {}, shacl=lambda data, shapes: [DEFECT])

    assert found.results == (DEFECT,)


def test_the_published_data_is_the_union_as_a_set():
    graphs = sources.graphs()

    triples = data_triples(graphs, {})

    assert len(triples) == len(set(triples))


def test_what_a_shape_has_told_is_not_told_again_by_a_constraint_of_the_cube():
    text, _ = BREACHES["IC-11"]
    graphs = {GRAPH + "incsr2014": parsed(text)}
    one, about = ox.NamedNode("http://example.org/one"), ox.NamedNode("http://example.org/about")
    by_shape = report.Result(focus=one, path=about, shape=PREFIXES["cbpsh"] + "X", message="Say of what.")

    alone = validate(graphs, [], {}, shacl=lambda data, shapes: [])
    beside = validate(graphs, [], {}, shacl=lambda data, shapes: [by_shape])

    assert [result.shape for result in alone.results] == [PREFIXES["cbpsh"] + "IC-11"]
    assert beside.results == (by_shape,)


# ── The command ──


@pytest.fixture
def small(monkeypatch):
    """Let the valid file stand for what is published: a run then takes a fraction of the time."""
    few = {GRAPH + name: published()[GRAPH + name] for name in ("ontology", "shapes")}
    graphs = company.join(few, [(None, sources.quads_of_file(SHAPES / "valid.ttl"))]).graphs
    monkeypatch.setattr(sources, "graphs", lambda _sources=None: graphs)


def run(capsys, *arguments):
    code = cli.main(["validate", *map(str, arguments)])
    return code, capsys.readouterr()


def test_a_violation_is_told_with_file_line_label_fault_and_remedy_and_exits_1(small, capsys):
    path = SHAPES / "measurement-value-in-quotes.ttl"
    line = next(
        n for n, text in enumerate(path.read_text().splitlines(), 1) if "sdmx-measure:obsValue" in text
    )

    code, output = run(capsys, path)

    assert code == 1
    assert (
        f"measurement-value-in-quotes.ttl:{line}: violation: measurement:defect-measurement-value-in-quotes"
        in output.out
    )
    assert "“290 watercraft”" in output.out
    assert 'found: sdmx-measure:obsValue "1,290"' in output.out
    assert "write: State one number with sdmx-measure:obsValue" in output.out
    assert output.err == ""


def test_a_warning_is_shown_and_explained_and_exits_0(small, capsys):
    code, output = run(capsys, SHAPES / "measurement-quotation-too-long.ttl")

    assert code == 0
    assert ": warning: measurement:" in output.out and "write: The quotation is longer" in output.out
    assert "0 violations, 1 warning " in output.out


def test_json_says_the_same_for_programs(small, capsys):
    code, output = run(capsys, SHAPES / "figure-without-qualifier.ttl", "--format", "json")

    told = json.loads(output.out)
    assert code == 1
    assert (told["conforms"], told["violations"], told["warnings"]) == (False, 1, 0)
    assert told["results"][0]["sourceShape"] == PREFIXES["cbpsh"] + "Figure-qualifier"
    assert told["results"][0]["label"] == "290 watercraft"
    assert (
        told["results"][0]["file"].endswith("figure-without-qualifier.ttl") and told["results"][0]["line"] > 1
    )


def test_the_published_graphs_conform_without_a_warning_and_exit_0(capsys):
    code, output = run(capsys)

    assert output.out.startswith("conforms: 0 violations, 0 warnings in ")
    assert code == 0


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_reference_gives_the_same_report(small, capsys, form):
    arguments = [SHAPES / "measurement-twice-with-one-key.ttl", "--format", form]

    ours, theirs = run(capsys, *arguments), run(capsys, *arguments, "--reference")

    assert ours == theirs
    assert ours[0] == 1


def test_a_shape_that_only_pyshacl_can_judge_is_judged_by_it_and_told_so(small, capsys, tmp_path):
    path = tmp_path / "closed.ttl"
    path.write_text(
        PROLOGUE
        + """cbpsh:OnlyTyped a sh:NodeShape ; sh:targetNode cbp:Exactly ; sh:closed true ;
            sh:message "Say nothing more of it." . cbp:Exactly a cbp:Qualifier ; rdfs:label "exactly"@en ."""
    )

    code, output = run(capsys, path)

    assert code == 1
    assert output.err == "pySHACL checked the shapes, which takes longer, because of sh:closed\n"
    assert "rule:  cbpsh:OnlyTyped" in output.out and "write: Say nothing more of it." in output.out


@pytest.mark.parametrize("form", ["text", "json"])
def test_where_the_reference_breaks_off_the_rules_that_can_be_checked_are(small, capsys, tmp_path, form):
    path = tmp_path / "open-ended.ttl"
    path.write_text(
        PROLOGUE + "<https://w3id.org/incsr/source/x.txt#char=1,2> oa:hasSelector"
        " [ a oa:TextPositionSelector ; oa:start 1 ; oa:end [] ] ."
    )

    code, output = run(capsys, path, "--format", form)

    rule = "cbpsh:TextPositionSelector-start"
    assert code == 1
    assert f"{rule} could not be checked, not by pySHACL either: a blank node to compare" in output.err
    if form == "json":
        told = json.loads(output.out)
        assert not told["conforms"]
        assert report.compact(next(iter(told["unjudged"]))) == rule
        assert PREFIXES["cbpsh"] + "TextPositionSelector-end" in {
            one["sourceShape"] for one in told["results"]
        }
    else:
        assert "rule:  cbpsh:TextPositionSelector-end" in output.out and "does not conform: " in output.out


@pytest.mark.parametrize(
    ("value", "code", "told"),
    [
        pytest.param(
            "<<( cbp:a cbp:b cbp:c )>>",
            1,
            "<https://w3id.org/incsr/shapes> could not be checked, not by pySHACL either: a triple as a term",
            id="a triple as a term",
        ),
        pytest.param(
            '"x"@en--rtl', 0,
            "pySHACL checked the shapes, which takes longer, because of a literal with a direction",
            id="a literal with a direction",
        ),
    ],
)  # fmt: skip
def test_what_only_rdf_1_2_has_is_told_of(small, capsys, tmp_path, value, code, told):
    path = tmp_path / "new.ttl"
    path.write_text(PROLOGUE + f"<http://example.org/x> rdfs:comment {value} .")

    got, output = run(capsys, path)

    assert output.err == told + "\n"
    assert got == code


@pytest.mark.parametrize("form", ["text", "json"])
def test_shapes_that_cannot_be_used_are_told_of_and_exit_1(small, capsys, tmp_path, form):
    path = tmp_path / "broken.ttl"
    path.write_text(PROLOGUE + "cbpsh:X a sh:PropertyShape ; sh:targetClass cbp:Unit ; sh:minCount 1 .")

    code, output = run(capsys, path, "--format", form)

    assert code == 1
    assert output.err.startswith("no report can be made: the shapes cannot be used")
    assert output.out == "" or json.loads(output.out)["error"]["message"] in output.err


def test_the_valid_file_conforms_in_turtle(capsys):
    code, output = run(capsys, SHAPES / "valid.ttl", "--format", "turtle")

    assert code == 0
    assert "sh:conforms true" in output.out


@pytest.mark.parametrize("form", ["text", "json", "turtle"])
def test_an_ill_formed_file_exits_1_with_file_line_column_and_token(capsys, tmp_path, form):
    path = tmp_path / "broken.ttl"
    path.write_text("@prefix a: <http://a/> .\na:b a:c d:e .\n")

    code, output = run(capsys, path, "--format", form)

    assert code == 1
    assert f"{path}:2:9: not well-formed at 'd:e'" in output.err
    if form == "json":
        assert json.loads(output.out)["error"] == {
            "message": "The prefix d: has not been declared",
            "file": str(path), "line": 2, "column": 9, "token": "d:e",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        pytest.param(["nowhere.ttl"], "is not a file", id="a file that is not there"),
        pytest.param([__file__], "use one of .ttl", id="a file of no RDF format"),
        pytest.param(
            [SHAPES / "valid.ttl", "--graph", "nowhere"],
            "there are ontology, ",
            id="a graph that is not there",
        ),
    ],
)
def test_misuse_exits_2_and_says_what_to_write(capsys, arguments, remedy):
    code, output = run(capsys, *arguments)

    assert code == 2
    assert remedy in output.err


def test_an_unknown_format_exits_2():
    command = [sys.executable, "-m", "incsr.cli", "validate", "--format", "xml"]

    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 2
    assert "invalid choice: 'xml'" in done.stderr


def test_help_tells_the_exit_codes():
    done = subprocess.run(
        [sys.executable, "-m", "incsr.cli", "validate", "--help"], capture_output=True, text=True
    )

    assert done.returncode == 0
    assert "0 without violations" in done.stdout and "2 misused" in done.stdout
