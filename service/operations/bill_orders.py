"""Bill orders: put the full prices of some orders of an account on one invoice, with tax. An operator's verb.

Locks: the heads of the payer and of every account whose orders are billed, the orders, the counter of the seller's
invoices, then the balance. Promises: P2, P4, P25.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.billing import Invoice, InvoiceStatus, billed, invoice_lines
from service.domain.events import EventRecorder, EventType
from service.domain.ledger import tax_billed
from service.domain.listing import OrderRef
from service.domain.numbering import DocumentKind
from service.domain.order import Order, PaymentStatus
from service.domain.parties import (
    PAYMENT_DAYS_MAX,
    BillingDetails,
    TaxProfile,
    checked_profile,
    frozen_parties,
    profile_on,
)
from service.domain.tax import tax_of
from service.domain.texts import IDEMPOTENCY_KEY_LENGTH_MAX, kept_reference
from service.errors import Code, Refused
from service.kit.canonical_json import fingerprint
from service.operations.resources import Resources
from service.operations.steps.change_invoice import invoice_members, record_settled
from service.operations.steps.lock_payer import find_payer, lock_payer, reused, write_events
from service.operations.steps.state_documents import state_invoice
from service.storage import documents, ledger, money, numbers, orders, sellers
from service.storage.database import Statements

ORDERS_NAMED_MAX = 100
ORDERS_AN_INVOICE_MAX = 5_000
_DAYS_LEFT_OUT = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Selection of the orders of the account and its client accounts, placed in a range of time, in one currency, that
    are on no invoice and whose sale was not undone.
    """

    currency: str
    created_from: datetime | None = None
    created_until: datetime | None = None

    def wire_form(self) -> dict[str, str | datetime]:
        """Return the members under the names that stored fingerprints have, without a limit that was not given."""
        form: dict[str, str | datetime] = {"currency": self.currency}
        if self.created_from is not None:
            form["created_from"] = self.created_from
        if self.created_until is not None:
            form["created_until"] = self.created_until
        return form


@dataclass(frozen=True, slots=True)
class Billed:
    """An invoice; `replayed` is True if it was issued before."""

    invoice: Invoice
    replayed: bool


