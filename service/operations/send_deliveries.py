"""Send deliveries: lease those of an endpoint that are due, send them, and store the outcome.

A lease is a conditional update that expires, so that another worker takes over the deliveries of a killed one. Every
event is sent at least once; twice only if a worker ends between the response and the update, or if the receiver answers
too late. No transaction is open while a request is under way. Promise: P23.
"""

import random as _random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import orjson
import structlog

from service.domain.accounts import Account
from service.domain.event_payloads import shown
from service.domain.event_types import EventType
from service.domain.events import Event, EventRecorder
from service.domain.webhook_signatures import lune_headers, standard_headers
from service.domain.webhooks import (
    BATCH_MAX,
    FAILING_AFTER,
    LOG_MAX,
    Attempt,
    Delivery,
    DeliveryStatus,
    Endpoint,
    WebhookFormat,
    next_due,
)
from service.kit.http_sender import HttpSender
from service.kit.sealing import CannotOpenError, Sealer
from service.kit.version import installed_version
from service.operations.resources import Resources
from service.storage import accounts, webhook_deliveries, webhooks
from service.storage.database import Statements
from service.storage.events import EVENTS

log = structlog.get_logger(__name__)

ACTOR = "worker:webhooks"
LEASE_MARGIN = timedelta(seconds=45)
HURRIED_MAX = 10_000
"""Maximum number of deliveries that are retried at once when an endpoint answers again; the others keep their times."""


class Bodies(Protocol):
    """Builder of request bodies in the forms of the REST APIs."""

    async def lune(self, account: Account, events: Sequence[Event]) -> bytes:
        """Return the body that carries these events of the account."""

    async def callback(self, account: Account, order_id: UUID) -> bytes:
        """Return the body that shows the account's order."""


@dataclass(frozen=True, slots=True)
class Sending:
    """Everything that sending needs besides the database. `random` returns numbers from 0 to 1 for jitter."""

    sender: HttpSender
    bodies: Bodies
    random: Callable[[], float] = _random.random


@dataclass(frozen=True, slots=True)
class Outcome:
    """An attempt with the deliveries that were in it, the leased one first."""

    deliveries: Sequence[Delivery]
    attempt: Attempt


async def due_endpoints(resources: Resources) -> list[Endpoint]:
    """Return the endpoints that have a delivery to send now."""
    return await webhook_deliveries.due_endpoints(resources.database.reader, resources.clock())


async def lease_deliveries(resources: Resources, endpoint: Endpoint, limit: int) -> list[Delivery]:
    """Lease up to `limit` due deliveries of the endpoint, so that no other worker takes them before the lease
    expires.
    """
    lease_id = resources.new_id()

    async def work(statements: Statements) -> list[Delivery]:
        now = resources.clock()
        until = now + timedelta(seconds=endpoint.format.timeout_s) + LEASE_MARGIN
        return await webhook_deliveries.lease(statements, endpoint.id, lease_id, now, until, limit)

    return await resources.transact(work)


async def send_delivery(resources: Resources, endpoint: Endpoint, delivery: Delivery, sending: Sending) -> Outcome:
    """Send one leased delivery and return the outcome. In the format LUNE the deliveries of its account that wait for
    it are part of the same request. Stores nothing; raises only failures of the database.
    """
    reader, deliveries = resources.database.reader, [delivery]
    if endpoint.format.is_ordered:
        deliveries += await webhook_deliveries.following(reader, delivery, BATCH_MAX - 1)
    found = await webhook_deliveries.events_of(reader, deliveries)
    events = [found[each.account_id, each.seq] for each in deliveries]
    account = await accounts.existing(reader, delivery.account_id)
    began_at = resources.clock()
    try:
        url, body, headers = await _request(resources, endpoint, account, events, sending)
    except CannotOpenError:
        log.error("webhook_secret_unreadable", endpoint_id=str(endpoint.id), account_id=str(endpoint.account_id))  # noqa: TRY400 - no trace
        return Outcome(deliveries, _unsent(began_at, "secret cannot be opened"))
    except (LookupError, TypeError, ValueError, ArithmeticError):
        log.exception("webhook_not_written", endpoint_id=str(endpoint.id), event_type=delivery.event_type.value)
        return Outcome(deliveries, _unsent(began_at, "body cannot be written"))
    sent = await sending.sender.post(url, body, headers, timeout_s=endpoint.format.timeout_s)
    attempt = Attempt(
        at=resources.clock(),
        status=sent.status,
        latency_ms=sent.latency_ms,
        error=sent.error,
        excerpt=sent.excerpt,
        retry_after=sent.retry_after,
    )
    return Outcome(deliveries, attempt)


async def mark_deliveries(
    resources: Resources, endpoint: Endpoint, outcomes: Collection[Outcome], random: Callable[[], float]
) -> None:
    """Store the outcomes of the attempts, end the leases, and release the deliveries that waited for them."""
    is_callback = endpoint.format is WebhookFormat.CALLBACK
    is_gone = not is_callback and any(outcome.attempt.is_gone for outcome in outcomes)

    async def work(statements: Statements) -> list[Delivery]:
        given_up: list[Delivery] = []
        # The account is locked first, as everywhere, if an event is to be recorded.
        heads = await accounts.lock_heads(statements, {endpoint.account_id}) if is_gone else {}
        for outcome in sorted(outcomes, key=lambda each: each.deliveries[0].account_id):
            head = outcome.deliveries[0]
            if endpoint.format.is_ordered:
                await webhooks.lock_cursor(statements, head.account_id, endpoint.id)
            given_up += await _mark(statements, endpoint, outcome, random)
            if endpoint.format.is_ordered:
                await webhook_deliveries.release_first(statements, head.account_id, endpoint.id, resources.clock())
        if not is_callback:
            await _count(resources, statements, endpoint, outcomes)
        if is_gone and await webhooks.disable_gone(statements, endpoint, resources.clock()):
            recorder = EventRecorder(
                {endpoint.account_id: heads[endpoint.account_id].event_seq},
                actor=ACTOR,
                now=resources.clock(),
                new_id=resources.new_id,
            )
            recorder.record(endpoint.account_id, EventType.WEBHOOK_DISABLED, endpoint_id=str(endpoint.id))
            await EVENTS.insert(statements, recorder.events)
            await accounts.raise_heads(statements, recorder.event_seqs)
        return given_up

    for each in await resources.transact(work):
        log.warning(
            "webhook_given_up",
            endpoint_id=str(endpoint.id),
            account_id=str(each.account_id),
            delivery_id=str(each.id),
            event_type=each.event_type.value,
            attempts=each.attempts + 1,
        )
    if is_gone:
        log.warning("webhook_endpoint_gone", endpoint_id=str(endpoint.id), account_id=str(endpoint.account_id))


