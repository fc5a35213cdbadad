"""Ids as carbon-engine shows them: 32 hex digits."""

import re
from uuid import UUID

from service.errors import Code, Refused

_FORM = re.compile(r"[0-9a-f]{32}")


def uuid_of(text: str) -> UUID | None:
    """The id, or None for a text that is none of ours: such a thing is as absent as one that never was."""
    return UUID(text) if _FORM.fullmatch(text) else None


def portfolio_of(text: str | None, *path: str) -> UUID | None:
    """The portfolio that a caller names. Refuses `BAD_USER_INPUT` for a text that is no id."""
    if text is None:
        return None
    found = uuid_of(text)
    if found is None:
        raise Refused(Code.BAD_USER_INPUT, "A portfolio's id has 32 hex digits.", path)
    return found
