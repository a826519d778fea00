"""What leads out of the graph can be trusted and explained.

The contract: an identifier has the form that its scheme gives it, and its check digits where it has any; a
link is made with a predicate that its target allows; each link and each identifier says who says it, from
what and how sure; the sizes of the linksets are counted; the SSSOM file holds every mapping, and the `sssom`
package accepts it. What else we say of the report's things is a statement with a source.
"""

import csv
import re
import shutil
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox
import pytest

from incsr.cli import main
from incsr.links.sssom import COLUMNS, MappingError, mapping_set, tsv
from incsr.namespaces import BASE, GRAPH, ID, PREFIXES
from incsr.sources import graphs

LINKS, REPORT = ox.NamedNode(GRAPH + "links"), ox.NamedNode(GRAPH + "incsr2014")

PROLOGUE = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items()) + (
    "PREFIX sssom: <https://w3id.org/sssom/>\nPREFIX semapv: <https://w3id.org/semapv/vocab/>\n"
    f"PREFIX mapping: <{ID}mapping/>\nPREFIX scheme: <{ID}scheme/>\n"
)

SAME = "http://www.w3.org/2002/07/owl#sameAs"
SKOS = PREFIXES["skos"]
MATCHES = {f"{SKOS}{kind}Match" for kind in ("exact", "close", "broad", "narrow", "related")}
PAGE = "http://xmlns.com/foaf/0.1/page"

# The predicates of links; all else that the file says of a thing is a claim.
OF_LINKS = {SAME, PAGE, PREFIXES["adms"] + "identifier"} | MATCHES

# The forms that the keepers of each data set publish, written from their documentation and not from our data.
THINGS = {
    "Wikidata": r"http://www\.wikidata\.org/entity/Q[1-9]\d*",
    "DBpedia": r"http://dbpedia\.org/resource/[A-Z]\w*",
    "GeoNames": r"http://sws\.geonames\.org/[1-9]\d*/",
    "ROR": r"https://ror\.org/0[a-hj-km-np-tv-z0-9]{6}\d\d",
}
HEADINGS = {
    "EU countries": r"http://publications\.europa\.eu/resource/authority/country/[A-Z]{3}",
    "EU places": r"http://publications\.europa\.eu/resource/authority/place/[A-Z]{3}_[A-Z]{3}",
    "EuroVoc": r"http://eurovoc\.europa\.eu/(?:[1-9]\d*|c_[0-9a-f]{8})",
    "MARC countries": r"http://id\.loc\.gov/vocabulary/countries/[a-z]{2,3}",
    "LCSH": r"http://id\.loc\.gov/authorities/subjects/sh(?:\d{8}|\d{10})",
    "LCNAF": r"http://id\.loc\.gov/authorities/names/n[abdfhnoprstux]?(?:\d{8}|\d{10})",
    "FAST": r"http://id\.worldcat\.org/fast/[1-9]\d*",
    "MeSH": r"http://id\.nlm\.nih\.gov/mesh/D(?:\d{6}|\d{9})",
    "VIAF": r"http://viaf\.org/viaf/[1-9]\d*",
    "GND": r"https://d-nb\.info/gnd/[1-9X]\d*-?[\dX]",
}
NOTATIONS = {
    "iso3166-1-alpha2": r"[A-Z]{2}",
    "iso3166-1-alpha3": r"[A-Z]{3}",
    "iso3166-1-numeric": r"\d{3}",
    "un-m49": r"\d{3}",
    "fips10-4": r"[A-Z]{2}",
    "genc-alpha3": r"[A-Z]{3}",
    "datacommons": r"country/[A-Z]{3}|wikidataId/Q[1-9]\d*",
    "whosonfirst": r"[1-9]\d*",
    "isni": r"\d{4} \d{4} \d{4} \d{3}[\dX]",
    "fundref": r"1000\d{5}",
    "grid": r"grid\.\d{4,6}\.[0-9a-f]{1,2}",
    "federal-register-slug": r"[a-z]+(?:-[a-z]+)*",
    "federal-register-id": r"\d{1,3}",
    "usaspending-cgac": r"\d{3}",
    "usaspending-subtier": r"\d{4}",
    "data-gov-org": r"[a-z]+-gov",
    "call-thesaurus": r"\d{4,5}",
    "ili": r"i\d+",
    "iso4217": r"[A-Z]{3}",
    "ucum": r"h|\[lb_av\]|\[mi_i\]|\{#\}",
    "un-ece-rec20": r"[A-Z]{3}",
}


