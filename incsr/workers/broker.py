"""The process that calls other endpoints for SERVICE: `python -m incsr.workers.broker FD`.

The engine's own client knows no deadline, no limit and follows redirects. Queries therefore call this
process, on loopback and under a secret path, and it calls the endpoint that an operator has allowed: within a
deadline, up to so many bytes, without following redirects, and to no private address unless the operator
wrote that very address. Answers are passed on whole, or not at all. Ends when its standard input does.
"""

import http.client
import ipaddress
import json
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

ACCEPT = (
    "application/sparql-results+json, application/sparql-results+xml;q=0.9, text/tab-separated-values;q=0.5"
)
MAX_QUERY_BYTES = 1024 * 1024
PIECE_BYTES = 65536


class Refused(Exception):
    """A call that is not made, or whose answer is not passed on; the message says why."""


def called(endpoint: str, query: bytes, timeout_s: float, max_bytes: int) -> tuple[str, bytes]:
    """The media type and body of an endpoint's answer to a query.

    Raises: Refused for an address that may not be called, a redirect, any status but 200, an answer that
    is too large or too late.
    """
    end = time.monotonic() + timeout_s
    parts = urlsplit(endpoint)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection = _Connection(
        parts.hostname, port, _address(parts.hostname, port), timeout_s, parts.scheme == "https"
    )
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Content-Type": "application/sparql-query", "Accept": ACCEPT, "User-Agent": "incsr"}
        connection.request("POST", path, query, headers)
        response = connection.getresponse()
        if response.status != 200:
            raise Refused(f"it answered with status {response.status}")
        body = bytearray()
        while piece := response.read1(PIECE_BYTES):
            body += piece
            if len(body) > max_bytes:
                raise Refused(f"its answer has more than {max_bytes} bytes")
            if time.monotonic() > end:
                raise TimeoutError
            connection.sock and connection.sock.settimeout(max(0.01, end - time.monotonic()))
        if response.length:
            raise Refused("its answer broke off")
        return response.headers.get("Content-Type", ""), bytes(body)
    except TimeoutError:
        raise Refused(f"it did not answer in full within {timeout_s:g} s") from None
    except (OSError, http.client.HTTPException) as error:
        raise Refused(f"it cannot be reached: {error}") from None
    finally:
        connection.close()


def _address(host, port) -> str:
    """The address to connect to: looked up once, so that no second look-up can give another one."""
    try:
        found = [info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise Refused(f"its name cannot be looked up: {error}") from None
    if host == "localhost" or _is_address(host):
        return found[0]  # the operator wrote it so
    for address in found:
        if not ipaddress.ip_address(address.split("%")[0]).is_global:
            raise Refused(f"its name stands for the private address {address}")
    return found[0]


def _is_address(host):
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class _Connection(http.client.HTTPConnection):
    """A connection to an address that was looked up before."""

    def __init__(self, host, port, address, timeout_s, secure):
        super().__init__(host, port, timeout=timeout_s)
        self._address, self._secure = address, secure

    def connect(self):
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def handler(endpoints, secret, timeout_s, max_bytes):
    """The handler of calls to `/{secret}/{number of the endpoint}`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self):
            self.close_connection = True
            try:
                own, number = self.path[1:].split("/")
                length = int(self.headers.get("Content-Length", ""))
                if own != secret or not 0 <= length <= MAX_QUERY_BYTES:
                    raise ValueError
                endpoint = endpoints[int(number)]
            except (ValueError, IndexError):
                self._send(403, "text/plain", b"This is not for you.\n")
                return
            try:
                media_type, body = called(endpoint, self.rfile.read(length), timeout_s, max_bytes)
            except Refused as refused:
                self._send(502, "text/plain", f"<{endpoint}>: {refused}\n".encode())
                return
            self._send(200, media_type, body)

        def _send(self, status, media_type, body):
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            """Nothing: what is asked elsewhere is part of a query."""

    return Handler


def main():
    """Serve the calls that the settings on standard input describe, on the listening socket handed over."""
    settings = json.loads(sys.stdin.readline())
    server = ThreadingHTTPServer(("127.0.0.1", 0), None, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=int(sys.argv[1]))
    server.daemon_threads = True
    server.RequestHandlerClass = handler(
        settings["endpoints"], settings["secret"], settings["timeout_s"], settings["max_bytes"]
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
