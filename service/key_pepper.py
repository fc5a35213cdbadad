"""Where the secret comes from under which API keys are digested: the environment, or a file beside the database.

Never logs or prints it. Losing the secret makes every key worthless, so the file belongs into each backup of the data.
"""

import hmac
import os
import secrets
from pathlib import Path

from service.settings import Settings
from service.storage.database import dialect_of, sqlite_path

FILE_NAME = "secret"
LENGTH_MIN = 32


def pepper(settings: Settings) -> bytes:
    """The pepper for API keys; the same as long as the secret is. The first call on an embedded database without a
    secret in the environment creates `secret` in the database's folder, readable by its owner alone.

    ValueError when a PostgreSQL has no secret in the environment, or a file's secret is too short to be one.
    """
    # Derived, so that another use of the same secret never shares a key with this one.
    return hmac.digest(_secret(settings).encode(), b"carbon-orders api keys", "sha256")


def where_secret_lies(settings: Settings) -> str:
    """Where the secret is, or that the first start makes one; never the secret itself, and nothing is created.

    ValueError where `pepper` would raise it, where a database has lost its secret, or where others may read it.
    """
    if settings.secret is not None:
        return "SERVICE_SECRET"
    file = _file(settings)
    if file.exists():
        _read(file)
        if file.stat().st_mode & 0o077:
            raise ValueError(f"{file} may be read by others than its owner: chmod 600 it.")
        return f"{file}; back it up with the database"
    if Path(sqlite_path(settings.database_url)).exists():
        raise ValueError(f"{file} is missing beside a database that exists.")
    return f"the first start makes {file}"


def _secret(settings: Settings) -> str:
    if settings.secret is not None:
        return settings.secret.get_secret_value()
    file = _file(settings)
    if not file.exists():
        _create(file)
    return _read(file)


def _file(settings: Settings) -> Path:
    if dialect_of(settings.database_url) == "postgresql":
        raise ValueError(
            "PostgreSQL needs SERVICE_SECRET, the same in every process: 32 characters or more, such as the output of"
            ' python3 -c "import secrets; print(secrets.token_urlsafe(32))".'
        )
    return Path(sqlite_path(settings.database_url)).absolute().with_name(FILE_NAME)


def _read(file: Path) -> str:
    secret = file.read_text(encoding="ascii").strip()
    if len(secret) < LENGTH_MIN:
        raise ValueError(f"{file} holds no secret: restore it from a backup, or delete it and issue fresh keys.")
    return secret


def _create(file: Path) -> None:
    """The file holds a fresh secret, on the disk, or the one of a process that was quicker."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
        stream.write(secrets.token_urlsafe(32) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    try:
        # A link appears whole or not at all, and never replaces a file: two first starts agree on one secret.
        file.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
