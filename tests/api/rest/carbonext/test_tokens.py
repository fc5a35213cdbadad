"""Tokens: got with a key at either address, good for an hour, never for longer than their key.

Seen to fail when: a refresh token passes as an access token; a token is taken whatever its signature; it outlives its
hour or its key; the prefix of the client id is not taken off; another key's id passes with the secret.
"""

import base64
import hmac
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

from service.domain.api_keys import Scope, parse
from service.operations.manage_keys import revoke_key
from service.storage.database import Database
from tests.api.graphql_api import PEPPER
from tests.api.rest.client import Rest, open_rest
from tests.makers import forged
from tests.set_clock import SetClock
from tests.shop import open_shop

REALM = "/auth/realms/co2free/protocol/openid-connect/token"
CONNECT = "/connect/token"
NOT_A_CLIENT = {
    "error": "unauthorized_client",
    "error_description": "Invalid client or invalid client credentials.",
}


def key_id(key: str) -> str:
    parsed = parse(key)
    assert parsed is not None
    return parsed.key_id


async def ask_for(rest: Rest, path: str, **form: str) -> httpx.Response:
    return await rest.ask("POST", path, key="", data=form)


async def token(rest: Rest, path: str = REALM, key: str | None = None, **form: str) -> dict[str, Any]:
    secret = key or rest.key
    told = {"grant_type": "client_credentials", "client_id": key_id(secret), "client_secret": secret, **form}
    answer = await ask_for(rest, path, **told)
    assert answer.status_code == 200, answer.text
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    said: dict[str, Any] = answer.json()
    return said


async def status_with(rest: Rest, bearer: str) -> int:
    answer = await rest.ask("GET", "/orders", key=bearer)
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
    return answer.status_code


async def test_the_realm_address_issues_a_token_for_an_hour(carbonext: Rest):
    for prefix in ("", "cbx_b2b_"):
        told = await token(carbonext, client_id=prefix + key_id(carbonext.key), scope="roles")

        access = told.pop("access_token")
        assert told == {
            "expires_in": 3600,
            "refresh_expires_in": 0,
            "token_type": "Bearer",
            "not-before-policy": 0,
            "scope": "profile email roles",
        }
        assert await status_with(carbonext, access) == 200


async def test_the_older_address_issues_an_access_token_and_a_refresh_token(carbonext: Rest):
    first = await token(carbonext, CONNECT, scope="offline_access")
    assert list(first) == ["access_token", "expires_in", "refresh_token", "token_type"]

    answer = await ask_for(carbonext, CONNECT, grant_type="refresh_token", refresh_token=first["refresh_token"])

    assert answer.status_code == 200
    assert await status_with(carbonext, answer.json()["access_token"]) == 200


async def test_a_refresh_token_is_no_access_token_and_an_access_token_no_refresh_token(carbonext: Rest):
    told = await token(carbonext, CONNECT)

    assert await status_with(carbonext, told["refresh_token"]) == 401
    for wrong in (told["access_token"], "", "x.y.z", carbonext.key):
        answer = await ask_for(carbonext, CONNECT, grant_type="refresh_token", refresh_token=wrong)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_grant")


async def test_wrong_credentials_are_all_the_same_401(carbonext: Rest):
    other = await carbonext.new_key()
    for client_id, secret in (
        (key_id(carbonext.key), forged(carbonext.key)),
        (key_id(other), carbonext.key),
        ("", carbonext.key),
        (key_id(carbonext.key), ""),
        ("cbx_b2b_nobody", "nothing"),
    ):
        told = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        for path in (REALM, CONNECT):
            answer = await ask_for(carbonext, path, **told)
            said = answer.json()
            assert (answer.status_code, said["status"]) == (401, 401)
            assert {name: said[name] for name in NOT_A_CLIENT} == NOT_A_CLIENT


async def test_another_grant_is_refused(carbonext: Rest):
    for path, grant, error in (
        (REALM, "password", "unsupported_grant_type"),
        (REALM, "refresh_token", "unsupported_grant_type"),
        (CONNECT, "authorization_code", "unsupported_grant_type"),
        (REALM, "", "invalid_request"),
        (CONNECT, "", "invalid_request"),
    ):
        answer = await ask_for(carbonext, path, grant_type=grant, client_secret=carbonext.key)
        assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_a_form_that_is_labelled_as_something_else_is_415(carbonext: Rest):
    answer = await carbonext.ask("POST", REALM, {"grant_type": "client_credentials"}, key="")
    assert answer.status_code == 415


@pytest.fixture
async def timed(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Rest, SetClock]]:
    """The contract of a service whose time is ours."""
    clock = SetClock()
    monkeypatch.setattr("service.app.system_clock", clock)
    async with open_rest("carbonext", await open_shop(database, currency="BRL"), database_url) as rest:
        yield rest, clock


async def test_tokens_end_by_the_services_clock(timed: tuple[Rest, SetClock]):
    rest, clock = timed
    told = await token(rest, CONNECT)
    refresh = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}

    clock.now += timedelta(minutes=59, seconds=59)
    assert await status_with(rest, told["access_token"]) == 200
    clock.now += timedelta(seconds=1)
    assert await status_with(rest, told["access_token"]) == 401
    again = await ask_for(rest, CONNECT, **refresh)
    assert await status_with(rest, again.json()["access_token"]) == 200
    clock.now += timedelta(days=30)
    assert (await ask_for(rest, CONNECT, **refresh)).status_code == 401


