"""Files that were made elsewhere: what is wrong with a whole file is said once, and says what to change.

Seen to fail when: another separator passes for a column name; a lost character passes; of a column that is named twice
the last one counts; a number with an exponent is refused, or is computed without a bound.
"""

import pytest

from service.domain.file_rows import csv_rows, json_document, missing_message, text_of
from service.domain.rows import plain_number
from service.errors import Code, Refused

KNOWN = {"record", "slug", "name"}
ROWS = [("line 2", {"record": "project", "slug": "oaks", "name": "Oaks; mostly"})]


def rows_of(text: str) -> list[tuple[str, dict[str, object]]]:
    return [(name, dict(cells)) for name, cells in csv_rows(text, key="record", known=KNOWN)]


def message_of(refusal: pytest.ExceptionInfo[Refused]) -> str:
    assert refusal.value.code is Code.BAD_USER_INPUT
    return refusal.value.message


@pytest.mark.parametrize(
    "text",
    [
        "record,slug,name\nproject,oaks,Oaks; mostly\n",
        "record,slug,name\r\nproject,oaks,Oaks; mostly",
        "record,slug,name\rproject,oaks,Oaks; mostly\r",
        ' record , slug,"name"\nproject, oaks ,"Oaks; mostly"\n',
        "record,slug,name,,\nproject,oaks,Oaks; mostly,,\n,,,,\n  ,,,,\n\n",
    ],
)
def test_a_table_is_read_with_whatever_line_ends_and_blanks_it_has(text: str):
    read = [(name, {column: cell for column, cell in cells.items() if column}) for name, cells in rows_of(text)]

    assert read == ROWS


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("record;slug;name\nproject;oaks;Oaks\n", "semicolons"),
        ('"record";"slug";"name"\n"project";"oaks";"Oaks, mostly"\n', "semicolons"),
        ("record; slug; name\nproject;oaks;Oaks\n", "semicolons"),
        ("record\tslug\tname\nproject\toaks\tOaks\n", "tabs"),
        ("record|slug|name\nproject|oaks|Oaks\n", "vertical bars"),
        ("sep=;\nrecord;slug;name\nproject;oaks;Oaks\n", "semicolons"),
        ("sep=;;;\nrecord;slug;name\nproject;oaks;Oaks\n", "semicolons"),
        ("slug;name;record;a,b\noaks;Oaks;project;1,5\n", "semicolons"),
    ],
)
def test_another_separator_is_named(text: str, separator: str):
    with pytest.raises(Refused) as refusal:
        rows_of(text)

    told = f"The column record is missing; the file seems to be separated by {separator}. Use commas."
    assert message_of(refusal) == told


def test_rows_that_are_separated_otherwise_than_the_names_are_told():
    with pytest.raises(Refused) as refusal:
        rows_of("record,slug,name\nproject;oaks;Oaks\nproject;elms;Elms\n")

    told = "The rows seem to be separated by semicolons, and the column names by commas. Use commas."
    assert message_of(refusal) == told


def test_one_row_with_a_semicolon_is_no_other_separator():
    assert rows_of("record,slug,name\nproject;oaks,,\nproject,elms,Elms\n") == [
        ("line 2", {"record": "project;oaks", "slug": "", "name": ""}),
        ("line 3", {"record": "project", "slug": "elms", "name": "Elms"}),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "The file is empty."),
        (" \r\n\t\n", "The file is empty."),
        ("record,slug,name\n", "The file has a line of column names and no rows."),
        ("record,slug,name\n,,\n ,\t,\n", "The file has a line of column names and no rows."),
        ("record,slug,slug\nproject,oaks,elms\n", "The line of column names has slug more than once."),
        ("sep=,\nrecord,slug,name\nproject,oaks,Oaks\n", "The first line of the file has no column names. Remove it."),
        ("\nrecord,slug,name\nproject,oaks,Oaks\n", "The first line of the file has no column names. Remove it."),
        ('\n[{"record": "project"}]', "The file seems to be JSON. Give it a name that ends in .json."),
        ("<!doctype html>\n<title>Log in", "The file seems to be a web page or XML. Give it as CSV."),
        ('record,slug,name\nproject,"oaks,Oaks\n', "The file is not CSV: unexpected end of data in line 2."),
    ],
)
def test_a_file_that_is_no_table_is_told_why(text: str, told: str):
    with pytest.raises(Refused) as refusal:
        rows_of(text)

    assert message_of(refusal) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "The file is empty."),
        ("\n", "The file is empty."),
        ("<html></html>", "The file seems to be a web page or XML. Give it as JSON."),
        (
            "id,vcuAmount\n1,2\n",
            "The file is not JSON: Expecting value: line 1 column 1 (char 0). It seems to be CSV. Use JSON.",
        ),
        (
            '{"id": 1}\n{"id": 2}\n',
            (
                "The file is not JSON: Extra data: line 2 column 1 (char 10)."
                " It seems to have one object a line. Make them one list."
            ),
        ),
        ('[{"id": 1, "id": 2}]', "An object of the file has the member id more than once."),
        ('{"a": {"b": null, "c": 1, "b": 1}}', "An object of the file has the member b more than once."),
        ("[1", "The file is not JSON: Expecting ',' delimiter: line 1 column 3 (char 2)."),
    ],
)
def test_a_text_that_is_no_json_is_told_why(text: str, told: str):
    with pytest.raises(Refused) as refusal:
        json_document(text, if_csv="Use JSON.")

    assert message_of(refusal) == told


