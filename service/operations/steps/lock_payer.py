"""A step that several operations share: an operator acts for an account, and its money is its payer's.

Locks the heads of both in id order, so that whatever changes one payer's payments and invoices takes turns.
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
    """The account whose balance, ledger and invoices it is, and the locked heads."""

    payer_id: UUID
    heads: Mapping[UUID, Head]

    def recorder(self, resources: Resources, caller: Caller) -> EventRecorder:
        """Where what happens under these heads is told."""
        seqs = {account_id: head.event_seq for account_id, head in self.heads.items()}
        return EventRecorder(seqs, actor=caller.key_id, now=resources.clock(), new_id=resources.new_id)


async def find_payer(statements: Statements, account_id: UUID) -> UUID:
    """Whose balance, ledger and invoices the account's money is in; refuses `NOT_FOUND`."""
    account = await accounts.account(statements, account_id)
    if account is None:
        raise Refused(Code.NOT_FOUND, "There is no such account.", ("account_id",))
    return payer_of(account)


async def lock_payer(statements: Statements, account_id: UUID, also: Collection[UUID] = ()) -> LockedPayer:
    """The account, its payer and `also` are locked by their heads until the transaction ends; refuses `NOT_FOUND`."""
    payer_id = await find_payer(statements, account_id)
    return LockedPayer(payer_id, await accounts.lock_heads(statements, {account_id, payer_id, *also}))


async def lock_order(statements: Statements, account_id: UUID, ref: OrderRef, *path: str | int) -> Order:
    """The account's order of that name, locked; refuses `NOT_FOUND`."""
    order = await orders.find(statements, account_id, ref)
    if order is None:
        raise Refused(Code.NOT_FOUND, "There is no such order in the account.", path or ("order",))
    return (await orders.lock(statements, account_id, [order.id]))[order.id]


def reused() -> Refused:
    """The refusal of a reference that stands for another command."""
    return Refused(
        Code.IDEMPOTENCY_KEY_REUSED, "This reference was used for another command; nothing was changed.", ("reference",)
    )


async def write_events(statements: Statements, recorder: EventRecorder) -> None:
    """The events are written and the heads stand at them. Written last: whoever waits for a head sees all the rest."""
    await EVENTS.insert(statements, recorder.events)
    await accounts.raise_heads(statements, recorder.event_seqs)
