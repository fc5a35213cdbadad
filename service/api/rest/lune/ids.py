"""Ids as Lune writes them: 32 letters and digits."""

import re
from uuid import UUID

_ID = re.compile(r"[0-9a-f]{32}")


def uuid_of(text: str) -> UUID:
    """The id that the text writes; `ValueError` for any other spelling, which names nothing."""
    if not _ID.fullmatch(text):
        raise ValueError(text)
    return UUID(text)


def uuid_or_none(text: str) -> UUID | None:
    """The id that the text writes, if it writes one."""
    return UUID(text) if _ID.fullmatch(text) else None
