"""Lists of a customer: certificates, estimates, quotes and payments of the account, and orders of its clients.

Seen to fail when: a page repeats or leaves out an entry; a list of clients' orders has another account's, or is sorted
account by account; a filter looks at credits that an order gave back.
"""

from typing import Any

import pytest

from service.api.graphql.types.node import global_id
from service.domain.accounts import Account
from service.domain.amounts import Money
from service.domain.api_keys import Scope
from service.domain.estimate import PlainMass
from service.domain.listing import OrderRef
from service.domain.order import ByBundleMasses, ByMass, Order, OrderRequest
from service.domain.recorded_estimate import CreateEstimate
from service.operations import read_orders
from service.operations.cancel_orders import cancel_orders
from service.operations.create_estimate import create_estimate
from service.operations.issue_certificates import issue_certificates
from service.operations.quote_order import quote_order
from service.operations.record_payment import record_payment
from service.operations.retire_orders import retire_orders
from tests.api.graphql_api import GraphQLApi
from tests.shop import Shop

CUSTOMER = set(Scope) - {Scope.OPERATOR}
PAGE = """query ($first: Int, $after: String, $last: Int, $before: String) {{ account {{
    {list}(first: $first, after: $after, last: $last, before: $before) {{
        nodes {{ id }} pageInfo {{ endCursor startCursor hasNextPage hasPreviousPage }} }} }} }}"""


async def quote(shop: Shop) -> str:
    asked = OrderRequest(ask=ByMass(1_000))
    return global_id("Quote", (await quote_order(shop.resources, shop.caller, asked, valid_ms=60_000)).quote.id)


async def estimate(shop: Shop) -> str:
    command = CreateEstimate(estimate_id=shop.resources.new_id(), activity=PlainMass(1_000), told={})
    return global_id("Estimate", (await create_estimate(shop.resources, shop.caller, command)).estimate.id)


async def payment(shop: Shop) -> str:
    reference = str(shop.resources.new_id())
    paid = await record_payment(shop.resources, shop.caller, shop.account.id, reference, Money(1, "USD"))
    return global_id("Payment", paid.payment.id)


async def certificate(shop: Shop) -> str:
    order = await shop.place()
    await retire_orders(shop.resources, after_ms=0, unpaid=True)
    await issue_certificates(shop.resources, public_address="http://service.test")
    return global_id("Certificate", order.id)


MADE = {"quotes": quote, "estimates": estimate, "payments": payment, "certificates": certificate}


@pytest.mark.parametrize("name", MADE)
async def test_a_list_of_the_account_is_read_page_by_page_newest_first(api: GraphQLApi, name: str):
    made = [await MADE[name](api.shop) for _ in range(3)]

    async def page(**arguments: Any) -> tuple[list[str], dict[str, Any]]:
        found = (await api.data(PAGE.format(list=name), arguments))["account"][name]
        return [node["id"] for node in found["nodes"]], found["pageInfo"]

    newest, info = await page(first=2)
    assert (newest, info["hasNextPage"]) == ([made[2], made[1]], True)
    oldest, rest = await page(first=2, after=info["endCursor"])
    assert (oldest, rest["hasNextPage"]) == ([made[0]], False)
    again, back = await page(last=2, before=rest["startCursor"])
    assert (again, back["hasPreviousPage"]) == (newest, False)


@pytest.mark.parametrize("name", MADE)
async def test_a_list_of_the_account_has_no_rows_of_other_accounts(api: GraphQLApi, name: str):
    await MADE[name](api.shop)
    stranger = await api.new_key(*CUSTOMER, account=await api.shop.another_account())
    query = f"{{ account {{ {name} {{ nodes {{ id }} }} }} }}"
    assert (await api.data(query, key=stranger))["account"] == {name: {"nodes": []}}


async def test_a_certificate_leads_to_its_order_and_is_a_node(api: GraphQLApi):
    id_ = await certificate(api.shop)
    query = "query ($id: ID!) { node(id: $id) { ... on Certificate { id url order { certificate { id url } } } } }"
    node = (await api.data(query, {"id": id_}))["node"]
    assert node["order"]["certificate"] == {"id": id_, "url": node["url"]}


@pytest.mark.parametrize("write", [str.upper, str.lower, str.title])
async def test_an_order_is_found_by_its_number_in_any_letter_case(api: GraphQLApi, write: Any):
    order = await api.shop.place()
    for query in (
        "{{ order(by: {{number: {0}}}) {{ number }} }}",
        "{{ orders(filter: {{number: {0}}}) {{ nodes {{ number }} }} }}",
    ):
        data = await api.data(query.format(f'"{write(order.number)}"'))
        assert order.number in str(data)


