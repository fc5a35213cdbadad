"""One filled database and one application for each module of permission tests."""

import logging
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import structlog

from service.storage.database import Database
from tests.permissions.world import Stage, fill, open_stage


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    file = tmp_path_factory.mktemp("permissions") / "orders.sqlite3"
    shutil.copyfile(sqlite_template, file)
    url = f"sqlite://{file}"
    database = await Database.open(url)
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # not a line a request
    try:
        async with open_stage(url, *await fill(database)) as stage:
            yield stage
    finally:
        structlog.configure(**before)
        await database.close()
