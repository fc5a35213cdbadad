"""Orders and numbers that an account has already, for importing its history."""

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar
from uuid import UUID

from service.storage.conditions import Conditions
from service.storage.database import Statements
from service.storage.orders import ORDERS

T = TypeVar("T")
VALUES_A_STATEMENT = 5_000


async def fingerprints(statements: Statements, account_id: UUID, order_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the fingerprints of those of the orders that exist, by id."""
    found: dict[UUID, str] = {}
    for chunk in _chunks(list(order_ids)):
        conditions = _owned(account_id)
        conditions.add_in("id", chunk)
        rows = await statements.fetch(
            f"SELECT id, fingerprint FROM {ORDERS.name} WHERE {conditions.clause}", *conditions.parameters
        )
        found |= {row["id"]: row["fingerprint"] for row in rows}
    return found


async def numbers(statements: Statements, account_id: UUID, wanted: Collection[str]) -> set[str]:
    """Return those of the numbers that orders of the account have."""
    found: set[str] = set()
    for chunk in _chunks(list(wanted)):
        conditions = _owned(account_id)
        conditions.add_in("number", chunk)
        rows = await statements.fetch(
            f"SELECT number FROM {ORDERS.name} WHERE {conditions.clause}", *conditions.parameters
        )
        found |= {row["number"] for row in rows}
    return found


def _owned(account_id: UUID) -> Conditions:
    conditions = Conditions()
    conditions.add("account_id = {}", account_id)
    return conditions


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), VALUES_A_STATEMENT):
        yield values[start : start + VALUES_A_STATEMENT]
