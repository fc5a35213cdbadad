"""Rows of webhook endpoints, and of their cursors in events; SQL for cursors that start at the heads of accounts."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from service.domain.webhooks import Cursor, DisabledReason, Endpoint, WebhookFormat
from service.storage import models
from service.storage.accounts import HEADS
from service.storage.database import Statements, placeholders
from service.storage.dialects import apart
from service.storage.tables import Table

ENDPOINTS = Table(models.WebhookEndpoint, Endpoint)
CURSORS = Table(models.WebhookCursor, Cursor)

_KEY = "account_id = $1 AND id = $2"


async def of_account(statements: Statements, account_id: UUID) -> list[Endpoint]:
    """Return the account's endpoints, oldest first, without deleted ones and the one for callback URLs."""
    query = models.WebhookEndpoint.filter(account_id=account_id, deleted_at=None)
    found = await ENDPOINTS.read(statements, query.order_by("created_at", "id"))
    return [endpoint for endpoint in found if endpoint.format is not WebhookFormat.CALLBACK]


async def find(statements: Statements, account_id: UUID, endpoint_id: UUID) -> Endpoint | None:
    """Return the account's endpoint, or None if it does not exist or was deleted."""
    query = models.WebhookEndpoint.filter(account_id=account_id, id=endpoint_id, deleted_at=None)
    return await ENDPOINTS.read_first(statements, query)


async def sealed(statements: Statements) -> list[Endpoint]:
    """Return every endpoint that has a secret."""
    return await ENDPOINTS.read(statements, models.WebhookEndpoint.filter(secret__isnull=False))


async def change(statements: Statements, endpoint: Endpoint, columns: Sequence[str]) -> None:
    """Write these columns of the endpoint."""
    await ENDPOINTS.change(statements, endpoint, columns, "account_id", "id")


async def reseal(statements: Statements, former: Endpoint, secret: bytes, previous_secret: bytes | None) -> None:
    """Replace the former secrets; change nothing if they were rotated in the meantime."""
    secrets = {"secret": secret, "previous_secret": previous_secret}
    await ENDPOINTS.update(statements, secrets, account_id=former.account_id, id=former.id, secret=former.secret)


async def disable_gone(statements: Statements, endpoint: Endpoint, now: datetime) -> bool:
    """Disable the endpoint unless it is disabled or deleted; return True if this call disabled it."""
    changes = {"disabled_at": now, "disabled_reason": DisabledReason.GONE}
    own = {"account_id": endpoint.account_id, "id": endpoint.id}
    return await ENDPOINTS.update(statements, changes, **own, disabled_at=None, deleted_at=None) == 1


async def count_failures(statements: Statements, endpoint: Endpoint, *, failed: bool) -> None:
    """Raise the endpoint's number of failures in a row by one, or set it to zero."""
    change, condition = ("failures + 1", "") if failed else ("0", " AND failures > 0")
    await statements.execute(
        f"UPDATE {ENDPOINTS.name} SET failures = {change} WHERE {_KEY}{condition}", endpoint.account_id, endpoint.id
    )


async def follow(statements: Statements, endpoint: Endpoint, account_ids: Collection[UUID]) -> None:
    """Make the endpoint follow exactly these accounts; accounts that are new to it are followed from their last event
    on.
    """
    wanted = sorted(account_ids)
    listed = placeholders(3, len(wanted))
    await statements.execute(
        f"DELETE FROM {CURSORS.name} WHERE owner_id = $1 AND endpoint_id = $2 AND account_id NOT IN ({listed})",
        endpoint.account_id,
        endpoint.id,
        *wanted,
    )
    # No INSERT from a join: in a cluster the accounts and their endpoint may lie on different nodes.
    heads = await HEADS.read(statements, models.AccountHead.filter(account_id__in=wanted))
    await CURSORS.insert(
        statements,
        [
            Cursor(
                account_id=head.account_id,
                endpoint_id=endpoint.id,
                owner_id=endpoint.account_id,
                last_seq=head.event_seq,
            )
            for head in heads
        ],
    )


