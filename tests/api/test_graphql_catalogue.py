"""The catalogue and client accounts over HTTP: an operator fills an empty shelf, a customer buys from it for a client.

Seen to fail when: an input's fact is left out on its way to the operation; the header `Account-Id` is not read; a
foreign account is refused in other words than a malformed one.
"""

from typing import Any

import pytest

from service.api.graphql.types.node import global_id
from service.domain.api_keys import Scope
from service.kit.ids import uuid7
from tests.api.graphql_api import GraphQLApi

ERRORS = "userErrors { code message path }"
PROJECT = f"""mutation ($input: CreateProjectInput!) {{ answer: createProject(input: $input) {{
    project {{ id slug name category type country registryName description }} {ERRORS} }} }}"""
BUNDLE = f"""mutation ($input: CreateBundleInput!) {{ answer: createBundle(input: $input) {{
    bundle {{ id slug name offsetType approach carbonPermanence disabled projects {{ id }} }} {ERRORS} }} }}"""
PRICE = f"""mutation ($input: SetPriceInput!) {{ answer: setPrice(input: $input) {{
    bundle {{ id prices {{ minimumMass {{ tonnes }} unitPrice {{ amount currency }} }} }} {ERRORS} }} }}"""
BATCH = f"""mutation ($input: ReceiveCreditBatchInput!) {{ answer: receiveCreditBatch(input: $input) {{
    creditBatch {{ id reference vintage mode firstSerial issued {{ tonnes }} project {{ id }} }} {ERRORS} }} }}"""
PORTFOLIO = f"""mutation ($input: SetPortfolioInput!) {{ answer: setPortfolio(input: $input) {{
    portfolio {{ id identifier label weights {{ percentage bundle {{ id }} }} }} {ERRORS} }} }}"""
SWITCH = f"""mutation ($input: SwitchBundleInput!) {{
    off: disableBundle(input: $input) {{ bundle {{ disabled }} {ERRORS} }}
    on: enableBundle(input: $input) {{ bundle {{ disabled }} {ERRORS} }} }}"""
OWN = f"""mutation ($input: SetAccountPortfolioInput!) {{ answer: setAccountPortfolio(input: $input) {{
    account {{ id portfolio {{ identifier weights {{ percentage bundle {{ id }} }} }} }} {ERRORS} }} }}"""
CLIENT = f"""mutation ($input: CreateClientAccountInput!) {{ answer: createClientAccount(input: $input) {{
    account {{ id name currency isClient handle beneficiary externalPagesVisibility portfolio {{ id }} }}
    {ERRORS} }} }}"""
CHANGE = f"""mutation ($input: UpdateClientAccountInput!) {{ answer: updateClientAccount(input: $input) {{
    account {{ id name handle beneficiary externalPagesVisibility }} {ERRORS} }} }}"""
CLIENTS = """query ($first: Int, $after: String, $text: String) {
    clientAccounts(first: $first, after: $after, nameContains: $text) {
        totalCount nodes { name portfolio { id } } pageInfo { hasNextPage endCursor } } }"""
ORDER = """mutation { answer: createOrderByMass(input: {mass: {amount: "1", unit: KILOGRAM}, idempotencyKey: "one"}) {
    order { id } userErrors { code } } }"""

OAK_HILLS = {
    "slug": "oak-hills",
    "name": "Oak Hills",
    "category": "Native woodland",
    "type": "Planting",
    "country": "GBR",
    "registryName": "Woodland Carbon Code",
    "description": "Oaks, mostly.",
}
OAKS = {
    "slug": "oaks",
    "name": "Oaks",
    "description": "Oaks only.",
    "offsetType": "CARBON_REMOVAL",
    "approach": "TRADITIONAL",
    "carbonPermanence": "SHORT_TERM",
}


async def answer(api: GraphQLApi, document: str, given: dict[str, Any], **options: Any) -> dict[str, Any]:
    return (await api.data(document, {"input": given}, **options))["answer"]


async def code(api: GraphQLApi, document: str, given: dict[str, Any]) -> tuple[str, list[str]]:
    """The one error that the input is answered with."""
    ((error,),) = [(await answer(api, document, given))["userErrors"]]
    return error["code"], error["path"]


async def made(api: GraphQLApi, document: str, field: str, given: dict[str, Any]) -> dict[str, Any]:
    """What the input made, twice sent and made once."""
    first, second = await answer(api, document, given), await answer(api, document, given)
    assert first["userErrors"] == []
    assert first == second
    return first[field]


