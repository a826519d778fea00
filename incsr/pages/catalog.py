"""What is published here, for harvesters: DCAT, data.gov, DCAT-US, VoID, schema.org, CSV on the Web, sitemap.

The words and numbers are the graph's own: titles, sources, places and periods of the data sets are asked of
it, sizes and checksums are measured on the very bytes that a download answers.
"""

import hashlib
import json

from flask import Response, abort, request, url_for
from markupsafe import Markup

from incsr import __version__, catalog, formats
from incsr.catalog import (
    LICENSE,
    Contact,
    Dataset,
    Distribution,
    Place,
    Service,
    dcat,
    search_engines,
    united_states,
)
from incsr.namespaces import BASE, GRAPH, ID, ONTOLOGY
from incsr.pages import addresses, downloads, measurements, tables
from incsr.pages.negotiation import RDF_TYPES, document, preferred, rdf_response

DATASETS = """
SELECT ?dataset ?title ?description ?source (MIN(?from) AS ?begins) (MAX(?to) AS ?ends) WHERE {
  ?dataset a qb:DataSet ; dcterms:title ?title ; dcterms:description ?description .
  OPTIONAL { ?dataset dcterms:source|prov:wasDerivedFrom ?source }
  OPTIONAL {
    ?m qb:dataSet ?dataset ; sdmx-dimension:refPeriod ?period .
    OPTIONAL { ?period time:hasBeginning/time:inXSDDate ?from }
    OPTIONAL { ?period time:hasEnd/time:inXSDDate ?to }
  }
} GROUP BY ?dataset ?title ?description ?source ORDER BY ?dataset
"""
LINKS = (
    "SELECT ?title ?description "
    "WHERE { dataset:links dcterms:title ?title ; dcterms:description ?description }"
)
DATES = f"""
SELECT (MIN(?date) AS ?issued) (MAX(?date) AS ?modified) WHERE {{
  {{ <{ONTOLOGY}> dcterms:created|dcterms:modified ?date }}
  UNION {{ dataset:links dcterms:created|dcterms:modified ?date }}
}}
"""
VOID = """
CONSTRUCT { ?s ?p ?o } WHERE {
  { GRAPH graph:void { ?s ?p ?o } }
  UNION
  { GRAPH graph:links { ?set a void:Linkset . { ?set ?p ?o BIND (?set AS ?s) }
      UNION { ?set void:target ?s . ?s ?p ?o } } }
}
"""
EVERYTHING = f"{ID}dataset/incsr2014-graph"
TABLE = f"{BASE}data/measurements"
SPARQL_PROTOCOL = "https://www.w3.org/TR/sparql11-protocol/"
RECONCILIATION = "https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/"


