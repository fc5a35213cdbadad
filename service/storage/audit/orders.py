"""Checks of orders; SQL for one state of the database.

Sums, states, prices and places in the queue, and the quotes and estimates that orders refer to.

Imported orders have no credits and are exempt from the rules of prices.
"""

from service.storage.audit.check import (
    ACCOUNTS,
    BACKORDERS,
    CERTIFICATES,
    ESTIMATES,
    EVENTS,
    INVOICE_LINES,
    LINES,
    ORDERS,
    QUOTE_LINES,
    QUOTES,
    RETIREMENTS,
    STANDS,
    Check,
    elsewhere,
    key,
)
from service.storage.audit.prices import cost_is_wrong, costs_less, costs_more, gross_price_is_wrong, total_is_wrong

_ORDER = key("o.id", account="o.account_id")
_LINE = key("l.order_id", "l.position", account="l.account_id")
_QUOTE = key("q.id", account="q.account_id")
_REAL = "o.source <> 'import'"
_WAITS = f"o.status = 'PLACED' AND {_REAL} AND o.payment_status <> 'REFUNDED'"
"""Condition on an order: its missing credits must be in the queue."""

_COSTS = ("count(l.position)", "coalesce(sum(l.offset_cost_minor), 0)")
"""The number and the cost of the lines of one order or quote."""
_REQUESTED = (
    "CASE {0}.kind WHEN 'mass' THEN {0}.requested_mass_g >= {0}.mass_g AND {0}.estimate_id IS NULL"
    " AND {0}.requested_value_minor IS NULL"
    " WHEN 'estimate' THEN {0}.requested_mass_g >= {0}.mass_g AND {0}.estimate_id IS NOT NULL"
    " WHEN 'value' THEN {0}.requested_value_minor >= {0}.total_cost_minor AND {0}.requested_mass_g IS NULL"
    " AND {0}.estimate_id IS NULL ELSE FALSE END"
)
"""Condition on an order or a quote: its mass or cost is not above the requested size."""