async def test_a_tier_that_rises_is_named_by_its_place(api: GraphQLApi):
    project = await made(api, PROJECT, "project", OAK_HILLS)
    bundle = await made(api, BUNDLE, "bundle", {**OAKS, "projectIds": [project["id"]]})
    tiers = [
        {"minimumMass": {"amount": "100", "unit": "TONNE"}, "unitPrice": "440"},
        {"minimumMass": {"amount": "0", "unit": "TONNE"}, "unitPrice": "39.99"},
    ]

    refused = await answer(api, PRICE, {"bundleId": bundle["id"], "currency": "USD", "tiers": tiers})

    assert refused["bundle"] is None
    (error,) = refused["userErrors"]
    assert (error["code"], error["path"]) == ("BAD_USER_INPUT", ["input", "tiers", "0"])


async def stocked(api: GraphQLApi) -> dict[str, Any]:
    """A bundle with a price and stock, all of it made over GraphQL."""
    project = await made(api, PROJECT, "project", OAK_HILLS)
    bundle = await made(api, BUNDLE, "bundle", {**OAKS, "projectIds": [project["id"]]})
    tiers = [
        {"minimumMass": {"amount": "20", "unit": "TONNE"}, "unitPrice": "24"},
        {"minimumMass": {"amount": "0", "unit": "TONNE"}, "unitPrice": "25.5"},
    ]
    price = await made(api, PRICE, "bundle", {"bundleId": bundle["id"], "currency": "USD", "tiers": tiers})
    batch = await made(
        api,
        BATCH,
        "creditBatch",
        {
            "reference": "receipt-1",
            "projectId": project["id"],
            "mode": "LIVE",
            "vintage": 2021,
            "mass": {"amount": "100", "unit": "TONNE"},
            "serialPrefix": "WCC-77-",
            "serialStart": "4001",
        },
    )
    return {"project": project, "bundle": bundle, "price": price, "batch": batch}


async def test_an_operator_adds_stock_and_a_customer_buys_it(api: GraphQLApi):
    shelf = await stocked(api)
    project_id, bundle_id = shelf["project"]["id"], shelf["bundle"]["id"]

    assert shelf["project"] == {**OAK_HILLS, "id": project_id}
    assert shelf["bundle"] == {
        **{name: OAKS[name] for name in ("slug", "name", "offsetType", "approach", "carbonPermanence")},
        "id": bundle_id,
        "disabled": False,
        "projects": [{"id": project_id}],
    }
    assert shelf["price"]["prices"] == [
        {"minimumMass": {"tonnes": "0"}, "unitPrice": {"amount": "25.5", "currency": "USD"}},
        {"minimumMass": {"tonnes": "20"}, "unitPrice": {"amount": "24", "currency": "USD"}},
    ]
    assert shelf["batch"] == {
        "id": shelf["batch"]["id"],
        "reference": "receipt-1",
        "vintage": 2021,
        "mode": "LIVE",
        "firstSerial": "WCC-77-4001",
        "issued": {"tonnes": "100"},
        "project": {"id": project_id},
    }
    placed = await api.data(
        """mutation ($id: ID!) { createOrderByMass(input: {mass: {amount: "2", unit: TONNE}, idempotencyKey: "k",
            selection: [{bundleId: $id}]}) { order { status offsetCost { amount } } userErrors { code } } }""",
        {"id": bundle_id},
    )
    assert placed["createOrderByMass"]["order"] == {"status": "FULFILLED", "offsetCost": {"amount": "51.00"}}


async def test_a_portfolio_for_all_and_a_switch(api: GraphQLApi):
    bundle_id = (await stocked(api))["bundle"]["id"]
    given = {"identifier": "all-oaks", "label": "All oaks", "selection": [{"bundleId": bundle_id}]}

    portfolio = await made(api, PORTFOLIO, "portfolio", given)
    assert (portfolio["identifier"], portfolio["label"]) == ("all-oaks", "All oaks")
    assert portfolio["weights"] == [{"percentage": "100.00", "bundle": {"id": bundle_id}}]
    switched = await api.data(SWITCH, {"input": {"bundleId": bundle_id}})
    assert [switched[name]["bundle"]["disabled"] for name in ("off", "on")] == [True, False]


@pytest.mark.parametrize(
    ("document", "given", "expected"),
    [
        (PROJECT, {**OAK_HILLS, "slug": "Oak Hills"}, ("BAD_USER_INPUT", ["input", "slug"])),
        (PROJECT, {**OAK_HILLS, "country": "GB"}, ("BAD_USER_INPUT", ["input", "country"])),
        (PROJECT, {**OAK_HILLS, "logoUrl": "http://x"}, ("BAD_USER_INPUT", ["input", "logoUrl"])),
        (BUNDLE, {**OAKS, "projectIds": []}, ("BAD_USER_INPUT", ["input", "projectIds"])),
        (BUNDLE, {**OAKS, "projectIds": ["x"]}, ("BAD_USER_INPUT", ["input", "projectIds", "0"])),
        (CLIENT, {"name": "C", "currency": "USD", "handle": "Ü"}, ("BAD_USER_INPUT", ["input", "handle"])),
        (CLIENT, {"name": "", "currency": "USD"}, ("BAD_USER_INPUT", ["input", "name"])),
        (CLIENT, {"name": "C", "currency": "EUR"}, ("CURRENCY_UNAVAILABLE", ["input", "currency"])),
    ],
)
async def test_a_fault_is_named_by_its_path(api: GraphQLApi, document: str, given: dict[str, Any], expected: Any):
    assert await code(api, document, given) == expected