async def test_a_revoked_key_ends_its_tokens_at_once(carbonext: Rest):
    key = await carbonext.new_key()
    told = await token(carbonext, CONNECT, key)
    assert await status_with(carbonext, told["access_token"]) == 200

    await revoke_key(carbonext.shop.resources, key_id(key))

    assert await status_with(carbonext, told["access_token"]) == 401
    answer = await ask_for(carbonext, CONNECT, grant_type="refresh_token", refresh_token=told["refresh_token"])
    assert answer.status_code == 401


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def test_forged_tokens_are_refused(carbonext: Rest):
    genuine = (await token(carbonext))["access_token"]
    claims = jwt.decode(genuine, options={"verify_signature": False})
    head, body, signature = genuine.split(".")
    secret = hmac.digest(PEPPER, b"carbonext tokens", "sha256")
    resigned = jwt.encode(claims, secret, algorithm="HS256")
    assert await status_with(carbonext, resigned) == 200, "else what follows would be refused whatever it is"

    for bearer in (
        f"{part({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        f"{part({'alg': 'None'})}.{body}.{signature}",
        f"{head}.{part({**claims, 'key': 'another'})}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-2]}",
        jwt.encode(claims, PEPPER, algorithm="HS256"),
        jwt.encode(claims, secret * 2, algorithm="HS512"),
        jwt.encode({**claims, "use": "refresh"}, secret, algorithm="HS256"),
        jwt.encode({**claims, "key": "another"}, secret, algorithm="HS256"),
        jwt.encode({**claims, "key": 7}, secret, algorithm="HS256"),
        jwt.encode({name: each for name, each in claims.items() if name != "exp"}, secret, algorithm="HS256"),
        "..",
        "é",
    ):
        answer = await carbonext.http.get(
            "/carbonext/v1/orders", headers={b"authorization": b"Bearer " + bearer.encode("latin-1")}
        )
        assert answer.status_code == 401, bearer


async def test_a_token_may_do_what_its_key_may(carbonext: Rest):
    reader = await carbonext.new_key(Scope.ORDERS_READ)
    access = (await token(carbonext, key=reader))["access_token"]

    assert await carbonext.get("/permissions", key=access) == [
        {
            "id": name,
            "name": name,
            "description": name.replace("_", " "),
            "composite": False,
            "clientRole": True,
            "containerId": key_id(reader),
            "attributes": {},
        }
        for name in ("certificates_read", "financial_read", "orders_read")
    ]
    order = {"vcuAmount": 1, "targetCurrency": "BRL"}
    assert (await carbonext.ask("POST", "/orders", order, key=access)).status_code == 403


async def test_user_info_shows_the_account_and_key_of_a_token(carbonext: Rest):
    account, access = carbonext.shop.account, (await token(carbonext))["access_token"]

    assert await carbonext.get("/connect/userinfo", key=access) == {
        "clientId": "cbx_b2b_" + key_id(carbonext.key),
        "userId": key_id(carbonext.key),
        "name": account.name,
        "email": None,
        "isEmailValid": False,
        "customerId": str(account.id),
        "customerApplicationId": key_id(carbonext.key),
        "customerTaxId": None,
        "customerLegalName": account.name,
        "permissions": [
            "certificates_read",
            "customer_applications_read",
            "financial_read",
            "financial_write",
            "orders_read",
            "orders_write",
            "users_read",
        ],
    }
    assert (await carbonext.ask("GET", "/connect/userinfo", key="")).status_code == 401


@pytest.mark.parametrize("path", [REALM, CONNECT])
@pytest.mark.parametrize("prefix", ["", "cbx_b2b_"])
async def test_credentials_may_be_sent_as_http_basic(carbonext: Rest, path: str, prefix: str):
    headers = basic(prefix + key_id(carbonext.key), carbonext.key)
    answer = await carbonext.ask("POST", path, data={"grant_type": "client_credentials"}, headers=headers)

    assert answer.status_code == 200
    assert (await carbonext.ask("GET", "/orders", key=answer.json()["access_token"])).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        lambda key: basic(key_id(key), "wrong"),
        lambda key: basic("other", key),
        lambda key: {"authorization": "Basic " + base64.b64encode(key.encode()).decode()},
        lambda key: {"authorization": "Basic ***"},
        lambda key: {"authorization": "Basic " + base64.b64encode(b"\xff:" + key.encode()).decode()},
        lambda key: {"authorization": "Basic"},
    ],
)
async def test_wrong_credentials_as_http_basic_are_the_same_401(carbonext: Rest, headers: Any):
    form = {"grant_type": "client_credentials"}
    answer = await carbonext.ask("POST", CONNECT, data=form, headers=headers(carbonext.key))

    assert answer.status_code == 401
    assert answer.json().items() >= NOT_A_CLIENT.items()


async def test_credentials_in_form_and_header_have_to_be_the_same(carbonext: Rest):
    headers = basic(key_id(carbonext.key), carbonext.key)
    form = {"grant_type": "client_credentials", "client_id": key_id(carbonext.key)}
    same = await carbonext.ask("POST", CONNECT, data=form, headers=headers)
    other = await carbonext.ask("POST", CONNECT, data={**form, "client_id": "other"}, headers=headers)

    assert (same.status_code, other.status_code, other.json()["error"]) == (200, 400, "invalid_request")


def basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}
