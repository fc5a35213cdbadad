"""The first of several PostgreSQL hosts that answers is connected to, also while another one says nothing at all.

Seen to fail when: hosts are tried one after the other within one time; a connection that came too late is kept.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing

import asyncpg
import pytest

from service.kit.database_address import parse_address
from service.storage.database import Database
from service.storage.engines import hosts
from service.storage.engines.hosts import connect_to_first
from service.storage.failures import LOST, DatabaseUnavailable
from tests.conftest import Postgres
from tests.server import free_port
from tests.waiting import HANGS_S


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A socket for which the system accepts connections, and that nobody reads."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server


def url_of(postgres: Postgres, *ports: int) -> str:
    """The address of several hosts, of which the shared server is the last."""
    folder = parse_address(postgres.uri("postgres")).connection["host"][0]
    names = ",".join([*("127.0.0.1" for _ in ports), folder])
    numbers = ",".join(map(str, [*ports, 5432]))
    return f"postgresql://postgres@/postgres?host={names}&port={numbers}&target_session_attrs=read-write"


async def test_a_host_that_says_nothing_does_not_keep_from_the_next(postgres: Postgres, silent: socket.socket):
    url = url_of(postgres, free_port(), silent.getsockname()[1])
    async with asyncio.timeout(HANGS_S / 2):  # asyncpg's own limit is a minute
        database = await Database.open(url)
        assert await database.reader.fetch_cells("SELECT 1") == [(1,)]
        await database.close()
    peer, _ = silent.accept()
    with closing(peer):
        peer.setblocking(True)
        peer.settimeout(HANGS_S)
        while peer.recv(1_024):  # what was said before the connection was given up
            pass


async def test_the_cause_is_told_when_no_host_can_be_reached(postgres: Postgres):
    with pytest.raises(DatabaseUnavailable) as caught:
        await Database.open(f"postgresql://u@127.0.0.1:{free_port()},127.0.0.1:{free_port()}/orders")
    assert caught.value.failure is LOST


async def test_no_connection_is_left_by_an_attempt_that_is_cancelled(
    postgres: Postgres, silent: socket.socket, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(hosts, "HEAD_START_S", 0.002)
    address = parse_address(url_of(postgres, silent.getsockname()[1])).connection
    onlooker = await asyncpg.connect(postgres.uri("postgres"))
    name = {"application_name": "an attempt that is cancelled"}
    counted = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name['application_name']}'"
    for delay_ms in range(30):
        attempt = asyncio.create_task(connect_to_first(address, server_settings=name))
        await asyncio.sleep(delay_ms / 1_000)
        if not attempt.cancel():
            (await attempt).terminate()
        await asyncio.wait([attempt])
    async with asyncio.timeout(HANGS_S):
        while await onlooker.fetchval(counted):  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0.01)
    await onlooker.close()
