"""Checks of money: ledger, balances, payments and invoices; SQL for one state of the database."""

from service.storage.audit.check import (
    ACCOUNTS,
    BALANCES,
    CREDIT_NOTES,
    EVENTS,
    INVOICE_LINES,
    INVOICES,
    LEDGER,
    NUMBER_COUNTERS,
    ORDERS,
    PAYMENTS,
    STANDS,
    Check,
    elsewhere,
    key,
    number,
)

_ORDER = key("o.id", account="o.account_id")
_INVOICE = key("i.id", account="i.account_id")
_BALANCE = f"{key('currency', account='account_id')} FROM"


def _sum_of(accounts: str, *verbs: str) -> str:
    listed = ", ".join(f"'{verb}'" for verb in verbs)
    return f"sum(CASE WHEN verb IN ({listed}) AND ledger_account IN ({accounts}) THEN amount_minor ELSE 0 END)"


_SALES, _COMMISSION, _PREPAID = "'sales'", "'commission'", "'balance'"
_SALE = f"{_SALES}, {_COMMISSION}"
_BY_VERB = (
    "sum(CASE WHEN ledger_account = 'receivable' THEN amount_minor ELSE 0 END) AS receivable,"
    " sum(CASE WHEN ledger_account = 'sales' THEN amount_minor ELSE 0 END) AS sales,"
    " sum(CASE WHEN ledger_account = 'commission' THEN amount_minor ELSE 0 END) AS commission,"
    f" -{_sum_of(_SALES, 'order_placed', 'order_reduced')} AS sold_offset_minor,"
    f" -{_sum_of(_COMMISSION, 'order_placed', 'order_reduced')} AS sold_commission_minor,"
    f" -{_sum_of(_SALE, 'order_placed')} AS placed_minor,"
    f" {_sum_of(_SALE, 'order_cancelled')} AS cancelled_minor,"
    f" {_sum_of(_SALE, 'order_failed')} AS failed_minor,"
    f" {_sum_of(_SALE, 'order_refunded')} AS refunded_minor,"
    f" -{_sum_of(_PREPAID, 'order_cancelled', 'order_failed', 'order_refunded')} AS returned_minor"
)
_SOLD = (
    "o.account_id, o.id, o.source, o.status, o.payment_status,"
    " o.offset_cost_minor, o.commission_minor, o.total_cost_minor, o.paid_minor"
)
_MOVES = {
    "order_placed": {"receivable": "+", "sales": "-", "commission": "-"},
    "balance_applied": {"balance": "+", "receivable": "-"},
    "payment_recorded": {"cash": "+", "receivable": "-", "balance": "-"},
    "balance_topped_up": {"cash": "+", "balance": "-"},
    "invoice_settled": {"cash": "+", "receivable": "-", "balance": "-"},
    "order_cancelled": {"sales": "+", "commission": "+", "receivable": "-", "balance": "-"},
    "order_refunded": {"sales": "+", "commission": "+", "receivable": "-", "balance": "-"},
    "order_failed": {"sales": "+", "commission": "+", "receivable": "-", "balance": "-"},
    "order_reduced": {"sales": "+-", "commission": "+-", "receivable": "-", "balance": "-"},
    "tax_billed": {"receivable": "+", "tax": "-"},
    "tax_paid": {"balance": "+", "receivable": "-"},
    "tax_credited": {"tax": "+", "receivable": "-", "balance": "-"},
}
"""Signs of the postings of each verb. The sign is open where a reduction may shift an amount between offset cost and
commission.
"""
_POSTING = "verb || ' ' || ledger_account || ' ' || CASE WHEN amount_minor > 0 THEN '+' ELSE '-' END"
_POSTINGS = ", ".join(
    f"'{verb} {account} {sign}'" for verb, moves in _MOVES.items() for account, signs in moves.items() for sign in signs
)