@pytest.fixture(scope="module")
def store():
    """The published graphs, each under its name."""
    store = ox.Store()
    for quads in graphs().values():
        store.extend(quads)
    return store


def rows(store, query):
    """The solutions of a query over all graphs, as tuples of terms or None."""
    found = store.query(PROLOGUE + query, use_default_graph_as_union=True)
    variables = list(found.variables)
    return [tuple(row[variable] for variable in variables) for row in found]


def outward(store):
    """The links of graph/links that leave the project: (subject, predicate, object) IRIs."""
    found = set()
    for quad in store.quads_for_pattern(None, None, None, LINKS):
        if quad.predicate.value in {SAME, PAGE} | MATCHES:
            assert isinstance(quad.object, ox.NamedNode), f"{quad} leads to no IRI"
            found.add((quad.subject.value, quad.predicate.value, quad.object.value))
    return found


def records(store):
    """The records of links: the triple that each is about, and the record's IRI."""
    found = rows(
        store,
        "SELECT ?s ?p ?o ?record WHERE { GRAPH graph:links { ?record a owl:Axiom ; "
        "owl:annotatedSource ?s ; owl:annotatedProperty ?p ; owl:annotatedTarget ?o } }",
    )
    return [tuple(term.value for term in row) for row in found]


def test_at_least_150_links_lead_to_other_data_sets(store):
    assert sum(predicate != PAGE for _, predicate, _ in outward(store)) >= 150


def test_every_link_has_exactly_one_record_and_every_record_a_link(store):
    described = Counter((s, p, o) for s, p, o, _ in records(store))

    assert set(described) == outward(store)
    assert [triple for triple, times in described.items() if times != 1] == []


def test_every_link_says_who_says_it_from_what_how_sure_and_when(store):
    explained = rows(
        store,
        """SELECT ?record (COUNT(DISTINCT ?source) AS ?sources) WHERE { GRAPH graph:links {
             ?record a owl:Axiom ; prov:wasDerivedFrom ?source ; prov:wasAttributedTo ?who ;
               sssom:confidence ?sure ; sssom:mapping_date ?day .
             ?who a prov:Agent ; rdfs:label ?name .
             FILTER (?sure > 0 && ?sure <= 1 && DATATYPE(?day) = xsd:date) } } GROUP BY ?record""",
    )

    assert {record.value for record, _ in explained} == {record for *_, record in records(store)}
    assert all(int(sources.value) >= 1 for _, sources in explained)


def test_every_mapping_is_justified_and_no_page_is(store):
    justified = {
        record.value: how.value
        for record, how in rows(
            store,
            "SELECT ?record ?how WHERE { GRAPH graph:links { ?record sssom:mapping_justification ?how } }",
        )
    }

    for _, predicate, _, record in records(store):
        assert (record in justified) == (predicate != PAGE), record
    assert set(justified.values()) <= {
        "https://w3id.org/semapv/vocab/ManualMappingCuration",
        "https://w3id.org/semapv/vocab/MappingChaining",
    }


def test_every_source_that_a_link_rests_on_is_described_or_is_a_page(store):
    sources = rows(
        store,
        """SELECT DISTINCT ?source ?label WHERE {
             GRAPH graph:links { ?record prov:wasDerivedFrom ?source }
             OPTIONAL { GRAPH graph:links { ?source a prov:Entity ; rdfs:label ?label } } }""",
    )

    for source, label in sources:
        assert label is not None or not source.value.startswith(BASE), f"{source.value} is not described"


def test_owl_same_as_leads_only_to_iris_of_the_thing_itself(store):
    for subject, predicate, target in outward(store):
        if predicate == SAME:
            assert any(re.fullmatch(form, target) for form in THINGS.values()), f"{subject} {target}"
            assert not subject.startswith((f"{ID}concept/", f"{ID}program/", PREFIXES["unit"])), (
                f"{subject} is a concept: match it by SKOS"
            )


def test_every_match_leads_to_a_known_scheme_by_an_iri_of_its_form(store):
    forms = {**THINGS, **HEADINGS}
    for subject, predicate, target in outward(store):
        if predicate in MATCHES:
            fitting = [name for name, form in forms.items() if re.fullmatch(form, target)]
            assert len(fitting) == 1, f"{subject} {target} fits {fitting or 'no scheme'}"