async def bill_orders(
    resources: Resources,
    caller: Caller,
    account_id: UUID,
    reference: str,
    what: Period | Sequence[OrderRef],
    *,
    payment_days: int | None = None,
) -> Billed:
    """Issue one invoice of the account's payer, however often the request is repeated with its reference. Its orders
    become BILLED unless they are paid. Amounts already paid for them count as prepaid, and tax is added by the payer's
    profile of the day. The invoice is due after `payment_days`, by default the seller's, and PAID at once if nothing is
    owed.

    Refuses `IDEMPOTENCY_KEY_REUSED` for a reference of another invoice, `NOT_FOUND`, also when there is nothing to
    bill, `PAYMENT_STATE` for a named order whose sale does not stand or that is on an invoice already, and
    `BAD_USER_INPUT` for orders in several currencies, for more of them than one invoice holds, and for reverse charge
    without the payer's tax number.
    """
    caller.require(Scope.OPERATOR)
    reference, given = kept_reference(reference, IDEMPOTENCY_KEY_LENGTH_MAX, "reference"), reference
    if payment_days is not None and not 0 <= payment_days <= PAYMENT_DAYS_MAX:
        raise Refused(Code.BAD_USER_INPUT, f"Give 0 to {PAYMENT_DAYS_MAX} days for the payment.", ("payment_days",))
    if not isinstance(what, Period) and not 0 < len(what) <= ORDERS_NAMED_MAX:
        raise Refused(Code.BAD_USER_INPUT, f"Give 1 to {ORDERS_NAMED_MAX} orders.", ("orders",))
    invoice_id = resources.new_id()

    async def work(statements: Statements) -> Billed:
        named = () if isinstance(what, Period) else await _named(statements, account_id, what)
        digest = _fingerprint(account_id, what, named, payment_days)

        async def issued(payer_id: UUID) -> Billed | None:
            found = await money.of_reference(statements, money.INVOICES, payer_id, {reference, given})
            if found is not None and found.fingerprint != digest:
                raise reused()
            # An invoice with this id was written by an earlier attempt whose answer was lost; to the caller it is new.
            return Billed(found, replayed=found.id != invoice_id) if found else None

        # Before the orders of a period are read: when a request is repeated, there may be none left, or more than one
        # invoice holds.
        payer_id = await find_payer(statements, account_id)
        if replay := await issued(payer_id):
            return replay
        candidates = await _of_period(statements, account_id, payer_id, what) if isinstance(what, Period) else named
        locked = await lock_payer(statements, account_id, {order.account_id for order in candidates})
        if replay := await issued(locked.payer_id):
            return replay
        found = await _lock(statements, candidates)
        lined = await money.lines_of_orders(statements, payer_id, {order.id for order in found})
        on_invoice = _billed(found, {line.order_id for line in lined}, what)
        lines = invoice_lines(invoice_id, locked.payer_id, on_invoice)
        now = resources.clock()
        payer = locked.heads[locked.payer_id].account
        details = (await sellers.details_of(statements, [payer.id]))[payer.id]
        seller = await sellers.seller_of(statements, details)
        profile = await _profile(statements, details, now)
        net_minor = sum(line.billed_minor for line in lines)
        prepaid_minor = sum(line.prepaid_minor for line in lines)
        rate = profile.rate_hundredths if profile else 0
        tax_minor = tax_of(net_minor, rate)
        is_paid = prepaid_minor == net_minor and not tax_minor
        # The counter is locked as late as possible, because invoices of the seller's other payers wait for it.
        number = await numbers.next_number(statements, seller.id, payer.mode, DocumentKind.INVOICE, now.year)
        invoice = Invoice(
            account_id=locked.payer_id,
            id=invoice_id,
            number=number,
            reference=reference,
            fingerprint=digest,
            currency=_one_currency(on_invoice),
            status=InvoiceStatus.PAID if is_paid else InvoiceStatus.PENDING,
            total_minor=net_minor,
            mass_g=sum(line.mass_g for line in lines),
            created_at=now,
            due_at=now + timedelta(days=seller.payment_days if payment_days is None else payment_days),
            paid_at=now if is_paid else None,
            seller_id=seller.id,
            parties=frozen_parties(seller, details, payer.name),
            tax_category=profile.category if profile else None,
            tax_rate_hundredths=rate,
            tax_reason=profile.reason if profile else None,
            tax_reason_code=profile.reason_code if profile else None,
            tax_minor=tax_minor,
            prepaid_minor=prepaid_minor,
            settled_minor=0 if is_paid else None,
        )
        if await money.INVOICES.insert(statements, [invoice]) != 1:
            raise RuntimeError("an invoice's reference or number was taken under its account's lock")
        if await money.INVOICE_LINES.insert(statements, lines) != len(lines):
            raise RuntimeError("an order that was on no invoice is on one")
        await documents.DOCUMENTS.insert(
            statements, [await state_invoice(statements, payer, invoice, lines, on_invoice)]
        )
        await _mark_billed(statements, on_invoice)
        journal = tax_billed(invoice.currency, tax_minor)
        booking = ledger.Booking(payer.id, resources.new_id(), None, journal, now, invoice_id=invoice.id)
        await ledger.book(statements, [booking])
        recorder = locked.recorder(resources, caller)
        _tell(recorder, invoice, on_invoice)
        await write_events(statements, recorder)
        return Billed(invoice, replayed=False)

    return await resources.transact(work)


def _fingerprint(
    account_id: UUID, what: Period | Sequence[OrderRef], named: Sequence[Order], payment_days: int | None
) -> str:
    """Return the values that a retry with the reference has to match. References never expire: no renaming may change a
    name here, and a missing limit of a period is left out. Without `payment_days` the fingerprint contains 30, as in
    earlier releases.
    """
    billed_orders = what.wire_form() if isinstance(what, Period) else [order.id for order in named]
    days = _DAYS_LEFT_OUT if payment_days is None else payment_days
    return fingerprint({"account_id": account_id, "what": billed_orders, "payment_days": days})


