"""`incsr serve`: the service, until SIGTERM or Ctrl-C."""

from pathlib import Path


def register(subparsers):
    """Add the parser of `incsr serve`, an option for each of `incsr.config.OPTIONS`."""
    from incsr import config

    parser = subparsers.add_parser(
        "serve", help="serve the graph: pages, SPARQL endpoint, Graph Store Protocol"
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="read options from this TOML file")
    for option in config.OPTIONS:
        if option.secret:
            continue
        keywords = {"dest": option.name, "default": None}
        if isinstance(option.default, bool):
            keywords |= {"action": "store_const", "const": True}
        else:
            keywords |= {"metavar": option.metavar}
            if isinstance(option.default, tuple):
                keywords |= {"action": "append"}
        default = config.default_text(option).replace("`", "").replace("%", "%%")
        shown = "" if default in ("none", "off") else f" (default: {default})"
        parser.add_argument(config.flag(option), help=option.help.replace("%", "%%") + shown, **keywords)
    parser.set_defaults(run=run)


def run(arguments):
    """Serve until told to stop; 0 after an orderly end.

    Raises: Misuse where the options cannot be, the port is taken or the data cannot be read.
    """
    from incsr import config
    from incsr.cli import Misuse

    flags = {
        option.name: value
        for option in config.OPTIONS
        if not option.secret and (value := getattr(arguments, option.name)) is not None
    }
    try:
        settings = config.settings_from(flags, file=arguments.config)
    except config.ConfigurationError as error:
        raise Misuse(str(error)) from None
    from incsr import server

    try:
        return server.serve(settings)
    except server.StartError as error:
        raise Misuse(str(error)) from None
