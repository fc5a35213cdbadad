"""Spellings of carbon-engine's requests: both names of the portfolio, whole numbers, near misses, and old retries.

Seen to fail when: `portfolio_id` is ignored; it wins over another `portfolioId`; a member that stands twice counts as
the last; a retry of an order that an earlier release placed is refused for how it is spelled.
"""

from typing import Any

import httpx
import pytest

from tests.api.rest.client import Rest
from tests.makers import make_portfolio, store

BOTH = ("portfolioId", "portfolio_id")
QUOTES: dict[str, dict[str, Any]] = {
    "/quotes": {"amount_kg": 123},
    "/quotes/air-freight": {"freight_mass_kg": 100, "distance_km": 2000.5},
    "/quotes/ground-transport": {"distance_km": 250, "vehicle_type": "school_bus"},
}


@pytest.fixture
async def forest_only(engine: Rest) -> str:
    """A portfolio that costs 50 riyals a tonne, where the account's own has a twentieth at 600."""
    portfolio, *weights = make_portfolio({engine.shop.forest.id: 10_000}, identifier="forest")
    await store(engine.shop.database, portfolio, *weights)
    return portfolio.id.hex


async def order_by(engine: Rest, content: str | dict[str, Any], key: str | None = None) -> httpx.Response:
    headers = {} if key is None else {"idempotency-key": key}
    if isinstance(content, dict):
        return await engine.ask("POST", "/orders", content, headers=headers)
    headers["content-type"] = "application/json"
    return await engine.ask("POST", "/orders", content=content.encode(), headers=headers)


def fault(answer: httpx.Response) -> tuple[str, str]:
    """The member that is to blame for a 400, and the message."""
    assert answer.status_code == 400, answer.text
    ((field, (message,)),) = answer.json()["errors"].items()
    return field, message


@pytest.mark.parametrize("name", BOTH)
async def test_an_order_is_made_from_the_portfolio_under_either_name(engine: Rest, forest_only: str, name: str):
    (order,) = (await order_by(engine, {"amount_kg": 1000, name: forest_only})).json()
    assert (order["portfolio"], order["price_sar_halalas"]) == (forest_only, 5_000)


@pytest.mark.parametrize("path", QUOTES)
async def test_a_quote_is_made_from_the_portfolio_under_either_name(engine: Rest, forest_only: str, path: str):
    usual = await engine.post(path, QUOTES[path])
    by_name = [await engine.post(path, {**QUOTES[path], name: forest_only}) for name in BOTH]
    assert by_name[0] == by_name[1]
    assert by_name[0]["price_sar_halalas"] < usual["price_sar_halalas"]
    same = dict.fromkeys(BOTH, forest_only)
    assert await engine.post(path, {**QUOTES[path], **same}) == by_name[0]
    assert await engine.post(path, {**QUOTES[path], "portfolioId": None, "portfolio_id": forest_only}) == by_name[0]


async def test_two_portfolios_in_one_request_are_refused(engine: Rest, forest_only: str):
    before = await engine.shop.everything()
    own = engine.shop.account.portfolio_id.hex
    for path, body in {"/orders": {"amount_kg": 1}, **QUOTES}.items():
        for one, other in ((own, forest_only), (forest_only, own)):
            answer = await engine.ask("POST", path, {**body, "portfolioId": one, "portfolio_id": other})
            assert fault(answer) == (
                "portfolio_id",
                "portfolioId and portfolio_id are two names of one member: give one value.",
            )
    assert await engine.shop.everything() == before


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("text", ["X", "0" * 31, ""])
async def test_an_unknown_portfolio_is_refused_under_the_name_that_was_sent(engine: Rest, name: str, text: str):
    before = await engine.shop.everything()
    assert fault(await order_by(engine, {"amount_kg": 1000, name: text}))[0] == name
    assert await engine.shop.everything() == before


NEAR_MISSES = [
    ({"amountKg": 5}, "amount_kg"),
    ({"Amount_KG": 5}, "amount_kg"),
    ({"amount_kg": 5, "portfolio-id": "X"}, "portfolioId"),
    ({"amount_kg": 5, "PortfolioID": "X"}, "portfolioId"),
    ({"amount_kg": 5, "callback_url": "https://a.example"}, "callbackUrl"),
    ({"amount_kg": 5, "Customer": "ACME"}, "customer"),
    ({"totalPriceSarHalalas": 100}, "total_price_sar_halalas"),
]


