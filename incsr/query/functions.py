"""Functions that nobody knows: an error of the expression that calls them, not of the whole text.

A constructor (`xsd:integer`) called with no argument, or with two, is an error of the text.

Source: SPARQL 1.1 Query Language, sections 17.3, 17.5 and 17.6. The engine refuses both.
"""

import re

import pyoxigraph as ox

from incsr.query.extremes import AGGREGATES

_UNKNOWN = re.compile(r"The custom function <(.*)> is not supported\Z", re.S)
_MISCALLED = re.compile(
    r"The custom function <(.*)> requires between 1 and 1 arguments, but (\d+) were given\Z", re.S
)


class Miscalled(SyntaxError):
    """A constructor is called with a number of arguments that it does not take."""

    def __init__(self, function: str, given: int):
        super().__init__(f"The function <{function}> takes one argument, but {given or 'none'} are given")
        self.function = function


def _no_value(*_arguments):
    return None


def redirected(text):
    """A text as the engine gets it: `incsr.workers.services` puts a guarded way in place of endpoints."""
    return text


def run(method, text, functions=None, **arguments):
    """What the engine's `query` or `update` gives for a text, each unknown function being one without value.

    `functions` is filled with those that had to be made known, for the next time.
    """
    functions = {} if functions is None else functions
    sent = redirected(text)
    while True:
        try:
            return method(
                sent, custom_functions=functions, custom_aggregate_functions=AGGREGATES, **arguments
            )
        except SyntaxError:
            if sent == text:
                raise
            sent = text  # the same error, found before anything runs, placed in the text as it was given
        except RuntimeError as error:
            miscalled = _MISCALLED.search(str(error))
            if miscalled is not None:
                raise Miscalled(miscalled.group(1), int(miscalled.group(2))) from None
            unknown = _UNKNOWN.search(str(error))
            if unknown is None or (name := ox.NamedNode(unknown.group(1))) in functions:
                raise
            functions[name] = _no_value
