"""Checks of the books, as SQL: each check is one statement, so that what it compares is of one instant.
Checks of serial numbers that take rules of the domain are in audit_serials.py.

A statement returns the keys of rows that deviate; there should be none. Knows every table that contains grams, money or
events; changes none.
"""

from dataclasses import dataclass

from service.domain.currencies import RESCALED_CURRENCIES, rescaling_factor
from service.storage import models
from service.storage.audit_serials import (
    RowCheck,
    certificates_match_retirements,
    claims_are_those_of_batches,
    serials_are_clear,
    serials_are_retired_once,
    serials_do_not_read_as_others,
)
from service.storage.batches import may_be_sold
from service.storage.database import Statements

DEVIATIONS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Check:
    """A promise about the books. `deviating` selects the key of each row that breaks it, as `account_id` and `id` where
    it has both, and `currency` where that is part of the key; `looked_at` is the table whose rows are checked.
    """

    name: str
    looked_at: str
    deviating: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of a check: the number of rows it read, the number that deviate, and the first of these."""

    name: str
    rows: int
    deviating: int
    first: tuple[str, ...]


ORDERS = models.Order._meta.db_table  # noqa: SLF001
LINES = models.OrderLine._meta.db_table  # noqa: SLF001
ENTRIES = models.CreditEntry._meta.db_table  # noqa: SLF001
BATCHES = models.CreditBatch._meta.db_table  # noqa: SLF001
QUOTES = models.Quote._meta.db_table  # noqa: SLF001
HOLDS = models.QuoteHold._meta.db_table  # noqa: SLF001
BACKORDERS = models.Backorder._meta.db_table  # noqa: SLF001
LEDGER = models.LedgerEntry._meta.db_table  # noqa: SLF001
BALANCES = models.Balance._meta.db_table  # noqa: SLF001
PAYMENTS = models.Payment._meta.db_table  # noqa: SLF001
INVOICES = models.Invoice._meta.db_table  # noqa: SLF001
PRICES = models.Price._meta.db_table  # noqa: SLF001
EVENTS = models.Event._meta.db_table  # noqa: SLF001
HEADS = models.AccountHead._meta.db_table  # noqa: SLF001
RETIREMENTS = models.Retirement._meta.db_table  # noqa: SLF001
CLAIMS = models.SerialClaim._meta.db_table  # noqa: SLF001
CERTIFICATES = models.Certificate._meta.db_table  # noqa: SLF001

STANDS = "o.status NOT IN ('CANCELLED', 'FAILED') AND o.payment_status <> 'REFUNDED'"
"""Condition on an order: its sale stands."""


def batches_add_up() -> Check:
    """Check that issued grams are available, held, allocated or retired, and none of these is negative."""
    return Check(
        "every batch: issued = available + held + allocated + retired",
        BATCHES,
        f"SELECT id FROM {BATCHES} WHERE issued_g <> available_g + held_g + allocated_g + retired_g"
        f" OR available_g < 0 OR held_g < 0 OR allocated_g < 0 OR retired_g < 0",
    )


def batches_match_entries() -> Check:
    """Check that a batch's allocated and retired grams equal those that orders got of it and have not returned."""
    return Check(
        "every batch: allocated + retired = what orders have of it",
        ENTRIES,
        f"SELECT b.id FROM {BATCHES} b LEFT JOIN"
        f" (SELECT batch_id, sum(mass_g) AS mass_g FROM {ENTRIES} GROUP BY batch_id) e ON e.batch_id = b.id"
        f" WHERE b.allocated_g + b.retired_g <> coalesce(e.mass_g, 0)",
    )


