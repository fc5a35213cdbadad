"""Random verbs on a shop in which everything may happen: whatever their order, the audit has no finding.

`AUDIT_VERBS` verbs (120 unless set; 10,000 is the long form) by `AUDIT_SEED`, and an audit after each fiftieth.
"""

import json
import os
import random
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

from service.domain.accounts import Account, Caller
from service.domain.amounts import Money
from service.domain.catalogue import Mode, Weight
from service.domain.estimate import PlainMass
from service.domain.listing import OrderRef
from service.domain.order import BalanceUse, ByBundleMasses, ByMass, ByValue, FromQuote, OrderRequest, Placed
from service.domain.parties import TaxCategory, TaxProfile
from service.domain.recorded_estimate import CreateEstimate
from service.errors import Refused
from service.kit.ids import uuid7
from service.operations.bill_orders import Period, bill_orders
from service.operations.cancel_orders import cancel_orders
from service.operations.create_estimate import create_estimate
from service.operations.expire_holds import expire_holds
from service.operations.fail_order import fail_order
from service.operations.import_orders import import_orders
from service.operations.issue_certificates import issue_certificates
from service.operations.manage_accounts import reinstate_account, suspend_account
from service.operations.manage_clients import create_client
from service.operations.match_backorders import match_backorders
from service.operations.quote_order import quote_order
from service.operations.record_payment import record_payment
from service.operations.refund_order import refund_order
from service.operations.retire_orders import retire_order, retire_orders
from service.operations.set_account_portfolio import set_account_portfolio
from service.operations.set_billing import set_tax_profile
from service.operations.set_limits import set_limits
from service.operations.settle_invoice import settle_invoice
from service.operations.simulate_order import Outcome, simulate_order
from service.operations.steps.issue_key import CUSTOMER_SCOPES
from service.storage.database import Database
from tests.books import assert_audit_finds_nothing
from tests.makers import EVERY_SCOPE, LONG_AGO, make_batch, make_caller, make_command, make_price, store
from tests.shop import Shop, open_shop

VERBS = int(os.environ.get("AUDIT_VERBS", "120"))
SEED = int(os.environ.get("AUDIT_SEED", "1"))
AUDITED_EVERY = 50
ADDRESS = "https://orders.test"


