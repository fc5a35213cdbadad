"""The public page of a receipt: the cost of an order and the amount paid. Knows no contract.

Anybody who has an address may read it, without a key. It is not the certificate: it contains no projects or serials.
"""

from collections.abc import Callable, Sequence

from babel import Locale
from babel.dates import format_datetime
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from service.api.pages.public_page import HEADERS, STYLE, template
from service.api.receipt_links import RECEIPTS, named_by
from service.domain.amounts import MassUnit, mass_text, money_text, price_text
from service.domain.billing import owed_minor
from service.domain.catalogue import Mode
from service.operations.read_receipts import Receipt, ReceiptLine, read_receipt
from service.operations.resources import Resources

_ENGLISH = Locale("en")
_HEADERS = {**HEADERS, "Cache-Control": "no-store"}
_TEMPLATE = template("receipt.html")


def receipt_routes(resources_of: Callable[[Request], Resources], peppers: Sequence[bytes]) -> list[BaseRoute]:
    """Return the page of a receipt, by the address that the service signed for it."""

    async def page(request: Request) -> Response:
        named = named_by(request.path_params["token"], peppers)
        receipt = None if named is None else await read_receipt(resources_of(request), *named)
        if receipt is None:
            return PlainTextResponse("There is no such receipt.\n", 404, headers=_HEADERS)
        return HTMLResponse(page_of(receipt), headers=_HEADERS)

    return [Route(f"{RECEIPTS}{{token}}", page, methods=["GET"])]


def page_of(receipt: Receipt) -> str:
    """Return the page, from the order in its present state."""
    order = receipt.order
    return _TEMPLATE.render(
        style=STYLE,
        test=receipt.account.mode is Mode.TEST,
        account=receipt.account.name,
        customer=order.customer,
        description=order.description,
        number=order.number,
        placed_at=order.created_at.isoformat(),
        placed=f"{format_datetime(order.created_at, 'd MMMM y, HH:mm', locale=_ENGLISH)} UTC",
        status=order.status.lower(),
        payment_status=order.payment_status.lower(),
        currency=order.currency,
        lines=[_line(each, order.currency) for each in receipt.lines],
        mass=_kilograms(order.mass_g),
        offset_cost=money_text(order.offset_cost_minor, order.currency),
        commission=money_text(order.commission_minor, order.currency) if order.commission_minor else None,
        total=money_text(order.total_cost_minor, order.currency),
        paid=money_text(order.paid_minor, order.currency),
        due=money_text(owed_minor(order), order.currency),
    )


def _line(each: ReceiptLine, currency: str) -> dict[str, str]:
    return {
        "bundle": each.bundle_name,
        "mass": _kilograms(each.line.mass_g),
        "unit_price": price_text(each.line.unit_price_micros),
        "cost": money_text(each.line.offset_cost_minor, currency),
    }


def _kilograms(mass_g: int) -> str:
    return f"{mass_text(mass_g, MassUnit.KILOGRAM)} kg"
