"""Subscriptions over WebSockets and server-sent events: what is sent, to whom, and when it ends.

Seen to fail when: events are lost between the past and the present, or come twice; a filter is left out; the events of
another account are sent; a key, a scope, an origin or a limit is not looked at; a connection outlives its key; an
operation of another kind is run.
"""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from graphql.execution.collect_fields import CollectedFields

from service.api.graphql.transport import websocket
from service.api.graphql.types.node import global_id
from service.domain.api_keys import Scope
from service.domain.listing import OrderRef
from service.operations.cancel_orders import cancel_orders
from service.operations.manage_accounts import suspend_account
from service.operations.manage_keys import revoke_key
from service.operations.simulate_order import advance_test_orders
from service.storage.database import Database
from tests.api.graphql_api import GraphQLApi, open_graphql_api
from tests.api.streams import SUBSCRIBE, opened, streamed
from tests.api.test_access_tokens import token_of
from tests.api.test_metrics import counted
from tests.makers import make_command
from tests.shop import Shop, open_shop
from tests.waiting import until

PLACED = "order.placed"


@asynccontextmanager
async def configured(sqlite_url: str, **settings: Any) -> AsyncIterator[GraphQLApi]:
    database = await Database.open(sqlite_url)
    try:
        async with open_graphql_api(await open_shop(database), sqlite_url, subscription_poll_ms=10, **settings) as api:
            yield api
    finally:
        await database.close()


async def last_event(shop: Shop) -> int:
    (row,) = await shop.database.reader.fetch(
        "SELECT event_seq FROM account_heads WHERE account_id = $1", shop.account.id
    )
    seq: int = row["event_seq"]
    return seq


async def test_past_events_come_first_and_then_each_new_one(api: GraphQLApi):
    for _ in range(3):
        await api.shop.place()
    async with opened(api) as socket:
        assert await socket.begin(api.key) == {"type": "connection_ack"}
        await socket.subscribe(after="1")
        past = [await socket.event() for _ in range(await last_event(api.shop) - 1)]
        await api.shop.place()
        fresh = [await socket.event() for _ in range(await last_event(api.shop) - 1 - len(past))]

    assert [int(sequence) for sequence, _ in past + fresh] == list(range(2, 2 + len(past + fresh)))
    assert fresh[0][1] == PLACED


async def test_without_a_number_only_new_events_come(api: GraphQLApi):
    await api.shop.place()
    before = await last_event(api.shop)
    async with opened(api) as socket:
        await socket.begin(api.key)
        await socket.subscribe()
        await socket.say(type="ping")
        assert await socket.hear() == {"type": "pong"}
        await asyncio.sleep(0.1)  # the number it begins after is read by now
        await api.shop.place()
        assert await socket.event() == (str(before + 1), PLACED)


async def test_events_of_one_order_and_of_some_types(api: GraphQLApi):
    first, other = await api.shop.place(), await api.shop.place()
    async with opened(api) as socket:
        await socket.begin(api.key)
        await socket.subscribe("one", after=0, orderId=global_id("Order", other.id))
        await api.shop.place()
        await cancel_orders(api.shop.resources, api.shop.caller, [OrderRef(id=other.id)])
        events = [(await socket.hear())["payload"]["data"]["orderEvents"]]
        while events[-1]["type"] != "order.cancelled":
            events.append((await socket.hear())["payload"]["data"]["orderEvents"])
        assert {each["orderId"] for each in events} == {global_id("Order", other.id)}
        await socket.say(type="complete", id="one")
        await socket.subscribe("kind", after=0, types=[PLACED])
        found = []
        while len(found) < 2:
            heard = await socket.hear()
            if heard["id"] == "kind":
                found.append(heard["payload"]["data"]["orderEvents"])
    assert [each["type"] for each in found] == [PLACED, PLACED]
    assert [each["orderId"] for each in found] == [global_id("Order", order.id) for order in (first, other)]


async def test_an_event_shows_its_amounts_and_its_order(api: GraphQLApi):
    order = await api.shop.place()
    document = """subscription { orderEvents(after: 0) { sequence type actor mass { grams } totalCost { currency }
        order { number status } } }"""
    async with opened(api) as socket:
        await socket.begin(api.key)
        await socket.subscribe(query=document)
        event = (await socket.hear())["payload"]["data"]["orderEvents"]
    assert event == {
        "sequence": "1",
        "type": PLACED,
        "actor": event["actor"],
        "mass": {"grams": str(order.mass_g)},
        "totalCost": {"currency": order.currency},
        "order": {"number": order.number, "status": order.status.value},
    }


