"""Random lives of orders on a real database, beside a model of a page: after every step both say the same, and the
books balance. Customers act with API keys: of their own account, or of a parent for its client account.

`MODEL_EXAMPLES` lives of `MODEL_STEPS` steps on each database; a failure prints the shortest life that shows it.
Planted defects that were seen to fail here: a newcomer that overtakes, a cancelled order that goes on waiting, a
payment that is not noted on its order or is recorded again by its retry, a cancel that leaves the payment's state,
grams that are retired twice, a delivery that counts what is still missing, an estimate that is ordered twice, an order
that is billed twice, an invoice that pays its orders and forgets what they do not owe any more, a certificate that is
written again, a parent's suspension that its client does not share, a client that spends its parent's balance unasked,
history that its customer cancels, a refunded order that goes on waiting, a part of an order at the price of the whole.
"""

import asyncio
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from service.domain.accounts import Account, Caller
from service.domain.amounts import Money
from service.domain.api_keys import Scope
from service.domain.billing import Invoice
from service.domain.catalogue import BundleProject, selection_of
from service.domain.estimate import PlainMass
from service.domain.listing import OrderRef
from service.domain.matching import place_in_queue
from service.domain.order import (
    BalanceUse,
    ByBundleMasses,
    ByMass,
    ByValue,
    FromQuote,
    OrderRequest,
    Placed,
    PlaceOrder,
)
from service.domain.recorded_estimate import CreateEstimate, RecordedEstimate
from service.errors import Code, Refused
from service.kit.ids import uuid7
from service.operations.authenticate import authenticate
from service.operations.bill_orders import Period, bill_orders
from service.operations.cancel_orders import cancel_orders
from service.operations.create_estimate import create_estimate
from service.operations.expire_holds import expire_holds
from service.operations.fail_order import fail_order
from service.operations.import_orders import import_orders
from service.operations.issue_certificates import issue_certificate
from service.operations.manage_accounts import reinstate_account, suspend_account
from service.operations.manage_clients import create_client, update_client
from service.operations.manage_keys import create_key
from service.operations.match_backorders import match_backorders
from service.operations.place_orders import place_alone, place_group
from service.operations.quote_order import Quoted, quote_order
from service.operations.record_payment import record_payment
from service.operations.refund_order import refund_order
from service.operations.retire_orders import retire_order, retire_orders
from service.operations.select_account import select_account
from service.operations.settle_invoice import settle_invoice
from service.storage import backorders, balances, batches, certificates, orders
from service.storage.database import Database
from tests.books import assert_books_balance, rows_of
from tests.conftest import Cleaner
from tests.makers import make_batch, make_command, make_price, make_project, store
from tests.model.life import Batch, Life, Line, Ordered
from tests.shop import Shop, open_shop

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "25"))
STEPS = int(os.environ.get("MODEL_STEPS", "20"))
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
PEPPER = b"a pepper of this test, 32 bytes."
ACCOUNTS = st.integers(0, 2)
TIERS = (("forest", "12.49", 2_000_000), ("forest", "11", 6_000_000), ("ocean", "222.222222", 3_000_000))

# Large ones most of the time: what goes wrong goes wrong when stock runs short.
GRAMS = st.sampled_from([2_000_000, 4_000_000, 9_000_000]) | st.integers(1_000, 6_000_000)


