"""`incsr export`: the published graphs in another format, all of them or some."""

import os
import sys
import tempfile
from pathlib import Path


def register(subparsers):
    """Add the command to the command line."""
    command = subparsers.add_parser(
        "export",
        help="write the published graphs in another format",
        description="Write the published graphs: with their names in trig, nquads and jsonld; "
        "in turtle, ntriples and rdfxml as one graph, in which a triple stands once.",
    )
    names = ("trig", "nquads", "jsonld", "turtle", "ntriples", "rdfxml")
    command.add_argument(
        "--format", choices=names, help="the format (default: by the ending of FILE, else trig)"
    )
    command.add_argument(
        "--graph",
        action="append",
        metavar="NAME",
        help="only this graph, by the last part of its IRI or the whole; may be repeated",
    )
    command.add_argument(
        "--output", type=Path, metavar="FILE", help="write to this file, not standard output"
    )
    command.set_defaults(run=run)


def run(arguments):
    """Write the graphs.

    Returns: 0; 1 where the format cannot express them.
    """
    from incsr import formats
    from incsr.cli import Misuse
    from incsr.namespaces import GRAPH
    from incsr.sources import SourceError

    format_ = _format(arguments)
    try:
        graphs = published()
    except SourceError as error:
        raise Misuse(str(error)) from None
    wanted = [name if ":" in name else GRAPH + name for name in arguments.graph or graphs]
    for name in wanted:
        if name not in graphs:
            listed = ", ".join(graph.removeprefix(GRAPH) for graph in graphs)
            raise Misuse(f"there is no graph {name.removeprefix(GRAPH)}; there are {listed}")
    statements = [quad for name in wanted for quad in graphs[name]]
    if format_ not in formats.OFFERS["dataset"] or (format_.name == "jsonld" and len(wanted) == 1):
        statements = list(dict.fromkeys(quad.triple for quad in statements))
    try:
        chunks = formats.chunks(format_, statements)
        _write(arguments.output, chunks)
    except formats.Unwritable as error:
        print(f"incsr export: {error}. {error.hint}", file=sys.stderr)
        return 1
    except OSError as error:
        raise Misuse(f"cannot write {arguments.output}: {error.strerror}") from None
    return 0


def published():
    """The quads of every published and generated graph, by its IRI, as they are spelled in the files."""
    import pyoxigraph as ox

    from incsr import questions, sources
    from incsr.store.generated import generated_quads

    graphs = sources.graphs()
    store = ox.Store()
    for quads in graphs.values():
        store.extend(quads)
    for quad in generated_quads(store, questions.read_all()):
        graphs.setdefault(quad.graph_name.value, []).append(quad)
    return graphs


def _format(arguments):
    """The format asked for: by name, by the ending of the file, else TriG."""
    from incsr import formats
    from incsr.cli import Misuse

    everything = (*formats.OFFERS["dataset"], *formats.OFFERS["graph"])
    if arguments.format:
        return next(offer for offer in everything if offer.name == arguments.format)
    if arguments.output is None:
        return formats.TRIG
    ending = arguments.output.suffix.removeprefix(".").lower()
    for offer in everything:
        if offer.extension == ending:
            return offer
    raise Misuse(f"{arguments.output} ends in no format's name; add --format")


def _write(path, chunks):
    """Write to standard output, or to a file that is there whole or not at all."""
    if path is None:
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "wb") as output:
            for chunk in chunks:
                output.write(chunk)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
