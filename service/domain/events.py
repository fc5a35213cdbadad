"""Events of an account's orders: one for each transition, numbered without gaps by the account's head.

Timeline, webhooks, subscriptions and audit all read these; no other history is stored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service.domain.billing import Payment
from service.domain.event_types import EventType
from service.domain.order import Order, amounts_of

__all__ = ["Event", "EventRecorder", "EventType"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One transition, its cause (`actor` is an API key's id, or the worker's name), and the amounts that it changed."""

    account_id: UUID
    seq: int
    id: UUID
    event_type: EventType
    order_id: UUID | None
    actor: str
    payload: dict[str, Any]
    created_at: datetime


class EventRecorder:
    """Recorder of the events of one transaction. Numbers of an account's events continue from its last event.

    `event_seqs` holds the last event number of every account with an event: at first as read from the locked accounts,
    at the end as it has to be stored.
    """

    def __init__(
        self, event_seqs: Mapping[UUID, int], *, actor: str, now: datetime, new_id: Callable[[], UUID]
    ) -> None:
        self.events: list[Event] = []
        self.event_seqs = dict(event_seqs)
        self._actor = actor
        self._now = now
        self._new_id = new_id

    def record_order(self, order: Order, event_type: EventType, **more: Any) -> None:
        """Record an event of the order, which is passed in its new state."""
        self.record(order.account_id, event_type, order.id, **amounts_of(order), **more)

    def record_payment(self, payment: Payment, before: Order | None = None, after: Order | None = None) -> None:
        """Record the payment and, if it was for an order, its effect on the order."""
        of_invoice = {} if payment.invoice_id is None else {"invoice_id": str(payment.invoice_id)}
        self.record(
            payment.account_id,
            EventType.PAYMENT_RECORDED,
            payment.order_id,
            payment_id=str(payment.id),
            reference=payment.reference,
            currency=payment.currency,
            amount_minor=payment.amount_minor,
            **of_invoice,
        )
        if after is not None and after.account_id != payment.account_id:
            # A client's order is paid by its parent: the event above is the parent's, so the client's timeline needs
            # one too.
            self.record_order(after, EventType.PAYMENT_RECORDED, amount_minor=payment.amount_minor)
        if before is not None and after is not None and after.payment_status is not before.payment_status:
            self.record_order(after, EventType.ORDER_PAID)

    def record(self, account_id: UUID, event_type: EventType, order_id: UUID | None = None, **payload: Any) -> None:
        """Record an event of the account."""
        self.event_seqs[account_id] += 1
        self.events.append(
            Event(
                account_id=account_id,
                seq=self.event_seqs[account_id],
                id=self._new_id(),
                event_type=event_type,
                order_id=order_id,
                actor=self._actor,
                payload=payload,
                created_at=self._now,
            )
        )
