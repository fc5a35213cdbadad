"""Access tokens: accepted instead of their key by GraphQL and exports, for some of its scopes and for a while.

Seen to fail when: a signature, an end or a scope is not looked at; a token outlives its key; a token made for one
account opens another; a token makes keys or tokens; a REST API accepts a token.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from service.api.graphql.types.node import global_id
from service.app import create_app
from service.domain.access_tokens import PREFIX, TokenClaims, read_token, write_token
from service.domain.api_keys import Peppers, Scope
from service.kit.clock import system_clock
from service.operations.manage_accounts import suspend_account
from service.operations.manage_keys import create_key, revoke_key
from service.settings import Settings
from tests.api.graphql_api import PEPPER, GraphQLApi, started

CREATE = """mutation ($input: CreateAccessTokenInput!) { createAccessToken(input: $input) {
    accessToken { token scopes expiresAt } userErrors { code path } } }"""
READ = "{ account { id } orders { nodes { id } } }"
PLACE = """mutation { createOrderByMass(input: {mass: {amount: "1", unit: TONNE}, idempotencyKey: "k"}) {
    order { id timeline { actor } } userErrors { code } } }"""
PEPPERS = Peppers(PEPPER)


async def create(api: GraphQLApi, key: str, *scopes: str, seconds: int = 900, **headers: str) -> Any:
    given = {"scopes": list(scopes), "expiresInSeconds": seconds}
    answer = (await api.ask(CREATE, {"input": given}, key=key, **headers)).json()
    return answer["data"]["createAccessToken"]


async def token_of(api: GraphQLApi, key: str, *scopes: str, **headers: str) -> str:
    made = await create(api, key, *scopes, **headers)
    assert made["userErrors"] == []
    return str(made["accessToken"]["token"])


async def code_of(api: GraphQLApi, token: str, document: str = READ, **headers: str) -> str:
    body = (await api.ask(document, key=token, **headers)).json()
    return str(body["errors"][0]["extensions"]["code"]) if "errors" in body else "OK"


async def test_a_token_gives_access_to_the_account_of_its_key_with_the_tokens_scopes(api: GraphQLApi):
    key = await api.new_key(Scope.ORDERS_READ, Scope.ORDERS_WRITE)
    before = datetime.now(UTC)

    made = (await create(api, key, "ORDERS_READ", seconds=3_600))["accessToken"]

    assert made["scopes"] == ["ORDERS_READ"]
    assert before + timedelta(minutes=59) < datetime.fromisoformat(made["expiresAt"]) <= before + timedelta(hours=2)
    account = {"id": global_id("Account", api.shop.account.id)}
    assert await api.data(READ, key=made["token"]) == {"account": account, "orders": {"nodes": []}}
    assert await code_of(api, made["token"], PLACE) == "FORBIDDEN"


async def test_a_key_and_its_token_see_their_scopes_and_their_end(api: GraphQLApi):
    key = await api.new_key(Scope.ORDERS_WRITE, Scope.ORDERS_READ)
    made = (await create(api, key, "ORDERS_READ"))["accessToken"]
    asked = "{ viewer { keyId scopes expiresAt isAccessToken } }"

    of_key, of_token = [(await api.data(asked, key=each))["viewer"] for each in (key, made["token"])]

    key_id = key.split("_")[2]
    scopes = ["ORDERS_READ", "ORDERS_WRITE"]
    assert of_key == {"keyId": key_id, "scopes": scopes, "expiresAt": None, "isAccessToken": False}
    told = {"keyId": key_id, "scopes": ["ORDERS_READ"], "expiresAt": made["expiresAt"], "isAccessToken": True}
    assert of_token == told


async def test_an_order_by_a_token_names_the_key(api: GraphQLApi):
    key = await api.new_key(Scope.ORDERS_READ, Scope.ORDERS_WRITE)
    token = await token_of(api, key, "ORDERS_READ", "ORDERS_WRITE")

    made = (await api.data(PLACE, key=token))["createOrderByMass"]

    assert {event["actor"] for event in made["order"]["timeline"]} == {key.split("_")[2]}


@pytest.mark.parametrize(
    ("scopes", "seconds", "path"),
    [
        (["ORDERS_WRITE"], 900, "scopes"),
        (["ORDERS_READ", "OPERATOR"], 900, "scopes"),
        ([], 900, "scopes"),
        (["ORDERS_READ"], 0, "expiresInSeconds"),
        (["ORDERS_READ"], 3_601, "expiresInSeconds"),
    ],
)
async def test_a_token_beyond_its_key_is_refused(api: GraphQLApi, scopes: list[str], seconds: int, path: str):
    key = await api.new_key(Scope.ORDERS_READ, Scope.ACCOUNT_MANAGE)

    refused = await create(api, key, *scopes, seconds=seconds)

    assert refused == {"accessToken": None, "userErrors": [{"code": "BAD_USER_INPUT", "path": ["input", path]}]}


async def test_a_token_cannot_create_a_token_or_a_key(api: GraphQLApi):
    token = await token_of(api, await api.new_key(), "ACCOUNT_MANAGE", "OPERATOR", "ORDERS_READ")
    key = """mutation { createApiKey(input: {idempotencyKey: "1", name: "ERP", scopes: [ORDERS_READ]}) {
        secret } }"""
    more = "mutation { createAccessToken(input: {scopes: [ORDERS_READ]}) { accessToken { token } } }"

    assert [await code_of(api, token, document) for document in (key, more)] == ["FORBIDDEN", "FORBIDDEN"]
    assert await code_of(api, token, "{ account { apiKeys { nodes { keyId } } } }") == "OK"


def altered(token: str) -> list[str]:
    """Return the token with each byte of the claims and some of the signature changed, cut and written otherwise."""
    claims, signature = token.removeprefix(PREFIX).split(".")
    found = [token[:-1], token + "A", token + "=", token.replace(".", ""), f"{PREFIX}{claims}.", PREFIX, f"{PREFIX}é.é"]
    for part in (claims, signature):
        raw = urlsafe_b64decode(part + "=" * (-len(part) % 4))
        for index in range(len(raw)):
            changed = raw[:index] + bytes([raw[index] ^ 1]) + raw[index + 1 :]
            found.append(token.replace(part, urlsafe_b64encode(changed).rstrip(b"=").decode()))
    return found


def test_any_change_of_a_tokens_text_makes_it_invalid():
    claims = TokenClaims("0" * 13 + "1", frozenset({Scope.ORDERS_READ}), datetime(2026, 12, 1, tzinfo=UTC), UUID(int=9))
    token = write_token(claims, PEPPERS)

    assert read_token(token, PEPPERS) == claims
    assert [text for text in altered(token) if read_token(text, PEPPERS) is not None] == []
    assert read_token(token, Peppers(b"another secret, of 32 bytes ....")) is None
    assert read_token(token, Peppers(b"another secret, of 32 bytes ....", PEPPER)) == claims


async def test_a_forged_token_is_refused(api: GraphQLApi):
    key = await api.new_key(Scope.ORDERS_READ)
    claims = read_token(await token_of(api, key, "ORDERS_READ"), PEPPERS)
    assert claims is not None
    other = TokenClaims(claims.key_id, frozenset(Scope), claims.expires_at)
    ended = TokenClaims(claims.key_id, claims.scopes, system_clock() - timedelta(seconds=1))
    nobody = TokenClaims("0" * 14, claims.scopes, claims.expires_at)

    texts = [
        write_token(other, Peppers(b"another secret, of 32 bytes ....")),
        write_token(ended, PEPPERS),
        write_token(nobody, PEPPERS),
    ]

    assert [(await api.ask(READ, key=text)).status_code for text in texts] == [401, 401, 401]


async def test_a_token_is_accepted_while_its_secret_is_replaced(api: GraphQLApi, database_url: str):
    token = await token_of(api, await api.new_key(Scope.ORDERS_READ), "ORDERS_READ")

    async def status(pepper: bytes, previous: bytes | None) -> int:
        settings: dict[str, Any] = {"database_url": database_url, "workers_embedded": False, "key_uses_ms": 0}
        app = create_app(Settings(**settings), pepper=pepper, previous_pepper=previous)
        transport = httpx.ASGITransport(app)
        async with started(app), httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
            headers = {"authorization": f"Bearer {token}"}
            return (await client.post("/graphql", json={"query": READ}, headers=headers)).status_code

    new = b"the next secret, of 32 bytes ...."
    assert [await status(new, PEPPER), await status(new, None)] == [200, 401]


async def test_a_token_ends_with_its_key(api: GraphQLApi):
    shop, end = api.shop, datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)
    ending = await create_key(shop.resources, shop.account.id, "test", [Scope.ORDERS_READ], end, pepper=PEPPER)
    made = await create(api, ending.text, "ORDERS_READ", seconds=3_600)
    token = made["accessToken"]["token"]
    assert datetime.fromisoformat(made["accessToken"]["expiresAt"]) == end
    assert await code_of(api, token) == "OK"

    await revoke_key(shop.resources, ending.key_id)

    assert (await api.ask(READ, key=token)).status_code == 401


async def test_a_token_of_a_suspended_account_reads_and_does_not_write(api: GraphQLApi):
    key = await api.new_key(Scope.ORDERS_READ, Scope.ORDERS_WRITE)
    token = await token_of(api, key, "ORDERS_READ", "ORDERS_WRITE")
    await suspend_account(api.shop.resources, api.shop.account.id)

    assert await code_of(api, token) == "OK"
    made = (await api.data(PLACE, key=token))["createOrderByMass"]
    assert [each["code"] for each in made["userErrors"]] == ["ACCOUNT_SUSPENDED"]
    assert await code_of(api, await token_of(api, key, "ORDERS_READ")) == "OK"


async def test_a_token_for_a_client_account_opens_that_account_alone(api: GraphQLApi):
    client = await api.shop.another_account(parent_account_id=api.shop.account.id)
    other = await api.shop.another_account(parent_account_id=api.shop.account.id)
    theirs, others, own = (global_id("Account", each.id) for each in (client, other, api.shop.account))
    token = await token_of(api, await api.new_key(Scope.ORDERS_READ), "ORDERS_READ", account_id=theirs)

    assert (await api.data(READ, key=token))["account"] == {"id": theirs}
    assert await code_of(api, token, account_id=theirs) == "OK"
    for named in (others, own, "x"):
        assert await code_of(api, token, account_id=named) == "ACCOUNT_SELECTED_INVALID"


async def test_a_token_selects_as_its_key_does(api: GraphQLApi):
    client = await api.shop.another_account(parent_account_id=api.shop.account.id)
    stranger = await api.shop.another_account()
    token = await token_of(api, await api.new_key(), "ORDERS_READ")

    assert await code_of(api, token, account_id=global_id("Account", client.id)) == "OK"
    # Its key may act for any account; the token did not get that scope.
    assert await code_of(api, token, account_id=global_id("Account", stranger.id)) == "ACCOUNT_SELECTED_INVALID"


async def test_an_operators_token_for_a_customer_has_operator_scope_only_if_requested(api: GraphQLApi):
    seller = await api.shop.another_account()
    operator = await api.new_key(Scope.OPERATOR, account=seller)
    named = global_id("Account", api.shop.account.id)
    token = await token_of(api, operator, "ORDERS_READ", account_id=named)

    assert (await api.data(READ, key=token))["account"] == {"id": named}
    assert await code_of(api, token, "{ accounts { nodes { id } } }") == "FORBIDDEN"
    assert await code_of(api, token, PLACE) == "FORBIDDEN"


async def test_exports_accept_a_token(api: GraphQLApi):
    token = await token_of(api, await api.new_key(), "ORDERS_READ")
    for path in ("/exports/orders.csv", "/exports/ledger.ndjson"):
        answer = await api.client.get(path, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200, path


async def test_rest_refuses_a_token_and_says_why(api: GraphQLApi):
    token = await token_of(api, await api.new_key(), "ORDERS_READ", "OPERATOR")
    told = "Access tokens are not accepted here, only by GraphQL and exports. Send an API key."
    for path in ("/lune/v1/accounts/me", "/carbon-engine/v1/orders", "/carbonext/v1/orders"):
        answer = await api.client.get(path, headers={"authorization": f"Bearer {token}"})
        assert (answer.status_code, told in answer.text) == (401, True), path
    assert (await api.client.get("/metrics", headers={"authorization": f"Bearer {token}"})).status_code == 401
