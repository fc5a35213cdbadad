"""Addresses of documents about money: readable by anybody who has one, impossible to guess, and valid for a time.

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

from service.domain.document_links import DocumentLink, DocumentName, LinkedDocument, link_end
from service.kit.clock import system_clock

DOCUMENTS = "/documents/"
"""Start of the path of every document about money. A token follows, which must not be logged."""

_NAMED = struct.Struct(">c16s16sIQ")
_SIGNATURE_BYTES = 32
_FORM = re.compile(r"[A-Za-z0-9_-]{103}")


def document_path(link: DocumentLink, pepper: bytes) -> str:
    """Return the path of the document, without the ending of its file."""
    name = link.name
    named = _NAMED.pack(
        name.kind.encode(), name.account_id.bytes, name.id.bytes, link.revision, int(link.expires_at.timestamp())
    )
    return DOCUMENTS + urlsafe_b64encode(named + _signature(named, pepper)).decode().rstrip("=")


def document_url(public_address: str, pepper: bytes, valid: timedelta, name: DocumentName, revision: int) -> str:
    """Return the address of the PDF of a document, which is valid from now on for that time at least."""
    link = DocumentLink(name, revision, link_end(system_clock(), valid))
    return f"{public_address}{document_path(link, pepper)}.pdf"


def link_of(token: str, peppers: Iterable[bytes]) -> DocumentLink | None:
    """Return the link that the token stands for, or None where it was signed under none of the peppers."""
    if not _FORM.fullmatch(token):
        return None
    signed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    named, signature = signed[:-_SIGNATURE_BYTES], signed[-_SIGNATURE_BYTES:]
    if not any(hmac.compare_digest(signature, _signature(named, pepper)) for pepper in peppers):
        return None
    kind, account, document, revision, expires = _NAMED.unpack(named)
    name = DocumentName(LinkedDocument(kind.decode()), UUID(bytes=account), UUID(bytes=document))
    return DocumentLink(name, revision, datetime.fromtimestamp(expires, UTC))


def _signature(named: bytes, pepper: bytes) -> bytes:
    return hmac.digest(pepper, b"document " + named, "sha256")
