"""Checks of registries' entries and of retirement certificates; SQL for one state of the database.

Entries must cover credits that orders have retired, no two entries the same credits, and certificates must state the
entries that cover their order.
"""

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

from service.domain.registry_evidence import retirement_number
from service.storage import logos
from service.storage.audit.check import (
    BATCHES,
    CERTIFICATES,
    REGISTRY_RETIREMENTS,
    RETIREMENT_CERTIFICATES,
    RETIREMENTS,
    Check,
    Key,
    elsewhere,
    key,
)
from service.storage.database import Statements
from service.storage.logos import LOGOS

ROWS_A_PAGE = 500
_TONNE_G = 1_000_000

_VALID = f"NOT EXISTS (SELECT 1 FROM {elsewhere(REGISTRY_RETIREMENTS)} c WHERE c.corrects_id = {{0}}.id)"
_OF_ORDER = "({0}.order_id IS NULL OR {0}.account_id = r.account_id AND {0}.order_id = r.order_id)"
_COVERED = (
    f"(SELECT coalesce(sum(CASE WHEN e.end_g < r.end_g THEN e.end_g ELSE r.end_g END"
    f" - CASE WHEN e.start_g > r.start_g THEN e.start_g ELSE r.start_g END), 0)"
    f" FROM {elsewhere(REGISTRY_RETIREMENTS)} e"
    f" WHERE e.batch_id = r.batch_id AND e.start_g < r.end_g AND e.end_g > r.start_g"
    f" AND {_OF_ORDER.format('e')} AND {_VALID.format('e')})"
)
"""The grams of a retirement `r` that registry entries cover."""


async def _wrongly_certified(statements: Statements) -> AsyncIterator[Key]:
    """Yield retirement certificates with a wrong hash or number, or that refer to a first certificate or an entry which
    does not exist.
    """
    rows = await statements.fetch(f"SELECT CAST(id AS TEXT) AS entry FROM {REGISTRY_RETIREMENTS}")
    entries = {row["entry"] for row in rows}
    after: tuple[Any, ...] = ()
    while True:
        behind = " WHERE (r.account_id, r.order_id, r.version) > ($1, $2, $3)" if after else ""
        page = await statements.fetch(
            f"SELECT r.account_id, r.order_id, r.version, r.number, r.facts, r.sha256,"
            f" f.number AS first_number, f.sha256 AS first_sha256 FROM {RETIREMENT_CERTIFICATES} r"
            f" LEFT JOIN {CERTIFICATES} f ON f.account_id = r.account_id AND f.order_id = r.order_id{behind}"
            f" ORDER BY r.account_id, r.order_id, r.version LIMIT {ROWS_A_PAGE}",
            *after,
        )
        if not page:
            return
        for row in page:
            after = (row["account_id"], row["order_id"], row["version"])
            if not _is_right(row, entries):
                yield str(row["account_id"]), f"{row['order_id']} {row['version']}"


def _is_right(row: Any, entries: set[str]) -> bool:
    if hashlib.sha256(row["facts"].encode()).hexdigest() != row["sha256"]:
        return False
    try:
        facts = json.loads(row["facts"])
        told = (facts["number"], facts["version"], facts["order_id"], facts["certificate"])
        stated = {each["id"] for each in facts["registry_retirements"]}
    except (ValueError, KeyError, TypeError):
        return False
    first = {"number": row["first_number"], "sha256": row["first_sha256"]}
    known = (retirement_number(row["order_id"], row["version"]), row["version"], str(row["order_id"]), first)
    return row["number"] == known[0] and told == known and stated <= entries


async def _misnamed_logos(statements: Statements) -> AsyncIterator[Key]:
    """Yield logos whose name is not the digest of their bytes."""
    names = [row["sha256"] for row in await statements.fetch(f"SELECT sha256 FROM {LOGOS.name} ORDER BY sha256")]
    for name in names:
        logo = await logos.of_digest(statements, name)
        if logo is not None and hashlib.sha256(logo.content).hexdigest() != name:
            yield None, name


CHECKS = (
    Check("logo-digest", LOGOS.name, "every logo: its name is the SHA-256 of its bytes", _misnamed_logos),
    Check(
        "registry-entry-credits",
        REGISTRY_RETIREMENTS,
        "every registry entry: its credits are retired, for its order if it names one",
        f"SELECT {key('e.id')} FROM {REGISTRY_RETIREMENTS} e LEFT JOIN {BATCHES} b ON b.id = e.batch_id"
        f" WHERE b.id IS NULL OR e.end_g >= b.retired_g + {_TONNE_G} OR NOT EXISTS"
        f" (SELECT 1 FROM {elsewhere(RETIREMENTS)} r"
        f" WHERE r.batch_id = e.batch_id AND r.start_g < e.end_g AND r.end_g > e.start_g AND {_OF_ORDER.format('e')})",
    ),
    Check(
        "registry-entry-overlap",
        REGISTRY_RETIREMENTS,
        "every registry entry: no later one covers its credits, unless it corrects it or both are of different orders",
        f"SELECT {key('e.id')} FROM {REGISTRY_RETIREMENTS} e WHERE {_VALID.format('e')} AND EXISTS"
        f" (SELECT 1 FROM {REGISTRY_RETIREMENTS} o WHERE o.batch_id = e.batch_id AND o.id > e.id"
        f" AND o.start_g < e.end_g AND o.end_g > e.start_g AND {_VALID.format('o')}"
        f" AND (e.order_id IS NULL OR o.order_id IS NULL OR e.order_id = o.order_id))",
    ),
    Check(
        "retirement-certificate-facts",
        RETIREMENT_CERTIFICATES,
        "every retirement certificate: its hash is that of its facts, and these are of its order and of entries",
        _wrongly_certified,
    ),
    Check(
        "retirement-certified",
        CERTIFICATES,
        "every certificate whose credits registry entries cover: a retirement certificate beside it",
        f"SELECT {key('f.order_id', account='f.account_id')} FROM"
        f" {elsewhere(CERTIFICATES, 'account_id, order_id, issued_at')} f WHERE f.issued_at IS NOT NULL"
        f" AND NOT EXISTS (SELECT 1 FROM {elsewhere(RETIREMENT_CERTIFICATES, 'account_id, order_id')} t"
        f" WHERE t.account_id = f.account_id AND t.order_id = f.order_id)"
        f" AND EXISTS (SELECT 1 FROM {elsewhere(RETIREMENTS)} r"
        f" WHERE r.account_id = f.account_id AND r.order_id = f.order_id)"
        f" AND NOT EXISTS (SELECT 1 FROM {elsewhere(RETIREMENTS)} r"
        f" WHERE r.account_id = f.account_id AND r.order_id = f.order_id"
        f" AND r.end_g - r.start_g > {_COVERED})",
    ),
)
