"""Steps that run repeatedly beside the service, or in processes of their own.

A step that fails is logged and tried at its next turn: whatever it left undone is still to be found by a statement.
While the database is away all steps back off, and one line of the log tells it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import Context
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from service.errors import Code, Refused
from service.operations.expire_holds import expire_holds
from service.operations.fill_search_keys import fill_search_keys
from service.operations.issue_certificates import issue_certificates
from service.operations.match_backorders import match_backorders
from service.operations.read_mails import expire_mails
from service.operations.read_webhooks import expire_deliveries
from service.operations.record_key_uses import record_key_uses
from service.operations.refresh_statistics import refresh_statistics
from service.operations.remind_invoices import remind_invoices
from service.operations.resources import Resources
from service.operations.retire_orders import retire_orders
from service.operations.seal_events import seal_events
from service.operations.send_deliveries import Bodies
from service.operations.simulate_order import advance_test_orders
from service.workers.mail import MailSender
from service.workers.measures import StepMeasures
from service.workers.webhooks import WebhookSender

log = structlog.get_logger(__name__)

BACK_OFF_MAX_MS = 5_000
"""The longest rest of a step while the database is away: its return costs nobody more than that."""

EXPIRY_REST_MS = 60_000
REMINDER_REST_MS = 60_000
SEALING_REST_MS = 60_000
"""Each turn looks at every account, which takes SQLite 7 ms for 1,000 accounts."""
STATISTICS_REST_MS = 3_600_000
"""SQLite's documentation advises to refresh statistics about once an hour."""


@dataclass(frozen=True, slots=True)
class Step:
    """An operation that returns how much it did, and the time to pause when it found nothing to do."""

    name: str
    run: Callable[[Resources], Awaitable[int]]
    rest_ms: int
    close: Callable[[], Awaitable[None]] | None = None
    """Ends what the step left running, when the process ends."""


def steps(
    *,
    rest_ms: int,
    retire_after_ms: int,
    retire_unpaid: bool,
    public_address: str,
    advance_after_ms: int = 0,
    webhook_bodies: Bodies | None = None,
    mail_sender: MailSender | None = None,
    mails_kept: timedelta = timedelta(days=30),
    invoice_reminder: timedelta = timedelta(days=3),
) -> tuple[Step, ...]:
    """Return all background steps. Those that send webhooks and mail need `webhook_bodies` and `mail_sender`."""
    advance = partial(advance_test_orders, after_ms=advance_after_ms)
    retire = partial(retire_orders, after_ms=retire_after_ms, unpaid=retire_unpaid)
    return (
        Step("expire_holds", expire_holds, rest_ms),
        Step("match_backorders", match_backorders, rest_ms),
        Step("retire_orders", retire, rest_ms),
        Step("issue_certificates", partial(issue_certificates, public_address=public_address), rest_ms),
        Step("advance_test_orders", advance, rest_ms),
        Step("fill_search_keys", fill_search_keys, rest_ms),
        Step("refresh_statistics", refresh_statistics, STATISTICS_REST_MS),
        Step("expire_deliveries", expire_deliveries, EXPIRY_REST_MS),
        Step("remind_invoices", partial(remind_invoices, before=invoice_reminder), REMINDER_REST_MS),
        Step("expire_mails", partial(expire_mails, kept=mails_kept), EXPIRY_REST_MS),
        Step("seal_events", seal_events, SEALING_REST_MS),
        *(() if webhook_bodies is None else (_webhooks(webhook_bodies, rest_ms),)),
        *(() if mail_sender is None else (Step("send_mails", mail_sender.turn, rest_ms),)),
    )


def _webhooks(bodies: Bodies, rest_ms: int) -> Step:
    sender = WebhookSender(bodies)
    return Step("send_webhooks", sender.turn, rest_ms, sender.close)


def steps_of_server(*, key_uses_ms: int) -> tuple[Step, ...]:
    """Return the steps of each process that serves, whether or not it runs the background steps."""
    return (Step("record_key_uses", record_key_uses, key_uses_ms),) if key_uses_ms else ()


class Outage:
    """The steps that the database has no time for; one line of the log tells that there are some, for all of them."""

    def __init__(self) -> None:
        self._waiting: set[str] = set()

    def begin(self, step: Step, refusal: Refused) -> None:
        """Record that the step was refused."""
        if not self._waiting:
            log.warning("steps_wait", step=step.name, code=refusal.code)
        self._waiting.add(step.name)

    def end(self, step: Step) -> None:
        """Record that the step was not refused."""
        if step.name in self._waiting:
            self._waiting.remove(step.name)
            if not self._waiting:
                log.warning("steps_resumed")


async def repeat(step: Step, resources: Resources, outage: Outage, measures: StepMeasures) -> None:
    """Run the step until this task is cancelled, at once again while it finds something to do. While the database is
    away it rests longer each time, up to `BACK_OFF_MAX_MS`.
    """
    refusals = 0
    measures.begin(step.name, resources.clock())
    while True:
        done = 0
        try:
            done = await step.run(resources)
        except Refused as refusal:
            if refusal.code is Code.UNAVAILABLE:
                outage.begin(step, refusal)
                measures.end_turn(step.name, "unavailable", resources.clock())
                refusals += 1
            else:
                log.warning("step_refused", step=step.name, code=refusal.code)
                measures.end_turn(step.name, "refused", resources.clock())
        except Exception:
            log.exception("step_failed", step=step.name)
            measures.end_turn(step.name, "failed", resources.clock())
        else:
            outage.end(step)
            measures.end_turn(step.name, "done" if done else "idle", resources.clock(), done)
            refusals = 0
        await asyncio.sleep(0 if done else _rest_ms(step, refusals) / 1000)


def _rest_ms(step: Step, refusals: int) -> int:
    if not refusals:
        return step.rest_ms
    rest_ms = min(step.rest_ms, BACK_OFF_MAX_MS)
    return min(rest_ms << min(refusals - 1, 20), BACK_OFF_MAX_MS)


@asynccontextmanager
async def working(
    resources: Resources, steps: Sequence[Step], measures: StepMeasures | None = None
) -> AsyncIterator[None]:
    """Context in which a task repeats each step. On leaving it the tasks are cancelled, and a step in progress is
    rolled back.
    """
    outage, measures = Outage(), measures or StepMeasures()
    tasks = [
        asyncio.get_running_loop().create_task(
            repeat(step, resources, outage, measures), name=step.name, context=Context()
        )
        for step in steps
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(step.close() for step in steps if step.close is not None), return_exceptions=True)
