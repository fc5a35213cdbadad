"""The command line as its users meet it: a real process, its exit code, what it prints and where."""

import asyncio
import gc
import http.client
import json
import os
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from typer.testing import CliRunner

from service.__main__ import app
from service.commands.runtime import guarded
from service.kit.global_ids import write_global_id
from service.settings import Settings
from tests import processes

DATABASE = "sqlite://data/orders.sqlite3"
SERVING = {
    "strawberry", "graphql", "starlette", "uvicorn", "limits", "jinja2", "typst", "pikepdf", "PIL", "segno",
}  # fmt: skip
"""What answers, draws and counts requests; a third of a second of a processor's time to import."""
DATABASES = {"tortoise", "asyncpg", "aiosqlite", "asyncio", "pydantic_settings", "structlog", "babel"}
SECRET = "a secret of this test, long enough for one"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose embedded database, loaded with the demo, is shared by the tests of this file."""
    return tmp_path_factory.mktemp("command-line")


@pytest.fixture(scope="module")
def loaded(folder: Path) -> dict[str, object]:
    answer = command(folder, "demo", "--json")
    assert (answer.returncode, answer.stderr) == (0, "")
    facts: dict[str, object] = json.loads(answer.stdout)
    return facts


def environment_of(**variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SERVICE_")}
    root = str(Path(__file__).parent.parent)
    return {**kept, "PYTHONPATH": root, "SERVICE_DATABASE_URL": DATABASE, **variables}


def command(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return processes.run(arguments, cwd=folder, env=environment_of(**variables))


def failure(answer: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    assert answer.stdout == ""
    assert "Traceback" not in answer.stderr
    return answer.returncode, answer.stderr.strip()


def beneficiaries(folder: Path, *account_ids: str) -> list[str]:
    """The stored beneficiary of each account."""
    with closing(sqlite3.connect(folder / "data" / "orders.sqlite3")) as database:
        rows = database.execute("SELECT id, beneficiary_name FROM accounts")
        found = {str(UUID(str(account_id))): str(name) for account_id, name in rows}
    return [found[each] for each in account_ids]


@pytest.mark.parametrize("words", [
    ("serve",), ("migrate",), ("demo",), ("schema",), ("backup",), ("restore",), ("copy",),
    ("account", "create"), ("account", "list"), ("account", "suspend"), ("account", "reinstate"),
    ("key", "create"), ("key", "list"), ("key", "revoke"),
])  # fmt: skip
def test_the_help_of_every_command_shows_an_example(words: tuple[str, ...]) -> None:
    answer = CliRunner().invoke(app, [*words, "--help"])

    shown = " ".join(answer.stdout.split())
    assert answer.exit_code == 0
    assert "Example: " in shown
    assert f"carbon-orders {' '.join(words)}" in shown.partition("Example: ")[2]


def test_help_lists_the_commands_and_the_exit_codes(folder: Path) -> None:
    answer = command(folder, "--help")

    shown = " ".join(answer.stdout.split())
    assert answer.returncode == 0
    for word in ("serve", "migrate", "demo", "schema", "account", "key"):
        assert f"│ {word} " in shown
    assert "0 success, 1 refused or failed, 2 wrong arguments or settings" in shown


@pytest.mark.parametrize(("words", "needless"), [
    (("--help",), SERVING | DATABASES | {"pydantic"}),
    (("account", "create", "--help"), SERVING | DATABASES),
    (("account", "list"), SERVING),
    (("demo",), SERVING),
])  # fmt: skip
def test_a_command_loads_no_library_that_it_has_no_use_for(
    folder: Path, loaded: dict[str, object], words: tuple[str, ...], needless: set[str]
) -> None:
    answer = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "service", *words],
        cwd=folder, env=environment_of(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in answer.stderr.splitlines()}

    assert answer.returncode == 0
    assert "typer" in imported
    assert imported & needless == set()


def test_garbage_is_collected_again_once_a_command_works() -> None:
    gc.disable()  # as main() does
    try:
        guarded(Settings(), asyncio.sleep(0))
        assert gc.isenabled()
    finally:
        gc.enable()


def test_demo_answers_programs_in_the_documented_shape(loaded: dict[str, object]) -> None:
    assert set(loaded) == {"accounts", "operator_key"}
    accounts = loaded["accounts"]
    assert isinstance(accounts, list)
    assert [(each["contract"], each["mode"], each["currency"]) for each in accounts] == [
        ("lune", "live", "GBP"), ("lune", "test", "GBP"),
        ("carbon-engine", "live", "SAR"), ("carbon-engine", "test", "SAR"),
        ("carbonext", "live", "BRL"), ("carbonext", "test", "BRL"),
        ("graphql", "live", "GBP"), ("graphql", "test", "GBP"),
    ]  # fmt: skip
    assert all(set(each) == {"name", "mode", "contract", "currency", "key"} for each in accounts)
    assert all(each["key"].startswith(f"co_{each['mode']}_") for each in accounts)


def test_the_generated_secret_lies_beside_the_database_for_its_owner_alone(
    folder: Path, loaded: dict[str, object]
) -> None:
    secret = folder / "data" / "secret"

    assert secret.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in (folder / "data").iterdir() if "secret" in file.name] == ["secret"]
    assert len(secret.read_text().strip()) >= 43


def test_an_account_and_a_key_from_birth_to_end(folder: Path, loaded: dict[str, object]) -> None:
    created = command(
        folder, "account", "create", "Orrin Mills", "--contract", "graphql", "--currency", "GBP",
        "--portfolio", "everyday-with-removal", "--commission", "12.5", "--beneficiary", " Orrin Mills Ltd ", "--json",
    )  # fmt: skip
    live, test = json.loads(created.stdout)
    assert beneficiaries(folder, live["id"], test["id"]) == ["Orrin Mills Ltd"] * 2
    code, said = failure(command(
        folder, "account", "create", "Orrin Mills", "--contract", "graphql", "--currency", "GBP",
        "--portfolio", "everyday-with-removal", "--beneficiary", " ",
    ))  # fmt: skip
    assert (code, said) == (1, "carbon-orders: Give a beneficiary of 1 to 200 characters. (BAD_USER_INPUT)")
    assert (live["mode"], test["mode"], live["commission_percent"]) == ("live", "test", "12.50")

    changed = command(
        folder,
        "account",
        "update",
        live["id"],
        "--name",
        "Orrin",
        "--commission",
        "7.5",
        "--beneficiary",
        "O",
        "--json",
    )
    (account,) = json.loads(changed.stdout)
    assert account == {**live, "name": "Orrin", "commission_percent": "7.50"}
    assert beneficiaries(folder, live["id"], test["id"]) == ["O", "Orrin Mills Ltd"]
    for options, told in (
        (("--commission", "1.234"), "at most two decimals"),
        (("--commission", "91"), "0 to 90 percent"),
        (("--currency", "JPY"), "CURRENCY_UNAVAILABLE"),
        (("--name", ""), "Give the account a name"),
    ):
        code, said = failure(command(folder, "account", "update", live["id"], *options))
        assert (code, told in said) == (1, True), said
    listed = json.loads(command(folder, "account", "list", "--json").stdout)
    assert account in listed

    made = command(folder, "key", "create", test["id"], "--name", "ERP", "--scope", "orders:read", "--json")
    key = json.loads(made.stdout)
    assert key["key"].startswith(f"co_test_{key['id']}_")

    revoked = command(folder, "key", "revoke", key["id"])
    assert (revoked.returncode, revoked.stdout) == (0, "")
    (listed,) = json.loads(command(folder, "key", "list", test["id"], "--json").stdout)
    assert (listed["id"], listed["scopes"]) == (key["id"], ["orders:read"])
    assert listed["revoked_at"] is not None
    assert key["key"].split("_")[3] not in json.dumps(listed)

    command(folder, "account", "suspend", live["id"])
    states = {
        each["id"]: each["suspended_at"] for each in json.loads(command(folder, "account", "list", "--json").stdout)
    }
    assert states[live["id"]] is not None
    assert states[test["id"]] is None


def test_limits_of_an_account_are_set_shown_and_lifted(folder: Path, loaded: dict[str, object]) -> None:
    accounts = json.loads(command(folder, "account", "list", "--json").stdout)
    (live,) = (each["id"] for each in accounts if (each["contract"], each["mode"]) == ("lune", "live"))
    (limited,) = (each["id"] for each in accounts if (each["name"], each["mode"]) == ("Lindqvist Studio", "live"))

    def told(*options: str) -> dict[str, object]:
        return dict(json.loads(command(folder, "account", "limit", *options, "--json").stdout))

    assert told(limited)["credit"] == [{"currency": "GBP", "credit_limit": "2500.00", "owed": "572.00"}]
    shown = write_global_id("Account", UUID(live))
    assert told(shown) == {"id": live, "globalId": shown, "credit": [], "hold_percent": None, "open_holds": None}
    assert shown in command(folder, "account", "list").stdout
    code, said = failure(command(folder, "account", "limit", "nonsense"))
    assert (code, "nonsense" in said) == (2, True)
    set_now = told(live, "--credit", "25000", "--hold-percent", "25", "--open-holds", "50")
    assert set_now == {
        "id": live,
        "globalId": shown,
        "credit": [{"currency": "GBP", "credit_limit": "25000.00", "owed": "0.00"}],
        "hold_percent": 25,
        "open_holds": 50,
    }
    assert "25000.00" in command(folder, "account", "limit", live).stdout
    lifted = told(live, "--credit", "none", "--hold-percent", "default", "--open-holds", "default")
    assert (lifted["credit"], lifted["hold_percent"], lifted["open_holds"]) == (
        [{"currency": "GBP", "credit_limit": None, "owed": "0.00"}],
        None,
        None,
    )
    for options in (("--credit", "1.001"), ("--credit", "-1"), ("--hold-percent", "101"), ("--open-holds", "x")):
        code, line = failure(command(folder, "account", "limit", live, *options))
        assert (code, "BAD_USER_INPUT" in line) == (1, True), options
    assert told(live) == lifted


def test_the_schema_is_printed_and_nothing_else(folder: Path) -> None:
    answer = command(folder, "schema")

    assert (answer.returncode, answer.stderr) == (0, "")
    assert "type Mutation {" in answer.stdout


def test_migrating_twice_says_what_it_did(tmp_path: Path) -> None:
    first = json.loads(command(tmp_path, "migrate", "--json").stdout)["applied"]

    assert first[0] == "0001_foundation"
    assert json.loads(command(tmp_path, "migrate", "--json").stdout) == {"applied": []}


def test_wrong_settings_are_named_with_their_variables_and_without_their_values(folder: Path) -> None:
    code, said = failure(command(folder, "migrate", SERVICE_PORT="many", SERVICE_SECRET="tooshort"))

    assert code == 2
    assert "SERVICE_PORT" in said
    assert "SERVICE_SECRET" in said
    assert "tooshort" not in said


def test_a_deprecated_variable_works_and_is_warned_of(folder: Path) -> None:
    done = command(folder, "account", "list", SERVICE_TRUSTED_DOCUMENTS_ONLY="true")
    assert done.returncode == 0
    assert done.stderr == (
        "carbon-orders: SERVICE_TRUSTED_DOCUMENTS_ONLY is deprecated: set SERVICE_PERSISTED_DOCUMENTS_ONLY instead."
        " The old name works until 2027-12-31.\n"
    )


def test_a_database_url_of_another_kind_is_refused(folder: Path) -> None:
    code, said = failure(command(folder, "account", "list", SERVICE_DATABASE_URL="mysql://root:hush@db/orders"))

    assert (code, "SERVICE_DATABASE_URL" in said, "hush" in said) == (2, True, False)


def test_a_database_that_is_away_is_named_without_its_password(folder: Path) -> None:
    url = f"postgresql://orders:hush@127.0.0.1:{free_port()}/orders"

    code, said = failure(command(folder, "account", "list", SERVICE_DATABASE_URL=url, SERVICE_SECRET=SECRET))

    assert code == 1
    assert "the database at 127.0.0.1:" in said
    assert "hush" not in said


def test_a_file_that_is_not_a_database_is_reported_as_such(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing that SQLite wrote")

    code, said = failure(command(tmp_path, "account", "list", SERVICE_DATABASE_URL="sqlite://notes.txt"))

    assert (code, "file is not a database" in said) == (1, True)


def test_a_postgresql_has_to_be_given_a_secret(folder: Path, postgresql_url: str) -> None:
    code, said = failure(command(folder, "demo", SERVICE_DATABASE_URL=postgresql_url))

    assert (code, "SERVICE_SECRET" in said) == (2, True)


def test_a_postgresql_that_does_not_have_the_database_is_one_line(folder: Path, postgresql_url: str) -> None:
    name = urlsplit(postgresql_url).path.removeprefix("/")
    url = postgresql_url.replace(name, f"no_{name}")

    code, said = failure(command(folder, "migrate", SERVICE_DATABASE_URL=url))

    assert (code, "does not exist" in said) == (1, True)


def test_serving_an_unmigrated_postgresql_says_which_command_to_run(folder: Path, postgres) -> None:
    postgres.execute("CREATE DATABASE unmigrated")
    try:
        code, said = failure(
            command(
                folder,
                "serve",
                "--port",
                str(free_port()),
                SERVICE_DATABASE_URL=postgres.uri("unmigrated"),
                SERVICE_SECRET=SECRET,
            )
        )
        tables = postgres.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", database="unmigrated")
    finally:
        postgres.execute("DROP DATABASE unmigrated WITH (FORCE)")

    assert (code, "carbon-orders migrate" in said, tables) == (1, True, "0")


def test_a_port_in_use_is_found_out_before_keys_are_issued(folder: Path, loaded: dict[str, object]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = failure(command(folder, "serve", "--demo", "--port", str(port)))

    assert (code, f"127.0.0.1:{port}" in said, "--port" in said) == (1, True, True)


def test_a_first_start_prints_two_calls_that_work_and_a_second_one_serves_the_same_data(tmp_path: Path) -> None:
    with serving(tmp_path) as (port, printed):
        quote, order = [line for line in printed if line.startswith("curl ")]
        quoted = sent(quote)["quoteByMass"]
        ordered = sent(order)["createOrderByMass"]

    assert quoted["userErrors"] == ordered["userErrors"] == []
    assert [line["mass"]["grams"] for line in quoted["quote"]["lines"]] == ["11466", "603"]
    assert quoted["quote"]["netCost"]["amount"] == "0.31"
    assert quoted["quote"]["totalCost"] == {"amount": "0.35", "currency": "GBP"}
    assert (ordered["order"]["mass"]["tonnes"], ordered["replayed"]) == ("0.012069", False)

    with serving(tmp_path) as (again, printed):
        repeated = sent(order.replace(f":{port}/", f":{again}/"))["createOrderByMass"]

    assert len(printed) == 1
    assert "carbon-orders demo" in printed[0]
    assert (repeated["replayed"], repeated["order"]) == (True, ordered["order"])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@contextmanager
def serving(folder: Path) -> Iterator[tuple[int, list[str]]]:
    """The demo served from the folder, and the lines it printed; SIGTERM has to end it with exit code 0."""
    port = free_port()
    printed = folder / "printed.txt"
    with printed.open("w") as out, (folder / "log.txt").open("w") as log:
        process = processes.start(
            ["serve", "--demo", "--port", str(port)], cwd=folder, env=environment_of(), stdout=out, stderr=log
        )
    try:
        for _ in range(300):
            if process.poll() is not None or is_ready(port):
                break
            time.sleep(0.1)
        assert process.poll() is None, (folder / "log.txt").read_text()
        yield port, printed.read_text().splitlines()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


def is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def sent(curl: str) -> dict[str, dict[str, dict[str, object]]]:
    """The data that the printed command would get, its words split by the rules of a shell."""
    program, _, url, *options = shlex.split(curl)
    assert program == "curl"
    headers = dict(
        value.split(": ", 1) for option, value in zip(options[::2], options[1::2], strict=True) if option == "-H"
    )
    assert options[-2] == "-d"
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    try:
        connection.request("POST", urlsplit(url).path, options[-1], headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
    finally:
        connection.close()
    assert response.status == 200, answer
    data: dict[str, dict[str, dict[str, object]]] = answer["data"]
    return data


def test_an_unknown_variable_is_warned_of_with_the_name_that_is_meant(folder: Path) -> None:
    done = command(folder, "account", "list", SERVICE_PORTT="1", SERVICE_2="1")

    assert done.returncode == 0
    assert done.stderr == (
        "carbon-orders: SERVICE_2 is no setting of this service and has no effect.\n"
        "carbon-orders: SERVICE_PORTT is no setting of this service and has no effect; is SERVICE_PORT meant?\n"
    )


def test_a_replica_of_a_file_is_warned_of(folder: Path) -> None:
    done = command(folder, "account", "list", SERVICE_READ_DATABASE_URL="postgresql://u:hush@db/orders")

    assert done.returncode == 0
    assert done.stderr == "carbon-orders: SERVICE_READ_DATABASE_URL has no effect: a SQLite file has no replicas.\n"


def test_a_parameter_of_the_database_url_without_effect_is_warned_of(folder: Path) -> None:
    url = f"postgresql://u:hush@127.0.0.1:{free_port()}/orders?channel_binding=require&sslmode=disable"
    code, said = failure(command(folder, "account", "list", SERVICE_DATABASE_URL=url, SERVICE_SECRET=SECRET))

    assert (code, "hush" in said) == (1, False)
    assert "SERVICE_DATABASE_URL: the parameter channel_binding has no effect here." in said


@pytest.mark.parametrize("url", [
    "postgresql://u:pa?hush@db/orders", "postgresql://u:hush@db:99999/o", "postgresql://u:hush@db/o?sslmode=bogus",
])  # fmt: skip
def test_a_database_url_that_is_wrong_ends_a_command_in_one_line(folder: Path, url: str) -> None:
    code, said = failure(command(folder, "migrate", SERVICE_DATABASE_URL=url))

    assert (code, said.count("\n"), "hush" in said) == (2, 0, False)
    assert said.startswith("carbon-orders: wrong settings. SERVICE_DATABASE_URL: ")


@pytest.mark.parametrize("url", ["localhost:6379", "http://localhost:6379", "redis://", "redis://host:port"])
def test_a_redis_url_of_another_form_is_refused(folder: Path, url: str) -> None:
    code, said = failure(command(folder, "serve", SERVICE_REDIS_URL=url))

    assert (code, said.count("\n")) == (2, 0)
    assert said.startswith("carbon-orders: wrong settings. SERVICE_REDIS_URL: ")


@pytest.mark.parametrize(("text", "reason"), [
    (None, "No such file or directory"),
    ("{", "is no JSON file"),
    ("[]", "holds no JSON object of documents by sha256:<hash>"),
    ('{"sha256:00": "{ node }"}', "sha256:00 is not the SHA-256 of its document"),
])  # fmt: skip
def test_serving_with_an_unusable_file_of_documents_is_one_line(tmp_path: Path, text: str | None, reason: str) -> None:
    if text is not None:
        (tmp_path / "documents.json").write_text(text)
    port = str(free_port())
    code, said = failure(command(tmp_path, "serve", "--port", port, SERVICE_PERSISTED_DOCUMENTS="documents.json"))

    assert (code, said.count("\n"), reason in said) == (2, 0, True)
    assert said.startswith("carbon-orders: SERVICE_PERSISTED_DOCUMENTS: documents.json")


def test_the_embedded_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    command(tmp_path, "migrate", SERVICE_DATABASE_URL="sqlite:////" + str(tmp_path / "orders.sqlite3").lstrip("/"))

    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert modes["orders.sqlite3"] == 0o600
    assert set(modes.values()) == {0o600}


def test_a_database_that_lost_its_secret_is_not_served_under_a_new_one(tmp_path: Path) -> None:
    assert command(tmp_path, "demo", "--json").returncode == 0
    secret = tmp_path / "data" / "secret"
    kept = secret.rename(tmp_path / "kept")

    for words in (("serve", "--port", str(free_port())), ("demo",)):
        code, said = failure(command(tmp_path, *words))
        assert (code, said.count("\n"), secret.exists()) == (2, 0, False)
        assert "secret is missing beside a database that holds API keys: restore it from a backup" in said

    code, said = failure(command(tmp_path, "demo", SERVICE_SECRET=SECRET))
    assert (code, said.count("\n")) == (2, 0)
    assert "is not the secret that the keys of this database were made under" in said
    assert SECRET not in said

    replaced = {"SERVICE_SECRET": SECRET, "SERVICE_SECRET_PREVIOUS": kept.read_text().strip()}
    assert command(tmp_path, "demo", "--json", **replaced).returncode == 0
    doctor = command(tmp_path, "doctor", "--json", **replaced)
    found = [each["found"] for each in json.loads(doctor.stdout) if each["check"] == "secret"]
    assert doctor.returncode == 0
    assert "keys were not used since SERVICE_SECRET was replaced; they work for as long as" in found[1]


@pytest.mark.parametrize(("prepared", "reason"), [
    ("REVOKE CREATE ON SCHEMA public FROM PUBLIC", "permission denied for schema public"),
    ("DROP SCHEMA public", "no schema has been selected to create in"),
])  # fmt: skip
def test_a_role_that_cannot_create_tables_is_one_line(folder: Path, postgres, prepared: str, reason: str) -> None:
    postgres.execute("CREATE DATABASE poor")
    try:
        postgres.execute("CREATE ROLE poor LOGIN")
        postgres.execute(prepared, database="poor")
        url = postgres.uri("poor").replace("//postgres:@", "//poor@")
        code, said = failure(command(folder, "migrate", SERVICE_DATABASE_URL=url))
    finally:
        postgres.execute("DROP DATABASE poor WITH (FORCE)")
        postgres.execute("DROP ROLE poor")

    assert (code, said.count("\n"), reason in said) == (1, 0, True)


@pytest.mark.parametrize("path", ["/proc/orders/orders.sqlite3", "/dev/null/orders.sqlite3"])
def test_a_folder_that_cannot_be_written_is_one_line(folder: Path, path: str) -> None:
    code, said = failure(command(folder, "migrate", SERVICE_DATABASE_URL=f"sqlite://{path}"))

    assert (code, said.count("\n")) == (1, 0)
    assert said.startswith(f"carbon-orders: the database at sqlite://{path} cannot be used: ")
