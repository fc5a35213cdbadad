"""The migration that adds tax and credit notes: rows of earlier releases keep their amounts and are settled as billed.

Seen to fail when: the rewritten ledger of SQLite loses a posting or its triggers; an invoice of an earlier release gets
a rate of tax.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from service.domain.billing import InvoiceStatus
from service.domain.listing import OrderRef
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.operations.audit import audit
from service.operations.bill_orders import bill_orders
from service.operations.resources import Resources
from service.operations.settle_invoice import settle_invoice
from service.storage import accounts
from service.storage.database import Database
from service.storage.failures import DatabaseDefect
from service.storage.money import INVOICES
from tests.books import assert_books_balance, rows_of
from tests.former_release import DOLLARS, SERBIA, Former, shop_of
from tests.makers import make_caller

ADDED: dict[str, dict[str, Any]] = {
    "invoices": {
        "tax_category": None,
        "tax_rate_hundredths": None,
        "tax_reason": None,
        "tax_reason_code": None,
        "tax_minor": 0,
        "prepaid_minor": 0,
        "credited_minor": 0,
        "tax_credited_minor": 0,
        "tax_paid_minor": 0,
        "settled_minor": None,
    },
    "invoice_lines": {"prepaid_minor": 0},
    "payments": {"invoice_id": None},
    "ledger_entries": {"invoice_id": None},
}
PAY = "UPDATE invoices SET status = 'PAID', paid_at = created_at WHERE id = $1"
"""How a process of the release before the migration settles an invoice."""


@pytest.fixture
async def old(former_migrated: Former) -> AsyncIterator[Database]:
    """A database with invoices, payments and a ledger of an earlier release, migrated."""
    database = await Database.open(former_migrated.url)
    yield database
    await database.close()


async def test_old_rows_have_no_tax_and_the_books_balance(old: Database):
    for table, added in ADDED.items():
        rows = [dict(row) for row in await old.reader.fetch(f"SELECT * FROM {table}")]
        assert rows
        assert [{name: row[name] for name in added} for row in rows] == [added] * len(rows)
    await assert_books_balance(old)
    findings = await audit(Resources(old, system_clock, uuid7))
    assert [(finding.name, finding.first) for finding in findings if finding.deviating] == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_entries SET amount_minor = 1",
        "DELETE FROM ledger_entries",
        "UPDATE invoices SET total_minor = total_minor + 1",
        "UPDATE invoices SET tax_minor = 1",
        "UPDATE invoices SET paid_at = created_at WHERE status = 'PAID'",
    ],
)
async def test_what_was_issued_and_booked_before_cannot_be_changed(old: Database, change: str):
    before = [tuple(dict(row).values()) for row in await old.reader.fetch("SELECT * FROM ledger_entries")]

    with pytest.raises(DatabaseDefect):
        async with old.transaction() as statements:
            await statements.execute(change)

    assert [tuple(dict(row).values()) for row in await old.reader.fetch("SELECT * FROM ledger_entries")] == before


async def test_an_old_invoice_is_settled_as_it_was_billed(old: Database):
    resources = Resources(old, system_clock, uuid7)
    account = await accounts.existing(old.reader, SERBIA)
    pending = [each for each in await rows_of(old, INVOICES) if each.status is InvoiceStatus.PENDING]

    settled = [await settle_invoice(resources, make_caller(account), account.id, each.id) for each in pending]

    assert [(each.status, each.total_minor, each.tax_minor, each.is_former) for each in settled] == [
        (InvoiceStatus.PAID, each.total_minor, 0, True) for each in pending
    ]
    assert len(settled) == 2
    await assert_books_balance(old)


async def test_a_process_of_the_last_release_settles_old_invoices_and_none_that_may_have_tax(old: Database):
    shop = await shop_of(old)
    order = await shop.place(idempotency_key="new")
    seller = make_caller(shop.account)
    new = (await bill_orders(shop.resources, seller, DOLLARS, "new", [OrderRef(id=order.id)])).invoice
    (former, *_) = [each for each in await rows_of(old, INVOICES) if each.is_former and each.paid_at is None]

    async with old.transaction() as statements:
        assert await statements.execute(PAY, former.id) == 1
    with pytest.raises(DatabaseDefect):
        async with old.transaction() as statements:
            await statements.execute(PAY, new.id)

    found = {each.id: each.status for each in await rows_of(old, INVOICES)}
    assert (found[former.id], found[new.id]) == (InvoiceStatus.PAID, InvoiceStatus.PENDING)
