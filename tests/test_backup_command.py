"""`backup`, `restore` and `copy` at the command line: real processes, one line for each refusal, the secret kept apart.

Seen to fail when: a full disk is a traceback or leaves a file; `copy` repeats a password; a restored database accepts
another secret.
"""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.__main__ import app
from service.kit.version import installed_version
from tests.test_command_line import command, environment_of, failure

HERE = "sqlite://data/orders.sqlite3"
THERE = "sqlite://there/orders.sqlite3"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an embedded database, loaded with the demo, and a backup of it."""
    folder = tmp_path_factory.mktemp("backup-command")
    assert command(folder, "demo").returncode == 0
    answer = command(folder, "backup", "orders.backup", "--json")
    assert (answer.returncode, answer.stderr) == (0, "")
    facts = json.loads(answer.stdout)
    assert (facts["file"], facts["database"]) == ("orders.backup", "sqlite")
    assert facts["bytes"] == (folder / "orders.backup").stat().st_size
    assert facts["rows"]["accounts"] > 0
    return folder


def test_the_version_is_printed() -> None:
    answer = CliRunner().invoke(app, ["--version"])

    assert (answer.exit_code, answer.stdout) == (0, f"carbon-orders {installed_version('carbon-orders')}\n")


def test_a_restored_database_takes_the_secret_of_the_backup_alone(folder: Path) -> None:
    restored = command(folder, "restore", "orders.backup", SERVICE_DATABASE_URL=THERE)
    assert (restored.returncode, restored.stderr) == (0, "")
    assert "The secret is not copied: put the secret of the source into there/secret" in restored.stdout
    listed = command(folder, "account", "list", "--json", SERVICE_DATABASE_URL=THERE)
    assert listed.stdout == command(folder, "account", "list", "--json").stdout
    create = ("key", "create", json.loads(listed.stdout)[0]["id"], "--name", "after")

    missing = failure(command(folder, *create, SERVICE_DATABASE_URL=THERE))
    other = failure(command(folder, *create, SERVICE_DATABASE_URL=THERE, SERVICE_SECRET="o" * 40))
    (folder / "there/secret").write_bytes((folder / "data/secret").read_bytes())
    right = command(folder, *create, SERVICE_DATABASE_URL=THERE)

    assert missing[0] == other[0] == 2
    assert "secret is missing beside a database that holds API keys" in missing[1]
    assert "is not the secret that the keys of this database were made under" in other[1]
    assert right.returncode == 0


def test_a_copy_audits_both_sides(folder: Path) -> None:
    copied = command(folder, "copy", HERE, "sqlite://copied/orders.sqlite3")

    assert (copied.returncode, copied.stderr) == (0, "")
    assert "The audit finds the same on both sides: no deviation.\n" in copied.stdout
    assert failure(command(folder, "copy", HERE, "sqlite://copied/orders.sqlite3")) == (
        1,
        (
            "carbon-orders: sqlite://copied/orders.sqlite3 is not empty: the table account_heads has rows."
            " Name an empty database."
        ),
    )


def test_a_full_disk_is_one_line_and_leaves_no_file(folder: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "service", "backup", "other.backup"],
        cwd=folder,
        env=environment_of(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)),
    )

    code, line = failure(answer)
    assert code == 1
    assert line.startswith("carbon-orders: ")
    assert "cannot be written" in line
    assert len(line.splitlines()) == 1
    assert [file.name for file in folder.iterdir() if "backup" in file.name or file.name.startswith(".")] == [
        "orders.backup"
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (("copy", "mysql://host/name", HERE), 2, "carbon-orders: FROM_URL: A database URL is sqlite://"),
        (
            ("copy", HERE, "postgresql://orders:hunter2@127.0.0.1:1/orders"),
            1,
            "carbon-orders: the database at 127.0.0.1:1/orders cannot be used: ",
        ),
        (("copy", "sqlite://absent.sqlite3", THERE + "x"), 1, "carbon-orders: sqlite://absent.sqlite3 has no tables"),
        (("backup", "absent/orders.backup"), 1, "carbon-orders: "),
        (("backup", "orders.backup"), 1, "carbon-orders: orders.backup exists."),
    ],
)
def test_what_cannot_be_done_is_one_line(folder: Path, arguments: tuple[str, ...], code: int, line: str) -> None:
    found = failure(command(folder, *arguments))

    assert found[0] == code
    assert found[1].startswith(line)
    assert len(found[1].splitlines()) == 1
    assert "hunter2" not in found[1]
