"""API keys: shown once, worth nothing in the database, and over when they are over."""

from datetime import timedelta
from uuid import UUID

import pytest

from service.domain.api_keys import Scope
from service.errors import Code, Refused
from service.kit.ids import uuid7
from service.operations.authenticate import authenticate
from service.operations.load_demo import load_demo
from service.operations.manage_accounts import create_account
from service.operations.manage_keys import create_key, list_keys, revoke_key
from service.operations.resources import Resources
from service.storage.database import Database
from tests.set_clock import SetClock


@pytest.fixture
async def account_id(resources: Resources, pepper: bytes) -> UUID:
    await load_demo(resources, pepper=pepper)
    pair = await create_account(
        resources, name="Orrin Mills", contract="graphql", currency="GBP", portfolio="british-woodlands"
    )
    return pair.live.id


async def refused(resources: Resources, key: str, pepper: bytes) -> bool:
    with pytest.raises(Refused) as refusal:
        await authenticate(resources, key, pepper=pepper)
    return refusal.value.code is Code.UNAUTHENTICATED


async def test_a_key_opens_its_account_with_its_scopes(resources: Resources, account_id: UUID, pepper: bytes) -> None:
    generated = await create_key(resources, account_id, "ERP", [Scope.ORDERS_READ], pepper=pepper)

    caller = await authenticate(resources, generated.text, pepper=pepper)
    assert (caller.account.id, caller.key_id, caller.scopes) == (account_id, generated.key_id, {Scope.ORDERS_READ})
    assert generated.text.startswith("co_live_")


async def test_the_database_holds_nothing_that_opens_the_account(
    resources: Resources, database: Database, account_id: UUID, pepper: bytes
) -> None:
    generated = await create_key(resources, account_id, "ERP", pepper=pepper)

    (row,) = await database.reader.fetch("SELECT * FROM api_keys WHERE account_id = $1", account_id)
    stored = " ".join(str(cell) for cell in dict(row).values())
    assert generated.key_id in stored
    secret = generated.text.split("_")[3]
    assert generated.text not in stored
    assert secret not in stored
    assert secret[:43] not in stored
    assert generated.text not in repr(generated)


async def test_a_revoked_key_opens_nothing_and_its_neighbour_still_does(
    resources: Resources, account_id: UUID, pepper: bytes
) -> None:
    gone = await create_key(resources, account_id, "leaked", pepper=pepper)
    kept = await create_key(resources, account_id, "kept", pepper=pepper)

    await revoke_key(resources, gone.key_id)

    assert await refused(resources, gone.text, pepper)
    assert (await authenticate(resources, kept.text, pepper=pepper)).account.id == account_id


async def test_revoking_again_keeps_the_first_instant(
    resources: Resources, account_id: UUID, pepper: bytes, clock: SetClock
) -> None:
    generated = await create_key(resources, account_id, "leaked", pepper=pepper)
    first = clock.now
    await revoke_key(resources, generated.key_id)
    clock.now += timedelta(days=1)

    await revoke_key(resources, generated.key_id)

    (key,) = await list_keys(resources, account_id)
    assert key.revoked_at == first


async def test_a_key_ends_at_its_instant_and_not_before(
    resources: Resources, account_id: UUID, pepper: bytes, clock: SetClock
) -> None:
    end = clock.now + timedelta(days=30)
    generated = await create_key(resources, account_id, "trial", expires_at=end, pepper=pepper)

    clock.now = end - timedelta(microseconds=1)
    assert (await authenticate(resources, generated.text, pepper=pepper)).account.id == account_id
    clock.now = end
    assert await refused(resources, generated.text, pepper)


async def test_a_live_key_whose_account_is_a_test_one_opens_nothing(
    resources: Resources, database: Database, account_id: UUID, pepper: bytes
) -> None:
    generated = await create_key(resources, account_id, "ERP", pepper=pepper)
    async with database.transaction() as statements:
        await statements.execute("UPDATE accounts SET mode = 'test' WHERE id = $1", account_id)

    assert await refused(resources, generated.text, pepper)


async def test_keys_are_listed_oldest_first_with_their_state(
    resources: Resources, account_id: UUID, pepper: bytes, clock: SetClock
) -> None:
    first = await create_key(resources, account_id, "first", pepper=pepper)
    clock.now += timedelta(seconds=1)
    second = await create_key(resources, account_id, "second", [Scope.CATALOGUE_READ], pepper=pepper)

    keys = await list_keys(resources, account_id)

    assert [(key.key_id, key.name, key.scopes) for key in keys] == [
        (first.key_id, "first", ["catalogue:read", "orders:read", "orders:write"]),
        (second.key_id, "second", ["catalogue:read"]),
    ]


@pytest.mark.parametrize(("name", "scopes"), [("", [Scope.ORDERS_READ]), (" ", [Scope.ORDERS_READ]), ("ERP", [])])
async def test_a_key_without_name_or_scope_is_refused(
    resources: Resources, account_id: UUID, pepper: bytes, name: str, scopes: list[Scope]
) -> None:
    with pytest.raises(Refused) as refusal:
        await create_key(resources, account_id, name, scopes, pepper=pepper)

    assert refusal.value.code is Code.BAD_USER_INPUT
    assert await list_keys(resources, account_id) == []


async def test_a_key_that_would_be_over_already_is_refused(
    resources: Resources, account_id: UUID, pepper: bytes, clock: SetClock
) -> None:
    for end in (clock.now, (clock.now + timedelta(days=1)).replace(tzinfo=None)):
        with pytest.raises(Refused) as refusal:
            await create_key(resources, account_id, "late", expires_at=end, pepper=pepper)
        assert refusal.value.code is Code.BAD_USER_INPUT
    assert await list_keys(resources, account_id) == []


async def test_an_unknown_account_or_key_is_not_found(resources: Resources, pepper: bytes) -> None:
    for work in (
        create_key(resources, uuid7(), "ERP", pepper=pepper),
        list_keys(resources, uuid7()),
        revoke_key(resources, "00000000000000"),
    ):
        with pytest.raises(Refused) as refusal:
            await work
        assert refusal.value.code is Code.NOT_FOUND
