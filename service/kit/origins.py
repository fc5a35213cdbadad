"""Requests that a shared task works for: a group of orders, or a query that several asked.

Such a task runs in an empty context, because it outlives the request that started it. The contexts of all its requests
are kept here instead, so that log lines and spans can refer to them.
"""

from collections.abc import Sequence
from contextvars import Context, ContextVar

from service.kit.request_id import REQUEST_ID

ORIGINS: ContextVar[Sequence[Context]] = ContextVar("origins", default=())
"""Contexts of the requests. Empty in a request itself, and in background jobs."""

_IDS_MAX = 64


def origin_ids() -> list[str]:
    """Return the ids of these requests, at most 64."""
    ids = (context.get(REQUEST_ID, "") for context in ORIGINS.get()[:_IDS_MAX])
    return [each for each in dict.fromkeys(ids) if each]
