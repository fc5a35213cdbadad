"""Steps that run repeatedly beside the service, or in processes of their own.

A step that fails is logged and tried again at its next turn: the work that it left undone is found again by its
statement.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import Context
from dataclasses import dataclass
from functools import partial

import structlog

from service.errors import Refused
from service.operations.expire_holds import expire_holds
from service.operations.fill_search_keys import fill_search_keys
from service.operations.issue_certificates import issue_certificates
from service.operations.match_backorders import match_backorders
from service.operations.resources import Resources
from service.operations.retire_orders import retire_orders

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """An operation that returns how much it did, and the time to pause when it found nothing to do."""

    name: str
    run: Callable[[Resources], Awaitable[int]]
    rest_ms: int


def steps(*, rest_ms: int, retire_after_ms: int, retire_unpaid: bool, public_address: str) -> tuple[Step, ...]:
    """Return all background steps."""
    retire = partial(retire_orders, after_ms=retire_after_ms, unpaid=retire_unpaid)
    return (
        Step("expire_holds", expire_holds, rest_ms),
        Step("match_backorders", match_backorders, rest_ms),
        Step("retire_orders", retire, rest_ms),
        Step("issue_certificates", partial(issue_certificates, public_address=public_address), rest_ms),
        Step("fill_search_keys", fill_search_keys, rest_ms),
    )


async def repeat(step: Step, resources: Resources) -> None:
    """Run the step until this task is cancelled, without a pause while it finds something to do."""
    while True:
        done = 0
        try:
            done = await step.run(resources)
        except Refused as refusal:
            log.warning("step_refused", step=step.name, code=refusal.code)
        except Exception:
            log.exception("step_failed", step=step.name)
        await asyncio.sleep(0 if done else step.rest_ms / 1000)


@asynccontextmanager
async def working(resources: Resources, steps: Sequence[Step]) -> AsyncIterator[None]:
    """Context in which a task repeats each step. On leaving it the tasks are cancelled, and a step in progress is
    rolled back.
    """
    tasks = [
        asyncio.get_running_loop().create_task(repeat(step, resources), name=step.name, context=Context())
        for step in steps
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
