"""Steps that run again and again beside the service, or in processes of their own.

A step that fails is logged and tried at its next turn: whatever it left undone is still to be found by a statement.
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
    """An operation, and how long to rest when it found nothing to do. It answers how much it did."""

    name: str
    run: Callable[[Resources], Awaitable[int]]
    rest_ms: int


def steps(*, rest_ms: int, retire_after_ms: int, retire_unpaid: bool, public_address: str) -> tuple[Step, ...]:
    """All that is to be done beside answering requests."""
    retire = partial(retire_orders, after_ms=retire_after_ms, unpaid=retire_unpaid)
    return (
        Step("expire_holds", expire_holds, rest_ms),
        Step("match_backorders", match_backorders, rest_ms),
        Step("retire_orders", retire, rest_ms),
        Step("issue_certificates", partial(issue_certificates, public_address=public_address), rest_ms),
        Step("fill_search_keys", fill_search_keys, rest_ms),
    )


async def repeat(step: Step, resources: Resources) -> None:
    """The step runs until this task is cancelled, at once again while it finds something to do."""
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
    """Inside, every step is repeated by a task of its own; afterwards none is: what was under way is rolled back."""
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
