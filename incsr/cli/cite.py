"""`incsr cite`: words -> the ready Turtle of their evidence. Writes no file."""

import argparse
import sys

CANDIDATES = 20


def register(subparsers):
    """Add the command to the command line."""
    command = subparsers.add_parser(
        "cite",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        help="find words in the source and print the Turtle of their evidence",
        description="Find words in the source text and print the ready Turtle of their evidence.\n"
        "Words that stand there more than once, or not at all, are an error that lists the candidates.",
        epilog='examples:\n  incsr cite "more than 759,000 pounds of drugs"\n'
        '  incsr cite 257 --in "capacity building"\n'
        '  incsr cite --together "50 in Honduras" "In FY 2013"',
    )
    command.add_argument(
        "words",
        nargs="+",
        metavar="TEXT",
        help="the words as they stand, quoted; several quoted phrases are cited one by one",
    )
    command.add_argument(
        "--in",
        dest="within",
        metavar="WORDS",
        help="words in or around its place, sentence or paragraph, to choose one of several",
    )
    command.add_argument(
        "--together",
        action="store_true",
        help="one fact: the first phrase is its quotation, the others are further evidence",
    )
    command.add_argument(
        "--text",
        metavar="NAME",
        help="the text to look in, by its file's name (default: the one that has the words)",
    )
    command.add_argument("--passage", action="store_true", help="print the block for data/passages.ttl too")
    command.set_defaults(run=run)


def run(arguments):
    """Print the evidence, or the candidates.

    Returns: 0 where each phrase stands at one place, else 1.
    """
    from incsr.cli import Misuse
    from incsr.evidence.passages import passage_block
    from incsr.sources import SourceError

    try:
        source = _source(arguments)
    except SourceError as error:
        raise Misuse(str(error)) from error
    phrases = _phrases(source, arguments.words)
    passages, wrong = [], []
    for phrase in phrases:
        found = source.locate(phrase, arguments.within)
        if len(found) == 1:
            passages.append(found[0])
        else:
            wrong.append(_explanation(source, phrase, found, arguments.within))
    if wrong:
        print("\n\n".join(wrong), file=sys.stderr)
        return 1
    groups = [passages] if arguments.together else [[passage] for passage in passages]
    print("\n\n".join(_evidence(source, group) for group in groups))
    if arguments.passage:
        for passage in sorted(set(passages)):
            print(f"\n{passage_block(source, passage)}", end="")
    return 0


def _source(arguments):
    # Several reports share many words; the one that has them all is meant, and the first where several have.
    from incsr.evidence.published import source_text, source_texts

    if arguments.text:
        return source_text(arguments.text.removesuffix(".txt"))
    texts = source_texts()
    having = [t for t in texts if all(t.locate(phrase) for phrase in _phrases(t, arguments.words))]
    return (having or texts)[0]


def _phrases(source, words):
    # A shell user may forget the quotes: words that stand in the text when joined are one phrase, and so
    # are single words that do not all stand there.
    joined = " ".join(words)
    if len(words) == 1 or source.locate(joined):
        return [joined]
    if any(" " in word for word in words) or all(source.locate(word) for word in words):
        return words
    return [joined]


def _evidence(source, passages):
    from incsr.evidence.passages import turtle_string

    references = " ,\n                  ".join(source.reference(passage) for passage in passages)
    return f"    cbp:quotation {turtle_string(source.words(passages[0]))} ;\n    cbp:evidence  {references} ;"


def _explanation(source, phrase, found, within):
    whole, standing = source.locate(phrase), source.occurrences(phrase)
    if found:
        why = f"stands in the source {len(found)} times; add --in WORDS, or cite more of one:"
    elif whole:
        found = whole
        why = f"does not stand near “{within}”; it stands here:"
    elif standing:
        found = standing
        why = "cuts a word or number, or ends with a mark that is not its own; cite whole words:"
    else:
        found = source.nearest(phrase)
        why = "does not stand in the source" + ("; the nearest words are:" if found else ".")
    lines = [_candidate(source, passage) for passage in found[:CANDIDATES]]
    if len(found) > CANDIDATES:
        lines.append(f"  … and {len(found) - CANDIDATES} more")
    return "\n".join([f"incsr cite: “{phrase}” {why}", *lines])


def _candidate(source, passage):
    before, after = (part.replace("\n", " ") for part in source.context(passage))
    return f"  #char={passage.start},{passage.end}  …{before}[{source.words(passage)}]{after}…"
