"""An operator's key over GraphQL: it acts for any account that the header names, and reads across all of them.

Seen to fail when: the selection does not look at the scope, or keeps the mode of the key; an event names another actor
than the operator's key; an object of another account is looked for in the operator's own; a list is not ordered or
filtered across accounts; children of a list are read one account at a time without the right reader.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from service.api.graphql.types.node import global_id
from service.domain.accounts import Account
from service.domain.amounts import Money
from service.domain.api_keys import Scope, parse
from service.domain.catalogue import Mode
from service.domain.events import EventType
from service.domain.listing import OrderRef
from service.domain.order import Order, Placed
from service.kit.ids import uuid7
from service.operations.bill_orders import bill_orders
from service.operations.manage_accounts import suspend_account
from service.operations.record_payment import record_payment
from service.operations.steps.issue_key import CUSTOMER_SCOPES
from service.storage.events import EVENTS
from tests.api.graphql_api import GraphQLApi
from tests.books import assert_audit_finds_nothing, rows_of
from tests.makers import make_account, make_command, store

ORDER = """mutation { createOrderByMass(input: {mass: {amount: "1", unit: TONNE}, idempotencyKey: "k"}) {
    order { id account { id name } timeline { type actor } } userErrors { code } } }"""


@dataclass
class Seller:
    """Two customers with an order each, one of them with an invoice and a payment, and the operator's own account."""

    api: GraphQLApi
    account: Account
    key: str
    first: Order
    other: Account
    second: Order
    invoice_id: UUID
    payment_id: UUID

    async def ask(self, query: str, variables: Any = None, account: Account | None = None, **headers: str) -> Any:
        if account is not None:
            headers["account_id"] = global_id("Account", account.id)
        return (await self.api.ask(query, variables, key=self.key, **headers)).json()

    async def data(self, query: str, variables: Any = None, account: Account | None = None) -> Any:
        body = await self.ask(query, variables, account)
        assert "errors" not in body, body
        return body["data"]


@pytest.fixture
async def seller(api: GraphQLApi) -> Seller:
    shop = api.shop
    account = await shop.another_account(name="The seller")
    other = await shop.another_account(name="Other customer", currency="USD")
    first = await shop.place()
    (second,) = await shop.place_all(make_command(other))
    assert isinstance(second, Placed)
    bill = await bill_orders(shop.resources, shop.caller, other.id, "bill", [OrderRef(id=second.order.id)])
    paid = await record_payment(shop.resources, shop.caller, shop.account.id, "Wire 7", Money(10_000, "USD"))
    key = await api.new_key(Scope.OPERATOR, Scope.ORDERS_READ, Scope.CATALOGUE_READ, account=account)
    return Seller(api, account, key, first, other, second.order, bill.invoice.id, paid.payment.id)


def of(account: Account) -> str:
    return global_id("Account", account.id)


async def test_an_operator_orders_for_a_customer_and_is_the_actor(seller: Seller):
    made = (await seller.data(ORDER, account=seller.other))["createOrderByMass"]

    parsed = parse(seller.key)
    assert parsed is not None
    assert made["userErrors"] == []
    assert made["order"]["account"] == {"id": of(seller.other), "name": "Other customer"}
    assert {event["actor"] for event in made["order"]["timeline"]} == {parsed.key_id}


async def test_the_selected_accounts_mode_counts(seller: Seller):
    test = make_account(seller.api.shop.account.portfolio_id, mode=Mode.TEST, name="Trial")
    await store(seller.api.shop.database, test)

    shown = await seller.data("{ account { name mode } creditBatches { nodes { id } } }", account=test)

    assert shown == {"account": {"name": "Trial", "mode": "TEST"}, "creditBatches": {"nodes": []}}


async def test_an_operator_sees_in_an_account_what_the_account_sees(seller: Seller):
    seen = "{ orders { nodes { id lines { mass { grams } } } } account { invoices { nodes { id account { id } } } } }"
    own = await seller.api.new_key(*CUSTOMER_SCOPES, account=seller.other)

    assert await seller.data(seen, account=seller.other) == await seller.api.data(seen, key=own)


async def test_a_key_that_is_not_an_operators_cannot_select_another_account(seller: Seller):
    own = await seller.api.new_key(*CUSTOMER_SCOPES)
    answer = await seller.api.ask("{ account { id } }", key=own, account_id=of(seller.other))

    assert answer.json()["errors"][0]["extensions"]["code"] == "ACCOUNT_SELECTED_INVALID"


async def test_an_operator_cannot_select_an_unknown_account(seller: Seller):
    for named in (global_id("Account", uuid7()), global_id("Order", seller.other.id), str(seller.other.id) + "x"):
        body = await seller.ask("{ account { id } }", account_id=named)
        assert body["errors"][0]["extensions"]["code"] == "ACCOUNT_SELECTED_INVALID", named


