"""Conversion of ids to and from the 32 hexadecimal digits that carbon-engine uses."""

import re
from uuid import UUID

from service.errors import Code, Refused

_FORM = re.compile(r"[0-9a-f]{32}")


def uuid_of(text: str) -> UUID | None:
    """Parse an id. Returns None for any other text, because an order of that name cannot exist."""
    return UUID(text) if _FORM.fullmatch(text) else None


def portfolio_of(text: str | None, *path: str) -> UUID | None:
    """Parse the id of a portfolio. Refuses `BAD_USER_INPUT` for any other text."""
    if text is None:
        return None
    found = uuid_of(text)
    if found is None:
        raise Refused(Code.BAD_USER_INPUT, "Send the id of a portfolio as 32 hexadecimal digits.", path)
    return found
