"""What surrounds Lune's orders: estimates, bundles, selections, portfolios, accounts."""

from datetime import timedelta
from typing import Any

import pytest

from service.domain.api_keys import Scope
from service.kit.clock import system_clock
from service.operations.manage_webhooks import create_endpoint, list_endpoints
from tests.api.rest.client import Rest
from tests.makers import make_bundle, make_portfolio, make_price, store

UNKNOWN = "0" * 32
LAMP = {"consumption": {"amount": "1200", "unit": "kWh"}, "country_code": "GBR"}


async def refused(lune: Rest, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, str]:
    before = await lune.shop.everything()
    answer = await lune.ask(method, path, body, **options)
    assert await lune.shop.everything() == before
    return answer.status_code, answer.json()["error"]["error_code"]


async def test_electricity_becomes_a_mass_with_a_quote_and_then_one_order(lune: Rest) -> None:
    request = {**LAMP, "name": "office", "metadata": {"a": "b"}, "idempotency_key": "e-1"}
    estimate = await lune.post("/estimates/electricity", request)

    order = await lune.post("/orders/by-estimate", {"estimate_id": estimate["id"]})

    assert estimate["request"] == {**LAMP, "name": "office"}
    assert (estimate["metadata"], estimate["idempotency_key"]) == ({"a": "b"}, "e-1")
    mass, quote = estimate["mass"], estimate["quote"]
    assert (mass["unit"], quote["requested_quantity"]) == ("t", mass["amount"])
    assert order["estimate_id"] == estimate["id"]
    assert (order["type"], order["requested_quantity"], order["requested_value"]) == ("quantity", mass["amount"], None)
    assert (order["quantity"], order["total_cost"]) == (quote["estimated_quantity"], quote["estimated_total_cost"])
    again = await refused(lune, "POST", "/orders/by-estimate", {"estimate_id": estimate["id"]})
    assert again == (409, "estimate_order_already_placed")


async def test_an_estimates_key_is_used_once(lune: Rest) -> None:
    await lune.post("/estimates/electricity", {**LAMP, "idempotency_key": "e"})

    taken = (409, "estimate_idempotency_already_exists")
    assert await refused(lune, "POST", "/estimates/electricity", {**LAMP, "idempotency_key": "e"}) == taken
    flight = {"route": {"amount": "100", "unit": "km"}, "idempotency_key": "e"}
    assert await refused(lune, "POST", "/estimates/flight", flight) == taken


async def test_a_flight_is_measured_in_kilometres_or_between_airports(lune: Rest) -> None:
    measured = await lune.post("/estimates/flight", {"route": {"amount": "5540", "unit": "km"}})
    between = await lune.post("/estimates/flight", {"route": {"source": "LHR", "destination": "jfk"}})
    business = await lune.post(
        "/estimates/flight",
        {"route": {"source": "LHR", "destination": "JFK"}, "passengers": 2, "cabin_class": "business"},
    )

    masses = [float(each["mass"]["amount"]) for each in (measured, between, business)]
    assert masses[0] > 0.5
    assert masses[1] > 0.5
    assert masses[2] > 2 * masses[1]
    assert business["request"]["passengers"] == 2


async def test_airports_are_understood_by_iata_and_by_icao_code(lune: Rest) -> None:
    by_iata = await lune.post("/estimates/flight", {"route": {"source": "LHR", "destination": "JFK"}})
    by_icao = await lune.post("/estimates/flight", {"route": {"source": "EGLL", "destination": "kjfk"}})

    assert by_iata["mass"] == by_icao["mass"] == {"amount": "0.784741", "unit": "t"}
    assert (by_icao["request"]["route"]["source"], by_icao["request"]["route"]["destination"]) == ("EGLL", "kjfk")


@pytest.mark.parametrize("country", ["GB", "GBR"])
async def test_a_country_is_understood_by_two_letters_and_by_three(lune: Rest, country: str) -> None:
    used = {"consumption": {"amount": "1000", "unit": "kWh"}, "country_code": country}

    assert (await lune.post("/estimates/electricity", used))["mass"] == {"amount": "0.21741", "unit": "t"}


