"""Receivers that misbehave, through the whole delivery: they flap, are slow, have an unknown certificate, or never end.

Seen to fail when: the rest of an endless body is read; a TLS failure is stored without its reason.
"""

import asyncio
from itertools import count
from pathlib import Path

from service.domain.webhooks import DeliveryStatus
from service.storage.database import Database
from tests.receiver import Received, receiving, response
from tests.serving import port_of, serving
from tests.tls import self_signed, served_under
from tests.webhooks import open_webhooks

ORDERS = 6


async def test_each_receiver_gets_all_it_can_take_and_its_log_says_why_it_did_not(balanced: Database, tmp_path: Path):
    calls = count()

    def flapping(_: Received) -> bytes:
        return response(503 if next(calls) % 2 else 200)

    async def slow(_: Received) -> bytes:
        await asyncio.sleep(0.05)
        return response()

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1000\r\n" + b"x" * 4_096 + b"\r\n")
            await writer.drain()

    async with (
        receiving(flapping) as flaps,
        receiving(slow) as late,
        receiving(tls=served_under(self_signed(tmp_path))) as untrusted,
        serving(endless) as never_ends,
        open_webhooks(balanced) as world,
    ):
        urls = {
            "flapping": flaps.url,
            "slow": late.url,
            "untrusted": untrusted.url,
            "endless": f"http://127.0.0.1:{port_of(never_ends)}/hook",
        }
        ids = {
            name: (await world.endpoint(url, event_types=["order.placed"])).endpoint.id for name, url in urls.items()
        }
        for _ in range(ORDERS):
            await world.shop.place()
        await world.send()
        for _ in range(12):
            await world.pass_time(minutes=10)
        deliveries = await world.deliveries()

    found = {name: [each for each in deliveries if each.endpoint_id == id_] for name, id_ in ids.items()}
    assert {name: {each.status for each in of} for name, of in found.items()} == {
        "flapping": {DeliveryStatus.DELIVERED},
        "slow": {DeliveryStatus.DELIVERED},
        "untrusted": {DeliveryStatus.PENDING},
        "endless": {DeliveryStatus.DELIVERED},
    }
    assert (
        len({each.json["id"] for each in flaps.received}) == len({each.json["id"] for each in late.received}) == ORDERS
    )
    assert {entry["error"] for each in found["untrusted"] for entry in each.log} == {"TLS: CERTIFICATE_VERIFY_FAILED"}
    assert untrusted.received == []
    assert {each.log[0]["excerpt"] for each in found["endless"]} == {"x" * 500}
    assert {each.attempts for each in (*found["slow"], *found["endless"])} == {1}
    assert {entry["status"] for each in found["flapping"] for entry in each.log} == {200, 503}
