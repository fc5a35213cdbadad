"""Importing and auditing from the command line: real processes, their exit codes, what they print and where."""

import json
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests import processes

ROOT = Path(__file__).parent.parent
SEED = ROOT / "tests/operations/seed_orders.json"
CATALOGUE = """record,slug,name,category,project_type,country,registry,description
project,oak-hills,Oak Hills,Native woodland,Planting,{country},Woodland Carbon Code,Oaks mostly.
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an embedded database that is loaded with the demo."""
    folder = tmp_path_factory.mktemp("books")
    assert command(folder, "demo").returncode == 0
    return folder


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SERVICE_")}
    environment = {**kept, "SERVICE_DATABASE_URL": "sqlite://orders.sqlite3"}
    return processes.run(arguments, cwd=folder, env=environment, errors="replace")  # a document is no text


@pytest.fixture(scope="module")
def account(folder: Path) -> str:
    listed = json.loads(command(folder, "account", "list", "--json").stdout)
    return next(each["id"] for each in listed if (each["contract"], each["mode"]) == ("carbonext", "live"))


def test_history_is_rehearsed_imported_and_imported_again(folder: Path, account: str):
    import_it = ("import", "orders", str(SEED), "--account", account)

    said = [command(folder, *import_it, *more) for more in (("--dry-run",), (), ("--json",))]

    assert [(each.returncode, each.stderr) for each in said] == [(0, "")] * 3
    assert said[0].stdout == "36 would be added, 0 existed before, of 36 rows.\n"
    assert said[1].stdout == "36 added, 0 existed before, of 36 rows.\n"
    assert json.loads(said[2].stdout) == {
        "rows": 36,
        "added": 0,
        "standing": 36,
        "dry_run": False,
        "differing_totals": [],
        "faults": [],
    }


def test_totals_that_differ_are_told_and_imported_as_ours(folder: Path, account: str):
    order = {
        "vcuAmount": 5e-05,
        "vcuUnitPrice": 77,
        "targetCurrency": "BRL",
        "status": "Cancelled",
        "totalPrice": 0.004,
    }
    file = folder / "orders.json"
    ids = ["8e1f3b52-0b0a-4f3e-9c55-9f9cb3b3f001", "8e1f3b52-0b0a-4f3e-9c55-9f9cb3b3f002"]
    items = [{**order, "id": each, "createdAt": "2021-10-20T20:39:35Z"} for each in ids]
    file.write_text(json.dumps([{**items[0], "totalPrice": 0.05}, items[1]]))
    import_it = ("import", "orders", str(file), "--account", account)

    shown, told = command(folder, *import_it, "--dry-run"), command(folder, *import_it, "--json")

    assert (shown.returncode, told.returncode) == (0, 0)
    assert [line.split() for line in shown.stdout.splitlines() if "item" in line] == [["item", "1", "0.05", "0.00"]]
    assert "1 totals differ. Orders have the total that their mass and unit price make.\n" in shown.stdout
    assert json.loads(told.stdout) == {
        "rows": 2,
        "added": 2,
        "standing": 0,
        "dry_run": False,
        "differing_totals": [{"row": "item 1", "stated": "0.05", "imported": "0.00"}],
        "faults": [],
    }


def test_documents_are_saved_and_links_to_them_revoked(folder: Path, account: str):
    save = ("document", "save", "statement")

    said = [
        command(folder, *save, "2021", "statement.pdf", "--account", account),
        command(folder, *save, "2021", "-", "--account", account),
        command(folder, *save, "1999", "statement.csv", "--account", account),
        command(folder, "document", "save", "invoice", "INV-1", "invoice.pdf", "--account", account),
        command(folder, "document", "revoke", account),
    ]

    assert [each.returncode for each in said] == [0, 0, 1, 1, 0]
    assert (folder / "statement.pdf").read_bytes()[:5] == said[1].stdout[:5].encode() == b"%PDF-"
    assert "Give a year from 2000 to" in said[2].stderr
    assert said[3].stderr == "carbon-orders: The account has no invoice of the number INV-1.\n"
    assert said[4].stdout == "Revoked. The API shows new addresses.\n"


def test_a_faulty_file_is_told_by_row_and_column(folder: Path):
    file = folder / "catalogue.csv"
    file.write_text(CATALOGUE.format(country="UK"))

    shown = command(folder, "import", "catalogue", str(file))
    told = command(folder, "import", "catalogue", str(file), "--json")

    assert (shown.returncode, told.returncode) == (1, 1)
    assert "line 2" in shown.stdout
    assert "Nothing was imported: 1 faults in 1 rows." in shown.stdout
    (fault,) = json.loads(told.stdout)["faults"]
    assert (fault["row"], fault["column"]) == ("line 2", "country")
    assert set(fault) == {"row", "column", "message"}


def test_a_catalogue_is_imported_with_what_a_spreadsheet_puts_before_it(folder: Path):
    file = folder / "excel.CSV"
    file.write_text(CATALOGUE.format(country="GBR"), encoding="utf-8-sig")

    assert command(folder, "import", "catalogue", str(file)).stdout == "1 added, 0 existed before, of 1 rows.\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            b"record;slug\nproject;oaks\n",
            "The column record is missing; the file seems to be separated by semi",
        ),
        ("record,slug\nproject,ch\u00eane\n".encode("cp1252"), 'line 2 has the byte 0xEA ("\u00ea" in Windows-1252)'),
        (b"", "The file is empty."),
        (b"PK\x03\x04", "The file is an Excel workbook or another ZIP archive."),
    ],
)
def test_a_fault_of_the_file_is_one_line_on_stderr(folder: Path, content: bytes, told: str):
    file = folder / "table.csv"
    file.write_bytes(content)

    answer = command(folder, "import", "catalogue", str(file))

    assert (answer.returncode in {1, 2}, answer.stdout) == (True, "")
    assert told in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[1"])
def test_a_malformed_file_is_one_line_on_stderr(folder: Path, content: bytes):
    file = folder / "broken.json"
    file.write_bytes(content)

    answer = command(folder, "import", "catalogue", str(file))

    assert answer.returncode in {1, 2}
    assert answer.stdout == ""
    assert answer.stderr.startswith("carbon-orders: ")
    assert len(answer.stderr.splitlines()) == 1


def test_an_audit_ends_with_1_and_names_what_deviates(folder: Path):
    assert command(folder, "audit").returncode == 0
    with sqlite3.connect(folder / "orders.sqlite3") as connection:
        (batch_id,) = connection.execute("SELECT min(id) FROM credit_batches").fetchone()
        connection.execute(
            "UPDATE credit_batches SET available_g = available_g - 1, held_g = held_g + 1 WHERE id = ?", [batch_id]
        )
    connection.close()

    shown, told = command(folder, "audit"), command(folder, "audit", "--json")

    assert (shown.returncode, told.returncode) == (1, 1)
    assert f"every batch: held = open holds of quotes: violated by {batch_id}" in shown.stdout
    found = {each["check"]: each for each in json.loads(told.stdout) if each["deviating"]}
    assert list(found) == ["batch-held"]
    assert found["batch-held"] == {
        "check": "batch-held",
        "name": "every batch: held = open holds of quotes",
        "table": "credit_batches",
        "rows": found["batch-held"]["rows"],
        "deviating": 1,
        "first": [batch_id],
        "findings": [
            {
                "check": "batch-held",
                "table": "credit_batches",
                "row": batch_id,
                "account": None,
                "message": "This row breaks the rule: every batch: held = open holds of quotes.",
            }
        ],
    }
