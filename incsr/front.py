"""The ASGI entry: SPARQL and its limits without Flask, everything else through the Flask application.

Runs on the one event loop, with the pool. What a client may not send is refused here, before a body is held
in memory. Refuses nothing else by itself: `incsr.endpoint.protocol` plans and finishes every answer.
"""

import asyncio

from incsr.endpoint import addresses, protocol
from incsr.messages import Request, Response

HOT_PATHS = (addresses.SPARQL, addresses.UPDATE, addresses.STORE, addresses.OPENAPI)


class Disconnected(Exception):
    """The client went away before its request was whole."""


class Front:
    """The ASGI application."""

    def __init__(self, settings, pool, log):
        self.settings = settings
        self.pool = pool
        self.log = log

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            raise RuntimeError(f"only HTTP is served, not {scope['type']}")
        try:
            response = await self.endpoint(scope, receive)
        except Disconnected:
            return
        except Exception as error:
            self.log(
                "error", "a request failed", error=f"{type(error).__name__}: {error}", path=scope["path"]
            )
            response = Response(500, [("content-type", "text/plain")], b"Internal error\n")
        await respond(send, response)

    async def endpoint(self, scope, receive) -> Response:
        request = Request(
            scope["method"],
            scope["path"],
            scope["query_string"].decode("latin-1"),
            tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]),
            await body_of(receive),
            scope["client"][0] if scope.get("client") else "",
        )
        planned = protocol.plan(request, self.settings)
        if isinstance(planned, Response):
            return planned
        answer = await self.pool.run(planned)
        return protocol.finish(request, planned, outcome(answer), self.settings)


def outcome(answer):
    """An executor's answer in the form that `protocol.finish` takes."""
    if answer.problem is not None:
        return answer.problem
    return answer.head, answer.body if answer.body is not None else answer.chunks


async def body_of(receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Disconnected
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def respond(send, response: Response):
    """Send a response: a whole body with its length, a stream as it comes."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if isinstance(response.body, bytes):
        await send({"type": "http.response.body", "body": response.body})
        return
    async for chunk in response.body:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


__all__ = ["Disconnected", "Front", "asyncio", "body_of", "respond"]
