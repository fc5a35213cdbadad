"""Conversion of ids to and from the 32 hexadecimal digits that Lune uses."""

import re
from uuid import UUID

_ID = re.compile(r"[0-9a-f]{32}")


def uuid_of(text: str) -> UUID:
    """Parse an id. Raises `ValueError` for any other spelling, which no object has."""
    if not _ID.fullmatch(text):
        raise ValueError(text)
    return UUID(text)


def uuid_or_none(text: str) -> UUID | None:
    """Parse an id; return None for any other text."""
    return UUID(text) if _ID.fullmatch(text) else None
