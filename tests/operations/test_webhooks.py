"""Webhooks are sent to real receivers: at least once, signed, retried for 76 hours, each endpoint by itself.

Seen to fail when: a redirect counts as success; a failed attempt is not tried again; the response of a killed worker
is believed; a failing endpoint takes the tasks of the others; `Retry-After` is not read; an outcome that the database
refuses is not stored later.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from service.domain.order import ByBundleMasses
from service.domain.webhooks import FAILING_AFTER, Attempt, DeliveryStatus, DisabledReason, WebhookFormat
from service.kit.global_ids import write_global_id
from service.kit.sealing import CannotOpenError, Sealer
from service.operations.manage_clients import create_client
from service.operations.manage_webhooks import delete_endpoint, rotate_secret, update_endpoint
from service.operations.queue_deliveries import queue_deliveries
from service.operations.read_webhooks import expire_deliveries
from service.operations.replay_webhooks import replay_delivery, replay_events, send_test_event
from service.operations.resources import WebhookOptions
from service.operations.send_deliveries import (
    Outcome,
    due_endpoints,
    lease_deliveries,
    mark_deliveries,
    reseal_secrets,
)
from service.storage.database import Database
from service.storage.webhook_deliveries import DELIVERIES
from service.storage.webhooks import ENDPOINTS
from service.workers import webhooks as worker
from service.workers.webhooks import is_unavailable
from tests.books import rows_of
from tests.makers import make_command, make_order_request
from tests.receiver import Received, receiving, response
from tests.waiting import until
from tests.webhooks import PEPPER, Webhooks, open_webhooks, sender_of

KILOGRAM = 1_000


@pytest.fixture
async def world(balanced: Database) -> AsyncIterator[Webhooks]:
    async with open_webhooks(balanced) as opened:
        yield opened


async def place(world: Webhooks, **facts: object) -> object:
    forest = make_order_request(ask=ByBundleMasses(((world.shop.forest.id, KILOGRAM),)))
    return await world.shop.place(forest, **facts)


def verified(secret: str, received: Received) -> object:
    return Webhook(secret).verify(received.body, received.headers)


async def test_events_are_sent_signed_and_once(world: Webhooks):
    async with receiving() as receiver:
        created = await world.endpoint(receiver.url)
        await place(world)
        await world.send()
        await world.send()

    assert sorted(receiver.types) == ["order.fulfilled", "order.placed", "webhook.created"]
    for each in receiver.received:
        assert verified(created.secret, each) == each.json
        assert each.headers["webhook-id"] == each.json["id"]
    with pytest.raises(WebhookVerificationError):
        verified("whsec_" + "A" * 43 + "=", receiver.received[0])
    assert {(each.status, each.attempts, each.log[0]["status"]) for each in await world.deliveries()} == {
        (DeliveryStatus.DELIVERED, 1, 200)
    }


async def test_only_asked_types_are_sent(world: Webhooks):
    async with receiving() as receiver:
        await world.endpoint(receiver.url, event_types=["order.placed"])
        await place(world)
        await world.send()
    assert receiver.types == ["order.placed"]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 503])
async def test_all_but_2xx_is_tried_again(world: Webhooks, status: int):
    statuses = [status, 204]
    async with receiving(lambda _: response(statuses.pop(0), "Location: http://127.0.0.1:1/\r\n")) as receiver:
        await world.endpoint(receiver.url, event_types=["order.placed"])
        await place(world)
        await world.send()
        await world.pass_time(seconds=4)
        assert len(receiver.received) == 1
        await world.pass_time(seconds=3)
        assert len(receiver.received) == 2
    assert receiver.received[0].json == receiver.received[1].json
    (delivery,) = await world.deliveries()
    assert [entry["status"] for entry in delivery.log] == [status, 204]


async def test_a_receiver_that_is_down_is_tried_for_76_hours(world: Webhooks):
    async with receiving(lambda _: response(500, body=b"out of order")) as receiver:
        await world.endpoint(receiver.url, event_types=["order.placed"])
        await place(world)
        began = world.clock.now
        times = []
        for _ in range(77 * 12):
            before = len(receiver.received)
            await world.pass_time(minutes=5)
            times += [world.clock.now - began] * (len(receiver.received) - before)
        (delivery,) = await world.deliveries()
        assert (delivery.status, delivery.log[-1]["excerpt"]) == (DeliveryStatus.FAILED, "out of order")
        assert 9 <= len(times) <= 14
        assert timedelta(hours=76) <= times[-1] <= timedelta(hours=76, minutes=10)


async def test_a_receiver_that_comes_back_gets_everything_at_once(world: Webhooks):
    async with receiving(lambda _: response(500)) as receiver:
        await world.endpoint(receiver.url, event_types=["order.placed"])
        for _ in range(3):
            await place(world)
        for _ in range(6 * 60):
            await world.pass_time(minutes=1)
        receiver.answer = lambda _: response()
        receiver.received.clear()
        for _ in range(3 * 60):
            await world.pass_time(minutes=1)
            if receiver.received:
                break
        assert len({each.json["id"] for each in receiver.received}) == len(receiver.received) == 3


async def test_gone_disables_the_endpoint_and_enabling_sends_what_was_missed(world: Webhooks):
    async with receiving(lambda _: response(410)) as receiver:
        created = await world.endpoint(receiver.url, event_types=["order.placed"])
        await place(world)
        await world.send()
        assert (await world.stored()).disabled_reason is DisabledReason.GONE
        await place(world)
        await world.pass_time(hours=1)
        assert len(receiver.received) == 1
        receiver.answer = lambda _: response()
        await update_endpoint(world.resources, world.shop.caller, created.endpoint.id, {"enabled": True})
        await world.send()
        assert len({each.json["id"] for each in receiver.received}) == 2


@pytest.mark.parametrize(("status", "header"), [(429, "600"), (503, "date"), (503, "600")])
async def test_retry_after_is_obeyed(world: Webhooks, status: int, header: str):
    until = world.clock.now + timedelta(seconds=600)
    text = until.strftime("%a, %d %b %Y %H:%M:%S GMT") if header == "date" else header
    answers = [response(status, f"Retry-After: {text}\r\n"), response()]
    async with receiving(lambda _: answers.pop(0)) as receiver:
        await world.endpoint(receiver.url, event_types=["order.placed"])
        await place(world)
        await world.send()
        await world.pass_time(seconds=590)
        assert len(receiver.received) == 1
        await world.pass_time(seconds=12)
        assert len(receiver.received) == 2


async def test_a_killed_worker_repeats_and_loses_nothing(world: Webhooks):
    async with receiving() as receiver:
        await world.endpoint(receiver.url, event_types=["order.placed"])
        await place(world)
        await world.sender.turn(world.resources)
        while not receiver.received:
            await asyncio.sleep(0.001)
            (task, _), *_ = [*world.sender._tasks.values(), (None, None)]
            if task is None:
                break
        await world.sender.close()  # killed between the request and the update, or after it
        survivor = sender_of(world.resources)
        world.clock.now += timedelta(seconds=61)
        await world.send(survivor)
        await survivor.close()
    ids = [each.json["id"] for each in receiver.received]
    assert len(set(ids)) == 1
    assert len(ids) <= 2
    assert [each.status for each in await world.deliveries()] == [DeliveryStatus.DELIVERED]


async def test_an_outcome_that_the_database_refuses_for_a_while_is_stored_and_not_sent_again(
    balanced: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    refusals: list[BaseException] = []
    locked, released = asyncio.Event(), asyncio.Event()

    def noted(error: BaseException) -> bool:
        refusals.append(error)
        return is_unavailable(error)

    async def hold() -> None:
        async with balanced.transaction() as statements:
            await statements.execute(f"UPDATE {DELIVERIES.name} SET attempts = attempts")
            locked.set()
            await released.wait()

    monkeypatch.setattr(worker, "is_unavailable", noted)
    database = await Database.open(database_url, lock_timeout_ms=50)
    async with (
        AsyncExitStack() as stack,
        open_webhooks(database) as world,
        receiving() as receiver,
        asyncio.TaskGroup() as tasks,
    ):
        stack.push_async_callback(database.close)
        await world.endpoint(receiver.url, event_types=["order.placed"])

        async def locked_response() -> bytes:
            tasks.create_task(hold())
            await locked.wait()
            return response()

        receiver.answer = lambda _: locked_response()
        await place(world)
        sending = tasks.create_task(world.send())
        await until(lambda: refusals or sending.done())
        released.set()
        await sending
        assert [(each.status, each.attempts) for each in await world.deliveries()] == [(DeliveryStatus.DELIVERED, 1)]
        await world.pass_time(minutes=10)
        assert len(receiver.received) == 1
    assert refusals


async def test_a_lease_is_taken_over_when_it_ends_and_not_before(world: Webhooks):
    async with receiving() as receiver:
        await world.endpoint(receiver.url, event_types=["order.placed"])
        await place(world)
        await queue_deliveries(world.resources)
        (endpoint,) = await due_endpoints(world.resources)
        assert len(await lease_deliveries(world.resources, endpoint, 5)) == 1
        assert await lease_deliveries(world.resources, endpoint, 5) == []
        await world.pass_time(seconds=59)
        assert receiver.received == []
        await world.pass_time(seconds=2)
        assert len(receiver.received) == 1


async def test_a_worker_whose_lease_was_taken_over_marks_nothing(world: Webhooks):
    await world.endpoint("https://receiver.example/", event_types=["order.placed"])
    await place(world)
    await queue_deliveries(world.resources)
    (endpoint,) = await due_endpoints(world.resources)
    late = await lease_deliveries(world.resources, endpoint, 5)
    world.clock.now += timedelta(seconds=61)
    taken = await lease_deliveries(world.resources, endpoint, 5)

    answered = Attempt(at=world.clock.now, status=200, latency_ms=1, error=None, excerpt=None)
    await mark_deliveries(world.resources, endpoint, [Outcome(late, answered)], lambda: 0.0)

    assert len(late) == 1
    assert await world.deliveries() == taken


async def test_two_workers_send_each_event_once(world: Webhooks):
    second = sender_of(world.resources)
    async with receiving() as receiver:
        await world.endpoint(receiver.url, event_types=["order.placed"])
        for _ in range(20):
            await place(world)
        await asyncio.gather(world.send(), world.send(second))
        await world.send()
    await second.close()
    ids = [each.json["id"] for each in receiver.received]
    assert (len(ids), len(set(ids))) == (20, 20)


async def test_a_rotated_secret_signs_beside_the_former_one_for_a_day(world: Webhooks):
    async with receiving() as receiver:
        created = await world.endpoint(receiver.url, event_types=["order.placed"])
        rotated = await rotate_secret(world.resources, world.shop.caller, created.endpoint.id)
        await place(world)
        await world.send()
        for secret in (created.secret, rotated.secret):
            verified(secret, receiver.received[0])
        world.clock.now += timedelta(hours=24)
        await place(world)
        await world.send()
        signatures = receiver.received[1].headers["webhook-signature"].split(" ")
        assert len(signatures) == 1


async def test_a_dead_endpoint_delays_no_other(world: Webhooks):
    silent = asyncio.Event()

    async def never(_: Received) -> bytes:
        await silent.wait()
        return response()

    async with receiving(never) as dead, receiving() as alive:
        await world.endpoint(dead.url, event_types=["order.placed"])
        await world.endpoint(alive.url, event_types=["order.placed"])
        for _ in range(40):
            await place(world)
        async with asyncio.timeout(10):
            while len(alive.received) < 40:
                await world.sender.turn(world.resources)
                await asyncio.sleep(0.01)
        assert 0 < len(dead.received) <= 16
        silent.set()


async def test_a_failing_endpoint_takes_no_task_of_those_that_answer(world: Webhooks, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(worker, "TASKS_MAX", 1)
    silent = asyncio.Event()

    async def never(_: Received) -> bytes:
        await silent.wait()
        return response()

    async with receiving(never) as dead, receiving() as alive:
        failing = await world.endpoint(dead.url, event_types=["order.placed"])
        await world.shop.execute(
            "UPDATE webhook_endpoints SET failures = $1 WHERE id = $2", FAILING_AFTER, failing.endpoint.id
        )
        await world.endpoint(alive.url, event_types=["order.fulfilled"])
        await place(world)
        await world.sender.turn(world.resources)
        async with asyncio.timeout(10):
            while not (dead.received and alive.received):
                await world.sender.turn(world.resources)
                await asyncio.sleep(0.01)
        silent.set()


async def test_lune_batches_are_in_order_and_wait_for_the_first(world: Webhooks):
    async with receiving(lambda _: response(500)) as receiver:
        created = await world.endpoint(receiver.url, format=WebhookFormat.LUNE)
        orders = [await place(world) for _ in range(3)]
        await world.send()
        assert len(receiver.received) == 1
        receiver.answer = lambda _: response()
        await world.pass_time(seconds=7)
        first, second = receiver.received
    assert created.endpoint.format is WebhookFormat.LUNE
    assert first.json["events"] == second.json["events"][: len(first.json["events"])]
    events = second.json["events"]
    assert [(each["event_type"], each["data"]["order"]["id"]) for each in events] == [
        (name, order.id.hex)  # type: ignore[attr-defined]
        for order in orders
        for name in ("order.received", "order.placed")
    ]
    sequences = [each["sequence"] for each in events]
    assert sequences == sorted(set(sequences))
    assert {each.status for each in await world.deliveries()} == {DeliveryStatus.DELIVERED}


async def test_an_address_in_an_order_is_sent_the_order(world: Webhooks):
    async with receiving() as receiver:
        url = "https://receiver.example/cb"
        sar = make_order_request(ask=ByBundleMasses(((world.shop.forest.id, KILOGRAM),)), currency="SAR")
        order = await world.shop.place(sar, callback_url=url)
        await world.shop.execute("UPDATE orders SET callback_url = $1 WHERE id = $2", receiver.url, order.id)
        await world.send()
    (sent,) = receiver.received
    assert (sent.json["_id"], sent.json["state"], sent.json["amount_kg"]) == (order.id.hex, "fulfilled", 1)
    (delivery,) = await world.deliveries()
    assert delivery.give_up_at - delivery.created_at == timedelta(hours=24)


async def test_an_order_without_an_address_writes_nothing_for_webhooks(world: Webhooks):
    await place(world)
    await world.send()
    assert await world.deliveries() == []


async def test_secrets_are_encrypted_at_rest_and_again_under_a_new_secret(world: Webhooks):
    created = await world.endpoint("https://receiver.example/")
    stored = await world.stored()
    assert stored.secret is not None
    assert created.secret.encode() not in stored.secret

    rotated = replace(
        world.resources, webhooks=WebhookOptions(sealer=Sealer(b"another secret of the service" * 2, PEPPER))
    )
    assert await reseal_secrets(rotated) == 1
    assert await reseal_secrets(rotated) == 0
    again = (await world.stored()).secret
    assert again is not None
    assert again != stored.secret
    assert Sealer(b"another secret of the service" * 2).open(again, created.endpoint.id.bytes) == created.secret
    with pytest.raises(CannotOpenError):
        Sealer(PEPPER).open(again, created.endpoint.id.bytes)


async def test_a_test_event_goes_to_one_endpoint_whatever_it_asks_for(world: Webhooks):
    async with receiving() as first, receiving() as second:
        created = await world.endpoint(first.url, event_types=["order.placed"])
        await world.endpoint(second.url, event_types=["order.placed"])
        await send_test_event(world.resources, world.shop.caller, created.endpoint.id)
        await world.send()
    assert (first.types, second.types) == (["webhook.test"], [])


async def test_events_are_replayed_also_those_before_the_endpoint(world: Webhooks):
    began = world.clock.now
    await place(world)
    async with receiving() as receiver:
        created = await world.endpoint(receiver.url, event_types=["order.placed"])
        await place(world)
        await world.send()
        count = await replay_events(world.resources, world.shop.caller, created.endpoint.id, began)
        await world.send()
        assert count == 2
        ids = [each.json["id"] for each in receiver.received]
        assert (len(ids), len(set(ids))) == (3, 2)
        newest = (await world.deliveries())[-1]
        await replay_delivery(world.resources, world.shop.caller, newest.id)
        await world.send()
    assert len(receiver.received) == 4


async def test_a_client_account_that_is_created_later_is_followed(world: Webhooks):
    async with receiving() as receiver:
        await world.endpoint(receiver.url, event_types=["order.placed"])
        client = await create_client(world.resources, world.shop.caller, name="Client", currency="USD")
        await world.shop.place_all(make_command(client, make_order_request(KILOGRAM)))
        await world.send()
    (body,) = receiver.bodies
    assert body["accountId"] == write_global_id("Account", client.id)


async def test_a_disabled_or_deleted_endpoint_is_sent_nothing(world: Webhooks):
    async with receiving() as receiver:
        disabled = await world.endpoint(receiver.url)
        deleted = await world.endpoint(receiver.url)
        await update_endpoint(world.resources, world.shop.caller, disabled.endpoint.id, {"enabled": False})
        await delete_endpoint(world.resources, world.shop.caller, deleted.endpoint.id)
        await place(world)
        await world.send()
    assert receiver.received == []
    stored = {each.id: each for each in await rows_of(world.shop.database, ENDPOINTS)}
    assert stored[deleted.endpoint.id].secret is None


async def test_deliveries_are_deleted_after_the_time_that_they_are_kept(world: Webhooks):
    async with receiving() as receiver:
        await world.endpoint(receiver.url, event_types=["order.placed"])
        await place(world)
        await world.send()
    assert await expire_deliveries(world.resources) == 0
    world.clock.now += timedelta(days=30, seconds=1)
    assert await expire_deliveries(world.resources) == 1
    assert await world.deliveries() == []
