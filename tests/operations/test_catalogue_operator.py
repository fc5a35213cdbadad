"""The operator's catalogue: each verb does its work once, however often it is sent, and its event tells of it.

Seen to fail when: a reference is received twice; overlapping serials are taken; a price's old tiers stay beside the new
ones; a disabled bundle is disabled again with another instant.
"""

import asyncio
from dataclasses import fields
from typing import Any

import pytest

from service.domain.accounts import Caller
from service.domain.amounts import price_micros_of
from service.domain.catalogue import (
    Approach,
    Bundle,
    CarbonPermanence,
    CreditBatch,
    Mode,
    OffsetType,
    PriceTier,
    Project,
    Weight,
)
from service.domain.order import ByMass, OrderStatus
from service.domain.serials.stated import StatedSerials
from service.errors import Code, Refused
from service.kit.ids import uuid7
from service.operations.manage_catalogue import create_bundle, create_project, set_portfolio, set_price, switch_bundle
from service.operations.match_backorders import match_backorders
from service.operations.receive_batch import receive_batch
from service.storage import catalogue
from tests.makers import TONNE_G, make_caller, make_order_request, make_price, store
from tests.shop import Shop

PROJECT: dict[str, Any] = {
    "slug": "oak-hills",
    "name": "Oak Hills",
    "category": "Native woodland",
    "project_type": "Planting",
    "country": "GBR",
    "registry_name": "Woodland Carbon Code",
    "description": "Oaks, mostly.",
    "logo_url": None,
}
BUNDLE: dict[str, Any] = {
    "slug": "oaks",
    "name": "Oaks",
    "description": "Oaks only.",
    "offset_type": OffsetType.CARBON_REMOVAL,
    "approach": Approach.TRADITIONAL,
    "carbon_permanence": CarbonPermanence.SHORT_TERM,
    "primary_image_url": None,
    "background_colour": "#E8F1E4",
}

STATED = [member.name for member in fields(StatedSerials)]


async def project(shop: Shop, operator: Caller, **facts: Any) -> Project:
    return await create_project(shop.resources, operator, **{**PROJECT, **facts})


async def bundle(shop: Shop, operator: Caller, *projects: Project, **facts: Any) -> Bundle:
    ids = [each.id for each in projects]
    return await create_bundle(shop.resources, operator, project_ids=ids, **{**BUNDLE, **facts})


async def received(shop: Shop, operator: Caller, **facts: Any) -> CreditBatch:
    told = {
        "project_id": shop.forest_project.id,
        "reference": "receipt-1",
        "mode": Mode.LIVE,
        "vintage": 2019,
        "issued_g": 30 * TONNE_G,
        "serial_prefix": "NEW-",
        "serial_start": 100,
    }
    told |= facts
    stated = StatedSerials(**{name: told.pop(name) for name in STATED if name in told})
    return await receive_batch(shop.resources, operator, stated=stated, **told)


async def events_of(shop: Shop, operator: Caller) -> list[str]:
    rows = await shop.database.reader.fetch(
        "SELECT event_type FROM events WHERE account_id = $1 ORDER BY seq", operator.account.id
    )
    return [row["event_type"] for row in rows]


