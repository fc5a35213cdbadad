"""Money through GraphQL: an operator moves it for any account, a customer spends and sees only their own.

Planted defects that were seen caught here: a payment in fractions of a cent that is cut off, an operator's answer that
reads lines in the operator's own account, a ledger of somebody else, a client account without its parent's balance, an
input that forgets `onlyUnfulfilled` or `payWithBalance`.
"""

from typing import Any

import pytest

from service.api.graphql.types.node import global_id
from service.domain.accounts import Account
from service.domain.api_keys import Scope
from tests.api.graphql_api import GraphQLApi
from tests.makers import TONNE_G, make_command, make_order_request, make_price, store

CUSTOMER = (Scope.ORDERS_READ, Scope.ORDERS_WRITE, Scope.CATALOGUE_READ)
OPERATOR = (Scope.OPERATOR, Scope.ORDERS_READ, Scope.CATALOGUE_READ)

CREATE = """mutation ($input: CreateOrderByMassInput!) { createOrderByMass(input: $input) {
  order { id paymentStatus paid { amount } due { amount } totalCost { amount } }
  userErrors { __typename code path ... on InsufficientBalanceError { available { amount currency } } } } }"""
PAY = """mutation ($input: RecordPaymentInput!) { recordPayment(input: $input) {
  payment { id reference amount { amount currency } order { number } } replayed
  order { paymentStatus due { amount } lines { mass { grams } bundle { name } } entries { batch { vintage } } }
  userErrors { __typename code path } } }"""
BILL = """mutation ($input: BillOrdersInput!) { billOrders(input: $input) {
  invoice { id number reference status net { amount } mass { tonnes } dueAt paidAt
    lines(first: 1) {
      nodes { billed { amount } mass { tonnes } order { number paymentStatus } } pageInfo { hasNextPage } } }
  replayed userErrors { __typename code path } } }"""
SETTLE = """mutation ($input: SettleInvoiceInput!) { settleInvoice(input: $input) {
  invoice { status paidAt } userErrors { code path } } }"""
REFUND = """mutation ($input: RefundOrderInput!) { refundOrder(input: $input) {
  order { status paymentStatus paid { amount } due { amount } }
  userErrors { __typename code path ... on PaymentStateError { paymentStatus } } } }"""
FAIL = """mutation ($input: FailOrderInput!) { failOrder(input: $input) {
  order { status paymentStatus fulfilledMass { grams } } userErrors { code path } } }"""
MONEY = "{ account { balances { amount currency } } }"


def of(account: Account) -> str:
    return global_id("Account", account.id)


@pytest.fixture
async def operator(api: GraphQLApi) -> str:
    """The key of an operator, who has an account of their own."""
    return await api.new_key(*OPERATOR, account=await api.shop.another_account())


async def pay(api: GraphQLApi, operator: str, amount: str, **facts: Any) -> Any:
    told = {"accountId": of(api.shop.account), "reference": "wire-1", "amount": {"amount": amount, "currency": "USD"}}
    return (await api.data(PAY, {"input": told | facts}, key=operator))["recordPayment"]


async def create(api: GraphQLApi, key: str = "first", **facts: Any) -> Any:
    told = {"mass": {"amount": "1", "unit": "TONNE"}, "idempotencyKey": key}
    return (await api.data(CREATE, {"input": told | facts}))["createOrderByMass"]


async def test_an_operator_records_a_payment_for_an_order_of_any_account(api: GraphQLApi, operator: str):
    order = await api.shop.place(make_order_request(TONNE_G))
    ref = {"number": order.number}
    first = await pay(api, operator, "28.22", order=ref)
    assert first == {
        "payment": {
            "id": first["payment"]["id"],
            "reference": "wire-1",
            "amount": {"amount": "28.22", "currency": "USD"},
            "order": {"number": order.number},
        },
        "replayed": False,
        "order": {
            "paymentStatus": "PAID",
            "due": {"amount": "0.00"},
            "lines": [
                {"mass": {"grams": "950000"}, "bundle": {"name": "Forest"}},
                {"mass": {"grams": "50000"}, "bundle": {"name": "Ocean"}},
            ],
            "entries": [{"batch": {"vintage": 2018}}, {"batch": {"vintage": 2020}}],
        },
        "userErrors": [],
    }
    again = await pay(api, operator, "28.22", order={"id": global_id("Order", order.id)})
    assert again == first | {"replayed": True}
    other = await pay(api, operator, "28.23", order=ref)
    assert other["payment"] is None
    assert other["userErrors"] == [
        {"__typename": "InputError", "code": "IDEMPOTENCY_KEY_REUSED", "path": ["input", "reference"]}
    ]