class LifeOfOrders(RuleBasedStateMachine):
    """Two accounts and a client account of the first; two bundles that share one of three projects, in several price
    tiers; stock that runs short.
    """

    opened: Callable[[], Coroutine[Any, Any, Database]]
    ordered = Bundle("ordered")
    """Ids of orders, those of imported history among them."""
    quoted = Bundle("quoted")
    estimated = Bundle("estimated")
    invoiced = Bundle("invoiced")

    @initialize()
    def open(self) -> None:
        self.runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self.runner.run(self._open())

    async def _open(self) -> None:
        self.database = await type(self).opened()
        self.shop: Shop = await open_shop(self.database)
        shop = self.shop
        first, other = shop.account, await shop.another_account(commission_hundredths=0)
        client = await create_client(shop.resources, shop.caller, name="Client", currency="USD")
        self.accounts = [first, other, client]
        self.keys = {
            each.id: (await create_key(shop.resources, each.id, "of its own", pepper=PEPPER)).text
            for each in self.accounts
        }
        trees, waves = shop.forest_project.id, shop.deep.project_id
        shore = make_project(slug="shore")
        await store(
            self.database, shore, BundleProject(shop.forest.id, shore.id), BundleProject(shop.ocean.id, shore.id)
        )
        self.projects = [trees, waves, shore.id]
        self.sold = [shop.forest.id, shop.ocean.id]
        bundles = {"forest": shop.forest, "ocean": shop.ocean}
        await store(
            self.database, *(make_price(bundles[name], price, "USD", least_g) for name, price, least_g in TIERS)
        )
        self.life = Life(
            projects={shop.forest.id: {trees, shore.id}, shop.ocean.id: {waves, shore.id}},
            tiers={
                shop.forest.id: {0: 13_570_000, 2_000_000: 12_490_000, 6_000_000: 11_000_000},
                shop.ocean.id: {0: 250_000_000, 3_000_000: 222_222_222},
            },
            commissions={each.id: Fraction(each.commission_hundredths, 10_000) for each in self.accounts},
            parents={client.id: first.id},
        )
        for batch in (shop.old, shop.young, shop.deep):
            self.life.receive(Batch(batch.id, batch.project_id, batch.vintage, batch.available_g))
        self.commands: dict[UUID, PlaceOrder] = {}
        self.held: dict[UUID, list[Line]] = {}
        self.used: set[UUID] = set()
        self.expired: set[UUID] = set()
        self.estimates_used: set[UUID] = set()
        self.issued: dict[UUID, tuple[str, bytes]] = {}
        self.numbers = count(1)

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.run(self.database.close())
            self.runner.close()

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    # What is requested, by every route.

    def order_request(self, route: str, grams: int) -> OrderRequest:
        shop = self.shop
        match route:
            case "mass":
                return OrderRequest(ask=ByMass(grams))
            case "selection":
                return OrderRequest(ask=ByMass(grams), selection=selection_of([(each, None) for each in self.sold]))
            case "one":
                return OrderRequest(ask=ByBundleMasses(((shop.forest.id, grams),)))
            case "other":
                return OrderRequest(ask=ByBundleMasses(((shop.ocean.id, grams),)))
            case "masses":
                return OrderRequest(ask=ByBundleMasses(((shop.ocean.id, grams // 10 + 1), (shop.forest.id, grams))))
            case _:
                return OrderRequest(ask=ByValue(grams // 10_000 + 100))

    def account_of(self, account_id: UUID) -> Account:
        (account,) = (each for each in self.accounts if each.id == account_id)
        return account

    def customer(self, account: Account, *, by_parent: bool = False) -> Caller:
        """The caller whom a request of the account has: by its own key, or by its parent's if it is a client."""
        resources, parent_id = self.shop.resources, account.parent_account_id
        if by_parent and parent_id is not None:
            caller = self.do(authenticate(resources, self.keys[parent_id], pepper=PEPPER))
            return self.do(select_account(resources, caller, account.id))
        return self.do(authenticate(resources, self.keys[account.id], pepper=PEPPER))

    def command(self, account: Account, request: Any, *, by_parent: bool = False, **facts: Any) -> PlaceOrder:
        caller = self.customer(account, by_parent=by_parent)
        return make_command(account, request, actor=caller.key_id, acts_for_client=caller.acts_for_client, **facts)

    def place(self, command: PlaceOrder) -> Placed | Refused:
        return self.do(place_alone(self.shop.resources, command))

    async def lines_of(self, account_id: UUID, order_id: UUID) -> list[Line]:
        found = await orders.lines(self.database.reader, account_id, [order_id])
        return [Line(line.bundle_id, line.mass_g, line.unit_price_micros) for line in found]

    def take_in(self, command: PlaceOrder, answer: Placed | Refused, *, held: list[Line] | None = None) -> bool:
        """The model places what the service placed; true if there is an order. An order is refused for a suspended
        account, and without a backorder for credits that are not there.
        """
        if self.life.is_suspended(command.account_id):
            assert code_of(answer) is Code.ACCOUNT_SUSPENDED
            return False
        if isinstance(answer, Refused):
            assert answer.code is Code.INSUFFICIENT_CREDITS
            assert not command.allow_backorder
            return False
        assert not answer.replayed
        order = answer.order
        self.commands[order.id] = command
        lines = self.do(self.lines_of(order.account_id, order.id))
        assert sum(line.mass_g for line in lines) == order.mass_g
        known = Ordered(order.account_id, lines, order.total_cost_minor)
        if held is None and not command.allow_backorder:
            assert self.life.can_have_at_once(lines), "accepted without the credits"
        from_balance = command.pay_with_balance is BalanceUse.AVAILABLE and self.life.may_use_balance(
            order.account_id, with_own_key=not command.acts_for_client
        )
        self.life.place(order.id, known, held=held, from_balance=from_balance)
        return True

    @rule(
        target=ordered,
        account=ACCOUNTS,
        by_parent=st.booleans(),
        route=st.sampled_from(["mass", "selection", "one", "other", "masses", "value"]),
        grams=GRAMS,
        allow_backorder=st.booleans(),
        balance=st.sampled_from([BalanceUse.NONE, BalanceUse.AVAILABLE]),
    )
    def order(
        self, account: int, by_parent: bool, route: str, grams: int, allow_backorder: bool, balance: BalanceUse
    ) -> Any:
        command = self.command(
            self.accounts[account],
            self.order_request(route, grams),
            by_parent=by_parent,
            allow_backorder=allow_backorder,
            pay_with_balance=balance,
        )
        return command.order_id if self.take_in(command, self.place(command)) else multiple()

    @rule(target=ordered, by_parent=st.booleans(), amount=st.integers(1, 20_000))
    def order_for_a_client_from_a_balance(self, by_parent: bool, amount: int) -> Any:
        """The parent has prepaid; whether its client may spend that depends on the key and on the parent."""
        parent, client = self.accounts[0], self.accounts[2]
        reference = f"top-up {next(self.numbers)}"
        self.do(record_payment(self.shop.resources, self.shop.caller, parent.id, reference, Money(amount, "USD")))
        self.life.balances[parent.id] += amount
        command = self.command(
            client, self.order_request("one", 1_000_000), by_parent=by_parent, pay_with_balance=BalanceUse.AVAILABLE
        )
        return command.order_id if self.take_in(command, self.place(command)) else multiple()

    @rule(target=ordered, grams=st.lists(GRAMS, min_size=2, max_size=5))
    def order_together(self, grams: list[int]) -> Any:
        commands = [
            self.command(self.accounts[index % 3], self.order_request("one" if index % 2 else "masses", mass_g))
            for index, mass_g in enumerate(grams)
        ]
        answers = self.do(place_group(self.shop.resources, commands, lock_timeout_ms=2_000))
        return multiple(
            *(
                command.order_id
                for command, answer in zip(commands, answers, strict=True)
                if self.take_in(command, answer)
            )
        )

    @rule(target=ordered, routes=st.permutations(["one", "other"]), grams=GRAMS)
    def order_behind(self, routes: list[str], grams: int) -> Any:
        """One bundle runs short, credits of the project that both share come in, and the other bundle is ordered."""
        commands = [
            self.command(account, self.order_request(route, mass_g))
            for account, route, mass_g in zip(self.accounts[:2], routes, (20_000_000, 1_000_000), strict=True)
        ]
        placed = []
        for command in commands:
            if self.take_in(command, self.place(command)):
                placed.append(command.order_id)
            self.receive(2, grams, 2020)
        return multiple(*placed)

    @rule(
        target=quoted,
        account=ACCOUNTS,
        by_parent=st.booleans(),
        grams=st.sampled_from([100_000, 300_000, 9_000_000]),
        hold=st.sampled_from([True, True, False]),
    )
    def quote(self, account: int, by_parent: bool, grams: int, hold: bool) -> Any:
        order_request = self.order_request("masses", grams)
        caller = self.customer(self.accounts[account], by_parent=by_parent)
        lines = [Line(bundle_id, mass_g) for bundle_id, mass_g in order_request.ask.masses_g]
        free = self.life.can_have_at_once(lines)
        quoted = self.answer(quote_order(self.shop.resources, caller, order_request, valid_ms=3_600_000, hold=hold))
        if self.life.is_suspended(caller.account.id):
            assert code_of(quoted) is Code.ACCOUNT_SUSPENDED
            return multiple()
        if hold and not free:
            assert code_of(quoted) is Code.INSUFFICIENT_CREDITS
            return multiple()
        assert isinstance(quoted, Quoted)
        if hold:
            self.hold(quoted, lines)
        return quoted

    def hold(self, quoted: Quoted, lines: list[Line]) -> None:
        self.life.hold(lines)
        self.held[quoted.quote.id] = lines

    @rule(target=estimated, account=ACCOUNTS, by_parent=st.booleans(), grams=GRAMS)
    def estimate(self, account: int, by_parent: bool, grams: int) -> Any:
        command = CreateEstimate(
            estimate_id=self.shop.resources.new_id(), activity=PlainMass(grams), told={"mass_g": grams}
        )
        caller = self.customer(self.accounts[account], by_parent=by_parent)
        recorded = self.answer(create_estimate(self.shop.resources, caller, command))
        if self.life.is_suspended(caller.account.id):
            assert code_of(recorded) is Code.ACCOUNT_SUSPENDED
            return multiple()
        estimate: RecordedEstimate = recorded.estimate
        assert (estimate.mass_g, estimate.order_id) == (grams, None)
        return estimate

    @rule(target=quoted, estimate=estimated, hold=st.booleans())
    def quote_by_estimate(self, estimate: RecordedEstimate, hold: bool) -> Any:
        caller = self.customer(self.account_of(estimate.account_id))
        order_request = OrderRequest(ask=ByMass(estimate.mass_g, estimate.id))
        quoted = self.answer(quote_order(self.shop.resources, caller, order_request, valid_ms=3_600_000))
        if self.life.is_suspended(caller.account.id):
            assert code_of(quoted) is Code.ACCOUNT_SUSPENDED
            return multiple()
        if not hold:
            return quoted
        lines = [Line(line.bundle_id, line.mass_g) for line in quoted.lines]
        free = self.life.can_have_at_once(lines)
        work = quote_order(self.shop.resources, caller, order_request, valid_ms=3_600_000, hold=True)
        if not free:
            assert not self.succeeds(work)
            return quoted
        holding = self.do(work)
        self.hold(holding, lines)
        return multiple(quoted, holding)

    @rule(target=ordered, estimate=estimated)
    def order_by_estimate(self, estimate: RecordedEstimate) -> Any:
        order_request = OrderRequest(ask=ByMass(estimate.mass_g, estimate.id))
        command = self.command(self.account_of(estimate.account_id), order_request)
        answer = self.place(command)
        if estimate.id in self.estimates_used and not self.life.is_suspended(estimate.account_id):
            assert code_of(answer) is Code.ESTIMATE_USED
            return multiple()
        if not self.take_in(command, answer):
            return multiple()
        assert isinstance(answer, Placed)
        self.estimates_used.add(estimate.id)
        assert answer.order.requested_mass_g == estimate.mass_g
        return command.order_id

    @rule(target=ordered, quoted=quoted)
    def order_from_quote(self, quoted: Quoted) -> Any:
        quote = quoted.quote
        command = self.command(self.account_of(quote.account_id), FromQuote(quote.id))
        answer = self.place(command)
        if not self.life.is_suspended(quote.account_id):
            if quote.id in self.used | self.expired:
                assert code_of(answer) is (Code.QUOTE_USED if quote.id in self.used else Code.QUOTE_EXPIRED)
                return multiple()
            if quote.estimate_id in self.estimates_used:
                assert code_of(answer) is Code.ESTIMATE_USED
                return multiple()
        if not self.take_in(command, answer, held=self.held.get(quote.id)):
            return multiple()
        assert isinstance(answer, Placed)
        if quote.estimate_id:
            self.estimates_used.add(quote.estimate_id)
        self.used.add(quote.id)
        order = answer.order
        assert (order.mass_g, order.total_cost_minor) == (quote.mass_g, quote.total_cost_minor)
        return command.order_id

    @rule(quoted=quoted)
    def expire(self, quoted: Quoted) -> None:
        quote = quoted.quote
        self.do(self.shop.execute("UPDATE quotes SET expires_at = $1 WHERE id = $2", LONG_AGO, quote.id))
        freed = self.do(expire_holds(self.shop.resources))
        gives_back = quote.holds_credits and quote.id not in self.used | self.expired
        assert freed == int(gives_back)
        self.expired.add(quote.id)
        if gives_back:
            self.life.let_go(self.held[quote.id])

    @rule(order_id=ordered)
    def replay(self, order_id: UUID) -> None:
        """A suspended account is answered as well; history was never commanded."""
        if command := self.commands.get(order_id):
            again = self.place(replace(command, order_id=uuid7()))
            assert isinstance(again, Placed)
            assert (again.order.id, again.replayed) == (order_id, True)
            other = replace(command, order_id=uuid7(), description="another command")
            assert code_of(self.place(other)) is Code.IDEMPOTENCY_KEY_REUSED

    # Accounts, their client, and their past.

    @rule(account=ACCOUNTS)
    def suspend(self, account: int) -> None:
        self.do(suspend_account(self.shop.resources, self.accounts[account].id))
        self.life.suspended.add(self.accounts[account].id)

    @precondition(lambda self: hasattr(self, "life") and self.life.suspended)
    @rule(account=ACCOUNTS | st.none())
    def reinstate(self, account: int | None) -> None:
        """One, which may stay suspended by its parent or not have been suspended, or all."""
        for each in self.accounts if account is None else [self.accounts[account]]:
            self.do(reinstate_account(self.shop.resources, each.id))
            self.life.suspended.discard(each.id)

    @rule(may=st.booleans())
    def let_client_use_the_balance(self, may: bool) -> None:
        parent, client = self.accounts[0], self.accounts[2]
        work = update_client(self.shop.resources, self.customer(parent), client.id, {"may_use_balance": may})
        if self.life.is_suspended(parent.id):
            assert code_of(self.answer(work)) is Code.ACCOUNT_SUSPENDED
        else:
            self.do(work)
            self.life.pay_themselves = {client.id} if may else set()

    @rule(
        target=ordered,
        account=ACCOUNTS,
        status=st.sampled_from(["Issued", "Billed", "Paid", "Cancelled", "Refunded"]),
        kilograms=st.integers(500, 5_000),
    )
    def import_history(self, account: int, status: str, kilograms: int) -> UUID:
        """An order of elsewhere, at 7.53 a tonne and without credits. It waits for none."""
        owner, order_id = self.accounts[account].id, uuid7()
        past = {
            "id": str(order_id),
            "vcuAmount": str(kilograms / 1_000),
            "vcuUnitPrice": "7.53",
            "targetCurrency": "USD",
            "status": status,
            "createdAt": "2021-10-20T20:39:35Z",
        }
        for added in (1, 0):
            assert self.do(import_orders(self.shop.resources, owner, json.dumps([past]))).added == added
        total = (kilograms * 753 + 500) // 1_000
        self.life.orders[order_id] = Ordered(
            owner,
            [Line(self.shop.forest.id, kilograms * 1_000, 7_530_000)],
            total,
            status="CANCELLED" if status in {"Cancelled", "Refunded"} else "PLACED",
            payment="ISSUED" if status == "Cancelled" else status.upper(),
            paid=total if status == "Paid" else 0,
            is_history=True,
        )
        return order_id

    # What happens to orders, those of history among them.

    def caller_of(self, order_id: UUID, by: str) -> Caller:
        """The owner of the order by its own key, its parent, or the seller, whose key may do everything."""
        account = self.account_of(self.life.orders[order_id].account)
        caller = self.customer(account, by_parent=by == "parent")
        return replace(caller, scopes=frozenset(Scope)) if by == "seller" else caller

    @rule(order_id=ordered, waiting=st.booleans(), by=st.sampled_from(["owner", "parent", "seller"]))
    def cancel(self, order_id: UUID, waiting: bool, by: str) -> None:
        known, by_seller = self.life.orders[order_id], by == "seller"
        work = cancel_orders(
            self.shop.resources, self.caller_of(order_id, by), [OrderRef(id=order_id)], only_unfulfilled=waiting
        )
        if self.life.is_suspended(known.account):
            assert code_of(self.answer(work)) is Code.ACCOUNT_SUSPENDED
            return
        (answer,) = self.do(work)
        if not waiting:
            allowed = self.life.cancel(order_id, by_seller=by_seller)
        else:
            total = 0 if isinstance(answer, Refused) else answer.total_cost_minor
            if self.life.keeps_a_part(order_id):
                assert total in self.life.price_of_rest(order_id, by_seller=by_seller)
            allowed = self.life.drop_what_waits(order_id, total, by_seller=by_seller)
        assert isinstance(answer, Refused) is not allowed

    @rule(order_id=ordered)
    def fail(self, order_id: UUID) -> None:
        allowed = self.life.reverse_orders(order_id, "FAILED")
        account_id = self.life.orders[order_id].account
        work = fail_order(self.shop.resources, self.shop.caller, account_id, OrderRef(id=order_id))
        assert self.succeeds(work) is allowed

    @rule(order_id=ordered, part=st.sampled_from([30, 120, "rest"]))
    def pay(self, order_id: UUID, part: Any) -> None:
        self.pay_part(order_id, part)

    def pay_part(self, order_id: UUID, part: Any) -> None:
        known = self.life.orders[order_id]
        amount = max(1, known.total - known.paid if part == "rest" else known.total * part // 100)
        self.life.pay(order_id, amount)
        reference = f"wire {next(self.numbers)}"
        for _ in range(2):  # the second is a retry
            self.do(
                record_payment(
                    self.shop.resources,
                    self.shop.caller,
                    known.account,
                    reference,
                    Money(amount, "USD"),
                    OrderRef(id=order_id),
                )
            )

    @rule(target=invoiced, account=ACCOUNTS)
    def bill_what_is_owed(self, account: int) -> Any:
        return self.bill(self.accounts[account].id, None)

    @rule(target=invoiced, order_id=ordered)
    def bill_one(self, order_id: UUID) -> Any:
        return self.bill(self.life.orders[order_id].account, order_id)

    def bill(self, account_id: UUID, order_id: UUID | None) -> Any:
        """One order, or all that the account owes; the second try answers the first one's invoice."""
        reference = f"bill {next(self.numbers)}"
        what = Period(currency="USD") if order_id is None else [OrderRef(id=order_id)]
        lines = self.life.bill(account_id, order_id)
        for replayed in (False, True):
            work = bill_orders(self.shop.resources, self.shop.caller, account_id, reference, what)
            if not lines:
                assert not self.succeeds(work)
                return multiple()
            billed = self.do(work)
            assert (billed.invoice.total_minor, billed.replayed) == (sum(lines.values()), replayed)
        self.life.invoices[billed.invoice.id] = lines
        return billed.invoice

    @rule(invoice=invoiced, paid_before=st.booleans())
    def settle(self, invoice: Invoice, paid_before: bool) -> None:
        for order_id in list(self.life.invoices.get(invoice.id, ()))[: int(paid_before)]:
            self.pay_part(order_id, "rest")
        self.do(settle_invoice(self.shop.resources, self.shop.caller, invoice.account_id, invoice.id))
        self.life.settle(invoice.id)

    @rule(order_id=ordered, before=st.sampled_from(["nothing", "paid", "billed and settled"]))
    def refund(self, order_id: UUID, before: str) -> None:
        """By the seller, also while the order waits in the queue."""
        account_id = self.life.orders[order_id].account
        if before == "paid":
            self.pay_part(order_id, "rest")
        elif before == "billed and settled" and isinstance(invoice := self.bill(account_id, order_id), Invoice):
            self.settle(invoice, paid_before=False)
        allowed = self.life.refund(order_id)
        work = refund_order(self.shop.resources, self.shop.caller, account_id, OrderRef(id=order_id))
        assert self.succeeds(work) is allowed

    @rule(project=st.integers(0, 2), grams=GRAMS, vintage=st.integers(2018, 2021))
    def receive_batch(self, project: int, grams: int, vintage: int) -> None:
        self.receive(project, grams, vintage)

    def receive(self, project: int, grams: int, vintage: int) -> None:
        batch = make_batch(self.shop.forest_project, grams, project_id=self.projects[project], vintage=vintage)
        self.do(store(self.database, batch))
        self.life.receive(Batch(batch.id, batch.project_id, vintage, grams))

    @rule()
    def match(self) -> None:
        self.do(match_backorders(self.shop.resources))
        self.life.match()

    @rule(unpaid=st.booleans())
    def retire(self, unpaid: bool) -> None:
        while self.do(retire_orders(self.shop.resources, after_ms=0, unpaid=unpaid)):
            continue
        for order in self.life.orders.values():
            if order.status == "RETIRING":
                order.status, order.retired_g = "COMPLETE", order.mass_g
        self.life.retire(unpaid=unpaid)

    @rule(order_id=ordered)
    def start_to_retire(self, order_id: UUID) -> None:
        """All but one share: what it has retired by then depends on its batches, so the service says how much."""
        known = self.life.orders[order_id]
        self.do(retire_order(self.shop.resources, known.account, order_id, keep=1, actor="model"))
        self.life.start_retiring(order_id)
        found = self.do(orders.of_ids(self.database.reader, known.account, [order_id]))
        if known.status == "RETIRING":
            known.retired_g = found[order_id].retired_g
            assert known.retired_g < known.mass_g

    @rule(order_id=ordered)
    def certify(self, order_id: UUID) -> None:
        """Every complete order that has its certificate keeps it: `both_say_the_same` looks at each."""
        known = self.life.orders[order_id]
        if known.status != "COMPLETE":
            return
        for first in (order_id not in self.issued, False):
            work = issue_certificate(self.shop.resources, known.account, order_id, public_address="https://orders.test")
            assert self.do(work) is first
            if first:
                self.issued[order_id] = self.do(self.certificate_of(known.account, order_id))

    async def certificate_of(self, account_id: UUID, order_id: UUID) -> tuple[str, bytes]:
        reader = self.database.reader
        certificate = (await certificates.of_orders(reader, account_id, [order_id]))[order_id]
        assert hashlib.sha256(certificate.facts.encode()).hexdigest() == certificate.sha256
        pdf = await certificates.pdf_of_order(reader, account_id, order_id)
        assert pdf is not None
        return certificate.sha256, pdf

    def answer(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Return the result of the work, or its refusal."""
        try:
            return self.do(work)
        except Refused as refusal:
            return refusal

    def succeeds(self, work: Coroutine[Any, Any, Any]) -> bool:
        return not isinstance(self.answer(work), Refused)

    @invariant()
    def both_say_the_same(self) -> None:
        if hasattr(self, "life"):
            self.do(self._compare())

    async def _compare(self) -> None:
        await assert_books_balance(self.database)
        stored = {order.id: order for order in await rows_of(self.database, orders.ORDERS)}
        assert stored.keys() == self.life.orders.keys()
        for order_id, known in self.life.orders.items():
            order = stored[order_id]
            assert (
                order.status.value,
                order.payment_status.value,
                order.mass_g,
                order.fulfilled_g,
                order.retired_g,
                order.total_cost_minor,
                order.paid_minor,
            ) == (known.status, known.payment, known.mass_g, known.has_g, known.retired_g, known.total, known.paid)
        for order_id, issued in self.issued.items():
            assert await self.certificate_of(self.life.orders[order_id].account, order_id) == issued
        await self._compare_stock()
        waiting = await rows_of(self.database, backorders.BACKORDERS)
        assert [(row.order_id, row.position) for row in sorted(waiting, key=place_in_queue)] == self.life.queue
        prepaid = {row.account_id: row.amount_minor for row in await rows_of(self.database, balances.BALANCES)}
        assert {key: amount for key, amount in prepaid.items() if amount} == +self.life.balances

    async def _compare_stock(self) -> None:
        stock = {row.id: (row.available_g, row.held_g) for row in await rows_of(self.database, batches.BATCHES)}
        assert stock == {batch.id: (batch.free_g, batch.held_g) for batch in self.life.batches.values()}


def code_of(answer: Any) -> Code | None:
    """The code of a refusal."""
    return answer.code if isinstance(answer, Refused) else None


def live(opened: Callable[[], Coroutine[Any, Any, Database]]) -> None:
    """As many lives as were asked for, each in a world of its own."""
    LifeOfOrders.opened = staticmethod(opened)
    run_state_machine_as_test(
        LifeOfOrders,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )


def test_lives_on_sqlite(sqlite_template: Path, tmp_path: Path):
    numbers = count(1)

    async def opened() -> Database:
        file = tmp_path / f"{next(numbers)}.sqlite3"
        shutil.copyfile(sqlite_template, file)
        return await Database.open(f"sqlite://{file}")

    live(opened)


def test_lives_on_postgresql(cleaner: Cleaner, postgresql_url: str):
    async def opened() -> Database:
        await asyncio.to_thread(cleaner.clean)
        return await Database.open(postgresql_url, pool_size_max=2)

    live(opened)
