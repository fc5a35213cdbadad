"""The example of every operation of a contract, sent to the application on the demo data.

`python -m tests.api.rest.reference_examples` stores the answers beside the texts of each contract, for its reference.
"""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jsonschema

from service.api.rest import __file__ as rest_package
from service.api.rest.contract import FORM, MULTIPART, Contract, Endpoint
from service.api.rest.contracts import CONTRACTS
from service.api.rest.openapi import filled
from service.app import create_app
from service.domain.api_keys import parse
from service.domain.catalogue import Mode
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.operations.load_demo import load_demo
from service.operations.resources import Resources
from service.settings import Settings
from service.storage.database import Database
from service.storage.migrations import migrate
from tests.api.graphql_api import PEPPER, started
from tests.api.rest.client import ADDRESS, assert_described, document_of
from tests.domain.test_logos import png

PUBLIC = "https://orders.example.com"
SECRETS = ("access_token", "refresh_token", "secret")
BILL = """mutation ($account: ID!, $order: ID!) {
  billOrders(input: {accountId: $account, reference: "example", orders: [{id: $order}]}) {
    invoice { id } userErrors { message }
  }
}"""
COMPLETE = """mutation ($key: String!) {
  simulateOrder(input: {order: {idempotencyKey: $key}, outcome: COMPLETE}) { order { status } userErrors { message } }
}"""


def folder_of(contract: Contract) -> Path:
    return Path(rest_package).parent / contract.name.replace("-", "_")


@dataclass
class Examples:
    """A contract on the demo data, the test key of its customer, and the objects that its examples name."""

    contract: Contract
    http: httpx.AsyncClient
    key: str
    operator_key: str
    values: dict[str, str] = field(default_factory=dict)

    async def send(self, endpoint: Endpoint) -> httpx.Response:
        """The answer to the example of the operation, which is what the document says."""
        told = self.contract.texts.operations[endpoint.operation_id]
        parameters = filled(told.get("parameters", {}), {"<values>": self.values})
        body = filled(told.get("body"), {"<values>": self.values})
        path, query, headers = endpoint.path, dict[str, str](), {"authorization": f"Bearer {self.key}"}
        for name, value in parameters.items():
            if f"{{{name}" in path:
                path = path.replace(f"{{{name}}}", value).replace(f"{{{name}:path}}", value)
            elif name in endpoint.request_headers:
                headers[name] = value
            else:
                query[name] = value
        sent: dict[str, Any] = {} if body is None else {"data" if endpoint.body_media_type == FORM else "json": body}
        if endpoint.body_media_type == MULTIPART:
            sent = {"files": {"logo": ("logo.png", png(), "image/png")}}
        if endpoint.public:
            headers.pop("authorization")
        address = self.contract.prefix + path
        answer = await self.http.request(endpoint.method, address, params=query, headers=headers, **sent)
        assert answer.is_success, (endpoint.operation_id, answer.text)
        assert_described(self.contract, endpoint.method, path, answer)
        schema = self._body_schema(endpoint)
        if schema is not None:
            jsonschema.Draft202012Validator(schema).validate(body)
        return answer

    async def ask(self, method: str, path: str, body: Any = None, *, account: str | None = None) -> Any:
        headers = {"authorization": f"Bearer {self.key}"} | ({"lune-account": account} if account else {})
        answer = await self.http.request(method, self.contract.prefix + path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    async def graphql(self, bearer: str, query: str, **variables: str) -> Any:
        sent = {"query": query, "variables": variables}
        answer = await self.http.post("/graphql", json=sent, headers={"authorization": f"Bearer {bearer}"})
        (data,) = answer.json()["data"].values()
        assert data.get("userErrors", []) == [], answer.text
        return data

    def _body_schema(self, endpoint: Endpoint) -> Any:
        document = document_of(self.contract.name)
        if endpoint.body is None or endpoint.body_media_type == MULTIPART:
            return None
        path = endpoint.path.replace(":path", "")
        content = document["paths"][path][endpoint.method.lower()]["requestBody"]["content"]
        ((_, described),) = content.items()
        return {**described["schema"], "components": document["components"]}


@asynccontextmanager
async def open_examples(contract: Contract, file: Path) -> AsyncIterator[Examples]:
    """The application over a fresh database with the demo data and one object of each kind that examples name."""
    url = f"sqlite://{file}"
    await migrate(url)
    database = await Database.open(url)
    demo = await load_demo(Resources(database=database, clock=system_clock, new_id=uuid7), pepper=PEPPER)
    await database.close()
    key = next(each.key for each in demo.accounts if (each.contract, each.mode) == (contract.name, Mode.TEST))
    settings = {"public_url": ADDRESS, "workers_embedded": False, "known_keys_ms": 0, "lune_requests_per_s": 1_000}
    settings["request_deadline_ms"] = 120_000  # a busy machine draws a certificate slowly
    app = create_app(Settings(database_url=url, **settings), pepper=PEPPER)  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app)
    async with started(app), httpx.AsyncClient(transport=transport, base_url=ADDRESS) as http:
        examples = Examples(contract, http, key, demo.operator_key)
        await _PREPARED[contract.name](examples)
        yield examples


