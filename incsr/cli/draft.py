"""`incsr draft`: a text -> proposed measurements as Turtle, for a person to finish."""

import argparse
import sys
from pathlib import Path


def register(subparsers):
    """Add the command to the command line."""
    command = subparsers.add_parser(
        "draft",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        help="propose measurements from a text, as Turtle to finish",
        description="Propose a measurement for every quantity of a text, each with its words, their place, "
        "and\nwhat is uncertain. Nothing is settled: subjects and indicators are finish: placeholders.",
        epilog="examples:\n  incsr draft data/source/incsr2015-cbp.txt --output data/incsr2015.ttl",
    )
    command.add_argument("text", type=Path, metavar="FILE", help="a plain text, UTF-8")
    command.add_argument("--name", help="what the text is called in evidence IRIs (default: the file's name)")
    command.add_argument(
        "--year", help="the year that begins the slugs (default: the first that the text names)"
    )
    command.add_argument(
        "--body",
        metavar="START,END",
        help="the characters to read (default: those of the sidecar FILE.toml, else all)",
    )
    command.add_argument(
        "--output", type=Path, metavar="FILE", help="the file to write (default: standard output)"
    )
    command.set_defaults(run=run)


def run(arguments):
    """Print or write the proposals.

    Returns: 0 where the text was read, also if it holds no quantity; 1 where it is no UTF-8.
    """
    from incsr.cli import Misuse
    from incsr.draft import propose, turtle
    from incsr.evidence.texts import sidecar

    path = arguments.text
    if not path.is_file():
        raise Misuse(f"{path} is not a file; name a plain text")
    if arguments.output and arguments.output.exists():
        raise Misuse(f"{arguments.output} exists, and may hold somebody's work; name another file")
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        print(f"incsr draft: {path}: not UTF-8 at byte {error.start}; convert it first", file=sys.stderr)
        return 1
    name = arguments.name or path.stem
    proposals = propose(text, _body(arguments, path, len(text)), arguments.year)
    described = sidecar(path)
    written = turtle(proposals, name, _known(), described.graph if described else None)
    if arguments.output:
        arguments.output.write_text(written, encoding="utf-8", newline="\n")
        print(f"{arguments.output} written: {len(proposals)} proposals to finish")
    else:
        sys.stdout.write(written)
    return 0


def _body(arguments, path, length):
    from incsr.cli import Misuse
    from incsr.evidence.texts import sidecar

    if not arguments.body:
        described = sidecar(path)
        return described.body if described else None
    try:
        start, end = (int(part) for part in arguments.body.split(","))
    except ValueError:
        raise Misuse(f"--body {arguments.body}: write two offsets, START,END") from None
    if not 0 <= start < end <= length:
        raise Misuse(f"--body {arguments.body}: the text has {length} characters")
    return start, end


def _known():
    """Labels of published organizations, programs and indicators, with their prefixed names."""
    from incsr.evidence.graph import compact
    from incsr.evidence.names import Names
    from incsr.evidence.published import documents
    from incsr.sources import SourceError

    kinds = ("agency:", "office:", "orgunit:", "program:", "indicator:")
    try:
        published = documents()
    except SourceError:
        return {}
    names, known = Names(published), {}
    for document in published:
        for iri in document.facts:
            term = compact(iri)
            if term.startswith(kinds):
                known.update(dict.fromkeys(names.labels(iri), term))
    return known
