"""Corruptions of the books, planted by SQL one at a time, with triggers, CHECKs and foreign keys off: the audit finds
each and names its row. A shop in which everything has happened has no finding.
"""

import contextlib
import re
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from service.domain.parties import FIRST_SELLER_ID
from service.kit.clock import system_clock
from service.storage.audit import CHECKS, find
from service.storage.database import Database, Statements
from tests.books import assert_audit_finds_nothing
from tests.conftest import Postgres, run
from tests.everything import open_everything

BY_ID = {check.id: check for check in CHECKS}
NEW = "00000000-0000-4000-8000-000000000001"
NOW = "'2026-01-01 00:00:00.000000+00:00'"


class Corruption(NamedTuple):
    """A change in words and in SQL, and the check and the key of the row that it is found by."""

    what: str
    sql: str
    check: str
    row: str


CORRUPTIONS = (
    # Batches.
    Corruption(
        "available grams made up",
        "UPDATE credit_batches SET available_g = available_g + 1 WHERE id = '{old}'",
        "batch-sum",
        "{old}",
    ),
    Corruption(
        "available grams below zero",
        "UPDATE credit_batches SET available_g = -1, issued_g = held_g + allocated_g + retired_g - 1"
        " WHERE id = '{old}'",
        "batch-sum",
        "{old}",
    ),
    Corruption(
        "allocated grams made available",
        "UPDATE credit_batches SET allocated_g = allocated_g - 1, available_g = available_g + 1 WHERE id = '{old}'",
        "batch-given",
        "{old}",
    ),
    Corruption(
        "available grams held for nobody",
        "UPDATE credit_batches SET held_g = held_g + 1, available_g = available_g - 1 WHERE id = '{young}'",
        "batch-held",
        "{young}",
    ),
    Corruption(
        "allocated grams called retired",
        "UPDATE credit_batches SET retired_g = retired_g + 1, allocated_g = allocated_g - 1 WHERE id = '{old}'",
        "batch-retired",
        "{old}",
    ),
    Corruption(
        "issued and available raised together by a tonne",
        "UPDATE credit_batches SET issued_g = issued_g + 1000000, available_g = available_g + 1000000"
        " WHERE id = '{other_batch}'",
        "serial-claims",
        "{other_batch}",
    ),
    Corruption(
        "issued and available lowered together by a gram",
        "UPDATE credit_batches SET issued_g = issued_g - 1, available_g = available_g - 1 WHERE id = '{received}'",
        "batch-told",
        "{received_event}",
    ),
    Corruption(
        "a batch moved to the other mode",
        "UPDATE credit_batches SET mode = 'test' WHERE id = '{other_batch}'",
        "serial-claims",
        "{other_batch}",
    ),
    Corruption(
        "a sold batch moved to the other mode",
        "UPDATE credit_batches SET mode = 'live' WHERE id = '{trial_batch}'",
        "entry-source",
        "{trial_entry}",
    ),
    Corruption(
        "a batch's first serial",
        "UPDATE credit_batches SET serial_start = 7 WHERE id = '{other_batch}'",
        "serial-claims",
        "{other_batch}",
    ),
    Corruption(
        "a batch's serial prefix",
        "UPDATE credit_batches SET serial_prefix = 'X-' WHERE id = '{other_batch}'",
        "serial-claims",
        "{other_batch}",
    ),
    Corruption(
        "a claim of a serial more",
        "UPDATE serial_claims SET last_number = last_number + 1 WHERE batch_id = '{old}'",
        "serial-claims",
        "{old}",
    ),
    Corruption("claims deleted", "DELETE FROM serial_claims WHERE batch_id = '{old}'", "serial-claims", "{old}"),
    Corruption(
        "one serial claimed by two batches",
        "UPDATE serial_claims SET series_key = (SELECT series_key FROM serial_claims WHERE batch_id = '{old}'"
        " AND NOT is_reading) WHERE batch_id = '{young}'",
        "serial-twice",
        "{young}",
    ),
    Corruption(
        "a claim of no batch",
        "UPDATE serial_claims SET batch_id = '{new}' WHERE batch_id = '{other_batch}'",
        "serial-claim-reference",
        "{new} O-# 1",
    ),
    Corruption(
        "a future vintage", "UPDATE credit_batches SET vintage = 2199 WHERE id = '{old}'", "batch-vintage", "{old}"
    ),
    Corruption(
        "credits that are ex ante",
        "UPDATE credit_batches SET credit_status = 'ex_ante' WHERE id = '{old}'",
        "batch-vintage",
        "{old}",
    ),
    Corruption(
        "a batch of another project",
        "UPDATE credit_batches SET project_id = '{ocean_project}' WHERE id = '{trial_batch}'",
        "entry-source",
        "{trial_entry}",
    ),
    Corruption(
        "a batch of no project",
        "UPDATE credit_batches SET project_id = '{new}' WHERE id = '{other_batch}'",
        "batch-reference",
        "{other_batch}",
    ),
    Corruption(
        "a deleted batch",
        "DELETE FROM credit_batches WHERE id = '{trial_batch}'",
        "credit-entry-reference",
        "{trial_entry}",
    ),
    Corruption(
        "credits whose time is not over, held by an order",
        "UPDATE credit_batches SET vintage = 2199 WHERE id = '{trial_batch}'",
        "order-vintage",
        "{trial_waiting}",
    ),
    Corruption(
        "a prefix that leaves the first digit of a serial open",
        "UPDATE credit_batches SET serial_prefix = 'VCS-9' WHERE id = '{other_batch}'",
        "serial-form",
        "{other_batch}",
    ),
    Corruption(
        "a credit that reads as a range of another batch",
        "UPDATE credit_batches SET serial_layout = 'range', serial_joiner = '-' WHERE id = '{old}';"
        " INSERT INTO serial_claims (batch_id, mode, series_key, first_number, last_number, is_reading)"
        " SELECT '{young}', mode, series_key, 1, 1, TRUE FROM serial_claims WHERE batch_id = '{old}'",
        "serial-reading",
        "{young}",
    ),
    Corruption(
        "serials that a certificate does not state",
        "UPDATE certificates SET facts = replace(facts, 'VCS-OLD', 'VCS-ODD') WHERE order_id = '{complete}'",
        "certificate-serials",
        "{complete}",
    ),
    Corruption(
        "one serial retired from two batches",
        "UPDATE credit_batches SET serial_prefix = 'VCS-OLD-' WHERE id = '{young}';"
        " UPDATE serial_claims SET series_key = (SELECT series_key FROM serial_claims WHERE batch_id = '{old}')"
        " WHERE batch_id = '{young}';"
        " INSERT INTO retirements (account_id, order_id, position, batch_id, start_g, end_g, retired_at)"
        " SELECT account_id, id, 0, '{young}', 0, 10, created_at FROM orders WHERE id = '{issued}'",
        "serial-retired",
        "{issued}",
    ),
    # Credits of orders and holds.
    Corruption(
        "more grams in a credit entry",
        "UPDATE credit_entries SET mass_g = mass_g + 1 WHERE order_id = '{paid}'",
        "line-given",
        "{paid} 0",
    ),
    Corruption(
        "a deleted credit entry", "DELETE FROM credit_entries WHERE order_id = '{paid}'", "line-given", "{paid} 0"
    ),
    Corruption(
        "a given entry called returned",
        "UPDATE credit_entries SET kind = 'returned' WHERE order_id = '{paid}'",
        "entry-sign",
        "{paid_entry}",
    ),
    Corruption(
        "an entry moved to a batch that the bundle does not sell",
        "UPDATE credit_entries SET batch_id = '{deep}' WHERE order_id = '{paid}'",
        "entry-source",
        "{paid_entry}",
    ),
    Corruption(
        "grams returned to another batch than they came from",
        "UPDATE credit_entries SET batch_id = '{young}' WHERE order_id = '{cancelled}' AND kind = 'returned'",
        "entry-net",
        "{cancelled} 0 {young}",
    ),
    Corruption(
        "an entry of no order line",
        "UPDATE credit_entries SET position = 9 WHERE order_id = '{paid}'",
        "credit-entry-reference",
        "{paid_entry}",
    ),
    Corruption(
        "grams of a hold",
        "UPDATE quote_holds SET mass_g = mass_g + 1 WHERE quote_id = '{holding}' AND position = 0",
        "hold-line",
        "{holding} 0",
    ),
    Corruption("deleted holds", "DELETE FROM quote_holds WHERE quote_id = '{holding}'", "hold-line", "{holding} 0"),
    Corruption(
        "a hold released without its grams",
        "UPDATE quotes SET released_at = {now} WHERE id = '{holding}'",
        "batch-held",
        "{held_batch}",
    ),
    Corruption(
        "a hold of a batch that the bundle does not sell",
        "UPDATE quote_holds SET batch_id = '{deep}' WHERE quote_id = '{holding}' AND position = 0",
        "hold-source",
        "{holding} 0 {deep}",
    ),
    Corruption(
        "a quote that holds nothing said to hold credits",
        "UPDATE quotes SET holds_credits = TRUE WHERE id = '{open_quote}'",
        "hold-line",
        "{open_quote} 0",
    ),
    Corruption(
        "a retired interval of other grams",
        "UPDATE retirements SET start_g = start_g + 1, end_g = end_g + 1"
        " WHERE order_id = '{complete}' AND position = 0",
        "batch-retired",
        "{retired_batch}",
    ),
    Corruption(
        "a deleted retirement",
        "DELETE FROM retirements WHERE order_id = '{complete}' AND position = 0",
        "order-retired",
        "{complete}",
    ),
    Corruption(
        "a retirement given to another order",
        "UPDATE retirements SET order_id = '{paid}' WHERE order_id = '{complete}' AND position = 0",
        "order-retired",
        "{paid}",
    ),
    Corruption(
        "grams retired of a batch that the order has none of",
        "UPDATE retirements SET batch_id = '{young}' WHERE order_id = '{complete}' AND position = 0",
        "retirement-share",
        "{complete} 0 {young}",
    ),
    Corruption(
        "a retirement of no order line",
        "UPDATE retirements SET position = 9 WHERE order_id = '{complete}' AND position = 0",
        "retirement-reference",
        "{complete} 9 {retired_batch}",
    ),
    # Orders and their lines.
    Corruption(
        "an order's mass", "UPDATE orders SET mass_g = mass_g + 1 WHERE id = '{issued}'", "order-lines", "{issued}"
    ),
    Corruption(
        "an order's fulfilled grams",
        "UPDATE orders SET fulfilled_g = fulfilled_g - 1 WHERE id = '{issued}'",
        "order-lines",
        "{issued}",
    ),
    Corruption(
        "totals of a day without an order",
        "UPDATE order_totals SET orders = orders - 1 WHERE account_id = '{account}' AND status = 'COMPLETE'",
        "order-totals",
        "{complete_totals}",
    ),
    Corruption(
        "totals of a day without a gram",
        "UPDATE order_totals SET mass_low = mass_low - 1 WHERE account_id = '{account}' AND status = 'COMPLETE'",
        "order-totals",
        "{complete_totals}",
    ),
    Corruption(
        "deleted totals of a day",
        "DELETE FROM order_totals WHERE account_id = '{account}' AND status = 'COMPLETE'",
        "order-totals",
        "{complete_totals}",
    ),
    Corruption(
        "an order's retired grams", "UPDATE orders SET retired_g = 5 WHERE id = '{issued}'", "order-retired", "{issued}"
    ),
    Corruption(
        "a fulfilled order called placed",
        "UPDATE orders SET status = 'PLACED' WHERE id = '{issued}'",
        "order-status",
        "{issued}",
    ),
    Corruption(
        "a fulfilled order called retiring",
        "UPDATE orders SET status = 'RETIRING' WHERE id = '{issued}'",
        "order-status-told",
        "{issued}",
    ),
    Corruption(
        "a fulfilled order called complete",
        "UPDATE orders SET status = 'COMPLETE' WHERE id = '{issued}'",
        "order-certified",
        "{issued}",
    ),
    Corruption(
        "a complete order called cancelled",
        "UPDATE orders SET status = 'CANCELLED' WHERE id = '{complete}'",
        "order-status",
        "{complete}",
    ),
    Corruption(
        "a cancelled order called failed",
        "UPDATE orders SET status = 'FAILED' WHERE id = '{cancelled}'",
        "order-ledger",
        "{cancelled}",
    ),
    Corruption(
        "a cancelled order called fulfilled",
        "UPDATE orders SET status = 'FULFILLED' WHERE id = '{cancelled}'",
        "order-ledger",
        "{cancelled}",
    ),
    Corruption(
        "a waiting order called fulfilled",
        "UPDATE orders SET status = 'FULFILLED' WHERE id = '{waiting}'",
        "order-status",
        "{waiting}",
    ),
    Corruption(
        "imported history called fulfilled",
        "UPDATE orders SET status = 'FULFILLED' WHERE id = '{imported}'",
        "order-status",
        "{imported}",
    ),
    Corruption("a deleted order", "DELETE FROM orders WHERE id = '{issued}'", "order-line-reference", "{issued} 0"),
    Corruption(
        "a deleted order, by its journal",
        "DELETE FROM orders WHERE id = '{issued}'",
        "journal-order",
        "{issued_journal} sales",
    ),
    Corruption(
        "a deleted order, by its event",
        "DELETE FROM orders WHERE id = '{cancelled}'",
        "event-type",
        "{cancelled_event}",
    ),
    Corruption(
        "a deleted order with its lines and entries, by its payment",
        "DELETE FROM credit_entries WHERE order_id = '{paid}'; DELETE FROM order_lines WHERE order_id = '{paid}';"
        " DELETE FROM orders WHERE id = '{paid}'",
        "payment-order",
        "{wire}",
    ),
    Corruption(
        "a deleted order line", "DELETE FROM order_lines WHERE order_id = '{issued}'", "order-lines", "{issued}"
    ),
    Corruption(
        "an order line's place",
        "UPDATE order_lines SET position = 5 WHERE order_id = '{issued}'",
        "order-lines",
        "{issued}",
    ),
    Corruption(
        "an order line's bundle",
        "UPDATE order_lines SET bundle_id = '{ocean}' WHERE order_id = '{issued}'",
        "entry-source",
        "{issued_entry}",
    ),
    Corruption(
        "an order line's mass",
        "UPDATE order_lines SET mass_g = mass_g + 1000 WHERE order_id = '{issued}'",
        "order-lines",
        "{issued}",
    ),
    Corruption(
        "an order line's fulfilled grams",
        "UPDATE order_lines SET fulfilled_g = fulfilled_g - 1 WHERE order_id = '{issued}'",
        "line-given",
        "{issued} 0",
    ),
    Corruption(
        "a line's unit price",
        "UPDATE order_lines SET unit_price_micros = unit_price_micros * 2,"
        " gross_unit_price_micros = gross_unit_price_micros * 2 WHERE order_id = '{issued}'",
        "line-price",
        "{issued} 0",
    ),
    Corruption(
        "a line's gross unit price",
        "UPDATE order_lines SET gross_unit_price_micros = gross_unit_price_micros + 20000 WHERE order_id = '{issued}'",
        "line-price",
        "{issued} 0",
    ),
    Corruption(
        "a line's cost",
        "UPDATE order_lines SET offset_cost_minor = offset_cost_minor + 1 WHERE order_id = '{issued}'",
        "line-price",
        "{issued} 0",
    ),
    Corruption(
        "an order's total",
        "UPDATE orders SET total_cost_minor = total_cost_minor + 1 WHERE id = '{issued}'",
        "order-total",
        "{issued}",
    ),
    Corruption(
        "an order's offset cost and total",
        "UPDATE orders SET offset_cost_minor = offset_cost_minor + 1, total_cost_minor = total_cost_minor + 1"
        " WHERE id = '{issued}'",
        "order-ledger",
        "{issued}",
    ),
    Corruption(
        "an order's cost, above that of its lines",
        "UPDATE orders SET offset_cost_minor = offset_cost_minor + 2, total_cost_minor = total_cost_minor + 2"
        " WHERE id = '{issued}'",
        "order-costs",
        "{issued}",
    ),
    Corruption(
        "an order's commission",
        "UPDATE orders SET commission_minor = commission_minor + 9,"
        " total_cost_minor = total_cost_minor + 9 WHERE id = '{issued}'",
        "order-total",
        "{issued}",
    ),
    Corruption(
        "a cancelled order's total",
        "UPDATE orders SET offset_cost_minor = offset_cost_minor - 1,"
        " total_cost_minor = total_cost_minor - 1 WHERE id = '{cancelled}'",
        "order-ledger",
        "{cancelled}",
    ),
    Corruption(
        "a refunded order's total",
        "UPDATE orders SET offset_cost_minor = offset_cost_minor + 1,"
        " total_cost_minor = total_cost_minor + 1 WHERE id = '{refunded}'",
        "order-ledger",
        "{refunded}",
    ),
    Corruption(
        "a free order",
        "UPDATE orders SET offset_cost_minor = 0, commission_minor = 0, total_cost_minor = 0 WHERE id = '{issued}'",
        "order-costs",
        "{issued}",
    ),
    Corruption(
        "a part payment forgotten", "UPDATE orders SET paid_minor = 0 WHERE id = '{part}'", "order-ledger", "{part}"
    ),
    Corruption(
        "more paid than the total",
        "UPDATE orders SET paid_minor = total_cost_minor + 1 WHERE id = '{part}'",
        "order-payment-status",
        "{part}",
    ),
    Corruption(
        "a cancelled order with a payment",
        "UPDATE orders SET paid_minor = 1 WHERE id = '{cancelled}'",
        "order-payment-status",
        "{cancelled}",
    ),
    Corruption(
        "a refunded order with a payment",
        "UPDATE orders SET paid_minor = 1 WHERE id = '{refunded}'",
        "order-payment-status",
        "{refunded}",
    ),
    Corruption(
        "an owed order called paid",
        "UPDATE orders SET payment_status = 'PAID' WHERE id = '{issued}'",
        "order-payment-status",
        "{issued}",
    ),
    Corruption(
        "a paid order called issued",
        "UPDATE orders SET payment_status = 'ISSUED' WHERE id = '{paid}'",
        "order-payment-status",
        "{paid}",
    ),
    Corruption(
        "an owed order called billed",
        "UPDATE orders SET payment_status = 'BILLED' WHERE id = '{issued}'",
        "order-billed",
        "{issued}",
    ),
    Corruption(
        "a billed order called issued",
        "UPDATE orders SET payment_status = 'ISSUED' WHERE id = '{billed}'",
        "order-billed",
        "{billed}",
    ),
    Corruption(
        "a cancelled order called refunded",
        "UPDATE orders SET payment_status = 'REFUNDED' WHERE id = '{cancelled}'",
        "order-ledger",
        "{cancelled}",
    ),
    Corruption(
        "a cancelled, refunded order called paid",
        "UPDATE orders SET payment_status = 'PAID' WHERE id = '{returned}'",
        "order-payment-status",
        "{returned}",
    ),
    Corruption(
        "an order's currency",
        "UPDATE orders SET currency = 'EUR' WHERE id = '{issued}'",
        "journal-order",
        "{issued_journal} sales",
    ),
    Corruption(
        "an order in another account",
        "UPDATE orders SET account_id = '{trial}' WHERE id = '{issued}'",
        "order-line-reference",
        "{issued} 0",
    ),
    Corruption(
        "more ordered than was asked for",
        "UPDATE orders SET requested_mass_g = mass_g - 1 WHERE id = '{issued}'",
        "order-requested",
        "{issued}",
    ),
    Corruption(
        "a live order called imported",
        "UPDATE orders SET source = 'import' WHERE id = '{waiting}'",
        "order-status-told",
        "{waiting}",
    ),
    # The queue.
    Corruption(
        "grams that wait",
        "UPDATE backorders SET waiting_g = waiting_g + 1 WHERE order_id = '{waiting}'",
        "line-waits",
        "{waiting} 0",
    ),
    Corruption(
        "a place in the queue deleted",
        "DELETE FROM backorders WHERE order_id = '{waiting}'",
        "line-waits",
        "{waiting} 0",
    ),
    Corruption(
        "a place in the other mode's queue",
        "UPDATE backorders SET mode = 'test' WHERE order_id = '{waiting}'",
        "queue-place",
        "{waiting} 0",
    ),
    Corruption(
        "an earlier place in the queue",
        "UPDATE backorders SET created_at = {now} WHERE order_id = '{waiting_too}'",
        "queue-place",
        "{waiting_too} 0",
    ),
    Corruption(
        "a live place at the end of time",
        "UPDATE backorders SET created_at = '9999-01-01 00:00:00.000000+00:00' WHERE order_id = '{waiting}'",
        "queue-place",
        "{waiting} 0",
    ),
    Corruption(
        "a place of no order",
        "UPDATE backorders SET order_id = '{new}' WHERE order_id = '{waiting}'",
        "queue-place",
        "{new} 0",
    ),
    Corruption(
        "a place in another bundle's queue",
        "UPDATE backorders SET bundle_id = '{forest}' WHERE order_id = '{waiting}'",
        "queue-place",
        "{waiting} 0",
    ),
    Corruption(
        "a place of an order that has everything",
        "INSERT INTO backorders (bundle_id, mode, account_id, order_id, position, waiting_g, created_at)"
        " SELECT '{forest}', 'live', account_id, id, 0, 1, created_at FROM orders WHERE id = '{issued}'",
        "line-waits",
        "{issued} 0",
    ),
    # The ledger and balances.
    Corruption(
        "a posting's amount",
        "UPDATE ledger_entries SET amount_minor = amount_minor + 1"
        " WHERE order_id = '{issued}' AND ledger_account = 'sales'",
        "journal-sum",
        "{issued_journal}",
    ),
    Corruption(
        "a whole journal's amounts",
        "UPDATE ledger_entries SET amount_minor = 2 * amount_minor WHERE order_id = '{issued}'",
        "order-ledger",
        "{issued}",
    ),
    Corruption(
        "one posting's currency",
        "UPDATE ledger_entries SET currency = 'EUR' WHERE order_id = '{issued}' AND ledger_account = 'sales'",
        "journal-sum",
        "{issued_journal}",
    ),
    Corruption(
        "a whole journal's currency",
        "UPDATE ledger_entries SET currency = 'EUR' WHERE order_id = '{issued}'",
        "journal-order",
        "{issued_journal} sales",
    ),
    Corruption(
        "a placed journal called a payment",
        "UPDATE ledger_entries SET verb = 'payment_recorded' WHERE order_id = '{issued}'",
        "journal-verb",
        "{issued_journal} sales",
    ),
    Corruption(
        "a cancelled journal called a failure",
        "UPDATE ledger_entries SET verb = 'order_failed' WHERE order_id = '{cancelled}' AND verb = 'order_cancelled'",
        "order-ledger",
        "{cancelled}",
    ),
    Corruption(
        "a payment's journal called a settlement",
        "UPDATE ledger_entries SET verb = 'invoice_settled' WHERE order_id = '{part}' AND verb = 'payment_recorded'",
        "payment-cash",
        "{part}",
    ),
    Corruption(
        "an unknown verb",
        "UPDATE ledger_entries SET verb = 'gift' WHERE order_id = '{issued}'",
        "journal-verb",
        "{issued_journal} sales",
    ),
    Corruption(
        "a journal of another payer",
        "UPDATE ledger_entries SET account_id = '{live}' WHERE order_id = '{issued}'",
        "journal-order",
        "{issued_journal} sales",
    ),
    Corruption(
        "a client's journal in the client's own books",
        "UPDATE ledger_entries SET account_id = '{client}', order_account_id = NULL"
        " WHERE order_id = '{owed_by_client}'",
        "account-payer",
        "{client}",
    ),
    Corruption(
        "a journal about another order",
        "UPDATE ledger_entries SET order_id = '{billed}' WHERE order_id = '{issued}'",
        "order-ledger",
        "{issued}",
    ),
    Corruption(
        "a journal about no order",
        "UPDATE ledger_entries SET order_id = NULL WHERE order_id = '{issued}'",
        "journal-verb",
        "{issued_journal} sales",
    ),
    Corruption(
        "a deleted journal", "DELETE FROM ledger_entries WHERE order_id = '{issued}'", "order-ledger", "{issued}"
    ),
    Corruption(
        "a deleted top-up", "DELETE FROM ledger_entries WHERE verb = 'balance_topped_up'", "cash-account", "USD"
    ),
    Corruption(
        "a balance",
        "UPDATE balances SET amount_minor = amount_minor + 1 WHERE account_id = '{account}' AND currency = 'USD'",
        "balance-prepaid",
        "USD",
    ),
    Corruption(
        "a debt",
        "UPDATE balances SET owed_minor = owed_minor + 1 WHERE account_id = '{account}' AND currency = 'USD'",
        "balance-owed",
        "USD",
    ),
    Corruption(
        "a credit limit below the debt",
        "UPDATE balances SET credit_limit_minor = 1, owed_when_limited_minor = 0"
        " WHERE account_id = '{account}' AND currency = 'USD'",
        "balance-limit",
        "USD",
    ),
    Corruption(
        "money in a balance that was never funded",
        "UPDATE balances SET is_funded = FALSE WHERE account_id = '{account}' AND currency = 'USD'",
        "balance-sign",
        "USD",
    ),
    Corruption("a deleted balance", "DELETE FROM balances WHERE account_id = '{account}'", "balance-prepaid", "USD"),
    Corruption(
        "a balance of a client account",
        "INSERT INTO balances (account_id, currency, amount_minor) VALUES ('{client}', 'USD', 0)",
        "account-payer",
        "{client}",
    ),
    # Payments and invoices.
    Corruption(
        "a payment's amount",
        "UPDATE payments SET amount_minor = amount_minor + 1 WHERE id = '{topped_up}'",
        "payment-told",
        "{topped_up}",
    ),
    Corruption(
        "an order payment's amount",
        "UPDATE payments SET amount_minor = amount_minor + 1 WHERE id = '{wire}'",
        "payment-cash",
        "{paid}",
    ),
    Corruption(
        "a payment's currency", "UPDATE payments SET currency = 'EUR' WHERE id = '{wire}'", "payment-order", "{wire}"
    ),
    Corruption(
        "a payment for another order",
        "UPDATE payments SET order_id = '{issued}' WHERE id = '{wire}'",
        "payment-cash",
        "{issued}",
    ),
    Corruption(
        "a payment by another payer",
        "UPDATE payments SET account_id = '{live}' WHERE id = '{wire}'",
        "payment-order",
        "{wire}",
    ),
    Corruption("a deleted payment", "DELETE FROM payments WHERE id = '{topped_up}'", "cash-account", "USD"),
    Corruption(
        "a payment that nobody recorded",
        "INSERT INTO payments (account_id, id, reference, fingerprint, currency, amount_minor, created_at)"
        " VALUES ('{account}', '{new}', 'r', 'f', 'USD', 7, {now})",
        "payment-told",
        "{new}",
    ),
    Corruption(
        "an imported payment's amount",
        "UPDATE payments SET amount_minor = 1 WHERE order_id = '{imported_paid}'",
        "payment-cash",
        "{imported_paid}",
    ),
    Corruption(
        "an invoice's total",
        "UPDATE invoices SET total_minor = total_minor + 1 WHERE id = '{bill}'",
        "invoice-lines",
        "{bill}",
    ),
    Corruption(
        "an invoice's mass", "UPDATE invoices SET mass_g = mass_g + 1 WHERE id = '{bill}'", "invoice-lines", "{bill}"
    ),
    Corruption(
        "an invoice's currency", "UPDATE invoices SET currency = 'EUR' WHERE id = '{bill}'", "invoice-order", "{bill} 0"
    ),
    Corruption(
        "a pending invoice called paid",
        "UPDATE invoices SET status = 'PAID', paid_at = created_at, settled_minor = 0 WHERE id = '{bill}'",
        "invoice-owed",
        "{bill}",
    ),
    Corruption(
        "an invoice of an earlier release called paid",
        "UPDATE invoices SET status = 'PAID', paid_at = created_at, tax_rate_hundredths = NULL WHERE id = '{bill}'",
        "payment-cash",
        "{billed}",
    ),
    Corruption(
        "an invoice's tax and the journal of it",
        "UPDATE invoices SET tax_minor = tax_minor + 1 WHERE id = '{bill}'; UPDATE ledger_entries"
        " SET amount_minor = amount_minor + CASE WHEN ledger_account = 'tax' THEN -1 ELSE 1 END"
        " WHERE invoice_id = '{bill}' AND verb = 'tax_billed'",
        "invoice-tax",
        "{bill}",
    ),
    Corruption(
        "an invoice's rate", "UPDATE invoices SET tax_rate_hundredths = 0 WHERE id = '{bill}'", "invoice-tax", "{bill}"
    ),
    Corruption(
        "a category without tax and a rate",
        "UPDATE invoices SET tax_category = 'AE' WHERE id = '{bill}'",
        "invoice-tax",
        "{bill}",
    ),
    Corruption(
        "tax that was never booked",
        "DELETE FROM ledger_entries WHERE invoice_id = '{bill}' AND verb = 'tax_billed'",
        "invoice-tax-ledger",
        "{bill}",
    ),
    Corruption(
        "tax that was never paid",
        "UPDATE invoices SET tax_paid_minor = tax_paid_minor + 1 WHERE id = '{credited_bill}'",
        "invoice-tax-ledger",
        "{credited_bill}",
    ),
    Corruption(
        "the amount of a payment for an invoice",
        "UPDATE payments SET amount_minor = amount_minor + 1 WHERE id = '{bill_wire}'",
        "invoice-cash",
        "{credited_bill}",
    ),
    Corruption(
        "the cash of a settlement",
        "UPDATE invoices SET settled_minor = settled_minor + 1 WHERE id = '{settled_bill}'",
        "invoice-cash",
        "{settled_bill}",
    ),
    Corruption(
        "a payment for an order and an invoice",
        "UPDATE payments SET invoice_id = '{bill}' WHERE order_id = '{paid}'",
        "payment-order",
        "{wire}",
    ),
    Corruption(
        "an invoice's prepaid amount",
        "UPDATE invoices SET prepaid_minor = prepaid_minor + 1 WHERE id = '{bill}'",
        "invoice-lines",
        "{bill}",
    ),
    Corruption(
        "a prepaid amount of an invoice and its line",
        "UPDATE invoices SET prepaid_minor = prepaid_minor + 1 WHERE id = '{bill}';"
        " UPDATE invoice_lines SET prepaid_minor = prepaid_minor + 1 WHERE invoice_id = '{bill}' AND position = 0",
        "invoice-order",
        "{bill} 0",
    ),
    Corruption(
        "a missing credit note",
        "DELETE FROM credit_note_lines WHERE order_id = '{credited}'",
        "invoice-line-credited",
        "{credited_bill} 0",
    ),
    Corruption(
        "a credit note deleted with its lines",
        "DELETE FROM credit_note_lines WHERE order_id = '{repaid}'; DELETE FROM credit_notes WHERE reason = 'refunded'",
        "invoice-credited",
        "{credited_bill}",
    ),
    Corruption(
        "a number of a credit note that is missing",
        "DELETE FROM credit_note_lines WHERE order_id = '{repaid}'; DELETE FROM credit_notes WHERE reason = 'refunded'",
        "invoice-numbers",
        f"{FIRST_SELLER_ID} live CN {system_clock().year}",
    ),
    Corruption(
        "tax moved from one credit note to the next",
        "UPDATE credit_notes SET tax_minor = tax_minor + CASE WHEN reason = 'cancelled' THEN -1 ELSE 1 END",
        "credit-note-tax",
        "{cancelled_note}",
    ),
    Corruption(
        "money returned by a credit note whose invoice owes",
        "UPDATE credit_notes SET applied_minor = 0, returned_minor = 1 WHERE id = '{cancelled_note}'",
        "credit-note-money",
        "{cancelled_note}",
    ),
    Corruption(
        "money that a credit note neither applied nor returned",
        "UPDATE credit_notes SET applied_minor = 0, returned_minor = 0 WHERE id = '{refunded_note}'",
        "credit-note-ledger",
        "{refunded_note}",
    ),
    Corruption(
        "a credit note's mass",
        "UPDATE credit_notes SET mass_g = mass_g + 1 WHERE id = '{refunded_note}'",
        "credit-note-lines",
        "{refunded_note}",
    ),
    Corruption(
        "a credit note of an order that is on another invoice",
        "UPDATE credit_note_lines SET order_id = '{billed}' WHERE order_id = '{credited}'",
        "credit-note-lines",
        "{cancelled_note}",
    ),
    Corruption(
        "a credit note of no invoice",
        "UPDATE credit_notes SET invoice_id = '{new}' WHERE id = '{refunded_note}'",
        "credit-note-reference",
        "{refunded_note}",
    ),
    Corruption(
        "a line of no credit note",
        "UPDATE credit_note_lines SET credit_note_id = '{new}' WHERE order_id = '{credited}'",
        "credit-note-line-reference",
        "{new} 0",
    ),
    Corruption(
        "a paid invoice called pending",
        "UPDATE invoices SET status = 'PENDING', paid_at = NULL WHERE id = '{settled_bill}'",
        "invoice-told",
        "{settled_bill}",
    ),
    Corruption(
        "a number that no invoice has",
        "UPDATE number_counters SET last_number = last_number + 1 WHERE kind = 'INV'",
        "invoice-numbers",
        f"{FIRST_SELLER_ID} live INV {system_clock().year}",
    ),
    Corruption(
        "an invoice paid at no time",
        "UPDATE invoices SET paid_at = NULL WHERE id = '{settled_bill}'",
        "invoice-status",
        "{settled_bill}",
    ),
    Corruption(
        "an invoice line's amount and the total",
        "UPDATE invoice_lines SET billed_minor = billed_minor + 1"
        " WHERE invoice_id = '{bill}' AND position = 0; UPDATE invoices SET total_minor = total_minor + 1"
        " WHERE id = '{bill}'",
        "invoice-order",
        "{bill} 0",
    ),
    Corruption(
        "an invoice line of another order",
        "UPDATE invoice_lines SET order_id = '{issued}' WHERE invoice_id = '{bill}' AND position = 0",
        "order-billed",
        "{issued}",
    ),
    Corruption(
        "an invoice line deleted",
        "DELETE FROM invoice_lines WHERE invoice_id = '{bill}' AND position = 0",
        "order-billed",
        "{billed}",
    ),
    Corruption("a deleted invoice", "DELETE FROM invoices WHERE id = '{bill}'", "invoice-line-reference", "{bill} 0"),
    # Quotes and estimates.
    Corruption(
        "a quote's total",
        "UPDATE quotes SET total_cost_minor = total_cost_minor + 1 WHERE id = '{open_quote}'",
        "quote-lines",
        "{open_quote}",
    ),
    Corruption(
        "a quote's offset cost and total",
        "UPDATE quotes SET total_cost_minor = total_cost_minor + 9,"
        " offset_cost_minor = offset_cost_minor + 9 WHERE id = '{open_quote}'",
        "quote-lines",
        "{open_quote}",
    ),
    Corruption(
        "a quote's mass",
        "UPDATE quotes SET mass_g = mass_g + 1 WHERE id = '{open_quote}'",
        "quote-lines",
        "{open_quote}",
    ),
    Corruption(
        "a quote line's cost",
        "UPDATE quote_lines SET offset_cost_minor = offset_cost_minor + 1"
        " WHERE quote_id = '{open_quote}' AND position = 1",
        "quote-price",
        "{open_quote} 1",
    ),
    Corruption(
        "a quote line's unit price",
        "UPDATE quote_lines SET unit_price_micros = unit_price_micros - 1000000"
        " WHERE quote_id = '{open_quote}' AND position = 1",
        "quote-price",
        "{open_quote} 1",
    ),
    Corruption(
        "a deleted quote line",
        "DELETE FROM quote_lines WHERE quote_id = '{open_quote}' AND position = 1",
        "quote-lines",
        "{open_quote}",
    ),
    Corruption("a deleted quote", "DELETE FROM quotes WHERE id = '{used_quote}'", "order-quote", "{quoted}"),
    Corruption(
        "a used quote made unused",
        "UPDATE quotes SET order_id = NULL WHERE id = '{used_quote}'",
        "order-quote",
        "{quoted}",
    ),
    Corruption(
        "a quote used by another order",
        "UPDATE quotes SET order_id = '{issued}' WHERE id = '{used_quote}'",
        "quote-use",
        "{used_quote}",
    ),
    Corruption(
        "a used quote called released",
        "UPDATE quotes SET released_at = {now} WHERE id = '{used_quote}'",
        "quote-use",
        "{used_quote}",
    ),
    Corruption(
        "more quoted than was asked for",
        "UPDATE quotes SET requested_mass_g = 1 WHERE id = '{open_quote}'",
        "quote-requested",
        "{open_quote}",
    ),
    Corruption(
        "an estimate's mass",
        "UPDATE estimates SET mass_g = mass_g + 1 WHERE id = '{estimate}'",
        "order-estimate",
        "{estimated}",
    ),
    Corruption(
        "a quoted estimate's mass",
        "UPDATE estimates SET mass_g = mass_g + 1 WHERE id = '{estimate}'",
        "quote-estimate",
        "{estimated_quote}",
    ),
    Corruption(
        "a used estimate made unused",
        "UPDATE estimates SET order_id = NULL WHERE id = '{estimate}'",
        "order-estimate",
        "{estimated}",
    ),
    Corruption(
        "an estimate used by an order of something else",
        "UPDATE estimates SET order_id = '{issued}' WHERE id = '{unused_estimate}'",
        "estimate-use",
        "{unused_estimate}",
    ),
    # Webhooks.
    Corruption(
        "a delivery of an event that is not there",
        "UPDATE webhook_deliveries SET seq = 1000000 WHERE id = '{delivery}'",
        "webhook-delivery-reference",
        "{delivery}",
    ),
    Corruption(
        "a cursor of an endpoint that is not there",
        f"UPDATE webhook_cursors SET endpoint_id = '{NEW}' WHERE account_id = '{{account}}'",
        "webhook-cursor-reference",
        NEW,
    ),
    # Mail.
    Corruption(
        "a mail about an event that is not there",
        "UPDATE mails SET seq = 1000000 WHERE id = '{mail}'",
        "mail-reference",
        "{mail}",
    ),
    Corruption(
        "a mail cursor of no account",
        f"UPDATE mail_cursors SET account_id = '{NEW}'",
        "mail-cursor-reference",
        NEW,
    ),
    Corruption(
        "a reminder of an invoice that is not there",
        f"UPDATE invoice_reminders SET invoice_id = '{NEW}' WHERE invoice_id = '{{bill}}'",
        "reminder-of-an-invoice-reference",
        NEW,
    ),
    # Seals of events.
    *(
        Corruption(
            f"an event with another {column}",
            f"UPDATE events SET {column} = {value} WHERE account_id = '{{account}}' AND seq = 2",
            "event-seal",
            "2",
        )
        for column, value in (
            ("actor", "'key2'"),
            ("payload", "member(mass_g, 1001)"),
            ("created_at", "'2026-01-01 00:00:00.000001+00:00'"),
            ("event_type", "'order.placed!'"),
            ("order_id", "'{paid}'"),
            ("id", f"'{NEW}'"),
        )
    ),
    Corruption(
        "a deleted event that was sealed",
        "DELETE FROM events WHERE account_id = '{account}' AND seq = 2",
        "event-seal",
        "2",
    ),
    Corruption(
        "a deleted seal",
        "DELETE FROM event_seals WHERE account_id = '{account}' AND first_seq = 1",
        "event-seal-gap",
        "{second_seal}",
    ),
    Corruption(
        "a seal without its last digest",
        "UPDATE event_seals SET last_seq = last_seq + 1 WHERE account_id = '{account}' AND first_seq = {second_seal}",
        "event-seal-gap",
        "{second_seal}",
    ),
    Corruption(
        "a seal of events that are not there",
        "UPDATE event_seals SET last_seq = 1000000 WHERE account_id = '{account}' AND first_seq = {second_seal}",
        "event-seal-reference",
        "{second_seal}",
    ),
    # Events.
    Corruption(
        "a deleted event", "DELETE FROM events WHERE account_id = '{account}' AND seq = 2", "event-gap", "{account}"
    ),
    Corruption(
        "a head behind its events",
        "UPDATE account_heads SET event_seq = event_seq - 1 WHERE account_id = '{account}'",
        "event-gap",
        "{account}",
    ),
    Corruption(
        "the last event missing, and its head lowered",
        "DELETE FROM events WHERE account_id = '{trial}'"
        " AND seq = (SELECT event_seq FROM account_heads WHERE account_id = '{trial}');"
        " UPDATE account_heads SET event_seq = event_seq - 1 WHERE account_id = '{trial}'",
        "order-status-told",
        "{trial_done}",
    ),
    Corruption(
        "all events of an order moved to another",
        "UPDATE events SET order_id = '{billed}' WHERE order_id = '{issued}'",
        "order-told",
        "{issued}",
    ),
    Corruption(
        "an unknown type of event",
        "UPDATE events SET event_type = 'order.eaten' WHERE {issued_event_row}",
        "event-type",
        "{issued_event}",
    ),
    Corruption(
        "a fulfilled event called cancelled",
        "UPDATE events SET event_type = 'order.cancelled'"
        " WHERE order_id = '{issued}' AND event_type = 'order.fulfilled'",
        "order-status-told",
        "{issued}",
    ),
    Corruption(
        "a paid event called billed",
        "UPDATE events SET event_type = 'order.billed' WHERE order_id = '{paid}' AND event_type = 'order.paid'",
        "order-status-told",
        "{paid}",
    ),
    Corruption(
        "a completed event called failed",
        "UPDATE events SET event_type = 'order.failed'"
        " WHERE order_id = '{complete}' AND event_type = 'order.completed'",
        "event-status",
        "{completed_event}",
    ),
    Corruption(
        "a refund told as a payment",
        "UPDATE events SET event_type = 'order.paid' WHERE order_id = '{refunded}' AND event_type = 'order.refunded'",
        "event-payment",
        "{refunded_event}",
    ),
    Corruption(
        "the mass in a payload",
        "UPDATE events SET payload = member(mass_g, 7) WHERE {issued_event_row}",
        "order-told",
        "{issued}",
    ),
    Corruption(
        "the mass in an earlier payload",
        "UPDATE events SET payload = member(mass_g, 7) WHERE order_id = '{issued}' AND event_type = 'order.placed'",
        "event-amounts",
        "{issued_event}",
    ),
    Corruption(
        "the total in a payload",
        "UPDATE events SET payload = member(total_cost_minor, 7) WHERE {issued_event_row}",
        "order-told",
        "{issued}",
    ),
    Corruption(
        "a text for a number in a payload",
        'UPDATE events SET payload = member(total_cost_minor, "x")'
        " WHERE order_id = '{billed}' AND event_type = 'order.billed'",
        "invoice-order",
        "{bill} 0",
    ),
    Corruption(
        "what was paid in a payload",
        "UPDATE events SET payload = member(paid_minor, 0) WHERE order_id = '{paid}' AND event_type = 'order.paid'",
        "event-amounts",
        "{paid_event}",
    ),
    Corruption(
        "the currency in a payload",
        'UPDATE events SET payload = member(currency, "EUR") WHERE {issued_event_row}',
        "order-told",
        "{issued}",
    ),
    Corruption(
        "an empty payload", "UPDATE events SET payload = '{{}}' WHERE {issued_event_row}", "order-told", "{issued}"
    ),
    Corruption(
        "the amount in a payment's payload",
        "UPDATE events SET payload = member(amount_minor, 7) WHERE {topped_up_event_row}",
        "payment-told",
        "{topped_up}",
    ),
    Corruption(
        "the payment in a payment's payload",
        'UPDATE events SET payload = member(payment_id, "x") WHERE {topped_up_event_row}',
        "event-payment-row",
        "{topped_up_event}",
    ),
    Corruption(
        "the total in an invoice's payload",
        "UPDATE events SET payload = member(total_minor, 7) WHERE event_type = 'invoice.settled'",
        "invoice-told",
        "{settled_bill}",
    ),
    Corruption(
        "events of no account",
        "UPDATE events SET account_id = '{new}' WHERE account_id = '{client}'",
        "event-gap",
        "{client}",
    ),
    # Certificates.
    Corruption(
        "a certificate's facts",
        "UPDATE certificates SET facts = replace(facts, '\"live\"', '\"LIVE\"') WHERE order_id = '{complete}'",
        "certificate-facts",
        "{complete}",
    ),
    Corruption(
        "a certificate's hash",
        "UPDATE certificates SET sha256 = '{zeros}' WHERE order_id = '{complete}'",
        "certificate-facts",
        "{complete}",
    ),
    Corruption(
        "a certificate of another order",
        "DELETE FROM certificates WHERE order_id = '{due}';"
        " UPDATE certificates SET order_id = '{due}' WHERE order_id = '{complete}'",
        "certificate-facts",
        "{due}",
    ),
    Corruption(
        "a certificate's number",
        "UPDATE certificates SET number = 'CR-0000-0000-0000' WHERE order_id = '{complete}'",
        "certificate-facts",
        "{complete}",
    ),
    Corruption(
        "a logo with other bytes",
        "UPDATE logos SET media_type = 'image/png', sha256 = '{zeros}'",
        "logo-digest",
        "{zeros}",
    ),
    # Registry entries.
    Corruption(
        "an entry of credits that nobody retired",
        "UPDATE registry_retirements SET start_g = 5000000, end_g = 6000000 WHERE id = '{entry_VCS-OLD-1}'",
        "registry-entry-credits",
        "{entry_VCS-OLD-1}",
    ),
    Corruption(
        "an entry of another order, which has none of the credits",
        "UPDATE registry_retirements SET order_id = '{issued}' WHERE id = '{entry_VCS-OLD-1}'",
        "registry-entry-credits",
        "{entry_VCS-OLD-1}",
    ),
    Corruption(
        "two entries of the same credits",
        "INSERT INTO registry_retirements (id, reference, fingerprint, batch_id, start_g, end_g, retired_on,"
        " created_at)"
        " SELECT 'ffffffff-0000-4000-8000-000000000001', 'again', fingerprint, batch_id, start_g, end_g, retired_on,"
        " created_at FROM registry_retirements WHERE id = '{entry_VCS-OLD-1}'",
        "registry-entry-overlap",
        "{entry_VCS-OLD-1}",
    ),
    Corruption(
        "an entry of a batch that does not exist",
        "UPDATE registry_retirements SET batch_id = '{new}' WHERE id = '{entry_VCS-OLD-1}'",
        "registry-retirement-reference",
        "{entry_VCS-OLD-1}",
    ),
    Corruption(
        "the reference in a retirement certificate's facts",
        "UPDATE retirement_certificates SET facts = replace(facts, 'VCS-OLD', 'VCS-ODD')",
        "retirement-certificate-facts",
        "{complete} 1",
    ),
    Corruption(
        "a retirement certificate's number",
        "UPDATE retirement_certificates SET number = 'RT-0000-0000-0000'",
        "retirement-certificate-facts",
        "{complete} 1",
    ),
    Corruption(
        "a deleted retirement certificate",
        "DELETE FROM retirement_certificates",
        "retirement-certified",
        "{complete}",
    ),
    Corruption(
        "a retirement certificate of no order",
        "UPDATE retirement_certificates SET order_id = '{new}'",
        "retirement-certificate-reference",
        "{new} 1",
    ),
    Corruption(
        "a deleted certificate",
        "DELETE FROM certificates WHERE order_id = '{complete}'",
        "order-certified",
        "{complete}",
    ),
    Corruption(
        "a certificate of an order that is not complete",
        "INSERT INTO certificates (account_id, order_id, due_at) SELECT account_id, id, created_at FROM orders"
        " WHERE id = '{issued}'",
        "order-certified",
        "{issued}",
    ),
    Corruption(
        "the retired grams that a certificate does not state",
        "UPDATE retirements SET end_g = end_g + 1 WHERE order_id = '{complete}' AND position = 1",
        "certificate-facts",
        "{complete}",
    ),
    # Accounts, keys and the catalogue.
    Corruption(
        "a client under another parent",
        "UPDATE accounts SET parent_account_id = '{live}' WHERE id = '{client}'",
        "account-parent",
        "{client}",
    ),
    Corruption(
        "a client under itself",
        "UPDATE accounts SET parent_account_id = id WHERE id = '{client}'",
        "account-parent",
        "{client}",
    ),
    Corruption(
        "a client without a parent",
        "UPDATE accounts SET parent_account_id = NULL WHERE id = '{client}'",
        "account-mode",
        "{client}",
    ),
    Corruption(
        "a client account moved, by the event of its creation",
        "UPDATE accounts SET parent_account_id = '{live}' WHERE id = '{client}'",
        "client-told",
        "{client_event}",
    ),
    Corruption(
        "a test account made live", "UPDATE accounts SET mode = 'live' WHERE id = '{trial}'", "account-mode", "{trial}"
    ),
    Corruption(
        "a live account made a test account",
        "UPDATE accounts SET mode = 'test' WHERE id = '{account}'",
        "account-parent",
        "{client}",
    ),
    Corruption(
        "an account without a head",
        "DELETE FROM account_heads WHERE account_id = '{live}'",
        "account-reference",
        "{live}",
    ),
    Corruption("a deleted account", "DELETE FROM accounts WHERE id = '{trial}'", "order-reference", "{short}"),
    Corruption(
        "an account with another's portfolio",
        "UPDATE accounts SET portfolio_id = '{portfolio}' WHERE id = '{account}'",
        "account-portfolio",
        "{account}",
    ),
    Corruption(
        "a portfolio's weight",
        "UPDATE portfolio_weights SET hundredths = hundredths - 1 WHERE portfolio_id = '{portfolio}'",
        "portfolio-weights",
        "{portfolio}",
    ),
    Corruption(
        "a portfolio without weights",
        "DELETE FROM portfolio_weights WHERE portfolio_id = '{portfolio}'",
        "portfolio-weights",
        "{portfolio}",
    ),
    Corruption(
        "a weight of no bundle",
        "UPDATE portfolio_weights SET bundle_id = '{new}' WHERE portfolio_id = '{portfolio}'",
        "weight-reference",
        "{portfolio} {new}",
    ),
    Corruption(
        "a price of zero",
        "UPDATE prices SET unit_price_micros = 0 WHERE bundle_id = '{ocean}' AND currency = 'JPY'",
        "price-value",
        "{ocean} JPY 0",
    ),
    Corruption(
        "a tier that rises",
        "UPDATE prices SET unit_price_micros = 900000000 WHERE bundle_id = '{ocean}' AND minimum_mass_g > 0",
        "price-tiers",
        "{ocean} USD",
    ),
    Corruption(
        "a price of no bundle",
        "UPDATE prices SET bundle_id = '{new}' WHERE bundle_id = '{ocean}' AND currency = 'JPY'",
        "price-reference",
        "{new} JPY 0",
    ),
    Corruption(
        "a key stored in clear",
        "UPDATE api_keys SET digest = 'co_live_abc' WHERE key_id = '{key}'",
        "key-form",
        "{key}",
    ),
    Corruption(
        "a key with a scope that there is not",
        "UPDATE api_keys SET scopes = '[\"root\"]' WHERE key_id = '{key}'",
        "key-form",
        "{key}",
    ),
    Corruption(
        "a key of no account",
        "UPDATE api_keys SET account_id = '{new}' WHERE key_id = '{key}'",
        "api-key-reference",
        "{key}",
    ),
    Corruption(
        "a contact of no account",
        "UPDATE contacts SET account_id = '{new}' WHERE email = 'ada@example.com'",
        "contact-reference",
        "ada@example.com",
    ),
    Corruption(
        "a page of no account",
        "UPDATE sustainability_pages SET account_id = '{new}' WHERE slug = 'everything'",
        "sustainability-page-reference",
        "{new}",
    ),
)


