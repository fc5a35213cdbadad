"""A shop in which everything has happened once: orders in every state, quotes, estimates, payments, invoices, refunds,
client accounts, test orders, imported history, certificates.
"""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from service.domain.accounts import Account
from service.domain.amounts import Money
from service.domain.catalogue import BundleProject, Mode, Weight
from service.domain.estimate import PlainMass
from service.domain.listing import OrderRef
from service.domain.order import BalanceUse, ByBundleMasses, ByMass, FromQuote, Order, OrderRequest
from service.domain.parties import TaxCategory, TaxProfile
from service.domain.recorded_estimate import CreateEstimate, RecordedEstimate
from service.domain.registry_evidence import StatedRetirement
from service.domain.serials.stated import StatedSerials
from service.domain.sustainability_pages import PageDescription, PageSection, PageStatus, PageTitle
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.operations.bill_orders import bill_orders
from service.operations.cancel_orders import cancel_orders
from service.operations.create_estimate import create_estimate
from service.operations.expire_holds import expire_holds
from service.operations.fail_order import fail_order
from service.operations.import_orders import import_orders
from service.operations.issue_certificates import issue_certificate
from service.operations.manage_accounts import create_account
from service.operations.manage_clients import create_client
from service.operations.manage_keys import create_key
from service.operations.manage_webhooks import create_endpoint
from service.operations.quote_order import Quoted, quote_order
from service.operations.receive_batch import receive_batch
from service.operations.record_payment import record_payment
from service.operations.record_registry_retirement import record_registry_retirement
from service.operations.refund_order import refund_order
from service.operations.remind_invoices import remind_invoices
from service.operations.replay_webhooks import send_test_event
from service.operations.retire_orders import retire_order
from service.operations.revoke_document_links import revoke_document_links
from service.operations.seal_events import seal_events
from service.operations.set_account_logo import set_account_logo
from service.operations.set_account_portfolio import set_account_portfolio
from service.operations.set_billing import set_tax_profile
from service.operations.set_contacts import set_contacts
from service.operations.set_limits import set_limits
from service.operations.set_seller import update_seller
from service.operations.set_sustainability_page import WantedPage, create_sustainability_page
from service.operations.settle_invoice import settle_invoice
from service.operations.simulate_order import Outcome, simulate_order
from service.storage.database import Database
from tests.makers import (
    LONG_AGO,
    TONNE_G,
    make_batch,
    make_bundle,
    make_caller,
    make_command,
    make_contact,
    make_mail,
    make_order_request,
    make_price,
    make_project,
    store,
)
from tests.shop import Shop, open_shop

ADDRESS = "https://orders.test"
LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 6 2"><path d="M0 0h6v2z"/></svg>'
PAST = {
    "imported": "Issued",
    "imported_paid": "Paid",
    "imported_cancelled": "Cancelled",
    "imported_refunded": "Refunded",
}