def batches_match_holds() -> Check:
    """Check that a batch's held grams equal the open holds of quotes that are neither used nor released."""
    return Check(
        "every batch: held = open holds of quotes",
        HOLDS,
        f"SELECT b.id FROM {BATCHES} b LEFT JOIN"
        f" (SELECT h.batch_id, sum(h.mass_g) AS mass_g FROM {HOLDS} h"
        f" JOIN {QUOTES} q ON q.account_id = h.account_id AND q.id = h.quote_id"
        f" WHERE q.order_id IS NULL AND q.released_at IS NULL GROUP BY h.batch_id) e ON e.batch_id = b.id"
        f" WHERE b.held_g <> coalesce(e.mass_g, 0)",
    )


def batches_match_retirements() -> Check:
    """Check that retired intervals of a batch adjoin each other from its first gram on, and end where its retired grams
    do.
    """
    return Check(
        "every batch: retired intervals meet without gap or overlap",
        RETIREMENTS,
        f"SELECT b.id FROM {BATCHES} b LEFT JOIN"
        f" (SELECT batch_id, min(start_g) AS first_g, max(end_g) AS last_g, sum(end_g - start_g) AS mass_g,"
        f" sum(CASE WHEN start_g <> before_g THEN 1 ELSE 0 END) AS breaks FROM"
        f" (SELECT batch_id, start_g, end_g,"
        f" coalesce(lag(end_g) OVER (PARTITION BY batch_id ORDER BY start_g), 0) AS before_g FROM {RETIREMENTS}) r"
        f" GROUP BY batch_id) e ON e.batch_id = b.id"
        f" WHERE b.retired_g <> coalesce(e.mass_g, 0) OR b.retired_g <> coalesce(e.last_g, 0) OR e.breaks > 0"
        f" OR b.retired_g > b.issued_g",
    )


def lines_match_entries() -> Check:
    """Check that a line's fulfilled grams equal those it was given and did not return."""
    return Check(
        "every order line: fulfilled = given - returned",
        ENTRIES,
        f"SELECT l.account_id, l.order_id AS id FROM {LINES} l LEFT JOIN"
        f" (SELECT account_id, order_id, position, sum(mass_g) AS mass_g FROM {ENTRIES}"
        f" GROUP BY account_id, order_id, position) e"
        f" ON e.account_id = l.account_id AND e.order_id = l.order_id AND e.position = l.position"
        f" WHERE l.fulfilled_g <> coalesce(e.mass_g, 0)",
    )


def orders_match_lines() -> Check:
    """Check that an order is the sum of its lines, in mass and in fulfilled mass."""
    return Check(
        "every order: mass and fulfilled = the sums of its lines",
        LINES,
        f"SELECT o.account_id, o.id FROM {ORDERS} o LEFT JOIN"
        f" (SELECT account_id, order_id, sum(mass_g) AS mass_g, sum(fulfilled_g) AS fulfilled_g FROM {LINES}"
        f" GROUP BY account_id, order_id) l ON l.account_id = o.account_id AND l.order_id = o.id"
        f" WHERE o.mass_g <> coalesce(l.mass_g, 0) OR o.fulfilled_g <> coalesce(l.fulfilled_g, 0)",
    )


def orders_match_retirements() -> Check:
    """Check that an order's retired grams equal those of its intervals, and are no more than its fulfilled ones."""
    return Check(
        "every order: retired = its retired intervals",
        RETIREMENTS,
        f"SELECT o.account_id, o.id FROM {ORDERS} o LEFT JOIN"
        f" (SELECT account_id, order_id, sum(end_g - start_g) AS mass_g FROM {RETIREMENTS}"
        f" GROUP BY account_id, order_id) r ON r.account_id = o.account_id AND r.order_id = o.id"
        f" WHERE o.retired_g <> coalesce(r.mass_g, 0) OR o.retired_g > o.fulfilled_g",
    )


def complete_orders_are_certified() -> Check:
    """Check that a complete order has a certificate, issued or due, and no other order has one. Imported history has
    none.
    """
    return Check(
        "every order: complete = certified or about to be",
        CERTIFICATES,
        f"SELECT o.account_id, o.id FROM {ORDERS} o LEFT JOIN {CERTIFICATES} c"
        f" ON c.account_id = o.account_id AND c.order_id = o.id"
        f" WHERE o.source <> 'import' AND (o.status = 'COMPLETE') <> (c.order_id IS NOT NULL)",
    )


