"""Source of the secret that API keys are digested with: the environment, or a file beside the database.

Never logs or prints it. Without the secret no key works, so back the file up with the database.
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
    """Return the pepper for API keys, which is derived from the secret. The first call on an SQLite database without a
    secret in the environment creates the file `secret` in the database's folder, readable by its owner only.

    Raises ValueError if PostgreSQL has no secret in the environment, or a file's secret is too short.
    """
    # Derived, so that another use of the same secret never shares a key with this one.
    return hmac.digest(_secret(settings).encode(), b"carbon-orders api keys", "sha256")


def where_secret_lies(settings: Settings) -> str:
    """Return the place of the secret, or the note that the first start creates one; never the secret itself. Creates
    nothing.

    Raises ValueError where `pepper` would, where a database has lost its secret, or where other users may read it.
    """
    if settings.secret is not None:
        return "SERVICE_SECRET"
    file = _file(settings)
    if file.exists():
        _read(file)
        if file.stat().st_mode & 0o077:
            raise ValueError(f"{file} may be read by other users. Run: chmod 600 {file}")
        return f"{file}; back it up with the database"
    if Path(sqlite_path(settings.database_url)).exists():
        raise ValueError(f"{file} is missing although the database exists.")
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
            "PostgreSQL needs SERVICE_SECRET, the same in every process: 32 characters or more, such as the output of "
            'python3 -c "import secrets; print(secrets.token_urlsafe(32))".'
        )
    return Path(sqlite_path(settings.database_url)).absolute().with_name(FILE_NAME)


def _read(file: Path) -> str:
    secret = file.read_text(encoding="ascii").strip()
    if len(secret) < LENGTH_MIN:
        raise ValueError(
            f"{file} holds no secret of at least 32 characters. Restore it from a backup, or delete it and create new "
            "API keys."
        )
    return secret


def _create(file: Path) -> None:
    """Write a new secret to the file and to disk, or keep the secret of a process that was faster."""
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
