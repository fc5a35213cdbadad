"""Every pair of verbs that write, at once on one PostgreSQL: none deadlocks, and nothing fails but for a rule.

`PAIR_ROUNDS` says how often each pair meets. Seen to fail when: bundles are locked FOR UPDATE, which crosses with the
foreign keys of orders; an import writes its goods in the order of the file.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import combinations, combinations_with_replacement
from pathlib import Path

import pytest
from graphql import build_schema

from service.errors import Code
from service.kit.database_address import parse_address
from service.storage.database import Database
from service.workers.jobs import steps, steps_of_server
from service.workers.mail import MailSender
from tests.api.graphql_api import open_graphql_api
from tests.books import assert_books_balance
from tests.conftest import Postgres
from tests.races.deadlocks import deadlocks_of
from tests.races.verbs import DONE, MUTATIONS, STEPS, VERBS, Market, attempt, open_market
from tests.shop import open_shop
from tests.waiting import PATIENT

ROUNDS = int(os.environ.get("PAIR_ROUNDS", "1"))
AT_ONCE = 6
"""Verbs that run at the same time, each of them twice: each meets itself too."""


@pytest.fixture
async def counting(postgres: Postgres, postgresql_copy_url: str) -> AsyncIterator[Database]:
    """A database of the test's own, whose server looks for deadlocks at once."""
    name = parse_address(postgresql_copy_url).connection["database"]
    postgres.execute(f"ALTER DATABASE {name} SET deadlock_timeout = '5ms'")
    database = await Database.open(postgresql_copy_url, **PATIENT)
    yield database
    await database.close()


def test_every_mutation_of_the_schema_has_its_verb():
    schema = build_schema(Path("schema.graphql").read_text())

    assert schema.mutation_type is not None
    assert MUTATIONS.keys() == schema.mutation_type.fields.keys()


def test_every_step_of_the_workers_has_its_verb():
    known = steps(
        rest_ms=1,
        retire_after_ms=1,
        retire_unpaid=False,
        public_address="https://orders.test",
        webhook_bodies=object(),  # type: ignore[arg-type]  # of no step is anything run
        mail_sender=MailSender(None, None),  # type: ignore[arg-type]
    )

    assert STEPS.keys() == {step.name for step in (*known, *steps_of_server(key_uses_ms=1))}


def gatherings(chance: random.Random) -> Iterator[list[str]]:
    """Yield verbs to run at once, until each pair of verbs has met."""
    names = sorted(VERBS)
    unmet = set(combinations_with_replacement(names, 2))
    while unmet:
        some = list(chance.choice(sorted(unmet)))
        while len(some) < AT_ONCE:
            gains = {
                name: sum(tuple(sorted((name, each))) in unmet for each in some) for name in names if name not in some
            }
            best = max(gains.values())
            some.append(chance.choice([name for name, gain in gains.items() if gain == best]))
        some = sorted(set(some))
        unmet -= {*combinations(some, 2), *((name, name) for name in some)}
        yield some


async def test_no_pair_of_verbs_deadlocks(counting: Database, postgresql_copy_url: str, postgres: Postgres):
    shop = await open_shop(counting)
    outcomes: dict[str, Counter[str]] = {name: Counter() for name in VERBS}
    budget = {"query_points_a_minute": 10**9, "hold_percent_max": 100, "open_holds_max": 10**6, **PATIENT}
    budget |= {"request_deadline_ms": 60_000, "group_writers": 2}

    async def run(market: Market, name: str) -> None:
        outcomes[name][await attempt(market, name)] += 1

    async with (
        open_graphql_api(shop, postgresql_copy_url, **budget) as left,
        open_graphql_api(shop, postgresql_copy_url, quote_valid_ms=1, **budget) as right,
    ):
        market = await open_market(shop, left, right, seed=7)
        for name in ("createOrderByMass", "createMassEstimate") * 6:
            await run(market, name)
        chance = random.Random(3)
        for _ in range(ROUNDS):
            for some in gatherings(chance):
                await asyncio.gather(*(run(market, name) for name in some * 2))

    assert await deadlocks_of(counting) == 0, deadlocks_told(postgres)
    assert {name for name, counted in outcomes.items() if not counted[DONE]} == set()
    assert {code for counted in outcomes.values() for code in counted} & {Code.INTERNAL_SERVER_ERROR} == set()
    await assert_books_balance(counting)


def deadlocks_told(postgres: Postgres) -> str:
    """The last statements that the server's log says to have waited for each other."""
    lines = postgres.server.log.read_text().splitlines()
    return "\n".join(line[:300] for line in lines if "Process" in line or "while" in line)[-6_000:]
