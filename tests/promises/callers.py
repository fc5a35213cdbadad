"""Callers that order, order again with the same key, cancel and read for as long as a campaign lasts, and write down
each request with its answer.

Knows GraphQL's documents; what has to come of them stands in tests/promises/checks.py.
"""

import asyncio
import random
import ssl
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.crowd import wanted
from tests.http_client import Answer, HttpClient
from tests.promises.history import BROKEN, OK, REFUSED, UNAVAILABLE, UNKNOWN, Attempt, History, Probe, now_s
from tests.waiting import HANGS_S

ORDER = (
    "mutation ($input: CreateOrderByMassInput!) { createOrderByMass(input: $input)"
    " { order { id mass { grams } totalCost { minorUnits } } replayed userErrors { code } } }"
)
CANCEL = "mutation ($id: ID!) { cancelOrder(input: {order: {id: $id}}) { order { id status } userErrors { code } } }"
ORDERS = "{ orders(first: 5) { nodes { id number totalCost { minorUnits } } } }"
MASS_G_MIN, MASS_G_MAX = 100, 5_000
OPEN_MAX = 10
"""Keys without a known outcome that a caller has before it makes no further order: else an outage leaves thousands."""
PROBE_PAUSE_S = 0.05
ANSWERED_WITHIN_S = 30


@dataclass(frozen=True)
class Customer:
    """An account with its key; one whose orders are paid from its balance at once, or are owed."""

    account: str
    key: str
    pays: bool


