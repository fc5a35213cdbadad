"""Slow statements in the log: with their text and their requests, without their values.

Seen to fail when: the time is taken before the connection is there; the query batcher forgets whose queries it sends.
"""

import asyncio
from contextvars import Context

from structlog.testing import capture_logs

from service.kit.origins import ORIGINS, origin_ids
from service.kit.request_id import REQUEST_ID
from service.storage.database import Database
from service.storage.engines.statement_watch import StatementWatch, shortened


async def test_a_statement_within_the_limit_is_not_logged(postgresql_url: str):
    database = await Database.open(postgresql_url, slow_statement_ms=60_000)
    try:
        with capture_logs() as logged:
            await database.reader.fetch("SELECT pg_sleep(0.05)")
    finally:
        await database.close()

    assert logged == []
    assert database.statement_watch.slow == 0


async def test_a_slow_statement_is_logged_without_its_values(postgresql_url: str):
    database = await Database.open(postgresql_url, slow_statement_ms=20)
    try:
        with capture_logs() as logged:
            await database.reader.fetch("SELECT pg_sleep(0.05)\n  WHERE $1 <> 'x'", "secret of Ada")
    finally:
        await database.close()

    (line,) = logged
    assert line.pop("ms") >= 50
    assert line == {
        "event": "statement_slow",
        "log_level": "warning",
        "statement": "SELECT pg_sleep(0.05) WHERE $1 <> 'x'",
    }
    assert database.statement_watch.slow == 1


async def test_a_shared_query_is_logged_with_all_its_requests(postgresql_url: str):
    database = await Database.open(postgresql_url, slow_statement_ms=20)
    ids: list[list[str]] = []

    async def ask(number: int) -> None:
        REQUEST_ID.set(f"r{number}")
        await database.reader.fetch_cells("SELECT pg_sleep(0.03)::text, $1::int", number)

    class Lines:
        def __call__(self, logger, method, event):
            ids.append(origin_ids())
            return event

    try:
        with capture_logs(processors=[Lines()]) as logged:
            await asyncio.gather(*(asyncio.create_task(ask(number)) for number in range(4)))
    finally:
        await database.close()

    assert {each["event"] for each in logged} == {"statement_slow"}
    assert sorted({each for found in ids for each in found}) == ["r0", "r1", "r2", "r3"]
    assert max(map(len, ids)) > 1


async def test_a_slow_statement_of_a_file_is_logged(sqlite_url: str):
    database = await Database.open(sqlite_url, slow_statement_ms=1, loop_read_ms=0)
    endless = (
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 300000) SELECT COUNT(*) AS n FROM t"
    )
    try:
        with capture_logs() as logged:
            await database.reader.fetch(endless)
    finally:
        await database.close()

    assert [each["statement"] for each in logged if each["event"] == "statement_slow"] == [endless]


async def test_work_of_no_request_has_no_ids():
    contexts = [Context(), Context()]
    contexts[1].run(REQUEST_ID.set, "r1")
    ORIGINS.set(contexts)
    assert origin_ids() == ["r1"]


def test_a_statement_is_written_in_one_line_of_bounded_length():
    assert shortened("SELECT 1\n   FROM x") == "SELECT 1 FROM x"
    assert shortened(f"INSERT {'($1), ' * 10_000}") == f"INSERT {'($1), ' * 10_000}"[:500] + "…"


def test_without_a_bound_nothing_is_slow():
    watch = StatementWatch()
    watch.ended("SELECT 1", 1e9)
    assert watch.slow == 0