@pytest.mark.parametrize(
    ("amount", "path"),
    [("28.225", ["input", "amount", "amount"]), ("0", ["input", "amount", "amount"])],
)
async def test_a_payment_is_an_exact_amount(api: GraphQLApi, operator: str, amount: str, path: list[str]):
    before = await api.shop.everything()
    answer = await pay(api, operator, amount)
    assert answer["userErrors"] == [{"__typename": "InputError", "code": "BAD_USER_INPUT", "path": path}]
    assert await api.shop.everything() == before


async def test_a_balance_pays_for_orders(api: GraphQLApi, operator: str):
    await pay(api, operator, "30.00")
    whole = await create(api, payWithBalance="WHOLE")
    assert whole["order"]["paymentStatus"] == "PAID"
    rest = await create(api, "second", payWithBalance="AVAILABLE")
    assert (rest["order"]["paid"], rest["order"]["due"]) == ({"amount": "1.78"}, {"amount": "26.44"})
    assert await api.data(MONEY) == {"account": {"balances": [{"amount": "0.00", "currency": "USD"}]}}

    await pay(api, operator, "0.05", reference="wire-2")
    before = await api.shop.everything()
    short = await create(api, "third", payWithBalance="WHOLE")
    assert short["userErrors"] == [
        {
            "__typename": "InsufficientBalanceError",
            "code": "INSUFFICIENT_BALANCE",
            "path": ["input", "payWithBalance"],
            "available": {"amount": "0.05", "currency": "USD"},
        }
    ]
    assert await api.shop.everything() == before


async def test_orders_are_billed_and_the_invoice_is_settled(api: GraphQLApi, operator: str):
    first, second = (
        await api.shop.place(make_order_request(TONNE_G)),
        await api.shop.place(make_order_request(TONNE_G)),
    )
    told = {"accountId": of(api.shop.account), "reference": "march", "currency": "USD"}
    billed = (await api.data(BILL, {"input": told}, key=operator))["billOrders"]
    invoice = billed["invoice"]
    assert (invoice["status"], invoice["net"], invoice["mass"]) == ("PENDING", {"amount": "56.44"}, {"tonnes": "2"})
    assert invoice["lines"] == {
        "nodes": [
            {
                "billed": {"amount": "28.22"},
                "mass": {"tonnes": "1"},
                "order": {"number": first.number, "paymentStatus": "BILLED"},
            }
        ],
        "pageInfo": {"hasNextPage": True},
    }
    again = (await api.data(BILL, {"input": told}, key=operator))["billOrders"]
    assert again == billed | {"replayed": True}

    named = {
        "accountId": of(api.shop.account),
        "reference": "april",
        "orders": [{"id": global_id("Order", second.id)}],
    }
    refused = (await api.data(BILL, {"input": named}, key=operator))["billOrders"]
    assert refused["userErrors"] == [
        {"__typename": "PaymentStateError", "code": "PAYMENT_STATE", "path": ["input", "orders", "0"]}
    ]

    settle = {"input": {"accountId": of(api.shop.account), "invoiceId": invoice["id"]}}
    settled = (await api.data(SETTLE, settle, key=operator))["settleInvoice"]
    assert settled["invoice"]["status"] == "PAID"
    assert (await api.data(SETTLE, settle, key=operator))["settleInvoice"] == settled
    seen = await api.data(
        "query ($id: ID!) { invoice(id: $id) { status } node(id: $id) { ... on Invoice { number } }"
        " account { invoices(first: 5) { nodes { id net { minorUnits } } } } }",
        {"id": invoice["id"]},
    )
    assert seen == {
        "invoice": {"status": "PAID"},
        "node": {"number": invoice["number"]},
        "account": {"invoices": {"nodes": [{"id": invoice["id"], "net": {"minorUnits": "5644"}}]}},
    }
    stranger = await api.new_key(*CUSTOMER, account=await api.shop.another_account())
    hidden = await api.data("query ($id: ID!) { invoice(id: $id) { id } node(id: $id) { id } }", {"id": invoice["id"]}, key=stranger)  # fmt: skip  # noqa: E501
    assert hidden == {"invoice": None, "node": None}