@pytest.mark.parametrize(
    ("route", "place"),
    [
        ({"source": "XXXX", "destination": "LHR"}, "route.source"),
        ({"source": "LHR", "destination": "XXXX"}, "route.destination"),
        ({"source": "LHR", "destination": "EGLL"}, "route.destination"),
    ],
)
async def test_a_route_that_cannot_be_flown_is_named_by_lunes_member(lune: Rest, route: Any, place: str) -> None:
    answer = await lune.ask("POST", "/estimates/flight", {"route": route})

    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(f"{place}: ")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("electricity", {"consumption": {"amount": "0", "unit": "kWh"}}),
        ("electricity", {"consumption": {"amount": "1", "unit": "J"}}),
        ("electricity", {**LAMP, "country_code": "XXX"}),
        ("electricity", {**LAMP, "country_code": "gbr"}),
        ("electricity", {**LAMP, "country_code": "XX"}),
        ("electricity", {**LAMP, "country_code": "GBRX"}),
        ("flight", {"route": {}}),
        ("flight", {"route": {"amount": "5", "unit": "km", "source": "LHR"}}),
        ("flight", {"route": {"source": "LHR", "destination": "LHR"}}),
        ("flight", {"route": {"source": "LHR", "destination": "nowhere"}}),
        ("flight", {"route": {"amount": "5", "unit": "km"}, "passengers": 0}),
        ("flight", {"route": {"amount": "5", "unit": "km"}, "cabin_class": "galley"}),
    ],
)
async def test_what_cannot_be_estimated_is_400(lune: Rest, kind: str, body: Any) -> None:
    assert await refused(lune, "POST", f"/estimates/{kind}", body) == (400, "validation_error")


async def test_an_estimate_that_cannot_be_priced_quotes_an_error(lune: Rest) -> None:
    estimate = await lune.post("/estimates/electricity", {**LAMP, "bundle_selection": [{"bundle_id": UNKNOWN}]})

    assert estimate["quote"]["error"]["error_code"] == "bundle_selection_bundle_invalid"
    assert float(estimate["mass"]["amount"]) > 0


async def test_a_bundle_shows_its_price_and_stock(lune: Rest) -> None:
    listed = await lune.get("/bundles")
    ocean = await lune.get(f"/bundles/{lune.shop.ocean.id.hex}")

    assert [bundle["name"] for bundle in listed["data"]] == ["Forest", "Ocean"]
    assert listed["data"][1] == ocean
    assert {name: value for name, value in ocean.items() if name != "projects"} == {
        "id": lune.shop.ocean.id.hex,
        "name": "Ocean",
        "unit_price": "250",
        "gross_unit_price": "277.78",
        "currency": "USD",
        "background_colour": None,
        "primary_image": None,
        "large_image": None,
        "primary_image_hires": None,
        "small_thumbnail": None,
        "description": "Credits of one kind.",
        "disabled": False,
        "available_quantity": "1",
        "offset_type": "emissions_reduction",
        "approach": "traditional",
        "carbon_permanence": "short_term",
    }
    (project,) = ocean["projects"]
    assert (project["slug"], project["registry_name"]) == ("waves", "Verra")
    assert (project["country_name"], project["country_code"]) == ("Brazil", "BRA")


async def test_bundles_are_paged_and_recently_disabled_ones_shown_when_asked_for(lune: Rest) -> None:
    now = system_clock()
    recent = make_bundle(disabled_at=now - timedelta(days=29), created_at=now)
    old = make_bundle(disabled_at=now - timedelta(days=31), created_at=now)
    await store(lune.shop.database, recent, old, make_price(recent, "10"), make_price(old, "10"))

    first = await lune.get("/bundles?limit=1")
    second = await lune.get(f"/bundles?limit=1&after={first['next_cursor']}")
    disabled = await lune.get("/bundles?recently_disabled=true")

    assert (first["data"][0]["name"], second["data"][0]["name"]) == ("Forest", "Ocean")
    assert (second["has_more"], second["next_cursor"]) == (False, None)
    assert [bundle["id"] for bundle in disabled["data"] if bundle["disabled"]] == [recent.id.hex]
    assert (await lune.get(f"/bundles/{old.id.hex}"))["disabled"] is True


async def test_bundles_that_are_not_there_are_404(lune: Rest) -> None:
    unpriced = make_bundle()
    await store(lune.shop.database, unpriced, make_price(unpriced, "10", "SAR"))

    for bundle_id in (UNKNOWN, "forest", unpriced.id.hex):
        assert await refused(lune, "GET", f"/bundles/{bundle_id}") == (404, "not_found")


