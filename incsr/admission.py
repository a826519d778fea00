"""Which requests are let in: their size, their number, who sent them and how often.

Looks at the first lines of a request only; whatever is refused here has cost nothing.
"""

import ipaddress
import re
import time

from incsr.messages import Problem

# A form may percent-encode each byte of a query as three.
ENCODED = 3
FORM_SLACK_BYTES = 16 * 1024
# uri-host and port of RFC 3986, section 3.2.2; looked at for its characters only.
HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Za-z:._~!$&'()*+,;=-]+\])(?::[0-9]*)?\Z")


class Admission:
    """The limits of a service, and the rate of each client."""

    def __init__(self, settings):
        self.settings = settings
        self._rates = Rates(settings.rate) if settings.rate else None

    def refused(self, scope, client: str, busy: int) -> Problem | None:
        """The problem of a request that is not let in."""
        settings = self.settings
        problem = host_problem(scope)
        if problem is not None:
            return problem
        target = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) + 1
        if target > settings.max_url_bytes:
            return Problem(
                414,
                "The address is too long",
                f"It has {target} bytes; at most {settings.max_url_bytes} are read.",
                "uri-too-long",
                "Send the query in the body, by POST.",
            )
        size = 0
        for name, value in scope["headers"]:
            size += len(name) + len(value) + 4
        if size > settings.max_header_bytes:
            return Problem(
                431,
                "The headers are too large",
                f"They have {size} bytes; at most {settings.max_header_bytes} are read.",
                "headers-too-large",
                "Send fewer or shorter headers.",
            )
        if busy > settings.max_requests:
            return Problem(
                503,
                "Service busy",
                f"{settings.max_requests} requests are being worked on, as many as are allowed at once.",
                "busy",
                "Try again after 2 seconds.",
                headers=(("Retry-After", "2"),),
            )
        if self._rates is not None:
            wait_s = self._rates.wait_s(client)
            if wait_s is not None:
                return Problem(
                    429,
                    "Too many requests",
                    f"A client may send {settings.rate}.",
                    "rate",
                    f"Try again after {wait_s} seconds.",
                    headers=(("Retry-After", str(wait_s)),),
                )
        return None

    def comes_too_often(self, client: str) -> bool:
        """Whether a client has used up its rate; if not, this visit is counted."""
        return self._rates is not None and self._rates.wait_s(client) is not None

    def body_limit(self, path: str, store: str) -> int:
        """How large the body of a request to a path may be."""
        settings = self.settings
        if path.startswith(store):
            return settings.max_body_bytes
        return min(settings.max_body_bytes, ENCODED * settings.max_query_bytes + FORM_SLACK_BYTES)


def host_problem(scope) -> Problem | None:
    """What is wrong with the Host header: HTTP/1.1 has exactly one, and every version at most one.

    Source: RFC 9112, section 3.2.
    """
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) == 1 and HOST.match(hosts[0]):
        return None
    if not hosts and scope.get("http_version") == "1.0":
        return None
    found = "It names no host." if not hosts else "It names several." if hosts[1:] else "It is no host name."
    return Problem(
        400,
        "The Host header is wrong",
        found,
        "bad-host",
        "Send one Host header with the host and port of the address that is asked.",
        headers=(("Connection", "close"),),
    )


class Rates:
    """How often each client has come, by the `limits` package, in memory: one process serves everybody."""

    def __init__(self, rate: str):
        from limits import parse_many
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        self._items = parse_many(rate.replace(";", ","))
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def wait_s(self, client: str) -> int | None:
        """None where the client may come in, and this visit is counted; else the seconds to wait."""
        for item in self._items:
            if not self._limiter.test(item, client):
                reset = self._limiter.get_window_stats(item, client).reset_time
                return max(1, round(reset - time.time() + 0.5))
        for item in self._items:
            self._limiter.hit(item, client)
        return None


def client_of(scope, trusted_proxies: int) -> str:
    """The address of the client: the peer, or what the outermost trusted proxy saw.

    With N trusted proxies the Nth address of X-Forwarded-For from the right counts, since each appends the
    peer that it saw; what stands further left is the client's own word.
    """
    peer = scope["client"][0] if scope.get("client") else ""
    if not trusted_proxies:
        return peer
    forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
    addresses = [part.strip() for part in forwarded.decode("latin-1").split(",") if part.strip()]
    if not addresses:
        return peer
    address = addresses[-min(trusted_proxies, len(addresses))]
    try:
        return str(ipaddress.ip_address(address.strip("[]")))
    except ValueError:
        return peer


def network_of(address: str) -> str:
    """The network that an address belongs to, as far as it says nothing of a person: /24, or /48 of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    length = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network(f"{parsed}/{length}", strict=False))


def budget_of(address: str) -> str:
    """Whose budget an address draws on: one IPv6 subscriber has a /64 full of addresses."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network(f"{address}/64", strict=False))
    except ValueError:
        return address
