"""The secret and its database: another secret is found out at the start, and one can be replaced while keys work."""

from uuid import UUID

import pytest

from service.domain.api_keys import Scope, check_value, short_check
from service.errors import Code, Refused
from service.operations.authenticate import authenticate
from service.operations.confirm_secret import SecretState, confirm_secret, secret_state
from service.operations.manage_keys import create_key
from service.operations.resources import Resources
from service.storage import api_keys, secret_checks
from service.storage.database import Database
from tests.shop import Shop

OLD, NEW, OTHER = b"the first pepper of these tests", b"the second pepper of the tests", b"a pepper of somewhere else"


@pytest.fixture
def resources(shop: Shop) -> Resources:
    return shop.resources


async def state(resources: Resources, pepper: bytes, previous: bytes | None = None) -> SecretState:
    looked = await secret_state(resources, pepper=pepper, previous_pepper=previous)
    found = await confirm_secret(resources, pepper=pepper, previous_pepper=previous)
    assert looked is found
    return found


async def stored(database: Database) -> str | None:
    return await secret_checks.value(database.reader)


async def key_of(resources: Resources, account_id: UUID, pepper: bytes) -> str:
    return (await create_key(resources, account_id, "ERP", frozenset(Scope), pepper=pepper)).text


async def forget_checks(database: Database) -> None:
    """Remove all check values, as in a database of a release that had none."""
    async with database.transaction() as statements:
        await statements.execute("DELETE FROM secret_checks")
        await statements.execute("UPDATE api_keys SET secret_check = NULL")


async def test_a_database_without_keys_takes_the_first_secret_and_no_other(resources: Resources, database: Database):
    assert await state(resources, OLD) is SecretState.CONFIRMED
    assert await stored(database) == check_value(OLD)

    assert await state(resources, OTHER) is SecretState.OTHER
    assert await stored(database) == check_value(OLD)


async def test_keys_of_a_release_without_check_values_confirm_the_secret_at_their_first_use(
    shop: Shop, database: Database
):
    key = await key_of(shop.resources, shop.account.id, OLD)
    await forget_checks(database)

    assert await state(shop.resources, OTHER) is SecretState.UNCONFIRMED
    with pytest.raises(Refused) as refused:
        await authenticate(shop.resources, key, pepper=OTHER)
    assert (refused.value.code, await stored(database)) == (Code.UNAUTHENTICATED, None)

    assert (await authenticate(shop.resources, key, pepper=OLD)).account.id == shop.account.id
    assert await stored(database) == check_value(OLD)
    assert await state(shop.resources, OTHER) is SecretState.OTHER
    assert await state(shop.resources, OLD) is SecretState.CONFIRMED


async def test_a_secret_is_replaced_while_its_keys_go_on_working(shop: Shop, database: Database):
    resources = shop.resources
    await confirm_secret(resources, pepper=OLD, previous_pepper=None)
    used, unused = [await key_of(resources, shop.account.id, OLD) for _ in range(2)]

    assert await state(resources, NEW) is SecretState.OTHER
    assert await state(resources, NEW, previous=OLD) is SecretState.CONFIRMED
    assert await stored(database) == check_value(NEW)
    assert await api_keys.count_under_other_secrets(database.reader, short_check(NEW)) == 2

    await authenticate(resources, used, pepper=NEW, previous_pepper=OLD)
    assert await api_keys.count_under_other_secrets(database.reader, short_check(NEW)) == 1

    await authenticate(resources, used, pepper=NEW)
    with pytest.raises(Refused) as refused:
        await authenticate(resources, unused, pepper=NEW)
    assert refused.value.code is Code.UNAUTHENTICATED
    await authenticate(resources, unused, pepper=NEW, previous_pepper=OLD)


async def test_a_key_of_the_wrong_secret_is_digested_again_by_nobody(shop: Shop, database: Database):
    key = await key_of(shop.resources, shop.account.id, OTHER)
    before = await database.reader.fetch("SELECT key_id, digest, secret_check FROM api_keys ORDER BY key_id")

    with pytest.raises(Refused):
        await authenticate(shop.resources, key, pepper=NEW, previous_pepper=OLD)

    assert await database.reader.fetch("SELECT key_id, digest, secret_check FROM api_keys ORDER BY key_id") == before
    assert await stored(database) is None
