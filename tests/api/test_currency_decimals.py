"""Amounts in currencies whose coins are out of use have the decimals of ISO 4217, through every API and command.

Seen to fail when decimals come from CLDR, which gives none of these currencies any.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from service.api.graphql.types.node import global_id
from service.domain.api_keys import Scope
from service.domain.catalogue import Price
from service.operations.audit import audit
from service.storage.database import Database
from tests.api.graphql_api import GraphQLApi, open_graphql_api
from tests.api.rest.client import open_rest
from tests.books import assert_books_balance
from tests.makers import make_price, store
from tests.shop import Shop, open_shop

CURRENCIES = {"RSD": "100.50", "ALL": "100.50", "LBP": "100.50", "IRR": "100.50", "IQD": "100.520"}
"""An amount with all decimals of each currency."""


def prices(shop: Shop, currency: str) -> tuple[Price, Price]:
    """A thousand for a tonne of either bundle, so that 100.50 buys 100.5 kg."""
    return make_price(shop.forest, "1000", currency), make_price(shop.ocean, "1000", currency)


@pytest.fixture(params=CURRENCIES)
def currency(request: pytest.FixtureRequest) -> str:
    code: str = request.param
    return code


@pytest.fixture
async def shop(database: Database, currency: str) -> AsyncIterator[Shop]:
    shop = await open_shop(database, currency=currency, commission_hundredths=0)
    await store(database, *prices(shop, currency))
    yield shop
    await assert_books_balance(database)
    assert [finding.name for finding in await audit(shop.resources) if finding.deviating] == []


async def made(api: GraphQLApi, mutation: str, selected: str, **options: Any) -> Any:
    document = f"mutation {{ made: {mutation} {{ {selected} userErrors {{ code message path }} }} }}"
    answer = (await api.data(document, **options))["made"]
    return answer if answer["userErrors"] else answer | {"userErrors": None}


async def test_graphql_quotes_orders_and_pays_with_all_decimals(shop: Shop, database_url: str, currency: str):
    amount = CURRENCIES[currency]
    money = f'{{amount: "{amount}", currency: "{currency}"}}'
    total = "totalCost { amount minorUnits currency }"
    exact = {"amount": amount, "minorUnits": amount.replace(".", ""), "currency": currency}
    async with open_graphql_api(shop, database_url) as api:
        quoted = await made(api, f"quoteByValue(input: {{value: {money}}})", f"quote {{ {total} }}")
        assert quoted["quote"]["totalCost"] == exact
        ordered = await made(
            api,
            f'createOrderByValue(input: {{value: {money}, maximumTotal: {money}, idempotencyKey: "k"}})',
            f"order {{ id {total} }}",
        )
        assert ordered["order"]["totalCost"] == exact
        operator = await api.new_key(Scope.OPERATOR)
        account, order = global_id("Account", shop.account.id), ordered["order"]["id"]
        part = f'accountId: "{account}", amount: {{amount: "0.50", currency: "{currency}"}}'
        await made(api, f'recordPayment(input: {{{part}, reference: "a", order: {{id: "{order}"}}}})', "", key=operator)
        await made(api, f'recordPayment(input: {{{part}, reference: "b"}})', "", key=operator)
        shown = await api.data(
            f'{{ order(by: {{id: "{order}"}}) {{ paid {{ amount }} }} account {{ balances {{ amount }} }} }}'
        )
    cents = "0.500" if currency == "IQD" else "0.50"
    assert shown == {"order": {"paid": {"amount": cents}}, "account": {"balances": [{"amount": cents}]}}


async def test_lune_quotes_and_orders_with_all_decimals(shop: Shop, database_url: str, currency: str):
    amount = CURRENCIES[currency]
    async with open_rest("lune", shop, database_url) as rest:
        quote = await rest.post("/orders/by-value/quote", {"value": amount})
        assert quote["estimated_total_cost"] == amount
        order = await rest.post("/orders/by-value", {"value": amount + "9", "idempotency_key": "k"})
        assert (order["total_cost"], order["offset_cost"]) == (amount, amount)
