"""Texts of an order confirmation, from the order in its present state."""

import json

from service.documents import wording
from service.documents.parts import ROUNDED, Facts, frame, group_of, is_rounded, party, seller_party
from service.domain.catalogue import Mode
from service.domain.order import Order, OrderStatus

TEMPLATE = "order_confirmation"
STATES = {
    OrderStatus.PLACED: "Accepted. Some of the credits are not in stock yet.",
    OrderStatus.FULFILLED: "Accepted. All credits are set aside for this order.",
    OrderStatus.RETIRING: "Accepted. The credits are being assigned.",
    OrderStatus.COMPLETE: "Complete. The certificate states the credits.",
    OrderStatus.CANCELLED: "This order was cancelled. Nothing is owed for it.",
    OrderStatus.FAILED: "This order could not be delivered. Nothing is owed for it.",
}


def order_confirmation_document(
    order: Order,
    ordered: Facts,
    *,
    mode: Mode,
    seller: Facts,
    buyer: Facts,
    recipient: str,
    beneficiary: str,
    logo: Facts | None = None,
) -> str:
    """Return the facts of the template as JSON. `ordered` are the facts of the order by `order_facts`; seller and buyer
    are those of an invoice, the buyer being the account that ordered. `logo` is the seller's, as `logo_texts` returns
    it.
    """
    document = frame(
        "Order confirmation",
        order.number,
        mode=mode,
        at=order.created_at,
        seller=seller_party(seller),
        about=wording.joined([buyer["legal_name"], f"order {order.number}"]),
        details=[
            ("Order number", order.number),
            ("Ordered on", wording.time(order.created_at)),
            ("Mass", wording.mass(order.mass_g)),
        ],
        logo=logo,
        currency=order.currency,
    )
    return json.dumps(
        {
            **document,
            "payer": party(buyer),
            "state": STATES[order.status],
            "recipient": recipient,
            "beneficiary": beneficiary,
            "groups": [group_of(ordered, order.currency)],
            "totals": [("Total without tax", wording.money(order.total_cost_minor, order.currency))],
            "notes": [
                "Tax is added on the invoice, where it is owed. This confirmation is no invoice.",
                *([ROUNDED] if is_rounded([ordered], order.currency) else []),
            ],
            "seller_footer": seller["footer"],
        },
        ensure_ascii=False,
    )
