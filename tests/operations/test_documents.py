"""Documents about money: stored as first drawn, stated when the invoice was issued, and shown to holders of a link.

Seen to fail when: facts are stated at the first request; a PDF is drawn again; a link outlives its end; a revocation of
the account leaves the links of one document; a receipt is made of an unpaid order; hidden pages are shown.
"""

import asyncio
import csv
import json
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pypdfium2
import pytest

from service.domain.accounts import Visibility
from service.domain.amounts import Money
from service.domain.document_links import DocumentLink, DocumentName, LinkedDocument
from service.domain.listing import OrderRef
from service.domain.order import BalanceUse, Order
from service.domain.parties import TaxCategory, TaxProfile
from service.errors import Code, Refused
from service.operations.bill_orders import bill_orders
from service.operations.cancel_orders import cancel_orders
from service.operations.read_documents import (
    document_file,
    file_of_number,
    link_revisions,
    linked_file,
    receipts_of_orders,
    statement_link,
)
from service.operations.record_payment import record_payment
from service.operations.refund_order import refund_order
from service.operations.retire_orders import retire_order
from service.operations.revoke_document_links import revoke_document_links, revoke_links_of_account
from service.operations.set_billing import enter_billing_details, set_tax_profile
from service.operations.set_seller import set_seller
from service.operations.settle_invoice import settle_invoice
from service.storage.documents import DOCUMENTS, keep_pdf
from service.storage.money import CREDIT_NOTES
from tests.books import rows_of
from tests.makers import LONG_AGO, TONNE_G, make_caller, make_command, make_order_request
from tests.shop import Shop


@pytest.fixture
async def seller(shop: Shop) -> Shop:
    """The shop, whose seller and customer are named, with 20 percent of tax."""
    await set_seller(shop.resources, "default", {"legal_name": "Meridian GmbH", "country": "GB", "bank_account": "12"})
    await enter_billing_details(shop.resources, shop.account.id, {"legal_name": "Harbour Ltd", "tax_number": "GB1"})
    profile = TaxProfile(
        account_id=shop.account.id,
        valid_from=LONG_AGO.date(),
        category=TaxCategory.STANDARD,
        rate_hundredths=2_000,
    )
    await set_tax_profile(shop.resources, shop.caller, profile)
    return shop


async def bill(shop: Shop, *sold: Order, reference: str = "bill"):
    refs = [OrderRef(id=order.id) for order in sold]
    return (await bill_orders(shop.resources, shop.caller, shop.account.id, reference, refs)).invoice


async def pay(shop: Shop, amount_minor: int, order: Order | None = None, reference: str = "wire") -> None:
    ref = None if order is None else OrderRef(id=order.id)
    amount = Money(amount_minor, "USD")
    await record_payment(shop.resources, shop.caller, shop.account.id, reference, amount, ref)


async def text_of(shop: Shop, kind: LinkedDocument, document_id) -> str:
    pdf = await document_file(shop.resources, DocumentName(kind, shop.account.id, document_id))
    assert pdf is not None
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)]
    return " ".join("\n".join(pages).split())


async def link_to(shop: Shop, kind: LinkedDocument, document_id) -> DocumentLink:
    name = DocumentName(kind, shop.account.id, document_id)
    (revision,) = await link_revisions(shop.resources, shop.caller, [name])
    return DocumentLink(name, revision, shop.resources.clock() + timedelta(hours=1))


async def test_an_invoice_prints_its_orders_as_they_were_billed(seller: Shop):
    order = await seller.place(make_order_request(100_000))
    await pay(seller, 100, order)
    invoice = await bill(seller, order)
    await cancel_orders(seller.resources, seller.caller, [OrderRef(id=order.id)])
    await set_seller(seller.resources, "default", {"legal_name": "Other GmbH"})

    text = await text_of(seller, LinkedDocument.INVOICE, invoice.id)

    for fact in (
        *(invoice.number, "Meridian GmbH", "Harbour Ltd", "Tax number GB1", f"Order {order.number}"),
        *("Forest 95 13.57 1.29", "Ocean 5 250.00 1.25", "Commission 0.29", "Net amount 2.83 USD"),
        *("VAT 20 % 0.57 USD", "Total 3.40 USD", "Prepaid −1.00 USD", "Amount due 2.40 USD"),  # noqa: RUF001
    ):
        assert fact in text


async def test_an_invoice_keeps_the_bytes_that_were_drawn_first(seller: Shop):
    invoice = await bill(seller, await seller.place())
    name = DocumentName(LinkedDocument.INVOICE, seller.account.id, invoice.id)
    (stated,) = await rows_of(seller.database, DOCUMENTS)

    first = await asyncio.gather(*(document_file(seller.resources, name) for _ in range(3)))
    (stored,) = await rows_of(seller.database, DOCUMENTS)

    assert stated == replace(stored, pdf=None)
    assert first == [stored.pdf] * 3
    assert json.loads(stored.facts)["number"] == invoice.number
    for change in ("facts = facts || ' '", "pdf = NULL"):
        with pytest.raises(Exception, match="append-only"):
            await seller.execute(f"UPDATE documents SET {change}")
    with pytest.raises(Exception, match="append-only"):
        await seller.execute("DELETE FROM documents")


