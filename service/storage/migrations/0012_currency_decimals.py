"""Amounts in the currencies that gained decimals, written in the minor units that the service counts in from now on.

Until now decimals came from CLDR, which gives none to currencies whose coins are out of use; ISO 4217 gives them two or
three. Every stored amount in such a currency is multiplied, in columns and in payloads of events. Unit prices are
counted in millionths of a currency unit and stay. No currency loses decimals, so nothing is rounded.

All names and factors stand here as they were: later releases may change the tables and the list of currencies.
"""

from collections.abc import Mapping
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.migrations.migration import Migration as TortoiseMigration
from tortoise.migrations.operations import Operation
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State

from service.storage.migrations._offline import MigrationRefused

HUNDREDFOLD = ("AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER")
FACTORS = dict.fromkeys(HUNDREDFOLD, 100) | {"IQD": 1_000}
AMOUNT_MAX = 10**15
"""The greatest amount in minor units that the service counts with."""

AMOUNTS: Mapping[str, tuple[str, ...]] = {
    "quotes": ("requested_value_minor", "offset_cost_minor", "commission_minor", "total_cost_minor"),
    "orders": ("requested_value_minor", "offset_cost_minor", "commission_minor", "total_cost_minor", "paid_minor"),
    "balances": ("amount_minor", "owed_minor", "credit_limit_minor", "owed_when_limited_minor"),
    "ledger_entries": ("amount_minor",),
    "payments": ("amount_minor",),
    "invoices": ("total_minor",),
}
"""The columns of each table whose rows have a currency."""
LINES: Mapping[str, tuple[str, str, str]] = {
    "quote_lines": ("offset_cost_minor", "quotes", "quote_id"),
    "order_lines": ("offset_cost_minor", "orders", "order_id"),
    "invoice_lines": ("billed_minor", "invoices", "invoice_id"),
}
"""The column of each table whose rows have their parent's currency, the parent, and the column that names it."""
IDS = {"balances": "account_id", "ledger_entries": "journal_id"}
TRIGGERS: Mapping[bool, Mapping[str, str]] = {
    False: {
        "events_append_only": "events",
        "ledger_entries_append_only": "ledger_entries",
        "payments_append_only": "payments",
        "invoice_lines_append_only": "invoice_lines",
        "invoices_issued_once": "invoices",
        "invoices_paid_once": "invoices",
    },
    True: {
        "events_no_update": "events",
        "ledger_entries_no_update": "ledger_entries",
        "payments_no_update": "payments",
        "invoice_lines_no_update": "invoice_lines",
        "invoices_issued_once": "invoices",
        "invoices_paid_once": "invoices",
    },
}
"""Triggers that refuse to change existing rows, each with its table, for SQLite (True) and PostgreSQL (False). Triggers
against deletion stay.
"""

_CODES = ", ".join(f"'{code}'" for code in FACTORS)
_STANDS = "o.status NOT IN ('CANCELLED', 'FAILED') AND o.payment_status <> 'REFUNDED'"
EQUATIONS = {
    "journals that do not sum to zero": (
        f"SELECT account_id, journal_id AS id FROM ledger_entries WHERE currency IN ({_CODES})"
        " GROUP BY account_id, journal_id HAVING sum(amount_minor) <> 0"
    ),
    "orders that are not owed or earned as the ledger says": (
        "SELECT o.account_id, o.id FROM orders o LEFT JOIN"
        " (SELECT coalesce(order_account_id, account_id) AS account_id, order_id,"
        " sum(CASE WHEN ledger_account = 'receivable' THEN amount_minor ELSE 0 END) AS receivable,"
        " sum(CASE WHEN ledger_account = 'sales' THEN amount_minor ELSE 0 END) AS sales,"
        " sum(CASE WHEN ledger_account = 'commission' THEN amount_minor ELSE 0 END) AS commission"
        f" FROM ledger_entries WHERE order_id IS NOT NULL AND currency IN ({_CODES}) GROUP BY 1, 2) e"
        f" ON e.account_id = o.account_id AND e.order_id = o.id WHERE o.currency IN ({_CODES})"
        f" AND (coalesce(e.receivable, 0) <> CASE WHEN {_STANDS} THEN o.total_cost_minor - o.paid_minor ELSE 0 END"
        f" OR coalesce(e.sales, 0) <> CASE WHEN {_STANDS} THEN -o.offset_cost_minor ELSE 0 END"
        f" OR coalesce(e.commission, 0) <> CASE WHEN {_STANDS} THEN -o.commission_minor ELSE 0 END)"
    ),
    "balances that the ledger does not have": (
        "SELECT account_id, currency AS id FROM (SELECT account_id, currency, amount_minor FROM balances UNION ALL"
        " SELECT account_id, currency, amount_minor FROM ledger_entries WHERE ledger_account = 'balance') b"
        f" WHERE currency IN ({_CODES}) GROUP BY account_id, currency HAVING sum(amount_minor) <> 0"
    ),
    "debts that the ledger does not have": (
        "SELECT account_id, currency AS id FROM (SELECT account_id, currency, -owed_minor AS amount_minor FROM balances"
        " UNION ALL SELECT account_id, currency, amount_minor FROM ledger_entries WHERE ledger_account = 'receivable')"
        f" b WHERE currency IN ({_CODES}) GROUP BY account_id, currency HAVING sum(amount_minor) <> 0"
    ),
    "debts above their credit limit": (
        f"SELECT account_id, currency AS id FROM balances WHERE currency IN ({_CODES})"
        " AND owed_minor > credit_limit_minor AND owed_minor > owed_when_limited_minor"
    ),
    "cash that no payment or paid invoice brought": (
        "SELECT account_id, currency AS id FROM"
        " (SELECT account_id, currency, -amount_minor AS amount_minor FROM ledger_entries WHERE ledger_account = 'cash'"
        " UNION ALL SELECT account_id, currency, amount_minor FROM payments"
        " UNION ALL SELECT account_id, currency, total_minor FROM invoices WHERE paid_at IS NOT NULL) c"
        f" WHERE currency IN ({_CODES}) GROUP BY account_id, currency HAVING sum(amount_minor) <> 0"
    ),
    "invoices that are not the sum of their lines": (
        "SELECT i.account_id, i.id FROM invoices i LEFT JOIN invoice_lines l"
        f" ON l.account_id = i.account_id AND l.invoice_id = i.id WHERE i.currency IN ({_CODES})"
        " GROUP BY i.account_id, i.id, i.total_minor HAVING i.total_minor <> coalesce(sum(l.billed_minor), 0)"
    ),
}
"""Checks of the books: each statement selects the rows that deviate, which are the same before and after."""


