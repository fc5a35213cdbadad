"""Checks of events: numbered without gaps, of known types, and telling what became of orders and money.

An order's events carry its amounts; each carries on from the one before, and the last one tells what the order is now.
"""

from service.domain.events import EventType
from service.storage.audit.check import (
    ACCOUNTS,
    BATCHES,
    EVENTS,
    HEADS,
    INVOICES,
    ORDERS,
    PAYMENTS,
    STANDS,
    Check,
    key,
    member,
    number,
)

_EVENT = key("e.seq", account="e.account_id")
_ORDER = key("o.id", account="o.account_id")
_TYPES = ", ".join(f"'{each}'" for each in EventType)

_STATUS_AFTER = {
    "placed": ("PLACED", "supplied", "fulfilled", "reduced", "cancelled", "failed"),
    "imported": ("PLACED", "cancelled", "failed"),
    "supplied": ("PLACED", "supplied", "fulfilled", "reduced", "cancelled", "failed"),
    "short": ("PLACED", "supplied", "fulfilled", "reduced", "cancelled", "failed"),
    "reduced": ("FULFILLED", "fulfilled"),
    "fulfilled": ("FULFILLED", "short", "retiring", "cancelled", "failed"),
    "retiring": ("RETIRING", "completed"),
    "completed": ("COMPLETE",),
    "cancelled": ("CANCELLED",),
    "failed": ("FAILED",),
}
"""Of each event of an order's grams: the status after it, and the events that may be next."""
_PAYMENT_AFTER = {
    "billed": ("BILLED", "paid", "refunded"),
    "paid": ("PAID", "refunded"),
    "refunded": ("REFUNDED",),
}
"""Of each event of an order's money: the payment status after it, and the events that may be next."""


def _steps(after: dict[str, tuple[str, ...]]) -> str:
    """Return the pairs of events that may follow each other, for an IN list of their types joined by a blank."""
    return ", ".join(f"'order.{step} order.{later}'" for step, (_, *next_) in after.items() for later in next_)


def _listed(after: dict[str, tuple[str, ...]]) -> str:
    return ", ".join(f"'order.{step}'" for step in after)


def _last(after: dict[str, tuple[str, ...]]) -> str:
    """Return the aggregate that finds the last of an order's events of these types: its seq times 16, plus the place
    of its type.
    """
    whens = " ".join(f"WHEN 'order.{step}' THEN seq * 16 + {place}" for place, step in enumerate(after))
    return f"max(CASE event_type {whens} END)"


def _status(last: str, after: dict[str, tuple[str, ...]]) -> str:
    """Return the status after the event that `_last` found."""
    whens = " ".join(f"WHEN {place} THEN '{status}'" for place, (status, *_) in enumerate(after.values()))
    return f"CASE {last} % 16 {whens} END"


def _follow(after: dict[str, tuple[str, ...]], *first: str) -> str:
    begins = ", ".join(f"'order.{each}'" for each in first)
    return (
        f"SELECT {_EVENT} FROM (SELECT account_id, seq, event_type, lag(event_type)"
        f" OVER (PARTITION BY account_id, order_id ORDER BY seq) AS before FROM {EVENTS}"
        f" WHERE order_id IS NOT NULL AND event_type IN ({_listed(after)})) e"
        f" WHERE NOT CASE WHEN before IS NULL THEN event_type IN ({begins})"
        f" ELSE before || ' ' || event_type IN ({_steps(after)}) END"
    )


def _before(name: str) -> str:
    return f"lag({name}) OVER (PARTITION BY account_id, order_id ORDER BY seq) AS {name}_before"


_AMOUNTS = ("event_type", "mass_g", "fulfilled_g", "total_cost_minor", "currency")
_OF_ORDERS = (
    f"SELECT e.account_id, e.order_id, e.seq, e.event_type, {member('e', 'mass_g')} AS mass_g,"
    f" {member('e', 'fulfilled_g')} AS fulfilled_g, {member('e', 'total_cost_minor')} AS total_cost_minor,"
    f" {member('e', 'paid_minor')} AS paid_minor, {member('e', 'currency')} AS currency,"
    f" {member('e', 'retired_g')} AS retired_g FROM {EVENTS} e"
    f" WHERE e.order_id IS NOT NULL AND e.event_type LIKE 'order.%'"
)

