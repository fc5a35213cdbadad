"""Names of sorts in cursors, which clients keep: a cursor of an earlier release is read after a renaming in the code.

Seen to fail when: the sort of a list has another name.
"""

from base64 import urlsafe_b64decode
from typing import Any

from service.domain.listing import OrderSort, OrderSortField
from service.operations.manage_clients import create_client
from tests.api.graphql_api import GraphQLApi

SETUP = """mutation ($account: ID!) {
    createOrderByMass(input: {mass: {amount: "1", unit: KILOGRAM}, idempotencyKey: "k"}) { order { id } }
    billOrders(input: {accountId: $account, reference: "i", currency: "USD"}) { invoice { id } }
}"""
LISTS = """{
    orders { edges { cursor } }
    clientAccounts { edges { cursor } }
    ledger { edges { cursor } }
    bundles { edges { cursor } }
    projects { edges { cursor } }
    creditBatches { edges { cursor } }
    portfolios { edges { cursor } }
    account { invoices { edges { cursor node { lines { edges { cursor } } } } } }
}"""


def sorts_in(value: Any) -> set[str]:
    """The names of the sorts in all cursors of an answer."""
    if isinstance(value, list):
        return {name for each in value for name in sorts_in(each)}
    if not isinstance(value, dict):
        return set()
    found = {name for key, each in value.items() if key != "cursor" for name in sorts_in(each)}
    if "cursor" in value:
        text = value["cursor"]
        found.add(urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")[0])
    return found


async def test_cursors_name_the_sort_of_their_list(api: GraphQLApi):
    shop = api.shop
    await create_client(shop.resources, shop.caller, name="Client", currency="USD")
    account = (await api.data("{ account { id } }"))["account"]["id"]
    await api.data(SETUP, {"account": account})

    data = await api.data(LISTS)

    lists = {name: data[name] for name in data if name != "account"} | {
        "invoices": [{"cursor": edge["cursor"]} for edge in data["account"]["invoices"]["edges"]],
        "lines": [edge["node"] for edge in data["account"]["invoices"]["edges"]],
    }
    assert {name: sorts_in(edges) for name, edges in lists.items()} == {
        "orders": {"orders.created_at.desc"},
        "clientAccounts": {"clients"},
        "ledger": {"ledger"},
        "bundles": {"bundles"},
        "projects": {"projects"},
        "creditBatches": {"batches"},
        "portfolios": {"portfolios"},
        "invoices": {"invoices"},
        "lines": {"invoice_lines"},
    }


def test_each_sort_of_orders_has_its_name():
    assert [OrderSort(field, descending).name for field in OrderSortField for descending in (False, True)] == [
        "orders.created_at.asc",
        "orders.created_at.desc",
        "orders.mass_g.asc",
        "orders.mass_g.desc",
        "orders.total_cost_minor.asc",
        "orders.total_cost_minor.desc",
    ]
