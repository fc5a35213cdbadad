"""Webhook endpoints: create, change, delete and list them, and replace the secret of one.

Locks: the account's head. Promises: P22, P24.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from service.domain.accounts import Account, Caller, Head, refuse_if_suspended
from service.domain.api_keys import Scope
from service.domain.event_types import EventType
from service.domain.texts import refuse_unless_outside
from service.domain.webhook_signatures import secret_text
from service.domain.webhooks import ENDPOINTS_MAX, OVERLAP, SECRET_BYTES, DisabledReason, Endpoint, WebhookFormat
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.operations.steps.record_event import Done, transact_with_event
from service.storage import clients, webhooks
from service.storage.database import Statements

CHANGEABLE = frozenset({"url", "event_types", "account_ids", "enabled"})


@dataclass(frozen=True, slots=True)
class WithSecret:
    """An endpoint with its secret, which is shown only once."""

    endpoint: Endpoint
    secret: str


async def create_endpoint(
    resources: Resources,
    caller: Caller,
    *,
    url: str,
    format: WebhookFormat = WebhookFormat.STANDARD,  # noqa: A002 - as in the endpoint
    event_types: Sequence[str] = (),
    account_ids: Collection[UUID] | None = None,
) -> WithSecret:
    """Create an enabled endpoint of the caller's account, which receives all later events. A repetition creates another
    one.

    Refuses `BAD_USER_INPUT` for an address in a private network, an unknown type of event, or more than `ENDPOINTS_MAX`
    endpoints, and `NOT_FOUND` for an account that is neither the caller's nor its client's.
    """
    _require(caller)
    refuse_unless_outside(url, "url", loopback=resources.webhooks.loopback)
    now, secret = resources.clock(), secret_text(secrets.token_bytes(SECRET_BYTES))
    endpoint_id = resources.new_id()
    wanted = Endpoint(
        account_id=caller.account.id,
        id=endpoint_id,
        url=url,
        format=format,
        event_types=_known_types(event_types),
        account_ids=_listed(account_ids),
        secret=resources.webhooks.require_sealer().seal(secret, endpoint_id.bytes),
        previous_secret=None,
        previous_until=None,
        disabled_at=None,
        disabled_reason=None,
        failures=0,
        created_at=now,
        deleted_at=None,
    )

    async def work(statements: Statements, head: Head) -> Done[WithSecret]:
        refuse_if_suspended(head.account)
        existing = await webhooks.of_account(statements, caller.account.id)
        if all(each.id != endpoint_id for each in existing):
            if len(existing) >= ENDPOINTS_MAX:
                message = f"The account has {ENDPOINTS_MAX} webhook endpoints. Delete one before you create another."
                raise Refused(Code.BAD_USER_INPUT, message, (), error_code="webhook_limit_reached")
            await webhooks.ENDPOINTS.insert(statements, [wanted])
            await webhooks.follow(statements, wanted, await _followed(statements, head.account, wanted))
        told = {"endpoint_id": str(endpoint_id), "host": urlsplit(url).hostname}
        return Done(WithSecret(wanted, secret), EventType.WEBHOOK_CREATED, told)

    return await transact_with_event(resources, caller, work)


async def update_endpoint(
    resources: Resources, caller: Caller, endpoint_id: UUID, changes: Mapping[str, Any]
) -> Endpoint:
    """Change facts of the endpoint, each of `CHANGEABLE`; the others stay, and repeating it changes nothing. An
    endpoint that is enabled again receives the events that it missed, if they are still kept. Refuses as
    `create_endpoint`, and `NOT_FOUND`.
    """
    _require(caller)
    if unknown := set(changes) - CHANGEABLE:
        raise ValueError(f"of a webhook endpoint nobody changes {sorted(unknown)}")
    facts: dict[str, Any] = {}
    if "url" in changes:
        refuse_unless_outside(changes["url"], "url", loopback=resources.webhooks.loopback)
        facts["url"] = changes["url"]
    if "event_types" in changes:
        facts["event_types"] = _known_types(changes["event_types"] or ())
    if "account_ids" in changes:
        facts["account_ids"] = _listed(changes["account_ids"])

    async def work(statements: Statements, head: Head) -> Done[Endpoint]:
        refuse_if_suspended(head.account)
        existing = await _existing(statements, caller, endpoint_id)
        changed = replace(existing, **facts)
        if "enabled" in changes:
            changed = _enabled(changed) if changes["enabled"] else _disabled(changed, resources.clock())
        if changed == existing:
            return Done(existing, None, {})
        columns = ("url", "event_types", "account_ids", "disabled_at", "disabled_reason", "failures")
        if changed.account_ids != existing.account_ids:
            await webhooks.follow(statements, changed, await _followed(statements, head.account, changed))
        await webhooks.change(statements, changed, columns)
        told = {"endpoint_id": str(endpoint_id), "changed": sorted(changes)}
        return Done(changed, EventType.WEBHOOK_UPDATED, told)

    return await transact_with_event(resources, caller, work)


async def delete_endpoint(resources: Resources, caller: Caller, endpoint_id: UUID) -> Endpoint:
    """Delete the endpoint and its secrets, and end its deliveries. Refuses `NOT_FOUND`, also for one that was deleted
    before.
    """
    _require(caller)
    deleted_at = resources.clock()

    async def work(statements: Statements, head: Head) -> Done[Endpoint]:
        refuse_if_suspended(head.account)
        existing = await _existing(statements, caller, endpoint_id)
        deleted = replace(existing, deleted_at=deleted_at, secret=None, previous_secret=None, previous_until=None)
        await webhooks.change(statements, deleted, ("deleted_at", "secret", "previous_secret", "previous_until"))
        return Done(deleted, EventType.WEBHOOK_DELETED, {"endpoint_id": str(endpoint_id)})

    return await transact_with_event(resources, caller, work)


async def rotate_secret(resources: Resources, caller: Caller, endpoint_id: UUID) -> WithSecret:
    """Replace the endpoint's secret. Requests of the format STANDARD are signed under both for `OVERLAP`; the former
    secret of the format LUNE ends at once. A repetition makes another secret. Refuses `NOT_FOUND`.
    """
    _require(caller)
    now, secret = resources.clock(), secret_text(secrets.token_bytes(SECRET_BYTES))
    sealed = resources.webhooks.require_sealer().seal(secret, endpoint_id.bytes)

    async def work(statements: Statements, head: Head) -> Done[WithSecret]:
        refuse_if_suspended(head.account)
        existing = await _existing(statements, caller, endpoint_id)
        rotated = replace(existing, secret=sealed, previous_secret=None, previous_until=None)
        if existing.format is WebhookFormat.STANDARD:
            rotated = replace(rotated, previous_secret=existing.secret, previous_until=now + OVERLAP)
        await webhooks.change(statements, rotated, ("secret", "previous_secret", "previous_until"))
        return Done(WithSecret(rotated, secret), EventType.WEBHOOK_SECRET_ROTATED, {"endpoint_id": str(endpoint_id)})

    return await transact_with_event(resources, caller, work)


async def list_endpoints(resources: Resources, caller: Caller) -> list[Endpoint]:
    """Return the caller's endpoints, oldest first."""
    caller.require(Scope.ORDERS_READ)
    return await webhooks.of_account(resources.database.reader, caller.account.id)


