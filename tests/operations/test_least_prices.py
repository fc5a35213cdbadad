"""The least price of an order, wherever one is placed, quoted or reduced.

Seen to fail when: a cost below half a minor unit is rounded to nothing; a stored quote without a price is still used.
"""

import pytest

from service.domain.amounts import Money
from service.domain.catalogue import selection_of
from service.domain.order import BalanceUse, ByBundleMasses, ByValue, FromQuote, OrderStatus, PaymentStatus
from service.errors import Code
from service.operations.audit import audit
from service.operations.price_order import price_order
from service.operations.quote_order import quote_order
from service.operations.record_payment import record_payment
from service.storage.database import Database
from tests.makers import make_order_request
from tests.shop import Shop, open_shop

MINUTE_MS = 60_000


@pytest.fixture
async def shop(balanced: Database) -> Shop:
    """A shop whose customer pays no commission, in dollars at 13.57 and 250 a tonne."""
    return await open_shop(balanced, commission_hundredths=0)


def forest_alone(shop: Shop, mass_g: int):
    return make_order_request(mass_g, selection=selection_of([(shop.forest.id, None)]))


@pytest.mark.parametrize("mass_g", [1, 50, 96, 368])
async def test_an_order_of_a_few_grams_costs_a_minor_unit(shop: Shop, mass_g: int):
    order = await shop.place(forest_alone(shop, mass_g))
    assert (order.offset_cost_minor, order.commission_minor, order.total_cost_minor) == (1, 0, 1)
    assert (order.mass_g, order.payment_status) == (mass_g, PaymentStatus.ISSUED)


async def test_a_few_grams_of_several_bundles_cost_a_minor_unit(shop: Shop):
    order = await shop.place(make_order_request(ask=ByBundleMasses(((shop.forest.id, 5), (shop.ocean.id, 5)))))
    assert (order.total_cost_minor, [line.offset_cost_minor for line in await shop.lines(order)]) == (1, [0, 0])


async def test_a_few_grams_are_not_paid_from_an_empty_balance(shop: Shop):
    refusal = await shop.refusal(forest_alone(shop, 96), pay_with_balance=BalanceUse.WHOLE)
    assert (refusal.code, refusal.details["available_minor"]) == (Code.INSUFFICIENT_BALANCE, 0)


async def test_a_few_grams_take_a_minor_unit_from_the_balance(shop: Shop):
    await record_payment(shop.resources, shop.caller, shop.account.id, "top-up", Money(1, "USD"))
    order = await shop.place(forest_alone(shop, 96), pay_with_balance=BalanceUse.WHOLE)
    assert (order.paid_minor, order.payment_status) == (1, PaymentStatus.PAID)
    assert (await shop.refusal(forest_alone(shop, 96), pay_with_balance=BalanceUse.WHOLE)).code is (
        Code.INSUFFICIENT_BALANCE
    )


async def test_a_few_grams_can_be_paid_by_a_payment(shop: Shop):
    order = await shop.place(forest_alone(shop, 50))
    await record_payment(shop.resources, shop.caller, shop.account.id, "transfer", Money(1, "USD"))
    paid = await shop.place(forest_alone(shop, 50), pay_with_balance=BalanceUse.AVAILABLE)
    assert (order.payment_status, paid.payment_status) == (PaymentStatus.ISSUED, PaymentStatus.PAID)


async def test_previews_and_quotes_cost_what_the_order_would(shop: Shop):
    request = forest_alone(shop, 96)
    assert (await price_order(shop.resources, shop.caller, request)).pricing.total_cost_minor == 1
    quoted = await quote_order(shop.resources, shop.caller, request, valid_ms=MINUTE_MS, hold=True)
    assert (quoted.quote.offset_cost_minor, quoted.quote.total_cost_minor) == (1, 1)
    assert (await shop.place(FromQuote(quoted.quote.id))).total_cost_minor == 1


async def test_a_minor_unit_buys_the_mass_it_pays_for(shop: Shop):
    order = await shop.place(make_order_request(ask=ByValue(1), selection=selection_of([(shop.forest.id, None)])))
    assert (order.mass_g, order.total_cost_minor) == (736, 1)


async def test_a_maximum_of_nothing_refuses_a_few_grams(shop: Shop):
    refusal = await shop.refusal(forest_alone(shop, 96), maximum_total=Money(0, "USD"))
    assert (refusal.code, refusal.details) == (Code.MAXIMUM_TOTAL_EXCEEDED, {"total_cost_minor": 1})


async def test_a_quote_of_an_older_release_that_costs_nothing_has_expired(shop: Shop):
    quoted = await quote_order(shop.resources, shop.caller, forest_alone(shop, 96), valid_ms=MINUTE_MS)
    await shop.execute("UPDATE quotes SET offset_cost_minor = 0, total_cost_minor = 0")
    refusal = await shop.refusal(FromQuote(quoted.quote.id))
    assert (refusal.code, refusal.path) == (Code.QUOTE_EXPIRED, ("quote_id",))


async def test_the_audit_names_an_order_that_costs_nothing(shop: Shop):
    order = await shop.place(forest_alone(shop, 96))
    assert order.status is OrderStatus.FULFILLED
    update = "UPDATE orders SET offset_cost_minor = {0}, total_cost_minor = {0} WHERE id = $1"

    await shop.execute(update.format(0), order.id)
    found = {finding.check: finding.first for finding in await audit(shop.resources) if finding.deviating}
    await shop.execute(update.format(1), order.id)

    assert found["order-costs"] == (f"{shop.account.id} {order.id}",)
