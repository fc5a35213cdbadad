"""Read documents: invoices and credit notes as they were first drawn, confirmations and receipts of orders in their
present state, and retirement statements. Everybody who has a link may read its document. Promise: P25.
"""

import json
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import asdict
from datetime import UTC
from typing import Any
from uuid import UUID

from service.documents import credit_note, invoice, order_confirmation, receipt
from service.documents.drawer import Drawer
from service.documents.receipt import OrderPayment
from service.domain.accounts import Account, Caller, payer_of
from service.domain.api_keys import Scope
from service.domain.billing import has_receipt
from service.domain.document_links import DocumentLink, DocumentName, LinkedDocument, statement_name
from service.domain.ledger import Journal, Posting, Verb
from service.domain.listing import OrderRef
from service.domain.order import Order
from service.domain.parties import BillingDetails, Seller
from service.domain.retirement_statement import checked_year
from service.operations.resources import Resources
from service.operations.steps.draw_statement import statement_file
from service.operations.steps.open_link import account_of_link
from service.operations.steps.seller_logo import seller_logo
from service.operations.steps.state_certificates import certificate_names
from service.operations.steps.state_documents import orders_of_lines, state_credit_note, state_invoice, state_order
from service.storage import accounts, documents, ledger, money, orders, sellers
from service.storage.database import Statements
from service.storage.documents import StoredDocument


async def linked_file(resources: Resources, link: DocumentLink, *, as_csv: bool = False) -> bytes | None:
    """Return the file that the link leads to, whose signature the caller has checked; None if it has expired or was
    revoked, and while the account hides its pages. Only statements are available as CSV.
    """
    account = await account_of_link(resources, link)
    return None if account is None else await _file(resources, account, link.name, as_csv=as_csv)


async def document_file(resources: Resources, name: DocumentName, *, as_csv: bool = False) -> bytes | None:
    """Return the PDF of the document, or with `as_csv` the CSV of a statement; None if there is none: an unpaid order
    has no receipt, and an invoice of an earlier release has no document.
    """
    account = await accounts.account(resources.database.reader, name.account_id)
    return None if account is None else await _file(resources, account, name, as_csv=as_csv)


async def _file(resources: Resources, account: Account, name: DocumentName, *, as_csv: bool) -> bytes | None:
    """Return the account's document as `document_file` does."""
    file: bytes | None = None
    if as_csv and name.kind is not LinkedDocument.STATEMENT:
        return None
    match name.kind:
        case LinkedDocument.INVOICE:
            file = await _first_drawn(resources, account, name.id, _drawn_invoice, _invoice)
        case LinkedDocument.CREDIT_NOTE:
            file = await _first_drawn(resources, account, name.id, _drawn_credit_note, _credit_note)
        case LinkedDocument.CONFIRMATION:
            file = await _confirmation(resources, account, name.id)
        case LinkedDocument.RECEIPT:
            file = await _receipt(resources, account, name.id)
        case LinkedDocument.STATEMENT:
            file = await statement_file(resources, account, name.id.int, as_csv=as_csv)
        case LinkedDocument.RECEIPT_PAGE:
            pass  # no file
    return file


async def link_revisions(resources: Resources, caller: Caller, names: Sequence[DocumentName]) -> list[int]:
    """Return for each document how often its links were revoked. A caller who may read an invoice, credit note or order
    may have links to its documents.
    """
    caller.require(Scope.ORDERS_READ)
    found: dict[UUID, dict[UUID, int]] = {}
    for account_id in {name.account_id for name in names}:
        ids = {name.id for name in names if name.account_id == account_id}
        found[account_id] = await documents.revisions(resources.database.reader, account_id, ids)
    return [found[name.account_id][name.id] for name in names]


async def receipts_of_orders(resources: Resources, caller: Caller, sold: Sequence[Order]) -> list[int | None]:
    """Return for each of the caller's orders how often the links to its receipt were revoked; None for an order without
    a receipt. A receipt shows payments, which a client account's own key may not see.
    """
    caller.require(Scope.ORDERS_READ)
    caller.require_money()
    paid = [order for order in sold if has_receipt(order)]
    names = [DocumentName(LinkedDocument.RECEIPT, order.account_id, order.id) for order in paid]
    revisions = dict(zip((order.id for order in paid), await link_revisions(resources, caller, names), strict=True))
    return [revisions.get(order.id) for order in sold]


