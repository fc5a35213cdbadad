"""The rules of the service once more in plain Python: lists and sums, no database.

It states the rules as a seller would, and not how the service keeps them. The total of a new order, its lines and their
unit prices are passed in by the test that compares.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from uuid import UUID

MICROS_A_MINOR_UNIT = 10_000
GRAMS_A_TONNE = 1_000_000

OWED = {"ISSUED", "BILLED"}


@dataclass
class Batch:
    """Credits of one project; `free_g` may be ordered, `held_g` is set aside for quotes."""

    id: UUID
    project: UUID
    vintage: int
    free_g: int
    held_g: int = 0


@dataclass
class Line:
    """One bundle's share of an order, with the grams that it has of each batch."""

    bundle: UUID
    mass_g: int
    unit_micros: int = 0
    has: Counter[UUID] = field(default_factory=Counter)

    @property
    def has_g(self) -> int:
        return self.has.total()


@dataclass
class Ordered:
    account: UUID
    lines: list[Line]
    total: int
    status: str = "PLACED"
    payment: str = "ISSUED"
    paid: int = 0
    retired_g: int = 0
    is_history: bool = False

    @property
    def mass_g(self) -> int:
        return sum(line.mass_g for line in self.lines)

    @property
    def has_g(self) -> int:
        return sum(line.has_g for line in self.lines)

    @property
    def stands(self) -> bool:
        return self.status not in {"CANCELLED", "FAILED"} and self.payment != "REFUNDED"

    @property
    def may_be_undone(self) -> bool:
        return self.status in {"PLACED", "FULFILLED"}

    def settle(self) -> None:
        if self.stands and self.paid == self.total:
            self.payment = "PAID"
        if self.status == "PLACED" and self.has_g == self.mass_g:
            self.status = "FULFILLED"


