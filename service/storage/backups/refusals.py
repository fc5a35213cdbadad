"""The refusal of a backup, a restore or a copy: one sentence for the operator."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.storage.failures import DatabaseDefect, DatabaseUnavailable, Doing, own_errors


class BackupRefused(Exception):  # noqa: N818 - a refusal is an answer, not an error of the program
    """A backup, restore or copy that was refused; the message says why and what to do."""


@contextmanager
def file_errors(file: Path, verb: str) -> Iterator[None]:
    """Turn errors of the system or of SQLite into the refusal that the file cannot be read, or written."""
    try:
        with own_errors(Doing.CHANGING):
            yield
    except (DatabaseUnavailable, DatabaseDefect) as error:
        cause = error.__cause__
        raise BackupRefused(f"{file} cannot be {verb}: {getattr(cause, 'strerror', None) or cause}.") from error
