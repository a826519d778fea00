"""The passages file holds each cited passage once, in reading order, in the Web Annotation model, and is the
same on every run."""

import pyoxigraph as ox
import pytest
from evidence_cases import DRUGS, document, spoiled

from incsr.cli import main
from incsr.evidence.passages import cited_passages, passages_file, turtle_string
from incsr.evidence.published import documents, passages_path, source_text
from incsr.evidence.source import PassageError
from incsr.namespaces import PREFIXES, SOURCE_TEXT

OA = PREFIXES["oa"]
TYPE = ox.NamedNode(PREFIXES["rdf"] + "type")
XSD = "http://www.w3.org/2001/XMLSchema#"


@pytest.fixture(scope="module")
def source():
    return source_text()


def objects(store, subject, predicate):
    return [quad.object for quad in store.quads_for_pattern(subject, ox.NamedNode(OA + predicate), None)]


def store_of(text):
    store = ox.Store()
    store.load(text.encode(), format=ox.RdfFormat.TURTLE)
    return store


def test_passages_file_is_the_web_annotation_of_the_words(source, tmp_path):
    two = spoiled(("#char=980,1013>", "#char=980,1013> , <source/incsr2014-cbp.txt#char=104,156>"))

    text = passages_file([source], [document(tmp_path, two)])

    store = store_of(text)
    subjects = [q.subject for q in store.quads_for_pattern(None, TYPE, ox.NamedNode(OA + "SpecificResource"))]
    assert {s.value for s in subjects} == {f"{SOURCE_TEXT}#char=980,1013", f"{SOURCE_TEXT}#char=104,156"}
    for subject in subjects:
        start, end = map(int, subject.value.split("=")[1].split(","))
        assert objects(store, subject, "hasSource") == [ox.NamedNode(SOURCE_TEXT)]
        found = {}
        for selector in objects(store, subject, "hasSelector"):
            (kind,) = (q.object.value for q in store.quads_for_pattern(selector, TYPE, None))
            found[kind.removeprefix(OA)] = selector
        assert set(found) == {"TextQuoteSelector", "TextPositionSelector"}
        (exact,) = objects(store, found["TextQuoteSelector"], "exact")
        (prefix,) = objects(store, found["TextQuoteSelector"], "prefix")
        (suffix,) = objects(store, found["TextQuoteSelector"], "suffix")
        assert exact.value == source.text[start:end]
        assert source.text[:start].endswith(prefix.value) and source.text[end:].startswith(suffix.value)
        position = found["TextPositionSelector"]
        assert objects(store, position, "start") == [ox.Literal(start)]
        assert objects(store, position, "end") == [ox.Literal(end)]
        assert objects(store, position, "start")[0].datatype.value == XSD + "integer"
    assert text.index("#char=104,156") < text.index("#char=980,1013")


@pytest.mark.parametrize(
    ("passage", "complaint"),
    [
        pytest.param("#char=980,9013", "runs past the text's end", id="past the end"),
        pytest.param("#char=980", "is no passage", id="malformed"),
    ],
)
def test_passage_that_is_none_is_refused_with_its_place(source, tmp_path, passage, complaint):
    graph = document(tmp_path, spoiled(("#char=980,1013", passage)))

    with pytest.raises(PassageError, match=rf"graph\.ttl:\d+: measurement:drugs: .*{complaint}"):
        cited_passages(source, [graph])


@pytest.mark.parametrize("words", ['say "no"', "a\nb", "back\\slash", "nation\u2018s", "Attachés"])
def test_turtle_string_is_read_back_as_the_words(words):
    (triple,) = ox.parse(f"<urn:s> <urn:p> {turtle_string(words)} .", format=ox.RdfFormat.TURTLE)

    assert triple.object.value == words


def test_published_passages_are_what_the_data_cites(source):
    assert passages_path().read_text(encoding="utf-8") == passages_file([source], documents())


def test_command_writes_the_file_and_then_finds_it_up_to_date(tmp_path, capsys):
    document(tmp_path, DRUGS)
    arguments = [
        "passages",
        "--data",
        str(tmp_path / "graph.ttl"),
        "--output",
        str(tmp_path / "passages.ttl"),
    ]

    assert main([*arguments, "--check"]) == 1
    assert "run `incsr passages`" in capsys.readouterr().err
    assert main(arguments) == 0
    assert main([*arguments, "--check"]) == 0
    assert "is up to date" in capsys.readouterr().out


def test_check_finds_a_file_that_was_edited_by_hand(tmp_path):
    document(tmp_path, DRUGS)
    output = tmp_path / "passages.ttl"
    arguments = ["passages", "--data", str(tmp_path / "graph.ttl"), "--output", str(output)]
    assert main(arguments) == 0

    output.write_text(
        output.read_text(encoding="utf-8").replace("oa:end 1013", "oa:end 1014"), encoding="utf-8"
    )

    assert main([*arguments, "--check"]) == 1


def test_command_refuses_a_passage_past_the_end_and_writes_nothing(tmp_path, capsys):
    document(tmp_path, spoiled(("#char=980,1013", "#char=980,9013")))
    output = tmp_path / "passages.ttl"

    code = main(["passages", "--data", str(tmp_path / "graph.ttl"), "--output", str(output)])

    assert code == 1 and not output.exists()
    assert "runs past the text's end" in capsys.readouterr().err
