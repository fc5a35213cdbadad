"""API keys over GraphQL: created once, shown once, never above the key that makes them, and listed with their last use.

Seen to fail when: a retry makes a second key or shows the first one again; the scopes or the end of the calling key are
not looked at; an operator's scope is given to another account; a key of another account is revoked; a suspended account
makes a key; a use is stored more than once a minute, or by an order's own transaction.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.api.graphql.types.node import global_id
from service.domain.api_keys import Scope
from service.domain.events import EventType
from service.kit.latest_uses import LatestUses
from service.operations.manage_accounts import suspend_account
from service.operations.manage_keys import create_key
from service.operations.record_key_uses import record_key_uses
from service.operations.resources import Resources
from service.storage.api_keys import KEYS
from service.storage.events import EVENTS
from tests.api.graphql_api import PEPPER, GraphQLApi
from tests.books import rows_of

CREATE = """mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) {
    secret apiKey { id keyId prefix name scopes expiresAt revokedAt lastUsedAt } userErrors { code path message } } }"""
REVOKE = """mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) {
    apiKey { keyId revokedAt } userErrors { code path } } }"""
MANAGER = (Scope.ACCOUNT_MANAGE, Scope.ORDERS_READ)


async def create(api: GraphQLApi, key: str, idempotency_key: str = "1", **given: Any) -> Any:
    stated = {"idempotencyKey": idempotency_key, "name": "ERP", "scopes": ["ORDERS_READ"], **given}
    return (await api.data(CREATE, {"input": stated}, key=key))["createApiKey"]


async def revoke(api: GraphQLApi, key: str, named: str) -> Any:
    return (await api.data(REVOKE, {"input": {"id": named}}, key=key))["revokeApiKey"]


def id_in(key: str) -> str:
    return key.split("_")[2]


async def test_a_key_is_shown_once_and_opens_its_account(api: GraphQLApi):
    manager = await api.new_key(*MANAGER)

    made = await create(api, manager)

    assert made["userErrors"] == []
    shown = made["apiKey"]
    assert shown["prefix"] == "_".join(made["secret"].split("_")[:3])
    assert shown["keyId"] == id_in(made["secret"])
    facts = [shown[name] for name in ("name", "scopes", "expiresAt", "revokedAt", "lastUsedAt")]
    assert facts == ["ERP", ["ORDERS_READ"], None, None, None]
    opened = await api.data("{ account { name } orders { nodes { id } } }", key=made["secret"])
    assert opened == {"account": {"name": api.shop.account.name}, "orders": {"nodes": []}}


async def test_a_retry_returns_the_key_without_its_secret(api: GraphQLApi):
    manager = await api.new_key(*MANAGER)
    made = await create(api, manager)

    again = await create(api, manager)

    assert (again["apiKey"], again["secret"], again["userErrors"]) == (made["apiKey"], None, [])
    assert len([key for key in await rows_of(api.shop.database, KEYS) if key.name == "ERP"]) == 1
    events = [each.event_type for each in await rows_of(api.shop.database, EVENTS)]
    assert events == [EventType.API_KEY_CREATED]


async def test_one_of_many_requests_at_once_makes_the_key(api: GraphQLApi):
    manager = await api.new_key(*MANAGER)

    made = await asyncio.gather(*(create(api, manager) for _ in range(8)))

    assert len({each["apiKey"]["id"] for each in made}) == 1
    assert len([each for each in made if each["secret"] is not None]) == 1
    assert len([key for key in await rows_of(api.shop.database, KEYS) if key.name == "ERP"]) == 1


async def test_a_retry_with_another_input_is_refused(api: GraphQLApi):
    manager = await api.new_key(*MANAGER)
    await create(api, manager)
    for change in ({"name": "Shop"}, {"scopes": ["ACCOUNT_MANAGE"]}, {"expiresAt": "2099-01-01T00:00:00Z"}):
        refused = await create(api, manager, **change)
        codes = [(each["code"], each["path"]) for each in refused["userErrors"]]
        assert codes == [("IDEMPOTENCY_KEY_REUSED", ["input", "idempotencyKey"])], change
        assert (refused["apiKey"], refused["secret"]) == (None, None)


async def test_a_retry_is_answered_although_the_calling_key_may_no_longer_give_as_much(api: GraphQLApi):
    made = await create(api, await api.new_key(*MANAGER))

    again = await create(api, await api.new_key(Scope.ACCOUNT_MANAGE))

    assert (again["apiKey"], again["userErrors"]) == (made["apiKey"], [])


@pytest.mark.parametrize("scopes", [["ORDERS_WRITE"], ["ORDERS_READ", "CATALOGUE_READ"], ["OPERATOR"]])
async def test_a_key_gives_no_scope_that_it_lacks(api: GraphQLApi, scopes: list[str]):
    manager = await api.new_key(*MANAGER)

    refused = await create(api, manager, scopes=scopes)

    assert [(each["code"], each["path"]) for each in refused["userErrors"]] == [("BAD_USER_INPUT", ["input", "scopes"])]
    assert [key.name for key in await rows_of(api.shop.database, KEYS)] == ["test", "test"]


async def test_a_key_gives_no_longer_life_than_its_own(api: GraphQLApi):
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    shop = api.shop
    manager = await create_key(shop.resources, shop.account.id, "test", MANAGER, end, pepper=PEPPER)

    refused = await create(api, manager.text, expiresAt=(end + timedelta(seconds=1)).isoformat())
    silent = await create(api, manager.text, "2")
    sooner = await create(api, manager.text, "3", expiresAt=(end - timedelta(hours=1)).isoformat())

    assert [each["path"] for each in refused["userErrors"]] == [["input", "expiresAt"]]
    assert datetime.fromisoformat(silent["apiKey"]["expiresAt"]) == end
    assert datetime.fromisoformat(sooner["apiKey"]["expiresAt"]) == end - timedelta(hours=1)


async def test_an_operator_manages_keys_of_any_account_but_cannot_give_the_operator_scope(api: GraphQLApi):
    seller = await api.shop.another_account(name="The seller")
    operator = await api.new_key(Scope.OPERATOR, account=seller)
    named = {"account_id": global_id("Account", api.shop.account.id)}

    async def ask(document: str, **given: Any) -> Any:
        return (await api.ask(document, {"input": given}, key=operator, **named)).json()["data"]

    scopes = ["ORDERS_READ", "ORDERS_WRITE", "CATALOGUE_READ", "ACCOUNT_MANAGE"]
    made = (await ask(CREATE, idempotencyKey="1", name="Customer", scopes=scopes))["createApiKey"]
    refused = (await ask(CREATE, idempotencyKey="2", name="Customer", scopes=["OPERATOR"]))["createApiKey"]

    assert sorted(made["apiKey"]["scopes"]) == sorted(scopes)
    assert [each["path"] for each in refused["userErrors"]] == [["input", "scopes"]]
    opened = await api.data("{ account { id } }", key=made["secret"])
    assert opened == {"account": {"id": global_id("Account", api.shop.account.id)}}
    (event,) = await rows_of(api.shop.database, EVENTS)
    assert (event.account_id, event.actor) == (api.shop.account.id, id_in(operator))
    given = ["account:manage", "catalogue:read", "orders:read", "orders:write"]
    assert event.payload == {"key_id": made["apiKey"]["keyId"], "name": "Customer", "scopes": given}
    gone = (await ask(REVOKE, id=made["apiKey"]["id"]))["revokeApiKey"]
    assert gone["apiKey"]["revokedAt"] is not None


async def test_a_revoked_key_is_refused(api: GraphQLApi):
    manager = await api.new_key(*MANAGER)
    for number, form in enumerate(("id", "keyId", "prefix")):
        made = await create(api, manager, str(number))
        gone = await revoke(api, manager, made["apiKey"][form])
        again = await revoke(api, manager, made["apiKey"][form])
        assert (gone["userErrors"], again) == ([], gone)
        assert (await api.ask("{ account { id } }", key=made["secret"])).status_code == 401


async def test_a_key_of_another_account_cannot_be_revoked(api: GraphQLApi):
    other = await api.shop.another_account()
    theirs = await api.new_key(*MANAGER, account=other)
    manager = await api.new_key(*MANAGER)

    refused = await revoke(api, manager, id_in(theirs))

    assert refused == {"apiKey": None, "userErrors": [{"code": "NOT_FOUND", "path": ["input", "id"]}]}
    assert (await api.ask("{ account { id } }", key=theirs)).status_code == 200


async def test_a_parent_manages_the_keys_of_its_client(api: GraphQLApi):
    client = await api.shop.another_account(parent_account_id=api.shop.account.id)
    manager = await api.new_key(*MANAGER)
    given = {"idempotencyKey": "1", "name": "Client", "scopes": ["ORDERS_READ"]}

    answer = await api.ask(CREATE, {"input": given}, key=manager, account_id=global_id("Account", client.id))

    secret = answer.json()["data"]["createApiKey"]["secret"]
    assert await api.data("{ account { id } }", key=secret) == {"account": {"id": global_id("Account", client.id)}}


async def test_keys_are_listed_page_by_page(api: GraphQLApi):
    manager = await api.new_key(*MANAGER)
    made = [(await create(api, manager, str(number)))["apiKey"]["keyId"] for number in range(3)]
    document = """query ($after: String, $before: String, $first: Int, $last: Int) { account {
        apiKeys(first: $first, after: $after, last: $last, before: $before) {
            nodes { keyId } pageInfo { endCursor startCursor hasNextPage hasPreviousPage } } } }"""

    async def page(**arguments: Any) -> tuple[list[str], Any]:
        found = (await api.data(document, arguments, key=manager))["account"]["apiKeys"]
        return [each["keyId"] for each in found["nodes"]], found["pageInfo"]

    everything, _ = await page(first=100)
    first, info = await page(first=2)
    rest, end = await page(first=100, after=info["endCursor"])
    assert everything == [id_in(api.key), id_in(manager), *made]
    assert (first, info["hasNextPage"]) == (everything[:2], True)
    assert (rest, end["hasNextPage"]) == (everything[2:], False)
    assert (await page(last=1, before=end["startCursor"]))[0] == everything[1:2]


async def test_a_suspended_account_makes_and_revokes_no_key(api: GraphQLApi):
    manager = await api.new_key(*MANAGER)
    made = await create(api, manager)
    await suspend_account(api.shop.resources, api.shop.account.id)

    refused = await create(api, manager, "2")
    kept = await revoke(api, manager, made["apiKey"]["id"])
    again = await create(api, manager)

    assert [each["code"] for each in refused["userErrors"]] == ["ACCOUNT_SUSPENDED"]
    assert [each["code"] for each in kept["userErrors"]] == ["ACCOUNT_SUSPENDED"]
    assert (again["apiKey"], again["userErrors"]) == (made["apiKey"], [])


async def test_the_last_use_is_stored_at_most_once_a_minute(api: GraphQLApi):
    resources = api.shop.resources
    key_id = id_in(await api.new_key())
    noon = datetime(2026, 11, 30, 12, tzinfo=UTC)

    async def stored_after(*seconds: int, by: Resources = resources) -> datetime | None:
        for each in seconds:
            by.key_uses.note(key_id, noon + timedelta(seconds=each))
        await record_key_uses(by)
        (stored,) = [key.last_used_at for key in await rows_of(api.shop.database, KEYS) if key.key_id == key_id]
        return stored

    assert await stored_after() is None
    assert await stored_after(1, 2) == noon + timedelta(seconds=2)
    assert await stored_after(61) == noon + timedelta(seconds=2)
    assert await stored_after(62) == noon + timedelta(seconds=62)
    another = Resources(resources.database, resources.clock, resources.new_id)
    assert await stored_after(70, by=another) == noon + timedelta(seconds=62)
    assert await stored_after(122, by=another) == noon + timedelta(seconds=122)
    assert await stored_after(100) == noon + timedelta(seconds=122)


def test_uses_that_were_not_written_are_written_later():
    uses = LatestUses(timedelta(minutes=1))
    noon = datetime(2026, 11, 30, 12, tzinfo=UTC)
    uses.note("a", noon)
    failed = uses.due(10)
    uses.note("a", noon + timedelta(seconds=5))
    uses.put_back(failed)
    assert uses.due(10) == {"a": noon + timedelta(seconds=5)}
    assert uses.due(10) == {}


def test_no_more_uses_are_written_at_once_than_asked_for():
    uses = LatestUses(timedelta(minutes=1))
    noon = datetime(2026, 11, 30, 12, tzinfo=UTC)
    for number in range(5):
        uses.note(str(number), noon)
    found = [uses.due(2) for _ in range(4)]
    assert [len(each) for each in found] == [2, 2, 1, 0]
    assert {name for each in found for name in each} == {"0", "1", "2", "3", "4"}


async def test_a_request_notes_its_key_and_writes_nothing(api: GraphQLApi):
    made = await create(api, await api.new_key(*MANAGER))
    await api.data("{ account { id } }", key=made["secret"])

    (key,) = [each for each in await rows_of(api.shop.database, KEYS) if each.key_id == id_in(made["secret"])]
    assert key.last_used_at is None