def test_numbers_of_json_stay_as_they_are_written():
    document = json_document('{"a": 5e-05, "b": 0.10, "c": [1E+2, NaN, true, null]}', if_csv="")

    assert document == {"a": "5e-05", "b": "0.10", "c": ["1E+2", "NaN", True, None]}


@pytest.mark.parametrize("content", [b"a\xc3\xa9\n", b"\xef\xbb\xbfa\xc3\xa9\n"])
def test_utf_8_is_read_with_and_without_a_mark(content: bytes):
    assert text_of(content) == "a\u00e9\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            b"a,b\r\n1,Caf\xe9\r\n",
            (
                'The file is not UTF-8: line 2 has the byte 0xE9 ("\u00e9" in Windows-1252).'
                ' Save it as UTF-8; spreadsheets call that "CSV UTF-8".'
            ),
        ),
        (
            b"a\n\n\x81",
            'The file is not UTF-8: line 3 has the byte 0x81. Save it as UTF-8; spreadsheets call that "CSV UTF-8".',
        ),
        (
            "a,b".encode("utf-16"),
            'The file is encoded in UTF-16. Save it as UTF-8; spreadsheets call that "CSV UTF-8".',
        ),
        (
            b"\xfe\xff" + "a,b".encode("utf-16-be"),
            'The file is encoded in UTF-16. Save it as UTF-8; spreadsheets call that "CSV UTF-8".',
        ),
        (
            "a,b".encode("utf-32"),
            'The file is encoded in UTF-32. Save it as UTF-8; spreadsheets call that "CSV UTF-8".',
        ),
        (
            "a,b".encode("utf-16-le"),
            (
                "The file has NUL characters, as UTF-16 without a byte order mark has."
                ' Save it as UTF-8; spreadsheets call that "CSV UTF-8".'
            ),
        ),
        (
            "a,b\nS\ufffdo,1".encode(),
            (
                "Line 2 of the file has the character U+FFFD, which stands for one that was lost."
                " Export the file again as UTF-8."
            ),
        ),
        (b"PK\x03\x04\x14", "The file is an Excel workbook or another ZIP archive. Give it as CSV or JSON in UTF-8."),
        (b"\xd0\xcf\x11\xe0\xa1", "The file is an Excel workbook of the old format. Give it as CSV or JSON in UTF-8."),
        (b"\x1f\x8b\x08\x00", "The file is compressed with gzip. Give it as CSV or JSON in UTF-8."),
        (b"%PDF-1.7\n", "The file is a PDF document. Give it as CSV or JSON in UTF-8."),
    ],
)
def test_another_encoding_or_format_is_named(content: bytes, told: str):
    with pytest.raises(Refused) as refusal:
        text_of(content)

    assert message_of(refusal) == told


@pytest.mark.parametrize(
    ("columns", "present", "told"),
    [
        (["record"], {"slug"}, "The column record is missing."),
        (["record"], {"Record"}, "The column record is missing; record is perhaps Record."),
        (
            ["from_tonnes", "price"],
            {"From Tonnes", "bundle"},
            "The columns from_tonnes, price are missing; from_tonnes is perhaps From Tonnes.",
        ),
    ],
)
def test_missing_columns_are_named_with_what_they_may_be_called(columns: list[str], present: set[str], told: str):
    assert missing_message(columns, present) == told


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("5e-05", "0.00005"),
        ("1.5E-3", "0.0015"),
        ("1e+16", "10000000000000000"),
        ("7.15e1", "71.5"),
        ("2.50e2", "250"),
        ("0e0", "0"),
        ("1e-0005", "0.00001"),
        ("1E05", "100000"),
        ("20", "20"),
        ("0.10", "0.10"),
        ("", ""),
        ("-5e-05", "-5e-05"),
        ("5e", "5e"),
        ("1_0e2", "1_0e2"),
        ("\u0661e2", "\u0661e2"),
        ("inf", "inf"),
    ],
)
def test_a_number_with_an_exponent_is_written_plainly_and_other_texts_stay(text: str, plain: str):
    assert plain_number(text) == plain


@pytest.mark.parametrize("text", ["1e40", "1e-39", "1e999", "1e-999", "1.5e-00999"])
def test_an_absurd_exponent_is_refused(text: str):
    with pytest.raises(Refused) as refusal:
        plain_number(text)

    assert message_of(refusal) == "has more than 40 digits when written without exponent"


@pytest.mark.parametrize("text", ["1e999999999", "1e-999999999", "9" * 50 + "e9999"])
def test_an_exponent_of_four_digits_is_no_number(text: str):
    assert plain_number(text) == text
