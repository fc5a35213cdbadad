"""Environment of a command: checked settings, a quiet log, the pepper, a database whose tables are up to date.

Turns errors on the way into one line that says what to do, and an exit code; knows no operation.
"""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from pydantic import ValidationError

from service.commands.output import MISUSED, fail, warn
from service.commands.setting_messages import faults_of, warnings_of
from service.errors import Refused
from service.key_pepper import pepper, previous_pepper
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.kit.logging import configure_logging
from service.operations.confirm_secret import SecretState, confirm_secret, holds_any_key
from service.operations.resources import Resources
from service.settings import Settings
from service.storage.database import Database
from service.storage.failures import DatabaseUnavailable, NotDurableError
from service.storage.migrations import MigrationRefused, migrate, pending

T = TypeVar("T")

IDLE_TRANSACTION_MS = 60_000
"""Time that a command may compute between two statements of a transaction, as an import of thousands of rows does."""

OTHER_KEYS = (
    "SERVICE_SECRET, or the file `secret` beside the database, is not the secret that the keys of this database were"
    " made under: none of them would work. Restore that secret, or set SERVICE_SECRET_PREVIOUS to it to replace it."
)


def settings_given(**given: Any) -> Settings:
    """Return the environment's settings with those given on the command line; end the command if one is wrong.

    Only errors are logged from here on, because a command reports in its answer. `serve` and `work` log more.
    """
    configure_logging(level="error")
    try:
        settings = Settings(**given)
    except ValidationError as error:
        fail("wrong settings. " + faults_of(error), MISUSED)
    for warning in warnings_of(settings):
        warn(warning)
    return settings


def pepper_of(settings: Settings) -> bytes:
    """Return the pepper, made on the first call beside an embedded database; end the command if none can be made, or
    when the database's keys were digested under another one.
    """

    async def confirmed(resources: Resources) -> tuple[bytes, SecretState]:
        found = _pepper(settings, holds_keys=await holds_any_key(resources))
        return found, await confirm_secret(resources, pepper=found, previous_pepper=previous_pepper(settings))

    found, state = run(settings, confirmed)
    if state is SecretState.OTHER:
        fail(OTHER_KEYS, MISUSED)
    if state is SecretState.UNCONFIRMED:
        warn("the database does not say yet whether its keys were made under this secret; the first one used will.")
    return found


def _pepper(settings: Settings, *, holds_keys: bool) -> bytes:
    try:
        return pepper(settings, holds_keys=holds_keys)
    except ValueError as error:
        fail(str(error), MISUSED)
    except OSError as error:
        fail(f"the secret beside the database: {error}. Set SERVICE_SECRET, or make its folder writable.", MISUSED)


def run(
    settings: Settings,
    work: Callable[[Resources], Awaitable[T]],
    *,
    pool_size_max: int = 1,
    idle_transaction_ms: int = IDLE_TRANSACTION_MS,
) -> T:
    """Run the work on the database and return its answer. An SQLite database is migrated first; a PostgreSQL database
    must be up to date.
    """
    limits = {**settings.database_limits, "idle_transaction_ms": idle_transaction_ms}

    async def on_database() -> T:
        await up_to_date(settings)
        database = await Database.open(settings.database_url, pool_size_max=pool_size_max, **limits)
        try:
            return await work(Resources(database, system_clock, uuid7))
        finally:
            await database.close()

    return guarded(settings, on_database())


def guarded(settings: Settings, work: Coroutine[Any, Any, T]) -> T:
    """Run the work and return its answer; a refusal, or a database that cannot be used, ends the command with the
    reason.
    """
    gc.freeze()  # everything that was loaded for the work
    gc.enable()
    try:
        return asyncio.run(work)
    except DatabaseUnavailable as error:
        place = settings.database.place
        fail(f"the database at {place} cannot be used: {error.detail}. Does it run, and is SERVICE_DATABASE_URL right?")
    except NotDurableError as error:
        fail(f"the database at {settings.database.place} cannot be used: {error} {error.advice}")
    except Refused as refusal:
        fail(f"{refusal.message} ({refusal.code})")
    except MigrationRefused as refusal:
        fail(str(refusal))


async def up_to_date(settings: Settings) -> None:
    """Migrate an SQLite database. If a PostgreSQL lacks migrations, end the command and say how to apply them."""
    if settings.database.dialect == "sqlite":
        await migrate(settings.database_url)
    elif missing := await pending(settings.database_url, pooled=settings.is_pooled):
        # Several processes share a PostgreSQL database, so only the operator starts migrations.
        fail(f"{len(missing)} migrations are not applied. Run: carbon-orders migrate")
