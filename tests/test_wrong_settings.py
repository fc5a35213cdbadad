"""Wrong settings, addresses and files: what `serve` and `doctor` say of each, and that they end.

One line on stderr names the variable and says what to do, and no secret is in it. `hush` stands for every secret.
"""

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from service.__main__ import app
from service.commands import output
from service.commands.setting_messages import values_of
from service.settings import Settings
from tests import processes
from tests.server import free_port

SECRET = "hush, a secret of this test, long enough"
END_S = 60

BOOLEAN = "write true or false"
URL_FORMS = "A database URL is sqlite://path/of/a/file or postgresql://user:password@host:port/name."
URL_PORT = "A port in a database URL is a number from 1 to 65535."
URL_ESCAPES = "The password in a database URL writes / as %2F, ? as %3F and % as %25."
REDIS_FORM = "write redis://host:port/number, or rediss:// for TLS; write / in a password as %2F and # as %23"
PUBLIC_FORM = "write https://host or https://host/path, without ? and #"
HOSTS_FORM = "write host=API, such as api.example.com=lune, without https:// and port"
ORIGIN_FORM = "an origin is https://host or https://host:port, in lower case and without a path, or *"
PROXIES_FORM = "write IP addresses or networks, such as 127.0.0.1,10.0.0.0/8; host names are not possible"
SMTP_FORM = (
    "write smtp://user:password@host:port (with STARTTLS), smtps://user:password@host:port (TLS from the beginning) or "
    "smtp://host:port?starttls=never (without TLS and password); write @, / and # in a password as %40, %2F and %23"
)
COUNT = "write a whole number from 1 to 2147483647"


def number(low: int, high: int) -> str:
    return f"write a whole number from {low} to {high}"