class Everything:
    """Opens the shop and lets everything happen; `names` are the ids by which a test speaks of its rows."""

    def __init__(self, shop: Shop, client: Account, trial: Account) -> None:
        self.shop, self.client, self.trial = shop, client, trial
        self.names: dict[str, Any] = {
            "account": shop.account.id,
            "client": client.id,
            "trial": trial.id,
            **{name: getattr(shop, name).id for name in ("forest", "ocean", "old", "young", "deep")},
        }

    @property
    def ref(self) -> tuple[Any, Any, UUID]:
        return self.shop.resources, self.shop.caller, self.shop.account.id

    async def place(self, name: str, request: Any = None, account: Account | None = None, **facts: Any) -> Order:
        """Place an order, of a kilogram of forest if nothing is said, under the name."""
        forest = OrderRequest(ask=ByBundleMasses(((self.shop.forest.id, 1_000),)))
        command = make_command(account or self.shop.account, request or forest, **facts)
        (answer,) = await self.shop.place_all(command)
        order: Order = answer.order  # type: ignore[union-attr]
        self.names[name] = order.id
        return order

    async def pay(self, name: str, amount: int, order: Order | None = None) -> None:
        ref = None if order is None else OrderRef(id=order.id)
        recorded = await record_payment(*self.ref, name, Money(amount, "USD"), ref)
        self.names[name] = recorded.payment.id

    async def bill(self, name: str, *orders: Order) -> None:
        billed = await bill_orders(*self.ref, name, [OrderRef(id=order.id) for order in orders])
        self.names[name] = billed.invoice.id

    async def quote(self, name: str, *, hold: bool, request: OrderRequest | None = None) -> Quoted:
        wanted = request or make_order_request(2_000)
        quoted = await quote_order(self.shop.resources, self.shop.caller, wanted, valid_ms=3_600_000, hold=hold)
        self.names[name] = quoted.quote.id
        return quoted

    async def estimate(self, name: str) -> RecordedEstimate:
        command = CreateEstimate(estimate_id=uuid7(), activity=PlainMass(3_000), told={"mass_g": 3_000})
        estimate = (await create_estimate(self.shop.resources, self.shop.caller, command)).estimate
        self.names[name] = estimate.id
        return estimate

    async def let_money_move(self) -> None:
        resources, seller, account_id = self.ref
        await self.pay("topped_up", 50_000)
        await self.pay("wire", 2, await self.place("paid"))
        await self.pay("part_wire", 1, await self.place("part", make_order_request(5_000)))
        await self.place("applied", pay_with_balance=BalanceUse.WHOLE)
        await self.place("of_client", None, self.client, pay_with_balance=BalanceUse.WHOLE, acts_for_client=True)
        await self.place("owed_by_client", None, self.client)
        rate = TaxProfile(
            account_id=account_id, valid_from=LONG_AGO.date(), category=TaxCategory.STANDARD, rate_hundredths=2_000
        )
        await set_tax_profile(resources, seller, rate)
        await self.bill("bill", await self.place("billed"), await self.place("billed_too"))
        await self.bill("settled_bill", await self.place("settled"))
        await settle_invoice(resources, seller, account_id, self.names["settled_bill"])
        await self.let_an_invoice_be_credited()
        refunded = await self.place("refunded", pay_with_balance=BalanceUse.WHOLE)
        await refund_order(resources, seller, account_id, OrderRef(id=refunded.id))
        await set_limits(resources, account_id, credit=("USD", 100_000_000))

    async def let_an_invoice_be_credited(self) -> None:
        """Let a payment pay a part of an invoice with tax, of which one order is cancelled and one refunded."""
        resources, seller, account_id = self.ref
        orders = [await self.place(name, make_order_request(5_000)) for name in ("credited", "repaid", "kept")]
        await self.bill("credited_bill", *orders)
        amount, bill = Money(20, "USD"), self.names["credited_bill"]
        paid = await record_payment(*self.ref, "bill_wire", amount, invoice_id=bill)
        self.names["bill_wire"] = paid.payment.id
        await cancel_orders(resources, seller, [OrderRef(id=self.names["credited"])])
        await self.pay("repaid_wire", 5, orders[1])
        await refund_order(resources, seller, account_id, OrderRef(id=self.names["repaid"]))

    async def let_the_seller_have_a_logo(self) -> None:
        await update_seller(self.shop.resources, self.shop.caller, "default", {"logo": LOGO})
        self.names["logo"] = hashlib.sha256(LOGO).hexdigest()

    async def let_an_account_have_a_page(self) -> None:
        wanted = WantedPage(
            slug="everything",
            status=PageStatus.ENABLED,
            title=PageTitle.BY_PRICE,
            description=PageDescription.BY_CUSTOM_DESCRIPTION,
            custom_description="Since 2020.",
            sections=[PageSection.CERTIFICATES],
        )
        await create_sustainability_page(self.shop.resources, self.shop.caller, wanted)
        await set_account_logo(self.shop.resources, self.shop.caller, LOGO)

    async def let_orders_end(self) -> None:
        resources, seller, account_id = self.ref
        await self.place("issued")
        cancelled, returned = (
            await self.place("cancelled"),
            await self.place("returned", pay_with_balance=BalanceUse.WHOLE),
        )
        await cancel_orders(resources, seller, [OrderRef(id=cancelled.id), OrderRef(id=returned.id)])
        failed = await self.place("failed")
        await fail_order(resources, seller, account_id, OrderRef(id=failed.id))
        for name, keep in (("complete", 0), ("due", 0), ("retiring", 1)):
            order = await self.place(name, make_order_request(4_000), pay_with_balance=BalanceUse.WHOLE)
            await retire_order(resources, account_id, order.id, keep=keep, actor="worker")
        await issue_certificate(resources, account_id, self.names["complete"], public_address=ADDRESS)
        await revoke_document_links(resources, seller, self.names["complete"])
        for batch, serial in ((self.shop.old, "VCS-OLD-1"), (self.shop.deep, "VCS-DEEP-1")):
            entry = StatedRetirement(
                reference=serial, retired_on=LONG_AGO.date(), first_serial=serial, last_serial=serial
            )
            order = OrderRef(id=self.names["complete"])
            recorded = await record_registry_retirement(
                resources, seller, batch.id, entry, account_id=account_id, order=order
            )
            self.names[f"entry_{serial}"] = recorded.entry.id

    async def let_quotes_be_used(self) -> None:
        resources = self.shop.resources
        await self.quote("open_quote", hold=False)
        await self.quote("holding", hold=True)
        await self.place("quoted", FromQuote((await self.quote("used_quote", hold=True)).quote.id))
        released = await self.quote("released", hold=True)
        await self.shop.execute("UPDATE quotes SET expires_at = $1 WHERE id = $2", LONG_AGO, released.quote.id)
        assert await expire_holds(resources) == 1
        await self.estimate("unused_estimate")
        estimate = await self.estimate("estimate")
        of_estimate = OrderRequest(ask=ByMass(estimate.mass_g, estimate.id))
        await self.quote("estimated_quote", hold=False, request=of_estimate)
        await self.place("estimated", of_estimate)

    async def let_orders_wait(self) -> None:
        resources, seller, _ = self.ref
        ocean = OrderRequest(ask=ByBundleMasses(((self.shop.ocean.id, 2 * TONNE_G),)))
        reduced = await self.place("reduced", ocean)
        await cancel_orders(resources, seller, [OrderRef(id=reduced.id)], only_unfulfilled=True)
        await self.place("waiting", ocean)
        await self.place("waiting_too", ocean)

    async def let_the_rest_happen(self) -> None:
        resources, seller, account_id = self.ref
        trial = make_caller(self.trial)
        short = await self.place("short", None, self.trial)
        await simulate_order(resources, trial, OrderRef(id=short.id), Outcome.RUN_SHORT)
        await self.place("trial_waiting", None, self.trial)
        done = await self.place("trial_done", None, self.trial)
        await simulate_order(resources, trial, OrderRef(id=done.id), Outcome.COMPLETE)
        items = []
        for name, status in PAST.items():
            self.names[name] = uuid7()
            past = {
                "vcuAmount": "2",
                "vcuUnitPrice": "7.5",
                "targetCurrency": "USD",
                "createdAt": "2021-10-20T20:39:35Z",
            }
            items.append({"id": str(self.names[name]), "status": status, **past})
        assert (await import_orders(resources, account_id, json.dumps(items))).added == len(PAST)
        key = await create_key(resources, account_id, name="shop", scopes=seller.scopes, pepper=b"pepper")
        self.names["key"] = key.key_id
        await set_contacts(resources, seller, [make_contact()])
        batch = await receive_batch(
            resources,
            seller,
            project_id=self.shop.forest_project.id,
            reference="receipt-1",
            mode=Mode.LIVE,
            vintage=2019,
            issued_g=TONNE_G,
            stated=StatedSerials(serial_prefix="NEW-", serial_start=100),
        )
        self.names["received"] = batch.id
        client = await set_account_portfolio(resources, make_caller(self.client), (Weight(self.shop.ocean.id, 10_000),))
        self.names["portfolio"] = client.portfolio_id


