"""The endpoints that the federated tests call, on loopback: small servers that hold what a test says.

The IRIs of the suite (http://example.org/sparql) stand for the addresses of these servers, in the query, the
data and the expected result alike. One of them is never listened on.
"""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox

from conformance.cases import evaluate_query
from conformance.manifests import MF, QT, triples_of

ENDPOINTS = ("http://example.org/sparql", "http://example1.org/sparql", "http://example2.org/sparql")
NOWHERE = "http://invalid.endpoint.org/sparql"


class Remotes:
    """The servers, by the IRI that they stand for; `addresses` is what an operator has to allow."""

    def __init__(self):
        self.stores = {}
        self.addresses = {}
        self._servers = []
        for iri in ENDPOINTS:
            self._start(iri)
        # A port that was free a moment ago, and is not listened on.
        closed = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
        self.addresses[NOWHERE] = f"http://127.0.0.1:{closed.server_address[1]}/sparql"
        closed.server_close()

    def _start(self, iri):
        remotes = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self._answer(parse_qs(urlsplit(self.path).query).get("query", [""])[0])

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = self.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
                self._answer(parse_qs(body)["query"][0] if form else body)

            def _answer(self, query):
                body = remotes.stores[iri].query(query).serialize(format=ox.QueryResultsFormat.XML)
                self.send_response(200)
                self.send_header("Content-Type", "application/sparql-results+xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments):
                """Say nothing: the test says what went wrong."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.stores[iri] = ox.Store()
        self.addresses[iri] = f"http://127.0.0.1:{server.server_address[1]}/sparql"
        self._servers.append(server)

    def close(self):
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def rewrite(self, text):
        for iri, address in self.addresses.items():
            text = text.replace(iri, address)
        return text

    def restored(self, text):
        """A text with the suite's IRIs in the place of the addresses, which are others in each run."""
        for iri, address in self.addresses.items():
            text = text.replace(address, iri)
        return text

    def run(self, server, test):
        """A federated QueryEvaluationTest, with each endpoint's data in place."""
        manifest = test.manifest
        for store in self.stores.values():
            store.clear()
        action = manifest.one(test.node, f"{MF}action")
        for entry in manifest.all(action, f"{QT}serviceData"):
            store = self.stores[manifest.one(entry, f"{QT}endpoint").value]
            for data in manifest.all(entry, f"{QT}data"):
                store.extend(ox.Quad(*triple) for triple in triples_of(manifest.file(data), manifest.root))
        evaluate_query(server, test, self.rewrite)
