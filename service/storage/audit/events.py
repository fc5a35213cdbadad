"""Checks of events; SQL for one state of the database.

Events must have known types and numbers without gaps, and agree with orders and money.

An order's events contain its amounts; each continues from the event before, and the last one has the order's present
state.
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
"""For each event that changes an order's grams: the status after it, and the events that may follow."""
_PAYMENT_AFTER = {
    "billed": ("BILLED", "paid", "refunded"),
    "paid": ("PAID", "refunded"),
    "refunded": ("REFUNDED",),
}
"""For each event that changes an order's payment: the payment status after it, and the events that may follow."""


def _listed(after: dict[str, tuple[str, ...]]) -> str:
    return ", ".join(f"'order.{step}'" for step in after)


def _last(column: str, account_id: str, order_id: str, types: str, *, before: str = "") -> str:
    """Return a subquery for a column of the order's last event of these types, or of the last one `before` a number.

    It uses an index for each row. On SQLite a window function over all events takes two to three times as long; on
    PostgreSQL it is faster, but there all checks are fast enough.
    """
    earlier = f" AND l.seq < {before}" if before else ""
    return (
        f"(SELECT l.{column} FROM {EVENTS} l WHERE l.account_id = {account_id} AND l.order_id = {order_id}"
        f" AND {types}{earlier} ORDER BY l.seq DESC LIMIT 1)"
    )


def _last_of(after: dict[str, tuple[str, ...]]) -> str:
    """Return the type of the order's last event of these types."""
    return _last("event_type", "o.account_id", "o.id", f"l.event_type IN ({_listed(after)})")


def _status(after: dict[str, tuple[str, ...]]) -> str:
    """Return the status after the order's last event of these types."""
    whens = " ".join(f"WHEN 'order.{step}' THEN '{status}'" for step, (status, *_) in after.items())
    return f"CASE {_last_of(after)} {whens} END"


def _follow(after: dict[str, tuple[str, ...]], *first: str) -> str:
    """Return the events of these types that may not follow the event before them, or that must not be the first."""
    steps = [f"order.{step} order.{later}" for step, (_, *next_) in after.items() for later in next_]
    allowed = ", ".join(f"'{each}'" for each in (*steps, *(f" order.{each}" for each in first)))
    types = f"event_type IN ({_listed(after)})"
    before = _last("event_type", "e.account_id", "e.order_id", f"l.{types}", before="e.seq")
    return (
        f"SELECT {_EVENT} FROM {EVENTS} e WHERE e.order_id IS NOT NULL AND e.{types}"
        f" AND coalesce({before}, '') || ' ' || e.event_type NOT IN ({allowed})"
    )


_OF_ORDERS = "event_type LIKE 'order.%'"


def _by_text(table: str, *columns: str) -> str:
    """Return these columns of a table with its id as text, as payloads have it.

    DISTINCT and the text type make SQLite build an index for the join; otherwise it compares each event with each row.
    """
    return f"(SELECT DISTINCT CAST(id AS TEXT) AS id, {', '.join(columns)} FROM {table})"


def _differs(name: str) -> str:
    """Return the condition that a member of the event's payload differs from that of the event `p` before it."""
    return f"{member('e', name)} <> {member('p', name)}"


