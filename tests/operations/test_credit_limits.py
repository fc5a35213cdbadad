"""Credit limits: what a parent and its clients owe together never passes what the seller allows.

Seen to fail when: the balance is not locked before the limit is read; an order of the same group does not count; paying
or cancelling gives no room back.
"""

import asyncio
from typing import Any

import pytest

from service.domain.accounts import Account
from service.domain.amounts import Money
from service.domain.catalogue import Mode
from service.domain.listing import OrderRef
from service.domain.order import BalanceUse, ByBundleMasses, OrderRequest, Placed
from service.errors import Code, Refused
from service.kit.ids import uuid7
from service.operations.audit import audit
from service.operations.cancel_orders import cancel_orders
from service.operations.fail_order import fail_order
from service.operations.place_orders import place_alone
from service.operations.record_payment import record_payment
from service.operations.refund_order import refund_order
from service.operations.set_limits import read_limits, set_limits
from tests.api.graphql_api import open_graphql_api
from tests.api.rest.client import ADDRESS, open_rest
from tests.makers import TONNE_G, make_command, make_price, store
from tests.shop import Shop

TONNE_MINOR = 1_508
"""A tonne of Forest at 13.57 USD and a commission of ten percent."""
OWED_CHECKS = (
    "every balance: what the customer owes by the ledger",
    "every credit limit: no more is owed, but for what was owed before",
)


def tonnes(shop: Shop, number: int = 1) -> OrderRequest:
    return OrderRequest(ask=ByBundleMasses(((shop.forest.id, number * TONNE_G),)))


async def limit(shop: Shop, minor: int | None, currency: str = "USD") -> None:
    await set_limits(shop.resources, shop.account.id, credit=(currency, minor))


async def owed(shop: Shop) -> int:
    return (await read_limits(shop.resources, shop.account.id)).funds["USD"].owed_minor


async def wrong_checks(shop: Shop) -> list[str]:
    return [finding.name for finding in await audit(shop.resources) if finding.deviating]


async def test_an_order_beyond_the_limit_is_refused_and_one_at_it_is_placed(shop: Shop):
    await limit(shop, TONNE_MINOR)

    refusal = await shop.refusal(tonnes(shop, 2))
    assert refusal.code is Code.CREDIT_LIMIT_EXCEEDED
    assert refusal.details == {"credit_limit_minor": TONNE_MINOR, "owed_minor": 0, "currency": "USD"}

    order = await shop.place(tonnes(shop))
    assert (order.total_cost_minor, await owed(shop)) == (TONNE_MINOR, TONNE_MINOR)
    assert (await shop.refusal(OrderRequest(ask=ByBundleMasses(((shop.forest.id, 1_000),))))).details[
        "owed_minor"
    ] == TONNE_MINOR


async def test_nine_million_tonnes_are_refused_where_a_limit_is_set(shop: Shop):
    assert isinstance((await shop.place_all(shop.command(tonnes(shop, 9_000_000))))[0], Placed)
    await limit(shop, 1_000_000)
    assert (await shop.refusal(tonnes(shop, 9_000_000))).code is Code.CREDIT_LIMIT_EXCEEDED


@pytest.mark.parametrize("way", ["pay", "cancel", "refund", "fail"])
async def test_paying_and_undoing_give_room_back(shop: Shop, way: str):
    await limit(shop, TONNE_MINOR)
    order = await shop.place(tonnes(shop))
    ref = OrderRef(id=order.id)
    match way:
        case "pay":
            await record_payment(shop.resources, shop.caller, shop.account.id, "w", Money(TONNE_MINOR, "USD"), ref)
        case "cancel":
            await cancel_orders(shop.resources, shop.caller, [ref])
        case "refund":
            await record_payment(shop.resources, shop.caller, shop.account.id, "w", Money(8, "USD"), ref)
            await refund_order(shop.resources, shop.caller, shop.account.id, ref)
        case "fail":
            await fail_order(shop.resources, shop.caller, shop.account.id, ref)

    assert await owed(shop) == 0
    await shop.place(tonnes(shop))
    assert (await shop.refusal(tonnes(shop))).code is Code.CREDIT_LIMIT_EXCEEDED


