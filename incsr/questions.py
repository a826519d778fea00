"""The competency questions: what is asked, where the report answers it, and the answer, read from questions/.

A question is one SPARQL file that begins with its header, so that the file is itself a runnable query:

    # question:  How many people did the Border Patrol train in a country?
    # source:    "Tactical Response Training", last sentence
    # parameter: country = <https://w3id.org/incsr/id/country/GT> "country"
    # answer:
    #   country,trained
    #   Guatemala,240
    PREFIX …

Question and source may run on over further lines that begin with `#` and two spaces. A parameter's default
stands once in the query, as `VALUES ?country { <…> }`; another value takes its place there and nowhere else.
The answer is SPARQL 1.1 CSV. Refuses to guess: a header that is not of this form is an error with file and
line. Runs no query and imports no engine.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from incsr import sources
from incsr.namespaces import ID

FIELD = re.compile(r"#\s?(question|source|parameter|answer):[ \t]*(.*)")
MORE = re.compile(r"# {2,}(\S.*)")
PARAMETER = re.compile(
    r"""([A-Za-z_]\w*) \s* = \s* (<[^<>"{}|^`\\\s]+> | "[^"\\]*" | [+-]?\d+(?:\.\d+)?) \s+ "([^"]+)" \s*""",
    re.X,
)
NOT_IN_IRI = re.compile(r"[\x00-\x20<>\"{}|^`\\]")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


