"""Names of documents in the links to them, and the time for which a link is valid."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = timedelta(days=1)


class LinkedDocument(StrEnum):
    """Kinds of documents that have links, by the letters that stand for them."""

    INVOICE = "i"
    CREDIT_NOTE = "c"
    CONFIRMATION = "o"
    RECEIPT = "r"
    STATEMENT = "s"
    RECEIPT_PAGE = "p"
    """The web page with the price of an order, paid or not. All others are files."""


@dataclass(frozen=True, slots=True)
class DocumentName:
    """A document of an account. The id is that of the invoice, credit note or order; for a retirement statement it is
    the number of the year.
    """

    kind: LinkedDocument
    account_id: UUID
    id: UUID


def statement_name(account_id: UUID, year: int) -> DocumentName:
    """Return the name of the account's retirement statement of the year."""
    return DocumentName(LinkedDocument.STATEMENT, account_id, UUID(int=year))


@dataclass(frozen=True, slots=True)
class DocumentLink:
    """A link to a document: valid until `expires_at`, and until the links of its revision are revoked."""

    name: DocumentName
    revision: int
    expires_at: datetime


def link_end(now: datetime, valid: timedelta) -> datetime:
    """Return the end of a link that is made now and is valid for that time at least. It is a multiple of a day, or of
    a shorter validity, so that the same document has the same address for a while.
    """
    step = max(min(valid, _STEP), timedelta(seconds=1))
    steps = -((now + valid - _EPOCH) // -step)
    return _EPOCH + steps * step
