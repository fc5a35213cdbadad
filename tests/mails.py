"""A shop whose mail is sent when a test says so, with a clock that stands still until it is set."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from service.api.mail_links import MailLinks
from service.documents.mails.message import Sender
from service.documents.mails.texts import language
from service.domain.contacts import WantedContact
from service.domain.mail import Mail, MailKind
from service.kit.clock import system_clock
from service.kit.smtp_sender import MailServer as Address
from service.kit.smtp_sender import Security
from service.operations.resources import Resources
from service.operations.send_mails import Writing
from service.operations.set_contacts import set_contacts
from service.storage.database import Database
from service.storage.mails import MAILS
from service.workers.mail import MailSender
from tests.books import rows_of
from tests.set_clock import SetClock
from tests.shop import PEPPER, Shop, open_shop

PUBLIC = "https://orders.test"
LINKS = MailLinks(PUBLIC, PEPPER, timedelta(days=30))
SENDER = Sender("orders@shop.example", "Shop")
WRITING = Writing(sender=SENDER, language=language("en"), links=LINKS)
EVERY_KIND = tuple(MailKind)


@dataclass
class Mails:
    shop: Shop
    clock: SetClock
    sender: MailSender

    @property
    def resources(self) -> Resources:
        return self.shop.resources

    async def contacts(self, *contacts: WantedContact) -> None:
        await set_contacts(self.resources, self.shop.caller, contacts)

    async def send(self) -> None:
        """Queue and send until nothing is due any more."""
        while await self.sender.turn(self.resources):
            pass

    async def pass_time(self, **by: float) -> None:
        self.clock.now += timedelta(**by)
        await self.send()

    async def stored(self) -> list[Mail]:
        return sorted(await rows_of(self.shop.database, MAILS), key=lambda each: (each.seq, each.email))


def contact(email: str = "ada@customer.example", *kinds: MailKind, **facts: Any) -> WantedContact:
    """A contact that gets mail of these kinds, or of every kind."""
    return WantedContact(**{"email": email, "name": "Ada", "kinds": kinds or EVERY_KIND, **facts})


def plain_server(port: int) -> Address:
    return Address("127.0.0.1", port, Security.NONE)


async def open_mails(database: Database, port: int, **account: Any) -> Mails:
    """A shop whose mail goes to the plain server at this port of this machine."""
    shop = await open_shop(database, **account)
    clock = SetClock(system_clock())
    shop = replace(shop, resources=replace(shop.resources, clock=clock))

    def monotonic_s() -> float:
        return clock.now.timestamp()

    sender = MailSender(plain_server(port), WRITING, random=lambda: 0.0, monotonic_s=monotonic_s)
    return Mails(shop, clock, sender)