async def statement_link(resources: Resources, caller: Caller, year: int | None) -> tuple[DocumentName, int]:
    """Return the key of the caller's statement for the year, by default the present year, and how often its links were
    revoked. Refuses `BAD_USER_INPUT` for a year that has not begun, or is before 2000.
    """
    caller.require(Scope.ORDERS_READ)
    now = resources.clock()
    period = checked_year(now.astimezone(UTC).year if year is None else year, now)
    name = statement_name(caller.account.id, period.number)
    (revision,) = await link_revisions(resources, caller, [name])
    return name, revision


StateDocument = Callable[[Statements, Account, UUID], Awaitable[StoredDocument | None]]


async def _first_drawn(
    resources: Resources,
    payer: Account,
    document_id: UUID,
    drawn: Callable[[Drawer, str, Any], Awaitable[bytes]],
    state: StateDocument,
) -> bytes | None:
    """Return the stored PDF. If there is none, store the facts and draw it; if several processes do so, the first PDF
    is kept.
    """
    reader = resources.database.reader
    stored = await documents.find(reader, payer.id, document_id)
    if stored is None:
        stored = await _stated(resources, payer, document_id, state)
    if stored is None:
        return None
    if stored.pdf is None:
        logo = await seller_logo(reader, json.loads(stored.facts)["parties"]["seller"].get("logo_sha256"))
        pdf = await drawn(resources.drawer, stored.facts, logo)

        async def keep(statements: Statements) -> None:
            await documents.keep_pdf(statements, payer.id, document_id, pdf)

        await resources.transact(keep)
        stored = await documents.find(reader, payer.id, document_id)
        assert stored is not None  # noqa: S101 - it is never removed
    return stored.pdf


async def _drawn_invoice(drawer: Drawer, facts: str, logo: Any) -> bytes:
    return await drawer.draw_invoice(invoice.invoice_document(facts, logo=logo), facts)


async def _drawn_credit_note(drawer: Drawer, facts: str, logo: Any) -> bytes:
    return await drawer.draw_invoice(credit_note.credit_note_document(facts, logo=logo), facts)


async def _stated(
    resources: Resources, payer: Account, document_id: UUID, state: StateDocument
) -> StoredDocument | None:
    """Store the facts of the document and return it. Facts that another process has stored meanwhile are kept."""

    async def work(statements: Statements) -> StoredDocument | None:
        stated = await state(statements, payer, document_id)
        if stated is None:
            return None
        await documents.DOCUMENTS.insert(statements, [stated])
        return await documents.find(statements, payer.id, document_id)

    return await resources.transact(work)


async def _invoice(statements: Statements, payer: Account, invoice_id: UUID) -> StoredDocument | None:
    """Return the document of an invoice that a process of an earlier release issued."""
    found = (await money.of_ids(statements, money.INVOICES, payer.id, [invoice_id])).get(invoice_id)
    if found is None or found.parties is None:
        return None
    lines = await money.lines_of(statements, payer.id, [invoice_id])
    sold = await orders_of_lines(statements, [(line.order_account_id, line.order_id) for line in lines])
    return await state_invoice(statements, payer, found, lines, sold.values())


async def _credit_note(statements: Statements, payer: Account, note_id: UUID) -> StoredDocument | None:
    found = (await money.of_ids(statements, money.CREDIT_NOTES, payer.id, [note_id])).get(note_id)
    return None if found is None else await state_credit_note(statements, payer, found)


async def _confirmation(resources: Resources, account: Account, order_id: UUID) -> bytes | None:
    reader = resources.database.reader
    order = await orders.find(reader, account.id, OrderRef(id=order_id))
    if order is None:
        return None
    seller, payer = await _parties(reader, account)
    buyer = payer if payer_of(account) == account.id else BillingDetails(account_id=account.id, legal_name=account.name)
    recipient, beneficiary = certificate_names(order, account)
    document = order_confirmation.order_confirmation_document(
        order,
        await state_order(reader, account.id, account, order),
        mode=account.mode,
        seller=asdict(seller),
        buyer=asdict(buyer),
        recipient=recipient,
        beneficiary=beneficiary,
        logo=await seller_logo(reader, seller.logo_sha256),
    )
    return await resources.drawer.draw(order_confirmation.TEMPLATE, document)


