"""Checks that call rules of the domain; SQL for pages by keys of several columns.

Each reads its rows in pages and yields those that break its rule.

Claims, certificates and digests never change, so pages that are read at different times are consistent.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

from service.domain.api_keys import Scope
from service.domain.certificate import certificate_number
from service.storage.api_keys import KEYS
from service.storage.audit.check import Check, Key
from service.storage.database import Statements
from service.storage.models import Certificate, Order, Retirement
from service.storage.retirements import RETIREMENTS

ROWS_A_PAGE = 500
CERTIFICATES = Certificate._meta.db_table  # noqa: SLF001
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TOKEN = re.compile(r"[0-9A-Za-z_-]{43}")


async def _pages(statements: Statements, select: str, *order: str) -> AsyncIterator[list[Any]]:
    """Yield the rows of a statement, which must have a WHERE clause, in pages by the columns of their key."""
    after: tuple[Any, ...] = ()
    columns, places = ", ".join(order), ", ".join(f"${n + 1}" for n in range(len(order)))
    while True:
        behind = f" AND ({columns}) > ({places})" if after else ""
        rows = await statements.fetch(f"{select}{behind} ORDER BY {columns} LIMIT {ROWS_A_PAGE}", *after)
        if not rows:
            return
        yield list(rows)
        after = tuple(rows[-1][column.split(".")[-1]] for column in order)


async def _bad_keys(statements: Statements) -> AsyncIterator[Key]:
    """Yield API keys whose digest does not have the form of SHA-256, or with an unknown scope."""
    scopes = {scope.value for scope in Scope}
    async for page in _pages(statements, f"SELECT {KEYS.column_list} FROM {KEYS.name} WHERE 1 = 1", "key_id"):
        for row in page:
            named = row["scopes"]
            if (
                not _DIGEST.fullmatch(row["digest"])
                or not isinstance(named, list)
                or not set(map(str, named)) <= scopes
            ):
                yield str(row["account_id"]), row["key_id"]


async def _wrongly_certified(statements: Statements) -> AsyncIterator[Key]:
    """Yield certificates whose hash is not that of their facts, or whose facts do not match their order."""
    columns = "account_id, order_id, number, token, facts, sha256, issued_at"
    select = f"SELECT {columns} FROM {CERTIFICATES} WHERE 1 = 1"
    async for page in _pages(statements, select, "account_id", "order_id"):
        query = Retirement.filter(
            account_id__in={row["account_id"] for row in page}, order_id__in=[row["order_id"] for row in page]
        )
        retired: dict[Any, dict[str, list[list[int]]]] = defaultdict(lambda: defaultdict(list))
        for each in await RETIREMENTS.read(statements, query.order_by("batch_id", "start_g")):
            _append(retired[each.account_id, each.order_id][str(each.batch_id)], each.start_g, each.end_g)
        orders = await _orders(statements, page)
        for row in page:
            owner = row["account_id"], row["order_id"]
            if not _is_right(row, orders.get(owner), retired[owner]):
                yield str(row["account_id"]), str(row["order_id"])


async def _orders(statements: Statements, page: list[Any]) -> dict[tuple[UUID, UUID], Any]:
    """Return number and mass of each order on a page of certificates, and the mode of its account."""
    query = Order.filter(
        account_id__in={row["account_id"] for row in page}, id__in=[row["order_id"] for row in page]
    ).using_db(statements.client)
    rows = await query.values("account_id", "id", "number", "retired_g", mode="account__mode")
    return {(row["account_id"], row["id"]): row for row in rows}


def _append(intervals: list[list[int]], start_g: int, end_g: int) -> None:
    """Add the interval to the list; if it adjoins the last one, extend that instead."""
    if intervals and intervals[-1][1] == start_g:
        intervals[-1][1] = end_g
    else:
        intervals.append([start_g, end_g])


def _is_right(row: Any, order: Any, retired: Mapping[str, list[list[int]]]) -> bool:
    """Return True if the certificate is not issued yet and empty, or if its hash and contents match the order's
    retirements.
    """
    if row["issued_at"] is None:
        return all(row[column] is None for column in ("number", "token", "facts", "sha256"))
    if order is None or row["facts"] is None or row["number"] != certificate_number(row["order_id"]):
        return False
    if hashlib.sha256(row["facts"].encode()).hexdigest() != row["sha256"] or not _TOKEN.fullmatch(row["token"] or ""):
        return False
    try:
        facts = json.loads(row["facts"])
        stated = {batch["batch_id"]: batch["intervals"] for batch in facts["batches"]}
        told = [facts[member] for member in ("number", "order_id", "order_number", "mode", "mass_g")]
    except (ValueError, KeyError, TypeError):
        return False
    known = [row["number"], str(row["order_id"]), order["number"], order["mode"], order["retired_g"]]
    return told == known and stated == retired


CHECKS = (
    Check("key-form", KEYS.name, "every API key: a digest of 64 hex digits, and known scopes", _bad_keys),
    Check(
        "certificate-facts",
        CERTIFICATES,
        "every certificate: its hash is that of its facts, and these are of its order and what that retired",
        _wrongly_certified,
    ),
)
