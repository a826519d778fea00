"""`incsr verify`: the evidence of every fact against the source text, and how much of the text is covered."""

import json
import sys
from pathlib import Path

CHECKS = """\
fails (exit 1) unless
  - the source text is the page as published (its sha256);
  - every quotation stands at its offsets, and data/passages.ttl holds its passage;
  - value, rounding, hedge, unit and rate, read again from the quotation, equal the graph's;
  - period, area, subject and superlative are what the cited sentences say;
  - every line, paragraph, heading and sentence of the body is a section, and nothing else is;
  - every label of what the report says occurs in the text;
  - every numeral of the body is a measurement's, a period's or part of a name;
  - every sentence carries a fact;
  - every content word that no fact covers has a reason in data/source/uncovered.csv."""


def register(subparsers):
    """Add the command to the command line."""
    import argparse

    command = subparsers.add_parser(
        "verify",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        help="check every fact against the words of the source",
        description="Check every fact against the words of the source text.",
        epilog=CHECKS,
    )
    command.add_argument("--format", choices=("text", "json"), default="text", help="how to report (text)")
    command.add_argument(
        "--data",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="Turtle files in the place of data/incsr2014.ttl, or of the published file of their name",
    )
    command.set_defaults(run=run)


def run(arguments):
    """Verify and print the report.

    Returns: 0 where the text bears out everything, else 1.
    """
    from incsr.cli import Misuse
    from incsr.evidence.coverage import ReasonsError
    from incsr.evidence.published import verify_published
    from incsr.sources import SourceError

    for path in arguments.data or ():
        if not path.is_file():
            raise Misuse(f"{path} is not a file; name Turtle files, or none to verify what is published")
    try:
        report = verify_published(arguments.data)
    except (SourceError, ReasonsError) as error:
        if arguments.format == "json":
            print(json.dumps({"holds": False, "error": str(error)}, ensure_ascii=False, indent=2))
        print(f"incsr verify: {error}", file=sys.stderr)
        return 1
    if arguments.format == "json":
        print(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        print(_text(report))
    return 0 if report.holds else 1


def _text(report):
    coverage = report.coverage
    lines = [str(problem) for problem in report.problems]
    if lines:
        lines.append("")
    kinds = [fact.kind for fact in report.facts]
    others = ", ".join(f"{kinds.count(kind)} {kind}s" for kind in ("relation", "thing", "section"))
    lines.append(
        f"facts      {sum(fact.holds for fact in report.facts)} of {len(kinds)} stand as quoted: "
        f"{kinds.count('figure')} figures, {kinds.count('words')} quantities in words, {others}"
    )
    lines.append(_share("numerals", coverage.numerals_covered, coverage.numerals))
    lines.append(_share("sentences", coverage.sentences_covered, coverage.sentences))
    lines.append(_share("words", coverage.words_covered, coverage.words))
    if coverage.uncovered:
        lines.append("content words that no fact covers:")
    for word in coverage.uncovered:
        lines.append(f"  {word.start:>5}  {word.word:<16} {word.reason or 'UNEXPLAINED'}")
    count = len(report.problems)
    lines.append(
        "verified: the text bears out every fact"
        if report.holds
        else f"not verified: {count} problem{'s' if count > 1 else ''}"
    )
    return "\n".join(lines)


def _share(name, covered, total):
    percent = 100 * covered / total if total else 100
    return f"{name:<10} {covered} of {total} covered ({percent:.1f} %)"