async def test_an_account_chooses_its_own_portfolio(api: GraphQLApi):
    forest, ocean = (global_id("Bundle", each.id) for each in (api.shop.forest, api.shop.ocean))
    weights = [{"bundleId": ocean, "percentage": "75.5"}, {"bundleId": forest, "percentage": "24.5"}]

    account = await made(api, OWN, "account", {"selection": weights})
    assert account["portfolio"] == {
        "identifier": "own",
        "weights": [
            {"percentage": "75.50", "bundle": {"id": ocean}},
            {"percentage": "24.50", "bundle": {"id": forest}},
        ],
    }
    back = await made(api, OWN, "account", {"portfolioId": global_id("Portfolio", api.shop.account.portfolio_id)})
    assert back["portfolio"]["weights"][0] == {"percentage": "95.00", "bundle": {"id": forest}}
    wrong = [{"bundleId": ocean, "percentage": "75"}]
    assert await code(api, OWN, {"selection": wrong}) == ("SELECTION_INVALID", ["input", "selection"])


async def test_client_accounts_are_made_listed_and_changed(api: GraphQLApi):
    made_ids = [
        (await made(api, CLIENT, "account", {"name": name, "currency": "USD", "handle": name.lower()}))["id"]
        for name in ("Anna", "Berta", "Hannah")
    ]

    first = (await api.data(CLIENTS, {"first": 2}))["clientAccounts"]
    assert [each["name"] for each in first["nodes"]] == ["Anna", "Berta"]
    assert first["totalCount"] == 3
    after = {"first": 2, "after": first["pageInfo"]["endCursor"]}
    assert [each["name"] for each in (await api.data(CLIENTS, after))["clientAccounts"]["nodes"]] == ["Hannah"]
    named = (await api.data(CLIENTS, {"text": "anna"}))["clientAccounts"]
    assert ([each["name"] for each in named["nodes"]], named["totalCount"]) == (["Anna", "Hannah"], 2)
    changes = {"id": made_ids[0], "beneficiary": "Them", "handle": None, "externalPagesVisibility": "HIDDEN"}
    assert await made(api, CHANGE, "account", changes) == {
        "id": made_ids[0],
        "name": "Anna",
        "handle": None,
        "beneficiary": "Them",
        "externalPagesVisibility": "HIDDEN",
    }
    found = await api.data("query ($id: ID!) { node(id: $id) { ... on Account { name } } }", {"id": made_ids[1]})
    assert found == {"node": {"name": "Berta"}}


async def test_the_header_account_id_acts_for_a_client_account(api: GraphQLApi):
    client = await made(api, CLIENT, "account", {"name": "Client", "currency": "USD", "handle": "c"})

    placed = (await api.ask(ORDER, account_id=client["id"])).json()["data"]["answer"]["order"]
    own = (await api.ask("{ account { id isClient } orders { nodes { id } } }", account_id=client["id"])).json()["data"]

    assert own == {"account": {"id": client["id"], "isClient": True}, "orders": {"nodes": [{"id": placed["id"]}]}}
    assert (await api.data("{ orders { nodes { id } } }")) == {"orders": {"nodes": []}}
    assert (await api.ask(ORDER)).json()["data"]["answer"]["order"]["id"] != placed["id"]


async def test_an_account_that_is_not_the_keys_is_refused_in_the_same_words(api: GraphQLApi):
    stranger = await api.shop.another_account()
    theirs = await api.new_key(account=stranger)
    foreign = (await answer(api, CLIENT, {"name": "Foreign", "currency": "USD"}, key=theirs))["account"]["id"]
    wanted = ["", "x", global_id("Order", uuid7()), global_id("Account", uuid7()), global_id("Account", stranger.id)]

    customers = await api.new_key(*(set(Scope) - {Scope.OPERATOR}))
    asked = "{ account { id } }"
    answers = [(await api.ask(asked, key=customers, account_id=each)).json() for each in [*wanted, foreign]]

    for body in answers:
        (error,) = body["errors"]
        error["extensions"].pop("requestId")
        assert body == answers[0]
    assert answers[0]["errors"][0]["extensions"]["code"] == "ACCOUNT_SELECTED_INVALID"
    assert "data" not in answers[0]
