"""The worker that seals events: each event once, whoever works beside it, and whenever it is interrupted.

Seen to fail when: the key of a seal is its last event; the due accounts include one whose next event is missing; a
customer reads the digest of another event, or of another account.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from service.domain.event_seals import BEFORE_THE_FIRST, EventSeal, seal_of
from service.kit.clock import system_clock
from service.operations import seal_events as operation
from service.operations.read_event_seals import SealedEvent, sealed_events
from service.operations.resources import Resources
from service.operations.seal_events import seal_events
from service.storage import event_seals
from service.storage.audit import CHECKS, find
from service.storage.database import Database
from service.storage.event_seals import SEALS
from tests.books import rows_of
from tests.makers import make_command
from tests.operations.test_audit import plant
from tests.operations.test_interruptions import Faults, PlantedError, failing, lost
from tests.shop import Shop, open_shop
from tests.storage.test_cancellation import BLOWS, Blow, strike

CHECKED = [check for check in CHECKS if check.id.startswith("event-seal")]


@pytest.fixture
async def shop(database: Database) -> Shop:
    return await open_shop(database)


def later(shop: Shop, minutes: int) -> Resources:
    """The shop's resources at a later time."""
    at = system_clock() + timedelta(minutes=minutes)
    return replace(shop.resources, clock=lambda: at)


async def seals(shop: Shop) -> list[EventSeal]:
    return sorted(await rows_of(shop.database, SEALS), key=lambda seal: (seal.account_id, seal.first_seq))


async def found(shop: Shop) -> dict[str, list[str]]:
    return {check.id: [row for _, row in (await find(shop.database.reader, check))[1]] for check in CHECKED}


NOTHING = {check.id: [] for check in CHECKED}


async def test_later_events_continue_the_chain(shop: Shop):
    await shop.place()
    assert await seal_events(shop.resources) == 1
    (first,) = await seals(shop)
    await shop.place()

    assert await seal_events(later(shop, 1)) == 1

    again, second = await seals(shop)
    assert again == first
    assert (first.first_seq, second.first_seq) == (1, first.last_seq + 1)
    events = await event_seals.events_after(shop.database.reader, shop.account.id, 0, 1_000)
    assert second.last_seq == len(events)
    whole = seal_of(shop.account.id, BEFORE_THE_FIRST, 0, events, first.sealed_at)
    assert whole is not None
    assert second.digest == whole.digest
    assert await found(shop) == NOTHING


async def test_a_busy_account_has_one_seal_a_minute_unless_many_events_wait(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    await shop.place()
    assert await seal_events(shop.resources) == 1
    await shop.place()
    assert await seal_events(shop.resources) == 0
    monkeypatch.setattr(operation, "EVENTS_MAX", 1)

    assert await seal_events(shop.resources) == 1
    assert [seal.last_seq - seal.first_seq for seal in await seals(shop)][1:] == [0]


async def test_workers_beside_each_other_seal_each_event_once(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(operation, "EVENTS_MAX", 3)
    others = [await shop.another_account() for _ in range(5)]
    await shop.place_all(*(make_command(account) for account in [shop.account, *others] for _ in range(5)))

    async def work() -> int:
        done = 0
        while sealed := await seal_events(shop.resources):
            done += sealed
        return done

    sealed = await asyncio.gather(*(work() for _ in range(4)))

    assert sum(sealed) == len(await seals(shop))
    await seal_events(later(shop, 1))
    assert await found(shop) == NOTHING
    last = {seal.account_id: seal.last_seq for seal in await seals(shop)}
    heads = await shop.database.reader.fetch("SELECT account_id, event_seq FROM account_heads WHERE event_seq > 0")
    assert last == {row["account_id"]: row["event_seq"] for row in heads}


async def test_a_worker_that_comes_late_with_more_events_seals_none(shop: Shop):
    await shop.place()
    events = await event_seals.events_after(shop.database.reader, shop.account.id, 0, 1_000)
    short, long = (seal_of(shop.account.id, BEFORE_THE_FIRST, 0, each, system_clock()) for each in (events[:1], events))
    assert short is not None
    assert long is not None
    assert long.last_seq > short.last_seq

    async with shop.database.transaction() as statements:
        assert await SEALS.insert(statements, [short]) == 1
    async with shop.database.transaction() as statements:
        assert await SEALS.insert(statements, [long]) == 0

    assert await seals(shop) == [short]


async def test_an_account_with_a_missing_event_keeps_no_other_waiting(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(operation, "ACCOUNTS_MAX", 1)
    other = await shop.another_account()
    await shop.place_all(make_command(shop.account), make_command(other))
    missing = min(shop.account.id, other.id)
    await plant(shop, f"DELETE FROM events WHERE account_id = '{missing}' AND seq = 1")

    assert await seal_events(shop.resources) == 1

    assert {seal.account_id for seal in await seals(shop)} == {max(shop.account.id, other.id)}
    assert await seal_events(shop.resources) == 0


@pytest.mark.parametrize("blow", BLOWS, ids=str)
async def test_sealing_may_be_cancelled_at_every_await(shop: Shop, blow: Blow):
    suspension, cancelled = 0, True
    while cancelled:
        suspension += 1
        assert suspension < 100, "the operation never ends"
        await shop.place()
        resources = later(shop, suspension)

        async def run(resources: Resources = resources) -> None:
            await seal_events(resources)

        cancelled = await strike(run(), suspension, blow)
        assert await found(shop) == NOTHING
    assert suspension > 3
    assert await seals(shop)


@pytest.mark.parametrize("moment", ["before", "after", "commit"])
async def test_a_failure_at_any_statement_leaves_nothing_behind_that_hinders(shop: Shop, moment: str):
    statement, struck = 0, True
    while struck:
        statement += 1
        await shop.place()
        before = await seals(shop)
        resources = replace(
            later(shop, statement), database=failing(shop, faults := Faults(statement, PlantedError(), moment)).database
        )
        try:
            await seal_events(resources)
        except PlantedError:
            assert (await seals(shop) == before) is (moment != "commit")
        struck = faults.struck and moment != "commit"
        assert await found(shop) == NOTHING
    assert statement == (1 if moment == "commit" else 4)
    await shop.place()
    assert await seal_events(later(shop, statement + 1)) == 1
    assert await found(shop) == NOTHING


async def test_a_lost_connection_costs_a_second_try(shop: Shop):
    await shop.place()

    await seal_events(failing(shop, Faults(0, lost("commit"), "commit")))

    assert len(await seals(shop)) == 1
    assert await found(shop) == NOTHING


async def test_a_customer_reads_the_digest_of_the_last_sealed_event_and_of_each_one_before(shop: Shop):
    stranger = replace(shop.caller, account=await shop.another_account())

    async def read(sequence: int | None = None) -> list[SealedEvent | None]:
        return await sealed_events(shop.resources, [stranger, shop.caller], sequence)

    assert await read() == [None, None]
    for minutes in (0, 1):
        await shop.place()
        await shop.place()
        await seal_events(later(shop, minutes))
    await shop.place()
    first, second = await seals(shop)

    assert await read() == [None, SealedEvent(second.last_seq, second.digest, second.sealed_at)]
    for seal in (first, second):
        for seq in range(seal.first_seq, seal.last_seq + 1):
            assert await read(seq) == [None, SealedEvent(seq, seal.digest_of(seq), seal.sealed_at)]
    for seq in (-1, 0, second.last_seq + 1, 2**63 - 1):
        assert await read(seq) == [None, None]
