"""Lune's calls as people type them: real curl against a real server process, each endpoint at least once."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest

from service.operations.issue_certificates import issue_certificates
from service.operations.retire_orders import retire_order
from service.storage.database import Database
from tests.api.rest.client import assert_described, contract_named, template_of
from tests.domain.test_logos import png
from tests.server import key_for, serving
from tests.shop import Shop, open_shop

JSON = ("--header", "Content-Type: application/json")
UNESCAPED = ";,/:@&=+$-_.!~*'()"
"""What clients of this API leave as it is in an address, beside letters and digits; `?` and `#` cannot be."""


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """A process is started for each test here; what it does with either database stands elsewhere."""
    return sqlite_url


@dataclass
class Curl:
    url: str
    key: str
    shop: Shop

    async def __call__(self, *arguments: str, base: str | None = None) -> httpx.Response:
        """curl's own reading of the answer. The first argument may be a path below `/v1`."""
        first, *others = arguments
        words = ["curl", "--silent", "--show-error", "--include", "--max-time", "20"]
        words += ["--header", f"Authorization: Bearer {self.key}", f"{base or self.url + '/lune/v1'}{first}", *others]
        process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
        told, _ = await process.communicate()
        assert process.returncode == 0
        head, _, body = told.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return httpx.Response(int(status.split()[1]), headers=headers, content=body)


@pytest.fixture
async def curl(balanced: Database, database_url: str) -> AsyncIterator[Curl]:
    shop = await open_shop(balanced)
    settings = {"hosts": "api.lune.test=lune", "lune_requests_per_s": 1_000, "workers_embedded": False}
    async with serving(database_url, **settings) as server:
        yield Curl(server.url, await key_for(shop.resources, shop.account.id), shop)


def data(body: Any) -> tuple[str, ...]:
    return (*JSON, "--data", json.dumps(body))


async def test_every_endpoint_answers_curl_as_its_document_says(curl: Curl, tmp_path: Path) -> None:
    contract = contract_named("lune")
    seen: set[tuple[str, str | None]] = set()

    async def ask(method: str, path: str, *arguments: str) -> Any:
        answer = await curl(path, "--request", method, *arguments)
        assert answer.status_code == (204 if (method, path[:9]) == ("DELETE", "/webhooks") else 200), answer.text
        plain = f"/v1{path.partition('?')[0]}"
        assert_described(contract, method, plain, answer)
        seen.add((method, template_of(contract, plain)))
        return answer.json() if answer.headers.get("content-type") == "application/json" else answer.content

    mass = {"mass": {"amount": "12.07", "unit": "kg"}}
    quoted = await ask("POST", "/orders/by-mass/quote", *data(mass))
    by_mass = await ask("POST", "/orders/by-mass", *data({**mass, "idempotency_key": "first"}))
    assert (quoted["estimated_total_cost"], by_mass["total_cost"]) == ("0.35", "0.35")
    await ask("POST", "/orders/by-value/quote", *data({"value": "0.54"}))
    assert (await ask("POST", "/orders/by-value", *data({"value": "0.54"})))["quantity"] == "0.019137"
    estimate = await ask("POST", "/estimates/electricity", *data({"consumption": {"amount": "9", "unit": "kWh"}}))
    assert await ask("GET", f"/estimates/electricity/{estimate['id']}") == estimate
    await ask("POST", "/estimates/flight", *data({"route": {"source": "LHR", "destination": "JFK"}}))
    await ask("POST", "/orders/by-estimate", *data({"estimate_id": estimate["id"]}))
    assert len((await ask("GET", "/orders?limit=2"))["data"]) == 2
    assert await ask("GET", f"/orders/{by_mass['id']}") == by_mass
    assert await ask("GET", "/orders/by-idempotency-key/first") == by_mass
    await retire_order(curl.shop.resources, curl.shop.account.id, UUID(by_mass["id"]), keep=0, actor="test")
    await issue_certificates(curl.shop.resources, public_address=curl.url)
    assert (await ask("GET", f"/orders/{by_mass['id']}/certificate")).startswith(b"%PDF-")
    (bundle, *_) = (await ask("GET", "/bundles"))["data"]
    assert await ask("GET", f"/bundles/{bundle['id']}") == bundle
    (project, *_) = (await ask("GET", "/projects"))["data"]
    assert await ask("GET", f"/projects/{project['id']}") == project
    assert await ask("GET", f"/projects/by-slug/{project['slug']}") == project
    await ask("PUT", "/bundle-selections", *data(await ask("GET", "/bundle-selections")))
    (portfolio, *_) = await ask("GET", "/bundle-portfolios")
    await ask("PUT", "/bundle-portfolios", *data({"bundle_portfolio_id": portfolio["id"]}))
    await ask("GET", "/accounts/me")
    client = await ask("POST", "/accounts/client", *data({"name": "Shop", "currency": "USD"}))
    await ask("GET", "/accounts/client?name=shop")
    await ask("PATCH", f"/accounts/client/{client['id']}", *data({"handle": "shop"}))
    await ask("PUT", f"/accounts/client/{client['id']}", *data({"name": "Store"}))
    picture = tmp_path / "logo.png"
    picture.write_bytes(png())
    me = await ask("GET", "/accounts/me")
    for owner in (me["id"], f"client/{client['id']}"):
        logo = await ask("POST", f"/accounts/{owner}/logo", "--form", f"logo=@{picture}")
        assert logo["url"].startswith(f"{curl.url}/logos/")
        assert await ask("DELETE", f"/accounts/{owner}/logo") == {}
    page = {"status": "enabled", "slug": "acme", "title": "by_volume", "sections": ["bundles_breakdown"]}
    made = await ask("POST", "/sustainability-pages", *data(page))
    assert await ask("PUT", "/sustainability-pages", *data(page)) == made
    assert await ask("GET", "/sustainability-pages/current-account") == made
    shown = await ask("GET", "/sustainability-pages/public/live/acme")
    assert shown["title"] == {"format": "by_volume", "quantity": by_mass["quantity"]}
    acting = ("--header", f"Lune-Account: {client['id']}")
    await ask("PATCH", f"/accounts/client/{client['id']}", *data({"handle": "shop"}))
    await ask("POST", "/sustainability-pages", *data({**page, "slug": "shop"}), *acting)
    assert (await ask("GET", "/accounts/client/me", *acting))["handle"] == "shop"
    by_handle = await ask("GET", f"/sustainability-pages/public/{me['organisation_id']}/live/shop")
    assert (by_handle["account_name"], by_handle["bundles"]) == ("Store", [])
    hook = await ask("POST", "/webhooks", *data({"url": "https://hooks.example.com/a"}))
    hidden = {**hook, "secret": hook["secret"][-4:]}
    assert (hook["enabled"], len(hook["secret"])) == (True, 50)
    assert await ask("GET", "/webhooks") == [hidden]
    assert await ask("GET", f"/webhooks/{hook['id']}") == hidden
    await ask("PUT", f"/webhooks/{hook['id']}", *data({"url": "https://hooks.example.com/b", "enabled": False}))
    await ask("PUT", f"/webhooks/{hook['id']}/rotate-secret")
    await ask("DELETE", f"/webhooks/{hook['id']}")

    documented = {(endpoint.method, template_of(contract, endpoint.path)) for endpoint in contract.endpoints}
    assert seen == documented


