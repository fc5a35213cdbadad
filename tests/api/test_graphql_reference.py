"""Airports, currencies and countries for forms, counts of the catalogue's lists, and the one name of a cost.

Seen to fail when: an airport whose code it is comes after one whose name contains it; a count takes the whole table.
"""

from typing import Any

import pytest

from service.api.graphql.types.node import global_id
from service.domain.airports import search_airports
from tests.api.graphql_api import GraphQLApi
from tests.makers import make_portfolio, store


async def test_airports_are_found_by_code_city_and_name(api: GraphQLApi):
    query = "query ($text: String!) { airports(search: $text, first: 3) { code name city country } }"

    async def found(text: str) -> list[str]:
        return [each["code"] for each in (await api.data(query, {"text": text}))["airports"]]

    assert (await api.data(query, {"text": "lhr"}))["airports"][0] == {
        "code": "LHR",
        "name": "London Heathrow Airport",
        "city": "London",
        "country": "GB",
    }
    assert (await found("egll"))[0] == "LHR"
    assert (await found("heathrow")) == ["LHR"]
    assert (await found("zurich"))[0] == "ZRH"
    assert await found("no such place") == []


def test_an_airport_whose_code_is_searched_comes_before_those_whose_city_has_it():
    found = search_airports("LIM", 50)
    assert (found[0].code, "Limon" in {each.city for each in found[1:]}) == ("LIM", True)
    assert len(search_airports("a", 7)) == 7


async def test_currencies_and_countries_are_those_that_inputs_accept(api: GraphQLApi):
    data = await api.data(
        """{ currencies { code decimals circulates } every: currencies(circulating: false) { code circulates }
        countries { alpha2 alpha3 } }"""
    )
    by_code = {each["code"]: each for each in data["currencies"]}
    assert by_code["JPY"] == {"code": "JPY", "decimals": 0, "circulates": True}
    assert (by_code["BHD"]["decimals"], "XAU" in by_code) == (3, False)
    assert {"code": "XAU", "circulates": False} in data["every"]
    assert {"alpha2": "BR", "alpha3": "BRA"} in data["countries"]
    assert len(data["countries"]) == 250


@pytest.mark.parametrize(
    ("asked", "total"),
    [
        ("bundles", 2),
        ('bundles(filter: {textContains: "for"})', 1),
        ('bundles(currency: "SAR")', 1),
        ("projects", 2),
        ('projects(filter: {textContains: "wave"})', 1),
        ("creditBatches", 3),
        ("creditBatches(filter: {vintage: [2018]})", 1),
        ("portfolios", 1),
        ("stock", 2),
        ('stock(filter: {textContains: "none"})', 0),
    ],
)
async def test_a_list_of_the_catalogue_is_counted_under_its_filter(api: GraphQLApi, asked: str, total: int):
    shop = api.shop
    others = make_portfolio({shop.forest.id: 10_000}, account_id=(await shop.another_account()).id)
    await store(shop.database, *others)

    (data,) = (await api.data(f"{{ {asked} {{ totalCount nodes {{ __typename }} }} }}")).values()
    assert (data["totalCount"], len(data["nodes"])) == (total, total)


async def test_one_cost_has_one_name_and_its_former_name_the_same_value(api: GraphQLApi):
    order = await api.shop.place()
    query = """query ($id: ID!) { node(id: $id) { ... on Order {
        netCost { amount } offsetCost { amount } lines { netCost { amount } offsetCost { amount } } } }
        orderStats(groupBy: STATUS) { groups { netCosts { amount } offsetCosts { amount } } } }"""
    data: Any = await api.data(query, {"id": global_id("Order", order.id)})
    (group,) = data["orderStats"]["groups"]
    assert group["netCosts"] == group["offsetCosts"] == [data["node"]["netCost"]]
    for each in (data["node"], *data["node"]["lines"]):
        assert each["netCost"] == each["offsetCost"]