class Callers:
    """`count` callers, each with one connection to one of the addresses, in the name of one of the customers."""

    def __init__(
        self,
        urls: Sequence[str],
        customers: Sequence[Customer],
        history: History,
        *,
        count: int,
        pause_s: float,
        seed: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.history = history
        self._ended = asyncio.Event()
        self._callers = [
            _Caller(
                f"{seed}-{number}", urls[number % len(urls)], customers[number // len(urls) % len(customers)],
                history, random.Random(seed * 1_000 + number), self._ended, pause_s, tls,
            )
            for number in range(count)
        ]  # fmt: skip
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        self._tasks = [asyncio.create_task(caller.run()) for caller in self._callers]

    async def end(self) -> None:
        """Return once every key whose outcome was not known has an answer."""
        self._ended.set()
        await asyncio.gather(*self._tasks)

    async def acknowledged(self, count: int) -> None:
        """Return once so many more orders are acknowledged."""
        target = self.history.acknowledged + count
        async with asyncio.timeout(HANGS_S + count):
            while self.history.acknowledged < target:
                self.check()
                await asyncio.sleep(0.01)

    def check(self) -> None:
        """Raise what has ended a caller."""
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()

    def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()


class _Caller:
    def __init__(
        self,
        name: str,
        url: str,
        customer: Customer,
        history: History,
        chance: random.Random,
        ended: asyncio.Event,
        pause_s: float,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._name, self._url, self._customer = name, url, customer
        self._history, self._chance, self._ended, self._pause_s = history, chance, ended, pause_s
        self._client = HttpClient(url, key=customer.key, timeout_s=ANSWERED_WITHIN_S, tls=tls)
        self._count = 0
        self._open: dict[str, dict[str, Any]] = {}
        """Inputs by key of orders whose outcome is not known, or that were refused for now."""
        self._placed: deque[dict[str, Any]] = deque(maxlen=50)
        self._ids: list[str] = []
        self._to_cancel: set[str] = set()

    async def run(self) -> None:
        try:
            while not self._ended.is_set():
                await self._act()
                await asyncio.sleep(self._pause_s * self._chance.uniform(0.5, 1.5))
            async with asyncio.timeout(HANGS_S + len(self._open) + len(self._to_cancel)):
                while self._open or self._to_cancel:
                    for asked in list(self._open.values()):
                        await self._order(asked)
                    for order_id in list(self._to_cancel):
                        await self._cancel(order_id)
                    await asyncio.sleep(self._pause_s)
        finally:
            await self._client.close()

    async def _act(self) -> None:
        draw = self._chance.random
        if draw() < 0.05:
            await self._read()
        elif self._open and (draw() < 0.5 or len(self._open) >= OPEN_MAX):
            await self._order(self._chance.choice(list(self._open.values())))
        elif self._to_cancel and draw() < 0.5:
            await self._cancel(min(self._to_cancel))
        elif self._placed and draw() < 0.1:
            await self._order(self._chance.choice(self._placed))
        elif self._ids and draw() < 0.05:
            await self._cancel(self._ids.pop(self._chance.randrange(len(self._ids))))
        else:
            self._count += 1
            more = {"payWithBalance": "WHOLE"} if self._customer.pays else {}
            asked = wanted(self._chance.randint(MASS_G_MIN, MASS_G_MAX), f"{self._name}-{self._count}", **more)
            await self._order(asked)

    async def _order(self, asked: dict[str, Any]) -> None:
        key = asked["idempotencyKey"]
        attempt = self._attempt("order", key=key, mass_g=int(asked["mass"]["amount"]))
        answer = await self._answer(attempt, ORDER, {"input": asked})
        payload = answer and self._payload(attempt, answer, "createOrderByMass")
        if payload:
            attempt.order_id = payload["order"]["id"]
            attempt.mass_g = int(payload["order"]["mass"]["grams"])
            attempt.total_minor = int(payload["order"]["totalCost"]["minorUnits"])
            attempt.replayed = payload["replayed"]
            self._ids.append(attempt.order_id)
            self._placed.append(asked)
        self._history.add(attempt)
        if attempt.outcome in (UNAVAILABLE, UNKNOWN):
            self._open[key] = asked
        else:
            self._open.pop(key, None)

    async def _cancel(self, order_id: str) -> None:
        attempt = self._attempt("cancel")
        attempt.order_id = order_id
        answer = await self._answer(attempt, CANCEL, {"id": order_id})
        payload = answer and self._payload(attempt, answer, "cancelOrder")
        if payload:
            attempt.detail = payload["order"]["status"]
        self._history.add(attempt)
        if attempt.outcome in (UNAVAILABLE, UNKNOWN):
            self._to_cancel.add(order_id)
        else:
            self._to_cancel.discard(order_id)

    async def _read(self) -> None:
        attempt = self._attempt("read")
        answer = await self._answer(attempt, ORDERS, {})
        if answer:
            judge(attempt, answer)
            if attempt.outcome == OK and not isinstance(answer.json["data"]["orders"]["nodes"], list):
                attempt.outcome = BROKEN
        self._history.add(attempt)

    def _attempt(self, doing: str, **facts: Any) -> Attempt:
        return Attempt(doing, self._url, self._customer.account, now_s(), **facts)

    async def _answer(self, attempt: Attempt, document: str, variables: Mapping[str, Any]) -> Answer | None:
        """Return the answer, None if it was cut or came too late."""
        try:
            return await self._client.graphql(document, variables)
        except (OSError, EOFError) as error:  # TimeoutError among them
            attempt.detail = type(error).__name__
            return None
        finally:
            attempt.ended_s = now_s()

    def _payload(self, attempt: Attempt, answer: Answer, field: str) -> Any:
        """Return the mutation's payload if it was carried out."""
        judge(attempt, answer)
        if attempt.outcome != OK:
            return None
        payload = answer.json["data"][field]
        if payload["order"] is None:
            attempt.outcome, attempt.detail = REFUSED, payload["userErrors"][0]["code"]
            return None
        return payload


def judge(attempt: Attempt, answer: Answer) -> None:
    """Set the outcome of an answer of any API, as far as its status and its errors tell."""
    attempt.has_retry_after = "retry-after" in answer.headers
    codes: list[Any] = []
    if answer.status == 200 and attempt.doing in ("order", "cancel", "read"):
        codes = [error.get("extensions", {}).get("code") for error in answer.json.get("errors", ())]
    if answer.status == 503 or codes == ["UNAVAILABLE"]:
        attempt.outcome = UNAVAILABLE
    elif answer.status < 300 and not codes:
        attempt.outcome = OK
    elif answer.status < 500 and not codes:
        attempt.outcome, attempt.detail = REFUSED, str(answer.status)
    else:
        attempt.outcome, attempt.detail = BROKEN, f"{answer.status} {answer.body[:500]!r}"


async def probe_readiness(url: str, history: History) -> None:
    """Ask whether the process is ready, again and again, until this task is cancelled."""
    client = HttpClient(url, timeout_s=ANSWERED_WITHIN_S)
    try:
        while True:
            began_s, status = now_s(), 0
            with suppress(OSError, EOFError):
                status = (await client.send("GET", "/health/ready")).status
            history.add(Probe(url, began_s, now_s(), status))
            await asyncio.sleep(PROBE_PAUSE_S)
    finally:
        await client.close()


async def call_every_api(url: str, customer: Customer, history: History) -> None:
    """Make one call of each API and public page, at the same time."""
    key_id = customer.key.split("_")[2]
    form = f"grant_type=client_credentials&client_id={key_id}&client_secret={customer.key}".encode()
    calls = {
        "GraphQL": ("POST", "/graphql", b'{"query": "{ orders { nodes { number } } }"}', "application/json"),
        "Lune": ("GET", "/lune/v1/orders", b"", ""),
        "carbon-engine": ("GET", "/carbon-engine/v1/orders", b"", ""),
        "Carbonext": ("GET", "/carbonext/v1/customers/balance", b"", ""),
        "Carbonext's tokens": ("POST", "/carbonext/connect/token", form, "application/x-www-form-urlencoded"),
        "a certificate": ("GET", "/certificates/" + "a" * 43, b"", ""),
    }

    async def call(api: str, method: str, path: str, body: bytes, content_type: str) -> None:
        client = HttpClient(url, key=customer.key, timeout_s=ANSWERED_WITHIN_S)
        attempt = Attempt(api, url, customer.account, now_s())
        try:
            answer = await client.send(method, path, body, **({"content_type": content_type} if content_type else {}))
            judge(attempt, answer)
        except (OSError, EOFError) as error:
            attempt.detail = type(error).__name__
        finally:
            attempt.ended_s = now_s()
            history.add(attempt)
            await client.close()

    await asyncio.gather(*(call(api, *words) for api, words in calls.items()))