@pytest.mark.parametrize(("body", "known"), NEAR_MISSES)
async def test_a_near_miss_is_refused_by_name_and_orders_nothing(engine: Rest, body: dict[str, Any], known: str):
    before = await engine.shop.everything()
    (spelled,) = set(body) - {"amount_kg"}
    assert fault(await order_by(engine, body)) == (known, f"Unknown member {spelled}: write {known}.")
    assert await engine.shop.everything() == before


async def test_misspelt_parameters_of_an_address_are_refused_by_name(engine: Rest):
    for query, known in (
        ("Limit=5", "limit"),
        ("starting-after=x", "starting_after"),
        ("endingBefore=x", "ending_before"),
    ):
        assert fault(await engine.ask("GET", f"/orders?{query}"))[0] == known
    assert fault(await engine.ask("GET", "/orders?limit=5&limit=6"))[0] == "limit"
    assert (await engine.ask("GET", "/orders?limit=5&limit=5&colour=red")).status_code == 200


@pytest.mark.parametrize(
    ("content", "member"),
    [
        ('{"amount_kg": 1, "amount_kg": 1000}', "amount_kg"),
        ('{"amount_kg": 1, "amount_kg": 1}', "amount_kg"),
        ('{"amount_kg": 1, "customer": "a:b", "customer": "c"}', "customer"),
        ('{"amount_kg": 1, "\\u0061mount_kg": 1000}', "amount_kg"),
        ('{"amount_kg": 1, "customer": "\\u003a", "customer": "x"}', "customer"),
    ],
)
async def test_a_request_with_a_repeated_member_orders_nothing(engine: Rest, content: str, member: str):
    before = await engine.shop.everything()
    assert fault(await order_by(engine, content)) == (member, f"The member {member} stands twice.")
    assert await engine.shop.everything() == before


@pytest.mark.parametrize("number", ["5.0", "5.000", "5e0", "0.5e1", "50E-1"])
async def test_whole_kilograms_may_be_written_as_5_0(engine: Rest, number: str):
    first = await order_by(engine, f'{{"amount_kg": {number}}}', "k")
    again = await order_by(engine, {"amount_kg": 5}, "k")
    assert (first.status_code, again.json()) == (201, first.json())
    assert first.json()[0]["amount_kg"] == 5


@pytest.mark.parametrize("number", ["5.5", '"5"', "5.0000000000000000001", "1e13", "1e-7"])
async def test_other_numbers_are_no_whole_kilograms(engine: Rest, number: str):
    assert fault(await order_by(engine, f'{{"amount_kg": {number}}}'))[0] == "amount_kg"


async def test_a_retry_of_an_earlier_releases_order_is_answered_however_it_is_spelled(engine: Rest):
    own = engine.shop.account.portfolio_id.hex
    first = await order_by(engine, {"amount_kg": 1000}, "k")  # what those releases made of all the bodies below
    before = await engine.shop.everything()
    for content, otherwise in (
        ('{"amount_kg": 1000, "portfolio_id": "X"}', 400),
        (f'{{"amount_kg": 1000, "portfolio_id": "{own}"}}', 422),
        ('{"amount_kg": 1000, "PortfolioId": "X"}', 422),
        ('{"amount_kg": 1, "amount_kg": 1000}', 422),
    ):
        again = await order_by(engine, content, "k")
        assert (again.status_code, again.json()) == (201, first.json()), content
        assert again.headers["idempotent-replayed"] == "true"
        assert (await order_by(engine, content.replace("1000", "999"), "k")).status_code == otherwise
    assert await engine.shop.everything() == before


async def test_an_order_by_the_second_name_is_answered_again_and_not_for_another_portfolio(
    engine: Rest, forest_only: str
):
    first = await order_by(engine, {"amount_kg": 1000, "portfolio_id": forest_only}, "k")
    for name in BOTH:
        again = await order_by(engine, {"amount_kg": 1000, name: forest_only}, "k")
        assert (again.status_code, again.json()) == (201, first.json())
        other = await order_by(engine, {"amount_kg": 1000, name: engine.shop.account.portfolio_id.hex}, "k")
        assert other.status_code == 422
