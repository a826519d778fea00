"""The server under test: `incsr serve`, started empty with a token, on a free port, and ended afterwards."""

import os
import re
import secrets
import select
import subprocess
import sys
import time

from conformance.client import Server

START_S = 30
_ADDRESS = re.compile(r"(http://\S+?)/?\s*$")


class Started:
    """A running `incsr serve`; use it in a `with` statement."""

    def __init__(self, service_allow=()):
        token = secrets.token_urlsafe(24)
        command = [sys.executable, "-m", "incsr.cli", "serve", "--port", "0", "--empty"]
        command += ["--default-graph", "strict"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("INCSR_")}
        environment |= {"INCSR_WRITE_TOKEN": token, "INCSR_LOG": "error"}
        environment |= {"INCSR_SERVICE_ALLOW": " ".join(service_allow)}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        self.base = self._address()
        self.server = Server(f"{self.base}/sparql", f"{self.base}/update", f"{self.base}/store", token)

    def _address(self):
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self._process.stdout], [], [], 0.2)
            if ready:
                line = self._process.stdout.readline()
                if match := _ADDRESS.search(line):
                    return match.group(1)
                if not line:
                    break
        self.close()
        raise RuntimeError("incsr serve did not start; its messages stand above")

    def close(self):
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def __enter__(self):
        return self.server

    def __exit__(self, *_error):
        self.close()
