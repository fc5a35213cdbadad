"""Permissions of the REST addresses: every route, asked by every kind of key. routes.toml says what each needs.

Seen to fail when: an endpoint does not ask for its permission; a denied request changes a row; an address of another
account's object is answered; a route has no row.
"""

from typing import Any

import pytest

from service.api.graphql.types.node import global_id
from service.api.pages.console import load_console
from service.domain.api_keys import Scope
from tests.permissions import requests, tables
from tests.permissions.world import CUSTOMER, Identity, Stage, own_keys

pytestmark = pytest.mark.asyncio(loop_scope="module")

PUBLIC = frozenset[str](
    row
    for row in map(str.strip, tables.table("routes")["public"].strip().splitlines())
    if not row.startswith("GET /console") or load_console() is not None  # built with npm
)
ROWS = {
    place.strip(): tables.needs_of(heading)
    for heading, places in tables.table("routes").items()
    if heading != "public"
    for place in places.strip().splitlines()
}

NOT_FOUND = {
    "GET /lune/v1/orders/{id}",
    "GET /lune/v1/estimates/electricity/{id}",
    "GET /lune/v1/orders/{id}/certificate",
    "GET /lune/v1/orders/by-idempotency-key/{idempotency_key:path}",
    "PATCH /lune/v1/accounts/client/{id}",
    "PUT /lune/v1/accounts/client/{id}",
    "POST /lune/v1/accounts/{id}/logo",
    "DELETE /lune/v1/accounts/{id}/logo",
    "POST /lune/v1/accounts/client/{id}/logo",
    "DELETE /lune/v1/accounts/client/{id}/logo",
    "GET /lune/v1/webhooks/{id}",
    "PUT /lune/v1/webhooks/{id}",
    "PUT /lune/v1/webhooks/{id}/rotate-secret",
    "DELETE /lune/v1/webhooks/{id}",
    "GET /carbon-engine/v1/orders/{id}",
    "POST /carbon-engine/v1/orders/{id}/cancel",
    "POST /carbonext/v1/orders/{id}/cancel",
    "GET /carbonext/v1/invoices/{id}",
}
"""Addresses of an object of the account, which are absent to all other accounts."""

OF_EVERYBODY = {
    "GET /lune/v1/bundles/{id}",
    "GET /lune/v1/projects/{id}",
    "GET /lune/v1/projects/by-slug/{slug}",
}


async def test_every_route_has_a_row():
    rows = PUBLIC | ROWS.keys()
    assert rows - requests.routes() == set()
    assert requests.routes() - rows == set(), "say in routes.toml what the route needs"


async def test_no_route_answers_without_a_valid_key(stage: Stage):
    faults = []
    for nobody in stage.nobodies:
        before = stage.watch.version()
        for place in ROWS:
            answer = await requests.send(stage, nobody, place)
            if answer.status_code != 401:
                faults.append(f"{place}, {nobody.name}: {answer.status_code} {answer.text}")
        if stage.watch.version() != before:
            faults.append(f"{nobody.name}: something changed")
    assert not faults, "\n".join(faults)


async def test_public_routes_answer_without_a_key(stage: Stage):
    for place in PUBLIC:
        if place.startswith("GET") and not any(part in place for part in ("{token}", "{sha256}", "{path")):
            assert (await requests.send(stage, stage.nobodies[0], place)).status_code in {200, 308}, place


async def test_routes_answer_to_their_scopes_and_to_no_others(stage: Stage):
    faults = []
    asking = [*own_keys(stage), stage.identities["client"], stage.identities["parent-for-client"]]
    for identity in asking:
        for place, needs in ROWS.items():
            if identity.selected is not None and not place.split()[1].startswith("/lune"):
                continue  # only Lune has a header that selects an account
            missing, before = needs - identity.holds, stage.watch.version()
            if missing:
                fault = _fault_of_denial(await requests.send(stage, identity, place), missing)
                if fault or stage.watch.version() != before:
                    faults.append(f"{place}, {identity.name}: {fault or 'something changed'}")
            elif identity.holds & set(Scope) <= tables.scopes_in(needs) or not identity.name.count("+"):
                answer = await requests.send(stage, identity, place)
                if answer.status_code in {401, 403} or answer.status_code >= 500:
                    faults.append(f"{place}, {identity.name}, is permitted: {answer.text}")
    assert not faults, "\n".join(faults)