CHECKS = (
    Check(
        "event-gap",
        HEADS,
        "every account: events 1 to head without a gap",
        f"SELECT {key('h.account_id', account='h.account_id')} FROM {HEADS} h LEFT JOIN"
        f" (SELECT account_id, count(*) AS events, min(seq) AS first_seq, max(seq) AS last_seq FROM {EVENTS}"
        f" GROUP BY account_id) e ON e.account_id = h.account_id"
        f" WHERE h.event_seq <> coalesce(e.events, 0) OR h.event_seq <> coalesce(e.last_seq, 0)"
        f" OR coalesce(e.first_seq, 1) <> 1",
    ),
    Check(
        "event-type",
        EVENTS,
        "every event: of a known type, and about an order of the account if its type is",
        f"SELECT {_EVENT} FROM {EVENTS} e LEFT JOIN {ORDERS} o ON o.account_id = e.account_id AND o.id = e.order_id"
        f" WHERE e.event_type NOT IN ({_TYPES}) OR e.event_type LIKE 'order.%' AND o.id IS NULL"
        f" OR e.order_id IS NOT NULL AND e.event_type NOT LIKE 'order.%' AND e.event_type NOT LIKE 'payment.%'",
    ),
    Check(
        "event-status",
        EVENTS,
        "every event of an order's grams: may follow the one before",
        _follow(_STATUS_AFTER, "placed", "imported"),
    ),
    Check(
        "event-payment",
        EVENTS,
        "every event of an order's money: may follow the one before",
        _follow(_PAYMENT_AFTER, *_PAYMENT_AFTER),
    ),
    Check(
        "event-amounts",
        EVENTS,
        "every event of an order: its amounts carry on from those of the event before",
        f"SELECT {_EVENT} FROM (SELECT a.*, {', '.join(map(_before, _AMOUNTS))} FROM ({_OF_ORDERS}) a) e"
        f" WHERE e.event_type_before IS NOT NULL AND (e.currency <> e.currency_before"
        f" OR e.event_type <> 'order.reduced'"
        f" AND (e.mass_g <> e.mass_g_before OR e.total_cost_minor <> e.total_cost_minor_before)"
        f" OR e.event_type NOT IN ('order.supplied', 'order.fulfilled', 'order.short', 'order.cancelled',"
        f" 'order.failed') AND e.fulfilled_g <> e.fulfilled_g_before)"
        f" OR e.event_type = 'order.fulfilled' AND e.fulfilled_g <> e.mass_g"
        f" OR e.event_type IN ('order.short', 'order.cancelled', 'order.failed', 'order.imported')"
        f" AND e.fulfilled_g <> '0'"
        f" OR e.event_type IN ('order.cancelled', 'order.failed', 'order.refunded') AND e.paid_minor <> '0'"
        f" OR e.event_type = 'order.paid' AND e.paid_minor <> e.total_cost_minor"
        f" OR e.event_type = 'order.completed' AND e.retired_g NOT IN ('', e.mass_g)",
    ),
    Check(
        "order-told",
        ORDERS,
        "every order: its amounts are those of its last event",
        # What is paid of an order in part is told by payments, and by the ledger.
        f"SELECT {_ORDER} FROM {ORDERS} o LEFT JOIN (SELECT account_id, order_id, max(seq) AS seq FROM {EVENTS}"
        f" WHERE order_id IS NOT NULL AND event_type LIKE 'order.%' GROUP BY account_id, order_id) last"
        f" ON last.account_id = o.account_id AND last.order_id = o.id"
        f" LEFT JOIN ({_OF_ORDERS}) e ON e.account_id = last.account_id AND e.seq = last.seq"
        f" WHERE e.seq IS NULL OR e.mass_g <> CAST(o.mass_g AS TEXT) OR e.fulfilled_g <> CAST(o.fulfilled_g AS TEXT)"
        f" OR e.total_cost_minor <> CAST(o.total_cost_minor AS TEXT) OR e.currency <> o.currency"
        f" OR (o.payment_status = 'PAID' OR NOT ({STANDS})) AND e.paid_minor <> CAST(o.paid_minor AS TEXT)",
    ),
    Check(
        "order-status-told",
        ORDERS,
        "every order: its status and payment status are those that its events tell",
        # An import tells no payment status and may tell of orders that were cancelled elsewhere; a cancelled or failed
        # order that was paid is refunded without an event of its own.
        f"SELECT {_ORDER} FROM {ORDERS} o LEFT JOIN (SELECT account_id, order_id, {_last(_STATUS_AFTER)} AS status,"
        f" {_last(_PAYMENT_AFTER)} AS payment,"
        f" max(CASE WHEN event_type = 'order.imported' THEN 1 ELSE 0 END) AS imported"
        f" FROM {EVENTS} WHERE order_id IS NOT NULL GROUP BY account_id, order_id) e"
        f" ON e.account_id = o.account_id AND e.order_id = o.id"
        f" WHERE coalesce(e.imported, -1) <> CASE WHEN o.source = 'import' THEN 1 ELSE 0 END"
        f" OR coalesce({_status('e.status', _STATUS_AFTER)}, '') <> o.status"
        f" AND NOT (o.source = 'import' AND o.status = 'CANCELLED')"
        f" OR o.payment_status <> coalesce({_status('e.payment', _PAYMENT_AFTER)}, 'ISSUED')"
        f" AND NOT (o.source = 'import' AND e.payment IS NULL)"
        f" AND NOT (o.status IN ('CANCELLED', 'FAILED') AND o.payment_status = 'REFUNDED')",
    ),
    Check(
        "payment-told",
        PAYMENTS,
        "every payment: told by one event, with its amount",
        # Payments of imported history and of the demo's have no such event of their own.
        f"SELECT {key('p.id', account='p.account_id')} FROM {PAYMENTS} p LEFT JOIN"
        f" (SELECT e.account_id, {member('e', 'payment_id')} AS payment_id, count(*) AS times,"
        f" min({number('e', 'amount_minor')}) AS amount_minor, min({member('e', 'currency')}) AS currency"
        f" FROM {EVENTS} e WHERE e.event_type = 'payment.recorded' GROUP BY 1, 2) e"
        f" ON e.account_id = p.account_id AND e.payment_id = CAST(p.id AS TEXT)"
        f" WHERE p.reference NOT LIKE 'import:%' AND p.reference NOT LIKE 'demo-%'"
        f" AND NOT coalesce(e.times = 1 AND e.amount_minor = p.amount_minor AND e.currency = p.currency, FALSE)",
    ),
    Check(
        "event-payment-row",
        EVENTS,
        "every event of a payment or an invoice: the payment or the invoice exists",
        f"SELECT {_EVENT} FROM {EVENTS} e"
        f" LEFT JOIN {PAYMENTS} p ON p.account_id = e.account_id AND CAST(p.id AS TEXT) = {member('e', 'payment_id')}"
        f" LEFT JOIN {INVOICES} i ON i.account_id = e.account_id AND CAST(i.id AS TEXT) = {member('e', 'invoice_id')}"
        f" WHERE e.event_type = 'payment.recorded' AND {member('e', 'payment_id')} <> '' AND p.id IS NULL"
        f" OR e.event_type IN ('invoice.issued', 'invoice.settled') AND i.id IS NULL",
    ),
    Check(
        "invoice-told",
        INVOICES,
        "every invoice: told once when it was issued, and once if it was settled, with its total",
        f"SELECT {key('i.id', account='i.account_id')} FROM {INVOICES} i LEFT JOIN"
        f" (SELECT e.account_id, {member('e', 'invoice_id')} AS invoice_id,"
        f" sum(CASE WHEN e.event_type = 'invoice.issued' THEN 1 ELSE 0 END) AS issued,"
        f" sum(CASE WHEN e.event_type = 'invoice.settled' THEN 1 ELSE 0 END) AS settled,"
        f" min({number('e', 'total_minor')}) AS least, max({number('e', 'total_minor')}) AS most"
        f" FROM {EVENTS} e WHERE e.event_type IN ('invoice.issued', 'invoice.settled') GROUP BY 1, 2) e"
        f" ON e.account_id = i.account_id AND e.invoice_id = CAST(i.id AS TEXT)"
        f" WHERE NOT coalesce(e.issued = 1 AND e.settled = CASE WHEN i.status = 'PAID' THEN 1 ELSE 0 END"
        f" AND e.least = i.total_minor AND e.most = i.total_minor, FALSE)",
    ),
    Check(
        "batch-told",
        EVENTS,
        "every event of a batch's receipt: the batch has this project, mode and mass",
        f"SELECT {_EVENT} FROM {EVENTS} e LEFT JOIN {BATCHES} b ON CAST(b.id AS TEXT) = {member('e', 'batch_id')}"
        f" WHERE e.event_type = 'batch.received' AND NOT coalesce(b.issued_g = {number('e', 'mass_g')}"
        f" AND b.mode = {member('e', 'mode')} AND CAST(b.project_id AS TEXT) = {member('e', 'project_id')}, FALSE)",
    ),
    Check(
        "client-told",
        EVENTS,
        "every event of a client account: the account is a client of the account",
        f"SELECT {_EVENT} FROM {EVENTS} e LEFT JOIN {ACCOUNTS} a"
        f" ON CAST(a.id AS TEXT) = {member('e', 'client_account_id')}"
        f" WHERE e.event_type IN ('account.created', 'account.updated')"
        f" AND NOT coalesce(a.parent_account_id = e.account_id, FALSE)",
    ),
)
