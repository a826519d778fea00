"""The tidy table of measurements: one row a figure, with the words it rests on, for spreadsheets and data frames."""

from incsr.namespaces import SOURCE_TEXT
from incsr.pages import figures as reading
from incsr.pages.tables import table_response

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
                figure.rate or None,
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


def register(pages, site):
    @pages.get("/data/measurements.<any(csv, xlsx, json, parquet):suffix>")
    def measurements(suffix):
        """The tidy table of measurements; `?bom=1` for Excel's CSV."""
        return table_response(list(COLUMNS), tidy(site.figures.values()), suffix, "measurements")