def _tells_otherwise(name: str) -> str:
    """Return the condition that a member of the event's payload differs from the order's column."""
    return f"{member('e', name)} <> CAST(o.{name} AS TEXT)"


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
        f"SELECT {_EVENT} FROM {EVENTS} e LEFT JOIN {EVENTS} p ON p.account_id = e.account_id AND p.seq ="
        f" {_last('seq', 'e.account_id', 'e.order_id', f'l.{_OF_ORDERS}', before='e.seq')}"
        f" WHERE e.order_id IS NOT NULL AND e.{_OF_ORDERS} AND (p.seq IS NOT NULL AND ({_differs('currency')}"
        f" OR e.event_type <> 'order.reduced' AND ({_differs('mass_g')} OR {_differs('total_cost_minor')})"
        f" OR e.event_type NOT IN ('order.supplied', 'order.fulfilled', 'order.short', 'order.cancelled',"
        f" 'order.failed') AND {_differs('fulfilled_g')})"
        f" OR e.event_type = 'order.fulfilled' AND {member('e', 'fulfilled_g')} <> {member('e', 'mass_g')}"
        f" OR e.event_type IN ('order.short', 'order.cancelled', 'order.failed', 'order.imported')"
        f" AND {member('e', 'fulfilled_g')} <> '0'"
        f" OR e.event_type IN ('order.cancelled', 'order.failed', 'order.refunded')"
        f" AND {member('e', 'paid_minor')} <> '0'"
        f" OR e.event_type = 'order.paid' AND {member('e', 'paid_minor')} <> {member('e', 'total_cost_minor')}"
        f" OR e.event_type = 'order.completed' AND {member('e', 'retired_g')} NOT IN ('', {member('e', 'mass_g')}))",
    ),
    Check(
        "order-told",
        ORDERS,
        "every order: its amounts are those of its last event",
        # Part payments are not in the order's events, only in those of payments and in the ledger.
        f"SELECT {_ORDER} FROM {ORDERS} o LEFT JOIN {EVENTS} e ON e.account_id = o.account_id AND e.seq ="
        f" {_last('seq', 'o.account_id', 'o.id', f'l.{_OF_ORDERS}')}"
        f" WHERE e.seq IS NULL OR {_tells_otherwise('mass_g')} OR {_tells_otherwise('fulfilled_g')}"
        f" OR {_tells_otherwise('total_cost_minor')} OR {member('e', 'currency')} <> o.currency"
        f" OR (o.payment_status = 'PAID' OR NOT ({STANDS})) AND {_tells_otherwise('paid_minor')}",
    ),
    Check(
        "order-status-told",
        ORDERS,
        "every order: its status and payment status are those that its events tell",
        # An import records no payment status, and may contain orders that were cancelled elsewhere. A paid order that
        # is cancelled or fails is refunded without a separate event.
        f"SELECT {_ORDER} FROM {ORDERS} o WHERE EXISTS (SELECT 1 FROM {EVENTS} i WHERE i.account_id = o.account_id"
        f" AND i.order_id = o.id AND i.event_type = 'order.imported') <> (o.source = 'import')"
        f" OR coalesce({_status(_STATUS_AFTER)}, '') <> o.status"
        f" AND NOT (o.source = 'import' AND o.status = 'CANCELLED')"
        f" OR o.payment_status <> coalesce({_status(_PAYMENT_AFTER)}, 'ISSUED')"
        f" AND NOT (o.source = 'import' AND {_last_of(_PAYMENT_AFTER)} IS NULL)"
        f" AND NOT (o.status IN ('CANCELLED', 'FAILED') AND o.payment_status = 'REFUNDED')",
    ),
    Check(
        "payment-told",
        PAYMENTS,
        "every payment: told by one event, with its amount",
        # Payments of imported history have no such event, and neither have payments of demo histories from before 2027.
        f"SELECT {key('p.id', account='p.account_id')} FROM {PAYMENTS} p LEFT JOIN"
        f" (SELECT e.account_id, CAST({member('e', 'payment_id')} AS TEXT) AS payment_id, count(*) AS times,"
        f" min({number('e', 'amount_minor')}) AS amount_minor, min({member('e', 'currency')}) AS currency"
        f" FROM {EVENTS} e WHERE e.event_type = 'payment.recorded' GROUP BY 1, 2) e"
        f" ON e.account_id = p.account_id AND e.payment_id = CAST(p.id AS TEXT)"
        f" WHERE NOT coalesce(e.times = 1 AND e.amount_minor = p.amount_minor AND e.currency = p.currency,"
        f" e.times IS NULL AND (p.reference LIKE 'import:%' OR p.reference LIKE 'demo-%'))",
    ),
    Check(
        "event-payment-row",
        EVENTS,
        "every event of a payment or an invoice: the payment or the invoice exists",
        f"SELECT {_EVENT} FROM {EVENTS} e"
        f" LEFT JOIN {_by_text(PAYMENTS, 'account_id')} p"
        f" ON p.account_id = e.account_id AND p.id = {member('e', 'payment_id')}"
        f" LEFT JOIN {_by_text(INVOICES, 'account_id')} i"
        f" ON i.account_id = e.account_id AND i.id = {member('e', 'invoice_id')}"
        f" WHERE e.event_type = 'payment.recorded' AND {member('e', 'payment_id')} <> '' AND p.id IS NULL"
        f" OR e.event_type IN ('invoice.issued', 'invoice.settled') AND i.id IS NULL",
    ),
    Check(
        "invoice-told",
        INVOICES,
        "every invoice: told once when it was issued, and once if it was settled, with its total",
        f"SELECT {key('i.id', account='i.account_id')} FROM {INVOICES} i LEFT JOIN"
        f" (SELECT e.account_id, CAST({member('e', 'invoice_id')} AS TEXT) AS invoice_id,"
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
        f"SELECT {_EVENT} FROM {EVENTS} e LEFT JOIN"
        f" {_by_text(BATCHES, 'issued_g', 'mode', 'project_id')} b ON b.id = {member('e', 'batch_id')}"
        f" WHERE e.event_type = 'batch.received' AND NOT coalesce(b.issued_g = {number('e', 'mass_g')}"
        f" AND b.mode = {member('e', 'mode')} AND CAST(b.project_id AS TEXT) = {member('e', 'project_id')}, FALSE)",
    ),
    Check(
        "client-told",
        EVENTS,
        "every event that names a client account: it is a client of the account",
        f"SELECT {_EVENT} FROM {EVENTS} e LEFT JOIN"
        f" {_by_text(ACCOUNTS, 'parent_account_id')} a ON a.id = {member('e', 'client_account_id')}"
        f" WHERE e.event_type IN ('account.created', 'account.updated')"
        f" AND {member('e', 'client_account_id')} <> '' AND NOT coalesce(a.parent_account_id = e.account_id, FALSE)",
    ),
)
