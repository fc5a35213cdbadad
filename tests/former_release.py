"""Databases as the release before ISO 4217's decimals left them, to be migrated by a test.

`former_decimals.sql` holds every kind of row with an amount as code of that release wrote it, through GraphQL, Lune's
API and operators' verbs: in dinars of Serbia and of Iraq, which gain two and three decimals, and in dollars.
"""

import asyncio
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.operations.resources import Resources
from service.storage import accounts, batches, catalogue
from service.storage.database import Database
from service.storage.migrations import _runner, migrate
from tests.books import rows_of
from tests.shop import Shop

if TYPE_CHECKING:
    from tests.conftest import Postgres

MIGRATION = "0012_currency_decimals"
"""The first migration that the release before does not have."""
ROWS = (Path(__file__).parent / "former_decimals.sql").read_text(encoding="utf-8")
DOLLARS, SERBIA, IRAQ, IRAQ_TEST, SERBIAN_CLIENT = (
    UUID(f"01890a5d-ac96-774b-bcce-b302099a000{n}") for n in range(1, 6)
)
"""The accounts of those rows; the account in dollars has a seller's key as well."""

_PACKAGE = "migrations_of_the_former_release"
_names = count(1)


@dataclass(frozen=True)
class Former:
    """A database with the tables of the release before."""

    url: str
    postgres: "Postgres | None" = None
    name: str = ""

    def execute(self, script: str) -> None:
        """Change it behind the service's back."""
        if self.postgres is not None:
            self.postgres.execute(script, database=self.name)
            return
        connection = sqlite3.connect(self.url.removeprefix("sqlite://"))
        connection.executescript(script)
        connection.close()


_templates: dict[tuple[str, str], Former] = {}
"""Databases that were brought to a stage once in this session, by kind and stage."""


@pytest.fixture(params=["sqlite", "postgresql"])
def former_empty(request: pytest.FixtureRequest) -> Iterator[Former]:
    """A database of the release before, without rows."""
    yield from _copied(request, "empty")


@pytest.fixture(params=["sqlite", "postgresql"])
def former(request: pytest.FixtureRequest) -> Iterator[Former]:
    """A database of the release before, with its rows."""
    yield from _copied(request, "filled")


@pytest.fixture(params=["sqlite", "postgresql"])
def former_migrated(request: pytest.FixtureRequest) -> Iterator[Former]:
    """A database with the rows of the release before, migrated."""
    yield from _copied(request, "migrated")


def _copied(request: pytest.FixtureRequest, stage: str) -> Iterator[Former]:
    """Copy a database that was brought to this stage once."""
    if request.param == "sqlite":
        template = _template(request, None, stage)
        file: Path = request.getfixturevalue("tmp_path") / "former.sqlite3"
        shutil.copyfile(template.url.removeprefix("sqlite://"), file)
        yield Former(f"sqlite://{file}")
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    template = _template(request, postgres, stage)
    name = f"former_{next(_names)}"
    postgres.execute(f"CREATE DATABASE {name} TEMPLATE {template.name}")
    yield Former(postgres.uri(name), postgres, name)
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _template(request: pytest.FixtureRequest, postgres: "Postgres | None", stage: str) -> Former:
    if (request.param, stage) not in _templates:
        name, folders = f"former_{stage}", request.getfixturevalue("tmp_path_factory")
        if postgres is None:
            template = Former(f"sqlite://{folders.mktemp(name)}/{name}.sqlite3")
        else:
            postgres.execute(f"CREATE DATABASE {name}")
            template = Former(postgres.uri(name), postgres, name)
        _bring_to(template, stage, folders)
        _templates[request.param, stage] = template
    return _templates[request.param, stage]


def _bring_to(template: Former, stage: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Apply the migrations of the release before, from a package that has no others, and what the stage adds."""
    if _PACKAGE not in sys.modules:
        folder = tmp_path_factory.mktemp("earlier")
        shutil.copytree(Path(_runner.__file__).parent, folder / _PACKAGE)
        for file in (folder / _PACKAGE).glob("0*"):
            if file.name >= MIGRATION:
                file.unlink()
        sys.path.append(str(folder))
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_runner, "MIGRATIONS", _PACKAGE)
            runner.run(migrate(template.url))
        if stage != "empty":
            template.execute(ROWS)
        if stage == "migrated":
            runner.run(migrate(template.url, offline=True))


async def shop_of(database: Database) -> Shop:
    """Return the shop of those rows, whose account is the one in dollars."""
    forest, ocean = sorted(await rows_of(database, catalogue.BUNDLES), key=lambda bundle: bundle.name)
    (trees, _) = sorted(await rows_of(database, catalogue.PROJECTS), key=lambda project: project.slug)
    stock = {batch.serial_prefix: batch for batch in await rows_of(database, batches.BATCHES)}
    account = await accounts.account(database.reader, DOLLARS)
    assert account is not None
    resources = Resources(database=database, clock=system_clock, new_id=uuid7)
    old, young, deep = (stock[prefix] for prefix in ("VCS-OLD-", "VCS-YOUNG-", "VCS-DEEP-"))
    return Shop(database, resources, account, forest, ocean, trees, old, young, deep)
