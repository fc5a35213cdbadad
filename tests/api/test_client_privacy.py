"""A client account's own key over GraphQL: its own orders, and nothing of its parent's money or of its siblings.

Seen to fail when: a reader of balances, ledger, invoices or payments does not ask for the parent's key; the permission
to use the balance is not looked at; an order's fingerprint depends on whose key placed it.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from service.api.graphql.types.node import global_id
from service.domain.accounts import Account
from service.domain.amounts import Money
from service.domain.api_keys import Scope
from service.domain.listing import OrderRef
from service.domain.order import BalanceUse, Order
from service.operations.bill_orders import bill_orders
from service.operations.manage_clients import create_client, update_client
from service.operations.record_payment import record_payment
from service.operations.steps.issue_key import CUSTOMER_SCOPES
from tests.api.graphql_api import GraphQLApi
from tests.makers import make_command

CREATE = """mutation ($input: CreateOrderByMassInput!) { createOrderByMass(input: $input) { replayed
    order { id paymentStatus paid { amount } }
    userErrors { code ... on InsufficientBalanceError { available { amount } } } } }"""
QUOTE = (
    """mutation { quoteByMass(input: {mass: {amount: "1", unit: KILOGRAM}}) { quote { id } userErrors { code } } }"""
)
ESTIMATE = """mutation { createMassEstimate(input: {mass: {amount: "1", unit: TONNE}}) { estimate { id } } }"""
MADE = """mutation ($input: CreateClientAccountInput!) { createClientAccount(input: $input) {
    account { id mayUseBalance } userErrors { code path } } }"""
CHANGED = """mutation ($input: UpdateClientAccountInput!) { updateClientAccount(input: $input) {
    account { mayUseBalance } userErrors { code path } } }"""


@dataclass
class Family:
    """A parent with 100 USD and an invoice, and two clients; `key` is the second client's own."""

    api: GraphQLApi
    first: Account
    second: Account
    key: str
    parents_order: Order
    siblings_order: Order
    invoice_id: Any
    payment_id: Any

    async def order(self, use: str, name: str = "k", key: str | None = None, **headers: str) -> Any:
        told = {"mass": {"amount": "1", "unit": "TONNE"}, "idempotencyKey": name, "payWithBalance": use}
        answer = await self.api.ask(CREATE, {"input": told}, key=key or self.key, **headers)
        return answer.json()["data"]["createOrderByMass"]

    async def allow(self, *, may: bool) -> None:
        shop = self.api.shop
        await update_client(shop.resources, shop.caller, self.second.id, {"may_use_balance": may})

    async def balance(self) -> str:
        (found,) = (await self.api.data("{ account { balances { amount } } }"))["account"]["balances"]
        return found["amount"]


@pytest.fixture
async def family(api: GraphQLApi) -> Family:
    shop = api.shop
    first, second = [
        await create_client(shop.resources, shop.caller, name=name, currency="USD") for name in ("One", "Two")
    ]
    paid = await record_payment(shop.resources, shop.caller, shop.account.id, "w", Money(10_000, "USD"))
    parents_order = await shop.place()
    (siblings,) = await shop.place_all(make_command(first))
    refs = [OrderRef(id=parents_order.id)]
    bill = await bill_orders(shop.resources, shop.caller, shop.account.id, "b", refs)
    key = await api.new_key(*CUSTOMER_SCOPES, account=second)
    return Family(api, first, second, key, parents_order, siblings.order, bill.invoice.id, paid.payment.id)


async def codes(family: Family, query: str, **headers: str) -> list[str]:
    answer = (await family.api.ask(query, key=family.key, **headers)).json()
    return [error["extensions"]["code"] for error in answer.get("errors", [])]


@pytest.mark.parametrize(
    "query",
    [
        "{ account { balances { amount } } }",
        "{ account { invoices { nodes { number } } } }",
        "{ account { name invoices { nodes { lines { nodes { order { id } } } } } } }",
        "{ ledger { nodes { verb } } }",
        "{ ledger(last: 1) { edges { node { order { id } } } } }",
        "{ a: account { id } b: ledger { pageInfo { hasNextPage } } }",
    ],
)
async def test_the_parents_money_is_forbidden(family: Family, query: str):
    answer = (await family.api.ask(query, key=family.key)).json()

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert "100.00" not in str(answer)


async def test_not_even_all_scopes_give_access_to_the_parents_money(family: Family):
    family.key = await family.api.new_key(*Scope, account=family.second)

    assert await codes(family, "{ account { balances { amount } } }") == ["FORBIDDEN"]


async def test_orders_quotes_and_estimates_of_parent_and_sibling_are_absent(family: Family):
    api, shop = family.api, family.api.shop
    ids = [global_id("Order", each.id) for each in (family.parents_order, family.siblings_order)]
    quoted = (await api.data(QUOTE))["quoteByMass"]["quote"]["id"]
    siblings_key = await api.new_key(*CUSTOMER_SCOPES, account=family.first)
    estimated = (await api.data(ESTIMATE, key=siblings_key))["createMassEstimate"]["estimate"]["id"]
    ids += [quoted, estimated, global_id("Account", shop.account.id)]
    ids.append(global_id("Account", family.first.id))

    found = await api.data("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids}, key=family.key)
    listed = await api.data("{ orders { nodes { id } } clientAccounts { nodes { id } } }", key=family.key)
    by_number = await api.data(
        "query ($n: String!) { order(by: {number: $n}) { id } }", {"n": family.siblings_order.number}, key=family.key
    )

    assert found["nodes"] == [None] * 6
    assert listed == {"orders": {"nodes": []}, "clientAccounts": {"nodes": []}}
    assert by_number["order"] is None


async def test_a_clients_own_orders_and_quotes_are_seen(family: Family):
    order = (await family.order("NONE"))["order"]
    quoted = (await family.api.data(QUOTE, key=family.key))["quoteByMass"]["quote"]["id"]

    found = await family.api.data(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id } orders { nodes { id } } account { mayUseBalance isClient } }",
        {"ids": [order["id"], quoted]},
        key=family.key,
    )

    assert found == {
        "nodes": [{"id": order["id"]}, {"id": quoted}],
        "orders": {"nodes": [{"id": order["id"]}]},
        "account": {"mayUseBalance": False, "isClient": True},
    }


