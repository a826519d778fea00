"""Downloads: the whole graph and each named graph in every format, each with size and checksum."""

import hashlib
import threading

from flask import Response, abort, render_template, request

from incsr import __version__
from incsr.namespaces import GRAPH
from incsr.pages.graph import GraphUnavailable
from incsr.pages.graph import iri as ref
from incsr.pages.negotiation import RDF_TYPES
from incsr.pages.tables import FORMATS

SIZES = "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g"
WHOLE = "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH <%s> { ?s ?p ?o } }"
UNION = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
SAYS = {
    "ontology": "The words: classes, properties and code lists",
    "shapes": "What a thing must have, and why",
    "incsr2014": "What the report says, and only that",
    "passages": "The words of the report it rests on, with offsets",
    "links": "What we say: the same things elsewhere, expansions, countries",
    "derived": "Figures we compute, with formula and inputs",
    "context": "Figures of other years and publications",
    "void": "Statistics of these graphs",
    "questions": "The competency questions as SHACL-SPARQL executables",
}
EVERYTHING = "incsr"
COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
MOST_TRIPLES = 200_000  # some 550 bytes of memory each; the published graph has a quarter, counted twice
REPORT = "incsr2014"  # the graph without which a store is not the published one
HELD = f"ASK {{ GRAPH graph:{REPORT} {{ ?figure a cbp:Measurement }} }}"
NO_FILES = (
    f"Files are made of the published report only, and of at most {MOST_TRIPLES:,} triples; "
    "ask /sparql for what this store holds, with CONSTRUCT for triples"
)
QUADS = {"nq": "application/n-quads", "trig": "application/trig"}  # with the graphs' names
NAMES = {
    "ttl": "Turtle",
    "jsonld": "JSON-LD",
    "nt": "N-Triples",
    "rdf": "RDF/XML",
    "nq": "N-Quads",
    "trig": "TriG",
}


class Files:
    """The files to download for the current data version; bodies are made when asked for."""

    def __init__(self, graph):
        self.graph = graph
        self._measured = ("", {})
        self._lock = threading.Lock()
        self._thread = None

    def graphs(self):
        """(name, triples) of each named graph of ours."""
        rows = self.graph.kept("download.sizes", lambda graph: graph.select(SIZES))
        found = [(row["g"].value, int(row["n"].value)) for row in rows]
        return [(iri.removeprefix(GRAPH), count) for iri, count in found if iri.startswith(GRAPH)]

    def fit(self):
        """Whether files, held in memory, are made: of the published graph, and not when it has grown."""
        if not self.graph.kept("report.held", lambda graph: graph.ask(HELD)):
            return False

        def compute(graph):
            # The default graph may be the union of the others, or none of them.
            rows = graph.select(COUNT) + graph.select(SIZES)
            return sum(int(row["n"].value) for row in rows) <= MOST_TRIPLES

        return self.graph.kept("download.fit", compute)

    def names(self):
        """(name, suffix) of every file."""
        if not self.fit():
            return []
        graphs = [name for name, _count in self.graphs()]
        return [
            *((EVERYTHING, suffix) for suffix in (*RDF_TYPES, *QUADS)),
            *((name, suffix) for name in graphs for suffix in RDF_TYPES),
        ]

    def body(self, name, suffix):
        """The bytes of one file.

        Raises: werkzeug's NotFound for a store of which no files are made.
        """
        if not self.fit():
            abort(404, NO_FILES)
        return self.graph.kept(f"download.{name}.{suffix}", lambda _graph: self._made(name, suffix))

    def _made(self, name, suffix):
        if suffix in QUADS:
            return b"".join(self._quads(graph, suffix) for graph, _count in self.graphs())
        query = UNION if name == EVERYTHING else WHOLE % (GRAPH + name)
        return self.graph.rdf(query, RDF_TYPES[suffix])

    def _quads(self, name, suffix):
        """One graph's part of the N-Quads or TriG file, from its N-Triples."""
        triples, graph = self.body(name, "nt"), ref(GRAPH + name).encode()
        if suffix == "trig":
            return graph + b" {\n" + triples + b"}\n"
        return b"".join(line.rstrip(b" .") + b" " + graph + b" .\n" for line in triples.splitlines() if line)

    def measured(self, name, suffix):
        """(bytes, SHA-256) of one file."""
        version = self.graph.version
        with self._lock:
            if self._measured[0] != version:
                self._measured = (version, {})
            held = self._measured[1].get((name, suffix))
        if held is None:
            body = self.body(name, suffix)
            held = (len(body), hashlib.sha256(body).hexdigest())
            with self._lock:
                if self._measured[0] == version:
                    self._measured[1][name, suffix] = held
        return held

    def known(self):
        """What has been measured so far; the rest is measured in the background."""
        with self._lock:
            known = dict(self._measured[1]) if self._measured[0] == self.graph.version else {}
            if (self._thread is None or not self._thread.is_alive()) and len(known) < len(self.names()):
                self._thread = threading.Thread(target=self._measure, name="downloads", daemon=True)
                self._thread.start()
        return known

    def _measure(self):
        try:
            for name, suffix in self.names():
                self.measured(name, suffix)
        except GraphUnavailable:
            return  # the next view of the page begins again


def register(pages, site):
    files = Files(site.graph)

    @pages.get("/data")
    def data():
        return render_template(
            "data.html",
            section="pages.data",
            graphs=files.graphs(),
            fit=files.fit(),
            known=files.known(),
            says=SAYS,
            everything=(*RDF_TYPES, *QUADS),
            formats=RDF_TYPES,
            format_names=NAMES,
            table_formats=FORMATS,
            figures=len(site.figures),
            version=__version__,
            data_version=site.graph.version,
        )

    @pages.get("/data/<name>.<any(ttl, jsonld, nt, rdf, nq, trig):suffix>")
    def download(name, suffix):
        """One named graph, or all of them as `incsr`; `?checksum=1` answers its SHA-256 and size instead."""
        if (name, suffix) not in files.names():
            unknown = f"There is no download “{name}.{suffix}”; /data lists them"
            abort(404, unknown if files.fit() else NO_FILES)
        length, digest = files.measured(name, suffix)
        if request.args.get("checksum"):
            return Response(
                f"{digest}  {name}.{suffix}\n", mimetype="text/plain", headers={"X-Bytes": str(length)}
            )
        media = {**RDF_TYPES, **QUADS}[suffix]
        answer = Response(
            files.body(name, suffix),
            content_type=f"{media}; charset=utf-8" if media == "text/turtle" else media,
        )
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{suffix}"'
        answer.set_etag(digest[:32])
        return answer.make_conditional(request)

    @pages.get("/data/checksums.txt")
    def checksums():
        """SHA-256 of every download, in the form that `sha256sum -c` reads."""
        lines = [f"{files.measured(name, suffix)[1]}  {name}.{suffix}\n" for name, suffix in files.names()]
        return Response("".join(lines), mimetype="text/plain")
