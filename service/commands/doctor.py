"""`carbon-orders doctor`: checks whether the service can run with its settings, and advice on each problem.

Reads and changes nothing: it creates no file and applies no migration. Knows the health checks of each package, and no
order.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from limits.aio.storage import RedisStorage
from limits.errors import ConfigurationError
from pydantic import ValidationError

from service.api.graphql.transport.persisted_documents import load_registered
from service.commands import output
from service.commands.runtime import OTHER_KEYS
from service.commands.setting_messages import NO_DOCUMENTS_ADVICE, faults_of, warnings_of
from service.domain.api_keys import short_check
from service.key_pepper import pepper, previous_pepper, where_secret_lies
from service.kit.clock import system_clock
from service.kit.database_address import DatabaseAddress, parse_address
from service.kit.ids import uuid7
from service.kit.logging import configure_logging
from service.operations.confirm_secret import SecretState, secret_state
from service.operations.count_outbound import MAIL, count_outbound
from service.operations.resources import Resources
from service.server.connections import files_max
from service.server.uvicorn_server import NO_PROXY_ADVICE, CannotServeError, bind, connections_max
from service.settings import Settings
from service.storage.api_keys import count_under_other_secrets
from service.storage.clients import losing_balance
from service.storage.database import Database
from service.storage.distribution import cluster
from service.storage.failures import DatabaseUnavailable, NotDurableError
from service.storage.freshness import replica_age_ms
from service.storage.health import DatabaseHealth, database_health
from service.storage.migrations import MigrationRefused, pending
from service.storage.worker_failures import longest_failing

CLOCK_SKEW_MAX_MS = 1_000
"""Maximum difference between the clocks: quotes and holds expire by the database's clock, but their times are shown by
ours.
"""
PATIENCE_S = 10.0
REDIS_PATIENCE_S = 2.0
ITEMS_SHOWN_MAX = 5
MAIL_WAIT_MAX_S = 3_600
"""Age of a waiting mail from which on the mail server is taken for unusable."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one check; `advice` says what to do and is empty if nothing is wrong."""

    check: str
    found: str
    advice: str = ""

    @property
    def is_well(self) -> bool:
        return not self.advice


def doctor(*, as_json: bool) -> None:
    """Show the results of all checks; exit code 1 if something is wrong."""
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
    """Return the results of all checks. Wrong settings end the checks, because all others depend on them."""
    try:
        settings = Settings()
    except ValidationError as error:
        return [Finding("settings", faults_of(error), "Correct or unset these variables; docs/limits.md lists them.")]
    findings = [
        Finding("settings", f"valid; {settings.database.dialect}, {settings.public_address}"),
        *(Finding("settings", warning) for warning in warnings_of(settings)),
        *_persisted_documents(settings),
        _connections(settings),
        *_host(settings),
        *_proxies(settings),
        _secret(settings),
    ]
    findings += await _database(settings)
    findings += await _replica(settings)
    if settings.redis_url is not None:
        findings.append(await _redis(settings.redis_url.get_secret_value()))
    return findings


def _persisted_documents(settings: Settings) -> list[Finding]:
    if settings.refuses_every_document:
        return [Finding("persisted documents", "there are none, and no other document is run", NO_DOCUMENTS_ADVICE)]
    if settings.persisted_documents is None:
        return []
    try:
        number = len(load_registered(settings.persisted_documents))
    except ValueError as error:
        advice = "Correct the file, or unset SERVICE_PERSISTED_DOCUMENTS: `serve` does not start with it."
        return [Finding("persisted documents", str(error), advice)]
    return [Finding("persisted documents", f"{settings.persisted_documents}, {number} documents")]


def _connections(settings: Settings) -> Finding:
    kept = connections_max(settings)
    found = f"{kept} of one process, which may open {files_max()} files"
    if kept >= (settings.connections_max or 0):
        return Finding("connections", found)
    advice = (
        f"SERVICE_CONNECTIONS_MAX asks for {settings.connections_max}: raise `ulimit -n` (LimitNOFILE) or lower it."
    )
    return Finding("connections", found, advice)


def _host(settings: Settings) -> list[Finding]:
    """Check if the host is one of this machine's. The port may be in use by the service itself."""
    try:
        bind(settings.model_copy(update={"port": 0})).close()
    except CannotServeError as error:
        return [Finding("host", str(error), "`serve` does not start on this address.")]
    return []