async def _named(statements: Statements, account_id: UUID, refs: Sequence[OrderRef]) -> list[Order]:
    """Return the orders that are named, as they were before anything was locked; refuses `NOT_FOUND`."""
    named: dict[UUID, Order] = {}
    for index, ref in enumerate(refs):
        order = await orders.find(statements, account_id, ref)
        if order is None:
            raise Refused(Code.NOT_FOUND, "There is no such order in this account.", ("orders", index))
        named[order.id] = order
    return list(named.values())


async def _of_period(statements: Statements, account_id: UUID, payer_id: UUID, period: Period) -> list[Order]:
    """Return the orders of the period that are on no invoice, as they were before anything was locked."""
    found = await money.billable(
        statements,
        account_id,
        payer_id,
        period.currency,
        created_from=period.created_from,
        created_until=period.created_until,
        limit=ORDERS_AN_INVOICE_MAX + 1,
    )
    if len(found) > ORDERS_AN_INVOICE_MAX:
        raise Refused(
            Code.BAD_USER_INPUT,
            f"More than {ORDERS_AN_INVOICE_MAX} orders are on no invoice; bill a shorter time.",
            ("created_at",),
        )
    return found


async def _profile(statements: Statements, details: BillingDetails, now: datetime) -> TaxProfile | None:
    """Return the payer's tax profile of the day (UTC), None before the first. Refuses `BAD_USER_INPUT` for reverse
    charge without the payer's tax number.
    """
    profile = profile_on(await sellers.profiles_of(statements, [details.account_id]), now.date())
    try:
        return None if profile is None else checked_profile(profile, details.tax_number)
    except Refused as refusal:
        refusal.path = ("account_id",)
        raise


async def _lock(statements: Statements, candidates: Sequence[Order]) -> list[Order]:
    """Return the orders as they are under their locks."""
    locked: dict[UUID, Order] = {}
    for account_id in sorted({order.account_id for order in candidates}):
        order_ids = [order.id for order in candidates if order.account_id == account_id]
        locked |= await orders.lock(statements, account_id, order_ids)
    return [locked[order.id] for order in candidates]


def _billed(found: Sequence[Order], lined: Collection[UUID], what: Period | Sequence[OrderRef]) -> list[Order]:
    """Return the orders that go on the invoice; `lined` are already on one. An order that was billed or cancelled in
    the meantime is left out of a period, but refused if it was named.
    """
    on_invoice: list[Order] = []
    for index, order in enumerate(found):
        try:
            if order.id in lined:
                raise _on_an_invoice(order)
            on_invoice.append(billed(order))
        except Refused as refusal:
            if not isinstance(what, Period):
                refusal.path = ("orders", index)
                raise
    if not on_invoice:
        raise Refused(Code.NOT_FOUND, "No order whose sale stands and that is on no invoice was found.")
    return on_invoice


def _on_an_invoice(order: Order) -> Refused:
    status = order.payment_status.value
    return Refused(Code.PAYMENT_STATE, "The order is on an invoice already.", payment_status=status)


def _one_currency(on_invoice: Sequence[Order]) -> str:
    currencies = {order.currency for order in on_invoice}
    if len(currencies) > 1:
        raise Refused(Code.BAD_USER_INPUT, "Give orders in one currency.", ("orders",))
    return currencies.pop()


async def _mark_billed(statements: Statements, on_invoice: Sequence[Order]) -> None:
    owed = [order for order in on_invoice if order.payment_status is PaymentStatus.BILLED]
    for account_id in sorted({order.account_id for order in owed}):
        order_ids = [order.id for order in owed if order.account_id == account_id]
        await orders.mark_billed(statements, account_id, order_ids)


def _tell(recorder: EventRecorder, invoice: Invoice, on_invoice: Sequence[Order]) -> None:
    recorder.record(
        invoice.account_id,
        EventType.INVOICE_ISSUED,
        **invoice_members(invoice),
        currency=invoice.currency,
        total_minor=invoice.total_minor,
        orders=len(on_invoice),
    )
    for order in on_invoice:
        is_billed = order.payment_status is PaymentStatus.BILLED
        told = EventType.ORDER_BILLED if is_billed else EventType.ORDER_INVOICED
        recorder.record_order(order, told, **invoice_members(invoice))
    if invoice.status is InvoiceStatus.PAID:
        record_settled(recorder, invoice)
