"""Estimates: kept with their factor, one for a key, ordered once.

Seen to fail when: an estimate may be ordered twice, in one group or in two; another account's estimate may be ordered;
a key answers an estimate of another activity; a quote forgets its estimate; a retry is worked out before its key is
looked up.
"""

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from service.domain.estimate import (
    Activity,
    AirFreight,
    AirportPair,
    Electricity,
    EnergyUnit,
    Flight,
    GroundTransport,
    Legs,
    PlainMass,
    VehicleType,
)
from service.domain.order import ByMass, FromQuote, OrderKind, Placed
from service.domain.recorded_estimate import KINDS, ActivityKind, CreateEstimate, Recorded, RecordedEstimate
from service.errors import Code, Refused
from service.kit.ids import uuid7
from service.operations.create_estimate import create_estimate
from service.operations.quote_order import quote_order
from service.operations.read_estimates import estimates_of_ids
from service.storage.database import Statements
from service.storage.estimates import ESTIMATES
from tests.books import rows_of
from tests.makers import make_caller, make_order_request
from tests.shop import Shop


def command(mass_g: int = 12_070, **facts) -> CreateEstimate:
    activity = PlainMass(mass_g)
    return CreateEstimate(**{"estimate_id": uuid7(), "activity": activity, "told": {"mass_g": mass_g}, **facts})


async def estimated(shop: Shop, mass_g: int = 12_070):
    return (await create_estimate(shop.resources, shop.caller, command(mass_g))).estimate


async def test_an_estimate_is_kept_with_the_factor_it_rests_on(shop: Shop):
    used = Electricity(Fraction(1200), EnergyUnit.KILOWATT_HOUR, "GBR")
    recorded = await create_estimate(shop.resources, shop.caller, command(activity=used, told={"amount": "1200"}))
    found = await estimates_of_ids(shop.resources, shop.caller, [recorded.estimate.id])
    assert found == {recorded.estimate.id: recorded.estimate}
    assert recorded.estimate.activity_kind is ActivityKind.ELECTRICITY
    assert recorded.estimate.activity == {"amount": "1200"}
    factor = Fraction(recorded.estimate.factor["value"])  # grams of a kilowatt-hour
    assert recorded.estimate.mass_g == round(1200 * factor)
    assert recorded.estimate.order_id is None


async def test_the_same_key_answers_the_same_estimate(shop: Shop):
    first = await create_estimate(shop.resources, shop.caller, command(idempotency_key="k"))
    again = await create_estimate(shop.resources, shop.caller, command(idempotency_key="k"))
    assert (first.replayed, again.replayed) == (False, True)
    assert again.estimate == first.estimate


async def test_the_same_key_refuses_another_activity(shop: Shop):
    await create_estimate(shop.resources, shop.caller, command(idempotency_key="k"))
    with pytest.raises(Refused) as refusal:
        await create_estimate(shop.resources, shop.caller, command(1, idempotency_key="k"))
    assert refusal.value.code is Code.IDEMPOTENCY_KEY_REUSED


REFUSED_TODAY = {
    "more than an order can hold": AirFreight(Fraction(10**9), Fraction(10**6)),
    "an airport that was closed": Flight(AirportPair("LHR", "ZZZ")),
    "a country that was dissolved": Electricity(Fraction(1), EnergyUnit.KILOWATT_HOUR, "ANT"),
    "a larger quantity than allowed": AirFreight(Fraction(10**10), Fraction(1)),
    "a factor that has fallen": GroundTransport(Fraction(1, 10**6), VehicleType.PASSENGER_CAR_VAN_OR_SUV),
}