class World(NamedTuple):
    """A database in which everything has happened, and the names of its rows."""

    url: str
    names: dict[str, Any]


async def build(url: str) -> World:
    database = await Database.open(url)
    try:
        names = await open_everything(database)
        return World(url, {**names, **await more_names(database.reader, names)})
    finally:
        await database.close()


async def more_names(reader: Statements, names: dict[str, Any]) -> dict[str, Any]:
    """Keys of rows that have no ids of their own, or ids that only the service knows."""

    async def one(column: str, rest: str) -> Any:
        (row,) = await reader.fetch(f"SELECT {column} AS found FROM {rest}")
        return row["found"]

    entries = {
        f"{name}_entry": await one("id", f"credit_entries WHERE order_id = '{names[order]}' AND mass_g > 0 LIMIT 1")
        for name, order in (("paid", "paid"), ("issued", "issued"), ("trial", "short"))
    }
    last = {
        f"{name}_event": await one("max(seq)", f"events WHERE order_id = '{names[name]}'")
        for name in ("issued", "paid", "complete", "refunded", "cancelled")
    }
    account = names["account"]
    topped_up = await one(
        "seq",
        f"events WHERE event_type = 'payment.recorded' AND account_id = '{account}' AND order_id IS NULL"
        f" AND CAST(payload ->> 'reference' AS TEXT) = 'topped_up'",
    )
    return {
        **entries,
        **last,
        "completed_event": await one(
            "seq", f"events WHERE order_id = '{names['complete']}' AND event_type = 'order.completed'"
        ),
        "complete_totals": await one(
            "min(CAST(day AS TEXT) || ' ' || currency || ' ' || status || ' ' || payment_status || ' ' || kind)",
            f"order_totals WHERE account_id = '{account}' AND status = 'COMPLETE' AND orders > 0",
        ),
        "second_seal": await one("min(first_seq)", f"event_seals WHERE account_id = '{account}' AND first_seq > 1"),
        "new": NEW,
        "now": NOW,
        "zeros": "0" * 64,
        "issued_event_row": f"account_id = '{account}' AND seq = {last['issued_event']}",
        "topped_up_event": topped_up,
        "topped_up_event_row": f"account_id = '{account}' AND seq = {topped_up}",
        "received_event": await one("seq", "events WHERE event_type = 'batch.received'"),
        "client_event": await one("seq", "events WHERE event_type = 'account.created'"),
        "issued_journal": await one(
            "journal_id", f"ledger_entries WHERE order_id = '{names['issued']}' AND ledger_account = 'sales'"
        ),
        **{
            f"{reason}_note": await one("id", f"credit_notes WHERE reason = '{reason}'")
            for reason in ("cancelled", "refunded")
        },
        "held_batch": await one("batch_id", f"quote_holds WHERE quote_id = '{names['holding']}' AND position = 0"),
        "retired_batch": await one("batch_id", f"retirements WHERE order_id = '{names['complete']}' AND position = 0"),
        "ocean_project": await one("project_id", f"credit_batches WHERE id = '{names['deep']}'"),
    }


