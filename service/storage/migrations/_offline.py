"""Migrations that change what rows mean, so that no process of another release may work beside them."""

from typing import Protocol, runtime_checkable

from tortoise.backends.base.client import BaseDBAsyncClient


class MigrationRefused(Exception):  # noqa: N818 - a refusal is an answer, not an error of the program
    """A migration that was not applied, and changed nothing; the message says what the operator has to do."""


@runtime_checkable
class OfflineMigration(Protocol):
    """A migration that is applied only when the operator says that every other process is stopped."""

    async def needs_offline(self, client: BaseDBAsyncClient) -> bool:
        """Return whether the database has rows that the migration changes, or that another process may add to."""
        ...
