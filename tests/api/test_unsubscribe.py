"""The link that stops mails of one kind: read, pressed, sent by a mail program, and forged.

Seen to fail when: reading the page changes a contact; the token is not compared with the recipient's address; another
kind is stopped too; `setContacts` forgets what a person declined.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from service.api.mail_links import UNSUBSCRIBE, MailLinks
from service.domain.contacts import WantedContact
from service.domain.events import EventType
from service.domain.mail import MailKind
from service.operations.set_contacts import set_contacts
from service.storage.contacts import CONTACTS
from service.storage.events import EVENTS
from tests.api.graphql_api import PEPPER, GraphQLApi
from tests.books import rows_of
from tests.makers import forged

KINDS = [MailKind.INVOICE_DUE, MailKind.INVOICE_PAID]
ONE_CLICK = {"content": b"List-Unsubscribe=One-Click", "headers": {"content-type": "application/x-www-form-urlencoded"}}
SET = """mutation ($input: SetContactsInput!) { setContacts(input: $input) {
    account { contacts { email optedOut } } } }"""


@pytest.fixture
async def address(api: GraphQLApi) -> str:
    """The address at which Ada stops reminders."""
    contacts = [WantedContact(email=f"{name}@b.example", name=name, kinds=KINDS) for name in ("Ada", "Bea")]
    await set_contacts(api.shop.resources, api.shop.caller, contacts)
    return address_of(api, "Ada@b.example")


def address_of(api: GraphQLApi, email: str, kind: MailKind = MailKind.INVOICE_DUE) -> str:
    return MailLinks("", PEPPER, timedelta(days=1)).unsubscribe(api.shop.account.id, email, kind)


async def declined(api: GraphQLApi) -> dict[str, list[str]]:
    return {each.name: each.opted_out for each in await rows_of(api.shop.database, CONTACTS)}


async def test_reading_the_page_changes_nothing(api: GraphQLApi, address: str):
    page = await api.client.get(address)

    assert page.status_code == 200
    assert "reminders of invoices" in page.text
    assert api.shop.account.name in page.text
    assert "b.example" not in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert await declined(api) == {"Ada": [], "Bea": []}


@pytest.mark.parametrize("sent", [{}, ONE_CLICK, {"json": {"x": 1}}], ids=["button", "one click", "anything"])
async def test_a_post_stops_the_kind_for_this_person_and_once(api: GraphQLApi, address: str, sent: dict[str, Any]):
    for _ in range(2):
        page = await api.client.post(address, **sent)
        assert page.status_code == 200
        assert "any more: reminders of invoices" in page.text
    assert await declined(api) == {"Ada": ["invoice_due"], "Bea": []}
    events = [(each.event_type, each.actor, each.payload) for each in await rows_of(api.shop.database, EVENTS)]
    assert events[1:] == [(EventType.CONTACTS_SET, "mail:recipient", {"contacts": 2})]


async def test_a_person_can_accept_the_kind_of_mail_again(api: GraphQLApi, address: str):
    stopped = await api.client.post(address)
    assert f'action="{address.removeprefix(UNSUBSCRIBE)}/resume"' in stopped.text
    resumed = await api.client.post(f"{address}/resume")
    assert f'action="../{address.removeprefix(UNSUBSCRIBE)}"' in resumed.text
    assert await declined(api) == {"Ada": [], "Bea": []}


async def test_a_declined_kind_stays_declined_until_contacts_set_it(api: GraphQLApi, address: str):
    await api.client.post(address)
    ada = {"email": "ada@B.example", "name": "Ada", "kinds": ["INVOICE_DUE", "INVOICE_ISSUED"]}
    for given, kept in (
        ({}, ["INVOICE_DUE"]),
        ({"optedOut": None}, ["INVOICE_DUE"]),
        ({"optedOut": ["INVOICE_PAID"]}, ["INVOICE_PAID"]),
        ({"optedOut": []}, []),
    ):
        answer = await api.data(SET, {"input": {"contacts": [{**ada, **given}]}})
        assert answer["setContacts"]["account"]["contacts"] == [{"email": "ada@B.example", "optedOut": kept}]


async def test_forged_and_foreign_links_are_unknown(api: GraphQLApi, address: str):
    other = await api.shop.another_account()
    named, kind = address.rsplit("-", 1)
    foreign = MailLinks("", PEPPER, timedelta(days=1)).unsubscribe(other.id, "Ada@b.example", MailKind.INVOICE_DUE)
    stranger = address_of(api, "eve@b.example")
    under_other = MailLinks("", b"x" * 32, timedelta(days=1)).unsubscribe(
        api.shop.account.id, "Ada@b.example", MailKind.INVOICE_DUE
    )
    for each in (
        *(foreign, stranger, under_other, f"{forged(named)}-{kind}", f"{named}-invoice_paid", f"{named}-other"),
        *(f"{UNSUBSCRIBE}x", f"{UNSUBSCRIBE}{'0' * 72}-invoice_due", address.upper()),
    ):
        for ask in (api.client.get, api.client.post):
            page = await ask(each if each.startswith(UNSUBSCRIBE) else f"{UNSUBSCRIBE}{each}")
            assert page.status_code == 404, each
    assert await declined(api) == {"Ada": [], "Bea": []}


async def test_the_link_is_in_no_log(api: GraphQLApi, address: str, capsys: pytest.CaptureFixture[str]):
    await api.client.get(address)
    told = capsys.readouterr()
    assert UNSUBSCRIBE in told.out + told.err
    assert urlsplit(address).path.removeprefix(UNSUBSCRIBE)[:40] not in told.out + told.err
