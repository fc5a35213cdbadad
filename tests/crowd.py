"""Many clients of one server at once, and the orders they place over GraphQL; an answer that was cut is unknown.

Knows the mutations that tests race with; what has to come of them stands in the tests.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from service.errors import Code
from tests.http_client import Answer, HttpClient
from tests.waiting import HANGS_S

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")

PLACED, CUT = "placed", "cut"
_ORDER = (
    "mutation ($input: CreateOrderByMassInput!) { createOrderByMass(input: $input)"
    " { order { id } replayed userErrors { code } } }"
)
_CANCEL = "mutation ($id: ID!) { cancelOrder(input: {order: {id: $id}}) { order { status } userErrors { code } } }"


@dataclass(frozen=True, slots=True)
class Ordered:
    """How one attempt to order ended: PLACED, CUT, or the code of its refusal."""

    key: str
    outcome: str
    order_id: str | None = None
    replayed: bool = False


async def crowd(
    clients: Iterable[HttpClient], tasks: Iterable[Task], act: Callable[[HttpClient, Task], Awaitable[Outcome]]
) -> list[Outcome]:
    """What `act` answered for each task; every client takes the next one as soon as it is free."""
    left = deque(tasks)
    answers: list[Outcome] = []

    async def work(client: HttpClient) -> None:
        try:
            while left:
                answers.append(await act(client, left.popleft()))
        finally:
            await client.close()

    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(work(client))
    return answers


def wanted(mass_g: int, key: str, **more: Any) -> dict[str, Any]:
    """The input of an order by mass."""
    return {"mass": {"amount": str(mass_g), "unit": "GRAM"}, "idempotencyKey": key, **more}


async def insist(client: HttpClient, asked: Mapping[str, Any]) -> Ordered:
    """The order placed or refused by a rule: with the same key, as long as the service has no time for it."""
    async with asyncio.timeout(HANGS_S):
        while (answered := await order(client, asked)).outcome == Code.UNAVAILABLE:
            pass
        return answered


async def order(client: HttpClient, asked: Mapping[str, Any]) -> Ordered:
    """One attempt to place the order."""
    key = asked["idempotencyKey"]
    try:
        answer = await client.graphql(_ORDER, {"input": asked})
    except (OSError, EOFError):
        return Ordered(key, CUT)
    if is_unavailable(answer):
        return Ordered(key, Code.UNAVAILABLE)
    assert answer.status == 200 and "errors" not in answer.json, answer  # noqa: PT018 - one answer, one claim
    payload = answer.json["data"]["createOrderByMass"]
    if payload["order"] is None:
        return Ordered(key, payload["userErrors"][0]["code"])
    return Ordered(key, PLACED, payload["order"]["id"], payload["replayed"])


async def cancel(client: HttpClient, order_id: str) -> str:
    """The state of the order after it was asked to be cancelled, or the code of the refusal; asked again, as an order
    is, while the service has no time for it.
    """
    async with asyncio.timeout(HANGS_S):
        while is_unavailable(answer := await client.graphql(_CANCEL, {"id": order_id})):
            pass
    assert answer.status == 200 and "errors" not in answer.json, answer  # noqa: PT018 - as above
    payload = answer.json["data"]["cancelOrder"]
    return str(payload["order"]["status"] if payload["order"] else payload["userErrors"][0]["code"])


def is_unavailable(answer: Answer) -> bool:
    """Whether the service had no time for the request: for all of it (503), or for its one field (200)."""
    return [error["extensions"]["code"] for error in answer.json.get("errors", [])] == [Code.UNAVAILABLE]
