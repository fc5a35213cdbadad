"""The checks of the books: rules that must hold between the rows of all tables.

They start from every table, so that both a missing row and an unexplained row are found. They cover every table that
contains grams, money or events, and change nothing. A new check is a row of the `CHECKS` of its file, together with a
row in `tests/operations/test_audit_corruptions.py` that breaks it.
"""

from service.storage.audit import (
    catalogue,
    events,
    evidence,
    grams,
    money,
    orders,
    references,
    rows,
    seals,
    serials,
    tax,
    totals,
)
from service.storage.audit.check import DEVIATIONS_SHOWN, Check, Deviation, Finding, find, run

__all__ = ["CHECKS", "DEVIATIONS_SHOWN", "Check", "Deviation", "Finding", "find", "run"]

CHECKS: tuple[Check, ...] = (
    *grams.CHECKS,
    *orders.CHECKS,
    *totals.CHECKS,
    *money.CHECKS,
    *tax.CHECKS,
    *events.CHECKS,
    *seals.CHECKS,
    *catalogue.CHECKS,
    *serials.CHECKS,
    *evidence.CHECKS,
    *rows.CHECKS,
    *references.CHECKS,
)
