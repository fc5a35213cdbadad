"""Each REST api beside GraphQL: the median latency of a list of 20 orders and of an order by mass, on SQLite.

    python -m tests.bench.rest [--rounds 5] [--seconds 2] [--api lune …]

Both apis of a pair ask for the same facts of the same account, one after the other in every round; a ratio is of one
round, because other work on the machine slows all of a round alike. Prints the median ratio of the rounds: below 1, the
REST api is faster.
"""

# ruff: noqa: T201 - what it prints is its answer

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

from service.storage.database import Database
from service.storage.migrations import migrate
from tests.makers import make_command, make_price, store
from tests.server import ROOT, Server, key_for, serving
from tests.shop import Shop, open_shop

HISTORY = 200
STOCK_G = 10**15
CLIENTS = (1, 16)
CREATES_A_RUN = 20_000
LIST, CREATE = "list", "create"
UNLIMITED = {
    f"{name}_per_s": 10**6
    for name in ("lune_requests", "carbon_engine_reads", "carbon_engine_writes", "carbonext_requests")
}

RestRequest: TypeAlias = str | tuple[str, str, dict[str, str], str]
"""A GraphQL body, or method, path, further headers and body."""


@dataclass(frozen=True)
class GraphQLApi:
    """A contract's list, its order of a kilogram, and the selection that has the facts which both of them show."""

    name: str
    currency: str
    list_path: str
    create_path: str
    body: dict[str, object]
    facts: str
    page: str = "pageInfo { hasNextPage endCursor }"

    def asks(self, what: str) -> tuple[list[RestRequest], list[RestRequest]]:
        """What is sent through GraphQL, and what through the contract."""
        if what == LIST:
            query = f"{{ orders(first: 20) {{ nodes {{ {self.facts} }} {self.page} }} }}"
            return [json.dumps({"query": query})], [("GET", self.list_path, {}, "")]
        mutation = (
            "mutation ($input: CreateOrderByMassInput!) { createOrderByMass(input: $input)"
            f" {{ order {{ {self.facts} }} userErrors {{ code }} }} }}"
        )
        wanted = {"mass": {"amount": "1", "unit": "KILOGRAM"}}
        ours: list[RestRequest] = [
            json.dumps({"query": mutation, "variables": {"input": {**wanted, "idempotencyKey": uuid4().hex}}})
            for _ in range(CREATES_A_RUN)
        ]
        return ours, [("POST", self.create_path, *self._keyed(uuid4().hex)) for _ in range(CREATES_A_RUN)]

    def _keyed(self, key: str) -> tuple[dict[str, str], str]:
        """Where the contract has its idempotency key; Carbonext knows none."""
        match self.name:
            case "lune":
                return {}, json.dumps({**self.body, "idempotency_key": key})
            case "carbon-engine":
                return {"idempotency-key": key}, json.dumps(self.body)
        return {}, json.dumps(self.body)


_LINE = "mass { tonnes } unitPrice { amount } grossUnitPrice { amount } offsetCost { amount }"
APIS = (
    GraphQLApi(
        "lune",
        "USD",
        "/lune/v1/orders?limit=20",
        "/lune/v1/orders/by-mass",
        {"mass": {"amount": "1", "unit": "kg"}},
        "id idempotencyKey kind status paymentStatus currency requestedMass { tonnes } requestedValue { amount }"
        " mass { tonnes } offsetCost { amount } commission { amount } totalCost { amount } createdAt metadata"
        f" certificate {{ url pdfUrl }} lines {{ bundle {{ id name }} fulfilledMass {{ tonnes }} {_LINE} }}",
    ),
    GraphQLApi(
        "carbon-engine",
        "SAR",
        "/carbon-engine/v1/orders?limit=20",
        "/carbon-engine/v1/orders",
        {"amount_kg": 1},
        "id number customer description totalCost { minorUnits } requestedMass { kilograms } callbackUrl status"
        " fulfilledMass { kilograms } portfolio { id } certificate { url } due { minorUnits } paid { minorUnits }"
        " entries { mass { kilograms } recordedAt batch { id project { id category } } }",
    ),
    GraphQLApi(
        "carbonext",
        "USD",
        "/carbonext/v1/orders?page=1&page-size=20",
        "/carbonext/v1/orders",
        {"vcuAmount": 0.001, "targetCurrency": "USD"},
        "id mass { tonnes } currency status paymentStatus createdAt totalCost { amount } metadata"
        " beneficiary { recipient { name email taxId } retirement { name email taxId } }"
        " lines { mass { tonnes } grossUnitPrice { amount } }",
        "pageInfo { hasNextPage hasPreviousPage } totalCount",
    ),
)


async def fill(url: str, apis: list[GraphQLApi]) -> dict[str, str]:
    """An account for each api with a history and endless stock; the key of each."""
    await migrate(url)
    database = await Database.open(url)
    shop = await open_shop(database)
    await store(database, make_price(shop.ocean, "900", "SAR"))
    await shop.execute("UPDATE credit_batches SET issued_g = $1, available_g = $1", STOCK_G)
    keys = {api.name: await _account(shop, api) for api in apis}
    await database.close()
    return keys


async def _account(shop: Shop, api: GraphQLApi) -> str:
    account = await shop.another_account(contract=api.name, currency=api.currency)
    await shop.place_all(*(make_command(account) for _ in range(HISTORY)))
    return await key_for(shop.resources, account.id)


async def median_ms(server: Server, asked: list[RestRequest], key: str, *, clients: int, seconds: float) -> float:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(asked, file)
        file.flush()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.fire", file.name, "--port", server.url.rpartition(":")[2]),
            *("--key", key, "--clients", str(clients), "--seconds", str(seconds)),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        said = json.loads((await process.communicate())[0])
    assert not said["faults"], f"{said['faults']} of {said['answers']} failed: {said['fault']}"
    return float(said["p50_ms"])


async def measure(url: str, apis: list[GraphQLApi], *, rounds: int, seconds: float) -> None:
    found: dict[tuple[str, str, int], list[tuple[float, float]]] = defaultdict(list)
    keys = await fill(url, apis)
    async with serving(url, workers_embedded=False, **UNLIMITED) as server:
        for number in range(rounds + 1):
            took = seconds if number else 0.3  # a first round warms caches and is not counted
            for what in (LIST, CREATE):
                for api in apis:
                    for clients in CLIENTS:
                        ours, theirs = [
                            await median_ms(server, asked, keys[api.name], clients=clients, seconds=took)
                            for asked in api.asks(what)
                        ]
                        if number:
                            found[api.name, what, clients].append((ours, theirs))
            print(f"round {number} of {rounds}", file=sys.stderr)
    print(f"{'api':14} {'what':7} clients  GraphQL ms   api ms   ratio")
    for (api_name, what, clients), pairs in found.items():
        graphql_ms, api_ms = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratio = statistics.median(theirs / ours for ours, theirs in pairs)
        print(f"{api_name:14} {what:7} {clients:7} {graphql_ms:11.2f} {api_ms:9.2f} {ratio:7.2f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--api", choices=[api.name for api in APIS], action="append")
    told = parser.parse_args()
    apis = [api for api in APIS if not told.api or api.name in told.api]
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite://{Path(folder) / 'orders.sqlite3'}"
        asyncio.run(measure(url, apis, rounds=told.rounds, seconds=told.seconds))


if __name__ == "__main__":
    main()