def _proxies(settings: Settings) -> list[Finding]:
    if settings.names_no_proxy:
        found = (
            "none is trusted, and SERVICE_PUBLIC_URL is reached over TLS, which only a proxy speaks for this service"
        )
        return [Finding("proxies", found, NO_PROXY_ADVICE)]
    if not settings.trusted_proxies:
        return []
    return [Finding("proxies", "X-Forwarded-For is believed from " + ", ".join(map(str, settings.trusted_proxies)))]


def _secret(settings: Settings) -> Finding:
    try:
        return Finding("secret", where_secret_lies(settings))
    except (OSError, ValueError) as error:
        advice = (
            "API keys work only with the secret that they were created with: restore it, or set it in SERVICE_SECRET."
        )
        return Finding("secret", str(error), advice)


async def _database(settings: Settings) -> list[Finding]:
    place = settings.database.place
    try:
        async with asyncio.timeout(PATIENCE_S):
            missing = await pending(settings.database_url, pooled=settings.is_pooled)
            exists = await asyncio.to_thread(_exists, settings.database)
            health, in_tables = await _looked_at(settings, migrated=not missing) if exists else (None, [])
    except NotDurableError as error:
        return [Finding("durability", str(error), error.advice)]
    except MigrationRefused as refusal:
        return [Finding("migrations", str(refusal), "Without this the service does not start.")]
    except Exception as error:  # noqa: BLE001 - whatever is wrong, it is what was found
        advice = "Does the database run, is SERVICE_DATABASE_URL right, and may this user use it?"
        found = error.detail if isinstance(error, DatabaseUnavailable) else error or "no answer"
        return [Finding("database", f"{place}: {found}", advice)]
    if health is None:
        return [Finding("database", f"{place} does not exist yet; the first command that needs it creates it")]
    return [
        _address(place, health),
        Finding("durability", ", ".join(f"{name} = {value}" for name, value in health.durability.items())),
        _migrations(missing),
        _clock(health),
        *in_tables,
    ]


def _exists(address: DatabaseAddress) -> bool:
    return address.dialect == "postgresql" or Path(address.file).exists()


async def _looked_at(settings: Settings, *, migrated: bool) -> tuple[DatabaseHealth, list[Finding]]:
    database = await Database.open(settings.database_url, pool_size_max=1, **settings.database_limits)
    try:
        health = await database_health(database)
        if not migrated:
            return health, []
        looks = (
            await _cluster(database),
            await _secret_of_keys(settings, database),
            await _clients(database),
            await _worker_items(database),
            await _outbound(settings, database),
        )
        return health, [finding for found in looks for finding in found]
    finally:
        await database.close()


async def _cluster(database: Database) -> list[Finding]:
    """Check if all nodes of a cluster can be reached and contain all tables."""
    state = await cluster(database.reader)
    if state is None:
        return []
    if state.away:
        advice = "Accounts of these nodes cannot order until they run, nor can operators write the catalogue."
        return [Finding("cluster", f"not reached from the coordinator: {', '.join(state.away)}", advice)]
    if state.unplaced:
        advice = "Run carbon-orders migrate --distribute."
        return [Finding("cluster", f"not on the nodes: {', '.join(state.unplaced)}", advice)]
    return [Finding("cluster", f"{state.nodes} nodes with tables of accounts, all reached")]


async def _secret_of_keys(settings: Settings, database: Database) -> list[Finding]:
    """Check if the keys were made under this secret, and count those still under the previous one."""
    try:
        present = pepper(settings, holds_keys=True)
    except (OSError, ValueError):
        return []  # `_secret` has already reported it
    resources = Resources(database, system_clock, uuid7)
    state = await secret_state(resources, pepper=present, previous_pepper=previous_pepper(settings))
    if state is SecretState.OTHER:
        return [Finding("secret", OTHER_KEYS, "Without the secret of the database no key works.")]
    if state is SecretState.UNCONFIRMED:
        return [Finding("secret", "the database does not say yet whether its keys were made under this secret")]
    number = await count_under_other_secrets(database.reader, short_check(present))
    if not number:
        return []
    found = f"{number} keys were not used since SERVICE_SECRET was replaced"
    if settings.secret_previous is not None:
        return [Finding("secret", f"{found}; they work for as long as SERVICE_SECRET_PREVIOUS is set")]
    advice = "Set SERVICE_SECRET_PREVIOUS to the secret of before, or revoke them."
    return [Finding("secret", f"{found}, and do not work", advice)]


