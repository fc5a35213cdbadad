"""Dates as Carbonext writes them, in UTC: day first, as its first generation did, or ISO 8601 if set so."""

from datetime import datetime

from service.api.rest.context import RestContext

_DAY_FIRST = "%d/%m/%Y %H:%M:%S"
_ISO = "%Y-%m-%dT%H:%M:%S.%fZ"


def date_text(time: datetime, context: RestContext) -> str:
    """Return the time in the format that the setting chooses."""
    return time.strftime(_ISO if context.carbonext_iso_dates else _DAY_FIRST)
