"""Outages at Carbonext: 503 while the database is away, never a refused credential or a balance of 0.

Seen to fail when: the token addresses take every refusal for a wrong key; the balance takes an outage for no price.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from service.domain.amounts import Money
from service.operations.record_payment import record_payment
from service.storage.database import Database
from tests.api.rest.carbonext.test_tokens import CONNECT, REALM, key_id, token
from tests.api.rest.client import Rest, open_rest
from tests.shop import Shop, open_shop

PATIENCE_MS = 50


@asynccontextmanager
async def taken(shop: Shop, table: str) -> AsyncIterator[None]:
    """Inside, whatever reads the table waits, as it would for a free connection."""
    async with shop.database.transaction() as statements:
        await statements.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


@pytest.fixture
async def rest(postgresql_url: str) -> AsyncIterator[Rest]:
    database = await Database.open(postgresql_url)
    shop = await open_shop(database, currency="BRL", commission_hundredths=0, contract="carbonext")
    async with open_rest("carbonext", shop, postgresql_url, lock_timeout_ms=PATIENCE_MS) as rest:
        yield rest
    await database.close()


def is_refused_for_now(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.headers.get("retry-after")) == (503, "1") and "error" not in answer.json()


async def test_a_failed_key_look_up_is_retryable_and_not_a_wrong_key(rest: Rest):
    secret = {"client_id": key_id(rest.key), "client_secret": rest.key}
    refresh = (await token(rest, CONNECT))["refresh_token"]
    async with taken(rest.shop, "api_keys"):
        for path in (REALM, CONNECT):
            form = {"grant_type": "client_credentials", **secret}
            assert is_refused_for_now(await rest.ask("POST", path, key="", data=form)), path
        form = {"grant_type": "refresh_token", "refresh_token": refresh, **secret}
        assert is_refused_for_now(await rest.ask("POST", CONNECT, key="", data=form))


async def test_a_balance_is_not_shown_as_zero_when_the_price_cannot_be_read(rest: Rest):
    await record_payment(rest.shop.resources, rest.shop.caller, rest.shop.account.id, "paid", Money(10_000, "BRL"))
    async with taken(rest.shop, "prices"):
        assert is_refused_for_now(await rest.ask("GET", "/customers/balance"))
