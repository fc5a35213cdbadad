"""The sender of webhooks: it queues events, and sends what is due of every endpoint at the same time.

An endpoint has one task in this process, so that a slow one delays no other. Endpoints that fail have a number of tasks
of their own, and one request at a time each: however many they are, those that answer are served.
"""

import asyncio
from contextvars import Context
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from service.domain.webhooks import FAILING_AFTER, Endpoint, WebhookFormat
from service.errors import Code, Refused
from service.kit.http_sender import HttpSender
from service.kit.retry import with_retries
from service.operations.queue_deliveries import queue_deliveries
from service.operations.resources import Resources
from service.operations.send_deliveries import (
    Bodies,
    Sending,
    due_endpoints,
    lease_deliveries,
    mark_deliveries,
    reseal_secrets,
    send_delivery,
)

log = structlog.get_logger(__name__)

TASKS_MAX = 32
"""Endpoints that answer and are served at the same time; as many again of those that fail."""
REQUESTS_MAX = 16
"""Requests under way to one endpoint."""
MARKED_WITHIN_MS = 30_000
"""Time for which an outcome is tried to be stored; less than what a lease has left then."""
MARK_PAUSE_MS = 2_000
ROUNDS_MAX = 20
"""Rounds after which an endpoint waits for its next turn, so that others have one."""


@dataclass(slots=True)
class WebhookSender:
    """Step of a worker that sends webhooks. `close` ends what is under way, for another process to take over."""

    bodies: Bodies
    _sending: Sending | None = None
    _tasks: dict[UUID, tuple[asyncio.Task[None], bool]] = field(default_factory=dict)
    """Task of each endpoint that is being served, and whether the endpoint fails."""

    async def turn(self, resources: Resources) -> int:
        """Queue what happened and begin to serve each endpoint that has something due; return how much was begun."""
        if self._sending is None:
            await reseal_secrets(resources)
            sender = HttpSender(connections_max=TASKS_MAX * (REQUESTS_MAX + 1), loopback=resources.webhooks.loopback)
            self._sending = Sending(sender, self.bodies)
        done = await queue_deliveries(resources)
        for endpoint in await due_endpoints(resources):
            if endpoint.id not in self._tasks and self._has_room(fails=_fails(endpoint)):
                task = asyncio.get_running_loop().create_task(
                    self._serve(resources, endpoint, self._sending), context=Context()
                )
                self._tasks[endpoint.id] = (task, _fails(endpoint))
                done += 1
        return done

    async def close(self) -> None:
        """End the tasks. What they were sending is sent again when its lease ends."""
        tasks = [task for task, _ in self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._sending is not None:
            await self._sending.sender.close()

    def _has_room(self, *, fails: bool) -> bool:
        return sum(failing is fails for _, failing in self._tasks.values()) < TASKS_MAX

    async def _serve(self, resources: Resources, endpoint: Endpoint, sending: Sending) -> None:
        try:
            for _ in range(1 if _fails(endpoint) else ROUNDS_MAX):
                if not await _serve_once(resources, endpoint, sending):
                    return
        except Refused as refusal:
            log.warning("webhook_step_refused", endpoint_id=str(endpoint.id), code=refusal.code)
        except Exception:
            log.exception("webhook_step_failed", endpoint_id=str(endpoint.id))
        finally:
            del self._tasks[endpoint.id]


async def _serve_once(resources: Resources, endpoint: Endpoint, sending: Sending) -> bool:
    """Send what is due, as many requests at a time as the endpoint may have; return True if more may be due."""
    leased = await lease_deliveries(resources, endpoint, 1 if _fails(endpoint) else REQUESTS_MAX)
    if not leased:
        return False
    outcomes = await asyncio.gather(*(send_delivery(resources, endpoint, each, sending) for each in leased))
    # What was sent is marked as soon as the database allows it, or it would be sent again when the lease ends.
    await with_retries(
        lambda: mark_deliveries(resources, endpoint, outcomes, sending.random),
        may_retry=is_unavailable,
        deadline_ms=MARKED_WITHIN_MS,
        attempts_max=MARKED_WITHIN_MS,
        cap_ms=MARK_PAUSE_MS,
    )
    # One that began to fail, or was disabled, is read again before it is sent more.
    return all(outcome.attempt.is_success for outcome in outcomes)


def is_unavailable(error: BaseException) -> bool:
    """Return True if the database refused a change that it may accept later."""
    return isinstance(error, Refused) and error.code is Code.UNAVAILABLE


def _fails(endpoint: Endpoint) -> bool:
    # Callback URLs belong to many receivers, of which some may fail.
    return endpoint.format is not WebhookFormat.CALLBACK and endpoint.failures >= FAILING_AFTER