def missing_grams_wait() -> Check:
    """Check that the queue holds the grams that standing orders have not got, and nothing else. Imported and refunded
    orders wait for nothing.
    """
    return Check(
        "every order line: what is missing waits in the queue",
        LINES,
        f"SELECT l.account_id, l.order_id AS id FROM {LINES} l"
        f" JOIN {ORDERS} o ON o.account_id = l.account_id AND o.id = l.order_id"
        f" LEFT JOIN {BACKORDERS} q ON q.bundle_id = l.bundle_id AND q.order_id = l.order_id"
        f" AND q.position = l.position AND q.account_id = l.account_id"
        f" WHERE coalesce(q.waiting_g, 0) <>"
        f" CASE WHEN o.status = 'PLACED' AND o.source <> 'import' AND o.payment_status <> 'REFUNDED'"
        f" THEN l.mass_g - l.fulfilled_g ELSE 0 END",
    )


def journals_balance() -> Check:
    """Check that the postings of a journal sum to zero, in one currency and about one verb."""
    return Check(
        "every journal sums to zero",
        LEDGER,
        f"SELECT account_id, journal_id AS id FROM {LEDGER} GROUP BY account_id, journal_id"
        f" HAVING sum(amount_minor) <> 0 OR min(currency) <> max(currency) OR min(verb) <> max(verb)",
    )


def orders_match_ledger() -> Check:
    """Check that while an order's sale stands, its total is income and its unpaid part is receivable; afterwards
    neither is.
    """
    return Check(
        "every order: owed and earned as the ledger says",
        LEDGER,
        f"SELECT o.account_id, o.id FROM {ORDERS} o LEFT JOIN"
        f" (SELECT coalesce(order_account_id, account_id) AS account_id, order_id,"
        f" sum(CASE WHEN ledger_account = 'receivable' THEN amount_minor ELSE 0 END) AS receivable,"
        f" sum(CASE WHEN ledger_account = 'sales' THEN amount_minor ELSE 0 END) AS sales,"
        f" sum(CASE WHEN ledger_account = 'commission' THEN amount_minor ELSE 0 END) AS commission"
        f" FROM {LEDGER} WHERE order_id IS NOT NULL GROUP BY 1, 2) e"
        f" ON e.account_id = o.account_id AND e.order_id = o.id"
        f" WHERE coalesce(e.receivable, 0) <> CASE WHEN {STANDS} THEN o.total_cost_minor - o.paid_minor ELSE 0 END"
        f" OR coalesce(e.sales, 0) <> CASE WHEN {STANDS} THEN -o.offset_cost_minor ELSE 0 END"
        f" OR coalesce(e.commission, 0) <> CASE WHEN {STANDS} THEN -o.commission_minor ELSE 0 END",
    )


def balances_match_ledger() -> Check:
    """Check that an account's balance equals the balance that the ledger gives it."""
    return Check(
        "every balance: what the ledger owes the customer",
        BALANCES,
        f"SELECT account_id AS id, currency FROM"
        f" (SELECT account_id, currency, amount_minor FROM {BALANCES} UNION ALL"
        f" SELECT account_id, currency, amount_minor FROM {LEDGER} WHERE ledger_account = 'balance') b"
        f" GROUP BY account_id, currency HAVING sum(amount_minor) <> 0",
    )


def debts_match_ledger() -> Check:
    """Check that an account's debt equals the debt that the ledger gives it."""
    return Check(
        "every balance: what the customer owes by the ledger",
        BALANCES,
        f"SELECT account_id AS id, currency FROM"
        f" (SELECT account_id, currency, -owed_minor AS amount_minor FROM {BALANCES} UNION ALL"
        f" SELECT account_id, currency, amount_minor FROM {LEDGER} WHERE ledger_account = 'receivable') b"
        f" GROUP BY account_id, currency HAVING sum(amount_minor) <> 0",
    )