async def _clients(database: Database) -> list[Finding]:
    """List the client accounts whose own keys used the parent's balance and may not any more. This is no problem by
    itself: the parent decides.
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


def _address(place: str, health: DatabaseHealth) -> Finding:
    found = f"{place}, version {health.version}"
    if health.takes_writes:
        return Finding("database", found)
    advice = "Is it a standby, or default_transaction_read_only on? May this user write the file and its folder?"
    return Finding("database", f"{found}, takes no writes", advice)


async def _worker_items(database: Database) -> list[Finding]:
    """List the items at which workers failed and that are retried later."""
    found = await longest_failing(database.reader, ITEMS_SHOWN_MAX + 1)
    if not found:
        return []
    shown = [
        f"{each.step} of {each.item_id} (line {each.position}, account {each.account_id}):"
        f" failed {each.attempts} times, next at {each.retry_at:%Y-%m-%d %H:%M:%S} UTC: {each.error}"
        for each in found[:ITEMS_SHOWN_MAX]
    ]
    more = ["and more"] if len(found) > ITEMS_SHOWN_MAX else []
    advice = "Look for item_failed in the log and run carbon-orders audit; what is repaired is done at its next turn."
    return [Finding("worker items", "; ".join(shown + more), advice)]


async def _outbound(settings: Settings, database: Database) -> list[Finding]:
    """Count waiting and failed webhooks and mails. Only problems of the mail server are the operator's."""
    counted = await count_outbound(Resources(database, system_clock, uuid7))
    findings = []
    for channel, each in counted.items():
        if not each.waiting and not each.failed:
            continue
        found = f"{each.waiting} wait, the oldest for {each.oldest_s:.0f} s; {each.failed} failed"
        is_late = channel == MAIL and each.oldest_s > MAIL_WAIT_MAX_S
        switch = "" if settings.mail_server is not None else "Mail is switched off: set SERVICE_SMTP_URL. "
        advice = f"{switch}Look for mail_server_failed in the log of the background jobs." if is_late else ""
        findings.append(Finding(channel, found, advice))
    return findings


def _migrations(missing: list[str]) -> Finding:
    if not missing:
        return Finding("migrations", "all applied, and none was edited since")
    return Finding(
        "migrations", f"not applied: {', '.join(missing)}", "Back up the data, then run: carbon-orders migrate"
    )


def _clock(health: DatabaseHealth) -> Finding:
    skew_ms = round((system_clock() - health.clock).total_seconds() * 1000)
    found = f"this machine's clock is {abs(skew_ms)} ms {'ahead of' if skew_ms >= 0 else 'behind'} the database's"
    if abs(skew_ms) <= CLOCK_SKEW_MAX_MS:
        return Finding("clock", found)
    return Finding(
        "clock", found, "Synchronize both clocks (NTP): quotes and holds expire by the clock of the database."
    )


async def _replica(settings: Settings) -> list[Finding]:
    if settings.replica_url is None:
        return []
    place = parse_address(settings.replica_url).place
    advice = "Until the replica answers, the primary answers every read. Is SERVICE_READ_DATABASE_URL right?"
    try:
        async with asyncio.timeout(PATIENCE_S):
            database = await Database.open(settings.replica_url, pool_size_max=1, **settings.database_limits)
            try:
                health = await database_health(database)
                age_ms = await replica_age_ms(database.reader)
            finally:
                await database.close()
    except Exception as error:  # noqa: BLE001 - as above
        found = error.detail if isinstance(error, DatabaseUnavailable) else error or "no answer"
        return [Finding("replica", f"{place}: {found}", advice)]
    found = f"{place}, version {health.version}"
    if health.takes_writes:
        advice = "Name a replica in SERVICE_READ_DATABASE_URL, or unset it: this server gains nothing from reads there."
        return [Finding("replica", f"{found}, takes writes: it is no replica", advice)]
    if age_ms is None:
        return [Finding("replica", f"{found}, has replayed no transaction since its start")]
    return [Finding("replica", f"{found}, last transaction {age_ms / 1_000:.1f} s ago")]


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
        return Finding("redis", str(error) or "no answer", "Check that SERVICE_REDIS_URL is a redis:// address.")
    if answered:
        return Finding("redis", "answers")
    advice = (
        "Check that Redis runs and that SERVICE_REDIS_URL is right. Until Redis answers, each process counts "
        "requests separately."
    )
    return Finding("redis", "no answer", advice)
