"""`incsr passages`: writes data/passages.ttl from what the data cites, or checks that it is up to date."""

import sys
from pathlib import Path


def register(subparsers):
    """Add the command to the command line."""
    command = subparsers.add_parser(
        "passages",
        help="write data/passages.ttl, the words that the facts rest on",
        description="Write data/passages.ttl: every passage that the data cites, with its words and offsets.",
    )
    command.add_argument("--check", action="store_true", help="write nothing; exit 1 if it is out of date")
    command.add_argument(
        "--data",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="Turtle files in the place of data/incsr2014.ttl, or of the published file of their name",
    )
    command.add_argument(
        "--output", metavar="FILE", type=Path, help="the file to write (default: data/passages.ttl)"
    )
    command.set_defaults(run=run)


def run(arguments):
    """Write or compare the file.

    Returns: 0 where it is written or up to date, else 1.
    """
    from incsr.cli import Misuse
    from incsr.evidence.passages import passages_file
    from incsr.evidence.published import documents, passages_path, shown, source_texts
    from incsr.evidence.source import PassageError
    from incsr.sources import SourceError

    for path in arguments.data or ():
        if not path.is_file():
            raise Misuse(f"{path} is not a file; name Turtle files, or none to read what is published")
    output = arguments.output or passages_path()
    try:
        text = passages_file(source_texts(), documents(arguments.data))
    except (PassageError, SourceError) as error:
        print(f"incsr passages: {error}", file=sys.stderr)
        return 1
    count = text.count(" a oa:SpecificResource ")
    if arguments.check:
        if not output.exists() or output.read_text(encoding="utf-8") != text:
            hint = "is not what the data cites; run `incsr passages`"
            print(f"incsr passages: {shown(output)} {hint}", file=sys.stderr)
            return 1
        print(f"{shown(output)} is up to date: {count} passages")
        return 0
    output.write_text(text, encoding="utf-8", newline="\n")
    print(f"{shown(output)} written: {count} passages")
    return 0