async def test_the_selection_that_is_set_applies_to_the_next_order(lune: Rest) -> None:
    forest, ocean = lune.shop.forest.id.hex, lune.shop.ocean.id.hex
    assert await lune.get("/bundle-selections") == [
        {"bundle_id": forest, "percentage": 95},
        {"bundle_id": ocean, "percentage": 5},
    ]
    wanted = [{"bundle_id": ocean, "percentage": "66.6"}, {"bundle_id": forest, "percentage": "33.40"}]

    put = await lune.put("/bundle-selections", wanted)
    order = await lune.post("/orders/by-mass", {"mass": {"amount": "1", "unit": "kg"}})

    assert put == [{"bundle_id": ocean, "percentage": "66.6"}, {"bundle_id": forest, "percentage": "33.4"}]
    assert await lune.get("/bundle-selections") == put
    assert [bundle["quantity"] for bundle in order["bundles"]] == ["0.000666", "0.000334"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([], "bundle_selection_ratios_invalid"),
        ([{"bundle_id": UNKNOWN}], "bundle_selection_bundle_invalid"),
        ([{"bundle_id": "x"}], "bundle_id_invalid"),
        ({"bundle_id": UNKNOWN}, "validation_error"),
    ],
)
async def test_a_selection_that_cannot_be_bought_is_400(lune: Rest, body: Any, code: str) -> None:
    assert await refused(lune, "PUT", "/bundle-selections", body) == (400, code)


async def test_the_portfolio_that_is_set_is_the_accounts(lune: Rest) -> None:
    portfolio, *weights = make_portfolio({lune.shop.ocean.id: 10_000}, label="Only ocean")
    await store(lune.shop.database, portfolio, *weights)

    put = await lune.put("/bundle-portfolios", {"bundle_portfolio_id": portfolio.id.hex})

    assert put["label"] == "Only ocean"
    assert put["bundle_selection"] == [{"bundle_id": lune.shop.ocean.id.hex, "percentage": 100}]
    assert put in await lune.get("/bundle-portfolios")
    assert (await lune.get("/accounts/me"))["bundle_portfolio_id"] == portfolio.id.hex
    for unknown in (UNKNOWN, "x"):
        body = {"bundle_portfolio_id": unknown}
        assert await refused(lune, "PUT", "/bundle-portfolios", body) == (400, "id_invalid")


async def test_an_account_shows_itself(lune: Rest) -> None:
    account = lune.shop.account

    assert await lune.get("/accounts/me") == {
        "id": account.id.hex,
        "name": account.name,
        "organisation_id": account.organisation_id.hex,
        "handle": None,
        "currency": "USD",
        "type": "live",
        "logo": None,
        "beneficiary": None,
        "bundle_portfolio_id": account.portfolio_id.hex,
        "external_pages_visibility": "public",
        "scope": "account",
        "sibling_id": None,
    }


async def test_a_client_account_has_orders_of_its_own(lune: Rest) -> None:
    client = await lune.post(
        "/accounts/client", {"name": " Shop 7 ", "currency": "USD", "beneficiary": "Seven Ltd", "handle": "shop-7"}
    )
    acting = {"headers": {"lune-account": client["id"]}}

    order = await lune.post("/orders/by-value", {"value": "1", "idempotency_key": "k"}, **acting)

    assert (client["scope"], client["name"], client["handle"]) == ("client_account", "Shop 7", "shop-7")
    assert "sibling_id" not in client
    assert await lune.get("/accounts/me", **acting) == client
    assert [each["id"] for each in (await lune.get("/orders", **acting))["data"]] == [order["id"]]
    assert (await lune.get("/orders"))["data"] == []
    assert await refused(lune, "GET", f"/orders/{order['id']}") == (404, "not_found")


async def test_client_accounts_are_listed_by_name_and_paged(lune: Rest) -> None:
    for name in ("North", "South", "Northwest"):
        await lune.post("/accounts/client", {"name": name, "currency": "USD"})

    first = await lune.get("/accounts/client?limit=2")
    second = await lune.get(f"/accounts/client?limit=2&after={first['next_cursor']}")
    north = await lune.get("/accounts/client?name=north")

    assert [each["name"] for each in first["data"] + second["data"]] == ["North", "South", "Northwest"]
    assert (second["has_more"], second["next_cursor"]) == (False, None)
    assert [each["name"] for each in north["data"]] == ["North", "Northwest"]


async def test_a_patch_leaves_what_is_absent_and_deletes_what_is_null(lune: Rest) -> None:
    facts = {"name": "Shop", "currency": "USD", "beneficiary": "B", "handle": "shop"}
    client = await lune.post("/accounts/client", facts)

    patched = await lune.ask("PATCH", f"/accounts/client/{client['id']}", {"beneficiary": None, "name": "Store"})
    put = await lune.put(f"/accounts/client/{client['id']}", {"name": "Market", "external_pages_visibility": "hidden"})

    assert patched.json() == {**client, "beneficiary": None, "name": "Store"}
    assert put == {
        **client,
        "beneficiary": None,
        "name": "Market",
        "handle": None,
        "external_pages_visibility": "hidden",
    }