FILTERED = """query ($filter: OrderFilterInput) { orders(filter: $filter) { totalCount nodes { number } } }"""


async def numbers(api: GraphQLApi, **wanted: Any) -> list[str]:
    found = (await api.data(FILTERED, {"filter": wanted}))["orders"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["number"] for node in found["nodes"]]


async def test_orders_are_filtered_by_bundle_project_and_portfolio(api: GraphQLApi):
    shop = api.shop
    mixed = await shop.place()
    forest = await shop.place(OrderRequest(ask=ByBundleMasses(((shop.forest.id, 1_000),))))
    cancelled = await shop.place()
    await cancel_orders(shop.resources, shop.caller, [OrderRef(id=cancelled.id)])

    assert await numbers(api, bundleId=[global_id("Bundle", shop.forest.id)]) == [
        cancelled.number,
        forest.number,
        mixed.number,
    ]
    assert await numbers(api, bundleId=[global_id("Bundle", shop.ocean.id)]) == [cancelled.number, mixed.number]
    trees, waves = (global_id("Project", each.project_id) for each in (shop.old, shop.deep))
    assert await numbers(api, projectId=[trees]) == [forest.number, mixed.number]
    assert await numbers(api, projectId=[waves]) == [mixed.number]
    assert await numbers(api, projectId=[trees, waves]) == [forest.number, mixed.number]
    portfolio = global_id("Portfolio", shop.account.portfolio_id)
    assert await numbers(api, portfolioId=[portfolio]) == [cancelled.number, mixed.number]
    assert await numbers(api, portfolioId=[]) == []


async def test_orders_are_filtered_by_a_text_of_number_customer_or_description(api: GraphQLApi):
    shop = api.shop
    one = await shop.place(customer="ÉCOLE Normale")
    two = await shop.place(description="50% of the FLEET_2026")
    three = await shop.place()
    assert await numbers(api, textContains="école n") == [one.number]
    assert await numbers(api, textContains="50% of the fleet_") == [two.number]
    assert await numbers(api, textContains="50_") == []
    assert await numbers(api, textContains=three.number.lower()) == [three.number]


OF_CLIENTS = """query ($ids: [ID!], $all: Boolean! = false, $first: Int, $after: String) {
    orders(accountIds: $ids, includeClients: $all, first: $first, after: $after) {
        totalCount nodes { number account { name } lines { mass { grams } } } pageInfo { endCursor } } }"""


async def family(api: GraphQLApi) -> tuple[list[Account], list[Order]]:
    shop = api.shop
    clients = [await shop.another_account(parent_account_id=shop.account.id, name=name) for name in ("A", "B")]
    stranger = await shop.another_account()
    owners = [shop.account, clients[0], clients[1], shop.account, clients[0]]
    placed = [await shop.place(account_id=owner.id) for owner in owners]
    await shop.place(account_id=stranger.id)
    return clients, placed


@pytest.mark.parametrize("named_max", [100, 2])
async def test_a_parent_lists_the_orders_of_its_clients_in_one_order(
    api: GraphQLApi, named_max: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(read_orders, "OWNERS_NAMED_MAX", named_max)
    _, placed = await family(api)
    key = await api.new_key(*CUSTOMER)
    expected = [order.number for order in reversed(placed)]

    whole = (await api.data(OF_CLIENTS, {"all": True}, key=key))["orders"]
    assert (whole["totalCount"], [node["number"] for node in whole["nodes"]]) == (5, expected)
    assert [node["account"]["name"] for node in whole["nodes"]] == [
        "A",
        api.shop.account.name,
        "B",
        "A",
        api.shop.account.name,
    ]
    assert all(len(node["lines"]) == 2 for node in whole["nodes"])
    found, after = [], None
    for _ in range(3):
        page = (await api.data(OF_CLIENTS, {"all": True, "first": 2, "after": after}, key=key))["orders"]
        found += [node["number"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert found == expected


async def test_a_parent_lists_the_orders_of_the_clients_that_it_names(api: GraphQLApi):
    clients, placed = await family(api)
    key = await api.new_key(*CUSTOMER)
    ids = [global_id("Account", client.id) for client in clients]
    listed = (await api.data(OF_CLIENTS, {"ids": ids}, key=key))["orders"]
    assert [node["number"] for node in listed["nodes"]] == [placed[each].number for each in (4, 2, 1)]
    own = (await api.data(OF_CLIENTS, key=key))["orders"]
    assert [node["number"] for node in own["nodes"]] == [placed[3].number, placed[0].number]
    of_client = await api.data(OF_CLIENTS, {"all": True}, key=await api.new_key(*CUSTOMER, account=clients[1]))
    assert [node["number"] for node in of_client["orders"]["nodes"]] == [placed[2].number]
