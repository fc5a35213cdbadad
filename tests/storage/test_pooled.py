"""A database behind pgbouncer in transaction mode, whose few sessions go from client to client. tests/promises/ has a
service behind it under load.

Seen to fail when: a connection sends a start-up parameter or a prepared statement of a name; a statement outside of a
transaction is parsed in one session and run in another; a limit is set for a session and not in the transaction.
"""

import asyncio
from collections.abc import Iterator

import pytest

from service.storage.database import Database
from service.storage.failures import SLOW, DatabaseUnavailable
from tests.pgbouncer import running_pgbouncer


@pytest.fixture
def pooler_url(postgresql_copy_url: str) -> Iterator[str]:
    with running_pgbouncer(postgresql_copy_url) as url:
        yield url


async def test_behind_a_pooler_each_statement_gets_its_own_rows_and_its_limits(pooler_url: str):
    database = await Database.open(pooler_url, pooled=True, statement_timeout_ms=1_500, pool_wait_ms=60_000)
    try:

        async def ask(number: int) -> None:
            sql = f"SELECT $1::int AS mine, {number} AS text, current_setting('statement_timeout') AS limit_of_each"
            (row,) = await database.reader.fetch(sql, number)
            assert dict(row) == {"mine": number, "text": number, "limit_of_each": "1500ms"}
            ((cell,),) = await database.reader.fetch_cells("SELECT $1::int", number)
            assert cell == number

        await asyncio.gather(*map(ask, range(200)))
        with pytest.raises(DatabaseUnavailable) as caught:
            await database.reader.fetch("SELECT pg_sleep(60)")
        assert caught.value.failure is SLOW
        async with database.transaction(lock_timeout_ms=77) as statements:
            names = ("lock_timeout", "idle_in_transaction_session_timeout", "transaction_isolation")
            told = [(await statements.fetch("SELECT current_setting($1) AS value", name))[0]["value"] for name in names]
        assert told == ["77ms", "3s", "read committed"]
        (row,) = await database.reader.fetch("SELECT current_setting('lock_timeout') AS value")
        assert row["value"] == "2s", "what one transaction was told stays in it"
    finally:
        await database.close()