def factor_of(currency: str) -> str:
    """Return the SQL of the factor for an SQL expression of one of the currencies."""
    return f"CASE {currency} WHEN 'IQD' THEN 1000 ELSE 100 END"


class MultiplyAmounts(Operation):
    """Multiply every amount in one of the currencies, unless there is none; refuse one that would become too large."""

    def describe(self) -> str:
        return "multiply amounts in currencies that gained decimals"

    def state_forward(self, app_label: str, state: State) -> None:
        """Keep no picture of the models."""

    async def database_forward(
        self,
        app_label: str,  # noqa: ARG002 - Tortoise's signature
        old_state: State,  # noqa: ARG002
        new_state: State,  # noqa: ARG002
        state_editor: BaseSchemaEditor | None = None,
    ) -> None:
        if state_editor is None:
            return
        client = state_editor.client
        if not await _has_rows(client, AMOUNTS):
            return
        await _refuse_too_large(client)
        sums, deviations = await _sums(client), await _deviations(client)
        lifted = await _lift_triggers(client)
        for statement in (*_updates_of_columns(), _update_of_events(client)):
            await client.execute_query(statement)
        for statement in lifted:
            await client.execute_query(statement)
        expected = {key: amount * FACTORS[key[-1]] for key, amount in sums.items()}
        if await _sums(client) != expected or await _deviations(client) != deviations:
            raise RuntimeError("amounts deviate after they were multiplied; nothing was changed")


async def _has_rows(client: BaseDBAsyncClient, tables: Mapping[str, Any]) -> bool:
    for table in tables:
        found = await client.execute_query_dict(f"SELECT 1 AS one FROM {table} WHERE currency IN ({_CODES}) LIMIT 1")
        if found:
            return True
    return False


async def _refuse_too_large(client: BaseDBAsyncClient) -> None:
    for table, columns in AMOUNTS.items():
        for column in columns:
            rows = await client.execute_query_dict(
                f"SELECT account_id, {IDS.get(table, 'id')} AS id, currency, {column} AS amount FROM {table}"
                f" WHERE currency IN ({_CODES}) AND abs({column}) > {AMOUNT_MAX} / {factor_of('currency')}"
                " ORDER BY 1, 2 LIMIT 1"
            )
            for row in rows:
                raise MigrationRefused(
                    f"{table}: {column} of {row['account_id']} {row['id']} is {row['amount']} {row['currency']}. In the"
                    f" decimals of ISO 4217 the service counts up to {AMOUNT_MAX // FACTORS[row['currency']]}. Nothing"
                    " was changed; the previous release goes on working on this database."
                )


