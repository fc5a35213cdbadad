"""The real application, started and stopped as a server does, asked over ASGI without a socket."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from service.app import create_app
from service.domain.accounts import Account
from service.domain.api_keys import Scope
from service.operations.manage_keys import create_key
from service.settings import Settings
from tests.shop import Shop

PEPPER = b"pepper of the tests, 32 bytes...."


@asynccontextmanager
async def started(app: Any) -> AsyncIterator[None]:
    """The application has started; afterwards it has stopped. Both in one task, as a server does it."""
    said: asyncio.Queue[Any] = asyncio.Queue()
    heard: asyncio.Queue[Any] = asyncio.Queue()
    task = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, said.get, heard.put))
    await said.put({"type": "lifespan.startup"})
    try:
        assert (await heard.get())["type"] == "lifespan.startup.complete"
        yield
    finally:
        await said.put({"type": "lifespan.shutdown"})
        await asyncio.wait_for(task, timeout=15)
    assert (await heard.get())["type"] == "lifespan.shutdown.complete"


@dataclass
class GraphQLApi:
    """GraphQL of the running service over a shop's database, and keys to it."""

    shop: Shop
    client: httpx.AsyncClient
    key: str

    async def ask(
        self, query: str, variables: Mapping[str, Any] | None = None, *, key: str | None = None, **headers: str
    ) -> httpx.Response:
        """The answer to a document; an empty key is none."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key != "":
            sent.setdefault("authorization", f"Bearer {key or self.key}")
        return await self.client.post("/graphql", json={"query": query, "variables": variables}, headers=sent)

    async def data(self, query: str, variables: Mapping[str, Any] | None = None, *, key: str | None = None) -> Any:
        """What was asked for, without any error."""
        answer = await self.ask(query, variables, key=key)
        body = answer.json()
        assert (answer.status_code, body.get("errors")) == (200, None), body
        return body["data"]

    async def new_key(self, *scopes: Scope, account: Account | None = None) -> str:
        """A fresh key of the shop's account, or of another."""
        owner = account or self.shop.account
        generated = await create_key(self.shop.resources, owner.id, "test", scopes or frozenset(Scope), pepper=PEPPER)
        return generated.text


@asynccontextmanager
async def open_graphql_api(shop: Shop, url: str, **settings: Any) -> AsyncIterator[GraphQLApi]:
    """The service without its workers, so that nothing happens but what is asked for. Unless told otherwise it looks
    every key up afresh, so that what tests change behind its back counts at once.
    """
    told = {"database_url": url, "workers_embedded": False, "known_keys_ms": 0, "key_uses_ms": 0, **settings}
    app = create_app(Settings(**told), pepper=PEPPER)
    async with (
        started(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service.test") as client,
    ):
        api = GraphQLApi(shop, client, "")
        api.key = await api.new_key()
        yield api