async def test_a_stored_invoice_is_not_drawn_again(seller: Shop):
    invoice = await bill(seller, await seller.place())
    async with seller.database.transaction() as statements:
        assert await keep_pdf(statements, seller.account.id, invoice.id, b"of an earlier release")

    shown = await document_file(seller.resources, DocumentName(LinkedDocument.INVOICE, seller.account.id, invoice.id))

    assert shown == b"of an earlier release"


async def test_an_invoice_that_has_no_stated_facts_gets_them_on_the_first_request(seller: Shop):
    large, other = await seller.place(make_order_request(30 * TONNE_G)), await seller.place(make_order_request(5_000))
    invoice = await bill(seller, large, other)
    await seller.execute("DROP TRIGGER documents_n" + _rest(seller, "o_delete", "ot_deleted ON documents"))
    await seller.execute("DELETE FROM documents")
    await cancel_orders(seller.resources, seller.caller, [OrderRef(id=large.id)], only_unfulfilled=True)

    text = await text_of(seller, LinkedDocument.INVOICE, invoice.id)

    assert f"Carbon credits 30,000 {large.total_cost_minor / 100:.2f}" in text
    assert "Forest 4.75 13.57" in text


def _rest(shop: Shop, sqlite: str, postgresql: str) -> str:
    return sqlite if shop.database.dialect == "sqlite" else postgresql


async def test_a_credit_note_prints_what_was_taken_back(seller: Shop):
    order = await seller.place(make_order_request(100_000))
    await pay(seller, 100, order)
    invoice = await bill(seller, order)
    await cancel_orders(seller.resources, seller.caller, [OrderRef(id=order.id)])
    (note,) = await rows_of(seller.database, CREDIT_NOTES)

    text = await text_of(seller, LinkedDocument.CREDIT_NOTE, note.id)

    for fact in (
        *(note.number, f"For invoice {invoice.number}", "Cancelled by the customer", "Forest · Ocean 100 2.83"),
        *("Total credited 3.40 USD", "is lowered by 2.40 USD", "1.00 USD were added to your prepaid balance."),
    ):
        assert fact in text


async def test_an_order_has_a_receipt_once_it_is_paid_and_until_it_is_refunded(seller: Shop):
    await pay(seller, 1_000, reference="top-up")
    order = await seller.place(make_order_request(100_000))
    ref, name = OrderRef(id=order.id), DocumentName(LinkedDocument.RECEIPT, seller.account.id, order.id)
    assert await document_file(seller.resources, name) is None
    await pay(seller, 283, order, "wire-7")

    text = await text_of(seller, LinkedDocument.RECEIPT, order.id)
    assert f"RC-{order.number}" in text
    assert "Payment, reference wire-7 2.83" in text
    await refund_order(seller.resources, seller.caller, seller.account.id, ref)
    assert await document_file(seller.resources, name) is None


async def test_a_receipt_says_how_its_order_was_paid(seller: Shop):
    await pay(seller, 1_000, reference="top-up")
    balance = await seller.place(make_order_request(100_000), pay_with_balance=BalanceUse.WHOLE)
    settled = await seller.place(make_order_request(100_000))
    invoice = await bill(seller, settled)
    await settle_invoice(seller.resources, seller.caller, seller.account.id, invoice.id)
    transferred = await seller.place(make_order_request(100_000))
    later = await bill(seller, transferred, reference="bill-2")
    gross = Money(later.total_minor + later.tax_minor, "USD")
    await record_payment(seller.resources, seller.caller, seller.account.id, "wire-9", gross, invoice_id=later.id)

    assert "From the prepaid balance 2.83" in await text_of(seller, LinkedDocument.RECEIPT, balance.id)
    assert f"Payment of invoice {invoice.number} 2.83" in await text_of(seller, LinkedDocument.RECEIPT, settled.id)
    text = await text_of(seller, LinkedDocument.RECEIPT, transferred.id)
    assert f"Payment of invoice {later.number}, reference wire-9 2.83" in text


async def test_a_confirmation_shows_the_order_as_it_is(seller: Shop):
    order = await seller.place(beneficiary={"recipient": {"name": "Ana"}, "retirement": {"name": "Bo"}})

    text = await text_of(seller, LinkedDocument.CONFIRMATION, order.id)
    assert "All credits are set aside for this order." in text
    assert all(name in text for name in ("Meridian GmbH", "Harbour Ltd", "Ana", "Bo"))
    await cancel_orders(seller.resources, seller.caller, [OrderRef(id=order.id)])
    assert "This order was cancelled. Nothing is owed for it." in await text_of(
        seller, LinkedDocument.CONFIRMATION, order.id
    )


