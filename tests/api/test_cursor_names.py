"""Names of sorts in cursors, which clients keep: a cursor of an earlier release is read after a renaming in the code.

Seen to fail when: the sort of a list has another name.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from uuid import UUID

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


ORDERS = '{{ orders(after: "{cursor}", orderBy: {{field: {field}}}) {{ nodes {{ id }} }} }}'
OTHERS = {
    "clients": "clientAccounts", "ledger": "ledger", "bundles": "bundles", "projects": "projects",
    "batches": "creditBatches", "portfolios": "portfolios",
}  # fmt: skip
FIELDS = {
    "orders.created_at.desc": "CREATED_AT",
    "orders.mass_g.desc": "MASS",
    "orders.total_cost_minor.desc": "TOTAL_COST",
}


def forged_cursor(sort: str, value: str) -> str:
    """A cursor of that sort with another value, as a caller can write one."""
    return urlsafe_b64encode(f"{sort}:{value}:{UUID(int=7).hex}".encode()).rstrip(b"=").decode()


async def refused_at(api: GraphQLApi, query: str) -> list[str]:
    answer = await api.ask(query)
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT", query
    assert error["message"] == "The cursor was not made by this list."
    path: list[str] = error["extensions"]["inputPath"]
    return path


async def test_a_cursor_with_a_value_of_another_kind_is_refused_by_every_list(api: GraphQLApi):
    for value in ("i5", "sfoo", "s2026-05-01 00:00:00.000000+00:00"):
        for sort, field in OTHERS.items():
            cursor = forged_cursor(sort, value)
            assert await refused_at(api, f'{{ {field}(after: "{cursor}") {{ nodes {{ id }} }} }}') == ["after"]
            assert await refused_at(api, f'{{ {field}(last: 1, before: "{cursor}") {{ nodes {{ id }} }} }}') == [
                "before"
            ]
        cursor = forged_cursor("invoices", value)
        query = f'{{ account {{ invoices(after: "{cursor}") {{ nodes {{ id }} }} }} }}'
        assert await refused_at(api, query) == ["after"]
    for sort, field in FIELDS.items():
        for value in {"i5", "sfoo", "t5"} - {"t5" if field == "CREATED_AT" else "i5"}:
            query = ORDERS.format(cursor=forged_cursor(sort, value), field=field)
            assert await refused_at(api, query) == ["after"]


async def test_a_cursor_of_the_lists_own_kind_is_read_however_far_it_is_off(api: GraphQLApi):
    account = (await api.data("{ account { id } }"))["account"]["id"]
    await api.data(SETUP, {"account": account})
    for value, placed in (("i9223372036854775807", 1), ("i-9223372036854775808", 0), ("i0", 0)):
        for sort in ("orders.mass_g.desc", "orders.total_cost_minor.desc"):
            page = await api.data(ORDERS.format(cursor=forged_cursor(sort, value), field=FIELDS[sort]))
            assert len(page["orders"]["nodes"]) == placed
    for value, listed in (("i9223372036854775807", 0), ("i2147483648", 0), ("i-1", 1), ("i-9223372036854775808", 1)):
        cursor = forged_cursor("invoice_lines", value)
        query = (
            f'{{ account {{ invoices {{ nodes {{ lines(after: "{cursor}") {{ nodes {{ order {{ id }} }} }} }} }} }} }}'
        )
        (invoice,) = (await api.data(query))["account"]["invoices"]["nodes"]
        assert len(invoice["lines"]["nodes"]) == listed, value


def test_each_sort_of_orders_has_its_name():
    assert [OrderSort(field, descending).name for field in OrderSortField for descending in (False, True)] == [
        "orders.created_at.asc",
        "orders.created_at.desc",
        "orders.mass_g.asc",
        "orders.mass_g.desc",
        "orders.total_cost_minor.asc",
        "orders.total_cost_minor.desc",
    ]