async def test_a_parents_key_reads_its_money_for_a_client(family: Family):
    selected = global_id("Account", family.second.id)
    query = "{ account { balances { amount } invoices { nodes { id } } } ledger(first: 1) { nodes { verb } } }"

    answer = (await family.api.ask(query, account_id=selected)).json()

    assert answer["data"]["account"] == {
        "balances": [{"amount": "100.00"}],
        "invoices": {"nodes": [{"id": global_id("Invoice", family.invoice_id)}]},
    }
    assert len(answer["data"]["ledger"]["nodes"]) == 1


async def test_a_client_pays_a_whole_order_from_the_balance_only_with_permission(family: Family):
    before = await family.api.shop.everything()

    refused = await family.order("WHOLE")

    assert refused == {
        "replayed": False,
        "order": None,
        "userErrors": [{"code": "INSUFFICIENT_BALANCE", "available": {"amount": "0.00"}}],
    }
    assert await family.api.shop.everything() == before
    await family.allow(may=True)
    paid = await family.order("WHOLE")
    assert (paid["order"]["paymentStatus"], paid["order"]["paid"]) == ("PAID", {"amount": "28.22"})
    assert await family.balance() == "71.78"


async def test_without_permission_the_available_balance_counts_as_zero(family: Family):
    unpaid = await family.order("AVAILABLE")

    assert (unpaid["order"]["paymentStatus"], unpaid["order"]["paid"]) == ("ISSUED", {"amount": "0.00"})
    assert await family.balance() == "100.00"


async def test_a_retry_replays_after_the_permission_was_taken(family: Family):
    await family.allow(may=True)
    first = await family.order("WHOLE")
    await family.allow(may=False)

    assert await family.order("WHOLE") == first | {"replayed": True}
    assert (await family.order("WHOLE", "other"))["userErrors"][0]["code"] == "INSUFFICIENT_BALANCE"
    selected = global_id("Account", family.second.id)
    assert await family.order("WHOLE", key=family.api.key, account_id=selected) == first | {"replayed": True}


async def test_a_parents_key_always_pays_for_its_client(family: Family):
    selected = global_id("Account", family.second.id)

    paid = await family.order("WHOLE", key=family.api.key, account_id=selected)

    assert paid["order"]["paymentStatus"] == "PAID"
    assert await family.balance() == "71.78"


async def test_permission_of_one_client_is_not_its_siblings(family: Family):
    await family.allow(may=True)
    key = await family.api.new_key(*CUSTOMER_SCOPES, account=family.first)

    assert (await family.order("WHOLE", key=key))["userErrors"][0]["code"] == "INSUFFICIENT_BALANCE"


async def test_a_group_of_orders_knows_whose_key_placed_each(family: Family):
    """Two orders of one client in one transaction: its own key's is refused, its parent's is paid."""
    shop = family.api.shop
    own, by_parent = await shop.place_all(
        make_command(family.second, pay_with_balance=BalanceUse.AVAILABLE),
        make_command(family.second, pay_with_balance=BalanceUse.AVAILABLE, acts_for_client=True),
    )

    assert (own.order.paid_minor, by_parent.order.paid_minor) == (0, by_parent.order.total_cost_minor)


async def test_the_parent_gives_the_permission_and_it_is_recorded(family: Family):
    api = family.api
    made = (await api.data(MADE, {"input": {"name": "Three", "currency": "USD", "mayUseBalance": True}}))[
        "createClientAccount"
    ]
    assert (made["account"]["mayUseBalance"], made["userErrors"]) == (True, [])
    wanted = {"id": made["account"]["id"], "mayUseBalance": False}
    assert (await api.data(CHANGED, {"input": wanted}))["updateClientAccount"]["account"] == {"mayUseBalance": False}
    nothing = (await api.data(CHANGED, {"input": {**wanted, "mayUseBalance": None}}))["updateClientAccount"]
    assert nothing["userErrors"] == [{"code": "BAD_USER_INPUT", "path": ["input", "mayUseBalance"]}]
    own = {"id": global_id("Account", family.second.id), "mayUseBalance": True}
    refused = (await api.data(CHANGED, {"input": own}, key=family.key))["updateClientAccount"]
    assert (refused["account"], refused["userErrors"][0]["code"]) == (None, "NOT_FOUND")


async def test_a_repetition_that_does_not_name_the_permission_finds_the_account(family: Family):
    shop = family.api.shop
    made = await create_client(shop.resources, shop.caller, name="H", currency="USD", handle="h", may_use_balance=True)

    again = await create_client(shop.resources, shop.caller, name="H", currency="USD", handle="h")

    assert (again.id, bool(again.may_use_balance)) == (made.id, True)
