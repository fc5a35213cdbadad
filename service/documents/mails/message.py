"""The form of a mail: facts and texts in, a message of text and HTML out, with its envelope.

Values of customers reach headers and texts only without control characters, so that none can begin a header of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import NamedTuple, TypeAlias
from urllib.parse import quote
from uuid import UUID

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.documents.mails.headers import address_value, header_lines, one_line, text_value
from service.documents.mails.texts import Language
from service.documents.wording import mass
from service.domain.amounts import money_text
from service.domain.mail import MailKind
from service.kit.mail_addresses import sendable

_HTML = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
).get_template("mail.html")
_URL_CHARACTERS = ":/?#[]@!$&'()*+,;=%"


class Mass(NamedTuple):
    """A mass in grams."""

    grams: int


class Amount(NamedTuple):
    """A sum of money in minor units."""

    minor_units: int
    currency: str


Row: TypeAlias = tuple[str, str | datetime | Mass | Amount]
"""The name of a label, and the fact."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender of all mails: its address and name, and the address that answers go to."""

    email: str
    name: str
    reply_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The contents of one mail. `link` leads to further information, `unsubscribe` stops mails of the kind."""

    id: UUID
    kind: MailKind
    name: str
    email: str
    account: str
    seller: str | None
    is_test: bool
    number: str
    rows: Sequence[Row]
    link: str | None
    unsubscribe: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class WrittenMail:
    """A message and its envelope. `needs_utf8` is True if the recipient's address can only be sent by SMTPUTF8."""

    sender: str
    recipient: str
    message: bytes
    needs_utf8: bool


def write_mail(letter: Letter, sender: Sender, language: Language) -> WrittenMail:
    """Return the mail as it is sent. A mail that is sent again has the same Message-ID, so that duplicates can be
    recognised.
    """
    recipient = sendable(letter.email)
    parts = _parts(letter, sender, language)
    # Quoted-printable, because a server without 8BITMIME accepts only ASCII.
    body = EmailMessage(policy=SMTP)
    body.set_content(_text(parts), cte="quoted-printable")
    body.add_alternative(_HTML.render(parts), subtype="html", cte="quoted-printable")
    reply_to = {} if sender.reply_to is None else {"Reply-To": sendable(sender.reply_to)}
    headers = {
        "From": address_value(sender.name, sendable(sender.email)),
        "To": address_value(letter.name, recipient),
        **reply_to,
        "Subject": text_value(str(parts["subject"])),
        "Date": format_datetime(letter.written_at),
        "Message-ID": f"<{letter.id}@{sendable(sender.email).rpartition('@')[2]}>",
        "Auto-Submitted": "auto-generated",
        "List-Unsubscribe": f"<{parts['unsubscribe']}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    message = header_lines(headers) + body.as_bytes()
    return WrittenMail(sendable(sender.email), recipient, message, not recipient.isascii())


def _parts(letter: Letter, sender: Sender, language: Language) -> dict[str, object]:
    common, texts = language.common, language.kinds[letter.kind]
    words = {
        "name": one_line(letter.name),
        "account": one_line(letter.account),
        "seller": one_line(letter.seller or sender.name or common.no_seller),
        "number": one_line(letter.number),
    }
    subject = texts.subject.format(**words)
    return {
        "language": language.code,
        "subject": common.test_subject.format(subject=subject) if letter.is_test else subject,
        "test": common.test if letter.is_test else None,
        "greeting": common.greeting.format(**words),
        "text": texts.text.format(**words),
        "rows": [(getattr(language.labels, label), _shown(fact, language)) for label, fact in letter.rows],
        "link": None if letter.link is None else _address(letter.link),
        "link_label": texts.link,
        "reason": common.reason.format(**words),
        "unsubscribe": _address(letter.unsubscribe),
        "unsubscribe_label": common.unsubscribe,
    }


def _text(parts: dict[str, object]) -> str:
    rows = parts["rows"]
    if not isinstance(rows, list):
        raise TypeError("rows are a list")
    blocks = [parts["test"], parts["greeting"], parts["text"], "\n".join(f"{label}: {value}" for label, value in rows)]
    if parts["link"]:
        blocks.append(f"{parts['link_label']}:\n{parts['link']}")
    blocks.append(f"-- \n{parts['reason']}\n{parts['unsubscribe_label']}:\n{parts['unsubscribe']}")
    return "\n\n".join(str(block) for block in blocks if block) + "\n"


def _shown(fact: str | datetime | Mass | Amount, language: Language) -> str:
    match fact:
        case Mass():
            return mass(fact.grams)
        case Amount():
            return f"{money_text(fact.minor_units, fact.currency)} {fact.currency}"
        case datetime():
            return f"{format_date(fact, 'long', locale=language.locale)} (UTC)"
        case str():
            return one_line(fact)


def _address(url: str) -> str:
    return quote(url, safe=_URL_CHARACTERS)