CHECKS = (
    Check(
        "journal-sum",
        LEDGER,
        "every journal sums to zero",
        f"SELECT {key('journal_id', account='account_id')} FROM {LEDGER} GROUP BY account_id, journal_id"
        f" HAVING sum(amount_minor) <> 0 OR min(currency) <> max(currency) OR min(verb) <> max(verb)"
        f" OR count(order_id) NOT IN (0, count(*))",
    ),
    Check(
        "journal-verb",
        LEDGER,
        "every posting: of an account and a sign that its verb moves, and about the order or the invoice that the verb"
        " concerns",
        f"SELECT {key('journal_id', 'ledger_account', account='account_id')} FROM {LEDGER} WHERE amount_minor = 0"
        f" OR CASE WHEN verb = 'balance_topped_up' THEN order_id IS NOT NULL OR invoice_id IS NOT NULL"
        f" WHEN verb LIKE 'tax_%' THEN order_id IS NOT NULL OR invoice_id IS NULL"
        f" WHEN verb = 'payment_recorded' THEN (order_id IS NULL) <> (invoice_id IS NOT NULL)"
        f" WHEN verb = 'invoice_settled' THEN order_id IS NULL AND invoice_id IS NULL"
        f" ELSE order_id IS NULL OR invoice_id IS NOT NULL END"
        f" OR {_POSTING} NOT IN ({_POSTINGS})",
    ),
    Check(
        "journal-order",
        LEDGER,
        "every posting about an order: the order exists, in this currency, and its payer is the account",
        f"SELECT {key('j.journal_id', 'j.ledger_account', account='j.account_id')} FROM {LEDGER} j"
        f" LEFT JOIN {elsewhere(ORDERS)} o"
        f" ON o.account_id = coalesce(j.order_account_id, j.account_id) AND o.id = j.order_id"
        f" LEFT JOIN {ACCOUNTS} a ON a.id = o.account_id"
        f" WHERE j.order_id IS NOT NULL AND NOT coalesce(o.currency = j.currency"
        f" AND coalesce(a.parent_account_id, a.id) = j.account_id, FALSE)"
        f" OR j.order_account_id = j.account_id OR j.order_id IS NULL AND j.order_account_id IS NOT NULL",
    ),
    Check(
        "order-ledger",
        ORDERS,
        "every order: owed and earned as the ledger says",
        # The income of an order whose sale was not undone must be its total, and the receivable its unpaid part. An
        # undone sale sums to zero, but a refunded order may be reduced without a journal, because nothing is owed for
        # it. Imported orders that were undone elsewhere have no journals. Postings are looked up by the payer, so that
        # an index is used.
        f"SELECT {_ORDER} FROM (SELECT {_SOLD}, {_BY_VERB} FROM {ORDERS} o"
        f" LEFT JOIN {ACCOUNTS} a ON a.id = o.account_id"
        f" LEFT JOIN {elsewhere(LEDGER)} e"
        f" ON e.account_id = coalesce(a.parent_account_id, o.account_id) AND e.order_id = o.id"
        f" AND coalesce(e.order_account_id, e.account_id) = o.account_id GROUP BY o.account_id, o.id) o"
        f" WHERE coalesce(o.receivable, 0) <> CASE WHEN {STANDS} THEN o.total_cost_minor - o.paid_minor ELSE 0 END"
        f" OR coalesce(o.sales, 0) <> CASE WHEN {STANDS} THEN -o.offset_cost_minor ELSE 0 END"
        f" OR coalesce(o.commission, 0) <> CASE WHEN {STANDS} THEN -o.commission_minor ELSE 0 END"
        f" OR (o.source <> 'import' OR coalesce(o.placed_minor, 0) <> 0) AND ("
        f"coalesce(o.sold_offset_minor, 0) + coalesce(o.sold_commission_minor, 0) < o.total_cost_minor"
        f" OR coalesce(o.refunded_minor, 0) = 0 AND (coalesce(o.sold_offset_minor, 0) <> o.offset_cost_minor"
        f" OR coalesce(o.sold_commission_minor, 0) <> o.commission_minor)"
        f" OR (coalesce(o.refunded_minor, 0) = 0 AND o.total_cost_minor > 0 AND o.status = 'CANCELLED')"
        f" <> (coalesce(o.cancelled_minor, 0) <> 0)"
        f" OR (coalesce(o.refunded_minor, 0) = 0 AND o.total_cost_minor > 0 AND o.status = 'FAILED')"
        f" <> (coalesce(o.failed_minor, 0) <> 0)"
        f" OR (o.payment_status = 'REFUNDED') <> (coalesce(o.returned_minor, 0) <> 0))",
    ),
    Check(
        "balance-prepaid",
        BALANCES,
        "every balance: what the ledger owes the customer",
        f"SELECT {_BALANCE} (SELECT account_id, currency, amount_minor FROM {BALANCES} UNION ALL"
        f" SELECT account_id, currency, amount_minor FROM {LEDGER} WHERE ledger_account = 'balance') b"
        f" GROUP BY account_id, currency HAVING sum(amount_minor) <> 0",
    ),
    Check(
        "balance-owed",
        BALANCES,
        "every balance: what the customer owes by the ledger",
        f"SELECT {_BALANCE} (SELECT account_id, currency, -owed_minor AS amount_minor FROM {BALANCES} UNION ALL"
        f" SELECT account_id, currency, amount_minor FROM {LEDGER} WHERE ledger_account = 'receivable') b"
        f" GROUP BY account_id, currency HAVING sum(amount_minor) <> 0",
    ),
    Check(
        "balance-limit",
        BALANCES,
        "every credit limit: no more is owed, but for what was owed before",
        # Debts of imported history and of tax are not subject to the limit.
        f"SELECT {key('b.currency', account='b.account_id')} FROM {BALANCES} b LEFT JOIN"
        f" (SELECT coalesce(a.parent_account_id, a.id) AS account_id, o.currency,"
        f" sum(o.total_cost_minor - o.paid_minor) AS owed_minor"
        f" FROM {ORDERS} o JOIN {ACCOUNTS} a ON a.id = o.account_id"
        f" WHERE o.source = 'import' AND {STANDS} GROUP BY 1, 2) h"
        f" ON h.account_id = b.account_id AND h.currency = b.currency"
        f" LEFT JOIN (SELECT account_id, currency, sum(amount_minor) AS owed_minor FROM {LEDGER}"
        f" WHERE ledger_account = 'receivable' AND order_id IS NULL GROUP BY account_id, currency) t"
        f" ON t.account_id = b.account_id AND t.currency = b.currency"
        f" WHERE b.owed_minor - coalesce(h.owed_minor, 0) - coalesce(t.owed_minor, 0) > b.credit_limit_minor"
        f" AND b.owed_minor - coalesce(h.owed_minor, 0) - coalesce(t.owed_minor, 0) > b.owed_when_limited_minor",
    ),
    Check(
        "balance-sign",
        BALANCES,
        "every balance: nothing in it is negative, and what was never funded is empty",
        f"SELECT {_BALANCE} {BALANCES} WHERE amount_minor < 0 OR owed_minor < 0 OR credit_limit_minor < 0"
        f" OR owed_when_limited_minor < 0 OR amount_minor <> 0 AND NOT is_funded",
    ),
    Check(
        "cash-account",
        PAYMENTS,
        "every account: cash = payments and paid invoices",
        f"SELECT {_BALANCE} (SELECT account_id, currency, -amount_minor AS amount_minor FROM {LEDGER}"
        f" WHERE ledger_account = 'cash' UNION ALL SELECT account_id, currency, amount_minor FROM {PAYMENTS}"
        f" UNION ALL SELECT account_id, currency, CASE WHEN tax_rate_hundredths IS NULL THEN total_minor"
        f" ELSE settled_minor END FROM {INVOICES} WHERE paid_at IS NOT NULL) c"
        f" GROUP BY account_id, currency HAVING sum(amount_minor) <> 0",
    ),
    Check(
        "payment-order",
        PAYMENTS,
        "every payment: positive, and for an order or invoice in its currency whose payer is the account, or for none",
        f"SELECT {key('p.id', account='p.account_id')} FROM {PAYMENTS} p"
        f" LEFT JOIN {elsewhere(ORDERS)} o ON o.account_id = p.order_account_id AND o.id = p.order_id"
        f" LEFT JOIN {ACCOUNTS} a ON a.id = o.account_id"
        f" LEFT JOIN {INVOICES} i ON i.account_id = p.account_id AND i.id = p.invoice_id WHERE p.amount_minor <= 0"
        f" OR p.invoice_id IS NOT NULL AND NOT coalesce(i.currency = p.currency AND p.order_id IS NULL, FALSE)"
        f" OR (p.order_id IS NULL) <> (p.order_account_id IS NULL) OR p.order_id IS NOT NULL"
        f" AND NOT coalesce(o.currency = p.currency AND coalesce(a.parent_account_id, a.id) = p.account_id, FALSE)",
    ),
    Check(
        "payment-cash",
        ORDERS,
        "every order: the cash recorded for it = its payments, and the cash settled = its line of a paid invoice of an"
        " earlier release",
        f"SELECT {key('order_id', account='order_account_id')} FROM"
        f" (SELECT coalesce(order_account_id, account_id) AS order_account_id, order_id,"
        f" CASE WHEN verb = 'invoice_settled' THEN 0 ELSE amount_minor END AS recorded,"
        f" CASE WHEN verb = 'invoice_settled' THEN amount_minor ELSE 0 END AS settled"
        f" FROM {LEDGER} WHERE ledger_account = 'cash' AND order_id IS NOT NULL AND invoice_id IS NULL"
        f" UNION ALL SELECT order_account_id, order_id, -amount_minor, 0 FROM {PAYMENTS} WHERE order_id IS NOT NULL"
        f" UNION ALL SELECT l.order_account_id, l.order_id, 0, -l.billed_minor FROM {INVOICE_LINES} l"
        f" JOIN {INVOICES} i ON i.account_id = l.account_id AND i.id = l.invoice_id WHERE i.status = 'PAID'"
        f" AND i.tax_rate_hundredths IS NULL) c"
        f" GROUP BY order_account_id, order_id HAVING sum(recorded) <> 0 OR sum(settled) <> 0",
    ),
    Check(
        "invoice-lines",
        INVOICES,
        "every invoice: total, mass and prepaid amount = the sums of its lines",
        f"SELECT {_INVOICE} FROM {INVOICES} i LEFT JOIN (SELECT account_id, invoice_id,"
        f" sum(billed_minor) AS billed_minor, sum(mass_g) AS mass_g, sum(prepaid_minor) AS prepaid_minor,"
        f" count(*) AS lines, min(position) AS first, max(position) AS last"
        f" FROM {INVOICE_LINES} GROUP BY account_id, invoice_id) l"
        f" ON l.account_id = i.account_id AND l.invoice_id = i.id"
        f" WHERE i.total_minor <> coalesce(l.billed_minor, 0) OR i.mass_g <> coalesce(l.mass_g, 0)"
        f" OR i.prepaid_minor <> coalesce(l.prepaid_minor, 0)"
        f" OR coalesce(l.first, -1) <> 0 OR l.last + 1 <> l.lines",
    ),
    Check(
        "invoice-numbers",
        NUMBER_COUNTERS,
        "every series of numbers: from 1 to its last number, each on one invoice or credit note",
        # Numbers are padded with zeros, so the greatest text is the greatest number.
        f"SELECT {key('c.seller_id', 'c.mode', 'c.kind', 'c.year')} FROM {NUMBER_COUNTERS} c LEFT JOIN"
        f" (SELECT d.kind, d.seller_id, a.mode, d.number FROM (SELECT 'INV' AS kind, seller_id, account_id, number"
        f" FROM {INVOICES} WHERE seller_id IS NOT NULL UNION ALL SELECT 'CN', seller_id, account_id, number"
        f" FROM {CREDIT_NOTES}) d JOIN {ACCOUNTS} a ON a.id = d.account_id) n"
        f" ON n.kind = c.kind AND n.seller_id = c.seller_id AND n.mode = c.mode AND n.number LIKE"
        f" CASE c.mode WHEN 'test' THEN 'TEST-' ELSE '' END || c.kind || '-' || CAST(c.year AS TEXT) || '-%'"
        f" GROUP BY c.seller_id, c.mode, c.kind, c.year, c.last_number"
        f" HAVING count(n.number) <> c.last_number OR count(DISTINCT n.number) <> c.last_number"
        f" OR NOT coalesce(max(n.number) LIKE '%-' || CASE WHEN c.last_number < 1000000"
        f" THEN substr(CAST(1000000 + c.last_number AS TEXT), 2) ELSE CAST(c.last_number AS TEXT) END, FALSE)",
    ),
    Check(
        "invoice-status",
        INVOICES,
        "every invoice: PAID since an instant, or PENDING, and due after it was issued",
        f"SELECT {_INVOICE} FROM {INVOICES} i WHERE i.status NOT IN ('PENDING', 'PAID')"
        f" OR (i.status = 'PAID') <> (i.paid_at IS NOT NULL) OR i.due_at < i.created_at",
    ),
    Check(
        "invoice-order",
        INVOICE_LINES,
        "every invoice line: an order's, in the invoice's currency, whose payer is the account, as it was billed",
        f"SELECT {key('l.invoice_id', 'l.position', account='l.account_id')} FROM {INVOICE_LINES} l"
        f" LEFT JOIN {INVOICES} i ON i.account_id = l.account_id AND i.id = l.invoice_id"
        f" LEFT JOIN {elsewhere(ORDERS)} o ON o.account_id = l.order_account_id AND o.id = l.order_id"
        f" LEFT JOIN {ACCOUNTS} a ON a.id = o.account_id"
        f" LEFT JOIN {elsewhere(EVENTS)} e ON e.account_id = l.order_account_id AND e.order_id = l.order_id"
        f" AND e.event_type IN ('order.billed', 'order.invoiced') WHERE l.billed_minor < 0"
        f" OR NOT coalesce(o.currency = i.currency"
        f" AND coalesce(a.parent_account_id, a.id) = l.account_id"
        f" AND e.payload ->> 'invoice_id' = CAST(l.invoice_id AS TEXT)"
        f" AND {number('e', 'mass_g')} = l.mass_g"
        f" AND CASE WHEN i.tax_rate_hundredths IS NULL"
        f" THEN {number('e', 'total_cost_minor')} - {number('e', 'paid_minor')} = l.billed_minor"
        f" ELSE {number('e', 'total_cost_minor')} = l.billed_minor"
        f" AND {number('e', 'paid_minor')} = l.prepaid_minor END, FALSE)",
    ),
)
