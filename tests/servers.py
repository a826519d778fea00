"""A real server for tests: `incsr serve` on a free port, watched until it is ready, ended for certain.

    with running("--empty", "--timeout", "0.5", token="secret") as server:
        requests.get(server.url + "/sparql", ...)

Tests mostly use the fixtures of conftest: `serve` (a server of one's own) and `published` (a shared one).
"""

import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from incsr.workers import sandbox

START_WITHIN_S = 60  # on a machine where everything runs at once


class Server:
    """A started server: `url` without a slash at its end, `pid`, `token`, `log()`."""

    def __init__(self, process, url, log_path, token):
        self.process = process
        self.url = url
        self.port = int(url.rsplit(":", 1)[1].split("/")[0])
        self.pid = process.pid
        self.token = token
        self._log_path = log_path

    def log(self) -> str:
        """What the server has written to standard error."""
        return self._log_path.read_text("utf-8", "replace")

    def authorization(self) -> dict:
        """The header that lets a write pass."""
        return {"Authorization": f"Bearer {self.token}"}

    def processes(self) -> list[int]:
        """The server's process and all of its descendants that are alive, as the kernel lists them."""
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                except OSError:
                    continue
                parents[int(entry.name)] = int(fields[1])
        found = [self.pid] if self.pid in parents else []
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def terminate(self, within_s: float = 20.0) -> int:
        """Send SIGTERM and give the exit code."""
        self.process.terminate()
        return self.process.wait(within_s)


@contextmanager
def running(*options, token=None, env=None, cwd=None):
    """Start `incsr serve` with the options; at the end, kill whatever is left of it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INCSR_")}
    environment |= env or {}
    if token is not None:
        environment["INCSR_WRITE_TOKEN"] = token
    with tempfile.TemporaryDirectory() as folder:
        log_path = Path(folder) / "log"
        with log_path.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "incsr.cli", "serve", "--port", "0", *map(str, options)],
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                cwd=cwd,
                start_new_session=True,
                # A test run that is itself killed leaves no server behind.
                preexec_fn=lambda: sandbox.die_with_parent(signal.SIGKILL),
            )
        server = None
        try:
            server = Server(process, _address(process, log_path), log_path, token)
            yield server
        finally:
            left = server.processes() if server is not None else []
            process.stdout.close()
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            for pid in left:
                # Ended with the server, unless something is wrong; a leftover must not disturb other tests.
                _kill_if_ours(pid)


def _address(process, log_path):
    """The address that the server prints when it is ready."""
    end = time.monotonic() + START_WITHIN_S
    said = b""
    while time.monotonic() < end:
        readable, _, _ = select.select([process.stdout], [], [], 0.5)
        if readable:
            part = os.read(process.stdout.fileno(), 4096)
            said += part
            found = re.search(rb"http://\S+", said)
            if found and said.endswith(b"\n"):
                return found.group().decode().rstrip("/")
            if not part:
                break
    log = log_path.read_text("utf-8", "replace")
    raise AssertionError(f"the server did not start (exit code {process.poll()}): {said!r}\n{log}")


def _kill_if_ours(pid):
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"incsr" in command:
            os.kill(pid, signal.SIGKILL)
    except (OSError, ProcessLookupError):
        return
