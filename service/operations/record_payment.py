"""Record a payment that was received for an order or for the balance. An operator's verb.

Locks: the heads of the account and its payer, the order, then the balance. Promises: P2, P4.
"""

from dataclasses import dataclass
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.amounts import Money
from service.domain.api_keys import Scope
from service.domain.billing import Payment, pay
from service.domain.currencies import rescaling_factor
from service.domain.ledger import Journal, balance_topped_up
from service.domain.listing import OrderRef
from service.domain.order import Order
from service.domain.texts import IDEMPOTENCY_KEY_LENGTH_MAX, kept_reference
from service.errors import Code, Refused
from service.kit.canonical_json import fingerprint
from service.operations.resources import Resources
from service.operations.steps.lock_payer import lock_order, lock_payer, reused, write_events
from service.storage import ledger, money, orders
from service.storage.database import Statements


@dataclass(frozen=True, slots=True)
class Recorded:
    """A payment, its order in its present state, and a flag if it was recorded before."""

    payment: Payment
    order: Order | None
    replayed: bool


async def record_payment(
    resources: Resources, caller: Caller, account_id: UUID, reference: str, amount: Money, ref: OrderRef | None = None
) -> Recorded:
    """Record the payment in the ledger, once for its reference (blanks around it are ignored): towards the account's
    order as far as that owes, else in the balance. An order of which nothing is owed any more is PAID.

    Refuses `IDEMPOTENCY_KEY_REUSED` for a reference of another payment, `NOT_FOUND`, `BAD_USER_INPUT` for an amount
    that is not positive or not in the order's currency.
    """
    caller.require(Scope.OPERATOR)
    reference, given = kept_reference(reference, IDEMPOTENCY_KEY_LENGTH_MAX, "reference"), reference
    if amount.minor_units <= 0:
        raise Refused(Code.BAD_USER_INPUT, "Give an amount above zero.", ("amount", "amount"))
    payment_id = resources.new_id()

    async def work(statements: Statements) -> Recorded:
        locked = await lock_payer(statements, account_id)
        order = None if ref is None else await lock_order(statements, account_id, ref)
        payment = Payment(
            account_id=locked.payer_id,
            id=payment_id,
            reference=reference,
            fingerprint=_fingerprints(account_id, amount, order)[0],
            order_account_id=None if order is None else order.account_id,
            order_id=None if order is None else order.id,
            currency=amount.currency,
            amount_minor=amount.minor_units,
            created_at=resources.clock(),
        )
        recorded = await money.of_reference(statements, money.PAYMENTS, locked.payer_id, {reference, given})
        if recorded is not None:
            if recorded.fingerprint not in _fingerprints(account_id, amount, order):
                raise reused()
            # A try whose commit went unanswered finds its own payment: that is no replay to its caller.
            return Recorded(recorded, order, replayed=recorded.id != payment_id)
        paid, journal = _paid(order, amount)
        await _write(resources, statements, payment, paid, journal)
        recorder = locked.recorder(resources, caller)
        recorder.record_payment(payment, order, paid)
        await write_events(statements, recorder)
        return Recorded(payment, paid, replayed=False)

    return await resources.transact(work)


def _fingerprints(account_id: UUID, amount: Money, order: Order | None) -> list[str]:
    """Return the fingerprints of which a repetition of the reference has to match one: today's, which is stored, and
    that in the former decimals of the amount's currency. An amount with more decimals was refused then. References
    never expire: no renaming may change a name here, and no order is null.
    """
    forms = [amount.wire_form()]
    if amount.minor_units % rescaling_factor(amount.currency) == 0:
        forms.append(amount.wire_form(former=True))
    order_id = None if order is None else order.id
    return [fingerprint({"account_id": account_id, "amount": form, "order_id": order_id}) for form in forms]


def _paid(order: Order | None, amount: Money) -> tuple[Order | None, Journal]:
    if order is None:
        return None, balance_topped_up(amount.currency, amount.minor_units)
    if order.currency != amount.currency:
        raise Refused(
            Code.BAD_USER_INPUT,
            f"Give the amount in {order.currency}, the currency of the order.",
            ("amount", "currency"),
        )
    booked = pay(order, amount.minor_units)
    return booked.order, booked.journal


async def _write(
    resources: Resources, statements: Statements, payment: Payment, paid: Order | None, journal: Journal
) -> None:
    if await money.PAYMENTS.insert(statements, [payment]) != 1:
        raise RuntimeError("a payment's reference was taken under its account's lock")
    if paid is not None:
        await orders.change(statements, paid, ("paid_minor", "payment_status"))
    booking = ledger.Booking(payment.account_id, resources.new_id(), paid, journal, payment.created_at)
    await ledger.book(statements, [booking])
