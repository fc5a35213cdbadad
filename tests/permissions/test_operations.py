"""Permissions of the operations themselves, whichever API calls them: operations.toml says what each needs.

An operation refuses before it looks at anything, so its other arguments are None here. Rows of other accounts are
absent to every reader that takes ids. Seen to fail when: an operation does not ask, asks for another permission, or
asks after it has begun; a query of `storage` finds rows of any account or any mode.
"""

import inspect
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from pkgutil import iter_modules
from typing import Any
from uuid import UUID

import pytest

from service import operations
from service.domain.accounts import Account, Caller
from service.domain.api_keys import Scope
from service.domain.catalogue import Mode
from service.domain.listing import EVERY_ORDER, NumberedPage, OrderRef, OrderSort
from service.domain.order import ByBundleMasses, OrderRequest
from service.domain.statistics import OrderGrouping
from service.errors import Code, Refused
from service.kit.keyset import PageRequest
from service.operations import (
    manage_account_keys,
    manage_clients,
    manage_webhooks,
    order_statistics,
    price_order,
    read_account,
    read_account_lists,
    read_catalogue,
    read_certificates,
    read_estimates,
    read_mails,
    read_money,
    read_orders,
    read_quotes,
    read_registry_retirements,
    read_webhooks,
    select_account,
)
from service.storage.database import Database
from tests.api.refusals.world import World
from tests.makers import TONNE_G, make_account, make_caller
from tests.permissions import tables
from tests.permissions.world import MONEY, PARENT, fill

ROWS = {
    (module, name): tables.needs_of(heading)
    for module, groups in tables.table("operations").items()
    for heading, names in groups.items()
    for name in names.split()
}


def operations_of_callers() -> Iterator[tuple[str, str]]:
    """Yield the public operations that are given a caller."""
    for module in iter_modules(operations.__path__):
        if not module.ispkg:
            found = import_module(f"service.operations.{module.name}")
            for name, each in vars(found).items():
                own = inspect.iscoroutinefunction(each) and each.__module__ == found.__name__
                if own and not name.startswith("_"):
                    parameters = inspect.signature(each, eval_str=True).parameters.values()
                    if any(parameter.annotation in (Caller, Sequence[Caller]) for parameter in parameters):
                        yield module.name, name


def test_every_operation_of_a_caller_has_a_row():
    assert ROWS.keys() - set(operations_of_callers()) == set()
    assert set(operations_of_callers()) - ROWS.keys() == set(), "say in operations.toml what the operation needs"


def lacking(need: str) -> Caller:
    """Return a caller who holds everything but this."""
    account = make_account(UUID(int=1))
    if need in {MONEY, PARENT}:
        return make_caller(replace(account, parent_account_id=UUID(int=2)))
    return make_caller(account, frozenset(Scope) - set(map(Scope, need.split("|"))))


@pytest.mark.parametrize(("module", "name"), ROWS)
async def test_an_operation_refuses_before_it_looks_at_anything(module: str, name: str):
    operation = getattr(import_module(f"service.operations.{module}"), name)
    for need in ROWS[module, name]:
        required = {
            each.name: None
            for each in inspect.signature(operation).parameters.values()
            if each.default is inspect.Parameter.empty
        }
        caller = {"readers": [lacking(need)]} if "readers" in required else {"caller": lacking(need)}
        with pytest.raises(Refused) as refusal:
            await operation(**{**required, **caller})
        told = {} if need in {MONEY, PARENT} else {"scope": need.partition("|")[0]}
        assert (refusal.value.code, refusal.value.details) == (Code.FORBIDDEN, told)


@pytest.fixture
async def filled(database: Database) -> AsyncIterator[tuple[World, dict[str, Account]]]:
    return await fill(database)


READERS: dict[Any, str] = {
    manage_account_keys.account_keys_of_ids: "key",
    manage_clients.accounts_of_ids: "client",
    read_certificates.certificates_of_ids: "certificate",
    read_certificates.certificates_of_orders: "complete",
    read_registry_retirements.certified_of_orders: "complete",
    read_certificates.retirements_of_orders: "complete",
    read_certificates.retirement_refusals_of_orders: "order",
    read_estimates.estimates_of_ids: "estimate",
    read_money.invoices_of_ids: "invoice",
    read_money.credit_notes_of_ids: "credit_note",
    read_money.payments_of_ids: "payment",
    read_money.journals_of_ids: "journal",
    read_money.invoices_of_orders: "billed",
    read_money.invoice_lines_of_ids: "line",
    read_money.payments_of_orders: "paid",
    read_orders.orders_of_ids: "complete",
    read_orders.lines_of_orders: "complete",
    read_orders.entries_of_orders: "complete",
    read_orders.events_of_orders: "complete",
    read_orders.completion_times_of_orders: "complete",
    read_orders.cancellation_times_of_orders: "cancelled",
    read_quotes.quotes_of_ids: "quote",
    read_quotes.lines_of_quotes: "quote",
    read_catalogue.portfolios_of_ids: "own_portfolio",
    manage_webhooks.endpoints_of_ids: "hook",
    read_webhooks.deliveries_of_ids: "delivery",
}
"""Readers that take ids, each with an object of the account that it shows to the account alone."""