def test_every_target_data_set_declares_the_form_of_the_iris_that_we_use(store):
    targets = rows(
        store,
        """SELECT ?form ?space WHERE { GRAPH graph:links {
             ?set void:uriRegexPattern ?form ; void:uriSpace ?space } }""",
    )

    for _, predicate, target in outward(store):
        if predicate != PAGE:
            fitting = [form.value for form, space in targets if re.search(form.value, target)]
            assert len(fitting) == 1, f"{target} fits {fitting}"
            assert sum(target.startswith(space.value) for _, space in targets) == 1, target


def test_no_two_things_of_ours_are_the_same_thing_of_theirs(store):
    targets = Counter(target for _, predicate, target in outward(store) if predicate == SAME)

    assert [target for target, times in targets.items() if times > 1] == []


def test_linksets_count_their_links_and_cover_them_all(store):
    sets = rows(
        store,
        """SELECT ?linkset ?predicate ?triples ?form WHERE { GRAPH graph:links {
             dataset:links void:subset ?linkset .
             ?linkset a void:Linkset ; void:linkPredicate ?predicate ; void:triples ?triples ;
               void:subjectsTarget dataset:incsr2014-graph ;
               void:objectsTarget ?target ; void:target ?target .
             ?target a void:Dataset ; void:uriRegexPattern ?form } }""",
    )

    covered = 0
    for linkset, predicate, triples, form in sets:
        links = [o for _, p, o in outward(store) if p == predicate.value and re.search(form.value, o)]
        assert len(links) == int(triples.value), linkset.value
        covered += len(links)
    assert covered == sum(predicate != PAGE for _, predicate, _ in outward(store))


IDENTIFIERS = """SELECT ?thing ?scheme ?notation ?sure ?sources ?who ?node WHERE {
  { SELECT ?thing ?node (COUNT(?source) AS ?sources) WHERE {
      GRAPH graph:links { ?thing adms:identifier ?node . OPTIONAL { ?node prov:wasDerivedFrom ?source } }
    } GROUP BY ?thing ?node }
  GRAPH graph:links {
    ?node a adms:Identifier ; skos:notation ?notation ; skos:inScheme ?scheme .
    OPTIONAL { ?node sssom:confidence ?sure } OPTIONAL { ?node prov:wasAttributedTo ?who }
    ?scheme a skos:ConceptScheme ; rdfs:label ?label } }"""


def identifiers(store):
    """The identifiers that are strings: (thing, scheme's slug, notation)."""
    return [
        (thing.value, scheme.value.removeprefix(f"{ID}scheme/"), notation.value)
        for thing, scheme, notation, *_ in rows(store, IDENTIFIERS)
    ]


def test_every_string_identifier_has_the_form_of_its_scheme(store):
    found = identifiers(store)

    property_ = ox.NamedNode(PREFIXES["adms"] + "identifier")
    assert len(found) == len(list(store.quads_for_pattern(None, property_, None, LINKS)))
    for thing, scheme, notation in found:
        assert re.fullmatch(NOTATIONS[scheme], notation), f"{thing}: {notation!r} is no {scheme}"


def test_every_string_identifier_says_who_says_it_from_what_and_how_sure(store):
    for thing, scheme, _, sure, sources, who, _ in rows(store, IDENTIFIERS):
        assert 0 < Decimal(sure.value) <= 1, (thing, scheme)
        assert int(sources.value) >= 1, (thing, scheme)
        assert who.value == BASE, (thing, scheme)


def by_scheme(store, scheme):
    return {thing: notation for thing, name, notation in identifiers(store) if name == scheme}


def test_codes_of_one_country_agree_with_each_other_and_with_its_iri(store):
    alpha3 = by_scheme(store, "iso3166-1-alpha3")
    authority = {s: o.rsplit("/", 1)[1] for s, _, o in outward(store) if "/authority/country/" in o}

    assert len(alpha3) == 14
    alpha2 = by_scheme(store, "iso3166-1-alpha2")
    assert {country: f"{ID}country/{code}" for country, code in alpha2.items()} == {c: c for c in alpha3}
    assert authority == alpha3
    assert by_scheme(store, "genc-alpha3") == alpha3
    for country, numeric in by_scheme(store, "iso3166-1-numeric").items():
        assert by_scheme(store, "un-m49")[country] == numeric
    for place, identifier in by_scheme(store, "datacommons").items():
        kind, code = identifier.split("/")
        if kind == "country":
            assert alpha3[place] == code
        else:
            assert (place, SAME, f"http://www.wikidata.org/entity/{code}") in outward(store)


