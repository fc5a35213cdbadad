"""Checks of references: what a row names exists; SQL for one state of the database.

Foreign keys enforce most of them where the database checks these, but several references have no foreign key.
"""

from service.storage.audit.check import (
    ACCOUNTS,
    BALANCES,
    BATCHES,
    BUNDLE_PROJECTS,
    BUNDLES,
    CATEGORIES,
    CERTIFICATES,
    CLAIMS,
    CONTACTS,
    CREDIT_NOTE_LINES,
    CREDIT_NOTES,
    DELIVERIES,
    ENTRIES,
    ESTIMATES,
    EVENT_SEALS,
    EVENTS,
    HEADS,
    HOLDS,
    INVOICE_LINES,
    INVOICES,
    KEYS,
    LEDGER,
    LINES,
    MAIL_CURSORS,
    MAILS,
    ORDERS,
    ORGANISATIONS,
    PAYMENTS,
    PORTFOLIOS,
    PRICES,
    PROJECTS,
    QUOTE_LINES,
    QUOTES,
    REGISTRY_RETIREMENTS,
    REMINDERS,
    RETIREMENT_CERTIFICATES,
    RETIREMENTS,
    SERIES,
    SUSTAINABILITY_PAGES,
    WEBHOOK_CURSORS,
    WEBHOOKS,
    WEIGHTS,
    Check,
    elsewhere,
    key,
)

_ACCOUNT = {"account_id": (ACCOUNTS, "id")}
_ORDER = {"account_id, order_id": (ORDERS, "account_id, id")}
_LINE = {"account_id, order_id, position": (LINES, "account_id, order_id, position")}
_BATCH = {"batch_id": (BATCHES, "id")}
_BUNDLE = {"bundle_id": (BUNDLES, "id")}

_REFERENCES: tuple[tuple[str, str, str, dict[str, tuple[str, str]]], ...] = (
    ("order", ORDERS, "id", _ACCOUNT),
    ("order line", LINES, "order_id, position", _ORDER | _BUNDLE),
    ("credit entry", ENTRIES, "id", _LINE | _BATCH),
    ("retirement", RETIREMENTS, "order_id, position, batch_id", _LINE | _BATCH),
    ("certificate", CERTIFICATES, "order_id", _ORDER),
    ("registry retirement", REGISTRY_RETIREMENTS, "id", _BATCH),
    ("retirement certificate", RETIREMENT_CERTIFICATES, "order_id, version", _ORDER),
    ("quote", QUOTES, "id", _ACCOUNT),
    ("quote line", QUOTE_LINES, "quote_id, position", {"account_id, quote_id": (QUOTES, "account_id, id")} | _BUNDLE),
    (
        "hold",
        HOLDS,
        "quote_id, position, batch_id",
        {"account_id, quote_id, position": (QUOTE_LINES, "account_id, quote_id, position")} | _BATCH,
    ),
    ("estimate", ESTIMATES, "id", _ACCOUNT),
    ("balance", BALANCES, "currency", _ACCOUNT),
    ("posting", LEDGER, "journal_id, ledger_account", _ACCOUNT),
    ("payment", PAYMENTS, "id", _ACCOUNT),
    ("invoice", INVOICES, "id", _ACCOUNT),
    ("invoice line", INVOICE_LINES, "invoice_id, position", {"account_id, invoice_id": (INVOICES, "account_id, id")}),
    ("credit note", CREDIT_NOTES, "id", {"account_id, invoice_id": (INVOICES, "account_id, id")}),
    (
        "credit note line",
        CREDIT_NOTE_LINES,
        "credit_note_id, position",
        {"account_id, credit_note_id": (CREDIT_NOTES, "account_id, id")},
    ),
    ("head", HEADS, "account_id", _ACCOUNT),
    ("API key", KEYS, "key_id", _ACCOUNT),
    ("webhook endpoint", WEBHOOKS, "id", _ACCOUNT),
    ("webhook cursor", WEBHOOK_CURSORS, "endpoint_id", {"owner_id, endpoint_id": (WEBHOOKS, "account_id, id")}),
    (
        "webhook delivery",
        DELIVERIES,
        "id",
        {"owner_id, endpoint_id": (WEBHOOKS, "account_id, id"), "account_id, seq": (EVENTS, "account_id, seq")},
    ),
    ("contact", CONTACTS, "email", _ACCOUNT),
    ("sustainability page", SUSTAINABILITY_PAGES, "account_id", _ACCOUNT),
    ("mail cursor", MAIL_CURSORS, "account_id", {"account_id": (HEADS, "account_id")}),
    ("event seal", EVENT_SEALS, "first_seq", {"account_id, last_seq": (EVENTS, "account_id, seq")}),
    ("mail", MAILS, "id", {"account_id, seq": (EVENTS, "account_id, seq")}),
    ("reminder of an invoice", REMINDERS, "invoice_id", {"account_id, invoice_id": (INVOICES, "account_id, id")}),
    ("account", ACCOUNTS, "id", {"id": (HEADS, "account_id"), "organisation_id": (ORGANISATIONS, "id")}),
    ("project", PROJECTS, "id", {"category_id": (CATEGORIES, "id")}),
    ("batch", BATCHES, "id", {"project_id": (PROJECTS, "id")}),
    ("bundle's project", BUNDLE_PROJECTS, "bundle_id, project_id", _BUNDLE | {"project_id": (PROJECTS, "id")}),
    ("price", PRICES, "bundle_id, currency, minimum_mass_g", _BUNDLE),
    ("weight", WEIGHTS, "portfolio_id, bundle_id", _BUNDLE | {"portfolio_id": (PORTFOLIOS, "id")}),
    (
        "serial claim",
        CLAIMS,
        "batch_id, series_key, first_number",
        _BATCH | {"mode, series_key": (SERIES, "mode, series_key")},
    ),
)
"""For each reference: the noun of the row, its table and key, and the columns that refer to columns of another
table.
"""

_NOT_OWNED = {ACCOUNTS, PROJECTS, BATCHES, BUNDLE_PROJECTS, PRICES, WEIGHTS, CLAIMS, REGISTRY_RETIREMENTS}


def _reference(noun: str, table: str, key_columns: str, parents: dict[str, tuple[str, str]]) -> Check:
    account = "r.id" if table == ACCOUNTS else "NULL" if table in _NOT_OWNED else "r.account_id"
    columns = key(*(f"r.{column}" for column in key_columns.split(", ")), account=account)
    missing = " OR ".join(
        f"NOT EXISTS (SELECT 1 FROM {parent if own.startswith('account_id') else elsewhere(parent)} p WHERE "
        + " AND ".join(
            f"p.{theirs} = r.{ours}" for ours, theirs in zip(own.split(", "), named.split(", "), strict=True)
        )
        + ")"
        for own, (parent, named) in parents.items()
    )
    targets = " and ".join(parent.replace("_", " ") for parent, _ in parents.values())
    return Check(
        f"{noun.lower().replace(' ', '-').replace(chr(39), '')}-reference",
        table,
        f"every {noun}: the rows of {targets} that it names exist",
        f"SELECT {columns} FROM {table} r WHERE {missing}",
    )


CHECKS = tuple(_reference(*each) for each in _REFERENCES)