@dataclass
class Life:
    """All orders, the batches, one queue for all bundles, the balance of each account that pays."""

    projects: dict[UUID, set[UUID]] = field(default_factory=dict)
    tiers: dict[UUID, dict[int, int]] = field(default_factory=dict)
    """Unit prices of each bundle by the least mass of an order, in millionths a tonne."""
    commissions: dict[UUID, Fraction] = field(default_factory=dict)
    parents: dict[UUID, UUID] = field(default_factory=dict)
    suspended: set[UUID] = field(default_factory=set)
    pay_themselves: set[UUID] = field(default_factory=set)
    """Client accounts whose own keys may pay from their parent's balance."""
    orders: dict[UUID, Ordered] = field(default_factory=dict)
    batches: dict[UUID, Batch] = field(default_factory=dict)
    queue: list[tuple[UUID, int]] = field(default_factory=list)
    balances: Counter[UUID] = field(default_factory=Counter)
    invoices: dict[UUID, dict[UUID, int]] = field(default_factory=dict)
    billed: set[UUID] = field(default_factory=set)
    """The orders that are on an invoice."""

    def payer(self, account: UUID) -> UUID:
        return self.parents.get(account, account)

    def is_suspended(self, account: UUID) -> bool:
        return bool({account, self.payer(account)} & self.suspended)

    def may_use_balance(self, account: UUID, *, with_own_key: bool) -> bool:
        return account not in self.parents or not with_own_key or account in self.pay_themselves

    def receive(self, batch: Batch) -> None:
        self.batches[batch.id] = batch

    def waited_for(self) -> set[UUID]:
        """The projects that somebody who came before may take from."""
        bundles = {self.orders[order_id].lines[position].bundle for order_id, position in self.queue}
        return {project for bundle in bundles for project in self.projects[bundle]}

    def take(self, lines: list[Line], *, barred: set[UUID]) -> None:
        """Each line in turn takes what it may and still lacks, of the oldest batch first."""
        for line in lines:
            allowed = self.projects[line.bundle] - barred
            for batch in sorted(self.batches.values(), key=lambda batch: (batch.vintage, batch.id)):
                more_g = min(line.mass_g - line.has_g, batch.free_g) if batch.project in allowed else 0
                if more_g:
                    line.has[batch.id] += more_g
                    batch.free_g -= more_g

    def give_back(self, lines: list[Line]) -> None:
        for line in lines:
            for batch_id, mass_g in line.has.items():
                self.batches[batch_id].free_g += mass_g
            line.has.clear()

    def can_have_at_once(self, lines: list[Line]) -> bool:
        self.take(lines, barred=self.waited_for())
        is_full = all(line.has_g == line.mass_g for line in lines)
        self.give_back(lines)
        return is_full

    def hold(self, lines: list[Line]) -> None:
        self.take(lines, barred=self.waited_for())
        for line in lines:
            for batch_id, mass_g in line.has.items():
                self.batches[batch_id].held_g += mass_g

    def let_go(self, held: list[Line]) -> None:
        self.use(held)
        self.give_back(held)

    def use(self, held: list[Line]) -> None:
        """Give the credits that the quote held to its order."""
        for line in held:
            for batch_id, mass_g in line.has.items():
                self.batches[batch_id].held_g -= mass_g

    def place(self, order_id: UUID, order: Ordered, *, held: list[Line] | None, from_balance: bool) -> None:
        if held is None:
            self.take(order.lines, barred=self.waited_for())
        else:
            self.use(held)
            for line, holding in zip(order.lines, held, strict=True):
                line.has = Counter(holding.has)
        self.queue += [(order_id, index) for index, line in enumerate(order.lines) if line.has_g < line.mass_g]
        if from_balance:
            payer = self.payer(order.account)
            order.paid = min(order.total, self.balances[payer])
            self.balances[payer] -= order.paid
        order.settle()
        self.orders[order_id] = order

    def match(self) -> None:
        """Serve waiting lines in order: an earlier line takes all that it may before a later one."""
        for order_id, position in self.queue:
            order = self.orders[order_id]
            self.take([order.lines[position]], barred=set())
            order.settle()
        self.queue = [
            (order_id, position)
            for order_id, position in self.queue
            if (line := self.orders[order_id].lines[position]).has_g < line.mass_g
        ]

    def reverse_orders(self, order_id: UUID, status: str) -> bool:
        """Cancelled or failed, now or before; false if it is too late for that."""
        order = self.orders[order_id]
        if order.status == status:
            return True
        if not order.may_be_undone:
            return False
        self._leave(order_id)
        self.give_back(order.lines)
        if order.paid:
            self.balances[self.payer(order.account)] += order.paid
            order.paid, order.payment = 0, "REFUNDED"
        order.status = status
        return True

    def cancel(self, order_id: UUID, *, by_seller: bool) -> bool:
        """Cancelled, now or before; false if it is too late, or history, which only the seller undoes."""
        order = self.orders[order_id]
        if order.is_history and order.status != "CANCELLED" and not by_seller:
            return False
        return self.reverse_orders(order_id, "CANCELLED")

    def keeps_a_part(self, order_id: UUID) -> bool:
        """Return True if cancelling the waiting grams leaves a part of the order."""
        order = self.orders[order_id]
        return order.status == "PLACED" and order.has_g > 0

    def price_of_rest(self, order_id: UUID, *, by_seller: bool) -> range:
        """Return the totals that the part that it has may cost: dearer in a lower tier, unless the seller reduces the
        order, and never more than all of it did.
        """
        order = self.orders[order_id]
        dearest = []
        for line in order.lines:
            reached = [micros for least_g, micros in self.tiers[line.bundle].items() if least_g <= order.has_g]
            dearest.append(line.unit_micros if by_seller else max(line.unit_micros, min(reached)))
        kept = [line.has_g for line in order.lines]
        total = self.total(order.account, zip(kept, dearest, strict=True))
        if total < order.total:
            return range(total, total + 1)
        # Unit prices rise as far as the old total allows, and are rounded down to a millionth.
        return range(order.total - 1, order.total + 1)

    def total(self, account: UUID, priced: Iterable[tuple[int, int]]) -> int:
        """Return the total of so many grams at each unit price, in minor units."""
        net = Fraction(sum(mass_g * micros for mass_g, micros in priced), GRAMS_A_TONNE * MICROS_A_MINOR_UNIT)
        commission = self.commissions[account]
        return max(1, ceil(net / (1 - commission)) if commission else floor(net + Fraction(1, 2)))

    def drop_what_waits(self, order_id: UUID, total: int, *, by_seller: bool) -> bool:
        """Only what it has remains, for the new total; false if it is too late for that."""
        order = self.orders[order_id]
        if order.status in {"FULFILLED", "CANCELLED"}:
            return True
        if self.keeps_a_part(order_id):
            self._leave(order_id)
            for line in order.lines:
                line.mass_g = line.has_g
            if order.stands:
                returned = max(0, order.paid - total)
                order.paid -= returned
                self.balances[self.payer(order.account)] += returned
            order.total = total
            order.settle()
            return True
        return self.cancel(order_id, by_seller=by_seller)

    def pay(self, order_id: UUID, amount: int) -> None:
        order = self.orders[order_id]
        towards = min(amount, order.total - order.paid) if order.stands else 0
        order.paid += towards
        self.balances[self.payer(order.account)] += amount - towards
        order.settle()

    def bill(self, account: UUID, order_id: UUID | None) -> dict[UUID, int]:
        """Return the price of each order that is on an invoice from here on: this one, or all of the account's and its
        clients'. Paid ones are on it too, but for history, which was billed elsewhere.
        """
        lines: dict[UUID, int] = {}
        for key, order in self.orders.items():
            named = order_id in {key, None} and account in {order.account, self.payer(order.account)}
            is_billed = key in self.billed or (order.is_history and order.payment != "ISSUED") or not order.total
            if named and order.stands and not is_billed:
                lines[key] = order.total
                self.billed.add(key)
                if order.payment == "ISSUED":
                    order.payment = "BILLED"
        return lines

    def settle(self, invoice_id: UUID) -> None:
        """Each order that stands is paid what it still owes."""
        for order_id in self.invoices.pop(invoice_id, {}):
            order = self.orders[order_id]
            if order.stands:
                self.pay(order_id, order.total - order.paid)

    def refund(self, order_id: UUID) -> bool:
        """Refunded, now or before; false if nothing was paid."""
        order = self.orders[order_id]
        if order.payment == "REFUNDED":
            return True
        if not order.paid:
            return False
        self._leave(order_id)
        self.balances[self.payer(order.account)] += order.paid
        order.paid, order.payment = 0, "REFUNDED"
        return True

    def retire(self, *, unpaid: bool) -> None:
        for order in self.orders.values():
            if order.status == "FULFILLED" and (order.payment == "PAID" or (unpaid and order.payment in OWED)):
                order.status, order.retired_g = "COMPLETE", order.mass_g

    def start_retiring(self, order_id: UUID) -> None:
        """All but the last line's credits."""
        order = self.orders[order_id]
        if order.status == "FULFILLED" and order.payment != "REFUNDED":
            order.status = "RETIRING"

    def _leave(self, order_id: UUID) -> None:
        self.queue = [entry for entry in self.queue if entry[0] != order_id]
