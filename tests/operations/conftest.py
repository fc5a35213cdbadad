"""A shop on either database, whose books have to balance when a test is done with it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from service.storage import models
from service.storage.database import Database
from tests.books import assert_books_balance
from tests.conftest import TEMPLATE, Postgres
from tests.shop import Shop, open_shop

NAME = "operations"
# Triggers that refuse deletes and foreign keys are for the service; the tests clean up behind its back.
EMPTY = "SET session_replication_role = replica; " + "; ".join(
    f"DELETE FROM {getattr(models, name)._meta.db_table}" for name in models.__all__
)


@pytest.fixture(scope="session")
def postgres_of_operations(postgres_template: Postgres) -> Postgres:
    postgres_template.say(f"CREATE DATABASE {NAME} TEMPLATE {TEMPLATE}")
    return postgres_template


@pytest.fixture
def postgresql_url(postgres_of_operations: Postgres) -> Iterator[str]:
    """One database for all tests here, emptied after each: a copy of the template takes longer than most of them."""
    yield postgres_of_operations.uri(NAME)
    postgres_of_operations.say(EMPTY, database=NAME)


@pytest.fixture
async def shop(database: Database) -> AsyncIterator[Shop]:
    shop = await open_shop(database)
    yield shop
    await assert_books_balance(database)