async def _receipt(resources: Resources, account: Account, order_id: UUID) -> bytes | None:
    reader = resources.database.reader
    order = await orders.find(reader, account.id, OrderRef(id=order_id))
    if order is None or not has_receipt(order):
        return None
    seller, payer = await _parties(reader, account)
    payer_id = payer_of(account)
    document = receipt.receipt_document(
        order,
        await state_order(reader, payer_id, account, order),
        await _payments(reader, payer_id, order),
        mode=account.mode,
        seller=asdict(seller),
        payer=asdict(payer),
        logo=await seller_logo(reader, seller.logo_sha256),
    )
    return await resources.drawer.draw(receipt.TEMPLATE, document)


async def _parties(statements: Statements, account: Account) -> tuple[Seller, BillingDetails]:
    """Return the present seller and payer of the account's orders. A payer without a legal name has its account's."""
    payer_id = payer_of(account)
    details = (await sellers.details_of(statements, [payer_id]))[payer_id]
    seller = await sellers.seller_of(statements, details)
    payer = account if payer_id == account.id else await accounts.existing(statements, payer_id)
    named: dict[str, Any] = {**asdict(details), "legal_name": details.legal_name or payer.name}
    return seller, BillingDetails(**named)


async def _payments(statements: Statements, payer_id: UUID, order: Order) -> list[OrderPayment]:
    """Return the order's payments and repayments, oldest first."""
    entries = await ledger.entries_of_order(statements, payer_id, order.id)
    received = await money.payments_of_orders(statements, payer_id, order.account_id, [order.id])
    references = {payment.created_at: payment.reference for payment in received}
    invoice = (await money.invoices_of_orders(statements, payer_id, order.account_id, [order.id])).get(order.id)
    if invoice is not None:
        # A payment of an invoice is first added to the balance, which then pays the order at the same instant.
        received = await money.payments_of_invoice(statements, payer_id, invoice.id)
        references |= {payment.created_at: payment.reference for payment in received}
    invoice_number = invoice.number if invoice else None
    paid = []
    for journal_id in dict.fromkeys(entry.journal_id for entry in entries):
        own = [entry for entry in entries if entry.journal_id == journal_id]
        postings = tuple(Posting(entry.ledger_account, entry.amount_minor) for entry in own)
        journal = Journal(own[0].verb, order.currency, postings)
        if journal.paid_change_minor:
            text = _text(journal, references.get(own[0].created_at), invoice_number)
            paid.append(OrderPayment(own[0].created_at, text, journal.paid_change_minor))
    return paid


def _text(journal: Journal, reference: str | None, invoice_number: str | None) -> str:
    match journal.verb:
        case Verb.PAYMENT_RECORDED if reference is not None:
            return f"Payment, reference {reference}"
        case Verb.BALANCE_APPLIED if reference is not None:
            return f"Payment of invoice {invoice_number}, reference {reference}"
        case Verb.INVOICE_SETTLED if invoice_number is not None:
            return f"Payment of invoice {invoice_number}"
        case _ if journal.paid_change_minor < 0:
            return "Returned to the prepaid balance"
    return "From the prepaid balance"


def document_names(kind: LinkedDocument, rows: Collection[Any]) -> list[DocumentName]:
    """Return the keys of the documents of the kind, one for each invoice, credit note or order."""
    return [DocumentName(kind, row.account_id, row.id) for row in rows]


async def file_of_number(
    resources: Resources, kind: LinkedDocument, account_id: UUID, number: str, *, as_csv: bool = False
) -> bytes | None:
    """Return the PDF of the account's invoice, credit note or order with this number, or its statement of the year,
    which is available as CSV too; None if there is none. Refuses as `checked_year`. Called by the command line, without
    a caller.
    """
    reader = resources.database.reader
    match kind:
        case LinkedDocument.INVOICE:
            document_id = await money.id_of_number(reader, money.INVOICES, account_id, number)
        case LinkedDocument.CREDIT_NOTE:
            document_id = await money.id_of_number(reader, money.CREDIT_NOTES, account_id, number)
        case LinkedDocument.CONFIRMATION | LinkedDocument.RECEIPT:
            order = await orders.find(reader, account_id, OrderRef(number=number))
            document_id = None if order is None else order.id
        case LinkedDocument.RECEIPT_PAGE:
            document_id = None
        case LinkedDocument.STATEMENT:
            year = checked_year(int(number) if number.isascii() and number.isdecimal() else 0, resources.clock())
            document_id = statement_name(account_id, year.number).id
    if document_id is None:
        return None
    return await document_file(resources, DocumentName(kind, account_id, document_id), as_csv=as_csv)
