"""`carbon-orders doctor`: what it finds, that it changes nothing, and its exit code."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.__main__ import app
from service.commands.doctor import _clock
from service.domain.amounts import Money
from service.domain.mail import MailStatus
from service.domain.order import BalanceUse
from service.domain.worker_failures import ItemKey, WorkerStep
from service.kit.ids import uuid7
from service.operations.manage_clients import create_client, update_client
from service.operations.manage_keys import create_key
from service.operations.record_payment import record_payment
from service.operations.steps.issue_key import CUSTOMER_SCOPES
from service.storage.database import Database
from service.storage.health import DatabaseHealth
from service.storage.worker_failures import record
from tests.makers import make_command, make_mail, store
from tests.server import free_port
from tests.shop import open_shop

SECRET = "a secret of this test, long enough for one"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log_forgotten: None) -> Path:
    """An empty folder without settings, in which the command runs."""
    for name in ("DATABASE_URL", "SECRET", "REDIS_URL", "PORT"):
        monkeypatch.delenv(f"SERVICE_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def findings(**settings: str) -> tuple[int, dict[str, dict[str, object]]]:
    """The exit code, and each finding by what was looked at."""
    answer = CliRunner(env={f"SERVICE_{name.upper()}": value for name, value in settings.items()}).invoke(
        app, ["doctor", "--json"]
    )
    return answer.exit_code, {each["check"]: each for each in json.loads(answer.stdout)}


def problems(found: dict[str, dict[str, object]]) -> list[str]:
    return [check for check, each in found.items() if not each["ok"]]


def test_an_empty_folder_is_well_and_stays_empty(folder: Path) -> None:
    code, found = findings()

    assert (code, problems(found), list(found)) == (0, [], ["settings", "connections", "secret", "database"])
    assert [list(each) for each in found.values()] == [["check", "found", "advice", "ok"]] * 4
    assert list(folder.iterdir()) == []


def test_a_loaded_database_is_well_and_nothing_of_the_secret_is_shown(folder: Path) -> None:
    CliRunner().invoke(app, ["demo"])
    code, found = findings()

    assert (code, problems(found)) == (0, [])
    assert list(found) == ["settings", "connections", "secret", "database", "durability", "migrations", "clock"]
    assert found["durability"]["found"] == "journal_mode = wal, synchronous = 2, foreign_keys = 1"
    assert (folder / "var" / "secret").read_text().strip() not in json.dumps(found)


def test_a_database_that_has_lost_its_secret_is_told_to_get_it_back(folder: Path) -> None:
    CliRunner().invoke(app, ["demo"])
    (folder / "var" / "secret").unlink()
    code, found = findings()

    assert (code, problems(found)) == (1, ["secret"])
    assert "restore it" in str(found["secret"]["advice"])
    assert not (folder / "var" / "secret").exists()


def test_more_connections_than_files_are_a_problem(folder: Path) -> None:
    code, found = findings(connections_max="1000000000")

    assert (code, problems(found)) == (1, ["connections"])
    assert "SERVICE_CONNECTIONS_MAX asks for 1000000000" in str(found["connections"]["advice"])


def test_a_proxy_that_is_not_named_is_a_problem_and_a_named_one_is_shown(folder: Path) -> None:
    code, found = findings(public_url="https://orders.example.com")
    assert (code, problems(found)) == (1, ["proxies"])
    assert "SERVICE_TRUSTED_PROXIES" in str(found["proxies"]["advice"])

    code, found = findings(public_url="https://orders.example.com", trusted_proxies="127.0.0.1, 10.1.2.3/8")
    assert (code, problems(found)) == (0, [])
    assert found["proxies"]["found"] == "X-Forwarded-For is believed from 127.0.0.1/32, 10.0.0.0/8"

    code, found = findings(trusted_proxies="proxy.example.com")
    assert (code, problems(found)) == (1, ["settings"])
    assert "SERVICE_TRUSTED_PROXIES: " in str(found["settings"]["found"])


def test_a_secret_that_others_may_read_is_a_problem(folder: Path) -> None:
    CliRunner().invoke(app, ["demo"])
    (folder / "var" / "secret").chmod(0o644)
    code, found = findings()

    assert (code, problems(found)) == (1, ["secret"])
    assert "chmod 600" in str(found["secret"]["found"])


def test_wrong_settings_are_a_finding_with_the_variable_and_without_its_value() -> None:
    code, found = findings(port="many", secret="tooshort")

    assert (code, problems(found)) == (1, ["settings"])
    assert "SERVICE_PORT" in str(found["settings"]["found"])
    assert "tooshort" not in json.dumps(found)


def test_a_migrated_postgresql_is_well(postgresql_url: str) -> None:
    code, found = findings(database_url=postgresql_url, secret=SECRET)

    assert (code, problems(found)) == (0, [])
    assert found["durability"]["found"] == "fsync = on, synchronous_commit = on, full_page_writes = on"


def test_an_unmigrated_postgresql_is_told_the_command_and_stays_empty(postgres) -> None:
    postgres.execute("CREATE DATABASE untouched")
    try:
        code, found = findings(database_url=postgres.uri("untouched"), secret=SECRET)
        tables = postgres.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", database="untouched")
    finally:
        postgres.execute("DROP DATABASE untouched WITH (FORCE)")

    assert (code, problems(found), tables) == (1, ["migrations"], "0")
    assert "carbon-orders migrate" in str(found["migrations"]["advice"])


def test_a_postgresql_that_may_lose_a_commit_is_a_problem(postgres, postgresql_copy_url: str) -> None:
    postgres.execute(
        f"ALTER DATABASE {postgresql_copy_url.partition('?')[0].rpartition('/')[2]} SET synchronous_commit = off"
    )
    code, found = findings(database_url=postgresql_copy_url, secret=SECRET)

    assert (code, problems(found)) == (1, ["durability"])
    assert "synchronous_commit = off" in str(found["durability"]["found"])


def test_a_postgresql_that_takes_no_writes_is_a_problem(postgres, postgresql_copy_url: str) -> None:
    name = postgresql_copy_url.partition("?")[0].rpartition("/")[2]
    postgres.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    code, found = findings(database_url=postgresql_copy_url, secret=SECRET)

    assert code == 1
    assert "takes no writes" in found["database"]["found"]
    assert "standby" in found["database"]["advice"]


def test_a_database_that_is_away_is_named_without_its_password() -> None:
    url = f"postgresql://orders:hush@127.0.0.1:{free_port()}/orders"
    code, found = findings(database_url=url, secret=SECRET)

    assert (code, problems(found)) == (1, ["database"])
    assert "hush" not in json.dumps(found)


def test_a_redis_that_answers_is_well(redis_url: str) -> None:
    code, found = findings(redis_url=redis_url)

    assert (code, found["redis"]["found"]) == (0, "answers")


def test_a_redis_that_is_away_is_a_problem() -> None:
    code, found = findings(redis_url=f"redis://127.0.0.1:{free_port()}")

    assert (code, problems(found)) == (1, ["redis"])


@pytest.mark.parametrize(("skew_ms", "is_well"), [(0, True), (-900, True), (5_000, False), (-5_000, False)])
def test_a_clock_may_differ_from_the_databases_by_less_than_a_second(skew_ms: int, is_well: bool) -> None:
    database = DatabaseHealth("1", {}, datetime.now(UTC) - timedelta(milliseconds=skew_ms), takes_writes=True)

    assert _clock(database).is_well == is_well


def test_people_read_what_is_wrong_and_what_to_do() -> None:
    answer = CliRunner(env={"SERVICE_REDIS_URL": f"redis://127.0.0.1:{free_port()}"}).invoke(app, ["doctor"])

    assert answer.exit_code == 1
    assert "PROBLEM" in answer.stdout
    assert "→ Check that Redis runs and that SERVICE_REDIS_URL is right." in " ".join(answer.stdout.split())


async def test_clients_whose_keys_used_the_balance_and_may_not_any_more_are_named(
    database: Database, database_url: str
) -> None:
    shop = await open_shop(database)
    resources, parent = shop.resources, shop.caller
    await record_payment(resources, parent, shop.account.id, "w", Money(100_000, "USD"))
    used, allowed, by_parent, unpaid = [
        await create_client(resources, parent, name=name, currency="USD", may_use_balance=True)
        for name in ("Used", "Allowed", "By parent", "Unpaid")
    ]
    for client in (used, allowed, by_parent, unpaid):
        actor = shop.account if client is by_parent else client
        key = await create_key(resources, actor.id, "k", CUSTOMER_SCOPES, pepper=SECRET.encode())
        use = BalanceUse.NONE if client is unpaid else BalanceUse.WHOLE
        await shop.place_all(make_command(client, actor=key.key_id, pay_with_balance=use))
    for client in (used, by_parent, unpaid):
        await update_client(resources, parent, client.id, {"may_use_balance": False})

    code, found = await asyncio.to_thread(findings, database_url=database_url, secret=SECRET)

    assert (code, problems(found)) == (0, [])
    assert found["client accounts"]["found"] == (
        f"with their own keys these paid from their parent's balance and may not any more: Used ({used.id});"
        " the parent lets them by updateClientAccount with mayUseBalance: true"
    )


async def test_what_workers_could_not_do_is_named_with_the_time_of_the_next_try(
    database: Database, database_url: str
) -> None:
    failed_at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    keys = [ItemKey(uuid7(), uuid7(), position) for position in range(7)]
    async with database.transaction() as statements:
        for key in keys:
            await record(statements, WorkerStep.MATCH_BACKORDERS, key, "KeyError()", failed_at)
        assert await record(statements, WorkerStep.MATCH_BACKORDERS, keys[6], "no order", failed_at) == 2

    code, found = await asyncio.to_thread(findings, database_url=database_url, secret=SECRET)

    assert (code, problems(found)) == (1, ["worker items"])
    told = str(found["worker items"]["found"])
    assert told.startswith(
        f"match_backorders of {keys[6].item_id} (line 6, account {keys[6].account_id}):"
        " failed 2 times, next at 2026-05-01 12:00:04 UTC: no order; "
    )
    assert told.count("failed 1 times") == 4
    assert told.endswith("; and more")
    assert "item_failed" in str(found["worker items"]["advice"])


def test_mail_that_waits_for_an_hour_is_a_problem(folder: Path) -> None:
    CliRunner().invoke(app, ["demo", "--orders", "1"])

    async def let_wait(minutes: int, email: str) -> None:
        database = await Database.open("sqlite://var/carbon-orders.sqlite3")
        event = (await database.reader.fetch("SELECT account_id, seq FROM events ORDER BY seq LIMIT 1"))[0]
        now = datetime.now(UTC)
        facts = {"created_at": now - timedelta(minutes=minutes), "due_at": now, "give_up_at": now}
        mail = make_mail(
            event["account_id"], seq=event["seq"], email=email, status=MailStatus.PENDING, sent_at=None, **facts
        )
        await store(database, mail)
        await database.close()

    assert "mail" not in findings()[1]
    asyncio.run(let_wait(59, "ada@example.com"))
    code, found = findings()
    assert (code, str(found["mail"]["found"])[:24]) == (0, "1 wait, the oldest for 3")
    asyncio.run(let_wait(61, "bea@example.com"))
    code, found = findings()
    assert (code, problems(found)) == (1, ["mail"])
    assert str(found["mail"]["advice"]).startswith("Mail is switched off: set SERVICE_SMTP_URL.")
