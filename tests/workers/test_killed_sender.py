"""A worker process that is killed while receivers and mail server have what it sent: nothing is lost, and only what was
under way is sent twice.

Planted defects that were seen to fail here: a delivery is marked before it is sent; a lease that has ended is kept.
"""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from service.domain.mail import MailKind
from service.domain.webhooks import DeliveryStatus
from service.key_pepper import pepper
from service.kit.sealing import Sealer
from service.operations.manage_webhooks import create_endpoint
from service.operations.resources import WebhookOptions
from service.operations.set_contacts import set_contacts
from service.settings import Settings
from service.storage.database import Database
from service.storage.mails import MAILS
from service.storage.webhook_deliveries import DELIVERIES
from tests import processes
from tests.books import rows_of
from tests.mail_server import MailServer, mail_server
from tests.mails import contact
from tests.receiver import Received, receiving, response
from tests.server import ROOT, SECRET, environment_of
from tests.shop import open_shop

ORDERS = 12
PATIENCE_S = 60


@asynccontextmanager
async def worker(database_url: str, smtp_port: int, log: Path) -> AsyncIterator[processes.Started]:
    settings: dict[str, Any] = {
        "smtp_url": f"smtp://127.0.0.1:{smtp_port}?starttls=never",
        "mail_from": "orders@shop.example",
        "webhooks_to_loopback": "true",
        "worker_rest_ms": 50,
        "log_level": "warning",
    }
    with log.open("ab") as stream:
        environment = environment_of(database_url, **settings)
        process = processes.start(["work"], cwd=ROOT, env=environment, stdout=stream, stderr=stream)
    try:
        yield process
    finally:
        process.terminate()
        await asyncio.wait_for(processes.ended(process), PATIENCE_S)


async def test_a_killed_sender_loses_nothing(balanced: Database, database_url: str, tmp_path: Path):
    shop = await open_shop(balanced)
    sealer = Sealer(pepper(Settings(database_url="sqlite://unused", secret=SECRET)))  # type: ignore[arg-type]
    options = WebhookOptions(sealer=sealer, loopback=True)
    shop = replace(shop, resources=replace(shop.resources, webhooks=options))
    hooked, mailed, log = asyncio.Event(), asyncio.Event(), tmp_path / "log"

    async def silent_receiver(_: Received) -> bytes:
        hooked.set()
        await asyncio.Event().wait()
        return response()

    async def silent_server() -> str:
        mailed.set()
        await asyncio.Event().wait()
        return "250 OK"

    async with receiving(silent_receiver) as receiver, mail_server() as server:
        server.data = lambda taken: server.taken.append(taken) or silent_server()
        await create_endpoint(shop.resources, shop.caller, url=receiver.url, event_types=["order.placed"])
        await set_contacts(shop.resources, shop.caller, [contact("ada@customer.example", MailKind.ORDER_CONFIRMED)])
        for _ in range(ORDERS):
            await shop.place()
        async with asyncio.timeout(PATIENCE_S), worker(database_url, server.port, log) as process:
            await asyncio.gather(hooked.wait(), mailed.wait())
            process.send_signal(signal.SIGKILL)
            await processes.ended(process)
        sent_hooks = Counter(each["id"] for each in receiver.bodies)
        sent_mails = Counter(each.message["Message-ID"] for each in server.taken)
        assert {each.status for each in await rows_of(balanced, DELIVERIES)} == {DeliveryStatus.PENDING}
        receiver.answer = lambda _: response()
        server.data = MailServer().data
        # The leases end at once, where they would after a minute or two.
        for table in (DELIVERIES.name, MAILS.name):
            await shop.execute(f"UPDATE {table} SET due_at = created_at WHERE lease_id IS NOT NULL")
        async with asyncio.timeout(PATIENCE_S), worker(database_url, server.port, log) as process:
            while await unsent(balanced):
                assert process.poll() is None, log.read_text()
                await asyncio.sleep(0.05)

        hooks = Counter(each["id"] for each in receiver.bodies)
        mails = Counter(each.message["Message-ID"] for each in server.taken)
    assert (len(hooks), len(mails)) == (ORDERS, ORDERS)
    assert hooks == Counter(dict.fromkeys(hooks, 1)) + sent_hooks
    assert mails == Counter(dict.fromkeys(mails, 1)) + sent_mails
    assert 1 <= sum(sent_hooks.values()) <= ORDERS
    assert sum(sent_mails.values()) == 1
    assert "Traceback" not in log.read_text()


async def unsent(database: Database) -> list[Any]:
    rows = [*await rows_of(database, DELIVERIES), *await rows_of(database, MAILS)]
    return [each for each in rows if each.status not in {"DELIVERED", "SENT"}]
