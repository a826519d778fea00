"""The form of a question file: what is read from it, what is refused with its line, what a parameter may be.

Needs no graph: each case is a header of its own.
"""

import re

import pytest

from incsr import questions

FORM = """\
# question: How many?
#           And of what?
# source:   "Security at the Border"
# parameter: office = <https://w3id.org/incsr/id/office/border-patrol> "office"
# parameter: words = "the majority" "words"
# parameter: least = 100 "at least"
# answer:
#   value,words
#   1,"one, or so"
#   2,
SELECT ?value ?words WHERE {
  VALUES ?office { <https://w3id.org/incsr/id/office/border-patrol> }
  VALUES ?words { "the majority" }
  VALUES ?least { 100 }
}
"""


def read(tmp_path, text, name="how-many.rq"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return questions.read(path)


def test_a_question_is_read_with_all_its_parts(tmp_path):
    question = read(tmp_path, FORM)

    assert question.name == "how-many"
    assert question.question == "How many? And of what?"
    assert question.source == '"Security at the Border"'
    assert [(parameter.name, parameter.value, parameter.label) for parameter in question.parameters] == [
        ("office", "https://w3id.org/incsr/id/office/border-patrol", "office"),
        ("words", "the majority", "words"),
        ("least", "100", "at least"),
    ]
    assert question.columns == ("value", "words")
    assert question.rows == (("1", "one, or so"), ("2", ""))
    assert question.query.startswith("SELECT")
    assert question.text == FORM
    assert question.query_line == 11


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        pytest.param(
            "# question: How many?\n#           And of what?\n", "", 1, "question", id="no question"
        ),
        pytest.param('# source:   "Security at the Border"\n', "", 1, "source", id="no source"),
        pytest.param('"Security at the Border"', "", 3, "says nothing", id="an empty source"),
        pytest.param("# answer:\n", "# answers:\n", 7, "the header has", id="a misspelt field"),
        pytest.param("# source: ", "# question: ", 3, "second time", id="two questions"),
        pytest.param("# answer:", "# answer: value", 7, "line after", id="an answer beside its name"),
        pytest.param("#   2,\n", "#  2,\n", 10, "three spaces", id="a row that begins too early"),
        pytest.param("#   2,\n", "#   2\n", 10, "1 fields for 2 variables", id="a row that lacks a field"),
        pytest.param(
            '#   1,"one, or so"', "#   1,one, or so", 9, "quote a field", id="a comma without quotes"
        ),
        pytest.param('"one, or so"', '"one" or so', 8, "not CSV", id="a quote inside a field"),
        pytest.param('#   value,words\n#   1,"one, or so"\n#   2,\n', "", 7, "no header line", id="no table"),
        pytest.param(' "office"', "", 4, "a name, a default term and words", id="a parameter without words"),
        pytest.param("words = ", "office = ", 5, "second time", id="two parameters of one name"),
        pytest.param(
            "VALUES ?least { 100 }", "", 6, "VALUES ?least { 100 }", id="a default missing in the query"
        ),
        pytest.param(FORM[FORM.index("SELECT") :], "", 11, "the query is missing", id="no query"),
    ],
)
def test_a_header_that_is_not_of_the_form_is_refused_with_its_line(tmp_path, old, new, line, words):
    assert FORM.count(old) == 1 or old == FORM[FORM.index("SELECT") :]

    with pytest.raises(questions.QuestionError) as caught:
        read(tmp_path, FORM.replace(old, new))

    assert caught.value.line == line
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'how-many.rq'}:{line}: ")


def test_a_file_that_is_not_utf8_is_refused_with_its_line(tmp_path):
    with pytest.raises(questions.QuestionError, match=r"how-many\.rq:2: not UTF-8"):
        read(tmp_path, b"# question: How many?\n# source: nation\x92s\n")


def test_a_file_name_that_is_not_kebab_case_is_refused(tmp_path):
    with pytest.raises(questions.QuestionError, match="kebab-case"):
        read(tmp_path, FORM, "How_Many.rq")


@pytest.mark.parametrize(
    ("values", "line"),
    [
        pytest.param({"office": "urn:x"}, "VALUES ?office { <urn:x> }", id="an IRI"),
        pytest.param(
            {"words": 'a "b" \\ }\n'}, 'VALUES ?words { "a \\"b\\" \\\\ }\\n" }', id="a string is escaped"
        ),
        pytest.param({"least": "-1.5"}, "VALUES ?least { -1.5 }", id="a number"),
    ],
)
def test_a_value_becomes_a_term_of_its_parameters_kind(tmp_path, values, line):
    query = read(tmp_path, FORM).with_values(values)

    assert line in query
    assert query.count("VALUES") == 3


@pytest.mark.parametrize(
    ("values", "words"),
    [
        pytest.param({"office": "urn:x> } ?s ?p ?o #"}, "no absolute IRI", id="an IRI that would end early"),
        pytest.param({"office": "GT"}, "no absolute IRI", id="a relative IRI"),
        pytest.param({"least": "1 } #"}, "no number", id="a number that would end early"),
        pytest.param({"year": "2012"}, "it has office, words, least", id="a name that is no parameter"),
    ],
)
def test_a_value_that_is_no_term_of_its_parameters_kind_is_refused(tmp_path, values, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        read(tmp_path, FORM).with_values(values)
