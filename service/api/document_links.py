"""Addresses of documents about money, and of pages of receipts: readable by everybody who has one, impossible to guess,
and valid for a limited time.

The address names the document, the revision of its links and the end of its validity, and is signed with the service's
secret, so nothing is stored before a link is revoked.
"""

import hmac
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from service.api.receipt_links import RECEIPTS
from service.domain.document_links import DocumentLink, DocumentName, LinkedDocument, link_end
from service.kit.clock import system_clock

DOCUMENTS = "/documents/"
"""Start of the path of every document about money. A token follows, which must not be logged."""

_NAMED = struct.Struct(">c16s16sIQ")
_SIGNATURE_BYTES = 32
_FORM = re.compile(r"[A-Za-z0-9_-]{103}")


def document_path(link: DocumentLink, pepper: bytes) -> str:
    """Return the path of a page, or of a document without the file extension."""
    name = link.name
    named = _NAMED.pack(
        name.kind.encode(), name.account_id.bytes, name.id.bytes, link.revision, int(link.expires_at.timestamp())
    )
    start = RECEIPTS if name.kind is LinkedDocument.RECEIPT_PAGE else DOCUMENTS
    return start + _text(named + _signature(named, pepper))


def document_url(public_address: str, pepper: bytes, valid: timedelta, name: DocumentName, revision: int) -> str:
    """Return the address of a page, or of the PDF of a document, which is valid for at least `valid`."""
    path = document_path(DocumentLink(name, revision, link_end(system_clock(), valid)), pepper)
    return f"{public_address}{path}" if name.kind is LinkedDocument.RECEIPT_PAGE else f"{public_address}{path}.pdf"


def link_of(token: str, peppers: Iterable[bytes]) -> DocumentLink | None:
    """Return the link that the token stands for, or None if it is not signed under one of the peppers."""
    if not _FORM.fullmatch(token):
        return None
    signed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    if _text(signed) != token:  # the last character has unused bits, and only one of its spellings is accepted
        return None
    named, signature = signed[:-_SIGNATURE_BYTES], signed[-_SIGNATURE_BYTES:]
    if not any(hmac.compare_digest(signature, _signature(named, pepper)) for pepper in peppers):
        return None
    kind, account, document, revision, expires = _NAMED.unpack(named)
    name = DocumentName(LinkedDocument(kind.decode()), UUID(bytes=account), UUID(bytes=document))
    return DocumentLink(name, revision, datetime.fromtimestamp(expires, UTC))


def _text(token: bytes) -> str:
    return urlsafe_b64encode(token).decode().rstrip("=")


def _signature(named: bytes, pepper: bytes) -> bytes:
    return hmac.digest(pepper, b"document " + named, "sha256")
