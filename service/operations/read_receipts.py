"""Read receipts: the parts of an order's price and the amount paid, for anybody who has the address."""

from dataclasses import dataclass
from uuid import UUID

from service.domain.accounts import Account, Visibility
from service.domain.listing import OrderRef
from service.domain.order import Order, OrderLine
from service.operations.resources import Resources
from service.storage import accounts, catalogue, orders


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A line of the order, and the name of its bundle."""

    line: OrderLine
    bundle_name: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """An order as its receipt shows it, in its present state."""

    account: Account
    order: Order
    lines: tuple[ReceiptLine, ...]


async def read_receipt(resources: Resources, account_id: UUID, order_id: UUID) -> Receipt | None:
    """Return the receipt of that order; None for no such order, and while the account hides its pages. The caller has
    checked that the address is genuine.
    """
    reader = resources.database.reader
    account = await accounts.account(reader, account_id)
    order = await orders.find(reader, account_id, OrderRef(id=order_id))
    if account is None or order is None or account.external_pages_visibility is Visibility.HIDDEN:
        return None
    lines = await orders.lines(reader, account_id, [order_id])
    bundles = await catalogue.bundles_of_ids(reader, {line.bundle_id for line in lines})
    return Receipt(account, order, tuple(ReceiptLine(line, bundles[line.bundle_id].name) for line in lines))
