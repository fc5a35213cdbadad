"""Random lives of orders on a real database, beside a model of a page: after every step both say the same, and the
books balance.

`MODEL_EXAMPLES` lives of `MODEL_STEPS` steps on each database; a failure prints the shortest life that shows it.
Planted defects that were seen to fail here: a newcomer that overtakes, a cancelled order that goes on waiting, a
payment that is not noted on its order or is recorded again by its retry, a cancel that leaves the payment's state,
grams that are retired twice, a delivery that counts what is still missing, an estimate that is ordered twice, an order
that is billed twice, an invoice that pays its orders and forgets what they do not owe any more, a certificate that is
written again.
"""

import asyncio
import hashlib
import os
import shutil
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
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
    rule,
    run_state_machine_as_test,
)

from service.domain.accounts import Account
from service.domain.amounts import Money
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
from service.operations.bill_orders import Period, bill_orders
from service.operations.cancel_orders import cancel_orders
from service.operations.create_estimate import create_estimate
from service.operations.expire_holds import expire_holds
from service.operations.fail_order import fail_order
from service.operations.issue_certificates import issue_certificate
from service.operations.match_backorders import match_backorders
from service.operations.place_orders import place_alone, place_group
from service.operations.quote_order import Quoted, quote_order
from service.operations.record_payment import record_payment
from service.operations.refund_order import refund_order
from service.operations.retire_orders import retire_order, retire_orders
from service.operations.settle_invoice import settle_invoice
from service.storage import backorders, balances, batches, certificates, orders
from service.storage.database import Database
from tests.books import assert_books_balance, rows_of
from tests.conftest import Cleaner
from tests.makers import make_batch, make_caller, make_command, make_project, store
from tests.model.life import Batch, Life, Line, Ordered
from tests.shop import Shop, open_shop

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "25"))
STEPS = int(os.environ.get("MODEL_STEPS", "20"))
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

# Large ones most of the time: what goes wrong goes wrong when stock runs short.
GRAMS = st.sampled_from([2_000_000, 4_000_000, 9_000_000]) | st.integers(1_000, 6_000_000)


