"""Checks of accounts and of what is for sale: prices, portfolios, serials; SQL for one state of the database."""

from service.storage.audit.check import (
    ACCOUNTS,
    BALANCES,
    BATCHES,
    CLAIMS,
    ENTRIES,
    INVOICES,
    LEDGER,
    ORDERS,
    PAYMENTS,
    PORTFOLIOS,
    PRICES,
    WEIGHTS,
    Check,
    elsewhere,
    key,
)
from service.storage.batches import may_be_retired

_ACCOUNT = key("a.id", account="a.id")
_THIS_YEAR = "CAST(substr(CAST(CURRENT_DATE AS TEXT), 1, 4) AS INTEGER)"

CHECKS = (
    Check(
        "account-parent",
        ACCOUNTS,
        "every client account: its parent is no client, and of the same organisation, mode and contract",
        f"SELECT {_ACCOUNT} FROM {ACCOUNTS} a LEFT JOIN {ACCOUNTS} p ON p.id = a.parent_account_id"
        f" WHERE a.parent_account_id IS NOT NULL AND NOT coalesce(p.parent_account_id IS NULL"
        f" AND p.organisation_id = a.organisation_id AND p.mode = a.mode AND p.contract = a.contract, FALSE)",
    ),
    Check(
        "account-mode",
        ACCOUNTS,
        "every organisation: at most one account of a mode, client accounts aside",
        f"SELECT {_ACCOUNT} FROM (SELECT id, mode, count(*) OVER (PARTITION BY organisation_id, mode) AS twins"
        f" FROM {ACCOUNTS} WHERE parent_account_id IS NULL) a WHERE a.twins > 1 OR a.mode NOT IN ('live', 'test')",
    ),
    Check(
        "account-portfolio",
        ACCOUNTS,
        "every account: its portfolio is its own, or one that is shared by all",
        f"SELECT {_ACCOUNT} FROM {ACCOUNTS} a LEFT JOIN {PORTFOLIOS} p ON p.id = a.portfolio_id"
        f" WHERE NOT coalesce(p.id = a.portfolio_id AND (p.account_id IS NULL OR p.account_id = a.id), FALSE)",
    ),
    Check(
        "account-payer",
        ACCOUNTS,
        "every client account: has no balance, postings, payments or invoices, which are its parent's",
        f"SELECT {_ACCOUNT} FROM {ACCOUNTS} a WHERE a.parent_account_id IS NOT NULL"
        f" AND (EXISTS (SELECT 1 FROM {elsewhere(BALANCES)} m WHERE m.account_id = a.id)"
        f" OR EXISTS (SELECT 1 FROM {elsewhere(LEDGER)} m WHERE m.account_id = a.id)"
        f" OR EXISTS (SELECT 1 FROM {elsewhere(PAYMENTS)} m WHERE m.account_id = a.id)"
        f" OR EXISTS (SELECT 1 FROM {elsewhere(INVOICES)} m WHERE m.account_id = a.id))",
    ),
    Check(
        "portfolio-weights",
        PORTFOLIOS,
        "every portfolio: its weights are positive and sum to 100 %",
        f"SELECT {key('p.id', account='p.account_id')} FROM {PORTFOLIOS} p LEFT JOIN"
        f" (SELECT portfolio_id, sum(hundredths) AS hundredths, min(hundredths) AS least, count(*) AS weights,"
        f" count(DISTINCT position) AS places, min(position) AS first, max(position) AS last"
        f" FROM {WEIGHTS} GROUP BY portfolio_id) w ON w.portfolio_id = p.id"
        f" WHERE NOT coalesce(w.hundredths = 10000 AND w.least > 0 AND w.places = w.weights AND w.first = 0"
        f" AND w.last + 1 = w.weights, FALSE)",
    ),
    Check(
        "price-value",
        PRICES,
        "every price: positive, from a mass of 0 g or more",
        f"SELECT {key('bundle_id', 'currency', 'minimum_mass_g')} FROM {PRICES}"
        f" WHERE unit_price_micros <= 0 OR minimum_mass_g < 0",
    ),
    Check(
        "price-tiers",
        PRICES,
        "every price: never rises with the mass",
        f"SELECT DISTINCT {key('bundle_id', 'currency')} FROM"
        f" (SELECT bundle_id, currency, unit_price_micros, lag(unit_price_micros)"
        f" OVER (PARTITION BY bundle_id, currency ORDER BY minimum_mass_g) AS smaller_micros FROM {PRICES}) p"
        f" WHERE unit_price_micros > smaller_micros",
    ),
    Check(
        "serial-twice",
        BATCHES,
        "every batch: no serial of it is another batch's",
        f"SELECT DISTINCT {key('batch_id')} FROM"
        f" (SELECT batch_id, first_number, max(last_number) OVER (PARTITION BY mode, series_key"
        f" ORDER BY first_number, last_number, batch_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach"
        f" FROM {CLAIMS} WHERE NOT is_reading) c WHERE reach >= first_number",
    ),
    Check(
        "batch-vintage",
        BATCHES,
        "every batch: its vintage is over",
        f"SELECT {key('b.id')} FROM {BATCHES} b"
        f" WHERE NOT coalesce({may_be_retired(_THIS_YEAR, 'CURRENT_DATE')}, FALSE)",
    ),
    Check(
        "order-vintage",
        ORDERS,
        "every order: the credits that it holds may be retired",
        # Such an order cannot be retired; the operator marks it as failed.
        f"SELECT DISTINCT {key('h.order_id', account='h.account_id')} FROM"
        f" (SELECT account_id, order_id, batch_id FROM {ENTRIES} WHERE batch_id IN (SELECT b.id FROM {BATCHES} b"
        f" WHERE NOT coalesce({may_be_retired(_THIS_YEAR, 'CURRENT_DATE')}, FALSE))"
        # Grouped by batch first, because grouping by order would read a whole index.
        f" GROUP BY batch_id, account_id, order_id HAVING sum(mass_g) > 0) h"
        f" JOIN {ORDERS} o ON o.account_id = h.account_id AND o.id = h.order_id WHERE o.status <> 'COMPLETE'",
    ),
)
