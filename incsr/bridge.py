"""The Flask application behind the ASGI front: WSGI calls on threads, answers whole or as they come.

The request's body has been read, and found small enough, before this is called.
"""

import asyncio
import io
import sys
from concurrent.futures import ThreadPoolExecutor

from incsr.messages import Response

THREADS = 8
# An answer up to this size gets a length; a larger one is streamed.
WHOLE_BYTES = 1024 * 1024


class Bridge:
    """Runs one WSGI application, which `make` gives when it is first needed."""

    def __init__(self, make):
        self._make = make
        self._app = None
        self._threads = ThreadPoolExecutor(THREADS, "incsr-page")
        self._making: asyncio.Task | None = None

    async def application(self):
        """The application, made once, on a thread."""
        if self._app is None:
            if self._making is None or (self._making.done() and self._making.exception()):
                loop = asyncio.get_running_loop()
                self._making = loop.create_task(self._made(loop))
            await asyncio.shield(self._making)
        return self._app

    async def _made(self, loop):
        self._app = await loop.run_in_executor(self._threads, self._make)

    async def respond(self, scope, body: bytes, path: str, more: dict) -> Response:
        """The application's response to a request to `path`; `more` goes into its environment."""
        app = await self.application()
        loop = asyncio.get_running_loop()
        environment = environ(scope, body, path) | more
        call = Call(app, environment)
        status, headers, first, whole = await loop.run_in_executor(self._threads, call.begin)
        return Response(status, headers, first if whole else self._stream(call, first, loop))

    async def _stream(self, call, first, loop):
        try:
            yield first
            while (chunk := await loop.run_in_executor(self._threads, call.next)) is not None:
                yield chunk
        finally:
            await loop.run_in_executor(self._threads, call.close)

    def close(self):
        self._threads.shutdown(wait=False, cancel_futures=True)


class Call:
    """One call of a WSGI application (PEP 3333)."""

    def __init__(self, app, environment):
        self.app = app
        self.environment = environment
        self.status = 0
        self.headers = []
        self.written = []
        self.iterator = None
        self.result = None

    def start_response(self, status, headers, exc_info=None):
        if exc_info is not None and self.status and self.iterator is not None:
            raise exc_info[1].with_traceback(exc_info[2])
        self.status, self.headers = int(status.split(" ", 1)[0]), list(headers)
        return self.written.append

    def begin(self):
        """Status, headers, the body or its beginning, and whether that is all of it."""
        self.result = self.app(self.environment, self.start_response)
        iterator = iter(self.result)
        parts, size = [], 0
        try:
            for chunk in iterator:
                parts.append(chunk)
                size += len(chunk)
                if size > WHOLE_BYTES:
                    self.iterator = iterator
                    break
        except BaseException:
            self.close()
            raise
        if self.iterator is None:
            self.close()
        return self.status, self.headers, b"".join(self.written + parts), self.iterator is None

    def next(self):
        return next(self.iterator, None)

    def close(self):
        result, self.result = self.result, None
        if hasattr(result, "close"):
            result.close()


def environ(scope, body: bytes, path: str) -> dict:
    """The WSGI environment of an ASGI scope."""
    host, port = scope.get("server") or ("localhost", 80)
    environment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 80),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    raw = scope.get("raw_path")
    if raw:
        query = scope["query_string"]
        environment["RAW_URI"] = environment["REQUEST_URI"] = (
            raw.split(b"?")[0] + (b"?" + query if query else b"")
        ).decode("latin-1")
    for name, value in scope["headers"]:
        key = name.decode("latin-1").upper()
        if "_" in key:
            # It would pass for a header with hyphens, and could forge one (X_Forwarded_For).
            continue
        key = key.replace("-", "_")
        if key == "CONTENT_LENGTH":
            continue
        if key != "CONTENT_TYPE":
            key = f"HTTP_{key}"
        text = value.decode("latin-1")
        environment[key] = f"{environment[key]},{text}" if key in environment else text
    return environment
