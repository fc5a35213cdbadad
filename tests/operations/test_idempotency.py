"""One key, one order, one answer.

Seen to fail when: the key is looked up without its account; the fingerprint is ignored; it is made of the text instead
of the parsed command; a refused command keeps the key; twins of one group are both placed; a command does not find its
own order after a lost commit.
"""

from dataclasses import replace
from decimal import Decimal

from service.api.graphql.types.amounts import MassInput
from service.domain.amounts import MassUnit, Money
from service.domain.listing import OrderRef
from service.domain.order import ByMass, OrderStatus, Placed, PlaceOrder, Source
from service.errors import Code, Refused
from service.kit.ids import uuid7
from service.operations.cancel_orders import cancel_orders
from service.operations.place_orders import place_alone
from service.storage import orders
from tests.books import rows_of
from tests.makers import TONNE_G, make_command, make_order_request
from tests.shop import Shop


def again(command: PlaceOrder, **facts: object) -> PlaceOrder:
    """The same command, sent once more: a api chooses a fresh id for every try of a caller."""
    return replace(command, order_id=uuid7(), **facts)


async def test_the_same_command_answers_the_same_order(shop: Shop):
    command = shop.command(make_order_request(12_070))
    (first,) = await shop.place_all(command)
    before = await shop.everything()
    (second,) = await shop.place_all(again(command))
    assert second == Placed(first.order, replayed=True)
    assert await shop.everything() == before


async def test_a_replay_shows_the_order_as_it_now_is(shop: Shop):
    command = shop.command()
    (first,) = await shop.place_all(command)
    await cancel_orders(shop.resources, shop.caller, [OrderRef(id=first.order.id)])
    (second,) = await shop.place_all(again(command))
    assert (second.order.id, second.order.status, second.replayed) == (first.order.id, OrderStatus.CANCELLED, True)


async def test_another_command_under_the_key_is_refused_and_nothing_changes(shop: Shop):
    command = shop.command(make_order_request(1_000), customer="Ana")
    await shop.place_all(command)
    before = await shop.everything()
    others = [
        again(command, request=make_order_request(1_001)),
        again(command, customer="Bob"),
        again(command, allow_backorder=False),
        again(command, maximum_total=Money(3, "USD")),
        again(command, metadata={"a": "b"}),
        again(command, request=make_order_request(1_000, step=MassUnit.KILOGRAM)),
    ]
    for other in others:
        (answer,) = await shop.place_all(other)
        assert isinstance(answer, Refused)
        assert (answer.code, answer.path) == (Code.IDEMPOTENCY_KEY_REUSED, ("idempotency_key",))
    assert await shop.everything() == before


async def test_a_retry_matches_whoever_sends_it_through_any_api(shop: Shop):
    command = shop.command()
    await shop.place_all(command)
    (answer,) = await shop.place_all(again(command, actor="another key", source=Source.LUNE))
    assert answer.replayed


async def test_one_key_in_two_accounts_is_two_orders(shop: Shop):
    other = await shop.another_account()
    answers = await shop.place_all(
        shop.command(make_order_request(1_000), idempotency_key="same"),
        make_command(other, make_order_request(2_000), idempotency_key="same"),
    )
    assert [(answer.order.account_id, answer.order.mass_g, answer.replayed) for answer in answers] == [
        (shop.account.id, 1_000, False),
        (other.id, 2_000, False),
    ]


async def test_two_spellings_of_one_mass_are_one_command(shop: Shop):
    spelled = [ByMass(MassInput(amount=Decimal(text), unit=MassUnit.TONNE).grams()) for text in ("1.00", "1.0", "1")]
    commands = [shop.command(make_order_request(ask=ask), idempotency_key="one tonne") for ask in spelled]
    answers = [(await shop.place_all(command))[0] for command in commands]
    assert [answer.replayed for answer in answers] == [False, True, True]
    assert {answer.order.id for answer in answers} == {commands[0].order_id}


async def test_a_fingerprint_stays_what_it_was(shop: Shop):
    # Keys never expire: an order placed today must be found by the release of next year, whatever else a command may
    # say by then. When this fails, retries across the deployment are refused.
    command = PlaceOrder(
        order_id=uuid7(),
        account_id=uuid7(),
        actor="a",
        source=Source.GRAPHQL,
        request=make_order_request(12_070),
        idempotency_key="k",
    )
    assert command.fingerprint("USD") == "3251a8bca9a748c9e3cb87ac5903588be70d3fb0ef889aeb5020847c19eb3fab"


async def test_a_refusal_leaves_the_key_free(shop: Shop):
    command = shop.command(make_order_request(12_070), maximum_total=Money(34, "USD"))
    (refusal,) = await shop.place_all(command)
    assert refusal.code is Code.MAXIMUM_TOTAL_EXCEEDED
    (placed,) = await shop.place_all(again(command, maximum_total=None))
    assert (placed.order.idempotency_key, placed.replayed) == (command.idempotency_key, False)


async def test_twins_of_one_group_are_one_order(shop: Shop):
    command = shop.command(make_order_request(12_070))
    answers = await shop.place_all(
        command, again(command), again(command, request=make_order_request(5_000)), again(command)
    )
    assert [getattr(answer, "replayed", None) for answer in answers] == [False, True, None, True]
    assert answers[2].code is Code.IDEMPOTENCY_KEY_REUSED
    assert len(await rows_of(shop.database, orders.ORDERS)) == 1


async def test_a_twin_that_was_refused_leaves_the_key_to_the_next(shop: Shop):
    command = shop.command(make_order_request(12_070), maximum_total=Money(1, "USD"))
    answers = await shop.place_all(command, again(command, maximum_total=None), again(command))
    assert [getattr(answer, "replayed", answer) for answer in answers[1:2]] == [False]
    assert answers[0].code is Code.MAXIMUM_TOTAL_EXCEEDED
    # The last was priced before its twin was placed; under its own terms it is refused, one way or the other.
    assert answers[2].code in {Code.MAXIMUM_TOTAL_EXCEEDED, Code.IDEMPOTENCY_KEY_REUSED}


async def test_a_twin_that_found_no_stock_leaves_the_key_to_the_next(shop: Shop):
    command = shop.command(make_order_request(30 * TONNE_G), allow_backorder=False)
    smaller = again(command, request=make_order_request(1_000))
    answers = await shop.place_all(command, smaller, again(smaller))
    assert [getattr(answer, "code", "placed") for answer in answers] == [Code.INSUFFICIENT_CREDITS, "placed", "placed"]
    assert [answer.replayed for answer in answers[1:]] == [False, True]


async def test_a_try_whose_commit_was_not_answered_finds_its_own_order(shop: Shop):
    command = shop.command()
    (first,) = await shop.place_all(command)
    second = await place_alone(shop.resources, command)
    assert second == Placed(first.order, replayed=False)
    keyless = shop.command(idempotency_key=None)
    (first,) = await shop.place_all(keyless)
    assert await place_alone(shop.resources, keyless) == Placed(first.order, replayed=False)
    assert len(await rows_of(shop.database, orders.ORDERS)) == 2


async def test_orders_without_a_key_are_all_placed(shop: Shop):
    answers = await shop.place_all(*(shop.command(idempotency_key=None) for _ in range(3)))
    assert len({answer.order.id for answer in answers}) == 3


async def test_a_suspended_account_still_sees_its_replay(shop: Shop):
    command = shop.command()
    (first,) = await shop.place_all(command)
    await shop.execute("UPDATE accounts SET suspended_at = $1", first.order.created_at)
    (answer,) = await shop.place_all(again(command))
    assert answer == Placed(first.order, replayed=True)
