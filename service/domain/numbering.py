"""Numbers of documents: one series for each seller, mode, kind and year, without gaps."""

from enum import StrEnum

from service.domain.catalogue import Mode


class DocumentKind(StrEnum):
    """Kinds of documents that have numbers."""

    INVOICE = "INV"
    CREDIT_NOTE = "CN"


def document_number(kind: DocumentKind, mode: Mode, year: int, number: int) -> str:
    """Return the number as documents print it, such as INV-2026-000042. Numbers of test accounts are marked as such,
    because they belong to another series.
    """
    mark = "TEST-" if mode is Mode.TEST else ""
    return f"{mark}{kind}-{year}-{number:06}"
