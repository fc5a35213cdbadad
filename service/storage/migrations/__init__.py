"""Migrations of the tables: numbered, each one SQL text for both databases, applied once and in order.

Knows the files beside it; everything else in storage/ may assume that they were applied. Files whose name begins with
an underscore are the runner; every other one is a migration.
"""

from service.storage.migrations._offline import MigrationRefused
from service.storage.migrations._runner import LOCK_TIMEOUT_MS, TURN_TIMEOUT_MS, migrate, pending

__all__ = ["LOCK_TIMEOUT_MS", "TURN_TIMEOUT_MS", "MigrationRefused", "migrate", "pending"]
