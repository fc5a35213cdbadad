"""Migrations are applied once and whole, whoever starts at the same time."""

import ast
import asyncio
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from service.domain.serials.block import legacy_block
from service.domain.supply import block_of
from service.kit.ids import uuid7
from service.storage.batches import BATCHES
from service.storage.database import Database
from service.storage.migrations import MigrationRefused, _runner, migrate, pending
from service.storage.migrations._checksums import checksum
from service.storage.migrations._script import render, statements
from service.storage.serials import of_batches
from tests.books import rows_of
from tests.makers import LONG_AGO

ALL = [
    "0001_foundation",
    "0002_money",
    "0003_catalogue",
    "0004_retirement",
    "0005_search_keys",
    "0006_free_orders_paid",
    "0007_serials",
    "0008_client_balance",
    "0009_hold_limits",
    "0010_credit_limits",
    "0011_secret_check",
    "0012_currency_decimals",
    "0013_life_of_orders",
    "0014_status_index",
    "0015_catalogue_facts",
    "0016_operators",
    "0017_sellers",
    "0018_invoice_numbers",
    "0019_tax_and_credit_notes",
    "0020_keys_and_contacts",
    "0021_lists_of_customers",
    "0022_certificate_pdfs",
    "0023_webhooks",
    "0024_documents",
    "0025_registry_evidence",
    "0026_mail",
    "0027_logos",
    "0028_event_seals",
    "0029_sustainability_pages",
    "0030_receipt_links",
    "0031_order_totals",
    "0032_applied_credits",
]


def schema(file: Path) -> list[tuple[str, str, str]]:
    connection = sqlite3.connect(file)
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
    connection.close()
    return rows


async def test_a_database_is_migrated_once(database_url: str, tmp_path: Path):
    assert await migrate(database_url) == []
    assert await pending(database_url) == []


async def test_a_fresh_file_gets_its_folder_and_every_table(tmp_path: Path, sqlite_template: Path):
    url = f"sqlite://{tmp_path}/var/orders.sqlite3"
    assert await pending(url) == ALL
    assert not (tmp_path / "var").exists()
    assert await migrate(url) == ALL
    assert schema(tmp_path / "var/orders.sqlite3") == schema(sqlite_template)


async def test_a_fresh_postgresql_gets_every_table(postgres):
    postgres.execute("CREATE DATABASE fresh")
    url = postgres.uri("fresh")
    assert await pending(url) == ALL
    assert await migrate(url) == ALL
    assert await migrate(url) == []
    postgres.execute("DROP DATABASE fresh")


