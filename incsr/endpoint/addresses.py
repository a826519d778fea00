"""Where a request was sent: which resource of ours, under which address.

Reads the Host header, which is the client's word: only what is a host name or an address is believed.
"""

import re
from urllib.parse import quote

from incsr.messages import Request

_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?\Z")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|\\^`\x7f]*\Z")
# What is the same path when it is written as %XX (RFC 3986, section 6.2.2.2).
_ENCODED_UNRESERVED = re.compile("%(2[dDeE]|3[0-9]|[46][1-9a-fA-F]|5[0-9aA]|5[fF]|7[0-9aAeE])")
_PATH_SAFE = "/~!$&'()*+,;=:@%"

SPARQL, UPDATE, STORE, OPENAPI = "/sparql", "/update", "/store", "/openapi.json"


def resource(request: Request, settings) -> str:
    """The path below the prefix that the service is mounted at, without a slash at its end."""
    path = request.path
    if "%" in path:
        path = _ENCODED_UNRESERVED.sub(lambda match: chr(int(match[1], 16)), path)
    prefix = settings.url_prefix
    if prefix and path.startswith(f"{prefix}/"):
        path = path[len(prefix) :]
    return path.rstrip("/") or "/"


def is_ours(request: Request, settings) -> bool:
    """Whether the protocol code answers this request; every other one is a page's."""
    path = resource(request, settings)
    return path in (SPARQL, UPDATE, STORE, OPENAPI) or path.startswith(f"{STORE}/")


def origin(request: Request, settings) -> str:
    """Scheme and authority under which the client reached us, such as http://localhost:5000."""
    scheme, host = "http", request.header("host") or ""
    if settings.trusted_proxies:
        forwarded = (request.header("x-forwarded-proto") or "").split(",")[-1].strip().lower()
        scheme = forwarded if forwarded in ("http", "https") else scheme
        host = (request.header("x-forwarded-host") or host).split(",")[-1].strip()
    if not _HOST.match(host):
        host = f"localhost:{settings.port}"
    return f"{scheme}://{host}"


def url(request: Request, settings, path: str) -> str:
    """The full address of one of our resources, as this client reaches it."""
    return f"{origin(request, settings)}{settings.url_prefix}{path}"


def is_absolute_iri(text: str) -> bool:
    """Whether a text is an IRI with a scheme and without characters that no IRI has (RFC 3987)."""
    return bool(_IRI.match(text))


def request_iri(request: Request, settings) -> str:
    """The IRI of the request itself without its query, which names a graph directly.

    The path is as the client wrote it; what may not stand in an IRI is encoded.
    """
    return f"{origin(request, settings)}{quote(request.path, safe=_PATH_SAFE)}"
