"""A key that was looked up is believed for a second at most: then revocation, expiry and suspension count."""

import asyncio
import time

import httpx

from service.app import create_app
from service.domain.api_keys import Scope
from service.kit.clock import system_clock
from service.operations.manage_keys import create_key
from service.settings import Settings
from service.storage.database import Database
from tests.api.door import PEPPER, started
from tests.shop import open_shop

BITES_WITHIN_S = 1.0
SLACK_S = 0.5  # of a machine that is busy


async def test_a_revocation_bites_within_a_second(sqlite_url: str):
    database = await Database.open(sqlite_url)
    shop = await open_shop(database)
    key = (await create_key(shop.resources, shop.account.id, "test", frozenset(Scope), pepper=PEPPER)).text
    app = create_app(Settings(database_url=sqlite_url, workers_embedded=False), pepper=PEPPER)
    async with started(app), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:

        async def status() -> int:
            headers = {"authorization": f"Bearer {key}"}
            answer = await client.post("/graphql", json={"query": "{ account { suspended } }"}, headers=headers)
            suspended = answer.status_code == 200 and answer.json()["data"]["account"]["suspended"]
            return 423 if suspended else answer.status_code

        assert await status() == 200
        # Then it is believed: nobody looks it up again within the second.
        await shop.say("UPDATE accounts SET suspended_at = $1", system_clock())
        suspended_at = time.monotonic()
        while await status() == 200:  # noqa: ASYNC110 - what it waits for happens elsewhere
            await asyncio.sleep(0.02)
        assert time.monotonic() - suspended_at < BITES_WITHIN_S + SLACK_S

        await shop.say("UPDATE api_keys SET revoked_at = $1", system_clock())
        revoked_at = time.monotonic()
        while await status() != 401:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        assert 0 < time.monotonic() - revoked_at < BITES_WITHIN_S + SLACK_S
    await database.close()


async def test_a_known_key_is_not_looked_up_again(sqlite_url: str):
    database = await Database.open(sqlite_url)
    shop = await open_shop(database)
    key = (await create_key(shop.resources, shop.account.id, "test", frozenset(Scope), pepper=PEPPER)).text
    app = create_app(Settings(database_url=sqlite_url, workers_embedded=False), pepper=PEPPER)
    async with started(app), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        headers = {"authorization": f"Bearer {key}"}
        query = {"query": "{ account { name } }"}
        assert (await client.post("/graphql", json=query, headers=headers)).status_code == 200
        await shop.say("DELETE FROM api_keys")
        assert (await client.post("/graphql", json=query, headers=headers)).status_code == 200
        # Another secret under the same id is still another key.
        forged = {"authorization": f"Bearer {key[:-1]}{'x' if key[-1] != 'x' else 'y'}"}
        assert (await client.post("/graphql", json=query, headers=forged)).status_code == 401
    await database.close()
