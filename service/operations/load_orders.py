"""Load a generated history: plausible orders of the live customers over the last two years, in every state. They follow
the rules of real orders. Their credits come from batches that are created for them, so the stock does not change.

Locks: the customers' heads, for one chunk of orders at a time. Promises: P3, P4, P24 hold for the loaded orders.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from service.domain.accounts import Account, Head, payer_of
from service.domain.allocation import BatchStock, Stock
from service.domain.billing import Payment, pay
from service.domain.cancelling import cancel
from service.domain.catalogue import CreditBatch, Mode
from service.domain.new_order import Priced
from service.domain.order import (
    ByBundleMasses,
    ByMass,
    ByValue,
    CreditEntry,
    Order,
    OrderRequest,
    OrderStatus,
    Placed,
    PlaceOrder,
    Source,
)
from service.domain.placing import OrderPlacer
from service.domain.retirement import Retirement, retire, shares_of
from service.errors import Code, Refused
from service.kit.clock import utc_date
from service.kit.ids import random_bits, short_number
from service.kit.keyset import PageRequest
from service.operations.resources import Resources
from service.storage import (
    accounts,
    backorders,
    balances,
    batches,
    catalogue,
    certificates,
    ledger,
    money,
    orders,
    retirements,
    serials,
)
from service.storage.database import Statements
from service.storage.events import EVENTS

CHUNK = 1_000
SPAN = timedelta(days=730)
ACTOR = "demo"
ORDERS_OF_EACH = 100
"""Number of different orders that are priced for a customer; the history repeats them."""
CANCELLED, COMPLETE, PAID = 0.08, 0.20, 0.60
"""Thresholds for a random number from 0 to 1, for orders with all their credits: cancelled below the first, retired
below the second, paid below the third.
"""
PAID_MAX = 200
"""Maximum number of paid orders, all among the oldest. Workers retire these and draw a certificate for each; for a
million of them that would take days.
"""
WAITING_SHARE = 200
"""One order in this many, but at most one chunk of them, waits for credits of a bundle that is sold out or nearly
so.
"""
SCARCE_G = 100_000_000
CUSTOMERS = (
    *("Almeida Café", "Baxter & Sons", "Cedar Hotels", "Dunmore Freight", "Eastgate Dental", "Fjord Rederi"),
    *("Grupo Ipê", "Harbour Coffee", "Isfahan Rugs", "Jubail Cement", "Kestrel Air", "Loja da Praia", None, None),
)
CAMPAIGNS = ("checkout", "travel", "events")
_SOURCES_BY_CONTRACT = {source.value: source for source in (Source.LUNE, Source.CARBON_ENGINE, Source.CARBONEXT)}


async def load_orders(
    resources: Resources,
    count: int,
    *,
    account_ids: Collection[UUID] | None = None,
    seed: int = 0,
    loaded: Callable[[int], None] = lambda _: None,
) -> None:
    """Load `count` more orders of the accounts that could order, by default of all; `loaded` is called with their
    number after each transaction. The seed decides masses, customers and states, so that two databases can be filled
    alike. Refuses `NOT_FOUND` without such accounts, and `BUNDLE_UNAVAILABLE` if none of them can buy anything.
    """
    chance = random.Random(seed)  # noqa: S311 - a made-up history needs no secrets
    customers = await _customers(resources, account_ids)
    usual = await _priced(
        resources, customers, [_usual(chance, account) for account in customers for _ in range(ORDERS_OF_EACH)]
    )
    if not usual:
        raise Refused(
            Code.BUNDLE_UNAVAILABLE, "No bundle of the demo's portfolios is on sale, so nothing can be ordered."
        )
    patient = await _priced(resources, customers, await _waiting(resources, customers))
    waiting = min(CHUNK, count // WAITING_SHARE) if patient else 0
    placed_times = _placed_times(resources.clock(), count, chance)
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        last = max(0, start + size - (count - waiting))
        chosen = [
            *chance.choices(usual, k=size - min(last, size)),
            *chance.choices(patient or usual, k=min(last, size)),
        ]
        placed = list(zip(islice(placed_times, size), chosen, strict=True))
        chunk = _HistoryChunk(resources, placed, chance.random(), paid_max=PAID_MAX if start == 0 else 0)
        await resources.transact(chunk.write)
        loaded(size)


async def _customers(resources: Resources, account_ids: Collection[UUID] | None) -> list[Account]:
    """Return the live accounts that could order. Those with a credit limit are left out: made-up orders would use the
    limit up, and the account could order no more.
    """
    reader = resources.database.reader
    able = [
        each
        for each in await accounts.all_accounts(reader)
        if each.mode is Mode.LIVE
        and each.contract in _SOURCES_BY_CONTRACT
        and each.suspended_at is None
        and (account_ids is None or each.id in account_ids)
    ]
    funds = await balances.of_accounts(reader, {payer_of(each) for each in able})
    found = [each for each in able if all(row.credit_limit_minor is None for row in funds[payer_of(each)])]
    if not found:
        raise Refused(Code.NOT_FOUND, "There are no customers without a credit limit who could order.")
    return found


def _placed_times(now: datetime, count: int, chance: random.Random) -> Iterator[datetime]:
    """Return rising times up to now, about evenly spread."""
    step = SPAN / count
    return (now - SPAN + step * (index + chance.random()) for index in range(count))


def _usual(chance: random.Random, account: Account) -> PlaceOrder:
    mass_g, value_minor = int(10 ** chance.uniform(4, 7.3)), int(10 ** chance.uniform(4, 6))
    order_request = OrderRequest(ask=ByMass(mass_g) if chance.random() < 0.8 else ByValue(value_minor))
    metadata = {"costCentre": f"CC-{chance.randint(1, 40):02}", "campaign": chance.choice(CAMPAIGNS)}
    return _command(account, order_request, chance.choice(CUSTOMERS), metadata)


async def _waiting(resources: Resources, customers: Sequence[Account]) -> list[PlaceOrder]:
    """Return an order for each customer who can pay for it, one tonne above the stock of a scarce bundle."""
    reader = resources.database.reader
    found = []
    for account in customers:
        on_sale = await catalogue.bundles_on_sale(reader, account.currency, PageRequest(100))
        bundle_ids = [bundle.id for bundle in on_sale]
        in_stock = await batches.available_g(reader, Mode.LIVE, bundle_ids, today=utc_date(resources.clock()))
        for bundle_id, available_g in in_stock.items():
            if available_g < SCARCE_G:
                order_request = OrderRequest(ask=ByBundleMasses(((bundle_id, available_g + 1_000_000),)))
                found.append(_command(account, order_request, None, {}))
    return found


def _command(
    account: Account, order_request: OrderRequest, customer: str | None, metadata: dict[str, str]
) -> PlaceOrder:
    return PlaceOrder(
        order_id=account.id,  # a placeholder; each order made from this template gets its own id
        account_id=account.id,
        actor=ACTOR,
        source=_SOURCES_BY_CONTRACT[account.contract],
        request=order_request,
        customer=customer,
        metadata=metadata,
    )


async def _priced(resources: Resources, customers: Sequence[Account], commands: Sequence[PlaceOrder]) -> list[Priced]:
    """Return the commands with their prices today, without those that buy less than a gram."""
    reader = resources.database.reader
    heads = {each.id: Head(each, 0) for each in customers}
    order_requests = [
        (heads[each.account_id].account, each.request) for each in commands if isinstance(each.request, OrderRequest)
    ]
    offers = await catalogue.read_offers(reader, order_requests)
    placer = _placer(resources, heads)
    return [priced for each in commands if isinstance(priced := placer.price(each, offers, {}), Priced)]


def _placer(resources: Resources, heads: Mapping[UUID, Head]) -> OrderPlacer:
    placer = OrderPlacer(
        now=resources.clock(),
        heads=heads,
        existing=(),
        used_estimates={},
        new_id=resources.new_id,
        new_number=lambda: short_number(placer.now, random_bits(24)),
    )
    return placer


class _HistoryChunk:
    """Writer of some orders of the history, each placed at its own time, with all their later events, in one
    transaction.
    """

    def __init__(
        self, resources: Resources, placed: Sequence[tuple[datetime, Priced]], seed: float, *, paid_max: int
    ) -> None:
        self._paid_max = paid_max
        self._resources = resources
        self._orders = placed
        self._seed = seed

    async def write(self, statements: Statements) -> None:
        """Write the orders. The state of the chunk is built anew each time the transaction is tried."""
        account_ids = {each.account.id for _, each in self._orders}
        payer_ids = {payer_of(each.account) for _, each in self._orders}
        heads = await accounts.lock_heads(statements, account_ids | payer_ids)
        self._chance = random.Random(self._seed)  # noqa: S311 - as above
        self._placer = _placer(self._resources, heads)
        self._supply = await _supplied(statements, self._resources, self._orders)
        self._payments: list[Payment] = []
        self._retirements: list[Retirement] = []
        self._next_g: dict[UUID, int] = defaultdict(int)
        stock = Stock({each: [_stock_of(batch) for batch in on] for each, on in self._supply.items()}, awaited=())
        self._placer.stock_up(stock)
        for placed_at, kind in self._orders:
            self._placer.now = placed_at
            order_id = self._resources.new_id()
            command = replace(kind.command, order_id=order_id, idempotency_key=f"demo-{order_id.hex}")
            self._live(replace(kind, command=command), stock)
        await self._store(statements)

    def _live(self, priced: Priced, stock: Stock) -> None:
        """Place the order, and then pay, retire or cancel it at random."""
        changes = self._placer.changes
        first_entry, first_line = len(changes.entries), len(changes.lines)
        placed = self._placer.place(priced, stock)
        if not isinstance(placed, Placed) or placed.order.status is not OrderStatus.FULFILLED:
            return
        order, fate = placed.order, self._chance.random()
        if fate < CANCELLED:
            self._cancel(order, changes.entries[first_entry:])
            changes.lines[first_line:] = [replace(line, fulfilled_g=0) for line in changes.lines[first_line:]]
        elif fate < PAID and len(self._payments) < self._paid_max:
            order = self._pay(order, payer_of(priced.account))
            if fate < COMPLETE:
                self._retire(order, changes.entries[first_entry:])

    def _cancel(self, order: Order, entries: Sequence[CreditEntry]) -> None:
        reversal = cancel(order, entries, now=order.created_at, new_id=self._resources.new_id)
        if reversal is None or reversal.journal is None:
            return
        changes = self._placer.changes
        changes.orders[-1] = reversal.order
        changes.entries.extend(reversal.returns)
        changes.journals.append((order.account_id, order, reversal.journal))
        for event_type in reversal.event_types:
            self._placer.record(reversal.order, ACTOR, event_type)

    def _pay(self, order: Order, payer_id: UUID) -> Order:
        if order.total_cost_minor == 0:
            return order
        booked = pay(order, order.total_cost_minor)
        payment = Payment(
            account_id=payer_id,
            id=self._resources.new_id(),
            reference=f"demo-{order.number}",
            fingerprint=order.fingerprint,
            order_account_id=order.account_id,
            order_id=order.id,
            currency=order.currency,
            amount_minor=order.total_cost_minor,
            created_at=order.created_at,
        )
        self._payments.append(payment)
        self._placer.changes.orders[-1] = booked.order
        self._placer.changes.journals.append((payer_id, order, booked.journal))
        recorder = self._placer.recorder(ACTOR, payer_id, order.account_id)
        recorder.record_payment(payment, order, booked.order)
        self._placer.keep(recorder)
        return booked.order

    def _retire(self, order: Order, entries: Sequence[CreditEntry]) -> None:
        retired = retire(order, shares_of(entries, ()), self._next_g, now=order.created_at)
        self._placer.changes.orders[-1] = retired.order
        self._retirements += retired.retirements
        recorder = self._placer.recorder(ACTOR, order.account_id)
        for event_type in retired.events:
            recorder.record_order(retired.order, event_type, retired_g=retired.order.retired_g)
        self._placer.keep(recorder)

    async def _store(self, statements: Statements) -> None:
        changes = self._placer.changes
        held_g: Counter[UUID] = Counter()
        for entry in changes.entries:
            held_g[entry.batch_id] += entry.mass_g
        await serials.add(
            statements,
            [
                replace(
                    batch,
                    available_g=batch.issued_g - held_g[batch.id],
                    allocated_g=held_g[batch.id] - self._next_g[batch.id],
                    retired_g=self._next_g[batch.id],
                )
                for bundle_stock in self._supply.values()
                for batch in bundle_stock
            ],
        )
        await orders.ORDERS.insert(statements, changes.orders)
        await orders.LINES.insert(statements, changes.lines)
        await orders.ENTRIES.insert(statements, changes.entries)
        await backorders.BACKORDERS.insert(statements, changes.backorders)
        await money.PAYMENTS.insert(statements, self._payments)
        await retirements.RETIREMENTS.insert(statements, self._retirements)
        complete = [order for order in changes.orders if order.status is OrderStatus.COMPLETE]
        await certificates.DUE.insert(
            statements,
            [
                certificates.CertificateDue(account_id=each.account_id, order_id=each.id, due_at=each.created_at)
                for each in complete
            ],
        )
        await ledger.book(
            statements,
            [
                ledger.Booking(payer_id, self._resources.new_id(), order, journal, order.created_at)
                for payer_id, order, journal in changes.journals
            ],
        )
        await EVENTS.insert(statements, changes.events)
        await accounts.raise_heads(statements, changes.event_seqs)


async def _supplied(
    statements: Statements, resources: Resources, placed: Sequence[tuple[datetime, Priced]]
) -> dict[UUID, list[CreditBatch]]:
    """Return new batches of each bundle's projects, which together have just enough for the orders; none for a scarce
    bundle.
    """
    wanted_g: Counter[UUID] = Counter()
    for _, priced in placed:
        if not isinstance(priced.command.request, OrderRequest) or isinstance(
            priced.command.request.ask, ByBundleMasses
        ):
            continue
        for line in priced.pricing.lines:
            wanted_g[line.bundle_id] += line.mass_g
    received_at = placed[0][0]
    projects: dict[UUID, list[UUID]] = defaultdict(list)
    for row in await catalogue.projects_in(statements, wanted_g):
        projects[row.bundle_id].append(row.project_id)
    supply: dict[UUID, list[CreditBatch]] = {}
    for bundle_id, project_ids in projects.items():
        share_g = -(-wanted_g[bundle_id] // len(project_ids))
        supply[bundle_id] = [_batch(resources, project_id, share_g, received_at) for project_id in project_ids]
    return supply


def _batch(resources: Resources, project_id: UUID, mass_g: int, received_at: datetime) -> CreditBatch:
    batch_id = resources.new_id()
    return CreditBatch(
        id=batch_id,
        project_id=project_id,
        mode=Mode.LIVE,
        vintage=received_at.year - 2,
        serial_prefix=f"DEMO-{batch_id.hex.upper()}-",
        serial_start=1,
        issued_g=mass_g,
        available_g=mass_g,
        held_g=0,
        allocated_g=0,
        retired_g=0,
        created_at=received_at,
    )


def _stock_of(batch: CreditBatch) -> BatchStock:
    return BatchStock(batch.id, batch.project_id, batch.vintage, batch.available_g)