async def _lune(examples: Examples) -> None:
    mass = {"mass": {"amount": "3", "unit": "kg"}}
    order = await examples.ask("POST", "/v1/orders/by-mass", {**mass, "idempotency_key": "earlier"})
    complete = await examples.ask("POST", "/v1/orders/by-mass", {**mass, "idempotency_key": "complete"})
    await examples.graphql(examples.key, COMPLETE, key="complete")
    used = {"consumption": {"amount": "10", "unit": "kWh"}}
    estimate = await examples.ask("POST", "/v1/estimates/electricity", used)
    facts = {"name": "Earlier", "currency": "GBP", "handle": "earlier"}
    client = await examples.ask("POST", "/v1/accounts/client", facts)
    page = {"status": "enabled", "slug": "earlier", "title": "by_volume", "sections": ["certificates"]}
    await examples.ask("POST", "/v1/sustainability-pages", page, account=client["id"])
    account = await examples.ask("GET", "/v1/accounts/me")
    examples.values |= {"account": account["id"], "organisation": account["organisation_id"]}
    examples.values |= {"order": order["id"], "complete": complete["id"]}
    examples.values |= {"estimate": estimate["id"], "client": client["id"]}
    webhook = await examples.ask("POST", "/v1/webhooks", {"url": "https://hooks.example.com/earlier"})
    examples.values["webhook"] = webhook["id"]


async def _carbon_engine(examples: Examples) -> None:
    (order,) = await examples.ask("POST", "/v1/orders", {"amount_kg": 5})
    examples.values["order"] = order["_id"]


async def _carbonext(examples: Examples) -> None:
    parsed = parse(examples.key)
    assert parsed is not None
    examples.values |= {"client_id": f"cbx_b2b_{parsed.key_id}", "key": examples.key}
    wanted = {"vcuAmount": 1, "targetCurrency": "BRL"}
    examples.values["order"] = (await examples.ask("POST", "/v1/orders", wanted))["id"]
    billed = await examples.ask("POST", "/v1/orders", wanted)
    account = await examples.graphql(examples.key, "{ account { id } }")
    await examples.graphql(examples.operator_key, BILL, account=account["id"], order=billed["id"])
    (invoice,) = await examples.ask("GET", "/v1/invoices")
    examples.values["invoice"] = invoice["id"]


_PREPARED = {"lune": _lune, "carbon-engine": _carbon_engine, "carbonext": _carbonext}


def kept(value: Any) -> Any:
    """The answer as the reference shows it: without tokens, and with an address that nobody has."""
    if isinstance(value, Mapping):
        return {
            name: f"{each[:20]}…" if name in SECRETS and len(each) > 20 else kept(each) for name, each in value.items()
        }
    if isinstance(value, list):
        return [kept(each) for each in value]
    return value.replace(ADDRESS, PUBLIC) if isinstance(value, str) else value


async def answers_of(contract: Contract, file: Path) -> dict[str, Any]:
    """The answers to all examples by operation id, those that are files left out, and the ids that examples name."""
    async with open_examples(contract, file) as examples:
        values = {name: "co_test_…" if name == "key" else value for name, value in examples.values.items()}
        answers: dict[str, Any] = {"<values>": values}
        for endpoint in contract.endpoints:
            answer = await examples.send(endpoint)
            if "json" in answer.headers.get("content-type", ""):
                answers[endpoint.operation_id] = kept(answer.json())
        return answers


async def main() -> None:
    for contract in CONTRACTS:
        with tempfile.TemporaryDirectory() as folder:
            answers = await answers_of(contract, Path(folder) / "orders.sqlite3")
        text = json.dumps(answers, ensure_ascii=False, indent=1)
        (folder_of(contract) / "answers.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
