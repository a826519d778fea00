"""Fixtures that several test modules share; tests/servers.py says what a `Server` offers."""

import gc
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

# The engine's results may be dropped by the thread alone that made them, and the collector runs in whatever
# thread allocates; one of pytest-xdist's listens beside the tests. So it runs here, between them.
gc.disable()
TESTS_A_COLLECTION = 50
ended = 0


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown():
    global ended
    ended += 1
    gc.collect(2 if ended % TESTS_A_COLLECTION == 0 else 1)


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
