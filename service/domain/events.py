"""What happened to an account's orders: one event a transition, numbered without gaps by the account's head.

Timeline, webhooks, subscriptions and audit all read these; nothing else is kept about the past.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class EventType(StrEnum):
    """What can happen."""

    ORDER_PLACED = "order.placed"
    ORDER_SUPPLIED = "order.supplied"
    ORDER_FULFILLED = "order.fulfilled"
    ORDER_CANCELLED = "order.cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One transition, who caused it (`actor` is an API key's id, or the worker's name), and the amounts it moved."""

    account_id: UUID
    seq: int
    id: UUID
    event_type: EventType
    order_id: UUID | None
    actor: str
    payload: dict[str, Any]
    created_at: datetime
