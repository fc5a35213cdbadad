"""Fixtures of the tests of operations: shops on either database, whose books have to balance when a test is done."""

import pytest

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.catalogue import Mode
from service.kit.ids import uuid7
from service.operations.resources import Resources
from service.storage.database import Database
from tests.makers import make_batch, make_caller, store
from tests.set_clock import SetClock
from tests.shop import Shop, open_shop


@pytest.fixture
async def shop(balanced: Database) -> Shop:
    """The forest has 1 t of one vintage and 10 t of a later one, the ocean 1 t."""
    return await open_shop(balanced)


@pytest.fixture
async def trial(balanced: Database) -> Shop:
    """A test account's shop: the forest has credits in test mode, the ocean has none."""
    shop = await open_shop(balanced, mode=Mode.TEST)
    await store(balanced, make_batch(shop.forest_project, 100_000, mode=Mode.TEST, serial_prefix="T-"))
    return shop


@pytest.fixture
async def operator(shop: Shop) -> Caller:
    """The operator's key of an account other than the shop's."""
    return make_caller(await shop.another_account(), frozenset({Scope.OPERATOR, Scope.CATALOGUE_READ}))


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def resources(database: Database, clock: SetClock) -> Resources:
    """Resources on an empty database, at the time that `clock` shows."""
    return Resources(database, clock, uuid7)


@pytest.fixture
def pepper() -> bytes:
    return b"a pepper of this test, 32 bytes."