@pytest.mark.parametrize(
    "facts",
    [{"name": ""}, {"name": "  "}, {"currency": "usd"}, {"currency": "XXL"}, {"handle": "Shop 7"}, {"name": "n" * 201}],
)
async def test_an_invalid_client_account_is_400(lune: Rest, facts: Any) -> None:
    body = {"name": "Shop", "currency": "USD", **facts}

    assert await refused(lune, "POST", "/accounts/client", body) == (400, "validation_error")


async def test_an_account_that_is_not_ones_own_cannot_be_selected(lune: Rest) -> None:
    stranger = await lune.shop.another_account()

    for named in (stranger.id.hex, UNKNOWN, "x", ""):
        answer = await refused(lune, "GET", "/orders", headers={"lune-account": named})
        assert answer == (400, "invalid_selected_account_id")


async def test_unknown_client_accounts_are_404_and_scopes_are_needed(lune: Rest) -> None:
    reader = await lune.new_key(Scope.ORDERS_READ)

    assert await refused(lune, "PUT", f"/accounts/client/{UNKNOWN}", {"name": "x"}) == (404, "not_found")
    assert await refused(lune, "PATCH", "/accounts/client/x", {"name": "x"}) == (404, "not_found")
    body = {"name": "Shop", "currency": "USD"}
    assert await refused(lune, "POST", "/accounts/client", body, key=reader) == (403, "forbidden")


async def test_webhooks_show_their_secret_once_and_only_those_of_this_format(lune: Rest) -> None:
    await create_endpoint(lune.shop.resources, lune.shop.caller, url="https://hooks.example.com/other")
    client = await lune.post("/accounts/client", {"name": "Shop", "currency": "USD"})
    made = await lune.post("/webhooks", {"url": "https://hooks.example.com/a", "account_ids": [client["id"]]})
    every = await lune.post("/webhooks", {"url": "https://hooks.example.com/b"})
    shown = [{**each, "secret": each["secret"][-4:]} for each in (made, every)]

    assert (made["secret"][:6], len(made["secret"]), made["enabled"]) == ("whsec_", 50, True)
    assert await lune.get("/webhooks") == shown
    assert await lune.get(f"/webhooks/{made['id']}") == shown[0]
    assert await lune.get(f"/webhooks?account_id={client['id']}") == shown
    assert await lune.get(f"/webhooks?account_id={lune.shop.account.id.hex}") == shown[1:]
    both = f"account_id={lune.shop.account.id.hex}&account_id={client['id']}&account_id=unknown"
    assert await lune.get(f"/webhooks?{both}") == shown


async def test_a_webhook_is_changed_and_a_rotated_secret_ends_at_once(lune: Rest) -> None:
    made = await lune.post("/webhooks", {"url": "https://hooks.example.com/a"})
    path, moved = f"/webhooks/{made['id']}", {"url": "https://hooks.example.com/b"}

    changed = await lune.put(path, {**moved, "enabled": False})
    again = await lune.put(path, moved)
    rotated = (await lune.ask("PUT", f"{path}/rotate-secret")).json()

    assert changed == again == {**made, **moved, "enabled": False, "secret": made["secret"][-4:]}
    assert rotated["secret"] != made["secret"]
    (endpoint,) = await list_endpoints(lune.shop.resources, lune.shop.caller)
    assert (endpoint.previous_secret, endpoint.previous_until) == (None, None)
    assert ((await lune.ask("DELETE", path)).status_code, await lune.get("/webhooks")) == (204, [])
    assert (await lune.ask("DELETE", path)).status_code == 404


async def test_an_estimate_of_electricity_is_read_again_at_the_present_price(lune: Rest) -> None:
    (ocean,) = [each for each in (await lune.get("/bundles"))["data"] if each["name"] == "Ocean"]
    sent = {**LAMP, "bundle_selection": [{"bundle_id": ocean["id"]}], "quantity_trunc": "kg"}

    made = await lune.post("/estimates/electricity", sent)
    flown = await lune.post("/estimates/flight", {"route": {"source": "LHR", "destination": "JFK"}})

    assert await lune.get(f"/estimates/electricity/{made['id']}") == made
    assert [each["bundle_name"] for each in made["quote"]["bundles"]] == ["Ocean"]
    for absent in (flown["id"], UNKNOWN, "x"):
        assert await refused(lune, "GET", f"/estimates/electricity/{absent}") == (404, "not_found")


async def test_a_client_account_is_read_by_its_header_alone(lune: Rest) -> None:
    client = await lune.post("/accounts/client", {"name": "Shop", "currency": "USD"})

    assert await lune.get("/accounts/client/me", headers={"lune-account": client["id"]}) == client
    assert await refused(lune, "GET", "/accounts/client/me") == (400, "account_scope_incorrect")
