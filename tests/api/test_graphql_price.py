"""The query `price`: it says what a quote of the same input would say, and changes nothing.

Seen to fail when: a price by value takes the account's currency; the commission is left out; the query writes to a
table.
"""

from random import Random
from typing import Any

import pytest

from service.api.graphql.types.node import global_id
from service.domain.api_keys import Scope
from tests.api.graphql_api import GraphQLApi
from tests.api.test_graphql_statements import counted
from tests.makers import TONNE_G, make_order_request, make_price, store

PRICE = """query ($input: PriceInput!) { price(input: $input) { said: price { FACTS } userErrors { code path } } }"""
QUOTE = """mutation ($input: KIND!) { NAME(input: $input) { said: quote { FACTS } userErrors { code path } } }"""
FACTS = """mass { grams } netCost { amount currency } commission { amount } totalCost { amount currency }
    lines { bundle { id } mass { grams } unitPrice { amount } grossUnitPrice { amount } cost: COST { amount } }"""


def priced_by(document: str, cost: str) -> str:
    return document.replace("FACTS", FACTS.replace("COST", cost))


def an_input(random: Random, bundles: list[str], portfolio: str, estimates: list[str]) -> tuple[str, dict[str, Any]]:
    """The kind of a quote and an input, which is refused about once in three times."""
    kind = random.choice(["Mass", "Mass", "Value", "Value", "Estimate"])
    chosen = random.sample(bundles, random.randint(1, len(bundles)))
    given: dict[str, Any] = {"step": random.choice(["GRAM", "KILOGRAM", "TONNE"])}
    currency = random.choice(["USD", "USD", "SAR", "CHF"])
    amount = f"{random.choice([0, random.random(), random.random() * 300, random.random() * 10**9]):.6f}"
    if kind == "Mass" and random.random() < 0.4:
        unit = random.choice(["KILOGRAM", "TONNE"])
        given["bundleMasses"] = [{"bundleId": id_, "mass": {"amount": amount, "unit": unit}} for id_ in chosen]
    elif random.random() < 0.5:
        given["selection"] = [{"bundleId": id_} for id_ in chosen]
    elif random.random() < 0.5:
        given["portfolioId"] = portfolio
    if kind == "Mass" and "bundleMasses" not in given:
        given["mass"] = {"amount": amount, "unit": random.choice(["GRAM", "KILOGRAM", "TONNE"])}
    if kind == "Value":
        given["value"] = {"amount": amount, "currency": currency}
    elif random.random() < 0.5:
        given["currency"] = currency
    if kind == "Estimate":
        given["estimateId"] = random.choice(estimates)
    return kind, given


@pytest.mark.parametrize("seed", range(2))
async def test_a_price_equals_that_of_a_quote(api: GraphQLApi, seed: int):
    shop, random = api.shop, Random(seed)
    await store(
        shop.database,
        *(
            make_price(shop.forest, price, minimum_mass_g=grams)
            for price, grams in (("12.345678", TONNE_G), ("9", 10**8))
        ),
        *(make_price(shop.ocean, "0.000017", "SAR"), make_price(shop.ocean, "111.11", minimum_mass_g=TONNE_G // 2)),
    )
    estimates = [
        (
            await api.data(
                "mutation ($kg: Decimal!) { made: createMassEstimate(input: {mass: {amount: $kg, unit: KILOGRAM}})"
                " { estimate { id } } }",
                {"kg": kilograms},
            )
        )["made"]["estimate"]["id"]
        for kilograms in ("0.005", "77.7", "1234.567")
    ]
    bundles = [global_id("Bundle", bundle.id) for bundle in (shop.forest, shop.ocean)]
    portfolio = global_id("Portfolio", shop.account.portfolio_id)
    outcomes = set()
    for _ in range(60):
        kind, given = an_input(random, bundles, portfolio, estimates)
        price = (await api.data(priced_by(PRICE, "netCost"), {"input": given}))["price"]
        name, type_ = f"quoteBy{kind}", f"QuoteBy{kind}Input"
        document = priced_by(QUOTE, "offsetCost").replace("KIND", type_).replace("NAME", name)
        assert price == (await api.data(document, {"input": given}))[name], given
        outcomes.add((kind, price["said"] is None))
    assert len(outcomes) == 6, outcomes


SHORT = """query ($input: PriceInput!) {
    price(input: $input) { price { totalCost { amount } shortMass { grams } lines { bundle { name } } } }
}"""


async def test_a_price_states_what_stock_could_not_cover(api: GraphQLApi):
    await api.shop.place(make_order_request(9 * TONNE_G))

    async def short(tonnes: str) -> str:
        found = await api.data(SHORT, {"input": {"mass": {"amount": tonnes, "unit": "TONNE"}}})
        grams: str = found["price"]["price"]["shortMass"]["grams"]
        return grams

    assert [await short("1"), await short("5")] == ["0", str(5 * 950_000 - 2_450_000)]


async def test_a_price_changes_no_row_and_takes_no_lock(api: GraphQLApi, monkeypatch: pytest.MonkeyPatch):
    before = await api.shop.everything()
    with counted(monkeypatch) as sent:
        await api.data(SHORT, {"input": {"mass": {"amount": "5", "unit": "TONNE"}}})

    assert [sql for sql in sent if not sql.startswith("SELECT") or "FOR " in sql] == []
    assert await api.shop.everything() == before


async def test_a_price_needs_the_scope_of_what_it_reads(api: GraphQLApi):
    async def answer(given: dict[str, Any], *scopes: Scope) -> Any:
        key = await api.new_key(*scopes)
        body = (await api.ask(priced_by(PRICE, "netCost"), {"input": given}, key=key)).json()
        return body["errors"][0]["extensions"]["code"] if "errors" in body else body["data"]["price"]["userErrors"]

    mass = {"mass": {"amount": "1", "unit": "TONNE"}}
    estimate = {"estimateId": global_id("Estimate", api.shop.account.id)}
    assert await answer(mass, Scope.ORDERS_READ) == "FORBIDDEN"
    assert await answer(mass, Scope.CATALOGUE_READ) == []
    assert await answer(estimate, Scope.CATALOGUE_READ) == "FORBIDDEN"
    assert await answer(estimate, Scope.CATALOGUE_READ, Scope.ORDERS_READ) == [
        {"code": "NOT_FOUND", "path": ["input", "estimateId"]}
    ]
