"""What came of the tests: EARL for machines, a page of documentation for people, a list for the next run."""

from collections import Counter
from dataclasses import dataclass

from conformance.manifests import GROUPS, Test

SUBJECT = "https://w3id.org/incsr/"
ASSERTOR = f"{SUBJECT}conformance"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A test with the reason why it fails; none where it passes."""

    test: Test
    reason: str = ""

    @property
    def passed(self):
        return not self.reason


def counts(outcomes):
    """(group, passed, all) in the order of GROUPS, without the groups that were not run."""
    everything = Counter(outcome.test.group for outcome in outcomes)
    passed = Counter(outcome.test.group for outcome in outcomes if outcome.passed)
    return [(group, passed[group], everything[group]) for group in GROUPS if everything[group]]


def earl(outcomes, date, version):
    """EARL 1.0 in Turtle: an assertion a test.

    Source: Evaluation and Report Language (EARL) 1.0 Schema (W3C).
    """
    yield (
        "@prefix earl: <http://www.w3.org/ns/earl#> .\n"
        "@prefix doap: <http://usefulinc.com/ns/doap#> .\n"
        "@prefix dcterms: <http://purl.org/dc/terms/> .\n"
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n\n"
        f"<{SUBJECT}> a doap:Project , earl:TestSubject , earl:Software ;\n"
        f'    doap:name "incsr" ;\n    doap:release [ doap:revision "{version}" ] .\n\n'
        f"<{ASSERTOR}> a earl:Assertor , earl:Software ;\n"
        '    dcterms:title "python -m conformance"@en .\n'
    )
    for outcome in outcomes:
        state = "passed" if outcome.passed else "failed"
        yield (
            f"\n[] a earl:Assertion ;\n    earl:assertedBy <{ASSERTOR}> ;\n    earl:subject <{SUBJECT}> ;\n"
            f"    earl:test <{outcome.test.iri}> ;\n    earl:mode earl:automatic ;\n"
            f"    earl:result [ a earl:TestResult ; earl:outcome earl:{state} ;"
            f' dcterms:date "{date}"^^xsd:date ] .\n'
        )


def page(outcomes):
    """`docs/conformance.md`: a table of the suites, then each failure with its reason."""
    yield "# Conformance\n\nWritten by `make conformance SUITE=dir`; do not edit.\n\n"
    yield (
        "The W3C's suites for SPARQL 1.0 and 1.1 (w3c/rdf-tests), run over HTTP against a started\n"
        "`incsr serve --empty --default-graph strict`: data is loaded through the graph store protocol,\n"
        "queries and updates are sent by POST, solutions are compared as RDF terms, numbers and booleans by\n"
        "value. Protocol, graph store and service description tests send the requests that their manifests\n"
        "describe. Federated queries call servers on loopback that the operator has allowed. A text counts\n"
        "as well-formed where the server does not call it malformed, even if it will not carry it out\n"
        "(LOAD, SERVICE). What the engine answers differently, and what is done about it, is in\n"
        "[known deviations](known-deviations.md).\n\n"
    )
    yield "| suite | passed | of |\n| --- | ---: | ---: |\n"
    for group, passed, everything in counts(outcomes):
        yield f"| {group} | {passed} | {everything} |\n"
    total = len(outcomes)
    yield f"| **all** | **{sum(outcome.passed for outcome in outcomes)}** | **{total}** |\n"
    failures = [outcome for outcome in outcomes if not outcome.passed]
    if not failures:
        yield "\nEvery test passes.\n"
        return
    yield "\n## What fails, and why\n"
    for group in GROUPS:
        listed = [outcome for outcome in failures if outcome.test.group == group]
        if listed:
            yield f"\n### {group}\n\n"
            for outcome in listed:
                yield f"- [{_plain(outcome.test.name)}]({outcome.test.iri}): {_plain(outcome.reason)}\n"


def _plain(text):
    """One line that Markdown leaves as it is."""
    line = " ".join(text.split())
    shown = line if len(line) <= 300 else f"{line[:299]}…"
    return "".join(f"\\{character}" if character in "\\`*_[]<>|" else character for character in shown)


def regressions(outcomes, baseline):
    """The outcomes that fail though the baseline has them as passed."""
    return [outcome for outcome in outcomes if not outcome.passed and outcome.test.iri in baseline]


def baseline_lines(outcomes):
    """The tests that pass, one IRI a line, sorted."""
    return "".join(f"{iri}\n" for iri in sorted(outcome.test.iri for outcome in outcomes if outcome.passed))