async def _sums(client: BaseDBAsyncClient) -> dict[tuple[str, ...], int]:
    """Return the sum of each column and each member of events, by name and currency."""
    # In two parts, because SQLite gives up where a sum leaves 64 bits.
    parts = "sum({0} / 1000000000) AS high, sum({0} % 1000000000) AS low"
    selects = [
        f"SELECT '{table}' AS place, '{column}' AS name, currency, {parts.format(column)} FROM {table}"
        f" WHERE currency IN ({_CODES}) AND {column} IS NOT NULL GROUP BY currency"
        for table, columns in AMOUNTS.items()
        for column in columns
    ]
    selects += [
        f"SELECT '{table}' AS place, '{column}' AS name, p.currency, {parts.format('l.' + column)} FROM {table} l"
        f" JOIN {parent} p ON p.account_id = l.account_id AND p.id = l.{parent_id} WHERE p.currency IN ({_CODES})"
        " GROUP BY p.currency"
        for table, (column, parent, parent_id) in LINES.items()
    ]
    currency, members = _members_of_events(client)
    selects.append(
        f"SELECT 'events' AS place, m.key AS name, {currency} AS currency, {parts.format('CAST(m.value AS BIGINT)')}"
        f" FROM events, {members} AND {currency} IN ({_CODES}) GROUP BY m.key, {currency}"
    )
    return {
        (row["place"], row["name"], row["currency"]): int(row["high"]) * 10**9 + int(row["low"])
        for select in selects
        for row in await client.execute_query_dict(select)
    }


async def _deviations(client: BaseDBAsyncClient) -> dict[str, set[tuple[str, str]]]:
    return {
        name: {(str(row["account_id"]), str(row["id"])) for row in await client.execute_query_dict(select)}
        for name, select in EQUATIONS.items()
    }


async def _lift_triggers(client: BaseDBAsyncClient) -> list[str]:
    """Let rows be changed that stand; return the statements that forbid it again."""
    again: list[str] = []
    for name, table in TRIGGERS[_is_sqlite(client)].items():
        if not _is_sqlite(client):
            await client.execute_query(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
            again.append(f"ALTER TABLE {table} ENABLE TRIGGER {name}")
        else:
            (row,) = await client.execute_query_dict(
                f"SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = '{name}' AND tbl_name = '{table}'"
            )
            await client.execute_query(f"DROP TRIGGER {name}")
            again.append(row["sql"])
    return again


def _updates_of_columns() -> list[str]:
    # Lines by their parents' currency, which no statement here changes.
    factor = factor_of("currency")
    rows = [
        f"UPDATE {table} SET {', '.join(f'{column} = {column} * {factor}' for column in columns)}"
        f" WHERE currency IN ({_CODES})"
        for table, columns in AMOUNTS.items()
    ]
    lines = [
        f"UPDATE {table} SET {column} = {table}.{column} * {factor_of('p.currency')} FROM {parent} p"
        f" WHERE p.account_id = {table}.account_id AND p.id = {table}.{parent_id} AND p.currency IN ({_CODES})"
        for table, (column, parent, parent_id) in LINES.items()
    ]
    return [*rows, *lines]


def _update_of_events(client: BaseDBAsyncClient) -> str:
    currency, members = _members_of_events(client)
    multiplied = f"m.key, CAST(m.value AS BIGINT) * {factor_of(currency)}"
    changed = f"payload || coalesce((SELECT jsonb_object_agg({multiplied}) FROM {members}), '{{}}')"
    if _is_sqlite(client):
        changed = f"json_patch(payload, (SELECT json_group_object({multiplied}) FROM {members}))"
    return f"UPDATE events SET payload = {changed} WHERE {currency} IN ({_CODES})"


def _members_of_events(client: BaseDBAsyncClient) -> tuple[str, str]:
    """Return the SQL of an event's currency, and that of the amounts in its payload as rows `m` of key and value."""
    amounts = "m.key LIKE '%!_minor' ESCAPE '!'"
    if _is_sqlite(client):
        return "json_extract(payload, '$.currency')", f"json_each(payload) m WHERE {amounts} AND m.type = 'integer'"
    number = "jsonb_typeof(payload -> m.key) = 'number'"
    return "(payload ->> 'currency')", f"jsonb_each_text(payload) m WHERE {amounts} AND {number}"


def _is_sqlite(client: BaseDBAsyncClient) -> bool:
    return client.capabilities.dialect == "sqlite"


class Migration(TortoiseMigration):
    dependencies = [("storage", "0011_secret_check")]  # noqa: RUF012 - Tortoise's way to declare them
    operations = [MultiplyAmounts()]  # noqa: RUF012

    async def needs_offline(self, client: BaseDBAsyncClient) -> bool:
        """Return whether an account, a price or an amount has one of the currencies."""
        # Another process would write amounts in former decimals where an account or a price has such a currency.
        return await _has_rows(client, {**AMOUNTS, "accounts": (), "prices": ()})
