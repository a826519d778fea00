"""`python -m conformance SUITE`: run the suites, write the report, fail on any test that passed before."""

import argparse
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from conformance import report
from conformance.client import Server
from conformance.federation import Remotes
from conformance.manifests import tests
from conformance.run import run_all
from conformance.server import Started
from incsr import __version__

HERE = Path(__file__).resolve().parent
BASELINE = HERE / "passed.txt"


def parser():
    top = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    top.add_argument("suite", type=Path, help="the folder that holds sparql10 and sparql11, or one above it")
    top.add_argument("--only", default="", help="run the tests whose IRI or group contains this")
    top.add_argument("--earl", type=Path, help="write EARL (Turtle) to this file")
    top.add_argument("--page", type=Path, help="write the report (Markdown) to this file")
    top.add_argument("--baseline", type=Path, default=BASELINE, help="the tests that passed before")
    top.add_argument("--accept", action="store_true", help="make what passes now the baseline")
    top.add_argument("--query-url", help="test this server instead of starting one")
    top.add_argument("--update-url")
    top.add_argument("--store-url")
    top.add_argument("--token")
    return top


def main(argv=None):
    """Returns: 0; 1 where a test fails that passed before; 2 where there is no suite."""
    arguments = parser().parse_args(argv)
    root = next((f for f in (arguments.suite, arguments.suite / "sparql") if (f / "sparql11").is_dir()), None)
    if root is None:
        print(
            f"{arguments.suite} holds no suite; name the folder with sparql10 and sparql11", file=sys.stderr
        )
        return 2
    if arguments.accept and arguments.only:
        print("--accept needs the whole suite; leave out --only", file=sys.stderr)
        return 2
    chosen = [test for test in tests(root) if arguments.only in test.iri or arguments.only in test.group]
    with ExitStack() as stack:
        remotes = Remotes()
        stack.callback(remotes.close)
        if arguments.query_url:
            server = Server(arguments.query_url, arguments.update_url, arguments.store_url, arguments.token)
        else:
            server = stack.enter_context(Started(remotes.addresses.values()))
        stack.callback(server.close)
        outcomes = run_all(server, remotes, chosen)
    for outcome in outcomes:
        if not outcome.passed:
            print(f"FAIL {outcome.test.group}: {outcome.test.iri}\n     {outcome.reason}")
    for group, passed, everything in report.counts(outcomes):
        print(f"{group}: {passed} of {everything}")
    if arguments.earl:
        arguments.earl.parent.mkdir(parents=True, exist_ok=True)
        arguments.earl.write_text(
            "".join(report.earl(outcomes, datetime.now(UTC).date(), __version__)), "utf-8"
        )
    if arguments.page:
        arguments.page.write_text("".join(report.page(outcomes)), "utf-8")
    before = set(arguments.baseline.read_text("utf-8").split()) if arguments.baseline.exists() else set()
    lost = report.regressions(outcomes, before)
    for outcome in lost:
        print(f"passed before: {outcome.test.iri}", file=sys.stderr)
    missing = before - {test.iri for test in tests(root)}
    for iri in sorted(missing):
        print(f"passed before, and is no longer in the suite: {iri}", file=sys.stderr)
    if arguments.accept:
        arguments.baseline.write_text(report.baseline_lines(outcomes), "utf-8")
        return 0
    return 1 if lost or missing else 0


if __name__ == "__main__":
    sys.exit(main())
