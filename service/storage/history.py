"""Orders and numbers that an account already has, for the import of its history."""

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar
from uuid import UUID

from service.storage import models
from service.storage.database import Statements

T = TypeVar("T")
VALUES_A_STATEMENT = 5_000


async def fingerprints(statements: Statements, account_id: UUID, order_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the fingerprints of the orders with these ids that exist, by id."""
    found: dict[UUID, str] = {}
    for chunk in _chunks(list(order_ids)):
        query = models.Order.filter(account_id=account_id, id__in=chunk).using_db(statements.client)
        found |= {row["id"]: row["fingerprint"] for row in await query.values("id", "fingerprint")}
    return found


async def numbers(statements: Statements, account_id: UUID, wanted: Collection[str]) -> set[str]:
    """Return the numbers, among these, that orders of the account already have."""
    found: set[str] = set()
    for chunk in _chunks(list(wanted)):
        query = models.Order.filter(account_id=account_id, number__in=chunk).using_db(statements.client)
        found |= {row["number"] for row in await query.values("number")}
    return found


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), VALUES_A_STATEMENT):
        yield values[start : start + VALUES_A_STATEMENT]
