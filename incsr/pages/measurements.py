"""The tidy table of measurements: one row a figure, with the words it rests on."""

import json

from flask import Response, abort, redirect, request, url_for

from incsr.catalog import tables as csvw
from incsr.namespaces import PREFIXES, SOURCE_TEXT
from incsr.pages import figures as reading
from incsr.pages.tables import FORMATS, table_bytes, table_response

COLUMNS = (
    "measurement",
    "subject",
    "subject_iri",
    "indicator",
    "indicator_iri",
    "value",
    "stated_as",
    "hedge",
    "unit",
    "per",
    "period",
    "period_iri",
    "likely_period",
    "area",
    "area_iri",
    "rounded_to",
    "superlative",
    "said_by",
    "quotation",
    "start",
    "end",
    "evidence",
    "formula",
    "note",
)


def tidy(figures):
    """The measurements as one row each in `COLUMNS`: text, numbers, None where nothing is stated."""
    rows = []
    for figure in figures:
        start, end = (figure.passages[0][0], figure.passages[0][1]) if figure.passages else (None, None)
        value = figure.value and (float(figure.value) if "." in figure.value else int(figure.value))
        rows.append(
            [
                figure.iri,
                figure.names["subject"],
                figure.subject,
                figure.names["indicator"],
                figure.indicator,
                value or None,
                figure.words or None,
                figure.hedge or ("exactly" if figure.value else None),
                reading.UNITS.get(figure.unit, ("", figure.unit))[1]
                or ("count" if figure.unit == "NUM" else None),
                figure.stated_rate or None,
                figure.dated or None,
                figure.period,
                figure.likely or None,
                figure.placed or None,
                figure.area,
                int(figure.rounded) if figure.rounded else None,
                "; ".join(figure.superlatives) or None,
                figure.graph,
                figure.quotation or None,
                start,
                end,
                f"{SOURCE_TEXT}#char={start},{end}" if figure.passages else None,
                figure.formula or None,
                " ".join(figure.notes) or None,
            ]
        )
    return rows


# What each column holds: (datatype of CSV on the Web, words).
SAYS = {
    "measurement": ("anyURI", "IRI of the figure"),
    "subject": ("string", "name of the organization or program that the figure tells of"),
    "subject_iri": ("anyURI", "its IRI"),
    "indicator": ("string", "what is counted or weighed"),
    "indicator_iri": ("anyURI", "its IRI"),
    "value": ("decimal", "the number, in full; empty where the source gives words only"),
    "stated_as": ("string", "the words, where there is no number"),
    "hedge": (
        "string",
        "how the value bounds the true one: exactly, more than, at least, nearly, approximately, on average",
    ),
    "unit": ("string", "unit of the value; count where things are counted"),
    "per": ("string", "for which time or thing the value holds, where it is a rate"),
    "period": ("string", "period that the source states"),
    "period_iri": ("anyURI", "its IRI; period/not-stated where there is none"),
    "likely_period": ("string", "period that we hold likely where none is stated"),
    "area": ("string", "country or region that the source states"),
    "area_iri": ("anyURI", "its IRI; region/not-stated where there is none"),
    "rounded_to": ("integer", "to which unit the printed value is rounded, where it is visibly rounded"),
    "superlative": ("string", "the words of a superlative"),
    "said_by": (
        "string",
        "graph that states the figure: incsr2014 is the report, derived we, context other sources",
    ),
    "quotation": ("string", "the exact words of the report"),
    "start": ("integer", "offset of the first character of the words in the source text, from 0"),
    "end": ("integer", "offset after the last character"),
    "evidence": ("anyURI", "IRI of the passage (RFC 5147)"),
    "formula": ("string", "how a derived figure is computed"),
    "note": ("string", "what had to be decided"),
}
assert tuple(SAYS) == COLUMNS
# Which property of the graph a column is, where it is one.
COLUMN_MORE = {
    "subject_iri": {"propertyUrl": f"{PREFIXES['cbp']}describes"},
    "indicator_iri": {"propertyUrl": f"{PREFIXES['cbp']}indicator"},
    "value": {"propertyUrl": f"{PREFIXES['sdmx-measure']}obsValue"},
    "period_iri": {"propertyUrl": f"{PREFIXES['sdmx-dimension']}refPeriod"},
    "area_iri": {"propertyUrl": f"{PREFIXES['sdmx-dimension']}refArea"},
    "quotation": {"propertyUrl": f"{PREFIXES['cbp']}quotation"},
    "evidence": {"propertyUrl": f"{PREFIXES['cbp']}evidence"},
}


def chosen(site, slug):
    """The figures of one data set, all of them for ""."""
    return [figure for figure in site.figures.values() if not slug or figure.dataset == slug]


def table(site, slug, suffix):
    """The bytes of the tidy table of one data set, or of all."""
    rows = tidy(chosen(site, slug))
    return table_bytes(list(COLUMNS), rows, suffix, slug or "measurements")


def register(pages, site):
    @pages.get("/data/measurements.<any(csv, xlsx, json, parquet):suffix>")
    def measurements(suffix):
        """The tidy table of measurements; `?bom=1` for Excel's CSV."""
        return described(
            table_response(list(COLUMNS), tidy(site.figures.values()), suffix, "measurements"), suffix
        )

    @pages.get("/data/measurements/<slug>.<any(csv, xlsx, json, parquet):suffix>")
    def measurements_of(slug, suffix):
        """The same table of one data set, such as incsr2014 or derived."""
        figures = chosen(site, slug)
        if not figures:
            known = ", ".join(sorted({figure.dataset for figure in site.figures.values()}))
            abort(404, f"There is no data set “{slug}” with figures; there are {known}")
        return described(table_response(list(COLUMNS), tidy(figures), suffix, slug), suffix)

    @pages.get("/data/measurements")
    def measurements_table():
        """The table itself: 303 to the page where its files stand, or to the file that Accept asks for."""
        types = {media.split(";")[0]: suffix for suffix, (media, _name) in FORMATS.items()}
        accept = request.accept_mimetypes
        best = accept.best_match(["text/html", *types]) if accept else "text/html"
        target = url_for("pages.measurements", suffix=types[best]) if best in types else url_for("pages.data")
        answer = redirect(target, 303)
        answer.vary.add("Accept")
        return answer

    @pages.get("/data/measurements.csv-metadata.json")
    @pages.get("/data/measurements/<slug>.csv-metadata.json")
    def measurements_metadata(slug=""):
        """CSV on the Web metadata of the table, at the address where its processors look (section 5.3)."""
        if slug and not chosen(site, slug):
            abort(404, f"There is no data set “{slug}” with figures")
        columns = [
            csvw.column(number, name, *SAYS[name], **COLUMN_MORE.get(name, {}))
            for number, name in enumerate(COLUMNS, 1)
        ]
        name = f"{slug or 'measurements'}.csv"
        notes = "One row a figure; an empty cell says that the source does not state it."
        body = csvw.metadata(name, "Figures of the 2014 INCSR page on CBP", columns, notes, "measurement")
        return Response(json.dumps(body, ensure_ascii=False, indent=1), content_type=csvw.MEDIA_TYPE)

    def described(answer, suffix):
        """A CSV file says where its metadata stands (CSV on the Web, section 5.2)."""
        if suffix == "csv":
            path = request.path + "-metadata.json"
            answer.headers["Link"] = f'<{path}>; rel="describedby"; type="{csvw.MEDIA_TYPE}"'
        return answer
