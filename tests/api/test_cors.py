"""Calls of web pages from other origins: closed by default, and open to those that are named, refusals included."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import ValidationError

from service.settings import Settings
from service.storage.database import Database
from tests.api.graphql_api import GraphQLApi, open_graphql_api
from tests.shop import open_shop

SHOP = "https://shop.example"
PATHS = ["/graphql", "/lune/v1/orders", "/carbon-engine/v1/orders", "/carbonext/v1/orders", "/v1/orders"]
EXPOSED = {"Content-Disposition", "Retry-After", "RateLimit", "RateLimit-Policy", "Idempotent-Replayed", "X-Request-Id"}


@asynccontextmanager
async def opened(sqlite_url: str, **settings: Any) -> AsyncIterator[GraphQLApi]:
    database = await Database.open(sqlite_url)
    async with open_graphql_api(await open_shop(database), sqlite_url, **settings) as api:
        yield api
    await database.close()


async def preflight(api: GraphQLApi, path: str, origin: str) -> Any:
    asked = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,idempotency-key,account-id",
    }
    return await api.client.options(path, headers={**asked, "host": "lune.example"})


@pytest.mark.parametrize("path", PATHS)
async def test_by_default_no_page_of_another_origin_may_call(sqlite_url: str, path: str):
    async with opened(sqlite_url, hosts="lune.example=lune") as api:
        for answer in (await preflight(api, path, SHOP), await api.client.get(path, headers={"origin": SHOP})):
            assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", PATHS)
async def test_pages_of_a_named_origin_may_call_and_read_refusals(sqlite_url: str, path: str):
    async with opened(sqlite_url, cors_origins=f"{SHOP}, https://b.example:8443", hosts="lune.example=lune") as api:
        allowed = await preflight(api, path, SHOP)
        assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, SHOP)
        named = {each.strip().lower() for each in allowed.headers["access-control-allow-headers"].split(",")}
        assert {"authorization", "content-type", "idempotency-key", "account-id"} <= named
        assert "access-control-allow-credentials" not in allowed.headers
        stranger = await preflight(api, path, "https://evil.example")
        assert (stranger.status_code, stranger.headers.get("access-control-allow-origin")) == (400, None)

        headers = {"origin": SHOP, "host": "lune.example"}
        refused = await api.client.post(path, content=b"x" * 200_000, headers=headers)
        assert refused.is_client_error
        assert refused.headers["access-control-allow-origin"] == SHOP
        assert set(refused.headers["access-control-expose-headers"].split(", ")) == EXPOSED
        assert "Origin" in refused.headers["vary"]
        other = await api.client.post(path, content=b"{}", headers={**headers, "origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize(
    "origins", ["shop.example", "https://shop.example/", "https://shop.example/a", "HTTPS://A", "null"]
)
def test_what_is_no_origin_is_refused(origins: str):
    with pytest.raises(ValidationError, match="an origin is https://host"):
        Settings(cors_origins=origins)
