"""The public page of a receipt: the seller, the cost of an order, its tax and the amount paid. Knows no contract.

Anybody who has an address may read it, without a key. It is not the certificate: it contains no projects or serials.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from service.api.document_links import document_path, link_of
from service.api.pages.public_page import HEADERS, STYLE, template
from service.api.receipt_links import RECEIPTS, named_by
from service.documents import wording
from service.documents.invoice import tax_name
from service.documents.parts import seller_party
from service.domain.billing import owed_minor
from service.domain.catalogue import Mode
from service.domain.document_links import DocumentLink, DocumentName, LinkedDocument, link_end
from service.domain.tax import document_amounts
from service.operations.read_receipts import Receipt, former_receipt, linked_receipt
from service.operations.resources import Resources

_HEADERS = {**HEADERS, "Cache-Control": "no-store"}
_TEMPLATE = template("receipt.html")
WITHOUT_TAX = "All amounts are without tax. Where tax is owed, it is added on the invoice."
ON_THE_INVOICE = (
    "All amounts are without tax. {tax} is added on invoice {number} of {day}, for all orders on it together."
)


def receipt_routes(
    resources_of: Callable[[Request], Resources], peppers: Sequence[bytes], valid: timedelta
) -> list[BaseRoute]:
    """Return the page of a receipt, at the address that the service signed under the first of the peppers, or earlier
    under another one. If the address does not expire, the page's links to files are valid for `valid`.
    """

    async def page(request: Request) -> Response:
        token, resources = request.path_params["token"], resources_of(request)
        link, expires_at = link_of(token, peppers), link_end(resources.clock(), valid)
        receipt = None
        if link is not None and link.name.kind is LinkedDocument.RECEIPT_PAGE:
            receipt, expires_at = await linked_receipt(resources, link), link.expires_at
        elif (named := named_by(token, peppers)) is not None:
            receipt = await former_receipt(resources, *named)
        if receipt is None:
            text = "There is no such receipt, or its address has expired or was revoked.\n"
            return PlainTextResponse(text, 404, headers=_HEADERS)
        return HTMLResponse(page_of(receipt, _files(receipt, expires_at, peppers[0])), headers=_HEADERS)

    return [Route(f"{RECEIPTS}{{token}}", page, methods=["GET"])]


def page_of(receipt: Receipt, files: Sequence[tuple[str, str]] = ()) -> str:
    """Return the page, from the order in its present state. `files` are labels and addresses of PDF files."""
    order = receipt.order
    return _TEMPLATE.render(
        style=STYLE,
        test=receipt.account.mode is Mode.TEST,
        account=receipt.account.name,
        customer=order.customer,
        description=order.description,
        number=order.number,
        placed_at=order.created_at.isoformat(),
        placed=wording.time(order.created_at),
        status=order.status.lower(),
        payment_status=order.payment_status.lower(),
        currency=order.currency,
        seller=seller_party(asdict(receipt.seller)),
        lines=_lines(receipt),
        mass=wording.mass(order.mass_g),
        files=files,
        **_amounts(receipt),
    )


def _amounts(receipt: Receipt) -> dict[str, Any]:
    """Return the rows of the price, and the note about tax. Tax is rounded once for the whole invoice, so an order has
    an amount of tax only if no other order is on its invoice.
    """
    order, invoice, currency = receipt.order, receipt.invoice, receipt.order.currency
    rows = [("Credits", order.offset_cost_minor)]
    if order.commission_minor:
        rows.append(("Commission", order.commission_minor))
    paid_minor, due_minor, total_minor = order.paid_minor, owed_minor(order), order.total_cost_minor
    note = WITHOUT_TAX
    if invoice is not None and invoice.tax_category is not None and invoice.tax_rate_hundredths is not None:
        tax = tax_name(receipt.seller.country, invoice.tax_rate_hundredths)
        note = ON_THE_INVOICE.format(tax=tax, number=invoice.number, day=wording.day(invoice.created_at))
        if receipt.is_alone:
            tax_minor = invoice.tax_minor - invoice.tax_credited_minor
            rows += [("Total without tax", total_minor), (tax, tax_minor)]
            total_minor += tax_minor
            paid_minor += invoice.tax_paid_minor
            due_minor += invoice.tax_owed_minor
            note = f"Invoice {invoice.number} of {wording.day(invoice.created_at)} states the tax."
    rows += [("Total", total_minor), ("Paid", paid_minor)]
    return {
        "rows": [(label, wording.money(minor, currency)) for label, minor in rows],
        "due": wording.money(due_minor, currency),
        "note": note,
    }


def _files(receipt: Receipt, expires_at: datetime, pepper: bytes) -> list[tuple[str, str]]:
    """Return labels and addresses of the PDF files of the order, relative to the page."""
    kinds = [(LinkedDocument.CONFIRMATION, "Order confirmation as PDF")]
    if receipt.has_file:
        kinds.insert(0, (LinkedDocument.RECEIPT, "Receipt as PDF"))
    names = [(label, DocumentName(kind, receipt.account.id, receipt.order.id)) for kind, label in kinds]
    links = [(label, DocumentLink(name, receipt.revision, expires_at)) for label, name in names]
    return [(label, f"..{document_path(link, pepper)}.pdf") for label, link in links]


def _lines(receipt: Receipt) -> list[dict[str, str]]:
    """Return the lines of the order, whose amounts add up to its price."""
    order, currency = receipt.order, receipt.order.currency
    amounts = document_amounts(order, [each.line for each in receipt.lines])
    return [
        {
            "bundle": each.bundle_name,
            "mass": wording.mass(each.line.mass_g),
            "unit_price": wording.price(each.line.unit_price_micros, currency),
            "cost": wording.money(amount_minor, currency),
        }
        for each, amount_minor in zip(receipt.lines, amounts.lines_minor, strict=True)
    ]
