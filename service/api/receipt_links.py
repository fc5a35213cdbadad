"""Addresses of receipts as earlier releases showed them, which do not expire: they are valid until the links to the
documents of the order are revoked.

The address names the account and the order, and is signed with the service's secret. `document_links` has the present
form.
"""

import hmac
import re
from collections.abc import Iterable
from uuid import UUID

RECEIPTS = "/receipts/"
"""Start of the path of every receipt. A token follows, which must not be logged."""

_FORM = re.compile(r"([0-9a-f]{32})([0-9a-f]{32})([0-9a-f]{64})")


def former_receipt_path(account_id: UUID, order_id: UUID, pepper: bytes) -> str:
    """Return the address of the order's receipt in the former form."""
    named = f"{account_id.hex}{order_id.hex}"
    return f"{RECEIPTS}{named}{_signature(named, pepper)}"


def named_by(token: str, peppers: Iterable[bytes]) -> tuple[UUID, UUID] | None:
    """Return the account and the order that the token names, or None if it is not signed under one of the peppers."""
    form = _FORM.fullmatch(token)
    if form is None:
        return None
    account, order, signature = form.groups()
    genuine = any(hmac.compare_digest(signature, _signature(account + order, pepper)) for pepper in peppers)
    return (UUID(account), UUID(order)) if genuine else None


def _signature(named: str, pepper: bytes) -> str:
    return hmac.digest(pepper, f"receipt {named}".encode(), "sha256").hex()