async def test_a_suspended_account_orders_nothing_by_an_operator_either(seller: Seller):
    await suspend_account(seller.api.shop.resources, seller.other.id)

    made = (await seller.data(ORDER, account=seller.other))["createOrderByMass"]

    assert (made["order"], made["userErrors"]) == (None, [{"code": "ACCOUNT_SUSPENDED"}])


async def test_an_operator_finds_any_object_by_its_id(seller: Seller):
    wanted = {
        "Account": seller.other.id,
        "Order": seller.second.id,
        "Invoice": seller.invoice_id,
        "Payment": seller.payment_id,
        "Portfolio": seller.other.portfolio_id,
        "Bundle": seller.api.shop.forest.id,
    }
    ids = [global_id(name, id_) for name, id_ in wanted.items()]
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Order { lines { bundle { id } } } } }"

    found = (await seller.data(query, {"ids": [*ids, global_id("Order", uuid7())]}))["nodes"]

    assert [each and each["id"] for each in found] == [*ids, None]
    assert found[1]["lines"]
    customers = await seller.api.new_key(*CUSTOMER_SCOPES)
    foreign = await seller.api.data(query, {"ids": ids[:3]}, key=customers)
    assert foreign["nodes"] == [None, None, None]


async def test_an_operator_lists_the_orders_of_all_accounts(seller: Seller):
    query = "query ($ids: [ID!]) { allOrders(accountIds: $ids) { totalCount nodes { id account { name } } } }"
    first, second = (global_id("Order", order.id) for order in (seller.first, seller.second))
    name = seller.api.shop.account.name

    assert (await seller.data(query))["allOrders"] == {
        "totalCount": 2,
        "nodes": [{"id": second, "account": {"name": "Other customer"}}, {"id": first, "account": {"name": name}}],
    }
    only = (await seller.data(query, {"ids": [of(seller.other)]}))["allOrders"]
    assert (only["totalCount"], [node["id"] for node in only["nodes"]]) == (1, [second])
    test = make_account(seller.api.shop.account.portfolio_id, mode=Mode.TEST)
    await store(seller.api.shop.database, test)
    assert (await seller.data(query, account=test))["allOrders"] == {"totalCount": 0, "nodes": []}


async def test_the_list_of_all_orders_is_read_page_by_page_in_every_sort(seller: Seller):
    (third,) = await seller.api.shop.place_all(make_command(seller.other))
    assert isinstance(third, Placed)
    query = """query ($sort: OrderSortInput, $after: String) { allOrders(first: 1, after: $after, orderBy: $sort) {
        nodes { id } pageInfo { endCursor hasNextPage } } }"""
    ids = [global_id("Order", order.id) for order in (seller.first, seller.second, third.order)]
    for field in ("CREATED_AT", "MASS", "TOTAL_COST"):
        for descending in (True, False):
            seen, after = [], None
            while True:
                told = {"sort": {"field": field, "descending": descending}, "after": after}
                page = (await seller.data(query, told))["allOrders"]
                seen += [node["id"] for node in page["nodes"]]
                after = page["pageInfo"]["endCursor"]
                if not page["pageInfo"]["hasNextPage"]:
                    break
            assert sorted(seen) == sorted(ids), (field, descending)
            if field == "CREATED_AT":
                assert seen == (ids[::-1] if descending else ids)


async def test_an_operator_lists_all_invoices_and_payments(seller: Seller):
    query = """query ($text: String, $paid: [InvoiceStatus!], $currency: [CurrencyCode!]) {
        allInvoices(first: 5, filter: {textContains: $text, status: $paid, currency: $currency}) {
            totalCount nodes { id account { name } lines(first: 5) { nodes { order { id } } } } }
        allPayments(first: 5, filter: {textContains: $text, currency: $currency}) {
            totalCount nodes { id reference } } }"""
    invoice = {
        "id": global_id("Invoice", seller.invoice_id),
        "account": {"name": "Other customer"},
        "lines": {"nodes": [{"order": {"id": global_id("Order", seller.second.id)}}]},
    }
    payment = {"id": global_id("Payment", seller.payment_id), "reference": "Wire 7"}
    nothing: dict[str, Any] = {"totalCount": 0, "nodes": []}

    assert await seller.data(query) == {
        "allInvoices": {"totalCount": 1, "nodes": [invoice]},
        "allPayments": {"totalCount": 1, "nodes": [payment]},
    }
    assert await seller.data(query, {"text": "wIRE"}) == {
        "allInvoices": nothing,
        "allPayments": {"totalCount": 1, "nodes": [payment]},
    }
    assert (await seller.data(query, {"paid": ["PAID"]}))["allInvoices"] == nothing
    assert await seller.data(query, {"currency": ["BRL"]}) == {"allInvoices": nothing, "allPayments": nothing}


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("", ["Branch", "Other customer", "The seller", "own"]),
        ('nameContains: "OTHER CUST"', ["Other customer"]),
        ('handle: "north"', ["Branch"]),
        ("isClient: true", ["Branch"]),
        ("suspended: true", ["Branch", "Other customer"]),
        ("suspended: false", ["The seller", "own"]),
        ("mode: TEST", []),
        ('createdAt: {gte: "2999-01-01T00:00:00Z"}', []),
    ],
)
async def test_an_operator_lists_accounts(seller: Seller, condition: str, names: list[str]):
    shop = seller.api.shop
    await shop.another_account(name="Branch", handle="north", parent_account_id=seller.other.id)
    await suspend_account(shop.resources, seller.other.id)
    query = f"{{ accounts(filter: {{{condition}}}) {{ totalCount nodes {{ name }} }} }}"

    found = (await seller.data(query))["accounts"]

    shown = [each.replace("own", shop.account.name) for each in names]
    assert (found["totalCount"], sorted(node["name"] for node in found["nodes"])) == (len(names), sorted(shown))


