"""Source of the secret that API keys are digested with: the environment, or a file beside the database.

Never logs or prints it. Without the secret no key works, so back the file up with the database.
"""

import hmac
import os
import secrets
from pathlib import Path

from service.settings import Settings

FILE_NAME = "secret"
LENGTH_MIN = 32
RESTORE = "restore it from a backup, or set SERVICE_SECRET to what it held. Under another secret no key works."


def pepper(settings: Settings, *, holds_keys: bool = False) -> bytes:
    """Return the pepper for API keys; the same as long as the secret is.

    Create `secret` in the folder of an embedded database, readable by its owner alone, where neither the environment
    nor that file gives one, unless `holds_keys` says that the database has keys, which a new secret would lock out.
    Raise ValueError where a secret has to be given or got back, or where a file's is too short to be one.
    """
    return _derived(_secret(settings, may_create=not holds_keys))


def previous_pepper(settings: Settings) -> bytes | None:
    """Return the pepper of the secret that is being replaced, or None."""
    secret = settings.secret_previous
    return None if secret is None else _derived(secret.get_secret_value())


def _derived(secret: str) -> bytes:
    # Derived, so that another use of the same secret never shares a key with this one.
    return hmac.digest(secret.encode(), b"carbon-orders api keys", "sha256")


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
    if Path(settings.database.file).exists():
        raise ValueError(f"{file} is missing beside a database that exists: {RESTORE}")
    return f"the first start makes {file}"


def _secret(settings: Settings, *, may_create: bool) -> str:
    if settings.secret is not None:
        return settings.secret.get_secret_value()
    file = _file(settings)
    if not file.exists():
        if not may_create:
            raise ValueError(f"{file} is missing beside a database that holds API keys: {RESTORE}")
        _create(file)
    return _read(file)


def _file(settings: Settings) -> Path:
    if settings.database.dialect == "postgresql":
        raise ValueError(
            "PostgreSQL needs SERVICE_SECRET, the same in every process: 32 characters or more, such as the output of "
            'python3 -c "import secrets; print(secrets.token_urlsafe(32))".'
        )
    return Path(settings.database.file).absolute().with_name(FILE_NAME)


def _read(file: Path) -> str:
    try:
        secret = file.read_text(encoding="ascii").strip()
    except UnicodeDecodeError:
        secret = ""  # not a file of ours, and the error would repeat a part of it
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