async def open_everything(database: Database) -> dict[str, Any]:
    """Return the names of the rows of a shop in which everything has happened."""
    shop = await open_shop(database)
    tiers = (make_price(shop.ocean, "240", minimum_mass_g=10 * TONNE_G), make_price(shop.ocean, "30000", "JPY"))
    # A bundle and a project that nobody has bought of, and credits of the other mode.
    other, other_project = make_bundle(name="Other"), make_project(slug="other")
    trial_batch = make_batch(shop.forest_project, TONNE_G, mode=Mode.TEST, serial_prefix="T-")
    other_batch = make_batch(other_project, TONNE_G, serial_prefix="O-")
    await store(
        database, *tiers, other, other_project, trial_batch, other_batch, BundleProject(other.id, other_project.id)
    )
    pair = await create_account(shop.resources, name="Pair", contract="graphql", currency="USD", portfolio="mix")
    client = await create_client(shop.resources, shop.caller, name="Client", currency="USD")
    world = Everything(shop, client, pair.test)
    world.names |= {
        "live": pair.live.id,
        "other": other.id,
        "other_batch": other_batch.id,
        "trial_batch": trial_batch.id,
    }
    for step in (
        world.let_money_move,
        world.let_the_seller_have_a_logo,
        world.let_an_account_have_a_page,
        world.let_orders_end,
        world.let_quotes_be_used,
        world.let_orders_wait,
        world.let_the_rest_happen,
    ):
        await step()
        await seal_events(shop.resources)
    hook = (await create_endpoint(shop.resources, shop.caller, url="https://receiver.example/hook")).endpoint
    world.names["hook"] = hook.id
    world.names["delivery"] = (await send_test_event(shop.resources, shop.caller, hook.id)).id
    assert await remind_invoices(shop.resources, before=timedelta(days=365))
    later = system_clock() + timedelta(minutes=1)
    while await seal_events(replace(shop.resources, clock=lambda: later)):
        pass
    mail = make_mail(shop.account.id)
    await store(database, mail)
    world.names["mail"] = mail.id
    return world.names
