"""Solutions as tables for people and spreadsheets: labels beside IRIs, in CSV, XLSX, JSON and Parquet."""

import csv
import datetime
import io
import json
import re
from urllib.parse import urlencode

from flask import Response, request

from incsr.namespaces import PREFIXES
from incsr.pages import names

__all__ = ["FORMATS", "chartable", "choices", "response", "table_response", "urlencode"]

FORMATS = {
    "csv": ("text/csv; charset=utf-8; header=present", "CSV"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel"),
    "json": ("application/json", "JSON"),
    "parquet": ("application/vnd.apache.parquet", "Parquet"),
}
XSD = PREFIXES["xsd"]
NUMERIC = {
    XSD + name for name in ("integer", "decimal", "double", "float", "int", "long", "nonNegativeInteger")
}
WHOLE = {XSD + name for name in ("integer", "int", "long", "nonNegativeInteger")}
CREATED = datetime.datetime(2014, 3, 1)
FORMULA = re.compile(r"^[=+\-@\t\r]")


def value(term):
    """A term as a spreadsheet wants it: a number as a number, all else as text; None where unbound."""
    if term is None:
        return None
    if term.datatype in WHOLE:
        return int(term.value)
    if term.datatype in NUMERIC:
        return float(term.value)
    return term.value


def flat(site, columns, solutions):
    """A header and rows in which each column that holds IRIs is followed by one with their labels."""
    labelled = [name for name in columns if any(name in row and row[name].is_iri for row in solutions)]
    header = [h for name in columns for h in ((name, f"{name} (label)") if name in labelled else (name,))]
    rows = []
    for row in solutions:
        cells = []
        for name in columns:
            term = row.get(name)
            cells.append(value(term))
            if name in labelled:
                cells.append(site.names.label(term.value) if term is not None and term.is_iri else None)
        rows.append(cells)
    return header, rows


def described(header, rows):
    """(title, datatype of CSV on the Web, words) of each column of a table as `flat` makes it."""
    for number, title in enumerate(header):
        cells = {type(row[number]) for row in rows} - {type(None)}
        if title.endswith(" (label)"):
            yield title, "string", f"name of what {title.removesuffix(' (label)')} identifies"
        elif cells == {int}:
            yield title, "integer", ""
        elif cells and cells <= {int, float}:
            yield title, "number", ""
        else:
            is_iri = f"{title} (label)" in header
            yield title, "anyURI" if is_iri else "string", "IRI" if is_iri else ""


def response(site, columns, solutions, suffix, name):
    """A download of solutions in one of `FORMATS`."""
    return table_response(*flat(site, columns, solutions), suffix, name)


def table_response(header, rows, suffix, name):
    """A download of a plain table. CSV takes `?bom=1` for Excel, and guards against formulas."""
    bom = request.args.get("bom") in ("1", "true")
    answer = Response(table_bytes(header, rows, suffix, name, bom), content_type=FORMATS[suffix][0])
    answer.headers["Content-Disposition"] = (
        f'{"inline" if suffix == "json" else "attachment"}; filename="{name}.{suffix}"'
    )
    return answer


def table_bytes(header, rows, suffix, name, bom=False):
    """A table in one of `FORMATS`; the same table is the same bytes at any time."""
    if suffix == "csv":
        return csv_bytes(header, rows, bom)
    if suffix == "xlsx":
        return xlsx_bytes(header, rows, name)
    if suffix == "json":
        objects = [dict(zip(header, row, strict=True)) for row in rows]
        return json.dumps(objects, ensure_ascii=False, indent=1).encode()
    return parquet_bytes(header, rows)


def csv_bytes(header, rows, bom=False):
    """RFC 4180 with CRLF. Text that a spreadsheet would run gets an apostrophe before it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(header)
    for row in rows:
        writer.writerow([guarded(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig" if bom else "utf-8")


def guarded(cell):
    """OWASP, "CSV injection": text beginning with = + - @ tab or CR is not left to the spreadsheet."""
    if isinstance(cell, str) and FORMULA.match(cell) and not re.fullmatch(r"[+-]?\d+(\.\d+)?", cell):
        return "'" + cell
    return "" if cell is None else cell


def xlsx_bytes(header, rows, name):
    """One sheet, bold frozen header, filter, numbers as numbers; text is never a formula or a link."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    # Otherwise the library writes the hour, and the same table has another checksum each time.
    book.set_properties({"title": name, "created": CREATED})
    sheet = book.add_worksheet(name[:31].replace("/", "-"))
    bold = book.add_format({"bold": True})
    for column, title in enumerate(header):
        sheet.write_string(0, column, title, bold)
        longest = max([len(title)] + [len(str(row[column])) for row in rows if row[column] is not None])
        sheet.set_column(column, column, min(longest + 2, 60))
    for line, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            if isinstance(cell, int | float) and not isinstance(cell, bool):
                sheet.write_number(line, column, cell)
            elif cell is not None:
                sheet.write_string(line, column, str(cell))
    sheet.freeze_panes(1, 0)
    if rows:
        sheet.autofilter(0, 0, len(rows), len(header) - 1)
    book.close()
    return out.getvalue()


def parquet_bytes(header, rows):
    """One row group; a column of whole numbers is int64, of numbers double, else string."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {}
    for index, title in enumerate(header):
        cells = [row[index] for row in rows]
        kinds = {type(cell) for cell in cells if cell is not None}
        if kinds == {int}:
            columns[title] = pa.array(cells, pa.int64())
        elif kinds and kinds <= {int, float}:
            columns[title] = pa.array([None if c is None else float(c) for c in cells], pa.float64())
        else:
            columns[title] = pa.array([None if c is None else str(c) for c in cells], pa.string())
    out = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), out)
    return out.getvalue().to_pybytes()


def choices(site, parameter):
    """What a form offers for a parameter: the things of its default's kind as (value, label), or nothing."""
    kind, _slug = names.kind_of(parameter.value)
    if not kind:
        return []
    return sorted(
        ((iri, label) for iri, label in site.names.labels.items() if names.kind_of(iri)[0] == kind),
        key=lambda choice: choice[1].lower(),
    )


def numeric(columns, solutions):
    """The columns that hold a number in every row."""
    return [
        name for name in columns if all(name in row and row[name].datatype in NUMERIC for row in solutions)
    ]


def chartable(columns, solutions):
    """(name column, number column) where a bar chart says something: one number for each of 2 to 40 names."""
    if not 2 <= len(solutions) <= 40:
        return None
    numbers = numeric(columns, solutions)
    texts = [n for n in columns if n not in numbers and all(n in row for row in solutions)]
    if len(numbers) != 1 or not texts:
        return None
    distinct = [n for n in texts if len({row[n].value for row in solutions}) == len(solutions)]
    if not distinct or any(float(row[numbers[0]].value) < 0 for row in solutions):
        return None
    return distinct[0], numbers[0]