@pytest.fixture(scope="module")
def sqlite_world(sqlite_template: Path) -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="carbon-audit-") as folder:
        shutil.copyfile(sqlite_template, f"{folder}/world.sqlite3")
        world: World = run(build(f"sqlite://{folder}/world.sqlite3"))
        with sqlite3.connect(f"{folder}/world.sqlite3") as connection:
            triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (name,) in triggers:
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        yield world


@pytest.fixture(scope="module")
def postgresql_world(postgres_template: Postgres) -> Iterator[World]:
    name = "audited"
    postgres_template.execute(f"CREATE DATABASE {name} TEMPLATE migrated_template")
    world = run(build(postgres_template.uri(name)))
    constraints = postgres_template.execute(
        "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I;', conrelid::regclass, conname) FROM pg_constraint"
        " WHERE contype = 'c' AND connamespace = 'public'::regnamespace",
        database=name,
    )
    postgres_template.execute(constraints, database=name)
    yield world
    postgres_template.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest) -> World:
    built: World = request.getfixturevalue(f"{request.param}_world")
    return built


class Undone(Exception):  # noqa: N818 - no error
    """Ends a transaction that is not to be committed."""


@pytest.fixture
async def opened(world: World) -> AsyncIterator[Database]:
    database = await Database.open(world.url, pool_size_max=1)
    yield database
    await database.close()