MIGRATE = (
    "import asyncio, sys; from service.storage.migrations import migrate; print(asyncio.run(migrate(sys.argv[1])))"
)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_two_processes_that_start_at_once_migrate_once(dialect: str, postgres, tmp_path: Path):
    if dialect == "postgresql":
        postgres.execute("CREATE DATABASE contested")
    url = postgres.uri("contested") if dialect == "postgresql" else f"sqlite://{tmp_path}/contested.sqlite3"
    processes = [
        subprocess.Popen([sys.executable, "-c", MIGRATE, url], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    answers = [ast.literal_eval(process.communicate(timeout=60)[0]) for process in processes]
    assert sorted(name for applied in answers for name in applied) == ALL
    assert [process.returncode for process in processes] == [0, 0, 0]
    if dialect == "postgresql":
        postgres.execute("DROP DATABASE contested")


async def test_runners_in_one_process_take_turns(tmp_path: Path):
    url = f"sqlite://{tmp_path}/orders.sqlite3"
    answers = await asyncio.gather(migrate(url), migrate(url))
    assert sorted(name for applied in answers for name in applied) == ALL


@pytest.fixture
def broken_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The next release, whose second migration fails half way."""
    folder = tmp_path / "next_release"
    shutil.copytree(Path(_runner.__file__).parent, folder)
    (folder / "__init__.py").write_text("")
    (folder / "9999_broken.sql").write_text("CREATE TABLE half (id {uuid});\nINSERT INTO absent VALUES (1);\n")
    (folder / "9999_broken.py").write_text((folder / "0002_money.py").read_text().replace("0001_foundation", ALL[-1]))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(_runner, "MIGRATIONS", "next_release")
    yield
    for name in [name for name in sys.modules if name.startswith("next_release")]:
        del sys.modules[name]


async def test_a_migration_that_fails_leaves_nothing(database_url: str, broken_release: None):
    before = await tables(database_url)
    assert await pending(database_url) == ["9999_broken"]
    with pytest.raises(Exception, match="absent"):
        await migrate(database_url)
    assert await tables(database_url) == before
    assert await pending(database_url) == ["9999_broken"]


async def tables(url: str) -> list[str]:
    database = await Database.open(url)
    names = (
        "SELECT name FROM sqlite_master ORDER BY name"
        if database.dialect == "sqlite"
        else "SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
    )
    found = [row["name"] for row in await database.reader.fetch(names)]
    await database.close()
    return found


@pytest.fixture
def edited_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This release, with a column that somebody has added to a migration that is applied already."""
    shutil.copytree(Path(_runner.__file__).parent, tmp_path / "edited_release")
    script = tmp_path / "edited_release/0002_money.sql"
    script.write_text(script.read_text() + "ALTER TABLE payments ADD COLUMN note TEXT;\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(_runner, "MIGRATIONS", "edited_release")
    yield
    for name in [name for name in sys.modules if name.startswith("edited_release")]:
        del sys.modules[name]


async def test_an_edited_migration_is_refused_by_its_name(database_url: str, edited_release: None):
    for used in (migrate, pending):
        with pytest.raises(MigrationRefused, match=r"^0002_money was edited after this database applied it\."):
            await used(database_url)


async def test_a_database_of_before_records_the_checksums_of_the_present_files(tmp_path: Path):
    url = f"sqlite://{tmp_path}/orders.sqlite3"
    await migrate(url)
    recorded = checksums(url)
    assert [name for name, _ in recorded] == ALL
    with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as connection:
        connection.execute("DROP TABLE migration_checksums")

    assert await pending(url) == []
    assert await migrate(url) == []

    assert checksums(url) == recorded


def checksums(url: str) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as connection:
        return connection.execute("SELECT name, sha256 FROM migration_checksums ORDER BY name").fetchall()


def test_line_ends_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shutil.copytree(Path(_runner.__file__).parent, tmp_path / "windows_release")
    for file in (tmp_path / "windows_release").glob("0001*"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    monkeypatch.syspath_prepend(tmp_path)
    assert checksum("windows_release", "0001_foundation") == checksum(_runner.MIGRATIONS, "0001_foundation")


def test_a_text_is_rendered_for_each_dialect():
    text = """CREATE TABLE t (id {uuid}, at {instant}, doc {json}, ok {flag});
-- sqlite only
A;
-- end
-- postgresql only
B;
-- end
C;"""
    assert render(text, "sqlite") == "CREATE TABLE t (id CHAR(36), at TEXT, doc TEXT, ok INTEGER);\nA;\nC;"
    assert render(text, "postgresql") == "CREATE TABLE t (id UUID, at TIMESTAMPTZ, doc JSONB, ok BOOLEAN);\nB;\nC;"


@pytest.mark.parametrize("text", ["{uuuid}", "-- sqlite only\nA;", "-- sqlite only\n-- postgresql only\n-- end"])
def test_a_text_with_a_slip_is_refused(text: str):
    with pytest.raises(ValueError, match=r"uuuid|closed|open"):
        render(text, "sqlite")


def test_a_triggers_body_stays_in_one_piece():
    trigger = "CREATE TRIGGER t BEFORE UPDATE ON x\n    BEGIN SELECT 1; SELECT RAISE(ABORT, 'no; never'); END;"
    assert list(statements(f"-- one; two\nSELECT ';';\n{trigger}\n-- the end\n")) == [
        "-- one; two\nSELECT ';';",
        trigger,
    ]
    with pytest.raises(ValueError, match="semicolon"):
        list(statements("SELECT 1"))


BATCHES_OF_BEFORE = {
    # prefix, start, issued_g -> claims (key, first, last, is_reading)
    ("OAK-", 7, 2_500_000): [("OAK-#", 7, 9, False)],
    ("oak-", 9, 1_000_000): [("OAK-#", 9, 9, False)],
    ("TEST-DEMO-GS-90482-2019", 1, 11_000_000): [
        ("TEST-DEMO-GS-90482-#", 20191, 20199, False),
        ("TEST-DEMO-GS-90482-#", 201910, 201911, False),
        ("TEST-DEMO-GS-#", 90482, 201911, True),
    ],
    ("", 5, 1_000_000): [("#", 5, 5, False)],
    ("9" * 30, 5, 1_000_000): [("9" * 30 + "#", 5, 5, False)],
    ("\ufdfa" * 200, 1, 1): None,
}
"""Batches as they could be received before serials had forms: any prefix, a number behind it, parts of a tonne."""


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
async def test_existing_batches_claim_their_serials_and_print_as_before(
    dialect: str, postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    if dialect == "postgresql":
        postgres.execute("CREATE DATABASE before_serials")
    url = postgres.uri("before_serials") if dialect == "postgresql" else f"sqlite://{tmp_path}/before.sqlite3"
    earlier = tmp_path / f"earlier_release_{dialect}"
    shutil.copytree(Path(_runner.__file__).parent, earlier)
    for later in ALL[ALL.index("0007_serials") :]:
        for file in earlier.glob(f"{later}*"):
            file.unlink()
    monkeypatch.syspath_prepend(tmp_path)
    with monkeypatch.context() as before:
        before.setattr(_runner, "MIGRATIONS", earlier.name)
        assert await migrate(url) == ALL[: ALL.index("0007_serials")]
    project = uuid7()
    database = await Database.open(url)
    async with database.transaction() as session:
        await session.execute("INSERT INTO project_categories (id, name) VALUES ($1, 'Forests')", project)
        await session.execute(
            "INSERT INTO projects (id, category_id, slug, name, project_type, country, registry_name, description,"
            " created_at) VALUES ($1, $1, 'p', 'P', 't', 'BRA', 'Verra', 'd', $2)",
            project,
            LONG_AGO,
        )
        for prefix, start, issued_g in BATCHES_OF_BEFORE:
            await session.execute(
                "INSERT INTO credit_batches (id, project_id, mode, vintage, serial_prefix, serial_start, issued_g,"
                " available_g, held_g, allocated_g, retired_g, created_at)"
                " VALUES ($1, $2, 'live', 2035, $3, $4, $5, $5, 0, 0, 0, $6)",
                *(uuid7(), project, prefix, start, issued_g, LONG_AGO),
            )
    await database.close()

    assert await migrate(url) == ALL[ALL.index("0007_serials") :]

    database = await Database.open(url)
    for batch in await rows_of(database, BATCHES):
        facts = (batch.serial_prefix, batch.serial_start, batch.issued_g)
        block = block_of(batch)
        assert block == legacy_block(*facts)
        assert block.credit(block.first) == f"{batch.serial_prefix}{batch.serial_start}"
        claims = [
            (each.series_key, each.first_number, each.last_number, each.is_reading)
            for each in await of_batches(database.reader, [batch.id])
        ]
        if BATCHES_OF_BEFORE[facts] is not None:
            assert sorted(claims, key=lambda claim: (claim[3], claim[1])) == BATCHES_OF_BEFORE[facts]
        else:
            assert [(len(key), first, last) for key, first, last, _ in claims] == [(len("SHA256 ") + 64, 1, 1)]
    assert (await available_g_of(database)) == sum(issued_g for _, _, issued_g in BATCHES_OF_BEFORE)
    await database.close()
    if dialect == "postgresql":
        postgres.execute("DROP DATABASE before_serials")


async def available_g_of(database: Database) -> int:
    return sum(batch.available_g for batch in await rows_of(database, BATCHES))
