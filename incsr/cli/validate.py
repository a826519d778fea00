"""`incsr validate`: the graphs against the shapes, with the place of each defect and what to write there."""

import sys
from pathlib import Path

FORMATS = ("text", "json", "turtle")

DESCRIPTION = """\
Validate the published graphs, or FILES, against the shapes and the Data Cube's integrity constraints.

FILES are validated in the company of the published graphs. A file that bears a published file's name, or
that describes the report itself, takes that graph's place. What any other file describes joins the graph it
belongs to (passages, links, computed figures, else the report's), and takes the place of the published
description of the same things. Only what FILES describe is reported on.
"""

EPILOG = """\
Exit code: 0 without violations (warnings are shown), 1 with violations, with an ill-formed file or where no
report can be made, 2 misused.
"""


def register(subparsers):
    """Add the `validate` subcommand."""
    import argparse

    parser = subparsers.add_parser(
        "validate",
        help="check the graphs, or FILES, against the shapes",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILES", help="RDF files; none: what is published"
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="of the report (default: text)")
    parser.add_argument(
        "--graph",
        metavar="NAME",
        help="the graph that everything in FILES belongs to, such as links (default: by what it is)",
    )
    parser.add_argument(
        "--reference",
        action="store_true",
        help="have pySHACL check the shapes: the same results, some seconds later",
    )
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Validate, print the report, and return the exit code."""
    from incsr import sources
    from incsr.cli import Misuse
    from incsr.namespaces import GRAPH
    from incsr.validation import SHAPES_GRAPH, ValidationError, company, reference, report, validate

    for path in arguments.files:
        if not path.is_file():
            raise Misuse(f"{path} is not a file; name RDF files, or none to validate what is published")
        if path.suffix.lower() not in sources.MEDIA:
            raise Misuse(f"{path}: its name announces no RDF format; use one of {', '.join(sources.MEDIA)}")
    progress = _Progress()
    try:
        progress("reading the graphs")
        published = sources.published()
        names = {path.name: source.graph for source in published for path in source.paths}
        graph = GRAPH + arguments.graph if arguments.graph else None
        if graph and graph not in {source.graph for source in published}:
            known = ", ".join(source.name for source in published)
            raise Misuse(f"no graph {arguments.graph!r} is published; there are {known}")
        by_name = [None if arguments.graph else names.get(path.name) for path in arguments.files]
        files = [
            (name, list(sources.quads_of_file(path)))
            for name, path in zip(by_name, arguments.files, strict=True)
        ]
        joined = company.join(sources.graphs(published), files, graph)
        texts = sources.texts()
    except sources.SourceError as error:
        progress.end()
        return _ill_formed(error, arguments.format)
    count = sum(map(len, joined.graphs.values()))
    progress(f"validating {count:,} triples")
    shacl = reference if arguments.reference else None
    try:
        found = validate(joined.graphs, joined.graphs[SHAPES_GRAPH], texts, shacl)
    except ValidationError as error:
        return _broken_off(error, arguments.format)
    finally:
        progress.end()
    if found.fallback and not found.unjudged:
        print(f"pySHACL checked the shapes, which takes longer, because of {found.fallback}", file=sys.stderr)
    paths = [*arguments.files, *(path for source in published for path in source.paths)]
    # Labels and places cost more than a validation that finds nothing.
    quads = [quad for graph in joined.graphs.values() for quad in graph] if found.results else []
    guide = _Guide(quads, paths)
    if arguments.files:
        own = tuple(item for item in found.results if guide.subject(item) in joined.subjects)
        found = report.Report(own, found.fallback, found.unjudged)
    if arguments.format == "turtle":
        sys.stdout.write(report.turtle(found).decode())
    elif arguments.format == "json":
        print(report.json_text(found, guide.described))
    else:
        _print_text(found, guide, count, len(joined.graphs))
    for rule, reason in found.unjudged:
        print(
            f"{report.compact(rule)} could not be checked, not by pySHACL either: {reason}", file=sys.stderr
        )
    return 1 if found.violations or found.unjudged else 0


def _ill_formed(error, format_name) -> int:
    """Tell of a file that is not RDF."""
    import json

    if format_name == "json":
        place = {"file": str(error.path), "line": error.line, "column": error.column, "token": error.token}
        print(json.dumps({"conforms": False, "error": {"message": error.reason, **place}}, indent=2))
    at = f" at {error.token!r}" if error.token else ""
    place = (
        f"{_shown(error.path)}" if error.line is None else f"{_shown(error.path)}:{error.line}:{error.column}"
    )
    print(f"{place}: not well-formed{at}: {error.reason}", file=sys.stderr)
    return 1


def _broken_off(error, format_name) -> int:
    """Tell of data or shapes that no report can be made of."""
    import json

    if format_name == "json":
        print(json.dumps({"conforms": False, "error": {"message": str(error)}}, indent=2))
    print(f"no report can be made: {error}", file=sys.stderr)
    return 1


def _shown(path: Path) -> str:
    """A path as short as it can be typed from here."""
    path = Path(path)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


class _Guide:
    """Labels and places for the nodes of a report."""

    def __init__(self, quads, paths):
        import pyoxigraph as ox

        from incsr.namespaces import PREFIXES
        from incsr.validation.locate import Locator, owners

        self._owners = owners(quads)
        self._locator = Locator(paths)
        self._labels = {}
        named = [PREFIXES["skos"] + "prefLabel", PREFIXES["rdfs"] + "label", PREFIXES["cbp"] + "quotation"]
        ranks = {predicate: rank for rank, predicate in enumerate(named)}
        for quad in quads:
            rank = ranks.get(quad.predicate.value)
            if rank is not None and isinstance(quad.object, ox.Literal):
                known = self._labels.get(quad.subject)
                if known is None or rank < known[0]:
                    self._labels[quad.subject] = (rank, quad.object.value)

    def subject(self, result):
        """The thing with an IRI that the result is about: its focus node, or what owns it."""
        import pyoxigraph as ox

        owner = self._owners.get(result.focus.value) if isinstance(result.focus, ox.BlankNode) else None
        return ox.NamedNode(owner[0]) if owner else result.focus

    def place(self, result):
        """Where the offending triple stands, else its property, else the thing."""
        subject = self.subject(result)
        predicate = result.path.value if result.path is not None else None
        if subject != result.focus and predicate is None:
            predicate = self._owners[result.focus.value][1]
        return self._locator.place(subject.value, predicate, result.value)

    def label(self, result) -> str:
        return self._labels.get(self.subject(result), (0, ""))[1]

    def described(self, result) -> dict:
        place = self.place(result)
        return {
            "label": self.label(result),
            "file": _shown(place.path) if place else None,
            "line": place.line if place else None,
        }


def _print_text(found, guide, triples, graphs):
    from incsr.validation.report import compact

    for result in found.results:
        place = guide.place(result)
        where = f"{_shown(place.path)}:{place.line}" if place else "(in no file's text)"
        subject = guide.subject(result)
        label = guide.label(result)
        print(f"{where}: {result.severity.lower()}: {compact(subject)}" + (f" “{label}”" if label else ""))
        print(f"    rule:  {compact(result.shape)}" + (f" ({result.rule})" if result.rule else ""))
        if result.path is not None or (result.value is not None and result.value != result.focus):
            said = (
                compact(result.value) if result.value is not None else "(see the rule: missing, or too many)"
            )
            print(f"    found: {compact(result.path)} {said}".rstrip())
        print(f"    write: {result.message}")
    violations, warnings = len(found.violations), len(found.warnings)
    verdict = "does not conform" if violations or found.unjudged else "conforms"
    print(
        f"{verdict}: {violations} violation{'s' * (violations != 1)}, "
        f"{warnings} warning{'s' * (warnings != 1)} in {triples:,} triples of {graphs} graphs"
    )


class _Progress:
    """One line on a terminal's standard error that says what is going on; silent elsewhere."""

    def __init__(self):
        self._shown = sys.stderr.isatty()

    def __call__(self, text):
        if self._shown:
            sys.stderr.write(f"\r\033[K{text} …")
            sys.stderr.flush()

    def end(self):
        if self._shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