async def found_after(world: World, opened: Database, tmp_path: Path, corruption: Corruption) -> list[str]:
    """The rows that the corruption's check names once it is planted; the world stays as it was."""
    statements = [each.strip() for each in corruption.sql.format(**world.names).split(";")]
    check = BY_ID[corruption.check]
    if opened.dialect == "sqlite":
        # A connection of its own can switch foreign keys and CHECKs off.
        file = tmp_path / "corrupted.sqlite3"
        shutil.copyfile(world.url.removeprefix("sqlite://"), file)
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            for sql in statements:
                assert connection.execute(_with_members(sql, r"json_set(payload, '$.\1', json('\2'))")).rowcount, sql
        connection.close()
        corrupted = await Database.open(f"sqlite://{file}")
        try:
            return [row for _, row in (await find(corrupted.reader, check))[1]]
        finally:
            await corrupted.close()
    found: list[str] = []
    with contextlib.suppress(Undone):
        async with opened.transaction() as session:
            await session.execute("SET LOCAL session_replication_role = replica")
            for sql in statements:
                assert await session.execute(_with_members(sql, r"jsonb_set(payload, '{\1}', '\2')")), sql
            found = [row for _, row in (await find(session, check))[1]]
            raise Undone
    return found


def _with_members(sql: str, change: str) -> str:
    """The SQL with `member(name, value)`, the payload with that member, as the dialect says it."""
    return re.sub(r"member\((\w+), ([^)]+)\)", change, sql)


async def test_a_shop_in_which_everything_has_happened_has_no_finding(opened: Database):
    await assert_audit_finds_nothing(opened)
    for table in sorted({check.table for check in CHECKS}):
        assert (await opened.reader.fetch(f"SELECT count(*) AS there FROM {table}"))[0]["there"], table


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda each: each.what.replace(" ", "-"))
async def test_a_corruption_is_found_and_its_row_named(
    world: World, opened: Database, tmp_path: Path, corruption: Corruption
):
    assert corruption.row.format(**world.names) in await found_after(world, opened, tmp_path, corruption)


def test_each_check_finds_a_corruption():
    assert {check.id for check in CHECKS if not check.id.endswith("-reference")} == {
        each.check for each in CORRUPTIONS if not each.check.endswith("-reference")
    }
    assert len({each.what for each in CORRUPTIONS}) == len(CORRUPTIONS)
    assert len(CORRUPTIONS) >= 88