class LifeOfOrders(RuleBasedStateMachine):
    """Two accounts, two bundles that share one of three projects, stock that runs short."""

    opened: Callable[[], Coroutine[Any, Any, Database]]
    placed = Bundle("placed")
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
        self.accounts = [shop.account, await shop.another_account(commission_hundredths=0)]
        trees, waves = shop.forest_project.id, shop.deep.project_id
        shore = make_project(slug="shore")
        await store(
            self.database, shore, BundleProject(shop.forest.id, shore.id), BundleProject(shop.ocean.id, shore.id)
        )
        self.projects = [trees, waves, shore.id]
        self.sold = [shop.forest.id, shop.ocean.id]
        self.life = Life({shop.forest.id: {trees, shore.id}, shop.ocean.id: {waves, shore.id}})
        for batch in (shop.old, shop.young, shop.deep):
            self.life.receive(Batch(batch.id, batch.project_id, batch.vintage, batch.available_g))
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

    async def lines_of(self, account_id: UUID, order_id: UUID) -> list[Line]:
        found = await orders.lines(self.database.reader, account_id, [order_id])
        return [Line(line.bundle_id, line.mass_g) for line in found]

    def take_in(self, command: PlaceOrder, answer: Placed | Refused, *, held: list[Line] | None = None) -> bool:
        """The model places what the service placed; true if there is an order."""
        if isinstance(answer, Refused):
            return False
        assert not answer.replayed
        order = answer.order
        lines = self.do(self.lines_of(order.account_id, order.id))
        assert sum(line.mass_g for line in lines) == order.mass_g
        known = Ordered(order.account_id, lines, order.total_cost_minor)
        if held is None and not command.allow_backorder:
            assert self.life.can_have_at_once(lines), "accepted without the credits"
        from_balance = command.pay_with_balance is BalanceUse.AVAILABLE
        self.life.place(order.id, known, held=held, from_balance=from_balance)
        return True

    @rule(
        target=placed,
        account=st.integers(0, 1),
        route=st.sampled_from(["mass", "selection", "one", "other", "masses", "value"]),
        grams=GRAMS,
        allow_backorder=st.booleans(),
        balance=st.sampled_from([BalanceUse.NONE, BalanceUse.AVAILABLE]),
    )
    def order(self, account: int, route: str, grams: int, allow_backorder: bool, balance: BalanceUse) -> Any:
        command = make_command(
            self.accounts[account],
            self.order_request(route, grams),
            allow_backorder=allow_backorder,
            pay_with_balance=balance,
        )
        answer = self.do(place_alone(self.shop.resources, command))
        if self.take_in(command, answer):
            return command
        assert answer.code is Code.INSUFFICIENT_CREDITS
        assert not allow_backorder
        return multiple()

    @rule(target=placed, grams=st.lists(GRAMS, min_size=2, max_size=5))
    def order_together(self, grams: list[int]) -> Any:
        commands = [
            make_command(self.accounts[index % 2], self.order_request("one" if index % 3 else "masses", mass_g))
            for index, mass_g in enumerate(grams)
        ]
        for command, answer in zip(
            commands, self.do(place_group(self.shop.resources, commands, lock_timeout_ms=2_000)), strict=True
        ):
            assert self.take_in(command, answer)
        return multiple(*commands)

    @rule(target=placed, routes=st.permutations(["one", "other"]), grams=GRAMS)
    def order_behind(self, routes: list[str], grams: int) -> Any:
        """One bundle runs short, credits of the project that both share come in, and the other bundle is ordered."""
        commands = [
            make_command(account, self.order_request(route, mass_g))
            for account, route, mass_g in zip(self.accounts, routes, (20_000_000, 1_000_000), strict=True)
        ]
        for command in commands:
            assert self.take_in(command, self.do(place_alone(self.shop.resources, command)))
            self.receive(2, grams, 2020)
        return multiple(*commands)

    @rule(
        target=quoted,
        account=st.integers(0, 1),
        grams=st.sampled_from([100_000, 300_000, 9_000_000]),
        hold=st.sampled_from([True, True, False]),
    )
    def quote(self, account: int, grams: int, hold: bool) -> Any:
        order_request = self.order_request("masses", grams)
        caller = make_caller(self.accounts[account])
        lines = [Line(bundle_id, mass_g) for bundle_id, mass_g in order_request.ask.masses_g]
        free = self.life.can_have_at_once(lines)
        work = quote_order(self.shop.resources, caller, order_request, valid_ms=3_600_000, hold=hold)
        if hold and not free:
            assert not self.succeeds(work)
            return multiple()
        quoted = self.do(work)
        if hold:
            self.hold(quoted, lines)
        return quoted

    def hold(self, quoted: Quoted, lines: list[Line]) -> None:
        self.life.hold(lines)
        self.held[quoted.quote.id] = lines

    @rule(target=estimated, account=st.integers(0, 1), grams=GRAMS)
    def estimate(self, account: int, grams: int) -> RecordedEstimate:
        command = CreateEstimate(
            estimate_id=self.shop.resources.new_id(), activity=PlainMass(grams), told={"mass_g": grams}
        )
        caller = make_caller(self.accounts[account])
        estimate: RecordedEstimate = self.do(create_estimate(self.shop.resources, caller, command)).estimate
        assert (estimate.mass_g, estimate.order_id) == (grams, None)
        return estimate

    @rule(target=quoted, estimate=estimated, hold=st.booleans())
    def quote_by_estimate(self, estimate: RecordedEstimate, hold: bool) -> Any:
        caller = make_caller(self.account_of(estimate.account_id))
        order_request = OrderRequest(ask=ByMass(estimate.mass_g, estimate.id))
        quoted = self.do(quote_order(self.shop.resources, caller, order_request, valid_ms=3_600_000))
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

    @rule(target=placed, estimate=estimated)
    def order_by_estimate(self, estimate: RecordedEstimate) -> Any:
        order_request = OrderRequest(ask=ByMass(estimate.mass_g, estimate.id))
        command = make_command(self.account_of(estimate.account_id), order_request)
        answer = self.do(place_alone(self.shop.resources, command))
        if estimate.id in self.estimates_used:
            assert answer.code is Code.ESTIMATE_USED
            return multiple()
        self.estimates_used.add(estimate.id)
        assert self.take_in(command, answer)
        assert answer.order.requested_mass_g == estimate.mass_g
        return command

    @rule(target=placed, quoted=quoted)
    def order_from_quote(self, quoted: Quoted) -> Any:
        quote = quoted.quote
        command = make_command(self.account_of(quote.account_id), FromQuote(quote.id))
        answer = self.do(place_alone(self.shop.resources, command))
        if quote.id in self.used | self.expired:
            assert answer.code is (Code.QUOTE_USED if quote.id in self.used else Code.QUOTE_EXPIRED)
            return multiple()
        if quote.estimate_id in self.estimates_used:
            assert answer.code is Code.ESTIMATE_USED
            return multiple()
        if quote.estimate_id:
            self.estimates_used.add(quote.estimate_id)
        self.used.add(quote.id)
        assert self.take_in(command, answer, held=self.held.get(quote.id))
        order = answer.order
        assert (order.mass_g, order.total_cost_minor) == (quote.mass_g, quote.total_cost_minor)
        return command

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

    @rule(command=placed)
    def replay(self, command: PlaceOrder) -> None:
        again = self.do(place_alone(self.shop.resources, replace(command, order_id=self.shop.resources.new_id())))
        assert isinstance(again, Placed)
        assert (again.order.id, again.replayed) == (command.order_id, True)
        other = replace(command, order_id=self.shop.resources.new_id(), description="another command")
        refused = self.do(place_alone(self.shop.resources, other))
        assert refused.code is Code.IDEMPOTENCY_KEY_REUSED

    # What happens to it.

    @rule(command=placed, waiting=st.booleans())
    def cancel(self, command: PlaceOrder, waiting: bool) -> None:
        account = self.account_of(command.account_id)
        refs = [OrderRef(id=command.order_id)]
        (answer,) = self.do(cancel_orders(self.shop.resources, make_caller(account), refs, only_unfulfilled=waiting))
        total = 0 if isinstance(answer, Refused) else answer.total_cost_minor
        if waiting:
            assert total <= self.life.orders[command.order_id].total
            allowed = self.life.drop_what_waits(command.order_id, total)
        else:
            allowed = self.life.reverse_orders(command.order_id, "CANCELLED")
        assert isinstance(answer, Refused) is not allowed

    @rule(command=placed)
    def fail(self, command: PlaceOrder) -> None:
        allowed = self.life.reverse_orders(command.order_id, "FAILED")
        work = fail_order(self.shop.resources, self.shop.caller, command.account_id, OrderRef(id=command.order_id))
        assert self.succeeds(work) is allowed

    @rule(command=placed, part=st.sampled_from([30, 120, "rest"]))
    def pay(self, command: PlaceOrder, part: Any) -> None:
        self.pay_part(command.order_id, part)

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

    @rule(target=invoiced, account=st.integers(0, 1))
    def bill_what_is_owed(self, account: int) -> Any:
        return self.bill(self.accounts[account].id, None)

    @rule(target=invoiced, command=placed)
    def bill_one(self, command: PlaceOrder) -> Any:
        return self.bill(command.account_id, command.order_id)

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

    @rule(command=placed, before=st.sampled_from(["nothing", "paid", "billed and settled"]))
    def refund(self, command: PlaceOrder, before: str) -> None:
        if before == "paid":
            self.pay_part(command.order_id, "rest")
        elif before == "billed and settled" and isinstance(
            invoice := self.bill(command.account_id, command.order_id), Invoice
        ):
            self.settle(invoice, paid_before=False)
        allowed = self.life.refund(command.order_id)
        work = refund_order(self.shop.resources, self.shop.caller, command.account_id, OrderRef(id=command.order_id))
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

    @rule(command=placed)
    def start_to_retire(self, command: PlaceOrder) -> None:
        """All but one share: what it has retired by then depends on its batches, so the service says how much."""
        self.do(retire_order(self.shop.resources, command.account_id, command.order_id, keep=1, actor="model"))
        self.life.start_retiring(command.order_id)
        found = self.do(orders.of_ids(self.database.reader, command.account_id, [command.order_id]))
        known = self.life.orders[command.order_id]
        if known.status == "RETIRING":
            known.retired_g = found[command.order_id].retired_g
            assert known.retired_g < known.mass_g

    @rule(command=placed)
    def certify(self, command: PlaceOrder) -> None:
        """Every complete order that has its certificate keeps it: `both_say_the_same` looks at each."""
        if self.life.orders[command.order_id].status != "COMPLETE":
            return
        for first in (command.order_id not in self.issued, False):
            work = issue_certificate(
                self.shop.resources, command.account_id, command.order_id, public_address="https://orders.test"
            )
            assert self.do(work) is first
            if first:
                self.issued[command.order_id] = self.do(self.certificate_of(command.account_id, command.order_id))

    async def certificate_of(self, account_id: UUID, order_id: UUID) -> tuple[str, bytes]:
        reader = self.database.reader
        certificate = (await certificates.of_orders(reader, account_id, [order_id]))[order_id]
        assert hashlib.sha256(certificate.facts.encode()).hexdigest() == certificate.sha256
        pdf = await certificates.pdf_of_order(reader, account_id, order_id)
        assert pdf is not None
        return certificate.sha256, pdf

    def succeeds(self, work: Coroutine[Any, Any, Any]) -> bool:
        try:
            self.do(work)
        except Refused:
            return False
        return True

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
