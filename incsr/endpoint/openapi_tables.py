"""What the OpenAPI document says of the interfaces beside SPARQL: figures by filter, and reconciliation.

The pages answer them; they are described here, since there is one document. A test holds the two together.
"""

from incsr.namespaces import ID

FILTERS = {
    "subject": ("organization or program that the figures tell of", "border-patrol"),
    "indicator": ("what is counted or weighed", "personnel-trained"),
    "period": ("stated period", "FY2013"),
    "area": ("stated country, region or city", "US"),
    "country": ("stated country", "GT"),
    "dataset": ("data set", "incsr2014"),
    "graph": ("graph that states the figure", "incsr2014"),
}
CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"


def tags() -> list[dict]:
    return [
        {"name": "figures", "description": "Figures by subject, indicator, period and place"},
        {"name": "reconciliation", "description": "Reconciliation Service API 0.2 (W3C Community Group)"},
    ]


def paths(problems) -> dict:
    """The path items; `problems(*statuses)` gives the responses that are problem documents."""
    return {
        "/api/measurements": {"get": _measurements(problems)},
        "/reconcile": {"get": _reconcile_get(problems), "post": _reconcile_post(problems)},
    }


def _filter(name, words, example):
    return {
        "name": name,
        "in": "query",
        "description": f"The {words}: an IRI, kind/slug or slug; may be repeated, then any of them will do. "
        "A value that the data does not know is a 400, which lists those that it knows.",
        "explode": True,
        "schema": {"type": "array", "items": {"type": "string", "minLength": 1}},
        "example": [example],
    }


def _whole(name, words, least, most, usual):
    schema = {"type": "integer", "minimum": least, "maximum": most, "default": usual}
    return {"name": name, "in": "query", "description": words, "schema": schema}


def _measurements(problems):
    text = {"type": "string"}
    return {
        "operationId": "listMeasurements",
        "tags": ["figures"],
        "summary": "Figures that all filters allow, one page of them, in the order of the report",
        "parameters": [
            *(_filter(name, *said) for name, said in FILTERS.items()),
            _whole("limit", "The most figures of a page", 1, 1000, 100),
            _whole("offset", "Figures to leave out before the page", 0, 10**9, 0),
            {
                "name": "format",
                "in": "query",
                "description": "Wins over Accept.",
                "schema": {"type": "string", "enum": ["json", "csv", "parquet"]},
            },
        ],
        "responses": {
            "200": {
                "description": "One page of figures",
                "headers": {
                    "Link": {
                        "description": "Addresses of the next, prev, first and last page",
                        "schema": text,
                    },
                    "X-Total-Count": {
                        "description": "How many figures the filters allow",
                        "schema": {"type": "integer", "minimum": 0},
                    },
                },
                "content": {
                    "application/json": {"schema": _page()},
                    CSV: {"schema": text},
                    PARQUET: {"schema": text},
                },
            },
            **problems(400, 406, 414, 429, 431, 500, 503),
        },
    }


def _page():
    return {
        "type": "object",
        "required": ["total", "limit", "offset", "measurements"],
        "properties": {
            "total": {"type": "integer", "minimum": 0},
            "limit": {"type": "integer", "minimum": 1},
            "offset": {"type": "integer", "minimum": 0},
            "next": {"type": "string"},
            "prev": {"type": "string"},
            "measurements": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["measurement", "subject_iri", "indicator_iri", "period_iri", "area_iri"],
                    "properties": {
                        "measurement": {"type": "string", "pattern": f"^{ID}measurement/"},
                        "value": {"type": ["number", "null"]},
                        "quotation": {"type": ["string", "null"]},
                    },
                },
            },
        },
    }


QUERIES = '{"q0": {"query": "Guatemala", "type": "cbp:Country", "limit": 3}}'


def _answers(problems, *statuses):
    return {
        "200": {
            "description": "The manifest; with queries, candidates under the batch's keys; with extend, rows",
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
        **problems(400, *statuses),
    }


def _fields():
    return {
        "queries": ("A batch of queries, a JSON object", QUERIES),
        "extend": (
            "Entities and properties to fill in, a JSON object",
            '{"ids": ["country/GT"], "properties": [{"id": "owl:sameAs"}]}',
        ),
    }


def _reconcile_get(problems):
    return {
        "operationId": "readReconciliation",
        "tags": ["reconciliation"],
        "summary": "The manifest, or the answer to a batch",
        "parameters": [
            {
                "name": name,
                "in": "query",
                "description": words,
                "schema": {"type": "string"},
                "example": example,
            }
            for name, (words, example) in _fields().items()
        ],
        "responses": _answers(problems, 414, 429, 431, 500, 503),
    }


def _reconcile_post(problems):
    properties = {
        name: {"type": "string", "description": words, "examples": [example]}
        for name, (words, example) in _fields().items()
    }
    form = {"type": "object", "properties": properties}
    return {
        "operationId": "reconcile",
        "tags": ["reconciliation"],
        "summary": "The answer to a batch, sent as a form",
        "requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": form}}},
        "responses": _answers(problems, 408, 413, 414, 429, 431, 500, 503),
    }
