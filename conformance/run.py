"""Run tests one after another; a test that raises fails with the reason."""

from conformance import cases, http_cases
from conformance.report import Outcome

CASES = {
    "QueryEvaluationTest": cases.evaluate_query,
    "CSVResultFormatTest": cases.evaluate_query,
    "UpdateEvaluationTest": cases.evaluate_update,
    "PositiveSyntaxTest": cases.check_syntax,
    "NegativeSyntaxTest": cases.check_syntax,
    "PositiveSyntaxTest11": cases.check_syntax,
    "NegativeSyntaxTest11": cases.check_syntax,
    "PositiveUpdateSyntaxTest11": cases.check_syntax,
    "NegativeUpdateSyntaxTest11": cases.check_syntax,
    "ProtocolTest": http_cases.run_protocol,
    "GraphStoreProtocolTest": http_cases.run_graph_store,
    "ServiceDescriptionTest": http_cases.run_service_description,
}


# So many timeouts or refused connections one after another, and the server is taken for dead.
DEAD_AFTER = 3


class ServerDead(Exception):
    """The server does not answer any more."""


def run_all(server, remotes, tests):
    """The outcome of each test, in order.

    Raises: ServerDead.
    """
    outcomes, unanswered = [], 0
    for test in tests:
        reason = _reason(server, remotes, test)
        unanswered = unanswered + 1 if reason.startswith(("TimeoutError", "Connection")) else 0
        if unanswered == DEAD_AFTER:
            raise ServerDead(
                f"no answer to {DEAD_AFTER} tests one after another; the last is {test.iri}: {reason}"
            )
        outcomes.append(Outcome(test, remotes.restored(reason)))
    return outcomes


def _reason(server, remotes, test):
    work = remotes.run if test.group == "Federated query" else CASES[test.kind]
    try:
        work(server, test)
    except cases.Failed as failure:
        return str(failure)
    except (OSError, ValueError, SyntaxError, KeyError) as error:
        # An answer that is not of its format, or a connection broken off: the server's failure too.
        return f"{type(error).__name__}: {error}"
    return ""