async def follow_client(statements: Statements, parent_id: UUID, client_id: UUID) -> None:
    """Make the parent's endpoints that follow all of its accounts follow the new client account from its first event
    on.
    """
    await statements.execute(
        f"INSERT INTO {CURSORS.name} (account_id, endpoint_id, owner_id, last_seq)"
        f" SELECT c.id, e.id, e.account_id, 0 FROM {models.Account._meta.db_table} c, {ENDPOINTS.name} e"  # noqa: SLF001
        " WHERE c.id = $2 AND e.account_id = $1 AND e.account_ids IS NULL AND e.deleted_at IS NULL"
        " AND e.format <> 'CALLBACK' ON CONFLICT DO NOTHING",
        parent_id,
        client_id,
    )


async def follow_callbacks(statements: Statements, account_ids: Collection[UUID], now: datetime) -> None:
    """Send changes of the accounts' orders to the callback URLs in them, from the next event on."""
    await ENDPOINTS.insert(
        statements,
        [
            Endpoint(
                account_id=account_id,
                id=account_id,
                url="",
                format=WebhookFormat.CALLBACK,
                event_types=[],
                account_ids=None,
                secret=None,
                previous_secret=None,
                previous_until=None,
                disabled_at=None,
                disabled_reason=None,
                failures=0,
                created_at=now,
                deleted_at=None,
            )
            for account_id in sorted(account_ids)
        ],
    )
    await statements.execute(
        f"INSERT INTO {CURSORS.name} (account_id, endpoint_id, owner_id, last_seq)"
        f" SELECT account_id, account_id, account_id, event_seq FROM {HEADS.name}"
        f" WHERE account_id IN ({placeholders(1, len(account_ids))}) ON CONFLICT DO NOTHING",
        *sorted(account_ids),
    )


async def followed(statements: Statements, endpoint: Endpoint) -> list[UUID]:
    """Return the ids of the accounts that the endpoint follows, in order."""
    query = models.WebhookCursor.filter(owner_id=endpoint.account_id, endpoint_id=endpoint.id)
    return sorted(cursor.account_id for cursor in await CURSORS.read(statements, query))


async def behind(statements: Statements, limit: int) -> list[tuple[Cursor, Endpoint]]:
    """Return cursors of enabled endpoints whose account has later events, in the order of their keys."""
    enabled = f"SELECT account_id, id FROM {ENDPOINTS.name} WHERE disabled_at IS NULL AND deleted_at IS NULL"
    rows = await statements.fetch(
        f"SELECT c.account_id, c.endpoint_id, c.owner_id, c.last_seq FROM {CURSORS.name} c"
        f" JOIN {HEADS.name} h ON h.account_id = c.account_id"
        f" JOIN {apart(statements, enabled)} e ON e.account_id = c.owner_id AND e.id = c.endpoint_id"
        " WHERE h.event_seq > c.last_seq"
        f" ORDER BY c.account_id, c.endpoint_id LIMIT {limit:d}"
    )
    cursors = [CURSORS.value(row) for row in rows]
    endpoints = await of_ids(statements, {(cursor.owner_id, cursor.endpoint_id) for cursor in cursors})
    return [
        (cursor, endpoints[cursor.owner_id, cursor.endpoint_id])
        for cursor in cursors
        if (cursor.owner_id, cursor.endpoint_id) in endpoints
    ]


async def advance(statements: Statements, cursor: Cursor, last_seq: int) -> bool:
    """Advance the cursor and lock it until the transaction ends; return False if another worker has moved it."""
    where = {column: getattr(cursor, column) for column in ("account_id", "endpoint_id", "last_seq")}
    return await CURSORS.update(statements, {"last_seq": last_seq}, **where) == 1


async def lock_cursor(statements: Statements, account_id: UUID, endpoint_id: UUID) -> None:
    """Lock the cursor until the transaction ends, so that deliveries of an account are queued and released in turn."""
    await statements.execute(
        f"UPDATE {CURSORS.name} SET last_seq = last_seq WHERE account_id = $1 AND endpoint_id = $2",
        account_id,
        endpoint_id,
    )


async def of_ids(statements: Statements, keys: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Endpoint]:
    """Return the endpoints by account and id, deleted ones included."""
    if not keys:
        return {}
    found = await ENDPOINTS.read(statements, models.WebhookEndpoint.filter(id__in={id_ for _, id_ in keys}))
    return {(endpoint.account_id, endpoint.id): endpoint for endpoint in found}