def test_places_of_the_eu_lie_in_the_country_that_we_say(store):
    alpha3 = by_scheme(store, "iso3166-1-alpha3")
    said = rows(store, "SELECT ?city ?country WHERE { GRAPH graph:links { ?city cbp:locatedIn ?country } }")
    lies_in = {city.value: country.value for city, country in said}

    places = {s: o.rsplit("/", 1)[1] for s, _, o in outward(store) if "/authority/place/" in o}

    assert set(places) == set(lies_in)
    for city, code in places.items():
        assert code.split("_")[0] == alpha3[lies_in[city]]


def isni_check_digit(digits):
    """ISO 7064 MOD 11-2 over the first fifteen digits. Source: ISO 27729, section 4."""
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    return "0123456789X"[(12 - total % 11) % 11]


def ror_checksum(identifier):
    """Two digits, ISO 7064 MOD 97-10 of a Crockford base 32 number. Source: ROR, "ROR identifier pattern"."""
    number = 0
    for letter in identifier[1:7]:
        number = number * 32 + "0123456789abcdefghjkmnpqrstvwxyz".index(letter)
    return f"{98 - number * 100 % 97:02d}"


def test_isni_check_digits_hold(store):
    found = by_scheme(store, "isni")

    assert len(found) >= 6
    for thing, isni in found.items():
        digits = isni.replace(" ", "")
        assert isni_check_digit(digits[:15]) == digits[15], f"{thing}: {isni}"


def test_ror_checksums_hold(store):
    found = [
        o.removeprefix("https://ror.org/") for _, _, o in outward(store) if o.startswith("https://ror.org/")
    ]

    assert len(found) >= 5
    for identifier in found:
        assert ror_checksum(identifier) == identifier[7:], identifier


def test_everything_that_is_linked_stands_in_the_report_or_says_that_it_does_not(store):
    said = store.quads_for_pattern(None, None, None, LINKS)
    linked = {quad.subject for quad in said if quad.predicate.value in OF_LINKS}
    for thing in linked:
        in_report = any(store.quads_for_pattern(thing, None, None, REPORT)) or any(
            store.quads_for_pattern(None, None, thing, REPORT)
        )
        ours = any(store.quads_for_pattern(thing, ox.NamedNode(SKOS + "editorialNote"), None, LINKS))
        assert in_report or ours, (
            f"{thing.value}: the report is silent on it, and no note says why it is linked"
        )


def test_whatever_else_we_say_of_a_thing_of_the_report_is_a_statement_with_source_and_reason(store):
    stated = {
        (s, p, o)
        for s, p, o in rows(
            store,
            """SELECT ?s ?p ?o WHERE { GRAPH graph:links {
                 ?statement a rdf:Statement ; rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o ;
                   prov:wasDerivedFrom ?source ; prov:wasAttributedTo ?who ; sssom:confidence ?sure ;
                   skos:editorialNote ?why } }""",
        )
    }

    report_things = {quad.subject for quad in store.quads_for_pattern(None, None, None, REPORT)}
    claims = {
        (quad.subject, quad.predicate, quad.object)
        for quad in store.quads_for_pattern(None, None, None, LINKS)
        if quad.subject in report_things and quad.predicate.value not in OF_LINKS
    }
    assert claims - stated == set()
    assert len(claims) >= 20


def test_every_statement_of_ours_is_a_triple_too(store):
    for s, p, o in rows(
        store,
        """SELECT ?s ?p ?o WHERE { GRAPH graph:links {
             ?x a rdf:Statement ; rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o } }""",
    ):
        assert any(store.quads_for_pattern(s, p, o, LINKS)), f"{s} {p} {o} is stated but not said"


def test_nothing_that_we_say_of_a_thing_is_said_by_the_report_already(store):
    for quad in store.quads_for_pattern(None, None, None, LINKS):
        if isinstance(quad.subject, ox.NamedNode) and quad.predicate.value != PREFIXES["rdf"] + "type":
            assert not any(store.quads_for_pattern(quad.subject, quad.predicate, quad.object, REPORT)), quad


