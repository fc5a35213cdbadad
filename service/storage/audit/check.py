"""A check of the books and its finding; SQL for checks, each a statement of one state of the database.

A check is one SQL statement, so that the values it compares are of one state of the database, or a function that reads
rows which never change.
"""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TypeAlias

from service.storage import models
from service.storage.database import Statements

DEVIATIONS_SHOWN = 10
_ELSEWHERE = re.compile(r"/\* elsewhere (.+?) \*/ (\w+)")

Key: TypeAlias = tuple[str | None, str]
"""The ids of a row's account, if the table has one, and the rest of its key, its columns joined by blanks."""


@dataclass(frozen=True, slots=True)
class Check:
    """A rule for the rows of `table`. `name` states it; `id` is its name for programs and never changes.

    `deviating` finds the rows that break the rule: SQL that selects the `account_id` (or NULL) and the `row_key` of
    each, as `key` writes them, or a function that yields both.
    """

    id: str
    table: str
    name: str
    deviating: str | Callable[[Statements], AsyncIterator[Key]]


@dataclass(frozen=True, slots=True)
class Deviation:
    """A row that breaks the rule of a check."""

    check: str
    table: str
    row: str
    account: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of a check: the rows of its table, the number that deviate, and the first `DEVIATIONS_SHOWN` of these."""

    check: str
    name: str
    table: str
    rows: int
    deviating: int
    deviations: tuple[Deviation, ...]

    @property
    def first(self) -> tuple[str, ...]:
        """Return the row keys of the shown deviations, each preceded by its account id."""
        return tuple(f"{each.account} {each.row}" if each.account else each.row for each in self.deviations)


def key(*columns: str, account: str = "NULL") -> str:
    """Return the columns that identify a deviating row, for the SELECT list of a check."""
    texts = " || ' ' || ".join(f"CAST({column} AS TEXT)" for column in columns)
    return f"{account} AS account_id, {texts} AS row_key"


def elsewhere(table: str, columns: str = "*") -> str:
    """Return the table for a FROM clause that joins it on columns other than the account. In a cluster the joined rows
    may be on different nodes, so `find` reads these columns in a subquery first.
    """
    return f"/* elsewhere {columns} */ {table}"


def member(row: str, name: str) -> str:
    """Return a member of an event's payload as text, '' where it is absent."""
    return f"coalesce(CAST({row}.payload ->> '{name}' AS TEXT), '')"


def number(row: str, name: str) -> str:
    """Return a member of an event's payload as a whole number, NULL if it is not one: the cast of another text is an
    error on PostgreSQL and 0 on SQLite.
    """
    text = member(row, name)
    is_number = f"{text} <> '' AND length({text}) < 19 AND ltrim({text}, '0123456789') = ''"
    return f"CASE WHEN {is_number} THEN CAST({row}.payload ->> '{name}' AS BIGINT) END"


async def run(statements: Statements, check: Check, counted: dict[str, int]) -> Finding:
    """Return the finding of the check. `counted` caches the number of rows of each table, because several checks need
    it.
    """
    if check.table not in counted:
        rows = await statements.fetch(f"SELECT count(*) AS rows_there FROM {check.table}")
        counted[check.table] = int(rows[0]["rows_there"])
    deviating, keys = await find(statements, check)
    deviations = tuple(
        Deviation(check.id, check.table, row, account, f"This row breaks the rule: {check.name}.")
        for account, row in keys
    )
    return Finding(check.id, check.name, check.table, counted[check.table], deviating, deviations)


async def find(statements: Statements, check: Check) -> tuple[int, list[Key]]:
    """Return how many rows break the check's rule, and the keys of the first of them."""
    if not isinstance(check.deviating, str):
        number = 0
        first: list[Key] = []
        async for found in check.deviating(statements):
            number += 1
            if len(first) < DEVIATIONS_SHOWN:
                first.append(found)
        return number, first
    # OFFSET makes Citus read the subquery first, from all nodes.
    deviating = _ELSEWHERE.sub(r"(SELECT \1 FROM \2 OFFSET 0)" if statements.is_distributed else r"\2", check.deviating)
    rows = await statements.fetch(
        f"SELECT d.account_id, d.row_key, count(*) OVER () AS deviations FROM ({deviating}) d"
        f" ORDER BY d.account_id, d.row_key LIMIT {DEVIATIONS_SHOWN}"
    )
    keys = [(None if row["account_id"] is None else str(row["account_id"]), row["row_key"]) for row in rows]
    return (int(rows[0]["deviations"]) if rows else 0), keys


