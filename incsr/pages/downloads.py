"""Downloads: the whole graph and each named graph in every format, and the tidy table of measurements."""

import hashlib

from flask import Response, abort, render_template, request

from incsr import __version__
from incsr.namespaces import GRAPH, SOURCE_TEXT
from incsr.pages import figures as reading
from incsr.pages.tables import FORMATS, table_response
from incsr.pages.things import RDF_TYPES

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
COLUMNS = (
    "measurement", "subject", "subject_iri", "indicator", "indicator_iri", "value", "stated_as", "hedge", "unit", "per",
    "period", "period_iri", "likely_period", "area", "area_iri", "rounded_to", "superlative", "said_by",
    "quotation", "start", "end", "evidence", "formula", "note",
)


def tidy(figures):
    """The measurements as one row each in `COLUMNS`: text, numbers, None where nothing is stated."""
    rows = []
    for figure in figures:
        start, end = (figure.passages[0][0], figure.passages[0][1]) if figure.passages else (None, None)
        value = figure.value and (float(figure.value) if "." in figure.value else int(figure.value))
        rows.append(
            [
                figure.iri, figure.names["subject"], figure.subject, figure.names["indicator"], figure.indicator,
                value or None, figure.words or None, figure.hedge or ("exactly" if figure.value else None),
                reading.UNITS.get(figure.unit, ("", figure.unit))[1] or ("count" if figure.unit == "NUM" else None),
                figure.rate or None, figure.dated or None, figure.period, figure.likely or None, figure.placed or None, figure.area,
                figure.rounded and int(figure.rounded) or None, "; ".join(figure.superlatives) or None, figure.graph,
                figure.quotation or None, start, end,
                f"{SOURCE_TEXT}#char={start},{end}" if figure.passages else None,
                figure.formula or None, " ".join(figure.notes) or None,
            ]
        )
    return rows


def register(pages, site):
    def body_of(name, suffix):
        query = UNION if name == "incsr" else WHOLE % (GRAPH + name)
        return site.graph.kept(f"download.{name}.{suffix}", lambda graph: graph.rdf(query, RDF_TYPES[suffix]))

    def graph_names():
        return [(row["g"].value.removeprefix(GRAPH), int(row["n"].value)) for row in site.graph.select(SIZES)]

    @pages.get("/data")
    def data():
        graphs = [(name, count) for name, count in graph_names() if "/" not in name]
        return render_template(
            "data.html",
            section="pages.data",
            graphs=graphs,
            says=SAYS,
            formats=RDF_TYPES,
            table_formats=FORMATS,
            figures=len(site.figures),
            version=__version__,
            data_version=site.graph.version,
        )

    @pages.get("/data/<name>.<any(ttl, jsonld, nt, rdf):suffix>")
    def download(name, suffix):
        """One named graph, or all of them as `incsr`; `?checksum=1` answers its size and SHA-256 instead."""
        if name != "incsr" and name not in dict(graph_names()):
            abort(404, f"There is no graph “{name}”; /data lists them")
        body = body_of(name, suffix)
        digest = hashlib.sha256(body).hexdigest()
        if request.args.get("checksum"):
            return Response(f"{digest}  {name}.{suffix}\n", content_type="text/plain; charset=utf-8", headers={"X-Bytes": str(len(body))})
        media = RDF_TYPES[suffix]
        answer = Response(body, content_type=f"{media}; charset=utf-8" if media == "text/turtle" else media)
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{suffix}"'
        answer.set_etag(digest[:32])
        return answer.make_conditional(request)

    @pages.get("/data/checksums.txt")
    def checksums():
        """SHA-256 of every download, in the form that `sha256sum -c` reads."""
        lines = []
        for name in ["incsr", *(name for name, _count in graph_names())]:
            for suffix in RDF_TYPES:
                body = body_of(name, suffix)
                lines.append(f"{hashlib.sha256(body).hexdigest()}  {name}.{suffix}")
        return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")

    @pages.get("/data/measurements.<any(csv, xlsx, json, parquet):suffix>")
    def measurements(suffix):
        """The tidy table of measurements; `?bom=1` for Excel's CSV."""
        return table_response(list(COLUMNS), tidy(site.figures.values()), suffix, "measurements")
