"""Read receipts: the parts of an order's price and the amount paid, for everybody who has the link."""

from dataclasses import dataclass
from uuid import UUID

from service.domain.accounts import Account, Visibility, payer_of
from service.domain.billing import Invoice, has_receipt
from service.domain.document_links import DocumentLink
from service.domain.listing import OrderRef
from service.domain.order import Order, OrderLine
from service.domain.parties import Seller
from service.operations.resources import Resources
from service.operations.steps.open_link import account_of_link
from service.storage import accounts, catalogue, documents, money, orders, sellers
from service.storage.database import Statements


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A line of the order, with the name of its bundle."""

    line: OrderLine
    bundle_name: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """Contents of a receipt: the order in its present state, and the seller. `invoice` is the order's invoice,
    or None, also for an order of a client account, whose invoices only its parent may see; `is_alone` is True if no
    other order is on it. `revision` is the number of revocations of the order's links.
    """

    account: Account
    order: Order
    lines: tuple[ReceiptLine, ...]
    seller: Seller
    invoice: Invoice | None
    is_alone: bool
    revision: int

    @property
    def has_file(self) -> bool:
        """Return True if the receipt is available as a file. The file lists payments, which a client account may not
        see.
        """
        return payer_of(self.account) == self.account.id and has_receipt(self.order)


async def linked_receipt(resources: Resources, link: DocumentLink) -> Receipt | None:
    """Return the receipt that the link leads to, whose signature the caller has checked; None if the link has expired
    or was revoked, and while the account hides its pages.
    """
    account = await account_of_link(resources, link)
    return None if account is None else await _receipt(resources.database.reader, account, link.name.id, link.revision)


async def former_receipt(resources: Resources, account_id: UUID, order_id: UUID) -> Receipt | None:
    """Return the receipt of the order, for an address of an earlier release whose signature the caller has checked.
    None for an unknown order, after the links to its documents were revoked, and while the account hides its pages.
    """
    reader = resources.database.reader
    account = await accounts.account(reader, account_id)
    if account is None or account.external_pages_visibility is Visibility.HIDDEN:
        return None
    if await documents.has_revoked_pages(reader, account_id, order_id):
        return None
    revisions = await documents.revisions(reader, account_id, [order_id])
    return await _receipt(reader, account, order_id, revisions[order_id])


async def _receipt(reader: Statements, account: Account, order_id: UUID, revision: int) -> Receipt | None:
    order = await orders.find(reader, account.id, OrderRef(id=order_id))
    if order is None:
        return None
    lines = await orders.lines(reader, account.id, [order_id])
    bundles = await catalogue.bundles_of_ids(reader, {line.bundle_id for line in lines})
    payer_id = payer_of(account)
    seller = await sellers.seller_of(reader, (await sellers.details_of(reader, [payer_id]))[payer_id])
    invoice, is_alone = None, False
    if payer_id == account.id:
        invoice = (await money.invoices_of_orders(reader, payer_id, account.id, [order_id])).get(order_id)
    if invoice is not None:
        is_alone = len(await money.lines_of(reader, payer_id, [invoice.id])) == 1
    named = tuple(ReceiptLine(line, bundles[line.bundle_id].name) for line in lines)
    return Receipt(account, order, named, seller, invoice, is_alone, revision)