async def test_accounts_show_their_money_to_an_operator(seller: Seller):
    query = """{ accounts(filter: {nameContains: "Other"}) { nodes { owed { amount } balances { amount }
        invoices { nodes { id } } parent { id } portfolio { id } commissionPercent } } }"""

    (shown,) = (await seller.data(query))["accounts"]["nodes"]

    assert shown["invoices"]["nodes"] == [{"id": global_id("Invoice", seller.invoice_id)}]
    assert (shown["balances"], shown["parent"]) == ([], None)


async def test_lists_of_all_accounts_need_the_operators_scope(seller: Seller):
    own = await seller.api.new_key(*CUSTOMER_SCOPES)
    for name in ("accounts", "allOrders", "allPayments", "allInvoices"):
        body = (await seller.api.ask(f"{{ {name} {{ totalCount nodes {{ id }} }} }}", key=own)).json()
        assert body["data"] == {name: None}
        assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"], name


async def test_an_operator_suspends_and_reinstates_an_account_and_is_the_actor(seller: Seller):
    parsed = parse(seller.key)
    assert parsed is not None
    for name, is_suspended in (("suspendAccount", True), ("suspendAccount", True), ("reinstateAccount", False)):
        query = f"mutation ($id: ID!) {{ a: {name}(input: {{accountId: $id}}) {{ account {{ suspended }} }} }}"
        assert await seller.data(query, {"id": of(seller.other)}) == {"a": {"account": {"suspended": is_suspended}}}

    events = await rows_of(seller.api.shop.database, EVENTS)
    changes = [each for each in events if each.account_id == seller.other.id and each.order_id is None]
    made = [each for each in changes if each.event_type is EventType.ACCOUNT_UPDATED]
    assert [(each.actor, each.payload) for each in made] == [(parsed.key_id, {"changed": ["suspended_at"]})] * 2
    await assert_audit_finds_nothing(seller.api.shop.database)


async def test_an_operator_limits_an_account(seller: Seller):
    query = """mutation ($id: ID!, $sum: MoneyInput, $none: CurrencyCode) { setAccountLimits(input: {accountId: $id,
        creditLimit: $sum, unlimitedCurrency: $none, openHoldsMax: 3}) {
        account { creditLimit(currency: "USD") { amount } } userErrors { code } } }"""

    told = {"id": of(seller.other), "sum": {"amount": "250", "currency": "USD"}}
    limited = (await seller.data(query, told))["setAccountLimits"]
    assert limited == {"account": {"creditLimit": {"amount": "250.00"}}, "userErrors": []}
    freed = (await seller.data(query, {"id": of(seller.other), "none": "USD"}))["setAccountLimits"]
    assert freed == {"account": {"creditLimit": None}, "userErrors": []}


async def test_an_account_is_named_by_its_uuid_as_well(seller: Seller):
    query = """mutation ($id: ID!) { recordPayment(input: {accountId: $id, reference: "r", amount: {amount: "1",
        currency: "USD"}}) { payment { account { name } } userErrors { code path } } }"""

    told = {"payment": {"account": {"name": "Other customer"}}, "userErrors": []}
    for text in (of(seller.other), str(seller.other.id)):
        assert (await seller.data(query, {"id": text}))["recordPayment"] == told
    for text in (seller.other.id.hex, "{" + str(seller.other.id)[2:] + "}", global_id("Order", seller.first.id)):
        refused = (await seller.data(query, {"id": text}))["recordPayment"]["userErrors"]
        assert refused == [{"code": "BAD_USER_INPUT", "path": ["input", "accountId"]}], text
