"""Client accounts: under a parent, found by no other way, and acted for by the parent's key alone.

Seen to fail when: another customer's account can be selected; an operator's scope follows into a client account; a
client inherits a portfolio that only its parent may use; suspending the parent leaves its clients free.
"""

from typing import Any

import pytest

from service.domain.accounts import Account, Visibility, payer_of
from service.domain.api_keys import Scope
from service.domain.catalogue import Mode, Weight
from service.domain.listing import OrderRef
from service.domain.order import Placed
from service.errors import Code, Refused
from service.kit.ids import uuid7
from service.kit.keyset import PageRequest
from service.operations.cancel_orders import cancel_orders
from service.operations.manage_accounts import reinstate_account, suspend_account
from service.operations.manage_clients import (
    accounts_of_ids,
    count_clients,
    create_client,
    list_clients,
    update_client,
)
from service.operations.select_account import select_account
from service.operations.set_account_portfolio import set_account_portfolio
from service.storage import accounts, catalogue
from tests.makers import make_caller, make_command, make_order_request
from tests.shop import Shop


async def client(shop: Shop, **facts: Any) -> Account:
    return await create_client(shop.resources, shop.caller, **{"name": "Client", "currency": "USD", **facts})


async def refused(work: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        await work
    return refusal.value


async def test_a_client_account_is_its_parents_but_for_what_is_its_own(shop: Shop):
    made = await client(shop, handle="c-1", beneficiary_name="Them", external_pages_visibility=Visibility.HIDDEN)

    assert await accounts.account(shop.database.reader, made.id) == made
    assert (made.parent_account_id, payer_of(made)) == (shop.account.id, shop.account.id)
    assert (made.mode, made.contract, made.commission_hundredths) == (Mode.LIVE, "graphql", 1_000)
    assert (made.name, made.currency, made.handle, made.beneficiary_name) == ("Client", "USD", "c-1", "Them")
    assert made.portfolio_id == shop.account.portfolio_id


async def test_a_handle_makes_one_account(shop: Shop):
    made = await client(shop, handle="c-1")

    assert await client(shop, handle="c-1") == made
    refusal = await refused(client(shop, handle="c-1", name="Other"))
    assert (refusal.code, refusal.path) == (Code.IDEMPOTENCY_KEY_REUSED, ("handle",))
    assert (await client(shop)).id != (await client(shop)).id
    assert await count_clients(shop.resources, shop.caller) == 3


async def test_clients_are_listed_by_page_and_name(shop: Shop):
    made = [await client(shop, name=name) for name in ("Anna", "Berta", "Hannah")]
    stranger = make_caller(await shop.another_account())

    page = await list_clients(shop.resources, shop.caller, PageRequest(2))
    assert ([each.id for each in page.items], page.has_next) == ([made[0].id, made[1].id], True)
    named = await list_clients(shop.resources, shop.caller, PageRequest(9), name_contains="ANNA")
    assert [each.name for each in named.items] == ["Anna", "Hannah"]
    assert (await list_clients(shop.resources, stranger, PageRequest(9))).items == ()


async def test_a_parent_orders_for_its_client_and_pays_for_it(shop: Shop):
    made = await client(shop)
    locked = await select_account(shop.resources, shop.caller, made.id)

    (placed,) = await shop.place_all(make_command(locked.account))

    assert isinstance(placed, Placed)
    assert placed.order.account_id == made.id
    assert await shop.order(placed.order.id) is None
    rows = await shop.database.reader.fetch("SELECT DISTINCT account_id, order_account_id FROM ledger_entries")
    assert [(row["account_id"], row["order_account_id"]) for row in rows] == [(shop.account.id, made.id)]


async def test_an_operators_scope_does_not_follow_into_a_client_account(shop: Shop):
    locked = await select_account(shop.resources, shop.caller, (await client(shop)).id)

    assert locked.scopes == frozenset(Scope) - {Scope.OPERATOR}
    assert await select_account(shop.resources, shop.caller, shop.account.id) == shop.caller


async def test_whatever_is_not_the_parents_is_refused_in_the_same_words(shop: Shop):
    stranger = await shop.another_account()
    foreign = await create_client(shop.resources, make_caller(stranger), name="Foreign", currency="USD")
    mine = await client(shop)
    client_key = make_caller(mine)

    refusals = [
        await refused(select_account(shop.resources, caller, account_id))
        for caller, account_id in (
            (shop.caller, None),
            (shop.caller, uuid7()),
            (shop.caller, stranger.id),
            (shop.caller, foreign.id),
            (client_key, shop.account.id),
        )
    ]

    assert {(each.code, each.message, each.path) for each in refusals} == {
        (Code.ACCOUNT_SELECTED_INVALID, refusals[0].message, ())
    }


async def test_a_client_account_has_no_clients(shop: Shop):
    made = await client(shop)

    refusal = await refused(create_client(shop.resources, make_caller(made), name="Below", currency="USD"))

    assert refusal.code is Code.FORBIDDEN


async def test_a_client_is_changed_by_its_parent_alone(shop: Shop):
    made, other = await client(shop, handle="c-1"), await client(shop, handle="c-2")
    stranger = make_caller(await shop.another_account())

    changed = await update_client(shop.resources, shop.caller, made.id, {"name": "Renamed", "handle": None})

    assert (changed.name, changed.handle) == ("Renamed", None)
    assert await accounts_of_ids(shop.resources, shop.caller, [made.id, other.id]) == {
        made.id: changed,
        other.id: other,
    }
    assert await accounts_of_ids(shop.resources, stranger, [made.id]) == {}
    assert (await refused(update_client(shop.resources, stranger, made.id, {"name": "X"}))).code is Code.NOT_FOUND
    taken = await refused(update_client(shop.resources, shop.caller, made.id, {"handle": "c-2"}))
    assert (taken.code, taken.path) == (Code.IDEMPOTENCY_KEY_REUSED, ("handle",))


async def test_suspending_a_parent_suspends_its_clients(shop: Shop):
    made = await client(shop)
    await suspend_account(shop.resources, shop.account.id)

    (answer,) = await shop.place_all(make_command(made))

    assert isinstance(answer, Refused)
    assert answer.code is Code.ACCOUNT_SUSPENDED


async def may_order(shop: Shop, account: Account) -> bool:
    (answer,) = await shop.place_all(make_command(account, acts_for_client=True))
    if isinstance(answer, Refused):
        assert answer.code is Code.ACCOUNT_SUSPENDED
    return isinstance(answer, Placed)


@pytest.mark.parametrize(
    ("steps", "parent_may", "client_may"),
    [
        (["+parent"], False, False),
        (["+parent", "-client"], False, False),
        (["+parent", "-parent"], True, True),
        (["+client"], True, False),
        (["+client", "-client"], True, True),
        (["+client", "+parent", "-parent"], True, False),
        (["+parent", "+client", "-parent"], True, False),
        (["+parent", "+client", "-client"], False, False),
        (["+client", "+parent", "-parent", "-client"], True, True),
    ],
)
async def test_a_client_is_suspended_while_it_or_its_parent_is(
    shop: Shop, steps: list[str], parent_may: bool, client_may: bool
):
    made, sibling = await client(shop), await client(shop)
    for step in steps:
        account_id = made.id if step.endswith("client") else shop.account.id
        await (suspend_account if step[0] == "+" else reinstate_account)(shop.resources, account_id)

    assert [await may_order(shop, each) for each in (shop.account, made, sibling)] == [
        parent_may, client_may, parent_may,
    ]  # fmt: skip
    shown = await select_account(shop.resources, shop.caller, made.id)
    assert shown.account.suspended is not client_may
    listed = (await list_clients(shop.resources, shop.caller, PageRequest(10))).items
    assert [each.suspended for each in listed] == [not client_may, not parent_may]


async def test_a_client_that_is_created_under_a_suspended_parent_is_suspended_with_it(shop: Shop):
    made = await client(shop, handle="before")
    await suspend_account(shop.resources, shop.account.id)

    assert (await refused(client(shop))).code is Code.ACCOUNT_SUSPENDED
    assert (await refused(update_client(shop.resources, shop.caller, made.id, {"name": "New"}))).code is (
        Code.ACCOUNT_SUSPENDED
    )
    await reinstate_account(shop.resources, shop.account.id)
    assert await may_order(shop, await client(shop))


async def test_a_suspension_that_the_callers_key_does_not_know_of_yet_is_kept(shop: Shop):
    """The callers are those of before: as an API key that was looked up a moment ago."""
    parents, made = shop.caller, await client(shop)
    order = await shop.place()
    clients_key = make_caller(made)
    await suspend_account(shop.resources, shop.account.id)
    before = await shop.everything()

    for work in (
        cancel_orders(shop.resources, parents, [OrderRef(id=order.id)]),
        cancel_orders(shop.resources, clients_key, [OrderRef(id=order.id)]),
        set_account_portfolio(shop.resources, parents, shop.account.portfolio_id),
        set_account_portfolio(shop.resources, clients_key, shop.account.portfolio_id),
    ):
        assert (await refused(work)).code is Code.ACCOUNT_SUSPENDED
    assert await shop.everything() == before


async def test_an_account_buys_by_weights_of_its_own(shop: Shop):
    selection = (Weight(shop.ocean.id, 2_500), Weight(shop.forest.id, 7_500))

    account = await set_account_portfolio(shop.resources, shop.caller, selection)
    assert await set_account_portfolio(shop.resources, shop.caller, selection) == account

    order = await shop.place()
    assert [(line.bundle_id, line.mass_g) for line in await shop.lines(order)] == [
        (shop.ocean.id, 250),
        (shop.forest.id, 750),
    ]
    back = await set_account_portfolio(shop.resources, shop.caller, shop.account.portfolio_id)
    assert back.portfolio_id == shop.account.portfolio_id != account.portfolio_id


async def test_a_portfolio_that_cannot_be_used_is_refused(shop: Shop):
    stranger = make_caller(await shop.another_account())
    theirs = await set_account_portfolio(shop.resources, stranger, (Weight(shop.ocean.id, 10_000),))
    before = await accounts.account(shop.database.reader, shop.account.id)

    refusals = [
        await refused(set_account_portfolio(shop.resources, shop.caller, wanted))
        for wanted in (uuid7(), theirs.portfolio_id, (Weight(uuid7(), 10_000),))
    ]
    await shop.execute("DELETE FROM prices WHERE bundle_id = $1 AND currency = 'USD'", shop.ocean.id)
    refusals.append(await refused(set_account_portfolio(shop.resources, shop.caller, (Weight(shop.ocean.id, 10_000),))))

    assert [each.code for each in refusals] == [
        Code.NOT_FOUND,
        Code.NOT_FOUND,
        Code.BUNDLE_UNAVAILABLE,
        Code.CURRENCY_UNAVAILABLE,
    ]
    assert await accounts.account(shop.database.reader, shop.account.id) == before


async def test_a_client_begins_with_a_copy_of_its_parents_own_portfolio(shop: Shop):
    await set_account_portfolio(shop.resources, shop.caller, (Weight(shop.ocean.id, 10_000),))

    made = await client(shop)

    weights = await catalogue.weights_of(shop.database.reader, [made.portfolio_id])
    assert [(each.bundle_id, each.hundredths) for each in weights] == [(shop.ocean.id, 10_000)]
    (placed,) = await shop.place_all(make_command(made, make_order_request()))
    assert isinstance(placed, Placed)
