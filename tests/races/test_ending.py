"""A server that ends under load, gently or not: what it acknowledged is there, and nothing is there twice."""

import asyncio
import signal
from collections.abc import Sequence
from itertools import count

from service.errors import Code
from service.storage import orders
from tests.books import rows_of
from tests.crowd import CUT, PLACED, Ordered, crowd, insist, order, wanted
from tests.server import Server, key_for, serving
from tests.shop import Shop

CLIENTS = 64
ENOUGH = 100
"""So many orders are acknowledged before the server is told to end, so that the crowd is in full swing."""


async def order_until_it_ends(server: Server, key: str, how: signal.Signals) -> tuple[int, list[Ordered]]:
    """The exit code, and how every attempt ended until the port was closed."""
    numbers, attempts = count(), []
    swinging = asyncio.Event()

    async def client() -> None:
        connection = server.client(key)
        while True:
            attempt = await order(connection, wanted(1_000, f"load-{next(numbers)}"))
            attempts.append(attempt)
            if len(attempts) >= ENOUGH:
                swinging.set()
            if attempt.outcome == CUT and server.process.returncode is not None:
                return

    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(client())
        await swinging.wait()
        exit_code = await server.end(how)
    return exit_code, attempts


def keys_of(attempts: Sequence[Ordered], outcome: str) -> set[str]:
    return {each.key for each in attempts if each.outcome == outcome}


async def stored_keys(shop: Shop) -> set[str]:
    rows = await rows_of(shop.database, orders.ORDERS)
    keys = {row.idempotency_key for row in rows}
    assert len(keys) == len(rows)
    return keys


async def test_every_order_under_way_is_answered_before_a_server_ends(shop: Shop, database_url: str):
    key = await key_for(shop.resources, shop.account.id)

    async with serving(database_url) as server:
        exit_code, attempts = await order_until_it_ends(server, key, signal.SIGTERM)

    assert exit_code == 0
    assert {each.outcome for each in attempts} <= {PLACED, CUT, Code.UNAVAILABLE}
    # A connection that was cut had been idle: its order had not arrived.
    assert await stored_keys(shop) == keys_of(attempts, PLACED)


async def test_a_killed_server_keeps_what_it_acknowledged_and_the_keys_tell_the_rest(shop: Shop, database_url: str):
    key = await key_for(shop.resources, shop.account.id)

    async with serving(database_url) as server:
        exit_code, attempts = await order_until_it_ends(server, key, signal.SIGKILL)
    stored = await stored_keys(shop)
    cut = keys_of(attempts, CUT)
    async with serving(database_url) as server:
        again = await crowd([server.client(key) for _ in range(CLIENTS)], [wanted(1_000, each) for each in cut], insist)

    assert exit_code == -signal.SIGKILL
    assert keys_of(attempts, PLACED) <= stored <= keys_of(attempts, PLACED) | cut
    assert keys_of(again, PLACED) == cut
    assert {each.key for each in again if each.replayed} == stored & cut
    assert await stored_keys(shop) == keys_of(attempts, PLACED) | cut
