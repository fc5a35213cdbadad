"""Mails as messages: no value begins a header, every address is sent, every language has every text."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import parseaddr
from uuid import UUID

import pytest

from service.documents.mails.message import Amount, Letter, Mass, Sender, WrittenMail, write_mail
from service.documents.mails.texts import Language, language, language_codes
from service.domain.event_types import EventType
from service.domain.mail import MailKind

ENGLISH = language("en")
SENDER = Sender("orders@shop.example", "Shop")
UNSUBSCRIBE = f"https://orders.{'long-name.' * 12}example/unsubscribe/{'0' * 72}-order_confirmed"
LETTER = Letter(
    id=UUID(int=5),
    kind=MailKind.ORDER_CONFIRMED,
    name="Ada",
    email="ada@customer.example",
    account="Orrin & Sons",
    seller="Shop Ltd",
    is_test=False,
    number="A1",
    rows=[("order", "A1"), ("mass", Mass(1_500)), ("total", Amount(34_039, "USD")), ("placed", datetime.now(UTC))],
    link="https://orders.example/receipts/0",
    unsubscribe=UNSUBSCRIBE,
    written_at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
)
HEADERS = [
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post"),
    *("MIME-Version", "Content-Type"),
]
INJECTIONS = (
    "Ada\r\nBcc: x@evil.example",
    "Ada\nBcc: x@evil.example",
    "Ada\rBcc: x@evil.example",
    "Ada\x0b\x0c\x1c\x85\u2028\u2029Bcc: x@evil.example",
    "Ada\r\n\r\n<script>alert(1)</script>",
    "Ada\x00",
    "=?utf-8?q?Ada=0D=0ABcc=3A_x=40evil.example?=",
    'Ada" <x@evil.example>, "Bea',
    "ada@customer.example, x@evil.example",
    "Ædä 例え 😀 " * 20,
    "ש" * 200,
)


def read(written: WrittenMail) -> EmailMessage:
    """The message as another program reads it, whose lines are all sendable."""
    assert all(len(line) <= 998 for line in written.message.split(b"\r\n"))
    assert b"\n" not in written.message.replace(b"\r\n", b"")
    if not written.needs_utf8:
        assert written.message.isascii()
    found = message_from_bytes(written.message, policy=SMTPUTF8 if written.needs_utf8 else SMTP)
    assert isinstance(found, EmailMessage)
    return found


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("member", ["name", "account", "seller", "number"])
def test_no_value_begins_a_header_or_adds_a_recipient(member: str, text: str):
    facts = {member: text}
    message = read(write_mail(replace(LETTER, **facts), SENDER, ENGLISH))  # type: ignore[arg-type]

    assert message.keys() == HEADERS
    (to,) = message["To"].addresses
    assert to.addr_spec == "ada@customer.example"
    html = message.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content()


@pytest.mark.parametrize("name", [text for text in INJECTIONS if text.isprintable()])
def test_a_printable_name_arrives_as_it_is(name: str):
    written = write_mail(replace(LETTER, name=name), SENDER, ENGLISH)
    # By the older reader of headers: the newer one puts blanks between encoded words of a name.
    shown, address = parseaddr(message_from_bytes(written.message)["To"])
    assert str(make_header(decode_header(shown))) == name.strip()
    assert address == "ada@customer.example"


def test_a_sender_may_have_any_name():
    message = read(
        write_mail(LETTER, Sender("orders@bücher.example", "Bücher & Söhne", "hilfe@bücher.example"), ENGLISH)
    )
    (sender,) = message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("Bücher & Söhne", "orders@xn--bcher-kva.example")
    assert message["Reply-To"] == "hilfe@xn--bcher-kva.example"


def test_a_local_part_beyond_ascii_needs_smtputf8_and_no_other_does():
    plain = write_mail(replace(LETTER, email="ada@例え.テスト"), SENDER, ENGLISH)
    assert (plain.recipient, plain.needs_utf8) == ("ada@xn--r8jz45g.xn--zckzah", False)
    beyond = write_mail(replace(LETTER, email="用户@例え.テスト"), SENDER, ENGLISH)
    assert (beyond.recipient, beyond.needs_utf8) == ("用户@xn--r8jz45g.xn--zckzah", True)
    assert b'To: "Ada" <' + "用户@xn--r8jz45g.xn--zckzah>\r\n".encode() in beyond.message


def test_a_long_address_to_stop_mails_is_whole():
    assert f"List-Unsubscribe: <{UNSUBSCRIBE}>\r\n".encode() in write_mail(LETTER, SENDER, ENGLISH).message


def test_the_same_mail_is_the_same_message_but_for_the_marks_between_its_parts():
    one, other = (read(write_mail(LETTER, SENDER, ENGLISH)) for _ in range(2))
    assert one["Message-ID"] == other["Message-ID"] == "<00000000-0000-0000-0000-000000000005@shop.example>"
    assert [part.get_content() for part in one.iter_parts()] == [part.get_content() for part in other.iter_parts()]


@pytest.mark.parametrize("code", language_codes())
@pytest.mark.parametrize("kind", MailKind)
@pytest.mark.parametrize("is_test", [True, False])
def test_every_language_has_every_text_of_every_kind(code: str, kind: MailKind, is_test: bool):
    texts: Language = language(code)
    message = read(write_mail(replace(LETTER, kind=kind, is_test=is_test), SENDER, texts))
    body = message.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "{" not in text + message["Subject"]
    assert ("A1" in text, "Orrin & Sons" in text, "1.5 kg" in text, "340.39 USD" in text) == (True,) * 4


def test_every_kind_of_mail_belongs_to_one_type_of_event():
    kinds = [each.mail for each in EventType if each.mail is not None]
    assert sorted(kinds) == sorted(MailKind)
