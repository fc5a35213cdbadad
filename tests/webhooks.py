"""A shop whose webhooks are sent when a test says so, with a clock that stands still until it is set."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from service.api.mail_links import MailLinks
from service.api.webhook_bodies import WebhookBodies
from service.domain.webhooks import Delivery, Endpoint
from service.kit.clock import system_clock
from service.kit.sealing import Sealer
from service.operations.manage_webhooks import WithSecret, create_endpoint
from service.operations.resources import Resources, WebhookOptions
from service.storage.database import Database
from service.storage.webhook_deliveries import DELIVERIES
from service.storage.webhooks import ENDPOINTS
from service.workers.webhooks import WebhookSender
from tests.books import rows_of
from tests.set_clock import SetClock
from tests.shop import Shop, open_shop

PEPPER = b"a pepper of these tests, long enough"


@dataclass
class Webhooks:
    shop: Shop
    clock: SetClock
    sender: WebhookSender

    @property
    def resources(self) -> Resources:
        return self.shop.resources

    async def endpoint(self, url: str, **facts: Any) -> WithSecret:
        return await create_endpoint(self.resources, self.shop.caller, url=url, **facts)

    async def send(self, sender: WebhookSender | None = None) -> None:
        """Queue and send until nothing is due any more."""
        sender = sender or self.sender
        while await sender.turn(self.resources):
            await asyncio.gather(*(task for task, _ in list(sender._tasks.values())), return_exceptions=True)

    async def pass_time(self, **by: float) -> None:
        self.clock.now += timedelta(**by)
        await self.send()

    async def deliveries(self) -> list[Delivery]:
        return sorted(await rows_of(self.shop.database, DELIVERIES), key=lambda each: (each.created_at, each.seq))

    async def stored(self) -> Endpoint:
        (endpoint,) = await rows_of(self.shop.database, ENDPOINTS)
        return endpoint


def sender_of(resources: Resources) -> WebhookSender:
    links = MailLinks("https://orders.test", PEPPER, timedelta(days=30))
    return WebhookSender(WebhookBodies(resources, public_address=links.public_address, document_url=links.document))


@asynccontextmanager
async def open_webhooks(database: Database, **account: Any) -> AsyncIterator[Webhooks]:
    shop = await open_shop(database, **account)
    clock = SetClock(system_clock())
    options = WebhookOptions(sealer=Sealer(PEPPER), loopback=True)
    shop = replace(shop, resources=replace(shop.resources, clock=clock, webhooks=options))
    world = Webhooks(shop, clock, sender_of(shop.resources))
    try:
        yield world
    finally:
        await world.sender.close()
