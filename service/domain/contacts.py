"""Contacts of a customer: the people who get mail about its account, and the kinds that each of them gets."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from service.domain.texts import NAME_LENGTH_MAX, kept_text
from service.errors import Code, Refused

CONTACTS_MAX = 20
EMAIL_LENGTH_MAX = 254
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_EMAIL = re.compile(rf"(?=[^@]{{1,64}}@){_WORD}(?:\.{_WORD})*@{_LABEL}(?:\.{_LABEL})+")


class MailKind(StrEnum):
    """Kinds of mail."""

    ORDER_CONFIRMED = "order_confirmed"
    CERTIFICATE_READY = "certificate_ready"
    INVOICE_ISSUED = "invoice_issued"
    INVOICE_DUE = "invoice_due"
    INVOICE_PAID = "invoice_paid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person of an account, and the kinds of mail that the person gets, in the order of `MailKind`."""

    account_id: UUID
    email: str
    name: str
    kinds: list[str]


def kept_contacts(contacts: Sequence[Contact]) -> list[Contact]:
    """Return the contacts by their addresses, each with its kinds once. Refuses `BAD_USER_INPUT` for more than
    `CONTACTS_MAX`, for an address that is no mail address or is there twice, whatever the case of its letters, and for
    a name that is empty or too long.
    """
    if len(contacts) > CONTACTS_MAX:
        raise Refused(Code.BAD_USER_INPUT, f"Give at most {CONTACTS_MAX} contacts.", ("contacts",))
    kept: dict[str, Contact] = {}
    for index, contact in enumerate(contacts):
        name = kept_text(contact.name.strip(), NAME_LENGTH_MAX, "contacts", index, "name")
        if len(contact.email) > EMAIL_LENGTH_MAX or not _EMAIL.fullmatch(contact.email):
            message = "Give a mail address such as name@example.com."
            raise Refused(Code.BAD_USER_INPUT, message, ("contacts", index, "email"))
        if contact.email.lower() in kept:
            message = "This address is in the list already. Give each address once."
            raise Refused(Code.BAD_USER_INPUT, message, ("contacts", index, "email"))
        kinds = [kind.value for kind in MailKind if kind in contact.kinds]
        kept[contact.email.lower()] = Contact(
            account_id=contact.account_id, email=contact.email, name=name, kinds=kinds
        )
    return sorted(kept.values(), key=lambda contact: contact.email)