class Description:
    """Makes the catalogue from the graph as it stands; keeps for a data version what no host changes."""

    def __init__(self, site):
        self.site = site
        self.files = downloads.Files(site.graph)

    @property
    def published(self):
        """Whether the store holds what the catalogue describes; it may be empty, or somebody else's."""
        return self.site.graph.kept("catalog.dates", _dates) is not None

    def catalog(self, measured=True):
        """The whole catalogue. Without `measured`, sizes and checksums not yet known are left out.

        Raises: werkzeug's NotFound where the store does not hold the published graph.
        """
        if not self.published:
            abort(404, "This store does not hold the published graph, which the catalogue describes")
        issued, modified = self.site.graph.kept("catalog.dates", _dates)
        home = url_for("pages.home", _external=True)
        mailbox = getattr(self.site.settings, "contact", "")
        return catalog.Catalog(
            home=home,
            url=url_for("pages.catalog", _external=True),
            version=__version__,
            issued=issued,
            modified=modified,
            datasets=tuple(self._datasets(measured)),
            services=tuple(_services(home)),
            contact=Contact(email=f"mailto:{mailbox}" if mailbox else ""),
        )

    def _datasets(self, measured):
        graph = self.site.graph
        for iri, title, words, sources, begins, ends in graph.kept("catalog.datasets", _sets):
            figures = [f for f in self.site.figures.values() if f"{ID}dataset/{f.dataset}" == iri]
            slug = iri.rsplit("/", 1)[-1]
            yield Dataset(
                iri,
                title,
                words,
                _page(iri),
                tuple(self._table(slug, suffix, title, measured) for suffix in tables.FORMATS),
                sources,
                _places(figures),
                begins,
                ends,
                len(figures),
                in_series=iri == catalog.FIRST_EDITION,
            )
        yield Dataset(
            TABLE,
            "All figures as one table",
            "One row a figure, of all data sets: value, hedge, unit, period, place, who says it, and the "
            "exact words with their offsets.",
            url_for("pages.data", _external=True),
            tuple(self._table("", suffix, "All figures", measured) for suffix in tables.FORMATS),
            rows=len(self.site.figures),
        )
        yield Dataset(
            EVERYTHING,
            "All graphs together",
            "What the report says, its words, our links, derived figures and figures of other years, as one "
            "RDF graph; N-Quads and TriG keep who says what.",
            url_for("pages.data", _external=True),
            tuple(
                self._file(downloads.EVERYTHING, suffix, measured)
                for suffix in (*RDF_TYPES, *downloads.QUADS)
                if self.files.fit()
            ),
        )
        title, words = graph.kept("catalog.links", _links)
        for name, count in self.files.graphs():
            says = downloads.SAYS.get(name, f"The graph {name}")
            yield Dataset(
                f"{GRAPH}{name}",
                title if name == "links" else f"{says} (graph {name})",
                words if name == "links" else f"{says}: the named graph {GRAPH}{name}.",
                _page(f"{GRAPH}{name}"),
                tuple(self._file(name, suffix, measured) for suffix in RDF_TYPES if self.files.fit()),
                rows=count,
            )

    def _file(self, name, suffix, measured):
        known = {} if measured else self.files.known()
        size, digest = self.files.measured(name, suffix) if measured else known.get((name, suffix), (0, ""))
        media = {**RDF_TYPES, **downloads.QUADS}[suffix]
        url = url_for("pages.download", name=name, suffix=suffix, _external=True)
        title = f"{name} in {downloads.NAMES[suffix]}"
        return Distribution(f"{name}.{suffix}", title, url, media, downloads.NAMES[suffix], size, digest)

    def _table(self, slug, suffix, title, measured):
        size, digest = self._measured_table(slug, suffix) if measured else (0, "")
        if slug:
            url = url_for("pages.measurements_of", slug=slug, suffix=suffix, _external=True)
        else:
            url = url_for("pages.measurements", suffix=suffix, _external=True)
        media, name = tables.FORMATS[suffix]
        described = url.removesuffix(".csv") + ".csv-metadata.json" if suffix == "csv" else ""
        file = f"measurements/{slug}.{suffix}" if slug else f"measurements.{suffix}"
        return Distribution(
            file, f"{title} ({name})", url, media.split(";")[0], name, size, digest, described
        )

    def _measured_table(self, slug, suffix):
        def compute(_graph):
            body = measurements.table(self.site, slug, suffix)
            return len(body), hashlib.sha256(body).hexdigest()

        return self.site.graph.kept(f"catalog.table.{slug}.{suffix}", compute)


def _dates(graph):
    row = graph.select(DATES)[0]
    return (row["issued"].value, row["modified"].value) if "issued" in row else None


def _links(graph):
    row = (graph.select(LINKS) or [{"title": "Links", "description": downloads.SAYS["links"]}])[0]
    return str(row["title"]), str(row["description"])


def _sets(graph):
    """IRI, title, description, sources, first and last day of each cube, with figures of numbers or words."""
    found = {}
    for row in graph.select(DATASETS):
        text = {name: term.value for name, term in row.items()}
        held = found.setdefault(
            text["dataset"],
            [text["title"], text["description"], [], text.get("begins", ""), text.get("ends", "")],
        )
        held[2] += [text["source"]] if text.get("source") else []
    return [(iri, a, b, tuple(sources), c, d) for iri, (a, b, sources, c, d) in found.items()]


def _places(figures):
    places = {f.area: f.names["area"] for f in figures if f.placed}
    return tuple(Place(iri, name) for iri, name in sorted(places.items()))


def _page(iri):
    return request.host_url.rstrip("/") + addresses.address_of(iri)


def _services(home):
    described = f"{home}openapi.json"
    yield Service(
        f"{BASE}sparql",
        "SPARQL endpoint",
        "SPARQL 1.1 Query over all graphs: the default graph is their union, GRAPH names who says it.",
        f"{home}sparql",
        described,
        SPARQL_PROTOCOL,
    )
    yield Service(
        f"{BASE}api/measurements",
        "Figures by subject, indicator, period and place",
        "Pages of figures as JSON, CSV or Parquet.",
        f"{home}api/measurements",
        described,
    )
    yield Service(
        f"{BASE}reconcile",
        "Reconciliation of names",
        "Finds the things of this data that a table's names mean, as OpenRefine asks.",
        f"{home}reconcile",
        f"{home}reconcile",
        RECONCILIATION,
    )


