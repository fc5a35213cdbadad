"""Checks of tax and credit notes; SQL for one state of the database.

They are recomputed from the facts of each invoice, and compared with orders and ledger.

Invoices of earlier releases have no tax rate; they billed the debt, and have neither tax nor credit notes.
"""

from collections.abc import AsyncIterator

from service.domain.tax import share_of
from service.storage.audit.check import (
    CREDIT_NOTE_LINES,
    CREDIT_NOTES,
    INVOICE_LINES,
    INVOICES,
    LEDGER,
    ORDERS,
    PAYMENTS,
    STANDS,
    Check,
    Key,
    elsewhere,
    key,
)
from service.storage.database import Statements

_INVOICE = key("i.id", account="i.account_id")
_NOTE = key("n.id", account="n.account_id")
# Rounded half up, in two parts, because the product may exceed 64 bits.
_TAX = (
    "(i.total_minor / 10000) * i.tax_rate_hundredths"
    " + ((i.total_minor % 10000) * i.tax_rate_hundredths * 2 + 10000) / 20000"
)

_IS_TAX_CREDITED = "verb = 'tax_credited'"
_IS_PAYMENT_RECORDED = "verb = 'payment_recorded'"
_IS_INVOICE_SETTLED = "verb = 'invoice_settled'"


def _posted(account: str, alias: str, condition: str = "TRUE") -> str:
    return f"sum(CASE WHEN ledger_account = '{account}' AND {condition} THEN amount_minor ELSE 0 END) AS {alias}"


def _place(number: str) -> tuple[int, int]:
    """Return the year and the position of a credit note's number in its series, such as TEST-CN-2026-000042."""
    *_, year, place = number.split("-")
    return int(year), int(place)


async def _wrong_tax_of_credit_notes(statements: Statements) -> AsyncIterator[Key]:
    """Yield the credit notes whose tax differs from the cumulative tax. Computed in Python, because the product of two
    amounts may exceed 64 bits. Issued invoices and credit notes never change.
    """
    rows = await statements.fetch(
        f"SELECT n.account_id, n.id, n.number, n.invoice_id, n.net_minor, n.tax_minor, i.total_minor,"
        f" i.tax_minor AS invoice_tax_minor FROM {CREDIT_NOTES} n"
        f" JOIN {INVOICES} i ON i.account_id = n.account_id AND i.id = n.invoice_id"
    )
    invoice, credited_minor = None, 0
    for row in sorted(rows, key=lambda row: (row["account_id"], row["invoice_id"], _place(row["number"]))):
        if invoice != (row["account_id"], row["invoice_id"]):
            invoice, credited_minor = (row["account_id"], row["invoice_id"]), 0
        before = share_of(row["invoice_tax_minor"], credited_minor, row["total_minor"])
        credited_minor += row["net_minor"]
        after = share_of(row["invoice_tax_minor"], credited_minor, row["total_minor"])
        if row["tax_minor"] != after - before:
            yield str(row["account_id"]), str(row["id"])