# ── SSSOM ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def exported():
    """The SSSOM file's text, as the command prints it."""
    return tsv(mapping_set(quad for quads in graphs().values() for quad in quads))


def table(text):
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t"))


def test_sssom_file_holds_every_mapping_with_all_that_a_record_needs(store, exported):
    found = table(exported)

    mappings = {(s, p, o) for s, p, o in outward(store) if p != PAGE}
    prefixes = dict(re.findall(r'^#  ([\w-]+): "(.+)"$', exported, re.M))

    def iri(curie):
        prefix, local = curie.split(":", 1)
        return prefixes[prefix] + local

    assert {(iri(r["subject_id"]), iri(r["predicate_id"]), iri(r["object_id"])) for r in found} == mappings
    assert len(found) == len(mappings)
    for record in found:
        for column in set(COLUMNS) - {"object_label", "comment"}:
            assert record[column], f"{record['record_id']} has no {column}"


def test_sssom_labels_of_subjects_are_the_graphs_labels(store, exported):
    for record in table(exported):
        if record["subject_id"] == "country:HN":
            assert record["subject_label"] == "Honduras"
            break
    else:
        pytest.fail("no mapping of Honduras")


def validate_sssom(path):
    """Run the `sssom` package's validator.

    It comes with a pytest plugin that takes over the root logger, so it lives in an environment of its own
    (`.venv/sssom`, made by `make setup`), or in the one that runs the tests where somebody put it there.
    """
    beside = [Path(sys.prefix, *place, "bin", "sssom") for place in (("sssom",), ())]
    command = next((str(path) for path in beside if path.exists()), None) or shutil.which("sssom")
    assert command, "the sssom package is not installed: run `make setup`"
    kinds = ["JsonSchema", "PrefixMapCompleteness", "StrictCurieFormat"]
    return subprocess.run(
        [command, "validate", *(word for kind in kinds for word in ("-V", kind)), str(path)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_sssom_package_validates_the_file(tmp_path, exported):
    path = tmp_path / "incsr2014.sssom.tsv"
    path.write_text(exported, encoding="utf-8")

    result = validate_sssom(path)

    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        pytest.param("semapv:ManualMappingCuration", "semapv:Guess", id="an unknown justification"),
        pytest.param("\t0.9\t", "\t1.9\t", id="a confidence above 1"),
        pytest.param('#  wd: "http://www.wikidata.org/entity/"\n', "", id="a prefix that is not declared"),
    ],
)
def test_sssom_package_refuses_a_spoiled_file(tmp_path, exported, good, bad):
    path = tmp_path / "spoiled.sssom.tsv"
    assert good in exported
    path.write_text(exported.replace(good, bad), encoding="utf-8")

    assert validate_sssom(path).returncode != 0


def test_command_writes_the_file_that_it_prints(tmp_path, capsys, exported):
    assert main(["sssom"]) == 0
    printed = capsys.readouterr().out
    assert main(["sssom", "-o", str(tmp_path / "x.tsv")]) == 0

    assert printed == exported
    assert (tmp_path / "x.tsv").read_text(encoding="utf-8") == printed


def test_command_exits_1_and_says_where_it_cannot_write(tmp_path, capsys):
    assert main(["sssom", "-o", str(tmp_path / "nowhere" / "x.tsv")]) == 1

    assert "nowhere" in capsys.readouterr().err


def test_mapping_into_a_namespace_that_no_data_set_declares_is_an_error():
    quads = [quad for found in graphs().values() for quad in found]
    axiom = ox.NamedNode(f"{ID}mapping/country-HN-wikidata")
    target = ox.NamedNode("http://www.w3.org/2002/07/owl#annotatedTarget")
    spoiled = [q for q in quads if not (q.subject == axiom and q.predicate == target)]
    spoiled.append(ox.Quad(axiom, target, ox.NamedNode("http://elsewhere.example/1"), LINKS))

    with pytest.raises(MappingError, match=r"elsewhere\.example"):
        mapping_set(spoiled)


def test_mapping_set_that_is_not_described_is_an_error():
    quads = [
        quad
        for found in graphs().values()
        for quad in found
        if quad.predicate.value != "http://purl.org/dc/terms/license"
    ]

    with pytest.raises(MappingError, match="license"):
        mapping_set(quads)
