"""Mail: who gets which, once each, through servers that refuse, fail and come back.

Seen to fail when: a mail is marked before the server took it; a failed server counts as an attempt of a mail; a
permanent refusal is tried again; a contact that declined gets mail; an outcome that could not be stored is forgotten.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from service.domain.accounts import Visibility
from service.domain.billing import Invoice
from service.domain.catalogue import Mode
from service.domain.event_types import EventType
from service.domain.mail import MailKind, MailStatus
from service.domain.order import ByBundleMasses, OrderRequest
from service.errors import Code, Refused
from service.operations.bill_orders import Period, bill_orders
from service.operations.read_mails import expire_mails
from service.operations.remind_invoices import remind_invoices
from service.operations.resources import Resources
from service.operations.retire_orders import retire_order
from service.operations.settle_invoice import settle_invoice
from service.storage.certificates import ISSUED
from service.storage.database import Database, Statements
from service.storage.events import EVENTS
from service.workers.mail import MailSender
from tests.books import rows_of
from tests.mail_server import MailServer, Taken, mail_server
from tests.mails import WRITING, Mails, contact, open_mails, plain_server
from tests.makers import TONNE_G
from tests.operations.test_event_payloads import record_entries_of

T = TypeVar("T")
REFUSED = "550 no such user"
BUSY = "451 try again later"


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as running:
        yield running


@pytest.fixture
async def world(balanced: Database, server: MailServer) -> Mails:
    return await open_mails(balanced, server.port)


async def billed(world: Mails) -> Invoice:
    await world.shop.place()
    shop = world.shop
    answer = await bill_orders(world.resources, shop.caller, shop.account.id, "march", Period(currency="USD"))
    return answer.invoice


async def test_each_kind_of_mail_tells_of_its_event(world: Mails, server: MailServer):
    await world.contacts(contact())
    invoice = await billed(world)
    await world.send()
    world.clock.now = invoice.due_at - timedelta(days=3)
    assert await remind_invoices(world.resources, before=timedelta(days=3)) == 1
    await world.send()
    await settle_invoice(world.resources, world.shop.caller, world.shop.account.id, invoice.id)
    order = await world.shop.place(OrderRequest(ask=ByBundleMasses(((world.shop.forest.id, TONNE_G),))))
    await retire_order(world.resources, world.shop.account.id, order.id, keep=0, actor="test")
    await record_entries_of(world.shop, order)
    await world.send()

    assert [each.message["Subject"] for each in server.taken] == [
        *(f"Order {number} is confirmed" for number in [await first_number(world)]),
        f"Invoice {invoice.number}",
        f"Invoice {invoice.number} is due",
        f"Invoice {invoice.number} is paid",
        f"Order {order.number} is confirmed",
        f"The certificate of order {order.number} is ready",
        f"The retirement for order {order.number} is recorded",
    ]
    assert [each.kind for each in await world.stored()] == [
        MailKind.ORDER_CONFIRMED,
        MailKind.INVOICE_ISSUED,
        MailKind.INVOICE_DUE,
        MailKind.INVOICE_PAID,
        MailKind.ORDER_CONFIRMED,
        MailKind.CERTIFICATE_READY,
        MailKind.RETIREMENT_RECORDED,
    ]
    assert {each.kind for each in await world.stored()} == set(MailKind)
    assert {each.status for each in await world.stored()} == {MailStatus.SENT}
    linked = ["https://orders.test/documents/" in each.part("plain") for each in server.taken]
    assert linked == [False, True, True, True, False, False, False]
    assert {(each.sender, each.recipient) for each in server.taken} == {("orders@shop.example", "ada@customer.example")}


async def first_number(world: Mails) -> str:
    rows = await world.shop.database.reader.fetch("SELECT number FROM orders ORDER BY created_at, id LIMIT 1")
    return str(rows[0]["number"])


async def test_a_mail_has_text_and_html_that_say_the_same(world: Mails, server: MailServer):
    await world.contacts(contact("ada@customer.example", MailKind.ORDER_CONFIRMED, name="Ada <b>"))
    order = await world.shop.place()
    await world.send()

    (mail,) = server.taken
    text, html = mail.part("plain"), mail.part("html")
    assert text.splitlines()[:2] == ["Hello Ada <b>,", ""]
    for fact in (order.number, "Mass of CO₂ equivalent", "Total before tax", "https://orders.test/receipts/"):
        assert fact in text
        assert fact in html
    assert "Hello Ada &lt;b&gt;," in html
    headers = mail.message
    assert headers["From"] == "Shop <orders@shop.example>"
    assert headers["To"] == '"Ada <b>" <ada@customer.example>'
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    (address,) = re.findall(r"<(https://orders\.test/unsubscribe/[0-9a-f]{72}-order_confirmed)>", mail.content.decode())
    assert address in text
    assert address in html
    assert "TEST" not in headers["Subject"]


async def test_the_mail_of_a_certificate_leads_to_it(world: Mails, server: MailServer):
    await world.contacts(contact("ada@customer.example", MailKind.CERTIFICATE_READY))
    order = await world.shop.place()
    await retire_order(world.resources, world.shop.account.id, order.id, keep=0, actor="test")
    await world.send()

    (certificate,) = await rows_of(world.shop.database, ISSUED)
    (mail,) = server.taken
    assert f"https://orders.test/certificates/{certificate.token}" in mail.part("plain")


async def test_mails_of_a_test_account_say_so(balanced: Database, server: MailServer):
    world = await open_mails(balanced, server.port, mode=Mode.TEST)
    await world.contacts(contact("ada@customer.example", MailKind.ORDER_CONFIRMED))
    order = await world.shop.place()
    await world.send()

    (mail,) = server.taken
    assert mail.message["Subject"] == f"[TEST] Order {order.number} is confirmed"
    assert "nothing was bought, and nothing is owed" in mail.part("plain")
    assert "nothing was bought, and nothing is owed" in mail.part("html")


async def test_mails_of_an_account_that_hides_its_pages_lead_to_none(balanced: Database, server: MailServer):
    world = await open_mails(balanced, server.port, external_pages_visibility=Visibility.HIDDEN)
    await world.contacts(contact("ada@customer.example", MailKind.ORDER_CONFIRMED))
    await world.shop.place()
    await world.send()

    (mail,) = server.taken
    assert "/receipts/" not in mail.part("plain") + mail.part("html")


async def test_contacts_get_what_they_are_to_get_and_nothing_from_before(world: Mails, server: MailServer):
    await world.shop.place()
    await world.contacts(
        contact("ada@customer.example", MailKind.ORDER_CONFIRMED),
        contact("bea@customer.example", MailKind.INVOICE_PAID),
        contact("cyd@customer.example", opted_out=[MailKind.ORDER_CONFIRMED]),
    )
    await world.shop.place()
    await world.send()

    assert server.recipients == ["ada@customer.example"]


async def test_old_events_send_no_mail(world: Mails, server: MailServer):
    await world.contacts(contact())
    await world.shop.place()
    world.clock.now += timedelta(hours=25)
    await world.send()

    assert server.taken == []
    assert await world.stored() == []


async def test_a_contact_that_stopped_the_kind_meanwhile_gets_no_mail(world: Mails, server: MailServer):
    server.recipient = lambda _: BUSY
    await world.contacts(contact("ada@customer.example", MailKind.ORDER_CONFIRMED))
    await world.shop.place()
    await world.send()
    server.recipient = MailServer().recipient
    await world.contacts(contact("ada@customer.example", MailKind.INVOICE_PAID))
    await world.pass_time(minutes=2)

    assert server.taken == []
    assert [each.status for each in await world.stored()] == [MailStatus.CANCELLED]


async def test_one_refused_recipient_fails_and_the_others_get_theirs(world: Mails, server: MailServer):
    server.recipient = lambda address: REFUSED if address.startswith("bea") else "250 OK"
    await world.contacts(
        *(contact(f"{name}@customer.example", MailKind.ORDER_CONFIRMED) for name in ("ada", "bea", "cyd"))
    )
    await world.shop.place()
    await world.send()
    await world.pass_time(hours=80)

    assert server.recipients == ["ada@customer.example", "cyd@customer.example"]
    assert [(each.email, each.status, each.attempts, each.error) for each in await world.stored()] == [
        ("ada@customer.example", MailStatus.SENT, 1, None),
        ("bea@customer.example", MailStatus.FAILED, 1, REFUSED),
        ("cyd@customer.example", MailStatus.SENT, 1, None),
    ]


async def test_a_busy_server_is_tried_again_for_three_days(world: Mails, server: MailServer):
    server.data = lambda _: BUSY
    await world.contacts(contact("ada@customer.example", MailKind.ORDER_CONFIRMED))
    await world.shop.place()
    await world.send()
    began, tried_at = world.clock.now, [0.0]
    (mail,) = await world.stored()
    while mail.status is MailStatus.PENDING:
        world.clock.now = mail.due_at
        tried_at.append((mail.due_at - began).total_seconds())
        await world.send()
        (mail,) = await world.stored()

    assert tried_at[:8] == [0, 60, 360, 1_260, 3_060, 6_660, 13_860, 28_260]
    assert tried_at[-1] == 72 * 3_600
    assert (mail.status, mail.error, mail.attempts) == (MailStatus.FAILED, BUSY, len(tried_at))
    assert server.taken == []


async def test_a_dead_server_costs_no_attempt_and_loses_nothing(balanced: Database):
    async with mail_server() as gone:
        port = gone.port
    world = await open_mails(balanced, port)
    await world.contacts(contact("ada@customer.example", MailKind.ORDER_CONFIRMED))
    await world.shop.place()
    await world.send()
    for _ in range(5):
        await world.pass_time(hours=1)

    (waiting,) = await world.stored()
    assert (waiting.status, waiting.attempts) == (MailStatus.PENDING, 0)
    assert waiting.error == "the server cannot be reached, or closed the connection"
    async with mail_server() as back:
        world.sender.server = plain_server(back.port)
        await world.pass_time(minutes=5)
        assert back.recipients == ["ada@customer.example"]
    await world.shop.place()
    await world.pass_time(hours=1)
    await world.pass_time(hours=80)
    assert [each.status for each in await world.stored()] == [MailStatus.SENT, MailStatus.FAILED]


async def test_a_mail_that_breaks_the_connection_holds_up_no_other(world: Mails, server: MailServer):
    server.data = lambda taken: "421 closing" if taken.recipient.startswith("ada") else "250 OK"
    await world.contacts(*(contact(f"{name}@customer.example", MailKind.ORDER_CONFIRMED) for name in ("ada", "bea")))
    await world.shop.place()
    await world.send()
    await world.pass_time(seconds=5)

    assert server.recipients == ["bea@customer.example"]


async def test_two_workers_send_each_mail_once(world: Mails, server: MailServer):
    await world.contacts(*(contact(f"c{number}@customer.example", MailKind.ORDER_CONFIRMED) for number in range(10)))
    for _ in range(5):
        await world.shop.place()
    other = MailSender(plain_server(server.port), WRITING)

    async def drain(sender: MailSender) -> None:
        while await sender.turn(world.resources):
            pass

    await asyncio.gather(drain(world.sender), drain(other), drain(replace(other)))

    assert len(server.taken) == 50
    assert len({each.message["Message-ID"] for each in server.taken}) == 50
    assert {(each.status, each.attempts) for each in await world.stored()} == {(MailStatus.SENT, 1)}


async def test_what_a_killed_worker_was_sending_is_sent_again_with_the_same_id(world: Mails, server: MailServer):
    await world.contacts(contact("ada@customer.example", MailKind.ORDER_CONFIRMED))
    await world.shop.place()
    took = asyncio.Event()

    async def never(_: Any) -> str:
        took.set()
        await asyncio.Event().wait()
        return "250 OK"

    server.data = lambda taken: server.taken.append(taken) or never(taken)
    turn = asyncio.create_task(world.sender.turn(world.resources))
    await took.wait()
    turn.cancel()
    await asyncio.gather(turn, return_exceptions=True)
    server.data = MailServer().data
    await world.send()
    assert len(server.taken) == 1
    await world.pass_time(minutes=3)

    first, second = server.taken
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert [each.status for each in await world.stored()] == [MailStatus.SENT]


@dataclass(frozen=True)
class Unreachable(Resources):
    """Resources of a service that cannot write to its database once the mail server took a mail."""

    taken: Sequence[Taken] = ()

    async def transact(self, work: Callable[[Statements], Awaitable[T]], **options: int) -> T:
        if self.taken:
            raise Refused(Code.UNAVAILABLE, "The database is unreachable.")
        return await super().transact(work, **options)


async def test_a_mail_whose_outcome_could_not_be_stored_is_not_sent_again_by_the_same_worker(
    world: Mails, server: MailServer
):
    await world.contacts(*(contact(f"{name}@customer.example", MailKind.ORDER_CONFIRMED) for name in ("ada", "bea")))
    await world.shop.place()
    known = {each.name: getattr(world.resources, each.name) for each in fields(world.resources) if each.init}
    unreachable = Unreachable(**known, taken=server.taken)
    for _ in range(3):
        with pytest.raises(Refused, match="unreachable"):
            await world.sender.turn(unreachable)
        world.clock.now += timedelta(minutes=10)  # the lease has ended
    assert len(server.taken) == 1

    await world.send()

    assert sorted(server.recipients) == ["ada@customer.example", "bea@customer.example"]
    assert {(each.status, each.attempts) for each in await world.stored()} == {(MailStatus.SENT, 1)}


async def test_an_unpaid_invoice_is_due_once(world: Mails):
    invoice = await billed(world)
    before = timedelta(days=3)
    world.clock.now = invoice.due_at - before - timedelta(seconds=1)
    assert await remind_invoices(world.resources, before=before) == 0
    world.clock.now += timedelta(seconds=1)
    reminded = await asyncio.gather(*(remind_invoices(world.resources, before=before) for _ in range(3)))
    assert sum(reminded) == 1

    events = [each for each in await rows_of(world.shop.database, EVENTS) if each.event_type is EventType.INVOICE_DUE]
    assert [each.payload for each in events] == [
        {
            "invoice_id": str(invoice.id),
            "invoice_number": invoice.number,
            "currency": "USD",
            "due_minor": invoice.due_minor,
            "due_at": invoice.due_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        }
    ]


async def test_paid_and_long_due_invoices_are_not_reminded(world: Mails):
    invoice = await billed(world)
    world.clock.now = invoice.due_at + timedelta(days=8)
    assert await remind_invoices(world.resources, before=timedelta()) == 0
    world.clock.now = invoice.due_at
    await settle_invoice(world.resources, world.shop.caller, world.shop.account.id, invoice.id)
    assert await remind_invoices(world.resources, before=timedelta()) == 0


async def test_mails_are_kept_for_a_time(world: Mails, server: MailServer):
    await world.contacts(contact())
    await world.shop.place()
    await world.send()
    world.clock.now += timedelta(days=30)
    assert await expire_mails(world.resources, kept=timedelta(days=30)) == 0
    world.clock.now += timedelta(seconds=1)
    assert await expire_mails(world.resources, kept=timedelta(days=30)) == 1
    assert await world.stored() == []
