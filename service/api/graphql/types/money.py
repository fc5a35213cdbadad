"""GraphQL types of payments, invoices and the ledger."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from service.api.graphql.connections import After, Before, ByTime, Connection, First, Last, SortedBy, listed_each
from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.scalars import CurrencyCode
from service.api.graphql.types.amounts import Money, mass_field, money, money_field
from service.api.graphql.types.credit_note import CreditNote, credit_note_of
from service.api.graphql.types.document_urls import LASTS, document_urls
from service.api.graphql.types.node import Node
from service.api.graphql.types.order import ACCOUNT_TYPE, Order, orders_by_account
from service.api.graphql.types.seller import BillingDetails, Seller, seller_of
from service.domain import billing, parties
from service.domain.billing import InvoiceStatus
from service.domain.document_links import LinkedDocument
from service.domain.ledger import LedgerAccount, Verb
from service.domain.ledger import Posting as LedgerPosting
from service.domain.parties import TaxCategory
from service.kit.keyset import Position
from service.operations import read_money, select_account
from service.plans import batch_field

if TYPE_CHECKING:
    from service.api.graphql.types.account import Account

POSTINGS_MAX = len(LedgerAccount)
"""Maximum number of postings: a journal posts at most once to each account."""
LINES = SortedBy("invoice_lines", int, lambda line: Position(line.position, line.order_id))
CREDIT_NOTES = ByTime("credit_notes")
MONEY_TYPE = "service.api.graphql.types.money"


async def _accounts(parents: Sequence["Payment | Invoice"], info: Info) -> list[Any]:
    account_of = import_module(ACCOUNT_TYPE).account_of  # imported by name, because accounts import this module

    ids = {parent.row.account_id for parent in parents}
    readers = await select_account.readers_of(info.context.resources, info.context.caller, ids)
    found = {id_: account_of(reader.account) for id_, reader in readers.items()}
    return [found.get(parent.row.account_id) for parent in parents]


async def _orders_of_payments(parents: Sequence["Payment"], info: Info) -> list[Order | None]:
    return await orders_by_account(info, [(parent.row.order_account_id, parent.row.order_id) for parent in parents])


async def _invoices_named(parents: Sequence["Payment"] | Sequence["Journal"], info: Info) -> list["Invoice | None"]:
    rows: list[Any] = [parent.row for parent in parents]
    found = await read_money.invoices_of_entries(info.context.resources, info.context.caller, rows)
    return [None if row.invoice_id is None else invoice_of(found[row.invoice_id]) for row in rows]


@strawberry.type(description="A payment that the seller received and recorded. Payments never change.")
class Payment(Node):
    row: strawberry.Private[billing.Payment]
    account: Annotated["Account", strawberry.lazy(ACCOUNT_TYPE)] | None = batch_field(
        _accounts,
        description="Account that the payment belongs to: the parent of a client account that ordered. Null if the "
        "request acts for a client account, whose parent is not shown.",
    )
    order: Order | None = batch_field(
        _orders_of_payments,
        description="Order that the payment is for. Null if the payment was added to the balance without an order. "
        "Null as well if the request acts for a client account and the order belongs to another account.",
    )

    @strawberry.field(
        description="Reference that the seller chose for the payment, unique among the payments of the account."
    )
    def reference(self) -> str:
        return self.row.reference

    amount = money_field(
        "row.amount_minor",
        description="Amount received. The part of the amount that was more than the order or the invoice owed was "
        "added to the balance.",
    )
    invoice: Annotated["Invoice", strawberry.lazy(MONEY_TYPE)] | None = batch_field(
        _invoices_named,
        description="Invoice that the payment is for, in its present state. Null if the payment names no invoice.",
    )

    @strawberry.field(description="Time at which the payment was recorded.")
    def created_at(self) -> datetime:
        return self.row.created_at


async def _orders_of_lines(parents: Sequence["InvoiceLine"], info: Info) -> list[Order | None]:
    return await orders_by_account(info, [(parent.row.order_account_id, parent.row.order_id) for parent in parents])


@strawberry.type(description="One order on an invoice, with its price at the time of billing.")
class InvoiceLine(Node):
    row: strawberry.Private[billing.InvoiceLine]
    currency: strawberry.Private[str]
    order: Order | None = batch_field(
        _orders_of_lines,
        description="Order of the line, in its present state. Null if the request acts for a client account and the "
        "order belongs to another account.",
    )

    billed = money_field(
        "row.billed_minor",
        "currency",
        description="Amount billed for the order, without tax: its whole price. On invoices of earlier releases: what "
        "the order owed. The amount stays the same if the order is changed or cancelled later; credit notes state the "
        "difference.",
    )

    prepaid = money_field(
        "row.prepaid_minor",
        "currency",
        description="Amount that had been paid of the order at the time of billing. Zero on invoices of earlier "
        "releases.",
    )

    mass = mass_field("row.mass_g", description="Mass of the order at the time of billing.")


async def _lines(
    parents: Sequence["Invoice"],
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> list[Connection[InvoiceLine]]:
    rows = [parent.row for parent in parents]
    read = partial(read_money.lines_of_invoices, info.context.resources, info.context.caller, rows)
    nodes = [partial(_line_of, row.currency) for row in rows]
    return await listed_each(info, LINES, (first, after, last, before), read, nodes)


def _line_of(currency: str, line: billing.InvoiceLine) -> InvoiceLine:
    return InvoiceLine(row=line, currency=currency)


async def _credit_notes(
    parents: Sequence["Invoice"],
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> list[Connection[CreditNote]]:
    rows = [parent.row for parent in parents]
    read = partial(read_money.credit_notes_of_invoices, info.context.resources, info.context.caller, rows)
    return await listed_each(info, CREDIT_NOTES, (first, after, last, before), read, [credit_note_of] * len(rows))


async def _owed(parents: Sequence["Invoice"], info: Info) -> list[Money]:
    rows = [parent.row for parent in parents]
    owed_minor = await read_money.owed_on_invoices(info.context.resources, info.context.caller, rows)
    return [money(owed, row.currency) for row, owed in zip(rows, owed_minor, strict=True)]


async def _pdf_urls(parents: Sequence["Invoice"], info: Info) -> list[str | None]:
    drawn = [parent.row for parent in parents if parent.row.parties is not None]
    urls = dict(zip((row.id for row in drawn), await document_urls(info, LinkedDocument.INVOICE, drawn), strict=True))
    return [urls.get(parent.row.id) for parent in parents]


@strawberry.type(
    description="An invoice for one or more orders. What is printed on it never changes: later changes of its orders "
    "are stated by credit notes."
)
class Invoice(Node):
    row: strawberry.Private[billing.Invoice]
    account: Annotated["Account", strawberry.lazy(ACCOUNT_TYPE)] | None = batch_field(
        _accounts,
        description="Account that the invoice was issued to: the parent of client accounts that ordered. Null if the "
        "request acts for a client account, whose parent is not shown.",
    )
    lines: Connection[InvoiceLine] = batch_field(
        _lines, description="Orders on the invoice with their billed amounts, oldest order first."
    )

    pdf_url: str | None = batch_field(
        _pdf_urls,
        description="Address of the invoice as a PDF file. Null for an invoice of an earlier release, which does not "
        f"record its parties. {LASTS}",
    )

    @strawberry.field(
        description="Number of the invoice, such as `INV-2026-000042`. The invoices of a seller and a year are "
        "numbered consecutively. Invoices of test accounts have a series of their own, with `TEST-` in front. Invoices "
        "of earlier releases keep the short numbers that they were issued with."
    )
    def number(self) -> str:
        return self.row.number

    @strawberry.field(
        description="Reference that the seller chose for the invoice, unique among the invoices of the account."
    )
    def reference(self) -> str:
        return self.row.reference

    @strawberry.field(description="State of the invoice: PENDING or PAID.")
    def status(self) -> InvoiceStatus:
        return self.row.status

    total = money_field(
        "row.total_minor",
        description="Former name of `net`, with the same value.",
        deprecation_reason="Use net. Removed after 2027-11-30.",
    )

    net = money_field("row.total_minor", description="Sum of the amounts billed for the orders, without tax.")
    tax = money_field(
        "row.tax_minor",
        description="Tax on the net amount, rounded half up once for the whole invoice. Zero on invoices of earlier "
        "releases.",
    )
    gross = money_field("row.gross_minor", description="Net amount and tax together.")
    prepaid = money_field(
        "row.prepaid_minor",
        description="Amount that had been paid of the orders when the invoice was issued. Zero on invoices of earlier "
        "releases, which bill what the orders owed.",
    )
    due = money_field(
        "row.due_minor",
        description="Amount that was to be paid when the invoice was issued: the gross amount less what was prepaid.",
    )
    owed: Money = batch_field(
        _owed,
        description="Amount that is still to be paid: what is due, less payments and credit notes since the invoice "
        "was issued. Zero once the invoice is paid.",
    )
    credit_notes: Connection[CreditNote] = batch_field(
        _credit_notes,
        description="Credit notes for what was cancelled, reduced, failed or refunded after the invoice was issued, "
        "oldest first.",
    )

    @strawberry.field(
        description="Category of the tax, from the customer's tax profile of the day of the invoice (UTC). Null if the "
        "customer had none."
    )
    def tax_category(self) -> TaxCategory | None:
        return self.row.tax_category

    @strawberry.field(
        description="Rate of the tax in percent of the net amount, with at most two decimals. Null on invoices of "
        "earlier releases."
    )
    def tax_rate(self) -> Decimal | None:
        rate = self.row.tax_rate_hundredths
        return None if rate is None else Decimal(rate).scaleb(-2)

    @strawberry.field(description="Reason why no tax is due, as the invoice states it.")
    def tax_reason(self) -> str | None:
        return self.row.tax_reason

    @strawberry.field(description="Code of the reason, such as `VATEX-EU-AE`.")
    def tax_reason_code(self) -> str | None:
        return self.row.tax_reason_code

    mass = mass_field("row.mass_g", description="Mass of the invoice's orders at the time of billing.")

    @strawberry.field(description="Currency of all amounts on the invoice (ISO 4217 code).")
    def currency(self) -> CurrencyCode:
        return CurrencyCode(self.row.currency)

    @strawberry.field(
        description="Seller as the invoice names it; later changes do not change it. Null for invoices of earlier "
        "releases."
    )
    def seller(self) -> Seller | None:
        found = self._parties()
        return None if found is None else seller_of(found[0])

    @strawberry.field(
        description="Customer as the invoice names it; later changes do not change it. Null for invoices of earlier "
        "releases."
    )
    def billing_details(self) -> BillingDetails | None:
        found = self._parties()
        return None if found is None else BillingDetails(row=found[1])

    def _parties(self) -> tuple[parties.Seller, parties.BillingDetails] | None:
        row = self.row
        if row.parties is None or row.seller_id is None:
            return None
        return parties.thawed_parties(row.parties, row.seller_id, row.account_id, row.created_at)

    @strawberry.field(description="Time at which the invoice was issued.")
    def created_at(self) -> datetime:
        return self.row.created_at

    @strawberry.field(description="Time by which the invoice must be paid.")
    def due_at(self) -> datetime:
        return self.row.due_at

    @strawberry.field(description="Time at which the invoice was paid. Null while the invoice is pending.")
    def paid_at(self) -> datetime | None:
        return self.row.paid_at


@strawberry.type(description="Part of a journal: an amount on one ledger account.")
class Posting:
    posting: strawberry.Private[LedgerPosting]
    currency: strawberry.Private[str]

    @strawberry.field(description="Ledger account on which the amount is booked.")
    def account(self) -> LedgerAccount:
        return self.posting.account

    amount = money_field(
        "posting.amount_minor",
        "currency",
        description="Amount of the posting: positive for a debit, negative for a credit.",
    )


async def _orders_of_journals(parents: Sequence["Journal"], info: Info) -> list[Order | None]:
    return await orders_by_account(info, [(parent.row.order_account_id, parent.row.order_id) for parent in parents])


@strawberry.type(description="Record of one event in the ledger, as postings that sum to zero. Journals never change.")
class Journal(Node):
    row: strawberry.Private[read_money.LedgerPage]
    order: Order | None = batch_field(
        _orders_of_journals,
        description="Order that the event concerns. Null if the event concerns no order. Null as well if the request "
        "acts for a client account and the order belongs to another account.",
    )
    invoice: Invoice | None = batch_field(
        _invoices_named,
        description="Invoice whose tax or payment the event concerns, in its present state. Null if the event concerns "
        "no invoice.",
    )

    @strawberry.field(description="Event that the journal records.")
    def verb(self) -> Verb:
        return self.row.journal.verb

    @strawberry.field(
        description="Postings of the journal: at most one for each ledger account. The amounts of all postings sum to "
        "zero.",
        metadata=priced(size=POSTINGS_MAX),
    )
    def postings(self) -> list[Posting]:
        journal = self.row.journal
        return [Posting(posting=posting, currency=journal.currency) for posting in journal.postings]

    @strawberry.field(description="Time at which the event was recorded in the ledger.")
    def created_at(self) -> datetime:
        return self.row.created_at


def payment_of(row: billing.Payment) -> Payment:
    return Payment(row=row)


def invoice_of(row: billing.Invoice) -> Invoice:
    return Invoice(row=row)


def line_of(row: read_money.LineInCurrency) -> InvoiceLine:
    return InvoiceLine(row=row.line, currency=row.currency)


def journal_of(row: read_money.LedgerPage) -> Journal:
    return Journal(row=row)