async def refused(work: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        await work
    return refusal.value


async def test_a_project_is_made_once_with_its_category(shop: Shop, operator: Caller):
    made = await project(shop, operator)
    again = await project(shop, operator)

    assert again == made
    assert (made.slug, made.country) == ("oak-hills", "GBR")
    assert await events_of(shop, operator) == ["project.created"]


async def test_a_slug_names_one_project(shop: Shop, operator: Caller):
    made = await project(shop, operator)

    refusal = await refused(project(shop, operator, name="Elm Hills"))

    assert (refusal.code, refusal.path) == (Code.IDEMPOTENCY_KEY_REUSED, ("slug",))
    found = await catalogue.projects_of_ids(shop.database.reader, [made.id])
    assert found[made.id].name == "Oak Hills"


async def test_a_bundle_is_made_once_of_its_projects_and_sold_once_priced(shop: Shop, operator: Caller):
    oaks = await project(shop, operator)
    made = await bundle(shop, operator, oaks)
    assert await bundle(shop, operator, oaks) == made

    refusal = await refused(bundle(shop, operator, oaks, shop.forest_project))
    assert (refusal.code, "projects" in refusal.message) == (Code.IDEMPOTENCY_KEY_REUSED, True)

    order_request = make_order_request(selection=(Weight(made.id, 10_000),))
    assert (await shop.refusal(order_request)).code is Code.CURRENCY_UNAVAILABLE
    await set_price(shop.resources, operator, made.id, "USD", [PriceTier(0, 40_000_000)])
    order = await shop.place(order_request)
    assert (order.offset_cost_minor, order.status) == (4, OrderStatus.PLACED)


async def test_a_bundle_of_an_unknown_project_is_refused(shop: Shop, operator: Caller):
    facts = {"project_ids": [uuid7()], **BUNDLE}
    assert (await refused(create_bundle(shop.resources, operator, **facts))).code is Code.NOT_FOUND
    assert (await refused(bundle(shop, operator))).code is Code.BAD_USER_INPUT


async def test_a_batch_is_in_stock_and_serves_who_waits(shop: Shop, operator: Caller):
    waiting = await shop.place(
        make_order_request(ask=ByMass(20 * TONNE_G), selection=(Weight(shop.forest.id, 10_000),))
    )
    assert (waiting.status, waiting.fulfilled_g) == (OrderStatus.PLACED, 11 * TONNE_G)

    batch = await received(shop, operator)
    assert (batch.issued_g, batch.available_g) == (30 * TONNE_G, 30 * TONNE_G)
    assert await match_backorders(shop.resources) == 1

    served = await shop.order(waiting.id)
    assert served is not None
    assert served.status is OrderStatus.FULFILLED
    assert await shop.available_g(batch) == 21 * TONNE_G


async def test_a_reference_is_received_once_and_answers_the_batch_as_it_stands(shop: Shop, operator: Caller):
    batch = await received(shop, operator)
    await shop.place(make_order_request(selection=(Weight(shop.forest.id, 10_000),)))
    await shop.execute("UPDATE credit_batches SET available_g = available_g - 1, held_g = 1 WHERE id = $1", batch.id)

    again = await received(shop, operator)

    assert (again.id, again.available_g) == (batch.id, 30 * TONNE_G - 1)
    await shop.execute("UPDATE credit_batches SET available_g = available_g + 1, held_g = 0 WHERE id = $1", batch.id)
    assert await events_of(shop, operator) == ["batch.received"]


@pytest.mark.parametrize("facts", [{"issued_g": TONNE_G}, {"vintage": 2020}, {"mode": Mode.TEST}, {"serial_start": 7}])
async def test_a_reference_names_one_batch(shop: Shop, operator: Caller, facts: dict[str, Any]):
    await received(shop, operator)
    before = await shop.everything()

    refusal = await refused(received(shop, operator, **facts))

    assert (refusal.code, refusal.path) == (Code.IDEMPOTENCY_KEY_REUSED, ("reference",))
    assert await shop.everything() == before


@pytest.mark.parametrize(
    ("start", "issued_g", "taken"),
    [
        (99, TONNE_G, False),
        (99, TONNE_G + 1, True),
        (100, 1, True),
        (129, TONNE_G, True),
        (130, TONNE_G, False),
        (1, 1_000 * TONNE_G, True),
    ],
)
async def test_a_serial_is_received_once(shop: Shop, operator: Caller, start: int, issued_g: int, taken: bool):
    await received(shop, operator)  # 100 to 129
    other = {"reference": "receipt-2", "serial_start": start, "issued_g": issued_g}

    if taken:
        refusal = await refused(received(shop, operator, **other))
        assert (refusal.code, refusal.path) == (Code.BAD_USER_INPUT, ("serial_start",))
    else:
        assert (await received(shop, operator, **other)).serial_start == start


async def test_equal_serials_in_another_mode_or_series_are_different_credits(shop: Shop, operator: Caller):
    await received(shop, operator)

    await received(shop, operator, reference="receipt-2", mode=Mode.TEST)
    await received(shop, operator, reference="receipt-3", serial_prefix="OTHER-")

    assert await events_of(shop, operator) == ["batch.received"] * 3


async def test_of_receipts_at_one_time_one_takes_the_serials(shop: Shop, operator: Caller):
    other = make_caller(await shop.another_account(), operator.scopes)
    both = [operator, other] * 4

    same = await asyncio.gather(*(received(shop, each) for each in both))
    rivals = await asyncio.gather(
        *(received(shop, each, reference=f"rival-{n}", serial_prefix="RIVAL-") for n, each in enumerate(both)),
        return_exceptions=True,
    )

    assert len({batch.id for batch in same}) == 1
    assert [type(each) for each in rivals].count(CreditBatch) == 1
    assert {each.code for each in rivals if isinstance(each, Refused)} == {Code.BAD_USER_INPUT}
    assert len(await events_of(shop, operator)) + len(await events_of(shop, other)) == 2


async def test_a_batch_of_an_unknown_project_is_refused(shop: Shop, operator: Caller):
    assert (await refused(received(shop, operator, project_id=uuid7()))).code is Code.NOT_FOUND


async def test_a_price_replaces_all_tiers_and_leaves_what_was_quoted(shop: Shop, operator: Caller):
    before = await shop.place()
    tiers = [PriceTier(20 * TONNE_G, 10_000_000), PriceTier(0, 20_000_000)]

    await set_price(shop.resources, operator, shop.forest.id, "USD", tiers)
    await set_price(shop.resources, operator, shop.forest.id, "USD", tiers)

    found = await catalogue.prices_of(shop.database.reader, [shop.forest.id], "USD")
    assert [(each.minimum_mass_g, each.unit_price_micros) for each in found] == [
        (0, 20_000_000),
        (20 * TONNE_G, 10_000_000),
    ]
    assert len(await catalogue.prices_of(shop.database.reader, [shop.forest.id], "SAR")) == 1
    assert (await shop.lines(before))[0].unit_price_micros == 13_570_000
    assert (await shop.lines(await shop.place()))[0].unit_price_micros == 20_000_000
    assert await events_of(shop, operator) == ["price.set"]


@pytest.mark.parametrize("tiers", [[], [PriceTier(0, 0)], [PriceTier(5, 1), PriceTier(5, 2)]])
async def test_tiers_that_form_no_price_are_refused(shop: Shop, operator: Caller, tiers: list[PriceTier]):
    refusal = await refused(set_price(shop.resources, operator, shop.forest.id, "USD", tiers))

    assert (refusal.code, refusal.path) == (Code.BAD_USER_INPUT, ("tiers",))
    assert (await catalogue.prices_of(shop.database.reader, [shop.forest.id], "USD"))[0].unit_price_micros == 13_570_000


@pytest.mark.parametrize(
    ("tiers", "place"),
    [
        ([("39.99", 0), ("440", 100)], 1),
        ([("440", 100), ("39.99", 0)], 0),
        ([("10", 0), ("9", 1), ("9.000001", 2)], 2),
        ([("10", 0), ("8", 20), ("9", 30), ("10", 40)], 2),
        ([("0.000001", 0), ("0.000002", 1_000)], 1),
        ([("5", 10), ("6", 20)], 1),
    ],
)
async def test_a_unit_price_that_rises_is_refused_by_its_tier(
    shop: Shop, operator: Caller, tiers: list[tuple[str, int]], place: int
):
    before = await catalogue.prices_of(shop.database.reader, [shop.forest.id], "USD")
    wanted = [PriceTier(tonnes * TONNE_G, price_micros_of(price)) for price, tonnes in tiers]

    refusal = await refused(set_price(shop.resources, operator, shop.forest.id, "USD", wanted))

    assert (refusal.code, refusal.path) == (Code.BAD_USER_INPUT, ("tiers", place))
    assert await catalogue.prices_of(shop.database.reader, [shop.forest.id], "USD") == before
    assert await events_of(shop, operator) == []


async def test_a_rising_price_of_before_may_be_set_again_and_not_anew(shop: Shop, operator: Caller):
    await store(shop.database, make_price(shop.forest, "14", "USD", 20 * TONNE_G))
    standing = [PriceTier(0, 13_570_000), PriceTier(20 * TONNE_G, 14_000_000)]

    assert await set_price(shop.resources, operator, shop.forest.id, "USD", standing) == shop.forest
    cheaper = [PriceTier(0, 13_570_000), PriceTier(20 * TONNE_G, 13_570_001)]
    assert (await refused(set_price(shop.resources, operator, shop.forest.id, "USD", cheaper))).path == ("tiers", 1)
    level = [PriceTier(0, 13_570_000), PriceTier(20 * TONNE_G, 13_570_000)]
    await set_price(shop.resources, operator, shop.forest.id, "USD", level)

    assert await events_of(shop, operator) == ["price.set"]


async def test_a_disabled_bundle_takes_no_orders_until_it_is_enabled(shop: Shop, operator: Caller):
    disabled = await switch_bundle(shop.resources, operator, shop.ocean.id, disabled=True)
    assert await switch_bundle(shop.resources, operator, shop.ocean.id, disabled=True) == disabled
    assert (await shop.refusal()).code is Code.BUNDLE_UNAVAILABLE

    enabled = await switch_bundle(shop.resources, operator, shop.ocean.id, disabled=False)

    assert enabled.disabled_at is None
    await shop.place()
    assert await events_of(shop, operator) == ["bundle.disabled", "bundle.enabled"]
    assert (await refused(switch_bundle(shop.resources, operator, uuid7(), disabled=True))).code is Code.NOT_FOUND


async def test_a_shared_portfolio_is_made_and_changed_by_its_identifier(shop: Shop, operator: Caller):
    whole = (Weight(shop.ocean.id, 10_000),)
    made = await set_portfolio(shop.resources, operator, "ocean-only", "Ocean", whole)
    assert await set_portfolio(shop.resources, operator, "ocean-only", "Ocean", whole) == made

    half = (Weight(shop.ocean.id, 5_000), Weight(shop.forest.id, 5_000))
    changed = await set_portfolio(shop.resources, operator, "ocean-only", "Half", half)

    assert (changed.id, changed.label) == (made.id, "Half")
    order = await shop.place(make_order_request(portfolio_id=made.id))
    assert [line.bundle_id for line in await shop.lines(order)] == [shop.ocean.id, shop.forest.id]
    assert await events_of(shop, operator) == ["portfolio.set", "portfolio.set"]
    unknown = (Weight(uuid7(), 10_000),)
    refusal = await refused(set_portfolio(shop.resources, operator, "ocean-only", "No", unknown))
    assert refusal.code is Code.BUNDLE_UNAVAILABLE
