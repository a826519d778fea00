"""What the columns of a table mean: CSV on the Web metadata (W3C, 2015), beside each CSV file.

A validator of CSV on the Web reads the file with this and finds the types kept; a person reads what a column
is.
"""

from incsr.catalog import LICENSE, PUBLISHER, PUBLISHER_NAME

CONTEXT = ["http://www.w3.org/ns/csvw", {"@language": "en"}]
MEDIA_TYPE = "application/csvm+json"


def metadata(url: str, title: str, columns: list[dict], notes: str = "", primary_key: str = "") -> dict:
    """The metadata document of one CSV file: `columns` have `titles`, and what else is known of each."""
    schema = {"columns": columns}
    if primary_key:
        schema["primaryKey"] = primary_key
    document = {
        "@context": CONTEXT,
        "url": url,
        "dc:title": title,
        "dc:license": {"@id": LICENSE},
        "dc:publisher": {"@id": PUBLISHER, "schema:name": PUBLISHER_NAME},
        "dialect": {"encoding": "utf-8", "header": True, "delimiter": ","},
        "tableSchema": schema,
    }
    if notes:
        document["dc:description"] = notes
    return document


def column(number: int, title: str, datatype: str = "string", description: str = "", **more) -> dict:
    """One column; `name` is what a URI template can hold, `titles` is the header as it stands in the file."""
    found = {
        "name": title if title.isidentifier() else f"column_{number}",
        "titles": title,
        "datatype": datatype,
    }
    if description:
        found["dc:description"] = description
    return found | more
