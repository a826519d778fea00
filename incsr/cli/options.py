"""`incsr options`: every option of `incsr serve` with flag, key and variable, as the page docs/options.md."""


def register(subparsers):
    """Add the parser of `incsr options`."""
    parser = subparsers.add_parser(
        "options", help="print the page of all options of `incsr serve` (Markdown)"
    )
    parser.set_defaults(run=run)


def run(_arguments):
    """Print the page; 0."""
    print(page(), end="")
    return 0


BEGINNING = """\
# Options of `incsr serve`

Written by `incsr options > docs/options.md` from `incsr/config.py`, the one list of them; a test holds it so.

A flag wins over the environment, which wins over the file that `--config FILE` names, which wins over the
default. An unknown key, flag or `INCSR_…` variable, and a value that makes no sense, end the start with
exit code 2 and a sentence that names it. Sizes take `k`, `M` and `G` (1024); seconds take fractions. In TOML,
lists are lists (`service_allow = ["https://example.org/sparql"]`) and switches are `true` or `false`; in a
variable, white space separates the items of a list.

| flag | TOML key | variable | default | what it is |
| --- | --- | --- | --- | --- |
"""


def page() -> str:
    """The page: a table row an option, in the order in which they are defined."""
    from incsr import config

    rows = []
    for option in config.OPTIONS:
        flag = f"`{config.flag(option)}`" if not option.secret else "none: command lines are public"
        key = f"`{option.name}`" if not option.secret else "none: files are copied"
        help_ = option.help[0].upper() + option.help[1:]
        cells = (flag, key, f"`{option.variable}`", config.default_text(option), help_)
        rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n")
    return BEGINNING + "".join(rows)