@pytest.mark.parametrize(
    ("facts", "path"),
    [
        ({}, ["input", "currency"]),
        ({"currency": "USD", "orders": [{"number": "X"}]}, ["input", "currency"]),
        ({"orders": [{"number": "X"}], "createdAt": {"lt": "2030-01-01T00:00:00Z"}}, ["input", "createdAt"]),
        ({"orders": []}, ["input", "orders"]),
        ({"currency": "USD", "paymentDays": -1}, ["input", "paymentDays"]),
    ],
)
async def test_an_invoice_lists_the_orders_that_it_bills(
    api: GraphQLApi, operator: str, facts: dict[str, Any], path: list[str]
):
    told = {"accountId": of(api.shop.account), "reference": "march"}
    answer = (await api.data(BILL, {"input": told | facts}, key=operator))["billOrders"]
    assert [(error["code"], error["path"]) for error in answer["userErrors"]] == [("BAD_USER_INPUT", path)]


async def test_an_order_is_refunded_or_fails(api: GraphQLApi, operator: str):
    order = await api.shop.place(make_order_request(TONNE_G))
    told = {"input": {"accountId": of(api.shop.account), "order": {"number": order.number}}}
    unpaid = (await api.data(REFUND, told, key=operator))["refundOrder"]
    assert unpaid["userErrors"][0]["paymentStatus"] == "ISSUED"

    await pay(api, operator, "28.22", order={"number": order.number})
    refunded = (await api.data(REFUND, told, key=operator))["refundOrder"]
    assert refunded["order"] == {
        "status": "FULFILLED",
        "paymentStatus": "REFUNDED",
        "paid": {"amount": "0.00"},
        "due": {"amount": "0.00"},
    }
    assert (await api.data(REFUND, told, key=operator))["refundOrder"] == refunded

    failed = (await api.data(FAIL, told, key=operator))["failOrder"]
    assert failed["order"] == {
        "status": "FAILED",
        "paymentStatus": "REFUNDED",
        "fulfilledMass": {"grams": "0"},
    }
    assert (await api.data(FAIL, told, key=operator))["failOrder"] == failed
    assert await api.data(MONEY) == {"account": {"balances": [{"amount": "28.22", "currency": "USD"}]}}


async def test_ledger_entries_name_what_moved_the_money(api: GraphQLApi, operator: str):
    order = await api.shop.place(make_order_request(TONNE_G))
    await pay(api, operator, "30.00", order={"number": order.number})
    page = (
        "nodes { id verb order { number } postings { account amount { amount } } } pageInfo { hasNextPage endCursor }"
    )
    first = (await api.data(f"{{ ledger(first: 1) {{ {page} }} }}"))["ledger"]
    (paid,) = first["nodes"]
    assert (paid["verb"], paid["order"]) == ("PAYMENT_RECORDED", {"number": order.number})
    assert {each["account"]: each["amount"]["amount"] for each in paid["postings"]} == {
        "CASH": "30.00",
        "RECEIVABLE": "-28.22",
        "BALANCE": "-1.78",
    }
    rest = await api.data(
        f"query ($after: String, $id: ID!) {{ ledger(after: $after) {{ {page} }} node(id: $id) {{ id }} }}",
        {"after": first["pageInfo"]["endCursor"], "id": paid["id"]},
    )
    assert [each["verb"] for each in rest["ledger"]["nodes"]] == ["ORDER_PLACED"]
    assert rest["node"] == {"id": paid["id"]}
    assert (first["pageInfo"]["hasNextPage"], rest["ledger"]["pageInfo"]["hasNextPage"]) == (True, False)
    stranger = await api.new_key(*CUSTOMER, account=await api.shop.another_account())
    assert (await api.data("{ ledger { nodes { id } } }", key=stranger)) == {"ledger": {"nodes": []}}