def register(pages, site):
    description = Description(site)

    def rdf(media_type):
        chosen = formats.negotiate("graph", media_type)
        triples = dcat.triples(description.catalog())
        return b"".join(formats.chunks(chosen, triples, prefixes=dcat.PREFIXES))

    @pages.get("/catalog", endpoint="catalog")
    @pages.get("/catalog.<any(ttl, jsonld, nt, rdf):suffix>", endpoint="catalog")
    def catalogue(suffix=""):
        """DCAT 3 by suffix or Accept; for people, the page of the data, which says the same."""
        answer = document(suffix, lambda: "", rdf, for_programs=True)
        if answer.mimetype == "text/html":
            answer = Response(status=303, headers={"Location": url_for("pages.data")})
            answer.vary.add("Accept")
        path = url_for("pages.catalog")
        links = [f'<{path}.{form}>; rel="alternate"; type="{media}"' for form, media in RDF_TYPES.items()]
        links += [f'<{url_for("pages.data")}>; rel="describes"; type="text/html"']
        answer.headers["Link"] = ", ".join(links)
        return opened(answer)

    @pages.get("/data.json")
    def data_json():
        """data.gov's harvest file: Project Open Data Metadata Schema 1.1."""
        return opened(_json(united_states.project_open_data(description.catalog())))

    @pages.get("/dcat-us.json")
    def dcat_us():
        """DCAT-US 3.0.0."""
        return opened(_json(united_states.dcat_us(description.catalog())))

    @pages.get("/.well-known/void")
    def void():
        """The VoID description: statistics, partitions and linksets; a browser goes to the page of the graph.

        Source: VoID (W3C, 2011), section 7.2; RFC 8615.
        """
        chosen = preferred(for_programs=True)
        if chosen == "text/html":
            answer = Response(status=303, headers={"Location": url_for("pages.named_graph", name="void")})
        else:
            answer = rdf_response(site.graph.rdf(VOID, chosen), chosen)
        answer.vary.add("Accept")
        return opened(answer)

    @pages.get("/sitemap.xml")
    def sitemap():
        return Response(_sitemap(site), content_type="application/xml; charset=utf-8")

    @pages.get("/robots.txt")
    def robots():
        """Everything may be read; queries are made by people and programs, not crawled."""
        root = addresses.root()
        lines = [
            "User-agent: *",
            f"Disallow: {root}/sparql?",
            f"Disallow: {root}/ask?",
            f"Disallow: {root}/search?",
        ]
        lines += ["", f"Sitemap: {url_for('pages.sitemap', _external=True)}"]
        return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")

    @pages.after_request
    def signposted(answer):
        """The data page says where programs read the same (Signposting, level 2: a link to the catalogue)."""
        if request.endpoint == "pages.data":
            path = url_for("pages.catalog")
            links = [
                f'<{path}.{form}>; rel="describedby"; type="{media}"' for form, media in RDF_TYPES.items()
            ]
            links.append(f'<{LICENSE}>; rel="license"')
            answer.headers["Link"] = ", ".join(links)
        return answer

    @pages.app_context_processor
    def markup():
        def structured_data(files=True):
            """As schema.org, in a block of data: not run, hence no matter of script-src (CSP 3, 6.1)."""
            if not description.published:
                return ""
            found = search_engines.json_ld(description.catalog(measured=False), files)
            text = json.dumps(found, ensure_ascii=False)
            safe = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
            return Markup('<script type="application/ld+json">%s</script>') % Markup(safe)

        return {"structured_data": structured_data}

    def opened(answer):
        """A description may be read from any site: harvesters run in browsers too."""
        origin = getattr(site.settings, "cors", "*")
        if origin:
            answer.headers["Access-Control-Allow-Origin"] = origin
        return answer


def _json(value):
    return Response(json.dumps(value, ensure_ascii=False, indent=1) + "\n", content_type="application/json")


def _sitemap(site):
    """The pages that people may want to find, each once (sitemaps.org protocol 0.9)."""
    if not site.holds_report:
        return _listed(["/", "/ask", "/about"])
    paths = ["/", "/report/2014-cbp", "/things", "/questions", "/data", "/cbp", "/shapes", "/about"]
    paths += [f"/questions/{question.name}" for question in site.questions]
    paths += [f"/graph/{name}" for name, _count in downloads.Files(site.graph).graphs()]
    for iri in sorted(site.names.labels):
        path = addresses.names.path_of(iri)
        if path and path.startswith("/doc/") and "/mapping/" not in path:
            paths.append(path)
    return _listed(paths)


def _listed(paths):
    host = request.host_url.rstrip("/") + addresses.root()
    entries = "".join(f"<url><loc>{Markup.escape(host + path)}</loc></url>\n" for path in paths)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    return f"{head}{entries}</urlset>\n"
