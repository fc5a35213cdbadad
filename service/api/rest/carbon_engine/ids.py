"""Conversion of ids to and from the 32 hexadecimal digits that carbon-engine uses."""

import re
from typing import TypeAlias
from uuid import UUID

from service.api.rest.carbon_engine.models import NewOrder, QuoteByAirFreight, QuoteByGroundTransport, QuoteByMass
from service.errors import Code, Refused

NamesPortfolio: TypeAlias = NewOrder | QuoteByMass | QuoteByAirFreight | QuoteByGroundTransport

_FORM = re.compile(r"[0-9a-f]{32}")


def uuid_of(text: str) -> UUID | None:
    """Parse an id. Returns None for any other text, because an order of that name cannot exist."""
    return UUID(text) if _FORM.fullmatch(text) else None


def portfolio_of(body: NamesPortfolio) -> UUID | None:
    """Return the portfolio that a request names. Refuses `BAD_USER_INPUT` for a text that is not an id, and for two
    different ids.
    """
    if body.portfolio_id is None:
        return _portfolio(body.portfolioId, "portfolioId")
    if body.portfolioId not in (None, body.portfolio_id):
        message = "portfolioId and portfolio_id are two names of one member: give one value."
        raise Refused(Code.BAD_USER_INPUT, message, ("portfolio_id",))
    return _portfolio(body.portfolio_id, "portfolio_id")


def _portfolio(text: str | None, name: str) -> UUID | None:
    if text is None:
        return None
    found = uuid_of(text)
    if found is None:
        raise Refused(Code.BAD_USER_INPUT, "A portfolio's id has 32 hex digits.", (name,))
    return found
