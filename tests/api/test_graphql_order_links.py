"""Fields that lead from an order to its invoice, payments, estimate, quote and receipt.

Seen to fail when: the invoice or the payments are looked for under the account of a client's order, not under its
payer; another order's payment is shown; a quote's lines are read as the operator's own.
"""

from typing import Any

import pytest

from service.api.graphql.types.node import global_id
from service.domain.amounts import Money
from service.domain.api_keys import Scope
from service.domain.catalogue import Mode
from service.domain.estimate import PlainMass
from service.domain.listing import OrderRef
from service.domain.order import ByMass, FromQuote, Order, OrderRequest
from service.domain.recorded_estimate import CreateEstimate
from service.operations.bill_orders import bill_orders
from service.operations.create_estimate import create_estimate
from service.operations.quote_order import quote_order
from service.operations.record_payment import record_payment
from tests.api.graphql_api import GraphQLApi
from tests.api.test_graphql_statements import statements_of
from tests.shop import Shop

LINKS = """{ orders(orderBy: {descending: false}) { nodes { number invoice { id net { amount } }
    payments { reference amount { amount } } estimate { name order { number } }
    quote { id lines { mass { grams } } } } } }"""
CUSTOMER = set(Scope) - {Scope.OPERATOR}


async def pay(shop: Shop, order: Order, reference: str, minor: int) -> None:
    amount, ref = Money(minor, "USD"), OrderRef(id=order.id)
    await record_payment(shop.resources, shop.caller, order.account_id, reference, amount, ref)


async def test_an_order_leads_to_its_invoice_payments_estimate_and_quote(api: GraphQLApi):
    shop = api.shop
    plain = await shop.place()
    command = CreateEstimate(estimate_id=shop.resources.new_id(), activity=PlainMass(10_000), told={}, name="trip")
    await create_estimate(shop.resources, shop.caller, command)
    asked = OrderRequest(ask=ByMass(10_000, command.estimate_id))
    quoted = (await quote_order(shop.resources, shop.caller, asked, valid_ms=60_000)).quote
    linked = await shop.place(FromQuote(quoted.id))
    await pay(shop, linked, "first", 1)
    await pay(shop, linked, "second", 2)
    await record_payment(shop.resources, shop.caller, shop.account.id, "top-up", Money(100, "USD"))
    bill = (await bill_orders(shop.resources, shop.caller, shop.account.id, "b", [OrderRef(id=linked.id)])).invoice

    assert (await api.data(LINKS))["orders"]["nodes"] == [
        {"number": plain.number, "invoice": None, "payments": [], "estimate": None, "quote": None},
        {
            "number": linked.number,
            "invoice": {"id": global_id("Invoice", bill.id), "net": {"amount": f"{bill.total_minor / 100:.2f}"}},
            "payments": [
                {"reference": "first", "amount": {"amount": "0.01"}},
                {"reference": "second", "amount": {"amount": "0.02"}},
            ],
            "estimate": {"name": "trip", "order": {"number": linked.number}},
            "quote": {
                "id": global_id("Quote", quoted.id),
                "lines": [{"mass": {"grams": "9500"}}, {"mass": {"grams": "500"}}],
            },
        },
    ]


@pytest.mark.parametrize("link", ["invoice { id }", "payments { id }", "estimate { id }", "quote { id }"])
async def test_a_list_of_orders_costs_one_statement_more_for_each_link(
    api: GraphQLApi, monkeypatch: pytest.MonkeyPatch, link: str
):
    shop = api.shop
    for index in range(5):
        command = CreateEstimate(estimate_id=shop.resources.new_id(), activity=PlainMass(10_000), told={})
        await create_estimate(shop.resources, shop.caller, command)
        asked = OrderRequest(ask=ByMass(10_000, command.estimate_id))
        quoted = await quote_order(shop.resources, shop.caller, asked, valid_ms=60_000)
        order = await shop.place(FromQuote(quoted.quote.id))
        await pay(shop, order, f"payment {index}", 1)
        await bill_orders(shop.resources, shop.caller, shop.account.id, f"bill {index}", [OrderRef(id=order.id)])
    for size in (1, 5):
        assert await statements_of(api, monkeypatch, f"{{ orders(first: {size}) {{ nodes {{ {link} }} }} }}") == 2


async def test_the_receipt_of_an_order_is_read_without_a_key(api: GraphQLApi):
    order = await api.shop.place()
    (shown,) = (await api.data("{ orders { nodes { receiptUrl } } }"))["orders"]["nodes"]
    address = shown["receiptUrl"].removeprefix("http://127.0.0.1:8000")
    page = await api.client.get(address)
    assert (page.status_code, order.number in page.text) == (200, True)


async def test_a_client_accounts_order_leads_to_the_invoice_and_payments_of_its_parent(api: GraphQLApi):
    shop = api.shop
    client = await shop.another_account(parent_account_id=shop.account.id, currency="USD")
    order = await shop.place(account_id=client.id)
    await pay(shop, order, "for the client", 1)
    await bill_orders(shop.resources, shop.caller, client.id, "bill", [OrderRef(id=order.id)])
    query = "{ orders { nodes { invoice { reference } payments { reference } } } }"

    async def told(key: str, **headers: str) -> Any:
        return (await api.ask(query, key=key, **headers)).json()

    parents = await told(await api.new_key(*CUSTOMER), account_id=global_id("Account", client.id))
    assert parents == {
        "data": {
            "orders": {"nodes": [{"invoice": {"reference": "bill"}, "payments": [{"reference": "for the client"}]}]}
        },
        "extensions": parents["extensions"],
    }
    own = await told(await api.new_key(*CUSTOMER, account=client))
    assert own["data"] == {"orders": {"nodes": [{"invoice": None, "payments": None}]}}
    assert [error["extensions"]["code"] for error in own["errors"]] == ["FORBIDDEN", "FORBIDDEN"]


async def test_an_operator_follows_the_links_of_any_account(api: GraphQLApi):
    shop = api.shop
    seller = await shop.another_account(mode=Mode.TEST)
    key = await api.new_key(Scope.OPERATOR, Scope.ORDERS_READ, Scope.CATALOGUE_READ, account=seller)
    quoted = await quote_order(shop.resources, shop.caller, OrderRequest(ask=ByMass(10_000)), valid_ms=60_000)
    order = await shop.place(FromQuote(quoted.quote.id))
    query = """query($id: ID!) { node(id: $id) { ... on Quote { order { number quote { order { id } } }
        lines { mass { grams } } } } }"""
    found = await api.data(query, {"id": global_id("Quote", quoted.quote.id)}, key=key)
    assert found["node"] == {
        "order": {"number": order.number, "quote": {"order": {"id": global_id("Order", order.id)}}},
        "lines": [{"mass": {"grams": "9500"}}, {"mass": {"grams": "500"}}],
    }
