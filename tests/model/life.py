"""What becomes of orders, told once more in plain Python: lists and sums, no database, no prices.

Knows the rules as a seller would say them; it must not know how the service keeps them. Grams of a bundle are one
number here, and what an order costs is told to it by whoever compares.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from uuid import UUID

OWED = {"ISSUED", "BILLED"}


@dataclass
class Line:
    bundle: UUID
    mass_g: int
    has_g: int = 0


@dataclass
class Ordered:
    account: UUID
    lines: list[Line]
    total: int
    status: str = "PLACED"
    payment: str = "ISSUED"
    paid: int = 0
    retired_g: int = 0

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
    """All orders, the stock and the queue of each bundle, the balance of each account."""

    orders: dict[UUID, Ordered] = field(default_factory=dict)
    available_g: Counter[UUID] = field(default_factory=Counter)
    held_g: Counter[UUID] = field(default_factory=Counter)
    queues: dict[UUID, list[tuple[UUID, int]]] = field(default_factory=lambda: defaultdict(list))
    balances: Counter[UUID] = field(default_factory=Counter)
    invoices: dict[UUID, dict[UUID, int]] = field(default_factory=dict)

    def can_have_at_once(self, lines: list[Line]) -> bool:
        return all(not self.queues[line.bundle] and self.available_g[line.bundle] >= line.mass_g for line in lines)

    def hold(self, lines: list[Line]) -> None:
        for line in lines:
            self.available_g[line.bundle] -= line.mass_g
            self.held_g[line.bundle] += line.mass_g

    def place(self, order_id: UUID, order: Ordered, *, from_hold: bool, from_balance: bool) -> None:
        for position, line in enumerate(order.lines):
            if from_hold:
                line.has_g = line.mass_g
                self.held_g[line.bundle] -= line.mass_g
                continue
            if not self.queues[line.bundle]:
                line.has_g = min(line.mass_g, self.available_g[line.bundle])
                self.available_g[line.bundle] -= line.has_g
            if line.has_g < line.mass_g:
                self.queues[line.bundle].append((order_id, position))
        if from_balance:
            order.paid = min(order.total, self.balances[order.account])
            self.balances[order.account] -= order.paid
        order.settle()
        self.orders[order_id] = order

    def match(self) -> None:
        for bundle, queue in self.queues.items():
            while queue and self.available_g[bundle]:
                order_id, position = queue[0]
                line = self.orders[order_id].lines[position]
                more_g = min(line.mass_g - line.has_g, self.available_g[bundle])
                line.has_g += more_g
                self.available_g[bundle] -= more_g
                if line.has_g == line.mass_g:
                    queue.pop(0)
                self.orders[order_id].settle()

    def reverse_orders(self, order_id: UUID, status: str) -> bool:
        """Cancelled or failed, now or before; false if it is too late for that."""
        order = self.orders[order_id]
        if order.status == status:
            return True
        if not order.may_be_undone:
            return False
        self._leave(order_id)
        for line in order.lines:
            self.available_g[line.bundle] += line.has_g
            line.has_g = 0
        if order.paid:
            self.balances[order.account] += order.paid
            order.paid, order.payment = 0, "REFUNDED"
        order.status = status
        return True

    def drop_what_waits(self, order_id: UUID, total: int) -> bool:
        """Only what it has remains, for the new total; false if it is too late for that."""
        order = self.orders[order_id]
        if order.status in {"FULFILLED", "CANCELLED"}:
            return True
        if order.status == "PLACED" and order.has_g:
            self._leave(order_id)
            for line in order.lines:
                line.mass_g = line.has_g
            order.total = total
            returned = max(0, order.paid - total)
            order.paid -= returned
            self.balances[order.account] += returned
            order.settle()
            return True
        return self.reverse_orders(order_id, "CANCELLED")

    def pay(self, order_id: UUID, amount: int) -> None:
        order = self.orders[order_id]
        towards = min(amount, order.total - order.paid) if order.stands else 0
        order.paid += towards
        self.balances[order.account] += amount - towards
        order.settle()

    def bill(self, account: UUID, order_id: UUID | None) -> dict[UUID, int]:
        """What each order owes that is on an invoice from here on: this one, or all of the account's."""
        lines: dict[UUID, int] = {}
        for key, order in self.orders.items():
            named = order_id in {key, None} and order.account == account
            if named and order.stands and order.payment == "ISSUED":
                lines[key] = order.total - order.paid
                order.payment = "BILLED"
        return lines

    def settle(self, invoice_id: UUID) -> None:
        """Paid as billed, once: each order takes what it still owes, the balance the rest."""
        for order_id, billed in self.invoices.pop(invoice_id, {}).items():
            self.pay(order_id, billed)

    def refund(self, order_id: UUID) -> bool:
        """Refunded, now or before; false if nothing was paid."""
        order = self.orders[order_id]
        if order.payment == "REFUNDED":
            return True
        if not order.paid:
            return False
        self.balances[order.account] += order.paid
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
        for queue in self.queues.values():
            queue[:] = [entry for entry in queue if entry[0] != order_id]