OF_EVERYBODY = {
    read_catalogue.bundles_of_ids,
    read_catalogue.projects_of_ids,
    read_catalogue.categories_of_ids,
    read_catalogue.weights_of_portfolios,
    read_catalogue.tiers_of_bundles,
    read_catalogue.currencies_of_bundles,
    read_catalogue.projects_of_bundles,
}
"""Readers of the catalogue, and of portfolios that the caller was shown."""

OF_OPERATORS = {read_mails.mails_of_ids}

OF_A_MODE = {read_catalogue.batches_of_ids: "test_batch", read_catalogue.available_masses_g: "forest"}


def test_every_reader_of_ids_has_a_row():
    readers = set()
    for module, name in ROWS:
        reader = getattr(import_module(f"service.operations.{module}"), name)
        third = list(inspect.signature(reader).parameters.values())[2:3]
        if any(each.name.endswith("ids") and each.kind is each.POSITIONAL_OR_KEYWORD for each in third):
            readers.add(reader)
    assert readers == {*READERS, *OF_EVERYBODY, *OF_OPERATORS, *OF_A_MODE}


def is_nothing(found: Any) -> bool:
    values = found.values() if isinstance(found, dict) else found
    return not any(values)


async def test_rows_of_an_account_are_absent_to_all_others(filled: tuple[World, dict[str, Account]]):
    world, accounts = filled
    resources = world.shop.resources
    # Credits that no order may retire, so that there is a reason to read.
    await world.shop.execute("UPDATE credit_batches SET vintage = 2090 WHERE vintage > 2000")
    shown = []
    for reader, name in READERS.items():
        wanted = [world.named[name][1]]
        assert not is_nothing(await reader(resources, make_caller(accounts["account"]), wanted)), reader.__name__
        shown += [
            f"{reader.__name__} of {name} to {other}"
            for other in ("stranger", "twin", "suspended", "seller")
            if not is_nothing(await reader(resources, make_caller(accounts[other]), wanted))
        ]
    for client in ("client", "sibling"):
        acting = replace(make_caller(accounts[client]), acts_for_client=True)
        for reader, name in READERS.items():
            own = (client, name) == ("client", "client")
            if reader.__module__ != read_money.__name__ and not own:
                found = await reader(resources, acting, [world.named[name][1]])
                shown += [f"{reader.__name__} of {name} to {client}"] if not is_nothing(found) else []
    assert shown == []


async def test_lists_hold_the_rows_of_their_account(filled: tuple[World, dict[str, Account]]):
    world, accounts = filled
    resources, page = world.shop.resources, PageRequest(100)
    owners: dict[str, set[UUID]] = {}
    for name in ("account", "client", "stranger", "twin"):
        caller = make_caller(accounts[name])
        orders = (await read_orders.list_orders(resources, caller, EVERY_ORDER, OrderSort(), page)).items
        numbered, total = await read_orders.numbered_page_of_orders(
            resources, caller, EVERY_ORDER, NumberedPage(number=1, size=100)
        )
        count = await read_orders.count_orders(resources, caller, EVERY_ORDER)
        groups = (await order_statistics.order_statistics(resources, caller, EVERY_ORDER, OrderGrouping.STATUS)).groups
        assert len(orders) == len(numbered) == total == count == sum(group.orders for group in groups)
        assert {order.id for order in orders} == {order.id for order in numbered}
        owners[name] = {order.account_id for order in orders}
    assert owners == {
        "account": {accounts["account"].id},
        "client": {accounts["client"].id},
        "stranger": set(),
        "twin": set(),
    }


async def test_orders_are_found_by_their_own_account_only(filled: tuple[World, dict[str, Account]]):
    world, accounts = filled
    resources = world.shop.resources
    mine = await read_orders.find_order(resources, make_caller(accounts["account"]), OrderRef(idempotency_key="used"))
    theirs = await read_orders.find_order(resources, make_caller(accounts["client"]), OrderRef(idempotency_key="used"))
    assert mine is not None
    assert theirs is not None
    assert (mine.id, theirs.id) == (world.named["order"][1], world.named["client's order"][1])
    for ref in (OrderRef(id=mine.id), OrderRef(number=mine.number), OrderRef(idempotency_key="used")):
        assert await read_orders.find_order(resources, make_caller(accounts["stranger"]), ref) is None
    complete_id = world.named["complete"][1]
    certificate = partial(read_certificates.certificate_file, resources, public_address="https://orders.test")
    assert await certificate(make_caller(accounts["account"]), complete_id)
    assert await certificate(make_caller(accounts["stranger"]), complete_id) is None


