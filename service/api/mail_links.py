"""Addresses in mails: pages of orders, and the address at which a recipient stops mails of one kind.

The latter contains the account and the kind, and is signed with the service's secret and the recipient's mail address.
The mail address is not contained, so it is not logged, and nothing has to be stored.
"""

import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from service.api.document_links import document_url
from service.api.pages.certificate import CERTIFICATES
from service.domain.contacts import Contact
from service.domain.document_links import DocumentName
from service.domain.mail import MailKind
from service.kit.mail_addresses import address_key

UNSUBSCRIBE = "/unsubscribe/"
"""Start of the path of every such address. A token follows, which must not be logged."""

_FORM = re.compile(r"([0-9a-f]{32})([0-9a-f]{40})-([a-z_]{1,20})")
_SIGNATURE_LENGTH = 40


@dataclass(frozen=True, slots=True)
class MailLinks:
    """Builder of links below the public address of the service."""

    public_address: str
    pepper: bytes = field(repr=False)
    documents_valid: timedelta
    """Time for which links to documents are valid."""

    def certificate(self, token: str) -> str:
        """Return the address of a certificate."""
        return f"{self.public_address}{CERTIFICATES}{token}"

    def document(self, name: DocumentName, revision: int) -> str:
        """Return the address of a document or page, which is valid for a time."""
        return document_url(self.public_address, self.pepper, self.documents_valid, name, revision)

    def unsubscribe(self, account_id: UUID, email: str, kind: MailKind) -> str:
        """Return the address at which the recipient stops mails of the kind."""
        signature = _signature(account_id, email, kind, self.pepper)
        return f"{self.public_address}{UNSUBSCRIBE}{account_id.hex}{signature}-{kind.value}"


def recipient_named_by(token: str, peppers: Iterable[bytes]) -> tuple[UUID, MailKind, Callable[[Contact], bool]] | None:
    """Return the account and the kind that the token names, and a function that recognises the recipient; None if it
    does not have the form of a token.
    """
    form = _FORM.fullmatch(token)
    if form is None or form[3] not in {kind.value for kind in MailKind}:
        return None
    account_id, kind, known = UUID(form[1]), MailKind(form[3]), tuple(peppers)

    def is_recipient(contact: Contact) -> bool:
        signatures = [_signature(account_id, contact.email, kind, pepper) for pepper in known]
        return any(hmac.compare_digest(form[2], signature) for signature in signatures)

    return account_id, kind, is_recipient


def _signature(account_id: UUID, email: str, kind: MailKind, pepper: bytes) -> str:
    named = f"unsubscribe {account_id.hex} {kind.value} {address_key(email)}"
    return hmac.digest(pepper, named.encode(), "sha256").hex()[:_SIGNATURE_LENGTH]