async def reseal_secrets(resources: Resources) -> int:
    """Encrypt the secrets of endpoints that are encrypted under the service's previous secret under the present one;
    return the number of endpoints. Secrets that neither can decrypt stay as they are.
    """
    sealer = resources.webhooks.require_sealer()
    former = [
        each
        for each in await webhooks.sealed(resources.database.reader)
        if any(
            text is not None and not text.startswith(sealer.key_name) for text in (each.secret, each.previous_secret)
        )
    ]
    done = 0
    for endpoint in former:
        try:
            secret, previous = (
                None if text is None else sealer.seal(sealer.open(text, endpoint.id.bytes), endpoint.id.bytes)
                for text in (endpoint.secret, endpoint.previous_secret)
            )
        except CannotOpenError:
            log.error(  # noqa: TRY400 - no trace
                "webhook_secret_unreadable", endpoint_id=str(endpoint.id), account_id=str(endpoint.account_id)
            )
            continue
        if secret is not None:
            await _reseal(resources, endpoint, secret, previous)
            done += 1
    return done


async def _reseal(resources: Resources, endpoint: Endpoint, secret: bytes, previous: bytes | None) -> None:
    await resources.transact(lambda statements: webhooks.reseal(statements, endpoint, secret, previous))


async def _request(
    resources: Resources, endpoint: Endpoint, account: Account, events: Sequence[Event], sending: Sending
) -> tuple[str, bytes, Mapping[str, str]]:
    """Return the address, the body and the headers of the request that carries the events."""
    now = resources.clock()
    headers = {"Content-Type": "application/json", "User-Agent": f"carbon-orders/{installed_version('carbon-orders')}"}
    _secrets(endpoint, resources.webhooks.require_sealer(), now)
    match endpoint.format:
        case WebhookFormat.CALLBACK:
            order_id = events[0].order_id
            if order_id is None:
                raise LookupError("an event without an order has no address")
            addresses = await webhook_deliveries.addresses_of(resources.database.reader, account.id, [order_id])
            return addresses[order_id], await sending.bodies.callback(account, order_id), headers
        case WebhookFormat.LUNE:
            body = await sending.bodies.lune(account, events)
            signed = lune_headers(
                _secrets(endpoint, resources.webhooks.require_sealer(), now), account.organisation_id, now, body
            )
        case WebhookFormat.STANDARD:
            body = orjson.dumps(shown(events[0]))
            signed = standard_headers(
                _secrets(endpoint, resources.webhooks.require_sealer(), now), events[0].id, now, body
            )
    return endpoint.url, body, headers | signed


def _secrets(endpoint: Endpoint, sealer: Sealer, now: datetime) -> list[str]:
    sealed = [endpoint.secret]
    if endpoint.previous_until is not None and now < endpoint.previous_until:
        sealed.append(endpoint.previous_secret)
    return [sealer.open(text, endpoint.id.bytes) for text in sealed if text is not None]


def _unsent(now: datetime, error: str) -> Attempt:
    return Attempt(at=now, status=None, latency_ms=0, error=error, excerpt=None)


async def _mark(
    statements: Statements, endpoint: Endpoint, outcome: Outcome, random: Callable[[], float]
) -> list[Delivery]:
    """Store the outcome, and return the deliveries that were given up."""
    attempt, head = outcome.attempt, outcome.deliveries[0]
    if attempt.is_success:
        for each in outcome.deliveries:
            await webhook_deliveries.mark(
                statements, each, DeliveryStatus.DELIVERED, attempt.at, _logged(each, attempt)
            )
        return []
    due_at = next_due(endpoint.format, head.attempts + 1, attempt, head.give_up_at, random)
    if attempt.is_gone:
        # A disabled endpoint continues here if it is enabled again; a callback URL cannot be enabled again.
        due_at = None if endpoint.format is WebhookFormat.CALLBACK else attempt.at
    status = DeliveryStatus.FAILED if due_at is None else DeliveryStatus.PENDING
    marked = await webhook_deliveries.mark(statements, head, status, due_at or attempt.at, _logged(head, attempt))
    return [head] if marked and due_at is None else []


async def _count(
    resources: Resources, statements: Statements, endpoint: Endpoint, outcomes: Collection[Outcome]
) -> None:
    answers = any(outcome.attempt.is_success for outcome in outcomes)
    await webhooks.count_failures(statements, endpoint, failed=not answers)
    if answers and endpoint.failures >= FAILING_AFTER:
        await webhook_deliveries.hurry(statements, endpoint.id, resources.clock(), HURRIED_MAX)


def _logged(delivery: Delivery, attempt: Attempt) -> list[dict[str, object]]:
    return [*delivery.log, attempt.logged()][-LOG_MAX:]
