"""Business of a demo customer: orders in several states, a certificate, and invoices that are paid and due.

Everything is done by the same operations as real business, under fixed references, so a second load changes nothing.
"""

from dataclasses import dataclass
from uuid import UUID

from service.domain.accounts import Account, Caller
from service.domain.amounts import MassUnit, mass_g_of
from service.domain.api_keys import Scope
from service.domain.listing import OrderRef
from service.domain.order import ByBundleMasses, ByMass, OrderRequest, Placed, PlaceOrder, Source
from service.errors import Code, Refused
from service.operations.bill_orders import bill_orders
from service.operations.cancel_orders import cancel_orders
from service.operations.place_orders import place_alone
from service.operations.resources import Resources
from service.operations.retire_order_now import retire_order_now
from service.operations.settle_invoice import settle_invoice

ACTOR = "demo"
PAYMENT_DAYS = 14
_SCOPES = frozenset({Scope.OPERATOR, Scope.ORDERS_READ, Scope.ORDERS_WRITE})


@dataclass(frozen=True, slots=True)
class _DemoOrder:
    """An order to place: its reference, which is its idempotency key too, its mass, and its texts."""

    reference: str
    tonnes: str
    customer: str
    description: str | None = None
    bundle_id: UUID | None = None


COMPLETE = _DemoOrder("demo-complete", "12", "Tern Ferries", "Freight of the third quarter")
BILLED = _DemoOrder("demo-billed", "8", "Marram Books", "Catalogue of the spring")
UNPAID = _DemoOrder("demo-unpaid", "3.5", "Tern Ferries")
CANCELLED = _DemoOrder("demo-cancelled", "5", "Marram Books", "Ordered twice by mistake")


async def load_demo_business(resources: Resources, account: Account, scarce_bundle_id: UUID) -> None:
    """Load the business of the live account. One order waits for more credits of the bundle than are left.

    Stops without a refusal where the account was changed so that the next step is refused: the demo is then in use.
    """
    try:
        await _load(resources, account, scarce_bundle_id)
    except Refused as refusal:
        if refusal.code is Code.UNAVAILABLE:
            raise


async def _load(resources: Resources, account: Account, scarce_bundle_id: UUID) -> None:
    caller = Caller(account=account, key_id=ACTOR, scopes=_SCOPES)
    waiting = _DemoOrder("demo-waiting", "10", "Tern Ferries", "Woodland of the harbour", scarce_bundle_id)
    complete = await _place(resources, account, COMPLETE)
    invoice = (await bill_orders(resources, caller, account.id, COMPLETE.reference, [complete])).invoice
    await settle_invoice(resources, caller, account.id, invoice.id)
    await retire_order_now(resources, caller, account.id, complete)
    billed = await _place(resources, account, BILLED)
    await bill_orders(resources, caller, account.id, BILLED.reference, [billed], payment_days=PAYMENT_DAYS)
    await _place(resources, account, UNPAID)
    await _place(resources, account, waiting)
    await cancel_orders(resources, caller, [await _place(resources, account, CANCELLED)])


async def _place(resources: Resources, account: Account, wanted: _DemoOrder) -> OrderRef:
    """Place the order, or find it placed."""
    mass_g = mass_g_of(wanted.tonnes, MassUnit.TONNE)
    ask = ByMass(mass_g) if wanted.bundle_id is None else ByBundleMasses(((wanted.bundle_id, mass_g),))
    placed = await place_alone(
        resources,
        PlaceOrder(
            order_id=resources.new_id(),
            account_id=account.id,
            actor=ACTOR,
            source=Source.GRAPHQL,
            request=OrderRequest(ask=ask),
            idempotency_key=wanted.reference,
            customer=wanted.customer,
            description=wanted.description,
        ),
    )
    if not isinstance(placed, Placed):
        raise placed
    return OrderRef(id=placed.order.id)
