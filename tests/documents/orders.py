"""Facts of invoices, credit notes, confirmations and receipts for tests of documents."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from service.domain.amounts import MassUnit
from service.domain.billing import Invoice, InvoiceStatus
from service.domain.catalogue import Mode
from service.domain.credit_notes import CreditNote, CreditNoteLine, CreditReason
from service.domain.document_facts import credit_note_facts, invoice_facts, order_facts
from service.domain.order import Order, OrderKind, OrderLine, OrderStatus, PaymentStatus, Source
from service.domain.parties import BillingDetails, Seller, TaxCategory, frozen_parties
from service.domain.tax import tax_of

ACCOUNT, SELLER_ID = UUID(int=1), UUID(int=2)
ISSUED = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
SELLER = Seller(
    id=SELLER_ID,
    identifier="default",
    legal_name="Meridian Climate GmbH",
    address="Speicherstraße 4\n20457 Hamburg",
    country="DE",
    tax_number="DE123456789",
    registration_number="HRB 1234",
    bank_name="Hafenbank",
    bank_account="DE89370400440532013000",
    bank_code="COBADEFFXXX",
    payment_terms="30 days net.",
    footer="Managing director: Ana Bauer\nRegister court: Hamburg",
    created_at=ISSUED,
)
PAYER = BillingDetails(
    account_id=ACCOUNT,
    legal_name="Harbour & Hale Logistics Ltd",
    address="1 Quay Street\nLondon E1 6AN",
    country="GB",
    tax_number="GB123456789",
    purchase_order="PO-4711",
)
NAMES = (
    "Mangroves",
    "Biochar",
    "Peatland",
    "Wind",
    "Cook stoves",
    "Kelp",
    "Soil",
    "Direct air capture",
    "Solar",
    "Oak",
)


def order(
    *parts: tuple[int, int], currency: str = "GBP", offset: int, commission: int = 0, **facts: Any
) -> tuple[Order, list[OrderLine]]:
    """An order whose lines are (grams, millionths of a unit a tonne), and its lines."""
    made = Order(
        account_id=ACCOUNT,
        id=UUID(int=10),
        number="0HZ4XK7M2QJ9A",
        source=Source.GRAPHQL,
        kind=OrderKind.MASS,
        requested_mass_g=None,
        requested_value_minor=None,
        step=MassUnit.GRAM,
        currency=currency,
        status=OrderStatus.FULFILLED,
        payment_status=PaymentStatus.ISSUED,
        mass_g=sum(mass_g for mass_g, _ in parts),
        fulfilled_g=0,
        retired_g=0,
        offset_cost_minor=offset,
        commission_minor=commission,
        total_cost_minor=offset + commission,
        paid_minor=0,
        commission_hundredths=1_000 if commission else 0,
        customer=None,
        description=None,
        metadata={},
        callback_url=None,
        beneficiary=None,
        portfolio_id=None,
        estimate_id=None,
        quote_id=None,
        idempotency_key=None,
        fingerprint="",
        created_at=datetime(2026, 11, 3, 8, 0, tzinfo=UTC),
    )
    lines = [
        OrderLine(
            account_id=ACCOUNT,
            order_id=made.id,
            position=position,
            bundle_id=UUID(int=100 + position),
            mass_g=mass_g,
            fulfilled_g=0,
            unit_price_micros=micros,
            gross_unit_price_micros=micros,
            offset_cost_minor=0,
        )
        for position, (mass_g, micros) in enumerate(parts)
    ]
    return replace(made, **facts), lines


BRITISH = order((11_466_000, 13_570_000), (603_000, 250_000_000), offset=30_634, commission=3_405)
EUROPEAN = order(*[(1_000_000, 10_005_000)] * 3, currency="EUR", offset=3_002)
JAPANESE = order((333_000, 1_999_000_000), (667_000, 4_001_000_000), currency="JPY", offset=3_334)


def facts_of(ordered: tuple[Order, list[OrderLine]], names: tuple[str, ...] = NAMES, **more: Any) -> dict[str, Any]:
    bundles = {UUID(int=100 + position): name for position, name in enumerate(names)}
    return order_facts(*ordered, bundles, **more)


def invoice_of(ordered: Order, *, seller: Seller = SELLER, payer: BillingDetails = PAYER, **facts: Any) -> Invoice:
    made = Invoice(
        account_id=ACCOUNT,
        id=UUID(int=20),
        number="INV-2026-000042",
        reference="november",
        fingerprint="",
        currency=ordered.currency,
        status=InvoiceStatus.PENDING,
        total_minor=ordered.total_cost_minor,
        mass_g=ordered.mass_g,
        created_at=ISSUED,
        due_at=ISSUED + timedelta(days=30),
        paid_at=None,
        seller_id=SELLER_ID,
        parties=frozen_parties(seller, payer, "Harbour & Hale"),
        tax_category=TaxCategory.STANDARD,
        tax_rate_hundredths=2_000,
    )
    made = replace(made, **facts)
    return replace(made, tax_minor=tax_of(made.total_minor, made.tax_rate_hundredths or 0))


def invoice_json(
    ordered: tuple[Order, list[OrderLine]] = BRITISH,
    *,
    mode: Mode = Mode.LIVE,
    names: tuple[str, ...] = NAMES,
    account: str | None = None,
    **facts: Any,
) -> str:
    return invoice_facts(invoice_of(ordered[0], **facts), mode, [facts_of(ordered, names, account=account)])


def credit_note_json(
    ordered: tuple[Order, list[OrderLine]] = BRITISH,
    *,
    mode: Mode = Mode.LIVE,
    net: int = 10_000,
    tax: int = 2_000,
    payer: BillingDetails = PAYER,
    **facts: Any,
) -> str:
    made, _ = ordered
    note = CreditNote(
        account_id=ACCOUNT,
        id=UUID(int=30),
        number="CN-2026-000007",
        seller_id=SELLER_ID,
        invoice_id=UUID(int=20),
        reason=CreditReason.CANCELLED,
        currency=made.currency,
        net_minor=net,
        tax_minor=tax,
        returned_minor=2_000,
        mass_g=3_000_000,
        created_at=ISSUED + timedelta(days=3),
    )
    line = CreditNoteLine(
        account_id=ACCOUNT,
        credit_note_id=note.id,
        position=0,
        order_account_id=ACCOUNT,
        order_id=made.id,
        net_minor=net,
        mass_g=3_000_000,
    )
    return credit_note_facts(note, invoice_of(made, payer=payer, **facts), mode, [(line, facts_of(ordered))])