async def test_a_clients_confirmation_tells_nothing_of_its_parent(seller: Shop):
    client = await seller.another_account(parent_account_id=seller.account.id, name="Client AS")
    (answer,) = await seller.place_all(make_command(client))
    name = DocumentName(LinkedDocument.CONFIRMATION, client.id, answer.order.id)

    pdf = await document_file(seller.resources, name)

    assert pdf is not None
    text = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()
    assert "Client AS" in text
    assert "Harbour" not in text
    with pytest.raises(Refused) as caught:
        await receipts_of_orders(seller.resources, make_caller(client), [answer.order])
    assert caught.value.code is Code.FORBIDDEN


async def test_a_link_ends(seller: Shop):
    order = await seller.place()
    link = await link_to(seller, LinkedDocument.CONFIRMATION, order.id)
    late = replace(seller.resources, clock=lambda: link.expires_at)

    assert await linked_file(seller.resources, link) is not None
    assert await linked_file(late, link) is None


async def test_revoked_links_are_refused_and_new_ones_work(seller: Shop):
    order, other = await seller.place(), await seller.place()
    first = await link_to(seller, LinkedDocument.CONFIRMATION, order.id)
    untouched = await link_to(seller, LinkedDocument.CONFIRMATION, other.id)

    await revoke_document_links(seller.resources, seller.caller, order.id)
    second = await link_to(seller, LinkedDocument.CONFIRMATION, order.id)
    assert await linked_file(seller.resources, first) is None
    assert await linked_file(seller.resources, second) is not None
    assert await linked_file(seller.resources, untouched) is not None

    await revoke_document_links(seller.resources, seller.caller, None)
    third = await link_to(seller, LinkedDocument.CONFIRMATION, order.id)
    for link in (first, second, untouched):
        assert await linked_file(seller.resources, link) is None
    assert await linked_file(seller.resources, third) is not None

    await revoke_links_of_account(seller.resources, seller.account.id)
    assert await linked_file(seller.resources, third) is None


async def test_links_of_other_accounts_documents_are_not_revoked(seller: Shop):
    stranger = make_caller(await seller.another_account())
    order = await seller.place()
    before = await seller.everything()

    with pytest.raises(Refused) as caught:
        await revoke_document_links(seller.resources, stranger, order.id)
    assert (caught.value.code, caught.value.path) == (Code.NOT_FOUND, ("id",))
    assert await seller.everything() == before


async def test_hidden_pages_hide_documents_too(seller: Shop):
    order = await seller.place()
    link = await link_to(seller, LinkedDocument.CONFIRMATION, order.id)
    await seller.execute("UPDATE accounts SET external_pages_visibility = $1", Visibility.HIDDEN.value)

    assert await linked_file(seller.resources, link) is None


async def test_the_statement_of_the_year_has_what_was_retired_and_what_is_pending(seller: Shop):
    await pay(seller, 10_000, reference="top-up")
    year = seller.resources.clock().year
    order = await seller.place(make_order_request(100_000), pay_with_balance=BalanceUse.WHOLE)
    await seller.place(make_order_request(7_000))
    await retire_order(seller.resources, order.account_id, order.id, keep=0, actor="test")
    name, revision = await statement_link(seller.resources, seller.caller, year)
    link = DocumentLink(name, revision, seller.resources.clock() + timedelta(hours=1))

    table = await linked_file(seller.resources, link, as_csv=True)
    text = await text_of(seller, LinkedDocument.STATEMENT, name.id)

    assert table is not None
    assert [(row["order"], row["tonnes"]) for row in csv.DictReader(StringIO(table.decode()))] == [
        (order.number, "0.095"),
        (order.number, "0.005"),
    ]
    assert all(fact in text for fact in ("Certificates 1", "100 kg", "7 kg", "(so far)", "Meridian GmbH"))
    assert await document_file(seller.resources, replace(name, kind=LinkedDocument.INVOICE), as_csv=True) is None
    await revoke_document_links(seller.resources, seller.caller, None)
    assert await linked_file(seller.resources, link) is None


async def test_documents_are_found_by_their_numbers(seller: Shop):
    order = await seller.place()
    invoice = await bill(seller, order)
    await cancel_orders(seller.resources, seller.caller, [OrderRef(id=order.id)])
    (note,) = await rows_of(seller.database, CREDIT_NOTES)
    found = [
        await file_of_number(seller.resources, kind, seller.account.id, number)
        for kind, number in (
            *((LinkedDocument.INVOICE, invoice.number), (LinkedDocument.CREDIT_NOTE, note.number)),
            *((LinkedDocument.CONFIRMATION, order.number), (LinkedDocument.RECEIPT, order.number)),
            *((LinkedDocument.INVOICE, note.number), (LinkedDocument.CONFIRMATION, invoice.number)),
        )
    ]

    assert [each is not None and each[:5] == b"%PDF-" for each in found] == [True, True, True, False, False, False]
