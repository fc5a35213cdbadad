"""A step that several operations share: locks for an operator's change of an account and its payer.

Locks the heads of both in id order, so that changes of one payer's payments and invoices happen one after another.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from service.domain.accounts import Caller, Head, payer_of
from service.domain.events import EventRecorder
from service.domain.listing import OrderRef
from service.domain.order import Order
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.storage import accounts, orders
from service.storage.database import Statements
from service.storage.events import EVENTS


@dataclass(frozen=True, slots=True)
class LockedPayer:
    """The payer's id, and the locked heads of the account and the payer."""

    payer_id: UUID
    heads: Mapping[UUID, Head]

    def recorder(self, resources: Resources, caller: Caller) -> EventRecorder:
        """Return a recorder of events for the locked accounts."""
        seqs = {account_id: head.event_seq for account_id, head in self.heads.items()}
        return EventRecorder(seqs, actor=caller.key_id, now=resources.clock(), new_id=resources.new_id)


async def find_payer(statements: Statements, account_id: UUID) -> UUID:
    """Return the id of the account's payer. Refuses `NOT_FOUND`."""
    account = await accounts.account(statements, account_id)
    if account is None:
        raise Refused(Code.NOT_FOUND, "There is no such account.", ("account_id",))
    return payer_of(account)


async def lock_payer(statements: Statements, account_id: UUID, also: Collection[UUID] = ()) -> LockedPayer:
    """Lock the heads of the account, its payer and the accounts in `also` until the transaction ends. Refuses
    `NOT_FOUND`.
    """
    payer_id = await find_payer(statements, account_id)
    return LockedPayer(payer_id, await accounts.lock_heads(statements, {account_id, payer_id, *also}))


async def lock_order(statements: Statements, account_id: UUID, ref: OrderRef, *path: str | int) -> Order:
    """Lock and return the account's order. Refuses `NOT_FOUND`."""
    order = await orders.find(statements, account_id, ref)
    if order is None:
        raise Refused(Code.NOT_FOUND, "There is no such order in this account.", path or ("order",))
    return (await orders.lock(statements, account_id, [order.id]))[order.id]


def reused() -> Refused:
    """Return the refusal of a reference that was used for another command."""
    return Refused(
        Code.IDEMPOTENCY_KEY_REUSED,
        "This reference was used with another input. Nothing was changed. Use a new reference.",
        ("reference",),
    )


async def write_events(statements: Statements, recorder: EventRecorder) -> None:
    """Write the events and update the heads to their numbers. Called last, so that a transaction that waits for a head
    then sees everything else.
    """
    await EVENTS.insert(statements, recorder.events)
    await accounts.raise_heads(statements, recorder.event_seqs)
