"""Texts of a receipt, from a paid order and the payments for it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from service.documents import wording
from service.documents.parts import ROUNDED, Facts, frame, group_of, is_rounded, party, seller_party
from service.domain.catalogue import Mode
from service.domain.order import Order

TEMPLATE = "receipt"


@dataclass(frozen=True, slots=True)
class OrderPayment:
    """A part of an order's price that was paid; `text` says how. A negative amount was returned."""

    paid_at: datetime
    text: str
    amount_minor: int


def receipt_document(
    order: Order,
    ordered: Facts,
    payments: Sequence[OrderPayment],
    *,
    mode: Mode,
    seller: Facts,
    payer: Facts,
    logo: Facts | None = None,
) -> str:
    """Return the facts of the template as JSON. `ordered` are the facts of the order by `order_facts`; the payments,
    oldest first, add up to what was paid of it. `logo` is the seller's, as `logo_texts` returns it.
    """
    paid_at = payments[-1].paid_at if payments else order.created_at
    document = frame(
        "Receipt",
        f"RC-{order.number}",
        mode=mode,
        at=paid_at,
        seller=seller_party(seller),
        about=wording.joined([payer["legal_name"], f"receipt RC-{order.number}"]),
        details=[
            ("Receipt number", f"RC-{order.number}"),
            ("Paid on", wording.day(paid_at)),
            ("Amount received", f"{wording.money(order.paid_minor, order.currency)} {order.currency}"),
        ],
        logo=logo,
        currency=order.currency,
    )
    return json.dumps(
        {
            **document,
            "payer": party(payer),
            "payments": [
                {
                    "day": wording.day(each.paid_at),
                    "text": each.text,
                    "amount": wording.money(each.amount_minor, order.currency),
                }
                for each in payments
            ],
            "groups": [group_of(ordered, order.currency)],
            "totals": [("Paid in full", wording.money(order.paid_minor, order.currency))],
            "notes": [
                "This receipt is not a tax invoice. Tax, where it is owed, is on the invoice.",
                *([ROUNDED] if is_rounded([ordered], order.currency) else []),
            ],
            "seller_footer": seller["footer"],
        },
        ensure_ascii=False,
    )