async def test_an_operator_is_notified_of_changes_in_any_account(api: GraphQLApi):
    other = await api.shop.another_account()
    async with opened(api) as socket:
        await socket.begin(await api.new_key(Scope.OPERATOR))
        await socket.subscribe(query="subscription { eventCount }")
        before = int((await socket.hear())["payload"]["data"]["eventCount"])
        await api.shop.place_all(make_command(other))
        after = int((await socket.hear())["payload"]["data"]["eventCount"])
    (head,) = await api.shop.database.reader.fetch("SELECT SUM(event_seq) AS total FROM account_heads")
    assert before < after == int(head["total"])


async def test_events_of_another_account_are_not_sent(api: GraphQLApi):
    other, foreign = await api.shop.another_account(), await api.shop.place()
    async with opened(api) as socket:
        await socket.begin(await api.new_key(account=other))
        await socket.subscribe("foreign", after=0, orderId=global_id("Order", foreign.id))
        heard = await socket.hear()
        (placed,) = await api.shop.place_all(make_command(other))
        await socket.subscribe("own", after=0)
        own = (await socket.hear())["payload"]["data"]["orderEvents"]
    assert (heard["id"], heard["type"], heard["payload"][0]["extensions"]["code"]) == ("foreign", "error", "NOT_FOUND")
    assert own == {"sequence": "1", "type": PLACED, "orderId": global_id("Order", placed.order.id)}


@pytest.mark.parametrize(
    ("variables", "code", "path"),
    [
        ({"after": 10_000}, "BAD_USER_INPUT", ["after"]),
        ({"after": -1}, "BAD_USER_INPUT", ["after"]),
        ({"after": "x"}, "BAD_USER_INPUT", None),
        ({"types": [PLACED, "order.lost"]}, "BAD_USER_INPUT", ["types", 1]),
        ({"orderId": "x"}, "BAD_USER_INPUT", ["orderId"]),
    ],
)
async def test_wrong_arguments_are_refused(api: GraphQLApi, variables: Any, code: str, path: Any):
    async with opened(api) as socket:
        await socket.begin(api.key)
        await socket.subscribe(**variables)
        heard = await socket.hear()
    (error,) = heard["payload"]
    assert (heard["type"], error["extensions"]["code"]) == ("error", code)
    assert error["extensions"].get("inputPath") == path


