"""HTTP requests to the server under test: any method, any header, one kept connection, nothing added."""

import http.client
import json
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

TIMEOUT_S = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers with lower-case names, and body of a response."""

    status: int
    headers: dict
    body: bytes

    @property
    def media_type(self):
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def problem(self):
        """The members of a problem details document, or {}."""
        return json.loads(self.body) if self.body and self.media_type == "application/problem+json" else {}

    def in_short(self):
        detail = self.problem().get("detail") or self.body[:200].decode("utf-8", "replace")
        return f"{self.status}: {detail}"


class Server:
    """The three addresses of a service, and the token to write."""

    def __init__(self, query: str, update: str, store: str, token: str | None = None):
        self.query_url, self.update_url, self.store_url, self.token = query, update, store, token
        self._connections = {}
        # What `cases.load` has to take away: the named graphs that it put there, or what an update did.
        self.named, self.changed = set(), True

    def request(self, method, url, headers=(), body=None) -> Answer:
        """Send one request; a connection that was closed in between is opened again."""
        self.changed = self.changed or not url.startswith(self.query_url)
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        for attempt in (1, 2):
            connection = self._connections.get(parts.netloc)
            if connection is None:
                connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_S)
                self._connections[parts.netloc] = connection
            try:
                connection.putrequest(method, target, skip_accept_encoding=True)
                for name, value in headers:
                    connection.putheader(name, value)
                if body is not None:
                    connection.putheader("Content-Length", str(len(body)))
                connection.endheaders(body)
                response = connection.getresponse()
                found = {name.lower(): value for name, value in response.getheaders()}
                return Answer(response.status, found, response.read())
            except (http.client.HTTPException, ConnectionError):
                connection.close()
                del self._connections[parts.netloc]
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")

    def close(self):
        """Close the kept connections."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def _authorized(self, headers):
        return [*headers, ("Authorization", f"Bearer {self.token}")] if self.token else list(headers)

    def query(self, text: str, accept: str) -> Answer:
        headers = [("Content-Type", "application/sparql-query"), ("Accept", accept)]
        return self.request("POST", self.query_url, headers, text.encode())

    def update(self, text: str) -> Answer:
        headers = self._authorized([("Content-Type", "application/sparql-update")])
        return self.request("POST", self.update_url, headers, text.encode())

    def put(self, graph: str | None, n_triples: bytes) -> Answer:
        headers = self._authorized([("Content-Type", "application/n-triples")])
        target = "default" if graph is None else f"graph={quote(graph, safe='')}"
        return self.request("PUT", f"{self.store_url}?{target}", headers, n_triples)
