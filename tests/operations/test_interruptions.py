"""Whatever interrupts an operation, at whichever point, the world is as before or as after, and the next one works.

Seen to fail when: the transaction is left out of an operation; a write goes outside of it; an order that stands is not
found by its id when its commit was not answered; a transaction keeps its connection when its task is cancelled.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from service.domain.catalogue import selection_of
from service.domain.listing import OrderRef
from service.domain.order import ByBundleMasses, FromQuote
from service.errors import Code, Refused
from service.operations.cancel_orders import cancel_orders
from service.operations.place_orders import place_alone, place_group
from service.operations.quote_order import quote_order
from service.operations.resources import Resources
from service.storage.database import Row, Statements
from service.storage.failures import LOST, DatabaseUnavailable, Doing
from tests.makers import TONNE_G, make_order_request
from tests.shop import Shop
from tests.storage.test_cancellation import Blow, strike
from tests.waiting import HANGS_S

Work = Callable[[Resources], Awaitable[Any]]
MINUTE_MS = 60_000


async def placing_a_group(shop: Shop) -> Work:
    """One order that takes what a quote held, one that takes from stock, and one that waits."""
    quoted = await quote_order(shop.resources, shop.caller, forest(shop), valid_ms=MINUTE_MS, hold=True)
    commands = [
        shop.command(FromQuote(quoted.quote.id)),
        shop.command(forest(shop)),
        shop.command(make_order_request(ask=ByBundleMasses(((shop.forest.id, 10), (shop.ocean.id, 2 * TONNE_G))))),
    ]
    return lambda resources: place_group(resources, commands, lock_timeout_ms=2_000)


async def placing_alone(shop: Shop) -> Work:
    command = shop.command(make_order_request(ask=ByBundleMasses(((shop.forest.id, 10), (shop.ocean.id, 20)))))
    return lambda resources: place_alone(resources, command)


async def cancelling(shop: Shop) -> Work:
    placed = [
        await shop.place(forest(shop)),
        await shop.place(make_order_request(ask=ByBundleMasses(((shop.ocean.id, TONNE_G + 1),)))),
    ]
    refs = [OrderRef(id=order.id) for order in placed]
    return lambda resources: cancel_orders(resources, shop.caller, refs)


async def quoting(shop: Shop) -> Work:
    return lambda resources: quote_order(resources, shop.caller, forest(shop), valid_ms=MINUTE_MS, hold=True)


OPERATIONS = [placing_a_group, placing_alone, cancelling, quoting]
TRIES_AGAIN = [placing_alone, cancelling, quoting]


def forest(shop: Shop) -> Any:
    return make_order_request(1_000, selection=selection_of([(shop.forest.id, None)]))


async def probe(shop: Shop) -> None:
    async with asyncio.timeout(HANGS_S):
        await shop.place(forest(shop))


@pytest.mark.parametrize("prepare", OPERATIONS, ids=lambda prepare: prepare.__name__)
@pytest.mark.parametrize("at_once", [True, False])
async def test_an_operation_may_be_cancelled_at_every_await(shop: Shop, prepare: Any, at_once: bool):
    suspension = 0
    cancelled = True
    while cancelled:
        suspension += 1
        assert suspension < 300, "the operation never ends"
        work = await prepare(shop)

        async def run(work: Work = work) -> None:
            await work(shop.resources)

        cancelled = await strike(run(), suspension, Blow(at_once, again=False))
        await probe(shop)
    assert suspension > 8  # begin, its statements, commit


class PlantedError(Exception):
    """A failure that is nobody's mistake and that nobody should try again."""


@dataclass
class Faults:
    """Fails once: before the n-th statement, after it, or after the COMMIT that follows."""

    statement: int
    error: Exception
    moment: str
    said: int = 0
    struck: bool = field(default=False)

    def strike(self) -> None:
        self.struck = True
        raise self.error


class FaultyStatements(Statements):
    """Speaks as the real ones do, until it fails."""

    def __init__(self, real: Statements, faults: Faults) -> None:
        self._real, self._faults = real, faults
        self.dialect, self.client = real.dialect, real.client

    async def fetch(self, sql: str, *parameters: object) -> list[Row]:
        return await self._say(self._real.fetch, sql, parameters)

    async def fetch_cells(self, sql: str, *parameters: object) -> list[Sequence[Any]]:
        return await self._say(self._real.fetch_cells, sql, parameters)

    async def execute(self, sql: str, *parameters: object) -> int:
        return await self._say(self._real.execute, sql, parameters)

    async def _say(self, say: Any, sql: str, parameters: Any) -> Any:
        faults = self._faults
        faults.said += 1
        now = not faults.struck and faults.said == faults.statement
        if now and faults.moment == "before":
            faults.strike()
        answer = await say(sql, *parameters)
        if now and faults.moment == "after":
            faults.strike()
        return answer