async def test_a_parents_key_reads_its_money_for_a_client(api: GraphQLApi, operator: str):
    client = await api.shop.another_account(parent_account_id=api.shop.account.id)
    (placed,) = await api.shop.place_all(make_command(client, make_order_request(TONNE_G)))
    await pay(api, operator, "5.00")
    told = {"accountId": of(api.shop.account), "reference": "march", "currency": "USD"}
    await api.data(BILL, {"input": told}, key=operator)

    seen = """{ account { balances { amount } invoices(first: 2) { nodes { lines(first: 2) { nodes {
      order { number lines { mass { grams } } } } } } } } }"""
    masses = [{"mass": {"grams": "950000"}}, {"mass": {"grams": "50000"}}]
    lines = [{"order": {"number": placed.order.number, "lines": masses}}]
    expected = {"account": {"balances": [{"amount": "5.00"}], "invoices": {"nodes": [{"lines": {"nodes": lines}}]}}}
    assert (await api.ask(seen, account_id=of(client))).json()["data"] == await api.data(seen) == expected
    # To a parent's key that acts for a sibling, the invoice is the parent's, and the order is another client's.
    sibling = await api.shop.another_account(parent_account_id=api.shop.account.id)
    customers = await api.new_key(*(set(Scope) - {Scope.OPERATOR}))
    hidden = (await api.ask(seen, key=customers, account_id=of(sibling))).json()["data"]
    assert hidden["account"]["invoices"]["nodes"][0]["lines"]["nodes"] == [{"order": None}]


async def test_the_part_that_waits_can_be_cancelled(api: GraphQLApi):
    masses = [
        {"bundleId": global_id("Bundle", api.shop.forest.id), "mass": {"amount": "12", "unit": "TONNE"}},
        {"bundleId": global_id("Bundle", api.shop.ocean.id), "mass": {"amount": "1", "unit": "TONNE"}},
    ]
    order = (await create(api, mass=None, bundleMasses=masses))["order"]
    cancel = """mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) {
      order { status mass { tonnes } totalCost { amount } } userErrors { code } } }"""
    told = {"input": {"order": {"id": order["id"]}, "onlyUnfulfilled": True}}
    reduced = (await api.data(cancel, told))["cancelOrder"]
    assert reduced == {
        "order": {"status": "FULFILLED", "mass": {"tonnes": "12"}, "totalCost": {"amount": "443.64"}},
        "userErrors": [],
    }
    assert (await api.data(cancel, told))["cancelOrder"] == reduced


async def test_the_remaining_part_is_priced_by_its_own_mass(api: GraphQLApi):
    shop = api.shop
    await shop.execute("UPDATE prices SET unit_price_micros = 77000000 WHERE bundle_id = $1", shop.forest.id)
    await store(shop.database, make_price(shop.forest, "40", "USD", 20 * TONNE_G))
    forest = global_id("Bundle", shop.forest.id)
    six, twenty = (
        [{"bundleId": forest, "mass": {"amount": amount, "unit": "TONNE"}}] for amount in ("6", "20")
    )  # of eleven tonnes in stock
    await create(api, mass=None, bundleMasses=six)
    order = (await create(api, mass=None, bundleMasses=twenty, key="twenty"))["order"]
    cancel = """mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) {
      order { mass { tonnes } totalCost { amount } lines { unitPrice { amount } grossUnitPrice { amount } } }
      userErrors { code } } }"""
    key = await api.new_key(Scope.ORDERS_READ, Scope.ORDERS_WRITE, Scope.CATALOGUE_READ)

    reduced = await api.data(cancel, {"input": {"order": {"id": order["id"]}, "onlyUnfulfilled": True}}, key=key)

    # 5 t at 77 are 385.00; with ten percent of the total on top, rounded up, 427.78. The 20 t were 888.89.
    assert reduced["cancelOrder"] == {
        "order": {
            "mass": {"tonnes": "5"},
            "totalCost": {"amount": "427.78"},
            "lines": [{"unitPrice": {"amount": "77"}, "grossUnitPrice": {"amount": "85.56"}}],
        },
        "userErrors": [],
    }
