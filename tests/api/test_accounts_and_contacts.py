"""Accounts that an operator creates and changes over GraphQL, and the contacts that a customer keeps itself.

Seen to fail when: a retry creates a second customer, or is refused after the accounts were changed; a new currency is
not looked up in the portfolio's prices; a change has no event with the operator as actor; contacts are added to those
that were there, or shown to another account.
"""

import asyncio
from typing import Any

import pytest

from service.api.graphql.types.node import global_id
from service.domain.accounts import Account
from service.domain.api_keys import Scope
from service.domain.events import EventType
from service.operations.manage_accounts import list_accounts
from service.operations.set_seller import set_seller
from service.operations.steps.issue_key import CUSTOMER_SCOPES
from service.storage.events import EVENTS
from service.storage.sellers import DETAILS
from tests.api.graphql_api import GraphQLApi
from tests.books import assert_audit_finds_nothing, rows_of

CREATE = """mutation ($input: CreateAccountInput!) { createAccount(input: $input) {
    liveAccount { id name mode currency commissionPercent beneficiary contacts { email } }
    testAccount { id name mode } userErrors { code path } } }"""
UPDATE = """mutation ($input: UpdateAccountInput!) { updateAccount(input: $input) {
    account { name currency commissionPercent beneficiary } userErrors { code path } } }"""
CONTACTS = """mutation ($input: SetContactsInput!) { setContacts(input: $input) {
    account { contacts { email name kinds } } userErrors { code path } } }"""
ADA = {"email": "ada@example.com", "name": "Ada", "kinds": ["INVOICE_ISSUED", "ORDER_CONFIRMED"]}


@pytest.fixture
async def operator(api: GraphQLApi) -> str:
    seller = await api.shop.another_account(name="The seller")
    return await api.new_key(Scope.OPERATOR, Scope.ORDERS_READ, Scope.CATALOGUE_READ, account=seller)


def customer(api: GraphQLApi, **change: Any) -> dict[str, Any]:
    portfolio = global_id("Portfolio", api.shop.account.portfolio_id)
    return {"reference": "C-1", "name": "Orrin Mills", "currency": "USD", "portfolioId": portfolio, **change}


async def create(api: GraphQLApi, key: str, **change: Any) -> Any:
    return (await api.data(CREATE, {"input": customer(api, **change)}, key=key))["createAccount"]


async def update(api: GraphQLApi, key: str, account_id: str, **change: Any) -> Any:
    given = {"accountId": account_id, **change}
    return (await api.data(UPDATE, {"input": given}, key=key))["updateAccount"]


async def customers(api: GraphQLApi) -> list[Account]:
    return [each for each in await list_accounts(api.shop.resources) if each.name == "Orrin Mills"]


async def test_a_customer_gets_a_live_and_a_test_account(api: GraphQLApi, operator: str):
    terms = {"commissionPercent": "7.5", "contract": "LUNE", "beneficiary": "Orrin"}

    made = await create(api, operator, **terms)

    live, test = made["liveAccount"], made["testAccount"]
    assert made["userErrors"] == []
    shown = [live[name] for name in ("name", "mode", "currency", "commissionPercent", "beneficiary", "contacts")]
    assert shown == ["Orrin Mills", "LIVE", "USD", "7.50", "Orrin", []]
    assert (test["name"], test["mode"]) == ("Orrin Mills", "TEST")
    assert [each.contract for each in await customers(api)] == ["lune", "lune"]
    events = await rows_of(api.shop.database, EVENTS)
    told = {(global_id("Account", each.account_id), each.actor, each.event_type, each.seq) for each in events}
    actor = operator.split("_")[2]
    assert told == {(each["id"], actor, EventType.ACCOUNT_CREATED, 1) for each in (live, test)}
    await assert_audit_finds_nothing(api.shop.database)


async def test_a_retry_returns_the_accounts_as_they_are_now(api: GraphQLApi, operator: str):
    made = await create(api, operator)
    await update(api, operator, made["liveAccount"]["id"], name="Orrin & Sons")

    again = await create(api, operator, reference=" C-1 ")

    assert again["liveAccount"] == {**made["liveAccount"], "name": "Orrin & Sons"}
    assert (again["testAccount"], again["userErrors"]) == (made["testAccount"], [])


async def test_one_of_many_requests_at_once_creates_the_customer(api: GraphQLApi, operator: str):
    made = await asyncio.gather(*(create(api, operator) for _ in range(6)))

    assert len({(each["liveAccount"]["id"], each["testAccount"]["id"]) for each in made}) == 1
    assert len(await customers(api)) == 2


async def test_a_reference_names_one_customer(api: GraphQLApi, operator: str):
    await create(api, operator)
    for change in ({"name": "Other"}, {"commissionPercent": "1"}, {"contract": "CARBONEXT"}, {"beneficiary": "B"}):
        refused = await create(api, operator, **change)
        assert refused["userErrors"] == [{"code": "IDEMPOTENCY_KEY_REUSED", "path": ["input", "reference"]}], change
    assert len(await list_accounts(api.shop.resources)) == 4


async def test_a_customer_is_billed_by_the_seller_that_was_named(api: GraphQLApi, operator: str):
    second = await set_seller(api.shop.resources, "eu", {"legal_name": "Seller GmbH"})

    made = await create(api, operator, seller="eu")
    refused = await create(api, operator, reference="C-2", seller="none")

    details = {
        global_id("Account", each.account_id): each.seller_id for each in await rows_of(api.shop.database, DETAILS)
    }
    assert details == {made[name]["id"]: second.id for name in ("liveAccount", "testAccount")}
    assert refused["userErrors"] == [{"code": "NOT_FOUND", "path": ["input", "seller"]}]


