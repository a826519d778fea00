"""The OpenAPI document of the endpoint."""

import json

from incsr.messages import Response


def response(settings) -> Response:
    """200 with the document."""
    return Response(200, [("content-type", "application/json")], json.dumps({"openapi": "3.1.0"}).encode())
