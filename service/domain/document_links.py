"""Names of documents in the links to them, and the time for which a link is valid."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = timedelta(days=1)


class LinkedDocument(StrEnum):
    """Kinds of documents that have links, with the letter of each kind in its links."""

    INVOICE = "i"
    CREDIT_NOTE = "c"
    CONFIRMATION = "o"
    RECEIPT = "r"
    STATEMENT = "s"
    RECEIPT_PAGE = "p"
    """The web page with the price of an order, paid or not. All others are files."""


@dataclass(frozen=True, slots=True)
class DocumentName:
    """Key of a document of an account. `id` is the id of the invoice, credit note or order; for a retirement statement
    it is the year as a UUID.
    """

    kind: LinkedDocument
    account_id: UUID
    id: UUID


def statement_name(account_id: UUID, year: int) -> DocumentName:
    """Return the key of the account's retirement statement for the year."""
    return DocumentName(LinkedDocument.STATEMENT, account_id, UUID(int=year))


@dataclass(frozen=True, slots=True)
class DocumentLink:
    """A link to a document: valid until `expires_at`, and until the links of its revision are revoked."""

    name: DocumentName
    revision: int
    expires_at: datetime


def link_end(now: datetime, valid: timedelta) -> datetime:
    """Return the expiry of a link that is made now and must be valid for at least `valid`. The expiry is rounded up to
    a multiple of a day, or of `valid` if that is shorter, so that requests within that period get the same
    address.
    """
    step = max(min(valid, _STEP), timedelta(seconds=1))
    steps = -((now + valid - _EPOCH) // -step)
    return _EPOCH + steps * step