async def endpoints_of_ids(
    resources: Resources, caller: Caller, endpoint_ids: Collection[UUID]
) -> dict[UUID, Endpoint]:
    """Return the caller's endpoints among those with these ids, by id."""
    return {each.id: each for each in await list_endpoints(resources, caller) if each.id in endpoint_ids}


async def find_endpoint(resources: Resources, caller: Caller, endpoint_id: UUID) -> Endpoint:
    """Return the caller's endpoint. Refuses `NOT_FOUND`."""
    caller.require(Scope.ORDERS_READ)
    return await _existing(resources.database.reader, caller, endpoint_id)


def secret_of(resources: Resources, endpoint: Endpoint) -> str:
    """Return the secret of an endpoint, "" for one that has none. Raise `CannotOpenError` if it was encrypted under
    another secret of the service.
    """
    return (
        "" if endpoint.secret is None else resources.webhooks.require_sealer().open(endpoint.secret, endpoint.id.bytes)
    )


def _require(caller: Caller) -> None:
    # `orders:read` too, because the events show what it permits to read, for as long as the endpoint exists.
    caller.require(Scope.ORDERS_WRITE)
    caller.require(Scope.ORDERS_READ)


async def _existing(statements: Statements, caller: Caller, endpoint_id: UUID) -> Endpoint:
    found = await webhooks.find(statements, caller.account.id, endpoint_id)
    if found is None or found.format is WebhookFormat.CALLBACK:
        raise Refused(Code.NOT_FOUND, "There is no such webhook endpoint in this account.", ("id",))
    return found


async def _followed(statements: Statements, account: Account, endpoint: Endpoint) -> set[UUID]:
    """Return the ids of the accounts whose events are sent to the endpoint."""
    if endpoint.account_ids is None:
        return {account.id, *await clients.ids_of(statements, account.id)}
    wanted = {UUID(text) for text in endpoint.account_ids}
    if wanted - (await clients.family(statements, account.id, wanted)).keys():
        raise Refused(Code.NOT_FOUND, "There is no such account among the client accounts.", ("account_ids",))
    return wanted


def _known_types(given: Sequence[str]) -> list[str]:
    known = {each.value for each in EventType}
    for index, name in enumerate(given):
        if name not in known:
            message = "There is no such type of event. Types are listed in the documentation of events."
            raise Refused(Code.BAD_USER_INPUT, message, ("event_types", index))
    return sorted(set(given))


def _listed(account_ids: Collection[UUID] | None) -> list[str] | None:
    if account_ids is not None and not account_ids:
        raise Refused(Code.BAD_USER_INPUT, "Give at least one account, or null for all.", ("account_ids",))
    return None if account_ids is None else sorted({str(each) for each in account_ids})


def _enabled(endpoint: Endpoint) -> Endpoint:
    return replace(endpoint, disabled_at=None, disabled_reason=None, failures=0) if endpoint.disabled_at else endpoint


def _disabled(endpoint: Endpoint, now: datetime) -> Endpoint:
    if endpoint.disabled_at is not None:
        return endpoint
    return replace(endpoint, disabled_at=now, disabled_reason=DisabledReason.REQUESTED)
