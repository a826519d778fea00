"""The front's side of a mother process: orders go down, reports come up."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess

from incsr.workers import frames, programs

# What of the settings the mother and the processes under her need. The write token is not among them.
FOR_MOTHER = ("default_graph", "empty", "max_memory", "service_allow", "store")


class LoadError(Exception):
    """The data could not be loaded; the message says which file, where and why."""


def launch(settings, lock: int | None = None, services: dict[str, str] | None = None) -> "Link":
    """Start a mother afresh and have her load. She holds the store's lock too, and so do her writers.

    `services` is the broker's address for each endpoint that queries may call.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        descriptors = [theirs.fileno(), *([lock] if lock is not None else [])]
        process = programs.start("incsr.workers.mother", descriptors)
    options = {name: getattr(settings, name) for name in FOR_MOTHER}
    options["store"] = str(settings.store) if settings.store else None
    options["services"] = services or {}
    frames.send_message(ours, {"do": "load", "options": options})
    return Link(ours, process.pid, process)


class Link:
    """One mother: her control socket and process."""

    def __init__(self, control: socket.socket, pid: int, process: subprocess.Popen | None = None):
        self.control = control
        self.pid = pid
        self.process = process
        self.pool = None
        self.attached = False
        self.ended = None
        self.loaded: asyncio.Future | None = None

    async def attach(self, pool) -> dict:
        """Listen to a mother that is loading, and wait until she has."""
        self.loaded = pool.loop.create_future()
        self.listen(pool)
        summary = await self.loaded
        self.attached = True
        return summary

    def listen(self, pool):
        self.pool = pool
        self.ended = pool.loop.create_future()
        pool.loop.add_reader(self.control, self.readable)

    def order(self, message: dict, *files):
        """Send an order; the sockets or files that go with it are hers from now on."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            frames.send_message(self.control, message, tuple(file.fileno() for file in files))
        for file in files:
            file.close()

    def retire(self, heir: int):
        self.order({"do": "retire", "heir": heir})

    def readable(self):
        try:
            message, descriptors = frames.receive_message(self.control)
        except ConnectionResetError:
            message, descriptors = None, []
        if message is None:
            self._gone()
            return
        match message["is"]:
            case "loaded":
                self.loaded.set_result(message)
            case "failed":
                self.loaded.set_exception(LoadError(message["why"]))
            case "forked":
                self._forked(message, descriptors)
            case "exited":
                # Nought is an orderly end, SIGKILL our own hand (or the kernel's, which says so itself).
                if message["code"] not in (0, -signal.SIGKILL):
                    self.pool.log("warning", "a process failed", pid=message["pid"], code=message["code"])

    def _forked(self, message, descriptors):
        evaluator = self.pool.evaluators.get(message["id"])
        if evaluator is None:
            evaluator = self.pool.lane.writers.get(message["id"]) or self.pool.desks.get(message["id"])
        if evaluator is None:
            # It was given up while it was being started.
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptors[0], signal.SIGKILL)
            os.close(descriptors[0])
        else:
            evaluator.forked(message["pid"], descriptors[0])

    def _gone(self):
        self.attached = False
        self.pool.loop.remove_reader(self.control)
        self.control.close()
        if not self.ended.done():
            self.ended.set_result(None)
        if self.loaded is not None and not self.loaded.done():
            self.loaded.set_exception(LoadError("the process that loads the data ended"))
        self.reap()
        self.pool.lost(self)

    def reap(self, after_s: float = 0.02):
        """Take the exit status, so that the process does not stay a zombie.

        A mother that was born by a write becomes our child (or init's) only when her own mother has ended, so
        that "no such child" is no answer yet.
        """
        if not self.reaped() and after_s < 60:
            self.pool.loop.call_later(after_s, self.reap, after_s * 2)

    def reaped(self) -> bool:
        if self.process is not None:
            return self.process.poll() is not None
        try:
            return os.waitpid(self.pid, os.WNOHANG)[0] != 0
        except ChildProcessError:
            return False

    async def end(self):
        """Close the control socket, whereupon the mother ends and her children too, and wait for that."""
        if self.control.fileno() >= 0:
            self.control.shutdown(socket.SHUT_WR)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self.ended), 2.0)
        for _ in range(25):
            if self.reaped():
                return
            await asyncio.sleep(0.02)