async def test_a_part_payment_gives_a_part_back(shop: Shop):
    await limit(shop, TONNE_MINOR)
    order = await shop.place(tonnes(shop))
    await record_payment(shop.resources, shop.caller, shop.account.id, "w", Money(508, "USD"), OrderRef(id=order.id))
    assert await owed(shop) == 1_000


async def test_what_the_balance_pays_is_not_owed(shop: Shop):
    await record_payment(shop.resources, shop.caller, shop.account.id, "w", Money(2 * TONNE_MINOR, "USD"))
    await limit(shop, 0)

    await shop.place(tonnes(shop), pay_with_balance=BalanceUse.WHOLE)
    await shop.place(tonnes(shop), pay_with_balance=BalanceUse.AVAILABLE)
    refusal = await shop.refusal(tonnes(shop), pay_with_balance=BalanceUse.AVAILABLE)

    assert refusal.code is Code.CREDIT_LIMIT_EXCEEDED
    assert await owed(shop) == 0


async def test_a_parent_and_its_clients_owe_together(shop: Shop):
    clients = [await shop.another_account(parent_account_id=shop.account.id) for _ in range(2)]
    await limit(shop, 2 * TONNE_MINOR)
    for account in clients:
        (placed,) = await shop.place_all(make_command(account, tonnes(shop)))
        assert isinstance(placed, Placed)

    (own, by_parent) = await shop.place_all(
        make_command(clients[0], tonnes(shop)), make_command(clients[0], tonnes(shop), acts_for_client=True)
    )

    # The figures are the parent's: its key is told, the client's own is not.
    assert isinstance(own, Refused)
    assert isinstance(by_parent, Refused)
    assert (own.code, own.details) == (Code.CREDIT_LIMIT_EXCEEDED, {})
    assert by_parent.details["owed_minor"] == 2 * TONNE_MINOR
    assert (await shop.refusal(tonnes(shop))).code is Code.CREDIT_LIMIT_EXCEEDED


async def test_a_limit_counts_in_its_own_currency(shop: Shop):
    await limit(shop, 0, "EUR")
    await shop.place(tonnes(shop))


async def test_orders_of_one_group_count_in_their_turn(shop: Shop):
    await limit(shop, 2 * TONNE_MINOR)
    answers = await shop.place_all(*(shop.command(tonnes(shop)) for _ in range(4)))
    assert [isinstance(each, Placed) for each in answers] == [True, True, False, False]


async def test_a_key_that_stands_replays_beyond_the_limit(shop: Shop):
    command = shop.command(tonnes(shop))
    (first,) = await shop.place_all(command)
    await limit(shop, 0)
    (again,) = await shop.place_all(make_command(shop.account, tonnes(shop), idempotency_key=command.idempotency_key))
    assert isinstance(first, Placed)
    assert isinstance(again, Placed)
    assert (again.order.id, again.replayed) == (first.order.id, True)


async def test_orders_at_once_never_pass_the_limit_together(shop: Shop):
    accounts = [shop.account, *[await shop.another_account(parent_account_id=shop.account.id) for _ in range(3)]]
    await limit(shop, 3 * TONNE_MINOR)

    answers = await asyncio.gather(
        *(place_alone(shop.resources, make_command(accounts[number % 4], tonnes(shop))) for number in range(12))
    )

    assert sum(isinstance(each, Placed) for each in answers) == 3
    assert {each.code for each in answers if isinstance(each, Refused)} == {Code.CREDIT_LIMIT_EXCEEDED}
    assert await owed(shop) == 3 * TONNE_MINOR
    assert await wrong_checks(shop) == []


