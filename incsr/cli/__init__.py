"""The `incsr` command: finds the subcommand, parses, exits 0 (well), 1 (something is wrong) or 2 (misused).

Each subcommand is a module of this package with `register(subparsers)`, which adds its parser and sets
`run` to a function of the parsed arguments that returns the exit code. A subcommand imports what it needs
inside `run`, so that `incsr --help` and `incsr serve` start fast.
"""

import argparse
import importlib
import pkgutil
import sys

from incsr import __version__


class Misuse(Exception):
    """The command line asks for something that cannot be; the message says what to write instead."""


def parser():
    """The parser of the whole command line, one subparser a module of this package."""
    top = argparse.ArgumentParser(
        prog="incsr", description="Publish, check and query the 2014 INCSR page on CBP as a graph."
    )
    top.add_argument("--version", action="version", version=f"incsr {__version__}")
    subparsers = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            importlib.import_module(f"incsr.cli.{module.name}").register(subparsers)
    return top


def main(argv=None):
    """Run one command line and return its exit code."""
    arguments = parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except Misuse as misuse:
        print(f"incsr {arguments.command}: {misuse}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0


if __name__ == "__main__":
    sys.exit(main())
