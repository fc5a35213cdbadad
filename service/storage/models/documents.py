"""Tables of documents about money, and of revoked links to documents."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from service.storage.models._columns import relation_to


class Document(Model):
    """Facts of an invoice or credit note; key (account_id, id). They never change, except that the PDF, null at first,
    is added.
    """

    id = fields.UUIDField(primary_key=True)
    account: Any = relation_to("Account")
    facts = fields.TextField()
    pdf = fields.BinaryField(null=True)

    class Meta:
        table = "documents"
        unique_together = (("account", "id"),)


class DocumentLink(Model):
    """Number of times that the links to a document were revoked, and that pages of receipts were kept; key (account_id,
    id).
    """

    id = fields.UUIDField(primary_key=True)
    account: Any = relation_to("Account")
    revision = fields.IntField()
    pages_kept = fields.IntField()

    class Meta:
        table = "document_links"
        unique_together = (("account", "id"),)