async def test_a_limit_below_what_is_owed_is_no_finding_and_one_that_is_passed_is(shop: Shop):
    await shop.place(tonnes(shop))
    await limit(shop, 5)
    assert await wrong_checks(shop) == []

    await shop.execute("UPDATE balances SET owed_minor = owed_minor + 1")

    assert await wrong_checks(shop) == list(OWED_CHECKS)
    await limit(shop, 5)  # adds up again
    assert (await wrong_checks(shop), await owed(shop)) == ([], TONNE_MINOR)


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"credit": ("USD", -1)}, "own"),
        ({"credit": ("XXQ", 1)}, "own"),
        ({"holds": {"hold_percent_max": 101}}, "own"),
        ({"holds": {"open_holds_max": -1}}, "own"),
        ({"credit": ("USD", 1)}, "client"),
        ({"credit": ("USD", 1)}, "test"),
    ],
)
async def test_limits_that_cannot_be_are_refused(shop: Shop, facts: Any, kind: str):
    accounts: dict[str, Account] = {
        "own": shop.account,
        "client": await shop.another_account(parent_account_id=shop.account.id),
        "test": await shop.another_account(mode=Mode.TEST),
    }
    before = await shop.everything()
    with pytest.raises(Refused) as refusal:
        await set_limits(shop.resources, accounts[kind].id, **facts)
    assert refusal.value.code is Code.BAD_USER_INPUT
    assert await shop.everything() == before


async def test_an_account_that_is_not_there_has_no_limits(shop: Shop):
    for work in (read_limits(shop.resources, uuid7()), set_limits(shop.resources, uuid7(), credit=("USD", 1))):
        with pytest.raises(Refused) as refusal:
            await work
        assert refusal.value.code is Code.NOT_FOUND


async def test_graphql_shows_and_refuses(shop: Shop, database_url: str):
    client = await shop.another_account(parent_account_id=shop.account.id)
    await limit(shop, TONNE_MINOR)
    await shop.place(tonnes(shop))
    query = """{ account { creditLimit { amount currency } owed { amount } held { grams }
        o: owed(currency: "EUR") { amount } } }"""
    create = """mutation { createOrderByMass(input: {mass: {amount: "1", unit: TONNE}, idempotencyKey: "k"}) {
        order { id }
        userErrors { code ... on CreditLimitExceededError { creditLimit { amount } owed { amount } } } } }"""
    async with open_graphql_api(shop, database_url) as api:
        shown = (await api.data(query))["account"]
        refused = (await api.data(create))["createOrderByMass"]
        key = await api.new_key(account=client)
        own = (await api.data(create, key=key))["createOrderByMass"]
        codes = [
            (await api.ask(f"{{ account {{ {field} }} }}", key=key)).json()["errors"][0]["extensions"]["code"]
            for field in ("creditLimit { amount }", "owed { amount }", "held { grams }")
        ]

    assert shown == {
        "creditLimit": {"amount": "15.08", "currency": "USD"},
        "owed": {"amount": "15.08"},
        "held": {"grams": "0"},
        "o": {"amount": "0.00"},
    }
    figures = {"creditLimit": {"amount": "15.08"}, "owed": {"amount": "15.08"}}
    assert refused == {"order": None, "userErrors": [{"code": "CREDIT_LIMIT_EXCEEDED", **figures}]}
    assert own["userErrors"] == [{"code": "CREDIT_LIMIT_EXCEEDED", "creditLimit": None, "owed": None}]
    assert codes == ["FORBIDDEN"] * 3


@pytest.mark.parametrize(
    ("contract", "path", "body"),
    [
        ("lune", "/orders/by-mass", {"mass": {"amount": "1", "unit": "t"}, "idempotency_key": "k"}),
        ("carbon-engine", "/orders", {"amount_kg": 1_000}),
        ("carbonext", "/orders", {"vcuAmount": 1, "targetCurrency": "USD"}),
    ],
)
async def test_every_contract_refuses_in_its_own_words(
    shop: Shop, database_url: str, contract: str, path: str, body: Any
):
    await store(shop.database, make_price(shop.ocean, "600", "SAR"))
    for currency in ("USD", "SAR"):
        await limit(shop, 0, currency)
    before = await shop.everything()

    async with open_rest(contract, shop, database_url) as rest:
        answer = await rest.ask("POST", path, body)

    told = answer.json()
    assert answer.status_code == 409, told
    assert told.get("type", told.get("error", {}).get("error_code")) == (
        "insufficient_credits" if contract == "lune" else f"{ADDRESS}/problems#credit-limit-exceeded"
    )
    assert await shop.everything() == before
