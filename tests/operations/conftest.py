"""A shop on either database, whose books have to balance when a test is done with it."""

import pytest

from service.storage.database import Database
from tests.shop import Shop, open_shop


@pytest.fixture
async def shop(balanced: Database) -> Shop:
    return await open_shop(balanced)