CHECKS = (
    Check(
        "order-lines",
        ORDERS,
        "every order: mass and fulfilled = the sums of its lines",
        f"SELECT {_ORDER} FROM {ORDERS} o WHERE (o.mass_g, o.fulfilled_g, 0, 0) <>"
        f" (SELECT coalesce(sum(l.mass_g), 0), coalesce(sum(l.fulfilled_g), 0), coalesce(min(l.position), -1),"
        f" coalesce(max(l.position), -1) + 1 - count(*)"
        f" FROM {LINES} l WHERE l.account_id = o.account_id AND l.order_id = o.id)",
    ),
    Check(
        "order-retired",
        ORDERS,
        "every order: retired = its retired intervals",
        f"SELECT {_ORDER} FROM {ORDERS} o WHERE o.retired_g > o.fulfilled_g"
        f" OR o.retired_g <> (SELECT coalesce(sum(r.end_g - r.start_g), 0) FROM {RETIREMENTS} r"
        f" WHERE r.account_id = o.account_id AND r.order_id = o.id)",
    ),
    Check(
        "order-certified",
        ORDERS,
        "every order: complete = certified or about to be",
        f"SELECT {_ORDER} FROM {ORDERS} o LEFT JOIN {CERTIFICATES} c"
        f" ON c.account_id = o.account_id AND c.order_id = o.id"
        f" WHERE {_REAL} AND (o.status = 'COMPLETE') <> (c.order_id IS NOT NULL)",
    ),
    Check(
        "order-status",
        ORDERS,
        "every order: its status is that of its grams",
        f"SELECT {_ORDER} FROM {ORDERS} o WHERE CASE WHEN NOT {_REAL}"
        f" THEN o.status NOT IN ('PLACED', 'CANCELLED', 'FAILED') OR o.fulfilled_g <> 0 OR o.retired_g <> 0"
        f" WHEN o.status = 'PLACED' THEN o.fulfilled_g >= o.mass_g OR o.retired_g <> 0"
        f" WHEN o.status = 'FULFILLED' THEN o.fulfilled_g <> o.mass_g OR o.retired_g <> 0"
        f" WHEN o.status = 'RETIRING' THEN o.fulfilled_g <> o.mass_g OR o.retired_g >= o.mass_g"
        f" WHEN o.status = 'COMPLETE' THEN o.fulfilled_g <> o.mass_g OR o.retired_g <> o.mass_g"
        f" WHEN o.status IN ('CANCELLED', 'FAILED') THEN o.fulfilled_g <> 0 OR o.retired_g <> 0"
        f" ELSE TRUE END OR {_REAL} AND o.mass_g <= 0",
    ),
    Check(
        "order-payment-status",
        ORDERS,
        "every order: its payment status is that of what was paid",
        f"SELECT {_ORDER} FROM {ORDERS} o WHERE o.paid_minor NOT BETWEEN 0 AND o.total_cost_minor"
        f" OR CASE WHEN NOT ({STANDS}) THEN o.paid_minor <> 0"
        f" OR o.payment_status = 'PAID' AND o.total_cost_minor > 0"
        f" WHEN o.payment_status = 'PAID' THEN o.paid_minor <> o.total_cost_minor"
        f" ELSE o.paid_minor = o.total_cost_minor AND o.total_cost_minor > 0 END"
        f" OR o.payment_status NOT IN ('ISSUED', 'BILLED', 'PAID', 'REFUNDED')",
    ),
    Check(
        "order-billed",
        ORDERS,
        "every order: billed = on an invoice, and on no invoice while it is only issued",
        f"SELECT {_ORDER} FROM {ORDERS} o LEFT JOIN {elsewhere(INVOICE_LINES)} i"
        f" ON i.order_account_id = o.account_id AND i.order_id = o.id"
        f" WHERE o.payment_status = 'ISSUED' AND i.order_id IS NOT NULL"
        f" OR o.payment_status = 'BILLED' AND i.order_id IS NULL AND {_REAL}",
    ),
    Check(
        "order-total",
        ORDERS,
        "every order: total = offset cost + commission",
        f"SELECT {_ORDER} FROM {ORDERS} o WHERE {total_is_wrong('o')}",
    ),
    Check(
        "order-costs",
        ORDERS,
        "every order: costs what its lines cost, and at least a minor unit",
        f"SELECT {_ORDER} FROM {ORDERS} o LEFT JOIN {LINES} l ON l.account_id = o.account_id AND l.order_id = o.id"
        f" GROUP BY o.account_id, o.id HAVING {costs_more('o', *_COSTS)}"
        f" OR {_REAL} AND o.mass_g > 0 AND {STANDS} AND (o.total_cost_minor < 1 OR {costs_less('o', *_COSTS)})",
    ),
    Check(
        "order-requested",
        ORDERS,
        "every order: of the kind that was asked for, and no more than that",
        f"SELECT {_ORDER} FROM {ORDERS} o WHERE {_REAL} AND NOT coalesce({_REQUESTED.format('o')}, FALSE)",
    ),
    Check(
        "line-price",
        LINES,
        "every order line: offset cost = mass x unit price, and the gross price has the order's commission",
        f"SELECT {_LINE} FROM {LINES} l JOIN {ORDERS} o ON o.account_id = l.account_id AND o.id = l.order_id"
        f" WHERE {cost_is_wrong('l', 'o.currency')} OR {gross_price_is_wrong('l', 'o', 'o.currency')}",
    ),
    Check(
        "line-waits",
        LINES,
        "every order line: what is missing waits in the queue",
        f"SELECT {_LINE} FROM {LINES} l JOIN {ORDERS} o ON o.account_id = l.account_id AND o.id = l.order_id"
        f" LEFT JOIN {BACKORDERS} q ON q.bundle_id = l.bundle_id AND q.order_id = l.order_id"
        f" AND q.position = l.position AND q.account_id = l.account_id"
        f" WHERE coalesce(q.waiting_g, 0) <> CASE WHEN {_WAITS} THEN l.mass_g - l.fulfilled_g ELSE 0 END",
    ),
    Check(
        "queue-place",
        BACKORDERS,
        "every place in the queue: an order line's, in its account's mode, as old as its order",
        # A test order that is short, by its size or put back to waiting, has the place `OUT_OF_LINE`.
        f"SELECT {key('q.order_id', 'q.position', account='q.account_id')} FROM {BACKORDERS} q LEFT JOIN {LINES} l"
        f" ON l.account_id = q.account_id AND l.order_id = q.order_id AND l.position = q.position"
        f" AND l.bundle_id = q.bundle_id LEFT JOIN {ORDERS} o ON o.account_id = l.account_id AND o.id = l.order_id"
        f" LEFT JOIN {ACCOUNTS} a ON a.id = q.account_id"
        f" WHERE o.id IS NULL OR a.id IS NULL OR q.mode <> a.mode OR q.waiting_g <= 0 OR q.created_at <> o.created_at"
        f" AND NOT (q.mode = 'test' AND q.created_at = '9999-01-01 00:00:00.000000+00:00')",
    ),
    Check(
        "quote-lines",
        QUOTES,
        "every quote: mass = the sum of its lines, and its costs follow from them",
        f"SELECT {_QUOTE} FROM {QUOTES} q LEFT JOIN {QUOTE_LINES} l"
        f" ON l.account_id = q.account_id AND l.quote_id = q.id GROUP BY q.account_id, q.id"
        f" HAVING q.mass_g <> coalesce(sum(l.mass_g), 0) OR coalesce(min(l.position), -1) <> 0"
        f" OR max(l.position) + 1 <> count(l.position)"
        f" OR {total_is_wrong('q')} OR {costs_more('q', *_COSTS)} OR {costs_less('q', *_COSTS)}",
    ),
    Check(
        "quote-price",
        QUOTE_LINES,
        "every quote line: offset cost = mass x unit price, and the gross price has the quote's commission",
        f"SELECT {key('l.quote_id', 'l.position', account='l.account_id')} FROM {QUOTE_LINES} l"
        f" JOIN {QUOTES} q ON q.account_id = l.account_id AND q.id = l.quote_id"
        f" WHERE {cost_is_wrong('l', 'q.currency')} OR {gross_price_is_wrong('l', 'q', 'q.currency')}",
    ),
    Check(
        "quote-requested",
        QUOTES,
        "every quote: of the kind that was asked for, and no more than that",
        f"SELECT {_QUOTE} FROM {QUOTES} q WHERE NOT coalesce({_REQUESTED.format('q')}, FALSE)",
    ),
    Check(
        "quote-use",
        QUOTES,
        "every quote: used by an order that names it, or released if it held credits, or neither",
        f"SELECT {_QUOTE} FROM {QUOTES} q LEFT JOIN {ORDERS} o ON o.account_id = q.account_id AND o.id = q.order_id"
        f" WHERE q.order_id IS NOT NULL AND NOT coalesce(o.quote_id = q.id, FALSE)"
        f" OR q.released_at IS NOT NULL AND (q.order_id IS NOT NULL OR NOT q.holds_credits)",
    ),
    Check(
        "order-quote",
        ORDERS,
        "every order from a quote: at the quote's mass and price, unless it was reduced since",
        f"SELECT {_ORDER} FROM {ORDERS} o LEFT JOIN {QUOTES} q ON q.account_id = o.account_id AND q.id = o.quote_id"
        f" WHERE o.quote_id IS NOT NULL AND (NOT coalesce(q.order_id = o.id AND q.currency = o.currency"
        f" AND q.mass_g >= o.mass_g AND q.total_cost_minor >= o.total_cost_minor, FALSE)"
        f" OR (q.mass_g <> o.mass_g OR q.total_cost_minor <> o.total_cost_minor) AND NOT EXISTS"
        f" (SELECT 1 FROM {EVENTS} e WHERE e.account_id = o.account_id AND e.order_id = o.id"
        f" AND e.event_type = 'order.reduced'))",
    ),
    Check(
        "estimate-use",
        ESTIMATES,
        "every estimate: of a positive mass, and used by an order that names it, or by none",
        f"SELECT {key('e.id', account='e.account_id')} FROM {ESTIMATES} e"
        f" LEFT JOIN {ORDERS} o ON o.account_id = e.account_id AND o.id = e.order_id"
        f" WHERE e.mass_g <= 0 OR e.order_id IS NOT NULL AND NOT coalesce(o.estimate_id = e.id, FALSE)",
    ),
    Check(
        "order-estimate",
        ORDERS,
        "every order of an estimate: the only one of it, and for its mass",
        f"SELECT {_ORDER} FROM {ORDERS} o LEFT JOIN {ESTIMATES} e"
        f" ON e.account_id = o.account_id AND e.id = o.estimate_id WHERE o.estimate_id IS NOT NULL"
        f" AND NOT coalesce(e.order_id = o.id AND e.mass_g = o.requested_mass_g, FALSE)",
    ),
    Check(
        "quote-estimate",
        QUOTES,
        "every quote of an estimate: for its mass",
        f"SELECT {_QUOTE} FROM {QUOTES} q LEFT JOIN {ESTIMATES} e"
        f" ON e.account_id = q.account_id AND e.id = q.estimate_id"
        f" WHERE q.estimate_id IS NOT NULL AND NOT coalesce(e.mass_g = q.requested_mass_g, FALSE)",
    ),
)