# Tortoise offers a model's table name only in its `_meta`.
ACCOUNTS = models.Account._meta.db_table  # noqa: SLF001
BACKORDERS = models.Backorder._meta.db_table  # noqa: SLF001
BALANCES = models.Balance._meta.db_table  # noqa: SLF001
BATCHES = models.CreditBatch._meta.db_table  # noqa: SLF001
BUNDLE_PROJECTS = models.BundleProject._meta.db_table  # noqa: SLF001
BUNDLES = models.Bundle._meta.db_table  # noqa: SLF001
CATEGORIES = models.ProjectCategory._meta.db_table  # noqa: SLF001
CERTIFICATES = models.Certificate._meta.db_table  # noqa: SLF001
CLAIMS = models.SerialClaim._meta.db_table  # noqa: SLF001
ENTRIES = models.CreditEntry._meta.db_table  # noqa: SLF001
ESTIMATES = models.Estimate._meta.db_table  # noqa: SLF001
CREDIT_NOTE_LINES = models.CreditNoteLine._meta.db_table  # noqa: SLF001
CREDIT_NOTES = models.CreditNote._meta.db_table  # noqa: SLF001
EVENTS = models.Event._meta.db_table  # noqa: SLF001
EVENT_SEALS = models.EventSeal._meta.db_table  # noqa: SLF001
WEBHOOKS = models.WebhookEndpoint._meta.db_table  # noqa: SLF001
WEBHOOK_CURSORS = models.WebhookCursor._meta.db_table  # noqa: SLF001
DELIVERIES = models.WebhookDelivery._meta.db_table  # noqa: SLF001
MAILS = models.Mail._meta.db_table  # noqa: SLF001
MAIL_CURSORS = models.MailCursor._meta.db_table  # noqa: SLF001
REMINDERS = models.InvoiceReminder._meta.db_table  # noqa: SLF001
HEADS = models.AccountHead._meta.db_table  # noqa: SLF001
HOLDS = models.QuoteHold._meta.db_table  # noqa: SLF001
INVOICE_LINES = models.InvoiceLine._meta.db_table  # noqa: SLF001
INVOICES = models.Invoice._meta.db_table  # noqa: SLF001
CONTACTS = models.Contact._meta.db_table  # noqa: SLF001
KEYS = models.ApiKey._meta.db_table  # noqa: SLF001
LEDGER = models.LedgerEntry._meta.db_table  # noqa: SLF001
LINES = models.OrderLine._meta.db_table  # noqa: SLF001
NUMBER_COUNTERS = models.NumberCounter._meta.db_table  # noqa: SLF001
ORDERS = models.Order._meta.db_table  # noqa: SLF001
ORDER_TOTALS = models.OrderTotal._meta.db_table  # noqa: SLF001
ORGANISATIONS = models.Organisation._meta.db_table  # noqa: SLF001
PAYMENTS = models.Payment._meta.db_table  # noqa: SLF001
PORTFOLIOS = models.Portfolio._meta.db_table  # noqa: SLF001
PRICES = models.Price._meta.db_table  # noqa: SLF001
PROJECTS = models.Project._meta.db_table  # noqa: SLF001
QUOTE_LINES = models.QuoteLine._meta.db_table  # noqa: SLF001
QUOTES = models.Quote._meta.db_table  # noqa: SLF001
REGISTRY_RETIREMENTS = models.RegistryRetirement._meta.db_table  # noqa: SLF001
RETIREMENT_CERTIFICATES = models.RetirementCertificate._meta.db_table  # noqa: SLF001
RETIREMENTS = models.Retirement._meta.db_table  # noqa: SLF001
SERIES = models.SerialSeries._meta.db_table  # noqa: SLF001
SUSTAINABILITY_PAGES = models.SustainabilityPage._meta.db_table  # noqa: SLF001
WEIGHTS = models.PortfolioWeight._meta.db_table  # noqa: SLF001

STANDS = "o.status NOT IN ('CANCELLED', 'FAILED') AND o.payment_status <> 'REFUNDED'"
"""Condition on an order: its sale was not undone."""
