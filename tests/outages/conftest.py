"""A service as a process of its own on a database that is taken away from it; its books have to balance afterwards."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from service.storage.database import Database
from service.storage.migrations import migrate
from tests.books import assert_books_balance
from tests.conftest import run
from tests.http_client import Answer, HttpClient
from tests.own_postgres import OwnPostgres, own_postgres
from tests.server import key_for, running_process
from tests.shop import Shop, open_shop
from tests.waiting import HANGS_S

SLACK_S = 2.0
"""What a busy machine may add to a promised time."""
REFUSED_WITHIN_S = 3.0
BACK_WITHIN_S = 1.0
RED_WITHIN_S = 2.0

ORDER = (
    "mutation ($input: CreateOrderByMassInput!) { createOrderByMass(input: $input)"
    " { order { id } replayed userErrors { code } } }"
)
LIMITS = {
    "log_level": "info",
    "log_json": "true",
    # Long, so that nothing but the watch of the database ends a wait.
    "statement_timeout_ms": 60_000,
    "request_deadline_ms": 60_000,
}
FORM = "application/x-www-form-urlencoded"


@dataclass
class Service:
    """`url` answers; every line of its log is in `log`."""

    url: str
    log: Path
    key: str
    database_url: str
    process: subprocess.Popen[bytes]
    shop: Shop

    def client(self) -> HttpClient:
        return HttpClient(self.url, key=self.key, timeout_s=HANGS_S)

    def events(self) -> list[str]:
        """The events of the log so far."""
        return [line["event"] for line in self.lines()]

    def lines(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.log.read_bytes().splitlines() if line.startswith(b"{")]

    async def order(self, key: str) -> Answer:
        """One order of a kilogram."""
        return await self._once(lambda client: client.graphql(ORDER, {"input": a_kilogram(key)}))

    async def read(self) -> Answer:
        return await self._once(lambda client: client.graphql("{ orders { nodes { number } } }"))

    async def status(self, path: str) -> int:
        return (await self._once(lambda client: client.send("GET", path))).status

    async def every_api(self) -> dict[str, Answer]:
        """One call of each API and public page, at the same time."""
        calls = {
            "GraphQL": lambda client: client.graphql("{ orders { nodes { number } } }"),
            "a mutation": lambda client: client.graphql(ORDER, {"input": a_kilogram("away")}),
            "Lune": lambda client: client.send("GET", "/lune/v1/orders"),
            "carbon-engine": lambda client: client.send("GET", "/carbon-engine/v1/orders"),
            "Carbonext": lambda client: client.send("GET", "/carbonext/v1/customers/balance"),
            "its tokens": self._token,
            "a certificate": lambda client: client.send("GET", "/certificates/" + "a" * 43),
        }
        answers = await asyncio.gather(*(self._once(call) for call in calls.values()))
        return dict(zip(calls, answers, strict=True))

    async def _once(self, call: Any) -> Answer:
        client = self.client()
        try:
            return await call(client)
        finally:
            await client.close()

    async def until(self, path: str, status: int) -> float:
        """Seconds until the address answers so."""
        began_s = time.monotonic()
        async with asyncio.timeout(HANGS_S):
            while await self.status(path) != status:  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.02)
        return time.monotonic() - began_s

    async def until_away(self) -> None:
        """Return once a key that was looked up a moment ago is not believed any more without the database."""
        async with asyncio.timeout(HANGS_S):
            while (await self._once(self._token)).status != 503:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.02)

    async def _token(self, client: HttpClient) -> Answer:
        key_id = self.key.split("_")[2]
        form = f"grant_type=client_credentials&client_id={key_id}&client_secret={self.key}".encode()
        return await client.send("POST", "/carbonext/connect/token", form, content_type=FORM)

    async def until_ordered(self, key: str) -> tuple[float, bool]:
        """Seconds until the order is placed, asked for again as long as the service is unavailable; and whether it had
        been placed before.
        """
        began_s = time.monotonic()
        async with asyncio.timeout(HANGS_S):
            while "errors" in (answer := await self.order(key)).json:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.02)
        payload = answer.json["data"]["createOrderByMass"]
        assert payload["order"] is not None, payload
        return time.monotonic() - began_s, payload["replayed"]


def a_kilogram(key: str) -> dict[str, Any]:
    """The input of an order."""
    return {"mass": {"amount": "1", "unit": "KILOGRAM"}, "idempotencyKey": key}


def is_refused_for_now(answer: Answer) -> bool:
    """Whether the answer is 503 with `Retry-After`, in whatever words its API has for it."""
    return answer.status == 503 and answer.headers.get("retry-after") == "1" and answer.body != b""


@pytest.fixture(scope="module")
def postgres_of_our_own() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        run(migrate(server.url))
        yield server


@pytest.fixture(scope="module")
def serving_on_postgresql(
    postgres_of_our_own: OwnPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    locks = {"lock_timeout_ms": 60_000, "group_lock_timeout_ms": 60_000}
    with service_on(postgres_of_our_own.url, tmp_path_factory.mktemp("service") / "log", **locks) as service:
        yield service


@pytest.fixture
def on_postgresql(serving_on_postgresql: Service) -> Iterator[Service]:
    """The module's service; the books have to balance after each test."""
    yield serving_on_postgresql
    run(books_balance(serving_on_postgresql.database_url))


@pytest.fixture
def on_sqlite(sqlite_url: str, tmp_path: Path) -> Iterator[Service]:
    with service_on(sqlite_url, tmp_path / "log") as service:
        yield service


@contextmanager
def service_on(database_url: str, log: Path, *, pooled: bool = False, **settings: object) -> Iterator[Service]:
    """The service on a database that is empty but for its tables."""

    async def prepare() -> tuple[str, Shop]:
        database = await Database.open(database_url, pooled=pooled)
        try:
            shop = await open_shop(database)
            return await key_for(shop.resources, shop.account.id), shop
        finally:
            await database.close()

    key, shop = run(prepare())
    with log.open("wb") as lines, running_process(database_url, log=lines, **LIMITS, **settings) as (url, process):
        yield Service(url, log, key, database_url, process, shop)
    run(books_balance(database_url, pooled=pooled))


async def books_balance(database_url: str, *, pooled: bool = False) -> None:
    """Assert that the books of the database balance."""
    database = await Database.open(database_url, pooled=pooled)
    try:
        await assert_books_balance(database)
    finally:
        await database.close()
