"""The application with the published graph in this process: for contracts that no pool or socket changes."""

import functools

from incsr.app import create_app
from incsr.config import Settings
from incsr.workers import loading
from incsr.workers.executors import InlineExecutor


@functools.cache
def executor():
    """One executor over the published graph for a test process; nobody may write to it."""
    options = {"default_graph": "union", "empty": False, "service_allow": ()}
    return InlineExecutor(loading.load(options))


def client(**settings):
    """A client of the application."""
    return create_app(Settings(**settings), executor()).test_client()
