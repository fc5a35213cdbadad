"""Callers without a key: from which address they come, and that each address has a budget of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from service.api.addresses import Addresses
from service.storage.database import Database
from tests.api.graphql_api import GraphQLApi, open_graphql_api
from tests.shop import open_shop

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48")]


def address(peer: str | None, *forwarded: str) -> str:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    return Addresses(TRUSTED).of({"client": (peer, 1) if peer else None, "headers": headers})


@pytest.mark.parametrize(
    ("peer", "forwarded", "holder"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.9", "198.51.100.7 , 10.2.3.4"], "198.51.100.7"),
        ("10.0.0.1", ["10.9.9.9, 10.2.3.4"], "10.9.9.9"),
        ("10.0.0.1", ["198.51.100.7:4711"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.9, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["nonsense, 10.2.3.4"], "10.2.3.4"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["[2001:db8:1:2:3::4]:443"], "2001:db8:1:2::/64"),
        ("2001:db8:ffff::1", ["2001:db8:1:2::5"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", [], "192.0.2.1"),
        ("fe80::1%eth0", [], "fe80::/64"),
        (None, ["198.51.100.7"], "local"),
    ],
)
def test_the_part_of_a_header_written_by_trusted_proxies_is_believed(
    peer: str | None, forwarded: list[str], holder: str
) -> None:
    assert address(peer, *forwarded) == holder


def test_a_very_long_header_is_read_from_its_end() -> None:
    assert address("10.0.0.1", "203.0.113.9, " * 5_000 + "198.51.100.7") == "198.51.100.7"
    assert address("10.0.0.1", *["10.1.1.1"] * 5_000) == "10.1.1.1"


def test_an_untrusted_private_proxy_is_logged_once() -> None:
    addresses = Addresses()
    scope: dict[str, Any] = {"client": ("172.17.0.1", 1), "headers": [(b"x-forwarded-for", b"198.51.100.7")]}
    with capture_logs() as logged:
        assert [addresses.of(dict(scope)) for _ in range(3)] == ["172.17.0.1"] * 3
        addresses.of({"client": ("172.17.0.2", 1), "headers": []})

    (line,) = logged
    assert (line["event"], line["address"]) == ("proxy_not_trusted", "172.17.0.1")
    assert "SERVICE_TRUSTED_PROXIES" in line["advice"]


POINTS = 60
TYPENAME = "{ __typename }"


@asynccontextmanager
async def opened(sqlite_url: str, **settings: Any) -> AsyncIterator[GraphQLApi]:
    database = await Database.open(sqlite_url)
    async with open_graphql_api(await open_shop(database), sqlite_url, **settings) as api:
        yield api
    await database.close()


@pytest.fixture
async def api(sqlite_url: str) -> AsyncIterator[GraphQLApi]:
    async with opened(sqlite_url, address_points_a_minute=POINTS, trusted_proxies="127.0.0.1") as api:
        yield api


async def ask(api: GraphQLApi, query: str, address: str = "192.0.2.1", key: str = "", **headers: str) -> httpx.Response:
    return await api.ask(query, key=key, x_forwarded_for=address, **headers)


async def test_an_address_spends_its_budget_and_no_other(api: GraphQLApi) -> None:
    statuses = [(await ask(api, TYPENAME)).status_code for _ in range(POINTS + 1)]
    assert statuses.count(200) == POINTS - 1, "each costs a point, and the document one the first time"
    refused = await ask(api, TYPENAME)

    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (429, "THROTTLED")
    assert 1 <= int(refused.headers["retry-after"]) <= 120
    assert refused.json()["errors"][0]["message"] == (
        "Requests without a valid API key from your address share 60 cost points in 60 s; wait and try again."
    )
    assert (await ask(api, TYPENAME, "192.0.2.2")).status_code == 200
    assert (await ask(api, TYPENAME, key=api.key)).status_code == 200, "a key has a budget of its own"
    for path in ("/carbon-engine/v1/orders", "/lune/v1/orders", "/carbonext/v1/orders"):
        answer = await api.client.get(path, headers={"x-forwarded-for": "192.0.2.1"})
        assert answer.status_code == 429, path
        assert "retry-after" in answer.headers
    assert (await api.client.get("/health/live")).status_code == 200


@pytest.mark.parametrize("path", ["/graphql", "/carbon-engine/v1/orders", "/lune/v1/orders", "/carbonext/v1/orders"])
async def test_unknown_keys_are_paid_by_their_address(api: GraphQLApi, path: str) -> None:
    async def with_key(key: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {key}", "x-forwarded-for": "192.0.2.1", "lune-version": "1"}
        if path == "/graphql":
            return await api.client.post(path, json={"query": TYPENAME}, headers=headers)
        return await api.client.get(path, headers=headers)

    statuses = [(await with_key(f"co_live_{'a' * 16}_{number:043}")).status_code for number in range(8)]

    assert statuses == [401] * 6 + [429] * 2
    assert (await with_key(api.key)).status_code != 429


async def test_clients_that_guess_at_the_token_address_are_paid_by_their_address(api: GraphQLApi) -> None:
    form = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}

    async def guess() -> int:
        headers = {"x-forwarded-for": "192.0.2.1"}
        return (await api.client.post("/carbonext/connect/token", data=form, headers=headers)).status_code

    assert [await guess() for _ in range(7)] == [401] * 5 + [429] * 2


async def test_a_document_costs_its_length_the_first_time_and_each_time_while_it_is_wrong(api: GraphQLApi) -> None:
    long = "{ __typename " + "#" * 300 + "\n}"
    assert [(await ask(api, long)).status_code for _ in range(10)] == [200] * 10
    wrong = "{ missing " + "#" * 300 + "\n}"
    assert [(await ask(api, wrong)).status_code for _ in range(3)] == [200, 200, 429]


async def test_documents_of_callers_without_a_key_do_not_displace_others(sqlite_url: str) -> None:
    async with opened(sqlite_url, shown_documents_max=10, plans_max=10, address_points_a_minute=10**6) as api:
        mine = "{ account { name } }"

        async def show(text: str | None, digest: str, key: str) -> str:
            body = {"query": text, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}
            headers = {"authorization": f"Bearer {key}"} if key else {}
            return (await api.client.post("/graphql", json=body, headers=headers)).text

        def digest(text: str) -> str:
            return sha256(text.encode()).hexdigest()

        await show(mine, digest(mine), api.key)
        for number in range(50):
            other = f"{{ __typename }} # {number}"
            assert '"Query"' in await show(other, digest(other), "")

        assert api.shop.account.name in await show(None, digest(mine), api.key)
        assert '"Query"' in await show(None, digest("{ __typename } # 49"), "")
        assert "PERSISTED_QUERY_NOT_FOUND" in await show(None, digest("{ __typename } # 0"), "")


async def test_pages_cost_an_address_too(sqlite_url: str) -> None:
    async with opened(sqlite_url, address_points_a_minute=25) as api:
        pages = [f"/certificates/{'a' * 43}.pdf", f"/receipts/{'a' * 43}", *["/graphql/schema.graphql"] * 6]
        statuses = [(await api.client.get(path)).status_code for path in pages]

    assert statuses == [404, 404, *[200] * 5, 429]
