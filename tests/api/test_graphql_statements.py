"""A page costs a fixed number of statements, however long it is and however much lies below it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from service.domain.amounts import Money
from service.domain.api_keys import Scope
from service.operations.record_payment import record_payment
from service.operations.retire_orders import retire_orders
from service.storage.engines.postgresql import PostgresqlClient, PostgresqlStatements
from service.storage.engines.sqlite_reader import SqliteReader
from service.storage.engines.sqlite_statements import SqliteStatements
from tests.api.graphql_api import GraphQLApi
from tests.bench.documents import Q1, Q2, Q3


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collect the statements that are run inside the context."""
    sent: list[str] = []
    with monkeypatch.context() as patched:
        for kind, method in (
            (SqliteStatements, "_run"),
            (PostgresqlStatements, "run_sql"),
            (SqliteReader, "execute_query_dict"),
            (PostgresqlClient, "execute_query_dict"),
        ):
            original = getattr(kind, method)

            async def recording(self: Any, *arguments: Any, original: Any = original) -> Any:
                sent.append(next(each for each in arguments if " " in str(each)))
                return await original(self, *arguments)

            patched.setattr(kind, method, recording)
        yield sent


async def statements_of(api: GraphQLApi, monkeypatch: pytest.MonkeyPatch, query: str, **variables: Any) -> int:
    with counted(monkeypatch) as sent:
        await api.data(query, variables)
    return len([sql for sql in sent if "api_keys" not in sql and not sql.startswith("SELECT id, organisation_id")])


async def test_a_page_costs_as_many_statements_as_it_has_levels(api: GraphQLApi, monkeypatch: pytest.MonkeyPatch):
    orders = [await api.shop.place() for _ in range(7)]
    assert orders
    # Orders; their lines, bundles, entries, batches and projects.
    for size in (1, 3, 7):
        q1, q2 = (query.replace("first: 20", f"first: {size}") for query in (Q1, Q2))
        assert await statements_of(api, monkeypatch, q1) == 1
        assert await statements_of(api, monkeypatch, q2) == 6


async def test_an_order_with_its_entries_costs_four_statements(api: GraphQLApi, monkeypatch: pytest.MonkeyPatch):
    await api.shop.place()
    listed = await api.data("{ orders { nodes { id } } }")
    assert await statements_of(api, monkeypatch, Q3, id=listed["orders"]["nodes"][0]["id"]) == 4


async def test_a_page_asks_for_no_column_that_it_does_not_show(api: GraphQLApi, monkeypatch: pytest.MonkeyPatch):
    await api.shop.place()
    with counted(monkeypatch) as sent:
        await api.data("{ orders { nodes { number entries { mass { grams } } } } }")
    (page,) = [sql for sql in sent if "FROM orders" in sql]
    (entries,) = [sql for sql in sent if "FROM credit_entries" in sql]
    assert page.startswith("SELECT account_id, id, number, currency, created_at FROM orders ")
    assert entries.startswith("SELECT id, order_id, mass_g FROM credit_entries ")


async def test_the_times_at_which_orders_ended_are_those_of_their_events(
    api: GraphQLApi, monkeypatch: pytest.MonkeyPatch
):
    await api.shop.place(idempotency_key="cancelled")
    await api.data('mutation { cancelOrder(input: {order: {idempotencyKey: "cancelled"}}) { order { status } } }')
    await api.shop.place()
    await retire_orders(api.shop.resources, after_ms=0, unpaid=True)
    await api.shop.place()

    for end in ("completedAt", "cancelledAt"):
        assert await statements_of(api, monkeypatch, f"{{ orders {{ nodes {{ {end} }} }} }}") == 2
    shown = "{ orders { nodes { status completedAt cancelledAt timeline { type occurredAt } } } }"
    orders = (await api.data(shown))["orders"]["nodes"]
    assert [order["status"] for order in orders] == ["FULFILLED", "COMPLETE", "CANCELLED"]
    for order in orders:
        times = {each["type"]: each["occurredAt"] for each in order["timeline"]}
        assert order["completedAt"] == times.get("order.completed")
        assert order["cancelledAt"] == times.get("order.cancelled")


async def test_a_price_costs_two_statements_and_what_is_asked_beyond_it(
    api: GraphQLApi, monkeypatch: pytest.MonkeyPatch
):
    async def statements(selected: str) -> int:
        query = '{ price(input: {mass: {amount: "1", unit: TONNE}}) { price { totalCost { amount } %s } } }'
        return await statements_of(api, monkeypatch, query % selected)

    # The portfolio's bundles and their prices; the account is not counted here. Then stock and queue, then bundles.
    assert await statements("lines { mass { grams } unitPrice { amount } }") == 2
    assert await statements("shortMass { grams }") == 4
    assert await statements("lines { bundle { name } }") == 3


LISTS = """{ accounts(first: 20, filter: {nameContains: "counted"}) { nodes { name
    invoices(first: 1) { nodes { number } } payments(first: 1) { nodes { reference } } balances { amount }
    certificates(first: 1) { nodes { number } } estimates(first: 1) { nodes { id } } quotes(first: 1) { nodes { id } }
    eventSeal { digest } apiKeys(first: 1) { nodes { name } } contacts { email } owed { amount } held { grams }
    billingDetails { legalName } taxProfiles { rate } portfolio { label } } } }"""


async def test_lists_below_accounts_cost_as_many_statements_for_one_account_as_for_twenty(
    api: GraphQLApi, monkeypatch: pytest.MonkeyPatch
):
    operator = await api.new_key(Scope.OPERATOR, Scope.ORDERS_READ, Scope.CATALOGUE_READ)
    used, names = {}, set()
    for wanted in (1, 20):
        while len(names) < wanted:
            names.add(name := f"counted {len(names)}")
            account = await api.shop.another_account(name=name)
            for reference in range(2):
                await record_payment(
                    api.shop.resources, api.shop.caller, account.id, f"{name}-{reference}", Money(100, "USD")
                )
        with counted(monkeypatch) as sent:
            found = (await api.data(LISTS, key=operator))["accounts"]["nodes"]
        assert {account["name"] for account in found} == names
        for account in found:
            assert account["payments"]["nodes"] == [{"reference": f"{account['name']}-1"}]
            assert [each["amount"] for each in account["balances"]] == ["2.00"]
        used[wanted] = len(sent)
    assert used[20] == used[1]
