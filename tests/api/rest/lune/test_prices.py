"""What Lune's documentation works out by hand, asked of the running service; its prices are the shop's."""

from decimal import Decimal
from typing import Any

import pytest

from service.domain.catalogue import BundleProject, Price
from tests.api.rest.client import Rest
from tests.makers import make_bundle, make_price, store

BY_MASS = {"mass": {"amount": "12.07", "unit": "kg"}}
FIGURES = {
    "12.07 kg": (
        "by-mass",
        BY_MASS,
        ("0.01207", None),
        ("0.012069", "0.31", "0.04", "0.35"),
        (("0.011466", "0.16"), ("0.000603", "0.15")),
    ),
    "0.54 at most": (
        "by-value",
        {"value": "0.54"},
        (None, "0.54"),
        ("0.019137", "0.49", "0.05", "0.54"),
        (("0.018181", "0.25"), ("0.000956", "0.24")),
    ),
}


async def another_bundle(lune: Rest, price: str) -> str:
    bundle = make_bundle()
    projects = [BundleProject(bundle.id, lune.shop.forest_project.id)]
    await store(lune.shop.database, bundle, *projects, make_price(bundle, price))
    return bundle.id.hex


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Prices are worked out in memory: one database shows as much as two."""
    return sqlite_url


def shares(lune: Rest, *percentages: Any) -> list[dict[str, Any]]:
    bundles = [lune.shop.forest.id.hex, lune.shop.ocean.id.hex]
    return [
        {"bundle_id": bundle_id} if percentage is None else {"bundle_id": bundle_id, "percentage": percentage}
        for bundle_id, percentage in zip(bundles, percentages, strict=True)
    ]


def quantities(answer: Any) -> list[str]:
    return [bundle["quantity"] for bundle in answer["bundles"]]


@pytest.mark.parametrize(("way", "body", "requested", "figures", "bundles"), FIGURES.values(), ids=FIGURES.keys())
async def test_an_order_costs_what_the_documentation_says(
    lune: Rest, way: str, body: Any, requested: Any, figures: Any, bundles: Any
) -> None:
    order = await lune.post(f"/orders/{way}", body)

    assert (order["requested_quantity"], order["requested_value"]) == requested
    assert (order["quantity"], order["offset_cost"], order["commission"], order["total_cost"]) == figures
    assert tuple((each["quantity"], each["offset_cost"]) for each in order["bundles"]) == bundles
    assert [(each["unit_price"], each["gross_unit_price"]) for each in order["bundles"]] == [
        ("13.57", "15.08"),
        ("250", "277.78"),
    ]


async def test_a_tonne_at_other_prices_costs_what_the_documentation_says(lune: Rest) -> None:
    cheap = await another_bundle(lune, "6.5")
    selection = [
        {"bundle_id": cheap, "percentage": 95},
        {"bundle_id": lune.shop.ocean.id.hex, "percentage": 5},
    ]

    quote = await lune.post(
        "/orders/by-mass/quote",
        {"mass": {"amount": "1.040105", "unit": "t"}, "bundle_selection": selection},
    )

    assert quantities(quote) == ["0.988099", "0.052005"]
    assert quote["estimated_quantity"] == "1.040104"
    assert quote["estimated_offset_cost"] == "19.42"
    assert quote["estimated_commission"] == "2.17"
    assert quote["estimated_total_cost"] == "21.59"
    assert quote["bundles"][0]["gross_unit_price"] == "7.22"


@pytest.mark.parametrize(("way", "body"), [("by-mass", BY_MASS), ("by-value", {"value": "54.54"})])
async def test_an_order_is_what_its_quote_said(lune: Rest, way: str, body: Any) -> None:
    quote = await lune.post(f"/orders/{way}/quote", body)

    order = await lune.post(f"/orders/{way}", body)

    for name in ("quantity", "offset_cost", "commission", "total_cost"):
        assert order[name] == quote[f"estimated_{name}"], name
    for name in ("requested_quantity", "requested_value", "currency", "bundles"):
        assert order[name] == quote[name], name


async def test_a_quote_leaves_nothing_behind(lune: Rest) -> None:
    before = await lune.shop.everything()

    await lune.post("/orders/by-mass/quote", BY_MASS)
    await lune.post("/orders/by-value/quote", {"value": "10"})

    assert await lune.shop.everything() == before


@pytest.mark.parametrize(
    ("percentages", "expected"),
    [
        ((34, 66), ["0.34", "0.66"]),
        (("33.34", "66.66"), ["0.3334", "0.6666"]),
        (("33.3", "66.7"), ["0.333", "0.667"]),
        ((50, "50.00"), ["0.5", "0.5"]),
        ((None, None), ["0.5", "0.5"]),
    ],
)
async def test_percentages_split_the_mass(lune: Rest, percentages: Any, expected: list[str]) -> None:
    body = {"mass": {"amount": "1", "unit": "t"}, "bundle_selection": shares(lune, *percentages)}

    assert quantities(await lune.post("/orders/by-mass/quote", body)) == expected


async def test_an_equal_split_gives_its_remainder_to_the_first_bundles(lune: Rest) -> None:
    third = await another_bundle(lune, "20")
    selection = [*shares(lune, None, None), {"bundle_id": third}]

    quote = await lune.post(
        "/orders/by-mass/quote", {"mass": {"amount": "1", "unit": "t"}, "bundle_selection": selection}
    )

    assert quantities(quote) == ["0.3334", "0.3333", "0.3333"]


async def test_bundle_masses_choose_bundles_and_masses(lune: Rest) -> None:
    masses = [
        {"bundle_id": lune.shop.ocean.id.hex, "mass": {"amount": "1.5", "unit": "kg"}},
        {"bundle_id": lune.shop.forest.id.hex, "mass": {"amount": "700", "unit": "g"}},
    ]

    order = await lune.post("/orders/by-mass", {"bundle_masses": masses})

    assert [(each["bundle_name"], each["quantity"]) for each in order["bundles"]] == [
        ("Ocean", "0.0015"),
        ("Forest", "0.0007"),
    ]
    assert (order["requested_quantity"], order["quantity"], order["type"]) == ("0.0022", "0.0022", "quantity")


@pytest.mark.parametrize(
    ("trunc", "expected"), [("g", ["1.187499", "0.062499"]), ("kg", ["1.187", "0.062"]), ("t", ["1", "0"])]
)
async def test_quantities_are_truncated_to_the_step(lune: Rest, trunc: str, expected: list[str]) -> None:
    body = {"mass": {"amount": "1.249999", "unit": "t"}, "quantity_trunc": trunc}

    assert quantities(await lune.post("/orders/by-mass/quote", body)) == expected


@pytest.mark.parametrize("value", ["0.03", "0.54", "1", "9.99", "100", "1234.56", "1234.569"])
async def test_an_order_by_value_never_costs_more(lune: Rest, value: str) -> None:
    order = await lune.post("/orders/by-value", {"value": value})

    assert Decimal(order["total_cost"]) <= Decimal(value)
    assert Decimal(order["offset_cost"]) + Decimal(order["commission"]) == Decimal(order["total_cost"])
    assert sum(Decimal(text) for text in quantities(order)) == Decimal(order["quantity"])


async def test_a_bundle_without_a_price_in_the_currency_is_refused(lune: Rest) -> None:
    bundle = make_bundle()
    price = Price(bundle_id=bundle.id, currency="SAR", minimum_mass_g=0, unit_price_micros=1)
    await store(lune.shop.database, bundle, price)

    answer = await lune.ask(
        "POST", "/orders/by-mass/quote", {**BY_MASS, "bundle_selection": [{"bundle_id": bundle.id.hex}]}
    )

    assert (answer.status_code, answer.json()["error"]["error_code"]) == (400, "bundle_selection_bundle_invalid")