CHECKS = (
    Check(
        "invoice-tax",
        INVOICES,
        "every invoice: its tax is its rate of its total, rounded half up, and only the standard rate is above zero",
        f"SELECT {_INVOICE} FROM {INVOICES} i WHERE i.tax_minor <> CASE WHEN i.tax_rate_hundredths IS NULL THEN 0"
        f" ELSE {_TAX} END OR (coalesce(i.tax_category, '') = 'S') <> (coalesce(i.tax_rate_hundredths, 0) > 0)"
        f" OR i.tax_rate_hundredths IS NULL AND (i.tax_category IS NOT NULL OR i.prepaid_minor <> 0"
        f" OR i.credited_minor <> 0 OR i.settled_minor IS NOT NULL)"
        f" OR i.tax_rate_hundredths IS NOT NULL AND i.seller_id IS NULL",
    ),
    Check(
        "invoice-tax-ledger",
        INVOICES,
        "every invoice: tax billed, credited, paid and owed as the ledger says",
        f"SELECT {_INVOICE} FROM {INVOICES} i LEFT JOIN (SELECT account_id, invoice_id,"
        f" {_posted('tax', 'tax_minor')}, {_posted('receivable', 'owed_minor', 'order_id IS NULL')},"
        f" {_posted('tax', 'credited_minor', _IS_TAX_CREDITED)}"
        f" FROM {LEDGER} WHERE invoice_id IS NOT NULL GROUP BY account_id, invoice_id) e"
        f" ON e.account_id = i.account_id AND e.invoice_id = i.id"
        f" WHERE coalesce(e.tax_minor, 0) <> i.tax_credited_minor - i.tax_minor"
        f" OR coalesce(e.credited_minor, 0) <> i.tax_credited_minor"
        f" OR coalesce(e.owed_minor, 0) <> i.tax_minor - i.tax_credited_minor - i.tax_paid_minor"
        f" OR i.tax_paid_minor < 0 OR i.tax_credited_minor < 0",
    ),
    Check(
        "invoice-cash",
        INVOICES,
        "every invoice: the cash recorded for it = its payments, and the cash settled = what was settled",
        f"SELECT {_INVOICE} FROM {INVOICES} i LEFT JOIN (SELECT account_id, invoice_id,"
        f" {_posted('cash', 'recorded_minor', _IS_PAYMENT_RECORDED)},"
        f" {_posted('cash', 'settled_minor', _IS_INVOICE_SETTLED)}"
        f" FROM {LEDGER} WHERE invoice_id IS NOT NULL GROUP BY account_id, invoice_id) e"
        f" ON e.account_id = i.account_id AND e.invoice_id = i.id"
        f" LEFT JOIN (SELECT account_id, invoice_id, sum(amount_minor) AS amount_minor FROM {PAYMENTS}"
        f" WHERE invoice_id IS NOT NULL GROUP BY account_id, invoice_id) p"
        f" ON p.account_id = i.account_id AND p.invoice_id = i.id"
        f" WHERE coalesce(e.recorded_minor, 0) <> coalesce(p.amount_minor, 0)"
        f" OR coalesce(e.settled_minor, 0) <> coalesce(i.settled_minor, 0)",
    ),
    Check(
        "invoice-owed",
        INVOICES,
        "every invoice: PAID if neither its orders nor its tax owe anything, and only then",
        f"SELECT {_INVOICE} FROM {INVOICES} i LEFT JOIN (SELECT l.account_id, l.invoice_id,"
        f" sum(o.total_cost_minor - o.paid_minor) AS owed_minor FROM {INVOICE_LINES} l"
        f" JOIN {elsewhere(ORDERS)} o ON o.account_id = l.order_account_id AND o.id = l.order_id WHERE {STANDS}"
        f" GROUP BY l.account_id, l.invoice_id) o ON o.account_id = i.account_id AND o.invoice_id = i.id"
        f" WHERE i.tax_rate_hundredths IS NOT NULL AND (i.status = 'PAID') <> (coalesce(o.owed_minor, 0)"
        f" + i.tax_minor - i.tax_credited_minor - i.tax_paid_minor = 0)",
    ),
    Check(
        "invoice-credited",
        INVOICES,
        "every invoice: net and tax credited = the sums of its credit notes",
        f"SELECT {_INVOICE} FROM {INVOICES} i LEFT JOIN (SELECT account_id, invoice_id,"
        f" sum(net_minor) AS net_minor, sum(tax_minor) AS tax_minor FROM {CREDIT_NOTES}"
        f" GROUP BY account_id, invoice_id) n ON n.account_id = i.account_id AND n.invoice_id = i.id"
        f" WHERE i.credited_minor <> coalesce(n.net_minor, 0) OR i.tax_credited_minor <> coalesce(n.tax_minor, 0)",
    ),
    Check(
        "invoice-line-credited",
        INVOICE_LINES,
        "every invoice line: its price less its credit notes = the price of its order, or nothing once that is undone",
        f"SELECT {key('l.invoice_id', 'l.position', account='l.account_id')} FROM {INVOICE_LINES} l"
        f" JOIN {INVOICES} i ON i.account_id = l.account_id AND i.id = l.invoice_id"
        f" LEFT JOIN {elsewhere(ORDERS)} o ON o.account_id = l.order_account_id AND o.id = l.order_id"
        f" LEFT JOIN (SELECT n.account_id, n.invoice_id, c.order_id, sum(c.net_minor) AS net_minor"
        f" FROM {CREDIT_NOTE_LINES} c JOIN {CREDIT_NOTES} n ON n.account_id = c.account_id AND n.id = c.credit_note_id"
        f" GROUP BY n.account_id, n.invoice_id, c.order_id) n"
        f" ON n.account_id = l.account_id AND n.invoice_id = l.invoice_id AND n.order_id = l.order_id"
        f" WHERE i.tax_rate_hundredths IS NOT NULL AND l.billed_minor - coalesce(n.net_minor, 0) <>"
        f" CASE WHEN {STANDS} THEN o.total_cost_minor ELSE 0 END",
    ),
    Check(
        "credit-note-lines",
        CREDIT_NOTES,
        "every credit note: of its invoice's currency and seller, with the sums of its lines, of orders on the invoice",
        f"SELECT {_NOTE} FROM {CREDIT_NOTES} n LEFT JOIN {INVOICES} i"
        f" ON i.account_id = n.account_id AND i.id = n.invoice_id LEFT JOIN (SELECT c.account_id, c.credit_note_id,"
        f" sum(c.net_minor) AS net_minor, sum(c.mass_g) AS mass_g, count(*) AS lines, min(c.position) AS first,"
        f" max(c.position) AS last FROM {CREDIT_NOTE_LINES} c GROUP BY c.account_id, c.credit_note_id) c"
        f" ON c.account_id = n.account_id AND c.credit_note_id = n.id"
        f" WHERE NOT coalesce(i.currency = n.currency AND i.seller_id = n.seller_id AND c.net_minor = n.net_minor"
        f" AND c.mass_g = n.mass_g AND c.first = 0 AND c.last + 1 = c.lines, FALSE)"
        f" OR n.returned_minor > n.net_minor + n.tax_minor"
        f" OR EXISTS (SELECT 1 FROM {CREDIT_NOTE_LINES} c WHERE c.account_id = n.account_id"
        f" AND c.credit_note_id = n.id AND NOT EXISTS"
        f" (SELECT 1 FROM {INVOICE_LINES} l WHERE l.account_id = n.account_id"
        f" AND l.invoice_id = n.invoice_id AND l.order_id = c.order_id AND l.order_account_id = c.order_account_id))",
    ),
    Check(
        "credit-note-money",
        CREDIT_NOTES,
        "every credit note: what had been paid of it pays the rest of its invoice first, and only then is returned",
        # A paid invoice stays paid. Notes of earlier releases returned all that had been paid.
        f"SELECT {_NOTE} FROM {CREDIT_NOTES} n JOIN {INVOICES} i ON i.account_id = n.account_id AND i.id = n.invoice_id"
        f" WHERE n.applied_minor IS NOT NULL AND n.returned_minor > 0"
        f" AND NOT coalesce(i.status = 'PAID' AND i.paid_at <= n.created_at, FALSE)",
    ),
    Check(
        "credit-note-ledger",
        CREDIT_NOTES,
        "every invoice with credit notes: what they applied and returned is what the ledger freed with them",
        f"SELECT {_NOTE} FROM {CREDIT_NOTES} n JOIN (SELECT account_id, invoice_id,"
        f" sum(returned_minor + coalesce(applied_minor, 0)) AS noted_minor FROM {CREDIT_NOTES}"
        f" GROUP BY account_id, invoice_id) s ON s.account_id = n.account_id AND s.invoice_id = n.invoice_id"
        f" LEFT JOIN (SELECT f.account_id, f.invoice_id, sum(f.freed_minor) AS freed_minor FROM ("
        f"SELECT c.account_id, d.invoice_id, -e.amount_minor AS freed_minor FROM {CREDIT_NOTE_LINES} c"
        f" JOIN {CREDIT_NOTES} d ON d.account_id = c.account_id AND d.id = c.credit_note_id"
        # The journal that undid the sale has the time of its note: an order may have been reduced before it was billed.
        f" JOIN {elsewhere(LEDGER)} e ON e.account_id = c.account_id AND e.order_id = c.order_id"
        f" AND e.ledger_account = 'balance' AND e.created_at = d.created_at"
        f" AND e.verb IN ('order_cancelled', 'order_reduced', 'order_failed', 'order_refunded')"
        f" UNION ALL SELECT account_id, invoice_id, -amount_minor FROM {LEDGER}"
        f" WHERE {_IS_TAX_CREDITED} AND ledger_account = 'balance') f GROUP BY f.account_id, f.invoice_id) f"
        f" ON f.account_id = n.account_id AND f.invoice_id = n.invoice_id"
        f" WHERE s.noted_minor <> coalesce(f.freed_minor, 0)",
    ),
    Check(
        "credit-note-tax",
        CREDIT_NOTES,
        "every credit note: its tax is the invoice's share of all net credits so far, less that of the ones before",
        _wrong_tax_of_credit_notes,
    ),
)
