"""Migrations that change the meaning of rows, so that no process of another release may run at the same time."""

from typing import Protocol, runtime_checkable

from tortoise.backends.base.client import BaseDBAsyncClient


class MigrationRefused(Exception):  # noqa: N818 - a refusal is an answer, not an error of the program
    """A migration that was not applied and changed nothing; the message tells the operator what to do."""


@runtime_checkable
class OfflineMigration(Protocol):
    """A migration that is applied only if the operator states that every other process is stopped."""

    async def needs_offline(self, client: BaseDBAsyncClient) -> bool:
        """Return whether the database has rows that the migration changes, or that another process may add to."""
        ...