class RandomShop:
    """A live account with a client, another one that pays no commission, and a test account; each verb chooses."""

    def __init__(self, shop: Shop, chance: random.Random, accounts: list[Account], trial: Account) -> None:
        self.shop, self.chance, self.accounts, self.trial = shop, chance, accounts, trial
        self.orders: list[tuple[Account, UUID]] = []
        self.trials: list[UUID] = []
        self.quotes: list[tuple[Account, UUID]] = []
        self.estimates: list[tuple[Account, UUID, int]] = []
        self.invoices: list[tuple[Account, UUID]] = []
        self.done = 0
        self.verbs: list[Callable[[], Coroutine[Any, Any, Any]]] = [
            *[self.order, self.order, self.order, self.order_together, self.order_test, self.order_from_quote] * 2,
            *[self.order_estimate, self.quote, self.estimate, self.pay, self.pay, self.top_up, self.bill, self.settle],
            *[self.bill, self.pay_invoice, self.pay_invoice],
            *[self.refund, self.cancel, self.cancel_part, self.fail, self.receive, self.match, self.match, self.expire],
            *[self.retire, self.retire_part, self.certify, self.simulate, self.simulate, self.limit, self.history],
            *[self.choose_portfolio, self.suspend, self.reinstate, self.reinstate],
        ]

    async def step(self) -> None:
        try:
            await self.chance.choice(self.verbs)()
            self.done += 1
        except Refused:
            pass

    @property
    def seller(self) -> tuple[Any, Caller]:
        return self.shop.resources, self.shop.caller

    def someone(self, account: Account) -> Caller:
        """The account's customer, for whom a part of an order has another price, or the seller."""
        return make_caller(account, self.chance.choice([EVERY_SCOPE, CUSTOMER_SCOPES]))

    def grams(self) -> int:
        return self.chance.choice([50, 1_000, 123_457, 2_000_000, self.chance.randint(1, 3_000_000)])

    def request(self) -> OrderRequest:
        shop, grams = self.shop, self.grams()
        currency = self.chance.choice(["USD", "USD", "USD", "JPY", "BHD"])
        ask = self.chance.choice(
            [
                ByMass(grams),
                ByBundleMasses(((shop.forest.id, grams),)),
                ByBundleMasses(((shop.ocean.id, grams // 7 + 1), (shop.forest.id, grams))),
                ByValue(grams // 1_000 + 20),
            ]
        )
        return OrderRequest(ask=ask, currency=currency)

    async def place(self, account: Account, request: Any) -> None:
        command = make_command(
            account,
            request,
            pay_with_balance=self.chance.choice([BalanceUse.NONE, BalanceUse.NONE, *BalanceUse]),
            allow_backorder=self.chance.random() < 0.8,
            acts_for_client=True,
        )
        (answer,) = await self.shop.place_all(command)
        if isinstance(answer, Placed):
            self.orders.append((account, answer.order.id))

    async def order(self) -> None:
        await self.place(self.chance.choice(self.accounts), self.request())

    async def order_together(self) -> None:
        commands = [make_command(self.chance.choice(self.accounts), self.request()) for _ in range(4)]
        for answer in await self.shop.place_all(*commands):
            if isinstance(answer, Placed):
                account = next(each for each in self.accounts if each.id == answer.order.account_id)
                self.orders.append((account, answer.order.id))

    async def order_test(self) -> None:
        ask = ByBundleMasses(((self.shop.forest.id, self.grams()),))
        (answer,) = await self.shop.place_all(make_command(self.trial, OrderRequest(ask=ask)))
        self.trials.append(answer.order.id)  # type: ignore[union-attr]

    async def order_from_quote(self) -> None:
        if self.quotes:
            account, quote_id = self.chance.choice(self.quotes)
            await self.place(account, FromQuote(quote_id))

    async def order_estimate(self) -> None:
        if self.estimates:
            account, estimate_id, mass_g = self.chance.choice(self.estimates)
            await self.place(account, OrderRequest(ask=ByMass(mass_g, estimate_id)))

    async def quote(self) -> None:
        account, request = self.chance.choice(self.accounts), self.request()
        if self.estimates and self.chance.random() < 0.3:
            account, estimate_id, mass_g = self.chance.choice(self.estimates)
            request = OrderRequest(ask=ByMass(mass_g, estimate_id))
        hold = self.chance.random() < 0.5
        quoted = await quote_order(self.shop.resources, make_caller(account), request, valid_ms=3_600_000, hold=hold)
        self.quotes.append((account, quoted.quote.id))

    async def estimate(self) -> None:
        account, grams = self.chance.choice(self.accounts), self.grams()
        command = CreateEstimate(estimate_id=uuid7(), activity=PlainMass(grams), told={"mass_g": grams})
        made = await create_estimate(self.shop.resources, make_caller(account), command)
        self.estimates.append((account, made.estimate.id, grams))

    def an_order(self) -> tuple[Account, OrderRef]:
        account, order_id = self.chance.choice(self.orders)
        return account, OrderRef(id=order_id)

    async def pay(self) -> None:
        account, ref = self.an_order()
        currency = self.chance.choice(["USD", "USD", "JPY", "BHD"])
        amount = Money(self.chance.choice([1, 40, 5_000, 1_000_000]), currency)
        await record_payment(*self.seller, account.id, f"wire {uuid7()}", amount, ref)

    async def top_up(self) -> None:
        account = self.chance.choice(self.accounts)
        await record_payment(*self.seller, account.id, f"top-up {uuid7()}", Money(self.grams(), "USD"))

    async def bill(self) -> None:
        account, ref = self.an_order()
        what: Any = [ref] if self.chance.random() < 0.7 else Period(currency="USD")
        billed = await bill_orders(*self.seller, account.id, f"bill {uuid7()}", what)
        self.invoices.append((account, billed.invoice.id))

    async def settle(self) -> None:
        if self.invoices:
            account, invoice_id = self.chance.choice(self.invoices)
            await settle_invoice(*self.seller, account.id, invoice_id)

    async def pay_invoice(self) -> None:
        if self.invoices:
            account, invoice_id = self.chance.choice(self.invoices)
            amount = Money(self.chance.choice([1, 7, 5_000]), self.chance.choice(["USD", "USD", "JPY", "BHD"]))
            await record_payment(*self.seller, account.id, f"wire {uuid7()}", amount, invoice_id=invoice_id)

    async def refund(self) -> None:
        account, ref = self.an_order()
        await refund_order(*self.seller, account.id, ref)

    async def cancel(self) -> None:
        account, ref = self.an_order()
        await cancel_orders(self.shop.resources, self.someone(account), [ref])

    async def cancel_part(self) -> None:
        account, ref = self.an_order()
        await cancel_orders(self.shop.resources, self.someone(account), [ref], only_unfulfilled=True)

    async def fail(self) -> None:
        account, ref = self.an_order()
        await fail_order(*self.seller, account.id, ref)

    async def receive(self) -> None:
        mode = self.chance.choice([Mode.LIVE, Mode.LIVE, Mode.TEST])
        project_id = self.chance.choice([self.shop.forest_project.id, self.shop.deep.project_id])
        await store(
            self.shop.database, make_batch(self.shop.forest_project, self.grams(), project_id=project_id, mode=mode)
        )

    async def match(self) -> None:
        await match_backorders(self.shop.resources)

    async def expire(self) -> None:
        await self.shop.execute("UPDATE quotes SET expires_at = $1 WHERE order_id IS NULL", LONG_AGO)
        await expire_holds(self.shop.resources)

    async def retire(self) -> None:
        await retire_orders(self.shop.resources, after_ms=0, unpaid=self.chance.random() < 0.3)

    async def retire_part(self) -> None:
        account, order_id = self.chance.choice(self.orders)
        await retire_order(self.shop.resources, account.id, order_id, keep=1, actor="worker")

    async def certify(self) -> None:
        await issue_certificates(self.shop.resources, public_address=ADDRESS)

    async def simulate(self) -> None:
        if self.trials:
            ref = OrderRef(id=self.chance.choice(self.trials))
            outcome = self.chance.choice(list(Outcome))
            await simulate_order(self.shop.resources, make_caller(self.trial), ref, outcome)

    async def limit(self) -> None:
        limit_minor = self.chance.choice([None, 0, 10_000, 10_000_000])
        await set_limits(self.shop.resources, self.accounts[0].id, credit=("USD", limit_minor))

    async def history(self) -> None:
        account, order_id = self.chance.choice(self.accounts), uuid7()
        past = {
            "id": str(order_id),
            "vcuAmount": "2.5",
            "vcuUnitPrice": "7.53",
            "targetCurrency": self.chance.choice(["USD", "JPY", "BHD"]),
            "status": self.chance.choice(["Issued", "Billed", "Paid", "Cancelled", "Refunded"]),
            "createdAt": "2021-10-20T20:39:35Z",
        }
        await import_orders(self.shop.resources, account.id, json.dumps([past]))
        self.orders.append((account, order_id))

    async def suspend(self) -> None:
        await suspend_account(self.shop.resources, self.chance.choice(self.accounts).id)

    async def reinstate(self) -> None:
        for account in self.accounts:
            await reinstate_account(self.shop.resources, account.id)

    async def choose_portfolio(self) -> None:
        part = self.chance.randint(1, 9_999)
        weights = (Weight(self.shop.forest.id, part), Weight(self.shop.ocean.id, 10_000 - part))
        caller = make_caller(self.chance.choice(self.accounts))
        await set_account_portfolio(self.shop.resources, caller, weights)


async def test_random_verbs_leave_books_without_a_finding(database: Database):
    shop = await open_shop(database)
    prices = [
        (shop.forest, "1900", "JPY"),
        (shop.ocean, "35000", "JPY"),
        (shop.forest, "5.125", "BHD"),
        (shop.ocean, "95", "BHD"),
    ]
    tiers = [(shop.forest, "12.49", "USD", 1_000_000), (shop.ocean, "222.222222", "USD", 2_000_000)]
    await store(database, *(make_price(*each) for each in (*prices, *tiers)))
    other = await shop.another_account(commission_hundredths=0)
    trial = await shop.another_account(mode=Mode.TEST)
    client = await create_client(shop.resources, shop.caller, name="Client", currency="USD")
    for account_id, rate in ((shop.account.id, 2_000), (other.id, 770)):
        profile = TaxProfile(
            account_id=account_id,
            valid_from=LONG_AGO.date(),
            category=TaxCategory.STANDARD,
            rate_hundredths=rate,
        )
        await set_tax_profile(shop.resources, shop.caller, profile)
    random_shop = RandomShop(shop, random.Random(SEED), [shop.account, other, client], trial)
    while not random_shop.orders:  # the first may be refused for want of credits or of a balance
        await random_shop.order()

    for number in range(1, VERBS + 1):
        await random_shop.step()
        if number % AUDITED_EVERY == 0:
            await assert_audit_finds_nothing(database)

    await assert_audit_finds_nothing(database)
    assert random_shop.done > VERBS // 2
