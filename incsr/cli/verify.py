"""`incsr verify`: the evidence of every fact against the source text, and how much of the text is covered."""

import json
import sys

CHECKS = """\
fails (exit 1) unless
  - the source text is the page as published (its sha256);
  - every quotation stands at its offsets, and data/passages.ttl holds its passage;
  - value, rounding, hedge, unit and rate, read again from the quotation, equal the graph's;
  - period, area, subject and superlative are what the cited sentences say;
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
        metavar="FILE",
        help="Turtle files with what the report says (default: the graphs in data/)",
    )
    command.set_defaults(run=run)


def run(arguments):
    """Verify and print the report.

    Returns: 0 where the text bears out everything, else 1.
    """
    from incsr.cli._evidence_files import documents, passages_path, source_text, uncovered_path
    from incsr.evidence.coverage import ReasonsError, read_reasons
    from incsr.evidence.verification import verify
    from incsr.sources import SourceError

    try:
        source = source_text()
        read = documents(arguments.data)
        path = uncovered_path()
        reasons = read_reasons(path.read_text(encoding="utf-8"), path.name) if path.exists() else {}
    except (SourceError, ReasonsError, UnicodeDecodeError) as error:
        print(f"incsr verify: {error}", file=sys.stderr)
        return 1
    passages = passages_path()
    report = verify(source, read, passages.read_text(encoding="utf-8") if passages.exists() else "", reasons)
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