async def test_only_subscriptions_are_run_over_a_websocket(api: GraphQLApi):
    before = await api.shop.everything()
    order = (
        'mutation { createOrderByMass(input: {mass: {amount: "1", unit: TONNE}, idempotencyKey: "k"}) { replayed } }'
    )
    async with opened(api) as socket:
        await socket.begin(api.key)
        for document in ("{ account { id } }", order):
            await socket.subscribe(query=document)
            heard = await socket.hear()
            assert heard["type"] == "error"
            assert heard["payload"][0]["message"] == websocket.ONLY_SUBSCRIPTIONS
            assert heard["payload"][0]["extensions"]["code"] == "OPERATION_RESOLUTION_FAILURE"
        await socket.subscribe(query="subscription { nothing }")
        assert (await socket.hear())["payload"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        await socket.subscribe(query="")
        assert (await socket.hear())["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert await api.shop.everything() == before


async def test_a_subscription_by_plain_http_is_refused(api: GraphQLApi):
    answer = await api.ask(SUBSCRIBE)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (
        400,
        "OPERATION_RESOLUTION_FAILURE",
    )


async def test_a_key_is_needed_with_the_scope(api: GraphQLApi):
    async with opened(api) as socket:
        await socket.subscribe()
        assert await socket.closed() == 4401
    for wrong in ({}, {"key": "co_live_wrong"}, {"Authorization": 7}, {"Authorization": "Basic x"}):
        async with opened(api) as socket:
            assert (await socket.begin(**wrong))["closed"] == 4401
    async with opened(api) as socket:
        assert (await socket.begin(await api.new_key(Scope.CATALOGUE_READ))) == {"type": "connection_ack"}
        await socket.subscribe()
        error = (await socket.hear())["payload"][0]["extensions"]
        assert (error["code"], error["scope"]) == ("FORBIDDEN", "orders:read")


async def test_the_key_may_stand_in_the_handshake_and_a_client_account_be_selected(api: GraphQLApi):
    client = await api.shop.another_account(parent_account_id=api.shop.account.id)
    await api.shop.place()
    async with opened(api, authorization=f"Bearer {api.key}") as socket:
        assert await socket.begin() == {"type": "connection_ack"}
        await socket.subscribe(after=0)
        assert (await socket.event())[1] == PLACED
    async with opened(api, authorization=f"Bearer {api.key}") as socket:
        assert (await socket.begin(await api.new_key()))["closed"] == 4400
    async with opened(api) as socket:
        assert await socket.begin(api.key, accountId=global_id("Account", client.id)) == {"type": "connection_ack"}
        await socket.subscribe(after=1)
        assert (await socket.hear())["payload"][0]["extensions"]["inputPath"] == ["after"]  # it has no event
    async with opened(api) as socket:
        assert (await socket.begin(api.key, accountId="x"))["closed"] == 4400


async def test_a_connection_ends_soon_after_its_key_token_or_account(api: GraphQLApi):
    shop = api.shop
    ended, suspended = await api.new_key(), await shop.another_account()
    revoked, stranger = await api.new_key(), await api.new_key(Scope.ORDERS_READ, account=suspended)
    token = await token_of(api, revoked, "ORDERS_READ")
    async with opened(api) as by_key, opened(api) as by_token, opened(api) as other, opened(api) as of_suspended:
        for socket, key in ((by_key, revoked), (by_token, token), (other, ended)):
            await socket.begin(key)
            await socket.subscribe(after=0)
        await of_suspended.begin(stranger)
        await revoke_key(shop.resources, revoked.split("_")[2])
        await suspend_account(shop.resources, suspended.id)
        async with asyncio.timeout(2):
            assert [await by_key.closed(), await by_token.closed(), await of_suspended.closed()] == [4401, 4401, 4403]
        await shop.place()
        assert (await other.event())[1] == PLACED
    async with opened(api) as socket:
        assert (await socket.begin(stranger))["closed"] == 4403


@pytest.mark.parametrize(
    "message",
    [
        {"type": "start", "id": "1", "payload": {"query": SUBSCRIBE}},
        {"type": "subscribe", "payload": {"query": SUBSCRIBE}},
        {"type": "subscribe", "id": "", "payload": {"query": SUBSCRIBE}},
        {"type": "subscribe", "id": "1", "payload": "x"},
        {"type": "connection_init", "payload": []},
        {"id": "1"},
    ],
)
async def test_messages_outside_the_protocol_end_the_connection(api: GraphQLApi, message: dict[str, Any]):
    async with opened(api) as socket:
        await socket.begin(api.key)
        await socket.say(**message)
        assert await socket.closed() == 4400


async def test_the_protocol_of_the_connection(api: GraphQLApi, monkeypatch: pytest.MonkeyPatch):
    async with opened(api) as socket:
        await socket.begin(api.key)
        assert (await socket.begin(api.key))["closed"] == 4429
    async with opened(api) as socket:
        await socket.begin(api.key)
        await socket.subscribe()
        await socket.subscribe()
        assert await socket.closed() == 4409
    async with opened(api, protocols=("graphql-ws",)) as socket:
        assert await socket.closed() == 4406
    monkeypatch.setattr(websocket, "INIT_TIMEOUT_S", 0.01)
    async with opened(api) as socket:
        assert await socket.closed() == 4408


async def test_pages_of_other_origins_may_not_connect_unless_they_are_named(sqlite_url: str):
    async with configured(sqlite_url, cors_origins="https://shop.example") as api:
        for origin, may in (
            ("https://shop.example", True),
            ("http://service.test", True),
            ("https://evil.example", False),
            ("null", False),
        ):
            async with opened(api, origin=origin) as socket:
                heard = await socket.begin(api.key)
            assert heard == ({"type": "connection_ack"} if may else {"closed": 0, "reason": ""}), origin


async def test_each_key_and_the_process_have_limits(sqlite_url: str):
    async with configured(sqlite_url, subscriptions_per_key_max=2, subscriptions_max=3) as api:
        other = await api.new_key()
        async with opened(api) as first, opened(api) as second:
            await first.begin(api.key)
            await second.begin(other)
            for id_ in "ab":
                await first.subscribe(id_)
            await first.subscribe("c")
            heard = await first.hear()
            assert (heard["id"], heard["payload"][0]["extensions"]["code"]) == ("c", "THROTTLED")
            await first.say(type="complete", id="a")
            await first.subscribe("d", after=0)
            await second.subscribe("e")
            await second.subscribe("f")
            heard = await second.hear()
            assert (heard["id"], heard["payload"][0]["extensions"]["code"]) == ("f", "THROTTLED")
            assert [await counted(api, name) for name in ("subscriptions_open", "websockets_open")] == [3, 2]
            async with streamed(api) as source:
                assert source.status == 429
            async with opened(api) as third, opened(api) as fourth:
                assert await third.begin(api.key) == {"type": "connection_ack"}
                assert (await fourth.begin(api.key))["closed"] == 1013


async def test_a_slow_subscriber_is_dropped_and_goes_on_after_its_last_event(sqlite_url: str):
    async with configured(sqlite_url, subscription_send_timeout_ms=100) as api:
        async with opened(api) as socket:
            await socket.begin(api.key)
            await socket.subscribe(after=0)
            await api.shop.place()
            last = await socket.event()
            socket.may_send.clear()
            await api.shop.place()
            assert await socket.closed() == 4410
        async with opened(api) as socket:
            await socket.begin(api.key)
            await socket.subscribe(after=last[0])
            assert (await socket.event())[0] == str(int(last[0]) + 1)


async def test_events_cost_points_and_wait_for_them_apart_from_queries(sqlite_url: str):
    async with configured(sqlite_url, query_points_a_minute=12) as api:
        key = await api.new_key()
        for _ in range(20):
            await api.shop.place()
        async with opened(api) as socket:
            await socket.begin(key)
            await socket.subscribe(after=0)
            for _ in range(13):  # one is paid with the operation
                await socket.event()
            await asyncio.sleep(0.1)
            assert socket.received.empty()
        assert (await api.ask("{ account { id } }", key=key)).json()["data"]["account"]


async def test_events_leave_nothing_in_memory(api: GraphQLApi):
    def remembered() -> int:
        gc.collect()
        return sum(isinstance(each, CollectedFields) for each in gc.get_objects())

    for _ in range(10):
        await api.shop.place()
    async with opened(api) as socket:
        await socket.begin(api.key)
        await socket.subscribe(after=0)
        for _ in range(20):
            await socket.event()
        all_sent = remembered()
        await api.shop.place()
        await socket.event()
        await socket.event()
        assert remembered() == all_sent < 10


async def test_server_sent_events(api: GraphQLApi):
    await api.shop.place()
    async with streamed(api, after=0) as source:
        assert source.status == 200
        assert source.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert source.headers["x-accel-buffering"] == "no"
        assert await source.hear() == ("comment", None)
        assert await source.event() == ("1", PLACED)
        await api.shop.place()
        following = await source.event()
    assert following[0] == "2"


async def test_other_operations_and_faults_are_sent_as_events_to_clients_that_accept_only_events(api: GraphQLApi):
    async with streamed(api, "{ __typename }") as source:
        assert await source.hear() == ("next", {"data": {"__typename": "Query"}, "extensions": source_cost(0)})
        assert await source.hear() == ("complete", None)
        assert await source.hear() == ("end", None)
    async with streamed(api, after=10_000) as source:
        (_, body), last = await source.hear(), await source.hear()
        assert (source.status, body["errors"][0]["extensions"]["code"], last[0]) == (200, "BAD_USER_INPUT", "complete")
    api.key = "co_live_wrong"
    async with streamed(api) as source:
        assert source.status == 401


def source_cost(points: int) -> Any:
    return {"cost": {"requestedQueryCost": points, "maximumCost": 1_000}}


async def test_clients_that_accept_json_too_get_it_for_everything_but_subscriptions(api: GraphQLApi):
    accept = "application/graphql-response+json, application/json, text/event-stream"
    answer = await api.ask("{ account { id } }", accept=accept)
    assert answer.headers["content-type"].startswith("application/graphql-response+json")


async def test_server_sent_events_end_with_the_key_and_with_the_server(api: GraphQLApi):
    key = api.key
    async with streamed(api) as source:
        await source.hear()
        await revoke_key(api.shop.resources, key.split("_")[2])
        async with asyncio.timeout(2):
            name, body = await source.hear()
        assert (name, body["errors"][0]["extensions"]["code"]) == ("next", "UNAUTHENTICATED")
        assert [await source.hear(), await source.hear()] == [("complete", None), ("end", None)]

    api.key, stopping = await api.new_key(), asyncio.Event()
    async with streamed(api, state={"stopping": stopping}) as source:
        await source.hear()
        stopping.set()
        assert await source.hear() == ("end", None)  # without `complete`: the client connects again


async def test_a_stream_without_events_sends_comments(sqlite_url: str):
    async with configured(sqlite_url, subscription_keep_alive_ms=100) as api, streamed(api) as source:
        assert [await source.hear() for _ in range(3)] == [("comment", None)] * 3


async def test_no_task_or_place_is_left_after_all_clients_disconnect(api: GraphQLApi):
    async with opened(api) as socket, streamed(api, after=0) as source:
        await socket.begin(api.key)
        await socket.subscribe(after=0)
        await api.shop.place()
        await socket.event()
        await source.event()
    await advance_test_orders(api.shop.resources, after_ms=0)
    names = {"_poll", "_look_on", "_pump", "_read"}
    await until(lambda: not {task.get_coro().__name__ for task in asyncio.all_tasks()} & names)  # type: ignore[union-attr]
