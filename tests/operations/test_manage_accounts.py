"""Accounts: born as a pair, on terms that can be priced, and suspended without being lost."""

from datetime import timedelta
from typing import Any

import pytest

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.catalogue import Mode
from service.domain.order import ByMass, OrderRequest
from service.errors import Code, Refused
from service.kit.ids import uuid7
from service.operations.authenticate import authenticate
from service.operations.load_demo import load_demo
from service.operations.manage_accounts import (
    AccountPair,
    create_account,
    list_accounts,
    reinstate_account,
    suspend_account,
)
from service.operations.manage_keys import create_key
from service.operations.quote_order import quote_order
from service.operations.resources import Resources
from service.storage.database import Database
from tests.set_clock import SetClock

TERMS: dict[str, Any] = {
    "name": "Orrin Mills",
    "contract": "lune",
    "currency": "GBP",
    "portfolio": "everyday-with-removal",
    "commission_hundredths": 1_250,
}


@pytest.fixture
async def pair(resources: Resources, pepper: bytes) -> AccountPair:
    await load_demo(resources, pepper=pepper)
    return await create_account(resources, **TERMS)


async def test_an_organisation_gets_a_live_account_and_a_test_twin(resources: Resources, pair: AccountPair) -> None:
    stored = {account.id: account for account in await list_accounts(resources)}

    assert (stored[pair.live.id], stored[pair.test.id]) == (pair.live, pair.test)
    assert (pair.live.mode, pair.test.mode) == (Mode.LIVE, Mode.TEST)
    assert pair.live.organisation_id == pair.test.organisation_id
    assert (pair.live.name, pair.live.contract, pair.live.currency) == ("Orrin Mills", "lune", "GBP")
    assert pair.live.commission_hundredths == 1_250
    assert pair.live.suspended_at is None


async def test_each_account_has_a_head_before_its_first_event(database: Database, pair: AccountPair) -> None:
    rows = await database.reader.fetch(
        "SELECT event_seq FROM account_heads WHERE account_id IN ($1, $2)", pair.live.id, pair.test.id
    )

    assert [row["event_seq"] for row in rows] == [0, 0]


async def test_a_portfolio_may_be_named_by_its_id(resources: Resources, pair: AccountPair) -> None:
    other = await create_account(resources, **TERMS | {"portfolio": str(pair.live.portfolio_id)})

    assert other.live.portfolio_id == pair.live.portfolio_id


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"name": " "}, Code.BAD_USER_INPUT),
        ({"name": "x" * 201}, Code.BAD_USER_INPUT),
        ({"contract": "ftp"}, Code.BAD_USER_INPUT),
        ({"currency": "gbp"}, Code.BAD_USER_INPUT),
        ({"commission_hundredths": -1}, Code.BAD_USER_INPUT),
        ({"commission_hundredths": 9_001}, Code.BAD_USER_INPUT),
        ({"portfolio": "nowhere"}, Code.NOT_FOUND),
        ({"currency": "BRL"}, Code.CURRENCY_UNAVAILABLE),
    ],
)
async def test_terms_that_cannot_hold_are_refused_and_leave_nothing(
    resources: Resources, database: Database, pepper: bytes, changed: dict[str, Any], code: Code
) -> None:
    await load_demo(resources, pepper=pepper)
    before = await list_accounts(resources)

    with pytest.raises(Refused) as refusal:
        await create_account(resources, **TERMS | changed)

    assert refusal.value.code is code
    assert await list_accounts(resources) == before
    (row,) = await database.reader.fetch("SELECT count(*) AS organisations FROM organisations")
    assert row["organisations"] == 5


async def test_a_suspended_account_reads_but_does_not_buy(
    resources: Resources, pair: AccountPair, pepper: bytes
) -> None:
    generated = await create_key(resources, pair.live.id, "ERP", pepper=pepper)

    await suspend_account(resources, pair.live.id)

    caller: Caller = await authenticate(resources, generated.text, pepper=pepper)
    caller.require(Scope.ORDERS_READ)
    with pytest.raises(Refused) as refusal:
        await quote_order(resources, caller, OrderRequest(ask=ByMass(12_070)), valid_ms=60_000)
    assert refusal.value.code is Code.ACCOUNT_SUSPENDED


async def test_a_reinstated_account_buys_again(resources: Resources, pair: AccountPair, pepper: bytes) -> None:
    generated = await create_key(resources, pair.live.id, "ERP", pepper=pepper)
    await suspend_account(resources, pair.live.id)

    reinstated = await reinstate_account(resources, pair.live.id)

    assert reinstated == pair.live
    caller = await authenticate(resources, generated.text, pepper=pepper)
    quoted = await quote_order(resources, caller, OrderRequest(ask=ByMass(12_070)), valid_ms=60_000)
    assert quoted.quote.mass_g == 12_069


async def test_suspending_again_keeps_the_first_instant_and_spares_the_twin(
    resources: Resources, pair: AccountPair, clock: SetClock
) -> None:
    first = clock.now
    await suspend_account(resources, pair.live.id)
    clock.now += timedelta(days=1)

    again = await suspend_account(resources, pair.live.id)

    stored = {account.id: account.suspended_at for account in await list_accounts(resources)}
    assert again.suspended_at == first
    assert (stored[pair.live.id], stored[pair.test.id]) == (first, None)


async def test_an_unknown_account_is_not_found(resources: Resources) -> None:
    for change in (suspend_account, reinstate_account):
        with pytest.raises(Refused) as refusal:
            await change(resources, uuid7())
        assert refusal.value.code is Code.NOT_FOUND