ODD_KEYS = [
    "a/b",
    "a//b",
    "/lead",
    "trail/",
    "//",
    "with space",
    "50%",
    "%2F",
    "a+b&c=d",
    "ключ-é-鍵-🌱",
    "tilde~:@;,'()*!$",
    "by-mass/quote",
]


async def test_orders_are_found_by_odd_keys_that_clients_do_not_escape(curl: Curl) -> None:
    for key in [*ODD_KEYS, "why?", "#1"]:
        made = (await curl("/orders/by-value", *data({"value": "0.54", "idempotency_key": key}))).json()
        assert made["idempotency_key"] == key

        escaped = (await curl(f"/orders/by-idempotency-key/{quote(key, safe='')}")).json()
        assert escaped == made, key
        if key in ODD_KEYS:
            assert (await curl(f"/orders/by-idempotency-key/{quote(key, safe=UNESCAPED)}")).json() == made, key


async def test_a_host_of_its_own_serves_the_contract(curl: Curl) -> None:
    host = ("--header", "Host: API.lune.test:443")

    for base in (curl.url, f"{curl.url}/", f"{curl.url}//", f"{curl.url}/lune/", f"{curl.url}//lune//"):
        answer = await curl("/v1/accounts/me", *host, base=base)
        assert (answer.status_code, answer.headers["lune-version"]) == (200, "2024-08-08"), base

    unknown = await curl("/v1/nothing", *host, base=curl.url)
    oversized = await curl("/v1/orders/by-value", *host, *JSON, "--data", "x" * 100_001, base=curl.url)
    elsewhere = await curl("/v1/accounts/me", base=curl.url)
    health = await curl("/health/live", *host, base=curl.url)

    assert (unknown.status_code, unknown.json()["error"]["error_code"]) == (404, "not_found")
    assert (oversized.status_code, oversized.json()["error"]["error_code"]) == (413, "payload_too_large")
    assert oversized.headers["connection"] == "close"
    assert (elsewhere.status_code, health.status_code) == (404, 200)
