"""Facts that documents about orders print, as JSON values. The facts of an invoice are stored when it is issued."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from service.domain.billing import Invoice, InvoiceLine
from service.domain.catalogue import Mode
from service.domain.credit_notes import CreditNote, CreditNoteLine
from service.domain.order import Order, OrderLine
from service.domain.tax import document_amounts
from service.kit.canonical_json import canonical_json


def order_facts(
    order: Order,
    lines: Sequence[OrderLine],
    bundles: Mapping[UUID, str],
    *,
    account: str | None = None,
    supplied_at: datetime | None = None,
) -> dict[str, Any]:
    """Return the facts of an order. `lines` are its lines and `bundles` the names of its bundles by id. `account` is
    the name of the client account that ordered; `supplied_at` is the time at which the credits were retired.

    Net amounts of the lines and the commission add up to the order's total.
    """
    amounts = document_amounts(order, lines)
    return {
        "number": order.number,
        "placed_at": order.created_at.isoformat(),
        "account": account,
        "supplied_at": supplied_at.isoformat() if supplied_at else None,
        "lines": [
            {
                "bundle": bundles[line.bundle_id],
                "mass_g": line.mass_g,
                "unit_price_micros": line.unit_price_micros,
                "net_minor": net_minor,
            }
            for line, net_minor in zip(lines, amounts.lines_minor, strict=True)
        ],
        "commission_minor": amounts.commission_minor,
    }


def billed_facts(
    billed: InvoiceLine,
    order: Order,
    lines: Sequence[OrderLine],
    bundles: Mapping[UUID, str],
    *,
    account: str | None = None,
    supplied_at: datetime | None = None,
) -> dict[str, Any]:
    """Return the facts of an order as an invoice billed it: those of `order_facts`, but one line without a bundle if
    the order has changed since.
    """
    facts = order_facts(order, lines, bundles, account=account, supplied_at=supplied_at)
    if (billed.billed_minor, billed.mass_g) == (order.total_cost_minor, order.mass_g):
        return facts
    whole = {"bundle": None, "mass_g": billed.mass_g, "unit_price_micros": None, "net_minor": billed.billed_minor}
    return {**facts, "lines": [whole], "commission_minor": 0}


def invoice_facts(invoice: Invoice, mode: Mode, orders: Sequence[Mapping[str, Any]]) -> str:
    """Return the facts of an invoice as JSON; `orders` are the facts of its orders, in the order of its lines."""
    if invoice.parties is None:
        raise ValueError(f"an invoice of an earlier release has no document: {invoice.number}")
    return canonical_json(
        {
            "number": invoice.number,
            "mode": mode.value,
            "issued_at": invoice.created_at.isoformat(),
            "due_at": invoice.due_at.isoformat(),
            "currency": invoice.currency,
            "parties": json.loads(invoice.parties),
            "tax_category": invoice.tax_category and invoice.tax_category.value,
            "tax_rate_hundredths": invoice.tax_rate_hundredths,
            "tax_reason": invoice.tax_reason,
            "tax_reason_code": invoice.tax_reason_code,
            "net_minor": invoice.total_minor,
            "tax_minor": invoice.tax_minor,
            "prepaid_minor": invoice.prepaid_minor,
            "orders": list(orders),
        }
    ).decode()


def credit_note_facts(
    note: CreditNote,
    invoice: Invoice,
    mode: Mode,
    lines: Sequence[tuple[CreditNoteLine, Mapping[str, Any]]],
) -> str:
    """Return the facts of a credit note as JSON; each line comes with the facts of its order by `order_facts`."""
    stated = json.loads(invoice_facts(invoice, mode, []))
    orders = [
        {
            "number": order["number"],
            "placed_at": order["placed_at"],
            "account": order["account"],
            "bundles": [each["bundle"] for each in order["lines"] if each["bundle"]],
            "mass_g": line.mass_g,
            "net_minor": line.net_minor,
        }
        for line, order in lines
    ]
    return canonical_json(
        {
            **{name: stated[name] for name in ("mode", "currency", "parties", *_TAX)},
            "number": note.number,
            "issued_at": note.created_at.isoformat(),
            "invoice_number": invoice.number,
            "invoice_issued_at": invoice.created_at.isoformat(),
            "reason": note.reason.value,
            "net_minor": note.net_minor,
            "tax_minor": note.tax_minor,
            "returned_minor": note.returned_minor,
            "orders": orders,
        }
    ).decode()


_TAX = ("tax_category", "tax_rate_hundredths", "tax_reason", "tax_reason_code")
