"""A shop with stock in a database: what most tests of operations begin with, and the questions that they ask.

Knows how orders are placed; what a test expects stands in the test.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from service.domain.accounts import Account, Caller
from service.domain.catalogue import Bundle, BundleProject, CreditBatch, Project
from service.domain.listing import OrderRef
from service.domain.order import FromQuote, Order, OrderLine, OrderRequest, Placed, PlaceOrder
from service.errors import Refused
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.kit.sealing import Sealer
from service.operations.place_orders import place_group
from service.operations.resources import Resources, WebhookOptions
from service.storage import (
    accounts,
    backorders,
    balances,
    batches,
    certificates,
    documents,
    ledger,
    money,
    orders,
    quotes,
    registry_retirements,
    retirements,
)
from service.storage.database import Database
from service.storage.event_seals import SEALS
from service.storage.events import EVENTS
from tests.books import rows_of
from tests.makers import (
    TONNE_G,
    make_account,
    make_batch,
    make_bundle,
    make_caller,
    make_command,
    make_portfolio,
    make_price,
    make_project,
    store,
)

PEPPER = b"pepper of the tests, 32 bytes...."
"""That of the applications in tests, so that they read the webhook secrets of a shop."""


@dataclass
class Shop:
    """Two bundles, sold 95 : 5 to an account that pays ten percent of commission; forest has an older vintage too."""

    database: Database
    resources: Resources
    account: Account
    forest: Bundle
    ocean: Bundle
    forest_project: Project
    old: CreditBatch
    young: CreditBatch
    deep: CreditBatch

    @property
    def caller(self) -> Caller:
        return make_caller(self.account)

    def command(self, order_request: OrderRequest | FromQuote | None = None, **facts: Any) -> PlaceOrder:
        return make_command(self.account, order_request, **facts)

    async def place_all(self, *commands: PlaceOrder) -> list[Placed | Refused]:
        """The answers to commands that were placed together."""
        return await place_group(self.resources, commands, lock_timeout_ms=2_000)

    async def place(self, order_request: OrderRequest | FromQuote | None = None, **facts: Any) -> Order:
        """An order that was not refused."""
        (answer,) = await self.place_all(self.command(order_request, **facts))
        assert isinstance(answer, Placed), answer
        return answer.order

    async def refusal(self, order_request: OrderRequest | FromQuote | None = None, **facts: Any) -> Refused:
        """Why an order was refused; nothing changed."""
        before = await self.everything()
        (answer,) = await self.place_all(self.command(order_request, **facts))
        assert isinstance(answer, Refused), answer
        assert await self.everything() == before
        return answer

    async def order(self, order_id: UUID) -> Order | None:
        return await orders.find(self.database.reader, self.account.id, OrderRef(id=order_id))

    async def lines(self, order: Order) -> list[OrderLine]:
        return await orders.lines(self.database.reader, order.account_id, [order.id])

    async def available_g(self, batch: CreditBatch) -> int:
        found = await batches.of_ids(self.database.reader, batch.mode, [batch.id])
        return found[batch.id].available_g

    async def everything(self) -> dict[str, list[str]]:
        return await everything_in(self.database)

    async def execute(self, sql: str, *parameters: object) -> int:
        """Changes the world behind the service's back."""
        async with self.database.transaction() as statements:
            return await statements.execute(sql, *parameters)

    async def another_account(self, **facts: Any) -> Account:
        """Store an account; a client account is of its parent's organisation and contract."""
        if "parent_account_id" in facts:
            parent = await accounts.account(self.database.reader, facts["parent_account_id"])
            assert parent is not None
            facts = {"organisation_id": parent.organisation_id, "contract": parent.contract, **facts}
        account = make_account(self.account.portfolio_id, **facts)
        await store(self.database, account)
        return account


async def everything_in(database: Database) -> dict[str, list[str]]:
    """Each table's rows as text: two worlds are equal when these are."""
    tables = [
        batches.BATCHES,
        orders.ORDERS,
        orders.LINES,
        orders.ENTRIES,
        backorders.BACKORDERS,
        quotes.QUOTES,
        quotes.LINES,
        quotes.HOLDS,
        retirements.RETIREMENTS,
        certificates.ISSUED,
        registry_retirements.ENTRIES,
        registry_retirements.CERTIFICATES,
        ledger.LEDGER,
        balances.BALANCES,
        money.PAYMENTS,
        money.INVOICES,
        money.INVOICE_LINES,
        money.CREDIT_NOTES,
        money.CREDIT_NOTE_LINES,
        documents.DOCUMENTS,
        documents.LINKS,
        accounts.HEADS,
        EVENTS,
        SEALS,
    ]
    return {table.name: sorted(map(repr, await rows_of(database, table))) for table in tables}


async def open_shop(database: Database, **account: Any) -> Shop:
    forest, ocean = make_bundle(name="Forest"), make_bundle(name="Ocean")
    trees, waves = make_project(slug="trees"), make_project(slug="waves")
    old = make_batch(trees, TONNE_G, vintage=2018, serial_prefix="VCS-OLD-")
    young = make_batch(trees, 10 * TONNE_G, vintage=2021, serial_prefix="VCS-YOUNG-")
    deep = make_batch(waves, TONNE_G, serial_prefix="VCS-DEEP-")
    portfolio, *weights = make_portfolio({forest.id: 9_500, ocean.id: 500}, identifier="mix")
    customer = make_account(portfolio.id, **account)
    await store(
        database,
        *(forest, ocean, trees, waves, old, young, deep, portfolio, *weights, customer),
        *(BundleProject(forest.id, trees.id), BundleProject(ocean.id, waves.id)),
        *(make_price(forest, "13.57"), make_price(ocean, "250"), make_price(forest, "50", "SAR")),
    )
    resources = Resources(
        database=database, clock=system_clock, new_id=uuid7, webhooks=WebhookOptions(sealer=Sealer(PEPPER))
    )
    return Shop(database, resources, customer, forest, ocean, trees, old, young, deep)
