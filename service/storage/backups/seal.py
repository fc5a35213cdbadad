"""Last line of a backup's file: a description of its contents, and the checksum of all bytes before it.

carbon-orders-backup {"format":1,"made_at":…,"version":…,"database":…,"migrations":[…],"rows":{…}} SHA-256

SQLite ignores bytes after its last page, so the file can be read as a database, and `tail -n 1` shows the line. A file
without this line is incomplete.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from service.storage.backups.refusals import BackupRefused, file_errors

FORMAT = 1
"""Version of the format; a greater one is refused."""
MARK = b"\ncarbon-orders-backup "
LINE_MAX = 1 << 20
"""Maximum length of the last line in bytes."""
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """Description of a backup."""

    made_at: str
    """Time of the snapshot (UTC), in ISO 8601."""
    version: str
    """Version of carbon-orders that wrote the file."""
    database: str
    """Kind of database that it was written from: `sqlite` or `postgresql`."""
    migrations: list[str]
    """Names of the migrations that the tables have."""
    rows: dict[str, int]
    """Number of rows of each table."""
    format: int = FORMAT


def seal(file: Path, manifest: Manifest) -> None:
    """Append the last line to a closed SQLite file and flush the file to disk."""
    with file_errors(file, "written"), file.open("r+b") as stream:
        digest = hashlib.sha256()
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
        line = MARK + json.dumps(asdict(manifest), separators=(",", ":")).encode() + b" "
        digest.update(line)
        stream.write(line + digest.hexdigest().encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def checked(file: Path, progress: Callable[[int, int], None]) -> Manifest:
    """Read the whole file and return its description. Raise BackupRefused if it is no backup, is incomplete or damaged,
    or has a newer format. `progress` is called with the number of bytes read so far and the size of the file.
    """
    with file_errors(file, "read"), file.open("rb") as stream:
        line, checksum, line_start = _last_line(file, stream)
        stream.seek(0)
        digest, done, size = hashlib.sha256(), 0, line_start + len(line)
        while done < size and (chunk := stream.read(min(CHUNK, size - done))):
            digest.update(chunk)
            done += len(chunk)
            progress(done, size)
    if digest.hexdigest().encode() != checksum:
        raise BackupRefused(f"{file} is damaged: its checksum is wrong. Use another backup.")
    facts = json.loads(line.removeprefix(MARK))
    if facts["format"] > FORMAT:
        raise BackupRefused(
            f"{file} was written by carbon-orders {facts['version']} in a newer format: install that version."
        )
    return Manifest(**facts)


def _last_line(file: Path, stream: BinaryIO) -> tuple[bytes, bytes, int]:
    """Return the line up to its checksum, the checksum, and the line's position in the file."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - LINE_MAX))
    tail = stream.read()
    start = tail.rfind(MARK)
    line, space, checksum = tail[start:].rpartition(b" ")
    if start < 0 or not space or len(checksum) != hashlib.sha256().digest_size * 2 + 1 or not line.endswith(b"}"):
        raise BackupRefused(f"{file} is no complete backup of carbon-orders: its last line is missing.")
    return line + space, checksum.rstrip(b"\n"), size - len(tail) + start
