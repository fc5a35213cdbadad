"""Migrations of the tables: numbered, each one SQL text for both databases, applied once and in order.

Knows the files beside it; everything else in storage/ may assume that they were applied. Files whose name begins with
an underscore are the runner; every other one is a migration.
"""

from service.storage.migrations._offline import MigrationRefused
from service.storage.migrations._runner import (
    BACKUP_ID,
    HISTORY,
    LOCK_TIMEOUT_MS,
    TURN_TIMEOUT_MS,
    UNFINISHED,
    known,
    migrate,
    pending,
)

__all__ = [
    "BACKUP_ID",
    "HISTORY",
    "LOCK_TIMEOUT_MS",
    "TURN_TIMEOUT_MS",
    "UNFINISHED",
    "MigrationRefused",
    "known",
    "migrate",
    "pending",
]
