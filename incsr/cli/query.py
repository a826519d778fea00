"""`incsr query`: ask the published graph, here and now, without a server."""

import sys
from pathlib import Path

FORMATS = (
    "table",
    "csv",
    "tsv",
    "json",
    "xml",
    "html",
    "text",
    "turtle",
    "ntriples",
    "rdfxml",
    "jsonld",
    "trig",
    "nquads",
)


def register(subparsers):
    """Add the command to the command line."""
    command = subparsers.add_parser(
        "query",
        help="ask the published graph a SPARQL query",
        description="Ask the published graph a SPARQL query. The default graph is the union of all graphs.",
    )
    command.add_argument("query", nargs="?", metavar="QUERY", help="the query, or the name of a question")
    command.add_argument(
        "-f", "--file", metavar="FILE", help="read the query from this file; - is standard input"
    )
    command.add_argument(
        "--format",
        choices=FORMATS,
        metavar="FORMAT",
        help=f"{', '.join(FORMATS)} (default: table for solutions, turtle for a graph)",
    )
    command.set_defaults(run=run)


def run(arguments):
    """Print the answer.

    Returns: 0; 1 where the evaluation fails; 2 for a query that is malformed or asks for what is not served.
    """
    import signal

    from incsr.cli import Misuse
    from incsr.messages import Head, ReadJob
    from incsr.namespaces import BASE
    from incsr.query import evaluate
    from incsr.sources import SourceError
    from incsr.workers import loading

    text = _text(arguments)
    try:
        dataset = loading.load({"default_graph": "union", "empty": False, "service_allow": ()})
    except SourceError as error:
        raise Misuse(str(error)) from None
    # The engine does not look at Python's signals while it evaluates: Ctrl-C ends the process at once.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    wanted = None if arguments.format in (None, "table") else arguments.format
    accept = "application/sparql-results+json, text/turtle;q=0.9" if wanted is None else None
    job = ReadJob("query", text, accept=accept, format=wanted, base_iri=BASE)
    answer = evaluate.answer(dataset.view(), job)
    if not isinstance(answer, tuple):
        print(f"incsr query: {_complaint(answer)}", file=sys.stderr)
        return 2 if answer.status < 500 else 1
    head, body = answer
    assert isinstance(head, Head)
    if wanted is None and head.content_type.startswith("application/sparql-results+json"):
        _print_table(b"".join(body))
    else:
        body.write_to(sys.stdout.buffer)
        sys.stdout.buffer.flush()
    return 0


def _text(arguments):
    """The query: from the argument, a file, standard input, or the question of that name."""
    from incsr import questions, sources
    from incsr.cli import Misuse

    if (arguments.query is None) == (arguments.file is None):
        raise Misuse("give either a query or -f FILE")
    try:
        if arguments.file == "-":
            return sys.stdin.buffer.read().decode()
        if arguments.file is not None:
            return Path(arguments.file).read_bytes().decode()
    except OSError as error:
        raise Misuse(f"cannot read {arguments.file}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise Misuse(f"{arguments.file} is not UTF-8: {error.reason} at byte {error.start}") from None
    if questions.NAME.fullmatch(arguments.query):
        path = sources.root() / "questions" / f"{arguments.query}.rq"
        if path.is_file():
            return questions.read(path).query
    return arguments.query


def _complaint(problem):
    place = f"line {problem.line}, column {problem.column}: " if problem.line else ""
    parts = [problem.detail if problem.detail.lower().startswith("line ") else place + problem.detail]
    parts += [problem.excerpt] if problem.excerpt else []
    parts += [problem.hint] if problem.hint else []
    return "\n".join(parts)


def _print_table(data):
    """A table of solutions, or the word for a boolean, from the engine's JSON."""
    import pyoxigraph as ox

    from incsr.formats import text
    from incsr.namespaces import PREFIXES

    results = ox.parse_query_results(data, ox.QueryResultsFormat.JSON)
    if isinstance(results, ox.QueryBoolean):
        print("true" if results else "false")
        return
    rows = list(results)
    sys.stdout.writelines(text.table([variable.value for variable in results.variables], rows, PREFIXES))
    print(f"({len(rows)} {'solution' if len(rows) == 1 else 'solutions'})", file=sys.stderr)