WRONG_VALUES = [
    ("DATABASE_URL", "mysql://root:hush@db/orders", URL_FORMS),
    ("DATABASE_URL", "orders.sqlite3", URL_FORMS),
    ("DATABASE_URL", "sqlite://", URL_FORMS),
    ("DATABASE_URL", "sqlite:///data/orders.sqlite3?mode=ro", URL_FORMS),
    ("DATABASE_URL", "postgresql://u:hush@db:99999/orders", URL_PORT),
    ("DATABASE_URL", "postgresql://u:hu/sh@db/orders", URL_ESCAPES),
    ("DATABASE_URL", "postgresql://u:hush@db/o?sslmod=require",
     "A database URL has no parameter sslmod; is sslmode meant?"),
    ("DATABASE_URL", "postgresql://u:hush@db/o?connect_timeout=soon",
     "The parameter connect_timeout of a database URL is a whole number of seconds."),
    ("DATABASE_URL", "postgresql://u:hush@a..b/orders",
     "A host name in a database URL has parts of 1 to 63 characters between its points."),
    ("READ_DATABASE_URL", "sqlite://orders.sqlite3",
     "write postgresql://user:password@host:port/name: a SQLite file has no replicas"),
    ("STALE_READS_MS", "-1", number(0, 2_147_483_647)),
    ("PORT", "many", number(1, 65_535)),
    ("PORT", "0", number(1, 65_535)),
    ("PORT", "65536", number(1, 65_535)),
    ("PORT", "80.5", number(1, 65_535)),
    ("PUBLIC_URL", "orders.example.com", PUBLIC_FORM),
    ("PUBLIC_URL", "https://", PUBLIC_FORM),
    ("PUBLIC_URL", "https://orders.example.com/?a=1", PUBLIC_FORM),
    ("PUBLIC_URL", "https://orders.example.com:99999", PUBLIC_FORM),
    ("HOSTS", "api.example.com", HOSTS_FORM),
    ("HOSTS", "https://api.example.com=lune", HOSTS_FORM),
    ("HOSTS", "api.example.com:8000=lune", HOSTS_FORM),
    ("HOSTS", "api.example.com=stripe", "the API of a host is lune, carbon-engine or carbonext"),
    ("HOSTS", "api.example.com=lune,API.example.com=carbonext", "give each host once"),
    ("REDIS_URL", "localhost:6379", REDIS_FORM),
    ("REDIS_URL", "http://localhost:6379", REDIS_FORM),
    ("REDIS_URL", "redis://", REDIS_FORM),
    ("REDIS_URL", "redis://:hu/sh@localhost:6379/0", REDIS_FORM),
    ("REDIS_URL", "redis://localhost:99999", REDIS_FORM),
    ("REDIS_URL", "redis://localhost:6379/first", REDIS_FORM),
    ("SECRET", "hush", "write at least 32 characters"),
    ("SECRET_PREVIOUS", "hush", "write at least 32 characters"),
    ("LOG_LEVEL", "verbose", "write debug, info, warning or error"),
    ("LOG_JSON", "maybe", BOOLEAN),
    ("POOL_SIZE_MAX", "0", COUNT),
    ("STATEMENT_CACHE_SIZE", "-1", number(0, 2_147_483_647)),
    ("DATABASE_POOLED", "perhaps", BOOLEAN),
    ("LOOP_READ_MS", "-1", number(0, 2_147_483_647)),
    ("LOCK_TIMEOUT_MS", "0", COUNT),
    ("LOCK_TIMEOUT_MS", "99999999999", COUNT),
    ("STATEMENT_TIMEOUT_MS", "5s", COUNT),
    ("POOL_WAIT_MS", "0", COUNT),
    ("IDLE_TRANSACTION_MS", "1e3", COUNT),
    ("GROUP_SIZE_MAX", "0", COUNT),
    ("GROUP_LOCK_TIMEOUT_MS", "0", COUNT),
    ("GROUP_WRITERS", "two", COUNT),
    ("QUOTE_VALID_MS", "99999999999999999999", number(1, 315_360_000_000)),
    ("HOLD_PERCENT_MAX", "101", number(0, 100)),
    ("HOLD_PERCENT_MAX", "10%", number(0, 100)),
    ("OPEN_HOLDS_MAX", "-1", number(0, 2_147_483_647)),
    ("WORKERS_EMBEDDED", "2", BOOLEAN),
    ("WORKER_REST_MS", "0", COUNT),
    ("RETIRE_AFTER_MS", "1h", number(0, 315_360_000_000)),
    ("DOCUMENT_LINKS_VALID_MS", "30d", number(1_000, 315_360_000_000)),
    ("WEBHOOK_DELIVERIES_KEPT_MS", "1d", number(345_600_000, 315_360_000_000)),
    ("WEBHOOKS_TO_LOOPBACK", "maybe", BOOLEAN),
    ("SUBSCRIPTIONS_MAX", "-1", number(0, 1_000_000)),
    ("SUBSCRIPTIONS_PER_KEY_MAX", "0", number(1, 1_000_000)),
    ("SUBSCRIPTION_POLL_MS", "9", number(10, 60_000)),
    ("SUBSCRIPTION_KEEP_ALIVE_MS", "1s", number(100, 600_000)),
    ("SUBSCRIPTION_SEND_TIMEOUT_MS", "99", number(100, 600_000)),
    ("SMTP_URL", "mail.example", SMTP_FORM),
    ("SMTP_URL", "http://user:hush@mail.example", SMTP_FORM),
    ("SMTP_URL", "smtp://user:hu/sh@mail.example", SMTP_FORM),
    ("SMTP_URL", "smtp://user:hush@mail.example?starttls=never", SMTP_FORM),
    ("SMTP_URL", "smtp://user@mail.example", SMTP_FORM),
    ("SMTP_URL", "smtps://mail.example:99999", SMTP_FORM),
    ("SMTP_URL", "smtps://mail.example/?starttls=never", SMTP_FORM),
    ("SMTP_URL", "smtps://user:hush@mail.example", "set SERVICE_MAIL_FROM too, the sender of mail"),
    ("MAIL_FROM", "Shop", "write name@example.com, or Name <name@example.com>"),
    ("MAIL_FROM", "Shop <orders@shop.example>\nBcc: x@y.example", "write name@example.com, or Name <name@example.com>"),
    ("MAIL_REPLY_TO", "Help <help@shop.example>", "write a mail address such as name@example.com"),
    ("MAIL_LANGUAGE", "klingon", "the languages are en"),
    ("MAILS_KEPT_MS", "1d", number(345_600_000, 315_360_000_000)),
    ("INVOICE_REMINDER_DAYS", "366", number(0, 365)),
    ("TEST_ORDERS_AFTER_MS", "-1", number(0, 315_360_000_000)),
    ("RETIRE_UNPAID", "later", BOOLEAN),
    ("KEY_USES_MS", "60001", number(0, 60_000)),
    ("KNOWN_KEYS_MS", "1001", number(0, 1_000)),
    ("KNOWN_KEYS_MAX", "0", COUNT),
    ("BODY_BYTES_MAX", "100kB", COUNT),
    ("BODY_TIMEOUT_MS", "0", COUNT),
    ("CONNECTIONS_MAX", "0", COUNT),
    ("CONNECTIONS_MAX", "all", COUNT),
    ("IN_FLIGHT_MAX", "0", COUNT),
    ("REQUEST_DEADLINE_MS", "-5", COUNT),
    ("SHUTDOWN_TIMEOUT_MS", "0", COUNT),
    ("LUNE_REQUESTS_PER_S", "0", COUNT),
    ("CARBON_ENGINE_READS_PER_S", "0", COUNT),
    ("CARBON_ENGINE_WRITES_PER_S", "0.5", COUNT),
    ("CARBONEXT_REQUESTS_PER_S", "-1", COUNT),
    ("CARBONEXT_ISO_DATES", "iso", BOOLEAN),
    ("PAGE_SIZE_DEFAULT", "0", COUNT),
    ("PAGE_SIZE_DEFAULT", "101", "write a number up to SERVICE_PAGE_SIZE_MAX, or raise that"),
    ("PAGE_SIZE_MAX", "0", COUNT),
    ("PLANS_ENABLED", "si", BOOLEAN),
    ("QUERY_BATCHING_ENABLED", "2", BOOLEAN),
    ("TRACING", "maybe", BOOLEAN),
    ("SLOW_STATEMENT_MS", "-1", number(0, 2_147_483_647)),
    ("PLANS_MAX", "0", COUNT),
    ("PLAN_BYTES_MAX", "32MB", COUNT),
    ("PERSISTED_DOCUMENTS_ONLY", "oui", BOOLEAN),
    ("TRUSTED_DOCUMENTS_ONLY", "oui", BOOLEAN),
    ("SHOWN_DOCUMENTS_MAX", "0", COUNT),
    ("SHOWN_DOCUMENT_BYTES_MAX", "0", COUNT),
    ("QUERY_TOKENS_MAX", "0", COUNT),
    ("QUERY_DEPTH_MAX", "0", COUNT),
    ("QUERY_ALIASES_MAX", "-1", COUNT),
    ("QUERY_DIRECTIVES_MAX", "0", COUNT),
    ("QUERY_COST_MAX", "1,000", COUNT),
    ("QUERY_POINTS_A_MINUTE", "0", COUNT),
    ("CORS_ORIGINS", "shop.example", ORIGIN_FORM),
    ("CORS_ORIGINS", "https://shop.example/", ORIGIN_FORM),
    ("CORS_ORIGINS", "https://shop.example,https://shop.example:99999", ORIGIN_FORM),
    ("INTROSPECTION", "private", "write public, keys or off"),
    ("ADDRESS_POINTS_A_MINUTE", "0", COUNT),
    ("TRUSTED_PROXIES", "proxy.example.com", PROXIES_FORM),
    ("TRUSTED_PROXIES", "10.0.0.0/33", PROXIES_FORM),
]  # fmt: skip
"""Variables, their wrong values, and what is said after the name of the variable."""

