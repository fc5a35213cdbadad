"""Checks of grams: batches, credits of orders and quotes, retirements; SQL for one state of the database."""

from service.storage.audit.check import (
    ACCOUNTS,
    BATCHES,
    BUNDLE_PROJECTS,
    ENTRIES,
    HOLDS,
    LINES,
    QUOTE_LINES,
    QUOTES,
    RETIREMENTS,
    Check,
    key,
)

_MAY_COME_FROM = (
    f"(b.mode = a.mode AND EXISTS (SELECT 1 FROM {BUNDLE_PROJECTS} bp"
    f" WHERE bp.bundle_id = l.bundle_id AND bp.project_id = b.project_id))"
)
"""Condition on a batch, a line and its account: the line may be given credits of the batch."""

CHECKS = (
    Check(
        "batch-sum",
        BATCHES,
        "every batch: issued = available + held + allocated + retired",
        f"SELECT {key('id')} FROM {BATCHES} WHERE issued_g <> available_g + held_g + allocated_g + retired_g"
        f" OR available_g < 0 OR held_g < 0 OR allocated_g < 0 OR retired_g < 0 OR issued_g <= 0",
    ),
    Check(
        "batch-given",
        BATCHES,
        "every batch: allocated + retired = what orders have of it",
        f"SELECT {key('b.id')} FROM {BATCHES} b LEFT JOIN"
        f" (SELECT batch_id, sum(mass_g) AS mass_g FROM {ENTRIES} GROUP BY batch_id) e ON e.batch_id = b.id"
        f" WHERE b.allocated_g + b.retired_g <> coalesce(e.mass_g, 0)",
    ),
    Check(
        "batch-held",
        BATCHES,
        "every batch: held = open holds of quotes",
        f"SELECT {key('b.id')} FROM {BATCHES} b LEFT JOIN"
        f" (SELECT h.batch_id, sum(h.mass_g) AS mass_g FROM {HOLDS} h"
        f" JOIN {QUOTES} q ON q.account_id = h.account_id AND q.id = h.quote_id"
        f" WHERE q.order_id IS NULL AND q.released_at IS NULL GROUP BY h.batch_id) e ON e.batch_id = b.id"
        f" WHERE b.held_g <> coalesce(e.mass_g, 0)",
    ),
    Check(
        "batch-retired",
        BATCHES,
        "every batch: retired intervals meet without gap or overlap",
        f"SELECT {key('b.id')} FROM {BATCHES} b LEFT JOIN"
        f" (SELECT batch_id, max(end_g) AS last_g, sum(end_g - start_g) AS mass_g,"
        f" sum(CASE WHEN start_g <> before_g OR end_g <= start_g THEN 1 ELSE 0 END) AS breaks FROM"
        f" (SELECT batch_id, start_g, end_g,"
        f" coalesce(lag(end_g) OVER (PARTITION BY batch_id ORDER BY start_g), 0) AS before_g FROM {RETIREMENTS}) r"
        f" GROUP BY batch_id) e ON e.batch_id = b.id"
        f" WHERE b.retired_g <> coalesce(e.mass_g, 0) OR b.retired_g <> coalesce(e.last_g, 0) OR e.breaks > 0"
        f" OR b.retired_g > b.issued_g",
    ),
    Check(
        "line-given",
        LINES,
        "every order line: fulfilled = given - returned",
        f"SELECT {key('l.order_id', 'l.position', account='l.account_id')} FROM {LINES} l"
        f" WHERE l.fulfilled_g NOT BETWEEN 0 AND l.mass_g"
        f" OR l.fulfilled_g <> (SELECT coalesce(sum(e.mass_g), 0) FROM {ENTRIES} e"
        f" WHERE e.account_id = l.account_id AND e.order_id = l.order_id AND e.position = l.position)",
    ),
    Check(
        "entry-sign",
        ENTRIES,
        "every credit entry: given grams are positive, returned ones negative",
        f"SELECT {key('id', account='account_id')} FROM {ENTRIES}"
        f" WHERE NOT (kind = 'given' AND mass_g > 0 OR kind = 'returned' AND mass_g < 0)",
    ),
    Check(
        "entry-net",
        ENTRIES,
        "every credit entry: an order line returns no more of a batch than it was given",
        f"SELECT {key('r.order_id', 'r.position', 'r.batch_id', account='r.account_id')} FROM {ENTRIES} r"
        f" WHERE r.mass_g < 0 AND (SELECT sum(e.mass_g) FROM {ENTRIES} e WHERE e.account_id = r.account_id"
        f" AND e.order_id = r.order_id AND e.position = r.position AND e.batch_id = r.batch_id) < 0",
    ),
    Check(
        "entry-source",
        ENTRIES,
        "every credit entry: its batch is of the account's mode and of a project of the line's bundle",
        f"SELECT {key('e.id', account='e.account_id')} FROM {ENTRIES} e"
        f" JOIN {LINES} l ON l.account_id = e.account_id AND l.order_id = e.order_id AND l.position = e.position"
        f" JOIN {ACCOUNTS} a ON a.id = e.account_id JOIN {BATCHES} b ON b.id = e.batch_id WHERE NOT {_MAY_COME_FROM}",
    ),
    Check(
        "hold-line",
        QUOTE_LINES,
        "every quote line: held = its mass where the quote holds credits, else nothing",
        f"SELECT {key('l.quote_id', 'l.position', account='l.account_id')} FROM {QUOTE_LINES} l"
        f" JOIN {QUOTES} q ON q.account_id = l.account_id AND q.id = l.quote_id LEFT JOIN"
        f" (SELECT account_id, quote_id, position, sum(mass_g) AS mass_g, min(mass_g) AS least_g FROM {HOLDS}"
        f" GROUP BY account_id, quote_id, position) h"
        f" ON h.account_id = l.account_id AND h.quote_id = l.quote_id AND h.position = l.position"
        f" WHERE coalesce(h.mass_g, 0) <> CASE WHEN q.holds_credits THEN l.mass_g ELSE 0 END OR h.least_g <= 0",
    ),
    Check(
        "hold-source",
        HOLDS,
        "every hold: its batch is of the account's mode and of a project of the line's bundle",
        f"SELECT {key('h.quote_id', 'h.position', 'h.batch_id', account='h.account_id')} FROM {HOLDS} h"
        f" JOIN {QUOTE_LINES} l ON l.account_id = h.account_id AND l.quote_id = h.quote_id AND l.position = h.position"
        f" JOIN {ACCOUNTS} a ON a.id = h.account_id JOIN {BATCHES} b ON b.id = h.batch_id WHERE NOT {_MAY_COME_FROM}",
    ),
    Check(
        "retirement-share",
        RETIREMENTS,
        "every retirement: within what its order line has of the batch",
        f"SELECT {key('r.order_id', 'r.position', 'r.batch_id', account='r.account_id')} FROM {RETIREMENTS} r"
        f" WHERE r.end_g - r.start_g > (SELECT coalesce(sum(e.mass_g), 0) FROM {ENTRIES} e"
        f" WHERE e.account_id = r.account_id AND e.order_id = r.order_id AND e.position = r.position"
        f" AND e.batch_id = r.batch_id)",
    ),
)
