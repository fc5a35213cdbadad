"""A REST contract of the real application, asked over ASGI; every answer is held against the contract's own document.

An answer that its OpenAPI document does not describe fails the test that provoked it, whatever the test is about.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
import jsonschema

from service.api.rest.contract import Contract
from service.api.rest.contracts import CONTRACTS
from service.api.rest.openapi import openapi_document
from service.app import create_app
from service.domain.accounts import Account
from service.domain.api_keys import Scope
from service.operations.manage_keys import create_key
from service.settings import Settings
from tests.api.graphql_api import PEPPER, started
from tests.shop import Shop

ADDRESS = "http://service.test"
GENEROUS = 100_000
WITHOUT_VERSION = ("/auth/", "/connect/")


@dataclass
class Rest:
    """One contract over a shop's database, and a key to it. Paths begin after `/v1`, but for those of tokens."""

    contract: Contract
    shop: Shop
    http: httpx.AsyncClient
    key: str = ""

    async def ask(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **options: Any
    ) -> httpx.Response:
        """The answer, which is what the document says; an empty key is none. `content` sends bytes instead of JSON."""
        headers = {**options.pop("headers", {})}
        if key != "":
            headers.setdefault("authorization", f"Bearer {key or self.key}")
        if body is not None:
            options["json"] = body
        address = path if path.startswith(WITHOUT_VERSION) else f"/v1{path}"
        answer = await self.http.request(method, self.contract.prefix + address, headers=headers, **options)
        assert_described(self.contract, method, address.partition("?")[0], answer)
        return answer

    async def get(self, path: str, **options: Any) -> Any:
        """What is there."""
        return _told(await self.ask("GET", path, **options))

    async def post(self, path: str, body: Any, **options: Any) -> Any:
        """What was made."""
        return _told(await self.ask("POST", path, body, **options))

    async def put(self, path: str, body: Any, **options: Any) -> Any:
        """What it has become."""
        return _told(await self.ask("PUT", path, body, **options))

    async def new_key(self, *scopes: Scope, account: Account | None = None) -> str:
        """A fresh key of the shop's account, or of another."""
        owner = account or self.shop.account
        generated = await create_key(self.shop.resources, owner.id, "test", scopes or frozenset(Scope), pepper=PEPPER)
        return generated.text


def _told(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


@asynccontextmanager
async def open_rest(name: str, shop: Shop, url: str, **settings: Any) -> AsyncIterator[Rest]:
    """The contract of the service without its workers, and without a limit that a test could run into by chance."""
    names = ("lune_requests", "carbon_engine_reads", "carbon_engine_writes", "carbonext_requests")
    limits = {f"{name}_per_s": GENEROUS for name in names}
    told = {"database_url": url, "workers_embedded": False, "public_url": ADDRESS, "known_keys_ms": 0, "key_uses_ms": 0}
    told |= {**limits, **settings}
    app = create_app(Settings(**told), pepper=PEPPER)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with started(app), httpx.AsyncClient(transport=transport, base_url=ADDRESS) as http:
        rest = Rest(contract_named(name), shop, http)
        rest.key = await rest.new_key()
        yield rest


def contract_named(name: str) -> Contract:
    (contract,) = (each for each in CONTRACTS if each.name == name)
    return contract


@cache
def document_of(contract_name: str) -> dict[str, Any]:
    return openapi_document(contract_named(contract_name), ADDRESS)


@cache
def _templates(contract_name: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    endpoints = contract_named(contract_name).endpoints
    paths = dict.fromkeys(endpoint.path for endpoint in endpoints)
    return tuple(
        (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.sub(r"\\\{\w+:path\\\}", ".*", re.escape(path)))), path)
        for path in paths
    )


def template_of(contract: Contract, path: str) -> str | None:
    """The address as the document writes it, or none that it knows."""
    for pattern, template in _templates(contract.name):
        if pattern.fullmatch(path):
            return re.sub(r":path\}", "}", template)
    return None


def assert_described(contract: Contract, method: str, path: str, answer: httpx.Response) -> None:
    """The answer's status, content type and body are those of the document."""
    document = document_of(contract.name)
    template = template_of(contract, path)
    operation = document["paths"].get(template, {}).get(method.lower())
    if operation is None:
        assert answer.status_code in {404, 405}, (method, path, answer.status_code)
        schema = {"$ref": f"#/components/schemas/{contract.components[contract.error_model]}"}
        media_type = contract.error_media_type
    else:
        described = operation["responses"].get(str(answer.status_code))
        assert described is not None, f"{method} {template} does not say that it answers {answer.status_code}"
        if "content" not in described:
            assert answer.content == b""
            return
        ((media_type, content),) = described["content"].items()
        schema = content["schema"]
    assert answer.headers["content-type"].partition(";")[0] == media_type
    if media_type.endswith("json"):
        jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json())