class QuestionError(Exception):
    """A question file that is not of the form: which file, which line of it (1-based), why, what to write."""

    def __init__(self, path, line, reason):
        self.path, self.line, self.reason = Path(path), line, reason
        super().__init__(f"{path}:{line}: {reason}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of a question that the asker may change: its variable, default term in SPARQL, and words."""

    name: str
    default: str
    label: str

    @property
    def value(self) -> str:
        """The default without its brackets or quotes, as a form field shows it."""
        return self.default[1:-1] if self.default[0] in '<"' else self.default

    def term(self, value: str) -> str:
        """A value as a SPARQL term of the default's kind, so that no value can become another query.

        Raises: ValueError for a value that is no term of that kind.
        """
        if self.default.startswith("<"):
            if ":" not in value or NOT_IN_IRI.search(value):
                raise ValueError(f"{self.name}: {value!r} is no absolute IRI; write one such as {self.value}")
            return f"<{value}>"
        if self.default.startswith('"'):
            return f'"{value.translate(ESCAPES)}"'
        if not NUMBER.fullmatch(value):
            raise ValueError(f"{self.name}: {value!r} is no number; write one such as {self.value}")
        return value


@dataclass(frozen=True, slots=True)
class Question:
    """One competency question; `query` is the file after the header, `text` the file as it stands."""

    name: str
    question: str
    source: str
    parameters: tuple[Parameter, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    query: str
    text: str
    path: Path
    query_line: int  # 1-based, where the query begins in the file

    def with_values(self, values: Mapping[str, str]) -> str:
        """The query with each named parameter's value in place of its default.

        Raises: ValueError for a name that is no parameter, or a value that is no term of its kind.
        """
        query = self.query
        known = {parameter.name: parameter for parameter in self.parameters}
        for name, value in values.items():
            if name not in known:
                listed = ", ".join(known) or "none"
                raise ValueError(f"{self.name} has no parameter {name!r}; it has {listed}")
            term = known[name].term(value)
            line = f"VALUES ?{name} {{ {term} }}"
            query = _values_line(known[name]).sub(lambda _, line=line: line, query)
        return query


def read_all(folder: Path | None = None) -> list[Question]:
    """Every question of `questions/`, by name.

    Raises: QuestionError for the first file that is not of the form; SourceError where there is no checkout.
    """
    folder = (folder or sources.root()) / "questions"
    return [read(path) for path in sorted(folder.glob("*.rq"))]


def read(path: Path) -> Question:
    """The question that one file holds.

    Raises: QuestionError where the file is not of the form.
    """
    path = Path(path)
    if not NAME.fullmatch(path.stem):
        raise QuestionError(path, 1, "name the file in kebab-case: trainees-by-country.rq")
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise QuestionError(path, line, f"not UTF-8: {error.reason}; save the file as UTF-8") from error

    lines = text.split("\n")
    end = next((index for index, line in enumerate(lines) if not line.startswith("#")), len(lines))
    words, parameters, answer, answer_line = _header(path, lines[:end])
    columns, rows = _table(path, answer, answer_line)
    query = "\n".join(lines[end:]).strip("\n") + "\n"
    if not query.strip():
        raise QuestionError(path, end + 1, "the query is missing; write it after the answer")
    for parameter, line in parameters:
        if len(_values_line(parameter).findall(query)) != 1:
            wanted = f"VALUES ?{parameter.name} {{ {parameter.default} }}"
            raise QuestionError(path, line, f"the query must hold the parameter's default once, as {wanted}")
    return Question(
        name=path.stem,
        question=words["question"],
        source=words["source"],
        parameters=tuple(parameter for parameter, _ in parameters),
        columns=columns,
        rows=rows,
        query=query,
        text=text,
        path=path,
        query_line=end + 1,
    )


def _header(path: Path, lines: list[str]):
    """The header's words by field, its parameters with their lines, its answer's lines and their place."""
    words: dict[str, str] = {}
    parameters: list[tuple[Parameter, int]] = []
    answer: list[str] = []
    answer_line = 0
    field = ""
    for number, line in enumerate(lines, 1):
        if field == "answer":
            if not line.startswith("#   ") and line.strip() != "#":
                raise QuestionError(path, number, 'a line of the answer begins with "#" and three spaces')
            answer.append(line[4:])
        elif match := FIELD.fullmatch(line):
            field, value = match[1], match[2].strip()
            if field == "parameter":
                parameters.append((_parameter(path, number, value, parameters), number))
            elif field == "answer":
                answer_line = number
                if value:
                    raise QuestionError(path, number, 'the answer begins on the line after "# answer:"')
            elif field in words:
                raise QuestionError(path, number, f'"# {field}:" stands here a second time; keep one')
            elif not value:
                raise QuestionError(path, number, f'"# {field}:" says nothing; write it on the same line')
            else:
                words[field] = value
        elif field in words and (match := MORE.fullmatch(line)):
            words[field] += " " + match[1].strip()
        else:
            wanted = "the header has question, source, parameter and answer; put remarks after PREFIX"
            raise QuestionError(path, number, wanted)
    for field in ("question", "source"):
        if field not in words:
            raise QuestionError(path, 1, f'the header has no "# {field}:" line; add it before "# answer:"')
    if not answer_line:
        wanted = "write the answer from the text, before the query"
        raise QuestionError(path, 1, f'the header has no "# answer:"; {wanted}')
    return words, parameters, answer, answer_line


def _parameter(path: Path, number: int, value: str, earlier) -> Parameter:
    match = PARAMETER.fullmatch(value)
    if not match:
        form = f'# parameter: country = <{ID}country/GT> "country"'
        raise QuestionError(path, number, f"a parameter is a name, a default term and words: {form}")
    if match[1] in [parameter.name for parameter, _ in earlier]:
        raise QuestionError(path, number, f"parameter {match[1]} stands here a second time; keep one")
    return Parameter(*match.groups())


def _table(path: Path, lines: list[str], line: int):
    """The answer's columns and solutions; an unbound variable is an empty field (SPARQL 1.1 CSV)."""
    try:
        table = list(csv.reader(lines, strict=True))
    except csv.Error as error:
        raise QuestionError(path, line + 1, f"the answer is not CSV: {error}") from error
    if not table or not table[0]:
        raise QuestionError(path, line, "the answer has no header line; write the query's variables")
    columns = tuple(table[0])
    rows = []
    for number, row in enumerate(table[1:], line + 2):
        fields = tuple(row) or ("",)  # an empty line is one unbound variable
        if len(fields) != len(columns):
            counts = f"{len(fields)} fields for {len(columns)} variables"
            raise QuestionError(path, number, f"{counts}; quote a field that holds a comma")
        rows.append(fields)
    return columns, tuple(rows)


def _values_line(parameter: Parameter) -> re.Pattern:
    return re.compile(rf"VALUES\s+\?{parameter.name}\s*\{{\s*{re.escape(parameter.default)}\s*\}}")
