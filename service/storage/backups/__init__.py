"""Backups, and databases that are filled from another one.

A backup is one SQLite file with every table as it was at one moment, and a last line that describes it, with a checksum
(`seal`). It is written from either database and restored into either one (`sides`), so a copy between two databases is
a backup that is restored at once. The package contains no table names: tables and types are read from the databases.
"""

from service.storage.backups.copying import (
    Restored,
    backup,
    draft_in,
    inspect,
    make_current,
    place,
    require_empty,
    restore,
    snapshot,
)
from service.storage.backups.refusals import BackupRefused
from service.storage.backups.seal import Manifest
from service.storage.backups.sides import Progress

__all__ = [
    "BackupRefused",
    "Manifest",
    "Progress",
    "Restored",
    "backup",
    "draft_in",
    "inspect",
    "make_current",
    "place",
    "require_empty",
    "restore",
    "snapshot",
]
