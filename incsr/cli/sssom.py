"""`incsr sssom`: the mappings to other open data as SSSOM TSV, on standard output or in a file."""

import sys


def register(subparsers):
    """Add the command to the command line."""
    command = subparsers.add_parser(
        "sssom",
        help="write the mappings to other open data as SSSOM TSV",
        description="Write the mappings of data/links.ttl as one SSSOM TSV file: subject, predicate, object, "
        "justification, confidence, date, source.",
        epilog="example: incsr sssom -o incsr2014.sssom.tsv",
    )
    command.add_argument("-o", "--output", metavar="FILE", help="write to this file, not to standard output")
    command.set_defaults(run=run)


def run(arguments):
    """Write the file.

    Returns: 0, or 1 where the graphs cannot be read or a mapping cannot be written.
    """
    from incsr.links.sssom import MappingError, mapping_set, tsv
    from incsr.sources import SourceError, graphs

    try:
        text = tsv(mapping_set(quad for quads in graphs().values() for quad in quads))
    except (SourceError, MappingError) as error:
        print(f"incsr sssom: {error}", file=sys.stderr)
        return 1
    if arguments.output is None:
        sys.stdout.write(text)
        return 0
    try:
        with open(arguments.output, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        print(f"incsr sssom: {arguments.output}: {error.strerror}", file=sys.stderr)
        return 1
    return 0
