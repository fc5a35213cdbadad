"""A shop in a database that a server of its own process serves as well; its books have to balance afterwards."""

import pytest

from service.storage.database import Database
from tests.shop import Shop, open_shop


@pytest.fixture
async def shop(balanced: Database) -> Shop:
    return await open_shop(balanced)
