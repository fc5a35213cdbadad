"""Subscriptions by the clients graphql-ws and graphql-sse for Node, to processes of the service that share a database.

Seen to fail when: events of another process are not seen; a subscriber that is slow keeps its connection; a process
that ends cuts its connections without a word; a connection is taken for a head that does not end, or nginx closes it
because it is silent.
"""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from service.api.graphql.transport.websocket import PROTOCOL
from service.operations.manage_keys import revoke_key
from service.storage.database import Database
from tests.api.streams import SUBSCRIBE
from tests.conformance.conftest import HERE, Script
from tests.nginx import certify, running_nginx
from tests.server import Server, key_for, lasting_port, serving
from tests.shop import Shop, open_shop
from tests.waiting import HANGS_S

pytestmark = pytest.mark.tools
REVOKED_S = 2.0
"""Time within which a connection ends whose key was revoked."""
COUNT = 100
"""Orders whose events are more than a system keeps for a reader: ten megabytes."""


class Subscriber:
    """A program that subscribes by the client of a kind, and tells what happens."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def ask(self, key: str, *, by_header: bool = False, retries: int = 0, **variables: Any) -> None:
        credentials = {"Authorization": f"Bearer {key}"}
        asked = {
            "headers": credentials if by_header else {},
            "payload": {} if by_header else credentials,
            "request": {"query": SUBSCRIBE, "variables": variables},
            "retries": retries,
        }
        assert self.process.stdin is not None
        self.process.stdin.write(orjson.dumps(asked) + b"\n")
        await self.process.stdin.drain()

    async def hear(self, what: str) -> Any:
        """The next thing of that name; others are passed over, but no error."""
        assert self.process.stdout is not None
        async with asyncio.timeout(HANGS_S):
            while line := await self.process.stdout.readline():
                told = orjson.loads(line)
                if what in told:
                    return told[what]
                assert "error" not in told, told
        raise AssertionError("the client has ended")

    async def sequences(self, count: int) -> list[int]:
        return [int((await self.hear("event"))["data"]["orderEvents"]["sequence"]) for _ in range(count)]


@asynccontextmanager
async def subscriber(kind: str, url: str, **environment: str) -> AsyncIterator[Subscriber]:
    node = shutil.which("node")
    assert node is not None
    process = await asyncio.create_subprocess_exec(
        *(node, str(HERE / "clients.mjs"), kind, f"{url}/graphql"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | environment,
    )
    try:
        yield Subscriber(process)
    finally:
        process.kill()
        await process.communicate()


@pytest.fixture
async def shop(balanced: Database, script: Script) -> Shop:
    return await open_shop(balanced)


async def order_at(server: Server, key: str) -> None:
    client = server.client(key)
    document = """mutation { createOrderByMass(input: {mass: {amount: "1", unit: KILOGRAM}, idempotencyKey: "%s"}) {
        order { id } userErrors { message } } }"""
    answer = await client.graphql(document % uuid4())
    assert answer.json["data"]["createOrderByMass"]["order"], answer.json
    await client.close()


async def test_clients_hear_of_every_process_and_go_on_at_another_one(shop: Shop, database_url: str):
    key = await key_for(shop.resources, shop.account.id)
    options = {"workers_embedded": False, "subscription_poll_ms": 20}
    await shop.place()
    async with (
        serving(database_url, **options) as first,
        serving(database_url, **options) as second,
        subscriber("ws", first.url) as by_socket,
        subscriber("sse", second.url) as by_events,
    ):
        await by_socket.ask(key, after=0)
        await by_events.ask(key, by_header=True, after=0)
        assert [await each.sequences(2) for each in (by_socket, by_events)] == [[1, 2], [1, 2]]
        await order_at(first, key)
        await order_at(second, key)
        assert [await each.sequences(4) for each in (by_socket, by_events)] == [[3, 4, 5, 6]] * 2

        ending = asyncio.create_task(first.end(signal.SIGTERM))
        assert await by_socket.hear("closed") == 1012
        assert await ending == 0
        await order_at(second, key)
        async with subscriber("ws", second.url) as again:
            await again.ask(key, by_header=True, after=6)
            assert [await each.sequences(2) for each in (again, by_events)] == [[7, 8], [7, 8]]

            await revoke_key(shop.resources, key.split("_")[2])
            async with asyncio.timeout(REVOKED_S):
                assert await again.hear("closed") == 4401
                refused = await by_events.hear("event")
            assert refused["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_clients_connect_again_by_themselves_after_the_last_event(sqlite_url: str, script: Script):
    database = await Database.open(sqlite_url)
    shop = await open_shop(database)
    key, port = await key_for(shop.resources, shop.account.id), lasting_port()
    options = {"workers_embedded": False, "subscription_poll_ms": 20}
    await shop.place()
    url = f"http://127.0.0.1:{port}"
    async with subscriber("ws", url) as by_socket, subscriber("sse", url) as by_events:
        async with serving(sqlite_url, port=port, **options) as server:
            await by_socket.ask(key, retries=1_000, after=0)
            await by_events.ask(key, by_header=True, retries=1_000, after=0)
            assert [await each.sequences(2) for each in (by_socket, by_events)] == [[1, 2], [1, 2]]
            assert await server.end(signal.SIGTERM) == 0
        await shop.place()
        async with serving(sqlite_url, port=port, **options):
            assert [await each.sequences(2) for each in (by_socket, by_events)] == [[3, 4], [3, 4]]
    await database.close()


async def ignoring_the_end(socket: ClientConnection) -> AsyncIterator[str | bytes]:
    """The messages, until the connection is closed with whatever code."""
    with suppress(ConnectionClosed):
        async for message in socket:
            yield message


async def test_a_subscriber_that_reads_nothing_is_dropped_and_told_so_when_it_does(sqlite_url: str):
    database = await Database.open(sqlite_url)
    shop = await open_shop(database)
    key = await key_for(shop.resources, shop.account.id)
    for _ in range(COUNT):
        await shop.place(metadata={"long": "x" * 50_000})
    document = "subscription ($after: BigInt) { orderEvents(after: $after) { sequence order { metadata } } }"

    async def follow(socket: ClientConnection, after: int) -> None:
        await socket.send(
            orjson.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {key}"}}), text=True
        )
        assert orjson.loads(await socket.recv()) == {"type": "connection_ack"}
        payload = {"query": document, "variables": {"after": after}}
        await socket.send(orjson.dumps({"type": "subscribe", "id": "1", "payload": payload}), text=True)

    async with serving(sqlite_url, workers_embedded=False, subscription_send_timeout_ms=200) as server:
        address = f"{server.url.replace('http', 'ws')}/graphql"
        async with connect(address, subprotocols=[PROTOCOL], max_queue=1, max_size=None, compression=None) as socket:
            await follow(socket, 0)
            await asyncio.sleep(1)
            messages = [orjson.loads(message) async for message in ignoring_the_end(socket)]
        assert socket.close_code == 4410
        heard = [int(each["payload"]["data"]["orderEvents"]["sequence"]) for each in messages]
        assert heard == list(range(1, len(heard) + 1))
        assert 0 < len(heard) < 2 * COUNT
        async with connect(address, subprotocols=[PROTOCOL], max_size=None) as socket:
            await follow(socket, heard[-1])
            rest = [orjson.loads(await socket.recv())["payload"] for _ in range(2 * COUNT - len(heard))]
        assert int(rest[-1]["data"]["orderEvents"]["sequence"]) == 2 * COUNT
    await database.close()


async def test_silent_subscriptions_stay_open_behind_nginx(sqlite_url: str, tmp_path: Path, script: Script):
    certify(tmp_path)
    database = await Database.open(sqlite_url)
    shop = await open_shop(database)
    key = await key_for(shop.resources, shop.account.id)
    async with serving(sqlite_url, workers_embedded=False, subscription_keep_alive_ms=300) as server:
        port = int(server.url.rpartition(":")[2])
        with running_nginx(tmp_path, [port, port], read_timeout="1s") as (tls_port, _):
            url = f"https://127.0.0.1:{tls_port}"
            trusting = {"NODE_TLS_REJECT_UNAUTHORIZED": "0", "NODE_NO_WARNINGS": "1"}
            async with subscriber("ws", url, **trusting) as by_socket, subscriber("sse", url, **trusting) as by_events:
                await by_socket.ask(key)
                await by_events.ask(key, by_header=True)
                await by_socket.hear("connected")
                await by_events.hear("connected")
                await asyncio.sleep(2.5)
                await shop.place()
                assert [await each.sequences(2) for each in (by_socket, by_events)] == [[1, 2], [1, 2]]
    await database.close()