def debts_keep_their_limits() -> Check:
    """Check that no account owes more than its credit limit, unless it owed that already when the limit was set."""
    return Check(
        "every credit limit: no more is owed, but for what was owed before",
        BALANCES,
        f"SELECT account_id AS id, currency FROM {BALANCES}"
        f" WHERE owed_minor > credit_limit_minor AND owed_minor > owed_when_limited_minor",
    )


def cash_matches_payments() -> Check:
    """Check that cash in the ledger equals payments and paid invoices, account by account."""
    return Check(
        "every account: cash = payments and paid invoices",
        PAYMENTS,
        f"SELECT account_id AS id, currency FROM"
        f" (SELECT account_id, currency, -amount_minor AS amount_minor FROM {LEDGER} WHERE ledger_account = 'cash'"
        f" UNION ALL SELECT account_id, currency, amount_minor FROM {PAYMENTS}"
        f" UNION ALL SELECT account_id, currency, total_minor FROM {INVOICES} WHERE paid_at IS NOT NULL) c"
        f" GROUP BY account_id, currency HAVING sum(amount_minor) <> 0",
    )


def orders_are_not_free() -> Check:
    """Check that an order of a positive mass that stands costs at least one minor unit, and no less than the sum of its
    lines. Imported history keeps its own figures.

    A line's cost is off its exact one by half a minor unit at most, and so is the order's. In a currency that gained
    decimals it is half a former minor unit, because orders that are older keep what they cost.
    """
    factors = " ".join(f"WHEN '{code}' THEN {rescaling_factor(code)}" for code in RESCALED_CURRENCIES)
    rounding = f"(coalesce(l.lines, 0) + 1) * CASE o.currency {factors} ELSE 1 END"
    return Check(
        "every order: costs at least its lines, and a minor unit",
        ORDERS,
        f"SELECT o.account_id, o.id FROM {ORDERS} o LEFT JOIN"
        f" (SELECT account_id, order_id, count(*) AS lines, sum(offset_cost_minor) AS cost_minor FROM {LINES}"
        f" GROUP BY account_id, order_id) l ON l.account_id = o.account_id AND l.order_id = o.id"
        f" WHERE o.source <> 'import' AND o.mass_g > 0 AND {STANDS} AND (o.total_cost_minor < 1"
        f" OR 2 * o.offset_cost_minor < 2 * coalesce(l.cost_minor, 0) - {rounding})",
    )


def tiers_never_rise() -> Check:
    """Check that a tonne never costs more in an order of a greater mass; otherwise several smaller orders would be
    cheaper.
    """
    return Check(
        "every price: never rises with the mass",
        PRICES,
        f"SELECT DISTINCT bundle_id AS id, currency FROM"
        f" (SELECT bundle_id, currency, unit_price_micros, lag(unit_price_micros)"
        f" OVER (PARTITION BY bundle_id, currency ORDER BY minimum_mass_g) AS smaller_micros FROM {PRICES}) p"
        f" WHERE unit_price_micros > smaller_micros",
    )


def events_are_gapless() -> Check:
    """Check that an account's events are numbered from 1 to its head without a gap."""
    return Check(
        "every account: events 1 to head without a gap",
        EVENTS,
        f"SELECT h.account_id AS id FROM {HEADS} h LEFT JOIN"
        f" (SELECT account_id, count(*) AS events, min(seq) AS first_seq, max(seq) AS last_seq FROM {EVENTS}"
        f" GROUP BY account_id) e ON e.account_id = h.account_id"
        f" WHERE h.event_seq <> coalesce(e.events, 0) OR h.event_seq <> coalesce(e.last_seq, 0)"
        f" OR coalesce(e.first_seq, 1) <> 1",
    )


