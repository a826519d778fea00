"""`incsr mcp`: tools for agents over the Model Context Protocol, on standard input and output or HTTP."""

import sys
from pathlib import Path


def register(subparsers):
    """Add the command to the command line."""
    command = subparsers.add_parser(
        "mcp",
        help="serve tools for agents (Model Context Protocol)",
        description="Serve the tools search_terms, describe, run_query and fetch_words to an agent, over "
        "standard input and output, or over streamable HTTP at /mcp with --http.",
    )
    command.add_argument("--http", action="store_true", help="listen on HTTP instead of standard input")
    command.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="address to listen on")
    command.add_argument(
        "--port", type=int, default=5001, metavar="N", help="port to listen on; 0 takes any free one"
    )
    command.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="HOST",
        help="a Host header to accept, beside our own",
    )
    command.add_argument(
        "--store", type=Path, metavar="DIR", help="the store on disk to read, instead of the files"
    )
    command.set_defaults(run=run)


def run(arguments):
    """Serve until the client or the operator ends it.

    Raises: Misuse where the package is installed without the `mcp` extra, or the address is not free.
    """
    from incsr.cli import Misuse
    from incsr.config import settings_from
    from incsr.log import Log
    from incsr.workers.executors import PoolExecutor

    try:
        from incsr.mcp.server import build
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("mcp", "pydantic"):
            raise
        raise Misuse("needs the package mcp: pip install 'incsr[mcp]'") from error
    flags = {"workers": 2, "log": "warning", **({"store": arguments.store} if arguments.store else {})}
    settings = settings_from(flags)
    executor = PoolExecutor(settings, Log(settings.log, sys.stderr))
    server = build(executor.run, executor.version, settings)
    try:
        if arguments.http:
            _serve_http(server, arguments)
        else:
            server.run("stdio")
    finally:
        executor.close()
    return 0


def _serve_http(server, arguments):
    import asyncio
    import socket

    import uvicorn
    from mcp.server.transport_security import TransportSecuritySettings

    from incsr.cli import Misuse

    family = socket.AF_INET6 if ":" in arguments.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((arguments.host, arguments.port))
        # Before the address is printed: who reads it may connect at once.
        listening.listen()
    except (OSError, OverflowError) as error:
        listening.close()
        raise Misuse(f"cannot listen on {arguments.host}:{arguments.port}: {error}") from None
    port = listening.getsockname()[1]
    own = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    hosts = [f"{name}:{port}" for name in (own, "localhost", "127.0.0.1")] + arguments.allow_host
    # A page in a browser must not reach the tools through a name that it makes point here (DNS rebinding).
    security = TransportSecuritySettings(
        allowed_hosts=hosts, allowed_origins=[f"http://{host}" for host in hosts]
    )
    app = server.streamable_http_app(
        stateless_http=True, json_response=True, transport_security=security, host=arguments.host
    )
    print(f"Serving on http://{own}:{port}/mcp", flush=True)
    uvicorn_server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
    asyncio.run(uvicorn_server.serve(sockets=[listening]))