async def test_money_is_that_of_the_payer(filled: tuple[World, dict[str, Account]]):
    world, accounts = filled
    resources, page = world.shop.resources, PageRequest(100)
    for name, has in (("account", True), ("client", True), ("stranger", False), ("twin", False), ("seller", False)):
        caller = replace(make_caller(accounts[name]), acts_for_client=True)
        found = [
            await read_money.list_balances(resources, caller),
            await read_money.list_funds(resources, caller),
            (await read_account_lists.held_g(resources, [caller]))[0],
            (await read_money.list_invoices(resources, caller, page)).items,
            (await read_money.list_journals(resources, caller, page)).items,
        ]
        assert [bool(each) for each in found] == [has] * 5, name


async def test_client_accounts_and_portfolios_are_listed_for_their_owner(filled: tuple[World, dict[str, Account]]):
    world, accounts = filled
    resources, page = world.shop.resources, PageRequest(100)
    private = {world.named["own_portfolio"][1], world.named["client's own_portfolio"][1]}
    found = {}
    for name in ("account", "client", "stranger"):
        caller = make_caller(accounts[name])
        clients = await manage_clients.list_clients(resources, caller, page)
        assert await manage_clients.count_clients(resources, caller) == len(clients.items)
        portfolios = (await read_catalogue.list_portfolios(resources, caller, page)).items
        found[name] = (len(clients.items), {each.id for each in portfolios} & private)
    own, clients_own = world.named["own_portfolio"][1], world.named["client's own_portfolio"][1]
    assert found == {"account": (2, {own}), "client": (0, {clients_own}), "stranger": (0, set())}


async def test_credits_of_the_other_mode_are_absent(filled: tuple[World, dict[str, Account]]):
    world, accounts = filled
    resources, page = world.shop.resources, PageRequest(100)
    live, trial = (world.named[name][1] for name in ("live_batch", "test_batch"))
    found = {}
    for name in ("account", "twin"):
        caller = make_caller(accounts[name])
        batches = await read_catalogue.batches_of_ids(resources, caller, [live, trial])
        listed = (await read_catalogue.list_batches(resources, caller, page)).items
        (available_g,) = await read_catalogue.available_masses_g(resources, caller, [world.shop.forest.id])
        assert {each.mode for each in listed} == {accounts[name].mode}
        found[name] = (set(batches), available_g)
    assert found["twin"] == ({trial}, 3_000_000)
    assert found["account"][0] == {live}
    assert found["account"][1] > 3_000_000


async def test_an_order_takes_credits_of_its_own_mode_only(filled: tuple[World, dict[str, Account]]):
    """Of five tonnes, three are in stock for test accounts; live accounts have more."""
    world, accounts = filled
    resources, twin = world.shop.resources, accounts["twin"]
    request = OrderRequest(ask=ByBundleMasses(((world.shop.forest.id, 5 * TONNE_G),)))
    preview = await price_order.price_order(resources, make_caller(twin), request)
    assert preview.short_g == (2 * TONNE_G,)
    live_g = await world.shop.available_g(world.shop.young)

    order = await world.shop.place(request, account_id=twin.id)

    assert order.fulfilled_g == 3 * TONNE_G
    assert await world.shop.available_g(world.shop.young) == live_g


async def test_accounts_of_others_are_not_read(filled: tuple[World, dict[str, Account]]):
    world, accounts = filled
    resources = world.shop.resources
    wanted = accounts["account"].id
    readers = {}
    for name in ("account", "stranger", "client", "seller"):
        scopes = frozenset(Scope) if name == "seller" else frozenset(Scope) - {Scope.OPERATOR}
        found = await select_account.readers_of(resources, make_caller(accounts[name], scopes), [wanted])
        readers[name] = found[wanted].account.id if found else None
    assert readers == {"account": wanted, "stranger": None, "client": None, "seller": wanted}


async def test_a_client_account_of_the_other_mode_is_neither_acted_for_nor_taken_for_the_twin(
    filled: tuple[World, dict[str, Account]],
):
    """Nothing creates such an account; the audit reports it."""
    world, accounts = filled
    resources, parent = world.shop.resources, make_caller(accounts["account"])
    odd = await world.shop.another_account(id=UUID(int=1), parent_account_id=parent.account.id, mode=Mode.TEST)
    with pytest.raises(Refused) as refusal:
        await select_account.select_account(resources, parent, odd.id)
    assert refusal.value.code is Code.ACCOUNT_SELECTED_INVALID
    assert await read_account.twin_of_account(resources, parent) == accounts["twin"].id
    assert await read_account.twin_of_account(resources, make_caller(accounts["client"])) is None
