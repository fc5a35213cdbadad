"""Open holds, by payer and bundle; SQL for sums under the lock of a quote, by a partial index.

An open hold is the credits reserved for a quote that was neither used nor released.
"""

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID

from service.domain.catalogue import Mode
from service.domain.holds import BundleHolds
from service.storage import models
from service.storage.batches import BATCHES, BUNDLE_PROJECTS, available_g
from service.storage.database import Statements, placeholders
from service.storage.quotes import HOLDS, QUOTES

ACCOUNTS = models.Account._meta.db_table  # noqa: SLF001
BUNDLES = models.Bundle._meta.db_table  # noqa: SLF001

_OPEN = "q.holds_credits AND q.order_id IS NULL AND q.released_at IS NULL"
_OF_PAYER = "(a.id = $1 OR a.parent_account_id = $1)"


async def count_open(statements: Statements, payer_id: UUID) -> int:
    """Return the number of quotes of the payer and its clients that hold credits."""
    rows = await statements.fetch(
        f"SELECT count(*) AS quotes FROM {QUOTES.name} q JOIN {ACCOUNTS} a ON a.id = q.account_id"
        f" WHERE {_OPEN} AND {_OF_PAYER}",
        payer_id,
    )
    return int(rows[0]["quotes"])


async def held_g(statements: Statements, payer_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return the grams that open quotes of each payer and its clients hold."""
    payers = placeholders(1, len(payer_ids))
    rows = await statements.fetch(
        f"SELECT coalesce(a.parent_account_id, a.id) AS account_id, CAST(sum(h.mass_g) AS BIGINT) AS grams"
        f" FROM {QUOTES.name} q JOIN {ACCOUNTS} a ON a.id = q.account_id"
        f" JOIN {HOLDS.name} h ON h.account_id = q.account_id AND h.quote_id = q.id"
        f" WHERE {_OPEN} AND (a.id IN ({payers}) OR a.parent_account_id IN ({payers})) GROUP BY 1",
        *payer_ids,
    )
    found = {row["account_id"]: row["grams"] for row in rows}
    return {payer_id: found.get(payer_id, 0) for payer_id in payer_ids}


async def of_bundles(
    statements: Statements, payer_id: UUID, mode: Mode, taken_g: Mapping[UUID, int], *, today: date
) -> list[BundleHolds]:
    """Return the stock and the payer's holds of every bundle on sale that contains one of these projects; credits count
    for a bundle even if they are held through another one. `taken_g` is the mass that the payer is about to hold, by
    project, and is included.
    """
    shared: dict[UUID, int] = {}
    rows = await statements.fetch(
        f"SELECT bp.bundle_id, bp.project_id FROM {BUNDLE_PROJECTS} bp JOIN {BUNDLES} b ON b.id = bp.bundle_id"
        f" WHERE b.disabled_at IS NULL AND bp.project_id IN ({placeholders(1, len(taken_g))})",
        *taken_g,
    )
    for row in rows:
        shared[row["bundle_id"]] = shared.get(row["bundle_id"], 0) + taken_g[row["project_id"]]
    if not shared:
        return []
    # Summed over open holds, which are few, and not over batches, which are many; a batch's held grams equal the sum of
    # its open holds.
    rows = await statements.fetch(
        f"SELECT bp.bundle_id, CAST(sum(h.mass_g) AS BIGINT) AS held_g,"
        f" CAST(sum(CASE WHEN {_OF_PAYER} THEN h.mass_g ELSE 0 END) AS BIGINT) AS own_g"
        f" FROM {QUOTES.name} q JOIN {ACCOUNTS} a ON a.id = q.account_id"
        f" JOIN {HOLDS.name} h ON h.account_id = q.account_id AND h.quote_id = q.id"
        f" JOIN {BATCHES.name} b ON b.id = h.batch_id JOIN {BUNDLE_PROJECTS} bp ON bp.project_id = b.project_id"
        f" WHERE {_OPEN} AND b.mode = $2 AND bp.bundle_id IN ({placeholders(3, len(shared))}) GROUP BY bp.bundle_id",
        payer_id,
        mode,
        *shared,
    )
    held = {row["bundle_id"]: (row["held_g"], row["own_g"]) for row in rows}
    free_g = await available_g(statements, mode, list(shared), today=today)
    return [
        BundleHolds(
            bundle_id, free_g[bundle_id] + held.get(bundle_id, (0, 0))[0], grams + held.get(bundle_id, (0, 0))[1]
        )
        for bundle_id, grams in shared.items()
    ]
