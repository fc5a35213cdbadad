"""Placement of the tables on the nodes of a Citus cluster; SQL because functions of Citus place them.

A cluster is a PostgreSQL whose tables lie on several servers. Rows of accounts lie on the node of their account. Stock
and queue lie on the coordinator, because orders of all accounts meet there, and the catalogue is copied to each node.
Decision 0025 has what was measured.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tortoise.models import Model

from service.kit.database_address import parse_address
from service.storage import models
from service.storage.engines import Statements
from service.storage.engines.postgresql import PostgresqlClient, PostgresqlStatements
from service.storage.engines.postgresql_session import IS_DISTRIBUTED
from service.storage.migrations import HISTORY, LOCK_TIMEOUT_MS, MigrationRefused

ON_EACH_NODE: tuple[type[Model], ...] = (
    models.Logo,
    models.Organisation,
    models.Account,
    models.ApiKey,
    models.SustainabilityPage,
    models.ProjectCategory,
    models.Project,
    models.Bundle,
    models.BundleProject,
    models.Price,
    models.Portfolio,
    models.PortfolioWeight,
    models.Seller,
)
"""Tables copied to every node: small and rarely written, and most of them read with every order. A write needs all
nodes. Pages are among them because their slugs are unique across all accounts.
"""

ON_COORDINATOR: tuple[type[Model], ...] = (
    models.CreditBatch,
    models.SerialSeries,
    models.SerialClaim,
    models.RegistryRetirement,
    models.Backorder,
    models.NumberCounter,
    models.WorkerFailure,
    models.SecretCheck,
)
"""Tables whose rows are shared by all accounts, or that are read without an account."""

_UNENFORCED = {
    "retirements_batch_id_start_g_key": ("retirements", "batch_id, start_g"),
    "certificates_token_key": ("certificates", "token"),
}
"""Unique constraints whose columns do not include the account, by name, with table and columns. No node sees all rows,
so in a cluster each becomes a plain index. A gram of a batch still cannot be retired twice: `credit_batches.retired_g`
grows by a conditional update, and `carbon-orders audit` compares the intervals. Tokens are 256 random bits.
"""

_SETTINGS = {"citus.multi_shard_modify_mode": "sequential", "citus.enable_unsafe_triggers": "on"}
"""Settings of the database that later sessions need: to write tables that are on each node together with others, and
to let migrations make triggers, which run on the node of their row.
"""


_NODES = "FROM pg_dist_node WHERE noderole = 'primary' AND isactive"
_PLACED = "SELECT logicalrelid::regclass::text AS name FROM pg_dist_partition WHERE partmethod = 'h' OR repmodel = 't'"


@dataclass(frozen=True, slots=True)
class _ForeignKey:
    table: str
    name: str
    target: str
    definition: str


def _names(tables: Iterable[type[Model]]) -> tuple[str, ...]:
    return tuple(table._meta.db_table for table in tables)  # noqa: SLF001 - as in tables.py


def by_account() -> tuple[str, ...]:
    """Return the names of the tables whose rows lie on the node of their account."""
    placed = set(_names((*ON_EACH_NODE, *ON_COORDINATOR)))
    every = _names(getattr(models, name) for name in models.__all__)
    return tuple(name for name in every if name not in placed)


async def distribute(url: str, *, pooled: bool = False) -> list[str]:
    """Place every table that is not placed yet, and return their names; `[]` if there were none.

    Moves the rows of the tables, in one transaction: if it is killed, the tables are unchanged. Requests wait for it,
    so stop the service if tables have millions of rows. Raises `MigrationRefused` if the database has no extension
    citus, or no node except the coordinator.
    """
    if parse_address(url).dialect == "sqlite":
        raise MigrationRefused("An SQLite file cannot be distributed. SERVICE_DATABASE_URL must name a PostgreSQL.")
    client = PostgresqlClient(url, pool_size_max=1, statement_timeout_ms=0, idle_transaction_ms=0, pooled=pooled)
    try:
        await client.create_connection(with_db=True)
        async with client.transaction() as transaction:
            statements = PostgresqlStatements(transaction)
            await _require_nodes(statements)
            await statements.execute(
                f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}; LOCK TABLE {HISTORY} IN EXCLUSIVE MODE;"
                + "".join(f" SET LOCAL {name} = '{value}';" for name, value in _SETTINGS.items())
            )
            return await _place_missing(statements)
    finally:
        await client.close()


@dataclass(frozen=True, slots=True)
class Cluster:
    """State of a cluster: the number of nodes for tables of accounts, the nodes that the coordinator cannot reach, and
    the tables that are not placed yet.
    """

    nodes: int
    away: tuple[str, ...]
    unplaced: tuple[str, ...]


async def cluster(statements: Statements) -> Cluster | None:
    """Return the state of the cluster; None if the database is not a cluster."""
    if not statements.is_distributed:
        return None
    rows = await statements.fetch(
        "SELECT nodename || ':' || nodeport AS name, citus_check_connection_to_node(nodename, nodeport) AS is_reached"
        f" {_NODES} AND groupid <> 0 ORDER BY nodename, nodeport"
    )
    away = tuple(row["name"] for row in rows if not row["is_reached"])
    return Cluster(len(rows), away, tuple(_missing(await statements.fetch(_PLACED))))


def _missing(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the tables that are not placed yet, in the order in which they must be placed."""
    placed = {row["name"] for row in rows}
    return [name for name in (*_names(ON_EACH_NODE), *by_account()) if name not in placed]