def _fault_of_denial(answer: Any, missing: frozenset[str]) -> str:
    scopes = tables.scopes_in(missing)
    if answer.status_code != 403:
        return f"not denied: {answer.status_code} {answer.text}"
    if scopes and not any(f"the scope {scope}" in answer.text for scope in scopes):
        return f"does not say which scope is missing: {answer.text}"
    return ""


async def test_objects_of_other_accounts_are_absent(stage: Stage):
    templates = {place for place in ROWS if "{" in place}
    assert templates == NOT_FOUND | OF_EVERYBODY
    faults = []
    for name in ("stranger", "twin", "sibling", "seller"):
        identity = stage.identities[name]
        for place in NOT_FOUND:
            before = stage.watch.version()
            answer = await requests.send(stage, identity, place)
            denied = {403} if not ROWS[place] & {"money", "parent"} <= identity.holds else {404}
            if answer.status_code not in denied or stage.watch.version() != before:
                faults.append(f"{place}, {name}: {answer.status_code} {answer.text}")
        before = stage.watch.version()
        answer = await requests.send(stage, identity, "POST /carbonext/v1/orders/cancel")
        if (answer.json(), stage.watch.version()) != (False, before):
            faults.append(f"POST /orders/cancel, {name}: {answer.text}")
        for contract, path in (("lune", "orders"), ("carbon-engine", "orders"), ("carbonext", "orders")):
            answer = await requests.send(stage, identity, f"GET /{contract}/v1/{path}")
            if any(listed(answer.json())):
                faults.append(f"GET /{contract}/v1/{path}, {name}: {answer.text}")
    assert not faults, "\n".join(faults)


def listed(body: Any) -> list[Any]:
    """Return the entries of a page, however the contract writes it."""
    found: list[Any] = next((body[name] for name in ("data", "items") if name in body), body)
    return found


@pytest.mark.parametrize("selected", ["stranger", "twin", "suspended"])
async def test_a_key_acts_for_no_account_but_its_own_and_its_clients(stage: Stage, selected: str):
    everything = stage.identities["+".join(sorted(Scope))]
    identity = Identity("selecting", everything.key, everything.holds, stage.accounts[selected].id)
    before = stage.watch.version()
    answer = await requests.send(stage, identity, "GET /lune/v1/accounts/me")
    assert answer.status_code not in {200, 500}, answer.text
    wanted = global_id("Account", stage.accounts[selected].id)
    answer = await stage.graphql("{ account { id } }", identity.graphql_headers)
    assert answer.json()["data"] == {"account": {"id": wanted}}, "an operator's key acts for any account in GraphQL"
    customers = stage.identities["+".join(sorted(CUSTOMER))]
    identity = Identity("selecting", customers.key, customers.holds, stage.accounts[selected].id)
    answer = await stage.graphql("{ account { id } }", identity.graphql_headers)
    codes = {error["extensions"]["code"] for error in answer.json()["errors"]}
    assert (codes, answer.json().get("data")) == ({"ACCOUNT_SELECTED_INVALID"}, None)
    assert stage.watch.version() == before


async def test_a_suspended_account_writes_nothing(stage: Stage):
    faults = []
    for name in ("suspended", "client-of-suspended"):
        identity = stage.identities[name]
        for place, needs in ROWS.items():
            before = stage.watch.version()
            answer = await requests.send(stage, identity, place)
            if stage.watch.version() != before:
                faults.append(f"{place}, {name}: something changed")
            elif Scope.ORDERS_WRITE in tables.scopes_in(needs) and place not in NOT_FOUND and answer.status_code < 400:
                faults.append(f"{place}, {name}: {answer.text}")
    assert not faults, "\n".join(faults)
