"""Rows of documents of invoices and credit notes; SQL for the upsert that counts revocations of links.

Facts are written once; the PDF is added later.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from service.storage import models
from service.storage.database import Statements
from service.storage.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """Facts of an invoice or credit note of the account, with its id; the PDF is None until it is drawn."""

    account_id: UUID
    id: UUID
    facts: str
    pdf: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLink:
    """Number of times that the links to a document were revoked, or with the account's own id those to all of its
    documents. `pages_kept` counts those revocations by earlier releases that did not affect the web pages of receipts.
    """

    account_id: UUID
    id: UUID
    revision: int
    pages_kept: int = 0


DOCUMENTS = Table(models.Document, StoredDocument)
LINKS = Table(models.DocumentLink, DocumentLink)


async def find(statements: Statements, account_id: UUID, document_id: UUID) -> StoredDocument | None:
    """Return the document of that invoice or credit note, or None if its facts are not stored."""
    return await DOCUMENTS.read_first(statements, models.Document.filter(account_id=account_id, id=document_id))


async def keep_pdf(statements: Statements, account_id: UUID, document_id: UUID, pdf: bytes) -> bool:
    """Store the PDF of a document for good; return False if it has one."""
    return await DOCUMENTS.update(statements, {"pdf": pdf}, account_id=account_id, id=document_id, pdf=None) == 1


async def revisions(statements: Statements, account_id: UUID, document_ids: Collection[UUID]) -> Counter[UUID]:
    """Return for each of the account's documents how often its links were revoked, alone or with all of the account."""
    revoked = {link.id: link.revision for link in await _links(statements, account_id, document_ids)}
    of_all = revoked.get(account_id, 0)
    return Counter({document_id: of_all + revoked.get(document_id, 0) for document_id in document_ids})


async def has_revoked_pages(statements: Statements, account_id: UUID, order_id: UUID) -> bool:
    """Return True if links to the documents of the order were revoked, including those to the web page of its
    receipt.
    """
    return any(link.revision > link.pages_kept for link in await _links(statements, account_id, [order_id]))


async def _links(statements: Statements, account_id: UUID, document_ids: Collection[UUID]) -> list[DocumentLink]:
    query = models.DocumentLink.filter(account_id=account_id, id__in=[*document_ids, account_id])
    return await LINKS.read(statements, query)


async def revoke(statements: Statements, account_id: UUID, document_id: UUID) -> None:
    """Revoke all existing links to the document; if the id is the account's, to all of its documents."""
    await statements.execute(
        f"INSERT INTO {LINKS.name} (account_id, id, revision) VALUES ($1, $2, 1)"
        f" ON CONFLICT (account_id, id) DO UPDATE SET revision = {LINKS.name}.revision + 1",
        account_id,
        document_id,
    )