@pytest.mark.parametrize("activity", REFUSED_TODAY.values(), ids=REFUSED_TODAY)
async def test_a_retry_replays_although_the_activity_is_refused_today(shop: Shop, activity: Activity):
    first = command(activity=activity, idempotency_key="k")
    created = RecordedEstimate(
        account_id=shop.account.id,
        id=first.estimate_id,
        activity_kind=KINDS[type(activity)],
        name=None,
        mass_g=12_070,
        activity=first.told,
        factor=None,
        working=["worked out by the rules of then"],
        metadata={},
        idempotency_key="k",
        fingerprint=first.fingerprint(),
        order_id=None,
        created_at=datetime(2026, 11, 1, tzinfo=UTC),
    )

    async def store_as_before(statements: Statements) -> None:
        await ESTIMATES.insert(statements, [created])

    await shop.resources.transact(store_as_before)
    retry = await create_estimate(shop.resources, shop.caller, command(activity=activity, idempotency_key="k"))
    assert retry == Recorded(created, replayed=True)

    with pytest.raises(Refused) as refusal:
        await create_estimate(shop.resources, shop.caller, command(activity=activity, idempotency_key="fresh"))
    assert refusal.value.code in {Code.BAD_USER_INPUT, Code.QUANTITY_INVALID}
    assert await rows_of(shop.database, ESTIMATES) == [created]


async def test_different_factors_of_legs_are_stored_as_a_list(shop: Shop):
    legs = Legs((AirportPair("LHR", "JFK"), AirportPair("JFK", "YYZ"), AirportPair("JFK", "LHR")))
    recorded = await create_estimate(shop.resources, shop.caller, command(activity=Flight(legs)))
    (row,) = await rows_of(shop.database, ESTIMATES)
    assert row == recorded.estimate
    assert [factor["value"] for factor in row.factor] == ["0.14165", "0.12572"]
    assert row.factors == row.factor


async def test_an_estimate_is_ordered_as_any_mass(shop: Shop):
    estimate = await estimated(shop)
    order = await shop.place(make_order_request(ask=ByMass(estimate.mass_g, estimate.id)))
    assert (order.kind, order.estimate_id, order.requested_mass_g) == (OrderKind.ESTIMATE, estimate.id, 12_070)
    assert order.total_cost_minor == 35
    found = await estimates_of_ids(shop.resources, shop.caller, [estimate.id])
    assert found[estimate.id].order_id == order.id


async def test_an_estimate_is_ordered_once(shop: Shop):
    estimate = await estimated(shop)
    order_request = make_order_request(ask=ByMass(estimate.mass_g, estimate.id))
    first, second = await shop.place_all(shop.command(order_request), shop.command(order_request))
    assert isinstance(first, Placed)
    assert isinstance(second, Refused)
    assert second.code is Code.ESTIMATE_USED
    assert (await shop.refusal(order_request)).code is Code.ESTIMATE_USED


async def test_a_refused_order_leaves_the_estimate_to_the_next(shop: Shop):
    estimate = await estimated(shop, 10**12)
    order_request = make_order_request(ask=ByMass(estimate.mass_g, estimate.id))
    assert (await shop.refusal(order_request, allow_backorder=False)).code is Code.INSUFFICIENT_CREDITS
    assert (await shop.place(order_request)).estimate_id == estimate.id


async def test_a_quote_for_an_estimate_uses_it_up_when_it_is_ordered(shop: Shop):
    estimate = await estimated(shop)
    order_request = make_order_request(ask=ByMass(estimate.mass_g, estimate.id))
    quoted = [await quote_order(shop.resources, shop.caller, order_request, valid_ms=60_000) for _ in range(2)]
    assert quoted[0].quote.kind is OrderKind.ESTIMATE
    order = await shop.place(FromQuote(quoted[0].quote.id))
    assert order.estimate_id == estimate.id
    assert (await shop.refusal(FromQuote(quoted[1].quote.id))).code is Code.ESTIMATE_USED


async def test_an_estimate_of_another_account_is_answered_like_an_unknown_one(shop: Shop):
    stranger = make_caller(await shop.another_account())
    estimate = (await create_estimate(shop.resources, stranger, command())).estimate
    foreign = await shop.refusal(make_order_request(ask=ByMass(estimate.mass_g, estimate.id)))
    absent = await shop.refusal(make_order_request(ask=ByMass(estimate.mass_g, uuid7())))
    assert (foreign.code, foreign.message, foreign.path) == (absent.code, absent.message, absent.path)
    assert foreign.code is Code.NOT_FOUND
    assert await estimates_of_ids(shop.resources, shop.caller, [estimate.id]) == {}