def serials_do_not_meet() -> Check:
    """Check that no two batches of a mode claim the same credit. Batches received before serials had forms may be found
    here.
    """
    return Check(
        "every batch: no serial of it is another batch's",
        CLAIMS,
        f"SELECT DISTINCT batch_id AS id FROM"
        f" (SELECT batch_id, first_number, max(last_number) OVER (PARTITION BY mode, series_key"
        f" ORDER BY first_number, last_number, batch_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach"
        f" FROM {CLAIMS} WHERE NOT is_reading) c WHERE reach >= first_number",
    )


def vintages_are_over() -> Check:
    """Check that the period of all credits is over: none is ex ante, pending, or of a year or period to come."""
    this_year = "CAST(substr(CAST(CURRENT_DATE AS TEXT), 1, 4) AS INTEGER)"
    return Check(
        "every batch: its vintage is over",
        BATCHES,
        f"SELECT b.id FROM {BATCHES} b WHERE NOT coalesce({may_be_sold(this_year, 'CURRENT_DATE')}, FALSE)",
    )


def orders_may_retire() -> Check:
    """Find orders that stand, are not complete and hold credits whose time is not over: retirement leaves them out, and
    the operator fails them.
    """
    this_year = "CAST(substr(CAST(CURRENT_DATE AS TEXT), 1, 4) AS INTEGER)"
    return Check(
        "every order: the credits that it holds may be retired",
        ORDERS,
        f"SELECT DISTINCT h.account_id, h.order_id AS id FROM"
        f" (SELECT account_id, order_id, batch_id FROM {ENTRIES} WHERE batch_id IN"
        f" (SELECT b.id FROM {BATCHES} b WHERE NOT coalesce({may_be_sold(this_year, 'CURRENT_DATE')}, FALSE))"
        f" GROUP BY account_id, order_id, batch_id HAVING sum(mass_g) > 0) h"
        f" JOIN {ORDERS} o ON o.account_id = h.account_id AND o.id = h.order_id WHERE o.status <> 'COMPLETE'",
    )


CHECKS: tuple[Check | RowCheck, ...] = (
    batches_add_up(),
    batches_match_entries(),
    batches_match_holds(),
    batches_match_retirements(),
    lines_match_entries(),
    orders_match_lines(),
    orders_match_retirements(),
    complete_orders_are_certified(),
    missing_grams_wait(),
    journals_balance(),
    orders_match_ledger(),
    balances_match_ledger(),
    debts_match_ledger(),
    debts_keep_their_limits(),
    cash_matches_payments(),
    orders_are_not_free(),
    tiers_never_rise(),
    events_are_gapless(),
    serials_do_not_meet(),
    serials_do_not_read_as_others(),
    serials_are_clear(),
    claims_are_those_of_batches(),
    certificates_match_retirements(),
    serials_are_retired_once(),
    vintages_are_over(),
    orders_may_retire(),
)


async def run(statements: Statements, check: Check | RowCheck) -> Finding:
    """Return the present result of the check."""
    counted = await statements.fetch(f"SELECT count(*) AS rows_there FROM {check.looked_at}")
    rows = int(counted[0]["rows_there"])
    if isinstance(check, RowCheck):
        keys = [key async for key in check.deviating(statements)]
        return Finding(check.name, rows, len(keys), tuple(keys[:DEVIATIONS_SHOWN]))
    found = await statements.fetch(
        f"SELECT d.*, count(*) OVER () AS deviations FROM ({check.deviating}) d ORDER BY d.id LIMIT {DEVIATIONS_SHOWN}"
    )
    return Finding(
        check.name,
        rows,
        int(found[0]["deviations"]) if found else 0,
        tuple(
            " ".join(str(row[column]) for column in ("account_id", "id", "currency") if column in row) for row in found
        ),
    )