async def _require_nodes(statements: Statements) -> None:
    (row,) = await statements.fetch(f"SELECT ({IS_DISTRIBUTED}) AS has_extension")
    if not row["has_extension"]:
        raise MigrationRefused("The database has no extension citus: run CREATE EXTENSION citus on each node of it.")
    (row,) = await statements.fetch(
        "SELECT COUNT(*) FILTER (WHERE groupid <> 0) AS nodes, COUNT(*) FILTER (WHERE groupid = 0) AS coordinators"
        f" {_NODES}"
    )
    if not row["nodes"] or not row["coordinators"]:
        raise MigrationRefused(
            "The cluster has no other node, or its coordinator is not named: docs/scaling.md says how to add both."
        )


async def _place_missing(statements: Statements) -> list[str]:
    missing = _missing(await statements.fetch(_PLACED))
    if not missing:
        return []
    # Foreign keys are removed while tables are placed, because the referenced table may be placed later.
    keys = await _foreign_keys(statements, {*missing, *_names(ON_COORDINATOR)})
    for key in keys:
        await statements.execute(f"ALTER TABLE {key.table} DROP CONSTRAINT {key.name}")
    await _replace_unique_sets(statements, missing)
    # Rows that move are no new ones: they would be counted twice, in a table that is not placed yet.
    triggers = await counting_triggers(statements, missing)
    for trigger in triggers:
        await statements.execute(f"DROP TRIGGER {trigger['name']} ON {trigger['table']}")
    for name in missing:
        await statements.fetch(f"SELECT {_placing(name)}::text")
    for trigger in triggers:
        await statements.execute(trigger["definition"])
    for key in keys:
        if _may_refer(key):
            await statements.execute(f"ALTER TABLE {key.table} ADD CONSTRAINT {key.name} {key.definition}")
    (row,) = await statements.fetch("SELECT quote_ident(current_database()) AS name")
    for name, value in _SETTINGS.items():
        await statements.execute(f"ALTER DATABASE {row['name']} SET {name} = '{value}'")
    return missing


async def _replace_unique_sets(statements: Statements, missing: list[str]) -> None:
    for name, (table, columns) in _UNENFORCED.items():
        if table in missing:
            await statements.execute(
                f"ALTER TABLE {table} DROP CONSTRAINT {name}; CREATE INDEX {name} ON {table} ({columns})"
            )


async def counting_triggers(statements: Statements, tables: Collection[str]) -> list[Mapping[str, Any]]:
    """Return the triggers of the tables that fire after a change. Those before one refuse it, but never a new row."""
    rows = await statements.fetch(
        "SELECT tgrelid::regclass::text AS table, tgname AS name, pg_get_triggerdef(oid) AS definition FROM pg_trigger"
        " WHERE NOT tgisinternal AND tgtype & 2 = 0 ORDER BY tgname"
    )
    return [row for row in rows if row["table"] in tables]


def _placing(name: str) -> str:
    """Return the call that places the table. Tables by account are placed so that all rows of an account are on one
    node.
    """
    first, *others = by_account()
    if name not in (first, *others):
        return f"create_reference_table('{name}')"
    together = "default" if name == first else first
    return f"create_distributed_table('{name}', 'account_id', colocate_with => '{together}')"


async def _foreign_keys(statements: Statements, tables: set[str]) -> list[_ForeignKey]:
    """Return the foreign keys from or to one of the tables."""
    rows = await statements.fetch(
        "SELECT conrelid::regclass::text AS table, conname AS name, confrelid::regclass::text AS target,"
        " pg_get_constraintdef(oid) AS definition FROM pg_constraint"
        " WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY 1, 2"
    )
    return [key for key in (_ForeignKey(**row) for row in rows) if {key.table, key.target} & tables]


def _may_refer(key: _ForeignKey) -> bool:
    """Return False for a foreign key between a table of accounts and one of the coordinator: the audit checks it."""
    kinds = {name in _names(ON_COORDINATOR) for name in (key.table, key.target) if name not in _names(ON_EACH_NODE)}
    return len(kinds) < 2