async def test_an_operator_changes_what_an_account_is(api: GraphQLApi, operator: str):
    made = await create(api, operator, commissionPercent="5", beneficiary="Orrin")
    account_id = made["liveAccount"]["id"]

    changed = await update(api, operator, account_id, name="Orrin & Sons", commissionPercent="6.25")
    again = await update(api, operator, account_id, name="Orrin & Sons", commissionPercent="6.25")
    freed = await update(api, operator, account_id, beneficiary=None)

    facts = {"name": "Orrin & Sons", "currency": "USD", "commissionPercent": "6.25", "beneficiary": "Orrin"}
    assert changed == again == {"account": facts, "userErrors": []}
    assert freed["account"] == {**facts, "beneficiary": None}
    events = [each for each in await rows_of(api.shop.database, EVENTS) if each.event_type is EventType.ACCOUNT_UPDATED]
    assert [(each.actor, each.payload["changed"]) for each in events] == [
        (operator.split("_")[2], ["commission_hundredths", "name"]),
        (operator.split("_")[2], ["beneficiary_name"]),
    ]
    found = await api.data('{ accounts(filter: {nameContains: "& sons"}) { nodes { name } } }', key=operator)
    assert found["accounts"]["nodes"] == [{"name": "Orrin & Sons"}]


async def test_a_currency_needs_prices_of_the_whole_portfolio(api: GraphQLApi, operator: str):
    made = await create(api, operator)

    refused = await update(api, operator, made["liveAccount"]["id"], currency="CHF")

    assert refused["userErrors"] == [{"code": "CURRENCY_UNAVAILABLE", "path": ["input", "currency"]}]
    assert {each.currency for each in await customers(api)} == {"USD"}


async def test_a_customer_creates_and_changes_no_account(api: GraphQLApi):
    own = await api.new_key(*CUSTOMER_SCOPES, Scope.ACCOUNT_MANAGE)
    given = {"accountId": global_id("Account", api.shop.account.id), "name": "Other"}
    for document, told in ((CREATE, customer(api)), (UPDATE, given)):
        body = (await api.ask(document, {"input": told}, key=own)).json()
        assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_contacts_are_set_as_a_whole(api: GraphQLApi):
    manager = await api.new_key(Scope.ACCOUNT_MANAGE)
    bea = {"email": "bea@example.com", "name": "Bea", "kinds": []}

    async def set_to(*contacts: Any) -> Any:
        return (await api.data(CONTACTS, {"input": {"contacts": contacts}}, key=manager))["setContacts"]

    first = await set_to(bea, {**ADA, "name": " Ada "})
    again = await set_to(ADA, bea)
    fewer = await set_to(bea)

    ada = {**ADA, "kinds": ["ORDER_CONFIRMED", "INVOICE_ISSUED"]}
    assert first == again == {"account": {"contacts": [ada, bea]}, "userErrors": []}
    assert fewer["account"]["contacts"] == [bea]
    assert (await set_to())["account"]["contacts"] == []
    events = await rows_of(api.shop.database, EVENTS)
    assert [(each.event_type, each.payload) for each in events] == [
        (EventType.CONTACTS_SET, {"contacts": number}) for number in (2, 1, 0)
    ]


async def test_contacts_are_shown_to_those_who_manage_the_account(api: GraphQLApi, operator: str):
    client = await api.shop.another_account(parent_account_id=api.shop.account.id)
    manager = await api.new_key(Scope.ACCOUNT_MANAGE, Scope.ORDERS_READ)
    sent = {"input": {"contacts": [ADA]}}
    assert (await api.ask(CONTACTS, sent, key=manager, account_id=global_id("Account", client.id))).status_code == 200

    shown = "{ account { contacts { email } } clientAccounts { nodes { contacts { email } } } }"
    assert await api.data(shown, key=manager) == {
        "account": {"contacts": []},
        "clientAccounts": {"nodes": [{"contacts": [{"email": "ada@example.com"}]}]},
    }
    seen = await api.data("{ accounts { nodes { contacts { email } } } }", key=operator)
    assert sorted(len(each["contacts"]) for each in seen["accounts"]["nodes"]) == [0, 0, 1]
    body = (await api.ask("{ account { contacts { email } } }", key=await api.new_key(*CUSTOMER_SCOPES))).json()
    assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"]


WRONG_ADDRESSES = (
    *("", "ada", "ada@example", "ada@", "@example.com", "a b@example.com", "ada@example.com\nBcc: x@example.com"),
    *(".ada@example.com", "ada..b@example.com", "ada@-example.com", "ada@example..com", "Ada <ada@example.com>"),
    f"{'a' * 65}@example.com",
    f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.{'f' * 10}.com",
)


async def test_wrong_contacts_are_refused(api: GraphQLApi):
    cases: list[tuple[list[Any], list[str]]] = [
        ([ADA] * 21, ["contacts"]),
        ([ADA, {**ADA, "email": "Ada@Example.com"}], ["contacts", "1", "email"]),
        ([{**ADA, "name": ""}], ["contacts", "0", "name"]),
        *(([{**ADA, "email": email}], ["contacts", "0", "email"]) for email in WRONG_ADDRESSES),
    ]
    for contacts, path in cases:
        refused = (await api.data(CONTACTS, {"input": {"contacts": contacts}}))["setContacts"]
        told = [{"code": "BAD_USER_INPUT", "path": ["input", *path]}]
        assert refused == {"account": None, "userErrors": told}, contacts
    assert await api.data("{ account { contacts { email } } }") == {"account": {"contacts": []}}
    kept = [
        {**ADA, "email": email} for email in ("a@b.co", "a.b+c@sub.example.co.uk", "o'hara_1@xn--bcher-kva.example")
    ]
    assert (await api.data(CONTACTS, {"input": {"contacts": kept}}))["setContacts"]["userErrors"] == []