@dataclass
class FaultyDatabase:
    """A real database behind statements that fail."""

    real: Any
    faults: Faults

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    @asynccontextmanager
    async def transaction(self, **limits: Any) -> AsyncIterator[Statements]:
        async with self.real.transaction(**limits) as statements:
            yield FaultyStatements(statements, self.faults)
        if self.faults.moment == "commit" and not self.faults.struck:
            self.faults.strike()


def lost(moment: str) -> DatabaseUnavailable:
    """Return the error that storage raises if the connection is lost at that moment."""
    return DatabaseUnavailable(LOST, Doing.COMMITTING if moment == "commit" else Doing.CHANGING)


def failing(shop: Shop, faults: Faults) -> Resources:
    return replace(shop.resources, database=FaultyDatabase(shop.database, faults))


@pytest.mark.parametrize("prepare", OPERATIONS, ids=lambda prepare: prepare.__name__)
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_failure_at_any_statement_leaves_nothing_behind(shop: Shop, prepare: Any, moment: str):
    work = await prepare(shop)
    before = await shop.everything()
    statement = 0
    while True:
        statement += 1
        assert statement < 100, "the operation never ends"
        faults = Faults(statement, PlantedError(), moment)
        try:
            answer = await work(failing(shop, faults))
        except PlantedError:
            assert await shop.everything() == before, f"statement {statement}"
            continue
        break
    assert not faults.struck
    assert statement > 6
    assert not isinstance(answer, Refused)
    assert await shop.everything() != before
    await probe(shop)


@pytest.mark.parametrize("prepare", TRIES_AGAIN, ids=lambda prepare: prepare.__name__)
@pytest.mark.parametrize("moment", ["before", "after", "commit"])
async def test_a_connection_lost_at_any_statement_costs_a_second_try_and_nothing_else(
    shop: Shop, prepare: Any, moment: str
):
    clean = await _written_by(shop, await prepare(shop), shop.resources)
    statement = 0
    while True:
        statement += 1
        assert statement < 100, "the operation never ends"
        faults = Faults(statement, lost(moment), moment)
        written = await _written_by(shop, await prepare(shop), failing(shop, faults))
        assert written == clean, f"statement {statement}"
        if moment == "commit" or not faults.struck:
            break
    assert faults.struck is (moment == "commit")


async def _written_by(shop: Shop, work: Work, resources: Resources) -> dict[str, int]:
    """How many rows of each table the work adds or changes."""
    before = await shop.everything()
    answer = await work(resources)
    assert not isinstance(answer, Refused)
    after = await shop.everything()
    return {name: len(set(after[name]) - set(before[name])) for name in after}


async def test_a_group_whose_commit_was_not_answered_is_found_by_its_members(shop: Shop):
    commands = [shop.command(), shop.command(idempotency_key=None), shop.command()]
    faults = Faults(0, lost("commit"), "commit")
    with pytest.raises(DatabaseUnavailable):
        await place_group(failing(shop, faults), commands, lock_timeout_ms=2_000)
    before = await shop.everything()
    for command in commands:
        placed = await place_alone(shop.resources, command)
        assert (placed.order.id, placed.replayed) == (command.order_id, False)
    assert await shop.everything() == before


async def test_a_database_that_stays_away_is_an_outage_and_not_a_wound(shop: Shop):
    before = await shop.everything()

    class Away(FaultyDatabase):
        @asynccontextmanager
        async def transaction(self, **limits: Any) -> AsyncIterator[Statements]:
            raise lost("before")
            yield

    away = replace(shop.resources, database=Away(shop.database, Faults(0, PlantedError(), "")))
    refusal = await place_alone(away, shop.command())
    assert (refusal.code, refusal.reason.may_retry, refusal.reason.http_status) == (Code.UNAVAILABLE, True, 503)
    with pytest.raises(Refused) as cancelled:
        await cancel_orders(away, shop.caller, [OrderRef(number="x")])
    assert cancelled.value.code is Code.UNAVAILABLE
    assert await shop.everything() == before
    await probe(shop)