DOCUMENT_FILES = [
    (None, "documents.json: No such file or directory."),
    ("", "documents.json is no JSON file: Expecting value: line 1 column 1 (char 0)."),
    ("[" * 100_000, "documents.json is no JSON file: maximum recursion depth exceeded while decoding a JSON array"),
    ("[]", "documents.json holds no JSON object of documents by sha256:<hash>."),
    ('{"two\\nlines": "{ node }"}', "documents.json: two lines is not the SHA-256 of its document."),
    ('{"sha256:00": 5}', "documents.json: sha256:00 is not the SHA-256 of its document."),
]
"""What a file of persisted documents holds, and how the refusal begins after the name of the variable."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log_forgotten: None) -> Iterator[Path]:
    """An empty folder without settings, in which the command runs."""
    for name in [each for each in os.environ if each.upper().startswith("SERVICE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    handler = signal.getsignal(signal.SIGTERM)
    yield tmp_path
    signal.signal(signal.SIGTERM, handler)  # `serve` sets its own


def invoke(*words: str, **settings: str) -> Result:
    """Run a command in this process; its exceptions are raised here."""
    variables = {f"SERVICE_{name}": value for name, value in settings.items()}
    return CliRunner(env=variables).invoke(app, words, catch_exceptions=False)


def refusal(*words: str, **settings: str) -> tuple[int, str]:
    """The exit code, and the one line on stderr, in which no secret is."""
    done = invoke(*words, **settings)
    lines = done.stderr.splitlines()
    assert (done.stdout, len(lines)) == ("", 1), done.output
    assert "hush" not in lines[0]
    return done.exit_code, lines[0].removeprefix("carbon-orders: ")


def problem(**settings: str) -> tuple[int, str]:
    """The exit code of `doctor`, and what it found and advises, of its one problem."""
    done = invoke("doctor", "--json", **settings)
    assert "hush" not in done.output
    (found,) = [each for each in json.loads(done.stdout) if not each["ok"]]
    return done.exit_code, f"{found['check']}: {found['found']} {found['advice']}"


def process(*words: str, **settings: str) -> tuple[int, str]:
    """The exit code of a process of its own, and the one line on stderr, in which no secret is."""
    variables = {f"SERVICE_{name}": value for name, value in settings.items()}
    done = processes.run(words, cwd=Path.cwd(), env={**os.environ, **variables}, timeout=END_S)
    assert (done.stdout, done.stderr.count("\n")) == ("", 1), done.stderr
    assert "hush" not in done.stderr
    return done.returncode, done.stderr.strip().removeprefix("carbon-orders: ")


@pytest.mark.parametrize(("name", "value", "advice"), WRONG_VALUES)
def test_a_wrong_value_is_one_line_with_the_variable_and_what_to_write(name: str, value: str, advice: str) -> None:
    assert refusal("serve", **{name: value}) == (output.MISUSED, f"wrong settings. SERVICE_{name}: {advice}")
    assert problem(**{name: value}) == (
        output.FAILED,
        f"settings: SERVICE_{name}: {advice} Correct or unset these variables; docs/limits.md lists them.",
    )


def test_several_wrong_values_are_one_line_too() -> None:
    assert refusal("work", PORT="many", SECRET="hush") == (
        output.MISUSED,
        f"wrong settings. SERVICE_PORT: {number(1, 65_535)}; SERVICE_SECRET: write at least 32 characters",
    )


@pytest.mark.parametrize(("text", "reason"), DOCUMENT_FILES)
def test_a_broken_file_of_documents_is_one_line(folder: Path, text: str | None, reason: str) -> None:
    if text is not None:
        (folder / "documents.json").write_text(text)

    code, said = refusal("serve", "--port", str(free_port()), PERSISTED_DOCUMENTS="documents.json")
    assert code == output.MISUSED
    assert said.startswith(f"SERVICE_PERSISTED_DOCUMENTS: {reason}")

    code, said = problem(PERSISTED_DOCUMENTS="documents.json")
    assert code == output.FAILED
    assert "unset SERVICE_PERSISTED_DOCUMENTS" in said


def test_a_folder_of_documents_is_one_line(folder: Path) -> None:
    assert refusal("serve", "--port", str(free_port()), PERSISTED_DOCUMENTS=".") == (
        output.MISUSED,
        "SERVICE_PERSISTED_DOCUMENTS: .: Is a directory.",
    )


def test_registered_documents_without_a_file_are_a_problem_for_doctor() -> None:
    code, said = problem(PERSISTED_DOCUMENTS_ONLY="true")

    assert code == output.FAILED
    assert "so every GraphQL document is refused: name the file, or unset SERVICE_PERSISTED_DOCUMENTS_ONLY." in said


def test_a_redis_without_its_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)  # as if it was never installed
    place = f"redis://:hush@127.0.0.1:{free_port()}"

    assert refusal("serve", "--port", str(free_port()), REDIS_URL=place) == (
        output.MISUSED,
        "SERVICE_REDIS_URL needs the package redis. Run pip install 'carbon-orders[redis]', or unset the variable.",
    )


def test_a_redis_that_does_not_answer_is_a_problem_for_doctor() -> None:
    code, said = problem(REDIS_URL=f"redis://:hush@127.0.0.1:{free_port()}/0")

    assert code == output.FAILED
    assert said.endswith(
        "Check that Redis runs and that SERVICE_REDIS_URL is right. Until Redis answers, each process counts requests "
        "separately."
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "a..b", "localhost:80", "2001:db8::1"])
def test_a_host_that_is_no_address_of_this_machine_is_one_line(host: str) -> None:
    code, said = refusal("serve", "--port", str(free_port()), HOST=host)
    assert code == output.FAILED
    assert said.startswith(f"cannot listen on {host}:")
    assert said.endswith("Set SERVICE_HOST (--host) to an address of this machine, such as 127.0.0.1.")

    code, said = problem(HOST=host)
    assert code == output.FAILED
    assert "Set SERVICE_HOST (--host)" in said


def test_a_port_in_use_is_one_line_and_no_problem_for_doctor() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert refusal("serve", PORT=port) == (
            output.FAILED,
            (
                f"cannot listen on 127.0.0.1:{port}: Address already in use."
                " End what uses the port, or choose another one in SERVICE_PORT (--port)."
            ),
        )
        assert invoke("doctor", PORT=port).exit_code == 0


def test_several_processes_on_sqlite_are_one_line() -> None:
    assert refusal("serve", "--workers", "2") == (
        output.MISUSED,
        "SQLite allows one writing process: --workers above 1 needs PostgreSQL in SERVICE_DATABASE_URL.",
    )


@pytest.mark.parametrize(("url", "reason"), [
    ("sqlite:///proc/orders/orders.sqlite3", "No such file or directory"),
    ("sqlite:///dev/null/orders.sqlite3", "File exists"),
    ("sqlite://.", "unable to open database file"),
])  # fmt: skip
def test_a_database_file_that_cannot_be_used_is_one_line(url: str, reason: str) -> None:
    code, said = refusal("serve", "--port", str(free_port()), DATABASE_URL=url)

    assert (code, reason in said) == (output.FAILED, True)
    assert said.startswith(f"the database at {url} cannot be used: ")
    assert said.endswith("is SERVICE_DATABASE_URL right?")


@pytest.mark.parametrize("text", ["short", "ü" * 40])
def test_a_file_that_holds_no_secret_is_one_line(folder: Path, text: str) -> None:
    (folder / "var").mkdir()
    (folder / "var" / "secret").write_text(text, encoding="utf-8")
    (folder / "var" / "secret").chmod(0o600)

    code, said = refusal("serve", "--port", str(free_port()))
    assert code == output.MISUSED
    assert said.startswith(f"{folder}/var/secret holds no secret of at least 32 characters. Restore it from a backup")
    code, said = problem()
    assert (code, "set it in SERVICE_SECRET" in said) == (output.FAILED, True)


def test_a_secret_that_cannot_be_read_is_one_line(folder: Path) -> None:
    (folder / "var" / "secret").mkdir(parents=True, mode=0o700)

    code, said = refusal("serve", "--port", str(free_port()))

    assert (code, "Is a directory" in said, "Set SERVICE_SECRET" in said) == (output.MISUSED, True, True)


@pytest.mark.parametrize("url", [
    "postgresql://u:hush@127.0.0.1:{port}/orders",
    "postgresql://u:hush@127.0.0.1:{port}/orders?sslmode=verify-full&sslrootcert=absent.pem",
    "postgresql://u:hush@127.0.0.1:{port}/orders?sslmode=require&sslcert=absent.pem&sslkey=absent.pem",
])  # fmt: skip
def test_a_postgresql_that_cannot_be_reached_is_one_line(url: str) -> None:
    settings = {"DATABASE_URL": url.format(port=free_port()), "SECRET": SECRET}

    code, said = refusal("serve", "--port", str(free_port()), **settings)
    assert code == output.FAILED
    assert said.endswith("Does it run, and is SERVICE_DATABASE_URL right?")

    code, said = problem(**settings)
    assert (code, "is SERVICE_DATABASE_URL right" in said) == (output.FAILED, True)


def test_a_postgresql_without_a_secret_is_one_line(postgresql_url: str) -> None:
    code, said = refusal("serve", "--port", str(free_port()), DATABASE_URL=postgresql_url)
    assert code == output.MISUSED
    assert said.startswith("PostgreSQL needs SERVICE_SECRET, the same in every process: 32 characters or more")


def test_a_postgresql_that_may_lose_a_commit_is_one_line(postgres, postgresql_copy_url: str) -> None:
    name = postgresql_copy_url.partition("?")[0].rpartition("/")[2]
    postgres.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")

    code, said = refusal("serve", "--port", str(free_port()), DATABASE_URL=postgresql_copy_url, SECRET=SECRET)

    assert code == output.FAILED
    assert said.endswith(
        "cannot be used: PostgreSQL runs with synchronous_commit = off: an acknowledged order could be lost."
        " Restore the default of this parameter in the configuration of the database server."
    )


ENDED = [
    ({"REDIS_URL": "localhost:6379"}, output.MISUSED, f"wrong settings. SERVICE_REDIS_URL: {REDIS_FORM}"),
    ({"PERSISTED_DOCUMENTS": "no"}, output.MISUSED, "SERVICE_PERSISTED_DOCUMENTS: no: No such file or directory."),
    (
        {"DATABASE_URL": "sqlite:///dev/null/o"},
        output.FAILED,
        (
            "the database at sqlite:///dev/null/o cannot be used: [Errno 17] File exists: '/dev/null'."
            " Does it run, and is SERVICE_DATABASE_URL right?"
        ),
    ),
]


@pytest.mark.parametrize(("settings", "code", "said"), ENDED)
def test_the_process_ends(settings: dict[str, str], code: int, said: str) -> None:
    assert process("serve", "--port", str(free_port()), **settings) == (code, said)


def test_every_setting_with_a_range_has_a_wrong_value() -> None:
    ranged = {f"SERVICE_{name.upper()}" for name, field in Settings.model_fields.items() if values_of(field)}
    assert ranged - {f"SERVICE_{name}" for name, _, _ in WRONG_VALUES} == set()
