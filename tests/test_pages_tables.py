"""Tables for spreadsheets and data frames: the tidy measurements, and the answers of questions.

CSV is RFC 4180; text that a spreadsheet would run as a formula is guarded (OWASP, CSV injection).
"""

import csv
import io

import openpyxl
import pandas
import pytest
import requests

from incsr.pages import tables

TABLE = "/data/measurements"


def fetch(server, path):
    response = requests.get(server.url + path, timeout=30)
    assert response.status_code == 200
    return response


@pytest.fixture(scope="module")
def frames(published):
    """The tidy table as each format's usual reader gives it."""
    book = pandas.read_excel(io.BytesIO(fetch(published, f"{TABLE}.xlsx").content))
    return {
        "csv": pandas.read_csv(io.StringIO(fetch(published, f"{TABLE}.csv").text)),
        "xlsx": book,
        "json": pandas.DataFrame(fetch(published, f"{TABLE}.json").json()),
        "parquet": pandas.read_parquet(io.BytesIO(fetch(published, f"{TABLE}.parquet").content)),
    }


def test_all_formats_hold_the_same_rows_and_columns(frames):
    one = frames["json"]

    assert len(one) > 130
    for name, frame in frames.items():
        assert list(frame.columns) == list(one.columns), name
        assert list(frame["measurement"]) == list(one["measurement"]), name
        assert list(frame["value"].dropna()) == list(one["value"].dropna()), name


def test_guatemala_stands_in_the_table_with_its_words(frames):
    frame = frames["csv"]
    row = frame[frame["quotation"] == "240 in Guatemala"].iloc[0]

    assert row["value"] == 240
    assert row["subject"] == "Office of Border Patrol"
    assert row["period"] == "FY 2013"
    assert row["area"] == "Guatemala"
    assert row["hedge"] == "exactly"
    assert row["evidence"] == "https://w3id.org/incsr/source/incsr2014-cbp.txt#char=6188,6204"


def test_every_figure_of_the_report_stands_where_its_row_says(published, frames):
    text = fetch(published, "/source/incsr2014-cbp.txt").content.decode()
    stated = frames["csv"][frames["csv"]["said_by"] == "incsr2014"]

    assert len(stated) == 54
    for row in stated.itertuples():
        assert text[int(row.start) : int(row.end)] == row.quotation


def test_hedges_survive_the_table(frames):
    drugs = frames["xlsx"][frames["xlsx"]["quotation"] == "more than 759,000 pounds of drugs"].iloc[0]

    assert (drugs["hedge"], drugs["value"], drugs["unit"]) == ("more than", 759000, "pounds")


def test_the_workbook_has_numbers_as_numbers_and_no_formula(published):
    sheet = openpyxl.load_workbook(io.BytesIO(fetch(published, f"{TABLE}.xlsx").content)).active
    header = [cell.value for cell in sheet[1]]
    values = [row[header.index("value")] for row in sheet.iter_rows(min_row=2)]

    assert {cell.data_type for cell in values if cell.value is not None} == {"n"}
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert sheet.freeze_panes == "A2"


def test_csv_is_utf8_without_a_mark_unless_excel_needs_it(published):
    plain = fetch(published, f"{TABLE}.csv")
    marked = fetch(published, f"{TABLE}.csv?bom=1")

    assert plain.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert 'filename="measurements.csv"' in plain.headers["Content-Disposition"]
    assert not plain.content.startswith(b"\xef\xbb\xbf")
    assert marked.content == b"\xef\xbb\xbf" + plain.content
    assert b"\r\n" in plain.content


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("-5", "-5"),
        ("+1.5", "+1.5"),
        ("a=b", "a=b"),
        (-5, -5),
        (None, ""),
    ],
)
def test_text_that_a_spreadsheet_would_run_is_guarded(cell, written):
    assert tables.guarded(cell) == written


def test_a_hostile_cell_comes_out_of_every_format_as_text():
    header, rows = ["a"], [['=HYPERLINK("http://evil.example")'], ['quote " and, comma\nand line']]

    read = list(csv.reader(io.StringIO(tables.csv_bytes(header, rows).decode(), newline="")))
    sheet = openpyxl.load_workbook(io.BytesIO(tables.xlsx_bytes(header, rows, "x"))).active

    assert read[1][0].startswith("'=")
    assert read[2] == [rows[1][0]]
    assert sheet["A2"].data_type == "s"
    assert sheet["A2"].value == rows[0][0]
    assert sheet["A2"].hyperlink is None


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "json", "parquet"])
def test_a_questions_answer_comes_in_every_format(published, suffix):
    response = fetch(published, f"/questions/trainees-by-country.{suffix}")
    readers = {
        "csv": lambda body: pandas.read_csv(io.BytesIO(body)),
        "xlsx": lambda body: pandas.read_excel(io.BytesIO(body)),
        "json": lambda body: pandas.read_json(io.BytesIO(body)),
        "parquet": lambda body: pandas.read_parquet(io.BytesIO(body)),
    }
    frame = readers[suffix](response.content)

    assert dict(zip(frame["country"], frame["trained"], strict=True))["Guatemala"] == 240
    assert len(frame) == 6


def test_a_questions_parameter_narrows_its_table(published):
    answer = fetch(
        published, "/questions/trainees-in-a-country.json?country=https://w3id.org/incsr/id/country/PA"
    ).json()

    assert "86" in str(answer)


def test_a_parameter_that_is_no_term_is_refused(published):
    response = requests.get(
        published.url + "/questions/trainees-in-a-country?country=GT%3E%20%7D", timeout=20
    )

    assert response.status_code == 400
    assert "no absolute IRI" in response.text


def test_columns_of_iris_are_followed_by_their_labels(published):
    frame = pandas.read_csv(io.StringIO(fetch(published, "/questions/trainees-on-the-map.csv").text))

    assert list(frame.columns)[:2] == ["country", "country (label)"]
    assert frame["country (label)"][0] == "Guatemala"
