"""Contacts of a customer: the people who get mail about its account, and the kinds that each of them gets."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from service.domain.mail import MailKind
from service.domain.texts import NAME_LENGTH_MAX, kept_text
from service.errors import Code, Refused
from service.kit.mail_addresses import address_key, composed

CONTACTS_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person of an account, the kinds of mail that the account chose for the person, and those that the person has
    declined; both in the order of `MailKind`.
    """

    account_id: UUID
    email: str
    name: str
    kinds: list[str]
    opted_out: list[str]

    def gets(self, kind: MailKind) -> bool:
        """Return True if the contact receives mail of the kind: it is chosen for the contact, who has not declined
        it.
        """
        return kind in self.kinds and kind not in self.opted_out

    def declining(self, kind: MailKind, *, declined: bool) -> "Contact":
        """Return the contact after the person declined the kind, or accepts it again."""
        opted_out = {*self.opted_out, kind} if declined else {*self.opted_out} - {kind}
        return replace(self, opted_out=_in_order(opted_out))


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedContact:
    """A contact as a request describes it. If `opted_out` is None, an existing contact with the address keeps the kinds
    that it declined.
    """

    email: str
    name: str
    kinds: Sequence[MailKind]
    opted_out: Sequence[MailKind] | None = None


def kept_contacts(account_id: UUID, wanted: Sequence[WantedContact], existing: Sequence[Contact]) -> list[Contact]:
    """Return the account's contacts by their addresses, each with its kinds once. `existing` are those it has.

    Refuses `BAD_USER_INPUT` for more than `CONTACTS_MAX`, for an address that is no mail address or is there twice,
    whatever the case of its letters, and for a name that is empty or too long.
    """
    if len(wanted) > CONTACTS_MAX:
        raise Refused(Code.BAD_USER_INPUT, f"Give at most {CONTACTS_MAX} contacts.", ("contacts",))
    declined: Mapping[str, Collection[str]] = {address_key(each.email): each.opted_out for each in existing}
    kept: dict[str, Contact] = {}
    for index, contact in enumerate(wanted):
        name = kept_text(contact.name.strip(), NAME_LENGTH_MAX, "contacts", index, "name")
        try:
            email = composed(contact.email)
        except ValueError:
            message = "Give a mail address such as name@example.com."
            raise Refused(Code.BAD_USER_INPUT, message, ("contacts", index, "email")) from None
        key = address_key(email)
        if key in kept:
            message = "This address is in the list already. Give each address once."
            raise Refused(Code.BAD_USER_INPUT, message, ("contacts", index, "email"))
        opted_out = declined.get(key, []) if contact.opted_out is None else contact.opted_out
        kept[key] = Contact(
            account_id=account_id,
            email=email,
            name=name,
            kinds=_in_order(contact.kinds),
            opted_out=_in_order(opted_out),
        )
    return sorted(kept.values(), key=lambda contact: contact.email)


def _in_order(kinds: Collection[str]) -> list[str]:
    return [kind.value for kind in MailKind if kind in kinds]
