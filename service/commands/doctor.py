"""`carbon-orders doctor`: whether the service could run here as it is set, and what to do where it could not.

Looks and changes nothing: no file is made, no migration applied. Knows what each package can be asked, and no order.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from limits.aio.storage import RedisStorage
from limits.errors import ConfigurationError
from pydantic import ValidationError

from service.commands import output
from service.key_pepper import where_secret_lies
from service.kit.clock import system_clock
from service.kit.logging import configure_logging
from service.settings import Settings, faults_of
from service.storage.clients import losing_balance
from service.storage.database import Database, dialect_of, sqlite_path
from service.storage.health import DatabaseHealth, database_health
from service.storage.migrations import pending

CLOCK_SKEW_MAX_MS = 1_000
"""Holds and quotes end by the database's clock and are shown by ours."""
PATIENCE_S = 10.0
REDIS_PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `advice` says what to do and is empty where nothing is wrong."""

    check: str
    found: str
    advice: str = ""

    @property
    def is_well(self) -> bool:
        return not self.advice


def doctor(*, as_json: bool) -> None:
    """What was found was shown; exit code 1 when something is wrong."""
    configure_logging(level="warning")
    findings = asyncio.run(examine())
    if as_json:
        output.show_json(
            [{"check": each.check, "found": each.found, "advice": each.advice, "ok": each.is_well} for each in findings]
        )
    else:
        rows = [
            ("ok" if each.is_well else "PROBLEM", each.check, "\n→ ".join(filter(None, (each.found, each.advice))))
            for each in findings
        ]
        output.show_table(("", "check", "found"), rows, wrapped="found")
    if not all(each.is_well for each in findings):
        raise typer.Exit(output.FAILED)


async def examine() -> list[Finding]:
    """What was found; where the settings are wrong nothing else can be looked at."""
    try:
        settings = Settings()
        dialect = dialect_of(settings.database_url)
    except ValidationError as error:
        return [Finding("settings", faults_of(error), "Correct or unset these variables; docs/limits.md lists them.")]
    except ValueError as error:
        return [Finding("settings", f"SERVICE_DATABASE_URL: {error}", "Correct SERVICE_DATABASE_URL.")]
    findings = [Finding("settings", f"valid; {dialect}, {settings.public_address}"), _secret(settings)]
    findings += await _database(settings)
    if settings.redis_url is not None:
        findings.append(await _redis(settings.redis_url.get_secret_value()))
    return findings


def _secret(settings: Settings) -> Finding:
    try:
        return Finding("secret", where_secret_lies(settings))
    except (OSError, ValueError) as error:
        advice = "Without the secret that API keys were digested under, none of them works: restore it or set it."
        return Finding("secret", str(error), advice)


async def _database(settings: Settings) -> list[Finding]:
    place = output.place_of(settings.database_url)
    try:
        async with asyncio.timeout(PATIENCE_S):
            missing = await pending(settings.database_url)
            exists = await asyncio.to_thread(_exists, settings.database_url)
            health, clients = await _looked_at(settings, migrated=not missing) if exists else (None, [])
    except RuntimeError as error:  # the engines refuse to open what would lose an acknowledged order
        return [Finding("durability", str(error), "Set it back to its default in the server's configuration.")]
    except Exception as error:  # noqa: BLE001 - whatever is wrong, it is what was found
        advice = "Does the database run, is SERVICE_DATABASE_URL right, and may this user use it?"
        return [Finding("database", f"{place}: {error or 'no answer'}", advice)]
    if health is None:
        return [Finding("database", f"{place} does not exist yet; the first command that needs it creates it")]
    return [
        Finding("database", f"{place}, version {health.version}"),
        Finding("durability", ", ".join(f"{name} = {value}" for name, value in health.durability.items())),
        _migrations(missing),
        _clock(health),
        *clients,
    ]


def _exists(database_url: str) -> bool:
    return dialect_of(database_url) == "postgresql" or Path(sqlite_path(database_url)).exists()


async def _looked_at(settings: Settings, *, migrated: bool) -> tuple[DatabaseHealth, list[Finding]]:
    database = await Database.open(
        settings.database_url,
        pool_size_max=1,
        lock_timeout_ms=settings.lock_timeout_ms,
        statement_timeout_ms=settings.statement_timeout_ms,
        statement_cache_size=settings.statement_cache_size,
    )
    try:
        return await database_health(database), await _clients(database) if migrated else []
    finally:
        await database.close()


async def _clients(database: Database) -> list[Finding]:
    """Name the client accounts whose own keys used the parent's balance and may not any more. No problem by itself:
    whether they may is the parent's to say.
    """
    found = await losing_balance(database.reader)
    if not found:
        return []
    names = ", ".join(f"{account.name} ({account.id})" for account in found)
    told = (
        f"with their own keys these paid from their parent's balance and may not any more: {names};"
        " the parent lets them by updateClientAccount with mayUseBalance: true"
    )
    return [Finding("client accounts", told)]


def _migrations(missing: list[str]) -> Finding:
    if not missing:
        return Finding("migrations", "all applied")
    return Finding("migrations", f"not applied: {', '.join(missing)}", "Back the data up, then: carbon-orders migrate")


def _clock(health: DatabaseHealth) -> Finding:
    skew_ms = round((system_clock() - health.clock).total_seconds() * 1000)
    found = f"this machine's clock is {abs(skew_ms)} ms {'ahead of' if skew_ms >= 0 else 'behind'} the database's"
    if abs(skew_ms) <= CLOCK_SKEW_MAX_MS:
        return Finding("clock", found)
    return Finding("clock", found, "Synchronize both clocks (NTP): prices and holds end by the database's.")


async def _redis(url: str) -> Finding:
    try:
        storage = RedisStorage(
            url, implementation="redispy", socket_timeout=REDIS_PATIENCE_S, socket_connect_timeout=REDIS_PATIENCE_S
        )
        client: Any = storage.bridge.get_connection()  # type: ignore[attr-defined]  # of whichever client it speaks by
        try:
            async with asyncio.timeout(PATIENCE_S):
                answered = await storage.check()
        finally:
            await client.aclose()
    except ConfigurationError:
        return Finding("redis", "its client is not installed", "pip install 'carbon-orders[redis]'")
    except Exception as error:  # noqa: BLE001 - as above
        return Finding("redis", str(error) or "no answer", "Is SERVICE_REDIS_URL a redis:// address?")
    if answered:
        return Finding("redis", "answers")
    advice = "Does it run, and is SERVICE_REDIS_URL right? Until it answers, every process counts for itself."
    return Finding("redis", "no answer", advice)
