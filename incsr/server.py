"""Runs the service: one listening socket, one event loop, with connections, front and pool on it.

There is one process to supervise, the socket is opened by us, and the pool starts at once. Why no server with
threads of its own stands before the loop: docs/decisions/0004-performance.md.
"""

import asyncio
import errno
import resource
import socket

from incsr.log import Log
from incsr.store.disk import StoreError
from incsr.workers import sandbox
from incsr.workers.link import LoadError
from incsr.workers.pool import Pool

BACKLOG = 1024
WARM_AFTER_S = 0.3
# Idle connections cost a descriptor and some kilobytes each; too few places would let anybody fill them.
MOST_CONNECTIONS = 16_384


class StartError(Exception):
    """The service cannot start; the message says why and what to do."""


def serve(settings) -> int:
    """Serve until SIGTERM or SIGINT; then finish what runs and give 0. A second signal ends it at once.

    Raises: StartError where the address cannot be listened on or the data cannot be loaded.
    """
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    listening = listen(settings)
    # After a write in memory a grandchild is the mother, and her own mother ends.
    sandbox.adopt_orphans()
    log = Log(settings.log)
    pool = Pool(settings, log)
    # The data is loaded in its own process while this one imports what it needs.
    try:
        pool.launch()
    except StoreError as error:
        raise StartError(str(error)) from None
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(settings, listening, pool, log))


def listen(settings) -> socket.socket:
    """The socket to listen on.

    Raises: StartError where the port is taken, or the address is not ours.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((settings.host, settings.port))
        sock.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        sock.close()
        where = f"{settings.host}:{settings.port}"
        number = getattr(error, "errno", None)
        if number == errno.EADDRINUSE:
            raise StartError(
                f"port {settings.port} is taken; choose another with --port, or 0 for any"
            ) from None
        if number == errno.EACCES:
            raise StartError(f"may not listen on {where}; ports below 1024 need privileges") from None
        raise StartError(f"cannot listen on {where}: {error}") from None
    sock.setblocking(False)
    return sock


async def _serve(settings, listening, pool, log):
    import signal

    from incsr.express import Lane
    from incsr.front import Front
    from incsr.wire import CLOSING_S, Listener

    loop = asyncio.get_running_loop()
    host, port = listening.getsockname()[:2]

    def make_pages():
        from incsr.app import create_app
        from incsr.workers.executors import PoolExecutor

        return create_app(settings, PoolExecutor(settings, log, pool))

    front = Front(settings, pool, log, make_pages)
    listener = Listener(front, settings, MOST_CONNECTIONS, Lane(front))
    stop = asyncio.Event()

    def told_to_stop():
        pool.hurried = stop.is_set()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop)
    # While the data is loaded, health is told, and jobs wait.
    pool.attend(loop)
    await listener.open(listening)
    loading = loop.create_task(pool.start())
    stopping = loop.create_task(stop.wait())
    await asyncio.wait((loading, stopping), return_when=asyncio.FIRST_COMPLETED)
    if stop.is_set() and not loading.done():
        loading.cancel()
        await pool.close()
        await listener.close()
        return 0
    try:
        await loading
    except LoadError as error:
        await pool.close()
        await listener.close()
        raise StartError(str(error)) from None
    log.loop = loop
    shown = f"[{host}]" if ":" in host else host
    print(f"Serving on http://{shown}:{port}{settings.url_prefix}/", flush=True)
    # Flask is not needed for the first answers; have it when the first page is asked for.
    warming = loop.call_later(WARM_AFTER_S, lambda: loop.create_task(front.pages.application()))
    await stop.wait()
    warming.cancel()
    end = loop.time() + settings.grace_s
    await pool.close(settings.grace_s)
    # Answers that are kept, or evaluated already, may still be on their way to clients that read slowly.
    await listener.close(max(CLOSING_S, end - loop.time()), lambda: pool.hurried)
    front.pages.close()
    log.loop = None
    log.flush()
    return 0
