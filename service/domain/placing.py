"""Placing of a group of orders, decided in memory: every command gets a new order, its existing order (a replay) or a
refusal, in the sequence of the commands.

The placer is given all data that it needs and collects the changes to write; it reads nothing itself. A refused command
adds nothing, so that it does not affect the others.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from service.domain import ledger
from service.domain.accounts import Head, refuse_if_suspended
from service.domain.allocation import AllocationPlan, Stock, Take
from service.domain.billing import apply_balance, balance_share
from service.domain.catalogue import Mode
from service.domain.credit import PayerFunds, refuse_above_credit
from service.domain.events import Event, EventRecorder, EventType
from service.domain.ledger import Journal
from service.domain.made_up_credits import is_above_bound, plan_in_mode, within_bound
from service.domain.new_order import Priced, order_of
from service.domain.offers import Offers, price_request
from service.domain.order import (
    OUT_OF_LINE,
    Backorder,
    BalanceUse,
    CreditEntry,
    EntryKind,
    FromQuote,
    Order,
    OrderLine,
    OrderStatus,
    PaymentStatus,
    Placed,
    PlaceOrder,
)
from service.domain.pricing import Pricing
from service.domain.quote import QuoteNow, promised_pricing, refuse_unless_open
from service.domain.texts import refuse_unless_outside
from service.errors import Code, Refused

NO_FUNDS = PayerFunds()


@dataclass(slots=True)
class Changes:
    """Changes that the group's transaction has to write."""

    orders: list[Order] = field(default_factory=list)
    lines: list[OrderLine] = field(default_factory=list)
    entries: list[CreditEntry] = field(default_factory=list)
    backorders: list[Backorder] = field(default_factory=list)
    journals: list[tuple[UUID, Order, Journal]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    taken_g: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    taken_held_g: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    used_quotes: dict[tuple[UUID, UUID], UUID] = field(default_factory=dict)
    used_estimates: dict[tuple[UUID, UUID], UUID] = field(default_factory=dict)
    event_seqs: dict[UUID, int] = field(default_factory=dict)


class OrderPlacer:
    """Answers each command of one group: `price` all of them first, then `place` those that were priced, in sequence.

    Orders are placed at `now`. It is the same for all commands, except when a made-up history is generated.
    """

    def __init__(
        self,
        *,
        now: datetime,
        heads: Mapping[UUID, Head],
        existing: Iterable[Order],
        used_estimates: Mapping[tuple[UUID, UUID], UUID | None],
        new_id: Callable[[], UUID],
        new_number: Callable[[], str],
    ) -> None:
        self.changes = Changes()
        self.now = now
        self._heads = heads
        self._used_estimates = dict(used_estimates)
        self._new_id = new_id
        self._new_number = new_number
        self._by_id = {(order.account_id, order.id): order for order in existing}
        self._by_key = {(order.account_id, order.idempotency_key): order for order in self._by_id.values()}
        self._available_g: dict[UUID, int] = {}
        self._funds: dict[tuple[UUID, str], PayerFunds] = {}

    def replay(self, command: PlaceOrder) -> Placed | Refused | None:
        """Return the existing order that answers the command: the one with its `order_id`, from an attempt whose answer
        was lost, or the one with its idempotency key.
        """
        own = self._by_id.get((command.account_id, command.order_id))
        if own is not None:
            return Placed(own, replayed=False)
        if command.idempotency_key is None:
            return None
        existing = self._by_key.get((command.account_id, command.idempotency_key))
        if existing is None:
            return None
        if not command.is_fingerprinted_as(existing.fingerprint, self._heads[command.account_id].account.currency):
            return Refused(
                Code.IDEMPOTENCY_KEY_REUSED,
                "This idempotency key was used for another request. Use a new key for a new order.",
                ("idempotency_key",),
            )
        return Placed(existing, replayed=True)

    def price(
        self, command: PlaceOrder, offers: Offers, quotes: Mapping[tuple[UUID, UUID], QuoteNow]
    ) -> Priced | Placed | Refused:
        """Return a replay, a refusal, or the price at which the command may become an order."""
        answer = self.replay(command)
        if answer is not None:
            return answer
        head = self._heads[command.account_id]
        try:
            refuse_if_suspended(head.account)
            if isinstance(command.request, FromQuote):
                found = refuse_unless_open(quotes.get((command.account_id, command.request.quote_id)))
                quote, holds, pricing = found.quote, found.holds, promised_pricing(found)
            else:
                quote, holds, pricing = None, (), price_request(command.request, head.account, offers)
            _refuse_above_maximum(command, pricing)
            if command.callback_url is not None:
                # Checked here and not when a request is parsed; otherwise the retry of an existing order with such an
                # address would be refused.
                refuse_unless_outside(command.callback_url, "callback_url")
        except Refused as refusal:
            return refusal
        return Priced(command, head.account, command.fingerprint(head.account.currency), pricing, quote, holds)

    def stock_up(self, stock: Stock) -> None:
        """Set the grams of each batch in the stock that the orders of the group may still take."""
        for bundle_stock in stock.batches.values():
            for batch in bundle_stock:
                self._available_g[batch.batch_id] = batch.available_g

    def fund(self, funds: Mapping[tuple[UUID, str], PayerFunds]) -> None:
        """Set the balances, debts and limits of the payers, which the orders of the group must not exceed."""
        self._funds = dict(funds)

    def place(self, priced: Priced, stock: Stock) -> Placed | Refused:
        """Add the command's order to the changes, or refuse and add nothing; an equal command earlier in the group
        answers for both.
        """
        answer = self.replay(priced.command)
        if answer is not None:
            return answer
        quote_key = (priced.account.id, priced.quote.id) if priced.quote else None
        if quote_key in self.changes.used_quotes:
            return Refused(
                Code.QUOTE_USED, "An order was already placed from this quote. Request a new quote.", ("quote_id",)
            )
        estimate_key = (priced.account.id, priced.estimate_id) if priced.estimate_id else None
        if estimate_key and (refusal := self._estimate_refusal(estimate_key)):
            return refusal
        plan = self._plan(priced, stock)
        if not plan.is_full and not priced.command.allow_backorder:
            available_g = priced.pricing.mass_g - sum(plan.short_g)
            return Refused(
                Code.INSUFFICIENT_CREDITS,
                "Too few credits are in stock. Order less, or allow a backorder.",
                ("allow_backorder",),
                available_g=available_g,
            )
        try:
            share_minor = self._balance_share(priced)
        except Refused as refusal:
            return refusal
        order = self._write_order(priced, plan, share_minor)
        if quote_key:
            self.changes.used_quotes[quote_key] = order.id
        if estimate_key:
            self.changes.used_estimates[estimate_key] = order.id
            self._used_estimates[estimate_key] = order.id
        return Placed(order, replayed=False)

    def _estimate_refusal(self, estimate_key: tuple[UUID, UUID]) -> Refused | None:
        if estimate_key not in self._used_estimates:
            return Refused(Code.NOT_FOUND, "There is no such estimate in this account.", ("estimate_id",))
        if self._used_estimates[estimate_key] is not None:
            return Refused(
                Code.ESTIMATE_USED,
                "An order was already placed for this estimate. Create a new estimate.",
                ("estimate_id",),
            )
        return None

    def _plan(self, priced: Priced, stock: Stock) -> AllocationPlan:
        lines = _wanted(priced)
        if priced.holds:
            takes = tuple(Take(hold.position, hold.batch_id, hold.mass_g) for hold in priced.holds)
            return AllocationPlan(takes, (0,) * len(lines))
        return plan_in_mode(priced.account.mode, lines, stock, self._available_g)

    def _balance_share(self, priced: Priced) -> int:
        # Without permission to use it the balance counts as empty, so that a refusal does not reveal it.
        funds = self._funds.get(priced.payer_balance, NO_FUNDS)
        available_minor = funds.amount_minor if priced.may_use_balance else 0
        pricing, use = priced.pricing, priced.command.pay_with_balance
        share_minor = balance_share(use, pricing.total_cost_minor, available_minor, pricing.currency)
        more_minor = pricing.total_cost_minor - share_minor
        refuse_above_credit(funds, more_minor, pricing.currency, tell=priced.acts_as_payer)
        return share_minor

    def _write_order(self, priced: Priced, plan: AllocationPlan, share_minor: int) -> Order:
        order = self._book(priced, order_of(priced, plan, self._new_number(), self.now), share_minor)
        self.changes.orders.append(order)
        self._by_id[order.account_id, order.id] = order
        if order.idempotency_key is not None:
            self._by_key[order.account_id, order.idempotency_key] = order
        self._write_lines(order, priced, plan)
        self._write_entries(order, priced, plan)
        self.record(order, priced.command.actor, EventType.ORDER_PLACED)
        if order.status is OrderStatus.FULFILLED:
            self.record(order, priced.command.actor, EventType.ORDER_FULFILLED)
        if order.payment_status is PaymentStatus.PAID:
            self.record(order, priced.command.actor, EventType.ORDER_PAID)
        return order

    def _book(self, priced: Priced, order: Order, share_minor: int) -> Order:
        """Return the order with its share of the balance, and update the payer's funds for the next order of the
        group.
        """
        payer_id = priced.payer_balance[0]
        funds = self._funds.get(priced.payer_balance, NO_FUNDS)
        self._funds[priced.payer_balance] = funds.after_order(order.total_cost_minor, share_minor)
        journal = ledger.order_placed(order.currency, order.offset_cost_minor, order.commission_minor)
        self.changes.journals.append((payer_id, order, journal))
        if priced.command.pay_with_balance is BalanceUse.NONE:
            return order
        applied = apply_balance(order, share_minor)
        self.changes.journals.append((payer_id, order, applied.journal))
        return applied.order

    def _write_lines(self, order: Order, priced: Priced, plan: AllocationPlan) -> None:
        is_above = is_above_bound(priced.account.mode, order.mass_g)
        for position, (line, short_g) in enumerate(zip(priced.pricing.lines, plan.short_g, strict=True)):
            self.changes.lines.append(
                OrderLine(
                    account_id=order.account_id,
                    order_id=order.id,
                    position=position,
                    bundle_id=line.bundle_id,
                    mass_g=line.mass_g,
                    fulfilled_g=line.mass_g - short_g,
                    unit_price_micros=line.unit_price_micros,
                    gross_unit_price_micros=line.gross_unit_price_micros,
                    offset_cost_minor=line.offset_cost_minor,
                )
            )
            if short_g:
                self.changes.backorders.append(
                    Backorder(
                        bundle_id=line.bundle_id,
                        mode=priced.account.mode,
                        account_id=order.account_id,
                        order_id=order.id,
                        position=position,
                        waiting_g=short_g,
                        created_at=OUT_OF_LINE if is_above else self.now,
                    )
                )

    def _write_entries(self, order: Order, priced: Priced, plan: AllocationPlan) -> None:
        for taken in plan.takes:
            if priced.holds:
                self.changes.taken_held_g[taken.batch_id] += taken.mass_g
            else:
                self._available_g[taken.batch_id] -= taken.mass_g
                self.changes.taken_g[taken.batch_id] += taken.mass_g
            self.changes.entries.append(
                CreditEntry(
                    account_id=order.account_id,
                    id=self._new_id(),
                    order_id=order.id,
                    position=taken.line,
                    batch_id=taken.batch_id,
                    kind=EntryKind.GIVEN,
                    mass_g=taken.mass_g,
                    created_at=self.now,
                )
            )

    def record(self, order: Order, actor: str, event_type: EventType) -> None:
        """Record an event of the order, which is passed in its new state."""
        recorder = self.recorder(actor, order.account_id)
        recorder.record_order(order, event_type)
        self.keep(recorder)

    def recorder(self, actor: str, *account_ids: UUID) -> EventRecorder:
        """Return a recorder whose numbers continue after the accounts' events so far. `keep` adds its events to the
        changes.
        """
        seqs = {each: self.changes.event_seqs.get(each, self._heads[each].event_seq) for each in account_ids}
        return EventRecorder(seqs, actor=actor, now=self.now, new_id=self._new_id)

    def keep(self, recorder: EventRecorder) -> None:
        """Add the recorder's events to the changes."""
        self.changes.events += recorder.events
        self.changes.event_seqs |= recorder.event_seqs


@dataclass(slots=True)
class Needs:
    """Objects that commands in one mode need: the grams that they take from each bundle, and the batches held for
    them.
    """

    wanted_g: Counter[UUID] = field(default_factory=Counter)
    held_ids: set[UUID] = field(default_factory=set)


def needs_by_mode(priced: Iterable[Priced]) -> dict[Mode, Needs]:
    """Return the objects of each mode that have to be locked before the commands can be placed."""
    needs: dict[Mode, Needs] = defaultdict(Needs)
    for each in priced:
        mode_needs = needs[each.account.mode]
        mode_needs.held_ids.update(hold.batch_id for hold in each.holds)
        if not each.holds:
            for bundle_id, mass_g in within_bound(each.account.mode, _wanted(each)):
                mode_needs.wanted_g[bundle_id] += mass_g
    return needs


def _wanted(priced: Priced) -> list[tuple[UUID, int]]:
    return [(line.bundle_id, line.mass_g) for line in priced.pricing.lines]


def payer_balances_of(priced: Iterable[Priced]) -> set[tuple[UUID, str]]:
    """Return the balances whose amounts the orders will change: the prepaid amount or the debt. They are locked before
    any batch, so that all transactions lock in the same order.
    """
    return {each.payer_balance for each in priced}


def _refuse_above_maximum(command: PlaceOrder, pricing: Pricing) -> None:
    maximum = command.maximum_total
    if maximum is None:
        return
    if maximum.currency != pricing.currency:
        raise Refused(
            Code.BAD_USER_INPUT,
            f"Give the maximum total in {pricing.currency}, the currency of the order.",
            ("maximum_total", "currency"),
        )
    if pricing.total_cost_minor > maximum.minor_units:
        raise Refused(
            Code.MAXIMUM_TOTAL_EXCEEDED,
            "The total would exceed the maximum total of the request.",
            ("maximum_total",),
            total_cost_minor=pricing.total_cost_minor,
        )
