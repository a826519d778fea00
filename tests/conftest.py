"""Fixtures that several test modules share; tests/servers.py says what a `Server` offers."""

import os
from contextlib import ExitStack

import hypothesis
import pytest
import servers
from browsing import browser, visit, watch  # noqa: F401  (fixtures)

# The same examples in every run, so that a failure is the change's; `make soak` draws others (FUZZ_EXAMPLES).
hypothesis.settings.register_profile(
    "fixed", derandomize="FUZZ_EXAMPLES" not in os.environ, database=None, deadline=None
)
hypothesis.settings.load_profile("fixed")


@pytest.fixture
def serve():
    """A function that starts a server with the given options: `server = serve("--empty", token="secret")`."""
    with ExitStack() as stack:
        yield lambda *options, **more: stack.enter_context(servers.running(*options, **more))


@pytest.fixture(scope="session")
def published():
    """A server with the published graph, shared by all tests of a process; none of them may change it."""
    with servers.running() as server:
        yield server
